//! The server's own records under the system scope: tenants with their settings, connections, tokens, run-time schemas
//! and indexes, administrators, holds, and random keys. The engine reads them for every request (cached), command lines and consoles
//! change them. They are resources of a private registry, so that every store keeps, finds and logs them like any other.
//!
//! ```
//! use scimstack_schema::{Registry, Timestamp};
//! use scimstack_server::admin::Denied;
//! use scimstack_server::{Admin, Environment};
//! use scimstack_store::MemoryStore;
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU8, Ordering};
//!
//! /// Of a test: a clock that stands, and bytes that count up.
//! struct Still(AtomicU8);
//! impl Environment for Still {
//!     fn now(&self) -> Timestamp {
//!         Timestamp::from_seconds(1_800_000_000)
//!     }
//!     fn fill_random(&self, bytes: &mut [u8]) {
//!         bytes.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
//!     }
//! }
//!
//! # futures_executor::block_on(async {
//! let environment = Arc::new(Still(AtomicU8::new(0)));
//! let admin = Admin::new(Arc::new(MemoryStore::new()), environment, Registry::haystack());
//! let acme = admin.create_tenant("acme").await?;
//! let (token, secret) = admin.create_token(acme.id, "default", "Okta", None).await?;
//!
//! let principal = admin.authenticate("acme", secret.reveal()).await?.unwrap();
//! assert_eq!(principal.connection.policy.name, "default");
//!
//! admin.revoke_token(&token.id).await?;
//! assert_eq!(admin.authenticate("acme", secret.reveal()).await?.unwrap_err(), Denied::Revoked);
//! # Ok::<(), scimstack_server::admin::AdminError>(())
//! # }).unwrap();
//! ```

mod access;
mod administrators;
mod application;
mod cache;
mod connections;
mod holds;
mod indexes;
mod issuers;
mod model;
mod people;
mod records;
mod schemas;
mod scopes;
mod system;
mod tenants;
mod tokens;

pub use access::{AccessToken, Ungranted};
pub use issuers::{Issuer, NewIssuer};
pub use model::{
    AdminError, Connection, CustomIndex, CustomSchema, Denied, Hold, Indexing, Principal, Subject, Tenant, Token,
    TokenSecret,
};
pub use scopes::TokenScopes;
pub use tokens::NewToken;

pub(crate) use access::PREFIX as ACCESS_PREFIX;
pub(crate) use application::APPLICATION;
pub(crate) use holds::{CONNECTION_STATE, connection_state_key};
#[cfg(feature = "jwt")]
pub(crate) use issuers::ID as ISSUER_ID;
pub(crate) use tokens::PREFIX as TOKEN_PREFIX;

use crate::environment::Environment;
use cache::Cache;
use scimstack_schema::Registry;
use scimstack_store::{Actor, Store};
use std::sync::Arc;

/// The server's own records, over any store. Cheap to clone; clones share what is cached.
#[derive(Clone)]
pub struct Admin {
    store: Arc<dyn Store>,
    environment: Arc<dyn Environment>,
    base: Registry,
    actor: Actor,
    cache: Arc<Cache>,
}

impl Admin {
    /// Over a store; `base` is the registry every tenant starts with.
    pub fn new(store: Arc<dyn Store>, environment: Arc<dyn Environment>, base: Registry) -> Self {
        Self { store, environment, base, actor: Actor("system".to_owned()), cache: Arc::default() }
    }

    /// The same, for changes that someone makes (`administrator:admin`); the feed says so.
    #[must_use]
    pub fn acting_as(&self, actor: &str) -> Self {
        Self { actor: Actor(actor.to_owned()), ..self.clone() }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Who makes changes through this.
    pub(crate) fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Time and randomness.
    #[must_use]
    pub fn environment(&self) -> &Arc<dyn Environment> {
        &self.environment
    }
}
