//! The conversation about one person: look up, create or link, update, deactivate.

use super::answer::{self, resource, resources};
use super::exchange::{Answer, Exchange, Topic, Turn, conversation};
use super::{Failure, Method, Request, Synced, Synchronized};
use scimstack_schema::{Object, Value, uri};

const ENDPOINT: &str = "/Users";

/// A person as the provider wants it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DesiredUser {
    /// The mapped attributes as a document; extensions under their URIs, `schemas` is made. `null` unassigns.
    pub document: Object,
    /// What is sent with a creation besides, and never again (`password`, `groups`).
    pub on_create: Object,
    /// The attribute people are looked up by.
    pub matched_by: String,
}

impl DesiredUser {
    /// A person with these attributes, looked up by `userName`.
    #[must_use]
    pub fn new(document: Object) -> Self {
        Self { document, on_create: Object::new(), matched_by: "userName".to_owned() }
    }

    /// With members that only a creation has.
    #[must_use]
    pub fn with_on_create(mut self, members: Object) -> Self {
        self.on_create = members;
        self
    }

    fn match_value(&self) -> &str {
        self.document.get(&self.matched_by).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Brings one person at the server to what is desired.
#[derive(Clone, Debug)]
pub struct UserSync {
    exchange: Exchange<User>,
}

#[derive(Clone, Debug)]
struct User {
    desired: DesiredUser,
    deed: Synchronized,
    /// Set when a creation met a conflict: the second look-up decides.
    conflict: Option<Failure>,
}

#[derive(Clone, Debug)]
enum Phase {
    Match,
    Create,
    Read { id: String },
    Write { id: String, body: Value },
}

impl UserSync {
    /// The person is assigned: found and linked (brought back, when deactivated), else created.
    #[must_use]
    pub fn assign(desired: DesiredUser) -> Self {
        Self::start(desired, Synchronized::Updated, Phase::Match)
    }

    /// The profile of a linked person changed.
    #[must_use]
    pub fn update(id: impl Into<String>, desired: DesiredUser) -> Self {
        Self::start(desired, Synchronized::Updated, Phase::Read { id: id.into() })
    }

    /// A linked person is no longer assigned.
    #[must_use]
    pub fn deactivate(id: impl Into<String>) -> Self {
        let inactive = DesiredUser::new([("active", false)].into_iter().collect());
        Self::start(inactive, Synchronized::Deactivated, Phase::Read { id: id.into() })
    }

    fn start(desired: DesiredUser, deed: Synchronized, phase: Phase) -> Self {
        Self { exchange: Exchange::new(User { desired, deed, conflict: None }, phase) }
    }
}

conversation!(UserSync);

impl Topic for User {
    type Phase = Phase;

    fn request(&self, phase: &Phase) -> Request {
        let desired = &self.desired;
        match phase {
            Phase::Match => answer::look_up(ENDPOINT, &desired.matched_by, desired.match_value()),
            Phase::Create => {
                let mut body = Object::new();
                merge(&mut body, &desired.document);
                for (name, value) in desired.on_create.iter() {
                    body.insert(name, value.clone());
                }
                answer::create(ENDPOINT, with_schemas(body))
            }
            Phase::Read { id } => answer::about(Method::Get, ENDPOINT, id, None),
            Phase::Write { id, body } => answer::about(Method::Put, ENDPOINT, id, Some(body.clone())),
        }
    }

    fn answer(&mut self, phase: &Phase, answer: &Answer<'_>) -> Result<Turn<Phase>, Failure> {
        let unusable = |detail| answer.unusable(detail);
        match (phase, answer.status) {
            (Phase::Match, 200..=299 | 404) => {
                let found = match answer.status {
                    404 => Vec::new(),
                    _ => resources(answer.body).map_err(unusable)?,
                };
                match (found.as_slice(), self.conflict.take()) {
                    ([], None) => Ok(Turn::Next(Phase::Create)),
                    ([], Some(conflict)) => Err(conflict),
                    ([one], _) => {
                        let id = answer::id_of(one);
                        let id = id.ok_or_else(|| answer.unusable("the person found has no \"id\""))?;
                        Ok(Turn::Next(Phase::Read { id }))
                    }
                    (many, _) => Err(answer.unusable(format!("{} people match", many.len()))),
                }
            }
            (Phase::Create, 200..=299) => {
                let (id, document) = resource(answer.body).map_err(unusable)?;
                Ok(Turn::Done(Synced { id, deed: Synchronized::Created, document: document.into() }))
            }
            (Phase::Create, 409) => {
                self.conflict = Some(answer.failure());
                Ok(Turn::Next(Phase::Match))
            }
            (Phase::Read { .. }, 200..=299) => {
                let (id, mut document) = resource(answer.body).map_err(unusable)?;
                merge(&mut document, &self.desired.document);
                Ok(Turn::Next(Phase::Write { id, body: with_schemas(document) }))
            }
            (Phase::Write { id, .. }, 200..=299) => {
                let document = Value::parse(answer.body).unwrap_or_default();
                Ok(Turn::Done(Synced { id: id.clone(), deed: self.deed, document }))
            }
            _ => Err(answer.failure()),
        }
    }

    fn after_loss(&self, phase: &Phase) -> Option<Phase> {
        // A creation may have arrived.
        matches!(phase, Phase::Create).then_some(Phase::Match)
    }
}

/// Overwrites `target` with what `mapped` has: objects member by member, everything else whole; `null` takes out.
fn merge(target: &mut Object, mapped: &Object) {
    for (name, value) in mapped.iter() {
        match (target.get_mut(name), value) {
            (_, Value::Null) => {
                target.remove(name);
            }
            (Some(Value::Object(inner)), Value::Object(mapped)) => merge(inner, mapped),
            (_, Value::Object(mapped)) => {
                let mut inner = Object::new();
                merge(&mut inner, mapped);
                target.insert(name, inner);
            }
            _ => {
                target.insert(name, value.clone());
            }
        }
    }
    target.retain(|_, value| !matches!(value, Value::Object(inner) if inner.is_empty()));
}

/// The document with `schemas` naming the core schema, what it named before, and the extensions it holds.
fn with_schemas(document: Object) -> Value {
    let mut schemas: Vec<String> = vec![uri::USER.to_owned()];
    let named = document.get("schemas").and_then(Value::as_array).unwrap_or_default();
    let held = document.iter().map(|(name, _)| name).filter(|name| name.starts_with("urn:"));
    for schema in named.iter().filter_map(Value::as_str).chain(held) {
        if !schemas.iter().any(|known| known.eq_ignore_ascii_case(schema)) {
            schemas.push(schema.to_owned());
        }
    }
    let mut out = Object::new();
    out.insert("schemas", schemas);
    for (name, value) in document {
        if !name.eq_ignore_ascii_case("schemas") {
            out.insert(name, value);
        }
    }
    out.into()
}
