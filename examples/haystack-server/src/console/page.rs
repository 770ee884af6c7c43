//! The frame around every page: head, navigation, notices; and what a failure looks like. No page's own content.

use super::data::Console;
use super::session::Session;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use maud::{DOCTYPE, Markup, html};
use scimstack_schema::Timestamp;
use scimstack_server::UnaskedError;
use scimstack_server::admin::{AdminError, Tenant};
use scimstack_store::StoreError;

/// The tabs of the navigation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Provisioning,
    Security,
    People,
    Groups,
    OrgChart,
    Fields,
    Log,
}

const TABS: [(Tab, &str, &str); 8] = [
    (Tab::Overview, "", "Overview"),
    (Tab::Provisioning, "provisioning", "User Provisions & Login"),
    (Tab::Security, "security", "Security Settings"),
    (Tab::People, "people", "People"),
    (Tab::Groups, "groups", "Groups"),
    (Tab::OrgChart, "org-chart", "Org chart"),
    (Tab::Fields, "fields", "Custom fields"),
    (Tab::Log, "log", "Provisioning errors"),
];

/// A page of one tenant, for someone who is logged in.
pub(super) struct Shell {
    pub(super) session: Session,
    pub(super) tenant: Tenant,
    tab: Tab,
}

impl Shell {
    /// The frame for a tenant's page; 404 when there is no such tenant.
    pub(super) async fn new(console: &Console, session: Session, tenant: &str, tab: Tab) -> Result<Self, Failure> {
        let tenant = console.admin.tenant(tenant).await?;
        Ok(Self { session, tenant, tab })
    }

    /// A link within this tenant.
    pub(super) fn link(&self, to: &str) -> String {
        format!("/console/{}/{to}", self.tenant.name)
    }

    /// The hidden field every form has.
    pub(super) fn csrf(&self) -> Markup {
        html! { input type="hidden" name="csrf" value=(self.session.csrf()); }
    }

    /// The whole page.
    pub(super) fn page(&self, title: &str, body: Markup) -> Markup {
        let nav = html! {
            nav aria-label="Sections" {
                @for (tab, path, label) in TABS {
                    a href=(self.link(path).trim_end_matches('/')) aria-current=[(tab == self.tab).then_some("page")] { (label) }
                }
            }
        };
        frame(&format!("{title} · {}", self.tenant.name), Some(&self.session), Some(&self.tenant.name), &nav, &body)
    }
}

/// A page outside of any tenant.
pub(super) fn plain(title: &str, session: Option<&Session>, body: Markup) -> Markup {
    frame(title, session, None, &html! {}, &body)
}

fn frame(title: &str, session: Option<&Session>, tenant: Option<&str>, nav: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Haystack Admin Console" }
                link rel="stylesheet" href="/console/style.css";
                link rel="icon" href="data:,";
                script src="/console/console.js" defer {}
            }
            body {
                header.top {
                    a.brand href="/console" { "Haystack" span { "Admin Console" } }
                    @if let Some(tenant) = tenant { span.tenant { (tenant) } }
                    @if let Some(session) = session {
                        form.logout method="post" action="/console/logout" {
                            input type="hidden" name="csrf" value=(session.csrf());
                            span { (session.name()) }
                            button.quiet type="submit" { "Log out" }
                        }
                    }
                }
                div.frame { (nav) main { (body) } }
            }
        }
    }
}

/// A moment, to the second (UTC).
pub(super) fn moment(at: Timestamp) -> Markup {
    let exact = at.to_string();
    let shown: String = exact.chars().take("2026-01-01T00:00:00".len()).collect();
    html! { time datetime=(exact) title=(exact) { (shown.replace('T', " ")) } }
}

/// Where a list goes on, as it stands in an address.
fn cursor_text(cursor: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(cursor)
}

/// Reads [`cursor_text`].
fn cursor(text: &str) -> Result<Bytes, Failure> {
    URL_SAFE_NO_PAD.decode(text).map(Bytes::from).map_err(|_| StoreError::BadCursor.into())
}

/// A page that is looked for until it is full, since there may be nobody on a page of the store's; but not for ever.
pub(super) struct Filling<T> {
    found: Vec<T>,
    enough: usize,
    looks: usize,
    /// Where to go on; `None` at the end.
    next: Option<Option<Bytes>>,
}

impl<T> Filling<T> {
    /// A page of so many that goes on where another ended.
    pub(super) fn after(after: Option<&str>, enough: usize, looks: usize) -> Result<Self, Failure> {
        Ok(Self { found: Vec::new(), enough, looks, next: Some(after.map(cursor).transpose()?) })
    }

    /// Where to look, and for how many; `None` when that is over.
    pub(super) fn look(&mut self) -> Option<(Option<Bytes>, usize)> {
        let left = self.enough.checked_sub(self.found.len()).filter(|left| *left > 0)?;
        self.looks = self.looks.checked_sub(1)?;
        Some((self.next.clone()?, left))
    }

    /// What was found, and where to go on.
    pub(super) fn take(&mut self, found: Vec<T>, next: Option<Bytes>) {
        self.found.extend(found);
        self.next = next.map(Some);
    }

    /// All that was found, and where to go on.
    pub(super) fn done(self) -> (Vec<T>, Option<String>) {
        (self.found, self.next.flatten().map(|next| cursor_text(&next)))
    }
}

/// Why a page cannot be shown.
pub(super) struct Failure {
    status: StatusCode,
    text: String,
}

impl Failure {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    pub(super) fn not_found(text: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::NotFound(what) => Self::not_found(format!("There is no {what}.")),
            AdminError::Invalid(text) => Self::new(StatusCode::BAD_REQUEST, text),
            AdminError::Exists(what) => Self::new(StatusCode::CONFLICT, format!("{what} exists already.")),
            AdminError::Store(error) => error.into(),
            other => Self::new(StatusCode::INTERNAL_SERVER_ERROR, other.to_string()),
        }
    }
}

impl From<UnaskedError> for Failure {
    fn from(error: UnaskedError) -> Self {
        match error {
            UnaskedError::Admin(error) => error.into(),
            other => Self::new(StatusCode::INTERNAL_SERVER_ERROR, other.to_string()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooExpensive { .. } => Self::new(
                StatusCode::BAD_REQUEST,
                "This workspace is too large to search that way. Search for the start of a user name, or a whole e-mail address.",
            ),
            StoreError::BadCursor => {
                Self::new(StatusCode::BAD_REQUEST, "This link leads to no page of the list. Begin at its first page.")
            }
            other => {
                tracing::error!(error = %other, "the console's request to the store failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The database did not answer. Try again in a moment.")
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = html! {
            h1 { (self.status.canonical_reason().unwrap_or("Error")) }
            p.error { (self.text) }
            p { a href="/console" { "Back to the console" } }
        };
        (self.status, plain("Error", None, body)).into_response()
    }
}
