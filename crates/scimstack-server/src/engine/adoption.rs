//! People who were here before a connection: whom of them it means, by a list of the people it is going to push. First what
//! would be linked, who is ambiguous and who is nobody's match, then the links. Whether two are the same person is decided
//! by the lifecycle ([`Change::Adopt`]); here they are found.
//!
//! A line of the list names a person by `externalId`, `userName` and e-mail address, in this order of weight. Who is named by
//! two of these must be the same person; an e-mail address counts alone only where nothing else finds anyone.
//! Left out: reading the list from a file, and people whom a connection creates later by the same user name
//! ([`scimstack_protocol::ConnectionPolicy::adopt_invited`]).

use super::unasked::UnaskedError;
use super::{Engine, judge};
use crate::admin::{AdminError, Tenant};
use bytes::Bytes;
use scimstack_filter::{Filter, ResolveOptions};
use scimstack_protocol::{Accept, Before, Change, ConnectionPolicy, Decision, Facts};
use scimstack_schema::{Resource, ResourceType, Value};
use scimstack_store::{
    CountMode, Expect, Key, Kind, Op, Paging, Query, ResourceId, Scope, StoreError, Stored, Target, Want,
};
use std::collections::HashMap;
use std::sync::Arc;

/// The type of people.
const USER: &str = "User";
/// More people than one of the same name are ambiguous, however many.
const CANDIDATES: u32 = 5;

/// A person as the identity provider knows them. What is empty names nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RosterEntry {
    /// What the connection will send as `externalId`.
    pub external_id: Option<String>,
    /// What it will send as `userName`.
    pub user_name: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
}

impl RosterEntry {
    /// A person with this user name.
    #[must_use]
    pub fn with_user_name(mut self, user_name: impl Into<String>) -> Self {
        self.user_name = Some(user_name.into());
        self
    }

    /// With this `externalId`.
    #[must_use]
    pub fn with_external_id(mut self, external_id: impl Into<String>) -> Self {
        self.external_id = Some(external_id.into());
        self
    }

    /// With this e-mail address.
    #[must_use]
    pub fn with_email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }
}

/// Someone who is here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Here {
    /// The id.
    pub id: ResourceId,
    /// The user name.
    pub user_name: String,
}

/// What became of a line, or would.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// This person is linked.
    Match(Here),
    /// This person belongs to the connection already.
    Linked(Here),
    /// This person is meant, and is not linked, for this reason.
    Refused(Here, String),
    /// Several people are meant, or several lines mean this one: nobody is linked.
    Ambiguous(Vec<Here>),
    /// Nobody is: the connection will make someone new.
    Nobody,
}

/// The lines of a list with what was found, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Adoption {
    /// Each line.
    pub lines: Vec<(RosterEntry, Found)>,
    /// Whether matches were linked, and not only looked for.
    pub applied: bool,
}

/// A tenant's people, for one connection.
struct Adopter<'a> {
    engine: &'a Engine,
    tenant: Tenant,
    policy: ConnectionPolicy,
    user: Arc<ResourceType>,
}

impl Engine {
    /// Whom of the people who are here a connection is going to mean. Nothing is changed unless `apply` says so; then
    /// whoever is certain gets the `externalId` of the list and belongs to the connection, each in a commit of their own.
    /// Doing it again finds them linked.
    ///
    /// # Errors
    /// No such tenant or connection; a store that cannot be reached, when some are linked and the rest are the next time.
    pub async fn adopt(
        &self,
        tenant: &str,
        connection: &str,
        roster: Vec<RosterEntry>,
        apply: bool,
    ) -> Result<Adoption, UnaskedError> {
        let tenant = self.admin.tenant(tenant).await?;
        let policy = self.admin.connection(tenant.id, connection).await?.policy;
        let user = self.people_of(&tenant).await?;
        let adopter = Adopter { engine: self, tenant, policy, user };
        let mut lines = Vec::with_capacity(roster.len());
        let mut meant: HashMap<ResourceId, usize> = HashMap::new();
        for entry in roster {
            let found = adopter.look(&entry).await?;
            if let Found::Match(here) | Found::Linked(here) | Found::Refused(here, _) = &found {
                *meant.entry(here.id.clone()).or_default() += 1;
            }
            lines.push((entry, found));
        }
        for (entry, found) in &mut lines {
            if let Found::Match(here) | Found::Linked(here) | Found::Refused(here, _) = &*found
                && meant.get(&here.id).is_some_and(|lines| *lines > 1)
            {
                *found = Found::Ambiguous(vec![here.clone()]);
            }
            if apply && matches!(found, Found::Match(_)) {
                *found = adopter.link(entry).await?;
            }
        }
        Ok(Adoption { lines, applied: apply })
    }

    /// People who belong to no connection, a page of them, and where to go on. A page may hold fewer, or none.
    ///
    /// # Errors
    /// No such tenant; a store that cannot be reached.
    pub async fn unowned(
        &self,
        tenant: &str,
        after: Option<Bytes>,
        count: u32,
    ) -> Result<(Vec<Stored>, Option<Bytes>), UnaskedError> {
        let tenant = self.admin.tenant(tenant).await?;
        let user = self.people_of(&tenant).await?;
        let mut query = Query::new(Target { kind: Kind::from(USER), resource_type: user, filter: None }, count);
        query.page = Paging::Cursor { after, count };
        query.count = CountMode::None;
        query.budget = u64::MAX;
        let page = self.admin.store().query(Scope::Tenant(tenant.id), &query).await?;
        let mut people = page.items;
        people.retain(|stored| self.decide.owner(&stored.private).is_none());
        Ok((people, page.next))
    }
}

/// What the lifecycle says of one line.
struct Said {
    found: Found,
    /// What to commit, when it is a match.
    link: Option<(Key, Vec<Op>)>,
}

impl Adopter<'_> {
    async fn look(&self, entry: &RosterEntry) -> Result<Found, UnaskedError> {
        Ok(self.ask(entry).await?.found)
    }

    /// Links whom a line means, as things are now.
    async fn link(&self, entry: &RosterEntry) -> Result<Found, UnaskedError> {
        for _ in 0..self.engine.limits.attempts {
            let said = self.ask(entry).await?;
            let Some((_, ops)) = said.link else { return Ok(said.found) };
            match self.engine.commit_unasked(Scope::Tenant(self.tenant.id), ops).await {
                Ok(()) => return Ok(said.found),
                Err(StoreError::VersionMismatch { .. } | StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AdminError::Store(StoreError::Unavailable("the person changes all the time".into())).into())
    }

    async fn ask(&self, entry: &RosterEntry) -> Result<Said, UnaskedError> {
        let (candidates, by_email) = self.candidates(entry).await?;
        let no = |found| Ok(Said { found, link: None });
        let stored = match <[Stored; 1]>::try_from(candidates) {
            Ok([stored]) => stored,
            Err(several) if several.is_empty() => return no(Found::Nobody),
            Err(several) => return no(Found::Ambiguous(several.iter().map(here).collect())),
        };
        let before = Resource::from_stored(self.user.clone(), &stored.doc)?;
        let mut after = before.clone();
        if let Some(external_id) = &entry.external_id
            && before.external_id().is_none()
        {
            after.root_mut().insert("externalId", external_id.as_str());
            after.normalize();
        }
        // The lifecycle compares what is on record with what the line says.
        let mut wanted = before.clone();
        if let Some(external_id) = &entry.external_id {
            wanted.root_mut().insert("externalId", external_id.as_str());
        }
        let now = self.engine.admin.environment().now();
        let mut facts = Facts::new(&self.user, &self.policy, &self.tenant.policy, now);
        facts.before = Some(Before { id: stored.key.id.as_str(), resource: &before, private: &stored.private });
        let person = here(&stored);
        let accept = match self.engine.decide.decide(&Change::Adopt { after: &wanted, by_email }, &facts) {
            Decision::Accept(accept) => accept,
            Decision::Refuse(error) => return no(Found::Refused(person, error.detail)),
            _ => return no(Found::Refused(person, "the lifecycle does not say".to_owned())),
        };
        if accept.private == stored.private && after.root() == before.root() {
            return no(Found::Linked(person));
        }
        let ops = self.operations(&stored, &after, &accept, now);
        Ok(Said { found: Found::Match(person), link: Some((stored.key, ops)) })
    }

    fn operations(
        &self,
        stored: &Stored,
        after: &Resource,
        accept: &Accept,
        now: scimstack_schema::Timestamp,
    ) -> Vec<Op> {
        let record = judge::record(after, accept, &self.policy.manager_by, stored.core.created, now);
        let expect = Expect::Version(stored.version);
        let mut ops = vec![Op::Replace { key: stored.key.clone(), expect, record }];
        ops.extend(judge::events(&accept.effects, &stored.key, judge::name(after), now));
        ops
    }

    /// Who a line may mean, and whether only by e-mail address.
    async fn candidates(&self, entry: &RosterEntry) -> Result<(Vec<Stored>, bool), UnaskedError> {
        let text = |value: &Option<String>| value.as_deref().map(str::trim).unwrap_or_default().to_owned();
        let (external_id, user_name, email) = (text(&entry.external_id), text(&entry.user_name), text(&entry.email));
        let mut found = self.those(&[("externalId", &external_id), ("userName", &user_name)]).await?;
        let by_email = found.is_empty();
        // A user name that is an address is one of the person's addresses here, perhaps.
        let address = if email.is_empty() && user_name.contains('@') { &user_name } else { &email };
        for stored in self.those(&[("emails.value", address)]).await? {
            if !found.iter().any(|known| known.key == stored.key) {
                found.push(stored);
            }
        }
        Ok((found, by_email))
    }

    /// Everyone with any of these values, each once.
    async fn those(&self, values: &[(&str, &String)]) -> Result<Vec<Stored>, UnaskedError> {
        let mut found: Vec<Stored> = Vec::new();
        for (path, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
            let text = format!("{path} eq {}", Value::from(value.as_str()));
            let filter = Filter::parse(&text).ok().and_then(|f| f.resolve(&self.user, ResolveOptions::default()).ok());
            let Some(filter) = filter else { continue };
            let (kind, resource_type) = (Kind::from(USER), self.user.clone());
            let target = Target { kind, resource_type, filter: Some(Arc::new(filter)) };
            let mut query = Query::new(target, CANDIDATES);
            query.count = CountMode::None;
            query.want = Want::ALL;
            let page = self.engine.admin.store().query(Scope::Tenant(self.tenant.id), &query).await?;
            for stored in page.items {
                if !found.iter().any(|known| known.key == stored.key) {
                    found.push(stored);
                }
            }
        }
        Ok(found)
    }
}

fn here(stored: &Stored) -> Here {
    let document = Value::parse(&stored.doc).unwrap_or_default();
    let user_name = document.get("userName").and_then(Value::as_str).unwrap_or_default().to_owned();
    Here { id: stored.key.id.clone(), user_name }
}
