//! What is written: one atomic set of operations with their preconditions.
//! Left out: deciding what to write (the engine's work), and what it means for the feed ([`crate::feed`]).
//!
//! ```
//! use bytes::Bytes;
//! use scimstack_schema::Timestamp;
//! use scimstack_store::{Actor, ChangeSet, Core, Key, Op, Record, ResourceId};
//!
//! let ann = Key::new("User", ResourceId::new("u1").unwrap());
//! let record = Record::new(Core { unique: Some("ann".into()), ..Core::default() }, r#"{"id":"u1","userName":"Ann"}"#);
//! let welcome = Op::Emit {
//!     topic: "outbox".into(),
//!     id: "welcome-u1".into(),
//!     key: Some(ann.clone()),
//!     payload: Bytes::from_static(b"{}"),
//! };
//! // The person and her welcome, or neither.
//! let changes = ChangeSet::new(Timestamp::from_seconds(1_767_225_600), Actor("connection:default".into()), "request-7")
//!     .with(Op::Create { key: ann, record })
//!     .with(welcome);
//! assert_eq!(changes.ops.len(), 2);
//! ```

use crate::feed::Position;
use crate::key::{Key, Version};
use crate::record::{Index, Record, Reference};
use bytes::Bytes;
use scimstack_schema::Timestamp;

/// Operations that are committed together or not at all, in order, in one scope. Time, actor and request come in with
/// it, because no store reads a clock.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ChangeSet {
    /// When, as the engine sees it.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Why: the request's id, for the log.
    pub request_id: String,
    /// When set: a second changeset with the same key in the same scope changes nothing and returns the first's receipt.
    pub idempotency_key: Option<String>,
    /// What.
    pub ops: Vec<Op>,
}

impl ChangeSet {
    /// A changeset without operations.
    pub fn new(at: Timestamp, actor: Actor, request_id: impl Into<String>) -> Self {
        Self { at, actor, request_id: request_id.into(), idempotency_key: None, ops: Vec::new() }
    }

    /// Adds an operation.
    #[must_use]
    pub fn with(mut self, op: Op) -> Self {
        self.ops.push(op);
        self
    }
}

/// Who makes a change: `connection:default`, `administrator:admin`, `system`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Actor(pub String);

/// One operation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Op {
    /// Makes a record with version 1.
    Create {
        /// Its key; must not exist.
        key: Key,
        /// What to store.
        record: Record,
    },
    /// Replaces a record; the version goes up by one. [`Record::core`]'s `created` is kept from what is stored.
    Replace {
        /// Its key.
        key: Key,
        /// What must hold.
        expect: Expect,
        /// What to store.
        record: Record,
    },
    /// Deletes a record with everything that starts at it. Edges-only edges that end at it (memberships) go too, and their
    /// sources get a new version; single-valued references to it become pending again under their raw value.
    Delete {
        /// Its key.
        key: Key,
        /// What must hold.
        expect: Expect,
    },
    /// Changes the edges of an edges-only relation. The source's version and `modified` move once, and only when an edge
    /// did change. They move too when an operation on another record binds or removes an edge: once for that operation,
    /// with a [`crate::ChangeKind::Related`] entry in the feed.
    Relate {
        /// Where the edges start; must exist.
        source: Key,
        /// The relation.
        relation: String,
        /// What must hold of the source.
        expect: Expect,
        /// The change.
        change: EdgeChange,
    },
    /// Appends an event to the feed.
    Emit {
        /// The topic: `outbox`, `log`.
        topic: String,
        /// A stable id, unique in scope and topic; a second event with the same id is dropped.
        id: String,
        /// The record it is about.
        key: Option<Key>,
        /// The content, JSON.
        payload: Bytes,
    },
    /// Replaces what a record has in the indexes, and nothing else: neither the version moves nor the feed. Of a record
    /// that is not there, or has another version, nothing is changed, and the receipt says so.
    Reindex {
        /// Its key.
        key: Key,
        /// The version that `index` was made from.
        version: Version,
        /// What to be found by.
        index: Index,
    },
    /// Removes old changes of the scope's feed and old idempotency keys, and leaves no entry in the feed. To be the only
    /// operation of its changeset. The receipt says whether anything was removed; then there may be more. Who reads on
    /// from a position before what was removed is told ([`crate::StoreError::Pruned`]); an event that was removed may be
    /// emitted again.
    Prune(Prune),
}

/// What is old enough to be removed.
///
/// ```
/// use scimstack_schema::Timestamp;
/// use scimstack_store::Prune;
///
/// let prune = Prune::new(1_000).changes_before(Timestamp::from_seconds(1_767_225_600));
/// assert_eq!(prune.up_to, None);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Prune {
    /// Changes made before this: the oldest ones of the scope's feed, up to the first that is not older.
    pub changes_before: Timestamp,
    /// Of these, only those up to this place in the feed.
    pub up_to: Option<Position>,
    /// Idempotency keys of changesets made before this. A changeset that comes again later is done again.
    pub keys_before: Timestamp,
    /// At most so many changes, and so many keys.
    pub limit: u32,
}

impl Prune {
    /// Removes nothing yet, and later at most so many changes and so many keys.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        let never = Timestamp::from_micros(i64::MIN);
        Self { changes_before: never, up_to: None, keys_before: never, limit }
    }

    /// Sets [`Prune::changes_before`].
    #[must_use]
    pub fn changes_before(mut self, before: Timestamp) -> Self {
        self.changes_before = before;
        self
    }

    /// Sets [`Prune::up_to`].
    #[must_use]
    pub fn up_to(mut self, position: Option<Position>) -> Self {
        self.up_to = position;
        self
    }

    /// Sets [`Prune::keys_before`].
    #[must_use]
    pub fn keys_before(mut self, before: Timestamp) -> Self {
        self.keys_before = before;
        self
    }
}

/// A precondition on a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It exists.
    Any,
    /// It exists with this version.
    Version(Version),
}

/// A change of the edges that start at one source, in one relation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EdgeChange {
    /// When set, these are all the edges to begin with: one ordered merge that writes only the difference. A draft whose
    /// reference names a target is the edge to that target; one that names nobody, or several, is the edge with the same
    /// raw value (the first in the order of [`crate::EdgePage`]), which then stays bound if it was. An edge whose data differs is rewritten.
    pub replace: Option<Vec<EdgeDraft>>,
    /// Then these, in order.
    pub steps: Vec<EdgeStep>,
}

/// One step of an [`EdgeChange`].
#[derive(Clone, Debug, PartialEq)]
pub enum EdgeStep {
    /// Adds an edge; no effect when an edge to the same target (or, when it names no target, with the same raw value) is
    /// there.
    Add(EdgeDraft),
    /// Removes the edge whose target's id or raw value is this reference's; no effect when there is none.
    Remove(Reference),
}

/// An edge to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeDraft {
    /// What it points to.
    pub reference: Reference,
    /// The element's other sub-attributes as sent, a JSON object without `value` and `$ref`; may be empty.
    pub data: Bytes,
    /// Refuse the changeset ([`crate::StoreError::UnknownTargets`]) when nothing answers to the reference, instead of
    /// leaving it pending.
    pub must_exist: bool,
}

/// What a commit did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// One entry for each operation.
    pub ops: Vec<OpReceipt>,
    /// True when the idempotency key had been used: nothing was done now, and this is what was done then.
    pub replayed: bool,
}

impl Receipt {
    /// For back ends.
    #[must_use]
    pub fn new(ops: Vec<OpReceipt>, replayed: bool) -> Self {
        Self { ops, replayed }
    }
}

/// What one operation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpReceipt {
    /// The version of the record after it; `None` for deletes and events.
    pub version: Option<Version>,
    /// Whether anything changed.
    pub changed: bool,
}
