//! The Admin Console: server-rendered pages behind a login, without a build step. Here are the routes and the page frame;
//! each page has a file of its own. What the pages change goes through [`scimstack_server::Admin`] and the store; the
//! console keeps no state but failed log-ins and what it has counted.

mod adoption;
mod connections;
mod data;
mod fields;
mod form;
mod groups;
mod issuers;
mod log;
mod org_chart;
mod ownership;
mod page;
mod people;
mod provisioning;
mod security;
mod session;
mod settings;
mod signed_in;
mod tokens;
mod troubles;

use crate::state::AppState;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use data::Console;
use page::{Failure, Shell, Tab};
use session::Session;
use std::sync::Arc;

/// The console's routes, to be nested under `/console`.
pub fn router(state: AppState) -> Router {
    let console = Console::new(state);
    Router::new()
        .route("/", get(tenants))
        .route("/login", get(session::form).post(session::log_in))
        .route("/logout", post(session::log_out))
        .route("/style.css", get(style))
        .route("/console.js", get(script))
        .route("/{tenant}", get(overview))
        .route("/{tenant}/provisioning", get(provisioning::show).post(provisioning::save))
        .route("/{tenant}/provisioning/check", post(provisioning::check))
        .route("/{tenant}/provisioning/settings", post(settings::save))
        .route("/{tenant}/provisioning/attributes", post(ownership::save))
        .route("/{tenant}/connections", get(connections::show).post(connections::create))
        .route("/{tenant}/tokens", post(tokens::create))
        .route("/{tenant}/tokens/{id}/revoke", post(tokens::revoke))
        .route("/{tenant}/issuers", post(issuers::add))
        .route("/{tenant}/issuers/{id}/remove", post(issuers::remove))
        .route("/{tenant}/adoption", get(adoption::show).post(adoption::adopt))
        .route("/{tenant}/holds/{id}/release", post(provisioning::release_hold))
        .route("/{tenant}/security", get(security::show).post(security::save))
        .route("/{tenant}/security/welcome", post(security::welcome))
        .route("/{tenant}/people", get(people::list))
        .route("/{tenant}/people/{id}", get(people::show))
        .route("/{tenant}/groups", get(groups::list))
        .route("/{tenant}/groups/{id}", get(groups::show))
        .route("/{tenant}/org-chart", get(org_chart::show))
        .route("/{tenant}/org-chart/troubles", get(troubles::show))
        .route("/{tenant}/fields", get(fields::show).post(fields::add))
        .route("/{tenant}/fields/remove", post(fields::remove))
        .route("/{tenant}/log", get(log::show))
        .fallback(|| async { Failure::not_found("There is no such page.").into_response() })
        .layer(axum::middleware::map_response(secure))
        .with_state(Arc::new(console))
}

/// So many requests of identity providers are looked through for errors.
const LATEST: usize = 1_000;
/// So many people who wait for their manager are counted.
const MOST_WAITING: usize = 1_000;

/// What every handler gets.
type App = State<Arc<Console>>;

/// Headers that keep pages from being framed, scripted from elsewhere, or cached by others.
async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: data:; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(axum::http::HeaderValue::from_static(value));
    }
    response
}

async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")],
        include_str!("style.css"),
    )
}

async fn script() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")];
    (headers, include_str!("console.js"))
}

/// One tenant: straight to it. Several: a list to choose from.
async fn tenants(State(console): App, session: Session) -> Result<Response, Failure> {
    let tenants = console.admin.tenants().await?;
    if let [only] = tenants.as_slice() {
        return Ok(Redirect::to(&format!("/console/{}", only.name)).into_response());
    }
    let body = maud::html! {
        h1 { "Workspaces" }
        @if tenants.is_empty() {
            p.empty { "There is no workspace yet. Make one with " code { "haystack-server tenant create NAME" } "." }
        }
        ul.cards {
            @for tenant in &tenants {
                li { a.card href=(format!("/console/{}", tenant.name)) { strong { (tenant.name) } } }
            }
        }
    };
    Ok(page::plain("Workspaces", Some(&session), body).into_response())
}

async fn overview(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
    headers: axum::http::HeaderMap,
) -> Result<Response, Failure> {
    let shell = Shell::new(&console, session, &tenant, Tab::Overview).await?;
    let counts = console.counts(shell.tenant.id).await?;
    let errors = console.log_within(shell.tenant.id, true, 5, LATEST).await?;
    let (waiting, more) = console.admin.org(shell.tenant.id).waiting(MOST_WAITING).await?;
    let base = console.base_url(&headers, &tenant);
    let claimed =
        counts.active.checked_mul(100).and_then(|n| n.checked_div(counts.active + counts.unclaimed)).unwrap_or(0);
    let body = maud::html! {
        h1 { "Overview" }
        div.figures {
            a.figure href=(shell.link("people")) { strong { (counts.people) } span { "people" } }
            a.figure href=(shell.link("people?state=active")) { strong { (counts.active) } span { "active" } }
            a.figure href=(shell.link("people?state=unclaimed")) { strong { (counts.unclaimed) } span { "unclaimed" } }
            a.figure href=(shell.link("people?state=deactivated")) { strong { (counts.deactivated) } span { "deactivated" } }
            a.figure href=(shell.link("groups")) { strong { (counts.groups) } span { "groups" } }
            div.figure { strong { (claimed) "%" } span { "workspace health: have signed in" } }
        }
        section.panel {
            h2 { "SCIM connection" }
            p { "Base URL for your identity provider" }
            p.copy { code { (base) } button type="button" data-copy=(base) { "Copy" } }
            p { a href=(shell.link("provisioning")) { "User Provisions & Login" } " has the bearer token and the To App switches." }
        }
        section.panel {
            h2 { "Needs attention" }
            @if errors.is_empty() && waiting == 0 { p.ok { "Nothing. None of the last " (LATEST) " requests to change anything was refused." } }
            @if waiting > 0 {
                p { (waiting) (if more { "+" } else { "" }) " manager " (if waiting == 1 { "reference waits" } else { "references wait" }) " for a person who is not here yet. They resolve by themselves when that person arrives. " a href=(shell.link("org-chart/troubles")) { "Managers to put right" } }
            }
            @if !errors.is_empty() {
                ul.plain { @for entry in &errors { li { (page::moment(entry.when)) " · " strong { (entry.subject) } " · " (entry.detail) } } }
                p { a href=(shell.link("log")) { "All provisioning errors" } }
            }
        }
    };
    Ok((StatusCode::OK, shell.page("Overview", body)).into_response())
}
