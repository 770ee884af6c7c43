//! The server under test: where it is, how requests reach it, what it answered. No judgement.

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use std::borrow::Cow;
use std::time::Duration;

/// Carries requests to the server under test, and waits when the suite has to wait.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends one request and reads the whole answer. Redirects are answers, not orders.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError>;

    /// Waits: between requests when a rate was asked for, and as long as a 429 says. Without it nothing is waited for.
    async fn pause(&self, _time: Duration) {}
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

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }
}

/// Whom a request says it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum As {
    /// The client that the token was given to.
    Client,
    /// The client, with the token alone, without a scheme.
    Bare,
    /// Nobody: no `Authorization`.
    Nobody,
    /// Somebody with a token that the server has never made.
    Stranger,
}

/// One request, before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    /// Below the base URL, or a whole URL below it.
    pub(crate) path: String,
    pub(crate) headers: Vec<(Cow<'static, str>, String)>,
    pub(crate) body: Bytes,
    pub(crate) who: As,
}

impl Ask {
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Self {
        let headers = vec![("accept".into(), "application/scim+json".to_owned())];
        Self { method, path: path.into(), headers, body: Bytes::new(), who: As::Client }
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/scim+json", body.to_string())
    }

    pub(crate) fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", media_type)
    }

    /// Sets a header; an empty value takes it away.
    pub(crate) fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.headers.retain(|(other, _)| *other != name);
        if !value.is_empty() {
            self.headers.push((name, value));
        }
        self
    }

    pub(crate) fn who(mut self, who: As) -> Self {
        self.who = who;
        self
    }

    /// The request on the wire.
    pub(crate) fn request(&self, target: &Target) -> Result<http::Request<Bytes>, String> {
        let uri = match self.path.starts_with("http://") || self.path.starts_with("https://") {
            true => self.path.clone(),
            false => format!("{}{}", target.base(), self.path),
        };
        let mut request = http::Request::builder().method(self.method).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(name.as_ref(), value);
        }
        request = match self.who {
            As::Client => request.header("authorization", format!("Bearer {}", target.token())),
            As::Bare => request.header("authorization", target.token()),
            As::Stranger => request.header("authorization", "Bearer scimcheck-no-such-token"),
            As::Nobody => request,
        };
        request.body(self.body.clone()).map_err(|e| format!("not a valid request: {e}"))
    }
}

/// What the server answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
    /// The body as JSON; `Null` when it is empty or no JSON.
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn new(response: http::Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Self { status: parts.status.as_u16(), headers: parts.headers, body, json }
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A status that says the request was at fault.
    pub(crate) fn is_refusal(&self) -> bool {
        (400..500).contains(&self.status)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty())
    }

    /// The media type, without parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        let whole = self.header("content-type").unwrap_or_default();
        whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// A string member of the body, by JSON pointer.
    pub(crate) fn text(&self, pointer: &str) -> Option<&str> {
        self.json.pointer(pointer)?.as_str()
    }

    /// A number member of the body, by JSON pointer.
    pub(crate) fn number(&self, pointer: &str) -> Option<u64> {
        self.json.pointer(pointer)?.as_u64()
    }

    /// Whether the body's `schemas` has this URN, compared without case.
    pub(crate) fn has_schema(&self, urn: &str) -> bool {
        has_schema(&self.json, urn)
    }

    /// The resources of a list.
    pub(crate) fn resources(&self) -> &[Value] {
        self.json.get("Resources").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// The ids of the resources of a list.
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.resources().iter().filter_map(|resource| resource.get("id")?.as_str()).collect()
    }
}

/// Whether a document's `schemas` has this URN, compared without case.
pub(crate) fn has_schema(document: &Value, urn: &str) -> bool {
    let schemas = document.get("schemas").and_then(Value::as_array);
    schemas.is_some_and(|list| list.iter().filter_map(Value::as_str).any(|s| s.eq_ignore_ascii_case(urn)))
}

/// What of a text may stand in a query as it is; the rest is percent-encoded, once.
pub(crate) fn encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_unreserved_is_percent_encoded_once() {
        assert_eq!(encode("userName eq \"a%b\""), "userName%20eq%20%22a%25b%22");
    }

    #[test]
    fn a_request_carries_the_token_only_when_it_comes_from_the_client() {
        let target = Target::new("http://x/v2/", "secret");
        let header = |who| {
            let request = Ask::new("GET", "/Users").who(who).request(&target).unwrap();
            assert_eq!(request.uri(), "http://x/v2/Users");
            request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(header(As::Client).as_deref(), Some("Bearer secret"));
        assert_eq!(header(As::Nobody), None);
        assert!(!header(As::Stranger).unwrap().contains("secret"));
        assert!(!format!("{target:?}").contains("secret"));
    }
}
