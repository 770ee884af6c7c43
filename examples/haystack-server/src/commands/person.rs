//! `person show`, `person sign-in`, `person welcome`, `person invite`, `person edit`.

use super::{admin, print, tenant_called};
use crate::cli::{PersonArg, PersonCommand};
use crate::error::{Error, chain};
use crate::key_source::Networks;
use bytes::Bytes;
use http::{Method, Request};
use scimstack_provisioning::directory::{Person, PersonState};
use scimstack_schema::{Resource, Value};
use scimstack_server::engine::SignInError;
use scimstack_server::{Admin, Identity};
use scimstack_store::{Anchor, Edge, EdgeQuery, Key, Scope, StoreExt, Stored, TenantId, Want};
use serde_json::json;
use std::process::ExitCode;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

pub(crate) async fn run(command: PersonCommand) -> Result<ExitCode, Error> {
    match command {
        PersonCommand::Show { person: PersonArg { tenant, user_name }, json, database } => {
            let admin = admin(&database.database).await?;
            let tenant = tenant_called(&admin, &tenant).await?.id;
            let stored = admin.person(tenant, &user_name).await?;
            let stored = stored.ok_or_else(|| Error::new(format!("nobody is called {user_name}")))?;
            show(&admin, tenant, &stored, json).await?;
        }
        PersonCommand::SignIn { person: PersonArg { tenant, user_name }, database } => {
            let admin = admin(&database.database).await?;
            let tenant = tenant_called(&admin, &tenant).await?.name;
            let engine = crate::serve::engine(admin, None, Networks::Public)?;
            engine.sign_in(&tenant, &user_name).await.map_err(|error| match error {
                SignInError::Failed(cause) => {
                    Error::new(format!("the sign-in could not be recorded: {}", chain(&*cause)))
                }
                other => Error::new(other.to_string()),
            })?;
            print(&format!("{user_name} has signed in"));
        }
        PersonCommand::Invite { person: PersonArg { tenant, user_name }, email, display_name, database } => {
            // What is null is as good as not there.
            let emails = email.map(|email| json!([{"value": email, "type": "work", "primary": true}]));
            let document =
                json!({"schemas": [USER], "userName": user_name, "emails": emails, "displayName": display_name});
            let admin = admin(&database.database).await?;
            let tenant = tenant_called(&admin, &tenant).await?.name;
            by_hand(admin, &tenant, Method::POST, "/Users", &document).await?;
            print(&format!("{user_name} is there"));
        }
        PersonCommand::Edit { person: PersonArg { tenant, user_name }, path, value, database } => {
            let admin = admin(&database.database).await?;
            let tenant = tenant_called(&admin, &tenant).await?;
            let stored = admin.person(tenant.id, &user_name).await?;
            let stored = stored.ok_or_else(|| Error::new(format!("nobody is called {user_name}")))?;
            let operation = match value {
                // What is no JSON is a text.
                Some(text) => {
                    let value = serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text));
                    json!({"op": "replace", "path": path, "value": value})
                }
                None => json!({"op": "remove", "path": path}),
            };
            let patch = json!({"schemas": [PATCH], "Operations": [operation]});
            by_hand(admin, &tenant.name, Method::PATCH, &format!("/Users/{}", stored.key.id), &patch).await?;
            print(&format!("{user_name} is changed"));
        }
        PersonCommand::Welcome { tenant, database } => {
            let admin = admin(&database.database).await?;
            let tenant = tenant_called(&admin, &tenant).await?.name;
            let engine = crate::serve::engine(admin, None, Networks::Public)?;
            let welcomed = engine.welcome(&tenant).await.map_err(|error| Error::new(chain(&error)))?;
            let (seen, now, later) = (welcomed.seen, welcomed.now, welcomed.later);
            print(&format!("{now} of {seen} people are welcomed, and {later} on the day they start"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A request of the application itself, to the engine in this process.
async fn by_hand(
    admin: Admin,
    tenant: &str,
    method: Method,
    path: &str,
    body: &serde_json::Value,
) -> Result<(), Error> {
    let engine = crate::serve::engine(admin, None, Networks::Public)?;
    let request = Request::builder().method(method).uri(format!("/t/{tenant}/api/scim/v2{path}"));
    let mut request = request.body(Bytes::from(body.to_string())).map_err(|e| Error::new(e.to_string()))?;
    request.extensions_mut().insert(Identity::application(tenant, "command-line"));
    let (parts, body) = engine.handle(request).await.into_parts();
    if parts.status.is_success() {
        return Ok(());
    }
    let body = body.collect().await.map_err(|e| Error::new(chain(&e)))?;
    let detail = Value::parse(&body).ok().and_then(|error| Some(error.get("detail")?.as_str()?.to_owned()));
    Err(Error::new(detail.unwrap_or_else(|| parts.status.to_string())))
}

async fn edges(admin: &Admin, tenant: TenantId, relation: &str, anchor: Anchor) -> Result<Vec<Edge>, Error> {
    let pending = !matches!(anchor, Anchor::Targets(_));
    let query = EdgeQuery {
        relation: relation.to_owned(),
        anchor,
        pending,
        peer: true,
        values: true,
        after: None,
        limit: 1_000,
    };
    Ok(admin.store().all_edges(Scope::Tenant(tenant), query).await?)
}

/// The manager: the raw value as sent, and whom it names.
async fn manager(admin: &Admin, tenant: TenantId, key: &Key) -> Result<Option<(String, Option<String>)>, Error> {
    let mut found: Option<(String, Option<String>)> = None;
    for relation in ["manager", "managerExternalId"] {
        for edge in edges(admin, tenant, relation, Anchor::Sources(vec![key.clone()])).await? {
            let resolved = match &edge.target {
                Some(target) => {
                    let manager = admin.store().read(Scope::Tenant(tenant), target, Want::DOCUMENT).await?;
                    manager.and_then(|manager| user_name(&manager))
                }
                None => None,
            };
            if found.as_ref().is_none_or(|(_, known)| known.is_none() && resolved.is_some()) {
                found = Some((edge.raw, resolved));
            }
        }
    }
    Ok(found)
}

fn user_name(stored: &Stored) -> Option<String> {
    Value::parse(&stored.doc).ok()?.get("userName")?.as_str().map(ToOwned::to_owned)
}

async fn show(admin: &Admin, tenant: TenantId, stored: &Stored, as_json: bool) -> Result<(), Error> {
    let registry = admin.registry(tenant).await?;
    let user = registry.resource_type("User").ok_or_else(|| Error::new("there is no resource type User"))?;
    let resource = Resource::from_stored(user.clone(), &stored.doc).map_err(|e| Error::new(e.to_string()))?;
    let state = if stored.private.is_empty() {
        // Made while no lifecycle was in charge.
        if stored.core.active == Some(false) {
            PersonState::Deactivated { claimed: false }
        } else {
            PersonState::Unclaimed
        }
    } else {
        Person::decode(&stored.private).map_err(|e| Error::new(chain(&e)))?.state()
    };
    let manager = manager(admin, tenant, &stored.key).await?;
    let (raw, resolved) = manager.map_or((None, None), |(raw, resolved)| (Some(raw), resolved));
    let groups: Vec<String> = edges(admin, tenant, "members", Anchor::Targets(vec![stored.key.clone()]))
        .await?
        .into_iter()
        .map(|edge| edge.peer.and_then(|peer| peer.display).unwrap_or_else(|| edge.source.id.to_string()))
        .collect();
    let text = |name: &str| resource.root().get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let fields = json!({
        "id": stored.key.id.as_str(),
        "userName": text("userName"),
        "displayName": text("displayName"),
        "externalId": resource.external_id(),
        "state": state.as_str(),
        "active": stored.core.active,
        "manager": raw,
        "managerResolved": resolved,
        "groups": groups,
        "version": stored.version.0,
        "created": stored.core.created.to_string(),
        "lastModified": stored.core.modified.to_string(),
    });
    if as_json {
        print(&fields.to_string());
        return Ok(());
    }
    for (name, value) in fields.as_object().into_iter().flatten() {
        let value = match (name.as_str(), value) {
            ("managerResolved", serde_json::Value::Null) if raw.is_some() => {
                "pending: nobody of this name is here yet".to_owned()
            }
            (_, serde_json::Value::Null) => continue,
            (_, serde_json::Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        print(&format!("{name:<16} {value}"));
    }
    Ok(())
}
