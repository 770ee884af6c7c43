//! Carries out a plan for a whole directory: sends what a [`Run`] hands out, several requests at a time, tells it the
//! answers in the order they come, waits when it says so, and writes down what is to be written before anything is sent.
//!
//! The client is to have no [`Retry`](crate::Retry) of its own: the run waits by the target's profile, and knows what was
//! sent twice.
//!
//! ```
//! use bytes::Bytes;
//! use scimstack_client::connector::sync::{self, Steps};
//! use scimstack_client::{BoxError, Client, Timer};
//! use scimstack_provisioning::sync::*;
//! use scimstack_schema::{Registry, Value};
//! use std::sync::Arc;
//!
//! # struct Clock;
//! # #[async_trait::async_trait]
//! # impl Timer for Clock {
//! #     fn now(&self) -> std::time::SystemTime { std::time::UNIX_EPOCH }
//! #     async fn sleep(&self, _: std::time::Duration) {}
//! #     fn chance(&self) -> f64 { 0.5 }
//! # }
//! // A source of one row.
//! struct One<'a>(&'a Plan, Option<Item>);
//!
//! impl Steps for One<'_> {
//!     fn item(&mut self) -> Result<Option<Item>, BoxError> {
//!         Ok(self.1.take())
//!     }
//!
//!     fn settled(&mut self, settled: Settled) {
//!         assert_eq!(settled.outcome, Outcome::Done(Deed::Created));
//!     }
//! }
//!
//! # let mapping = Mapping::parse(br#"{"people": {"match": ["userName"], "rules": [{"to": "userName", "from": "mail"}]}}"#)?;
//! # let user = Registry::core().resource_type("User").unwrap().clone();
//! # let checked = Arc::new(Checked::new(&mapping.people.unwrap(), &user).unwrap());
//! # let row = Value::parse(br#"{"mail": "ann"}"#).unwrap().as_object().unwrap().clone();
//! # let mut planner = Planner::new(checked, PlanOptions::default());
//! # planner.handle_source(2, &row, None);
//! # let plan = planner.finish();
//! # futures_executor::block_on(async {
//! let transport = |request: http::Request<Bytes>| async move {
//!     assert_eq!(request.method().as_str(), "POST");
//!     Ok(http::Response::builder().status(201).body(Bytes::from(r#"{"id":"7","userName":"ann"}"#)).unwrap())
//! };
//! let client = Client::new(transport, "https://scim.test/v2", "s3cret").unwrap();
//! let item = plan.item(&plan.changes().next().unwrap(), Some(&row), None).unwrap();
//! let mut run = Run::new(&plan, TargetProfile::default(), 1);
//! let mut journal: Vec<Entry> = Vec::new();
//! sync::run(&client, &Clock, &mut run, &mut journal, &mut One(&plan, Some(item))).await.unwrap();
//! assert_eq!(journal.len(), 5, "begin, intent, outcome, settled, end");
//! # });
//! # Ok::<(), MappingError>(())
//! ```

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::retry::retry_after;
use crate::timer::Timer;
use crate::transport::BoxError;
use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use http::header::{ETAG, IF_MATCH};
use http::{HeaderValue, Method};
use scimstack_provisioning::connector::Failure;
use scimstack_provisioning::sync::{Entry, Item, Next, Request, Response, Run, Settled, Verb};
use scimstack_schema::{Object, Timestamp, Value};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where the entries of a run are kept.
pub trait Journal {
    /// Keeps an entry. When this returns, it must survive the end of the program.
    ///
    /// # Errors
    /// It could not be kept; the run ends.
    fn append(&mut self, entry: &Entry) -> Result<(), BoxError>;
}

/// A journal that lasts as long as the program.
impl Journal for Vec<Entry> {
    fn append(&mut self, entry: &Entry) -> Result<(), BoxError> {
        self.push(entry.clone());
        Ok(())
    }
}

/// Who has the items of a run, and hears of their ends.
pub trait Steps {
    /// The next item; `None` when there are no more.
    ///
    /// # Errors
    /// The source cannot be read; the run ends.
    fn item(&mut self) -> Result<Option<Item>, BoxError>;

    /// An item has come to its end.
    fn settled(&mut self, settled: Settled);
}

/// Why a run did not come to its end. What it has done is in the journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError {
    /// The target lets nobody in, or answers nobody.
    #[error("the target was not asked any further: {0}")]
    Stopped(Failure),
    /// The journal could not be written.
    #[error("the journal cannot be written")]
    Journal(#[source] BoxError),
    /// The source could not be read.
    #[error("the source cannot be read")]
    Source(#[source] BoxError),
}

/// Carries a run to its end.
///
/// # Errors
/// [`SyncError`]. Requests that are under way then are not waited for: the journal says that they were to be sent, and the
/// next run looks what came of them.
pub async fn run(
    client: &Client,
    timer: &dyn Timer,
    run: &mut Run,
    journal: &mut dyn Journal,
    steps: &mut dyn Steps,
) -> Result<(), SyncError> {
    let mut under_way = FuturesUnordered::new();
    loop {
        let now = time(timer.now());
        match run.poll(now) {
            Next::Record(entry) => journal.append(&entry).map_err(SyncError::Journal)?,
            Next::Item => match steps.item().map_err(SyncError::Source)? {
                Some(item) => run.handle_item(item, now),
                None => run.handle_end(),
            },
            Next::Send { ticket, request } => {
                under_way.push(async move { (ticket, send(client, &request).await) });
            }
            Next::Settled(settled) => steps.settled(settled),
            Next::Wait(until) => {
                let wait = until.map(|until| until.as_micros().saturating_sub(now.as_micros()).max(0));
                let sleep = async {
                    match wait.and_then(|wait| u64::try_from(wait).ok()) {
                        Some(wait) => timer.sleep(Duration::from_micros(wait)).await,
                        None => std::future::pending().await,
                    }
                };
                if under_way.is_empty() {
                    sleep.await;
                    continue;
                }
                let answered = match select(under_way.next(), Box::pin(sleep)).await {
                    Either::Left((answered, _)) => answered,
                    Either::Right(_) => None,
                };
                if let Some((ticket, result)) = answered {
                    tell(run, ticket, result, timer);
                }
            }
            Next::Done => return Ok(()),
            Next::Stopped(failure) => return Err(SyncError::Stopped(failure)),
        }
    }
}

async fn send(client: &Client, request: &Request) -> Result<crate::Answer, Error> {
    let query: Vec<(&str, &str)> = request.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let version = request.if_match.as_deref().map(HeaderValue::from_str).transpose();
    let version = version.map_err(|error| Error::Setup(format!("the version is no header: {error}")))?;
    let method = match request.verb {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
        Verb::Patch => Method::PATCH,
        Verb::Delete => Method::DELETE,
    };
    let extra = version.map(|version| (IF_MATCH, version));
    client.send_with(method, &request.path, &query, request.body.as_ref(), extra).await
}

/// Tells a run what came of a request.
fn tell(run: &mut Run, ticket: u64, result: Result<crate::Answer, Error>, timer: &dyn Timer) {
    let clock = timer.now();
    let now = time(clock);
    match result {
        Ok(answer) => {
            let etag = answer.headers.get(ETAG).and_then(|value| value.to_str().ok());
            let wait = retry_after(&answer.headers, Some(clock));
            let seconds = wait.map(|wait| u32::try_from(wait.as_secs()).unwrap_or(u32::MAX));
            let response = Response::new(answer.status, &answer.body).with_etag(etag).with_retry_after(seconds);
            run.handle_answer(ticket, &response, now);
        }
        Err(error) => match error.kind() {
            ErrorKind::Lost => run.handle_lost(ticket, now),
            // There is nothing to show: the same as a token that is not taken.
            ErrorKind::Unauthorized => {
                let told = Object::from_iter([("detail", Value::from(error.to_string()))]);
                run.handle_answer(ticket, &Response::new(401, &Value::from(told).to_bytes()), now);
            }
            _ => run.handle_unsent(ticket, &error.to_string(), now),
        },
    }
}

fn time(clock: SystemTime) -> Timestamp {
    let since = clock.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
