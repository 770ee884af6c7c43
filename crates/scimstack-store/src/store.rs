//! The [`Store`] trait and its errors.
//! Left out: everything a caller could do with the five calls; see [`StoreExt`].
//!
//! ```
//! use scimstack_store::{Key, MemoryStore, ResourceId, Scope, Store, Want};
//! use std::sync::Arc;
//!
//! # futures_executor::block_on(async {
//! let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
//! let key = Key::new("User", ResourceId::new("no such id").unwrap());
//! assert_eq!(store.read(Scope::from_number(1), &key, Want::HEAD).await.unwrap(), None);
//! # });
//! ```

use crate::changeset::{ChangeSet, Receipt};
use crate::edge::{EdgePage, EdgeQuery};
use crate::feed::{ChangePage, FeedQuery, Position};
use crate::key::{Key, Kind, ResourceId, Scope, Version};
use crate::query::{Explanation, Page, Query, Want};
use crate::record::Stored;
use async_trait::async_trait;

/// Where resources are kept.
///
/// Promises, all checked by `scimstack-store-testkit`:
/// - **Atomic.** A changeset is committed whole or not at all, also when the future is dropped half-way (then it is one or
///   the other), and durably before `commit` returns, where [`Capabilities::durable`] says so.
/// - **Unique.** No two records of a scope and kind have the same [`crate::Core::unique`], nor the same
///   [`crate::UniqueValue`], however many writers there are.
/// - **Ordered.** The feed of a scope has every change once, in commit order, without gaps that are filled later.
/// - **The same answers.** What is indexed decides what a query costs, never what it finds, also while what is declared
///   changes.
/// - **Read after write.** What a commit has acknowledged is seen by every later call.
/// - **Apart.** No call sees or touches another scope.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// What this store can promise.
    fn capabilities(&self) -> Capabilities;

    /// One record.
    async fn read(&self, scope: Scope, key: &Key, want: Want) -> Result<Option<Stored>, StoreError>;

    /// The records that match.
    async fn query(&self, scope: Scope, query: &Query) -> Result<Page, StoreError>;

    /// The edges of a relation.
    async fn edges(&self, scope: Scope, query: &EdgeQuery) -> Result<EdgePage, StoreError>;

    /// Writes. The only way to.
    async fn commit(&self, scope: Scope, changes: ChangeSet) -> Result<Receipt, StoreError>;

    /// How this store would answer a query, without answering it.
    async fn explain(&self, scope: Scope, query: &Query) -> Result<Explanation, StoreError>;

    /// Records of a kind that were indexed under another declaration than this one ([`crate::Index::declaration`]), with
    /// their documents, by id: at most `limit`, after `after`. None at all is answered at once. See [`crate::reindex()`].
    async fn outdated(
        &self,
        scope: Scope,
        kind: &Kind,
        declaration: &str,
        after: Option<&ResourceId>,
        limit: u32,
    ) -> Result<Vec<Stored>, StoreError>;

    /// The change feed.
    async fn changes(&self, query: &FeedQuery) -> Result<ChangePage, StoreError>;
}

/// What a store can promise beyond reading and writing one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Changesets of several operations are atomic.
    pub atomic: bool,
    /// An acknowledged commit survives the process.
    pub durable: bool,
    /// Uniqueness holds under concurrent writers.
    pub race_free_unique: bool,
    /// There is a change feed.
    pub feed: bool,
    /// Relations are kept as edges.
    pub edges: bool,
}

impl Capabilities {
    /// Everything.
    pub const FULL: Self = Self { atomic: true, durable: true, race_free_unique: true, feed: true, edges: true };

    /// With or without durability.
    #[must_use]
    pub const fn with_durable(mut self, durable: bool) -> Self {
        self.durable = durable;
        self
    }
}

/// Why a store did not do what it was asked. Nothing was changed, except with [`StoreError::InDoubt`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A record with this key exists.
    #[error("operation {op}: a record with this key exists")]
    Exists {
        /// The operation's index.
        op: usize,
    },
    /// The record does not exist.
    #[error("operation {op}: the record does not exist")]
    NotFound {
        /// The operation's index.
        op: usize,
    },
    /// The record has another version.
    #[error("operation {op}: the record has version {current}")]
    VersionMismatch {
        /// The operation's index.
        op: usize,
        /// The version it has.
        current: Version,
    },
    /// A unique value is in use.
    #[error("operation {op}: the value of {path} is in use")]
    Conflict {
        /// The operation's index.
        op: usize,
        /// The canonical path; `userName` for [`crate::Core::unique`] of users, in general the path `"unique"`.
        path: String,
        /// Who has it, when the store knows.
        holder: Option<Key>,
    },
    /// References that had to find a target did not.
    #[error("operation {op}: nothing answers to {values:?}")]
    UnknownTargets {
        /// The operation's index.
        op: usize,
        /// The raw values, at most ten.
        values: Vec<String>,
    },
    /// The query would look at more candidates than its budget.
    #[error("the query would look at more than {budget} resources one by one; {advice}")]
    TooExpensive {
        /// The budget.
        budget: u64,
        /// What would make it cheap: for the administrator.
        advice: String,
    },
    /// Changes after the position were removed ([`crate::Op::Prune`]): reading on would leave a gap. Whoever keeps a copy
    /// has to begin with a new one, and read on from here.
    #[error("the changes up to position {up_to} were removed, and this reader has not seen all of them")]
    Pruned {
        /// The last position removed.
        up_to: Position,
    },
    /// A cursor or position this store did not make.
    #[error("the cursor is not one of this store's")]
    BadCursor,
    /// The connection was lost while committing; it may or may not be done. Ask again with the same idempotency key.
    #[error("the outcome of the commit is not known")]
    InDoubt(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store cannot be reached or is full; try again later.
    #[error("the store is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store holds what it cannot hold, or misbehaves.
    #[error("the store failed")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

mod sealed {
    pub trait Sealed {}
    impl<T: super::Store + ?Sized> Sealed for T {}
}

/// Conveniences over [`Store`]; every store has them.
#[async_trait]
pub trait StoreExt: Store + sealed::Sealed {
    /// All edges a query finds, page after page. For relations that are known to be small.
    async fn all_edges(&self, scope: Scope, mut query: EdgeQuery) -> Result<Vec<crate::edge::Edge>, StoreError> {
        let mut edges = Vec::new();
        loop {
            let page = self.edges(scope, &query).await?;
            edges.extend(page.edges);
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(edges),
            }
        }
    }
}

impl<T: Store + ?Sized> StoreExt for T {}
