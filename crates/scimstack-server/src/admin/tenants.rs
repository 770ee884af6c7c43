//! Tenants and their settings.

use super::model::{AdminError, Tenant};
use super::records::{Row, policy_value};
use super::{Admin, connections, system};
use bytes::Bytes;
use scimstack_protocol::{ConnectionPolicy, TenantPolicy};
use scimstack_schema::Object;
use scimstack_store::{StoreError, TenantId};
use std::sync::Arc;

/// How often a number is tried when others make tenants at the same time.
const ATTEMPTS: usize = 32;

impl Tenant {
    fn from_row(row: &Row) -> Result<Self, AdminError> {
        let number = row.id.parse().ok().and_then(TenantId::new);
        let id = number.ok_or_else(|| StoreError::Internal(format!("{:?} is no tenant's number", row.id).into()))?;
        Ok(Self { id, name: row.text("name")?, policy: row.policy()?, created: row.created })
    }
}

/// `name` in lower case, when it is a DNS label. `of` says whose name it is.
pub(super) fn label(of: &str, name: &str) -> Result<String, AdminError> {
    let name = name.to_ascii_lowercase();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=63).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('-') && !name.ends_with('-') {
        return Ok(name);
    }
    Err(AdminError::Invalid(format!(
        "\"{}\" cannot be the name of a {of}: take 1 to 63 of the letters a to z, digits and hyphens, with no hyphen at \
         the beginning or end",
        name.escape_debug()
    )))
}

fn named(name: &str) -> String {
    format!("tenant \"{}\"", name.escape_debug())
}

impl Admin {
    /// Makes a tenant with a connection called `default`.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] unless `name` is a DNS label, [`AdminError::Exists`].
    pub async fn create_tenant(&self, name: &str) -> Result<Tenant, AdminError> {
        let name = label("tenant", name)?;
        let exists = || AdminError::Exists(format!("the {}", named(&name)));
        for _ in 0..ATTEMPTS {
            if self.row_by_unique(system::TENANT, &name).await?.is_some() {
                return Err(exists());
            }
            let rows = self.rows(system::TENANT, None).await?;
            let last = rows.iter().filter_map(|row| row.id.parse::<u32>().ok()).max().unwrap_or_default();
            let Some(id) = last.checked_add(1).and_then(TenantId::new) else {
                return Err(AdminError::Invalid("there are as many tenants as there can be".to_owned()));
            };
            let now = self.environment.now();
            let policy = TenantPolicy::default();
            let mut object = Object::new();
            object.insert("name", name.as_str());
            object.insert("policy", policy_value(&policy)?);
            let ops = vec![
                self.create_op(system::TENANT, &id.to_string(), object, Bytes::new(), now)?,
                self.create_op(
                    system::CONNECTION,
                    &self.environment.new_id(),
                    connections::object(id, &ConnectionPolicy::default())?,
                    Bytes::new(),
                    now,
                )?,
            ];
            match self.commit(ops).await {
                Ok(()) => return Ok(Tenant { id, name, policy, created: now }),
                // Someone took the number or the name; the next round says which.
                Err(StoreError::Exists { .. } | StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AdminError::Store(StoreError::Unavailable("too many tenants are being made at the same time".into())))
    }

    /// All tenants, by name.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn tenants(&self) -> Result<Vec<Tenant>, AdminError> {
        let rows = self.rows(system::TENANT, None).await?;
        let mut tenants = rows.iter().map(Tenant::from_row).collect::<Result<Vec<_>, _>>()?;
        tenants.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tenants)
    }

    /// The tenant called `name` (any case). Cached.
    ///
    /// # Errors
    /// [`AdminError::NotFound`].
    pub async fn tenant(&self, name: &str) -> Result<Tenant, AdminError> {
        let tenant = self.cached_tenant(name).await?;
        tenant.map(|tenant| Tenant::clone(&tenant)).ok_or_else(|| AdminError::NotFound(named(name)))
    }

    pub(super) async fn cached_tenant(&self, name: &str) -> Result<Option<Arc<Tenant>>, AdminError> {
        let Ok(name) = label("tenant", name) else { return Ok(None) };
        let load = async {
            let row = self.row_by_unique(system::TENANT, &name).await?;
            row.map(|row| Tenant::from_row(&row).map(Arc::new)).transpose()
        };
        self.cached(
            |entries| entries.tenants.get(&name).cloned(),
            load,
            |entries, tenant| {
                let _ = entries.tenants.insert(name.clone(), tenant);
            },
        )
        .await
    }

    /// Fails unless there is such a tenant.
    pub(super) async fn require_tenant(&self, tenant: TenantId) -> Result<(), AdminError> {
        let row = self.row(system::TENANT, &tenant.to_string()).await?;
        row.map(drop).ok_or_else(|| AdminError::NotFound(format!("tenant with the number {tenant}")))
    }

    /// Changes a tenant's settings.
    ///
    /// # Errors
    /// [`AdminError::NotFound`]; [`AdminError::Invalid`] when attributes are to be locked that cannot be, and when people are
    /// to come from an HRIS integration while a connection is enabled.
    pub async fn set_tenant_policy(&self, tenant: TenantId, policy: TenantPolicy) -> Result<(), AdminError> {
        if !policy.locked.is_empty() {
            connections::check_closable(&self.registry(tenant).await?, &policy.locked)?;
        }
        if policy.hris
            && let Some(enabled) = self.connections(tenant).await?.into_iter().find(|it| it.policy.enabled)
        {
            return Err(AdminError::Invalid(format!(
                "people come either from an HRIS integration or by provisioning: switch off the connection \"{}\" first",
                enabled.policy.name
            )));
        }
        let value = policy_value(&policy)?;
        let what = || format!("tenant with the number {tenant}");
        self.change(system::TENANT, &tenant.to_string(), what, |row| {
            // What is empty is not stored.
            if row.policy::<TenantPolicy>()? == policy {
                return Ok(false);
            }
            row.object.insert("policy", value.clone());
            Ok(true)
        })
        .await
    }
}
