//! What administrators see of the system's records, and why their calls fail.

use super::scopes::TokenScopes;
use scimstack_protocol::{ConnectionPolicy, TenantPolicy};
use scimstack_schema::{Registry, Schema, Timestamp};
use scimstack_store::{StoreError, TenantId};
use std::fmt;
use std::sync::Arc;

/// A tenant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Tenant {
    /// Its number; scopes use it.
    pub id: TenantId,
    /// Its name, a DNS label in lower case.
    pub name: String,
    /// Its settings.
    pub policy: TenantPolicy,
    /// When it was made.
    pub created: Timestamp,
}

/// A connection of a tenant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Connection {
    /// The record's id.
    pub id: String,
    /// Whose.
    pub tenant: TenantId,
    /// Name and switches.
    pub policy: ConnectionPolicy,
}

/// A bearer token as it is known after it was made: never the secret.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Token {
    /// The record's id.
    pub id: String,
    /// Whose.
    pub tenant: TenantId,
    /// For which connection.
    pub connection: String,
    /// For people.
    pub label: String,
    /// The first characters, to recognise it by.
    pub hint: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// Whose resource `/Me` is for requests with it.
    pub subject: Option<Subject>,
    /// What it may be used for.
    pub scopes: TokenScopes,
    /// Whether it opens nothing by itself, and is the secret for which the token endpoint gives access tokens.
    pub is_client_secret: bool,
}

impl Token {
    /// Why it opens nothing at `now`, if so.
    #[must_use]
    pub fn denied(&self, now: Timestamp) -> Option<Denied> {
        if self.revoked.is_some() {
            Some(Denied::Revoked)
        } else if self.expires.is_some_and(|end| end <= now) {
            Some(Denied::Expired)
        } else {
            None
        }
    }
}

/// The resource that `/Me` is for a request (RFC 7644 §3.11): the person, device or service it is made for.
///
/// A token can carry one ([`crate::admin::NewToken`]). A host that knows better who asks puts one among the
/// [extensions](http::Request::extensions) of the request; that one counts. It answers `/Me` and nothing else: what a
/// request may do is said by the switches of its connection.
///
/// ```
/// use scimstack_server::Subject;
/// let mut request = http::Request::get("/t/acme/api/scim/v2/Me").body(()).unwrap();
/// request.extensions_mut().insert(Subject::new("User", "019c0a3e-7b2f-7d31-8f00-0123456789ab"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    resource_type: String,
    id: String,
}

impl Subject {
    /// The resource of this type with this id. It need not be there: a POST to `/Me` makes it.
    pub fn new(resource_type: impl Into<String>, id: impl Into<String>) -> Self {
        Self { resource_type: resource_type.into(), id: id.into() }
    }

    /// The name of its resource type.
    #[must_use]
    pub fn resource_type(&self) -> &str {
        &self.resource_type
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// A token's secret, shown once. `Debug` hides it.
#[derive(Clone)]
pub struct TokenSecret(pub(super) String);

impl TokenSecret {
    /// The secret, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(…)")
    }
}

/// A schema registered at run time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CustomSchema {
    /// Whose.
    pub tenant: TenantId,
    /// Of which resource type it is an extension.
    pub resource_type: String,
    /// The schema.
    pub schema: Schema,
}

/// An index declared at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomIndex {
    /// Whose.
    pub tenant: TenantId,
    /// On which resource type.
    pub resource_type: String,
    /// On which path, as the schema spells it.
    pub path: String,
    /// What it is good for.
    pub of: Indexing,
}

/// What an index is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexing {
    /// Equality, order and beginnings.
    Values,
    /// Parts of texts: `co`, `ew`.
    Parts,
}

/// Operations that wait for an administrator.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Hold {
    /// The record's id.
    pub id: String,
    /// Whose.
    pub tenant: TenantId,
    /// Which connection.
    pub connection: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// Who a request comes from, once its token is known.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Principal {
    /// The tenant.
    pub tenant: Arc<Tenant>,
    /// The connection.
    pub connection: Arc<Connection>,
    /// The token's id.
    pub token: String,
    /// The tenant's registry.
    pub registry: Registry,
    /// Whose resource `/Me` is.
    pub subject: Option<Subject>,
    /// What it may do.
    pub scopes: TokenScopes,
    /// The tenant's name, to be shared with metrics.
    pub(crate) label: Arc<str>,
}

impl Principal {
    pub(super) fn new(
        tenant: Arc<Tenant>,
        connection: Arc<Connection>,
        token: String,
        registry: Registry,
        subject: Option<Subject>,
        scopes: TokenScopes,
    ) -> Arc<Self> {
        let label = tenant.name.as_str().into();
        Arc::new(Self { tenant, connection, token, registry, subject, scopes, label })
    }
}

/// Why an administrative call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The name is no DNS label, the duration no duration, …
    #[error("{0}")]
    Invalid(String),
    /// It exists already.
    #[error("{0} exists already")]
    Exists(String),
    /// There is none.
    #[error("there is no {0}")]
    NotFound(String),
    /// The store.
    #[error("the database could not do it")]
    Store(#[from] StoreError),
}

/// Why a token does not open a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denied {
    /// No such token, or one of another tenant.
    Unknown,
    /// Revoked.
    Revoked,
    /// Past its end.
    Expired,
    /// A client's secret, which is for the token endpoint.
    ClientSecret,
}
