//! The token endpoint: access tokens for client credentials (RFC 6749 §4.4), the client being known by a secret (§2.3.1) or
//! by an assertion that a trusted issuer signed (RFC 7523 §2.2); and what tells clients of it (RFC 8414).
//! Left out: where a host mounts them.

use super::authenticator::Verdict;
use super::throttle::ClientAddress;
use super::{Engine, respond};
use crate::admin::{AccessToken, AdminError, Denied, TokenScopes, Ungranted};
use crate::body::Body;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use scimstack_schema::Object;
use std::collections::HashMap;
use std::fmt;

/// Bytes of a request, at most.
const LONGEST: usize = 64 * 1024;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A refusal (RFC 6749 §5.2).
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
    retry_after: Option<u32>,
}

impl Refusal {
    fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self { status, error, description: description.into(), retry_after: None }
    }

    fn request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    fn unavailable() -> Self {
        let text = "The server cannot look at the credentials at the moment; try again in 5 seconds.";
        let refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", text);
        Self { retry_after: Some(5), ..refusal }
    }
}

/// Who asks for a token, and by what it is known.
struct Client {
    id: String,
    proof: Proof,
    scopes: TokenScopes,
}

enum Proof {
    Secret(String),
    Assertion(String),
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("id", &self.id).field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

impl Engine {
    /// Answers a request to the token endpoint, wherever it is mounted: a POST with `grant_type=client_credentials`, the
    /// client's id ([`crate::Admin::client_id`]) and its secret, in the form or as HTTP Basic credentials, or its
    /// assertion. The answer is good for an hour, or for as long as the secret is when that is less.
    pub async fn token(&self, request: Request<Bytes>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let id = self.admin.environment().new_id();
        let answer = match self.client(&parts, &body) {
            Ok(client) => self.granted(&parts, client).await,
            Err(refusal) => Err(refusal),
        };
        let mut response = match answer {
            Ok(token) => Response::new(told(&token)),
            Err(refusal) => refused(&refusal, &parts),
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // RFC 6749 §5.1.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(id) = HeaderValue::try_from(id) {
            headers.insert(respond::REQUEST_ID, id);
        }
        response
    }

    /// What tells a client of the token endpoint (RFC 8414 §3.2): for `/.well-known/oauth-authorization-server`. `issuer` is
    /// where the server is reached, `token_endpoint` the whole address.
    #[must_use]
    pub fn token_metadata(&self, issuer: &str, token_endpoint: &str) -> String {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.into()).collect::<Vec<scimstack_schema::Value>>();
        let mut metadata = Object::new();
        metadata.insert("issuer", issuer);
        metadata.insert("token_endpoint", token_endpoint);
        metadata.insert("grant_types_supported", texts(&["client_credentials"]));
        metadata.insert("response_types_supported", texts(&[]));
        metadata.insert("scopes_supported", texts(&["scim", "read", "write", "users", "groups"]));
        let mut methods = vec!["client_secret_basic", "client_secret_post"];
        if !self.authenticators.is_empty() {
            methods.push("private_key_jwt");
            let algorithms = texts(&["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]);
            metadata.insert("token_endpoint_auth_signing_alg_values_supported", algorithms);
        }
        metadata.insert("token_endpoint_auth_methods_supported", texts(&methods));
        scimstack_schema::Value::Object(metadata).to_string()
    }

    /// Reads the request.
    fn client(&self, parts: &Parts, body: &[u8]) -> Result<Client, Refusal> {
        if parts.method != Method::POST {
            let refusal = Refusal::request("Tokens are asked for with POST.");
            return Err(Refusal { status: StatusCode::METHOD_NOT_ALLOWED, ..refusal });
        }
        let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refusal::request("The request is to be a form: application/x-www-form-urlencoded."));
        }
        if body.len() > LONGEST {
            return Err(Refusal::request(format!("The form is longer than the {LONGEST} bytes that are accepted.")));
        }
        let mut form: HashMap<String, String> = HashMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            // RFC 6749 §3.2: no parameter twice; one without a value is as if it were not there.
            if value.is_empty() {
                continue;
            }
            if let Some(_earlier) = form.insert(name.to_string(), value.into_owned()) {
                return Err(Refusal::request(format!("\"{}\" is there twice.", name.escape_debug())));
            }
        }
        match form.remove("grant_type").as_deref() {
            Some("client_credentials") => {}
            Some(_) => {
                let text = "Only grant_type=client_credentials is possible here.";
                return Err(Refusal::new(StatusCode::BAD_REQUEST, "unsupported_grant_type", text));
            }
            None => return Err(Refusal::request("The form has no grant_type; send grant_type=client_credentials.")),
        }
        let basic = basic(parts)?;
        let (id, secret) = (form.remove("client_id"), form.remove("client_secret"));
        let (assertion, kind) = (form.remove("client_assertion"), form.remove("client_assertion_type"));
        // RFC 6749 §2.3: one way in each request.
        if usize::from(basic.is_some()) + usize::from(secret.is_some()) + usize::from(assertion.is_some()) > 1 {
            return Err(Refusal::request("The client is to be authenticated in one way, not in several."));
        }
        let (id, proof) = match (basic, secret, assertion) {
            (Some((id, secret)), ..) => (Some(id), Proof::Secret(secret)),
            (_, Some(secret), _) => (id, Proof::Secret(secret)),
            (_, _, Some(assertion)) if kind.as_deref() == Some(ASSERTION_TYPE) => (id, Proof::Assertion(assertion)),
            (_, _, Some(_)) => {
                return Err(Refusal::request(format!("client_assertion_type is to be {ASSERTION_TYPE}.")));
            }
            (None, None, None) => {
                let text = "The request has no client_secret and no client_assertion.";
                return Err(Refusal::new(StatusCode::UNAUTHORIZED, "invalid_client", text));
            }
        };
        let id = id.ok_or_else(|| Refusal::request("The form has no client_id."))?;
        let scopes = form.remove("scope").map_or_else(|| Ok(TokenScopes::default()), |text| scopes(&text))?;
        Ok(Client { id, proof, scopes })
    }

    async fn granted(&self, parts: &Parts, client: Client) -> Result<AccessToken, Refusal> {
        let granted = match &client.proof {
            Proof::Secret(secret) => self.admin.grant(&client.id, secret, client.scopes).await,
            Proof::Assertion(assertion) => {
                let tenant = client.id.split('.').next().unwrap_or_default();
                match self.asserted(tenant, assertion).await {
                    Verdict::Known(identity) => self.admin.grant_to(&client.id, &identity, client.scopes).await,
                    Verdict::NotMine => Ok(Err(Ungranted::Client(Denied::Unknown))),
                    Verdict::Refused(detail) => return Err(self.not_the_client(parts, detail)),
                    Verdict::Unavailable(_) => return Err(Refusal::unavailable()),
                }
            }
        };
        match granted {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(Ungranted::Scope)) => {
                let text = "The client may do less than the scope asks for; ask for less, or leave scope out.";
                Err(Refusal::new(StatusCode::BAD_REQUEST, "invalid_scope", text))
            }
            Ok(Err(Ungranted::Client(denied))) => {
                let detail = match denied {
                    Denied::Expired => "The client's secret has expired. Make a new one in the administration console.",
                    Denied::Revoked => "The client's secret was revoked. Make a new one in the administration console.",
                    _ => {
                        "There is no client with this id and this secret. Compare both with the administration console."
                    }
                };
                Err(self.not_the_client(parts, detail.to_owned()))
            }
            Err(AdminError::NotFound(_) | AdminError::Invalid(_)) => {
                Err(self.not_the_client(parts, "There is no client with this id.".to_owned()))
            }
            Err(_) => Err(Refusal::unavailable()),
        }
    }

    async fn asserted(&self, tenant: &str, assertion: &str) -> Verdict {
        for authenticator in &self.authenticators {
            match authenticator.assertion(tenant, assertion).await {
                Verdict::NotMine => {}
                verdict => return verdict,
            }
        }
        Verdict::NotMine
    }

    /// Guesses at secrets are slowed as guesses at tokens are.
    fn not_the_client(&self, parts: &Parts, description: String) -> Refusal {
        let address = parts.extensions.get::<ClientAddress>().map(|address| address.0);
        match self.throttle.refused(address, self.admin.environment().now()) {
            None => Refusal::new(StatusCode::UNAUTHORIZED, "invalid_client", description),
            Some(seconds) => {
                let text = format!("Too many requests with wrong credentials; try again in {seconds} seconds.");
                let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "invalid_client", text);
                Refusal { retry_after: Some(seconds), ..refusal }
            }
        }
    }
}

/// The scopes asked for; `scim` is whatever the client may do.
fn scopes(text: &str) -> Result<TokenScopes, Refusal> {
    let words: Vec<&str> = text.split(' ').filter(|word| *word != "scim").collect();
    let scopes = words.join(" ").parse();
    scopes.map_err(|error: AdminError| Refusal::new(StatusCode::BAD_REQUEST, "invalid_scope", format!("{error}.")))
}

/// The client's id and secret as HTTP Basic credentials, each encoded as in a form (RFC 6749 §2.3.1).
fn basic(parts: &Parts) -> Result<Option<(String, String)>, Refusal> {
    let Some(value) = parts.headers.get(AUTHORIZATION) else { return Ok(None) };
    let text = value.to_str().ok().and_then(|value| value.split_once(' '));
    let pair = text
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, pair)| BASE64_STANDARD.decode(pair.trim()).ok())
        .and_then(|pair| String::from_utf8(pair).ok());
    let decoded =
        |text: &str| form_urlencoded::parse(format!("x={text}").as_bytes()).next().map(|(_, v)| v.into_owned());
    let pair = pair.as_deref().and_then(|pair| pair.split_once(':'));
    match pair.and_then(|(id, secret)| Some((decoded(id)?, decoded(secret)?))) {
        Some(pair) => Ok(Some(pair)),
        None => Err(Refusal::request(
            "The header Authorization is not readable: \"Basic \" and the client's id and secret are expected, or no such \
             header.",
        )),
    }
}

fn told(token: &AccessToken) -> Body {
    let mut answer = Object::new();
    answer.insert("access_token", token.secret.reveal());
    answer.insert("token_type", "Bearer");
    answer.insert("expires_in", i64::from(token.lifetime));
    let scopes = token.scopes.to_string();
    answer.insert("scope", if scopes.is_empty() { "scim" } else { &scopes });
    Body::from(Bytes::from(scimstack_schema::Value::Object(answer).to_string()))
}

fn refused(refusal: &Refusal, parts: &Parts) -> Response<Body> {
    let mut answer = Object::new();
    answer.insert("error", refusal.error);
    answer.insert("error_description", refusal.description.as_str());
    let mut response = Response::new(Body::from(Bytes::from(scimstack_schema::Value::Object(answer).to_string())));
    *response.status_mut() = refusal.status;
    let headers = response.headers_mut();
    if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    if refusal.status == StatusCode::UNAUTHORIZED && parts.headers.contains_key(AUTHORIZATION) {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"token\""));
    }
    if let Some(seconds) = refusal.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
