//! Holds: connections whose requests wait for an administrator. A hold that is released is gone, with what the lifecycle
//! kept for the connection, which so begins anew; the feed remembers both.

use super::model::{AdminError, Hold};
use super::records::{Row, key, number};
use super::{Admin, connections, system};
use bytes::Bytes;
use scimstack_schema::Object;
use scimstack_store::{ChangeSet, Expect, Key, Op, ResourceId, Scope, StoreError, TenantId};
use std::sync::Arc;

/// The kind of the records, in a tenant's scope, that hold a lifecycle's state for each connection.
pub(crate) const CONNECTION_STATE: &str = "ConnectionState";

/// The key of a connection's state.
pub(crate) fn connection_state_key(connection: &str) -> Option<Key> {
    ResourceId::new(connection).map(|id| Key::new(CONNECTION_STATE, id))
}

impl Hold {
    fn from_row(row: &Row) -> Result<Self, AdminError> {
        Ok(Self {
            id: row.id.clone(),
            tenant: row.tenant()?,
            connection: row.text("connection")?,
            reason: row.text("reason")?,
            since: row.created,
        })
    }
}

impl Admin {
    /// Open holds of one tenant, or of all, the oldest first.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn holds(&self, tenant: Option<TenantId>) -> Result<Vec<Hold>, AdminError> {
        self.rows(system::HOLD, tenant).await?.iter().map(Hold::from_row).collect()
    }

    /// The hold a connection is on, if any. Cached.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn hold_on(&self, tenant: TenantId, connection: &str) -> Result<Option<Hold>, AdminError> {
        let load = async { Ok(Some(Arc::<[Hold]>::from(self.holds(Some(tenant)).await?))) };
        let holds = self
            .cached(
                |entries| entries.holds.get(&tenant).cloned(),
                load,
                |entries, holds| {
                    let _ = entries.holds.insert(tenant, holds);
                },
            )
            .await?;
        Ok(holds.and_then(|holds| holds.iter().find(|hold| hold.connection == connection).cloned()))
    }

    /// Puts a connection on hold (once).
    ///
    /// # Errors
    /// [`AdminError::NotFound`] without the connection.
    pub async fn hold(&self, tenant: TenantId, connection: &str, reason: &str) -> Result<(), AdminError> {
        self.hold_anew(tenant, connection, reason).await.map(|_| ())
    }

    /// [`Admin::hold`]; the id of the hold, if there was none before.
    pub(crate) async fn hold_anew(
        &self,
        tenant: TenantId,
        connection: &str,
        reason: &str,
    ) -> Result<Option<String>, AdminError> {
        let connection = self.connection(tenant, connection).await?.policy.name;
        let mut object = Object::new();
        object.insert("key", connections::key(tenant, &connection));
        object.insert("tenant", number(tenant));
        object.insert("connection", connection);
        object.insert("reason", reason);
        let (id, now) = (self.environment.new_id(), self.environment.now());
        let op = self.create_op(system::HOLD, &id, object, Bytes::new(), now)?;
        match self.commit(vec![op]).await {
            Ok(()) => Ok(Some(id)),
            // It is on hold.
            Err(StoreError::Conflict { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Releases a hold: the connection goes on, and what the lifecycle counted for it begins anew. Should that stop half-way
    /// the hold is still there, to be released again.
    ///
    /// # Errors
    /// [`AdminError::NotFound`].
    pub async fn release_hold(&self, id: &str) -> Result<(), AdminError> {
        let not_found = || AdminError::NotFound(format!("hold with the id \"{}\"", id.escape_debug()));
        let hold = Hold::from_row(&self.row(system::HOLD, id).await?.ok_or_else(not_found)?)?;
        if let Some(key) = connection_state_key(&hold.connection) {
            let changes = ChangeSet::new(self.environment.now(), self.actor.clone(), self.environment.new_id());
            let changes = changes.with(Op::Delete { key, expect: Expect::Any });
            match self.store.commit(Scope::Tenant(hold.tenant), changes).await {
                Ok(_) | Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.end_hold(id).await
    }

    /// Takes a hold out of the list.
    pub(crate) async fn end_hold(&self, id: &str) -> Result<(), AdminError> {
        let not_found = || AdminError::NotFound(format!("hold with the id \"{}\"", id.escape_debug()));
        let key = key(system::HOLD, id).ok_or_else(not_found)?;
        match self.commit(vec![Op::Delete { key, expect: Expect::Any }]).await {
            Err(StoreError::NotFound { .. }) => Err(not_found()),
            done => Ok(done?),
        }
    }
}
