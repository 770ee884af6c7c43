//! The server under test: where it is, how requests reach it, what it answered. No judgement.

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

/// Carries requests to the server under test.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends one request and reads the whole answer.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError>;
}

/// No answer came.
#[derive(Debug, thiserror::Error)]
#[error("the server did not answer: {0}")]
pub struct TransportError(pub String);

/// A server under test. `Debug` hides the token.
#[derive(Clone)]
pub struct Target {
    base: String,
    token: String,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Target {
    /// The server with this base URL and bearer token.
    pub fn new(base: impl Into<String>, token: impl Into<String>) -> Self {
        Self { base: base.into().trim_end_matches('/').to_owned(), token: token.into() }
    }

    /// Sends one request with the token.
    ///
    /// # Errors
    /// In words: no answer, or a URL that is none.
    pub async fn ask(
        &self,
        transport: &dyn Transport,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        self.ask_as(transport, Some(&self.token), method, path, body).await
    }

    /// Sends one request with another token, or with none.
    ///
    /// # Errors
    /// In words: no answer, or a URL that is none.
    pub async fn ask_as(
        &self,
        transport: &dyn Transport,
        token: Option<&str>,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("accept", "application/scim+json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/scim+json");
        }
        let bytes = body.map(|value| Bytes::from(value.to_string())).unwrap_or_default();
        let request = request.body(bytes).map_err(|e| format!("not a valid request: {e}"))?;
        let response = transport.send(request).await.map_err(|e| e.to_string())?;
        Ok(Answer::new(&response))
    }
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The media type, without parameters, in lower case.
    pub media_type: String,
    /// `Location`.
    pub location: Option<String>,
    /// The body as JSON; `Null` when it is empty or no JSON.
    pub json: Value,
    /// Whether there was a body.
    pub has_body: bool,
}

impl Answer {
    fn new(response: &http::Response<Bytes>) -> Self {
        let header =
            |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let media_type = header("content-type").split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Self {
            status: response.status().as_u16(),
            media_type,
            location: Some(header("location")).filter(|text| !text.is_empty()),
            json: serde_json::from_slice(response.body()).unwrap_or(Value::Null),
            has_body: !response.body().is_empty(),
        }
    }

    /// A string member of the body.
    #[must_use]
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.json.pointer(pointer)?.as_str()
    }

    /// Whether the body's `schemas` has this URN (compared without case).
    #[must_use]
    pub fn has_schema(&self, urn: &str) -> bool {
        let schemas = self.json.get("schemas").and_then(Value::as_array);
        schemas.is_some_and(|list| list.iter().filter_map(Value::as_str).any(|s| s.eq_ignore_ascii_case(urn)))
    }
}
