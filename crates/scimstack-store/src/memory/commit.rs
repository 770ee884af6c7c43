//! Changesets: operation after operation, each seeing what those before it did; taken back whole when one fails.

use super::links::Moved;
use super::state::{Row, Space, State};
use crate::changeset::{ChangeSet, EdgeChange, Expect, Op, OpReceipt, Prune, Receipt};
use crate::feed::{Change, ChangeKind, Position};
use crate::key::{Key, Scope, Version};
use crate::record::{Index, Record};
use crate::store::StoreError;
use bytes::Bytes;
use scimstack_schema::{Object, Timestamp, Value};
use std::collections::HashMap;

/// The most ids a feed entry lists as added, and as removed.
const LISTED: usize = 1_000;

pub(super) fn commit(state: &mut State, scope: Scope, changes: ChangeSet) -> Result<Receipt, StoreError> {
    let State { spaces, feed, sequence, pruned } = state;
    let space = spaces.entry(scope).or_default();
    // Nothing in here panics; if it did, half a changeset would be waiting to be taken back.
    space.take_back();
    if let Some(receipt) = changes.idempotency_key.as_ref().and_then(|key| space.receipts.get(key)) {
        let (_, receipt) = receipt;
        return Ok(Receipt::new(receipt.ops.clone(), true));
    }
    let mut work = Work { space, scope, feed, at: changes.at, log: Vec::new(), pruning: Vec::new() };
    let done: Result<Vec<OpReceipt>, StoreError> =
        changes.ops.into_iter().enumerate().map(|(at, op)| work.apply(at, op)).collect();
    let Work { log, pruning, .. } = work;
    let receipt = match done {
        Ok(ops) => Receipt::new(ops, false),
        Err(error) => {
            space.take_back();
            return Err(error);
        }
    };
    space.keep();
    for old in pruning {
        old.carry_out(space, scope, feed, pruned);
    }
    for entry in log {
        *sequence += 1;
        let position = Position { transaction: 0, sequence: *sequence };
        let mut change = Change::new(position, scope, changes.at, entry.kind);
        change.actor.clone_from(&changes.actor.0);
        change.request_id.clone_from(&changes.request_id);
        change.key = entry.key;
        change.version = entry.version;
        change.before = entry.before;
        change.payload = entry.payload;
        change.topic = entry.topic;
        change.event_id = entry.event_id;
        feed.push(change);
    }
    if let Some(key) = changes.idempotency_key {
        space.receipts.insert(key, (changes.at, receipt.clone()));
    }
    Ok(receipt)
}

/// A feed entry before it has its place.
struct Entry {
    kind: ChangeKind,
    key: Option<Key>,
    version: Option<Version>,
    before: Option<Bytes>,
    payload: Bytes,
    topic: Option<String>,
    event_id: Option<String>,
}

impl Entry {
    fn new(kind: ChangeKind, key: Option<Key>, version: Option<Version>) -> Self {
        Self { kind, key, version, before: None, payload: Bytes::new(), topic: None, event_id: None }
    }
}

/// What a [`Op::Prune`] removes, when the changeset is done.
struct Pruning {
    changes: Vec<Position>,
    keys: Vec<String>,
}

impl Pruning {
    fn carry_out(self, space: &mut Space, scope: Scope, feed: &mut Vec<Change>, pruned: &mut HashMap<Scope, Position>) {
        let Self { changes, keys } = self;
        feed.retain(|change| {
            let goes = change.scope == scope && changes.contains(&change.position);
            if let (true, Some(topic), Some(id)) = (goes, &change.topic, &change.event_id) {
                space.forget_event(topic, id);
            }
            !goes
        });
        if let Some(last) = changes.last() {
            pruned.insert(scope, *last);
        }
        for key in keys {
            space.receipts.remove(&key);
        }
    }
}

struct Work<'a> {
    space: &'a mut Space,
    scope: Scope,
    feed: &'a [Change],
    pruning: Vec<Pruning>,
    at: Timestamp,
    log: Vec<Entry>,
}

impl Work<'_> {
    fn apply(&mut self, op: usize, what: Op) -> Result<OpReceipt, StoreError> {
        match what {
            Op::Create { key, record } => self.create(op, &key, record),
            Op::Replace { key, expect, record } => self.replace(op, &key, expect, record),
            Op::Delete { key, expect } => self.delete(op, &key, expect),
            Op::Relate { source, relation, expect, change } => self.relate(op, &source, &relation, expect, &change),
            Op::Emit { topic, id, key, payload } => Ok(self.emit(topic, id, key, payload)),
            Op::Reindex { key, version, index } => Ok(self.reindex(&key, version, index)),
            Op::Prune(prune) => Ok(self.prune(&prune)),
        }
    }

    fn create(&mut self, op: usize, key: &Key, record: Record) -> Result<OpReceipt, StoreError> {
        if self.space.row(key).is_some() {
            return Err(StoreError::Exists { op });
        }
        self.check_unique(op, key, &record)?;
        let row = Row { version: 1, record };
        self.space.set_row(key, Some(row.clone()));
        self.log.push(Entry::new(ChangeKind::Created, Some(key.clone()), Some(Version(1))));
        self.space.set_references(key, &row.record.references);
        let moved = self.space.retry_pending(key, &[&row]);
        self.touch(None, moved);
        Ok(done(Some(1)))
    }

    fn replace(&mut self, op: usize, key: &Key, expect: Expect, mut record: Record) -> Result<OpReceipt, StoreError> {
        let before = self.expect(op, key, expect)?;
        self.check_unique(op, key, &record)?;
        record.core.created = before.record.core.created;
        let row = Row { version: before.version + 1, record };
        self.space.set_row(key, Some(row.clone()));
        let mut entry = Entry::new(ChangeKind::Replaced, Some(key.clone()), Some(Version(row.version)));
        entry.before = Some(before.record.doc.clone());
        self.log.push(entry);
        self.space.set_references(key, &row.record.references);
        let moved = self.space.retry_pending(key, &[&before, &row]);
        self.touch(Some(key), moved);
        Ok(done(Some(row.version)))
    }

    fn reindex(&mut self, key: &Key, version: Version, index: Index) -> OpReceipt {
        let row = self.space.row(key).filter(|row| row.version == version.0).cloned();
        let changed = row.is_some();
        if let Some(mut row) = row {
            row.record.index = index;
            self.space.set_row(key, Some(row));
        }
        OpReceipt { version: changed.then_some(version), changed }
    }

    fn delete(&mut self, op: usize, key: &Key, expect: Expect) -> Result<OpReceipt, StoreError> {
        let before = self.expect(op, key, expect)?;
        self.space.set_row(key, None);
        let mut entry = Entry::new(ChangeKind::Deleted, Some(key.clone()), None);
        entry.before = Some(before.record.doc.clone());
        self.log.push(entry);
        let mut moved = self.space.unlink(key);
        // Who shared a name with it may be the only one now.
        moved.extend(self.space.retry_pending(key, &[&before]));
        self.touch(None, moved);
        Ok(done(None))
    }

    fn relate(
        &mut self,
        op: usize,
        source: &Key,
        relation: &str,
        expect: Expect,
        change: &EdgeChange,
    ) -> Result<OpReceipt, StoreError> {
        let before = self.expect(op, source, expect)?;
        let moved = self.space.relate(source, relation, change);
        match moved.map_err(|values| StoreError::UnknownTargets { op, values })? {
            Some(moved) => {
                self.touch(None, vec![moved]);
                Ok(done(Some(before.version + 1)))
            }
            None => Ok(OpReceipt { version: Some(Version(before.version)), changed: false }),
        }
    }

    fn emit(&mut self, topic: String, id: String, key: Option<Key>, payload: Bytes) -> OpReceipt {
        let changed = self.space.add_event(&topic, &id);
        if changed {
            let mut entry = Entry::new(ChangeKind::Emitted, key, None);
            entry.payload = payload;
            entry.topic = Some(topic);
            entry.event_id = Some(id);
            self.log.push(entry);
        }
        OpReceipt { version: None, changed }
    }

    fn prune(&mut self, prune: &Prune) -> OpReceipt {
        let own = self.feed.iter().filter(|change| change.scope == self.scope);
        let old = own.take_while(|change| {
            change.at < prune.changes_before && prune.up_to.is_none_or(|up_to| change.position <= up_to)
        });
        let changes: Vec<Position> = old.map(|change| change.position).take(prune.limit as usize).collect();
        let mut keys: Vec<(Timestamp, String)> =
            self.space.receipts.iter().map(|(key, (at, _))| (*at, key.clone())).collect();
        keys.retain(|(at, _)| *at < prune.keys_before);
        keys.sort();
        keys.truncate(prune.limit as usize);
        let changed = !changes.is_empty() || !keys.is_empty();
        self.pruning.push(Pruning { changes, keys: keys.into_iter().map(|(_, key)| key).collect() });
        OpReceipt { version: None, changed }
    }

    /// The record as it is, when it is as expected.
    fn expect(&self, op: usize, key: &Key, expect: Expect) -> Result<Row, StoreError> {
        let row = self.space.row(key).ok_or(StoreError::NotFound { op })?;
        match expect {
            Expect::Version(Version(version)) if version != row.version => {
                Err(StoreError::VersionMismatch { op, current: Version(row.version) })
            }
            Expect::Version(_) | Expect::Any => Ok(row.clone()),
        }
    }

    fn check_unique(&self, op: usize, key: &Key, record: &Record) -> Result<(), StoreError> {
        for (other, row) in self.space.rows().filter(|(other, _)| other.kind == key.kind && *other != key) {
            let path = if record.core.unique.is_some() && record.core.unique == row.record.core.unique {
                if key.kind.as_str() == "User" { "userName" } else { "unique" }
            } else if let Some(taken) = record.unique.iter().find(|value| row.record.unique.contains(value)) {
                &taken.path
            } else {
                continue;
            };
            return Err(StoreError::Conflict { op, path: path.to_owned(), holder: Some(other.clone()) });
        }
        Ok(())
    }

    /// Gives every source whose edges moved a new version, once, but not `own`, which has one already.
    fn touch(&mut self, own: Option<&Key>, moved: Vec<Moved>) {
        let mut sources: Vec<&Key> =
            moved.iter().map(|moved| &moved.source).filter(|source| Some(*source) != own).collect();
        sources.sort();
        sources.dedup();
        for source in sources {
            if let Some(mut row) = self.space.row(source).cloned() {
                row.version += 1;
                row.record.core.modified = self.at;
                self.space.set_row(source, Some(row));
            }
        }
        for moved in moved {
            let version = self.space.row(&moved.source).map(|row| Version(row.version));
            let mut entry = Entry::new(ChangeKind::Related, Some(moved.source), version);
            entry.payload = related(&moved.relation, &moved.added, &moved.removed);
            self.log.push(entry);
        }
    }
}

fn done(version: Option<u64>) -> OpReceipt {
    OpReceipt { version: version.map(Version), changed: true }
}

/// The payload of a [`ChangeKind::Related`] entry.
fn related(relation: &str, added: &[String], removed: &[String]) -> Bytes {
    let list = |ids: &[String]| Value::Array(ids.iter().take(LISTED).map(|id| Value::from(id.as_str())).collect());
    let mut payload = Object::new();
    payload.insert("relation", relation);
    payload.insert("added", list(added));
    payload.insert("removed", list(removed));
    if added.len() > LISTED || removed.len() > LISTED {
        payload.insert("more", true);
    }
    Value::Object(payload).to_bytes().into()
}
