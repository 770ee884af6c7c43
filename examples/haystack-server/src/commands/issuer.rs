//! `issuer add`, `issuer list`, `issuer remove`.

use super::{admin, names, print, tenant, tenant_called};
use crate::cli::{IssuerCommand, ListArgs};
use crate::error::Error;
use crate::key_source;
use scimstack_server::admin::NewIssuer;
use serde_json::json;
use std::process::ExitCode;

pub(crate) async fn run(command: IssuerCommand) -> Result<ExitCode, Error> {
    match command {
        IssuerCommand::Add { tenant, connection, issuer, audience, subject, keys, scope, networks, database } => {
            key_source::check(&keys, networks.networks()).map_err(Error::usage)?;
            let admin = admin(&database.database).await?;
            let tenant = tenant_called(&admin, &tenant).await?.id;
            let mut new = NewIssuer::new(connection, issuer, audience).keys(keys).scopes(scope);
            if let Some(subject) = subject {
                new = new.subject(subject);
            }
            print(&admin.trust_issuer(tenant, &new).await?);
        }
        IssuerCommand::List(ListArgs { tenant: name, json, database }) => {
            let admin = admin(&database.database).await?;
            let issuers = admin.issuers(tenant(&admin, name.as_deref()).await?).await?;
            let names = names(&admin).await?;
            let mut list = Vec::new();
            for found in &issuers {
                let name = names.get(&found.tenant).map_or("?", String::as_str);
                if json {
                    list.push(json!({
                        "id": found.id, "tenant": name, "connection": found.connection, "issuer": found.issuer,
                        "audience": found.audience, "subject": found.subject, "keys": found.keys,
                        "scope": found.scopes.to_string(), "created": found.created.to_string(),
                    }));
                } else {
                    let subject = found.subject.as_deref().unwrap_or("anyone");
                    print(&format!(
                        "{}  {name}/{}  {}  for {}  {subject}  keys {}",
                        found.id, found.connection, found.issuer, found.audience, found.keys
                    ));
                }
            }
            if json {
                print(&json!(list).to_string());
            }
        }
        IssuerCommand::Remove { id, database } => {
            admin(&database.database).await?.distrust_issuer(&id).await?;
            print(&format!("issuer {id} is trusted no more"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
