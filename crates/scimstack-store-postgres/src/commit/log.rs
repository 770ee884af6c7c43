//! The entries of the feed that a transaction makes: collected in order while it is at work, and written with one
//! statement when it is done, or when there are many. An event whose id is there already is found out then, and the
//! receipt of its operation corrected.

use super::{Entry, Work, what_number};
use crate::fault::Fault;
use crate::refs::packed;
use crate::sql::{self, Message, Transaction};
use crate::text::Packed;
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many entries, or bytes in them, are written without waiting for more.
const MANY: usize = 1_000;
const LARGE: usize = 4 << 20;

/// The statement that writes entries.
macro_rules! insert {
    () => {
        "INSERT INTO change(scope, at, what, kind, id, version, topic, event_id, event_key, actor, request_id, \
         payload, before) \
         SELECT $1, e.at, e.what, e.kind, e.id, e.version, e.topic, e.event_id, e.event_key, e.actor, \
         e.request_id, e.payload, e.before \
         FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], \
         $9::text[], $10::text[], $11::text[], $12::bytea[], $13::bytea[]) \
         AS e(at, what, kind, id, version, topic, event_id, event_key, actor, request_id, payload, before)"
    };
}

/// An entry.
#[derive(Debug)]
pub(super) struct Line {
    /// The number of the operation in its transaction, when this is an event.
    step: Option<usize>,
    at: i64,
    what: i64,
    kind: Option<Packed>,
    id: Option<Packed>,
    version: Option<i64>,
    topic: Option<Packed>,
    event_id: Option<Packed>,
    event_key: Option<Packed>,
    actor: Packed,
    request_id: Packed,
    payload: Bytes,
    before: Option<Bytes>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    lines: Vec<Line>,
    bytes: usize,
    repeated: Vec<usize>,
}

impl Log {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an entry; `step` is the operation whose event it is.
    pub(super) fn push(&self, work: &Work<'_>, step: Option<usize>, entry: Entry<'_>) {
        let (kind, id) = entry.key.map(packed).unzip();
        let mut all = self.lines();
        all.bytes += entry.payload.len() + entry.before.as_ref().map_or(0, Bytes::len);
        all.lines.push(Line {
            step,
            at: work.at.as_micros(),
            what: what_number(entry.what),
            kind,
            id,
            version: entry.version.map(sql::signed),
            topic: entry.event.map(|(topic, _)| Packed::of(topic)),
            event_id: entry.event.map(|(_, id)| Packed::of(id)),
            event_key: entry.event.map(|(_, id)| Packed::key(id)),
            actor: Packed::of(work.actor),
            request_id: Packed::of(work.request_id),
            payload: entry.payload,
            before: entry.before,
        });
    }

    pub(super) fn is_full(&self) -> bool {
        let all = self.lines();
        all.lines.len() >= MANY || all.bytes >= LARGE
    }

    /// The operations whose events were there already, of what has been written.
    pub(super) fn repeated(&self) -> Vec<usize> {
        self.lines().repeated.clone()
    }

    /// What was collected, to be written.
    pub(super) fn take(&self) -> Vec<Line> {
        let mut all = self.lines();
        all.bytes = 0;
        std::mem::take(&mut all.lines)
    }

    /// Writes what was collected.
    pub(super) async fn write(&self, tx: &Transaction<'_>, scope: i64) -> Result<(), Fault> {
        let lines = self.take();
        if lines.is_empty() {
            return Ok(());
        }
        let unless_there = concat!(insert!(), " ON CONFLICT DO NOTHING RETURNING topic, event_key");
        let written = rows(Message::new(unless_there), scope, &lines).all(tx).await?;
        if written.len() < lines.len() {
            let mut events = HashSet::new();
            for row in &written {
                events.insert((row.try_get::<_, Option<Packed>>(0)?, row.try_get::<_, Option<Packed>>(1)?));
            }
            // Of two with the same id the first is the one that was written.
            let repeated = lines.into_iter().filter_map(|line| {
                let step = line.step?;
                (!events.remove(&(line.topic, line.event_key))).then_some(step)
            });
            self.lines().repeated.extend(repeated.collect::<Vec<_>>());
        }
        Ok(())
    }
}

/// What writes entries, of which no event may be there already.
pub(super) fn new_rows(scope: i64, lines: &[Line]) -> Message<'_> {
    rows(Message::new(insert!()), scope, lines)
}

fn rows<'l>(message: Message<'l>, scope: i64, lines: &'l [Line]) -> Message<'l> {
    message
        .bind(scope)
        .bind(column(lines, |line| line.at))
        .bind(column(lines, |line| line.what))
        .bind(column(lines, |line| line.kind.as_ref()))
        .bind(column(lines, |line| line.id.as_ref()))
        .bind(column(lines, |line| line.version))
        .bind(column(lines, |line| line.topic.as_ref()))
        .bind(column(lines, |line| line.event_id.as_ref()))
        .bind(column(lines, |line| line.event_key.as_ref()))
        .bind(column(lines, |line| &line.actor))
        .bind(column(lines, |line| &line.request_id))
        .bind(column(lines, |line| &line.payload[..]))
        .bind(column(lines, |line| line.before.as_deref()))
}

/// One column of many rows, to be bound.
pub(crate) fn column<'r, R, T>(rows: &'r [R], value: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
