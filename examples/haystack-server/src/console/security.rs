//! Security Settings: who gets notifications, and the welcome of those who were here before that was opened.

use super::App;
use super::form::Sent;
use super::page::{Failure, Shell, Tab};
use super::session::Session;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use maud::html;
use scimstack_protocol::Notify;

const CHOICES: [(Notify, &str, &str, &str); 3] = [
    (
        Notify::Nobody,
        "nobody",
        "Nobody",
        "Nothing is sent to anyone. Choose this while provisioning is set up, and open it on launch day.",
    ),
    (
        Notify::SignedIn,
        "signed-in",
        "People who have signed in",
        "Whoever was provisioned but has never signed in gets nothing.",
    ),
    (
        Notify::Everyone,
        "everyone",
        "Everyone",
        "Also people who have never signed in: they get a first message as soon as they are provisioned.",
    ),
];

pub(super) async fn show(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
) -> Result<Response, Failure> {
    render(&console, session, &tenant, None).await
}

async fn render(
    console: &super::data::Console,
    session: Session,
    tenant: &str,
    notice: Option<&str>,
) -> Result<Response, Failure> {
    let shell = Shell::new(console, session, tenant, Tab::Security).await?;
    let body = html! {
        h1 { "Security Settings" }
        @if let Some(text) = notice { p.notice role="status" { (text) } }
        form.panel method="post" action=(shell.link("security")) {
            (shell.csrf())
            h2 { "Email and mobile notifications" }
            @for (value, name, label, hint) in CHOICES {
                label.switch {
                    input type="radio" name="notify" value=(name) checked[shell.tenant.policy.notify == value];
                    span { (label) span.hint { (hint) } }
                }
            }
            p { button type="submit" { "Save" } }
            p.hint { "Nobody is welcomed twice, and nothing is sent to a person who is created inactive, nor to one who starts later before that day." }
        }
        @if shell.tenant.policy.notify == Notify::Everyone {
            form.panel method="post" action=(shell.link("security/welcome")) {
                (shell.csrf())
                h2 { "People who were here before" }
                p { "Whoever was provisioned while notifications were closed was not welcomed. This sends the first message to everyone who has never signed in and never got one." }
                p { button.quiet type="submit" { "Welcome those already here" } }
            }
        }
    };
    Ok(shell.page("Security Settings", body).into_response())
}

pub(super) async fn save(
    State(console): App,
    Path(tenant): Path<String>,
    Sent { session, fields }: Sent,
) -> Result<Response, Failure> {
    let found = console.admin.tenant(&tenant).await?;
    let Some((notify, ..)) = CHOICES.into_iter().find(|(_, name, ..)| *name == fields.text("notify")) else {
        return Err(Failure::new(axum::http::StatusCode::BAD_REQUEST, "Choose who gets notifications."));
    };
    let mut policy = found.policy;
    policy.notify = notify;
    console.admin.set_tenant_policy(found.id, policy).await?;
    render(&console, session, &tenant, Some("Saved.")).await
}

/// Begins the welcome of everyone, which goes on after the page is shown.
pub(super) async fn welcome(
    State(console): App,
    Path(tenant): Path<String>,
    Sent { session, .. }: Sent,
) -> Result<Response, Failure> {
    let found = console.admin.tenant(&tenant).await?;
    if found.policy.notify != Notify::Everyone {
        return Err(Failure::new(axum::http::StatusCode::CONFLICT, "Choose \"Everyone\" before people are welcomed."));
    }
    let engine = console.engine.clone();
    tokio::spawn(async move {
        match engine.welcome(&found.name).await {
            Ok(welcomed) => tracing::info!(tenant = found.name, now = welcomed.now, later = welcomed.later, "welcomed"),
            Err(error) => tracing::error!(tenant = found.name, %error, "not everyone could be welcomed; begin again"),
        }
    });
    let notice = "The first messages are on their way to everyone who never got one.";
    render(&console, session, &tenant, Some(notice)).await
}
