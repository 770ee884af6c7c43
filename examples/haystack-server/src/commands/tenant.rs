//! `tenant create`, `tenant list`.

use super::{admin, print};
use crate::cli::TenantCommand;
use crate::error::Error;
use serde_json::json;
use std::process::ExitCode;

pub(crate) async fn run(command: TenantCommand) -> Result<ExitCode, Error> {
    match command {
        TenantCommand::Create { name, database } => {
            let tenant = admin(&database.database).await?.create_tenant(&name).await?;
            print(&format!("tenant {} is there", tenant.name));
        }
        TenantCommand::List { json, database } => {
            let tenants = admin(&database.database).await?.tenants().await?;
            if json {
                let list: Vec<_> = tenants
                    .iter()
                    .map(|t| json!({"id": t.id.get(), "name": t.name, "notify": t.policy.notify, "created": t.created.to_string()}))
                    .collect();
                print(&json!(list).to_string());
            } else {
                tenants.iter().for_each(|tenant| print(&tenant.name));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
