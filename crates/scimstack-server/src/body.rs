//! The body of a response: one frame in the usual case, a stream for large memberships.
//!
//! ```
//! use scimstack_server::Body;
//!
//! let body = Body::from(bytes::Bytes::from_static(b"{}"));
//! assert_eq!(body.as_bytes().unwrap().as_ref(), b"{}");
//! ```

use bytes::{Bytes, BytesMut};
use futures_util::stream::{Stream, StreamExt};
use http_body::{Frame, SizeHint};
use scimstack_store::StoreError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A response's body.
pub struct Body {
    kind: Kind,
}

enum Kind {
    Full(Bytes),
    Stream(Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>),
}

/// Why a streamed body ends early: the store failed after the answer had begun.
#[derive(Debug, thiserror::Error)]
#[error("the rest of the answer could not be read")]
pub struct BodyError(#[from] StoreError);

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self { kind: Kind::Full(bytes) }
    }
}

impl Body {
    /// No content.
    #[must_use]
    pub fn empty() -> Self {
        Self::from(Bytes::new())
    }

    /// One frame after another.
    pub(crate) fn from_stream(stream: impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static) -> Self {
        Self { kind: Kind::Stream(Box::pin(stream)) }
    }

    /// The whole body, when it is one frame.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match &self.kind {
            Kind::Full(bytes) => Some(bytes),
            Kind::Stream(_) => None,
        }
    }

    /// The whole body, also when it is a stream.
    ///
    /// # Errors
    /// The store failed on the way.
    pub async fn collect(self) -> Result<Bytes, BodyError> {
        match self.kind {
            Kind::Full(bytes) => Ok(bytes),
            Kind::Stream(mut stream) => {
                let mut whole = BytesMut::new();
                while let Some(chunk) = stream.next().await {
                    whole.extend_from_slice(&chunk?);
                }
                Ok(whole.freeze())
            }
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.kind {
            Kind::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Kind::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Kind::Stream(stream) => stream.poll_next_unpin(cx).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.as_bytes().is_some_and(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        match self.as_bytes() {
            Some(bytes) => SizeHint::with_exact(bytes.len() as u64),
            None => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_bytes() {
            Some(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            None => f.write_str("Body(stream)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::Body as _;

    #[test]
    fn a_stream_is_collected_in_order() {
        let chunks = ["a", "b", "c"].map(|text| Ok(Bytes::from_static(text.as_bytes())));
        let body = Body::from_stream(futures_util::stream::iter(chunks));
        assert!(body.as_bytes().is_none() && !body.is_end_stream());
        assert_eq!(futures_executor::block_on(body.collect()).unwrap(), "abc");
    }

    #[test]
    fn an_empty_body_has_ended() {
        assert!(Body::empty().is_end_stream());
        assert_eq!(Body::from(Bytes::from_static(b"xy")).size_hint().exact(), Some(2));
    }
}
