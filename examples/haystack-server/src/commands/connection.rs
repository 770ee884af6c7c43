//! `connection show`, `connection set`.

use super::{admin, print, tenant_called};
use crate::cli::{ConnectionCommand, ShowArgs, Switch, Switches};
use crate::error::Error;
use scimstack_protocol::{ConnectionPolicy, TenantPolicy};
use scimstack_server::admin::AdminError;
use serde_json::{Map, Value};
use std::process::ExitCode;

pub(crate) async fn run(command: ConnectionCommand) -> Result<ExitCode, Error> {
    match command {
        ConnectionCommand::Show { tenant, connection, shown: ShowArgs { json, database } } => {
            let admin = admin(&database.database).await?;
            let tenant = tenant_called(&admin, &tenant).await?;
            let policy = admin.connection(tenant.id, &connection).await?.policy;
            show(&policy, &tenant.policy, json)?;
        }
        ConnectionCommand::Set { tenant, connection, switches, database } => {
            let admin = admin(&database.database).await?;
            let tenant = tenant_called(&admin, &tenant).await?;
            let before = match admin.connection(tenant.id, &connection).await {
                Ok(found) => Some(found.policy),
                Err(AdminError::NotFound(_)) => None,
                Err(error) => return Err(error.into()),
            };
            let mut policy = before.clone().unwrap_or_default();
            policy.name = connection;
            apply(&mut policy, &switches);
            let mut settings = tenant.policy.clone();
            settings.notify = switches.notify.unwrap_or(settings.notify);
            if let Some(attributes) = &switches.locked {
                settings.locked = attributes.clone();
            }
            if let Some(switch) = switches.hris {
                settings.hris = switch == Switch::On;
            }
            let set_tenant = async {
                match settings == tenant.policy {
                    true => Ok(()),
                    false => admin.set_tenant_policy(tenant.id, settings.clone()).await,
                }
            };
            let set_connection = async {
                match before.as_ref() == Some(&policy) {
                    true => Ok(()),
                    false => admin.set_connection(tenant.id, policy.clone()).await,
                }
            };
            // Of an HRIS integration and provisioning the one is switched off before the other is switched on.
            if settings.hris {
                set_connection.await?;
                set_tenant.await?;
            } else {
                set_tenant.await?;
                set_connection.await?;
            }
            show(&policy, &settings, false)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn apply(policy: &mut ConnectionPolicy, switches: &Switches) {
    for (slot, switch) in [
        (&mut policy.enabled, switches.enabled),
        (&mut policy.create_users, switches.create_users),
        (&mut policy.update_attributes, switches.update_attributes),
        (&mut policy.deactivate_users, switches.deactivate_users),
        (&mut policy.push_groups, switches.push_groups),
        (&mut policy.reactivate_on_create, switches.reactivate_on_create),
    ] {
        if let Some(switch) = switch {
            *slot = switch == Switch::On;
        }
    }
    policy.max_deactivations = switches.max_deactivations.unwrap_or(policy.max_deactivations);
    policy.deactivation_window = switches.per.unwrap_or(policy.deactivation_window);
    if let Some(delay) = switches.welcome_delay {
        policy.welcome_delay = delay.0;
    }
    if let Some(attributes) = &switches.read_only {
        policy.read_only = attributes.clone();
    }
    if let Some(attributes) = &switches.manual {
        policy.manual = attributes.clone();
    }
    if let Some(keys) = &switches.manager_by {
        policy.manager_by = keys.0.clone();
    }
    policy.adopt_invited = switches.adopt_invited.unwrap_or(policy.adopt_invited);
    if let Some(attributes) = &switches.hidden {
        policy.hidden = attributes.clone();
    }
    policy.dialect = switches.dialect.unwrap_or(policy.dialect);
    policy.unknown_members = switches.unknown_members.unwrap_or(policy.unknown_members);
}

/// The switches under the names that `connection set` has, or as JSON.
fn show(policy: &ConnectionPolicy, settings: &TenantPolicy, json: bool) -> Result<(), Error> {
    let failed = |e: serde_json::Error| Error::new(e.to_string());
    let mut fields = serde_json::to_value(policy).map_err(failed)?;
    if let Some(fields) = fields.as_object_mut() {
        let settings = serde_json::to_value(settings).map_err(failed)?;
        fields.extend(settings.as_object().cloned().unwrap_or_default());
    }
    if json {
        print(&fields.to_string());
        return Ok(());
    }
    for (name, value) in fields.as_object().into_iter().flatten() {
        let value = match value {
            Value::Bool(true) => "on".to_owned(),
            Value::Bool(false) => "off".to_owned(),
            Value::String(text) => text.into(),
            Value::Object(attributes) => listed(attributes),
            Value::Null => "auto".to_owned(),
            Value::Array(words) if words.is_empty() => "auto".to_owned(),
            Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            other => other.to_string(),
        };
        print(&format!("{:<22} {value}", kebab(name)));
    }
    Ok(())
}

/// Attributes by resource type, as `connection set` takes them.
fn listed(attributes: &Map<String, Value>) -> String {
    let each = attributes.iter().flat_map(|(name, paths)| {
        let paths = paths.as_array().into_iter().flatten().filter_map(Value::as_str);
        paths.map(move |path| format!("{name}:{path}"))
    });
    let all: Vec<String> = each.collect();
    if all.is_empty() { "none".to_owned() } else { all.join(",") }
}

fn kebab(camel: &str) -> String {
    let mut name = String::new();
    for c in camel.chars() {
        if c.is_ascii_uppercase() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}
