//! Many operations at once (RFC 7644 §3.7): collected here, sent in as many requests as the server's limits ask for, or one
//! by one where there is no `/Bulk`; what became of each comes back in the order they were collected.
//!
//! ```
//! use scimstack_client::{Bulk, Client};
//! use scimstack_schema::Value;
//! # use bytes::Bytes;
//! # let transport = |request: http::Request<Bytes>| async move {
//! #     let body = match request.uri().path() {
//! #         "/v2/ServiceProviderConfig" => r#"{"bulk":{"supported":true,"maxOperations":100,"maxPayloadSize":100000}}"#,
//! #         "/v2/Bulk" => r#"{"Operations":[
//! #             {"method":"POST","bulkId":"1","status":"201","location":"https://scim.test/v2/Users/7"},
//! #             {"method":"POST","bulkId":"2","status":"201","location":"https://scim.test/v2/Groups/8"}]}"#,
//! #         _ => "{}",
//! #     };
//! #     Ok(http::Response::new(Bytes::from(body)))
//! # };
//! # futures_executor::block_on(async {
//! # let client = Client::new(transport, "https://scim.test/v2", "s3cret")?;
//! let mut bulk = Bulk::new();
//! let ann = bulk.create("/Users", Value::parse(br#"{"userName":"ann"}"#).unwrap());
//! let team = format!(r#"{{"displayName":"Team","members":[{{"value":"{}"}}]}}"#, ann.reference());
//! bulk.create("/Groups", Value::parse(team.as_bytes()).unwrap());
//!
//! let results = client.bulk(&bulk).await?;
//! assert_eq!(results[0].outcome.as_ref().unwrap().id.as_deref(), Some("7"));
//! assert!(results[1].outcome.is_ok());
//! # Ok::<(), scimstack_client::Error>(())
//! # }).unwrap();
//! ```

mod order;
mod run;

use crate::client::Client;
use crate::error::{Error, Refusal};
use http::Method;
use scimstack_filter::Patch;
use scimstack_schema::{Object, Value};
use std::sync::Arc;

/// Before the id that another operation gives to a resource (RFC 7644 §3.7.2).
const REFERENCE: &str = "bulkId:";

/// Operations to be done, in order.
#[derive(Clone, Debug, Default)]
pub struct Bulk {
    operations: Vec<Operation>,
    fail_on_errors: Option<u32>,
}

/// One operation; its `bulkId` is its number, from 1.
#[derive(Clone, Debug)]
struct Operation {
    method: Method,
    path: String,
    data: Option<Value>,
    version: Option<String>,
}

/// How other operations name the resource that one makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkId(String);

/// What became of one operation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BulkResult {
    /// The method.
    pub method: Method,
    /// The path, as it was collected.
    pub path: String,
    /// What was done, or why not.
    pub outcome: Result<BulkDone, BulkFailure>,
}

/// An operation that was done.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BulkDone {
    /// The status it would have alone.
    pub status: u16,
    /// The resource's id.
    pub id: Option<String>,
    /// Where the resource is.
    pub location: Option<String>,
    /// Its version afterwards.
    pub version: Option<String>,
    /// The resource, when the server shows it.
    pub resource: Option<Object>,
}

/// Why an operation was not done.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BulkFailure {
    /// The server refused it.
    #[error("{0}")]
    Refused(Refusal),
    /// The request it was in failed; when its answer was lost, it may have been done.
    #[error("the request it was in failed: {0}")]
    Request(Arc<Error>),
    /// It refers to the operation of this number, which was not done.
    #[error("it refers to operation {0}, which was not done")]
    Dependency(usize),
    /// It was not tried: there were as many errors as were allowed before it, or a request had no answer.
    #[error("it was not tried")]
    NotTried,
    /// It alone is more than the server takes in one request.
    #[error("it is larger than the {0} bytes the server takes at once")]
    TooLarge(usize),
    /// It and others refer to each other in a circle that does not fit into one request.
    #[error("it is part of a circle of references that does not fit into one request")]
    Circle,
    /// The server's answer does not mention it.
    #[error("the server's answer does not mention it")]
    Unmentioned,
}

impl BulkId {
    /// What stands in place of the id: `bulkId:3`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{REFERENCE}{}", self.0)
    }
}

impl Bulk {
    /// Nothing to do yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// After so many errors nothing more is done (RFC 7644 §3.7.3); at least 1.
    #[must_use]
    pub fn with_fail_on_errors(mut self, errors: u32) -> Self {
        self.fail_on_errors = Some(errors.max(1));
        self
    }

    /// How many operations there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Makes a resource at an endpoint (`/Users`). The id names it in later and in earlier operations.
    pub fn create(&mut self, endpoint: &str, resource: impl Into<Value>) -> BulkId {
        self.push(Method::POST, path(endpoint, None), Some(resource.into()));
        BulkId(self.operations.len().to_string())
    }

    /// Replaces a resource. `id` may be a [`BulkId::reference`].
    pub fn replace(&mut self, endpoint: &str, id: &str, resource: impl Into<Value>) -> &mut Self {
        self.push(Method::PUT, path(endpoint, Some(id)), Some(resource.into()))
    }

    /// Changes a resource. `id` may be a [`BulkId::reference`].
    pub fn patch(&mut self, endpoint: &str, id: &str, patch: &Patch) -> &mut Self {
        self.push(Method::PATCH, path(endpoint, Some(id)), Some(patch.to_value()))
    }

    /// Deletes a resource.
    pub fn delete(&mut self, endpoint: &str, id: &str) -> &mut Self {
        self.push(Method::DELETE, path(endpoint, Some(id)), None)
    }

    /// The last operation only if the resource still has this version.
    pub fn if_match(&mut self, version: &str) -> &mut Self {
        if let Some(last) = self.operations.last_mut() {
            last.version = Some(version.to_owned());
        }
        self
    }

    fn push(&mut self, method: Method, path: String, data: Option<Value>) -> &mut Self {
        self.operations.push(Operation { method, path, data, version: None });
        self
    }
}

fn path(endpoint: &str, id: Option<&str>) -> String {
    let endpoint = endpoint.trim_matches('/');
    match id {
        None => format!("/{endpoint}"),
        Some(id) if id.starts_with(REFERENCE) => format!("/{endpoint}/{id}"),
        Some(id) => format!("/{endpoint}/{}", Client::segment(id)),
    }
}

impl Client {
    /// Does all operations, in requests as large as the server takes ([`Client::discover`]), or one by one where there is
    /// no `/Bulk`. One result for each operation, in their order; references between requests are filled in on the way.
    ///
    /// # Errors
    /// Those of [`Client::discover`]; everything after that is the result of an operation.
    pub async fn bulk(&self, bulk: &Bulk) -> Result<Vec<BulkResult>, Error> {
        let limits = self.discover().await?.bulk;
        Ok(run::Run::new(self, bulk).all(limits).await)
    }
}
