//! What is wrong with managers, for the administrator who can put it right at the identity provider.

use super::{MANAGERS, Org};
use crate::admin::AdminError;
use bytes::Bytes;
use scimstack_filter::{Filter, ResolveOptions};
use scimstack_schema::{ResourceType, Value};
use scimstack_store::{Anchor, CountMode, Edge, Key, Kind, Query, Scope, StoreError, Target, Want};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Someone whose manager is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Troubled {
    /// Who.
    pub key: Key,
    /// How the manager is named, as it was sent.
    pub raw: String,
    /// What is wrong.
    pub trouble: Trouble,
}

/// What is wrong with a manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trouble {
    /// Nobody is called so: it waits until somebody is.
    Nobody,
    /// Several are called so: it waits until it is one.
    Ambiguous,
    /// Someone is called so, but by a key that does not count for the connection that named them.
    OtherKey,
    /// It is the person themself.
    Themself,
    /// The manager is deactivated.
    Inactive,
    /// The managers run in a circle.
    Circle,
}

impl Trouble {
    /// For people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody of this name is here yet",
            Self::Ambiguous => "several people are called so",
            Self::OtherKey => "somebody is called so by a key that this connection does not look by",
            Self::Themself => "is named as their own manager",
            Self::Inactive => "the manager is deactivated",
            Self::Circle => "the managers run in a circle",
        }
    }
}

/// A page of these.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Troubles {
    /// Some people, or none: a page is so many looked at.
    pub people: Vec<Troubled>,
    /// Where to go on; `None` on the last page.
    pub next: Option<Bytes>,
}

impl Org {
    /// Managers that wait, that are the person themself or deactivated, among the next so many people who have one.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`]; a store that cannot be reached.
    pub async fn troubles(&self, after: Option<Bytes>, looked_at: usize) -> Result<Troubles, AdminError> {
        let (at, after) = match after {
            None => (0, None),
            Some(cursor) => match cursor.split_first() {
                Some((&at, rest)) if usize::from(at) < MANAGERS.len() => {
                    (usize::from(at), Some(rest).filter(|rest| !rest.is_empty()).map(Bytes::copy_from_slice))
                }
                _ => return Err(StoreError::BadCursor.into()),
            },
        };
        let relation = MANAGERS.get(at).ok_or(StoreError::BadCursor)?;
        let page = self.page(relation, Anchor::All, after, looked_at.max(1)).await?;
        let sources: Vec<Key> = page.edges.iter().map(|edge| edge.source.clone()).collect();
        let chosen = self.chosen(&sources).await?;
        let registry = self.admin.registry(self.tenant).await?;
        let mut people = Vec::new();
        for edge in page.edges {
            // Each person once, with the edge that counts.
            if chosen.get(&edge.source).is_none_or(|(_, relation)| *relation != at) {
                continue;
            }
            let trouble = match &edge.target {
                Some(target) if *target == edge.source => Some(Trouble::Themself),
                Some(_) => edge.peer.as_ref().filter(|peer| peer.active == Some(false)).map(|_| Trouble::Inactive),
                None => match registry.resource_type("User") {
                    Some(user) => Some(self.why_it_waits(user, &edge).await?),
                    None => Some(Trouble::Nobody),
                },
            };
            if let Some(trouble) = trouble {
                people.push(Troubled { key: edge.source, raw: edge.raw, trouble });
            }
        }
        let next = match page.next {
            Some(next) => Some((at, next)),
            None if at + 1 < MANAGERS.len() => Some((at + 1, Bytes::new())),
            None => None,
        };
        let next = next.map(|(at, rest)| Bytes::from([&[u8::try_from(at).unwrap_or_default()], &rest[..]].concat()));
        Ok(Troubles { people, next })
    }

    /// How many are called so decides; of each way to call someone two are enough.
    async fn why_it_waits(&self, user: &Arc<ResourceType>, edge: &Edge) -> Result<Trouble, StoreError> {
        let mut found = Trouble::Nobody;
        for path in ["userName", "externalId", "emails.value"] {
            let text = format!("{path} eq {}", Value::from(edge.raw.as_str()));
            let filter = Filter::parse(&text).ok().and_then(|f| f.resolve(user, ResolveOptions::default()).ok());
            let Some(filter) = filter else { continue };
            let target =
                Target { kind: Kind::from("User"), resource_type: user.clone(), filter: Some(Arc::new(filter)) };
            let mut query = Query::new(target, 2);
            query.count = CountMode::None;
            query.want = Want::HEAD;
            match self.store().query(Scope::Tenant(self.tenant), &query).await?.items.len() {
                0 => {}
                1 => found = Trouble::OtherKey,
                _ => return Ok(Trouble::Ambiguous),
            }
        }
        Ok(found)
    }

    /// Circles of managers, each from one of its people on. The one call that reads every edge: it keeps two ids for each
    /// person who has a manager.
    ///
    /// # Errors
    /// A store that cannot be reached.
    pub async fn circles(&self) -> Result<Vec<Vec<Key>>, StoreError> {
        let mut above: HashMap<Key, Key> = HashMap::new();
        // The weaker first, so that the stronger takes its place.
        for relation in MANAGERS.iter().rev() {
            let mut after = None;
            loop {
                let page = self.page(relation, Anchor::All, after, super::EDGES).await?;
                for edge in page.edges {
                    match edge.target {
                        Some(target) if target != edge.source => {
                            above.insert(edge.source, target);
                        }
                        // Named as their own manager: nobody.
                        Some(_) => {
                            above.remove(&edge.source);
                        }
                        None => {}
                    }
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(circles(&above))
    }
}

/// The circles of "above", each begun at its least key, in order.
fn circles(above: &HashMap<Key, Key>) -> Vec<Vec<Key>> {
    let mut done: HashSet<&Key> = HashSet::new();
    let mut found = Vec::new();
    for start in above.keys() {
        let (mut path, mut places): (Vec<&Key>, HashMap<&Key, usize>) = (Vec::new(), HashMap::new());
        let mut at = Some(start);
        while let Some(key) = at.filter(|key| !done.contains(*key)) {
            if let Some(&place) = places.get(key) {
                let mut circle: Vec<Key> = path.iter().skip(place).map(|key| (*key).clone()).collect();
                let least = circle.iter().enumerate().min_by_key(|(_, key)| *key).map_or(0, |(at, _)| at);
                circle.rotate_left(least);
                found.push(circle);
                break;
            }
            places.insert(key, path.len());
            path.push(key);
            at = above.get(key);
        }
        done.extend(path);
    }
    found.sort();
    found
}
