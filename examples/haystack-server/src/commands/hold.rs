//! `hold list`, `hold release`.

use super::{admin, names, print, tenant};
use crate::cli::{HoldCommand, ListArgs};
use crate::error::Error;
use serde_json::json;
use std::process::ExitCode;

pub(crate) async fn run(command: HoldCommand) -> Result<ExitCode, Error> {
    match command {
        HoldCommand::List(ListArgs { tenant: name, json, database }) => {
            let admin = admin(&database.database).await?;
            let holds = admin.holds(tenant(&admin, name.as_deref()).await?).await?;
            let names = names(&admin).await?;
            let mut list = Vec::new();
            for hold in &holds {
                let name = names.get(&hold.tenant).map_or("?", String::as_str);
                if json {
                    list.push(json!({
                        "id": hold.id, "tenant": name, "connection": hold.connection, "reason": hold.reason,
                        "since": hold.since.to_string(),
                    }));
                } else {
                    print(&format!("{}  {name}/{}  since {}  {}", hold.id, hold.connection, hold.since, hold.reason));
                }
            }
            if json {
                print(&json!(list).to_string());
            }
        }
        HoldCommand::Release { id, database } => {
            admin(&database.database).await?.release_hold(&id).await?;
            print(&format!("hold {id} is released"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
