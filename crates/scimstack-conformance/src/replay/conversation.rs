//! Conversations as data: what an identity provider sends, step by step, what it takes for an answer, and what the letter
//! of the RFCs says instead where a step departs from it. Reading them and finding fault with them; playing them is next
//! door.

use super::expect::{Shows, Statuses};
use super::words::placeholders;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// What one identity provider does, in its order.
///
/// ```
/// let okta = scimstack_conformance::conversation("okta").unwrap();
/// assert!(okta.steps.iter().all(|step| !step.send.starts_with("PATCH")), "the app wizard knows only PUT");
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Conversation {
    /// A short name: `okta`, `entra-compliant`.
    pub provider: String,
    /// Which product in which configuration.
    pub title: String,
    /// The headers of every request.
    pub headers: BTreeMap<String, String>,
    /// The media type of what it sends.
    pub content_type: String,
    /// In the order they are sent.
    pub steps: Vec<Step>,
}

/// One request, and what the provider expects.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Step {
    /// Given once in a conversation, in kebab case.
    pub id: String,
    /// What the provider does here, and what it needs of the answer.
    pub does: String,
    /// The facts it rests on, by their codes: `A-23`.
    pub facts: Vec<String>,
    /// The rows of the [tolerances](super::tolerances) that it exercises: `F-10`.
    #[serde(default)]
    pub rows: Vec<String>,
    /// Schemas without which the step is left out, as placeholders: `{haystack}`.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Why a server that does not know the provider need not pass it.
    #[serde(default)]
    pub own: Option<String>,
    /// Whom it comes from.
    #[serde(default, rename = "as")]
    pub who: Who,
    /// Method and address below the base URL, as on the wire but for placeholders.
    pub send: String,
    /// Headers that differ from the conversation's; an empty one is not sent.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What is sent.
    #[serde(default, rename = "with")]
    pub content: Content,
    /// The statuses that the provider takes.
    pub status: Statuses,
    /// What the answer shows, by path.
    #[serde(default)]
    pub shows: Shows,
    /// What the headers of the answer are.
    #[serde(default)]
    pub answers: Shows,
    /// What is remembered of the answer for later steps, by path.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
    /// What a server answers that keeps to the letter, where that is something else.
    #[serde(default)]
    pub letter: Option<Letter>,
}

/// The body of a request, in one of the ways a provider comes by it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Content {
    /// The whole of it.
    #[serde(default)]
    pub body: Option<Value>,
    /// The operations of a PATCH.
    #[serde(default)]
    pub patch: Option<Vec<Value>>,
    /// A document of the server's own that was kept under this name, sent back.
    #[serde(default)]
    pub echo: Option<String>,
    /// What is set in it, by path.
    #[serde(default)]
    pub change: Map<String, Value>,
    /// What is left out of it, by path.
    #[serde(default)]
    pub drop: Vec<String>,
}

/// What the letter of the RFCs says of a step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Letter {
    /// Why, with the section.
    pub says: String,
    /// The statuses.
    pub status: Statuses,
    /// The `scimType` of the error.
    #[serde(default)]
    pub scim_type: Option<String>,
    /// What the answer shows, by path.
    #[serde(default)]
    pub shows: Shows,
    /// What a client that keeps to the letter sends for the same end; the conversation goes on from there.
    #[serde(default)]
    pub then: Option<Then>,
}

/// A request in the place of one that is refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Then {
    /// Method and address, where they differ.
    #[serde(default)]
    pub send: Option<String>,
    /// What is sent.
    #[serde(default, rename = "with")]
    pub content: Content,
}

/// Whom a request says it comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Who {
    /// The client, with `Authorization: Bearer` and the token.
    #[default]
    Client,
    /// The client, with the token alone in `Authorization`.
    Bare,
    /// Somebody with a token that the server has never made.
    Stranger,
}

impl Conversation {
    /// Reads a conversation; `peers/` has examples of the form.
    ///
    /// # Errors
    /// In words: what is no JSON of this form, and what could not be played.
    ///
    /// ```
    /// let text = r#"{"provider": "acme", "title": "Acme's own", "headers": {"User-Agent": "acme/1"},
    ///     "content-type": "application/scim+json", "steps": [{"id": "probe", "does": "asks for one user", "facts": [],
    ///     "send": "GET /Users?count=1", "status": 200, "shows": {"/itemsPerPage": {"number": true}}}]}"#;
    /// assert_eq!(scimstack_conformance::Conversation::parse(text).unwrap().steps.len(), 1);
    /// assert!(scimstack_conformance::Conversation::parse(&text.replace("{\"number", "{\"nmber")).is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        let found: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match found.fault() {
            None => Ok(found),
            Some(fault) => Err(fault),
        }
    }

    /// What would end the conversation in the middle.
    fn fault(&self) -> Option<String> {
        let mut known: BTreeSet<&str> =
            super::words::GIVEN.iter().map(|(name, _)| *name).chain(["run", "base"]).collect();
        let mut ids = BTreeSet::new();
        for step in &self.steps {
            let of = |fault: String| Some(format!("{}, step {}: {fault}", self.provider, step.id));
            if !ids.insert(&step.id) {
                return of("the id is given twice".to_owned());
            }
            let other = step.letter.as_ref().and_then(|letter| letter.then.as_ref());
            let contents = [Some(&step.content), other.map(|then| &then.content)];
            if let Some(fault) = contents.iter().flatten().find_map(|content| content.fault()) {
                return of(fault);
            }
            let shows = [Some(&step.shows), Some(&step.answers), step.letter.as_ref().map(|letter| &letter.shows)];
            if let Some(fault) = shows.into_iter().flatten().find_map(Shows::fault) {
                return of(fault);
            }
            let lines = [Some(&step.send), other.and_then(|then| then.send.as_ref())];
            if let Some(line) = lines.into_iter().flatten().find(|line| method(line).is_none()) {
                return of(format!("\"{line}\" is no method with an address"));
            }
            let mut words: Vec<String> =
                lines.into_iter().flatten().chain(&step.needs).flat_map(|l| placeholders(l)).collect();
            for content in contents.into_iter().flatten() {
                words.extend(content.words());
            }
            words.extend(shows.into_iter().flatten().flat_map(Shows::words));
            if let Some(word) = words.iter().find(|word| !known.contains(word.as_str())) {
                return of(format!("{{{word}}} is known to no step before"));
            }
            known.extend(step.keep.keys().map(String::as_str));
        }
        None
    }
}

impl Content {
    fn fault(&self) -> Option<String> {
        let ways =
            usize::from(self.body.is_some()) + usize::from(self.patch.is_some()) + usize::from(self.echo.is_some());
        if ways > 1 {
            return Some("it has more than one body".to_owned());
        }
        let changes = !self.change.is_empty() || !self.drop.is_empty();
        (changes && self.echo.is_none()).then(|| "it changes a document that it does not send back".to_owned())
    }

    fn words(&self) -> Vec<String> {
        let mut found: Vec<String> = self.echo.iter().cloned().collect();
        found.extend(self.drop.iter().flat_map(|path| placeholders(path)));
        let values = self.body.iter().chain(self.patch.iter().flatten());
        values.for_each(|value| words(value, &mut found));
        for (path, value) in &self.change {
            found.extend(placeholders(path));
            words(value, &mut found);
        }
        found
    }
}

/// The placeholders of all texts in a value.
pub(super) fn words(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.extend(placeholders(text)),
        Value::Array(elements) => elements.iter().for_each(|element| words(element, found)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            found.extend(placeholders(name));
            words(value, found);
        }),
        _ => {}
    }
}

/// Method and address of a line like `GET /Users?count=1`.
pub(super) fn method(line: &str) -> Option<(&'static str, &str)> {
    let (method, address) = line.split_once(' ')?;
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|known| *known == method)?;
    (address.starts_with('/') || address.starts_with('?')).then_some((known, address))
}

macro_rules! bundled {
    ($($name:literal)+) => { &[$(include_str!(concat!("../../peers/", $name, ".json"))),+] };
}

/// One file for each provider.
const BUNDLED: &[&str] = bundled!(
    "okta" "okta-oin" "entra" "entra-compliant" "onelogin" "jumpcloud" "authentik" "keycloak" "pingone" "sailpoint"
    "google" "cyberark" "rippling" "jackson"
);

/// Every file is read by a test; one that is wrong would be missing here.
static CONVERSATIONS: LazyLock<Vec<Conversation>> =
    LazyLock::new(|| BUNDLED.iter().filter_map(|text| Conversation::parse(text).ok()).collect());

/// The conversations that come with the crate.
///
/// ```
/// let named: Vec<&str> = scimstack_conformance::conversations().iter().map(|c| c.provider.as_str()).collect();
/// assert!(named.contains(&"entra"));
/// ```
#[must_use]
pub fn conversations() -> &'static [Conversation] {
    &CONVERSATIONS
}

/// The conversation of this provider.
///
/// ```
/// assert!(scimstack_conformance::conversation("okta").is_some());
/// assert!(scimstack_conformance::conversation("nobody").is_none());
/// ```
#[must_use]
pub fn conversation(provider: &str) -> Option<&'static Conversation> {
    conversations().iter().find(|conversation| conversation.provider == provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_conversation_can_be_read_and_begins_another() {
        let mut names = BTreeSet::new();
        for text in BUNDLED {
            let found = Conversation::parse(text).unwrap();
            assert!(found.steps.len() >= 3, "{}", found.provider);
            assert!(names.insert(found.provider));
        }
        assert_eq!(conversations().len(), BUNDLED.len());
    }

    fn with(step: &str) -> Result<Conversation, String> {
        let head = r#""provider": "p", "title": "t", "headers": {}, "content-type": "application/json""#;
        Conversation::parse(&format!(r#"{{{head}, "steps": [{step}]}}"#))
    }

    #[test]
    fn what_could_not_be_played_is_refused_in_words() {
        let head = r#""id": "a", "does": "d", "facts": [], "status": 200"#;
        for (step, fault) in [
            (format!(r#"{{{head}, "send": "GET /Users"}}, {{{head}, "send": "GET /Users"}}"#), "twice"),
            (format!(r#"{{{head}, "send": "GET /Users/{{ann}}"}}"#), "{ann} is known to no step"),
            (format!(r#"{{{head}, "send": "PUT /Users", "with": {{"echo": "ann"}}}}"#), "{ann} is known to no step"),
            (format!(r#"{{{head}, "send": "FETCH /Users"}}"#), "no method"),
            (
                format!(r#"{{{head}, "send": "PUT /Users", "with": {{"body": {{}}, "patch": []}}}}"#),
                "more than one body",
            ),
            (format!(r#"{{{head}, "send": "PUT /Users", "with": {{"drop": ["/id"]}}}}"#), "does not send back"),
            (format!(r#"{{{head}, "send": "GET /Users", "shows": {{"/id": {{"is": 1}}}}}}"#), "no expectation"),
            (format!(r#"{{{head}, "send": "GET /Users", "shows": {{"id": 1}}}}"#), "no path"),
        ] {
            let found = with(&step).unwrap_err();
            assert!(found.contains(fault), "{step}: {found}");
        }
        assert!(with(&format!(r#"{{{head}, "send": "GET /Users", "keep": {{"ann": "/id"}}}}"#)).is_ok());
    }
}
