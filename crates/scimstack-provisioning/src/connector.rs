//! The sending side: a desired person or group in, requests out, until the server agrees (RFC 7644 §3.3 to §3.6).
//!
//! A machine talks as a provider does, by its [`Manner`]; [`Profile`] has those of the providers that are known. Unless it
//! is told otherwise it behaves as Okta's app-integration-wizard client does: people and groups are found by a filter,
//! changes are a GET and a PUT of what came back with the mapped attributes overwritten, a 429 is waited for, and any other
//! error is handed to a person. Who executes the requests, and what time it is, is not known here.
//!
//! | answer | to the look-up | to POST | to GET | to PUT, PATCH, DELETE |
//! |---|---|---|---|---|
//! | 2xx | one: it is brought up to date; none: POST; more: failed | done ¹ | PUT or PATCH | done |
//! | 404 | as none | failed | failed ² | failed ²; of DELETE: done |
//! | 409 | failed | look up once more, then failed | failed | failed |
//! | 429 | wait ³ | wait ³ | wait ³ | wait ³ |
//! | lost | again ³ | look up first ³ | again ³ | again ³ |
//! | other | failed | failed | failed | failed |
//!
//! 1. A group that is created empty goes on until it has its members.
//! 2. Whoever was linked and is gone is looked for again where [`Manner::rematches`] says so, once.
//! 3. Where the [`Retry`] policy says so, which may say the same of 500 to 504; else it has failed.
//!
//! What is done with what failed is a provider's own affair, too: [`Aftercare`], [`Escrow`], [`Quarantine`].
//!
//! # Example
//! ```
//! use scimstack_provisioning::connector::{Conversation, DesiredUser, Method, Step, UserSync};
//! use scimstack_schema::Value;
//!
//! let ann = Value::parse(br#"{"userName":"ann@x.test","active":true}"#)?;
//! let mut sync = UserSync::assign(DesiredUser::new(ann.as_object().unwrap().clone()));
//! let Step::Send(request) = sync.poll_request() else { panic!() };
//! assert_eq!((request.method, request.path.as_str()), (Method::Get, "/Users"));
//! assert_eq!(request.query[0], ("filter".to_owned(), r#"userName eq "ann@x.test""#.to_owned()));
//!
//! sync.handle_response(200, br#"{"totalResults":0}"#, None);
//! let Step::Send(request) = sync.poll_request() else { panic!() };
//! assert_eq!((request.method, request.path.as_str()), (Method::Post, "/Users"));
//!
//! sync.handle_response(201, br#"{"id":"7","userName":"ann@x.test"}"#, None);
//! let Step::Done(synced) = sync.poll_request() else { panic!() };
//! assert_eq!(synced.id, "7");
//! # Ok::<(), scimstack_schema::value::JsonError>(())
//! ```

mod answer;
mod escrow;
mod exchange;
mod group;
mod manner;
mod patience;
mod profile;
mod shape;
mod user;

pub use escrow::{Escrow, Pace, Quarantine};
pub use group::{DesiredGroup, GroupChange, GroupSync, Member};
pub use manner::{
    Booleans, CreatedWith, Discovery, DocumentForm, Fill, GroupManner, LookUp, Manner, MemberForm, PatchForm, Removal,
    Switch, Update,
};
pub use patience::{After, Retry};
pub use profile::{Aftercare, Headers, Profile, UnknownProfile};
pub use user::{DesiredUser, UserSync};

use scimstack_schema::Value;
use std::fmt;

/// A request to be sent. Paths are relative to the base URL; nothing is percent-encoded yet but ids in paths.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, `/Users/7`.
    pub path: String,
    /// The parameters, in order.
    pub query: Vec<(String, String)>,
    /// The JSON body.
    pub body: Option<Value>,
}

impl Request {
    /// `GET path`, to be made into another.
    pub fn new(path: impl Into<String>) -> Self {
        Self { method: Method::Get, path: path.into(), query: Vec::new(), body: None }
    }
}

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The method on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Request {
    /// Method and path, without parameters and body: nothing personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.path)
    }
}

/// What is to be done next; whoever executes a machine has to know every kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Send this, and call [`Conversation::handle_response`] or [`Conversation::handle_lost`].
    Send(Request),
    /// Wait so many seconds, and call [`Conversation::handle_timeout`].
    Wait(u32),
    /// The server agrees.
    Done(Synced),
    /// A person has to look at it.
    Failed(Failure),
}

/// How the server came to agree.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Synced {
    /// The resource's id at the server.
    pub id: String,
    /// What was done.
    pub deed: Synchronized,
    /// The resource as the server last showed it; `null` when it showed nothing.
    pub document: Value,
}

/// What a conversation has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Synchronized {
    /// A resource was made.
    Created,
    /// One that was there is linked and up to date.
    Updated,
    /// A person was deactivated.
    Deactivated,
    /// A person or group was deleted.
    Deleted,
}

/// Why a conversation ended without agreement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{request}: {detail}")]
#[non_exhaustive]
pub struct Failure {
    /// The request, as method and path.
    pub request: String,
    /// The status of the answer, when there was one.
    pub status: Option<u16>,
    /// What the server said, else what was wrong with what it said.
    pub detail: String,
}

impl Failure {
    /// A request that could not even be sent.
    pub fn new(request: &Request, detail: impl Into<String>) -> Self {
        Self { request: request.to_string(), status: None, detail: detail.into() }
    }
}

/// A machine that talks to a server about one resource: poll it, do the [`Step`], tell it the result, until
/// [`Step::Done`] or [`Step::Failed`].
pub trait Conversation {
    /// What is to be done next. Asked again without an input in between, it says the same.
    fn poll_request(&mut self) -> Step;

    /// The answer to the request polled last. `retry_after` is the header when it holds whole seconds. Ignored when no
    /// request is open.
    fn handle_response(&mut self, status: u16, body: &[u8], retry_after: Option<u32>);

    /// The request polled last got no answer; whether it arrived is unknown.
    fn handle_lost(&mut self);

    /// The time of [`Step::Wait`] has passed.
    fn handle_timeout(&mut self);
}
