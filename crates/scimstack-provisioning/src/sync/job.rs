//! One resource, brought to what is wanted: which request comes next, and what an answer means.
//!
//! | answer | to a look-up | to POST | to GET | to PATCH, PUT | to DELETE |
//! |---|---|---|---|---|---|
//! | 2xx | one: GET; none: POST; more: failed | done ¹ | PATCH, PUT, or done | done ¹ | done |
//! | 404, 410 | as none | failed | look up | look up | done |
//! | 409 | failed | look up, and link | failed | failed | failed |
//! | 412 | failed | failed | failed | GET, and compare again | failed |
//! | lost, 5xx | again | look up | again | GET, and compare again | again |
//!
//! 1. Of a group, the members come next, a part at a time.

use super::check::{Checked, Desired};
use super::members::ids;
use super::plan::Action;
use super::target::{MembersShown, Removal, TargetProfile, Write};
use super::wire::{self, Request, Response, Verb};
use crate::connector::Failure;
use scimstack_filter::Patch;
use scimstack_schema::{Object, Resource, Value};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// How often a resource is read again because it changed under the writer's hands.
const READ_AGAIN: u32 = 8;

/// One change of a plan, with all that is needed to carry it out.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What it is for ever: type, attribute, value.
    pub(super) name: String,
    /// What it is called in messages.
    pub(super) label: String,
    pub(super) row: Option<u32>,
    pub(super) action: Action,
    pub(super) id: Option<String>,
    pub(super) desired: Option<Desired>,
    /// The ids of all who are to belong to a group.
    pub(super) members: Option<Vec<String>>,
    /// Who was sent before, for targets that do not show members.
    pub(super) sent: Vec<String>,
    /// Takes over who is found and has another value of a surer attribute.
    pub(super) relinks: bool,
    pub(super) hash: u64,
    /// Of the attributes that are wanted.
    pub(super) fingerprints: Vec<Option<u32>>,
}

/// What has become of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deed {
    /// It was made.
    Created,
    /// It was changed.
    Updated,
    /// It was as it is wanted when it was looked at.
    Unchanged,
    /// A person was deactivated.
    Deactivated,
    /// It was deleted.
    Deleted,
    /// It is gone, as it was to be, or with nothing left to do.
    Gone,
}

impl Deed {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Created, Self::Updated, Self::Unchanged, Self::Deactivated, Self::Deleted, Self::Gone];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Deactivated => "deactivated",
            Self::Deleted => "deleted",
            Self::Gone => "gone",
        }
    }
}

/// Where a job stands.
#[derive(Clone, Debug, PartialEq)]
enum Phase {
    /// Looking for it, by the attribute of this number.
    Look {
        at: usize,
    },
    Create,
    Read {
        id: String,
    },
    Write {
        id: String,
        request: Request,
        /// What is left of the members then.
        then: VecDeque<Part>,
    },
    Members {
        id: String,
        left: VecDeque<Part>,
    },
    Delete {
        id: String,
    },
}

/// Members that come and go in one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Part {
    pub(super) add: Vec<String>,
    pub(super) remove: Vec<String>,
}

/// Where an answer leads.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Turn {
    Next,
    Done(Deed),
    Failed(Failure),
}

/// One resource on its way.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) item: Item,
    checked: Arc<Checked>,
    profile: Arc<TargetProfile>,
    phase: Phase,
    /// The id, once it is known.
    pub(super) id: Option<String>,
    conflict: Option<Failure>,
    deed: Option<Deed>,
    read_again: u32,
}

impl Job {
    /// `looks_first` is for a creation that may have been done already.
    pub(super) fn new(item: Item, checked: Arc<Checked>, profile: Arc<TargetProfile>, looks_first: bool) -> Self {
        let phase = match (&item.id, item.action) {
            (Some(id), Action::Delete) => Phase::Delete { id: id.clone() },
            (Some(id), _) => Phase::Read { id: id.clone() },
            (None, _) if looks_first => Phase::Look { at: 0 },
            (None, _) => Phase::Create,
        };
        let id = item.id.clone();
        Self { item, checked, profile, phase, id, conflict: None, deed: None, read_again: 0 }
    }

    fn write(&self) -> Write {
        if self.checked.is_group() { self.profile.groups } else { self.profile.people }
    }

    /// The request that comes next.
    pub(super) fn request(&self) -> Request {
        let endpoint = self.checked.endpoint();
        match &self.phase {
            Phase::Look { at } => {
                let looks = self.look_ups();
                let (path, text) =
                    looks.get(*at).map(|(_, path, text)| (path.as_str(), text.as_str())).unwrap_or_default();
                Request::look_up(endpoint, path, text, self.checked.is_group())
            }
            Phase::Create => Request::create(endpoint, self.creation()),
            Phase::Read { id } => {
                let mut request = Request::about(Verb::Get, endpoint, id);
                if self.checked.is_group() && self.item.members.is_none() && self.write() == Write::Patch {
                    request.query.push(("excludedAttributes", "members".to_owned()));
                }
                request
            }
            Phase::Write { request, .. } => request.clone(),
            Phase::Members { id, left } => {
                let part = left.front().cloned().unwrap_or_default();
                Request::about(Verb::Patch, endpoint, id).with_body(self.operations(&part))
            }
            Phase::Delete { id } => Request::about(Verb::Delete, endpoint, id),
        }
    }

    fn creation(&self) -> Object {
        let mut document = self.item.desired.as_ref().map(|desired| self.checked.creation(desired)).unwrap_or_default();
        if let Some(members) = self.item.members.as_ref().filter(|members| !members.is_empty())
            && self.write() == Write::Put
        {
            document.insert("members", wire::member_list(members));
        }
        document
    }

    fn look_ups(&self) -> Vec<(usize, String, String)> {
        self.item.desired.as_ref().map(|desired| self.checked.look_ups(desired)).unwrap_or_default()
    }

    fn operations(&self, part: &Part) -> Value {
        let mut operations = Vec::new();
        if !part.add.is_empty() {
            operations.push(wire::add_members(&part.add));
        }
        match self.profile.removal {
            _ if part.remove.is_empty() => {}
            Removal::Value => operations.push(wire::remove_listed(&part.remove)),
            Removal::Filter => operations.extend(part.remove.iter().map(|id| wire::remove_member(id))),
        }
        wire::message(operations)
    }

    /// The members that the request which comes next adds and takes away.
    pub(super) fn moved(&self) -> Option<&Part> {
        match &self.phase {
            Phase::Members { left, .. } => left.front(),
            _ => None,
        }
    }

    /// The request had no answer, or one that does not say whether it was done.
    pub(super) fn handle_lost(&mut self, request: &str) -> Turn {
        match &self.phase {
            Phase::Create if !self.profile.filters => {
                let detail = "it may have been made: the target did not answer, and cannot be asked".to_owned();
                Turn::Failed(Failure { request: request.to_owned(), status: None, detail })
            }
            Phase::Create => self.go(Phase::Look { at: 0 }),
            Phase::Write { id, .. } | Phase::Members { id, .. } => {
                let id = id.clone();
                self.go(Phase::Read { id })
            }
            Phase::Look { .. } | Phase::Read { .. } | Phase::Delete { .. } => Turn::Next,
        }
    }

    fn go(&mut self, phase: Phase) -> Turn {
        self.phase = phase;
        Turn::Next
    }

    /// An answer that says whether it was done.
    pub(super) fn handle_answer(&mut self, request: &str, answer: &Response<'_>) -> Turn {
        let unusable =
            |detail| Turn::Failed(Failure { request: request.to_owned(), status: Some(answer.status), detail });
        let is_good = (200..300).contains(&answer.status);
        let is_gone = matches!(answer.status, 404 | 410);
        // Whatever comes next is said by every arm.
        match std::mem::replace(&mut self.phase, Phase::Create) {
            Phase::Look { at } if is_good || is_gone => {
                let found = if is_gone { Ok(Vec::new()) } else { wire::resources(answer.body) };
                match found {
                    Ok(found) => self.looked(at, &found, request),
                    Err(why) => unusable(why),
                }
            }
            Phase::Create if is_good => match wire::resource(answer.body) {
                Ok((id, document)) => {
                    self.id = Some(id.clone());
                    self.deed = Some(Deed::Created);
                    let left = if self.write() == Write::Put { VecDeque::new() } else { self.parts(&document) };
                    self.members(id, left)
                }
                // It is there, and does not say under which id.
                Err(_) if self.profile.filters => {
                    self.deed = Some(Deed::Created);
                    self.go(Phase::Look { at: 0 })
                }
                Err(why) => unusable(why),
            },
            Phase::Create if answer.status == 409 && self.profile.filters => {
                self.conflict = Some(wire::failure(request, answer));
                self.go(Phase::Look { at: 0 })
            }
            Phase::Read { id } if is_good => match wire::resource(answer.body) {
                Ok((_, document)) => {
                    let version = wire::version(answer, &document).filter(|_| self.profile.etags);
                    self.compare(id, &document, version, request)
                }
                Err(why) => unusable(why),
            },
            Phase::Read { .. } | Phase::Write { .. } | Phase::Members { .. } if is_gone => {
                self.vanished(wire::failure(request, answer))
            }
            Phase::Write { id, then, .. } if is_good => {
                self.deed.get_or_insert(if self.item.action == Action::Deactivate {
                    Deed::Deactivated
                } else {
                    Deed::Updated
                });
                self.members(id, then)
            }
            Phase::Write { id, .. } if answer.status == 412 && self.read_again < READ_AGAIN => {
                self.read_again += 1;
                self.go(Phase::Read { id })
            }
            Phase::Members { id, mut left } if is_good => {
                let Part { add, remove } = left.pop_front().unwrap_or_default();
                if self.profile.members == MembersShown::Never {
                    let gone: HashSet<&String> = remove.iter().collect();
                    self.item.sent.retain(|id| !gone.contains(id));
                    self.item.sent.extend(add);
                }
                self.deed.get_or_insert(Deed::Updated);
                self.members(id, left)
            }
            Phase::Delete { .. } if is_good => Turn::Done(Deed::Deleted),
            Phase::Delete { .. } if is_gone => Turn::Done(Deed::Gone),
            _ => Turn::Failed(wire::failure(request, answer)),
        }
    }

    /// What a look-up has found; a target that does not filter shows more than was asked for.
    fn looked(&mut self, at: usize, found: &[Object], request: &str) -> Turn {
        let looks = self.look_ups();
        let failed = |detail: String| Turn::Failed(Failure { request: request.to_owned(), status: None, detail });
        let Some((rule, path, text)) = looks.get(at) else { return failed("there is nothing to look for".to_owned()) };
        let fitting: Vec<&Object> = found.iter().filter(|one| self.checked.has(one, *rule, text)).collect();
        match fitting.as_slice() {
            [] if at + 1 < looks.len() => self.go(Phase::Look { at: at + 1 }),
            [] => match (self.conflict.take(), self.item.action) {
                (Some(conflict), _) => Turn::Failed(conflict),
                (None, Action::Deactivate | Action::Delete) => Turn::Done(Deed::Gone),
                (None, _) => self.go(Phase::Create),
            },
            [one] => {
                let other = looks.iter().take(at).find(|(rule, _, text)| {
                    self.checked
                        .rules
                        .get(*rule)
                        .is_some_and(|rule| rule.place.read(one).is_some_and(|v| !v.is_unassigned()))
                        && !self.checked.has(one, *rule, text)
                });
                if let Some((_, surer, _)) = other.filter(|_| !self.item.relinks) {
                    return failed(format!("who has this {path} at the target has another {surer}"));
                }
                let Some(id) = wire::id(one) else { return failed("what was found has no \"id\"".to_owned()) };
                (self.id, self.conflict) = (Some(id.to_owned()), None);
                self.go(Phase::Read { id: id.to_owned() })
            }
            many => failed(format!("{} have this {path}", many.len())),
        }
    }

    /// It was there, and is not any more.
    fn vanished(&mut self, failure: Failure) -> Turn {
        self.id = None;
        self.read_again += 1;
        if self.read_again > READ_AGAIN {
            // It is found, and not there when it is read.
            return Turn::Failed(failure);
        }
        match self.item.action {
            Action::Deactivate | Action::Delete => Turn::Done(Deed::Gone),
            _ if self.profile.filters => self.go(Phase::Look { at: 0 }),
            _ => self.go(Phase::Create),
        }
    }

    /// What there is to be done about a resource as it is.
    fn compare(&mut self, id: String, current: &Object, version: Option<String>, request: &str) -> Turn {
        let after = match (&self.item.desired, self.item.action) {
            (_, Action::Deactivate) => match &self.checked.active {
                Some(active) if self.checked.is_active(current) => {
                    let mut after = current.clone();
                    active.write(&mut after, false.into());
                    Some(after)
                }
                _ => None,
            },
            (Some(desired), _) => match self.checked.differing(current, desired) {
                0 => None,
                rules => Some(self.checked.overlay(current, desired, rules)),
            },
            (None, _) => None,
        };
        let left = self.parts(current);
        let endpoint = self.checked.endpoint();
        match (self.write(), after) {
            (Write::Patch, None) => self.members(id, left),
            (Write::Patch, Some(after)) => match self.patch(current, &after) {
                Some(body) => {
                    let request = Request::about(Verb::Patch, endpoint, &id).with_body(body).with_if_match(version);
                    self.go(Phase::Write { id, request, then: left })
                }
                None => {
                    let detail = "what differs cannot be said by PATCH".to_owned();
                    Turn::Failed(Failure { request: request.to_owned(), status: None, detail })
                }
            },
            (Write::Put, None) if left.is_empty() => self.members(id, left),
            (Write::Put, after) => {
                let mut body = self.checked.with_schemas(after.unwrap_or_else(|| current.clone()));
                body.remove("meta");
                if let Some(members) = &self.item.members {
                    body.insert("members", wire::member_list(members));
                }
                let request = Request::about(Verb::Put, endpoint, &id).with_body(body.into()).with_if_match(version);
                self.go(Phase::Write { id, request, then: VecDeque::new() })
            }
        }
    }

    fn patch(&self, before: &Object, after: &Object) -> Option<Value> {
        let resource = |of: &Object| {
            let mut root = of.clone();
            root.remove("meta");
            root.remove("members");
            let mut resource = Resource::from_canonical(self.checked.resource_type.clone(), root);
            resource.normalize();
            resource
        };
        let patch = Patch::diff(&resource(before), &resource(after));
        (!patch.operations.is_empty()).then(|| patch.to_value())
    }

    /// Who comes and who goes, in parts that the target takes.
    fn parts(&self, current: &Object) -> VecDeque<Part> {
        let Some(wanted) = &self.item.members else { return VecDeque::new() };
        let shown: HashSet<&str> = match self.profile.members {
            MembersShown::Never => self.item.sent.iter().map(String::as_str).collect(),
            _ => ids(current).collect(),
        };
        let wants: HashSet<&str> = wanted.iter().map(String::as_str).collect();
        let mut add: Vec<String> = wants.difference(&shown).map(|&id| id.to_owned()).collect();
        let mut remove: Vec<String> = shown.difference(&wants).map(|&id| id.to_owned()).collect();
        add.sort_unstable();
        remove.sort_unstable();
        let (most, operations) = (self.profile.members_per_request.max(1), self.profile.operations_per_request.max(1));
        let at_once = if self.profile.removal == Removal::Filter { most.min(operations) } else { most };
        let mut parts: VecDeque<Part> = VecDeque::new();
        parts.extend(add.chunks(most).map(|ids| Part { add: ids.to_vec(), remove: Vec::new() }));
        parts.extend(remove.chunks(at_once).map(|ids| Part { add: Vec::new(), remove: ids.to_vec() }));
        // A change that is small goes in one request.
        if parts.len() == 2 && add.len() + remove.len() <= at_once && operations > remove.len() {
            return VecDeque::from([Part { add, remove }]);
        }
        parts
    }

    /// Goes on with the members that are left, else it is done.
    fn members(&mut self, id: String, left: VecDeque<Part>) -> Turn {
        if left.is_empty() {
            return Turn::Done(self.deed.unwrap_or(Deed::Unchanged));
        }
        self.go(Phase::Members { id, left })
    }
}

impl Item {
    /// What it is called in messages.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The row of the source.
    #[must_use]
    pub fn row(&self) -> Option<u32> {
        self.row
    }

    /// What is to be done.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }
}
