//! The org chart as a picture (SVG), left to right, drawn on the server, a part at a time: the top of the company, or one
//! person with the line above and the direct reports. What it reads is what it shows; how large the company is does not
//! matter. Left out: who reports to whom ([`scimstack_server::org`]), and what is wrong with managers (`troubles`).

use super::App;
use super::data::Console;
use super::page::{Failure, Filling, Shell, Tab};
use super::session::Session;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use scimstack_schema::Value;
use scimstack_server::org::{LineEnd, Manager, Org, Person};
use scimstack_store::{Key, ResourceId, Scope, TenantId, Total, Want};
use serde::Deserialize;

const WIDTH: usize = 210;
const HEIGHT: usize = 46;
const GAP_X: usize = 56;
const GAP_Y: usize = 12;
const MARGIN: usize = 20;
/// Room to the right of the last boxes, for how many report to them.
const BESIDE: usize = 120;
/// People of the top, and reports of a person, on a page.
const PEOPLE: usize = 50;
/// Pages of the store that are read for one of these: it may give pages with nobody on them.
const LOOKS: usize = 20;
/// People of a line upward.
const LINE: usize = 20;
/// Edges that are read to count reports.
const COUNTED: usize = 5_000;
/// So many who wait for their manager are counted.
const WAITING: usize = 1_000;

#[derive(Deserialize)]
pub(super) struct Choice {
    /// In whose part of the company.
    #[serde(alias = "root")]
    person: Option<String>,
    after: Option<String>,
}

/// One box of the picture.
struct Box {
    person: Person,
    /// What stands below the name.
    sub: String,
    class: &'static str,
    level: usize,
    row: usize,
    parent: Option<usize>,
    /// How many report to them, where that is to be shown, and whether there are more.
    reports: Option<(usize, bool)>,
}

fn place(b: &Box) -> (usize, usize) {
    (MARGIN + b.level * (WIDTH + GAP_X), MARGIN + b.row * (HEIGHT + GAP_Y))
}

fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}

fn shown(person: &Person) -> &str {
    person.name.as_deref().unwrap_or(person.key.id.as_str())
}

fn picture(shell: &Shell, boxes: &[Box]) -> Markup {
    let width = boxes.iter().map(|b| place(b).0 + WIDTH + BESIDE).max().unwrap_or(0);
    let height = boxes.iter().map(|b| place(b).1 + HEIGHT + MARGIN).max().unwrap_or(0);
    html! {
        div.chart tabindex="0" role="group" aria-label="Org chart" {
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) {
                @for b in boxes {
                    @if let Some(parent) = b.parent.and_then(|parent| boxes.get(parent)) {
                        @let ((x1, y1), (x2, y2)) = (place(parent), place(b));
                        @let (x1, y1, y2) = (x1 + WIDTH, y1 + HEIGHT / 2, y2 + HEIGHT / 2);
                        @let middle = (x1 + x2) / 2;
                        path.wire d=(format!("M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}")) {}
                    }
                }
                @for b in boxes {
                    @let ((x, y), name) = (place(b), shown(&b.person));
                    @let class = if b.person.active { format!("box {}", b.class) } else { format!("box {} deactivated", b.class) };
                    @let sub = if b.person.active { b.sub.as_str() } else { "no longer here" };
                    a href=(shell.link(&format!("org-chart?person={}", b.person.key.id))) aria-current=[(b.class == "root").then_some("true")] {
                        title { (name) @if !sub.is_empty() { ", " (sub) } }
                        rect class=(class) x=(x) y=(y) width=(WIDTH) height=(HEIGHT) rx="8" {}
                        text x=(x + 12) y=(y + if sub.is_empty() { 28 } else { 20 }) { (cut(name, 27)) }
                        text.sub x=(x + 12) y=(y + 36) { (cut(sub, 32)) }
                        @if let Some((reports, more)) = b.reports.filter(|(reports, more)| *reports > 0 || *more) {
                            text.sub x=(x + WIDTH + 8) y=(y + HEIGHT / 2 + 4) {
                                (reports) (if more { "+" } else { "" }) (if reports == 1 && !more { " report →" } else { " reports →" })
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What someone is here for, as their document says.
async fn title(console: &Console, tenant: TenantId, key: &Key) -> Result<String, Failure> {
    let stored = console.admin.store().read(Scope::Tenant(tenant), key, Want::DOCUMENT).await?;
    let document = stored.and_then(|stored| Value::parse(&stored.doc).ok()).unwrap_or_default();
    Ok(document.get("title").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// The boxes of one level below a box, or of the top, with titles and how many report to each, most of these first.
async fn level(
    console: &Console,
    tenant: TenantId,
    org: &Org,
    people: Vec<(Person, String)>,
    at: (usize, Option<usize>),
) -> Result<Vec<Box>, Failure> {
    let keys: Vec<Key> = people.iter().map(|(person, _)| person.key.clone()).collect();
    let counted = org.report_counts(&keys, COUNTED).await?;
    let mut boxes = Vec::with_capacity(people.len());
    for ((person, why), count) in people.into_iter().zip(counted.counts) {
        let sub = if why.is_empty() { title(console, tenant, &person.key).await? } else { why };
        let reports = Some((count, counted.more));
        boxes.push(Box { person, sub, class: "", level: at.0, row: 0, parent: at.1, reports });
    }
    boxes.sort_by_key(|b| (std::cmp::Reverse(b.reports), shown(&b.person).to_lowercase()));
    for (row, b) in boxes.iter_mut().enumerate() {
        b.row = row;
    }
    Ok(boxes)
}

/// A page of the top.
async fn top(console: &Console, tenant: TenantId, after: Option<&str>) -> Result<(Vec<Box>, Option<String>), Failure> {
    let org = console.admin.org(tenant);
    let mut filling = Filling::after(after, PEOPLE, LOOKS)?;
    while let Some((after, left)) = filling.look() {
        let page = org.top(after, u32::try_from(left).unwrap_or(u32::MAX)).await?;
        filling.take(page.people, page.next);
    }
    let (heads, next) = filling.done();
    let people = heads.into_iter().map(|head| {
        let why = match &head.manager {
            Manager::Waiting(raw) => format!("manager not here: {raw}"),
            _ => String::new(),
        };
        (head.person, why)
    });
    let boxes = level(console, tenant, &org, people.collect(), (0, None)).await?;
    Ok((boxes, next))
}

/// A person with the line above, drawn from its end downward, and a page of direct reports; and why the line ends.
async fn around(
    console: &Console,
    tenant: TenantId,
    person: Person,
    after: Option<&str>,
) -> Result<(Vec<Box>, Option<String>, LineEnd), Failure> {
    let org = console.admin.org(tenant);
    let line = org.line(&person.key, LINE).await?;
    let mut filling = Filling::after(after, PEOPLE, LOOKS)?;
    while let Some((after, left)) = filling.look() {
        let page = org.reports(&person.key, after, left).await?;
        filling.take(page.people, page.next);
    }
    let (reports, next) = filling.done();
    let mut boxes = Vec::new();
    let counts = org.report_counts(std::slice::from_ref(&person.key), COUNTED).await?;
    let own = counts.counts.first().map(|count| (*count, counts.more));
    let above = line.people.len();
    for (level, person) in line.people.into_iter().rev().chain([person]).enumerate() {
        let sub = title(console, tenant, &person.key).await?;
        let (class, reports) = if level == above { ("root", own.filter(|_| reports.is_empty())) } else { ("", None) };
        boxes.push(Box { person, sub, class, level, row: 0, parent: level.checked_sub(1), reports });
    }
    let below = reports.into_iter().map(|person| (person, String::new())).collect();
    boxes.extend(level(console, tenant, &org, below, (above + 1, Some(above))).await?);
    Ok((boxes, next, line.end))
}

/// The person with this id.
async fn person(console: &Console, tenant: TenantId, id: &str) -> Result<Person, Failure> {
    let missing = || Failure::not_found("There is no such person.");
    let key = Key::new("User", ResourceId::new(id).ok_or_else(missing)?);
    console.admin.org(tenant).person(&key).await?.ok_or_else(missing)
}

pub(super) async fn show(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
    Query(choice): Query<Choice>,
) -> Result<Response, Failure> {
    let shell = Shell::new(&console, session, &tenant, Tab::OrgChart).await?;
    let after = choice.after.as_deref();
    match &choice.person {
        Some(id) => of_person(&console, &shell, id, after).await,
        None => of_company(&console, &shell, after).await,
    }
}

async fn of_company(console: &Console, shell: &Shell, after: Option<&str>) -> Result<Response, Failure> {
    let org = console.admin.org(shell.tenant.id);
    let (boxes, next) = top(console, shell.tenant.id, after).await?;
    let people = match org.people().await? {
        Total::Exact(n) => n.to_string(),
        Total::AtLeast(n) => format!("{n}+"),
        Total::Unknown => "many".to_owned(),
    };
    let (waiting, more) = org.waiting(WAITING).await?;
    let is_flat = after.is_none() && next.is_none() && boxes.iter().all(|b| b.reports.is_none_or(|(n, _)| n == 0));
    let body = html! {
        h1 { "Org chart" }
        p {
            (people) " people. Here are those with nobody above them, the largest teams first; open one to see who reports to them. "
            @if waiting > 0 || more {
                (waiting) (if more { "+" } else { "" }) (if waiting == 1 { " person waits" } else { " people wait" }) " for a manager who is not here. "
            }
            a href=(shell.link("org-chart/troubles")) { "Managers to put right" }
        }
        @if is_flat {
            p.panel.empty { "No reporting lines are known yet. Map the manager's user name to " code { "manager.value" } " at the identity provider." }
        }
        @if !boxes.is_empty() { (picture(shell, &boxes)) }
        @else if !is_flat { p.panel.empty { "Nobody on this page." } }
        (pager(shell, "org-chart?", after.is_some(), next.as_deref()))
    };
    Ok(shell.page("Org chart", body).into_response())
}

async fn of_person(console: &Console, shell: &Shell, id: &str, after: Option<&str>) -> Result<Response, Failure> {
    let person = person(console, shell.tenant.id, id).await?;
    let name = shown(&person).to_owned();
    let (boxes, next, end) = around(console, shell.tenant.id, person, after).await?;
    let body = html! {
        h1 { "Org chart: " (name) }
        p {
            a href=(shell.link("org-chart")) { "↑ Top of the company" } " · "
            a href=(shell.link(&format!("people/{id}"))) { "Profile of " (name) }
        }
        @match &end {
            LineEnd::Waiting(raw) => p.hint { "The line ends where a manager is not here yet: " code { (raw) } ". " a href=(shell.link("org-chart/troubles")) { "Managers to put right" } }
            LineEnd::Circle(_) => p.error { "The reporting line runs in a circle. Correct the managers at the identity provider. " a href=(shell.link("org-chart/troubles?circles=1")) { "All circles" } }
            LineEnd::Cut => p.hint { "The " (LINE) " nearest of the line upward are shown." }
            _ => {}
        }
        (picture(shell, &boxes))
        (pager(shell, &format!("org-chart?person={id}&"), after.is_some(), next.as_deref()))
    };
    Ok(shell.page(&format!("Org chart: {name}"), body).into_response())
}

/// Links to the first page and the next of a list that goes on from a cursor.
pub(super) fn pager(shell: &Shell, path: &str, is_later: bool, next: Option<&str>) -> Markup {
    html! {
        @if is_later || next.is_some() {
            div.pager {
                span { @if is_later { a href=(shell.link(path.trim_end_matches(['?', '&']))) { "← First page" } } }
                span { @if let Some(next) = next { a href=(shell.link(&format!("{path}after={next}"))) { "Next →" } } }
            }
        }
    }
}
