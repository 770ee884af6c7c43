//! The application as the one who asks: what it does itself goes the way of every request, with a policy of its own in the
//! place of a connection's. All switches are on; what the tenant has locked is read-only to it.

use super::model::{AdminError, Connection, Denied, Principal};
use super::{Admin, TokenScopes};
use scimstack_protocol::{ConnectionPolicy, Dialect};
use std::sync::Arc;

/// What stands in the log in the place of a connection's name. No connection can have it.
pub(crate) const APPLICATION: &str = "application";

impl Principal {
    /// Whether the application itself asks.
    #[must_use]
    pub fn is_application(&self) -> bool {
        self.connection.policy.name == APPLICATION
    }
}

impl Admin {
    /// The application, within the tenant of this name.
    pub(crate) async fn application(
        &self,
        tenant: &str,
        id: &str,
        scopes: TokenScopes,
    ) -> Result<Result<Arc<Principal>, Denied>, AdminError> {
        let Some(tenant) = self.cached_tenant(tenant).await? else { return Ok(Err(Denied::Unknown)) };
        let mut policy = ConnectionPolicy::default();
        policy.name = APPLICATION.to_owned();
        policy.dialect = Dialect::Rfc;
        policy.read_only = tenant.policy.locked.clone();
        let registry = self.restricted_registry(tenant.id, &policy).await?;
        let connection = Arc::new(Connection { id: APPLICATION.to_owned(), tenant: tenant.id, policy });
        Ok(Ok(Principal::new(tenant, connection, id.to_owned(), registry, None, scopes)))
    }
}
