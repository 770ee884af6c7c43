//! The embedded store: one SQLite file that holds every tenant's resources, durable and without a server.
//!
//! [`SqliteStore`] implements [`scimstack_store::Store`] with everything it can promise. One thread writes, and makes the
//! changesets that wait for it durable together. Reads run on their caller's thread, over a few connections that read
//! only; those that take longer than a millisecond or so go to threads of their own, where the tenants take turns. Several processes may have the same file open: each sees what the others commit.
//!
//! Left out: how a resource becomes a record and a filter a plan ([`scimstack_store::plan`]), and when to back up.
//!
//! ```
//! use scimstack_schema::Timestamp;
//! use scimstack_store::{Actor, ChangeSet, Core, Key, Op, Record, ResourceId, Scope, Store, TenantId, Want};
//! use scimstack_store_sqlite::{SqliteOptions, SqliteStore};
//!
//! # futures_executor::block_on(async {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("scim.db");
//! let store = SqliteStore::open(&path, SqliteOptions::default())?;
//! let scope = Scope::Tenant(TenantId::new(1).unwrap());
//! let ann = Key::new("User", ResourceId::new("u1").unwrap());
//! let record = Record::new(Core::default(), r#"{"id":"u1","userName":"ann@x.test"}"#);
//! let changes = ChangeSet::new(Timestamp::from_seconds(0), Actor("system".into()), "request-1");
//! store.commit(scope, changes.with(Op::Create { key: ann.clone(), record })).await?;
//!
//! let again = SqliteStore::open(&path, SqliteOptions::default())?;
//! assert_eq!(again.read(scope, &ann, Want::ALL).await?.unwrap().version.0, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # Limits
//! - One writer at a time, in whichever process. Thousands of commits a second are possible, because they share writes to
//!   the disk; a changeset of 100,000 edges holds the others up for as long as it takes.
//! - A feed of all scopes together about one record is found by reading it through; every other question has an index.
//! - Sorting is by index for `id`, the unique attribute, `displayName`, `meta.created` and `meta.lastModified`; by anything
//!   else within [`scimstack_store::Query::budget`].
//! - The order by the unique attribute goes by the whole value, not by its first 256 bytes.

mod codec;
mod commit;
mod dict;
mod edges;
mod entries;
mod fault;
mod feed;
mod links;
mod long;
mod maintain;
mod migrate;
mod oneshot;
mod open;
mod outdated;
mod parts;
mod pool;
mod query;
mod read;
mod refs;
mod restore;
mod sql;
mod writer;

#[cfg(test)]
mod tests;

pub use maintain::{BackupError, BackupProgress};
pub use open::{OpenError, SqliteOptions, Synchronous};
pub use restore::{Restore, RestoreError};

use async_trait::async_trait;
use dict::Dict;
use fault::Fault;
use long::LongReads;
use open::Location;
use pool::Readers;
use query::Pace;
use scimstack_store::{
    Capabilities, ChangePage, ChangeSet, EdgePage, EdgeQuery, Explanation, FeedQuery, Key, Kind, Page, Query, Receipt,
    ResourceId, Scope, Store, StoreError, Stored, Want,
};
use std::path::Path;
use std::sync::{Arc, Mutex};
use writer::Writer;

/// A store in an SQLite file. To be shared, put it in an `Arc`; dropped, it finishes what is queued.
pub struct SqliteStore {
    readers: Arc<Readers>,
    long: LongReads,
    dict: Arc<Dict>,
    durable: bool,
    writer: Writer,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("durable", &self.durable).finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the database at `path`, which is made when there is none and brought to the newest version when it is older.
    /// Beside the file there are two more while it is in use, with `-wal` and `-shm` after its name. The file must be on a
    /// local disk.
    ///
    /// # Errors
    /// A file that is no database of this library's, or of a newer version of it, or that cannot be opened.
    pub fn open(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, OpenError> {
        let location = Location::new(path.as_ref(), options);
        let long = LongReads::start(location.long_readers()).map_err(OpenError::Thread)?;
        let writer = Arc::new(Mutex::new(location.settled_writer()?));
        let dict = Arc::new(Dict::default());
        Ok(Self {
            readers: Arc::new(Readers::of_file(location)),
            long,
            writer: Writer::start(writer, dict.clone()).map_err(OpenError::Thread)?,
            dict,
            durable: true,
        })
    }

    /// A database in memory, which is gone with the store. For tests and short-lived servers.
    ///
    /// # Errors
    /// When SQLite or the operating system refuses.
    pub fn in_memory() -> Result<Self, OpenError> {
        let connection = Arc::new(Mutex::new(open::in_memory()?));
        let dict = Arc::new(Dict::default());
        Ok(Self {
            readers: Arc::new(Readers::Memory(connection.clone())),
            long: LongReads::start(1).map_err(OpenError::Thread)?,
            writer: Writer::start(connection, dict.clone()).map_err(OpenError::Thread)?,
            dict,
            durable: false,
        })
    }

    /// Copies the database in its present state to a new file, which can be opened like any other. Reading and writing go
    /// on meanwhile. The file gets its name when it is whole. Blocks the thread until it is done.
    ///
    /// # Errors
    /// When there is a file already, or the copy cannot be written.
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<(), BackupError> {
        self.backup_with(path, |_| {})
    }

    /// As [`SqliteStore::backup`], telling how far it is, some tens of megabytes at a time.
    ///
    /// # Errors
    /// As [`SqliteStore::backup`].
    pub fn backup_with(
        &self,
        path: impl AsRef<Path>,
        mut progress: impl FnMut(BackupProgress),
    ) -> Result<(), BackupError> {
        self.readers.borrow(|connection| maintain::backup(connection, path.as_ref(), &mut progress))
    }

    /// Reads the whole database and says what is wrong with it: an empty list for a sound one. Blocks the thread until it
    /// is done.
    ///
    /// # Errors
    /// When the database cannot be read at all.
    pub fn integrity_check(&self) -> Result<Vec<String>, StoreError> {
        self.readers.snapshot(maintain::check)
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::FULL.with_durable(self.durable)
    }

    async fn read(&self, scope: Scope, key: &Key, want: Want) -> Result<Option<Stored>, StoreError> {
        self.readers.with(|connection| read::read(connection, &self.dict, scope, key, want))
    }

    async fn query(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let brief = self.readers.with(|connection| {
            if let Some(page) = query::direct(connection, &self.dict, scope, query)? {
                return Ok(Some(page));
            }
            let page = |connection: &_| query::query(connection, &self.dict, scope, query, Pace::Brief);
            match pool::snapshot(connection, page) {
                Ok(page) => Ok(Some(page)),
                Err(Fault::TakesLong) => Ok(None),
                Err(fault) => Err(fault),
            }
        })?;
        if let Some(page) = brief {
            return Ok(page);
        }
        let (readers, dict, query) = (self.readers.clone(), self.dict.clone(), query.clone());
        let read = move || readers.snapshot(|connection| query::query(connection, &dict, scope, &query, Pace::Long));
        self.long.run(scope, read).await
    }

    async fn edges(&self, scope: Scope, query: &EdgeQuery) -> Result<EdgePage, StoreError> {
        self.readers.with(|connection| match edges::direct(connection, &self.dict, scope, query)? {
            Some(page) => Ok(page),
            None => pool::snapshot(connection, |connection| edges::edges(connection, &self.dict, scope, query)),
        })
    }

    async fn commit(&self, scope: Scope, changes: ChangeSet) -> Result<Receipt, StoreError> {
        self.writer.commit(scope, changes).await
    }

    async fn explain(&self, scope: Scope, query: &Query) -> Result<Explanation, StoreError> {
        self.readers.snapshot(|connection| query::explain(connection, &self.dict, scope, query))
    }

    async fn outdated(
        &self,
        scope: Scope,
        kind: &Kind,
        declaration: &str,
        after: Option<&ResourceId>,
        limit: u32,
    ) -> Result<Vec<Stored>, StoreError> {
        self.readers
            .snapshot(|connection| outdated::outdated(connection, &self.dict, scope, kind, declaration, after, limit))
    }

    async fn changes(&self, query: &FeedQuery) -> Result<ChangePage, StoreError> {
        self.readers.snapshot(|connection| feed::changes(connection, &self.dict, query))
    }
}
