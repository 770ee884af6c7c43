//! The body of a response: one frame in the usual case, a stream for large memberships.
//!
//! Owned by the engine; see `engine`.

use bytes::Bytes;

/// A response's body.
#[derive(Debug)]
pub struct Body {
    bytes: Option<Bytes>,
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self { bytes: Some(bytes) }
    }
}

impl Body {
    /// The whole body, when it is one frame.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        self.bytes.as_ref()
    }
}
