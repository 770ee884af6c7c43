//! What each command does. They open the database themselves and work beside a running server, which sees what they
//! changed within a second.

pub mod adopt;
pub mod connection;
pub mod events;
pub mod hold;
pub mod index;
pub mod issuer;
pub mod keep;
pub mod org;
pub mod person;
pub mod schema;
pub mod serve;
pub mod tenant;
pub mod token;

use crate::database::Database;
use crate::error::Error;
use scimstack_server::Admin;
use scimstack_server::admin::{AdminError, Tenant};
use scimstack_store::TenantId;
use std::io::Write;

/// The server's records, over the database a command names.
pub(crate) async fn admin(database: &Database) -> Result<Admin, Error> {
    Ok(crate::serve::admin(database.open_shared().await?).acting_as("command-line"))
}

/// One line on standard output, at once. A reader that has gone away is no error.
pub(crate) fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// The tenant called `name`.
pub(crate) async fn tenant_called(admin: &Admin, name: &str) -> Result<Tenant, Error> {
    admin.tenant(name).await.map_err(|error| match error {
        AdminError::NotFound(_) => Error::new(format!("{error}. `haystack-server tenant list` shows those there are.")),
        other => other.into(),
    })
}

/// The tenant a command names, when it names one.
pub(crate) async fn tenant(admin: &Admin, name: Option<&str>) -> Result<Option<TenantId>, Error> {
    match name {
        Some(name) => Ok(Some(tenant_called(admin, name).await?.id)),
        None => Ok(None),
    }
}

/// The name of a tenant, for lists.
pub(crate) async fn names(admin: &Admin) -> Result<std::collections::HashMap<TenantId, String>, Error> {
    Ok(admin.tenants().await?.into_iter().map(|tenant| (tenant.id, tenant.name)).collect())
}
