//! References while something is written: who answers to a raw value, which pending edges to try again, and what
//! happens to edges when records come, change names and go. The rules are those of [`scimstack_store::Reference`] and
//! [`scimstack_store::Op`].

use crate::commit::Work;
use crate::dict::{Class, Num};
use crate::entries::{Entries, NameRow, ReferenceRow, difference, key_number};
use crate::fault::{Damaged, Fault};
use crate::links::{Link, key};
use crate::sql;
use rusqlite::params;
use scimstack_schema::{ReferenceKey, Value};
use scimstack_store::record::normalize_name;
use scimstack_store::{Key, Kind, ReferenceRule};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How a reference finds its target. Kept as text in the dictionary, because there are few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) keys: Vec<ReferenceKey>,
    pub(crate) targets: Vec<Kind>,
}

impl Spec {
    fn of(rule: &ReferenceRule) -> Self {
        Self { keys: rule.keys.clone(), targets: rule.targets.clone() }
    }

    /// `[["id","userName"],["User","Group"]]`
    fn encode(&self) -> String {
        let keys: Vec<Value> = self.keys.iter().map(|key| Value::from(key.as_str())).collect();
        let targets: Vec<Value> = self.targets.iter().map(|kind| Value::from(kind.as_str())).collect();
        Value::Array(vec![Value::Array(keys), Value::Array(targets)]).to_string()
    }

    fn decode(text: &str) -> Option<Self> {
        let value = Value::parse(text.as_bytes()).ok()?;
        let [keys, targets] = value.as_array()? else { return None };
        let keys = keys.as_array()?.iter().map(|key| ReferenceKey::from_str_name(key.as_str()?));
        let targets = targets.as_array()?.iter().map(|kind| Some(Kind::new(kind.as_str()?)));
        Some(Self { keys: keys.collect::<Option<_>>()?, targets: targets.collect::<Option<_>>()? })
    }
}

/// Who answers to a raw value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Nobody,
    One(Key),
    Several,
}

impl Answer {
    pub(crate) fn target(self) -> Option<Key> {
        match self {
            Self::One(key) => Some(key),
            Self::Nobody | Self::Several => None,
        }
    }
}

/// The edges of one source and relation that came and went, by the value they show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) added: Vec<String>,
    pub(crate) removed: Vec<String>,
}

/// What one operation did to edges-only relations of other records: in the order of their keys, by relation.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    pub(crate) moved: BTreeMap<(Key, Arc<str>), Moved>,
    /// By how much the number of edges changed.
    pub(crate) counts: BTreeMap<Key, i64>,
}

impl Moves {
    fn of(&mut self, source: &Key, relation: &Arc<str>) -> &mut Moved {
        self.moved.entry((source.clone(), relation.clone())).or_default()
    }

    fn count(&mut self, source: &Key, by: i64) {
        *self.counts.entry(source.clone()).or_default() += by;
    }
}

impl Work<'_> {
    /// The number of how a reference finds its target.
    pub(crate) fn spec_of(&mut self, rule: &ReferenceRule) -> Result<Num, Fault> {
        if let Some(num) = self.used_spec(rule) {
            return Ok(num);
        }
        let spec = Spec::of(rule);
        let num = self.intern(Class::Spec, &spec.encode())?;
        self.specs.push((spec, num));
        Ok(num)
    }

    /// The number of how a reference finds its target, if any edge does that way.
    pub(crate) fn known_spec(&self, rule: &ReferenceRule) -> Option<Num> {
        self.used_spec(rule).or_else(|| self.dict.known(Class::Spec, &Spec::of(rule).encode()))
    }

    fn used_spec(&self, rule: &ReferenceRule) -> Option<Num> {
        let is_it = |(spec, _): &&(Spec, Num)| spec.keys == rule.keys && spec.targets == rule.targets;
        self.specs.iter().find(is_it).map(|(_, num)| *num)
    }

    /// How a reference finds its target, by its number.
    pub(crate) fn spec(&self, num: Num) -> Result<Spec, Fault> {
        if let Some((spec, _)) = self.specs.iter().find(|(_, known)| *known == num) {
            return Ok(spec.clone());
        }
        let text = self.dict.name(num);
        Ok(text.and_then(|text| Spec::decode(&text)).ok_or(Damaged("a reference that cannot be read"))?)
    }

    /// Who answers to a raw value: the first key with any match decides.
    pub(crate) fn resolve(&self, raw: &str, keys: &[ReferenceKey], targets: &[Kind]) -> Result<Answer, Fault> {
        for &key in keys {
            let mut found = self.named(key, raw, targets)?;
            if let Some(first) = found.pop_first() {
                return Ok(match found.is_empty() {
                    true => Answer::One(first),
                    false => Answer::Several,
                });
            }
        }
        Ok(Answer::Nobody)
    }

    /// Records of these kinds that have the name; of many, enough to know that there are several.
    fn named(&self, by: ReferenceKey, raw: &str, targets: &[Kind]) -> Result<BTreeSet<Key>, Fault> {
        let value = normalize_name(by, raw);
        let mut found = BTreeSet::new();
        for kind in targets {
            let Some(num) = self.dict.known(Class::Kind, kind.as_str()) else { continue };
            let column = match by {
                ReferenceKey::Id => Some("SELECT id FROM resource WHERE scope = ?1 AND kind = ?2 AND id = ?3"),
                ReferenceKey::UserName => Some("SELECT id FROM resource WHERE scope = ?1 AND kind = ?2 AND uniq = ?3"),
                ReferenceKey::ExternalId => {
                    Some("SELECT id FROM resource WHERE scope = ?1 AND kind = ?2 AND external_id = ?3 LIMIT 2")
                }
                ReferenceKey::Email => None,
            };
            let mut ids: Vec<String> = Vec::new();
            if let Some(column) = column {
                ids = sql::all(self.connection, column, params![self.scope, num, value], |row| row.get(0))?;
            }
            if by != ReferenceKey::Id && ids.len() < 2 {
                ids.extend(sql::all(
                    self.connection,
                    "SELECT r.id FROM name n CROSS JOIN resource r ON r.rid = n.rid \
                     WHERE n.scope = ?1 AND n.key = ?2 AND n.value = ?3 AND n.kind = ?4 LIMIT 2",
                    params![self.scope, key_number(by), value, num],
                    |row| row.get::<_, String>(0),
                )?);
            }
            for id in ids {
                found.insert(key(kind.as_str(), &id)?);
            }
        }
        Ok(found)
    }

    /// Makes a record's own references those in `after`. One that was there with the same raw value stays as it was.
    pub(crate) fn set_references(
        &mut self,
        source: &Key,
        before: &[ReferenceRow],
        after: &[ReferenceRow],
    ) -> Result<(), Fault> {
        if before == after {
            return Ok(());
        }
        let relations: BTreeSet<Num> = before.iter().chain(after).map(|row| row.relation).collect();
        for relation in relations {
            let here = |row: &&ReferenceRow| row.relation == relation;
            let mut stored = Vec::new();
            if before.iter().any(|row| here(&row)) {
                stored = self.own_links(source, relation)?;
                for link in &stored {
                    self.erase(source, relation, link)?;
                }
            }
            // The references are sorted, so that their numbers are in the order of the raw values.
            for (n, row) in (1..).zip(after.iter().filter(here)) {
                let bound = stored.iter().find(|link| link.raw == row.raw && link.target.is_some());
                let target = match bound {
                    Some(link) => link.target.clone(),
                    None => {
                        let spec = self.spec(row.spec)?;
                        self.resolve(&row.raw, &spec.keys, &spec.targets)?.target()
                    }
                };
                let (raw, spec, data) = (row.raw.clone(), row.spec, Vec::new());
                self.insert(source, relation, &Link { target, raw, n, spec, data })?;
            }
        }
        Ok(())
    }

    /// The names by which references find a record, without those that are none.
    pub(crate) fn names(key: &Key, uniq: Option<&str>, external_id: Option<&str>, entries: &Entries) -> Vec<NameRow> {
        let own = [
            (ReferenceKey::Id, Some(key.id.as_str())),
            (ReferenceKey::UserName, uniq),
            (ReferenceKey::ExternalId, external_id),
        ];
        let own =
            own.into_iter().filter_map(|(by, value)| Some(NameRow { key: key_number(by), value: value?.to_owned() }));
        let mut names: Vec<NameRow> = own.chain(entries.names.iter().cloned()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Tries pending references again that wait for a name the record has now or had before. Names it keeps change nothing
    /// for anybody.
    pub(crate) fn retry_pending(
        &mut self,
        record: &Key,
        before: &[NameRow],
        after: &[NameRow],
        moves: &mut Moves,
    ) -> Result<(), Fault> {
        let (gone, new) = difference(before, after);
        let mut found = BTreeSet::new();
        for name in gone.into_iter().chain(new) {
            let waiting = sql::all(
                self.connection,
                "SELECT skind, sid, relation, raw, n FROM waiting WHERE scope = ?1 AND value = ?2 AND key = ?3",
                params![self.scope, name.value, name.key],
                |row| {
                    let source: (String, String) = (row.get(0)?, row.get(1)?);
                    Ok((source, row.get::<_, Num>(2)?, row.get::<_, String>(3)?, row.get::<_, i64>(4)?))
                },
            )?;
            found.extend(waiting);
        }
        for ((kind, id), relation, raw, n) in found {
            self.retry(&key(&kind, &id)?, relation, &raw, n, record, moves)?;
        }
        Ok(())
    }

    fn retry(
        &mut self,
        source: &Key,
        relation: Num,
        raw: &str,
        n: i64,
        record: &Key,
        moves: &mut Moves,
    ) -> Result<(), Fault> {
        let link = self
            .link(source, relation, (true, "", raw), n)?
            .ok_or(Damaged("a name that an edge waits for without the edge"))?;
        let spec = self.spec(link.spec)?;
        if !spec.targets.contains(&record.kind) {
            return Ok(());
        }
        let Answer::One(target) = self.resolve(raw, &spec.keys, &spec.targets)? else { return Ok(()) };
        self.erase(source, relation, &link)?;
        let place = (false, target.kind.as_str(), target.id.as_str());
        let is_own = n > 0;
        // Two values may turn out to name the same.
        let is_known = !is_own && self.link(source, relation, place, 0)?.is_some();
        if !is_known {
            let bound = Link { target: Some(target.clone()), ..link };
            self.insert(source, relation, &bound)?;
        }
        if !is_own {
            let name = self.dict.name(relation).ok_or(Damaged("a relation without a name"))?;
            if is_known {
                moves.count(source, -1);
            } else {
                moves.of(source, &name).added.push(target.id.to_string());
            }
            if is_known || raw != target.id.as_str() {
                moves.of(source, &name).removed.push(raw.to_owned());
            }
        }
        Ok(())
    }

    /// Takes out what starts at a record that is gone, and what ends there: edges of edges-only relations go, references
    /// become pending or find another.
    pub(crate) fn unlink(&mut self, record: &Key, moves: &mut Moves) -> Result<(), Fault> {
        let (kind, id) = (record.kind.as_str(), record.id.as_str());
        for (relation, name) in self.dict.all(Class::Relation) {
            self.erase_pending_of(record, relation)?;
            sql::run(
                self.connection,
                "DELETE FROM edge WHERE scope = ?1 AND relation = ?2 AND skind = ?3 AND sid = ?4",
                params![self.scope, relation, kind, id],
            )?;
            for (source, link) in self.incoming(record, relation)? {
                self.erase(&source, relation, &link)?;
                if link.n == 0 {
                    moves.of(&source, &name).removed.push(link.value().to_owned());
                    moves.count(&source, -1);
                } else {
                    let spec = self.spec(link.spec)?;
                    let target = self.resolve(&link.raw, &spec.keys, &spec.targets)?.target();
                    self.insert(&source, relation, &Link { target, ..link })?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_reference_finds_its_target_is_read_as_written() {
        let spec = Spec {
            keys: vec![ReferenceKey::Id, ReferenceKey::ExternalId],
            targets: vec![Kind::from("User"), Kind::from("odd\"],[kind")],
        };
        let text = spec.encode();
        assert_eq!(Spec::decode(&text), Some(spec));
        let simple = Spec { keys: vec![ReferenceKey::Id], targets: vec![Kind::from("User")] };
        assert_eq!(simple.encode(), r#"[["id"],["User"]]"#);
    }
}
