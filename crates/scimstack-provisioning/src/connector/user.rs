//! The conversation about one person: look up, create or link, update, switch off, delete.

use super::answer::{self, resource, resources};
use super::exchange::{Answer, Exchange, Topic, Turn, conversation};
use super::manner::{LookUp, Manner, Switch, Update};
use super::{Failure, Method, Profile, Request, Synced, Synchronized, shape};
use scimstack_schema::{Object, Value};

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

    fn active(&self) -> Option<bool> {
        self.document.get("active").and_then(Value::as_bool)
    }
}

/// Brings one person at the server to what is desired.
#[derive(Clone, Debug)]
pub struct UserSync {
    exchange: Exchange<User>,
}

#[derive(Clone, Debug)]
struct User {
    manner: Manner,
    goal: Goal,
    desired: DesiredUser,
    /// Set when a creation met a conflict: the second look-up decides.
    conflict: Option<Failure>,
    /// Whether someone linked was gone once already.
    rematched: bool,
}

#[derive(Clone, Debug)]
enum Goal {
    Assign,
    Update { id: String },
    Deactivate { id: String },
    Delete { id: String },
}

#[derive(Clone, Debug)]
enum Phase {
    Match,
    List {
        start: usize,
    },
    Create,
    Read {
        id: String,
    },
    /// Switches on; what is written afterwards comes along.
    Awaken {
        id: String,
        body: Value,
    },
    Write {
        id: String,
        body: Value,
    },
    Patch {
        id: String,
        body: Value,
    },
    Delete {
        id: String,
    },
}

impl UserSync {
    /// The person is assigned: found and linked (brought back, when deactivated), else created.
    #[must_use]
    pub fn assign(desired: DesiredUser) -> Self {
        Self::start(desired, Goal::Assign)
    }

    /// The profile of a linked person changed.
    #[must_use]
    pub fn update(id: impl Into<String>, desired: DesiredUser) -> Self {
        Self::start(desired, Goal::Update { id: id.into() })
    }

    /// A linked person is no longer assigned. Who writes persons whole and reads none before ([`Update::Replace`] without
    /// a switch of its own) reads this once.
    #[must_use]
    pub fn deactivate(id: impl Into<String>) -> Self {
        let inactive = DesiredUser::new([("active", false)].into_iter().collect());
        Self::start(inactive, Goal::Deactivate { id: id.into() })
    }

    /// A linked person is to be deleted at the server.
    #[must_use]
    pub fn delete(id: impl Into<String>) -> Self {
        Self::start(DesiredUser::new(Object::new()), Goal::Delete { id: id.into() })
    }

    /// As Okta's wizard does it; see [`UserSync::with_manner`].
    fn start(desired: DesiredUser, goal: Goal) -> Self {
        let manner = Profile::OktaAppWizard.manner();
        let mut user = User { manner, goal, desired, conflict: None, rematched: false };
        let phase = user.begin(manner);
        Self { exchange: Exchange::new(user, phase) }
    }
}

conversation!(UserSync);

impl User {
    fn begin(&mut self, manner: Manner) -> Phase {
        self.manner = manner;
        match &self.goal {
            Goal::Assign => match manner.look_up {
                LookUp::First => Phase::Match,
                LookUp::AfterConflict | LookUp::List => Phase::Create,
            },
            Goal::Update { id } => self.linked(id.clone()),
            Goal::Deactivate { id } => match manner.switch {
                Switch::Update => Phase::Read { id: id.clone() },
                Switch::Value | Switch::Path => Phase::Patch { id: id.clone(), body: self.switch(false) },
            },
            Goal::Delete { id } => Phase::Delete { id: id.clone() },
        }
    }

    /// The look-up of someone who may be there after all.
    fn second_look(&self) -> Phase {
        match self.manner.look_up {
            LookUp::First | LookUp::AfterConflict => Phase::Match,
            LookUp::List => Phase::List { start: 1 },
        }
    }

    /// Someone whose id is known is to be brought up to date.
    fn linked(&self, id: String) -> Phase {
        match self.manner.update {
            Update::ReadAndReplace | Update::PatchChanges => Phase::Read { id },
            Update::Replace => {
                let mut body = Object::new();
                shape::merge(&mut body, &self.wire());
                body.insert("id", id.as_str());
                if self.manner.document.own_location {
                    let meta: Object = [("resourceType", "User".to_owned()), ("location", format!("Users/{id}"))]
                        .into_iter()
                        .collect();
                    body.insert("meta", meta);
                }
                Phase::Write { id, body: shape::with_schemas(body, &self.manner.document) }
            }
            Update::PatchAll => {
                let changes = shape::all(&self.desired.document, &self.manner.patch);
                Phase::Patch { id, body: shape::patch(&changes, &self.manner.patch) }
            }
        }
    }

    fn wire(&self) -> Object {
        shape::document(&self.desired.document, &self.manner.document)
    }

    fn switch(&self, active: bool) -> Value {
        shape::switch(active, self.manner.switch == Switch::Path, &self.manner.patch)
    }

    fn created(&self) -> Value {
        let mut body = Object::new();
        shape::merge(&mut body, &self.wire());
        for (name, value) in self.desired.on_create.iter() {
            body.insert(name, value.clone());
        }
        if self.manner.document.names_type {
            let meta: Object = [("resourceType", "User")].into_iter().collect();
            body.insert("meta", meta);
        }
        shape::with_schemas(body, &self.manner.document)
    }

    /// What is written after someone was read.
    fn after_read(&self, id: String, shown: Object) -> Turn<Phase> {
        let whole = matches!(self.manner.update, Update::ReadAndReplace | Update::Replace)
            || matches!(self.goal, Goal::Deactivate { .. });
        if !whole {
            let changes = shape::changes(&shown, &self.desired.document, &self.manner.patch);
            if changes.is_empty() {
                return Turn::Done(Synced { id, deed: self.deed(), document: shown.into() });
            }
            return Turn::Next(Phase::Patch { id, body: shape::patch(&changes, &self.manner.patch) });
        }
        let sleeps = shown.get("active").and_then(Value::as_bool) == Some(false);
        let mut document = shown;
        shape::merge(&mut document, &self.wire());
        let body = shape::with_schemas(document, &self.manner.document);
        if sleeps && self.desired.active() == Some(true) && self.manner.switch == Switch::Value {
            return Turn::Next(Phase::Awaken { id, body });
        }
        Turn::Next(Phase::Write { id, body })
    }

    /// Exactly one may match.
    fn found(&mut self, found: &[Object], answer: &Answer<'_>) -> Result<Turn<Phase>, Failure> {
        match (found, self.conflict.take()) {
            ([], None) => Ok(Turn::Next(Phase::Create)),
            ([], Some(conflict)) => Err(conflict),
            ([one], _) => {
                let id = answer::id_of(one);
                let id = id.ok_or_else(|| answer.unusable("the person found has no \"id\""))?;
                Ok(Turn::Next(self.linked(id)))
            }
            (many, _) => Err(answer.unusable(format!("{} people match", many.len()))),
        }
    }

    fn deed(&self) -> Synchronized {
        match self.goal {
            Goal::Assign | Goal::Update { .. } => Synchronized::Updated,
            Goal::Deactivate { .. } => Synchronized::Deactivated,
            Goal::Delete { .. } => Synchronized::Deleted,
        }
    }
}

impl Topic for User {
    type Phase = Phase;

    fn request(&self, phase: &Phase) -> Request {
        let desired = &self.desired;
        match phase {
            Phase::Match => answer::look_up(ENDPOINT, &desired.matched_by, desired.match_value(), &self.manner),
            Phase::List { start } => answer::list(ENDPOINT, *start, true),
            Phase::Create => answer::create(ENDPOINT, self.created()),
            Phase::Read { id } => answer::about(Method::Get, ENDPOINT, id, None),
            Phase::Awaken { id, .. } => answer::about(Method::Patch, ENDPOINT, id, Some(self.switch(true))),
            Phase::Write { id, body } => answer::about(Method::Put, ENDPOINT, id, Some(body.clone())),
            Phase::Patch { id, body } => answer::about(Method::Patch, ENDPOINT, id, Some(body.clone())),
            Phase::Delete { id } => answer::about(Method::Delete, ENDPOINT, id, None),
        }
    }

    fn answer(&mut self, phase: &Phase, answer: &Answer<'_>) -> Result<Turn<Phase>, Failure> {
        let unusable = |detail| answer.unusable(detail);
        let done = |id: &str, deed| {
            let document = Value::parse(answer.body).unwrap_or_default();
            Ok(Turn::Done(Synced { id: id.to_owned(), deed, document }))
        };
        match (phase, answer.status) {
            (Phase::Match, 404) if self.manner.missing_is_nobody => self.found(&[], answer),
            (Phase::Match, 200..=299) => {
                let found = resources(answer.body).map_err(unusable)?;
                self.found(&found, answer)
            }
            (Phase::List { start }, 200..=299) => {
                let (by, wanted) = (&self.desired.matched_by, self.desired.match_value());
                let (found, next) = answer::on_page(answer.body, *start, by, wanted).map_err(unusable)?;
                if let (true, Some(start)) = (found.is_empty(), next) {
                    return Ok(Turn::Next(Phase::List { start }));
                }
                self.found(&found, answer)
            }
            (Phase::Create, 200..=299) => {
                let (id, document) = resource(answer.body).map_err(unusable)?;
                Ok(Turn::Done(Synced { id, deed: Synchronized::Created, document: document.into() }))
            }
            (Phase::Create, 409) => {
                self.conflict = Some(answer.failure());
                Ok(Turn::Next(self.second_look()))
            }
            (Phase::Read { .. }, 200..=299) => {
                let (id, document) = resource(answer.body).map_err(unusable)?;
                Ok(self.after_read(id, document))
            }
            (Phase::Awaken { id, body }, 200..=299) => {
                Ok(Turn::Next(Phase::Write { id: id.clone(), body: body.clone() }))
            }
            (Phase::Write { id, .. } | Phase::Patch { id, .. }, 200..=299) => done(id, self.deed()),
            (Phase::Delete { id }, 200..=299 | 404) => done(id, Synchronized::Deleted),
            (Phase::Read { .. } | Phase::Write { .. } | Phase::Patch { .. }, 404)
                if self.manner.rematches && !self.rematched && !matches!(self.goal, Goal::Deactivate { .. }) =>
            {
                self.rematched = true;
                Ok(Turn::Next(match self.manner.look_up {
                    LookUp::First => Phase::Match,
                    LookUp::AfterConflict | LookUp::List => Phase::Create,
                }))
            }
            _ => Err(answer.failure()),
        }
    }

    fn after_loss(&self, phase: &Phase) -> Option<Phase> {
        // A creation may have arrived.
        matches!(phase, Phase::Create).then(|| self.second_look())
    }
}
