//! Executes the sending machines of `scimstack-provisioning`: sends what a machine polls, tells it the answers, and
//! waits when it says so. How to wait is the caller's, as the runtime is.
//!
//! ```
//! use bytes::Bytes;
//! use scimstack_client::{Client, connector};
//! use scimstack_provisioning::connector::{GroupSync, Synchronized};
//!
//! # futures_executor::block_on(async {
//! let transport = |request: http::Request<Bytes>| async move {
//!     assert_eq!((request.method().as_str(), request.uri().path()), ("DELETE", "/v2/Groups/g1"));
//!     Ok(http::Response::builder().status(204).body(Bytes::new()).unwrap())
//! };
//! let client = Client::new(transport, "https://scim.test/v2", "s3cret").unwrap();
//! let synced = connector::run(&client, &mut GroupSync::delete("g1"), |_seconds| async {}).await.unwrap();
//! assert_eq!(synced.deed, Synchronized::Deleted);
//! # });
//! ```
//!
//! A whole directory is [`sync`]'s.

pub mod sync;

use crate::client::Client;
use crate::error::Error;
use http::Method;
use scimstack_provisioning::connector::{self as machine, Conversation, Failure, Step, Synced};

/// Runs a conversation to its end. `pause` is given the seconds to wait.
///
/// # Errors
/// The machine's failure.
pub async fn run<C, P, W>(client: &Client, conversation: &mut C, pause: P) -> Result<Synced, Failure>
where
    C: Conversation + ?Sized,
    P: Fn(u32) -> W,
    W: Future<Output = ()>,
{
    loop {
        match advance(client, conversation).await {
            Progress::Wait(seconds) => {
                pause(seconds).await;
                conversation.handle_timeout();
            }
            Progress::Ended(result) => return result,
        }
    }
}

/// How far a conversation has come.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// It is to wait so many seconds; then comes [`Conversation::handle_timeout`], and [`advance`] again.
    Wait(u32),
    /// It is at its end.
    Ended(Result<Synced, Failure>),
}

/// Carries a conversation on until it has to wait or has ended, for whoever has many and a clock for all of them.
pub async fn advance<C: Conversation + ?Sized>(client: &Client, conversation: &mut C) -> Progress {
    loop {
        match conversation.poll_request() {
            Step::Send(request) => {
                let query: Vec<(&str, &str)> = request.query.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                match client.send(method(request.method), &request.path, &query, request.body.as_ref()).await {
                    Ok(answer) => conversation.handle_response(answer.status, &answer.body, answer.retry_after()),
                    Err(Error::Transport(_)) => conversation.handle_lost(),
                    Err(error) => return Progress::Ended(Err(Failure::new(&request, error.to_string()))),
                }
            }
            Step::Wait(seconds) => return Progress::Wait(seconds),
            Step::Done(synced) => return Progress::Ended(Ok(synced)),
            Step::Failed(failure) => return Progress::Ended(Err(failure)),
        }
    }
}

fn method(method: machine::Method) -> Method {
    match method {
        machine::Method::Get => Method::GET,
        machine::Method::Post => Method::POST,
        machine::Method::Put => Method::PUT,
        machine::Method::Patch => Method::PATCH,
        machine::Method::Delete => Method::DELETE,
    }
}
