//! Queries, edges and the feed, by looking at everything.

use super::links::Link;
use super::state::{Row, Space, State};
use crate::edge::{Anchor, Edge, EdgePage, EdgeQuery, Peer};
use crate::feed::{Change, ChangePage, FeedQuery, FeedScope};
use crate::key::{Key, Kind, ResourceId};
use crate::plan::{Driver, EdgeNeed, Plan, complete_with_edges, needs_edges, sort_key};
use crate::query::{CountMode, Explained, Explanation, Page, Paging, Query, Sort, Target, Total, Want};
use crate::record::Stored;
use crate::store::StoreError;
use bytes::Bytes;
use scimstack_schema::Value;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

/// A match and its place in the order.
struct Found {
    place: Place,
    key: Key,
}

/// A place in an order: by sort key (none last), then id, then kind.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    value: Option<String>,
    id: String,
    kind: String,
}

impl Place {
    fn cmp(&self, other: &Self, descending: bool) -> Ordering {
        let none_last = |value: &Option<String>| (value.is_none(), value.clone());
        let order = none_last(&self.value)
            .cmp(&none_last(&other.value))
            .then_with(|| self.id.cmp(&other.id))
            .then_with(|| self.kind.cmp(&other.kind));
        if descending { order.reverse() } else { order }
    }
}

pub(super) fn query(space: Option<&Space>, query: &Query) -> Result<Page, StoreError> {
    let after = match &query.page {
        Paging::Cursor { after: Some(cursor), .. } => Some(read_cursor(cursor, query.sort.as_ref())?),
        _ => None,
    };
    let mut found: BTreeMap<Key, Found> = BTreeMap::new();
    let mut looked_at = 0;
    if let Some(space) = space {
        for target in &query.targets {
            looked_at += find(space, target, query.sort.as_ref(), &mut found)?;
        }
    }
    let descending = query.sort.as_ref().is_some_and(|sort| sort.descending);
    let mut found: Vec<Found> = found.into_values().collect();
    found.sort_by(|one, other| one.place.cmp(&other.place, descending));
    let matches = found.len() as u64;
    let total = match query.count {
        CountMode::UpTo(most) if matches > most => Total::AtLeast(most),
        CountMode::Exact | CountMode::UpTo(_) | CountMode::Cheap => Total::Exact(matches),
        CountMode::None => Total::Unknown,
    };
    let (skip, count) = match &query.page {
        Paging::Index { start, count } => (usize::try_from(start.saturating_sub(1)).unwrap_or(usize::MAX), *count),
        Paging::Cursor { count, .. } => {
            let is_before = |at: &Found| after.as_ref().is_some_and(|after| at.place.cmp(after, descending).is_le());
            (found.partition_point(is_before), *count)
        }
    };
    let count = count as usize;
    let page: Vec<&Found> = found.iter().skip(skip).take(count).collect();
    let next = match (&query.page, page.last()) {
        (Paging::Cursor { .. }, Some(last)) if found.len() > skip.saturating_add(count) => {
            Some(write_cursor(&last.place, query.sort.as_ref()))
        }
        _ => None,
    };
    let items = page.iter().filter_map(|found| space?.stored(&found.key, query.want)).collect();
    Ok(Page::new(items, total, next).with_looked_at(looked_at))
}

/// Finds what matches; how many were looked at: everyone, when there is something to look for.
fn find(
    space: &Space,
    target: &Target,
    sort: Option<&Sort>,
    found: &mut BTreeMap<Key, Found>,
) -> Result<u64, StoreError> {
    let needs = needs_edges(&target.resource_type, target.filter.as_deref());
    let mut looked_at = 0;
    for (key, _) in space.rows().filter(|(key, _)| key.kind == target.kind) {
        looked_at += u64::from(target.filter.is_some());
        let Some(stored) = space.stored(key, Want::DOCUMENT) else {
            continue;
        };
        let edges: Vec<(EdgeNeed, Vec<Edge>)> =
            needs.iter().map(|need| (need.clone(), space.needed(key, need))).collect();
        let document = complete_with_edges(&stored, &target.resource_type, &edges)
            .map_err(|error| StoreError::Internal(Box::new(error)))?;
        if target.filter.as_ref().is_some_and(|filter| !filter.matches(&document)) {
            continue;
        }
        let place = Place {
            value: sort.and_then(|sort| sort_key(&sort.path, &stored, &document)),
            id: key.id.to_string(),
            kind: key.kind.to_string(),
        };
        found.insert(key.clone(), Found { place, key: key.clone() });
    }
    Ok(looked_at)
}

/// Everything is a candidate.
pub(super) fn explain(space: Option<&Space>, query: &Query) -> Explanation {
    let explained = query.targets.iter().map(|target| {
        let records = space.map_or(0, |space| space.rows().filter(|(key, _)| key.kind == target.kind).count() as u64);
        let plan = Plan { driver: Driver::All, exact: target.filter.is_none() };
        Explained::new(target.kind.clone(), plan, records.min(query.budget.saturating_add(1)), records)
    });
    Explanation::new(explained.collect())
}

pub(super) fn outdated(
    space: Option<&Space>,
    kind: &Kind,
    declaration: &str,
    after: Option<&ResourceId>,
    limit: u32,
) -> Vec<Stored> {
    let Some(space) = space else { return Vec::new() };
    let is_outdated = |key: &Key, row: &Row| {
        key.kind == *kind
            && *row.record.index.declaration != *declaration
            && after.is_none_or(|after| key.id.as_str() > after.as_str())
    };
    let mut found: Vec<&Key> = space.rows().filter(|(key, row)| is_outdated(key, row)).map(|(key, _)| key).collect();
    found.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
    found.into_iter().take(limit as usize).filter_map(|key| space.stored(key, Want::DOCUMENT)).collect()
}

impl Space {
    /// All edges that a filter needs of one record.
    fn needed(&self, key: &Key, need: &EdgeNeed) -> Vec<Edge> {
        let mut edges: Vec<Edge> = if need.backward {
            let ends_here =
                |link: &Link| link.reference.rule.relation == need.relation && link.target.as_ref() == Some(key);
            self.all_links()
                .filter(|(_, link)| ends_here(link))
                .map(|(source, link)| self.edge(source, link, Some(source)))
                .collect()
        } else {
            let links = self.links(key).iter().filter(|link| link.reference.rule.relation == need.relation);
            links.map(|link| self.edge(key, link, None)).collect()
        };
        edges.sort_by_cached_key(edge_place);
        edges
    }

    /// The edge, with who `peer` is.
    fn edge(&self, source: &Key, link: &Link, peer: Option<&Key>) -> Edge {
        let peer = peer.and_then(|peer| self.row(peer)).map(|row| Peer {
            display: row.record.core.display.clone(),
            active: row.record.core.active,
            is_target: false,
        });
        Edge {
            source: source.clone(),
            target: link.target.clone(),
            raw: link.reference.raw.as_str().to_owned(),
            data: link.data.clone(),
            peer,
        }
    }
}

pub(super) fn edges(space: Option<&Space>, query: &EdgeQuery) -> Result<EdgePage, StoreError> {
    let after = query.after.as_ref().map(read_edge_cursor).transpose()?;
    let backward = matches!(query.anchor, Anchor::Targets(_));
    let is_asked = |source: &Key, link: &Link| {
        link.reference.rule.relation == query.relation
            && (link.target.is_some() || (query.pending && !backward))
            && match &query.anchor {
                Anchor::Sources(keys) => keys.contains(source),
                Anchor::Targets(keys) => link.target.as_ref().is_some_and(|target| keys.contains(target)),
                Anchor::All => true,
                Anchor::Nowhere => link.target.as_ref().is_none_or(|target| target == source),
            }
    };
    let Some(space) = space else {
        return Ok(EdgePage { edges: Vec::new(), next: None });
    };
    let mut found: Vec<(EdgePlace, Edge)> = space
        .all_links()
        .filter(|(source, link)| is_asked(source, link))
        .map(|(source, link)| {
            let peer = if backward { Some(source) } else { link.target.as_ref() };
            let edge = space.edge(source, link, peer.filter(|_| query.peer));
            (edge_place(&edge), edge)
        })
        .filter(|(place, _)| after.as_ref().is_none_or(|after| place > after))
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let more = found.len() > query.limit;
    found.truncate(query.limit);
    let next = found.last().filter(|_| more).map(|(place, _)| write_edge_cursor(place));
    if backward && query.peer {
        let of_relation = |link: &&Link| link.reference.rule.relation == query.relation;
        let targets: HashSet<&Key> = space
            .all_links()
            .map(|(_, link)| link)
            .filter(of_relation)
            .filter_map(|link| link.target.as_ref())
            .collect();
        for (_, edge) in &mut found {
            let is_target = targets.contains(&edge.source);
            edge.peer.iter_mut().for_each(|peer| peer.is_target = is_target);
        }
    }
    Ok(EdgePage { edges: found.into_iter().map(|(_, edge)| edge).collect(), next })
}

/// The place of an edge: by source, then target, pending ones last by raw value.
type EdgePlace = (Key, bool, Option<Key>, String);

fn edge_place(edge: &Edge) -> EdgePlace {
    (edge.source.clone(), edge.target.is_none(), edge.target.clone(), edge.raw.clone())
}

pub(super) fn changes(state: &State, query: &FeedQuery) -> Result<ChangePage, StoreError> {
    let pruned = state.pruned.iter().filter(|(scope, _)| match query.scope {
        FeedScope::One(one) => **scope == one,
        FeedScope::All => true,
    });
    let pruned = pruned.map(|(_, up_to)| *up_to).max();
    if let (Some(up_to), Some(after), false) = (pruned, query.after, query.newest_first)
        && after < up_to
    {
        return Err(StoreError::Pruned { up_to });
    }
    let is_asked = |change: &&Change| {
        (match query.scope {
            FeedScope::One(scope) => change.scope == scope,
            FeedScope::All => true,
        }) && query.topic.as_ref().is_none_or(|topic| change.topic.as_ref() == Some(topic))
            && query.key.as_ref().is_none_or(|key| change.key.as_ref() == Some(key))
            && query.after.is_none_or(|after| match query.newest_first {
                false => change.position > after,
                true => change.position < after,
            })
    };
    let take = |all: &mut dyn Iterator<Item = &Change>| -> Vec<Change> {
        all.filter(is_asked).take(query.limit.saturating_add(1)).cloned().collect()
    };
    let mut changes =
        if query.newest_first { take(&mut state.feed.iter().rev()) } else { take(&mut state.feed.iter()) };
    let more = changes.len() > query.limit;
    changes.truncate(query.limit);
    Ok(ChangePage { changes, more })
}

/// `[order, id, kind]`, and the sort key when there is one. The order is the cursor's only against mix-ups.
fn write_cursor(place: &Place, sort: Option<&Sort>) -> Bytes {
    let mut parts = vec![order_name(sort), place.id.clone(), place.kind.clone()];
    parts.extend(place.value.clone());
    write_texts(parts)
}

fn read_cursor(cursor: &Bytes, sort: Option<&Sort>) -> Result<Place, StoreError> {
    let mut parts = read_texts(cursor)?.into_iter();
    match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(order), Some(id), Some(kind), value, None) if order == order_name(sort) => Ok(Place { value, id, kind }),
        _ => Err(StoreError::BadCursor),
    }
}

fn order_name(sort: Option<&Sort>) -> String {
    match sort {
        Some(sort) if sort.descending => format!("-{}", sort.path),
        Some(sort) => format!("+{}", sort.path),
        None => String::new(),
    }
}

/// `[source kind, source id, raw]`, and the target's kind and id when there is one.
fn write_edge_cursor((source, _, target, raw): &EdgePlace) -> Bytes {
    let mut parts = vec![source.kind.to_string(), source.id.to_string(), raw.clone()];
    parts.extend(target.iter().flat_map(|target| [target.kind.to_string(), target.id.to_string()]));
    write_texts(parts)
}

fn read_edge_cursor(cursor: &Bytes) -> Result<EdgePlace, StoreError> {
    let key = |kind: &str, id: &str| {
        let id = crate::key::ResourceId::new(id).ok_or(StoreError::BadCursor)?;
        Ok::<Key, StoreError>(Key::new(kind, id))
    };
    match read_texts(cursor)?.as_slice() {
        [kind, id, raw] => Ok((key(kind, id)?, true, None, raw.clone())),
        [kind, id, raw, target_kind, target_id] => {
            Ok((key(kind, id)?, false, Some(key(target_kind, target_id)?), raw.clone()))
        }
        _ => Err(StoreError::BadCursor),
    }
}

fn write_texts(texts: Vec<String>) -> Bytes {
    Value::from(texts).to_bytes().into()
}

fn read_texts(bytes: &Bytes) -> Result<Vec<String>, StoreError> {
    let Ok(Value::Array(texts)) = Value::parse(bytes) else {
        return Err(StoreError::BadCursor);
    };
    let text = |value| {
        if let Value::String(text) = value { Ok(text.into()) } else { Err(StoreError::BadCursor) }
    };
    texts.into_iter().map(text).collect()
}
