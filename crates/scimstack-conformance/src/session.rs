//! One run's traffic: every request goes through here. It keeps to the rate and the bound, waits when told to (429), notes
//! what was made so that it can be deleted, and remembers the last exchange for the report. It judges nothing.

use crate::options::{NAME_PREFIX, Options};
use crate::report::Exchange;
use crate::stop::{Result, Stop};
use crate::target::{Answer, Ask, Target, Transport};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a request is sent again that was answered with 429.
const PATIENCE: usize = 5;
/// The longest time to wait for a server that says 429.
const LONGEST_WAIT: u64 = 60;
/// Where a server describes itself.
const DISCOVERY: [&str; 3] = ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"];
/// How much of a body is shown in a report.
const SHOWN: usize = 1_200;

pub(crate) struct Session<'a> {
    transport: &'a dyn Transport,
    pub(crate) target: &'a Target,
    pub(crate) options: &'a Options,
    run: String,
    names: AtomicUsize,
    sent: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Paths of what was made and not yet deleted, oldest first.
    made: Vec<String>,
    last: Option<Exchange>,
    /// What was answered with a status that blames the server.
    broken: Vec<String>,
    broken_before: usize,
    left: Vec<String>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(transport: &'a dyn Transport, target: &'a Target, options: &'a Options) -> Self {
        // Something that differs from run to run without a clock: where this target stands in memory.
        let address = std::ptr::from_ref(target).addr();
        let run = options.run.clone().unwrap_or_else(|| format!("{:x}-{address:x}", std::process::id()));
        let state = Mutex::default();
        Self { transport, target, options, run, names: AtomicUsize::new(0), sent: AtomicUsize::new(0), state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A name that nothing on the server has.
    pub(crate) fn name(&self) -> String {
        format!("{NAME_PREFIX}{}-{}", self.run, self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends a request that belongs to a check.
    pub(crate) async fn ask(&self, ask: Ask) -> Result<Answer> {
        if self.options.cancel.is_cancelled() {
            return Err(Stop::Untested("the run was stopped".to_owned()));
        }
        if self.options.read_only && !matches!(ask.method, "GET" | "HEAD") {
            return Err(Stop::Untested(format!("it needs {}, and this run only reads", ask.method)));
        }
        if self.sent.fetch_add(1, Ordering::Relaxed) >= self.options.max_requests {
            return Err(Stop::Untested(format!(
                "the run's bound of {} requests is reached",
                self.options.max_requests
            )));
        }
        let answer = self.exchange(&ask).await;
        let seen = match &answer {
            Ok(answer) => shown(&answer.body, &format!("{}", answer.status)),
            Err(error) => error.clone(),
        };
        let sent = shown(&ask.body, &format!("{} {}", ask.method, ask.path));
        let exchange = Exchange { sent: self.without_token(&sent), seen: self.without_token(&seen) };
        if answer.as_ref().is_ok_and(|a| a.status >= 500 && a.status != 501) {
            self.state().broken.push(format!("{} was answered with {}", exchange.sent, exchange.seen));
        }
        self.state().last = Some(exchange);
        let answer = answer.map_err(Stop::Failed)?;
        self.note(&ask, &answer);
        Ok(answer)
    }

    /// Sends a request until it is answered with something else than 429.
    async fn exchange(&self, ask: &Ask) -> std::result::Result<Answer, String> {
        let mut tried = 0;
        loop {
            if !self.options.interval.is_zero() {
                self.transport.pause(self.options.interval).await;
            }
            let response = self.transport.send(ask.request(self.target)?).await.map_err(|e| e.to_string())?;
            let answer = Answer::new(response);
            tried += 1;
            if answer.status != 429 || tried > PATIENCE {
                return Ok(answer);
            }
            let seconds = answer.header("retry-after").and_then(|text| text.parse().ok()).unwrap_or(1);
            self.transport.pause(Duration::from_secs(LONGEST_WAIT.min(seconds))).await;
        }
    }

    /// Notes what the request has made or deleted.
    fn note(&self, ask: &Ask, answer: &Answer) {
        if !answer.is_success() {
            return;
        }
        let path = ask.path.split('?').next().unwrap_or_default();
        let mut state = self.state();
        match ask.method {
            "POST" if path.eq_ignore_ascii_case("/Bulk") => {
                for operation in answer.json.get("Operations").and_then(Value::as_array).into_iter().flatten() {
                    let text = |name: &str| operation.get(name).and_then(Value::as_str).unwrap_or_default();
                    let parts: Vec<&str> = text("location").rsplit('/').collect();
                    // What failed has made nothing, and its location may be somebody else's.
                    let ([id, endpoint, ..], true) = (parts.as_slice(), text("status").starts_with('2')) else {
                        continue;
                    };
                    let path = format!("/{endpoint}/{id}");
                    match text("method") {
                        "POST" => state.made.push(path),
                        "DELETE" => state.made.retain(|made| *made != path),
                        _ => {}
                    }
                }
            }
            // Whatever a server answers here, it is nothing that was made.
            "POST" if path.ends_with("/.search") || DISCOVERY.iter().any(|own| path.starts_with(own)) => {}
            "POST" => {
                let id = answer.text("/id").map(ToOwned::to_owned);
                let id = id.or_else(|| Some(answer.header("location")?.rsplit('/').next()?.to_owned()));
                state.made.extend(id.filter(|id| !id.is_empty()).map(|id| format!("{path}/{id}")));
            }
            // A PUT that has made something where nothing was; of what was there before, the path is known already.
            "PUT" if answer.status == 201 => state.made.push(path.to_owned()),
            "DELETE" => state.made.retain(|made| made != path),
            _ => {}
        }
    }

    /// Deletes everything that was made, the newest first, also when the run was stopped.
    pub(crate) async fn clean(&self) {
        loop {
            let Some(path) = self.state().made.pop() else { return };
            self.remove(&path).await;
        }
    }

    /// Deletes one resource; where the server does not delete, the resource is deactivated, and named in the report.
    pub(crate) async fn remove(&self, path: &str) {
        let deleted = self.exchange(&Ask::new("DELETE", path)).await;
        if deleted.as_ref().is_ok_and(|answer| answer.is_success() || matches!(answer.status, 404 | 410)) {
            return;
        }
        let patch = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "value": {"active": false}}],
        });
        let patched = self.exchange(&Ask::new("PATCH", path).json(&patch)).await;
        let is_off = patched.as_ref().is_ok_and(Answer::is_success);
        let what = deleted.map_or_else(|error| error, |answer| format!("DELETE was answered with {}", answer.status));
        let state = if is_off { "deactivated instead" } else { "left as it is" };
        self.state().left.push(format!("{path}: {what}; {state}"));
    }

    /// Sends a request for cleaning up: neither counted nor shown.
    pub(crate) async fn ask_quietly(&self, ask: Ask) -> std::result::Result<Answer, String> {
        self.exchange(&ask).await
    }

    pub(crate) fn last(&self) -> Option<Exchange> {
        self.state().last.clone()
    }

    /// A check begins.
    pub(crate) fn begin(&self) {
        let mut state = self.state();
        state.last = None;
        state.broken_before = state.broken.len();
    }

    /// Forgets what was answered with a status that blames the server since the check began.
    pub(crate) fn forget_broken(&self) {
        let mut state = self.state();
        let before = state.broken_before;
        state.broken.truncate(before);
    }

    /// What was answered with a status that blames the server, since it was last asked.
    pub(crate) fn take_broken(&self) -> Vec<String> {
        std::mem::take(&mut self.state().broken)
    }

    /// What could not be deleted.
    pub(crate) fn left(&self) -> Vec<String> {
        self.state().left.clone()
    }

    pub(crate) fn requests(&self) -> usize {
        self.sent.load(Ordering::Relaxed).min(self.options.max_requests)
    }

    pub(crate) fn without_token(&self, text: &str) -> String {
        match self.target.token() {
            "" => text.to_owned(),
            token => text.replace(token, "…"),
        }
    }
}

/// A line of a report: what is said, and as much of the body as helps.
fn shown(body: &[u8], before: &str) -> String {
    let text = String::from_utf8_lossy(body);
    let mut cut: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("{before} {cut}").trim_end().to_owned()
}
