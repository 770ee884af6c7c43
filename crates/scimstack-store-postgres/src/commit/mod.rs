//! Changesets: operation after operation inside the writer's transaction, each seeing what those before it did. Whether
//! the whole is kept is decided by [`crate::writer`].

mod create;
mod delete;
mod edges;
mod emit;
mod index;
mod parts;
mod prune;
mod reindex;
mod relate;
mod replace;

use crate::codec::{Reader, Writer};
use crate::fault::{Damaged, Fault};
use crate::refs::{Moved, Moves, packed};
use crate::sql::{self, Transaction, signed, unsigned};
use crate::text::Packed;
use bytes::Bytes;
use scimstack_schema::{Object, Timestamp, Value};
use scimstack_store::{ChangeKind, ChangeSet, Expect, Key, Kind, Op, OpReceipt, Receipt, Scope, StoreError, Version};
use std::collections::BTreeSet;

/// The most ids a feed entry lists as added, and as removed.
const LISTED: usize = 1_000;

/// A changeset at work.
pub(crate) struct Work<'w> {
    pub(crate) tx: &'w Transaction<'w>,
    pub(crate) scope: i64,
    at: Timestamp,
    actor: &'w str,
    request_id: &'w str,
}

/// Does what a changeset says, in a transaction that has the scope's lock. On an error the caller rolls back.
pub(crate) async fn apply(tx: &Transaction<'_>, scope: Scope, changes: &ChangeSet) -> Result<Receipt, Fault> {
    let work = Work {
        tx,
        scope: scope.number().into(),
        at: changes.at,
        actor: &changes.actor.0,
        request_id: &changes.request_id,
    };
    if let Some(key) = &changes.idempotency_key
        && let Some(ops) = work.done_before(key).await?
    {
        return Ok(Receipt::new(ops, true));
    }
    let mut ops = Vec::with_capacity(changes.ops.len());
    for (at, op) in changes.ops.iter().enumerate() {
        ops.push(Box::pin(work.apply(at, op)).await?);
    }
    if let Some(key) = &changes.idempotency_key {
        work.remember(key, &ops).await?;
    }
    Ok(Receipt::new(ops, false))
}

/// A record as it was.
struct Current {
    version: u64,
    unique: Option<String>,
    external_id: Option<String>,
    doc: Vec<u8>,
    /// What its index entries were made under, and the texts it is found by parts of.
    declared: i64,
    text: Option<Packed>,
}

/// A feed entry before it has its place.
struct Entry<'e> {
    what: ChangeKind,
    key: Option<&'e Key>,
    version: Option<u64>,
    /// Topic and id.
    event: Option<(&'e str, &'e str)>,
    payload: &'e [u8],
    before: Option<&'e [u8]>,
}

impl<'e> Entry<'e> {
    fn new(what: ChangeKind, key: Option<&'e Key>, version: Option<u64>) -> Self {
        Self { what, key, version, event: None, payload: &[], before: None }
    }
}

impl Work<'_> {
    async fn apply(&self, op: usize, what: &Op) -> Result<OpReceipt, Fault> {
        match what {
            Op::Create { key, record } => self.create(op, key, record).await,
            Op::Replace { key, expect, record } => self.replace(op, key, *expect, record).await,
            Op::Delete { key, expect } => self.delete(op, key, *expect).await,
            Op::Relate { source, relation, expect, change } => self.relate(op, source, relation, *expect, change).await,
            Op::Emit { topic, id, key, payload } => self.emit(topic, id, key.as_ref(), payload).await,
            Op::Reindex { key, version, index } => self.reindex(key, *version, index).await,
            Op::Prune(prune) => self.prune(prune).await,
            _ => Err(Damaged("an operation of a later version").into()),
        }
    }

    /// The receipt of a changeset with this idempotency key.
    async fn done_before(&self, key: &str) -> Result<Option<Vec<OpReceipt>>, Fault> {
        let statement = "SELECT receipt FROM idem WHERE scope = $1 AND idem_key = $2";
        let row = sql::first(self.tx, statement, &[&self.scope, &Packed::key(key)]).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(decode_receipt(row.try_get(0)?).ok_or(Damaged("a receipt that cannot be read"))?))
    }

    async fn remember(&self, key: &str, ops: &[OpReceipt]) -> Result<(), Fault> {
        let statement = "INSERT INTO idem(scope, idem_key, at, receipt) VALUES($1, $2, $3, $4)";
        let receipt = encode_receipt(ops);
        sql::run(self.tx, statement, &[&self.scope, &Packed::key(key), &self.at.as_micros(), &receipt]).await?;
        Ok(())
    }

    /// The record as it is, when it is as expected.
    async fn expect(&self, op: usize, key: &Key, expect: Expect) -> Result<Current, Fault> {
        let (kind, id) = packed(key);
        let row = sql::first(
            self.tx,
            "SELECT version, uniq, external_id, doc, declared, \
             (SELECT p.text FROM part p WHERE p.scope = $1 AND p.kind = $2 AND p.id = $3) \
             FROM resource WHERE scope = $1 AND kind = $2 AND id = $3 FOR UPDATE",
            &[&self.scope, &kind, &id],
        )
        .await?;
        let row = row.ok_or(StoreError::NotFound { op })?;
        let version = unsigned(row.try_get(0)?);
        check_version(op, expect, version)?;
        Ok(Current {
            version,
            unique: row.try_get::<_, Option<Packed>>(1)?.map(|text| text.open()),
            external_id: row.try_get::<_, Option<Packed>>(2)?.map(|text| text.open()),
            doc: row.try_get(3)?,
            declared: row.try_get(4)?,
            text: row.try_get(5)?,
        })
    }

    /// Another than `key`, of its kind, with this unique name.
    async fn holder_of_name(&self, key: &Key, unique: Option<&str>) -> Result<Option<Key>, Fault> {
        let Some(unique) = unique else { return Ok(None) };
        let (kind, id) = packed(key);
        let row = sql::first(
            self.tx,
            "SELECT id FROM resource WHERE scope = $1 AND kind = $2 AND uniq_key = $3 AND id <> $4",
            &[&self.scope, &kind, &Packed::key(unique), &id],
        )
        .await?;
        match row {
            Some(row) => Ok(Some(crate::refs::key(key.kind.as_str(), &row.try_get(0)?)?)),
            None => Ok(None),
        }
    }

    /// Gives every source whose edges moved a new version, once, but not `own`, which has one already; and tells the feed.
    async fn touch(&self, own: Option<&Key>, all: &[Moves]) -> Result<(), Fault> {
        let sources: BTreeSet<&Key> = all
            .iter()
            .flat_map(|moves| moves.counts.keys().chain(moves.moved.keys().map(|(source, _)| source)))
            .collect();
        for source in sources {
            let is_moved = all.iter().any(|moves| moves.moved.keys().any(|(moved, _)| moved == source));
            let edges = all.iter().filter_map(|moves| moves.counts.get(source)).sum();
            self.bump(source, is_moved && own != Some(source), edges).await?;
        }
        for moves in all {
            for ((source, relation), moved) in &moves.moved {
                let version = self.version(source).await?;
                self.log_moved(source, relation, version, moved).await?;
            }
        }
        Ok(())
    }

    /// Moves a record's count of edges and, when `is_moved`, its version and time.
    async fn bump(&self, source: &Key, is_moved: bool, edges: i64) -> Result<(), Fault> {
        let (kind, id) = packed(source);
        let at = is_moved.then_some(self.at.as_micros());
        sql::run(
            self.tx,
            "UPDATE resource SET edge_count = edge_count + $4, version = version + $5, modified = coalesce($6, modified) \
             WHERE scope = $1 AND kind = $2 AND id = $3",
            &[&self.scope, &kind, &id, &edges, &i64::from(is_moved), &at],
        )
        .await?;
        Ok(())
    }

    async fn version(&self, key: &Key) -> Result<Option<u64>, Fault> {
        let (kind, id) = packed(key);
        let statement = "SELECT version FROM resource WHERE scope = $1 AND kind = $2 AND id = $3";
        match sql::first(self.tx, statement, &[&self.scope, &kind, &id]).await? {
            Some(row) => Ok(Some(unsigned(row.try_get(0)?))),
            None => Ok(None),
        }
    }

    async fn log_moved(&self, source: &Key, relation: &str, version: Option<u64>, moved: &Moved) -> Result<(), Fault> {
        let payload = related(relation, moved);
        let mut entry = Entry::new(ChangeKind::Related, Some(source), version);
        entry.payload = &payload;
        self.log(&entry).await?;
        Ok(())
    }

    /// Appends to the feed. False when an event with its id is there.
    async fn log(&self, entry: &Entry<'_>) -> Result<bool, Fault> {
        let (kind, id) = entry.key.map(packed).unzip();
        let written = sql::run(
            self.tx,
            "INSERT INTO change(scope, at, what, kind, id, version, topic, event_id, event_key, actor, request_id, \
             payload, before) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
            &[
                &self.scope,
                &self.at.as_micros(),
                &what_number(entry.what),
                &kind,
                &id,
                &entry.version.map(signed),
                &entry.event.map(|(topic, _)| Packed::of(topic)),
                &entry.event.map(|(_, id)| Packed::of(id)),
                &entry.event.map(|(_, id)| Packed::key(id)),
                &Packed::of(self.actor),
                &Packed::of(self.request_id),
                &entry.payload,
                &entry.before,
            ],
        )
        .await?;
        Ok(written > 0)
    }
}

/// What [`scimstack_store::Core::unique`] is called in a conflict.
fn conflict_path(kind: &Kind) -> &'static str {
    if kind.as_str() == "User" { "userName" } else { "unique" }
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
fn what_number(what: ChangeKind) -> i64 {
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
