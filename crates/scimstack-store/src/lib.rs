//! The storage contract of a SCIM server: one small object-safe [`Store`] trait, what is written ([`ChangeSet`]), what is
//! asked ([`Query`], [`EdgeQuery`], [`FeedQuery`]), the planner that back ends share, and the in-memory reference store.
//!
//! Nothing here knows about HTTP, wire messages, or any runtime; no store reads a clock.

pub mod changeset;
pub mod consumer;
pub mod edge;
pub mod feed;
pub mod key;
pub mod memory;
pub mod mirror;
pub mod plan;
pub mod query;
pub mod record;
pub mod reindex;
pub mod settle;
pub mod store;

pub use changeset::{Actor, ChangeSet, EdgeChange, EdgeDraft, EdgeStep, Expect, Op, OpReceipt, Prune, Receipt};
pub use consumer::{Batch, Consumer, ConsumerError, Next};
pub use edge::{Anchor, Edge, EdgePage, EdgeQuery, Peer};
pub use feed::{Change, ChangeKind, ChangePage, FeedQuery, FeedScope, Position};
pub use key::{Key, Kind, ResourceId, Scope, TenantId, Version};
pub use memory::MemoryStore;
pub use mirror::Mirror;
pub use query::{CountMode, Explained, Explanation, Page, Paging, Query, Sort, Target, Total, Want};
pub use record::{Core, Index, IndexEntry, Name, Record, Reference, ReferenceRule, Stored, UniqueValue};
pub use reindex::{Reindexed, reindex};
pub use store::{Capabilities, Store, StoreError, StoreExt};
