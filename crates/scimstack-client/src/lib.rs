//! A typed asynchronous client for SCIM service providers (RFC 7644), over any transport.
//!
//! [`Client`] knows a base URL and how to be let in; [`Endpoint`] is what one resource type can be asked; resources are the
//! views of [`scimstack_schema::views`], your own types ([`Document`]), or plain objects. [`Client::discover`] learns what
//! the server can do, and [`Endpoint::update`], [`Endpoint::all`] and [`Client::bulk`] go by it.
//!
//! How bytes travel is the [`Transport`]'s: a closure will do, and the feature `reqwest`, on by default, brings a ready one
//! with TLS by rustls (`Client::connect`). Time is a [`Timer`]'s: with one, a client waits for busy servers and sends again
//! what was lost ([`Client::with_retry`]), and [`ClientCredentials`] fetches and renews access tokens. The feature
//! `connector` executes the sending machines of `scimstack-provisioning`.
//!
//! Answers are read leniently, as servers and the proxies before them are many: a status that is a number, an error in
//! HTML, `resources` in lower case. What is sent follows the letter.
//!
//! # Limits
//! Without a [`Timer`] nothing here waits or repeats a request: [`Error::retry_after`] says what the server asked for.
//! Redirects are not followed: a token goes to no other server than its own.
//!
//! # Example
//! ```
//! use bytes::Bytes;
//! use scimstack_client::{Client, views::User};
//!
//! # futures_executor::block_on(async {
//! // A transport that answers by itself; yours sends.
//! let transport = |request: http::Request<Bytes>| async move {
//!     assert_eq!(request.uri(), "https://scim.test/v2/Users/7");
//!     assert_eq!(request.headers()["authorization"], "Bearer s3cret");
//!     Ok(http::Response::new(Bytes::from(r#"{"id":"7","userName":"ann@x.test"}"#)))
//! };
//! let client = Client::new(transport, "https://scim.test/v2/", "s3cret")?;
//! let ann: User = client.users().get("7").await?;
//! assert_eq!(ann.user_name, "ann@x.test");
//! # Ok::<(), scimstack_client::Error>(())
//! # }).unwrap();
//! ```

pub mod address;
mod authorization;
mod bulk;
mod client;
#[cfg(feature = "connector")]
pub mod connector;
mod difference;
mod discovery;
mod document;
mod endpoint;
mod error;
mod oauth;
mod pages;
#[cfg(feature = "reqwest")]
mod reqwest;
mod retry;
mod secret;
mod timer;
mod transport;

pub use authorization::Authorization;
pub use bulk::{Bulk, BulkDone, BulkFailure, BulkId, BulkResult};
pub use client::{Answer, Client};
pub use difference::Difference;
pub use discovery::{BulkLimits, Capabilities, ServedType};
pub use document::Document;
pub use endpoint::{Endpoint, Updated, Versioned};
pub use error::{Error, ErrorKind, Refusal};
pub use oauth::{ClientAuthentication, ClientCredentials};
pub use pages::{ListAll, Page};
#[cfg(feature = "reqwest")]
pub use reqwest::{ReqwestBuilder, ReqwestTransport, TokioTimer};
pub use retry::Retry;
pub use scimstack_filter::Patch;
pub use scimstack_protocol::ListQuery;
pub use scimstack_schema::views;
pub use secret::Secret;
pub use timer::Timer;
pub use transport::{BoxError, NotSent, Transport};

/// The README's example compiles.
#[cfg(all(doctest, feature = "reqwest"))]
#[doc = include_str!("../README.md")]
struct Readme;
