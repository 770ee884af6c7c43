//! Custom fields: what extensions of User this workspace has, fields added and taken out by hand, and attributes that
//! arrive although nothing declares them.

use super::App;
use super::form::Sent;
use super::page::{Failure, Shell, Tab};
use super::session::Session;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;
use scimstack_schema::uri::HAYSTACK_USER;
use scimstack_schema::{Attribute, Schema, Type};
use std::collections::BTreeMap;

/// The URN of fields added here: the console's own extension beside the built-in one, which stays as it is.
const CUSTOM_URN: &str = "urn:ietf:params:scim:schemas:extension:haystack:custom:1.0:User";

const TYPES: [(&str, Type); 5] = [
    ("string", Type::String),
    ("boolean", Type::Boolean),
    ("integer", Type::Integer),
    ("dateTime", Type::DateTime),
    ("reference", Type::Reference),
];

fn type_name(r#type: Type) -> &'static str {
    TYPES.iter().find(|(_, t)| *t == r#type).map_or("complex", |(name, _)| name)
}

pub(super) async fn show(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
) -> Result<Response, Failure> {
    render(&console, session, &tenant, None).await
}

async fn render(
    console: &super::data::Console,
    session: Session,
    tenant: &str,
    notice: Option<Result<String, String>>,
) -> Result<Response, Failure> {
    let shell = Shell::new(console, session, tenant, Tab::Fields).await?;
    let registry = console.admin.registry(shell.tenant.id).await?;
    let custom = console.admin.schemas(Some(shell.tenant.id)).await?;
    let mut undeclared: BTreeMap<String, usize> = BTreeMap::new();
    for entry in console.recent_log(shell.tenant.id, false, 1_000).await? {
        for path in entry.unknown {
            *undeclared.entry(path).or_default() += 1;
        }
    }
    let extensions = registry.resource_type("User").map(|user| user.extensions.clone()).unwrap_or_default();
    let body = html! {
        h1 { "Custom fields" }
        @match &notice { Some(Ok(text)) => p.notice role="status" { (text) } Some(Err(text)) => p.error role="alert" { (text) } None => {} }
        @for extension in &extensions {
            section.panel {
                h2 { (extension.schema.name) }
                p { "External namespace " code { (extension.schema.id) } }
                table { thead { tr { th { "External name" } th { "Type" } th { "Meaning" } th {} } } tbody {
                    @for attribute in &extension.schema.attributes { tr {
                        td { code { (attribute.name) } }
                        td { (type_name(attribute.r#type)) @if attribute.multi_valued { ", list" } }
                        td { (attribute.description) }
                        td { @if extension.schema.id.matches(CUSTOM_URN) {
                            form method="post" action=(shell.link("fields/remove")) {
                                (shell.csrf()) input type="hidden" name="name" value=(attribute.name);
                                button.danger type="submit" { "Retire" }
                            }
                        } }
                    } }
                } }
                @if custom.iter().any(|c| c.schema.id == extension.schema.id && !c.schema.id.matches(CUSTOM_URN)) {
                    p.hint { "Registered with " code { "haystack-server schema add" } "." }
                }
            }
        }
        section.panel {
            h2 { "Add a field" }
            form.row method="post" action=(shell.link("fields")) {
                (shell.csrf())
                label { "External name" input name="name" required maxlength="64" pattern="[A-Za-z][A-Za-z0-9_\\-]*" placeholder="shirtSize"; }
                label { "Type" select name="type" { @for (name, _) in TYPES { option value=(name) { (name) } } } }
                label { "Meaning" input name="description" maxlength="200"; }
                button type="submit" { "Add" }
            }
            p.hint { "At the identity provider, add an attribute with this external name under the external namespace " code { (CUSTOM_URN) } ". The built-in fields stay under " code { (HAYSTACK_USER) } "." }
        }
        section.panel {
            h2 { "Arriving undeclared" }
            @if undeclared.is_empty() { p.empty { "Everything the identity provider sends is declared." } }
            @else {
                p.hint { "The identity provider sends these, and nothing here declares them, so their values are dropped. Check for a typing error in the external namespace, or add the field." }
                ul.plain { @for (path, count) in &undeclared { li { code { (path) } " · " (count) " requests" } } }
            }
        }
    };
    let status = if matches!(notice, Some(Err(_))) { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok((status, shell.page("Custom fields", body)).into_response())
}

/// The fields added here so far.
async fn own_schema(console: &super::data::Console, tenant: scimstack_store::TenantId) -> Result<Schema, Failure> {
    let custom = console.admin.schemas(Some(tenant)).await?;
    let found = custom.into_iter().map(|c| c.schema).find(|schema| schema.id.matches(CUSTOM_URN));
    Ok(found.unwrap_or_else(|| {
        Schema::new(CUSTOM_URN, "Custom fields").with_description("Profile fields added in the Admin Console.")
    }))
}

pub(super) async fn add(
    State(console): App,
    Path(tenant): Path<String>,
    Sent { session, fields }: Sent,
) -> Result<Response, Failure> {
    let id = console.admin.tenant(&tenant).await?.id;
    let mut schema = own_schema(&console, id).await?;
    let name = fields.text("name").trim();
    let notice = match TYPES.iter().find(|(name, _)| *name == fields.text("type")) {
        None => Err("Choose a type.".to_owned()),
        Some(_) if schema.attribute(name).is_some() => Err(format!("There is a field called {name} already.")),
        Some((_, r#type)) => {
            schema = schema
                .with_attribute(Attribute::new(name, *r#type).with_description(fields.text("description").trim()));
            match schema.check() {
                Err(error) => Err(error.to_string()),
                Ok(()) => {
                    console.admin.add_schemas(id, "User", vec![schema]).await?;
                    Ok(format!("The field {name} is there. Add it at the identity provider next."))
                }
            }
        }
    };
    render(&console, session, &tenant, Some(notice)).await
}

pub(super) async fn remove(
    State(console): App,
    Path(tenant): Path<String>,
    Sent { session, fields }: Sent,
) -> Result<Response, Failure> {
    let id = console.admin.tenant(&tenant).await?.id;
    let mut schema = own_schema(&console, id).await?;
    let name = fields.text("name");
    schema.attributes.retain(|attribute| !attribute.name.eq_ignore_ascii_case(name));
    if schema.attributes.is_empty() {
        console.admin.remove_schema(Some(id), CUSTOM_URN).await?;
    } else {
        console.admin.add_schemas(id, "User", vec![schema]).await?;
    }
    let notice = format!("The field {name} is retired. Values that are there stay stored.");
    render(&console, session, &tenant, Some(Ok(notice))).await
}
