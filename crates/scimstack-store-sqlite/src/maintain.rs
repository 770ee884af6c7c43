//! Looking after a database: copying it while it is in use, and checking it.
//! Left out: bringing a copy back ([`mod@crate::restore`]).

use crate::fault::Fault;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Why a copy was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is a file already; it is not overwritten.
    #[error("there is a file of that name already; a backup never overwrites one")]
    Exists,
    /// The file cannot be made or written.
    #[error("the backup cannot be written")]
    Write(#[source] std::io::Error),
    /// SQLite refused.
    #[error("the database cannot be copied")]
    Failed(#[from] rusqlite::Error),
}

/// How far a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupProgress {
    /// Bytes copied.
    pub done: u64,
    /// Bytes there are to copy.
    pub total: u64,
}

/// How many pages are copied between two words about it: 32 MiB.
const STEP_PAGES: i32 = 4096;

/// Copies the whole database, in the state it has now, into a new file. The file gets its name when it is whole.
pub(crate) fn backup(
    from: &Connection,
    path: &Path,
    progress: &mut dyn FnMut(BackupProgress),
) -> Result<(), BackupError> {
    if path.symlink_metadata().is_ok() {
        return Err(BackupError::Exists);
    }
    let unfinished = beside(path, ".partial");
    // Made here, so that two backups cannot write the same file.
    File::create_new(&unfinished).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => BackupError::Write(std::io::Error::new(
            error.kind(),
            format!(
                "{} is there: another backup is writing it, or one was cut off; in the second case remove it",
                unfinished.display()
            ),
        )),
        _ => BackupError::Write(error),
    })?;
    let copied = copy(from, &unfinished, progress).and_then(|()| place(&unfinished, path).map_err(BackupError::from));
    if copied.is_err() {
        // What is there is no backup.
        remove(&unfinished);
    }
    copied
}

impl From<PlaceError> for BackupError {
    fn from(error: PlaceError) -> Self {
        match error.0.kind() {
            ErrorKind::AlreadyExists => Self::Exists,
            _ => Self::Write(error.0),
        }
    }
}

fn copy(from: &Connection, path: &Path, progress: &mut dyn FnMut(BackupProgress)) -> Result<(), BackupError> {
    // One state for the whole of it: readers and the writer go on meanwhile, and nothing they do makes it begin again.
    let snapshot = from.unchecked_transaction()?;
    let page_bytes: u64 = snapshot.pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0))?.into();
    snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut to = Connection::open_with_flags(path, flags)?;
    let backup = Backup::new(&snapshot, &mut to)?;
    loop {
        let step = backup.step(STEP_PAGES)?;
        let pages = backup.progress();
        let bytes = |pages: i32| u64::try_from(pages).unwrap_or(0) * page_bytes;
        progress(BackupProgress { done: bytes(pages.pagecount - pages.remaining), total: bytes(pages.pagecount) });
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => {
                let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
                return Err(rusqlite::Error::SqliteFailure(busy, None).into());
            }
        }
    }
    drop(backup);
    to.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// The file that stands beside `path` with `ending` after its name.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Removes a database file that is not wanted after all, with what SQLite keeps beside it.
pub(crate) fn remove(path: &Path) {
    for ending in ["", "-wal", "-shm", "-journal"] {
        // What cannot be removed stays; there is nobody to tell who was not told something worse already.
        let _ = std::fs::remove_file(beside(path, ending));
    }
}

/// A finished file could not get its name.
#[derive(Debug)]
pub(crate) struct PlaceError(pub(crate) std::io::Error);

/// Gives a finished file its name, where there is none of that name, and makes both durable.
pub(crate) fn place(finished: &Path, path: &Path) -> Result<(), PlaceError> {
    let named = || {
        File::open(finished)?.sync_all()?;
        match std::fs::hard_link(finished, path) {
            Ok(()) => std::fs::remove_file(finished)?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
            // A file system without links. Between the look and the renaming somebody else might take the name.
            Err(_) if path.symlink_metadata().is_ok() => return Err(ErrorKind::AlreadyExists.into()),
            Err(_) => std::fs::rename(finished, path)?,
        }
        sync_directory(path)
    };
    named().map_err(PlaceError)
}

/// Makes the names in a file's directory durable.
pub(crate) fn sync_directory(path: &Path) -> std::io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Only Unix has directories that can be opened; elsewhere renaming is durable by itself or not at all.
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// What must find nothing in a sound database, and what it means when it does.
const CHECKS: &[(&str, &str)] = &[
    (
        "a count of records is wrong",
        "SELECT scope || ' ' || kind FROM (SELECT scope, kind, n FROM kind_count UNION ALL \
         SELECT scope, kind, -count(*) FROM resource GROUP BY scope, kind) GROUP BY scope, kind HAVING sum(n) <> 0",
    ),
    (
        "a record's count of edges is wrong",
        "SELECT r.scope || ' ' || r.id FROM resource r JOIN dict d ON d.num = r.kind WHERE r.edge_count <> \
         (SELECT count(*) FROM edge e JOIN dict f ON f.num = e.relation \
          WHERE e.scope = r.scope AND e.relation = f.num AND e.skind = d.name AND e.sid = r.id AND e.n = 0)",
    ),
    (
        "an edge starts at no record",
        "SELECT e.scope || ' ' || e.sid FROM edge e LEFT JOIN dict d ON d.class = 1 AND d.name = e.skind \
         LEFT JOIN resource r ON r.scope = e.scope AND r.kind = d.num AND r.id = e.sid WHERE r.rid IS NULL",
    ),
    (
        "an edge ends at no record",
        "SELECT e.scope || ' ' || e.tid FROM edge e LEFT JOIN dict d ON d.class = 1 AND d.name = e.tkind \
         LEFT JOIN resource r ON r.scope = e.scope AND r.kind = d.num AND r.id = e.tid \
         WHERE e.pending = 0 AND r.rid IS NULL",
    ),
    (
        "a name is waited for by no pending edge",
        "SELECT w.scope || ' ' || w.value FROM waiting w LEFT JOIN edge e ON e.scope = w.scope AND e.relation = w.relation \
         AND e.skind = w.skind AND e.sid = w.sid AND e.pending = 1 AND e.tkind = '' AND e.tid = w.raw AND e.n = w.n \
         WHERE e.scope IS NULL",
    ),
    (
        "an index entry belongs to no record",
        "SELECT scope || ' ' || rid FROM (SELECT scope, rid FROM av UNION ALL SELECT scope, rid FROM uniq_val \
         UNION ALL SELECT scope, rid FROM name) WHERE rid NOT IN (SELECT rid FROM resource)",
    ),
];

/// The most findings of one kind.
const FINDINGS: usize = 100;

/// What is wrong with the database; nothing, it is to be hoped. Damage that ends a check is a finding too.
pub(crate) fn check(connection: &Connection) -> Result<Vec<String>, Fault> {
    let mut findings = Vec::new();
    let pages = list(connection, "PRAGMA integrity_check(100)", &mut |line| {
        findings.extend(Some(line).filter(|line| line != "ok"));
    });
    findings.extend(damage(pages)?);
    for (meaning, sql) in CHECKS {
        let told = list(connection, sql, &mut |found| findings.push(format!("{meaning}: {found}")));
        findings.extend(damage(told)?.map(|damage| format!("whether {meaning} cannot be told: {damage}")));
    }
    Ok(findings)
}

fn list(connection: &Connection, sql: &str, found: &mut dyn FnMut(String)) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    for line in statement.query_map([], |row| row.get(0))?.take(FINDINGS) {
        found(line?);
    }
    Ok(())
}

/// What broke off a check, when it is the database's fault.
fn damage(told: rusqlite::Result<()>) -> Result<Option<String>, Fault> {
    let Err(error) = told else { return Ok(None) };
    let code = match &error {
        rusqlite::Error::SqlInputError { error, .. } => Some(error.code),
        other => other.sqlite_error_code(),
    };
    match code {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Ok(Some(error.to_string())),
        _ => Err(error.into()),
    }
}
