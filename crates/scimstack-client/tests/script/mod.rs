//! A server that is a function, with a log of what it was asked, and a clock that only waiting moves.

#![allow(dead_code, reason = "each test file uses the part it needs")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use scimstack_client::{BoxError, Client, Timer, Transport};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a server answers: a status, headers and a body; or nothing.
pub(crate) type Reply = Result<(u16, Vec<(&'static str, String)>, String), BoxError>;

/// One request, as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

type Answering = dyn Fn(usize, &Asked) -> Reply + Send + Sync;

/// A server; its function is told how many requests there were before.
#[derive(Clone)]
pub(crate) struct Server {
    answer: Arc<Answering>,
    log: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(crate) fn new(answer: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), log: Arc::default() }
    }

    /// Answers that come one after the other.
    pub(crate) fn of(replies: Vec<Reply>) -> Self {
        let replies = Mutex::new(replies.into_iter());
        Self::new(move |_, asked| replies.lock().unwrap().next().unwrap_or_else(|| Err(asked.line().into())))
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.clone(), "https://scim.test/v2", "s3cret").unwrap()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(Asked::line).collect()
    }
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
        let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let asked = Asked {
            method: request.method().to_string(),
            target: target.strip_prefix("/v2").unwrap_or(&target).to_owned(),
            headers: request.headers().clone(),
            body: String::from_utf8(request.into_body().to_vec())?,
        };
        let before = {
            let mut log = self.log.lock().unwrap();
            log.push(asked.clone());
            log.len() - 1
        };
        let (status, headers, body) = (self.answer)(before, &asked)?;
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        Ok(response.body(Bytes::from(body))?)
    }
}

/// A status and a body.
pub(crate) fn reply(status: u16, body: &str) -> Reply {
    Ok((status, Vec::new(), body.to_owned()))
}

/// A status, one header and a body.
pub(crate) fn with_header(status: u16, name: &'static str, value: &str, body: &str) -> Reply {
    Ok((status, vec![(name, value.to_owned())], body.to_owned()))
}

/// A clock that stands at 2026-10-21 07:27:30 and moves when somebody sleeps. Chance is always the least.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<Mutex<Vec<Duration>>>);

impl Clock {
    /// The seconds of each sleep.
    pub(crate) fn slept(&self) -> Vec<f64> {
        self.0.lock().unwrap().iter().map(Duration::as_secs_f64).collect()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.0.lock().unwrap().push(time);
    }
}

#[async_trait]
impl Timer for Clock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_792_567_650) + self.0.lock().unwrap().iter().sum::<Duration>()
    }

    async fn sleep(&self, time: Duration) {
        self.pass(time);
    }

    fn chance(&self) -> f64 {
        0.0
    }
}
