//! The schema's versions: each an SQL file that is applied once, in order, in one transaction. A database of a newer
//! version than this library knows is left alone.

use crate::OpenError;
use deadpool_postgres::Client;

struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// All of them; the version is the place in this list, from 1.
const MIGRATIONS: &[Migration] = &[
    Migration { name: "initial", sql: include_str!("../migrations/0001_initial.sql") },
    Migration { name: "inactive", sql: include_str!("../migrations/0002_inactive.sql") },
    Migration { name: "row level security", sql: include_str!("../migrations/0003_row_level_security.sql") },
    Migration { name: "retention", sql: include_str!("../migrations/0004_retention.sql") },
    Migration { name: "indexing", sql: include_str!("../migrations/0005_indexing.sql") },
    Migration { name: "edges", sql: include_str!("../migrations/0006_edges.sql") },
    Migration { name: "indexed", sql: include_str!("../migrations/0007_indexed.sql") },
    Migration { name: "nowhere", sql: include_str!("../migrations/0008_nowhere.sql") },
];

/// What they say, for checks on all of it.
#[cfg(test)]
pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().map(|migration| migration.sql)
}

/// The advisory lock that whoever migrates holds.
const LOCK: i64 = 0x5343_4d53_0000_0001;

/// Brings the database to the newest version. Several processes may do it at once; one does the work.
pub(crate) async fn migrate(client: &mut Client) -> Result<(), OpenError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let exists = transaction.query_one("SELECT to_regclass('schema_migration') IS NOT NULL", &[]).await?;
    if !exists.try_get::<_, bool>(0)? {
        transaction
            .batch_execute("CREATE TABLE schema_migration(version bigint PRIMARY KEY, name text NOT NULL)")
            .await?;
    }
    let newest = transaction.query_one("SELECT coalesce(max(version), 0) FROM schema_migration", &[]).await?;
    let mut version: i64 = newest.try_get(0)?;
    if version > known {
        return Err(OpenError::Newer { found: version, known });
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        version += 1;
        transaction.batch_execute(migration.sql).await?;
        transaction
            .execute("INSERT INTO schema_migration(version, name) VALUES($1, $2)", &[&version, &migration.name])
            .await?;
    }
    // To another role the policies show nothing: it would look like an empty directory.
    let hidden = transaction.query_one("SELECT row_security_active('resource'), current_user::text", &[]).await?;
    if hidden.try_get(0)? {
        return Err(OpenError::NotOwner { role: hidden.try_get(1)? });
    }
    transaction.commit().await?;
    Ok(())
}
