//! The schema's versions: each an SQL file that is applied once, in order, in one transaction. A database of a newer
//! version than this library knows is left alone.

use crate::open::OpenError;
use rusqlite::{Connection, TransactionBehavior, params};

/// Marks a database as ours: `SCMS`.
pub(crate) const APPLICATION_ID: i64 = 0x5343_4d53;

struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// All of them; the version is the place in this list, from 1.
const MIGRATIONS: &[Migration] = &[
    Migration { name: "initial", sql: include_str!("../migrations/0001_initial.sql") },
    Migration { name: "inactive", sql: include_str!("../migrations/0002_inactive.sql") },
    Migration { name: "retention", sql: include_str!("../migrations/0003_retention.sql") },
    Migration { name: "indexing", sql: include_str!("../migrations/0004_indexing.sql") },
    Migration { name: "nowhere", sql: include_str!("../migrations/0005_nowhere.sql") },
];

/// The version this library writes.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.len().try_into().unwrap_or(i64::MAX)
}

/// Brings the database to the newest version. Several processes may do it at once; one does the work.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    if is_ours(connection)? && version(connection)? == newest() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut version = match is_ours(&transaction)? {
        true => version(&transaction)?,
        false => 0,
    };
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_migration(version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT",
    )?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        version += 1;
        transaction.execute_batch(migration.sql)?;
        transaction
            .execute("INSERT INTO schema_migration(version, name) VALUES(?1, ?2)", params![version, migration.name])?;
    }
    transaction.commit()?;
    Ok(())
}

/// Refuses a database that [`migrate`] would refuse, without writing to it.
pub(crate) fn check(connection: &Connection) -> Result<(), OpenError> {
    if is_ours(connection)? {
        version(connection)?;
    }
    Ok(())
}

/// True for a database this library made, false for an empty one.
fn is_ours(connection: &Connection) -> Result<bool, OpenError> {
    // In one statement, so that both are of the same moment: someone else may be making the database just now.
    let both = "SELECT (SELECT application_id FROM pragma_application_id), (SELECT count(*) FROM sqlite_schema)";
    let (id, tables): (i64, i64) = connection.query_row(both, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if id == APPLICATION_ID {
        return Ok(true);
    }
    if id == 0 && tables == 0 {
        return Ok(false);
    }
    Err(OpenError::Foreign)
}

/// The version of a database of ours.
fn version(connection: &Connection) -> Result<i64, OpenError> {
    let version: Option<i64> =
        connection.query_row("SELECT max(version) FROM schema_migration", [], |row| row.get(0))?;
    match version {
        Some(found) if found > newest() => Err(OpenError::Newer { found, known: newest() }),
        Some(found) => Ok(found),
        None => Err(OpenError::Foreign),
    }
}
