//! The edges of one source and relation while they are changed: what they were, as far as they were looked at, and what
//! they are to be. No two have the same target, nor are pending under the same raw value.

use super::Work;
use crate::dict::{Class, Num};
use crate::fault::Fault;
use crate::links::Link;
use crate::refs::Moved;
use crate::sql;
use rusqlite::params;
use scimstack_store::{Key, Kind, ResourceId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// What makes an edge the one it is. The order is that of the table: by target, pending ones last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Bound(Key),
    Pending(Arc<str>),
}

impl Place {
    fn of(link: &Link) -> Self {
        match &link.target {
            Some(target) => Self::Bound(target.clone()),
            None => Self::Pending(link.raw.as_str().into()),
        }
    }

    /// `pending, tkind, tid`
    fn columns(&self) -> (bool, &str, &str) {
        match self {
            Self::Bound(target) => (false, target.kind.as_str(), target.id.as_str()),
            Self::Pending(raw) => (true, "", raw),
        }
    }

    /// What the edge shows as its value.
    fn value(&self) -> &str {
        self.columns().2
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
    /// The kinds of targets.
    kinds: Vec<Kind>,
    /// Places of edges that are or were sent under another value than their target's id, by that value.
    aliases: HashMap<String, BTreeSet<Place>>,
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
                set.put(link);
            }
        }
        Ok(set)
    }

    /// Puts in an edge that there is, and that is not to stay.
    pub(super) fn put(&mut self, link: Link) {
        let place = Place::of(&link);
        self.register(&place, &link);
        self.pairs.insert(place, Pair { before: Some(link), after: None });
    }

    /// The edges that there are, as far as they were looked at.
    pub(super) fn before(&self) -> impl Iterator<Item = &Link> {
        self.pairs.values().filter_map(|pair| pair.before.as_ref())
    }

    /// Looks for the edge that `link` is already.
    pub(super) fn load(&mut self, work: &Work<'_>, source: &Key, relation: Num, link: &Link) -> Result<(), Fault> {
        match &link.target {
            Some(_) => self.load_place(work, source, relation, Place::of(link)),
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
        self.load_place(work, source, relation, Place::Pending(value.into()))?;
        if let Some(id) = ResourceId::new(value) {
            for (_, kind) in work.dict.all(Class::Kind) {
                self.load_place(work, source, relation, Place::Bound(Key::new(Kind::new(kind), id.clone())))?;
            }
        }
        let sent_as = sql::all(
            work.connection,
            "SELECT tkind, tid FROM edge \
             WHERE scope = ?1 AND relation = ?2 AND skind = ?3 AND sid = ?4 AND raw = ?5 AND pending = 0",
            params![work.scope, relation, source.kind.as_str(), source.id.as_str(), value],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        )?;
        for (kind, id) in sent_as {
            self.load_place(work, source, relation, Place::Bound(crate::links::key(&kind, &id)?))?;
        }
        Ok(())
    }

    fn load_place(&mut self, work: &Work<'_>, source: &Key, relation: Num, place: Place) -> Result<(), Fault> {
        if self.whole || self.pairs.contains_key(&place) {
            return Ok(());
        }
        let before = work.link(source, relation, place.columns(), 0)?;
        if let Some(link) = &before {
            self.register(&place, link);
        }
        let after = before.clone();
        self.pairs.insert(place, Pair { before, after });
        Ok(())
    }

    fn register(&mut self, place: &Place, link: &Link) {
        if let Place::Bound(target) = place
            && !self.kinds.contains(&target.kind)
        {
            self.kinds.push(target.kind.clone());
        }
        if link.raw != place.value() {
            self.aliases.entry(link.raw.clone()).or_default().insert(place.clone());
        }
    }

    /// Places where `value` is, or was, the target's id or the raw value.
    fn named(&self, value: &str) -> Vec<Place> {
        let mut places = Vec::new();
        if let Some(id) = ResourceId::new(value) {
            places.extend(self.kinds.iter().map(|kind| Place::Bound(Key { kind: kind.clone(), id: id.clone() })));
        }
        places.push(Place::Pending(value.into()));
        places.extend(self.aliases.get(value).into_iter().flatten().cloned());
        places.retain(|place| self.pairs.contains_key(place));
        places
    }

    /// The edges before that had this raw value.
    fn sent_before(&self, raw: &str) -> Vec<&Link> {
        let before = |place: &Place| self.pairs.get(place)?.before.as_ref();
        self.named(raw).iter().filter_map(before).filter(|link| link.raw == raw).collect()
    }

    /// The edge before that `link` is: to the same target, or, when its value names nobody, with the same value.
    pub(super) fn find_before(&self, link: &Link) -> Option<&Link> {
        match &link.target {
            Some(target) => self.pairs.get(&Place::Bound(target.clone()))?.before.as_ref(),
            None => self.sent_before(&link.raw).first().copied(),
        }
    }

    /// The target of the one edge that had this id for its raw value and was bound to a target with that very id, of one of
    /// these kinds. Who answers to the id is this target, or several; and then the edge stays bound to this one.
    pub(super) fn target_before(&self, id: &str, kinds: &[Kind]) -> Option<Key> {
        let [link] = self.sent_before(id)[..] else { return None };
        let target = link.target.as_ref()?;
        (target.id.as_str() == id && kinds.contains(&target.kind)).then(|| target.clone())
    }

    /// Adds an edge unless it is there.
    pub(super) fn add(&mut self, link: Link) {
        let after = |place: &Place| self.pairs.get(place)?.after.as_ref();
        let place = Place::of(&link);
        let is_there = match &link.target {
            Some(_) => after(&place).is_some(),
            None => self.named(&link.raw).iter().filter_map(after).any(|other| other.raw == link.raw),
        };
        if !is_there {
            self.register(&place, &link);
            self.added.push(place.clone());
            self.pairs.entry(place).or_default().after = Some(link);
        }
    }

    /// Removes the edges that `value` is the target's id or the raw value of.
    pub(super) fn remove(&mut self, value: &str) {
        for place in self.named(value) {
            if let Some(pair) = self.pairs.get_mut(&place) {
                pair.after.take_if(|link| link.raw == value || link.value() == value);
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
        let added: Vec<String> = new.map(|place| place.value().to_owned()).collect();
        // A pending edge that is bound now, or the other way round, may show the same value: it did not go.
        let came = self.pairs.iter().filter(|(_, pair)| pair.before.is_none() && pair.after.is_some());
        let shown: HashSet<&str> = came.map(|(place, _)| place.value()).collect();
        let went = self.pairs.iter().filter(|(_, pair)| pair.before.is_some() && pair.after.is_none());
        let removed = went.map(|(place, _)| place.value()).filter(|value| !shown.contains(value));
        let removed = removed.map(str::to_owned).collect();
        Moved { added, removed }
    }

    /// The edges that are not as they were, in the order of the table.
    pub(super) fn differences(&self) -> impl Iterator<Item = (Option<&Link>, Option<&Link>)> {
        let pairs = self.pairs.values().filter(|pair| pair.before != pair.after);
        pairs.map(|pair| (pair.before.as_ref(), pair.after.as_ref()))
    }
}
