//! What forms share: the fields as they were sent, and an error that stands at its field and belongs to it for screen
//! readers, too. No page's own content.

use super::page::Failure;
use super::session::Session;
use maud::{Markup, html};

/// The fields of a form, in the order they were sent: for forms whose fields are not known beforehand.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The fields of a form that was made for this session.
    pub(super) fn of(session: &Session, pairs: Vec<(String, String)>) -> Result<Self, Failure> {
        let fields = Self(pairs);
        session.check(fields.text("csrf"))?;
        Ok(fields)
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

/// An error at the field called `name`.
pub(super) fn complaint(name: &str, error: Option<&str>) -> Markup {
    html! { @if let Some(error) = error { span.complaint id=(format!("{name}-error")) role="alert" { (error) } } }
}
