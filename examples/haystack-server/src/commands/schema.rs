//! `schema add`, `schema list`, `schema remove`.

use super::{admin, names, print, tenant, tenant_called};
use crate::cli::{ListArgs, SchemaCommand};
use crate::error::{Error, chain};
use scimstack_schema::{Schema, Value};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

pub(crate) async fn run(command: SchemaCommand) -> Result<ExitCode, Error> {
    match command {
        SchemaCommand::Add { tenant, resource_type, file, database } => {
            let schemas = read(&file)?;
            let admin = admin(&database.database).await?;
            let tenant = tenant_called(&admin, &tenant).await?.id;
            let urns: Vec<String> = schemas.iter().map(|schema| schema.id.to_string()).collect();
            admin.add_schemas(tenant, &resource_type, schemas).await?;
            for urn in urns {
                print(&format!("{urn} is an extension of {resource_type}"));
            }
        }
        SchemaCommand::List(ListArgs { tenant: name, json, database }) => {
            let admin = admin(&database.database).await?;
            let schemas = admin.schemas(tenant(&admin, name.as_deref()).await?).await?;
            let names = names(&admin).await?;
            let mut list = Vec::new();
            for custom in &schemas {
                let name = names.get(&custom.tenant).map_or("?", String::as_str);
                if json {
                    list.push(json!({
                        "tenant": name, "resourceType": custom.resource_type, "schema": custom.schema.to_json(),
                    }));
                } else {
                    let attributes = custom.schema.attributes.len();
                    print(&format!("{name}  {}  {}  {attributes} attributes", custom.resource_type, custom.schema.id));
                }
            }
            if json {
                print(&json!(list).to_string());
            }
        }
        SchemaCommand::Remove { urn, tenant: name, database } => {
            let admin = admin(&database.database).await?;
            admin.remove_schema(tenant(&admin, name.as_deref()).await?, &urn).await?;
            print(&format!("{urn} is taken out"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The schemas in a file: one, an array, or a ListResponse of them.
fn read(file: &Path) -> Result<Vec<Schema>, Error> {
    let name = file.display();
    let bytes = std::fs::read(file).map_err(|e| Error::new(format!("cannot read {name}: {e}")))?;
    let document = Value::parse(&bytes).map_err(|e| Error::new(format!("{name} is no JSON: {e}")))?;
    let one = [document.clone()];
    let documents = document.as_array().or_else(|| document.get("Resources")?.as_array()).unwrap_or(&one);
    let schema =
        |document: &Value| Schema::from_json(document).map_err(|e| Error::new(format!("{name}: {}", chain(&e))));
    let schemas = documents.iter().map(schema).collect::<Result<Vec<_>, _>>()?;
    for schema in &schemas {
        schema.check().map_err(|e| Error::new(format!("{name}: {}", chain(&e))))?;
    }
    if schemas.is_empty() { Err(Error::new(format!("{name} holds no schema"))) } else { Ok(schemas) }
}
