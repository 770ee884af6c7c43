//! Holds: connections whose requests wait for an administrator. A hold that is released is gone; the feed remembers it.

use super::model::{AdminError, Hold};
use super::records::{Row, key, number};
use super::{Admin, connections, system};
use bytes::Bytes;
use scimstack_schema::Object;
use scimstack_store::{Expect, Op, StoreError, TenantId};
use std::sync::Arc;

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
        let connection = self.connection(tenant, connection).await?.policy.name;
        let mut object = Object::new();
        object.insert("key", connections::key(tenant, &connection));
        object.insert("tenant", number(tenant));
        object.insert("connection", connection);
        object.insert("reason", reason);
        let (id, now) = (self.environment.new_id(), self.environment.now());
        let op = self.create_op(system::HOLD, &id, object, Bytes::new(), now)?;
        match self.commit(vec![op]).await {
            // It is on hold.
            Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Releases a hold.
    ///
    /// # Errors
    /// [`AdminError::NotFound`].
    pub async fn release_hold(&self, id: &str) -> Result<(), AdminError> {
        let not_found = || AdminError::NotFound(format!("hold with the id \"{}\"", id.escape_debug()));
        let key = key(system::HOLD, id).ok_or_else(not_found)?;
        match self.commit(vec![Op::Delete { key, expect: Expect::Any }]).await {
            Err(StoreError::NotFound { .. }) => Err(not_found()),
            done => Ok(done?),
        }
    }
}
