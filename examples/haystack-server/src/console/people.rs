//! People: search, the list by state, and one person with profile, reporting line, groups and history.

use super::App;
use super::data::{Console, Listing, MANAGER_RELATIONS, PAGE, initials, name_of, state, state_name};
use super::page::{Failure, Shell, Tab, moment};
use super::session::Session;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use scimstack_provisioning::directory::PersonState;
use scimstack_schema::uri::{ENTERPRISE_USER, HAYSTACK_USER};
use scimstack_schema::views::HaystackUser;
use scimstack_schema::{Resource, Value};
use scimstack_store::{Anchor, ChangeKind, Edge, Key, Stored, TenantId};
use serde::Deserialize;

/// How many reports and groups a profile lists.
const LINKS: usize = 200;

/// The query string of a list.
#[derive(Deserialize, Default)]
pub(super) struct Search {
    q: Option<String>,
    state: Option<String>,
    page: Option<u64>,
}

impl Search {
    pub(super) fn text(&self) -> Option<&str> {
        self.q.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }

    pub(super) fn page(&self) -> u64 {
        self.page.unwrap_or(1).max(1)
    }
}

/// A string literal of the filter language.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Links to the pages before and after, with what was searched for.
pub(super) fn pager(shell: &Shell, path: &str, search: &Search, listing: &Listing) -> Markup {
    let page = search.page();
    let pages = listing.total.div_ceil(u64::from(PAGE)).max(1);
    let link = |to: u64| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(text) = search.text() {
            query.append_pair("q", text);
        }
        if let Some(state) = &search.state {
            query.append_pair("state", state);
        }
        query.append_pair("page", &to.to_string());
        shell.link(&format!("{path}?{}", query.finish()))
    };
    html! {
        div.pager {
            span { @if page > 1 { a href=(link(page - 1)) { "← Previous" } } }
            span.soft { (listing.total) (if listing.more_than_total { "+" } else { "" }) " in all · page " (page) " of " (pages) }
            span { @if page < pages { a href=(link(page + 1)) { "Next →" } } }
        }
    }
}

const STATES: [(&str, &str); 4] =
    [("", "Everyone"), ("active", "Active"), ("unclaimed", "Unclaimed"), ("deactivated", "Deactivated")];

pub(super) async fn list(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
    Query(search): Query<Search>,
) -> Result<Response, Failure> {
    let shell = Shell::new(&console, session, &tenant, Tab::People).await?;
    let chosen = search.state.as_deref().unwrap_or_default();
    let mut terms: Vec<String> = Vec::new();
    if let Some(text) = search.text() {
        let text = quoted(text);
        terms.push(format!(
            "(userName co {text} or displayName co {text} or name.familyName co {text} or name.givenName co {text} or emails.value eq {text})"
        ));
    }
    match chosen {
        "deactivated" => terms.push("active eq false".to_owned()),
        "active" | "unclaimed" => terms.push("not (active eq false)".to_owned()),
        _ => {}
    }
    let filter = (!terms.is_empty()).then(|| terms.join(" and "));
    let mut listing = match chosen {
        // Whether someone has signed in is the lifecycle's state and no attribute: told apart after reading.
        "active" | "unclaimed" => {
            console.list(shell.tenant.id, "User", filter.as_deref(), "userName", 1, 10_000).await?
        }
        _ => console.list(shell.tenant.id, "User", filter.as_deref(), "userName", search.page(), PAGE).await?,
    };
    if matches!(chosen, "active" | "unclaimed") {
        let wanted = |stored: &Stored| (state(stored) == PersonState::Active) == (chosen == "active");
        listing.items.retain(wanted);
        listing.total = listing.items.len() as u64;
        let skip = usize::try_from((search.page() - 1).saturating_mul(u64::from(PAGE))).unwrap_or(usize::MAX);
        listing.items = listing.items.into_iter().skip(skip).take(PAGE as usize).collect();
    }
    let registry = console.admin.registry(shell.tenant.id).await?;
    let user = registry.resource_type("User").cloned();
    let rows: Vec<(&Stored, Option<Resource>)> = listing
        .items
        .iter()
        .map(|stored| (stored, user.clone().and_then(|user| Resource::from_stored(user, &stored.doc).ok())))
        .collect();
    let body = html! {
        h1 { "People" }
        div.tabs { @for (value, label) in STATES {
            a href=(shell.link(&if value.is_empty() { "people".to_owned() } else { format!("people?state={value}") })) aria-current=[(value == chosen).then_some("page")] { (label) }
        } }
        form.panel.row method="get" {
            label { "Search" input name="q" value=[search.text()] placeholder="Name, user name or e-mail address"; }
            @if !chosen.is_empty() { input type="hidden" name="state" value=(chosen); }
            button type="submit" { "Search" }
        }
        section.panel {
            @if rows.is_empty() { p.empty { "Nobody. Assign people to the application at the identity provider." } }
            @else {
                table { thead { tr { th { "Name" } th { "User name" } th { "Title" } th { "Department" } th { "State" } } } tbody {
                    @for (stored, resource) in &rows { tr {
                        @let name = resource.as_ref().map_or_else(|| stored.key.id.to_string(), name_of);
                        td { a href=(shell.link(&format!("people/{}", stored.key.id))) { (name) } }
                        td { (resource.as_ref().map(|r| text(r, None, "userName")).unwrap_or_default()) }
                        td { (resource.as_ref().map(|r| text(r, None, "title")).unwrap_or_default()) }
                        td { (resource.as_ref().map(|r| text(r, Some(ENTERPRISE_USER), "department")).unwrap_or_default()) }
                        td { (badge(state(stored))) }
                    } }
                } }
            }
            (pager(&shell, "people", &search, &listing))
        }
    };
    Ok(shell.page("People", body).into_response())
}

fn badge(state: PersonState) -> Markup {
    let name = state_name(state);
    html! { span class=(format!("state {}", name.to_lowercase())) { (name) } }
}

fn text(resource: &Resource, extension: Option<&str>, name: &str) -> String {
    let container = match extension {
        Some(uri) => resource.root().get(uri).and_then(Value::as_object),
        None => Some(resource.root()),
    };
    container.and_then(|c| c.get(name)).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The reporting line upward, nearest first; stops at a cycle and after fifty.
async fn line_of(console: &Console, tenant: TenantId, start: &Key) -> Result<(Vec<Edge>, bool), Failure> {
    let mut line: Vec<Edge> = Vec::new();
    let mut at = start.clone();
    let mut seen = std::collections::HashSet::from([start.clone()]);
    while line.len() < 50 {
        let mut found: Option<Edge> = None;
        for relation in MANAGER_RELATIONS {
            let edge = console.edges(tenant, relation, Anchor::Sources(vec![at.clone()]), 1).await?.into_iter().next();
            let better = found.as_ref().is_none_or(|f| f.target.is_none());
            found = if better { edge.or(found) } else { found };
        }
        let Some(edge) = found else { break };
        let target = edge.target.clone();
        line.push(edge);
        match target {
            Some(target) if seen.insert(target.clone()) => at = target,
            Some(_) => return Ok((line, true)),
            None => break,
        }
    }
    Ok((line, false))
}

pub(super) async fn show(
    State(console): App,
    session: Session,
    Path((tenant, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let shell = Shell::new(&console, session, &tenant, Tab::People).await?;
    let tenant = shell.tenant.id;
    let (stored, resource) = console.read(tenant, "User", &id).await?;
    let name = name_of(&resource);
    let (line, cycle) = line_of(&console, tenant, &stored.key).await?;
    let mut reports: Vec<Edge> = Vec::new();
    for relation in MANAGER_RELATIONS {
        for edge in console.edges(tenant, relation, Anchor::Targets(vec![stored.key.clone()]), LINKS).await? {
            if !reports.iter().any(|known| known.source == edge.source) {
                reports.push(edge);
            }
        }
    }
    let groups = console.edges(tenant, "members", Anchor::Targets(vec![stored.key.clone()]), LINKS).await?;
    let history = console.history(tenant, &stored.key).await?;
    let haystack = HaystackUser::from_resource(&resource);
    let photo = text(&resource, Some(HAYSTACK_USER), "photoUrl");
    let title = [text(&resource, None, "title"), text(&resource, Some(ENTERPRISE_USER), "department")];
    let subtitle = title.iter().filter(|s| !s.is_empty()).cloned().collect::<Vec<_>>().join(" · ");
    let body = html! {
        div.person {
            div.face { (initials(&name)) @if photo.starts_with("https://") { img src=(photo) alt=""; } }
            div { h1 { (name) } p.soft { (subtitle) } }
            (badge(state(&stored)))
        }
        section.panel {
            h2 { "Reporting line" }
            @if line.is_empty() { p.empty { "No manager is known." } }
            @else { ol { @for edge in &line { li {
                @match &edge.target {
                    Some(target) => { (person_link(&shell, target, edge)) }
                    None => { (edge.raw) " " span.state.unclaimed { "waits for this person to arrive" } }
                }
            } } } }
            @if cycle { p.error { "The reporting line runs in a circle. Correct the managers at the identity provider." } }
            h2 { "Reports" }
            @if reports.is_empty() { p.empty { "Nobody reports to " (name) "." } }
            ul.plain { @for edge in &reports { li { (person_link(&shell, &edge.source, edge)) } } }
            p { a href=(shell.link(&format!("org-chart?person={}", stored.key.id))) { "Show in the org chart" } }
        }
        section.panel {
            h2 { "Profile" }
            dl {
                @if let Some(date) = haystack.as_ref().and_then(HaystackUser::join_date) { dt { "Joined" } dd { (date) } }
                (profile(resource.root()))
            }
        }
        section.panel {
            h2 { "Groups" }
            @if groups.is_empty() { p.empty { "In no group." } }
            ul.plain { @for edge in &groups { li {
                a href=(shell.link(&format!("groups/{}", edge.source.id))) { (edge.peer.as_ref().and_then(|p| p.display.as_deref()).unwrap_or(edge.source.id.as_str())) }
            } } }
        }
        section.panel {
            h2 { "History" }
            table { thead { tr { th { "When" } th { "Who" } th { "What" } th { "Request" } } } tbody {
                @for change in &history { tr {
                    td { (moment(change.at)) } td.whole { (change.actor) } td { (what_happened(change)) } td { code { (change.request_id) } }
                } }
            } }
        }
    };
    Ok(shell.page(&name, body).into_response())
}

fn person_link(shell: &Shell, key: &Key, edge: &Edge) -> Markup {
    let peer = edge.peer.as_ref();
    html! {
        a href=(shell.link(&format!("people/{}", key.id))) { (peer.and_then(|p| p.display.as_deref()).unwrap_or(key.id.as_str())) }
        @if peer.and_then(|p| p.active) == Some(false) { " " span.state.deactivated { "Deactivated" } }
    }
}

fn what_happened(change: &scimstack_store::Change) -> String {
    match change.kind {
        ChangeKind::Created => "Created".to_owned(),
        ChangeKind::Replaced => "Changed".to_owned(),
        ChangeKind::Deleted => "Deleted".to_owned(),
        ChangeKind::Related => "Members changed".to_owned(),
        _ => {
            let event = Value::parse(&change.payload).unwrap_or_default();
            let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            match change.topic.as_deref() {
                Some("sign-in") => "Signed in".to_owned(),
                Some("log") => {
                    let changed = event.get("changed").and_then(Value::as_array).unwrap_or_default();
                    let names: Vec<&str> = changed.iter().filter_map(Value::as_str).collect();
                    let status = event.get("status").map(ToString::to_string).unwrap_or_default();
                    format!(
                        "{} answered {status}{}{}",
                        text("method"),
                        if names.is_empty() { "" } else { ": " },
                        names.join(", ")
                    )
                }
                _ => format!("{} {}", text("kind"), text("text")).trim().to_owned(),
            }
        }
    }
}

/// A document as names and values, extensions and custom fields included.
fn profile(root: &scimstack_schema::Object) -> Markup {
    html! {
        @for (name, value) in root.iter() {
            @match value {
                _ if name.eq_ignore_ascii_case("schemas") => {}
                Value::Object(inner) if name.starts_with("urn:") => { (profile(inner)) }
                value => { dt { (name) } dd { (show_value(value)) } }
            }
        }
    }
}

fn show_value(value: &Value) -> Markup {
    html! {
        @match value {
            Value::String(text) => { (text) }
            Value::Bool(true) => { "yes" }
            Value::Bool(false) => { "no" }
            Value::Array(elements) => { @for element in elements { div { (show_value(element)) } } }
            Value::Object(object) => {
                @for (i, (name, inner)) in object.iter().enumerate() {
                    @if i > 0 { " · " } span.soft { (name) ": " } (show_value(inner))
                }
            }
            other => { (other) }
        }
    }
}
