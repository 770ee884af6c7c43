//! Edges: one row for each reference of one resource to another, read forward (a group's members, a person's manager)
//! and backward (a person's groups, a manager's reports), in pages.
//! Left out: how references find their targets ([`crate::Reference`]) and how edges change ([`crate::EdgeChange`]).
//!
//! ```
//! use scimstack_store::{Anchor, EdgeQuery, Key, MemoryStore, ResourceId, Scope, StoreExt};
//!
//! # futures_executor::block_on(async {
//! let group = Key::new("Group", ResourceId::new("g1").unwrap());
//! let members = EdgeQuery {
//!     relation: "members".into(),
//!     anchor: Anchor::Sources(vec![group]),
//!     pending: true,
//!     peer: true,
//!     values: true,
//!     after: None,
//!     limit: 100,
//! };
//! let edges = MemoryStore::new().all_edges(Scope::from_number(1), members).await.unwrap();
//! assert!(edges.is_empty());
//! # });
//! ```

use crate::key::Key;
use bytes::Bytes;

/// Which edges.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeQuery {
    /// The relation.
    pub relation: String,
    /// Around what.
    pub anchor: Anchor,
    /// Also references that wait for their target (never with [`Anchor::Targets`]).
    pub pending: bool,
    /// Fill in [`Edge::peer`].
    pub peer: bool,
    /// Fill in [`Edge::raw`] and [`Edge::data`]. Else a store may leave both empty in edges that end somewhere, where an index
    /// tells the rest.
    pub values: bool,
    /// Continue after this: [`EdgePage::next`] of the page before.
    pub after: Option<Bytes>,
    /// At most so many.
    pub limit: usize,
}

/// What an [`EdgeQuery`] starts from.
#[derive(Clone, Debug, PartialEq)]
pub enum Anchor {
    /// Edges that start at any of these.
    Sources(Vec<Key>),
    /// Edges that end at any of these.
    Targets(Vec<Key>),
    /// Every edge of the relation in the scope.
    All,
    /// Every edge of the relation in the scope that leads to nobody else: one that ends where it starts, or that waits for
    /// its target. They are few, and have an index of their own.
    Nowhere,
}

/// One edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Where it starts.
    pub source: Key,
    /// Where it ends; `None` while it is pending.
    pub target: Option<Key>,
    /// The value as sent.
    pub raw: String,
    /// The element's other sub-attributes as sent (JSON object); may be empty.
    pub data: Bytes,
    /// What is at the other end: the target, or the source with [`Anchor::Targets`].
    pub peer: Option<Peer>,
}

/// The other end of an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// How it is shown.
    pub display: Option<String>,
    /// Its `active`.
    pub active: Option<bool>,
    /// With [`Anchor::Targets`]: whether edges of the same relation end at it, too, so that there is more above it. Else
    /// `false`.
    pub is_target: bool,
}

/// A page of edges, in a stable order: by source, then target, pending ones of a source last, by raw value. Keys are
/// ordered by kind, then id, byte for byte.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgePage {
    /// The edges.
    pub edges: Vec<Edge>,
    /// Where to go on; `None` on the last page.
    pub next: Option<Bytes>,
}
