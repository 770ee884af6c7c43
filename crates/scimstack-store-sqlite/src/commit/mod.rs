//! Changesets: operation after operation inside the writer's transaction, each seeing what those before it did. Whether
//! the whole is kept is decided by [`crate::writer`].

mod create;
mod delete;
mod edges;
mod emit;
mod prune;
mod reindex;
mod relate;
mod replace;
mod settle;

use crate::codec::{Reader, Writer};
use crate::dict::{Class, Interning, Num};
use crate::entries::{Entries, IndexRow, NameRow, ReferenceRow, UniqueRow, difference, key_number};
use crate::fault::{Damaged, Fault, is_taken};
use crate::links::key;
use crate::parts;
use crate::refs::{Moved, Moves, Spec};
use crate::sql::{self, signed, unsigned};
use bytes::Bytes;
use rusqlite::{Connection, params};
use scimstack_schema::{Object, Timestamp, Value};
use scimstack_store::{
    ChangeKind, ChangeSet, Expect, Index, Key, Op, OpReceipt, Receipt, Record, Scope, StoreError, Version,
};
use std::collections::BTreeSet;

/// The most ids a feed entry lists as added, and as removed.
const LISTED: usize = 1_000;

/// A changeset at work.
pub(crate) struct Work<'w> {
    pub(crate) connection: &'w Connection,
    pub(crate) dict: &'w mut Interning,
    pub(crate) scope: i64,
    at: Timestamp,
    actor: &'w str,
    request_id: &'w str,
    /// How references of this changeset find their targets: a few, over and over.
    pub(crate) specs: Vec<(Spec, Num)>,
}

/// Does what a changeset says. On an error the caller rolls back.
pub(crate) fn apply(
    connection: &Connection,
    dict: &mut Interning,
    scope: Scope,
    changes: &ChangeSet,
) -> Result<Receipt, Fault> {
    let mut work = Work {
        connection,
        dict,
        scope: scope.number().into(),
        at: changes.at,
        actor: &changes.actor.0,
        request_id: &changes.request_id,
        specs: Vec::new(),
    };
    if let Some(key) = &changes.idempotency_key
        && let Some(ops) = work.done_before(key)?
    {
        return Ok(Receipt::new(ops, true));
    }
    let mut ops = Vec::with_capacity(changes.ops.len());
    for (at, op) in changes.ops.iter().enumerate() {
        ops.push(work.apply(at, op)?);
    }
    if let Some(key) = &changes.idempotency_key {
        work.remember(key, &ops)?;
    }
    Ok(Receipt::new(ops, false))
}

/// A record as the writer needs it.
struct Current {
    rid: i64,
    version: u64,
    uniq: Option<String>,
    external_id: Option<String>,
    sort_name: Option<String>,
    /// Its [`Entries`] in their short form, which is compared more often than it is read.
    encoded: Vec<u8>,
    doc: Vec<u8>,
}

impl Current {
    fn entries(&self) -> Result<Entries, Damaged> {
        Entries::decode(&self.encoded)
    }
}

/// A feed entry before it has its place.
struct Entry<'e> {
    what: ChangeKind,
    key: Option<&'e Key>,
    version: Option<u64>,
    topic: Option<Num>,
    event_id: Option<&'e str>,
    payload: &'e [u8],
    before: Option<&'e [u8]>,
}

impl<'e> Entry<'e> {
    fn new(what: ChangeKind, key: Option<&'e Key>, version: Option<u64>) -> Self {
        Self { what, key, version, topic: None, event_id: None, payload: &[], before: None }
    }
}

impl Work<'_> {
    fn apply(&mut self, op: usize, what: &Op) -> Result<OpReceipt, Fault> {
        match what {
            Op::Create { key, record } => self.create(op, key, record),
            Op::Replace { key, expect, record } => self.replace(op, key, *expect, record),
            Op::Delete { key, expect } => self.delete(op, key, *expect),
            Op::Relate { source, relation, expect, change } => self.relate(op, source, relation, *expect, change),
            Op::Emit { topic, id, key, payload } => self.emit(topic, id, key.as_ref(), payload),
            Op::Reindex { key, version, index } => self.reindex(key, *version, index),
            Op::Prune(prune) => self.prune(prune),
            _ => Err(Damaged("an operation of a later version").into()),
        }
    }

    /// The number of a name, which gets one now if it has none.
    pub(crate) fn intern(&mut self, class: Class, name: &str) -> Result<Num, Fault> {
        Ok(self.dict.intern(self.connection, class, name)?)
    }

    /// The receipt of a changeset with this idempotency key.
    fn done_before(&self, key: &str) -> Result<Option<Vec<OpReceipt>>, Fault> {
        let receipt: Option<Vec<u8>> = sql::first(
            self.connection,
            "SELECT receipt FROM idem WHERE scope = ?1 AND key = ?2",
            params![self.scope, key],
            |row| row.get(0),
        )?;
        let Some(receipt) = receipt else { return Ok(None) };
        Ok(Some(decode_receipt(&receipt).ok_or(Damaged("a receipt that cannot be read"))?))
    }

    fn remember(&mut self, key: &str, ops: &[OpReceipt]) -> Result<(), Fault> {
        sql::run(
            self.connection,
            "INSERT INTO idem(scope, key, at, receipt) VALUES(?1, ?2, ?3, ?4)",
            params![self.scope, key, self.at.as_micros(), encode_receipt(ops)],
        )?;
        Ok(())
    }

    /// The record as it is, when it is as expected.
    fn expect(&self, op: usize, key: &Key, expect: Expect) -> Result<(Num, Current), Fault> {
        let kind = self.dict.known(Class::Kind, key.kind.as_str());
        let kind = kind.ok_or(StoreError::NotFound { op })?;
        let mut statement = sql::prepare(
            self.connection,
            "SELECT rid, version, uniq, external_id, sort_name, entries, doc FROM resource \
             WHERE scope = ?1 AND kind = ?2 AND id = ?3",
        )?;
        let mut rows = statement.query(params![self.scope, kind, key.id.as_str()])?;
        let row = rows.next()?.ok_or(StoreError::NotFound { op })?;
        let version = unsigned(row.get(1)?);
        check_version(op, expect, version)?;
        let current = Current {
            rid: row.get(0)?,
            version,
            uniq: row.get(2)?,
            external_id: row.get(3)?,
            sort_name: row.get(4)?,
            encoded: row.get(5)?,
            doc: row.get(6)?,
        };
        Ok((kind, current))
    }

    /// The rows to index of a record.
    fn entries(&mut self, record: &Record) -> Result<Entries, Fault> {
        let mut entries = self.indexed(&record.index)?;
        for unique in &record.unique {
            entries
                .unique
                .push(UniqueRow { path: self.intern(Class::Path, &unique.path)?, value: unique.value.clone() });
        }
        entries
            .names
            .extend(record.names.iter().map(|name| NameRow { key: key_number(name.key), value: name.value.clone() }));
        for reference in &record.references {
            entries.references.push(ReferenceRow {
                relation: self.intern(Class::Relation, &reference.rule.relation)?,
                raw: reference.raw.as_str().to_owned(),
                spec: self.spec_of(&reference.rule)?,
            });
        }
        entries.sort();
        Ok(entries)
    }

    /// Those of them that a declaration is about.
    fn indexed(&mut self, index: &Index) -> Result<Entries, Fault> {
        let declared = self.intern(Class::Declaration, &index.declaration)?;
        let mut entries = Entries { declared, texts: index.texts.clone(), ..Entries::default() };
        for entry in &index.entries {
            entries.index.push(IndexRow {
                path: self.intern(Class::Path, &entry.path)?,
                value: entry.value.clone(),
                element: entry.element,
                kind: entry.kind.clone(),
            });
        }
        Ok(entries)
    }

    /// Brings the rows of a record from one state to another: the difference is written. `None`: there is no record.
    fn index(
        &mut self,
        op: usize,
        kind: Num,
        rid: i64,
        before: Option<&Entries>,
        after: Option<&Entries>,
    ) -> Result<(), Fault> {
        let (scope, connection) = (self.scope, self.connection);
        let (was, is) = (before.map(|entries| entries.declared), after.map(|entries| entries.declared));
        if was != is {
            if let Some(was) = was {
                self.count(kind, was, -1)?;
            }
            if let Some(is) = is {
                self.count(kind, is, 1)?;
            }
        }
        let nothing = Entries::default();
        let (before, after) = (before.unwrap_or(&nothing), after.unwrap_or(&nothing));
        if before.texts != after.texts {
            parts::put(connection, scope, kind, rid, &after.texts)?;
        }
        let (gone, new) = difference(&before.index, &after.index);
        for row in gone {
            sql::run(
                connection,
                "DELETE FROM av WHERE scope = ?1 AND kind = ?2 AND attr = ?3 AND val = ?4 AND rid = ?5 AND elem = ?6",
                params![scope, kind, row.path, row.value, rid, row.element],
            )?;
        }
        for row in new {
            sql::run(
                connection,
                "INSERT INTO av(scope, kind, attr, val, rid, elem, type) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![scope, kind, row.path, row.value, rid, row.element, row.kind],
            )?;
        }
        let (gone, new) = difference(&before.names, &after.names);
        for row in gone {
            sql::run(
                connection,
                "DELETE FROM name WHERE scope = ?1 AND key = ?2 AND value = ?3 AND kind = ?4 AND rid = ?5",
                params![scope, row.key, row.value, kind, rid],
            )?;
        }
        for row in new {
            sql::run(
                connection,
                "INSERT INTO name(scope, key, value, kind, rid) VALUES(?1, ?2, ?3, ?4, ?5)",
                params![scope, row.key, row.value, kind, rid],
            )?;
        }
        let (gone, new) = difference(&before.unique, &after.unique);
        for row in gone {
            sql::run(
                connection,
                "DELETE FROM uniq_val WHERE scope = ?1 AND kind = ?2 AND attr = ?3 AND val = ?4",
                params![scope, kind, row.path, row.value],
            )?;
        }
        for row in new {
            let inserted = sql::run(
                connection,
                "INSERT INTO uniq_val(scope, kind, attr, val, rid) VALUES(?1, ?2, ?3, ?4, ?5)",
                params![scope, kind, row.path, row.value, rid],
            );
            match inserted {
                Err(error) if is_taken(&error) => return Err(self.unique_conflict(op, kind, row)?),
                inserted => inserted?,
            };
        }
        Ok(())
    }

    fn unique_conflict(&self, op: usize, kind: Num, row: &UniqueRow) -> Result<Fault, Fault> {
        let id: Option<String> = sql::first(
            self.connection,
            "SELECT r.id FROM uniq_val u CROSS JOIN resource r ON r.rid = u.rid \
             WHERE u.scope = ?1 AND u.kind = ?2 AND u.attr = ?3 AND u.val = ?4",
            params![self.scope, kind, row.path, row.value],
            |row| row.get(0),
        )?;
        let path = self.dict.name(row.path).ok_or(Damaged("a path without a name"))?;
        let path = path.to_string();
        let holder = self.holder(kind, id)?;
        Ok(StoreError::Conflict { op, path, holder }.into())
    }

    /// Why the columns of a record were refused: someone has its unique name.
    fn name_conflict(&self, op: usize, kind: Num, uniq: Option<&str>) -> Result<Fault, Fault> {
        let id: Option<String> = sql::first(
            self.connection,
            "SELECT id FROM resource WHERE scope = ?1 AND kind = ?2 AND uniq = ?3",
            params![self.scope, kind, uniq],
            |row| row.get(0),
        )?;
        let holder = self.holder(kind, id)?;
        let is_user = holder.as_ref().is_some_and(|holder| holder.kind.as_str() == "User");
        let path = if is_user { "userName" } else { "unique" }.to_owned();
        Ok(StoreError::Conflict { op, path, holder }.into())
    }

    fn holder(&self, kind: Num, id: Option<String>) -> Result<Option<Key>, Fault> {
        let kind = self.dict.name(kind).ok_or(Damaged("a kind without a name"))?;
        Ok(id.map(|id| key(&kind, &id)).transpose()?)
    }

    /// Counts records that were indexed under a declaration.
    fn count(&mut self, kind: Num, declared: Num, by: i64) -> Result<(), Fault> {
        sql::run(
            self.connection,
            "INSERT INTO kind_count(scope, kind, declared, n) VALUES(?1, ?2, ?3, ?4) \
             ON CONFLICT(scope, kind, declared) DO UPDATE SET n = n + excluded.n",
            params![self.scope, kind, declared, by],
        )?;
        Ok(())
    }

    /// Gives every source whose edges moved a new version, once, but not `own`, which has one already; and tells the feed.
    fn touch(&mut self, own: Option<&Key>, all: &[Moves]) -> Result<(), Fault> {
        let sources: BTreeSet<&Key> = all
            .iter()
            .flat_map(|moves| moves.counts.keys().chain(moves.moved.keys().map(|(source, _)| source)))
            .collect();
        for source in sources {
            let is_moved = all.iter().any(|moves| moves.moved.keys().any(|(moved, _)| moved == source));
            let edges = all.iter().filter_map(|moves| moves.counts.get(source)).sum();
            self.bump(source, is_moved && own != Some(source), edges)?;
        }
        for moves in all {
            for ((source, relation), moved) in &moves.moved {
                let version = self.version(source)?;
                self.log_moved(source, relation, version, moved)?;
            }
        }
        Ok(())
    }

    /// Moves a record's count of edges and, when `is_moved`, its version and time.
    fn bump(&mut self, source: &Key, is_moved: bool, edges: i64) -> Result<(), Fault> {
        let kind = self.dict.known(Class::Kind, source.kind.as_str());
        let at = is_moved.then_some(self.at.as_micros());
        sql::run(
            self.connection,
            "UPDATE resource SET edge_count = edge_count + ?4, version = version + ?5, modified = coalesce(?6, modified) \
             WHERE scope = ?1 AND kind = ?2 AND id = ?3",
            params![self.scope, kind, source.id.as_str(), edges, is_moved, at],
        )?;
        Ok(())
    }

    fn version(&self, key: &Key) -> Result<Option<u64>, Fault> {
        let kind = self.dict.known(Class::Kind, key.kind.as_str());
        let version: Option<i64> = sql::first(
            self.connection,
            "SELECT version FROM resource WHERE scope = ?1 AND kind = ?2 AND id = ?3",
            params![self.scope, kind, key.id.as_str()],
            |row| row.get(0),
        )?;
        Ok(version.map(unsigned))
    }

    fn log_moved(&mut self, source: &Key, relation: &str, version: Option<u64>, moved: &Moved) -> Result<(), Fault> {
        let payload = related(relation, moved);
        let mut entry = Entry::new(ChangeKind::Related, Some(source), version);
        entry.payload = &payload;
        self.log(&entry)?;
        Ok(())
    }

    /// Appends to the feed. False when an event with its id is there.
    fn log(&mut self, entry: &Entry<'_>) -> Result<bool, Fault> {
        let kind = match entry.key {
            Some(key) => Some(self.intern(Class::Kind, key.kind.as_str())?),
            None => None,
        };
        let written = sql::run(
            self.connection,
            "INSERT INTO change(scope, at, what, kind, id, version, topic, event_id, actor, request_id, payload, before) \
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
            params![
                self.scope,
                self.at.as_micros(),
                what_number(entry.what),
                kind,
                entry.key.map(|key| key.id.as_str()),
                entry.version.map(signed),
                entry.topic,
                entry.event_id,
                self.actor,
                self.request_id,
                entry.payload,
                entry.before,
            ],
        )?;
        Ok(written > 0)
    }
}

fn check_version(op: usize, expect: Expect, version: u64) -> Result<(), StoreError> {
    match expect {
        Expect::Version(Version(expected)) if expected != version => {
            Err(StoreError::VersionMismatch { op, current: Version(version) })
        }
        Expect::Version(_) | Expect::Any => Ok(()),
    }
}

/// The number an entry's kind is kept under.
pub(crate) fn what_number(what: ChangeKind) -> i64 {
    match what {
        ChangeKind::Created => 1,
        ChangeKind::Replaced => 2,
        ChangeKind::Deleted => 3,
        ChangeKind::Related => 4,
        _ => 5,
    }
}

fn done(version: Option<u64>) -> OpReceipt {
    OpReceipt { version: version.map(Version), changed: true }
}

/// The payload of a [`ChangeKind::Related`] entry.
fn related(relation: &str, moved: &Moved) -> Bytes {
    let list = |ids: &[String]| Value::Array(ids.iter().take(LISTED).map(|id| Value::from(id.as_str())).collect());
    let mut payload = Object::new();
    payload.insert("relation", relation);
    payload.insert("added", list(&moved.added));
    payload.insert("removed", list(&moved.removed));
    if moved.added.len() > LISTED || moved.removed.len() > LISTED {
        payload.insert("more", true);
    }
    Value::Object(payload).to_bytes().into()
}

const RECEIPT: u8 = b'R';

fn encode_receipt(ops: &[OpReceipt]) -> Vec<u8> {
    let mut out = Writer::new(RECEIPT);
    out.number(ops.len() as u64);
    for op in ops {
        out.number(u64::from(op.changed)).number(op.version.map_or(0, |version| version.0));
    }
    out.finish()
}

fn decode_receipt(bytes: &[u8]) -> Option<Vec<OpReceipt>> {
    let mut reader = Reader::new(bytes, RECEIPT)?;
    let ops = reader.list(|r| {
        let changed = r.number()? == 1;
        // The first version is 1.
        let version = Some(r.number()?).filter(|version| *version > 0).map(Version);
        Some(OpReceipt { version, changed })
    })?;
    reader.end()?;
    Some(ops)
}
