//! The edges of one source and relation while they are changed: what they were, as far as they were looked at, and what
//! they are to be. No two have the same target, nor are pending under the same raw value.

use super::Work;
use crate::dict::{Class, Num};
use crate::fault::Fault;
use crate::refs::{Link, Moved};
use crate::sql;
use rusqlite::params;
use scimstack_store::{Key, Kind};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What makes an edge the one it is: `pending, tkind, tid`. The order is that of the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place(bool, String, String);

impl Place {
    fn of(link: &Link) -> Self {
        let (pending, kind, id) = link.place();
        Self(pending, kind.to_owned(), id.to_owned())
    }
}

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
    pub(super) fn all(work: &Work<'_>, source: &Key, relation: Num) -> Result<Self, Fault> {
        let mut set = Self { whole: true, ..Self::default() };
        let mut statement = sql::prepare(
            work.connection,
            "SELECT pending, tkind, tid, n, raw, spec, data FROM edge \
             WHERE scope = ?1 AND relation = ?2 AND skind = ?3 AND sid = ?4",
        )?;
        let mut rows = statement.query(params![work.scope, relation, source.kind.as_str(), source.id.as_str()])?;
        while let Some(row) = rows.next()? {
            let link = Link::read(row)?;
            if link.n == 0 {
                let place = Place::of(&link);
                set.raws_before.entry(link.raw.clone()).or_default().push(place.clone());
                set.pairs.insert(place, Pair { before: Some(link), after: None });
            }
        }
        Ok(set)
    }

    /// Looks for the edge that `link` is already.
    pub(super) fn load(&mut self, work: &Work<'_>, source: &Key, relation: Num, link: &Link) -> Result<(), Fault> {
        match &link.target {
            Some(_) => self.load_place(work, source, relation, link.place()),
            None => self.load_named(work, source, relation, &link.raw),
        }
    }

    /// Looks for edges that `value` is the target's id or the raw value of.
    pub(super) fn load_named(
        &mut self,
        work: &Work<'_>,
        source: &Key,
        relation: Num,
        value: &str,
    ) -> Result<(), Fault> {
        if self.whole {
            return Ok(());
        }
        self.load_place(work, source, relation, (true, "", value))?;
        for (_, kind) in work.dict.all(Class::Kind) {
            self.load_place(work, source, relation, (false, &kind, value))?;
        }
        let sent_as = sql::all(
            work.connection,
            "SELECT tkind, tid FROM edge \
             WHERE scope = ?1 AND relation = ?2 AND skind = ?3 AND sid = ?4 AND raw = ?5 AND pending = 0",
            params![work.scope, relation, source.kind.as_str(), source.id.as_str(), value],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        )?;
        for (kind, id) in sent_as {
            self.load_place(work, source, relation, (false, &kind, &id))?;
        }
        Ok(())
    }

    fn load_place(
        &mut self,
        work: &Work<'_>,
        source: &Key,
        relation: Num,
        (pending, kind, id): (bool, &str, &str),
    ) -> Result<(), Fault> {
        let place = Place(pending, kind.to_owned(), id.to_owned());
        if self.whole || self.pairs.contains_key(&place) {
            return Ok(());
        }
        let before = work.link(source, relation, (pending, kind, id), 0)?;
        if let Some(link) = &before {
            self.register(&place, &link.raw);
        }
        let after = before.clone();
        self.pairs.insert(place, Pair { before, after });
        Ok(())
    }

    /// The edge before that `link` is: to the same target, or, when its value names nobody, with the same value.
    pub(super) fn find_before(&self, link: &Link) -> Option<&Link> {
        let place = match &link.target {
            Some(_) => &Place::of(link),
            None => self.raws_before.get(&link.raw)?.first()?,
        };
        self.pairs.get(place)?.before.as_ref()
    }

    /// The target of the one edge that had this id for its raw value and was bound to a target with that very id, of one of
    /// these kinds. Who answers to the id is this target, or several; and then the edge stays bound to this one.
    pub(super) fn target_before(&self, id: &str, kinds: &[Kind]) -> Option<Key> {
        let [place] = self.raws_before.get(id)?.as_slice() else { return None };
        let target = self.pairs.get(place)?.before.as_ref()?.target.as_ref()?;
        (target.id.as_str() == id && kinds.contains(&target.kind)).then(|| target.clone())
    }

    /// Adds an edge unless it is there.
    pub(super) fn add(&mut self, link: Link) {
        let is_there = match &link.target {
            Some(_) => self.pairs.get(&Place::of(&link)).is_some_and(|pair| pair.after.is_some()),
            None => self.raws.get(&link.raw).is_some_and(|places| !places.is_empty()),
        };
        if !is_there {
            let place = Place::of(&link);
            self.register(&place, &link.raw);
            self.added.push(place.clone());
            self.pairs.entry(place).or_default().after = Some(link);
        }
    }

    fn register(&mut self, place: &Place, raw: &str) {
        self.raws.entry(raw.to_owned()).or_default().insert(place.clone());
        if !place.0 {
            self.ids.entry(place.2.clone()).or_default().insert(place.clone());
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
        let added: Vec<String> = new.map(|place| place.2.clone()).collect();
        // A pending edge that is bound now, or the other way round, may show the same value: it did not go.
        let is_new = |pair: &&Pair| pair.before.is_none();
        let shown: HashSet<&str> =
            self.pairs.values().filter(is_new).filter_map(|pair| Some(pair.after.as_ref()?.value())).collect();
        let gone = self.pairs.values().filter(|pair| pair.after.is_none());
        let removed = gone
            .filter_map(|pair| Some(pair.before.as_ref()?.value()))
            .filter(|value| !shown.contains(value))
            .map(str::to_owned)
            .collect();
        Moved { added, removed }
    }

    /// The edges that are not as they were, in the order of the table.
    pub(super) fn differences(&self) -> impl Iterator<Item = (Option<&Link>, Option<&Link>)> {
        let pairs = self.pairs.values().filter(|pair| pair.before != pair.after);
        pairs.map(|pair| (pair.before.as_ref(), pair.after.as_ref()))
    }
}
