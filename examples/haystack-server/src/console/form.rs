//! What forms share: the fields as they were sent by whoever is logged in, and an error that stands at its field and belongs
//! to it for screen readers, too. No page's own content.

use super::data::Console;
use super::provisioning::connection_named;
use super::session::Session;
use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use std::sync::Arc;

/// A form that was sent by someone who is logged in, and made for their session: what every handler of a form begins with.
pub(super) struct Sent {
    pub(super) session: Session,
    pub(super) fields: Fields,
}

impl FromRequest<Arc<Console>> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Arc<Console>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let session = Session::from_request_parts(&mut parts, console).await?;
        let form = Form::from_request(Request::from_parts(parts, body), console).await;
        let Form(pairs) = form.map_err(IntoResponse::into_response)?;
        let fields = Fields(pairs);
        session.check(fields.text("csrf")).map_err(IntoResponse::into_response)?;
        Ok(Self { session, fields })
    }
}

/// The fields of a form, in the order they were sent: for forms whose fields are not known beforehand.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Which connection the page is about that the form stands on.
    pub(super) fn connection(&self) -> &str {
        connection_named(self.text("connection"))
    }

    /// What was sent of a field; nothing, when it was not.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Whether a box was ticked.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Everything that was sent under a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What was typed into a field, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) text: String,
    pub(super) error: Option<String>,
}

impl Typed {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), error: None }
    }

    /// What [`Typed::text`] means, or its error is kept.
    pub(super) fn read<T>(&mut self, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        match read(self.text.trim()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    /// The id of the error, for `aria-describedby` of the field called `name`.
    pub(super) fn described(&self, name: &str) -> Option<String> {
        self.error.as_ref().map(|_| format!("{name}-error"))
    }

    /// For `aria-invalid`.
    pub(super) fn invalid(&self) -> Option<&'static str> {
        self.error.as_ref().map(|_| "true")
    }

    /// The error of the field called `name`.
    pub(super) fn complaint(&self, name: &str) -> Markup {
        complaint(name, self.error.as_deref())
    }
}

/// A keyword of the policies, as they spell it.
pub(super) fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// An error at the field called `name`.
pub(super) fn complaint(name: &str, error: Option<&str>) -> Markup {
    html! { @if let Some(error) = error { span.complaint id=(format!("{name}-error")) role="alert" { (error) } } }
}
