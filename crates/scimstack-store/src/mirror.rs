//! A store whose records of one kind are mirrored in a table of the application's own: for those who have a `users` table
//! already, with log-ins, orders and foreign keys around it, and want it to follow the directory.
//!
//! The directory stays in a store of ours. What SCIM asks for does not fit into the columns of an application: every
//! attribute as it was sent, versions, references to people who are not there yet, memberships, a feed. So nothing of the
//! contract is given up: [`Mirror`] promises what the store below it promises. The table has the columns the application
//! reads, its own beside them, and is written after each commit.
//!
//! What an application does:
//! 1. It adds two columns to its table, for the resource's id and version, and implements [`Table`]: [`Table::put`] and
//!    [`Table::delete`], and [`Table::check`] when the table has rules of its own, such as an address that only one may have.
//! 2. It opens a store for the directory, puts a [`Mirror`] around it, and gives that to the engine.
//! 3. When it starts, and once in a while, it calls [`Mirror::catch_up`] for each tenant: what could not be written when it
//!    was committed, because the table was locked or the process died, is written then.
//! 4. When the directory was there before the table, it calls [`Mirror::fill`] once. When the people were there before the
//!    directory, it creates them by SCIM, within the process: `put` finds the row by its address and writes the id into it.
//! 5. It changes what identity providers own (names, addresses, `active`) by SCIM too, within the process, so that versions
//!    move and conflicts are found; a column of its own it changes as ever.
//!
//! Within one process the table has what was committed when `commit` returns, unless writing it failed. Of several
//! processes each writes what it committed; the version keeps a late one from undoing a newer one, and `catch_up` removes
//! what one wrote while another deleted it.
//!
//! ```
//! use async_trait::async_trait;
//! use scimstack_schema::{Object, Timestamp, Value};
//! use scimstack_store::mirror::{Mirror, Refusal, Table, TableError};
//! use scimstack_store::{Actor, ChangeSet, Core, Key, MemoryStore, Op, Record, ResourceId, Scope, Store, Version};
//! use std::collections::HashMap;
//! use std::sync::{Arc, Mutex};
//!
//! /// The application's table: who may log in, by id.
//! #[derive(Default)]
//! struct Users(Mutex<HashMap<String, (u64, String)>>);
//!
//! #[async_trait]
//! impl Table for Users {
//!     async fn put(&self, _: Scope, key: &Key, version: Version, person: &Object) -> Result<(), TableError> {
//!         let name = person.get("userName").and_then(Value::as_str).unwrap_or_default().to_owned();
//!         let mut users = self.0.lock().map_err(|_| "the table is broken")?;
//!         let row = users.entry(key.id.to_string()).or_default();
//!         // A late one undoes nothing.
//!         if row.0 < version.0 {
//!             *row = (version.0, name);
//!         }
//!         Ok(())
//!     }
//!
//!     async fn delete(&self, _: Scope, key: &Key) -> Result<(), TableError> {
//!         self.0.lock().map_err(|_| "the table is broken")?.remove(key.id.as_str());
//!         Ok(())
//!     }
//! }
//!
//! # futures_executor::block_on(async {
//! let users = Arc::new(Users::default());
//! let store = Mirror::new(Arc::new(MemoryStore::new()), "User", users.clone());
//! let ann = Key::new("User", ResourceId::new("u1").unwrap());
//! let record = Record::new(Core::default(), r#"{"id":"u1","userName":"ann@x.test"}"#);
//! let changes = ChangeSet::new(Timestamp::from_seconds(0), Actor("system".into()), "request-1");
//! store.commit(Scope::from_number(1), changes.with(Op::Create { key: ann, record })).await.unwrap();
//! assert_eq!(users.0.lock().unwrap()["u1"], (1, "ann@x.test".to_owned()));
//! # });
//! ```

use crate::changeset::{ChangeSet, Op, Receipt};
use crate::consumer::{Consumer, ConsumerError, Next};
use crate::edge::{EdgePage, EdgeQuery};
use crate::feed::{Change, ChangePage, FeedQuery};
use crate::key::{Key, Kind, ResourceId, Scope, Version};
use crate::query::{CountMode, Explanation, Page, Paging, Query, Target, Want};
use crate::record::Stored;
use crate::store::{Capabilities, Store, StoreError};
use async_trait::async_trait;
use futures_util::lock::Mutex;
use scimstack_schema::{Object, ResourceType, Timestamp, Value};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Why a table could not be read or written.
pub type TableError = Box<dyn std::error::Error + Send + Sync>;

/// A table of the application's, as [`Mirror`] writes it.
#[async_trait]
pub trait Table: Send + Sync + 'static {
    /// Whether the table could take this: asked before anything is written. By default it can take everything.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing is committed.
    async fn check(&self, scope: Scope, key: &Key, document: &Object) -> Result<(), Refusal> {
        let _ = (scope, key, document);
        Ok(())
    }

    /// Makes the row of `key` say what the document says. A row with this version or a newer one is left as it is: the
    /// same may come twice, and late. `document` is the resource without `meta` and memberships.
    ///
    /// # Errors
    /// What went wrong. The commit stands; [`Mirror::catch_up`] tries again.
    async fn put(&self, scope: Scope, key: &Key, version: Version, document: &Object) -> Result<(), TableError>;

    /// Removes the row of `key`, or marks it as gone and forgets its version. There may be none.
    ///
    /// # Errors
    /// As [`Table::put`].
    async fn delete(&self, scope: Scope, key: &Key) -> Result<(), TableError>;
}

/// Why a table cannot take a resource.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Somebody else in the table has a value that only one may have: [`StoreError::Conflict`], for the client 409 and
    /// `uniqueness` (RFC 7644 §3.12).
    #[error("the value of {path} is in use")]
    Taken {
        /// The attribute's path: `userName`, `emails.value`.
        path: String,
    },
    /// The table cannot be asked: [`StoreError::Unavailable`].
    #[error("the table is not available")]
    Unavailable(#[source] TableError),
}

/// Why the table was not brought up to date.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// The table could not be written. What is left is written the next time.
    #[error("the table could not be written")]
    Table(#[source] TableError),
    /// The store below.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record of how far the table has come.
    #[error(transparent)]
    Consumer(#[from] ConsumerError),
}

/// Tenants share locks by their number.
const LOCKS: usize = 64;

/// How many records [`Mirror::fill`] reads at once.
const PAGE: u32 = 500;

/// A store, with a table that follows its records of one kind. See the [module](self).
pub struct Mirror {
    store: Arc<dyn Store>,
    kind: Kind,
    table: Arc<dyn Table>,
    /// What is read of a record is written before anything newer is.
    locks: [Mutex<()>; LOCKS],
}

impl fmt::Debug for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirror").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Mirror {
    /// A store whose records of this kind `table` follows, in every tenant.
    pub fn new(store: Arc<dyn Store>, kind: impl Into<Kind>, table: Arc<dyn Table>) -> Self {
        Self { store, kind: kind.into(), table, locks: std::array::from_fn(|_| Mutex::new(())) }
    }

    /// Writes into the table what was committed since the last time; how many records that were. Safe to call at any time
    /// and from several processes, of which one does the work. `now` is for the lease, of a minute.
    ///
    /// # Errors
    /// [`MirrorError`]. [`StoreError::Pruned`] when changes are gone that the table has not seen: [`Mirror::fill`] it.
    pub async fn catch_up(&self, scope: Scope, now: Timestamp) -> Result<usize, MirrorError> {
        let Some(name) = ResourceId::new(&format!("mirror:{}", self.kind.as_str())) else { return Ok(0) };
        let consumer = Consumer::new(name, scope);
        let mut written = 0;
        while let Next::Batch(batch) = consumer.next(&*self.store, "mirror", now).await? {
            let is_ours = |key: &&Key| key.kind == self.kind;
            let keys: BTreeSet<&Key> = batch.changes().iter().filter_map(touched).filter(is_ours).collect();
            written += keys.len();
            for key in keys {
                self.follow(scope, key).await?;
            }
            consumer.acknowledge(&*self.store, &batch, batch.end(), now).await?;
        }
        Ok(written)
    }

    /// Writes every record of the kind into the table; how many. For a table that is newer than the directory.
    ///
    /// # Errors
    /// [`MirrorError`]; what is left is not written.
    pub async fn fill(&self, scope: Scope, resource_type: &Arc<ResourceType>) -> Result<usize, MirrorError> {
        let target = Target { kind: self.kind.clone(), resource_type: resource_type.clone(), filter: None };
        let mut query = Query::new(target, PAGE);
        query.page = Paging::Cursor { after: None, count: PAGE };
        (query.count, query.want) = (CountMode::None, Want::HEAD);
        let mut written = 0;
        loop {
            let page = self.store.query(scope, &query).await?;
            for head in &page.items {
                self.follow(scope, &head.key).await?;
                written += 1;
            }
            match page.next {
                Some(next) => query.page = Paging::Cursor { after: Some(next), count: PAGE },
                None => return Ok(written),
            }
        }
    }

    /// Makes the table say of one record what the store says.
    async fn follow(&self, scope: Scope, key: &Key) -> Result<(), MirrorError> {
        let [first, ..] = &self.locks;
        let _held = self.locks.get(scope.number() as usize % LOCKS).unwrap_or(first).lock().await;
        let done = match self.store.read(scope, key, Want::DOCUMENT).await? {
            Some(stored) => self.table.put(scope, key, stored.version, &document(&stored.doc)?).await,
            None => self.table.delete(scope, key).await,
        };
        done.map_err(MirrorError::Table)
    }

    /// Asks the table whether it could take what is to be written.
    async fn check(&self, scope: Scope, changes: &ChangeSet) -> Result<(), StoreError> {
        for (op, what) in changes.ops.iter().enumerate() {
            let (Op::Create { key, record } | Op::Replace { key, record, .. }) = what else { continue };
            if key.kind != self.kind {
                continue;
            }
            match self.table.check(scope, key, &document(&record.doc)?).await {
                Ok(()) => {}
                Err(Refusal::Taken { path }) => return Err(StoreError::Conflict { op, path, holder: None }),
                Err(Refusal::Unavailable(error)) => return Err(StoreError::Unavailable(error)),
            }
        }
        Ok(())
    }
}

/// The record that a change of the feed is a change of.
fn touched(change: &Change) -> Option<&Key> {
    change.key.as_ref().filter(|_| change.topic.is_none())
}

fn document(bytes: &[u8]) -> Result<Object, StoreError> {
    match Value::parse(bytes).map_err(|error| StoreError::Internal(Box::new(error)))? {
        Value::Object(object) => Ok(object),
        other => Err(StoreError::Internal(format!("a document that is {}", other.kind()).into())),
    }
}

#[async_trait]
impl Store for Mirror {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    async fn read(&self, scope: Scope, key: &Key, want: Want) -> Result<Option<Stored>, StoreError> {
        self.store.read(scope, key, want).await
    }

    async fn query(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        self.store.query(scope, query).await
    }

    async fn edges(&self, scope: Scope, query: &EdgeQuery) -> Result<EdgePage, StoreError> {
        self.store.edges(scope, query).await
    }

    /// Commits to the store below, then writes the table. That the table could not be written is no error of the commit.
    async fn commit(&self, scope: Scope, changes: ChangeSet) -> Result<Receipt, StoreError> {
        let key = |op: &Op| match op {
            Op::Create { key, .. } | Op::Replace { key, .. } | Op::Delete { key, .. } => Some(key.clone()),
            _ => None,
        };
        let keys: BTreeSet<Key> = changes.ops.iter().filter_map(key).filter(|key| key.kind == self.kind).collect();
        self.check(scope, &changes).await?;
        let receipt = self.store.commit(scope, changes).await?;
        for key in &keys {
            // What is left is found by `catch_up`.
            let _ = self.follow(scope, key).await;
        }
        Ok(receipt)
    }

    async fn explain(&self, scope: Scope, query: &Query) -> Result<Explanation, StoreError> {
        self.store.explain(scope, query).await
    }

    async fn outdated(
        &self,
        scope: Scope,
        kind: &Kind,
        declaration: &str,
        after: Option<&ResourceId>,
        limit: u32,
    ) -> Result<Vec<Stored>, StoreError> {
        self.store.outdated(scope, kind, declaration, after, limit).await
    }

    async fn changes(&self, query: &FeedQuery) -> Result<ChangePage, StoreError> {
        self.store.changes(query).await
    }
}
