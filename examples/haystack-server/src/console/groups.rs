//! Groups: the list, and one group with its members.

use super::App;
use super::data::PAGE;
use super::page::{Failure, Shell, Tab, moment};
use super::people::{Search, pager, quoted};
use super::session::Session;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use maud::html;
use scimstack_schema::Value;
use scimstack_store::Anchor;

/// How many members a group's page shows.
const MEMBERS: usize = 500;

pub(super) async fn list(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
    Query(search): Query<Search>,
) -> Result<Response, Failure> {
    let shell = Shell::new(&console, session, &tenant, Tab::Groups).await?;
    let filter = search.text().map(|text| format!("displayName co {}", quoted(text)));
    let listing = console.list(shell.tenant.id, "Group", filter.as_deref(), "displayName", search.page(), PAGE).await?;
    let body = html! {
        h1 { "Groups" }
        form.panel.row method="get" { label { "Search" input name="q" value=[search.text()] placeholder="Name"; } button type="submit" { "Search" } }
        section.panel {
            @if listing.items.is_empty() { p.empty { "No groups. Push Groups at the identity provider brings them here." } }
            @else {
                table { thead { tr { th { "Name" } th { "Members" } th { "Changed" } } } tbody {
                    @for group in &listing.items { tr {
                        td { a href=(shell.link(&format!("groups/{}", group.key.id))) { (group.core.display.as_deref().unwrap_or("(no name)")) } }
                        td { (group.edge_count) }
                        td { (group.core.modified) }
                    } }
                } }
            }
            (pager(&shell, "groups", &search, &listing))
        }
    };
    Ok(shell.page("Groups", body).into_response())
}

pub(super) async fn show(
    State(console): App,
    session: Session,
    Path((tenant, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let shell = Shell::new(&console, session, &tenant, Tab::Groups).await?;
    let (stored, resource) = console.read(shell.tenant.id, "Group", &id).await?;
    let name = resource.root().get("displayName").and_then(Value::as_str).unwrap_or("(no name)").to_owned();
    let members = console.edges(shell.tenant.id, "members", Anchor::Sources(vec![stored.key.clone()]), MEMBERS).await?;
    let body = html! {
        h1 { (name) }
        section.panel { dl {
            dt { "Members" } dd { (stored.edge_count) }
            dt { "External id" } dd { (resource.external_id().unwrap_or("none")) }
            dt { "Created" } dd { (moment(stored.core.created)) }
            dt { "Changed" } dd { (moment(stored.core.modified)) " (version " (stored.version) ")" }
        } }
        section.panel {
            h2 { "Members" }
            @if members.is_empty() { p.empty { "Nobody." } }
            ul.plain {
                @for edge in &members { li {
                    @match &edge.target {
                        Some(target) => {
                            @let page = if target.kind.as_str() == "Group" { "groups" } else { "people" };
                            a href=(shell.link(&format!("{page}/{}", target.id))) { (edge.peer.as_ref().and_then(|p| p.display.as_deref()).unwrap_or(target.id.as_str())) }
                            @if edge.peer.as_ref().and_then(|p| p.active) == Some(false) { " " span.state.deactivated { "Deactivated" } }
                        }
                        None => { (edge.raw) " " span.state.unclaimed { "waits for this person to arrive" } }
                    }
                } }
            }
            @if stored.edge_count > members.len() as u64 { p.hint { "The first " (members.len()) " are shown." } }
        }
    };
    Ok(shell.page(&name, body).into_response())
}
