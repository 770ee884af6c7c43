//! Where a company begins: people without a manager, and those whose manager is not known; how many report to whom.
//! Found by what records and edges lack, for which stores keep indexes
//! ([`scimstack_schema::ResourceType::without`], [`Anchor::Nowhere`]). Left out: circles, which have no top
//! ([`Org::circles`]).

use super::{EDGES, MANAGERS, Manager, Org, Person};
use crate::admin::AdminError;
use bytes::Bytes;
use scimstack_filter::{Filter, ResolveOptions};
use scimstack_store::{Anchor, CountMode, Edge, Key, Kind, Paging, Query, Scope, StoreError, Target, Total, Want};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

const USER: &str = "User";

/// Someone with nobody above them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head {
    /// Who.
    pub person: Person,
    /// Why: [`Manager::None`], [`Manager::Waiting`] or [`Manager::Themself`].
    pub manager: Manager,
}

/// A page of the top.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Top {
    /// Those without a manager first; perhaps fewer than were asked for, or none.
    pub people: Vec<Head>,
    /// Where to go on; `None` on the last page.
    pub next: Option<Bytes>,
}

/// How many people report to each of some directly.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportCounts {
    /// In the order that was asked for.
    pub counts: Vec<usize>,
    /// Whether there may be more than these, because as many were counted as were to be.
    pub more: bool,
}

impl Org {
    /// People without a manager, then those whose manager waits or is the person themself, a page of them.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`]; a registry without people; a store that cannot be reached.
    pub async fn top(&self, after: Option<Bytes>, limit: u32) -> Result<Top, AdminError> {
        let limit = limit.max(1);
        // The first part of the cursor is 0, or 1 for the first relation.
        let (part, after) = match after.as_ref().map(|cursor| cursor.split_first()) {
            None => (0, None),
            Some(Some((&part, rest))) if usize::from(part) <= MANAGERS.len() => {
                (usize::from(part), Some(rest).filter(|rest| !rest.is_empty()).map(Bytes::copy_from_slice))
            }
            Some(_) => return Err(StoreError::BadCursor.into()),
        };
        let (people, next) = match part.checked_sub(1) {
            None => self.without_manager(after, limit).await?,
            Some(at) => self.of_nowhere(at, after, limit as usize).await?,
        };
        let next = match next {
            Some(next) => Some((part, next)),
            None if part < MANAGERS.len() => Some((part + 1, Bytes::new())),
            None => None,
        };
        let next =
            next.map(|(part, rest)| Bytes::from([&[u8::try_from(part).unwrap_or_default()], &rest[..]].concat()));
        Ok(Top { people, next })
    }

    /// How many people report to each of these directly; at most so many edges are looked at.
    ///
    /// # Errors
    /// A store that cannot be reached.
    pub async fn report_counts(&self, people: &[Key], most: usize) -> Result<ReportCounts, StoreError> {
        let (mut counts, mut more): (HashMap<Key, usize>, bool) = (HashMap::new(), false);
        for (at, relation) in MANAGERS.iter().enumerate() {
            let (edges, is_cut) = self.around(relation, people, Anchor::Targets, most).await?;
            more |= is_cut;
            for target in self.effective(edges, at).await?.into_iter().filter_map(|edge| edge.target) {
                *counts.entry(target).or_default() += 1;
            }
        }
        Ok(ReportCounts { counts: people.iter().map(|key| counts.get(key).copied().unwrap_or(0)).collect(), more })
    }

    /// How many people wait for their manager, counted up to so many, and whether there are more.
    ///
    /// # Errors
    /// A store that cannot be reached.
    pub async fn waiting(&self, most: usize) -> Result<(usize, bool), StoreError> {
        let mut count = 0;
        for at in 0..MANAGERS.len() {
            let mut after = None;
            loop {
                let (edges, next) = self.nowhere(at, after, EDGES).await?;
                count += edges.iter().filter(|edge| edge.target.is_none()).count();
                if count > most {
                    return Ok((most, true));
                }
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok((count, false))
    }

    /// A person, when there is one with this key.
    ///
    /// # Errors
    /// A store that cannot be reached.
    pub async fn person(&self, key: &Key) -> Result<Option<Person>, StoreError> {
        let stored = self.store().read(Scope::Tenant(self.tenant), key, Want::HEAD).await?;
        Ok(stored.map(|stored| {
            let active = stored.core.active != Some(false);
            Person { key: stored.key, name: stored.core.display, active }
        }))
    }

    async fn without_manager(
        &self,
        after: Option<Bytes>,
        limit: u32,
    ) -> Result<(Vec<Head>, Option<Bytes>), AdminError> {
        let registry = self.admin.registry(self.tenant).await?;
        let user = registry.resource_type(USER);
        let user = user.ok_or_else(|| AdminError::NotFound(format!("resource type {USER}")))?;
        let relations = user.relations.iter().filter(|relation| MANAGERS.contains(&relation.name.as_str()));
        let missing: Vec<String> = relations.map(|relation| format!("not ({} pr)", relation.path)).collect();
        let filter = Filter::parse(&missing.join(" and ")).ok();
        let filter = filter.and_then(|filter| filter.resolve(user, ResolveOptions::default()).ok()).map(Arc::new);
        let target = Target { kind: Kind::from(USER), resource_type: user.clone(), filter };
        let mut query = Query::new(target, limit);
        query.want = Want::HEAD;
        query.count = CountMode::None;
        query.page = Paging::Cursor { after, count: limit };
        let page = self.store().query(Scope::Tenant(self.tenant), &query).await?;
        let heads = page.items.into_iter().map(|stored| {
            let active = stored.core.active != Some(false);
            Head { person: Person { key: stored.key, name: stored.core.display, active }, manager: Manager::None }
        });
        Ok((heads.collect(), page.next))
    }

    /// Those whose manager leads nowhere, by the relation that counts for them.
    async fn of_nowhere(
        &self,
        at: usize,
        after: Option<Bytes>,
        limit: usize,
    ) -> Result<(Vec<Head>, Option<Bytes>), AdminError> {
        let (edges, next) = self.nowhere(at, after, limit).await?;
        let mut heads = Vec::with_capacity(edges.len());
        for edge in edges {
            let Some(person) = self.person(&edge.source).await? else { continue };
            let manager = if edge.target.is_some() { Manager::Themself } else { Manager::Waiting(edge.raw) };
            heads.push(Head { person, manager });
        }
        Ok((heads, next))
    }

    /// Edges of a relation that lead to nobody else, and count: a page of those looked at.
    async fn nowhere(
        &self,
        at: usize,
        after: Option<Bytes>,
        limit: usize,
    ) -> Result<(Vec<Edge>, Option<Bytes>), StoreError> {
        let Some(relation) = MANAGERS.get(at) else { return Err(StoreError::BadCursor) };
        let page = self.page(relation, Anchor::Nowhere, after, limit).await?;
        let mut seen = HashSet::new();
        let sources: Vec<Key> = page.edges.iter().map(|edge| edge.source.clone()).collect();
        let chosen = self.chosen(&sources).await?;
        let mut edges = page.edges;
        edges.retain(|edge| {
            chosen.get(&edge.source).is_some_and(|(_, relation)| *relation == at) && seen.insert(edge.source.clone())
        });
        Ok((edges, page.next))
    }

    /// How many people there are, whether they have a manager or not.
    ///
    /// # Errors
    /// A registry without people; a store that cannot be reached.
    pub async fn people(&self) -> Result<Total, AdminError> {
        let registry = self.admin.registry(self.tenant).await?;
        let user = registry.resource_type(USER);
        let user = user.ok_or_else(|| AdminError::NotFound(format!("resource type {USER}")))?;
        let target = Target { kind: Kind::from(USER), resource_type: user.clone(), filter: None };
        let mut query = Query::new(target, 0);
        query.want = Want::HEAD;
        Ok(self.store().query(Scope::Tenant(self.tenant), &query).await?.total)
    }
}
