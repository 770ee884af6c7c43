//! How a database file is opened: options, the settings of each connection, and why it may be refused.

use crate::migrate;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How much memory and time a [`crate::SqliteStore`] may take, and how safe a commit is.
///
/// ```
/// use scimstack_store_sqlite::{SqliteOptions, Synchronous};
/// use std::time::Duration;
///
/// let options = SqliteOptions::default().with_readers(8).with_busy_timeout(Duration::from_secs(2));
/// assert_eq!(options.synchronous, Synchronous::Full);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// The most connections that read at once; at least one. Further readers wait for one of them. By default as many as
    /// there are processors, at least 4.
    pub readers: usize,
    /// How many threads answer the questions that take longer than about a millisecond, each with one of
    /// [`SqliteOptions::readers`] while it does; at least one. They bound what such questions, of all tenants together, take
    /// of the processors. By default half as many as there are processors.
    pub long_readers: usize,
    /// The page cache in bytes, divided over all connections. By default 64 MiB.
    pub cache_bytes: u64,
    /// How long to wait for another process that is writing, before a call fails with
    /// [`scimstack_store::StoreError::Unavailable`]. By default 10 seconds.
    pub busy_timeout: Duration,
    /// When an acknowledged commit is safe. By default [`Synchronous::Full`].
    pub synchronous: Synchronous,
}

/// When an acknowledged commit is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Synchronous {
    /// At once: it survives a loss of power. Commits that come together share one write to the disk, so this costs little.
    Full,
    /// It survives the end of the process. A loss of power may take the last commits, but never leaves half of one.
    Normal,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            readers: std::thread::available_parallelism().map_or(4, |n| n.get().max(4)),
            long_readers: std::thread::available_parallelism().map_or(1, |n| (n.get() / 2).max(1)),
            cache_bytes: 64 * 1024 * 1024,
            busy_timeout: Duration::from_secs(10),
            synchronous: Synchronous::Full,
        }
    }
}

impl SqliteOptions {
    /// Sets [`SqliteOptions::readers`].
    #[must_use]
    pub fn with_readers(mut self, readers: usize) -> Self {
        self.readers = readers;
        self
    }

    /// Sets [`SqliteOptions::long_readers`].
    #[must_use]
    pub fn with_long_readers(mut self, threads: usize) -> Self {
        self.long_readers = threads;
        self
    }

    /// Sets [`SqliteOptions::cache_bytes`].
    #[must_use]
    pub fn with_cache_bytes(mut self, bytes: u64) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Sets [`SqliteOptions::busy_timeout`].
    #[must_use]
    pub fn with_busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Sets [`SqliteOptions::synchronous`].
    #[must_use]
    pub fn with_synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file is no SQLite database.
    #[error("the file is not an SQLite database, or is damaged")]
    NotADatabase(#[source] rusqlite::Error),
    /// The file is an SQLite database of something else.
    #[error("the file is an SQLite database, but not one of scimstack's")]
    Foreign,
    /// The database was written by a newer version of this library.
    #[error("the database has version {found} and this library knows versions up to {known}; use a newer release")]
    Newer {
        /// The version it has.
        found: i64,
        /// The newest version this library knows.
        known: i64,
    },
    /// Another process holds the database for itself.
    #[error("the database is locked by another process")]
    Locked(#[source] rusqlite::Error),
    /// The file system or SQLite refused.
    #[error("the database cannot be opened")]
    Failed(#[source] rusqlite::Error),
    /// The threads that write, and read what takes long, cannot be started.
    #[error("a thread of the store cannot be started")]
    Thread(#[source] std::io::Error),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::NotADatabase(error),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(error),
            _ => Self::Failed(error),
        }
    }
}

/// Pages of 8 KiB hold several documents with their columns.
const PAGE_BYTES: i64 = 8192;
/// How much of the file may be read through the page cache of the operating system without copying.
const MMAP_BYTES: i64 = 128 * 1024 * 1024;
/// After how many pages in the log they are moved into the file.
const CHECKPOINT_PAGES: i64 = 4000;
/// More than there are different statements.
const STATEMENTS: usize = 512;

/// Where the database is and how its connections are set up.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    path: PathBuf,
    options: SqliteOptions,
}

impl Location {
    pub(crate) fn new(path: &Path, options: SqliteOptions) -> Self {
        Self { path: path.to_owned(), options }
    }

    pub(crate) fn readers(&self) -> usize {
        self.options.readers.max(1)
    }

    /// One reader is left to whoever asks for little, where there are several.
    pub(crate) fn long_readers(&self) -> usize {
        self.options.long_readers.clamp(1, (self.readers() - 1).max(1))
    }

    /// As [`Location::writer`], of the file that has the name then: a backup may be put in its place while this waits.
    pub(crate) fn settled_writer(&self) -> Result<Connection, OpenError> {
        loop {
            let before = identity(&self.path);
            let writer = self.writer()?;
            if before.is_none() || before == identity(&self.path) {
                return Ok(writer);
            }
        }
    }

    /// The connection that writes. Makes the database when there is none and migrates it.
    pub(crate) fn writer(&self) -> Result<Connection, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.options.busy_timeout)?;
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
        // Before anything is written: whether it may be.
        migrate::check(&connection)?;
        write_ahead(&connection, self.options.busy_timeout)?;
        self.set_up(&connection)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        let synchronous = match self.options.synchronous {
            Synchronous::Full => "FULL",
            Synchronous::Normal => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        migrate::migrate(&mut connection)?;
        Ok(connection)
    }

    /// A connection that reads.
    pub(crate) fn reader(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.options.busy_timeout)?;
        self.set_up(&connection)?;
        Ok(connection)
    }

    fn set_up(&self, connection: &Connection) -> rusqlite::Result<()> {
        let connections = self.readers() as u64 + 1;
        let kibibytes = i64::try_from(self.options.cache_bytes / 1024 / connections).unwrap_or(i64::MAX);
        connection.pragma_update(None, "cache_size", -kibibytes.max(256))?;
        connection.pragma_update(None, "mmap_size", MMAP_BYTES)?;
        common(connection)
    }
}

/// Which file has this name, where that can be told.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}

/// Elsewhere a file that is open keeps its name.
#[cfg(not(unix))]
fn identity(_: &Path) -> Option<(u64, u64)> {
    None
}

/// A database in memory: one connection, which both reads and writes.
pub(crate) fn in_memory() -> Result<Connection, OpenError> {
    let mut connection = Connection::open_in_memory()?;
    common(&connection)?;
    migrate::migrate(&mut connection)?;
    Ok(connection)
}

fn common(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // One plan for each statement, whatever its values: else SQLite prepares some anew each time one is bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

/// Turns write-ahead logging on; it stays on in the file. Only the first who opens it has to, and needs the file for
/// itself for a moment, which SQLite's own waiting does not cover.
fn write_ahead(connection: &Connection, patience: Duration) -> Result<(), OpenError> {
    const PAUSE: Duration = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    loop {
        let mode: rusqlite::Result<String> =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match mode.map_err(OpenError::from) {
            Err(OpenError::Locked(_)) if waited < patience => {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            Err(error) => return Err(error),
            Ok(_) => return Ok(()),
        }
    }
}
