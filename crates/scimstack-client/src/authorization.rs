//! What a request shows to be let in: a token at hand, or one that is fetched.

use crate::error::Error;
use crate::secret::Secret;
use async_trait::async_trait;
use http::HeaderValue;

/// Where the header `Authorization` of each request comes from. A [`Secret`] is a bearer token (RFC 6750);
/// [`crate::ClientCredentials`] fetches one.
#[async_trait]
pub trait Authorization: Send + Sync {
    /// The header's value, marked as sensitive; `None` sends none.
    ///
    /// # Errors
    /// It cannot be had.
    async fn value(&self) -> Result<Option<HeaderValue>, Error>;

    /// The server answered 401 to this value. True when there may be another one: the request is sent once more.
    async fn refused(&self, _value: &HeaderValue) -> bool {
        false
    }
}

#[async_trait]
impl Authorization for Secret {
    async fn value(&self) -> Result<Option<HeaderValue>, Error> {
        self.bearer().map(Some)
    }
}

/// A value that is always the same.
pub(crate) struct Fixed(pub(crate) HeaderValue);

#[async_trait]
impl Authorization for Fixed {
    async fn value(&self) -> Result<Option<HeaderValue>, Error> {
        Ok(Some(self.0.clone()))
    }
}
