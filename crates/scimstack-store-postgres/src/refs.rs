//! References while something is written: who answers to a raw value, under which names a pending edge waits, and what
//! happens to edges when records come, change names and go. The rules are those of [`scimstack_store::Reference`] and
//! [`scimstack_store::Op`].

use crate::commit::Work;
use crate::commit::create::New;
use crate::commit::log::column;
use crate::fault::{Damaged, Fault, both_of};
use crate::sql;
use crate::text::Packed;
use scimstack_schema::fold::fold;
use scimstack_schema::{ReferenceKey, Value};
use scimstack_store::record::normalize_name;
use scimstack_store::{Key, Kind, Record, Reference, ReferenceRule, ResourceId};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Row;

/// Beside the names it waits for, a pending edge is found by its folded raw value, because that is what it shows. No kind
/// of name has this number.
pub(crate) const BY_RAW: i64 = 9;

/// A name by which references find a record: its kind's number, and its key.
pub(crate) type NameRow = (i64, Packed);

/// The number a kind of name is kept under.
pub(crate) fn key_number(key: ReferenceKey) -> i64 {
    match key {
        ReferenceKey::Id => 0,
        ReferenceKey::UserName => 1,
        ReferenceKey::ExternalId => 2,
        ReferenceKey::Email => 3,
    }
}

/// How a reference finds its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) keys: Vec<ReferenceKey>,
    pub(crate) targets: Vec<Kind>,
}

impl Spec {
    pub(crate) fn of(rule: &ReferenceRule) -> Self {
        Self { keys: rule.keys.clone(), targets: rule.targets.clone() }
    }

    /// `[["id","userName"],["User","Group"]]`
    pub(crate) fn encode(&self) -> String {
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

/// What makes an edge the one it is among those of its source and relation: `pending, tkind, tid`. The order is that of
/// the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) pending: bool,
    pub(crate) kind: Packed,
    pub(crate) id: Packed,
}

/// One row of `edge` without its source and relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) target: Option<Key>,
    pub(crate) raw: String,
    pub(crate) n: i64,
    pub(crate) spec: Spec,
    /// Empty for none.
    pub(crate) data: Vec<u8>,
}

/// The columns of a [`Link`].
macro_rules! link_columns {
    ($rest:literal) => {
        concat!("SELECT pending, tkind, tid, n, raw, spec, data", $rest)
    };
}
pub(crate) use link_columns;

impl Link {
    /// What it shows as its value: the target's id, or the raw value while it is pending.
    pub(crate) fn value(&self) -> &str {
        self.target.as_ref().map_or(self.raw.as_str(), |target| target.id.as_str())
    }

    pub(crate) fn place(&self) -> Place {
        match &self.target {
            Some(target) => {
                let (kind, id) = (Packed::of(target.kind.as_str()), Packed::of(target.id.as_str()));
                Place { pending: false, kind, id }
            }
            None => Place { pending: true, kind: Packed::default(), id: Packed::key(&self.raw) },
        }
    }

    /// From the columns of [`link_columns`].
    pub(crate) fn read(row: &Row) -> Result<Self, Fault> {
        let target = match row.try_get(0)? {
            true => None,
            false => Some(key(&row.try_get::<_, Packed>(1)?.open(), &row.try_get(2)?)?),
        };
        let spec = Spec::decode(&row.try_get::<_, Packed>(5)?.open());
        Ok(Self {
            target,
            raw: row.try_get::<_, Packed>(4)?.open(),
            n: row.try_get(3)?,
            spec: spec.ok_or(Damaged("a reference that cannot be read"))?,
            data: row.try_get(6)?,
        })
    }
}

/// A key that was stored.
pub(crate) fn key(kind: &str, id: &Packed) -> Result<Key, Damaged> {
    let id = ResourceId::new(&id.open()).ok_or(Damaged("an id that is none"))?;
    Ok(Key::new(kind, id))
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
    pub(crate) moved: BTreeMap<(Key, String), Moved>,
    /// By how much the number of edges changed.
    pub(crate) counts: BTreeMap<Key, i64>,
}

impl Moves {
    fn of(&mut self, source: &Key, relation: &str) -> &mut Moved {
        self.moved.entry((source.clone(), relation.to_owned())).or_default()
    }

    fn count(&mut self, source: &Key, by: i64) {
        *self.counts.entry(source.clone()).or_default() += by;
    }
}

impl Work<'_> {
    /// Who answers to a raw value: the first key with any match decides.
    pub(crate) async fn resolve(&self, raw: &str, spec: &Spec) -> Result<Answer, Fault> {
        Ok(self.resolve_all(&[(raw, spec)]).await?.pop().unwrap_or(Answer::Nobody))
    }

    /// Who answers to raw values.
    pub(crate) async fn resolve_all(&self, asked: &[(&str, &Spec)]) -> Result<Vec<Answer>, Fault> {
        let mut answers = vec![Answer::Nobody; asked.len()];
        let mut specs: Vec<&Spec> = Vec::new();
        for (_, spec) in asked {
            if !specs.contains(spec) {
                specs.push(spec);
            }
        }
        for spec in specs {
            let targets: Vec<Packed> = spec.targets.iter().map(|kind| Packed::of(kind.as_str())).collect();
            for &by in &spec.keys {
                let is_open = |(_, ((_, of), answer)): &(usize, (&(&str, &Spec), &Answer))| {
                    *of == spec && **answer == Answer::Nobody
                };
                let open = asked.iter().zip(&answers).enumerate().filter(is_open);
                let (places, names): (Vec<i64>, Vec<Packed>) =
                    open.map(|(place, ((raw, _), _))| (place as i64, Packed::key(&normalize_name(by, raw)))).unzip();
                if places.is_empty() {
                    break;
                }
                for (place, found) in self.named(by, &places, &names, &targets).await? {
                    let mut found = found.into_iter();
                    let (first, second) = (found.next(), found.next());
                    if let (Some(first), Some(answer)) = (first, answers.get_mut(place)) {
                        *answer = if second.is_none() { Answer::One(first) } else { Answer::Several };
                    }
                }
            }
        }
        Ok(answers)
    }

    /// Records of these kinds that have these names, by the place of the name; of many, enough to know that there are
    /// several.
    async fn named(
        &self,
        by: ReferenceKey,
        places: &[i64],
        names: &[Packed],
        targets: &[Packed],
    ) -> Result<BTreeMap<usize, BTreeSet<Key>>, Fault> {
        // Name by name, whatever the planner thinks of the numbers.
        macro_rules! of_each {
            ($table:literal) => {
                concat!(
                    "SELECT e.place, r.kind, r.id FROM unnest($2::bigint[], $3::text[]) AS e(place, name) \
                     CROSS JOIN LATERAL (SELECT r.kind, r.id FROM ",
                    $table,
                    " LIMIT 2) AS r"
                )
            };
        }
        let column = match by {
            ReferenceKey::Id => Some(of_each!("resource r WHERE r.scope = $1 AND r.kind = ANY($4) AND r.id = e.name")),
            ReferenceKey::UserName => {
                Some(of_each!("resource r WHERE r.scope = $1 AND r.kind = ANY($4) AND r.uniq_key = e.name"))
            }
            ReferenceKey::ExternalId => {
                Some(of_each!("resource r WHERE r.scope = $1 AND r.kind = ANY($4) AND r.external_key = e.name"))
            }
            ReferenceKey::Email => None,
        };
        let of_column = async {
            match column {
                Some(column) => sql::all(self.tx, column, &[&self.scope, &places, &names, &targets]).await,
                None => Ok(Vec::new()),
            }
        };
        let further = async {
            let further =
                of_each!("name r WHERE r.scope = $1 AND r.by = $5 AND r.name_key = e.name AND r.kind = ANY($4)");
            match by {
                ReferenceKey::Id => Ok(Vec::new()),
                _ => sql::all(self.tx, further, &[&self.scope, &places, &names, &targets, &key_number(by)]).await,
            }
        };
        let (of_column, further) = both_of(tokio::join!(of_column, further))?;
        let mut found: BTreeMap<usize, BTreeSet<Key>> = BTreeMap::new();
        for row in of_column.iter().chain(&further) {
            let key = key(&row.try_get::<_, Packed>(1)?.open(), &row.try_get(2)?)?;
            found.entry(sql::unsigned(row.try_get(0)?) as usize).or_default().insert(key);
        }
        Ok(found)
    }

    /// Makes the references of new records.
    pub(crate) async fn make_references(&self, new: &[New<'_>]) -> Result<(), Fault> {
        let mut wanted: Vec<(&Key, i64, &Reference)> = Vec::new();
        for New { key, record } in new {
            let mut own: Vec<&Reference> = record.references.iter().collect();
            own.sort_by(|one, other| (&one.rule.relation, &one.raw).cmp(&(&other.rule.relation, &other.raw)));
            wanted.extend((1..).zip(own).map(|(n, reference)| (*key, n, reference)));
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let specs = column(&wanted, |(_, _, reference)| Spec::of(&reference.rule));
        let raws = wanted.iter().map(|(_, _, reference)| reference.raw.as_str());
        let answers = self.resolve_all(&raws.zip(&specs).collect::<Vec<_>>()).await?;
        let links = wanted.iter().zip(specs).zip(answers).map(|(((key, n, reference), spec), answer)| {
            let raw = reference.raw.as_str().to_owned();
            let link = Link { target: answer.target(), raw, n: *n, spec, data: Vec::new() };
            (*key, reference.rule.relation.as_str(), link)
        });
        let links: Vec<(&Key, &str, Link)> = links.collect();
        self.insert_all(&column(&links, |(key, relation, link)| (*key, *relation, link))).await
    }

    /// Makes a record's own references those given, from those that are stored. One that was there with the same raw value stays as it was.
    pub(crate) async fn set_references(
        &self,
        source: &Key,
        mut stored: Vec<(String, Link)>,
        references: &[Reference],
    ) -> Result<(), Fault> {
        let mut wanted: Vec<&Reference> = references.iter().collect();
        wanted.sort_by(|one, other| (&one.rule.relation, &one.raw).cmp(&(&other.rule.relation, &other.raw)));
        stored.sort_by(|(one, a), (other, b)| (one, &a.raw).cmp(&(other, &b.raw)));
        let is_same = |((relation, link), reference): (&(String, Link), &&Reference)| {
            *relation == reference.rule.relation && reference.raw == link.raw && link.spec == Spec::of(&reference.rule)
        };
        if stored.len() == wanted.len() && stored.iter().zip(&wanted).all(is_same) {
            return Ok(());
        }
        for (relation, link) in &stored {
            self.erase(source, relation, link).await?;
        }
        let mut links = Vec::with_capacity(wanted.len());
        for (n, reference) in (1..).zip(wanted) {
            let is_bound = |(relation, link): &&(String, Link)| {
                *relation == reference.rule.relation && reference.raw == link.raw && link.target.is_some()
            };
            let spec = Spec::of(&reference.rule);
            let target = match stored.iter().find(is_bound) {
                Some((_, link)) => link.target.clone(),
                None => self.resolve(&reference.raw, &spec).await?.target(),
            };
            let link = Link { target, raw: reference.raw.as_str().to_owned(), n, spec, data: Vec::new() };
            links.push((reference.rule.relation.as_str(), link));
        }
        self.insert_all(&column(&links, |(relation, link)| (source, *relation, link))).await
    }

    /// The references that belong to a record, with their relations.
    pub(crate) async fn own_links(&self, source: &Key) -> Result<Vec<(String, Link)>, Fault> {
        let (kind, id) = packed(source);
        let rows = sql::all(
            self.tx,
            link_columns!(
                ", relation FROM edge WHERE scope = $1 AND skind || chr(4) || sid = $2 || chr(4) || $3 AND n > 0 \
                 AND skind IS NOT DISTINCT FROM $2 AND sid IS NOT DISTINCT FROM $3"
            ),
            &[&self.scope, &kind, &id],
        )
        .await?;
        rows.iter().map(|row| Ok((row.try_get::<_, Packed>(7)?.open(), Link::read(row)?))).collect()
    }

    /// The names by which references find a record.
    pub(crate) fn names(key: &Key, record: &Record) -> BTreeSet<NameRow> {
        let mut names = own_names(key, record.core.unique.as_deref(), record.core.external_id.as_deref());
        names.extend(record.names.iter().map(|name| (key_number(name.key), Packed::key(&name.value))));
        names
    }

    /// The names a stored record has.
    pub(crate) async fn names_before(
        &self,
        key: &Key,
        unique: Option<&str>,
        external_id: Option<&str>,
    ) -> Result<BTreeSet<NameRow>, Fault> {
        let (kind, id) = packed(key);
        let further = "SELECT by, name_key FROM name WHERE scope = $1 AND kind = $2 AND id = $3";
        let mut names = own_names(key, unique, external_id);
        for row in sql::all(self.tx, further, &[&self.scope, &kind, &id]).await? {
            names.insert((row.try_get(0)?, row.try_get(1)?));
        }
        Ok(names)
    }

    /// Tries pending references again that wait for a name the record has now or had before. Names it keeps change nothing
    /// for anybody.
    pub(crate) async fn retry_pending(
        &self,
        record: &Key,
        before: &BTreeSet<NameRow>,
        after: &BTreeSet<NameRow>,
        moves: &mut Moves,
    ) -> Result<(), Fault> {
        let (by, keys): (Vec<i64>, Vec<Packed>) = before.symmetric_difference(after).cloned().unzip();
        if by.is_empty() {
            return Ok(());
        }
        let rows = sql::all(
            self.tx,
            "SELECT DISTINCT w.skind, w.sid, w.relation, w.raw_key, w.n \
             FROM unnest($2::bigint[], $3::text[]) AS k(by, name_key) \
             JOIN waiting w ON w.scope = $1 AND w.by = k.by AND w.name_key = k.name_key \
             ORDER BY w.skind, w.sid, w.relation, w.raw_key, w.n",
            &[&self.scope, &by, &keys],
        )
        .await?;
        for row in rows {
            let source = key(&row.try_get::<_, Packed>(0)?.open(), &row.try_get(1)?)?;
            let relation = row.try_get::<_, Packed>(2)?.open();
            self.retry(&source, &relation, &row.try_get(3)?, row.try_get(4)?, record, moves).await?;
        }
        Ok(())
    }

    async fn retry(
        &self,
        source: &Key,
        relation: &str,
        raw: &Packed,
        n: i64,
        record: &Key,
        moves: &mut Moves,
    ) -> Result<(), Fault> {
        let place = Place { pending: true, kind: Packed::default(), id: raw.clone() };
        let link = self.link(source, relation, &place, n).await?;
        let link = link.ok_or(Damaged("a name that an edge waits for without the edge"))?;
        if !link.spec.targets.contains(&record.kind) {
            return Ok(());
        }
        let Answer::One(target) = self.resolve(&link.raw, &link.spec).await? else { return Ok(()) };
        self.erase(source, relation, &link).await?;
        let raw = link.raw.clone();
        let id = target.id.clone();
        let bound = Link { target: Some(target), ..link };
        // Two values may turn out to name the same.
        let is_known = n == 0 && self.link(source, relation, &bound.place(), 0).await?.is_some();
        if !is_known {
            self.insert_all(&[(source, relation, &bound)]).await?;
        }
        if n == 0 {
            match is_known {
                true => moves.count(source, -1),
                false => moves.of(source, relation).added.push(id.to_string()),
            }
            if raw != id.as_str() {
                moves.of(source, relation).removed.push(raw);
            }
        }
        Ok(())
    }

    /// Takes out what starts at a record that is gone, and what ends there: edges of edges-only relations go, references
    /// become pending or find another.
    pub(crate) async fn unlink(&self, record: &Key, moves: &mut Moves) -> Result<(), Fault> {
        let (kind, id) = packed(record);
        for statement in [
            "DELETE FROM waiting WHERE scope = $1 AND skind = $2 AND sid = $3",
            "DELETE FROM edge WHERE scope = $1 AND skind = $2 AND sid = $3",
        ] {
            sql::run(self.tx, statement, &[&self.scope, &kind, &id]).await?;
        }
        let incoming = sql::all(
            self.tx,
            link_columns!(
                ", relation, skind, sid FROM edge WHERE scope = $1 AND tkind = $2 AND tid = $3 AND NOT pending \
                 ORDER BY skind, sid, relation, n"
            ),
            &[&self.scope, &kind, &id],
        )
        .await?;
        for row in &incoming {
            let link = Link::read(row)?;
            let relation = row.try_get::<_, Packed>(7)?.open();
            let source = key(&row.try_get::<_, Packed>(8)?.open(), &row.try_get(9)?)?;
            self.erase(&source, &relation, &link).await?;
            if link.n == 0 {
                moves.of(&source, &relation).removed.push(link.value().to_owned());
                moves.count(&source, -1);
            } else {
                let target = self.resolve(&link.raw, &link.spec).await?.target();
                self.insert_all(&[(&source, &relation, &Link { target, ..link })]).await?;
            }
        }
        Ok(())
    }
}

/// Kind and id of a key, to be bound.
pub(crate) fn packed(key: &Key) -> (Packed, Packed) {
    (Packed::of(key.kind.as_str()), Packed::of(key.id.as_str()))
}

pub(crate) fn own_names(key: &Key, unique: Option<&str>, external_id: Option<&str>) -> BTreeSet<NameRow> {
    let own = [
        (ReferenceKey::Id, Some(key.id.as_str())),
        (ReferenceKey::UserName, unique),
        (ReferenceKey::ExternalId, external_id),
    ];
    own.into_iter().filter_map(|(by, value)| Some((key_number(by), Packed::key(value?)))).collect()
}

/// The names that a reference finds its target by.
pub(crate) fn looked_for(reference: &Reference) -> BTreeSet<NameRow> {
    names_of(&reference.rule.keys, &reference.raw)
}

fn names_of(keys: &[ReferenceKey], raw: &str) -> BTreeSet<NameRow> {
    keys.iter().map(|by| (key_number(*by), Packed::key(&normalize_name(*by, raw)))).collect()
}

/// The names that a pending edge waits for.
pub(crate) fn waits_for(link: &Link) -> BTreeSet<NameRow> {
    let mut names = names_of(&link.spec.keys, &link.raw);
    if link.n == 0 {
        names.insert((BY_RAW, Packed::key(&fold(&link.raw))));
    }
    names
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
        assert_eq!(Spec::decode(&spec.encode()), Some(spec));
    }
}
