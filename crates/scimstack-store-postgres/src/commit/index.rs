//! What is indexed of a record: rows of `av`, `name` and `uniq_val`. Statements that do not depend on each other are sent
//! together, so that they wait for the network once.

use super::Work;
use crate::fault::{Fault, all_of};
use crate::refs::{NameRow, key_number, packed};
use crate::sql;
use crate::text::Packed;
use scimstack_store::{Index, Key, Record, StoreError, UniqueValue};
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
    pub(super) async fn index_values(&self, key: &Key, index: &Index) -> Result<(), Fault> {
        if index.entries.is_empty() {
            return Ok(());
        }
        let (kind, id) = packed(key);
        let entries = index.entries.iter();
        let paths: Vec<Packed> = entries.clone().map(|entry| Packed::of(&entry.path)).collect();
        let values: Vec<Packed> = entries.clone().map(|entry| Packed::key(&entry.value)).collect();
        let elements: Vec<i64> = entries.clone().map(|entry| entry.element.into()).collect();
        let types: Vec<Option<Packed>> = entries.map(|entry| entry.kind.as_deref().map(Packed::of)).collect();
        sql::run(
            self.tx,
            "INSERT INTO av(scope, kind, id, path, val, elem, type) \
             SELECT $1, $2, $3, e.path, e.val, e.elem, e.type \
             FROM unnest($4::text[], $5::text[], $6::bigint[], $7::text[]) AS e(path, val, elem, type) \
             ON CONFLICT DO NOTHING",
            &[&self.scope, &kind, &id, &paths, &values, &elements, &types],
        )
        .await?;
        Ok(())
    }

    /// Writes what is to be indexed of a record.
    pub(super) async fn index(&self, op: usize, key: &Key, record: &Record) -> Result<(), Fault> {
        let (kind, id) = packed(key);
        self.index_values(key, &record.index).await?;
        if !record.names.is_empty() {
            let by: Vec<i64> = record.names.iter().map(|name| key_number(name.key)).collect();
            let values: Vec<Packed> = record.names.iter().map(|name| Packed::key(&name.value)).collect();
            sql::run(
                self.tx,
                "INSERT INTO name(scope, kind, id, by, name_key) \
                 SELECT $1, $2, $3, e.by, e.name_key FROM unnest($4::bigint[], $5::text[]) AS e(by, name_key) \
                 ON CONFLICT DO NOTHING",
                &[&self.scope, &kind, &id, &by, &values],
            )
            .await?;
        }
        let unique: BTreeSet<&UniqueValue> = record.unique.iter().collect();
        for UniqueValue { path, value } in unique {
            let (path_key, value) = (Packed::of(path), Packed::key(value));
            let inserted = sql::run(
                self.tx,
                "INSERT INTO uniq_val(scope, kind, path, val_key, id) VALUES($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                &[&self.scope, &kind, &path_key, &value, &id],
            )
            .await?;
            if inserted == 0 {
                let row = sql::first(
                    self.tx,
                    "SELECT id FROM uniq_val WHERE scope = $1 AND kind = $2 AND path = $3 AND val_key = $4",
                    &[&self.scope, &kind, &path_key, &value],
                )
                .await?;
                let holder = match row {
                    Some(row) => Some(crate::refs::key(key.kind.as_str(), &row.try_get(0)?)?),
                    None => None,
                };
                return Err(StoreError::Conflict { op, path: path.clone(), holder }.into());
            }
        }
        Ok(())
    }
}
