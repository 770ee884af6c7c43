//! `index add`, `index list`, `index remove`, and `explain`.

use super::{admin, print, tenant_called};
use crate::cli::{DatabaseArg, IndexCommand, TenantListArgs};
use crate::error::Error;
use scimstack_filter::{Filter, ResolveOptions};
use scimstack_server::admin::Indexing;
use scimstack_store::{Kind, Query, Scope, Target};
use serde_json::json;
use std::process::ExitCode;
use std::sync::Arc;

fn of(parts: bool) -> Indexing {
    if parts { Indexing::Parts } else { Indexing::Values }
}

pub(crate) async fn run(command: IndexCommand) -> Result<ExitCode, Error> {
    match command {
        IndexCommand::Add { path, tenant, resource_type, parts, database } => {
            let admin = admin(&database.database).await?;
            let tenant = tenant_called(&admin, &tenant).await?.id;
            let index = admin.add_index(tenant, &resource_type, &path, of(parts)).await?;
            print(&format!("{} of {resource_type} is indexed by {}", index.path, index.of.as_str()));
            print("a running server brings in those who are there already; `index list` shows when that is done");
        }
        IndexCommand::List(TenantListArgs { tenant, json, database }) => {
            let admin = admin(&database.database).await?;
            let tenant = tenant_called(&admin, &tenant).await?.id;
            let registry = admin.registry(tenant).await?;
            let custom = admin.indexes(Some(tenant)).await?;
            let mut list = Vec::new();
            for resource_type in registry.resource_types() {
                let name = &*resource_type.name;
                let state = if admin.is_indexed(tenant, name).await? { "complete" } else { "being filled" };
                let all = [(Indexing::Values, &resource_type.indexed), (Indexing::Parts, &resource_type.searched)];
                for (of, path) in all.into_iter().flat_map(|(of, paths)| paths.iter().map(move |path| (of, path))) {
                    let path = path.to_string();
                    let is_it = |index: &&scimstack_server::admin::CustomIndex| {
                        index.of == of && index.path == path && index.resource_type == name
                    };
                    let added = custom.iter().find(is_it).is_some();
                    let (of, added) = (of.as_str(), if added { "added" } else { "built in" });
                    match json {
                        true => list.push(json!({
                            "resourceType": name, "path": path, "by": of, "added": added == "added",
                            "complete": state == "complete",
                        })),
                        false => print(&format!("{name}  {path}  {of}  {added}  {state}")),
                    }
                }
            }
            if json {
                print(&json!(list).to_string());
            }
        }
        IndexCommand::Remove { path, tenant, resource_type, parts, database } => {
            let admin = admin(&database.database).await?;
            let tenant = tenant_called(&admin, &tenant).await?.id;
            admin.remove_index(tenant, &resource_type, &path, of(parts)).await?;
            print(&format!("{path} of {resource_type} is no longer indexed by {}", of(parts).as_str()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// How a filter would be answered, and whether it would.
pub(crate) async fn explain(
    filter: &str,
    tenant: &str,
    resource_type: &str,
    database: DatabaseArg,
) -> Result<ExitCode, Error> {
    let admin = admin(&database.database).await?;
    let tenant = tenant_called(&admin, tenant).await?.id;
    let registry = admin.registry(tenant).await?;
    let resource_type = registry
        .resource_type(resource_type)
        .ok_or_else(|| Error::new(format!("there is no resource type {resource_type:?}")))?;
    let filter = Filter::parse(filter).map_err(|error| Error::new(error.to_string()))?;
    let resolved = filter.resolve(resource_type, ResolveOptions::default());
    let resolved = resolved.map_err(|error| Error::new(error.to_string()))?;
    let target = Target {
        kind: Kind::from(&*resource_type.name),
        resource_type: resource_type.clone(),
        filter: Some(Arc::new(resolved)),
    };
    let query = Query::new(target, 100);
    let explanation = admin.store().explain(Scope::Tenant(tenant), &query).await;
    let explanation = explanation.map_err(|error| Error::new(error.to_string()))?;
    for target in &explanation.targets {
        print(&target.to_string());
    }
    if explanation.looked_at() > query.budget {
        print(&format!(
            "refused (tooMany): more than {} would be looked at one by one; `index add` makes a path cheap",
            query.budget
        ));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
