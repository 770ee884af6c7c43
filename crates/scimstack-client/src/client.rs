//! The client: where the server is, who asks, and how a request is made of it. What is asked is in `endpoint`.

use crate::authorization::{Authorization, Fixed};
use crate::discovery::Known;
use crate::endpoint::Endpoint;
use crate::error::{Error, Refusal};
use crate::pages::Page;
use crate::retry::{Repeat, Retry, retry_after, send};
use crate::secret::Secret;
use crate::timer::Timer;
use crate::transport::Transport;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use scimstack_schema::views::{Group, User};
use scimstack_schema::{Object, Schema, Value};
use std::sync::Arc;

/// The media type of SCIM (RFC 7644 §8.1).
const SCIM: HeaderValue = HeaderValue::from_static("application/scim+json");

/// What needs no encoding in a path segment or a parameter (RFC 3986 §2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A client for one service provider. Cheap to clone; `Debug` hides the token.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
    base: String,
    headers: HeaderMap,
    authorization: Arc<dyn Authorization>,
    retry: Option<(Retry, Arc<dyn Timer>)>,
    pub(crate) known: Known,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// An earlier attempt was lost: what this one was to do may have been done before.
    pub(crate) after_loss: bool,
    /// The `Authorization` it is the answer to.
    pub(crate) shown: Option<HeaderValue>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base", &self.base).field("headers", &self.headers).finish_non_exhaustive()
    }
}

impl Client {
    /// A client for the server at `base_url` (`https://acme.example/scim/v2`, with or without a slash at the end), which
    /// shows `token` as its bearer token (RFC 6750). It waits for nothing and repeats nothing; see
    /// [`Client::with_retry`].
    ///
    /// # Errors
    /// [`Error::Setup`]: `base_url` is no absolute http URL, or `token` cannot stand in a header.
    pub fn new(transport: impl Transport + 'static, base_url: &str, token: impl Into<Secret>) -> Result<Self, Error> {
        Self::with_authorization(transport, base_url, Fixed(token.into().bearer()?))
    }

    /// [`Client::new`] with another way to be let in, such as [`crate::ClientCredentials`].
    ///
    /// # Errors
    /// [`Error::Setup`]: `base_url` is no absolute http URL.
    pub fn with_authorization(
        transport: impl Transport + 'static,
        base_url: &str,
        authorization: impl Authorization + 'static,
    ) -> Result<Self, Error> {
        let base = base_url.trim_end_matches('/');
        let uri: http::Uri = base.parse().map_err(|error| Error::Setup(format!("the base URL is no URL: {error}")))?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            let why = "the base URL has a name or password in it; they do not belong there";
            return Err(Error::Setup(why.to_owned()));
        }
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.query().is_some() {
            return Err(Error::Setup(format!(
                "{base_url:?} is no base URL; write one such as https://acme.example/scim/v2"
            )));
        }
        let headers = [
            (ACCEPT, SCIM),
            (USER_AGENT, HeaderValue::from_static(concat!("scimstack-client/", env!("CARGO_PKG_VERSION")))),
        ];
        Ok(Self {
            transport: Arc::new(transport),
            base: base.to_owned(),
            headers: headers.into_iter().collect(),
            authorization: Arc::new(authorization),
            retry: None,
            known: Known::default(),
        })
    }

    /// With patience: busy servers are waited for and lost requests sent again, as far as that is safe (see [`Retry`]).
    #[must_use]
    pub fn with_retry(mut self, retry: Retry, timer: impl Timer + 'static) -> Self {
        self.retry = Some((retry, Arc::new(timer)));
        self
    }

    /// With a header on every request, in place of one of the same name, `Authorization` included.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The base URL, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// The people.
    #[must_use]
    pub fn users(&self) -> Endpoint<'_, User> {
        self.endpoint("/Users")
    }

    /// The groups.
    #[must_use]
    pub fn groups(&self) -> Endpoint<'_, Group> {
        self.endpoint("/Groups")
    }

    /// The resources at an endpoint (`/Devices`) that discovery names.
    #[must_use]
    pub fn endpoint<T>(&self, path: &str) -> Endpoint<'_, T> {
        Endpoint::new(self, path)
    }

    /// What the server says it can do (RFC 7643 §5).
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn service_provider_config(&self) -> Result<Object, Error> {
        self.json(Method::GET, "/ServiceProviderConfig", &[], None).await?.ok_or_else(nothing)
    }

    /// The resource types (RFC 7643 §6).
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn resource_types(&self) -> Result<Vec<Object>, Error> {
        let list = self.json(Method::GET, "/ResourceTypes", &[], None).await?.ok_or_else(nothing)?;
        Ok(Page::<Object>::read(list)?.resources)
    }

    /// The schemas (RFC 7643 §7).
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn schemas(&self) -> Result<Vec<Schema>, Error> {
        let list = self.json(Method::GET, "/Schemas", &[], None).await?.ok_or_else(nothing)?;
        let schemas = Page::<Object>::read(list)?.resources;
        schemas
            .into_iter()
            .map(|schema| Schema::from_json(&schema.into()).map_err(|error| Error::Answer(error.to_string())))
            .collect()
    }

    /// Sends any request below the base URL: `path` begins with a slash and is encoded already (see
    /// [`Client::segment`]), `query` is encoded here. Every status is an answer.
    ///
    /// # Errors
    /// [`Error::Setup`] for a path that makes no URL, [`Error::Transport`].
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, Error> {
        self.send_with(method, path, query, body, None).await
    }

    /// One segment of a path, encoded.
    #[must_use]
    pub fn segment(text: &str) -> String {
        utf8_percent_encode(text, ENCODED).to_string()
    }

    pub(crate) async fn send_with(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
        extra: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Answer, Error> {
        let mut url = format!("{}{path}", self.base);
        for (i, (name, value)) in query.iter().enumerate() {
            url.push(if i == 0 { '?' } else { '&' });
            url.extend(utf8_percent_encode(name, ENCODED));
            url.push('=');
            url.extend(utf8_percent_encode(value, ENCODED));
        }
        let mut request = Request::new(body.map(|body| Bytes::from(body.to_bytes())).unwrap_or_default());
        *request.method_mut() = method;
        *request.uri_mut() = url.parse().map_err(|error| Error::Setup(format!("{path:?} makes no URL: {error}")))?;
        request.headers_mut().clone_from(&self.headers);
        if body.is_some() {
            request.headers_mut().insert(CONTENT_TYPE, SCIM);
        }
        request.headers_mut().extend(extra);
        self.exchange(request).await
    }

    /// Sends a request until it is answered, with a new token when the server does not take the one it was shown.
    async fn exchange(&self, mut request: Request<Bytes>) -> Result<Answer, Error> {
        let repeat = Repeat::of(&request);
        let retry = self.retry.as_ref().map(|(policy, timer)| (policy, &**timer));
        let fixed = self.headers.get(AUTHORIZATION).cloned();
        let mut renewed = fixed.is_some();
        loop {
            let shown = match &fixed {
                Some(fixed) => Some(fixed.clone()),
                None => self.authorization.value().await.map_err(|error| Error::Authorization(Box::new(error)))?,
            };
            if let Some(value) = &shown {
                request.headers_mut().insert(AUTHORIZATION, value.clone());
            }
            let sent = send(&*self.transport, request.clone(), repeat, retry).await?;
            let (parts, body) = sent.response.into_parts();
            if let (401, false, Some(value)) = (parts.status.as_u16(), renewed, &shown) {
                renewed = true;
                if self.authorization.refused(value).await {
                    continue;
                }
            }
            let (status, headers, after_loss) = (parts.status.as_u16(), parts.headers, sent.after_loss);
            return Ok(Answer { status, headers, body, after_loss, shown });
        }
    }

    /// Sends, and reads an object; `None` when a good answer has no body.
    pub(crate) async fn json(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Option<Object>, Error> {
        self.send(method, path, query, body).await?.object()
    }
}

impl Answer {
    /// `Retry-After` (RFC 9110 §10.2.3) in seconds; a date counts when the answer says what time it is.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        retry_after(&self.headers, None).map(|wait| u32::try_from(wait.as_secs()).unwrap_or(u32::MAX))
    }

    /// The object of a good answer.
    ///
    /// # Errors
    /// [`Error::Refused`] for another status, [`Error::Answer`] for a body that is no JSON object.
    pub fn into_object(self) -> Result<Object, Error> {
        self.object()?.ok_or_else(nothing)
    }

    /// The answer itself when its status is good.
    pub(crate) fn accepted(self) -> Result<Self, Error> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let refusal = Refusal::read(self.status, &self.body, self.retry_after());
        Err(Error::Refused(refusal.without(self.shown.as_ref())))
    }

    /// The object of a good answer; `None` without a body.
    pub(crate) fn object(self) -> Result<Option<Object>, Error> {
        let answer = self.accepted()?;
        if answer.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        match Value::parse(&answer.body) {
            Ok(Value::Object(object)) => Ok(Some(object)),
            Ok(other) => Err(Error::Answer(format!("an object was expected, not {}", other.kind()))),
            Err(error) => Err(Error::Answer(error.to_string())),
        }
    }
}

/// A good answer that has to have a body and has none.
pub(crate) fn nothing() -> Error {
    Error::Answer("it is empty".to_owned())
}
