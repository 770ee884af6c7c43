//! `org line`, `org reports`, `org below`, `org troubles`, `org members`, `org groups`. Left out: how each is found
//! ([`scimstack_server::org`]).

use super::{admin, print, tenant_called};
use crate::cli::{OrgCommand, PersonArg, ShowArgs};
use crate::error::Error;
use scimstack_filter::{Filter, ResolveOptions};
use scimstack_schema::Value;
use scimstack_server::Admin;
use scimstack_server::org::{LineEnd, Org, Person};
use scimstack_store::{Key, Kind, Query, ResourceId, Scope, Target, TenantId, Want};
use serde_json::json;
use std::process::ExitCode;
use std::sync::Arc;

/// A line upward ends here at the latest.
const LONGEST_LINE: usize = 100;
/// Direct reports, edges and groups of a page.
const PAGE: usize = 500;

pub(crate) async fn run(command: OrgCommand) -> Result<ExitCode, Error> {
    match command {
        OrgCommand::Line { person: PersonArg { tenant, user_name }, shown: ShowArgs { json, database } } => {
            let (admin, tenant) = open(&database, &tenant).await?;
            let line = admin.org(tenant).line(&person(&admin, tenant, &user_name).await?, LONGEST_LINE).await?;
            let end = match &line.end {
                LineEnd::Top => None,
                LineEnd::Waiting(raw) => Some(format!("waits for {raw}")),
                LineEnd::Circle(_) => Some("runs in a circle".to_owned()),
                _ => Some("goes on".to_owned()),
            };
            if json {
                print(&json!({"people": line.people.iter().map(shown).collect::<Vec<_>>(), "end": end}).to_string());
            } else {
                line.people.iter().for_each(|person| print(&name(person)));
                end.iter().for_each(|end| print(&format!("({end})")));
            }
        }
        OrgCommand::Reports { person: PersonArg { tenant, user_name }, shown: ShowArgs { json, database } } => {
            let (admin, tenant) = open(&database, &tenant).await?;
            let (org, manager) = (admin.org(tenant), person(&admin, tenant, &user_name).await?);
            let (mut people, mut after) = (Vec::new(), None);
            loop {
                let page = org.reports(&manager, after, PAGE).await?;
                match json {
                    true => people.extend(page.people.iter().map(shown)),
                    false => page.people.iter().for_each(|person| print(&name(person))),
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            if json {
                print(&json!(people).to_string());
            }
        }
        OrgCommand::Below {
            person: PersonArg { tenant, user_name },
            levels,
            most,
            shown: ShowArgs { json, database },
        } => {
            let (admin, tenant) = open(&database, &tenant).await?;
            let below = admin.org(tenant).below(&person(&admin, tenant, &user_name).await?, levels, most).await?;
            if json {
                let level = |level: &Vec<(Person, Key)>| {
                    json!(
                        level
                            .iter()
                            .map(|(person, to)| with(shown(person), "manager", to.id.as_str()))
                            .collect::<Vec<_>>()
                    )
                };
                let levels: Vec<_> = below.levels.iter().map(level).collect();
                print(&json!({"levels": levels, "more": below.more}).to_string());
            } else {
                for (depth, level) in below.levels.iter().enumerate() {
                    level.iter().for_each(|(person, _)| print(&format!("{:>3}  {}", depth + 1, name(person))));
                }
                if below.more {
                    print("(and more)");
                }
            }
        }
        OrgCommand::Troubles { tenant, shown: ShowArgs { json, database } } => {
            let (admin, tenant) = open(&database, &tenant).await?;
            troubles(&admin, tenant, json).await?;
        }
        OrgCommand::Members { tenant, group, most, shown: ShowArgs { json, database } } => {
            let (admin, tenant) = open(&database, &tenant).await?;
            let group = named_group(&admin, tenant, &group).await?;
            let (members, more) = admin.org(tenant).members(&group, most).await?;
            let line = |member: &scimstack_server::org::GroupMember| {
                let (direct, kind) = (member.of == group, member.key.kind.as_str());
                json!({"id": member.key.id.as_str(), "type": kind, "name": member.name, "active": member.active, "direct": direct})
            };
            if json {
                print(&json!({"members": members.iter().map(line).collect::<Vec<_>>(), "more": more}).to_string());
            } else {
                for member in &members {
                    let how = if member.of == group { "direct" } else { "indirect" };
                    print(&format!("{how:<8}  {}", member.name.as_deref().unwrap_or(member.key.id.as_str())));
                }
                if more {
                    print("(and more)");
                }
            }
        }
        OrgCommand::Groups { person: PersonArg { tenant, user_name }, shown: ShowArgs { json, database } } => {
            let (admin, tenant) = open(&database, &tenant).await?;
            let (groups, _) = admin.org(tenant).groups(&person(&admin, tenant, &user_name).await?, usize::MAX).await?;
            if json {
                let line = |group: &scimstack_server::org::Membership| json!({"id": group.key.id.as_str(), "name": group.name, "direct": group.direct});
                print(&json!(groups.iter().map(line).collect::<Vec<_>>()).to_string());
            } else {
                for group in &groups {
                    let how = if group.direct { "direct" } else { "indirect" };
                    print(&format!("{how:<8}  {}", group.name.as_deref().unwrap_or(group.key.id.as_str())));
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn open(database: &crate::cli::DatabaseArg, tenant: &str) -> Result<(Admin, TenantId), Error> {
    let admin = admin(&database.database).await?;
    let tenant = tenant_called(&admin, tenant).await?.id;
    Ok((admin, tenant))
}

async fn person(admin: &Admin, tenant: TenantId, user_name: &str) -> Result<Key, Error> {
    let stored = admin.person(tenant, user_name).await?;
    stored.map(|stored| stored.key).ok_or_else(|| Error::new(format!("nobody is called {user_name}")))
}

/// The group with this id or displayName; of several with the name none.
async fn named_group(admin: &Admin, tenant: TenantId, name: &str) -> Result<Key, Error> {
    let scope = Scope::Tenant(tenant);
    if let Some(id) = ResourceId::new(name) {
        let key = Key::new("Group", id);
        if admin.store().read(scope, &key, Want::HEAD).await?.is_some() {
            return Ok(key);
        }
    }
    let registry = admin.registry(tenant).await?;
    let group = registry.resource_type("Group").ok_or_else(|| Error::new("there is no resource type Group"))?;
    let filter = Filter::parse(&format!("displayName eq {}", Value::from(name))).ok();
    let filter = filter.and_then(|filter| filter.resolve(group, ResolveOptions::default()).ok()).map(Arc::new);
    let query = Query::new(Target { kind: Kind::from("Group"), resource_type: group.clone(), filter }, 2);
    let found = admin.store().query(scope, &query).await?.items;
    match <[_; 1]>::try_from(found) {
        Ok([stored]) => Ok(stored.key),
        Err(none) if none.is_empty() => Err(Error::new(format!("there is no group called {name}"))),
        Err(_) => Err(Error::new(format!("several groups are called {name}; say the id"))),
    }
}

fn name(person: &Person) -> String {
    let name = person.name.as_deref().unwrap_or(person.key.id.as_str());
    if person.active { name.to_owned() } else { format!("{name} (deactivated)") }
}

fn shown(person: &Person) -> serde_json::Value {
    json!({"id": person.key.id.as_str(), "name": person.name, "active": person.active})
}

fn with(mut value: serde_json::Value, member: &str, text: &str) -> serde_json::Value {
    if let Some(object) = value.as_object_mut() {
        object.insert(member.to_owned(), text.into());
    }
    value
}

async fn troubles(admin: &Admin, tenant: TenantId, as_json: bool) -> Result<(), Error> {
    let org: Org = admin.org(tenant);
    let mut all = Vec::new();
    let mut tell = |name: &str, raw: &str, why: &str| match as_json {
        true => all.push(json!({"userName": name, "manager": raw, "trouble": why})),
        false => print(&format!("{name}  {raw}  {why}")),
    };
    let mut after = None;
    loop {
        let page = org.troubles(after, PAGE).await?;
        for person in &page.people {
            tell(&user_name(admin, tenant, &person.key).await?, &person.raw, person.trouble.as_str());
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    for circle in org.circles().await? {
        let mut names = Vec::with_capacity(circle.len());
        for key in &circle {
            names.push(user_name(admin, tenant, key).await?);
        }
        let first = names.first().cloned().unwrap_or_default();
        tell(&first, &names.join(" > "), scimstack_server::org::Trouble::Circle.as_str());
    }
    if as_json {
        print(&json!(all).to_string());
    }
    Ok(())
}

async fn user_name(admin: &Admin, tenant: TenantId, key: &Key) -> Result<String, Error> {
    let stored = admin.store().read(Scope::Tenant(tenant), key, Want::HEAD).await?;
    Ok(stored.and_then(|stored| stored.core.unique).unwrap_or_else(|| key.id.to_string()))
}
