//! JSON Web Tokens of issuers that a tenant trusts (RFC 7519, RFC 9068), as bearer tokens and as assertions of clients at the
//! token endpoint (RFC 7523): what Microsoft Entra ID and Okta send who are given no token of this server's own. Feature
//! `jwt`.
//!
//! Which issuers are trusted is said by an administrator ([`Admin::trust_issuer`]), with the place of their keys; nothing in
//! a token is ever taken for an address to fetch keys from. Keys are public ones only: with RSA, with P-256 and P-384, and
//! Ed25519. The verifying is done by `jsonwebtoken` and its `rust_crypto` provider; a host that also enables another
//! provider of that crate has to install one of them, once, before a token comes.
//!
//! ```
//! # use bytes::Bytes;
//! # use scimstack_server::jwt::{JwtAuthenticator, KeySource};
//! # use scimstack_server::{Admin, Engine};
//! # use std::sync::Arc;
//! /// Reads files; yours fetches URLs as well.
//! struct Files;
//!
//! #[async_trait::async_trait]
//! impl KeySource for Files {
//!     async fn fetch(&self, place: &str) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
//!         Ok(std::fs::read(place)?.into())
//!     }
//! }
//!
//! # fn engine(admin: Admin) -> Engine {
//! let tokens = JwtAuthenticator::new(admin.clone(), Arc::new(Files));
//! Engine::builder(admin).authenticator(Arc::new(tokens)).build()
//! # }
//! ```

mod keys;

use crate::admin::{Admin, AdminError, ISSUER_ID, Issuer};
use crate::engine::{Authenticator, Identity, Verdict};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{DecodingKey, Validation};
use keys::{Keys, Missing};
use scimstack_schema::Timestamp;
use serde::Deserialize;
use std::error::Error;
use std::sync::Arc;

/// Bytes of a token, at most.
const LONGEST: usize = 16 * 1024;
/// Seconds by which the clocks of an issuer and of this server may differ.
const LEEWAY: f64 = 60.0;

/// Fetches a JSON Web Key Set (RFC 7517 §5) from the place that was given for an issuer ([`Issuer::keys`]).
#[async_trait]
pub trait KeySource: Send + Sync + 'static {
    /// The set at this place, as JSON. It is asked again every hour, and when a token names a key that is not known, at
    /// most twice a minute. Bound the time it may take.
    async fn fetch(&self, place: &str) -> Result<Bytes, Box<dyn Error + Send + Sync>>;
}

/// Knows who comes with a token of an issuer that the tenant trusts.
pub struct JwtAuthenticator {
    admin: Admin,
    keys: Keys,
}

/// What is looked at of a token's claims (RFC 7519 §4.1).
#[derive(Deserialize)]
struct Claims {
    exp: f64,
    nbf: Option<f64>,
    sub: Option<String>,
}

/// Whose token it says it is, before anything is verified.
#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

impl JwtAuthenticator {
    /// With the issuers on record, and a source of their keys.
    #[must_use]
    pub fn new(admin: Admin, source: Arc<dyn KeySource>) -> Self {
        Self { admin, keys: Keys::new(source) }
    }

    async fn verdict(&self, tenant: &str, token: &str) -> Verdict {
        // Three parts with dots between: anything else is of another kind.
        if token.len() > LONGEST || token.split('.').count() != 3 {
            return Verdict::NotMine;
        }
        let (Ok(header), Ok(claims)) =
            (jsonwebtoken::decode_header(token), jsonwebtoken::dangerous::insecure_decode_claims::<Unverified>(token))
        else {
            return Verdict::NotMine;
        };
        let trusted = match self.trusted(tenant, &claims.iss).await {
            Ok(trusted) => trusted,
            Err(error) => return Verdict::Unavailable(Box::new(error)),
        };
        let mut verdict = Verdict::Refused(
            "The token's issuer is not trusted here. Compare the \"iss\" of the token with the issuers that an administrator \
             has entered for this connection."
                .to_owned(),
        );
        for issuer in &trusted {
            verdict = self.verified(tenant, issuer, &header, token).await;
            if let Verdict::Known(_) | Verdict::Unavailable(_) = verdict {
                return verdict;
            }
        }
        verdict
    }

    async fn trusted(&self, tenant: &str, iss: &str) -> Result<Vec<Issuer>, AdminError> {
        let tenant = match self.admin.tenant(tenant).await {
            Ok(tenant) => tenant.id,
            Err(AdminError::NotFound(_) | AdminError::Invalid(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let all = self.admin.cached_issuers(tenant).await?;
        Ok(all.iter().filter(|issuer| issuer.issuer == iss).cloned().collect())
    }

    async fn verified(&self, tenant: &str, issuer: &Issuer, header: &jsonwebtoken::Header, token: &str) -> Verdict {
        let now = self.admin.environment().now();
        let key = match self.keys.find(&issuer.keys, header, now).await {
            Ok(key) => key,
            Err(Missing::Key) => {
                return Verdict::Refused(
                    "The token is signed with a key that its issuer does not publish, or in a way that is not accepted."
                        .to_owned(),
                );
            }
            Err(Missing::Source(error)) => return Verdict::Unavailable(error),
        };
        match claims(issuer, &key, header, token, now) {
            Ok(()) => Verdict::Known(
                Identity::new(tenant, &issuer.connection, format!("{ISSUER_ID}{}", issuer.id)).scopes(issuer.scopes),
            ),
            Err(problem) => Verdict::Refused(format!("The token is not good: {problem}.")),
        }
    }
}

/// Verifies signature and claims; what is wrong with them, for an administrator.
fn claims(
    issuer: &Issuer,
    key: &DecodingKey,
    header: &jsonwebtoken::Header,
    token: &str,
    now: Timestamp,
) -> Result<(), String> {
    let mut validation = Validation::new(header.alg);
    // The time is the host's to tell; it is compared below.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.set_issuer(&[&issuer.issuer]);
    validation.set_audience(&[&issuer.audience]);
    let claims = match jsonwebtoken::decode::<Claims>(token, key, &validation) {
        Ok(decoded) => decoded.claims,
        Err(error) => {
            return Err(match error.kind() {
                ErrorKind::InvalidAudience => format!("its audience (aud) is not \"{}\"", issuer.audience),
                ErrorKind::InvalidSignature => "its signature does not fit".to_owned(),
                ErrorKind::MissingRequiredClaim(claim) => format!("it has no readable \"{claim}\""),
                _ => "it is malformed".to_owned(),
            });
        }
    };
    let now = now.as_micros() as f64 / 1_000_000.0;
    if claims.exp + LEEWAY <= now {
        return Err("it has expired (exp)".to_owned());
    }
    if claims.nbf.is_some_and(|begin| begin - LEEWAY > now) {
        return Err("it is not good yet (nbf)".to_owned());
    }
    match &issuer.subject {
        Some(subject) if claims.sub.as_ref() != Some(subject) => {
            Err("it was given to another subject (sub) than the one that is trusted".to_owned())
        }
        _ => Ok(()),
    }
}

#[async_trait]
impl Authenticator for JwtAuthenticator {
    async fn authenticate(&self, tenant: &str, request: &Parts) -> Verdict {
        let value = request.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| value.split_once(' ')).filter(|(s, _)| s.eq_ignore_ascii_case("bearer"));
        match token {
            Some((_, token)) => self.verdict(tenant, token.trim()).await,
            None => Verdict::NotMine,
        }
    }

    async fn assertion(&self, tenant: &str, assertion: &str) -> Verdict {
        self.verdict(tenant, assertion).await
    }
}
