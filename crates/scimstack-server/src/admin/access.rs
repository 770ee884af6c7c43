//! Access tokens of short life (RFC 6749 §1.4): given for a client's secret or its assertion, and told whose they are. Nothing
//! is stored for one: it carries who it was given to, sealed with a key of the server's own, and is good for as long as
//! what it was given for.
//! Left out: the request and answer of the token endpoint ([`crate::engine`]).

use super::model::{AdminError, Denied, Principal, Subject, Tenant, TokenSecret};
use super::scopes::TokenScopes;
use super::{Admin, issuers, tokens};
use crate::engine::Identity;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use scimstack_schema::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::sync::Arc;

/// How an access token begins.
pub(crate) const PREFIX: &str = "hsa_";
/// The name of the key they are sealed with.
const KEY: &str = "access-token";
/// Seconds an access token is good for.
const LIFETIME: i64 = 3_600;
/// Bytes of one, at most.
const LONGEST: usize = 4_096;

/// A token that was given to a client.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// What the client is to send, as `Authorization: Bearer …`.
    pub secret: TokenSecret,
    /// Seconds for which it is good.
    pub lifetime: u32,
    /// What it may be used for.
    pub scopes: TokenScopes,
}

/// Why a client is given no token (RFC 6749 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ungranted {
    /// The client is not known, or its secret is not good: `invalid_client`.
    Client(Denied),
    /// It asks for more than it may do: `invalid_scope`.
    Scope,
}

/// What a token says, in few letters: it travels with every request.
#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(rename = "t")]
    tenant: u32,
    #[serde(rename = "c")]
    connection: String,
    /// What it was given for: `token:…` or `issuer:…`.
    #[serde(rename = "i")]
    id: String,
    #[serde(rename = "e")]
    expires: i64,
    #[serde(rename = "s", default, skip_serializing_if = "String::is_empty")]
    scopes: String,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    subject: Option<(String, String)>,
}

impl Admin {
    /// The id of the client that a connection is for the token endpoint: `acme.default`.
    #[must_use]
    pub fn client_id(tenant: &str, connection: &str) -> String {
        format!("{tenant}.{connection}")
    }

    /// A token for a client that shows one of its secrets ([`super::NewToken::client_secret`]), for all it may do or for
    /// the scopes it asks for (RFC 6749 §4.4).
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn grant(
        &self,
        client: &str,
        secret: &str,
        scopes: TokenScopes,
    ) -> Result<Result<AccessToken, Ungranted>, AdminError> {
        let unknown = Ok(Err(Ungranted::Client(Denied::Unknown)));
        let Some((tenant, connection)) = client.split_once('.') else { return unknown };
        let Some(tenant) = self.cached_tenant(tenant).await? else { return unknown };
        let found = self.cached_token(secret).await?;
        let Some(found) = found.filter(|it| it.token.tenant == tenant.id && it.token.is_client_secret) else {
            return unknown;
        };
        let found = &found.token;
        if !found.connection.eq_ignore_ascii_case(connection) {
            return unknown;
        }
        let now = self.environment.now();
        if let Some(denied) = found.denied(now) {
            return Ok(Err(Ungranted::Client(denied)));
        }
        let Some(scopes) = found.scopes.narrowed(scopes) else { return Ok(Err(Ungranted::Scope)) };
        let left = found.expires.map_or(LIFETIME, |end| (end.as_micros() - now.as_micros()) / 1_000_000);
        let id = format!("{}{}", tokens::ID, found.id);
        self.seal(&tenant, &found.connection, id, scopes, found.subject.as_ref(), left.min(LIFETIME)).await.map(Ok)
    }

    /// A token for a client that an authenticator knows by its assertion (RFC 7523 §2.2).
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub(crate) async fn grant_to(
        &self,
        client: &str,
        identity: &Identity,
        scopes: TokenScopes,
    ) -> Result<Result<AccessToken, Ungranted>, AdminError> {
        let unknown = Ok(Err(Ungranted::Client(Denied::Unknown)));
        let is_it = client.split_once('.').is_some_and(|(tenant, connection)| {
            tenant.eq_ignore_ascii_case(&identity.tenant) && connection.eq_ignore_ascii_case(&identity.connection)
        });
        let Some(tenant) = self.cached_tenant(&identity.tenant).await?.filter(|_| is_it) else { return unknown };
        let Some(scopes) = identity.scopes.narrowed(scopes) else { return Ok(Err(Ungranted::Scope)) };
        let subject = identity.subject.as_ref();
        self.seal(&tenant, &identity.connection, identity.id.clone(), scopes, subject, LIFETIME).await.map(Ok)
    }

    async fn seal(
        &self,
        tenant: &Tenant,
        connection: &str,
        id: String,
        scopes: TokenScopes,
        subject: Option<&Subject>,
        lifetime: i64,
    ) -> Result<AccessToken, AdminError> {
        let claims = Claims {
            tenant: tenant.id.get(),
            connection: connection.to_owned(),
            id,
            expires: self.environment.now().as_micros() / 1_000_000 + lifetime,
            scopes: scopes.to_string(),
            subject: subject.map(|subject| (subject.resource_type().to_owned(), subject.id().to_owned())),
        };
        let broken = |error: serde_json::Error| AdminError::Store(scimstack_store::StoreError::Internal(error.into()));
        let claims = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).map_err(broken)?);
        let seal = BASE64_URL_SAFE_NO_PAD.encode(self.mac(&claims).await?.finalize().into_bytes());
        let secret = TokenSecret(format!("{PREFIX}{claims}.{seal}"));
        Ok(AccessToken { secret, lifetime: u32::try_from(lifetime).unwrap_or(0), scopes })
    }

    async fn mac(&self, text: &str) -> Result<Hmac<Sha256>, AdminError> {
        let key = self.secret(KEY).await?;
        let mac = Hmac::<Sha256>::new_from_slice(&key);
        let mut mac = mac.map_err(|e| AdminError::Store(scimstack_store::StoreError::Internal(e.into())))?;
        mac.update(text.as_bytes());
        Ok(mac)
    }

    /// Who an access token was given to, within a tenant.
    pub(super) async fn opened(
        &self,
        tenant: Arc<Tenant>,
        token: &str,
    ) -> Result<Result<Arc<Principal>, Denied>, AdminError> {
        let unknown = Ok(Err(Denied::Unknown));
        let sealed = token.strip_prefix(PREFIX).filter(|sealed| sealed.len() <= LONGEST);
        let Some((text, seal)) = sealed.and_then(|sealed| sealed.split_once('.')) else { return unknown };
        let Ok(seal) = BASE64_URL_SAFE_NO_PAD.decode(seal) else { return unknown };
        // In constant time.
        if self.mac(text).await?.verify_slice(&seal).is_err() {
            return unknown;
        }
        let claims = BASE64_URL_SAFE_NO_PAD.decode(text).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let Some(claims) = claims.filter(|claims: &Claims| claims.tenant == tenant.id.get()) else { return unknown };
        let now = self.environment.now();
        if Timestamp::from_seconds(claims.expires) <= now {
            return Ok(Err(Denied::Expired));
        }
        if let Some(id) = claims.id.strip_prefix(tokens::ID) {
            match self.token_by_id(id).await? {
                Some(found) => {
                    if let Some(denied) = found.denied(now) {
                        return Ok(Err(denied));
                    }
                }
                None => return Ok(Err(Denied::Revoked)),
            }
        }
        if let Some(id) = claims.id.strip_prefix(issuers::ID)
            && !self.cached_issuers(tenant.id).await?.iter().any(|issuer| issuer.id == id)
        {
            return Ok(Err(Denied::Revoked));
        }
        let Ok(scopes) = claims.scopes.parse() else { return unknown };
        let subject = claims.subject.map(|(resource_type, id)| Subject::new(resource_type, id));
        self.principal(tenant, &claims.connection, claims.id, subject, scopes).await
    }
}
