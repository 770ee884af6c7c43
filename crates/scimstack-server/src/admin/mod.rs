//! The server's own records under the system scope: tenants with their settings, connections, tokens, run-time schemas,
//! administrators, holds. The engine reads them for every request (cached), command lines and consoles change them.

use crate::environment::Environment;
use scimstack_protocol::{ConnectionPolicy, TenantPolicy};
use scimstack_schema::{Registry, Schema, Timestamp};
use scimstack_store::{Change, Store, StoreError, TenantId};
use std::sync::Arc;

/// The server's own records, over any store. Cheap to clone.
#[derive(Clone)]
pub struct Admin {
    store: Arc<dyn Store>,
    environment: Arc<dyn Environment>,
    base: Registry,
}

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
}

/// A token's secret, shown once. `Debug` hides it.
#[derive(Clone)]
pub struct TokenSecret(String);

impl TokenSecret {
    /// The secret, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
}

impl Admin {
    /// Over a store; `base` is the registry every tenant starts with.
    pub fn new(store: Arc<dyn Store>, environment: Arc<dyn Environment>, base: Registry) -> Self {
        Self { store, environment, base }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Time and randomness.
    #[must_use]
    pub fn environment(&self) -> &Arc<dyn Environment> {
        &self.environment
    }

    /// Makes a tenant with a connection called `default`.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] unless `name` is a DNS label, [`AdminError::Exists`].
    pub async fn create_tenant(&self, _name: &str) -> Result<Tenant, AdminError> {
        let _ = &self.base;
        todo!()
    }

    /// All tenants, by name.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, AdminError> {
        todo!()
    }

    /// The tenant called `name` (any case).
    pub async fn tenant(&self, _name: &str) -> Result<Tenant, AdminError> {
        todo!()
    }

    /// Changes a tenant's settings.
    pub async fn set_tenant_policy(&self, _tenant: TenantId, _policy: TenantPolicy) -> Result<(), AdminError> {
        todo!()
    }

    /// The tenant's registry: the base with its run-time schemas. Cached.
    pub async fn registry(&self, _tenant: TenantId) -> Result<Registry, AdminError> {
        todo!()
    }

    /// All connections of a tenant.
    pub async fn connections(&self, _tenant: TenantId) -> Result<Vec<Connection>, AdminError> {
        todo!()
    }

    /// One connection.
    pub async fn connection(&self, _tenant: TenantId, _name: &str) -> Result<Connection, AdminError> {
        todo!()
    }

    /// Makes or changes a connection (by `policy.name`).
    pub async fn set_connection(&self, _tenant: TenantId, _policy: ConnectionPolicy) -> Result<(), AdminError> {
        todo!()
    }

    /// Makes a token: 256 random bits with the prefix `hsk_`; only its SHA-256 is stored.
    pub async fn create_token(
        &self,
        _tenant: TenantId,
        _connection: &str,
        _label: &str,
        _expires: Option<Timestamp>,
    ) -> Result<(Token, TokenSecret), AdminError> {
        todo!()
    }

    /// The tokens of one tenant, or of all.
    pub async fn tokens(&self, _tenant: Option<TenantId>) -> Result<Vec<Token>, AdminError> {
        todo!()
    }

    /// Revokes a token.
    pub async fn revoke_token(&self, _id: &str) -> Result<(), AdminError> {
        todo!()
    }

    /// Who a token belongs to, within the tenant called `tenant`. Cached; a change by another process is seen within a
    /// second, one by this process at once.
    pub async fn authenticate(&self, _tenant: &str, _token: &str) -> Result<Result<Principal, Denied>, AdminError> {
        todo!()
    }

    /// Registers schemas as extensions of a resource type, replacing those with the same URI.
    pub async fn add_schemas(
        &self,
        _tenant: TenantId,
        _resource_type: &str,
        _schemas: Vec<Schema>,
    ) -> Result<(), AdminError> {
        todo!()
    }

    /// The run-time schemas of one tenant, or of all.
    pub async fn schemas(&self, _tenant: Option<TenantId>) -> Result<Vec<CustomSchema>, AdminError> {
        todo!()
    }

    /// Takes a run-time schema out of one tenant, or of all that have it. Stored values stay.
    pub async fn remove_schema(&self, _tenant: Option<TenantId>, _urn: &str) -> Result<(), AdminError> {
        todo!()
    }

    /// Open holds of one tenant, or of all.
    pub async fn holds(&self, _tenant: Option<TenantId>) -> Result<Vec<Hold>, AdminError> {
        todo!()
    }

    /// Puts a connection on hold (once).
    pub async fn hold(&self, _tenant: TenantId, _connection: &str, _reason: &str) -> Result<(), AdminError> {
        todo!()
    }

    /// Releases a hold.
    pub async fn release_hold(&self, _id: &str) -> Result<(), AdminError> {
        todo!()
    }

    /// Events of a topic (`outbox`, `log`) of a tenant, oldest first, after a place in the feed.
    pub async fn events(
        &self,
        _tenant: TenantId,
        _topic: &str,
        _after: Option<scimstack_store::Position>,
        _limit: usize,
    ) -> Result<Vec<Change>, AdminError> {
        todo!()
    }

    /// Sets an administrator's password hash (a PHC string; hashing is the caller's), making the administrator.
    pub async fn set_administrator(&self, _name: &str, _password_hash: &str) -> Result<(), AdminError> {
        todo!()
    }

    /// An administrator's password hash.
    pub async fn administrator(&self, _name: &str) -> Result<Option<String>, AdminError> {
        todo!()
    }
}
