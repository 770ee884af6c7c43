//! The provisioning log: what the identity provider asked for and why it was refused, errors grouped by cause.

use super::App;
use super::data::LogEntry;
use super::page::{Failure, Shell, Tab, moment};
use super::session::Session;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How many entries one look shows.
const ENTRIES: usize = 200;

#[derive(Deserialize)]
pub(super) struct Choice {
    show: Option<String>,
}

pub(super) async fn show(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
    Query(choice): Query<Choice>,
) -> Result<Response, Failure> {
    let shell = Shell::new(&console, session, &tenant, Tab::Log).await?;
    let all = choice.show.as_deref() == Some("all");
    let entries = console.recent_log(shell.tenant.id, !all, ENTRIES).await?;
    let org = console.admin.org(shell.tenant.id);
    let (waiting, more) = if all { (0, false) } else { org.waiting(super::MOST_WAITING).await? };
    let body = html! {
        h1 { "Provisioning errors" }
        div.tabs {
            a href=(shell.link("log")) aria-current=[(!all).then_some("page")] { "Errors" }
            a href=(shell.link("log?show=all")) aria-current=[all.then_some("page")] { "All requests" }
        }
        @if waiting > 0 {
            p.panel { (waiting) (if more { "+" } else { "" }) (if waiting == 1 { " manager reference waits" } else { " manager references wait" }) " for a person who is not here yet; they resolve by themselves. See " a href=(shell.link("org-chart/troubles")) { "Managers to put right" } "." }
        }
        @if entries.is_empty() {
            p.panel.empty { @if all { "The identity provider has not written anything yet." } @else { "No errors. Every request of the identity provider was accepted." } }
        } @else if all {
            section.panel { (table(&entries)) }
        } @else {
            @for ((status, scim_type), group) in causes(entries) {
                section.panel {
                    h2 { (status) " " (scim_type) " · " (group.len()) (if group.len() == 1 { " request" } else { " requests" }) }
                    p.hint { (advice(status, &scim_type)) }
                    (table(&group))
                }
            }
        }
    };
    Ok(shell.page("Provisioning errors", body).into_response())
}

fn causes(entries: Vec<LogEntry>) -> BTreeMap<(i64, String), Vec<LogEntry>> {
    let mut causes: BTreeMap<(i64, String), Vec<LogEntry>> = BTreeMap::new();
    for entry in entries {
        causes.entry((entry.status, entry.scim_type.clone())).or_default().push(entry);
    }
    causes
}

/// What an administrator can do about a kind of error.
fn advice(status: i64, scim_type: &str) -> &'static str {
    match (status, scim_type) {
        (409, _) => {
            "A value that must be unique is in use. Find the person who has it under People; assign or rename one of the two at the identity provider."
        }
        (403, _) => "A switch is off. See User Provisions & Login, To App.",
        (_, "invalidValue") => {
            "A value is missing or of the wrong kind. Correct the attribute or its mapping at the identity provider, then retry there."
        }
        (_, "mutability") => {
            "The identity provider tried to change something that cannot be changed. Remove the attribute from the mapping."
        }
        (_, "noTarget" | "invalidPath") => {
            "The mapping names an attribute that does not exist here. Check its external name and namespace, or add it under Custom fields."
        }
        (_, "invalidFilter" | "tooMany") => {
            "The identity provider searched in a way that cannot be answered. Match users by userName."
        }
        (404, _) => "The person or group was deleted here. Un-assign and assign it again at the identity provider.",
        (412, _) => "Someone else changed the same resource at the same time. The identity provider will try again.",
        (429, _) => "The connection is on hold until an administrator releases it. See User Provisions & Login.",
        (500.., _) => {
            "The server could not do it. It is not the identity provider's mistake; retry, and look at the server's log if it stays."
        }
        _ => "See the details; correct the mapping at the identity provider, then retry there.",
    }
}

fn table(entries: &[LogEntry]) -> Markup {
    html! {
        table {
            thead { tr { th { "When" } th { "Who" } th { "What" } th { "Status" } th { "Details" } } }
            tbody { @for entry in entries { tr {
                td { (moment(entry.when)) }
                td { (entry.subject) }
                td { (entry.what) br; span.soft { (entry.connection) } }
                td { (entry.status) " " (entry.scim_type) }
                td {
                    (entry.detail)
                    @if !entry.unknown.is_empty() { div.soft { "Not declared, dropped: " (entry.unknown.join(", ")) } }
                    @if !entry.leniencies.is_empty() { div.soft { "Accepted although unusual: " (entry.leniencies.join(", ")) } }
                }
            } } }
        }
    }
}
