//! Managers to put right at the identity provider: people whose manager is not here, ambiguous, deactivated or themself, a
//! page at a time; and, when they are asked for, circles, for which every reporting line has to be read.

use super::App;
use super::data::Console;
use super::org_chart::pager;
use super::page::{Failure, Filling, Shell, Tab};
use super::session::Session;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use scimstack_server::org::Troubled;
use scimstack_store::{Key, TenantId};
use serde::Deserialize;

/// People on a page, and how many are looked at for it.
const PEOPLE: usize = 50;
const LOOKED_AT: usize = 100;
const LOOKS: usize = 50;
/// Circles, and people of one, that are shown.
const CIRCLES: usize = 50;
const OF_A_CIRCLE: usize = 20;

#[derive(Deserialize)]
pub(super) struct Choice {
    after: Option<String>,
    circles: Option<String>,
}

/// A page of people whose manager is not as it should be.
async fn troubled(
    console: &Console,
    tenant: TenantId,
    after: Option<&str>,
) -> Result<(Vec<Troubled>, Option<String>), Failure> {
    let org = console.admin.org(tenant);
    let mut filling = Filling::after(after, PEOPLE, LOOKS)?;
    while let Some((after, _)) = filling.look() {
        let page = org.troubles(after, LOOKED_AT).await?;
        filling.take(page.people, page.next);
    }
    Ok(filling.done())
}

/// A link to a person, by name.
async fn link(console: &Console, shell: &Shell, key: &Key) -> Result<Markup, Failure> {
    let person = console.admin.org(shell.tenant.id).person(key).await?;
    let name = person.and_then(|person| person.name).unwrap_or_else(|| key.id.to_string());
    Ok(html! { a href=(shell.link(&format!("org-chart?person={}", key.id))) { (name) } })
}

pub(super) async fn show(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
    Query(choice): Query<Choice>,
) -> Result<Response, Failure> {
    let shell = Shell::new(&console, session, &tenant, Tab::OrgChart).await?;
    let after = choice.after.as_deref();
    let (people, next) = troubled(&console, shell.tenant.id, after).await?;
    let mut rows = Vec::with_capacity(people.len());
    for person in people {
        rows.push((link(&console, &shell, &person.key).await?, person));
    }
    let circles = if choice.circles.is_some() { Some(circles(&console, &shell).await?) } else { None };
    let body = html! {
        h1 { "Managers to put right" }
        p { a href=(shell.link("org-chart")) { "↑ Top of the company" } }
        section.panel {
            h2 { "Why a manager is not known" }
            p.hint { "Put them right at the identity provider. Who is not here yet is waited for, and found by itself on the day they come." }
            @if rows.is_empty() {
                p.empty { @if next.is_some() { "None among those looked at so far." } @else if after.is_some() { "None on this page." } @else { "Every manager is known and here." } }
            } @else {
                table { thead { tr { th { "Person" } th { "Manager as sent" } th { "Why" } } } tbody {
                    @for (link, person) in &rows { tr { td { (link) } td { (person.raw) } td { (person.trouble.as_str()) } } }
                } }
            }
            (pager(&shell, "org-chart/troubles?", after.is_some(), next.as_deref()))
        }
        section.panel #circles {
            h2 { "Circles" }
            @match &circles {
                None => p { "Managers who report to each other in a circle have no top. " a href=(shell.link("org-chart/troubles?circles=1#circles")) { "Look for circles" } " (this reads every reporting line)." }
                Some(found) if found.is_empty() => p.empty { "No managers run in a circle." }
                Some(found) => ul.plain { @for circle in found { li { (circle) } } }
            }
        }
    };
    Ok(shell.page("Managers to put right", body).into_response())
}

/// Each circle as a line.
async fn circles(console: &Console, shell: &Shell) -> Result<Vec<Markup>, Failure> {
    let mut found = Vec::new();
    for circle in console.admin.org(shell.tenant.id).circles().await?.into_iter().take(CIRCLES) {
        let mut links = Vec::new();
        for key in circle.iter().take(OF_A_CIRCLE) {
            links.push(link(console, shell, key).await?);
        }
        let more = circle.len().saturating_sub(OF_A_CIRCLE);
        found.push(html! {
            @for link in &links { (link) " → " }
            @if more > 0 { "… (" (more) " more)" } @else { "and round again" }
        });
    }
    Ok(found)
}
