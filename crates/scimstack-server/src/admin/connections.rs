//! Connections: one for each identity provider's integration with a tenant.

use super::model::{AdminError, Connection};
use super::records::{Row, number, policy_value};
use super::tenants::label;
use super::{APPLICATION, Admin, system};
use bytes::Bytes;
use scimstack_protocol::policy::Attributes;
use scimstack_protocol::{ConnectionPolicy, TenantPolicy};
use scimstack_schema::{Object, Registry, RegistryBuilder, RegistryError, Restriction};
use scimstack_store::{StoreError, TenantId};
use std::sync::Arc;

impl Connection {
    fn from_row(row: &Row) -> Result<Self, AdminError> {
        Ok(Self { id: row.id.clone(), tenant: row.tenant()?, policy: row.policy()? })
    }
}

/// What is unique about a connection and what belongs to it.
pub(super) fn key(tenant: TenantId, connection: &str) -> String {
    format!("{tenant}/{connection}")
}

pub(super) fn object(tenant: TenantId, policy: &ConnectionPolicy) -> Result<Object, AdminError> {
    let mut object = Object::new();
    object.insert("key", key(tenant, &policy.name));
    object.insert("tenant", number(tenant));
    object.insert("policy", policy_value(policy)?);
    Ok(object)
}

fn named(name: &str) -> String {
    format!("connection \"{}\" in this tenant", name.escape_debug())
}

/// A registry as a connection has it. Schemas come and go while policies stay: of an attribute that is not there nothing
/// has to be closed, unless someone is just naming it.
fn restrict(mut registry: Registry, policy: &ConnectionPolicy, may_be_gone: bool) -> Result<Registry, RegistryError> {
    if policy.read_only.is_empty() && policy.hidden.is_empty() {
        return Ok(registry);
    }
    for (attributes, how) in [(&policy.read_only, Restriction::ReadOnly), (&policy.hidden, Restriction::Hidden)] {
        for (resource_type, paths) in attributes {
            for path in paths {
                match registry.to_builder().restrict(resource_type, path, how).and_then(RegistryBuilder::build) {
                    Ok(restricted) => registry = restricted,
                    Err(RegistryError::UnknownPath { .. } | RegistryError::UnknownResourceType(_)) if may_be_gone => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Ok(registry)
}

/// What the application can own: what can be closed, for the same reasons, but not whether someone is active, which the
/// switches govern.
fn check_manual(registry: &Registry, manual: &Attributes) -> Result<(), AdminError> {
    let mut paths = manual.values().flatten();
    if paths.any(|path| path.rsplit(':').next().is_some_and(|name| name.eq_ignore_ascii_case("active"))) {
        let text = "the application cannot own \"active\"; the switch Deactivate Users keeps a connection from it";
        return Err(AdminError::Invalid(text.to_owned()));
    }
    check_closable(registry, manual)
}

/// What can be closed for anyone.
pub(super) fn check_closable(registry: &Registry, attributes: &Attributes) -> Result<(), AdminError> {
    let mut policy = ConnectionPolicy::default();
    policy.read_only = attributes.clone();
    restrict(registry.clone(), &policy, false).map(drop).map_err(|e| AdminError::Invalid(e.to_string()))
}

impl Admin {
    /// The registry of a tenant, with what the connection may not write or see closed. Cached.
    pub(super) async fn restricted_registry(
        &self,
        tenant: TenantId,
        policy: &ConnectionPolicy,
    ) -> Result<Registry, AdminError> {
        let registry = self.registry(tenant).await?;
        if policy.read_only.is_empty() && policy.hidden.is_empty() {
            return Ok(registry);
        }
        let place = (tenant, policy.name.clone());
        let load = async {
            let restricted = restrict(registry.clone(), policy, true);
            restricted.map(Some).map_err(|e| AdminError::Invalid(e.to_string()))
        };
        let found = self
            .cached(
                |entries| entries.restricted.get(&place).cloned(),
                load,
                |entries, restricted| {
                    let _ = entries.restricted.insert(place.clone(), restricted);
                },
            )
            .await?;
        Ok(found.unwrap_or(registry))
    }

    /// All connections of a tenant, by name.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn connections(&self, tenant: TenantId) -> Result<Vec<Connection>, AdminError> {
        let rows = self.rows(system::CONNECTION, Some(tenant)).await?;
        let mut connections = rows.iter().map(Connection::from_row).collect::<Result<Vec<_>, _>>()?;
        connections.sort_by(|a, b| a.policy.name.cmp(&b.policy.name));
        Ok(connections)
    }

    /// One connection, by name (any case). Cached.
    ///
    /// # Errors
    /// [`AdminError::NotFound`].
    pub async fn connection(&self, tenant: TenantId, name: &str) -> Result<Connection, AdminError> {
        let connection = self.cached_connection(tenant, name).await?;
        connection.map(|found| Connection::clone(&found)).ok_or_else(|| AdminError::NotFound(named(name)))
    }

    pub(super) async fn cached_connection(
        &self,
        tenant: TenantId,
        name: &str,
    ) -> Result<Option<Arc<Connection>>, AdminError> {
        let Ok(name) = label("connection", name) else { return Ok(None) };
        let load = async {
            let row = self.row_by_unique(system::CONNECTION, &key(tenant, &name)).await?;
            row.map(|row| Connection::from_row(&row).map(Arc::new)).transpose()
        };
        let place = (tenant, name.clone());
        self.cached(
            |entries| entries.connections.get(&place).cloned(),
            load,
            |entries, found| {
                let _ = entries.connections.insert(place.clone(), found);
            },
        )
        .await
    }

    /// Whether [`Admin::set_connection`] would take a policy, and the same errors: for forms that say what is wrong at each
    /// field before anything is written.
    ///
    /// # Errors
    /// As [`Admin::set_connection`].
    pub async fn check_connection(&self, tenant: TenantId, policy: &ConnectionPolicy) -> Result<(), AdminError> {
        if label("connection", &policy.name)? == APPLICATION {
            return Err(AdminError::Invalid(format!("\"{APPLICATION}\" stands for the application itself")));
        }
        let registry = self.registry(tenant).await?;
        check_manual(&registry, &policy.manual)?;
        restrict(registry, policy, false).map_err(|e| AdminError::Invalid(e.to_string()))?;
        let of_tenant = self.row(system::TENANT, &tenant.to_string()).await?;
        if policy.enabled && of_tenant.map(|row| row.policy::<TenantPolicy>()).transpose()?.is_some_and(|it| it.hris) {
            return Err(AdminError::Invalid(
                "people come from an HRIS integration; provisioning can be switched on when that is switched off"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Makes a connection.
    ///
    /// # Errors
    /// [`AdminError::Exists`] when there is one of this name; the others as [`Admin::set_connection`].
    pub async fn create_connection(&self, tenant: TenantId, mut policy: ConnectionPolicy) -> Result<(), AdminError> {
        policy.name = label("connection", &policy.name)?;
        self.check_connection(tenant, &policy).await?;
        match self.insert_connection(tenant, &policy).await? {
            true => Ok(()),
            false => Err(AdminError::Exists(format!("the {}", named(&policy.name)))),
        }
    }

    /// Whether it is made, because there was none of this name.
    async fn insert_connection(&self, tenant: TenantId, policy: &ConnectionPolicy) -> Result<bool, AdminError> {
        if self.row_by_unique(system::CONNECTION, &key(tenant, &policy.name)).await?.is_some() {
            return Ok(false);
        }
        self.require_tenant(tenant).await?;
        let (id, now) = (self.environment.new_id(), self.environment.now());
        let op = self.create_op(system::CONNECTION, &id, object(tenant, policy)?, Bytes::new(), now)?;
        match self.commit(vec![op]).await {
            Ok(()) => Ok(true),
            // Someone made it meanwhile.
            Err(StoreError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes or changes a connection (by `policy.name`).
    ///
    /// # Errors
    /// [`AdminError::Invalid`] unless the name is a DNS label and the attributes that are to be closed can be, and when it is
    /// to be enabled while people come from an HRIS integration;
    /// [`AdminError::NotFound`] without the tenant.
    pub async fn set_connection(&self, tenant: TenantId, mut policy: ConnectionPolicy) -> Result<(), AdminError> {
        policy.name = label("connection", &policy.name)?;
        self.check_connection(tenant, &policy).await?;
        if self.insert_connection(tenant, &policy).await? {
            return Ok(());
        }
        let found = self.row_by_unique(system::CONNECTION, &key(tenant, &policy.name)).await?;
        let id = found.ok_or_else(|| AdminError::NotFound(named(&policy.name)))?.id;
        let value = policy_value(&policy)?;
        self.change(
            system::CONNECTION,
            &id,
            || named(&policy.name),
            |row| {
                if row.policy::<ConnectionPolicy>()? == policy {
                    return Ok(false);
                }
                row.object.insert("policy", value.clone());
                Ok(true)
            },
        )
        .await
    }
}
