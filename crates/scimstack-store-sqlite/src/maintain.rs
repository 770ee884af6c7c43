//! Looking after a database: copying it while it is in use, and checking it.

use crate::fault::Fault;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::Path;

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

/// Copies the whole database, in the state it has now, into a new file.
pub(crate) fn backup(from: &Connection, path: &Path) -> Result<(), BackupError> {
    // Made here, so that two backups cannot choose the same file.
    std::fs::File::create_new(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => BackupError::Exists,
        _ => BackupError::Write(error),
    })?;
    copy(from, path).map_err(|error| {
        // What is there is no backup.
        let _ = std::fs::remove_file(path);
        BackupError::Failed(error)
    })
}

fn copy(from: &Connection, path: &Path) -> rusqlite::Result<()> {
    let mut to =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let backup = Backup::new(from, &mut to)?;
    // All at once: readers and the writer go on meanwhile, and nothing they do makes it begin again.
    match backup.step(-1)? {
        StepResult::Done => Ok(()),
        _ => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error { code: ErrorCode::DatabaseBusy, extended_code: rusqlite::ffi::SQLITE_BUSY },
            None,
        )),
    }
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

/// What is wrong with the database; nothing, it is to be hoped.
pub(crate) fn check(connection: &Connection) -> Result<Vec<String>, Fault> {
    let mut findings = Vec::new();
    let mut statement = connection.prepare("PRAGMA integrity_check(100)")?;
    for line in statement.query_map([], |row| row.get::<_, String>(0))? {
        findings.extend(Some(line?).filter(|line| line != "ok"));
    }
    for (meaning, sql) in CHECKS {
        let mut statement = connection.prepare(sql)?;
        for found in statement.query_map([], |row| row.get::<_, String>(0))?.take(FINDINGS) {
            findings.push(format!("{meaning}: {}", found?));
        }
    }
    Ok(findings)
}
