//! How a request gets to the server and its answer back: one method, nothing of SCIM.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use std::future::Future;

/// Why a transport failed.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The request has not left: no address, no connection. A transport that knows this wraps its error, and the request can be
/// sent again whatever it is to do.
#[derive(Debug, thiserror::Error)]
#[error("there is no connection to the server")]
pub struct NotSent(#[source] pub BoxError);

/// Sends requests. Every status is an answer; an error means that there was none, and that the request may have arrived.
///
/// A closure from request to future is a transport; see the [crate]'s example.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends a request and waits for the whole answer.
    ///
    /// # Errors
    /// No answer: no connection, time ran out, more bytes than the transport takes.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError>;
}

#[async_trait]
impl<F, A> Transport for F
where
    F: Fn(Request<Bytes>) -> A + Send + Sync,
    A: Future<Output = Result<Response<Bytes>, BoxError>> + Send,
{
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
        self(request).await
    }
}
