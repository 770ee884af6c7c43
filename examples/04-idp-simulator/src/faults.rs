//! A network that fails, as a transport around another one: the same faults for the same seed and order of requests. What
//! has got lost may arrive later, after others, but before its sender comes back to the same resource: who waits for
//! minutes before trying again has seen the old request arrive or perish.

use crate::dice::Dice;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use scimstack_client::{BoxError, Transport};
use scimstack_schema::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The request never arrives.
    RequestLost,
    /// It is done, and the answer never arrives.
    AnswerLost,
    /// Time runs out, and the request arrives after others.
    Late,
    /// It arrives twice. Not so the creation of a group: of those a server may have two of the same name, and nobody repeats
    /// a POST that was not asked for again (RFC 9110 §9.2.2).
    Duplicate,
    /// 429 with `Retry-After`, and nothing is done.
    Busy,
    /// 500, and nothing is done.
    ServerError,
    /// It is done, and a proxy answers 502 in HTML.
    BadGateway,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::RequestLost,
        Self::AnswerLost,
        Self::Late,
        Self::Duplicate,
        Self::Busy,
        Self::ServerError,
        Self::BadGateway,
    ];

    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RequestLost => "requests lost",
            Self::AnswerLost => "answers lost",
            Self::Late => "late",
            Self::Duplicate => "duplicates",
            Self::Busy => "429",
            Self::ServerError => "500",
            Self::BadGateway => "502",
        }
    }
}

/// Seconds that a busy server asks for.
const RETRY_AFTER: &str = "7";

/// After so many other requests the latest late one arrives.
const LATEST: usize = 12;

/// The failing network. Clones are the same one.
///
/// ```
/// use idp_simulator::{Fault, Faults};
/// use scimstack_client::Transport as _;
///
/// # futures_executor::block_on(async {
/// let inner = |_: http::Request<bytes::Bytes>| async { Ok(http::Response::new(bytes::Bytes::new())) };
/// let faults = Faults::new(inner, 1.0, 7).only(&[Fault::RequestLost]);
/// let request = || http::Request::get("/Users").body(bytes::Bytes::new()).unwrap();
/// assert!(faults.send(request()).await.is_err());
/// faults.stop().await;
/// assert!(faults.send(request()).await.is_ok());
/// # });
/// ```
#[derive(Clone)]
pub struct Faults {
    inner: Arc<dyn Transport>,
    state: Arc<Mutex<State>>,
}

struct State {
    dice: Dice,
    rate: f64,
    kinds: Vec<Fault>,
    late: Vec<LateRequest>,
    counts: BTreeMap<Fault, u64>,
}

struct LateRequest {
    request: Request<Bytes>,
    /// What a creation names.
    name: Option<String>,
    /// So many other requests come first.
    others: usize,
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faults").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl Faults {
    /// A network of which such a share of requests (0 to 1) goes wrong.
    pub fn new(inner: impl Transport + 'static, rate: f64, seed: u64) -> Self {
        let state = State {
            dice: Dice::new(seed ^ 0x00fa_0175),
            rate,
            kinds: Fault::ALL.to_vec(),
            late: Vec::new(),
            counts: BTreeMap::new(),
        };
        Self { inner: Arc::new(inner), state: Arc::new(Mutex::new(state)) }
    }

    /// With no other faults than these.
    #[must_use]
    pub fn only(self, kinds: &[Fault]) -> Self {
        self.state().kinds = kinds.to_vec();
        self
    }

    /// Nothing goes wrong any more; what was late arrives now.
    pub async fn stop(&self) {
        let late = {
            let mut state = self.state();
            state.rate = 0.0;
            std::mem::take(&mut state.late)
        };
        self.arrive(late).await;
    }

    /// What went wrong so far.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Fault, u64> {
        self.state().counts.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn arrive(&self, late: Vec<LateRequest>) {
        for late in late {
            // Nobody waits for the answer.
            let _ = self.inner.send(late.request).await;
        }
    }
}

impl State {
    /// The late requests that arrive before this one.
    fn due(&mut self, request: &Request<Bytes>) -> Vec<LateRequest> {
        let mut due = Vec::new();
        for mut late in std::mem::take(&mut self.late) {
            late.others = late.others.saturating_sub(1);
            if late.others == 0 || late.concerns(request) {
                due.push(late);
            } else {
                self.late.push(late);
            }
        }
        due
    }

    fn fault(&mut self) -> Option<Fault> {
        if self.rate <= 0.0 || !self.dice.happens(self.rate) {
            return None;
        }
        let which = self.dice.below(self.kinds.len());
        let fault = self.kinds.get(which).copied()?;
        *self.counts.entry(fault).or_default() += 1;
        Some(fault)
    }
}

impl LateRequest {
    fn new(request: Request<Bytes>, others: usize) -> Self {
        let name = (request.method() == Method::POST).then(|| {
            let body = Value::parse(request.body()).unwrap_or_default();
            let name = body.get("userName").or_else(|| body.get("displayName"));
            name.and_then(Value::as_str).unwrap_or_default().to_owned()
        });
        Self { request, name, others }
    }

    /// Whether another request is about the same resource.
    fn concerns(&self, other: &Request<Bytes>) -> bool {
        let path = self.request.uri().path();
        match &self.name {
            None => other.uri().path() == path,
            Some(_) if other.uri().path() != path => false,
            Some(name) => {
                let query = decoded(other.uri().query().unwrap_or_default());
                let body = String::from_utf8_lossy(other.body());
                query.contains(name.as_str()) || body.contains(name.as_str()) || !query.contains("filter=")
            }
        }
    }
}

/// A query without its encoding.
fn decoded(query: &str) -> String {
    let mut out = Vec::with_capacity(query.len());
    let mut bytes = query.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next().unwrap_or_default(), bytes.next().unwrap_or_default()];
                let digits = std::str::from_utf8(&digits).unwrap_or_default();
                u8::from_str_radix(digits, 16).unwrap_or(b'%')
            }
            byte => byte,
        });
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn answer(status: u16, body: &'static str) -> Result<Response<Bytes>, BoxError> {
    let mut answer = Response::builder().status(status);
    if status == 429 {
        answer = answer.header("retry-after", RETRY_AFTER);
    }
    Ok(answer.body(Bytes::from(body))?)
}

#[async_trait]
impl Transport for Faults {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
        let (due, fault, others) = {
            let mut state = self.state();
            let due = state.due(&request);
            let fault = state.fault();
            let others = 2 + state.dice.below(LATEST);
            (due, fault, others)
        };
        self.arrive(due).await;
        match fault {
            None => self.inner.send(request).await,
            Some(Fault::RequestLost) => Err("the connection was reset".into()),
            Some(Fault::AnswerLost) => {
                self.inner.send(request).await?;
                Err("the connection was closed before the answer".into())
            }
            Some(Fault::Late) => {
                self.state().late.push(LateRequest::new(request, others));
                Err("time ran out".into())
            }
            Some(Fault::Duplicate) if request.method() == Method::POST && request.uri().path().ends_with("/Groups") => {
                self.inner.send(request).await
            }
            Some(Fault::Duplicate) => {
                let first = self.inner.send(request.clone()).await;
                let second = self.inner.send(request).await;
                // Either answer may be the one that arrives.
                if others.is_multiple_of(2) { first } else { second }
            }
            Some(Fault::Busy) => answer(429, r#"{"detail":"too many requests","status":"429"}"#),
            Some(Fault::ServerError) => answer(500, r#"{"detail":"out of order","status":"500"}"#),
            Some(Fault::BadGateway) => {
                self.inner.send(request).await?;
                answer(502, "<html><body>Bad Gateway</body></html>")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_executor::block_on;

    type Log = Arc<Mutex<Vec<String>>>;

    fn network(kind: Fault) -> (Faults, Log) {
        let log = Log::default();
        let heard = log.clone();
        let inner = move |request: Request<Bytes>| {
            heard.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
            async { Ok(Response::new(Bytes::from_static(b"{}"))) }
        };
        (Faults::new(inner, 1.0, 3).only(&[kind]), log)
    }

    fn request(method: Method, uri: &str, body: &'static str) -> Request<Bytes> {
        Request::builder().method(method).uri(uri).body(Bytes::from(body)).unwrap()
    }

    #[test]
    fn each_fault_does_what_it_says() {
        for (kind, heard, status) in [
            (Fault::RequestLost, 0, None),
            (Fault::AnswerLost, 1, None),
            (Fault::Late, 0, None),
            (Fault::Duplicate, 2, Some(200)),
            (Fault::Busy, 0, Some(429)),
            (Fault::ServerError, 0, Some(500)),
            (Fault::BadGateway, 1, Some(502)),
        ] {
            let (faults, log) = network(kind);
            let answer = block_on(faults.send(request(Method::PUT, "/Users/7", "{}")));
            assert_eq!(answer.ok().map(|answer| answer.status().as_u16()), status, "{kind:?}");
            assert_eq!(log.lock().unwrap().len(), heard, "{kind:?}");
            assert_eq!(faults.counts().get(&kind), Some(&1));
        }
    }

    #[test]
    fn what_is_late_arrives_after_others_and_before_its_own_sender_returns() {
        let (faults, log) = network(Fault::Late);
        let post = || request(Method::POST, "/Users", r#"{"userName":"ann@x.test"}"#);
        block_on(async {
            faults.send(post()).await.unwrap_err();
            faults.state().rate = 0.0;
            faults.send(request(Method::GET, "/Users/7", "")).await.unwrap();
            let look_up = "/Users?filter=userName+eq+%22ann%40x.test%22";
            faults.send(request(Method::GET, look_up, "")).await.unwrap();
            assert_eq!(*log.lock().unwrap(), ["GET /Users/7", "POST /Users", &format!("GET {look_up}")]);
            faults.state().rate = 1.0;
            faults.send(post()).await.unwrap_err();
            faults.stop().await;
            assert_eq!(log.lock().unwrap().len(), 4, "what is late at the end arrives all the same");
        });
    }

    #[test]
    fn the_same_seed_has_the_same_faults() {
        let run = |seed| {
            let inner = |_: Request<Bytes>| async { Ok(Response::new(Bytes::new())) };
            let faults = Faults::new(inner, 0.3, seed);
            let send = || faults.send(request(Method::GET, "/Users", ""));
            (0..200).map(|_| block_on(send()).map(|answer| answer.status().as_u16()).ok()).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        let wrong = run(1).into_iter().filter(|status| *status != Some(200)).count();
        assert!((20..90).contains(&wrong), "{wrong}");
    }
}
