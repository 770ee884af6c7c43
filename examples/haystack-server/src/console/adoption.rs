//! People who were here before provisioning: who belongs to no connection, whom of them the identity provider's list
//! means, and linking them. What `adopt` on the command line shows and does. Left out: who is whom
//! ([`scimstack_server::Engine::adopt`]).

use super::App;
use super::data::{Console, name_of, state, state_name};
use super::form::{Sent, Typed};
use super::org_chart::pager;
use super::page::{Failure, Filling, Shell, Tab};
use super::provisioning::{address, connection_named};
use super::session::Session;
use crate::roster;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use scimstack_schema::Resource;
use scimstack_server::admin::Connection;
use scimstack_server::{Adoption, Found, Here, RosterEntry};
use scimstack_store::{Stored, TenantId};
use serde::Deserialize;

/// Lines of a result on one page; of what was done, more.
const LINES: usize = 100;
const LINES_DONE: usize = 1_000;
/// Lines of a list, at most: what can be looked up while a browser waits.
const MOST_LINES: usize = 5_000;
/// People of the list of those who belong to nobody, and how many are looked at for a page.
const PEOPLE: usize = 50;
const LOOKED_AT: u32 = 100;
const LOOKS: usize = 50;

#[derive(Deserialize)]
pub(super) struct Choice {
    after: Option<String>,
}

/// What was asked with a list, or of some people.
#[derive(Default)]
struct Asked {
    connection: String,
    roster: Typed,
    result: Option<Adoption>,
    /// Whether the people came from the list of those who belong to nobody.
    is_picked: bool,
    page: usize,
}

pub(super) async fn show(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
    Query(choice): Query<Choice>,
) -> Result<Response, Failure> {
    render(&console, session, &tenant, choice.after.as_deref(), Asked::default()).await
}

/// People who belong to no connection, and where to go on.
async fn unowned(
    console: &Console,
    tenant: &str,
    after: Option<&str>,
) -> Result<(Vec<Stored>, Option<String>), Failure> {
    let mut filling = Filling::after(after, PEOPLE, LOOKS)?;
    while let Some((after, _)) = filling.look() {
        let (found, next) = console.engine.unowned(tenant, after, LOOKED_AT).await?;
        filling.take(found, next);
    }
    Ok(filling.done())
}

async fn render(
    console: &Console,
    session: Session,
    tenant: &str,
    after: Option<&str>,
    asked: Asked,
) -> Result<Response, Failure> {
    let shell = Shell::new(console, session, tenant, Tab::People).await?;
    let connections = console.admin.connections(shell.tenant.id).await?;
    let (people, next) = unowned(console, &shell.tenant.name, after).await?;
    let people = named(console, shell.tenant.id, people).await?;
    let chosen = connection_named(&asked.connection);
    let body = html! {
        h1 { "People who were here before" }
        p { "People made by hand belong to no connection. Link them before provisioning is switched on, and the identity provider finds them instead of making them anew: the id, the history and the account stay." }
        @if let Some(result) = &asked.result { (outcome(&shell, chosen, &asked, result)) }
        form.panel #roster method="post" action=(shell.link("adoption")) {
            h2 { "By the identity provider's list" }
            (shell.csrf())
            p.hint { "Export the people who are assigned to the application: CSV with a first line that names columns of " code { "userName" } ", " code { "externalId" } " and " code { "email" } " (others are passed over), or a JSON object with these members on each line. The " code { "externalId" } " is entered for whoever has none; without it in the list, none is. Nothing is changed until you say so." }
            label {
                "List"
                textarea.short name="roster" spellcheck="false" placeholder="userName,externalId,email" aria-invalid=[asked.roster.invalid()] aria-describedby=[asked.roster.described("roster")] { (asked.roster.text) }
                (asked.roster.complaint("roster"))
            }
            div.row {
                label.needs-script hidden { "or a file" input type="file" accept=".csv,.json,.jsonl,.txt,text/csv,text/plain,application/json" data-into="roster"; }
                (connection_choice(&connections, chosen))
                button type="submit" name="do" value="look" { "Show who is who" }
            }
        }
        form.panel #unowned method="post" action=(shell.link("adoption")) {
            h2 { "Belong to no connection" }
            (shell.csrf())
            @if people.is_empty() && after.is_none() && next.is_none() { p.empty { "Everyone here belongs to a connection." } }
            @else if people.is_empty() { p.empty { "None among those looked at so far." } }
            @else {
                p.hint { "Without a list, people are linked by their user names, and no " code { "externalId" } " is entered: the identity provider sends it with its first update of them. Whether to link them here depends on how it looks for people before it makes them:" }
                ul.plain.hint {
                    li { "By user name, as Okta and Entra ID do unless told otherwise: whoever is linked is found." }
                    li { "By " code { "externalId" } ": link by its list, which has that column. Linked here, they would not be found, and creating them would be refused." }
                    li { "Not at all: link nobody here. When it creates someone with the same user name, that person is linked then, as chosen under " a href=(address(&shell.tenant.name, chosen)) { "Whom a create links" } "." }
                }
                table { thead { tr { th { "Link" } th { "Name" } th { "User name" } th { "State" } } } tbody {
                    @for (stored, name, user_name) in &people { tr {
                        td { input type="checkbox" name="person" value=(user_name) aria-label=(format!("Link {name}")); }
                        td { a href=(shell.link(&format!("people/{}", stored.key.id))) { (name) } }
                        td { (user_name) }
                        td { (badge(stored)) }
                    } }
                } }
                div.row {
                    (connection_choice(&connections, chosen))
                    button type="submit" name="do" value="pick" { "Link the ticked ones" }
                }
            }
            (pager(&shell, "adoption?", after.is_some(), next.as_deref()))
        }
    };
    let status = if asked.roster.error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok((status, shell.page("People who were here before", body)).into_response())
}

fn badge(stored: &Stored) -> Markup {
    let name = state_name(state(stored));
    html! { span class=(format!("state {}", name.to_lowercase())) { (name) } }
}

async fn named(
    console: &Console,
    tenant: TenantId,
    people: Vec<Stored>,
) -> Result<Vec<(Stored, String, String)>, Failure> {
    let registry = console.admin.registry(tenant).await?;
    let user = registry.resource_type("User").cloned();
    let named = people.into_iter().map(|stored| {
        let resource = user.clone().and_then(|user| Resource::from_stored(user, &stored.doc).ok());
        let name = resource.as_ref().map_or_else(|| stored.key.id.to_string(), name_of);
        let user_name = resource.as_ref().and_then(|it| it.root().get("userName")?.as_str().map(str::to_owned));
        (stored, name, user_name.unwrap_or_default())
    });
    Ok(named.collect())
}

/// The connection people are to belong to, when there are several.
fn connection_choice(connections: &[Connection], chosen: &str) -> Markup {
    html! {
        @if connections.len() > 1 {
            label { "Connection" select name="connection" {
                @for connection in connections {
                    @let name = &connection.policy.name;
                    option value=(name) selected[name == chosen] { (name) }
                }
            } }
        } @else if let Some(only) = connections.first() { input type="hidden" name="connection" value=(only.policy.name); }
    }
}

/// What became of a line, in words: how it is marked, and why.
fn told(found: &Found, applied: bool) -> (&'static str, &'static str, Vec<&Here>, String) {
    match found {
        Found::Match(here) if applied => ("active", "linked", vec![here], String::new()),
        Found::Match(here) => ("active", "would be linked", vec![here], String::new()),
        Found::Linked(here) => ("plain", "linked already", vec![here], String::new()),
        Found::Refused(here, why) => ("deactivated", "not linked", vec![here], why.clone()),
        Found::Ambiguous(several) => {
            let why = "Several people, or several lines, may be meant.".to_owned();
            ("unclaimed", "ambiguous", several.iter().collect(), why)
        }
        _ => ("plain", "new", Vec::new(), "Nobody here is meant: the connection will make someone new.".to_owned()),
    }
}

fn sent(entry: &RosterEntry) -> String {
    let all = [&entry.user_name, &entry.external_id, &entry.email];
    let all: Vec<&str> = all.into_iter().flatten().map(String::as_str).filter(|text| !text.is_empty()).collect();
    if all.is_empty() { "(empty)".to_owned() } else { all.join(" · ") }
}

/// Who is who, or what was done.
fn outcome(shell: &Shell, connection: &str, asked: &Asked, result: &Adoption) -> Markup {
    let count = |wanted: fn(&Found) -> bool| result.lines.iter().filter(|(_, found)| wanted(found)).count();
    let matched = count(|found| matches!(found, Found::Match(_)));
    let linked = count(|found| matches!(found, Found::Linked(_)));
    let refused = count(|found| matches!(found, Found::Refused(..)));
    let ambiguous = count(|found| matches!(found, Found::Ambiguous(_)));
    let nobody = result.lines.len() - matched - linked - refused - ambiguous;
    let is_bare = |entry: &RosterEntry| entry.external_id.as_deref().is_none_or(|id| id.trim().is_empty());
    let bare = result.lines.iter().filter(|(entry, found)| matches!(found, Found::Match(_)) && is_bare(entry)).count();
    let lines = if result.applied { LINES_DONE } else { LINES };
    let pages = result.lines.len().div_ceil(lines).max(1);
    let page = asked.page.clamp(1, pages);
    let people = |n: usize| if n == 1 { "1 person".to_owned() } else { format!("{n} people") };
    html! {
        @if result.applied { p.notice role="status" { (people(matched)) " linked to the connection " (connection) "." } }
        form.panel #outcome method="post" action=(shell.link("adoption")) {
            h2 { @if result.applied { "What was done" } @else { "Who is who" } }
            (shell.csrf())
            p {
                (matched) (if result.applied { " linked, " } else { " would be linked, " })
                (linked) " linked already, " (refused) " not to be linked, " (ambiguous) " ambiguous, " (nobody) " new."
            }
            @if bare > 0 {
                p.hint { "For " @if bare == matched { (if matched == 1 { "that person" } else { "these people" }) } @else { (bare) " of them" } " no " code { "externalId" } " is given: who has none gets it with the identity provider's first update." }
            }
            table { thead { tr { th { "In the list" } th { "Here" } th { "What" } } } tbody {
                @for (entry, found) in result.lines.iter().skip((page - 1) * lines).take(lines) { tr {
                    @let (class, word, who, why) = told(found, result.applied);
                    td { (sent(entry)) }
                    td { @for here in who { div { a href=(shell.link(&format!("people/{}", here.id))) { (here.user_name) } } } }
                    td { span class=(format!("state {class}")) { (word) } @if !why.is_empty() { div.soft { (why) } } }
                } }
            } }
            @if result.applied {
                @if result.lines.len() > lines { p.hint { "The first " (lines) " lines are shown." } }
            } @else {
                // What is asked again with the next page, and with the button, is the list as it was sent.
                @if !asked.is_picked { textarea hidden name="roster" aria-label="List" { (asked.roster.text) } }
                input type="hidden" name="connection" value=(connection);
                @if pages > 1 {
                    div.pager {
                        span { @if page > 1 { button.quiet type="submit" name="page" value=(page - 1) { "← Previous" } } }
                        span.soft { (result.lines.len()) " in all · page " (page) " of " (pages) }
                        span { @if page < pages { button.quiet type="submit" name="page" value=(page + 1) { "Next →" } } }
                    }
                }
                @if matched > 0 { p { button type="submit" name="do" value="link" { "Link " (people(matched)) } } }
            }
        }
    }
}

pub(super) async fn adopt(
    State(console): App,
    Path(tenant): Path<String>,
    Sent { session, fields }: Sent,
) -> Result<Response, Failure> {
    let is_picked = fields.text("do") == "pick";
    let mut asked = Asked {
        connection: fields.text("connection").to_owned(),
        roster: Typed::new(fields.text("roster")),
        is_picked,
        page: fields.text("page").parse().unwrap_or(1),
        result: None,
    };
    let entries = if is_picked {
        Some(fields.all("person").map(|name| RosterEntry::default().with_user_name(name)).collect())
    } else {
        asked.roster.read(listed)
    };
    if let Some(entries) = entries {
        let apply = is_picked || fields.text("do") == "link";
        let connection = connection_named(&asked.connection).to_owned();
        let tenant = console.admin.tenant(&tenant).await?.name;
        asked.result = Some(console.engine.adopt(&tenant, &connection, entries, apply).await?);
    }
    render(&console, session, &tenant, None, asked).await
}

/// The people of a list that is not too long.
fn listed(text: &str) -> Result<Vec<RosterEntry>, String> {
    let entries = roster::parse(text)?;
    match entries.len() {
        0 => Err("there is nobody in this list".to_owned()),
        n if n > MOST_LINES => Err(format!(
            "the list has {n} people, more than {MOST_LINES}: give it in parts, or whole to `haystack-server adopt`"
        )),
        _ => Ok(entries),
    }
}
