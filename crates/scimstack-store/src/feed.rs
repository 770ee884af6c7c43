//! The change feed: every change of a scope in order, written in the same transaction as the change. It is outbox,
//! provisioning log and history at once.
//! Left out: who reads it and how far they have come ([`crate::consumer`]).
//!
//! ```
//! use scimstack_store::{FeedQuery, FeedScope, MemoryStore, Scope, Store};
//!
//! # futures_executor::block_on(async {
//! let store = MemoryStore::new();
//! let mut query = FeedQuery::new(FeedScope::One(Scope::from_number(1)), 100);
//! query.topic = Some("outbox".into());
//! loop {
//!     let page = store.changes(&query).await.unwrap();
//!     // … deliver page.changes, each under its event_id, and remember how far that went:
//!     query.after = page.changes.last().map(|change| change.position).or(query.after);
//!     if !page.more {
//!         break;
//!     }
//! }
//! # });
//! ```

use crate::key::{Key, Scope, Version};
use bytes::Bytes;
use scimstack_schema::Timestamp;
use std::fmt;

/// Whose changes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FeedScope {
    /// One scope's.
    One(Scope),
    /// Everyone's.
    All,
}

/// A place in the feed; later is greater. Opaque but ordered; `0.0` is before everything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Position {
    /// The transaction, where commits may end out of order; else 0.
    pub transaction: u64,
    /// The sequence number.
    pub sequence: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.transaction, self.sequence)
    }
}

/// Which changes.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedQuery {
    /// Whose.
    pub scope: FeedScope,
    /// After this place (before it with `newest_first`); `None` from the end it starts at. When changes after this place
    /// were removed, the answer is [`crate::StoreError::Pruned`]; without a place, and backwards, it is what there still is.
    pub after: Option<Position>,
    /// At most so many.
    pub limit: usize,
    /// Only events of this topic.
    pub topic: Option<String>,
    /// Only changes of and events about this record.
    pub key: Option<Key>,
    /// Backwards.
    pub newest_first: bool,
}

impl FeedQuery {
    /// Everything of a scope, from the beginning.
    #[must_use]
    pub fn new(scope: FeedScope, limit: usize) -> Self {
        Self { scope, after: None, limit, topic: None, key: None, newest_first: false }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// Where in the feed.
    pub position: Position,
    /// Whose.
    pub scope: Scope,
    /// When, as the changeset said.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// The request's id.
    pub request_id: String,
    /// What happened.
    pub kind: ChangeKind,
    /// To which record.
    pub key: Option<Key>,
    /// The record's version afterwards.
    pub version: Option<Version>,
    /// The document before a replacement or deletion; erasable.
    pub before: Option<Bytes>,
    /// An event's payload, or the edges that changed: `{"relation":…,"added":[ids],"removed":[ids]}` (at most 1,000 of
    /// each, with `"more": true` when there were more). A pending edge stands there with its raw value; a rewritten one
    /// among the added.
    pub payload: Bytes,
    /// An event's topic.
    pub topic: Option<String>,
    /// An event's stable id.
    pub event_id: Option<String>,
}

impl Change {
    /// A change with the fields that all have; the others empty.
    #[must_use]
    pub fn new(position: Position, scope: Scope, at: Timestamp, kind: ChangeKind) -> Self {
        Self {
            position,
            scope,
            at,
            actor: String::new(),
            request_id: String::new(),
            kind,
            key: None,
            version: None,
            before: None,
            payload: Bytes::new(),
            topic: None,
            event_id: None,
        }
    }
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A record was made.
    Created,
    /// A record was replaced.
    Replaced,
    /// A record was deleted.
    Deleted,
    /// Edges that start at a record changed.
    Related,
    /// An event.
    Emitted,
}

/// A stretch of the feed.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangePage {
    /// The changes.
    pub changes: Vec<Change>,
    /// True when there are more.
    pub more: bool,
}
