//! A typed asynchronous client for SCIM service providers (RFC 7644), over any transport.
//!
//! [`Client`] knows a base URL and a token; [`Endpoint`] is what one resource type can be asked; resources are the views
//! of [`scimstack_schema::views`], your own types ([`Document`]), or plain objects. How bytes travel is the
//! [`Transport`]'s: a closure will do, and the feature `hyper` brings a ready one for plain http. The feature `connector`
//! executes the sending machines of `scimstack-provisioning`.
//!
//! Answers are read leniently, as servers and the proxies before them are many: a status that is a number, an error in
//! HTML, `resources` in lower case. What is sent follows the letter.
//!
//! # Limits
//! Nothing here waits or repeats a request: [`Error::retry_after`] says what the server asked for. There is no TLS here
//! either; a transport of your own has it.
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

mod client;
#[cfg(feature = "connector")]
pub mod connector;
mod document;
mod endpoint;
mod error;
#[cfg(feature = "hyper")]
mod hyper;
mod pages;
mod transport;

pub use client::{Answer, Client};
pub use document::Document;
pub use endpoint::{Endpoint, Versioned};
pub use error::{Error, Refusal};
#[cfg(feature = "hyper")]
pub use hyper::HyperTransport;
pub use pages::{ListAll, Page};
pub use scimstack_filter::Patch;
pub use scimstack_protocol::ListQuery;
pub use scimstack_schema::views;
pub use transport::{BoxError, Transport};
