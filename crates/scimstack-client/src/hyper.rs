//! A ready transport over hyper, for plain http inside a machine or a private network: no TLS, no proxy, HTTP/1.1.

use crate::transport::{BoxError, Transport};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::rt::Timer as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// A transport over hyper, for plain http. Connections are kept and used again; it runs within tokio.
///
/// # Limits
/// A minute for a request with its answer ([`HyperTransport::with_timeout`]), 64 MiB for an answer's body
/// ([`HyperTransport::with_max_body`]).
#[derive(Clone, Debug)]
pub struct HyperTransport {
    client: Client<HttpConnector, Full<Bytes>>,
    timeout: Duration,
    max_body: usize,
}

impl Default for HyperTransport {
    fn default() -> Self {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { client, timeout: Duration::from_secs(60), max_body: 64 * 1024 * 1024 }
    }
}

impl HyperTransport {
    /// A transport with the limits above.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With another time for a request with its answer.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// With another limit for an answer's body, in bytes.
    #[must_use]
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }
}

#[async_trait]
impl Transport for HyperTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
        let mut exchange = pin!(async {
            let (parts, body) = self.client.request(request.map(Full::new)).await?.into_parts();
            let body = Limited::new(body, self.max_body).collect().await?.to_bytes();
            Ok(Response::from_parts(parts, body))
        });
        let mut limit = TokioTimer::new().sleep(self.timeout);
        poll_fn(|context| match exchange.as_mut().poll(context) {
            Poll::Pending => limit.as_mut().poll(context).map(|()| Err("the time for an answer is over".into())),
            answered => answered,
        })
        .await
    }
}
