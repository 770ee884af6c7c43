//! Schemas registered at run time, and the registry each tenant has with them (RFC 7643 §3.3).

use super::indexes::declare;
use super::model::{AdminError, CustomSchema};
use super::records::{Row, key, number};
use super::{Admin, system};
use bytes::Bytes;
use scimstack_schema::{Object, Registry, RegistryError, Schema, Value, discovery};
use scimstack_store::{Expect, Op, StoreError, TenantId};

impl CustomSchema {
    fn from_row(row: &Row) -> Result<Self, AdminError> {
        let text = row.text("definition")?;
        let broken = |e: Box<dyn std::error::Error + Send + Sync>| AdminError::Store(StoreError::Internal(e));
        let document = Value::parse(text.as_bytes()).map_err(|e| broken(Box::new(e)))?;
        let schema = Schema::from_json(&document).map_err(|e| broken(Box::new(e)))?;
        Ok(Self { tenant: row.tenant()?, resource_type: row.text("resourceType")?, schema })
    }
}

/// What is unique about a tenant's schema.
fn unique(tenant: TenantId, urn: &str) -> String {
    format!("{tenant}/{}", urn.to_ascii_lowercase())
}

fn object(tenant: TenantId, resource_type: &str, schema: &Schema) -> Object {
    let mut object = Object::new();
    object.insert("key", unique(tenant, schema.id.as_str()));
    object.insert("tenant", number(tenant));
    object.insert("resourceType", resource_type);
    object.insert("definition", schema.to_json().to_string());
    object
}

fn invalid(error: &RegistryError) -> AdminError {
    AdminError::Invalid(error.to_string())
}

/// Extends `base`, schema after schema.
fn extend(base: &Registry, schemas: &[CustomSchema]) -> Result<Registry, RegistryError> {
    let mut builder = base.to_builder();
    for custom in schemas {
        builder = builder.extension(&custom.resource_type, custom.schema.clone(), false)?;
    }
    builder.build()
}

impl Admin {
    /// The tenant's registry: the base with its run-time schemas. Cached.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] when a schema that was registered earlier no longer goes with the base.
    pub async fn registry(&self, tenant: TenantId) -> Result<Registry, AdminError> {
        let load = async {
            let schemas = self.schemas(Some(tenant)).await?;
            let indexes = self.indexes(Some(tenant)).await?;
            if schemas.is_empty() && indexes.is_empty() {
                return Ok(Some(self.base.clone()));
            }
            extend(&self.base, &schemas)
                .and_then(|registry| declare(registry, &indexes))
                .map(Some)
                .map_err(|e| invalid(&e))
        };
        let registry = self
            .cached(
                |entries| entries.registries.get(&tenant).cloned(),
                load,
                |entries, registry| {
                    let _ = entries.registries.insert(tenant, registry);
                },
            )
            .await?;
        Ok(registry.unwrap_or_else(|| self.base.clone()))
    }

    /// Registers schemas as extensions of a resource type, replacing those with the same URI.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] for a schema that breaks a duty of its author, one that is the server's own, and an unknown
    /// resource type; [`AdminError::NotFound`] without the tenant. Nothing is registered then.
    pub async fn add_schemas(
        &self,
        tenant: TenantId,
        resource_type: &str,
        schemas: Vec<Schema>,
    ) -> Result<(), AdminError> {
        self.require_tenant(tenant).await?;
        for schema in &schemas {
            self.check_not_ours(schema)?;
        }
        // Once more when someone else registers the same one at the same time.
        match self.try_add_schemas(tenant, resource_type, &schemas).await {
            Err(AdminError::Store(
                StoreError::Conflict { .. } | StoreError::VersionMismatch { .. } | StoreError::NotFound { .. },
            )) => self.try_add_schemas(tenant, resource_type, &schemas).await,
            done => done,
        }
    }

    async fn try_add_schemas(
        &self,
        tenant: TenantId,
        resource_type: &str,
        schemas: &[Schema],
    ) -> Result<(), AdminError> {
        let custom =
            |schema: &Schema| CustomSchema { tenant, resource_type: resource_type.to_owned(), schema: schema.clone() };
        let mut all = self.schemas(Some(tenant)).await?;
        all.retain(|old| schemas.iter().all(|new| new.id != old.schema.id));
        all.extend(schemas.iter().map(custom));
        extend(&self.base, &all).map_err(|e| invalid(&e))?;

        let now = self.environment.now();
        let mut ops = Vec::with_capacity(schemas.len());
        for (at, schema) in schemas.iter().enumerate() {
            if schemas.iter().take(at).any(|earlier| earlier.id == schema.id) {
                return Err(AdminError::Invalid(format!("the schema {} is there twice", schema.id)));
            }
            let object = object(tenant, resource_type, schema);
            ops.push(match self.row_by_unique(system::SCHEMA, &unique(tenant, schema.id.as_str())).await? {
                Some(mut row) => {
                    row.object = object;
                    self.replace_op(row, now)?
                }
                None => self.create_op(system::SCHEMA, &self.environment.new_id(), object, Bytes::new(), now)?,
            });
        }
        if ops.is_empty() {
            return Ok(());
        }
        Ok(self.commit(ops).await?)
    }

    fn check_not_ours(&self, schema: &Schema) -> Result<(), AdminError> {
        let id = schema.id.as_str();
        let discovery = discovery::discovery_schemas().iter().any(|ours| ours.id == schema.id);
        if self.base.schema(id).is_some() || discovery {
            return Err(AdminError::Invalid(format!(
                "the schema {id} is the server's own; register further attributes under a URI of your own, such as \
                 urn:example:params:scim:schemas:extension:acme:1.0:User"
            )));
        }
        Ok(())
    }

    /// The run-time schemas of one tenant, or of all, in the order they were registered.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn schemas(&self, tenant: Option<TenantId>) -> Result<Vec<CustomSchema>, AdminError> {
        self.rows(system::SCHEMA, tenant).await?.iter().map(CustomSchema::from_row).collect()
    }

    /// Takes a run-time schema out of one tenant, or of all that have it. Stored values stay.
    ///
    /// # Errors
    /// [`AdminError::NotFound`].
    pub async fn remove_schema(&self, tenant: Option<TenantId>, urn: &str) -> Result<(), AdminError> {
        let not_found = || AdminError::NotFound(format!("run-time schema \"{}\"", urn.escape_debug()));
        let mut ops = Vec::new();
        for row in self.rows(system::SCHEMA, tenant).await? {
            if row.text("key")? == unique(row.tenant()?, urn)
                && let Some(key) = key(system::SCHEMA, &row.id)
            {
                ops.push(Op::Delete { key, expect: Expect::Any });
            }
        }
        if ops.is_empty() {
            return Err(not_found());
        }
        match self.commit(ops).await {
            Err(StoreError::NotFound { .. }) => Err(not_found()),
            done => Ok(done?),
        }
    }
}
