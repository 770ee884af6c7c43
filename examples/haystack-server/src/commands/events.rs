//! `outbox list`, `log list`: events of a tenant in order, read page by page.

use super::{admin, print, tenant_called};
use crate::database::Database;
use crate::error::Error;
use scimstack_schema::Value;
use scimstack_server::engine::{LOG_TOPIC, OUTBOX_TOPIC};
use std::process::ExitCode;

const PAGE: usize = 1_000;

pub(crate) async fn outbox(database: &Database, tenant: &str, json: bool) -> Result<ExitCode, Error> {
    list(database, tenant, OUTBOX_TOPIC, json, |_| true, &["at", "kind", "userName", "text"]).await
}

pub(crate) async fn log(database: &Database, tenant: &str, errors: bool, json: bool) -> Result<ExitCode, Error> {
    let columns = ["at", "status", "scimType", "method", "resourceType", "subject", "detail"];
    list(database, tenant, LOG_TOPIC, json, |event| !errors || is_error(event), &columns).await
}

fn is_error(event: &Value) -> bool {
    event.get("status").is_some_and(|status| status.to_string().trim_matches('"').parse().is_ok_and(|n: u16| n >= 400))
}

async fn list(
    database: &Database,
    tenant: &str,
    topic: &str,
    json: bool,
    keep: impl Fn(&Value) -> bool,
    columns: &[&str],
) -> Result<ExitCode, Error> {
    let admin = admin(database).await?;
    let tenant = tenant_called(&admin, tenant).await?.id;
    let mut after = None;
    let mut all: Vec<Value> = Vec::new();
    loop {
        let page = admin.events(tenant, topic, after, PAGE).await?;
        after = page.last().map(|change| change.position);
        let is_last = page.len() < PAGE;
        for change in page {
            let event =
                Value::parse(&change.payload).map_err(|e| Error::new(format!("an event cannot be read: {e}")))?;
            if !keep(&event) {
                continue;
            }
            if json {
                all.push(event);
            } else {
                let cell = |name: &&str| match event.get(name) {
                    None | Some(Value::Null) => "-".to_owned(),
                    Some(Value::String(text)) => text.into(),
                    Some(other) => other.to_string(),
                };
                print(&columns.iter().map(cell).collect::<Vec<_>>().join("  "));
            }
        }
        if is_last {
            break;
        }
    }
    if json {
        print(&Value::Array(all).to_string());
    }
    Ok(ExitCode::SUCCESS)
}
