//! The org chart as one picture (SVG), left to right, drawn on the server: who reports to whom, as far as managers are
//! known. Large companies are shown a few levels at a time; every person is a link to their part of the chart.

use super::App;
use super::data::{Console, name_of, state};
use super::page::{Failure, Shell, Tab};
use super::session::Session;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use scimstack_provisioning::directory::PersonState;
use scimstack_schema::{Resource, Value};
use scimstack_server::org::Troubled;
use scimstack_store::{TenantId, Want};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

const WIDTH: usize = 210;
const HEIGHT: usize = 46;
const GAP_X: usize = 56;
const GAP_Y: usize = 12;
const MARGIN: usize = 20;
/// At most so many managers to put right.
const MAX_TROUBLES: usize = 100;
/// At most so many boxes in one picture.
const MAX_BOXES: usize = 2_000;

#[derive(Deserialize)]
pub(super) struct Choice {
    root: Option<String>,
    levels: Option<usize>,
}

/// Who is in the company and who reports to whom.
struct Company {
    names: HashMap<String, (String, String, bool)>,
    reports: HashMap<String, Vec<String>>,
    manager: HashMap<String, String>,
}

async fn company(console: &Console, tenant: TenantId) -> Result<Company, Failure> {
    let registry = console.admin.registry(tenant).await?;
    let user = registry.resource_type("User").cloned().ok_or_else(|| Failure::not_found("There are no users here."))?;
    let mut names = HashMap::new();
    for stored in console.everyone(tenant, Want::ALL).await? {
        let inactive = matches!(state(&stored), PersonState::Deactivated { .. });
        let (name, title) = match Resource::from_stored(user.clone(), &stored.doc) {
            Ok(resource) => {
                let title = resource.root().get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
                (name_of(&resource), title)
            }
            Err(_) => (stored.key.id.to_string(), String::new()),
        };
        names.insert(stored.key.id.to_string(), (name, title, inactive));
    }
    let mut company = Company { names, reports: HashMap::new(), manager: HashMap::new() };
    for edge in console.managers(tenant).await? {
        let source = edge.source.id.to_string();
        match edge.target {
            Some(target) if target.id.as_str() != source => {
                company.reports.entry(target.id.to_string()).or_default().push(source.clone());
                company.manager.insert(source, target.id.to_string());
            }
            _ => {}
        }
    }
    let by_name = |id: &String| company.names.get(id).map(|(name, ..)| name.clone());
    for list in company.reports.values_mut() {
        list.sort_by_key(by_name);
    }
    Ok(company)
}

impl Company {
    /// People without a manager who have reports, largest teams first; with cycles, one of each circle.
    fn roots(&self) -> Vec<String> {
        let mut roots: Vec<String> =
            self.reports.keys().filter(|id| !self.manager.contains_key(*id)).cloned().collect();
        roots.sort_by_key(|id| {
            (std::cmp::Reverse(self.team(id).len()), self.names.get(id).map(|(name, ..)| name.clone()))
        });
        let mut covered: HashSet<String> = roots.iter().flat_map(|id| self.team(id)).collect();
        let mut rest: Vec<&String> = self.manager.keys().filter(|id| !covered.contains(*id)).collect();
        rest.sort();
        for id in rest {
            if !covered.contains(id) {
                covered.extend(self.team(id));
                roots.push(id.clone());
            }
        }
        roots
    }

    /// Someone and everyone below.
    fn team(&self, root: &str) -> HashSet<String> {
        let mut team = HashSet::new();
        let mut todo = vec![root.to_owned()];
        while let Some(id) = todo.pop() {
            if team.insert(id.clone()) {
                todo.extend(self.reports.get(&id).into_iter().flatten().cloned());
            }
        }
        team
    }
}

/// One box of the picture.
struct Box {
    id: String,
    level: usize,
    /// The middle, in half rows.
    row: usize,
    parent: Option<usize>,
    hidden: usize,
}

/// Places everyone below the roots, down to `levels`, without recursion: leaves take the next row, managers stand in the
/// middle of their reports.
fn place(company: &Company, roots: &[String], levels: usize) -> Vec<Box> {
    let mut boxes: Vec<Box> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    let mut todo: Vec<(String, usize, Option<usize>)> = roots.iter().rev().map(|id| (id.clone(), 0, None)).collect();
    let mut order: Vec<Vec<usize>> = Vec::new();
    while let Some((id, level, parent)) = todo.pop() {
        if boxes.len() >= MAX_BOXES || !seen.insert(id.clone()) {
            continue;
        }
        let reports = company.reports.get(&id).map(Vec::as_slice).unwrap_or_default();
        let at = boxes.len();
        let hidden = if level + 1 < levels { 0 } else { company.team(&id).len() - 1 };
        if level + 1 < levels {
            todo.extend(reports.iter().rev().map(|report| (report.clone(), level + 1, Some(at))));
        }
        boxes.push(Box { id, level, row: 0, parent, hidden });
        order.push(Vec::new());
        if let Some(children) = parent.and_then(|parent| order.get_mut(parent)) {
            children.push(at);
        }
    }
    let mut next = 0;
    // Boxes come in depth-first order: leaves get rows from the front, parents their middle from the back.
    for (at, children) in order.iter().enumerate() {
        if children.is_empty() {
            if let Some(leaf) = boxes.get_mut(at) {
                leaf.row = next;
            }
            next += 2;
        }
    }
    for (at, children) in order.iter().enumerate().rev() {
        if let (Some(&first), Some(&last)) = (children.first(), children.last()) {
            let row = (boxes.get(first).map_or(0, |b| b.row) + boxes.get(last).map_or(0, |b| b.row)) / 2;
            if let Some(parent) = boxes.get_mut(at) {
                parent.row = row;
            }
        }
    }
    boxes
}

fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}

fn picture(shell: &Shell, company: &Company, boxes: &[Box], levels: usize) -> Markup {
    let x = |b: &Box| MARGIN + b.level * (WIDTH + GAP_X);
    let y = |b: &Box| MARGIN + b.row * (HEIGHT + GAP_Y) / 2;
    let width = boxes.iter().map(|b| x(b) + WIDTH + MARGIN + 60).max().unwrap_or(0);
    let height = boxes.iter().map(|b| y(b) + HEIGHT + MARGIN).max().unwrap_or(0);
    html! {
        div.chart {
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) role="img" aria-label="Org chart" {
                @for b in boxes {
                    @if let Some(parent) = b.parent.and_then(|p| boxes.get(p)) {
                        @let (x1, y1, x2, y2) = (x(parent) + WIDTH, y(parent) + HEIGHT / 2, x(b), y(b) + HEIGHT / 2);
                        @let middle = (x1 + x2) / 2;
                        path.wire d=(format!("M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}")) {}
                    }
                }
                @for b in boxes {
                    @let unknown = (b.id.clone(), String::new(), false);
                    @let (name, title, inactive) = company.names.get(&b.id).unwrap_or(&unknown);
                    @let class = if *inactive { "box deactivated" } else if b.level == 0 { "box root" } else { "box" };
                    a href=(shell.link(&format!("people/{}", b.id))) {
                        title { (name) @if !title.is_empty() { ", " (title) } @if *inactive { " (deactivated)" } }
                        rect class=(class) x=(x(b)) y=(y(b)) width=(WIDTH) height=(HEIGHT) rx="8" {}
                        text x=(x(b) + 12) y=(y(b) + 20) { (cut(name, 27)) }
                        text.sub x=(x(b) + 12) y=(y(b) + 36) { (cut(if *inactive { "no longer here" } else { title }, 32)) }
                    }
                    @if b.hidden > 0 {
                        a href=(shell.link(&format!("org-chart?root={}&levels={levels}", b.id))) {
                            text.sub x=(x(b) + WIDTH + 8) y=(y(b) + HEIGHT / 2 + 4) { "+" (b.hidden) " →" }
                        }
                    }
                }
            }
        }
    }
}

/// The first people whose manager is not as it should be.
async fn troubled(console: &Console, tenant: TenantId) -> Result<Vec<Troubled>, Failure> {
    let org = console.admin.org(tenant);
    let (mut people, mut after) = (Vec::new(), None);
    loop {
        let page = org.troubles(after, 1_000).await?;
        people.extend(page.people);
        after = page.next;
        if after.is_none() || people.len() >= MAX_TROUBLES {
            people.truncate(MAX_TROUBLES);
            return Ok(people);
        }
    }
}

pub(super) async fn show(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
    Query(choice): Query<Choice>,
) -> Result<Response, Failure> {
    let shell = Shell::new(&console, session, &tenant, Tab::OrgChart).await?;
    let company = company(&console, shell.tenant.id).await?;
    let levels = choice.levels.unwrap_or(if company.names.len() <= 500 { 6 } else { 3 }).clamp(1, 12);
    let roots = match &choice.root {
        Some(root) if company.names.contains_key(root) => vec![root.clone()],
        Some(_) => return Err(Failure::not_found("There is no such person.")),
        None => company.roots(),
    };
    let boxes = place(&company, &roots, levels);
    let in_chart = company.manager.len() + company.roots().len();
    let above = choice.root.as_ref().and_then(|root| company.manager.get(root));
    let alone = company.names.len().saturating_sub(in_chart);
    let troubled = troubled(&console, shell.tenant.id).await?;
    let body = html! {
        h1 { "Org chart" }
        p {
            @if choice.root.is_some() {
                @if let Some(above) = above {
                    a href=(shell.link(&format!("org-chart?root={above}&levels={levels}"))) { "↑ " (company.names.get(above).map(|(name, ..)| name.as_str()).unwrap_or("one level up")) }
                    " · "
                }
                a href=(shell.link("org-chart")) { "Whole company" }
            }
        }
        @if boxes.is_empty() {
            p.panel.empty { "No reporting lines are known yet. Map the manager's user name to " code { "manager.value" } " at the identity provider." }
        } @else { (picture(&shell, &company, &boxes, levels)) }
        @if boxes.len() >= MAX_BOXES { p.hint { "The picture shows the first " (MAX_BOXES) " people. Open a part of the company to see more." } }
        p.hint { (company.manager.len()) " people have a manager here; " (alone) " have none and nobody reports to them." }
        @if !troubled.is_empty() {
            section.panel {
                h2 { "Managers to put right" }
                table { thead { tr { th { "Person" } th { "Manager as sent" } th { "Why" } } } tbody {
                    @for person in &troubled { tr {
                        @let id = person.key.id.as_str();
                        td { a href=(shell.link(&format!("people/{id}"))) { (company.names.get(id).map(|(name, ..)| name.as_str()).unwrap_or(id)) } }
                        td { (person.raw) }
                        td { (person.trouble.as_str()) }
                    } }
                } }
                p.hint { "At most " (MAX_TROUBLES) " are shown; haystack-server org troubles lists all. Put them right at the identity provider. Who is not here yet is waited for." }
            }
        }
    };
    Ok(shell.page("Org chart", body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn company(pairs: &[(&str, &str)]) -> Company {
        let mut company = Company { names: HashMap::new(), reports: HashMap::new(), manager: HashMap::new() };
        for (person, manager) in pairs {
            for id in [person, manager] {
                company.names.insert((*id).to_owned(), ((*id).to_owned(), String::new(), false));
            }
            company.reports.entry((*manager).to_owned()).or_default().push((*person).to_owned());
            company.manager.insert((*person).to_owned(), (*manager).to_owned());
        }
        company
    }

    #[test]
    fn managers_stand_in_the_middle_of_their_reports_and_no_two_leaves_share_a_row() {
        let company = company(&[("b", "a"), ("c", "a"), ("d", "a"), ("e", "b"), ("f", "b")]);
        let boxes = place(&company, &company.roots(), 6);
        assert_eq!(boxes.len(), 6);
        let row = |id: &str| boxes.iter().find(|b| b.id == id).unwrap().row;
        assert_eq!(row("b"), (row("e") + row("f")) / 2);
        assert_eq!(row("a"), (row("b") + row("d")) / 2);
        let mut leaves: Vec<usize> = ["c", "d", "e", "f"].map(row).to_vec();
        leaves.sort_unstable();
        leaves.dedup();
        assert_eq!(leaves.len(), 4);
    }

    #[test]
    fn a_circle_of_managers_is_drawn_once_and_ends() {
        let company = company(&[("a", "b"), ("b", "c"), ("c", "a")]);
        let boxes = place(&company, &company.roots(), 12);
        assert_eq!(boxes.len(), 3);
    }

    #[test]
    fn what_is_below_the_last_level_is_counted() {
        let company = company(&[("b", "a"), ("c", "b"), ("d", "c")]);
        let boxes = place(&company, &company.roots(), 2);
        assert_eq!(boxes.len(), 2);
        assert_eq!(boxes.iter().find(|b| b.id == "b").unwrap().hidden, 2);
    }
}
