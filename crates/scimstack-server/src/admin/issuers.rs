//! Issuers of JSON Web Tokens that a connection trusts (RFC 7519, RFC 7523): whose tokens stand for it, and where the keys
//! are that verify them.
//! Left out: the verifying itself (`jwt`).

use super::model::AdminError;
use super::records::{Row, key, number};
use super::scopes::TokenScopes;
use super::{Admin, system};
use bytes::Bytes;
use scimstack_schema::{Object, Timestamp};
use scimstack_store::{Expect, Op, StoreError, TenantId};
use std::sync::Arc;

/// How the id of who comes with such a token begins, in the log.
pub(crate) const ID: &str = "issuer:";

/// Longest of each part, in bytes; keys may be written out.
const LONGEST: usize = 2_000;
const LONGEST_KEYS: usize = 64 * 1024;

/// An issuer to be trusted.
///
/// ```
/// use scimstack_server::admin::NewIssuer;
/// let entra = NewIssuer::new("default", "https://login.microsoftonline.com/8a09/v2.0", "api://4f1d")
///     .keys("https://login.microsoftonline.com/8a09/discovery/v2.0/keys")
///     .subject("0c5d1a52");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewIssuer {
    connection: String,
    issuer: String,
    audience: String,
    subject: Option<String>,
    keys: String,
    scopes: TokenScopes,
}

impl NewIssuer {
    /// Tokens with this `iss` and this `aud` stand for the connection.
    pub fn new(connection: impl Into<String>, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            connection: connection.into(),
            issuer: issuer.into(),
            audience: audience.into(),
            subject: None,
            keys: String::new(),
            scopes: TokenScopes::default(),
        }
    }

    /// Where its JSON Web Key Set is (RFC 7517 §5), in words of the host's `KeySource`: a URL, a file; or the set itself,
    /// which begins with `{`.
    #[must_use]
    pub fn keys(mut self, keys: impl Into<String>) -> Self {
        self.keys = keys.into();
        self
    }

    /// Only tokens with this `sub`.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// What its tokens may be used for.
    #[must_use]
    pub fn scopes(mut self, scopes: TokenScopes) -> Self {
        self.scopes = scopes;
        self
    }
}

/// An issuer that is trusted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Issuer {
    /// The record's id.
    pub id: String,
    /// Whose.
    pub tenant: TenantId,
    /// For which connection its tokens stand.
    pub connection: String,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `aud` of its tokens.
    pub audience: String,
    /// The `sub` of its tokens, if only one is good.
    pub subject: Option<String>,
    /// Where its keys are, or the keys.
    pub keys: String,
    /// What its tokens may be used for.
    pub scopes: TokenScopes,
    /// Since when it is trusted.
    pub created: Timestamp,
}

impl Issuer {
    fn from_row(row: &Row) -> Result<Self, AdminError> {
        let text = |name: &str| row.object.get(name).and_then(|value| value.as_str());
        Ok(Self {
            id: row.id.clone(),
            tenant: row.tenant()?,
            connection: row.text("connection")?,
            issuer: row.text("issuer")?,
            audience: row.text("audience")?,
            subject: text("subject").map(str::to_owned),
            keys: row.text("keys")?,
            scopes: text("scopes").unwrap_or_default().parse()?,
            created: row.created,
        })
    }
}

impl Admin {
    /// Trusts an issuer; its id.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] without the connection, [`AdminError::Exists`] when the tenant trusts it for this audience
    /// already, [`AdminError::Invalid`] for a part that is empty or too long.
    pub async fn trust_issuer(&self, tenant: TenantId, new: &NewIssuer) -> Result<String, AdminError> {
        let connection = self.connection(tenant, &new.connection).await?.policy.name;
        let subject = new.subject.as_deref();
        for (name, text, longest) in [
            ("issuer", new.issuer.as_str(), LONGEST),
            ("audience", new.audience.as_str(), LONGEST),
            ("place of the keys", new.keys.as_str(), LONGEST_KEYS),
            ("subject", subject.unwrap_or("-"), LONGEST),
        ] {
            if text.trim().is_empty() || text.len() > longest {
                return Err(AdminError::Invalid(format!("the {name} is empty or longer than {longest} bytes")));
            }
        }
        let mut object = Object::new();
        object.insert("key", format!("{tenant} {} {}", new.issuer, new.audience));
        object.insert("tenant", number(tenant));
        object.insert("connection", connection);
        object.insert("issuer", new.issuer.as_str());
        object.insert("audience", new.audience.as_str());
        object.insert("keys", new.keys.as_str());
        if let Some(subject) = subject {
            object.insert("subject", subject);
        }
        if !new.scopes.is_everything() {
            object.insert("scopes", new.scopes.to_string());
        }
        let (id, now) = (self.environment.new_id(), self.environment.now());
        let op = self.create_op(system::ISSUER, &id, object, Bytes::new(), now)?;
        match self.commit(vec![op]).await {
            Ok(()) => Ok(id),
            Err(StoreError::Conflict { .. }) => {
                let (issuer, audience) = (new.issuer.escape_debug(), new.audience.escape_debug());
                Err(AdminError::Exists(format!("trust in \"{issuer}\" for the audience \"{audience}\"")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The trusted issuers of one tenant, or of all, in the order they were trusted.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn issuers(&self, tenant: Option<TenantId>) -> Result<Vec<Issuer>, AdminError> {
        self.rows(system::ISSUER, tenant).await?.iter().map(Issuer::from_row).collect()
    }

    /// Trusts an issuer no more; tokens that were given for its tokens end with it.
    ///
    /// # Errors
    /// [`AdminError::NotFound`].
    pub async fn distrust_issuer(&self, id: &str) -> Result<(), AdminError> {
        let not_found = || AdminError::NotFound(format!("issuer with the id \"{}\"", id.escape_debug()));
        let key = key(system::ISSUER, id).ok_or_else(not_found)?;
        match self.commit(vec![Op::Delete { key, expect: Expect::Any }]).await {
            Err(StoreError::NotFound { .. }) => Err(not_found()),
            done => Ok(done?),
        }
    }

    /// The trusted issuers of a tenant, from memory.
    pub(crate) async fn cached_issuers(&self, tenant: TenantId) -> Result<Arc<[Issuer]>, AdminError> {
        let load = async { Ok(Some(Arc::<[Issuer]>::from(self.issuers(Some(tenant)).await?))) };
        let found = self
            .cached(
                |entries| entries.issuers.get(&tenant).cloned(),
                load,
                |entries, issuers| {
                    let _ = entries.issuers.insert(tenant, issuers);
                },
            )
            .await?;
        Ok(found.unwrap_or_default())
    }
}
