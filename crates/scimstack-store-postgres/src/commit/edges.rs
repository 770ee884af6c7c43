//! The edges of one source and relation while they are changed: what they were, as far as they were looked at, and what
//! they are to be. No two have the same target, nor are pending under the same raw value.

use super::Work;
use super::log::column;
use super::relate::ROWS;
use crate::fault::{Fault, all_of, both_of};
use crate::refs::{Link, Moved, Place, Spec, link_columns, packed};
use crate::sql;
use crate::text::Packed;
use scimstack_store::settle::{EdgeRow, Settling};
use scimstack_store::{EdgeDraft, Key, Kind, ResourceId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use tokio_postgres::Row;

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
        for row in &every(work, source, relation).await? {
            set.put(Link::read(row)?);
        }
        Ok(set)
    }

    /// Settles the drafts that are an edge exactly: the edges and the drafts that are left to be worked out. `None` when a
    /// value means several: two drafts, or two edges.
    pub(super) async fn settle<'d>(
        work: &Work<'_>,
        source: &Key,
        relation: &str,
        drafts: &'d [EdgeDraft],
    ) -> Result<Option<(Self, Vec<&'d EdgeDraft>)>, Fault> {
        let Some(mut settling) = Settling::new(drafts) else { return Ok(None) };
        let mut set = Self::default();
        for row in &every(work, source, relation).await? {
            let value: &str = row.try_get(2)?;
            // One that is not written as it is read is worked out.
            let settled = match value.contains('\u{1}') {
                true => Some(false),
                false => {
                    let edge = EdgeRow {
                        pending: row.try_get(0)?,
                        kind: row.try_get::<_, &str>(1)?.as_bytes(),
                        value: value.as_bytes(),
                        is_own: row.try_get::<_, &str>(4)? == value,
                        data: row.try_get(6)?,
                    };
                    let spec: &str = row.try_get(5)?;
                    settling.row(&edge, |rule| Packed::of(&Spec::of(rule).encode()).as_packed() == spec)
                }
            };
            match settled {
                Some(true) => {}
                Some(false) => set.put(Link::read(row)?),
                None => return Ok(None),
            }
        }
        let is_settled = |link: &Link| settling.is_settled(&link.raw);
        if set.pairs.values().filter_map(|pair| pair.before.as_ref()).any(is_settled) {
            return Ok(None);
        }
        Ok(Some((set, settling.left())))
    }

    /// Takes in an edge that is there and is not to stay.
    fn put(&mut self, link: Link) {
        let place = link.place();
        self.raws_before.entry(link.raw.clone()).or_default().push(place.clone());
        self.pairs.insert(place, Pair { before: Some(link), after: None });
    }

    /// Looks for the edges that these are already, and for those that any of `named` is the target's id or the raw value
    /// of.
    pub(super) async fn load(
        &mut self,
        work: &Work<'_>,
        source: &Key,
        relation: &str,
        links: &[Link],
        named: &[&str],
    ) -> Result<(), Fault> {
        if self.whole {
            return Ok(());
        }
        let (bound, pending): (Vec<&Link>, Vec<&Link>) = links.iter().partition(|link| link.target.is_some());
        let places = column(&bound, |link| link.place());
        let names = pending.iter().map(|link| link.raw.as_str()).chain(named.iter().copied());
        let names: Vec<Packed> = names.map(Packed::key).collect();
        let bound = async {
            let mut rows = Vec::new();
            for some in places.chunks(ROWS) {
                rows.extend(at_places(work, source, relation, some).await?);
            }
            Ok(rows)
        };
        let named = async {
            let mut rows = Vec::new();
            for some in names.chunks(ROWS) {
                rows.extend(by_names(work, source, relation, some).await?);
            }
            Ok(rows)
        };
        let (bound, named) = both_of(tokio::join!(bound, named))?;
        for row in bound.iter().chain(&named) {
            self.found(Link::read(row)?);
        }
        Ok(())
    }

    /// Takes in an edge that is there, unless it was looked at before.
    fn found(&mut self, link: Link) {
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

/// All edges, in the order of the table.
async fn every(work: &Work<'_>, source: &Key, relation: &str) -> Result<Vec<Row>, Fault> {
    let (kind, id) = packed(source);
    sql::all(
        work.tx,
        link_columns!(
            " FROM edge WHERE scope = $1 AND skind = $2 AND sid = $3 AND relation = $4 AND n = 0 \
             ORDER BY pending, tkind, tid"
        ),
        &[&work.scope, &kind, &id, &Packed::of(relation)],
    )
    .await
}

/// The columns of a [`Link`] for each of some values, each looked for by itself, whatever the planner thinks of their
/// number.
macro_rules! links_of_each {
    ($values:literal, $condition:literal) => {
        concat!(
            "SELECT l.pending, l.tkind, l.tid, l.n, l.raw, l.spec, l.data FROM unnest(",
            $values,
            " CROSS JOIN LATERAL (SELECT l.pending, l.tkind, l.tid, l.n, l.raw, l.spec, l.data FROM edge l \
             WHERE l.scope = $1 AND ",
            $condition,
            " AND l.n = 0 OFFSET 0) AS l"
        )
    };
}

/// The edges to these targets.
async fn at_places(work: &Work<'_>, source: &Key, relation: &str, places: &[Place]) -> Result<Vec<Row>, Fault> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let (kind, id) = packed(source);
    sql::all(
        work.tx,
        links_of_each!(
            "$5::text[], $6::text[]) AS e(tkind, tid)",
            "l.skind = $2 AND l.sid = $3 AND l.relation = $4 AND NOT l.pending AND l.tkind = e.tkind AND l.tid = e.tid"
        ),
        &[
            &work.scope,
            &kind,
            &id,
            &Packed::of(relation),
            &column(places, |place| &place.kind),
            &column(places, |place| &place.id),
        ],
    )
    .await
}

/// The edges that these values are the target's id or the raw value of.
async fn by_names(work: &Work<'_>, source: &Key, relation: &str, names: &[Packed]) -> Result<Vec<Row>, Fault> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let (kind, id) = packed(source);
    let relation = Packed::of(relation);
    let kinds = crate::read::kinds(work.tx, work.scope).await?;
    let by_id = links_of_each!(
        "$5::text[]) AS e(name)",
        "l.skind = $2 AND l.sid = $3 AND l.relation = $4 AND NOT l.pending AND l.tkind = ANY($6) AND l.tid = e.name"
    );
    let by_id = async { sql::all(work.tx, by_id, &[&work.scope, &kind, &id, &relation, &names, &kinds]).await };
    let pending = links_of_each!(
        "$5::text[]) AS e(name)",
        "l.skind = $2 AND l.sid = $3 AND l.relation = $4 AND l.pending AND l.tkind = '' AND l.tid = e.name"
    );
    let pending = async { sql::all(work.tx, pending, &[&work.scope, &kind, &id, &relation, &names]).await };
    let by_raw = links_of_each!(
        "$5::text[]) AS e(name)",
        "l.sid || chr(4) || l.raw_key = $3 || chr(4) || e.name AND l.raw_key <> l.tid \
         AND l.skind IS NOT DISTINCT FROM $2 AND l.sid IS NOT DISTINCT FROM $3 AND l.relation IS NOT DISTINCT FROM $4"
    );
    let by_raw = async { sql::all(work.tx, by_raw, &[&work.scope, &kind, &id, &relation, &names]).await };
    let (mut rows, pending, by_raw) = all_of(tokio::join!(by_id, pending, by_raw))?;
    rows.extend(pending);
    rows.extend(by_raw);
    Ok(rows)
}
