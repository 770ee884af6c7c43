//! The engine as a [`tower_service::Service`]: it collects the body within the limit, once it is known who asks, and
//! answers a panic with a SCIM error.

use super::failure::internal;
use super::{Engine, observe, respond, too_large};
use crate::body::Body;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::FutureExt;
use http::{Request, Response};
use scimstack_protocol::ScimError;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

/// An [`Engine`] as a service, to be mounted in any application that speaks `tower`. Cheap to clone.
#[derive(Clone)]
pub struct ScimService {
    engine: Arc<Engine>,
}

impl ScimService {
    /// The service of an engine.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }
}

impl<B> tower_service::Service<Request<B>> for ScimService
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let engine = self.engine.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let id = engine.admin().environment().new_id();
            let answer = engine.serve(&id, &parts, |limit| collect(body, limit));
            let answered = AssertUnwindSafe(answer).catch_unwind().await;
            Ok(answered.unwrap_or_else(|_| {
                observe::panicked(&id);
                respond::respond(Err(internal().into()), &id, respond::media_type(&parts.headers), false)
            }))
        })
    }
}

/// Reads a body of at most `limit` bytes.
async fn collect<B: http_body::Body>(body: B, limit: usize) -> Result<Bytes, ScimError> {
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    let mut body = pin!(body);
    let mut whole = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|_| ScimError::new(400, "The body did not arrive whole; send the request again."))?;
        let Ok(data) = frame.into_data() else { continue };
        if data.remaining() > limit - whole.len() {
            return Err(too_large(limit));
        }
        whole.put(data);
    }
    Ok(whole.freeze())
}
