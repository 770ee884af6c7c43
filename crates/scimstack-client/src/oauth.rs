//! OAuth 2.0 client credentials (RFC 6749 §4.4): a token is fetched when the first request needs one, kept, renewed shortly
//! before it expires, and once more when the server refuses it. Requests that wait for a token share one fetch.

use crate::authorization::Authorization;
use crate::error::{Error, Refusal};
use crate::retry::{Repeat, Retry, send};
use crate::secret::{Secret, header, scrub};
use crate::timer::Timer;
use crate::transport::Transport;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::lock::Mutex;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};
use scimstack_schema::Value;
use std::fmt;
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// How long before its end a token is renewed at most; a tenth of its life when that is shorter.
const MARGIN: Duration = Duration::from_secs(60);

/// How the client says who it is (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_basic`: in the header, which every server has to support.
    #[default]
    Basic,
    /// `client_secret_post`: in the body.
    Post,
}

/// Fetches, keeps and renews an access token.
///
/// ```
/// use scimstack_client::{Client, ClientCredentials};
/// # use scimstack_client::Timer;
/// # use bytes::Bytes;
/// # struct Clock;
/// # #[async_trait::async_trait]
/// # impl Timer for Clock {
/// #     fn now(&self) -> std::time::SystemTime { std::time::UNIX_EPOCH }
/// #     async fn sleep(&self, _: std::time::Duration) {}
/// #     fn chance(&self) -> f64 { 0.0 }
/// # }
/// # let transport = |request: http::Request<Bytes>| async move {
/// #     let body = match request.uri().path() {
/// #         "/token" => r#"{"access_token":"t0ken","token_type":"Bearer","expires_in":3600}"#,
/// #         _ => { assert_eq!(request.headers()["authorization"], "Bearer t0ken"); r#"{"userName":"ann"}"# }
/// #     };
/// #     Ok(http::Response::new(Bytes::from(body)))
/// # };
/// # futures_executor::block_on(async {
/// let credentials =
///     ClientCredentials::new(transport, Clock, "https://login.test/token", "my-app", "s3cret")?.with_scope("scim");
/// let client = Client::with_authorization(transport, "https://scim.test/v2", credentials)?;
/// assert_eq!(client.users().get("7").await?.user_name, "ann");
/// # Ok::<(), scimstack_client::Error>(())
/// # }).unwrap();
/// ```
pub struct ClientCredentials {
    transport: Box<dyn Transport>,
    timer: Box<dyn Timer>,
    retry: Retry,
    url: Uri,
    id: String,
    secret: Secret,
    authentication: ClientAuthentication,
    parameters: Vec<(String, String)>,
    kept: Mutex<Option<Kept>>,
}

/// A token, and until when it is used.
struct Kept {
    value: HeaderValue,
    until: Option<SystemTime>,
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, id, secret, authentication, parameters, .. } = self;
        let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("ClientCredentials")
            .field("url", url)
            .field("id", id)
            .field("secret", secret)
            .field("authentication", authentication)
            .field("parameters", &names)
            .finish_non_exhaustive()
    }
}

impl ClientCredentials {
    /// Credentials for the token endpoint `url`.
    ///
    /// # Errors
    /// [`Error::Setup`]: `url` is no absolute URL, or plain http to another machine (RFC 6749 §3.2 wants TLS).
    pub fn new(
        transport: impl Transport + 'static,
        timer: impl Timer + 'static,
        url: &str,
        id: impl Into<String>,
        secret: impl Into<Secret>,
    ) -> Result<Self, Error> {
        let wrong = |why: &str| Error::Setup(format!("the token endpoint's URL {why}"));
        let uri: Uri = url.parse().map_err(|error| wrong(&format!("is none: {error}")))?;
        let host = uri.host().unwrap_or_default();
        match uri.scheme_str() {
            _ if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) => {
                return Err(wrong("has a name or password in it; they do not belong there"));
            }
            Some("https") => {}
            Some("http") if matches!(host, "localhost" | "127.0.0.1" | "[::1]") => {}
            Some("http") => return Err(wrong("has to begin with https:// (RFC 6749 §3.2)")),
            _ => return Err(wrong("is no absolute URL; write one such as https://login.example.com/oauth2/token")),
        }
        Ok(Self {
            transport: Box::new(transport),
            timer: Box::new(timer),
            retry: Retry::default(),
            url: uri,
            id: id.into(),
            secret: secret.into(),
            authentication: ClientAuthentication::default(),
            parameters: Vec::new(),
            kept: Mutex::new(None),
        })
    }

    /// With a scope, or several separated by spaces (RFC 6749 §3.3).
    #[must_use]
    pub fn with_scope(self, scope: &str) -> Self {
        self.with_parameter("scope", scope)
    }

    /// With another parameter of the token request, such as `audience` or `resource`.
    #[must_use]
    pub fn with_parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With another way to say who asks.
    #[must_use]
    pub fn with_authentication(mut self, authentication: ClientAuthentication) -> Self {
        self.authentication = authentication;
        self
    }

    /// With other patience for the token endpoint.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The token request (RFC 6749 §4.4.2).
    fn request(&self) -> Result<Request<Bytes>, Error> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        form.extend_pairs(&self.parameters);
        let encoded = |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
        let mut authorization = None;
        match self.authentication {
            ClientAuthentication::Basic => {
                let secret = Zeroizing::new(encoded(self.secret.reveal()));
                let pair = Zeroizing::new(format!("{}:{}", encoded(&self.id), *secret));
                authorization = header("Basic", &STANDARD.encode(pair.as_bytes()));
            }
            ClientAuthentication::Post => {
                form.append_pair("client_id", &self.id).append_pair("client_secret", self.secret.reveal());
            }
        }
        let mut request = Request::new(Bytes::from(form.finish()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
        Ok(request)
    }

    async fn fetch(&self) -> Result<Kept, Error> {
        let request = self.request()?;
        // Asking twice for a token does no harm.
        let sent = send(&*self.transport, request, Repeat::Safe, Some((&self.retry, &*self.timer))).await?;
        let (status, body) = (sent.response.status().as_u16(), sent.response.into_body());
        let value = Value::parse(&body).unwrap_or_default();
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        if !(200..300).contains(&status) {
            return Err(Error::Refused(self.refusal(status, &body, text("error"), text("error_description"))));
        }
        let token = Secret::from(text("access_token").ok_or_else(|| nothing("there is no access_token"))?);
        // RFC 6749 §5.1 demands a token_type; who leaves it out means bearer.
        if text("token_type").is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(nothing("its token_type is not bearer"));
        }
        let seconds = match value.get("expires_in") {
            Some(Value::Number(number)) => Some(number.as_f64()),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        let life = seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
        let until = life.and_then(|life| self.timer.now().checked_add(life - MARGIN.min(life / 10)));
        Ok(Kept { value: token.bearer()?, until })
    }

    fn refusal(&self, status: u16, body: &Bytes, error: Option<String>, why: Option<String>) -> Refusal {
        let mut refusal = Refusal::read(status, body, None);
        refusal.detail = match (error, why) {
            (Some(error), Some(why)) => Some(format!("{error}: {why}")),
            (Some(error), None) => Some(error),
            (None, _) => refusal.detail,
        };
        let secret = header("secret", self.secret.reveal());
        refusal.detail = refusal.detail.map(|detail| scrub(detail, secret.as_ref()));
        refusal
    }
}

fn nothing(why: &str) -> Error {
    Error::Answer(why.to_owned())
}

#[async_trait]
impl Authorization for ClientCredentials {
    async fn value(&self) -> Result<Option<HeaderValue>, Error> {
        let mut kept = self.kept.lock().await;
        let now = self.timer.now();
        if let Some(token) = kept.as_ref().filter(|token| token.until.is_none_or(|until| now < until)) {
            return Ok(Some(token.value.clone()));
        }
        let token = self.fetch().await?;
        let value = token.value.clone();
        *kept = Some(token);
        Ok(Some(value))
    }

    async fn refused(&self, value: &HeaderValue) -> bool {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_some_and(|token| token.value == *value) {
            *kept = None;
        }
        true
    }
}
