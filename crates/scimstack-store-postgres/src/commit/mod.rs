//! Changesets: one or several that share a transaction, operation after operation, each seeing what those before it did.
//! What becomes of a transaction that fails is decided by [`crate::writer`].

mod ahead;
pub(crate) mod create;
mod delete;
mod edges;
mod emit;
mod index;
mod links;
pub(crate) mod log;
mod parts;
mod prune;
mod reindex;
mod relate;
mod replace;

use crate::codec::{Reader, Writer};
use crate::fault::{Damaged, Fault, both_of};
use crate::refs::{Moved, Moves, packed};
use crate::sql::{self, Message, Transaction, Writing, unsigned};
use crate::text::Packed;
use ahead::{Additions, Ahead, Found};
use bytes::Bytes;
use futures_util::future;
use log::{Log, column};
use scimstack_schema::{Object, Timestamp, Value};
use scimstack_store::{ChangeKind, ChangeSet, Expect, Key, Kind, Op, OpReceipt, Receipt, Scope, StoreError, Version};
use std::collections::{BTreeSet, HashMap};

/// The most ids a feed entry lists as added, and as removed.
const LISTED: usize = 1_000;

/// How several creates are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Many with few statements. When one of them is refused it is not known which: [`Fault::Apart`].
    Together,
    /// One after another.
    Apart,
}

/// A changeset at work.
pub(crate) struct Work<'w> {
    pub(crate) tx: &'w Transaction<'w>,
    pub(crate) scope: i64,
    at: Timestamp,
    actor: &'w str,
    request_id: &'w str,
    log: &'w Log,
}

/// An operation of one of the changesets of a transaction.
struct Step<'w> {
    /// Its number in the transaction.
    number: usize,
    work: &'w Work<'w>,
    /// The number of its changeset.
    changes: usize,
    /// Its index in its changeset.
    op: usize,
    what: &'w Op,
}

/// The receipts of changesets that were done before, by their idempotency keys.
type Done = HashMap<String, Vec<OpReceipt>>;

/// What was found out behind the `BEGIN`.
pub(crate) struct Begun {
    /// What was done before.
    done: Done,
    found: Found,
}

/// Asks what is asked at the beginning of every transaction; it is sent as one, and waits for nothing else.
pub(crate) async fn begin(
    tx: &Transaction<'_>,
    scope: Scope,
    changesets: &[ChangeSet],
    pace: Pace,
) -> Result<Begun, Fault> {
    let ahead = match pace {
        Pace::Together => Ahead::of(changesets),
        Pace::Apart => Ahead::default(),
    };
    let (done, found) = both_of(future::join(done_before(tx, scope, changesets), ahead.ask(tx, scope)).await)?;
    Ok(Begun { done, found })
}

/// Does what changesets say that are not done yet, in a transaction that has the scope's lock, and commits. On an error the
/// caller rolls back, and all of them are as if they had never been.
pub(crate) async fn apply(
    writing: &Writing,
    tx: &Transaction<'_>,
    scope: Scope,
    changesets: &[ChangeSet],
    Begun { mut done, found }: Begun,
    pace: Pace,
) -> Result<Vec<Receipt>, Fault> {
    let scope = scope.number().into();
    let log = Log::default();
    let is_new =
        |(_, changes): &(usize, &ChangeSet)| changes.idempotency_key.as_ref().is_none_or(|key| !done.contains_key(key));
    let works: Vec<(Work<'_>, usize, &ChangeSet)> = changesets
        .iter()
        .enumerate()
        .filter(is_new)
        .map(|(number, changes)| {
            let (actor, request_id) = (changes.actor.0.as_str(), changes.request_id.as_str());
            (Work { tx, scope, at: changes.at, actor, request_id, log: &log }, number, changes)
        })
        .collect();
    let mut steps = Vec::new();
    for (work, changes, ChangeSet { ops, .. }) in &works {
        for (op, what) in ops.iter().enumerate() {
            steps.push(Step { number: steps.len(), work, changes: *changes, op, what });
        }
    }
    let mut receipts = Vec::with_capacity(steps.len());
    let mut rest = steps.as_slice();
    // What was found out holds until something else is done.
    let mut additions = Additions::default();
    while let Some((step, after)) = rest.split_first() {
        let Some(receipt) = additions.add(step, &found)? else { break };
        receipts.push(receipt);
        rest = after;
        if log.is_full() {
            log.write(tx, scope).await?;
        }
    }
    if !rest.is_empty() {
        std::mem::take(&mut additions).write(tx, scope).await?;
    }
    while let Some(step) = rest.first() {
        let run = if pace == Pace::Together { create::run(rest) } else { 0 };
        let taken = match rest.split_at_checked(run) {
            Some((run, _)) if !run.is_empty() => {
                receipts.extend(Box::pin(create::create_all(run)).await?);
                run.len()
            }
            _ => {
                receipts.push(Box::pin(step.apply()).await?);
                1
            }
        };
        if log.is_full() {
            log.write(tx, scope).await?;
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    let made = |receipts: &[OpReceipt]| {
        let mut receipts = receipts.iter().cloned();
        let mut of = |changes: &ChangeSet| receipts.by_ref().take(changes.ops.len()).collect();
        works.iter().map(|(_, _, changes)| of(changes)).collect::<Vec<Vec<OpReceipt>>>()
    };
    let changes: Vec<&ChangeSet> = works.iter().map(|(_, _, changes)| *changes).collect();
    let mut ops = made(&receipts);
    if pace == Pace::Together && log.repeated().is_empty() {
        // Hardly ever is an event there already: then nothing is committed, and each is done alone.
        let (lines, keyed) = (log.take(), keyed(&changes, &ops));
        let mut messages = additions.messages(scope);
        messages.extend((!lines.is_empty()).then(|| log::new_rows(scope, &lines)));
        messages.extend((!keyed.is_empty()).then(|| receipt_rows(scope, &keyed)));
        writing.commit_behind(&messages).await?;
    } else {
        both_of(future::join(log.write(tx, scope), remember(tx, scope, &changes, &ops)).await)?;
        let repeated = log.repeated();
        if !repeated.is_empty() {
            for number in repeated {
                if let Some(receipt) = receipts.get_mut(number) {
                    receipt.changed = false;
                }
            }
            ops = made(&receipts);
            correct(tx, scope, &changes, &ops).await?;
        }
        writing.commit().await.map_err(Fault::Commit)?;
    }
    let mut ops = ops.into_iter();
    let receipt = |changes: &ChangeSet| match changes.idempotency_key.as_ref().and_then(|key| done.remove(key)) {
        Some(ops) => Receipt::new(ops, true),
        None => Receipt::new(ops.next().unwrap_or_default(), false),
    };
    Ok(changesets.iter().map(receipt).collect())
}

/// The receipts of changesets with the idempotency keys of these.
async fn done_before(tx: &Transaction<'_>, scope: Scope, changesets: &[ChangeSet]) -> Result<Done, Fault> {
    let keys: Vec<&str> = changesets.iter().filter_map(|changes| changes.idempotency_key.as_deref()).collect();
    let mut done = Done::new();
    if keys.is_empty() {
        return Ok(done);
    }
    let packed: Vec<Packed> = keys.iter().map(|key| Packed::key(key)).collect();
    let statement = "SELECT idem_key, receipt FROM idem WHERE scope = $1 AND idem_key = ANY($2)";
    for row in sql::all(tx, statement, &[&i64::from(scope.number()), &packed]).await? {
        let receipt = decode_receipt(row.try_get(1)?).ok_or(Damaged("a receipt that cannot be read"))?;
        let found: Packed = row.try_get(0)?;
        for (key, _) in keys.iter().zip(&packed).filter(|(_, packed)| **packed == found) {
            done.insert((*key).to_owned(), receipt.clone());
        }
    }
    Ok(done)
}

/// Idempotency key, time and receipt of the changesets that have a key.
fn keyed(changesets: &[&ChangeSet], ops: &[Vec<OpReceipt>]) -> Vec<(Packed, i64, Vec<u8>)> {
    let with_key = changesets.iter().zip(ops).filter_map(|(changes, ops)| {
        let key = Packed::key(changes.idempotency_key.as_deref()?);
        Some((key, changes.at.as_micros(), encode_receipt(ops)))
    });
    with_key.collect()
}

/// Keeps the receipts of changesets with an idempotency key.
async fn remember(
    tx: &Transaction<'_>,
    scope: i64,
    changesets: &[&ChangeSet],
    ops: &[Vec<OpReceipt>],
) -> Result<(), Fault> {
    let keyed = keyed(changesets, ops);
    if keyed.is_empty() {
        return Ok(());
    }
    receipt_rows(scope, &keyed).all(tx).await?;
    Ok(())
}

/// What keeps receipts.
fn receipt_rows(scope: i64, keyed: &[(Packed, i64, Vec<u8>)]) -> Message<'_> {
    let message = Message::new(
        "INSERT INTO idem(scope, idem_key, at, receipt) \
         SELECT $1, e.idem_key, e.at, e.receipt FROM unnest($2::text[], $3::bigint[], $4::bytea[]) \
         AS e(idem_key, at, receipt)",
    );
    message
        .bind(scope)
        .bind(column(keyed, |(key, _, _)| key))
        .bind(column(keyed, |(_, at, _)| *at))
        .bind(column(keyed, |(_, _, receipt)| receipt.as_slice()))
}

/// Puts right the receipts that were kept.
async fn correct(
    tx: &Transaction<'_>,
    scope: i64,
    changesets: &[&ChangeSet],
    ops: &[Vec<OpReceipt>],
) -> Result<(), Fault> {
    for (key, _, receipt) in keyed(changesets, ops) {
        let statement = "UPDATE idem SET receipt = $3 WHERE scope = $1 AND idem_key = $2";
        sql::run(tx, statement, &[&scope, &key, &receipt]).await?;
    }
    Ok(())
}

/// A record as it was.
struct Current {
    version: u64,
    unique: Option<String>,
    external_id: Option<String>,
    doc: Vec<u8>,
    /// What its index entries were made under.
    declared: i64,
    /// The digest of what is indexed of it.
    indexed: Option<Vec<u8>>,
}

/// A feed entry before it has its place.
struct Entry<'e> {
    what: ChangeKind,
    key: Option<&'e Key>,
    version: Option<u64>,
    /// Topic and id.
    event: Option<(&'e str, &'e str)>,
    payload: Bytes,
    before: Option<Bytes>,
}

impl<'e> Entry<'e> {
    fn new(what: ChangeKind, key: Option<&'e Key>, version: Option<u64>) -> Self {
        Self { what, key, version, event: None, payload: Bytes::new(), before: None }
    }
}

impl Step<'_> {
    async fn apply(&self) -> Result<OpReceipt, Fault> {
        let (work, op) = (self.work, self.op);
        match self.what {
            Op::Create { key, record } => work.create(op, key, record).await,
            Op::Replace { key, expect, record } => work.replace(op, key, *expect, record).await,
            Op::Delete { key, expect } => work.delete(op, key, *expect).await,
            Op::Relate { source, relation, expect, change } => work.relate(op, source, relation, *expect, change).await,
            Op::Emit { topic, id, key, payload } => Ok(work.emit(self.number, topic, id, key.as_ref(), payload)),
            Op::Reindex { key, version, index } => work.reindex(key, *version, index).await,
            Op::Prune(prune) => work.prune(prune).await,
            _ => Err(Damaged("an operation of a later version").into()),
        }
    }
}

impl Work<'_> {
    /// Appends to the feed.
    fn log(&self, entry: Entry<'_>) {
        self.log.push(self, None, entry);
    }

    /// The record as it is, when it is as expected.
    async fn expect(&self, op: usize, key: &Key, expect: Expect) -> Result<Current, Fault> {
        let (kind, id) = packed(key);
        let row = sql::first(
            self.tx,
            "SELECT version, uniq, external_id, doc, declared, indexed \
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
            indexed: row.try_get(5)?,
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
                self.log_moved(source, relation, version, moved);
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

    fn log_moved(&self, source: &Key, relation: &str, version: Option<u64>, moved: &Moved) {
        let mut entry = Entry::new(ChangeKind::Related, Some(source), version);
        entry.payload = related(relation, moved);
        self.log(entry);
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
