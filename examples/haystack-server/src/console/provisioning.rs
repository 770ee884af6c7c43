//! User Provisions & Login, of one connection at a time: the base URL, the "To App" switches, holds, and a live check of
//! the connection. The page's other parts have files of their own: tokens, issuers, who owns which attribute.

use super::App;
use super::form::{Fields, Sent, Typed};
use super::issuers::{self, NewTrust};
use super::ownership::{self, Ownership};
use super::page::{Failure, Shell, Tab, moment};
use super::session::Session;
use super::settings::{self, Settings};
use super::tokens;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use scimstack_protocol::{ConnectionPolicy, TenantPolicy};
use scimstack_server::Admin;
use scimstack_server::admin::{AdminError, Connection, TokenSecret};
use serde::Deserialize;

const DEFAULT: &str = "default";
/// A year, for the window of the guard.
const LONGEST_WINDOW: u32 = 31_536_000;

/// What the page says about what was just done.
#[derive(Default)]
pub(super) enum Notice {
    #[default]
    None,
    Text(String),
    Wrong(String),
    /// A secret, and what it is.
    Made(TokenSecret, String),
}

/// What of the page is not as it is stored: a notice, and forms that were sent and have to be put right.
#[derive(Default)]
pub(super) struct Page {
    pub(super) notice: Notice,
    pub(super) switches: Option<Switches>,
    pub(super) ownership: Option<Ownership>,
    pub(super) trust: Option<NewTrust>,
    pub(super) settings: Option<Settings>,
}

impl Page {
    pub(super) fn with(notice: Notice) -> Self {
        Self { notice, ..Self::default() }
    }

    /// Of a form that has to be put right.
    pub(super) fn wrong(why: &str) -> Self {
        Self::with(Notice::Wrong(why.to_owned()))
    }

    pub(super) fn settings(mut self, settings: Settings) -> Self {
        self.settings = Some(settings);
        self
    }
}

/// Which connection a page is about.
#[derive(Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    connection: String,
}

/// The connection of this name; the first, where none is named.
pub(super) fn connection_named(name: &str) -> &str {
    if name.is_empty() { DEFAULT } else { name }
}

/// Where the page of a connection is.
pub(super) fn address(tenant: &str, connection: &str) -> String {
    let connection = connection_named(connection);
    if connection == DEFAULT {
        return format!("/console/{tenant}/provisioning");
    }
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("connection", connection).finish();
    format!("/console/{tenant}/provisioning?{query}")
}

pub(super) async fn show(
    State(console): App,
    session: Session,
    Path(tenant): Path<String>,
    Query(choice): Query<Choice>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    render(&console, session, &tenant, connection_named(&choice.connection), &headers, Page::default()).await
}

pub(super) async fn render(
    console: &super::data::Console,
    session: Session,
    tenant: &str,
    connection: &str,
    headers: &HeaderMap,
    page: Page,
) -> Result<Response, Failure> {
    let shell = Shell::new(console, session, tenant, Tab::Provisioning).await?;
    let id = shell.tenant.id;
    let policy = console.admin.connection(id, connection).await?.policy;
    let connections = console.admin.connections(id).await?;
    let tokens = console.admin.tokens(Some(id)).await?;
    let holds = console.admin.holds(Some(id)).await?;
    let issuers = console.admin.issuers(Some(id)).await?;
    let registry = console.admin.registry(id).await?;
    let base = console.base_url(headers, &shell.tenant.name);
    let endpoint = format!("{}/oauth2/token", console.origin(headers));
    let client = Admin::client_id(&shell.tenant.name, &policy.name);
    let places = [
        (page.settings.is_some(), "#settings"),
        (page.switches.is_some(), "#to-app"),
        (page.ownership.is_some(), "#attributes"),
        (page.trust.is_some(), "#issuers"),
    ];
    let wrong = places.into_iter().find(|(is_wrong, _)| *is_wrong).map(|(_, place)| place);
    let switches = page.switches.unwrap_or_else(|| Switches::of(&policy, &shell.tenant.policy));
    let owned = page.ownership.unwrap_or_else(|| Ownership::of(&policy, &shell.tenant.policy));
    let trust = page.trust.unwrap_or_default();
    let settings = page.settings.unwrap_or_else(|| Settings::of(&policy));
    let body = html! {
        h1 { "User Provisions & Login" }
        (connection_tabs(&shell, &connections, &policy.name))
        @match &page.notice {
            Notice::None => {}
            Notice::Text(text) => p.notice role="status" { (text) }
            Notice::Wrong(text) => p.error role="alert" { (text) @if let Some(place) = wrong { " " a href=(place) { "Show it" } } }
            Notice::Made(secret, told) => div.notice role="status" {
                p { strong { (told) } " Copy it now: it is shown only this once, and only a hash of it is kept." }
                p.copy { code #new-token { (secret.reveal()) } button type="button" data-copy=(secret.reveal()) { "Copy" } }
            }
        }
        section.panel {
            h2 { "SCIM connection" }
            p { "Base URL: enter it as the SCIM connector base URL (Okta) or Tenant URL (Entra ID). The unique identifier field for users is " code { "userName" } "." }
            p.copy { code #base-url { (base) } button type="button" data-copy=(base) { "Copy" } }
            form method="post" action=(shell.link("provisioning/check")) {
                (shell.csrf())
                input type="hidden" name="connection" value=(policy.name);
                button.quiet type="submit" { "Check the connection" }
            }
        }
        (tokens::panel(&shell, &policy.name, &tokens, console.now()))
        section.panel {
            h2 { "OAuth 2.0 client credentials" }
            p { "For identity providers that ask for a token endpoint in place of a bearer token. Create a client secret above; it gets access tokens of an hour." }
            p.copy { span { "Token endpoint" } code #token-endpoint { (endpoint) } button type="button" data-copy=(endpoint) { "Copy" } }
            p.copy { span { "Client ID" } code #client-id { (client) } button type="button" data-copy=(client) { "Copy" } }
        }
        (issuers::panel(&shell, &policy.name, &issuers, &trust))
        section.panel #to-app {
            h2 { "To App" }
            (switches.form(&shell, &policy.name))
        }
        (settings::panel(&shell, &policy.name, &settings))
        (ownership::panel(&shell, &policy.name, &registry, &owned))
        section.panel {
            h2 { "People who were here before" }
            p { "People made by hand belong to no connection. See who they are, and link them to this connection before it meets them." }
            p { a href=(shell.link("adoption")) { "People who were here before provisioning" } }
        }
        @if !holds.is_empty() {
            section.panel {
                h2 { "On hold" }
                p { "Nobody is deactivated or deleted by these connections until you release them. Look at the identity provider first: was this meant?" }
                table { thead { tr { th { "Since" } th { "Connection" } th { "Why" } th {} } } tbody {
                    @for hold in &holds { tr {
                        td { (moment(hold.since)) } td { (hold.connection) } td { (hold.reason) }
                        td { form method="post" action=(shell.link(&format!("holds/{}/release", hold.id))) {
                            (shell.csrf())
                            input type="hidden" name="connection" value=(policy.name);
                            button.quiet type="submit" { "Release" }
                        } }
                    } }
                } }
            }
        }
    };
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok((status, shell.page("User Provisions & Login", body)).into_response())
}

/// The connections to choose from, and the way to another.
fn connection_tabs(shell: &Shell, connections: &[Connection], chosen: &str) -> Markup {
    html! {
        div.tabs role="group" aria-label="Connections" {
            @for connection in connections {
                @let name = &connection.policy.name;
                a href=(address(&shell.tenant.name, name)) aria-current=[(name == chosen).then_some("page")] { (name) }
            }
            a.add href=(shell.link("connections")) { "+ New connection" }
        }
    }
}

/// The form "To App", as it is stored or as it was sent.
pub(super) struct Switches {
    enabled: bool,
    create_users: bool,
    update_attributes: bool,
    deactivate_users: bool,
    push_groups: bool,
    reactivate_on_create: bool,
    hris: bool,
    max_deactivations: Typed,
    deactivation_window: Typed,
    /// Of provisioning and an HRIS integration at the same time.
    both: Option<String>,
}

impl Switches {
    fn of(policy: &ConnectionPolicy, settings: &TenantPolicy) -> Self {
        Self {
            enabled: policy.enabled,
            create_users: policy.create_users,
            update_attributes: policy.update_attributes,
            deactivate_users: policy.deactivate_users,
            push_groups: policy.push_groups,
            reactivate_on_create: policy.reactivate_on_create,
            hris: settings.hris,
            max_deactivations: Typed::new(policy.max_deactivations.to_string()),
            deactivation_window: Typed::new(policy.deactivation_window.to_string()),
            both: None,
        }
    }

    /// A box that is not ticked is not sent.
    fn sent(fields: &Fields) -> Self {
        Self {
            enabled: fields.has("enabled"),
            create_users: fields.has("create_users"),
            update_attributes: fields.has("update_attributes"),
            deactivate_users: fields.has("deactivate_users"),
            push_groups: fields.has("push_groups"),
            reactivate_on_create: fields.has("reactivate_on_create"),
            hris: fields.has("hris"),
            max_deactivations: Typed::new(fields.text("max_deactivations")),
            deactivation_window: Typed::new(fields.text("deactivation_window")),
            both: None,
        }
    }

    /// Puts what was sent into the settings; `None`, and the errors are kept, when it cannot mean anything.
    fn read(&mut self, policy: &mut ConnectionPolicy, settings: &mut TenantPolicy) -> Option<()> {
        let most = self.max_deactivations.read(|text| whole_number(text, 0, u32::MAX));
        let window = self.deactivation_window.read(|text| whole_number(text, 1, LONGEST_WINDOW));
        (policy.max_deactivations, policy.deactivation_window) = (most?, window?);
        policy.enabled = self.enabled;
        policy.create_users = self.create_users;
        policy.update_attributes = self.update_attributes;
        policy.deactivate_users = self.deactivate_users;
        policy.push_groups = self.push_groups;
        policy.reactivate_on_create = self.reactivate_on_create;
        settings.hris = self.hris;
        Some(())
    }

    fn form(&self, shell: &Shell, connection: &str) -> Markup {
        html! {
            form method="post" action=(shell.link("provisioning")) {
                (shell.csrf())
                input type="hidden" name="connection" value=(connection);
                (switch("enabled", self.enabled, "Enable SCIM based user provision", "Off: every request of the identity provider is refused."))
                (switch("create_users", self.create_users, "Create Users", "Create or reactivate a person when they are assigned."))
                (switch("update_attributes", self.update_attributes, "Update User Attributes", "Changes of profiles are taken over."))
                (switch("deactivate_users", self.deactivate_users, "Deactivate Users", "Un-assigned people are deactivated: they cannot sign in and leave the directory."))
                (switch("push_groups", self.push_groups, "Push Groups", "Groups and their members are taken over."))
                (switch("reactivate_on_create", self.reactivate_on_create, "Reactivate on create", "A create request for a deactivated person with the same external id brings the same person back."))
                (switch("hris", self.hris, "HRIS integration", "People come from an HRIS integration instead: either that or user provision, never both. For the whole workspace."))
                (super::form::complaint("hris", self.both.as_deref()))
                (self.guard())
                p { button type="submit" { "Save User Provision Options" } }
            }
        }
    }

    /// The guard against mass deactivation.
    fn guard(&self) -> Markup {
        let number = |name: &'static str, label: &str, min: u32, max: u32, typed: &Typed| {
            html! {
                label {
                    (label)
                    input type="number" name=(name) min=(min) max=(max) required value=(typed.text)
                        aria-invalid=[typed.invalid()] aria-describedby=[typed.described(name)];
                    (typed.complaint(name))
                }
            }
        };
        html! {
            fieldset {
                legend { "Guard against mass deactivation" }
                div.row.top-aligned {
                    (number("max_deactivations", "At most so many people deactivated or deleted", 0, u32::MAX, &self.max_deactivations))
                    (number("deactivation_window", "within so many seconds", 1, LONGEST_WINDOW, &self.deactivation_window))
                }
                p.hint { "The next one puts the connection on hold: nobody is deactivated or deleted until you release it here; everyone else is provisioned as before. 0: no limit. Leavers wait while it holds." }
            }
        }
    }
}

pub(super) fn whole_number(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("A whole number from {least} to {most} is expected."))
}

fn switch(name: &str, on: bool, label: &str, hint: &str) -> Markup {
    html! {
        label.switch {
            input type="checkbox" name=(name) value="on" checked[on];
            span { (label) span.hint { (hint) } }
        }
    }
}

pub(super) async fn save(
    State(console): App,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Sent { session, fields }: Sent,
) -> Result<Response, Failure> {
    let connection = fields.connection();
    let found = console.admin.tenant(&tenant).await?;
    let (id, mut settings) = (found.id, found.policy);
    let mut policy = console.admin.connection(id, connection).await?.policy;
    let mut switches = Switches::sent(&fields);
    let page = if switches.read(&mut policy, &mut settings).is_none() {
        Page { switches: Some(switches), ..Page::wrong("Nothing was saved. See the number that is marked.") }
    } else {
        // The one is switched off before the other is switched on; that fails when yet another connection is on.
        let connections = console.admin.connections(id).await?;
        let others = connections.iter().any(|other| other.policy.enabled && other.policy.name != policy.name);
        let saved = if settings.hris && !policy.enabled && !others {
            match console.admin.set_connection(id, policy).await {
                Ok(()) => console.admin.set_tenant_policy(id, settings).await,
                refused => refused,
            }
        } else {
            match console.admin.set_tenant_policy(id, settings).await {
                Ok(()) => console.admin.set_connection(id, policy).await,
                refused => refused,
            }
        };
        match saved {
            Ok(()) => Page::with(Notice::Text("Saved.".to_owned())),
            Err(AdminError::Invalid(why)) => {
                let page = Page::wrong(&format!("Nothing was saved: {why}."));
                switches.both = Some(why).filter(|why| why.contains("HRIS"));
                Page { switches: Some(switches), ..page }
            }
            Err(error) => return Err(error.into()),
        }
    };
    render(&console, session, &tenant, connection, &headers, page).await
}

pub(super) async fn release_hold(
    State(console): App,
    Path((tenant, hold)): Path<(String, String)>,
    Sent { fields, .. }: Sent,
) -> Result<Response, Failure> {
    let id = console.admin.tenant(&tenant).await?.id;
    if !console.admin.holds(Some(id)).await?.iter().any(|h| h.id == hold) {
        return Err(Failure::not_found("There is no such hold in this workspace."));
    }
    console.admin.release_hold(&hold).await?;
    Ok(Redirect::to(&address(&tenant, fields.connection())).into_response())
}

/// Goes the way the identity provider's connection test goes, as far as it can be gone from inside: provisioning on, a
/// valid token, a first page of users; and says when the provider was last heard of.
pub(super) async fn check(
    State(console): App,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Sent { session, fields }: Sent,
) -> Result<Response, Failure> {
    let connection = fields.connection();
    let id = console.admin.tenant(&tenant).await?.id;
    let now = console.now();
    let policy = console.admin.connection(id, connection).await?.policy;
    let is_own = |of: &str| of == policy.name;
    let live = console.admin.tokens(Some(id)).await?.iter().any(|t| is_own(&t.connection) && t.denied(now).is_none())
        || console.admin.issuers(Some(id)).await?.iter().any(|issuer| is_own(&issuer.connection));
    let notice = if !policy.enabled {
        Notice::Wrong(
            "SCIM based user provision is switched off: requests are refused until it is enabled and saved below."
                .to_owned(),
        )
    } else if !live {
        Notice::Wrong(
            "There is no valid bearer token: create one below and enter it at the identity provider.".to_owned(),
        )
    } else {
        let people = console.list(id, "User", None, "id", 1, 2).await?.total;
        let last = console.recent_log(id, false, 1).await?;
        let heard = match last.first() {
            Some(entry) => format!("The identity provider last wrote at {}.", entry.when),
            None => "The identity provider has not written anything yet.".to_owned(),
        };
        Notice::Text(format!(
            "This side is ready: provisioning is on, a token is valid, {people} people are listed. {heard}"
        ))
    };
    render(&console, session, &tenant, connection, &headers, Page::with(notice)).await
}
