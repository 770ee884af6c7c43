//! Bringing a backup back: checked before anything is touched, put in place in one step, never under a server's feet.
//! Left out: making backups ([`crate::SqliteStore::backup`]).
//!
//! ```
//! use scimstack_store_sqlite::{Restore, RestoreError, SqliteOptions, SqliteStore};
//!
//! let directory = tempfile::tempdir()?;
//! let (database, backup) = (directory.path().join("scim.db"), directory.path().join("monday.db"));
//! let store = SqliteStore::open(&database, SqliteOptions::default())?;
//! store.backup(&backup)?;
//! assert!(matches!(Restore::of(&backup).at(&database), Err(RestoreError::Exists)));
//! assert!(matches!(Restore::of(&backup).replace(true).at(&database), Err(RestoreError::InUse)));
//! drop(store);
//! Restore::of(&backup).replace(true).at(&database)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::maintain::{beside, place, remove, sync_directory};
use crate::migrate::APPLICATION_ID;
use crate::{OpenError, SqliteOptions, SqliteStore};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use scimstack_store::StoreError;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Puts a backup in the place of a database.
#[derive(Clone, Debug)]
pub struct Restore {
    backup: PathBuf,
    replace: bool,
}

/// Why a backup was not restored. What was there before is there still.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The backup cannot be read.
    #[error("the backup cannot be read")]
    Read(#[source] std::io::Error),
    /// The file is no backup of a scimstack database.
    #[error("the file is no backup of a scimstack database")]
    NotABackup,
    /// The file is a database in use, or was not closed: a part of it is in the file beside it.
    #[error(
        "the file is a database that is in use or was not closed, for there is a \"-wal\" file beside it; make a backup \
             of it and restore that"
    )]
    NotClosed,
    /// The backup cannot be opened: of a newer version, perhaps.
    #[error("the backup cannot be opened")]
    Open(#[from] OpenError),
    /// The backup is damaged. Each line says how.
    #[error("the backup is damaged: {}", .0.join("; "))]
    Damaged(Vec<String>),
    /// The backup's check could not be finished.
    #[error("the backup cannot be checked")]
    Check(#[source] StoreError),
    /// There is a database, and it was not said to be replaced.
    #[error("there is a database already")]
    Exists,
    /// A server or a command has the database open.
    #[error("the database is in use; stop the servers on it first")]
    InUse,
    /// What is to be replaced is no database that SQLite can close properly.
    #[error(
        "the database that is to be replaced is damaged; move it and the files beside it (\"-wal\", \"-shm\") away, then \
             restore"
    )]
    Old(#[source] rusqlite::Error),
    /// The unfinished copy of another restore is there.
    #[error("{} is there: another restore is writing it, or one was cut off; in the second case remove it", .0.display())]
    Unfinished(PathBuf),
    /// The copy cannot be written or put in place.
    #[error("the database cannot be written")]
    Write(#[source] std::io::Error),
}

impl Restore {
    /// Of this file, which is only read.
    #[must_use]
    pub fn of(backup: impl Into<PathBuf>) -> Self {
        Self { backup: backup.into(), replace: false }
    }

    /// Whether a database that is there gives way.
    #[must_use]
    pub fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }

    /// Copies the backup beside `database`, brings the copy to this library's version, checks it, and gives it the name
    /// in one step. Blocks the thread until it is done.
    ///
    /// # Errors
    /// With any error everything is as it was.
    pub fn at(self, database: impl AsRef<Path>) -> Result<(), RestoreError> {
        let database = database.as_ref();
        look_at(&self.backup)?;
        if !self.replace && is_there(database) {
            return Err(RestoreError::Exists);
        }
        // Asked now so that nobody waits for the copy in vain; what counts is asked again at the end.
        if is_there(database) {
            drop(sole(database)?);
        }
        let copy = beside(database, ".restoring");
        File::create_new(&copy).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => RestoreError::Unfinished(copy.clone()),
            _ => RestoreError::Write(error),
        })?;
        let restored = self.through(&copy, database);
        if restored.is_err() {
            remove(&copy);
        }
        restored
    }

    fn through(&self, copy: &Path, database: &Path) -> Result<(), RestoreError> {
        std::fs::copy(&self.backup, copy).map_err(RestoreError::Write)?;
        let store = SqliteStore::open(copy, SqliteOptions::default())?;
        let findings = store.integrity_check().map_err(RestoreError::Check)?;
        // Closed, it is one file.
        drop(store);
        if !findings.is_empty() {
            return Err(RestoreError::Damaged(findings));
        }
        if !(self.replace && is_there(database)) {
            return place(copy, database).map_err(|error| match error.0.kind() {
                ErrorKind::AlreadyExists => RestoreError::Exists,
                _ => RestoreError::Write(error.0),
            });
        }
        let replace = || {
            File::open(copy)?.sync_all()?;
            std::fs::rename(copy, database)?;
            sync_directory(database)
        };
        // Held until the new one has the name: who opens the old one now waits, and then notices.
        let _old = sole(database)?;
        replace().map_err(RestoreError::Write)
    }
}

/// A database, or what a database left behind and would be taken for a part of the new one.
fn is_there(database: &Path) -> bool {
    ["", "-wal", "-journal"].iter().any(|ending| beside(database, ending).symlink_metadata().is_ok())
}

/// Refuses what cannot be a backup, without SQLite, which would make a database of an empty file.
fn look_at(backup: &Path) -> Result<(), RestoreError> {
    let mut head = Vec::new();
    let file = File::open(backup).map_err(RestoreError::Read)?;
    file.take(72).read_to_end(&mut head).map_err(RestoreError::Read)?;
    let id = head.get(68..72).and_then(|id| id.try_into().ok()).map(u32::from_be_bytes);
    if !head.starts_with(b"SQLite format 3\0") || id.map(i64::from) != Some(APPLICATION_ID) {
        return Err(RestoreError::NotABackup);
    }
    let log = beside(backup, "-wal").metadata();
    if log.is_ok_and(|log| log.len() > 0) {
        return Err(RestoreError::NotClosed);
    }
    Ok(())
}

/// The database, held by nobody else and whole in its one file, for as long as the connection lives.
fn sole(database: &Path) -> Result<Connection, RestoreError> {
    let held = || {
        let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Only who has the file alone may turn the log off; that moves what it holds into the file.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        connection.execute_batch("BEGIN EXCLUSIVE")?;
        Ok(connection)
    };
    held().map_err(|error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => RestoreError::InUse,
        _ => RestoreError::Old(error),
    })
}
