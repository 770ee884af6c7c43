//! User Provisions & Login: the base URL, bearer tokens, the "To App" switches, holds, and a live check of the connection.

use super::App;
use super::page::{Failure, Shell, Tab};
use super::session::{CsrfOnly, Session};
use axum::Form;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use scimstack_protocol::ConnectionPolicy;
use scimstack_schema::Timestamp;
use scimstack_server::Admin;
use scimstack_server::admin::{self, Token, TokenSecret};
use serde::Deserialize;

const DEFAULT: &str = "default";

/// What a page says about what was just done.
enum Notice<'a> {
    None,
    Text(&'a str),
    Made(&'a TokenSecret, bool),
    Check(Result<String, String>),
}

pub(super) async fn show(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    render(&console, session, &tenant, &headers, Notice::None).await
}

async fn render(
    console: &super::data::Console,
    session: Session,
    tenant: &str,
    headers: &HeaderMap,
    notice: Notice<'_>,
) -> Result<Response, Failure> {
    let shell = Shell::new(console, session, tenant, Tab::Provisioning).await?;
    let id = shell.tenant.id;
    let policy = console.admin.connection(id, DEFAULT).await?.policy;
    let tokens = console.admin.tokens(Some(id)).await?;
    let holds = console.admin.holds(Some(id)).await?;
    let issuers = console.admin.issuers(Some(id)).await?;
    let base = console.base_url(headers, &shell.tenant.name);
    let endpoint = format!("{}/oauth2/token", console.origin(headers));
    let client = Admin::client_id(&shell.tenant.name, DEFAULT);
    let body = html! {
        h1 { "User Provisions & Login" }
        @match &notice {
            Notice::None => {}
            Notice::Text(text) => p.notice role="status" { (text) }
            Notice::Made(secret, is_client_secret) => div.notice role="status" {
                p { strong { @if *is_client_secret { "The new client secret." } @else { "The new token." } } " Copy it now: it is shown only this once, and only a hash of it is kept." }
                p.copy { code #new-token { (secret.reveal()) } button type="button" data-copy=(secret.reveal()) { "Copy" } }
            }
            Notice::Check(Ok(text)) => p.notice role="status" { (text) }
            Notice::Check(Err(text)) => p.error role="alert" { (text) }
        }
        section.panel {
            h2 { "SCIM connection" }
            p { "Base URL: enter it as the SCIM connector base URL (Okta) or Tenant URL (Entra ID). The unique identifier field for users is " code { "userName" } "." }
            p.copy { code #base-url { (base) } button type="button" data-copy=(base) { "Copy" } }
            form method="post" action=(shell.link("provisioning/check")) {
                (shell.csrf())
                button.quiet type="submit" { "Check the connection" }
            }
        }
        section.panel {
            h2 { "Bearer tokens and client secrets" }
            (token_table(&shell, &tokens, console.now()))
            form.row method="post" action=(shell.link("tokens")) {
                (shell.csrf())
                label { "Label" input name="label" placeholder="Okta" maxlength="80"; }
                label { "Expires" select name="expires" {
                    option value="" { "Never" } option value="30" { "in 30 days" } option value="90" { "in 90 days" } option value="365" { "in a year" }
                } }
                button type="submit" name="kind" value="token" { "Create a token" }
                button.quiet type="submit" name="kind" value="client-secret" { "Create a client secret" }
            }
            p.hint { "To rotate one: create the new one, enter it at the identity provider, then revoke the old one. Both work in between." }
        }
        section.panel {
            h2 { "OAuth 2.0 client credentials" }
            p { "For identity providers that ask for a token endpoint in place of a bearer token. Create a client secret above; it gets access tokens of an hour." }
            p.copy { "Token endpoint " code #token-endpoint { (endpoint) } button type="button" data-copy=(endpoint) { "Copy" } }
            p.copy { "Client ID " code #client-id { (client) } button type="button" data-copy=(client) { "Copy" } }
            @for issuer in &issuers {
                p.hint { "Tokens of " code { (issuer.issuer) } " for " code { (issuer.audience) } " are good for the connection " code { (issuer.connection) } "." }
            }
        }
        section.panel {
            h2 { "To App" }
            form method="post" action=(shell.link("provisioning")) {
                (shell.csrf())
                (switch("enabled", policy.enabled, "Enable SCIM based user provision", "Off: every request of the identity provider is refused."))
                (switch("create_users", policy.create_users, "Create Users", "Create or reactivate a person when they are assigned."))
                (switch("update_attributes", policy.update_attributes, "Update User Attributes", "Changes of profiles are taken over."))
                (switch("deactivate_users", policy.deactivate_users, "Deactivate Users", "Un-assigned people are deactivated: they cannot sign in and leave the directory."))
                (switch("push_groups", policy.push_groups, "Push Groups", "Groups and their members are taken over."))
                (switch("reactivate_on_create", policy.reactivate_on_create, "Reactivate on create", "A create request for a deactivated person with the same external id brings the same person back."))
                (departures(&policy))
                (switch("hris", shell.tenant.policy.hris, "HRIS integration", "People come from an HRIS integration instead: either that or user provision, never both."))
                p { button type="submit" { "Save User Provision Options" } }
            }
        }
        @if !holds.is_empty() {
            section.panel {
                h2 { "On hold" }
                p { "Nobody is deactivated or deleted by these connections until you release them. Look at the identity provider first: was this meant?" }
                table { thead { tr { th { "Since" } th { "Connection" } th { "Why" } th {} } } tbody {
                    @for hold in &holds { tr {
                        td { (hold.since) } td { (hold.connection) } td { (hold.reason) }
                        td { form method="post" action=(shell.link(&format!("holds/{}/release", hold.id))) { (shell.csrf()) button.quiet type="submit" { "Release" } } }
                    } }
                } }
            }
        }
    };
    Ok(shell.page("User Provisions & Login", body).into_response())
}

fn switch(name: &str, on: bool, label: &str, hint: &str) -> Markup {
    html! {
        label.switch {
            input type="checkbox" name=(name) value="on" checked[on];
            span { (label) span.hint { (hint) } }
        }
    }
}

/// The guard against mass deactivation.
fn departures(policy: &ConnectionPolicy) -> Markup {
    html! {
        div.row {
            label { "At most so many people deactivated or deleted" input type="number" name="max_deactivations" min="0" max="1000000" value=(policy.max_deactivations); }
            label { "within so many seconds" input type="number" name="deactivation_window" min="1" max="31536000" value=(policy.deactivation_window); }
        }
        p.hint { "The next one puts the connection on hold: nobody is deactivated or deleted until you release it here; everyone else is provisioned as before. 0: no limit. Leavers wait while it holds." }
    }
}

fn token_table(shell: &Shell, tokens: &[Token], now: Timestamp) -> Markup {
    html! {
        @if tokens.is_empty() {
            p.empty { "There is no token yet. The identity provider needs one." }
        } @else {
            table {
                thead { tr { th { "Label" } th { "Kind" } th { "Begins with" } th { "Connection" } th { "Made" } th { "Expires" } th { "State" } th {} } }
                tbody {
                    @for token in tokens { tr {
                        td { @if token.label.is_empty() { span.soft { "(no label)" } } @else { (token.label) } }
                        td { @if token.is_client_secret { "client secret" } @else { "bearer token" } }
                        td { code { (token.hint) } }
                        td { (token.connection) }
                        td { (day(token.created)) }
                        td { @match token.expires { Some(at) => (day(at)), None => "never" } }
                        @let live = token.revoked.is_none() && token.expires.is_none_or(|at| now < at);
                        td {
                            @if token.revoked.is_some() { span.state.deactivated { "revoked" } }
                            @else if !live { span.state.deactivated { "expired" } }
                            @else { span.state.active { "valid" } }
                        }
                        td { @if live {
                            form method="post" action=(shell.link(&format!("tokens/{}/revoke", token.id))) { (shell.csrf()) button.danger type="submit" { "Revoke" } }
                        } }
                    } }
                }
            }
        }
    }
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// The form of the switches: a box that is not ticked is not sent.
#[derive(Deserialize)]
pub(super) struct Switches {
    csrf: String,
    enabled: Option<String>,
    create_users: Option<String>,
    update_attributes: Option<String>,
    deactivate_users: Option<String>,
    push_groups: Option<String>,
    reactivate_on_create: Option<String>,
    hris: Option<String>,
    max_deactivations: Option<u32>,
    deactivation_window: Option<u32>,
}

pub(super) async fn save(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Switches>,
) -> Result<Response, Failure> {
    session.check(&form.csrf)?;
    let found = console.admin.tenant(&tenant).await?;
    let (id, mut settings) = (found.id, found.policy);
    settings.hris = form.hris.is_some();
    let mut policy: ConnectionPolicy = console.admin.connection(id, DEFAULT).await?.policy;
    policy.enabled = form.enabled.is_some();
    policy.create_users = form.create_users.is_some();
    policy.update_attributes = form.update_attributes.is_some();
    policy.deactivate_users = form.deactivate_users.is_some();
    policy.push_groups = form.push_groups.is_some();
    policy.reactivate_on_create = form.reactivate_on_create.is_some();
    policy.max_deactivations = form.max_deactivations.unwrap_or(policy.max_deactivations);
    policy.deactivation_window = form.deactivation_window.unwrap_or(policy.deactivation_window).max(1);
    // The one is switched off before the other is switched on.
    if settings.hris {
        console.admin.set_connection(id, policy).await?;
        console.admin.set_tenant_policy(id, settings).await?;
    } else {
        console.admin.set_tenant_policy(id, settings).await?;
        console.admin.set_connection(id, policy).await?;
    }
    render(&console, session, &tenant, &headers, Notice::Text("Saved.")).await
}

#[derive(Deserialize)]
pub(super) struct NewToken {
    csrf: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    kind: String,
}

pub(super) async fn create_token(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(form): Form<NewToken>,
) -> Result<Response, Failure> {
    session.check(&form.csrf)?;
    let id = console.admin.tenant(&tenant).await?.id;
    let expires =
        form.expires.parse::<i64>().ok().map(|days| console.now().plus_seconds(days.clamp(1, 3_650) * 86_400));
    let label: String = form.label.trim().chars().take(80).collect();
    let mut new = admin::NewToken::new(DEFAULT).label(label).expires(expires);
    let is_client_secret = form.kind == "client-secret";
    if is_client_secret {
        new = new.client_secret();
    }
    let (_, secret) = console.admin.create_token_with(id, &new).await?;
    render(&console, session, &tenant, &headers, Notice::Made(&secret, is_client_secret)).await
}

pub(super) async fn revoke_token(
    State(console): App,
    session: Session,
    Path((tenant, token)): Path<(String, String)>,
    Form(form): Form<CsrfOnly>,
) -> Result<Response, Failure> {
    session.check(&form.csrf)?;
    let id = console.admin.tenant(&tenant).await?.id;
    if !console.admin.tokens(Some(id)).await?.iter().any(|t| t.id == token) {
        return Err(Failure::not_found("There is no such token in this workspace."));
    }
    console.admin.revoke_token(&token).await?;
    Ok(Redirect::to(&format!("/console/{tenant}/provisioning")).into_response())
}

pub(super) async fn release_hold(
    State(console): App,
    session: Session,
    Path((tenant, hold)): Path<(String, String)>,
    Form(form): Form<CsrfOnly>,
) -> Result<Response, Failure> {
    session.check(&form.csrf)?;
    let id = console.admin.tenant(&tenant).await?.id;
    if !console.admin.holds(Some(id)).await?.iter().any(|h| h.id == hold) {
        return Err(Failure::not_found("There is no such hold in this workspace."));
    }
    console.admin.release_hold(&hold).await?;
    Ok(Redirect::to(&format!("/console/{tenant}/provisioning")).into_response())
}

/// Goes the way the identity provider's connection test goes, as far as it can be gone from inside: provisioning on, a
/// valid token, a first page of users; and says when the provider was last heard of.
pub(super) async fn check(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(form): Form<CsrfOnly>,
) -> Result<Response, Failure> {
    session.check(&form.csrf)?;
    let id = console.admin.tenant(&tenant).await?.id;
    let now = console.now();
    let policy = console.admin.connection(id, DEFAULT).await?.policy;
    let live = console.admin.tokens(Some(id)).await?.iter().any(|token| token.denied(now).is_none())
        || !console.admin.issuers(Some(id)).await?.is_empty();
    let result = if !policy.enabled {
        Err("SCIM based user provision is switched off: requests are refused until it is enabled and saved below."
            .to_owned())
    } else if !live {
        Err("There is no valid bearer token: create one below and enter it at the identity provider.".to_owned())
    } else {
        let people = console.list(id, "User", None, "id", 1, 2).await?.total;
        let last = console.recent_log(id, false, 1).await?;
        let heard = match last.first() {
            Some(entry) => format!("The identity provider last wrote at {}.", entry.when),
            None => "The identity provider has not written anything yet.".to_owned(),
        };
        Ok(format!("This side is ready: provisioning is on, a token is valid, {people} people are listed. {heard}"))
    };
    render(&console, session, &tenant, &headers, Notice::Check(result)).await
}
