//! The conversation about one group: look up by name, create, bring members to it; rename, some members in and out; delete.

use super::answer::{self, resource, resources};
use super::exchange::{Answer, Exchange, Topic, Turn, conversation};
use super::manner::{CreatedWith, Discovery, Fill, LookUp, Manner, MemberForm, Removal};
use super::{Failure, Method, Profile, Request, Synced, Synchronized, shape};
use scimstack_schema::{Object, Value, uri};
use std::collections::{HashSet, VecDeque};

const ENDPOINT: &str = "/Groups";

/// The schema that Microsoft's service names beside the core one.
const MICROSOFT: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";

/// A group as the provider wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DesiredGroup {
    /// Its name, by which it is looked up.
    pub display_name: String,
    /// All members.
    pub members: Vec<Member>,
    /// The provider's id of it, when it sends one.
    pub external_id: Option<String>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// The person's id at the server.
    pub value: String,
    /// The name shown.
    pub display: String,
}

/// What becomes different about a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// Its new name.
    pub display_name: Option<String>,
    /// Who comes in.
    pub add: Vec<Member>,
    /// Who goes.
    pub remove: Vec<Member>,
}

impl DesiredGroup {
    /// A group.
    pub fn new(display_name: impl Into<String>, members: Vec<Member>) -> Self {
        Self { display_name: display_name.into(), members, external_id: None }
    }

    /// With the provider's id of it.
    #[must_use]
    pub fn with_external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(id.into());
        self
    }
}

/// Brings one group at the server to what is desired.
#[derive(Clone, Debug)]
pub struct GroupSync {
    exchange: Exchange<Group>,
}

#[derive(Clone, Debug)]
struct Group {
    manner: Manner,
    goal: Goal,
    desired: DesiredGroup,
    created: bool,
    /// Set when a creation met a conflict: the second look-up decides.
    conflict: Option<Failure>,
}

#[derive(Clone, Debug)]
enum Goal {
    Push,
    Update { id: String },
    Change { id: String, change: GroupChange },
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
    Write {
        id: String,
        body: Value,
    },
    /// `rest` comes after it, in order.
    Patch {
        id: String,
        body: Value,
        rest: VecDeque<Value>,
    },
    /// The name, after the members.
    Name {
        id: String,
    },
    Delete {
        id: String,
    },
}

impl GroupSync {
    /// The group is pushed for the first time: found and linked, else created.
    #[must_use]
    pub fn push(desired: DesiredGroup) -> Self {
        Self::start(desired, Goal::Push)
    }

    /// Name or members of a linked group changed. With [`Fill::Add`] nobody is taken out; see [`GroupSync::change`].
    #[must_use]
    pub fn update(id: impl Into<String>, desired: DesiredGroup) -> Self {
        Self::start(desired, Goal::Update { id: id.into() })
    }

    /// Some members of a linked group come and go, or its name is another: a PATCH of no more than that. A provider that
    /// writes groups whole ([`Fill::is_whole`]) reads who is in it, and writes that with the change.
    #[must_use]
    pub fn change(id: impl Into<String>, change: GroupChange) -> Self {
        let desired = DesiredGroup::new(change.display_name.clone().unwrap_or_default(), Vec::new());
        Self::start(desired, Goal::Change { id: id.into(), change })
    }

    /// A linked group is no longer pushed and is to be deleted at the server.
    #[must_use]
    pub fn delete(id: impl Into<String>) -> Self {
        Self::start(DesiredGroup::new("", Vec::new()), Goal::Delete { id: id.into() })
    }

    /// As Okta's wizard does it; see [`GroupSync::with_manner`].
    fn start(desired: DesiredGroup, goal: Goal) -> Self {
        let manner = Profile::OktaAppWizard.manner();
        let mut group = Group { manner, goal, desired, created: false, conflict: None };
        let phase = group.begin(manner);
        Self { exchange: Exchange::new(group, phase) }
    }
}

conversation!(GroupSync);

impl Group {
    fn begin(&mut self, manner: Manner) -> Phase {
        self.manner = manner;
        match &self.goal {
            Goal::Push => match (manner.groups.discovery, manner.look_up) {
                (Discovery::Counted | Discovery::Uncounted, _) => Phase::List { start: 1 },
                (Discovery::Never, LookUp::First) => Phase::Match,
                (Discovery::Never, LookUp::AfterConflict | LookUp::List) => Phase::Create,
            },
            Goal::Update { id } => self.linked(id.clone()),
            Goal::Change { id, change } => match manner.groups.fill.is_whole() {
                true => Phase::Read { id: id.clone() },
                false => self.patch(id.clone(), change.display_name.as_deref(), &change.add, &change.remove),
            },
            Goal::Delete { id } => Phase::Delete { id: id.clone() },
        }
    }

    fn second_look(&self) -> Phase {
        match (self.manner.groups.discovery, self.manner.look_up) {
            (Discovery::Never, LookUp::First | LookUp::AfterConflict) => Phase::Match,
            _ => Phase::List { start: 1 },
        }
    }

    /// A group whose id is known is to be brought up to date.
    fn linked(&self, id: String) -> Phase {
        // One that was just found has the name already.
        let renamed = matches!(self.goal, Goal::Update { .. }).then_some(self.desired.display_name.as_str());
        match self.manner.groups.fill {
            Fill::ReadAndReplace | Fill::Compare => Phase::Read { id },
            Fill::Replace => {
                let body = self.whole(Some(&id), &self.desired.display_name, Some(&self.desired.members));
                Phase::Write { id, body }
            }
            Fill::ReplaceMembers => {
                let members: Vec<Value> = self.desired.members.iter().map(|member| self.member(member)).collect();
                let form = &self.manner.patch;
                let body =
                    shape::patch_of(vec![shape::operation("replace", Some("members"), Some(members.into()), form)]);
                Phase::Patch { id, body, rest: VecDeque::new() }
            }
            Fill::Add => self.patch(id, renamed, &self.desired.members, &[]),
        }
    }

    /// A group that was just created and has no members yet.
    fn fill_new(&self, id: String, shown: Object) -> Turn<Phase> {
        let groups = &self.manner.groups;
        if groups.fill == Fill::ReadAndReplace {
            return Turn::Next(Phase::Read { id });
        }
        if groups.created == CreatedWith::Members || self.desired.members.is_empty() {
            return Turn::Done(Synced { id, deed: Synchronized::Created, document: shown.into() });
        }
        Turn::Next(self.patch(id, None, &self.desired.members, &[]))
    }

    /// What is written after a group was read.
    fn after_read(&self, id: String, shown: Object) -> Turn<Phase> {
        let held: Vec<String> = shown
            .get("members")
            .and_then(Value::as_array)
            .unwrap_or_default()
            .iter()
            .filter_map(|member| Some(member.get("value")?.as_str()?.to_owned()))
            .collect();
        let name = shown.get("displayName").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Goal::Change { change, .. } = &self.goal {
            let gone: HashSet<&str> = change.remove.iter().map(|member| member.value.as_str()).collect();
            let bare = |value: String| Member { display: String::new(), value };
            let coming: HashSet<&str> = change.add.iter().map(|member| member.value.as_str()).collect();
            let stays = |value: &String| !gone.contains(value.as_str()) && !coming.contains(value.as_str());
            let mut members: Vec<Member> = held.into_iter().filter(stays).map(bare).collect();
            members.extend(change.add.iter().cloned());
            let name = change.display_name.clone().unwrap_or(name);
            let body = self.whole(Some(&id), &name, Some(&members));
            return Turn::Next(Phase::Write { id, body });
        }
        if self.manner.groups.fill == Fill::Compare {
            let held: HashSet<String> = held.into_iter().collect();
            let wanted: HashSet<&str> = self.desired.members.iter().map(|member| member.value.as_str()).collect();
            let add: Vec<Member> =
                self.desired.members.iter().filter(|member| !held.contains(&member.value)).cloned().collect();
            let mut remove: Vec<Member> = held
                .into_iter()
                .filter(|value| !wanted.contains(value.as_str()))
                .map(|value| Member { value, display: String::new() })
                .collect();
            remove.sort_by(|a, b| a.value.cmp(&b.value));
            let renamed = (name != self.desired.display_name).then_some(self.desired.display_name.as_str());
            if add.is_empty() && remove.is_empty() && renamed.is_none() {
                return Turn::Done(Synced { id, deed: self.deed(), document: shown.into() });
            }
            return Turn::Next(self.patch(id, renamed, &add, &remove));
        }
        let body = self.whole(Some(&id), &self.desired.display_name, Some(&self.desired.members));
        Turn::Next(Phase::Write { id, body })
    }

    /// The group whole, as a creation or PUT has it.
    fn whole(&self, id: Option<&str>, name: &str, members: Option<&[Member]>) -> Value {
        let mut body = Object::new();
        let mut schemas = vec![uri::GROUP];
        let microsoft = self.manner.groups.microsoft_schema && id.is_none();
        if microsoft {
            schemas.push(MICROSOFT);
        }
        body.insert("schemas", schemas);
        if let Some(id) = id {
            body.insert("id", id);
        }
        if let Some(external_id) = &self.desired.external_id {
            body.insert("externalId", external_id.as_str());
        }
        body.insert("displayName", name);
        if let Some(members) = members {
            body.insert("members", members.iter().map(|member| self.member(member)).collect::<Vec<_>>());
        }
        if microsoft {
            let meta: Object = [("resourceType", "Group")].into_iter().collect();
            body.insert("meta", meta);
        }
        body.into()
    }

    fn created(&self) -> Value {
        let members = match self.manner.groups.created {
            CreatedWith::EmptyMembers => Some(&[] as &[Member]),
            CreatedWith::NoMembers => None,
            CreatedWith::Members => Some(self.desired.members.as_slice()),
        };
        self.whole(None, &self.desired.display_name, members)
    }

    fn member(&self, member: &Member) -> Value {
        let mut out = Object::new();
        if self.manner.groups.member == MemberForm::NullReference {
            out.insert("$ref", Value::Null);
        }
        out.insert("value", member.value.as_str());
        match self.manner.groups.member {
            // Of who was there before, the name is not known.
            MemberForm::Named if !member.display.is_empty() => {
                out.insert("display", member.display.as_str());
            }
            MemberForm::RelativeReference => {
                out.insert("$ref", format!("Users/{}", member.value));
            }
            _ => {}
        }
        out.into()
    }

    /// A PATCH of the name and of some members, or as many as it takes.
    fn patch(&self, id: String, name: Option<&str>, add: &[Member], remove: &[Member]) -> Phase {
        let (form, groups) = (&self.manner.patch, &self.manner.groups);
        let batch = groups.batch.max(1);
        let mut bodies: VecDeque<Vec<Value>> = VecDeque::new();
        let mut room = 0;
        let moves = remove.iter().map(|member| (false, member)).chain(add.iter().map(|member| (true, member)));
        let mut moves: VecDeque<(bool, &Member)> = moves.collect();
        while !moves.is_empty() {
            let some: Vec<(bool, &Member)> = moves.drain(..moves.len().min(batch)).collect();
            room = batch - some.len();
            let of =
                |comes: bool| some.iter().filter(move |(kind, _)| *kind == comes).map(|(_, member)| *member).collect();
            bodies.push_back(self.operations(of(true), of(false)));
        }
        if let Some(name) = name
            && !groups.names_along
        {
            let operation = match form.batched {
                true => {
                    let value: Object = [("displayName", name)].into_iter().collect();
                    shape::operation("replace", None, Some(value.into()), form)
                }
                false => shape::operation("replace", Some("displayName"), Some(name.into()), form),
            };
            match bodies.back_mut() {
                Some(last) if room > 0 => last.push(operation),
                _ => bodies.push_back(vec![operation]),
            }
        }
        let mut bodies: VecDeque<Value> = bodies.into_iter().map(shape::patch_of).collect();
        let body = bodies.pop_front().unwrap_or_else(|| shape::patch_of(Vec::new()));
        Phase::Patch { id, body, rest: bodies }
    }

    /// The operations that take members in and out.
    fn operations(&self, add: Vec<&Member>, remove: Vec<&Member>) -> Vec<Value> {
        let (form, groups) = (&self.manner.patch, &self.manner.groups);
        let listed = |verb: &str, members: &[&Member]| -> Vec<Value> {
            let size = if groups.one_by_one { 1 } else { members.len().max(1) };
            let value = |some: &[&Member]| some.iter().map(|member| self.member(member)).collect::<Vec<_>>();
            let some = members.chunks(size);
            some.map(|some| shape::operation(verb, Some("members"), Some(value(some).into()), form)).collect()
        };
        let mut operations = match groups.removal {
            Removal::Values => listed("remove", &remove),
            Removal::Filter => {
                let path = |member: &Member| {
                    let mut path = b"members[value eq ".to_vec();
                    scimstack_schema::value::write_string(&member.value, &mut path);
                    path.push(b']');
                    String::from_utf8_lossy(&path).into_owned()
                };
                remove.iter().map(|member| shape::operation("remove", Some(&path(member)), None, form)).collect()
            }
        };
        operations.extend(listed("add", &add));
        operations
    }

    /// The name to be said after the members, where that is done.
    fn name_along(&self) -> bool {
        self.manner.groups.names_along && !self.desired.display_name.is_empty()
    }

    fn found(&mut self, found: &[Object], answer: &Answer<'_>) -> Result<Turn<Phase>, Failure> {
        match (found.first(), self.conflict.take()) {
            (None, None) => Ok(Turn::Next(Phase::Create)),
            (None, Some(conflict)) => Err(conflict),
            // Names of groups need not be unique: the first is linked.
            (Some(first), _) => {
                let id = answer::id_of(first);
                let id = id.ok_or_else(|| answer.unusable("the group found has no \"id\""))?;
                if self.manner.groups.fill == Fill::Add && self.desired.members.is_empty() {
                    let document = first.clone().into();
                    return Ok(Turn::Done(Synced { id, deed: self.deed(), document }));
                }
                Ok(Turn::Next(self.linked(id)))
            }
        }
    }

    fn deed(&self) -> Synchronized {
        match (&self.goal, self.created) {
            (Goal::Delete { .. }, _) => Synchronized::Deleted,
            (_, true) => Synchronized::Created,
            _ => Synchronized::Updated,
        }
    }
}

impl Topic for Group {
    type Phase = Phase;

    fn request(&self, phase: &Phase) -> Request {
        let desired = &self.desired;
        match phase {
            Phase::Match => {
                let mut request = answer::look_up(ENDPOINT, "displayName", &desired.display_name, &self.manner);
                if self.manner.groups.look_up_without_members {
                    request.query.insert(0, ("excludedAttributes".to_owned(), "members".to_owned()));
                }
                request
            }
            Phase::List { start } => {
                answer::list(ENDPOINT, *start, self.manner.groups.discovery != Discovery::Uncounted)
            }
            Phase::Create => answer::create(ENDPOINT, self.created()),
            Phase::Read { id } => answer::about(Method::Get, ENDPOINT, id, None),
            Phase::Write { id, body } => answer::about(Method::Put, ENDPOINT, id, Some(body.clone())),
            Phase::Patch { id, body, .. } => answer::about(Method::Patch, ENDPOINT, id, Some(body.clone())),
            Phase::Name { id } => {
                let value: Object =
                    [("id", id.as_str()), ("displayName", desired.display_name.as_str())].into_iter().collect();
                let one = shape::operation("replace", None, Some(value.into()), &self.manner.patch);
                answer::about(Method::Patch, ENDPOINT, id, Some(shape::patch_of(vec![one])))
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
            (Phase::Match, 404) if self.manner.missing_is_nobody => self.found(&[], answer),
            (Phase::Match, 200..=299) => {
                let found = resources(answer.body).map_err(unusable)?;
                self.found(&found, answer)
            }
            (Phase::List { start }, 200..=299) => {
                let name = &self.desired.display_name;
                let (found, next) = answer::on_page(answer.body, *start, "displayName", name).map_err(unusable)?;
                if let (true, Some(start)) = (found.is_empty(), next) {
                    return Ok(Turn::Next(Phase::List { start }));
                }
                self.found(&found, answer)
            }
            (Phase::Create, 200..=299) => {
                self.created = true;
                let (id, shown) = resource(answer.body).map_err(unusable)?;
                Ok(self.fill_new(id, shown))
            }
            (Phase::Create, 409) => {
                self.conflict = Some(answer.failure());
                Ok(Turn::Next(self.second_look()))
            }
            (Phase::Read { .. }, 200..=299) => {
                let (id, shown) = resource(answer.body).map_err(unusable)?;
                Ok(self.after_read(id, shown))
            }
            (Phase::Patch { id, rest, .. }, 200..=299) if !rest.is_empty() => {
                let mut rest = rest.clone();
                let body = rest.pop_front().unwrap_or_default();
                Ok(Turn::Next(Phase::Patch { id: id.clone(), body, rest }))
            }
            (Phase::Patch { id, .. }, 200..=299) if self.name_along() => Ok(Turn::Next(Phase::Name { id: id.clone() })),
            (Phase::Write { id, .. } | Phase::Patch { id, .. } | Phase::Name { id }, 200..=299) => {
                done(id, self.deed())
            }
            (Phase::Delete { id }, 200..=299 | 404) => done(id, Synchronized::Deleted),
            _ => Err(answer.failure()),
        }
    }

    fn after_loss(&self, phase: &Phase) -> Option<Phase> {
        // A creation may have arrived.
        matches!(phase, Phase::Create).then(|| self.second_look())
    }
}
