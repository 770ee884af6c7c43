//! [`scimstack_store::Op::Create`], one and many. Many in a row are written by the same few statements: their rows, what
//! is indexed of them, their references. That comes to the same as one after another as long as none of them is what a
//! reference waits for; one that is, is done alone.

use super::index::digest;
use super::log::column;
use super::{Entry, Pace, Step, Work, conflict_path, done};
use crate::fault::{Fault, all_of, both_of};
use crate::outdated::declared;
use crate::refs::{Moves, NameRow, looked_for, packed};
use crate::sql;
use crate::text::Packed;
use scimstack_store::{ChangeKind, Key, Op, OpReceipt, Record, StoreError};
use std::collections::BTreeSet;

/// The most operations that are looked at together.
const RUN: usize = 500;

/// A record to be made.
#[derive(Clone, Copy)]
pub(crate) struct New<'n> {
    pub(crate) key: &'n Key,
    pub(crate) record: &'n Record,
}

/// How many of the next operations are creates of one kind, with events between them; 0 when there are not two creates.
pub(super) fn run(steps: &[Step<'_>]) -> usize {
    let mut kind = None;
    let (mut creates, mut end) = (0, 0);
    for (at, step) in steps.iter().take(RUN).enumerate() {
        match step.what {
            Op::Create { key, .. } if *kind.get_or_insert(&key.kind) == &key.kind => {
                creates += 1;
                end = at + 1;
            }
            Op::Emit { .. } => end = at + 1,
            _ => break,
        }
    }
    if creates > 1 { end } else { 0 }
}

/// Does a run of creates and events.
pub(super) async fn create_all(steps: &[Step<'_>]) -> Result<Vec<OpReceipt>, Fault> {
    let Some(first) = steps.first() else { return Ok(Vec::new()) };
    let writer = first.work;
    let creates = steps.iter().filter_map(|step| match step.what {
        Op::Create { key, record } => Some((step.number, Work::names(key, record))),
        _ => None,
    });
    let names: Vec<(usize, BTreeSet<NameRow>)> = creates.collect();
    let waited_for = writer.waited_for(&names).await?;
    let mut names = names.into_iter();
    // What references of this run look for.
    let mut asked: BTreeSet<NameRow> = BTreeSet::new();
    let mut together = Vec::new();
    let mut receipts = Vec::with_capacity(steps.len());
    for step in steps {
        match step.what {
            Op::Create { key, record } => {
                let own = names.next().map(|(_, own)| own).unwrap_or_default();
                if waited_for.contains(&step.number) || own.iter().any(|name| asked.contains(name)) {
                    writer.write_all(&std::mem::take(&mut together)).await?;
                    receipts.push(step.work.create(step.op, key, record).await?);
                } else {
                    step.work.log(Entry::new(ChangeKind::Created, Some(key), Some(1)));
                    together.push(New { key, record });
                    receipts.push(done(Some(1)));
                }
                asked.extend(record.references.iter().flat_map(looked_for));
            }
            Op::Emit { topic, id, key, payload } => {
                receipts.push(step.work.emit(step.number, topic, id, key.as_ref(), payload));
            }
            _ => {}
        }
    }
    writer.write_all(&together).await?;
    Ok(receipts)
}

impl Work<'_> {
    pub(super) async fn create(&self, op: usize, key: &Key, record: &Record) -> Result<OpReceipt, Fault> {
        let new = [New { key, record }];
        if self.insert_records(&new).await? == 0 {
            if self.version(key).await?.is_some() {
                return Err(StoreError::Exists { op }.into());
            }
            let holder = self.holder_of_name(key, record.core.unique.as_deref()).await?;
            return Err(StoreError::Conflict { op, path: conflict_path(&key.kind).to_owned(), holder }.into());
        }
        self.log(Entry::new(ChangeKind::Created, Some(key), Some(1)));
        both_of(tokio::join!(self.index_all(&new, Pace::Apart, op), self.enter(&new)))?;
        let mut moves = Moves::default();
        let own = Self::names(key, record);
        let none = BTreeSet::new();
        both_of(tokio::join!(self.make_references(&new), self.retry_pending(key, &none, &own, &mut moves)))?;
        self.touch(None, &[moves]).await?;
        Ok(done(Some(1)))
    }

    /// Writes records that nothing waits for.
    async fn write_all(&self, new: &[New<'_>]) -> Result<(), Fault> {
        if new.is_empty() {
            return Ok(());
        }
        let (written, _, ()) =
            all_of(tokio::join!(self.insert_records(new), self.index_all(new, Pace::Together, 0), self.enter(new)))?;
        if written < new.len() as u64 {
            return Err(Fault::Apart);
        }
        self.make_references(new).await
    }

    /// Writes the rows of `resource`; how many were not there yet.
    async fn insert_records(&self, new: &[New<'_>]) -> Result<u64, Fault> {
        sql::run(
            self.tx,
            "INSERT INTO resource(scope, kind, id, version, uniq, uniq_key, external_id, external_key, sort_name, display, \
             active, created, modified, edge_count, private, doc, declared, \
             indexed) SELECT $1, e.kind, e.id, 1, e.uniq, e.uniq_key, e.external_id, e.external_key, e.sort_name, e.display, \
             e.active, e.created, e.modified, 0, e.private, e.doc, e.declared, e.indexed \
             FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], \
             $10::boolean[], $11::bigint[], $12::bigint[], $13::bytea[], $14::bytea[], $15::bigint[], \
             $16::bytea[]) \
             AS e(kind, id, uniq, uniq_key, external_id, external_key, sort_name, display, active, created, modified, \
             private, doc, declared, indexed) ON CONFLICT DO NOTHING",
            &[
                &self.scope,
                &column(new, |new| packed(new.key).0),
                &column(new, |new| packed(new.key).1),
                &column(new, |new| new.record.core.unique.as_deref().map(Packed::of)),
                &column(new, |new| new.record.core.unique.as_deref().map(Packed::key)),
                &column(new, |new| new.record.core.external_id.as_deref().map(Packed::of)),
                &column(new, |new| new.record.core.external_id.as_deref().map(Packed::key)),
                &column(new, |new| new.record.core.sort_name.as_deref().map(Packed::key)),
                &column(new, |new| new.record.core.display.as_deref().map(Packed::of)),
                &column(new, |new| new.record.core.active),
                &column(new, |new| new.record.core.created.as_micros()),
                &column(new, |new| new.record.core.modified.as_micros()),
                &column(new, |new| &new.record.private[..]),
                &column(new, |new| &new.record.doc[..]),
                &column(new, |new| declared(&new.record.index.declaration)),
                &column(new, |new| digest(new.record)),
            ],
        )
        .await
    }

    /// Which of these names' records something waits for.
    async fn waited_for(&self, names: &[(usize, BTreeSet<NameRow>)]) -> Result<BTreeSet<usize>, Fault> {
        let all: Vec<(i64, &NameRow)> =
            names.iter().flat_map(|(number, names)| names.iter().map(|name| (*number as i64, name))).collect();
        let rows = sql::all(
            self.tx,
            "SELECT DISTINCT e.number FROM unnest($2::bigint[], $3::bigint[], $4::text[]) AS e(number, by, name_key) \
             CROSS JOIN LATERAL (SELECT w.sid FROM waiting w \
             WHERE w.scope = $1 AND w.by = e.by AND w.name_key = e.name_key LIMIT 1) AS w",
            &[
                &self.scope,
                &column(&all, |(number, _)| *number),
                &column(&all, |(_, (by, _))| *by),
                &column(&all, |(_, (_, key))| key),
            ],
        )
        .await?;
        rows.iter().map(|row| Ok(sql::unsigned(row.try_get(0)?) as usize)).collect()
    }
}
