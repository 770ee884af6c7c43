//! `backup`, `restore`, `check`: looking after a database file. PostgreSQL has tools of its own, which are named.

use super::print;
use crate::database::{Database, open_file};
use crate::error::{Error, chain};
use scimstack_store::StoreError;
use scimstack_store_sqlite::{BackupError, BackupProgress, Restore, RestoreError, SqliteStore};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is done to a database in PostgreSQL instead.
const PG_BACKUP: &str = "this database is in PostgreSQL; make the backup with PostgreSQL's own tool, which works while \
                         servers run: pg_dump --format=custom --file=FILE DATABASE-URL";
const PG_RESTORE: &str = "this database is in PostgreSQL; stop the servers and restore what pg_dump made with \
                          PostgreSQL's own tool: pg_restore --clean --if-exists --single-transaction --dbname=DATABASE-URL \
                          FILE";
const PG_CHECK: &str = "this database is in PostgreSQL; check it with PostgreSQL's own tool: pg_amcheck --heapallindexed \
                        DATABASE";

/// `backup FILE`
pub(crate) async fn backup(database: Database, file: PathBuf) -> Result<ExitCode, Error> {
    let path = path_of(database, PG_BACKUP)?;
    blocking(move || {
        let store = existing(&path)?;
        let mut line = ProgressLine::new();
        let done = store.backup_with(&file, |progress| line.show(progress));
        line.clear();
        done.map_err(|error| match error {
            BackupError::Exists => Error::new(format!(
                "{} is there already, and a backup overwrites nothing. Give another name.",
                file.display()
            )),
            other => Error::new(format!("no backup was made at {}: {}", file.display(), chain(&other))),
        })?;
        let bytes = file.metadata().map_or(0, |file| file.len());
        print(&format!("{} holds a backup of {} ({})", file.display(), path.display(), size(bytes)));
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// `restore FILE`
pub(crate) async fn restore(database: Database, file: PathBuf, replace: bool) -> Result<ExitCode, Error> {
    let path = path_of(database, PG_RESTORE)?;
    blocking(move || {
        let into = path.display();
        Restore::of(&file).replace(replace).at(&path).map_err(|error| match error {
            RestoreError::Exists => Error::new(format!(
                "there is a database at {into} already. To put the backup in its place, for good, say --replace."
            )),
            RestoreError::InUse => Error::new(format!(
                "the database at {into} is in use. Stop the servers on it, wait for commands to end, and try again."
            )),
            other => Error::new(format!(
                "{} was not restored: {}. What was at {into} is as it was.",
                file.display(),
                chain(&other)
            )),
        })?;
        print(&format!("{into} holds what {} had", file.display()));
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// `check`
pub(crate) async fn check(database: Database) -> Result<ExitCode, Error> {
    let path = path_of(database, PG_CHECK)?;
    blocking(move || {
        let findings = match existing(&path)?.integrity_check() {
            Ok(findings) => findings,
            // So damaged that the check cannot be finished.
            Err(error @ StoreError::Internal(_)) => vec![chain(&error)],
            Err(error) => return Err(error.into()),
        };
        if findings.is_empty() {
            print(&format!("{} is sound", path.display()));
            return Ok(ExitCode::SUCCESS);
        }
        findings.iter().for_each(|finding| print(finding));
        Err(Error::new(format!(
            "{} is damaged. Keep a copy of it and the files beside it, and restore the last good backup.",
            path.display()
        )))
    })
    .await
}

/// The file; or what to do instead.
fn path_of(database: Database, postgres: &str) -> Result<PathBuf, Error> {
    match database {
        Database::File(path) => Ok(path),
        Database::Memory => Err(Error::usage(
            "sqlite::memory: is a database inside one server process; a command cannot reach it. \
             Start the server with --database sqlite:FILE and give the same to this command.",
        )),
        Database::Postgres(_) => Err(Error::usage(postgres)),
    }
}

/// Opens a database that is there; makes none.
fn existing(path: &Path) -> Result<SqliteStore, Error> {
    if !path.exists() {
        return Err(Error::new(format!(
            "there is no database at {}. Name the one you mean with --database sqlite:FILE.",
            path.display()
        )));
    }
    open_file(path)
}

async fn blocking(work: impl FnOnce() -> Result<ExitCode, Error> + Send + 'static) -> Result<ExitCode, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::new(format!("this came to a bad end: {e}")))?
}

/// One line at a terminal that says how far it is.
struct ProgressLine {
    is_shown: bool,
}

impl ProgressLine {
    fn new() -> Self {
        Self { is_shown: std::io::stderr().is_terminal() }
    }

    fn show(&self, BackupProgress { done, total, .. }: BackupProgress) {
        if self.is_shown {
            let percent = done.saturating_mul(100).checked_div(total).unwrap_or(100);
            let _ = write!(std::io::stderr(), "\r{percent:3} % of {}   ", size(total));
        }
    }

    fn clear(&mut self) {
        if self.is_shown {
            let _ = write!(std::io::stderr(), "\r{:40}\r", "");
        }
    }
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
