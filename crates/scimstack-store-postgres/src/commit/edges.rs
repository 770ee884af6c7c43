//! The edges of one source and relation while they are changed: what they were, as far as they were looked at, and what
//! they are to be. No two have the same target, nor are pending under the same raw value.

use super::Work;
use crate::fault::Fault;
use crate::refs::{Link, Moved, Place, link_columns, packed};
use crate::sql;
use crate::text::Packed;
use scimstack_store::{Key, Kind, ResourceId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// An edge before and after.
#[derive(Default)]
struct Pair {
    before: Option<Link>,
    after: Option<Link>,
}

/// See the module.
#[derive(Default)]
pub(super) struct EdgeSet {
    pairs: BTreeMap<Place, Pair>,
    /// True when `pairs` holds every edge there is; else the database is asked for those a step names.
    whole: bool,
    /// By raw value, places of edges before, and after.
    raws_before: HashMap<String, Vec<Place>>,
    raws: HashMap<String, BTreeSet<Place>>,
    /// By id, the places of targets.
    ids: HashMap<String, BTreeSet<Place>>,
    /// Places in the order in which edges were added.
    added: Vec<Place>,
}

impl EdgeSet {
    /// All edges there are, none of which is to stay.
    pub(super) async fn all(work: &Work<'_>, source: &Key, relation: &str) -> Result<Self, Fault> {
        let mut set = Self { whole: true, ..Self::default() };
        let (kind, id) = packed(source);
        let rows = sql::all(
            work.tx,
            link_columns!(
                " FROM edge WHERE scope = $1 AND skind = $2 AND sid = $3 AND relation = $4 AND n = 0 \
                 ORDER BY pending, tkind, tid"
            ),
            &[&work.scope, &kind, &id, &Packed::of(relation)],
        )
        .await?;
        for row in &rows {
            let link = Link::read(row)?;
            let place = link.place();
            set.raws_before.entry(link.raw.clone()).or_default().push(place.clone());
            set.pairs.insert(place, Pair { before: Some(link), after: None });
        }
        Ok(set)
    }

    /// Looks for the edge that `link` is already.
    pub(super) async fn load(
        &mut self,
        work: &Work<'_>,
        source: &Key,
        relation: &str,
        link: &Link,
    ) -> Result<(), Fault> {
        if link.target.is_none() {
            return self.load_named(work, source, relation, &link.raw).await;
        }
        if !self.whole && !self.pairs.contains_key(&link.place()) {
            let found = work.link(source, relation, &link.place(), 0).await?;
            self.found(found);
        }
        Ok(())
    }

    /// Looks for edges that `value` is the target's id or the raw value of.
    pub(super) async fn load_named(
        &mut self,
        work: &Work<'_>,
        source: &Key,
        relation: &str,
        value: &str,
    ) -> Result<(), Fault> {
        if self.whole {
            return Ok(());
        }
        let (kind, id) = packed(source);
        let relation = Packed::of(relation);
        let value = Packed::key(value);
        let mut rows = sql::all(
            work.tx,
            link_columns!(
                " FROM edge WHERE scope = $1 AND skind = $2 AND sid = $3 AND relation = $4 AND raw_key = $5 AND n = 0"
            ),
            &[&work.scope, &kind, &id, &relation, &value],
        )
        .await?;
        let kinds = crate::read::kinds(work.tx, work.scope).await?;
        rows.extend(
            sql::all(
                work.tx,
                link_columns!(
                    " FROM edge WHERE scope = $1 AND skind = $2 AND sid = $3 AND relation = $4 AND NOT pending \
                     AND tkind = ANY($5) AND tid = $6 AND n = 0"
                ),
                &[&work.scope, &kind, &id, &relation, &kinds, &value],
            )
            .await?,
        );
        for row in &rows {
            let link = Link::read(row)?;
            self.found(Some(link));
        }
        Ok(())
    }

    /// Takes in an edge that is there, unless it was looked at before.
    fn found(&mut self, link: Option<Link>) {
        let Some(link) = link else { return };
        let place = link.place();
        if !self.pairs.contains_key(&place) {
            self.register(&place, &link);
            let after = Some(link.clone());
            self.pairs.insert(place, Pair { before: Some(link), after });
        }
    }

    /// The edge before that `link` is: to the same target, or, when its value names nobody, with the same value.
    pub(super) fn find_before(&self, link: &Link) -> Option<&Link> {
        let place = match &link.target {
            Some(_) => &link.place(),
            None => self.raws_before.get(&link.raw)?.first()?,
        };
        self.pairs.get(place)?.before.as_ref()
    }

    /// The target with this id, of one of these kinds, that an edge had before.
    pub(super) fn target_before(&self, id: ResourceId, kinds: &[Kind]) -> Option<Key> {
        let is_there = |kind: &&Kind| {
            let place = Place { pending: false, kind: Packed::of(kind.as_str()), id: Packed::of(id.as_str()) };
            self.pairs.get(&place).is_some_and(|pair| pair.before.is_some())
        };
        let kind = kinds.iter().find(is_there)?;
        Some(Key::new(kind.clone(), id))
    }

    /// Adds an edge unless it is there.
    pub(super) fn add(&mut self, link: Link) {
        let is_there = match &link.target {
            Some(_) => self.pairs.get(&link.place()).is_some_and(|pair| pair.after.is_some()),
            None => self.raws.get(&link.raw).is_some_and(|places| !places.is_empty()),
        };
        if !is_there {
            let place = link.place();
            self.register(&place, &link);
            self.added.push(place.clone());
            self.pairs.entry(place).or_default().after = Some(link);
        }
    }

    fn register(&mut self, place: &Place, link: &Link) {
        self.raws.entry(link.raw.clone()).or_default().insert(place.clone());
        if let Some(target) = &link.target {
            self.ids.entry(target.id.to_string()).or_default().insert(place.clone());
        }
    }

    /// Removes the edges that `value` is the target's id or the raw value of.
    pub(super) fn remove(&mut self, value: &str) {
        let named = self.raws.get(value).into_iter().chain(self.ids.get(value)).flatten();
        let named: BTreeSet<Place> = named.cloned().collect();
        for place in named {
            let Some(link) = self.pairs.get_mut(&place).and_then(|pair| pair.after.take()) else { continue };
            for index in [&mut self.raws, &mut self.ids] {
                for name in [link.raw.as_str(), link.value()] {
                    if let Some(places) = index.get_mut(name) {
                        places.remove(&place);
                    }
                }
            }
        }
    }

    /// What came and went.
    pub(super) fn moved(&self) -> Moved {
        let is_new = |place: &&Place| {
            let pair = self.pairs.get(*place);
            pair.is_some_and(|pair| match (&pair.before, &pair.after) {
                (Some(before), Some(after)) => before.data != after.data,
                (before, after) => before.is_none() && after.is_some(),
            })
        };
        let mut seen = HashSet::new();
        let new = self.added.iter().filter(is_new).filter(|place| seen.insert(*place));
        let added = new.filter_map(|place| Some(self.pairs.get(place)?.after.as_ref()?.value().to_owned())).collect();
        let stays: HashSet<&str> = self.pairs.values().filter_map(|pair| Some(pair.after.as_ref()?.value())).collect();
        let gone = self.pairs.values().filter(|pair| pair.after.is_none());
        let removed =
            gone.filter_map(|pair| Some(pair.before.as_ref()?.value())).filter(|value| !stays.contains(value));
        let removed = removed.map(str::to_owned).collect();
        Moved { added, removed }
    }

    /// The edges that are not as they were, in the order of the table.
    pub(super) fn differences(&self) -> impl Iterator<Item = (Option<&Link>, Option<&Link>)> {
        let pairs = self.pairs.values().filter(|pair| pair.before != pair.after);
        pairs.map(|pair| (pair.before.as_ref(), pair.after.as_ref()))
    }
}
