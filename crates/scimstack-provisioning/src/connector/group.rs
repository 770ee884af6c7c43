//! The conversation about one group: look up by name, create empty, fill with a PUT of all members; delete.

use super::answer::{self, resource, resources};
use super::exchange::{Answer, Exchange, Topic, Turn, conversation};
use super::{Failure, Method, Request, Synced, Synchronized};
use scimstack_schema::{Object, Value, uri};

const ENDPOINT: &str = "/Groups";

/// A group as the provider wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DesiredGroup {
    /// Its name, by which it is looked up.
    pub display_name: String,
    /// All members.
    pub members: Vec<Member>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// The person's id at the server.
    pub value: String,
    /// The name shown.
    pub display: String,
}

impl DesiredGroup {
    /// A group.
    pub fn new(display_name: impl Into<String>, members: Vec<Member>) -> Self {
        Self { display_name: display_name.into(), members }
    }

    fn body(&self, id: Option<&str>, members: &[Member]) -> Value {
        let mut body = Object::new();
        body.insert("schemas", vec![uri::GROUP]);
        if let Some(id) = id {
            body.insert("id", id);
        }
        body.insert("displayName", self.display_name.as_str());
        let member = |member: &Member| -> Object {
            [("value", member.value.as_str()), ("display", member.display.as_str())].into_iter().collect()
        };
        body.insert("members", members.iter().map(member).collect::<Vec<_>>());
        body.into()
    }
}

/// Brings one group at the server to what is desired.
#[derive(Clone, Debug)]
pub struct GroupSync {
    exchange: Exchange<Group>,
}

#[derive(Clone, Debug)]
struct Group {
    desired: DesiredGroup,
    created: bool,
    /// Set when a creation met a conflict: the second look-up decides.
    conflict: Option<Failure>,
}

#[derive(Clone, Debug)]
enum Phase {
    Match,
    Create,
    Read { id: String },
    Write { id: String },
    Delete { id: String },
}

impl GroupSync {
    /// The group is pushed for the first time: found and linked, else created.
    #[must_use]
    pub fn push(desired: DesiredGroup) -> Self {
        Self::start(desired, Phase::Match)
    }

    /// Name or members of a linked group changed.
    #[must_use]
    pub fn update(id: impl Into<String>, desired: DesiredGroup) -> Self {
        Self::start(desired, Phase::Read { id: id.into() })
    }

    /// A linked group is no longer pushed and is to be deleted at the server.
    #[must_use]
    pub fn delete(id: impl Into<String>) -> Self {
        Self::start(DesiredGroup::new("", Vec::new()), Phase::Delete { id: id.into() })
    }

    fn start(desired: DesiredGroup, phase: Phase) -> Self {
        Self { exchange: Exchange::new(Group { desired, created: false, conflict: None }, phase) }
    }
}

conversation!(GroupSync);

impl Topic for Group {
    type Phase = Phase;

    fn request(&self, phase: &Phase) -> Request {
        let desired = &self.desired;
        match phase {
            Phase::Match => answer::look_up(ENDPOINT, "displayName", &desired.display_name),
            Phase::Create => answer::create(ENDPOINT, desired.body(None, &[])),
            Phase::Read { id } => answer::about(Method::Get, ENDPOINT, id, None),
            Phase::Write { id } => {
                answer::about(Method::Put, ENDPOINT, id, Some(desired.body(Some(id), &desired.members)))
            }
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
            (Phase::Match, 200..=299 | 404) => {
                let found = match answer.status {
                    404 => Vec::new(),
                    _ => resources(answer.body).map_err(unusable)?,
                };
                match (found.first(), self.conflict.take()) {
                    (None, None) => Ok(Turn::Next(Phase::Create)),
                    (None, Some(conflict)) => Err(conflict),
                    // Names of groups need not be unique: the first is linked.
                    (Some(first), _) => {
                        let id = answer::id_of(first);
                        let id = id.ok_or_else(|| answer.unusable("the group found has no \"id\""))?;
                        Ok(Turn::Next(Phase::Read { id }))
                    }
                }
            }
            (Phase::Create, 200..=299) => {
                self.created = true;
                let (id, _) = resource(answer.body).map_err(unusable)?;
                Ok(Turn::Next(Phase::Read { id }))
            }
            (Phase::Create, 409) => {
                self.conflict = Some(answer.failure());
                Ok(Turn::Next(Phase::Match))
            }
            (Phase::Read { .. }, 200..=299) => {
                let (id, _) = resource(answer.body).map_err(unusable)?;
                Ok(Turn::Next(Phase::Write { id }))
            }
            (Phase::Write { id }, 200..=299) => {
                done(id, if self.created { Synchronized::Created } else { Synchronized::Updated })
            }
            (Phase::Delete { id }, 200..=299 | 404) => done(id, Synchronized::Deleted),
            _ => Err(answer.failure()),
        }
    }

    fn after_loss(&self, phase: &Phase) -> Option<Phase> {
        // A creation may have arrived.
        matches!(phase, Phase::Create).then_some(Phase::Match)
    }
}
