//! A new connection: its name and its provider's profile, and then its first token, shown this once on the connection's own
//! page. Left out: everything else of a connection, which is set there.

use super::App;
use super::data::Console;
use super::form::{Fields, Sent, Typed};
use super::page::{Failure, Shell, Tab};
use super::provisioning::{self, Notice, Page, address};
use super::session::Session;
use super::settings::{profile_choice, profile_name, read_profile};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::html;
use scimstack_protocol::ConnectionPolicy;
use scimstack_server::admin::{AdminError, NewToken};

/// The form, empty or as it was sent.
struct NewConnection {
    name: Typed,
    profile: Typed,
}

impl Default for NewConnection {
    fn default() -> Self {
        Self { name: Typed::default(), profile: Typed::new("auto") }
    }
}

impl NewConnection {
    fn sent(fields: &Fields) -> Self {
        Self { name: Typed::new(fields.text("name")), profile: Typed::new(fields.text("dialect")) }
    }

    fn is_wrong(&self) -> bool {
        self.name.error.is_some() || self.profile.error.is_some()
    }
}

pub(super) async fn show(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
) -> Result<Response, Failure> {
    render(&console, session, &tenant, &NewConnection::default()).await
}

async fn render(console: &Console, session: Session, tenant: &str, form: &NewConnection) -> Result<Response, Failure> {
    let shell = Shell::new(console, session, tenant, Tab::Provisioning).await?;
    let connections = console.admin.connections(shell.tenant.id).await?;
    let body = html! {
        h1 { "New connection" }
        p { "One connection for each identity provider, or each application in it, that provisions people here. Each has its own tokens, switches and settings, and its people belong to it." }
        p { "Here already: "
            @for (at, connection) in connections.iter().enumerate() {
                @if at > 0 { ", " }
                a href=(address(&shell.tenant.name, &connection.policy.name)) { (connection.policy.name) }
            }
            "."
        }
        @if form.is_wrong() { p.error role="alert" { "The connection is not made. See what is marked." } }
        form.panel method="post" action=(shell.link("connections")) {
            (shell.csrf())
            label {
                "Name"
                input name="name" required maxlength="63" autocomplete="off" spellcheck="false" autocapitalize="none" placeholder="entra" value=(form.name.text)
                    aria-invalid=[form.name.invalid()] aria-describedby=[form.name.described("name")];
                (form.name.complaint("name"))
                span.hint { "Letters, digits and hyphens; it stays, and is a part of the connection's OAuth client ID." }
            }
            (profile_choice(&form.profile))
            p { button type="submit" { "Make the connection and its token" } }
            p.hint { "The token is shown once, on the connection's page, where everything else is set." }
        }
    };
    let status = if form.is_wrong() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok((status, shell.page("New connection", body)).into_response())
}

pub(super) async fn create(
    State(console): App,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Sent { session, fields }: Sent,
) -> Result<Response, Failure> {
    let found = console.admin.tenant(&tenant).await?;
    let mut form = NewConnection::sent(&fields);
    let mut policy = ConnectionPolicy::default();
    policy.name = form.name.text.trim().to_owned();
    // Where people come from an HRIS integration, it waits until that is switched off.
    policy.enabled = !found.policy.hris;
    let profile = read_profile(&mut form.profile);
    policy.dialect = profile.unwrap_or_default();
    // A name that is wrong is said beside a profile that is.
    let made = match profile {
        Some(_) => console.admin.create_connection(found.id, policy.clone()).await,
        None => console.admin.check_connection(found.id, &policy).await,
    };
    match made {
        Ok(()) => {}
        Err(AdminError::Invalid(why)) => form.name.error = Some(why),
        Err(error @ AdminError::Exists(_)) => form.name.error = Some(error.to_string()),
        Err(error) => return Err(error.into()),
    }
    if form.is_wrong() {
        return render(&console, session, &tenant, &form).await;
    }
    let token = NewToken::new(&policy.name).label(profile_name(&form.profile.text));
    let (token, secret) = console.admin.create_token_with(found.id, &token).await?;
    let mut told = format!("The connection {} is made, and this is its token.", token.connection);
    if !policy.enabled {
        told.push_str(" It is switched off as long as people come from an HRIS integration.");
    }
    let page = Page::with(Notice::Made(secret, told));
    provisioning::render(&console, session, &tenant, &token.connection, &headers, page).await
}
