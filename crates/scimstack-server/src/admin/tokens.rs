//! Bearer tokens (RFC 6750): made, listed, revoked, and told whose they are. Only their SHA-256 is stored: with 256 random
//! bits in each, nothing slower is needed.

use super::cache::Hash;
use super::model::{AdminError, Denied, Principal, Subject, Tenant, Token, TokenSecret};
use super::records::{Row, number};
use super::scopes::TokenScopes;
use super::{Admin, access, system};
use crate::engine::Identity;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use scimstack_schema::{Object, Timestamp};
use scimstack_store::{ResourceId, TenantId};
use sha2::{Digest, Sha256};
use std::sync::{Arc, OnceLock};
use subtle::ConstantTimeEq;

/// How a token begins, so that scanners for leaked secrets know it.
pub(crate) const PREFIX: &str = "hsk_";
/// How the id of who comes with one begins, within access tokens.
pub(super) const ID: &str = "token:";
/// How many characters of a token are kept to recognise it by.
const HINT: usize = PREFIX.len() + 4;
/// What is written of a client's secret.
const CLIENT_SECRET: &str = "client-secret";
/// Longest label, in bytes.
const MAX_LABEL: usize = 200;

impl Token {
    fn from_row(row: &Row) -> Result<Self, AdminError> {
        Ok(Self {
            id: row.id.clone(),
            tenant: row.tenant()?,
            connection: row.text("connection")?,
            label: row.text("label")?,
            hint: row.text("hint")?,
            created: row.created,
            expires: row.instant("expires")?,
            revoked: row.instant("revoked")?,
            subject: subject(row),
            scopes: scopes(row)?,
            is_client_secret: row.object.get("use").and_then(|value| value.as_str()) == Some(CLIENT_SECRET),
        })
    }
}

fn subject(row: &Row) -> Option<Subject> {
    let text = |name: &str| row.object.get(name).and_then(|value| value.as_str());
    Some(Subject::new(text("subjectType")?, text("subject")?))
}

fn scopes(row: &Row) -> Result<TokenScopes, AdminError> {
    row.object.get("scopes").and_then(|value| value.as_str()).unwrap_or_default().parse()
}

/// A token to be made.
///
/// ```
/// use scimstack_server::admin::NewToken;
/// let token = NewToken::new("default").label("Okta").scopes("users".parse()?);
/// # Ok::<(), scimstack_server::admin::AdminError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewToken {
    connection: String,
    label: String,
    expires: Option<Timestamp>,
    subject: Option<Subject>,
    scopes: TokenScopes,
    is_client_secret: bool,
}

impl NewToken {
    /// For a connection, without an end, for everything.
    pub fn new(connection: impl Into<String>) -> Self {
        let scopes = TokenScopes::default();
        Self {
            connection: connection.into(),
            label: String::new(),
            expires: None,
            subject: None,
            scopes,
            is_client_secret: false,
        }
    }

    /// For people.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// When it ends; `None`: never. Until then an older one is good as well, so that one can take the other's place.
    #[must_use]
    pub fn expires(mut self, expires: Option<Timestamp>) -> Self {
        self.expires = expires;
        self
    }

    /// Makes `/Me` the resource of `subject`. What the token may do is said by its scopes and the switches of the
    /// connection, as for any other.
    #[must_use]
    pub fn subject(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Makes it the secret of a client, which the token endpoint gives access tokens for (RFC 6749 §2.3.1, §4.4). It opens
    /// nothing by itself. Several are good together, so that one can take another's place.
    #[must_use]
    pub fn client_secret(mut self) -> Self {
        self.is_client_secret = true;
        self
    }

    /// What it may be used for.
    #[must_use]
    pub fn scopes(mut self, scopes: TokenScopes) -> Self {
        self.scopes = scopes;
        self
    }
}

/// A token that is known by its secret's hash, and, once it was let in, as whom: with all that is remembered both are
/// forgotten when anything of the system's records changes.
pub(super) struct Known {
    hash: Hash,
    pub(super) token: Token,
    principal: OnceLock<Arc<Principal>>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
        text
    })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c.to_digit(16)?).ok()).collect();
    let bytes: Vec<u8> =
        digits?.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    bytes.try_into().ok()
}

impl Admin {
    /// Makes a token: 256 random bits with the prefix `hsk_`; only its SHA-256 is stored.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] without the connection, [`AdminError::Invalid`] for an end that has passed or a label of
    /// more than 200 bytes.
    pub async fn create_token(
        &self,
        tenant: TenantId,
        connection: &str,
        label: &str,
        expires: Option<Timestamp>,
    ) -> Result<(Token, TokenSecret), AdminError> {
        self.create_token_with(tenant, &NewToken::new(connection).label(label).expires(expires)).await
    }

    /// [`Admin::create_token`], with more to say.
    ///
    /// # Errors
    /// As for [`Admin::create_token`]; [`AdminError::Invalid`] for a subject of a resource type the tenant does not have,
    /// and for what can be no id.
    pub async fn create_token_with(
        &self,
        tenant: TenantId,
        new: &NewToken,
    ) -> Result<(Token, TokenSecret), AdminError> {
        if let Some(subject) = &new.subject {
            self.check_subject(tenant, subject).await?;
        }
        let connection = self.connection(tenant, &new.connection).await?.policy.name;
        let now = self.environment.now();
        if let Some(end) = new.expires.filter(|end| *end <= now) {
            return Err(AdminError::Invalid(format!("the token would have expired at {end}, before it is made")));
        }
        if new.label.len() > MAX_LABEL {
            return Err(AdminError::Invalid(format!("the label is longer than {MAX_LABEL} bytes")));
        }
        let mut random = [0; 32];
        self.environment.fill_random(&mut random);
        let secret = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random));
        let id = self.environment.new_id();
        let mut object = Object::new();
        object.insert("hash", hex(&Sha256::digest(&secret)));
        object.insert("tenant", number(tenant));
        object.insert("connection", connection.as_str());
        object.insert("label", new.label.as_str());
        object.insert("hint", format!("{}…", secret.get(..HINT).unwrap_or(PREFIX)));
        if let Some(end) = new.expires {
            object.insert("expires", end.to_string());
        }
        if !new.scopes.is_everything() {
            object.insert("scopes", new.scopes.to_string());
        }
        if new.is_client_secret {
            object.insert("use", CLIENT_SECRET);
        }
        if let Some(subject) = &new.subject {
            object.insert("subjectType", subject.resource_type());
            object.insert("subject", subject.id());
        }
        let op = self.create_op(system::TOKEN, &id, object, Bytes::new(), now)?;
        self.commit(vec![op]).await?;
        let row = self.row(system::TOKEN, &id).await?;
        let row = row.ok_or_else(|| AdminError::NotFound(named(&id)))?;
        Ok((Token::from_row(&row)?, TokenSecret(secret)))
    }

    async fn check_subject(&self, tenant: TenantId, subject: &Subject) -> Result<(), AdminError> {
        if self.registry(tenant).await?.resource_type(subject.resource_type()).is_none() {
            let name = subject.resource_type().escape_debug();
            return Err(AdminError::Invalid(format!("there is no resource type \"{name}\"")));
        }
        if ResourceId::new(subject.id()).is_none() {
            let id = subject.id().escape_debug();
            return Err(AdminError::Invalid(format!("\"{id}\" is no id of a resource")));
        }
        Ok(())
    }

    /// The tokens of one tenant, or of all, in the order they were made.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn tokens(&self, tenant: Option<TenantId>) -> Result<Vec<Token>, AdminError> {
        self.rows(system::TOKEN, tenant).await?.iter().map(Token::from_row).collect()
    }

    /// Revokes a token. To revoke it again changes nothing.
    ///
    /// # Errors
    /// [`AdminError::NotFound`].
    pub async fn revoke_token(&self, id: &str) -> Result<(), AdminError> {
        let now = self.environment.now();
        self.change(
            system::TOKEN,
            id,
            || named(id),
            |row| {
                if row.object.get("revoked").is_some() {
                    return Ok(false);
                }
                row.object.insert("revoked", now.to_string());
                Ok(true)
            },
        )
        .await
    }

    /// Who a token belongs to, within the tenant called `tenant`. Cached; a change by another process is seen within a
    /// second, one by this process at once.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn authenticate(&self, tenant: &str, token: &str) -> Result<Result<Arc<Principal>, Denied>, AdminError> {
        if token.starts_with(access::PREFIX) {
            return match self.cached_tenant(tenant).await? {
                Some(tenant) => self.opened(tenant, token).await,
                None => Ok(Err(Denied::Unknown)),
            };
        }
        let Some(known) = self.cached_token(token).await? else { return Ok(Err(Denied::Unknown)) };
        let Known { token, principal, .. } = &*known;
        let of_token = match principal.get() {
            Some(principal) => Some(principal.tenant.clone()).filter(|of| of.name.eq_ignore_ascii_case(tenant)),
            None => self.cached_tenant(tenant).await?.filter(|of| of.id == token.tenant),
        };
        let Some(tenant) = of_token else { return Ok(Err(Denied::Unknown)) };
        if let Some(denied) = token.denied(self.environment.now()) {
            return Ok(Err(denied));
        }
        if token.is_client_secret {
            return Ok(Err(Denied::ClientSecret));
        }
        if let Some(principal) = principal.get() {
            return Ok(Ok(principal.clone()));
        }
        let (id, subject) = (token.id.clone(), token.subject.clone());
        let found = self.principal(tenant, &token.connection, id, subject, token.scopes).await?;
        Ok(found.map(|found| principal.get_or_init(|| found).clone()))
    }

    /// Who the host says it is, within the tenant called `tenant`.
    pub(crate) async fn vouched(
        &self,
        tenant: &str,
        identity: &Identity,
    ) -> Result<Result<Arc<Principal>, Denied>, AdminError> {
        if tenant != identity.tenant {
            return Ok(Err(Denied::Unknown));
        }
        if identity.connection == super::APPLICATION {
            return self.application(tenant, &identity.id, identity.scopes).await;
        }
        let Some(tenant) = self.cached_tenant(tenant).await? else { return Ok(Err(Denied::Unknown)) };
        let (id, subject) = (identity.id.clone(), identity.subject.clone());
        self.principal(tenant, &identity.connection, id, subject, identity.scopes).await
    }

    pub(super) async fn principal(
        &self,
        tenant: Arc<Tenant>,
        connection: &str,
        token: String,
        subject: Option<Subject>,
        scopes: TokenScopes,
    ) -> Result<Result<Arc<Principal>, Denied>, AdminError> {
        let Some(connection) = self.cached_connection(tenant.id, connection).await? else {
            return Ok(Err(Denied::Unknown));
        };
        let registry = self.restricted_registry(tenant.id, &connection.policy).await?;
        Ok(Ok(Principal::new(tenant, connection, token, registry, subject, scopes)))
    }

    /// The token with this secret, revoked and expired ones too.
    pub(super) async fn cached_token(&self, secret: &str) -> Result<Option<Arc<Known>>, AdminError> {
        // What cannot be a token costs no look-up.
        if !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let hash: Hash = Sha256::digest(secret).into();
        let load = async {
            let Some(row) = self.row_by_unique(system::TOKEN, &hex(&hash)).await? else { return Ok(None) };
            let Some(hash) = unhex(&row.text("hash")?) else { return Ok(None) };
            Ok(Some(Arc::new(Known { hash, token: Token::from_row(&row)?, principal: OnceLock::new() })))
        };
        let found = self
            .cached(
                |entries| entries.tokens.get(&hash).cloned(),
                load,
                |entries, found| {
                    let _ = entries.tokens.insert(hash, found);
                },
            )
            .await?;
        // Maps and indexes compare byte by byte until the first difference; this says yes or no in constant time.
        Ok(found.filter(|known| known.hash.ct_eq(&hash).into()))
    }

    /// The token with this id, from memory.
    pub(super) async fn token_by_id(&self, id: &str) -> Result<Option<Arc<Token>>, AdminError> {
        let load = async {
            let row = self.row(system::TOKEN, id).await?;
            row.map(|row| Token::from_row(&row).map(Arc::new)).transpose()
        };
        self.cached(
            |entries| entries.tokens_by_id.get(id).cloned(),
            load,
            |entries, found| {
                let _ = entries.tokens_by_id.insert(id.to_owned(), found);
            },
        )
        .await
    }
}

fn named(id: &str) -> String {
    format!("token with the id \"{}\"", id.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_written_in_hexadecimal_and_read_back() {
        let hash: [u8; 32] = Sha256::digest(b"abc").into();
        let text = hex(&hash);
        assert_eq!(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(unhex(&text), Some(hash));
        for broken in ["", "ba78", "zz7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"] {
            assert_eq!(unhex(broken), None, "{broken}");
        }
    }
}
