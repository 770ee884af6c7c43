//! What is indexed of a record: rows of `av`, `name` and `uniq_val`. Statements that do not depend on each other are sent
//! together, so that they wait for the network once.

use super::create::New;
use super::log::column;
use super::{Pace, Work};
use crate::codec::Writer;
use crate::fault::{Damaged, Fault, all_of};
use crate::refs::{NameRow, Spec, key_number, packed};
use crate::sql;
use crate::text::Packed;
use scimstack_store::{Index, IndexEntry, Key, Name, Record, StoreError, UniqueValue};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The rows of one record.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Indexed {
    /// The type of an element, by path, value and element.
    values: BTreeMap<(Packed, Packed, i64), Option<Packed>>,
    pub(super) names: BTreeSet<NameRow>,
    unique: BTreeSet<(Packed, Packed)>,
}

impl Indexed {
    /// What is to be indexed.
    pub(super) fn of(record: &Record) -> Self {
        let mut indexed = Self::default();
        for entry in &record.index.entries {
            let place = (Packed::of(&entry.path), Packed::key(&entry.value), entry.element.into());
            indexed.values.entry(place).or_insert_with(|| entry.kind.as_deref().map(Packed::of));
        }
        indexed.names.extend(record.names.iter().map(|name| (key_number(name.key), Packed::key(&name.value))));
        let unique = record.unique.iter();
        indexed.unique.extend(unique.map(|unique| (Packed::of(&unique.path), Packed::key(&unique.value))));
        indexed
    }
}

/// A digest of all that is derived from a record but for the columns of its row.
pub(super) fn digest(record: &Record) -> Vec<u8> {
    let mut out = Writer::new(DIGESTED);
    let index = &record.index;
    out.text(&index.declaration).number(index.entries.len() as u64);
    for entry in &index.entries {
        out.text(&entry.path).text(&entry.value).number(entry.element.into());
        out.number(u64::from(entry.kind.is_some())).text(entry.kind.as_deref().unwrap_or_default());
    }
    out.number(index.texts.len() as u64);
    for text in &index.texts {
        out.text(text);
    }
    out.number(record.unique.len() as u64);
    for unique in &record.unique {
        out.text(&unique.path).text(&unique.value);
    }
    out.number(record.names.len() as u64);
    for name in &record.names {
        out.number(key_number(name.key).cast_unsigned()).text(&name.value);
    }
    for reference in &record.references {
        out.text(&reference.rule.relation).text(&reference.raw).text(&Spec::of(&reference.rule).encode());
    }
    Sha256::digest(out.finish()).to_vec()
}

/// What a digest is of; another when it is made in another way.
const DIGESTED: u8 = b'1';

impl Work<'_> {
    /// What is indexed of a record now.
    pub(super) async fn indexed(&self, key: &Key) -> Result<Indexed, Fault> {
        let (kind, id) = packed(key);
        let rows = async |statement| sql::all(self.tx, statement, &[&self.scope, &kind, &id]).await;
        let (values, names, unique) = all_of(tokio::join!(
            rows("SELECT path, val, elem, type FROM av WHERE scope = $1 AND kind = $2 AND id = $3"),
            rows("SELECT by, name_key FROM name WHERE scope = $1 AND kind = $2 AND id = $3"),
            rows("SELECT path, val_key FROM uniq_val WHERE scope = $1 AND kind = $2 AND id = $3"),
        ))?;
        let mut indexed = Indexed::default();
        for row in values {
            indexed.values.insert((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?), row.try_get(3)?);
        }
        for row in names {
            indexed.names.insert((row.try_get(0)?, row.try_get(1)?));
        }
        for row in unique {
            indexed.unique.insert((row.try_get(0)?, row.try_get(1)?));
        }
        Ok(indexed)
    }

    /// Takes out what is indexed of a record.
    pub(super) async fn unindex(&self, key: &Key) -> Result<(), Fault> {
        let (kind, id) = packed(key);
        let delete = async |statement| sql::run(self.tx, statement, &[&self.scope, &kind, &id]).await;
        all_of(tokio::join!(
            delete("DELETE FROM av WHERE scope = $1 AND kind = $2 AND id = $3"),
            delete("DELETE FROM name WHERE scope = $1 AND kind = $2 AND id = $3"),
            delete("DELETE FROM uniq_val WHERE scope = $1 AND kind = $2 AND id = $3"),
        ))?;
        Ok(())
    }

    /// Writes the rows of `av`.
    pub(super) async fn index_values(&self, indexes: &[(&Key, &Index)]) -> Result<(), Fault> {
        let rows = indexes.iter().flat_map(|(key, index)| index.entries.iter().map(move |entry| (packed(key), entry)));
        let rows: Vec<((Packed, Packed), &IndexEntry)> = rows.collect();
        if rows.is_empty() {
            return Ok(());
        }
        sql::run(
            self.tx,
            "INSERT INTO av(scope, kind, id, path, val, elem, type) \
             SELECT $1, e.kind, e.id, e.path, e.val, e.elem, e.type \
             FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[]) \
             AS e(kind, id, path, val, elem, type) ON CONFLICT DO NOTHING",
            &[
                &self.scope,
                &column(&rows, |((kind, _), _)| kind),
                &column(&rows, |((_, id), _)| id),
                &column(&rows, |(_, entry)| Packed::of(&entry.path)),
                &column(&rows, |(_, entry)| Packed::key(&entry.value)),
                &column(&rows, |(_, entry)| i64::from(entry.element)),
                &column(&rows, |(_, entry)| entry.kind.as_deref().map(Packed::of)),
            ],
        )
        .await?;
        Ok(())
    }

    /// Writes the rows of `name`.
    async fn index_names(&self, new: &[New<'_>]) -> Result<(), Fault> {
        let rows = new.iter().flat_map(|new| new.record.names.iter().map(move |name| (packed(new.key), name)));
        let rows: Vec<((Packed, Packed), &Name)> = rows.collect();
        if rows.is_empty() {
            return Ok(());
        }
        sql::run(
            self.tx,
            "INSERT INTO name(scope, kind, id, by, name_key) SELECT $1, e.kind, e.id, e.by, e.name_key \
             FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) AS e(kind, id, by, name_key) \
             ON CONFLICT DO NOTHING",
            &[
                &self.scope,
                &column(&rows, |((kind, _), _)| kind),
                &column(&rows, |((_, id), _)| id),
                &column(&rows, |(_, name)| key_number(name.key)),
                &column(&rows, |(_, name)| Packed::key(&name.value)),
            ],
        )
        .await?;
        Ok(())
    }

    /// Writes the rows of `uniq_val`. Of one record alone, `op` is its operation.
    async fn index_unique(&self, new: &[New<'_>], pace: Pace, op: usize) -> Result<(), Fault> {
        let mut rows = Vec::new();
        for New { key, record } in new {
            let unique: BTreeSet<&UniqueValue> = record.unique.iter().collect();
            rows.extend(unique.into_iter().map(|value| (*key, packed(key), value)));
        }
        if rows.is_empty() {
            return Ok(());
        }
        let inserted = sql::run(
            self.tx,
            "INSERT INTO uniq_val(scope, kind, path, val_key, id) SELECT $1, e.kind, e.path, e.val_key, e.id \
             FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS e(kind, path, val_key, id) \
             ON CONFLICT DO NOTHING",
            &[
                &self.scope,
                &column(&rows, |(_, (kind, _), _)| kind),
                &column(&rows, |(_, _, unique)| Packed::of(&unique.path)),
                &column(&rows, |(_, _, unique)| Packed::key(&unique.value)),
                &column(&rows, |(_, (_, id), _)| id),
            ],
        )
        .await?;
        if inserted == rows.len() as u64 {
            return Ok(());
        }
        if pace == Pace::Together {
            return Err(Fault::Apart);
        }
        for (key, (kind, id), UniqueValue { path, value }) in rows {
            let holder = sql::first(
                self.tx,
                "SELECT id FROM uniq_val WHERE scope = $1 AND kind = $2 AND path = $3 AND val_key = $4 AND id <> $5",
                &[&self.scope, &kind, &Packed::of(path), &Packed::key(value), &id],
            )
            .await?;
            if let Some(row) = holder {
                let holder = Some(crate::refs::key(key.kind.as_str(), &row.try_get(0)?)?);
                return Err(StoreError::Conflict { op, path: path.clone(), holder }.into());
            }
        }
        Err(Damaged("unique values that are taken by nobody").into())
    }

    /// Writes what is to be indexed of records. Of one alone, `op` is its operation.
    pub(super) async fn index_all(&self, new: &[New<'_>], pace: Pace, op: usize) -> Result<(), Fault> {
        let values = column(new, |new| (new.key, &new.record.index));
        all_of(tokio::join!(self.index_values(&values), self.index_names(new), self.index_unique(new, pace, op)))?;
        Ok(())
    }
}
