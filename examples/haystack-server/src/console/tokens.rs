//! Bearer tokens and client secrets on the page User Provisions & Login: listed, made (and shown, this once), revoked.

use super::App;
use super::form::Sent;
use super::page::{Failure, Shell};
use super::provisioning::{self, Notice, Page};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use scimstack_schema::Timestamp;
use scimstack_server::admin::{NewToken, Token};

/// The tokens, and the form that makes one.
pub(super) fn panel(shell: &Shell, connection: &str, tokens: &[Token], now: Timestamp) -> Markup {
    html! {
        section.panel #tokens {
            h2 { "Bearer tokens and client secrets" }
            (table(shell, connection, tokens, now))
            form.row method="post" action=(shell.link("tokens")) {
                (shell.csrf())
                input type="hidden" name="connection" value=(connection);
                label { "Label" input name="label" placeholder="Okta" maxlength="80"; }
                label { "Expires" select name="expires" {
                    option value="" { "Never" } option value="30" { "in 30 days" } option value="90" { "in 90 days" } option value="365" { "in a year" }
                } }
                button type="submit" name="kind" value="token" { "Create a token" }
                button.quiet type="submit" name="kind" value="client-secret" { "Create a client secret" }
            }
            p.hint { "To rotate one: create the new one, enter it at the identity provider, then revoke the old one. Both work in between." }
        }
    }
}

fn table(shell: &Shell, connection: &str, tokens: &[Token], now: Timestamp) -> Markup {
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
                            form method="post" action=(shell.link(&format!("tokens/{}/revoke", token.id))) {
                                (shell.csrf())
                                input type="hidden" name="connection" value=(connection);
                                button.danger type="submit" { "Revoke" }
                            }
                        } }
                    } }
                }
            }
        }
    }
}

pub(super) fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

pub(super) async fn create(
    State(console): App,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Sent { session, fields }: Sent,
) -> Result<Response, Failure> {
    let id = console.admin.tenant(&tenant).await?.id;
    let connection = fields.connection();
    let expires = fields
        .text("expires")
        .parse::<i64>()
        .ok()
        .map(|days| console.now().plus_seconds(days.clamp(1, 3_650) * 86_400));
    let label: String = fields.text("label").trim().chars().take(80).collect();
    let mut new = NewToken::new(connection).label(label).expires(expires);
    let is_client_secret = fields.text("kind") == "client-secret";
    if is_client_secret {
        new = new.client_secret();
    }
    let (_, secret) = console.admin.create_token_with(id, &new).await?;
    let told = if is_client_secret { "The new client secret." } else { "The new token." };
    let page = Page::with(Notice::Made(secret, told.to_owned()));
    provisioning::render(&console, session, &tenant, connection, &headers, page).await
}

pub(super) async fn revoke(
    State(console): App,
    Path((tenant, token)): Path<(String, String)>,
    Sent { fields, .. }: Sent,
) -> Result<Response, Failure> {
    let id = console.admin.tenant(&tenant).await?.id;
    if !console.admin.tokens(Some(id)).await?.iter().any(|t| t.id == token) {
        return Err(Failure::not_found("There is no such token in this workspace."));
    }
    console.admin.revoke_token(&token).await?;
    Ok(Redirect::to(&provisioning::address(&tenant, fields.connection())).into_response())
}
