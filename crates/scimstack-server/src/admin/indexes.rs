//! Indexes declared at run time, for one tenant, on custom fields or on what the standard's schemas have; and bringing
//! stored resources into what is declared. Left out: when that is done, which is the host's
//! ([`Admin::reindex`]), and how stores keep indexes (`scimstack_store`).

use super::model::{AdminError, CustomIndex, Indexing};
use super::records::{Row, key, number};
use super::{Admin, system};
use bytes::Bytes;
use scimstack_schema::{Object, Registry, RegistryError, ResolvedPath, ResourceType};
use scimstack_store::{Expect, Kind, Op, Scope, StoreError, TenantId, reindex};
use std::sync::Arc;

/// So many resources are indexed anew by one commit, so that others do not wait long.
const AT_ONCE: u32 = 200;

impl Indexing {
    /// As command lines and records spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Values => "values",
            Self::Parts => "parts",
        }
    }

    fn paths(self, resource_type: &ResourceType) -> &[ResolvedPath] {
        match self {
            Self::Values => &resource_type.indexed,
            Self::Parts => &resource_type.searched,
        }
    }
}

impl CustomIndex {
    fn from_row(row: &Row) -> Result<Self, AdminError> {
        let of = match row.text("of")?.as_str() {
            "parts" => Indexing::Parts,
            _ => Indexing::Values,
        };
        Ok(Self { tenant: row.tenant()?, resource_type: row.text("resourceType")?, path: row.text("path")?, of })
    }

    fn unique(&self) -> String {
        format!("{}/{}/{}/{}", self.tenant, self.resource_type, self.of.as_str(), self.path)
    }

    fn object(&self) -> Object {
        let mut object = Object::new();
        object.insert("key", self.unique());
        object.insert("tenant", number(self.tenant));
        object.insert("resourceType", self.resource_type.as_str());
        object.insert("path", self.path.as_str());
        object.insert("of", self.of.as_str());
        object
    }
}

/// Declares indexes in a registry. Those on what is not there any more are left out: a schema may be taken out before them.
pub(super) fn declare(registry: Registry, indexes: &[CustomIndex]) -> Result<Registry, RegistryError> {
    let mut builder = registry.to_builder();
    for index in indexes {
        let resource_type = registry.resource_type(&index.resource_type);
        let Some(path) = resource_type.and_then(|resource_type| resource_type.resolve(&index.path)) else { continue };
        builder = match index.of {
            Indexing::Values => builder.indexed(&index.resource_type, &index.path)?,
            Indexing::Parts if can_be_indexed(&path, index.of) => {
                builder.searched(&index.resource_type, &index.path)?
            }
            Indexing::Parts => builder,
        };
    }
    builder.build()
}

impl Admin {
    /// Declares that a tenant's resources are indexed at a path. Once [`Admin::reindex`] has brought in those that are
    /// there, filters and orders go by it; until then they are answered as before.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] for an unknown resource type or path, for one that cannot be indexed so, and for one that is
    /// indexed already; [`AdminError::NotFound`] without the tenant.
    pub async fn add_index(
        &self,
        tenant: TenantId,
        resource_type: &str,
        path: &str,
        of: Indexing,
    ) -> Result<CustomIndex, AdminError> {
        self.require_tenant(tenant).await?;
        let registry = self.registry(tenant).await?;
        let resource_type = of_registry(&registry, resource_type)?;
        let resolved = resource_type.resolve(path).ok_or_else(|| {
            AdminError::Invalid(format!("{} has no attribute \"{}\"", resource_type.name, path.escape_debug()))
        })?;
        if of.paths(resource_type).contains(&resolved) {
            return Err(AdminError::Invalid(format!("{resolved} of {} is indexed already", resource_type.name)));
        }
        if !can_be_indexed(&resolved, of) {
            return Err(AdminError::Invalid(match of {
                Indexing::Values => format!("{resolved} has no values to compare; name one of its sub-attributes"),
                Indexing::Parts => format!("{resolved} is no text, and so has no parts to be found by"),
            }));
        }
        let name = resource_type.name.to_string();
        let index = CustomIndex { tenant, resource_type: name, path: resolved.to_string(), of };
        declare(registry.clone(), std::slice::from_ref(&index)).map_err(|e| AdminError::Invalid(e.to_string()))?;
        let (id, now) = (self.environment.new_id(), self.environment.now());
        let op = self.create_op(system::INDEX, &id, index.object(), Bytes::new(), now)?;
        match self.commit(vec![op]).await {
            // Somebody else was faster.
            Err(StoreError::Conflict { .. }) => Ok(index),
            done => Ok(done.map(|()| index)?),
        }
    }

    /// The indexes declared at run time, of one tenant or of all, in the order they were declared.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn indexes(&self, tenant: Option<TenantId>) -> Result<Vec<CustomIndex>, AdminError> {
        self.rows(system::INDEX, tenant).await?.iter().map(CustomIndex::from_row).collect()
    }

    /// Takes back what [`Admin::add_index`] declared.
    ///
    /// # Errors
    /// [`AdminError::NotFound`].
    pub async fn remove_index(
        &self,
        tenant: TenantId,
        resource_type: &str,
        path: &str,
        of: Indexing,
    ) -> Result<(), AdminError> {
        let not_found = || AdminError::NotFound(format!("index of {} on \"{}\"", of.as_str(), path.escape_debug()));
        let is_it = |index: &CustomIndex| {
            index.of == of && index.resource_type == resource_type && index.path.eq_ignore_ascii_case(path)
        };
        for row in self.rows(system::INDEX, Some(tenant)).await? {
            if is_it(&CustomIndex::from_row(&row)?)
                && let Some(key) = key(system::INDEX, &row.id)
            {
                return match self.commit(vec![Op::Delete { key, expect: Expect::Any }]).await {
                    Err(StoreError::NotFound { .. }) => Err(not_found()),
                    done => Ok(done?),
                };
            }
        }
        Err(not_found())
    }

    /// Whether all of a tenant's resources of a type are in every index that is declared.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] for an unknown resource type.
    pub async fn is_indexed(&self, tenant: TenantId, resource_type: &str) -> Result<bool, AdminError> {
        let registry = self.registry(tenant).await?;
        let resource_type = of_registry(&registry, resource_type)?;
        let (kind, declared) = (Kind::from(&*resource_type.name), resource_type.index_declaration());
        Ok(self.store.outdated(Scope::Tenant(tenant), &kind, declared, None, 1).await?.is_empty())
    }

    /// Brings the resources of a tenant, or the server's own records, into the indexes that are declared now; how many that
    /// were. May take long, a little at a time; others read and write meanwhile. When there is nothing to do it costs a look
    /// at each resource type. To be done after every change of what is declared, and when a server starts.
    ///
    /// # Errors
    /// [`AdminError::Store`]; what was indexed until then stays indexed.
    pub async fn reindex(&self, tenant: Option<TenantId>) -> Result<u64, AdminError> {
        let registry = match tenant {
            Some(tenant) => self.registry(tenant).await?,
            None => system::registry().clone(),
        };
        let scope = tenant.map_or(Scope::System, Scope::Tenant);
        let mut all = 0;
        for resource_type in registry.resource_types() {
            let mut after = None;
            let now = self.environment.now();
            while let Some(step) = reindex(&*self.store, scope, resource_type, after.as_ref(), AT_ONCE, now).await? {
                all += step.done;
                after = Some(step.last);
            }
        }
        Ok(all)
    }
}

fn of_registry<'r>(registry: &'r Registry, name: &str) -> Result<&'r Arc<ResourceType>, AdminError> {
    let unknown = || AdminError::Invalid(format!("there is no resource type \"{}\"", name.escape_debug()));
    registry.resource_type(name).ok_or_else(unknown)
}

fn can_be_indexed(path: &ResolvedPath, of: Indexing) -> bool {
    use scimstack_schema::Type;
    match of {
        Indexing::Values => !matches!(path.leaf().r#type, Type::Complex | Type::Binary),
        Indexing::Parts => matches!(path.leaf().r#type, Type::String | Type::Reference),
    }
}
