//! Opening: what is made, what is refused and why, and what is left untouched.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod common;

use common::{commit, exists, user};
use rusqlite::Connection;
use scimstack_store::{Store, StoreError};
use scimstack_store_sqlite::{BackupError, OpenError, SqliteOptions, SqliteStore};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("scim.db");
    (directory, path)
}

fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(path, SqliteOptions::default().with_busy_timeout(Duration::from_millis(50)))
}

fn pragma(path: &Path, name: &str) -> String {
    let connection = Connection::open(path).unwrap();
    connection
        .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
        .map(|value| format!("{value:?}"))
        .unwrap()
}

#[test]
fn a_new_file_is_made_and_is_there_when_opened_again() {
    let (_directory, path) = place();
    let store = open(&path).unwrap();
    assert!(store.capabilities().durable);
    commit(&store, vec![user("u1", "ann")]).unwrap();
    drop(store);
    assert_eq!(pragma(&path, "page_size"), "Integer(8192)");
    assert_eq!(pragma(&path, "journal_mode"), "Text(\"wal\")");
    assert_eq!(pragma(&path, "application_id"), "Integer(1396919635)");
    let again = open(&path).unwrap();
    assert!(exists(&again, "User", "u1"));
    assert_eq!(again.integrity_check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_store_in_memory_does_not_promise_to_last() {
    assert!(!SqliteStore::in_memory().unwrap().capabilities().durable);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let (_directory, path) = place();
    let garbage = "this is not a database, whatever its name says. ".repeat(50);
    std::fs::write(&path, &garbage).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, OpenError::NotADatabase(_)), "{error:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), garbage);
}

#[test]
fn a_database_of_something_else_is_refused_and_left_as_it_is() {
    let (_directory, path) = place();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE bookmark(url TEXT)").unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Foreign), "{error:?}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_says_which() {
    let (_directory, path) = place();
    drop(open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.execute("INSERT INTO schema_migration(version, name) VALUES(99, 'later')", []).unwrap();
    drop(connection);
    let error = open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 99, known: 5 }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the database has version 99 and this library knows versions up to 5; use a newer release"
    );
}

#[test]
fn a_directory_that_is_not_there_cannot_hold_a_database() {
    let (directory, _) = place();
    let error = open(&directory.path().join("missing").join("scim.db")).unwrap_err();
    assert!(matches!(error, OpenError::Failed(_)), "{error:?}");
}

#[test]
fn while_another_writes_commits_are_unavailable_and_reads_go_on() {
    let (_directory, path) = place();
    let store = open(&path).unwrap();
    commit(&store, vec![user("u1", "ann")]).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = commit(&store, vec![user("u2", "bob")]);
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(exists(&store, "User", "u1"));
    assert!(!exists(&store, "User", "u2"));
    other.execute_batch("ROLLBACK").unwrap();
    commit(&store, vec![user("u2", "bob")]).unwrap();
    assert!(exists(&store, "User", "u2"));
}

#[test]
fn a_file_that_another_has_for_itself_is_reported_as_locked() {
    let (_directory, path) = place();
    drop(open(&path).unwrap());
    let other = Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Locked(_)), "{error:?}");
}

#[test]
fn many_may_make_the_same_file_at_once() {
    let (_directory, path) = place();
    let options = SqliteOptions::default();
    let openers: Vec<_> = (0..8)
        .map(|n| {
            let (path, options) = (path.clone(), options.clone());
            std::thread::spawn(move || {
                let store = SqliteStore::open(path, options).unwrap();
                commit(&store, vec![user(&format!("u{n}"), &format!("name{n}"))]).unwrap();
            })
        })
        .collect();
    openers.into_iter().for_each(|opener| opener.join().unwrap());
    let store = open(&path).unwrap();
    assert!((0..8).all(|n| exists(&store, "User", &format!("u{n}"))));
}

#[test]
fn a_backup_is_a_database_of_its_own_with_what_was_there() {
    let (directory, path) = place();
    let copy = directory.path().join("copy.db");
    let store = open(&path).unwrap();
    commit(&store, vec![user("u1", "ann")]).unwrap();
    store.backup(&copy).unwrap();
    commit(&store, vec![user("u2", "bob")]).unwrap();
    assert!(matches!(store.backup(&copy), Err(BackupError::Exists)));

    let restored = open(&copy).unwrap();
    assert!(exists(&restored, "User", "u1"));
    assert!(!exists(&restored, "User", "u2"));
    assert_eq!(restored.integrity_check().unwrap(), Vec::<String>::new());
    commit(&restored, vec![user("u3", "cleo")]).unwrap();
    assert!(!exists(&store, "User", "u3"));
}

#[test]
fn a_store_in_memory_can_be_backed_up_too() {
    let (_directory, path) = place();
    let store = SqliteStore::in_memory().unwrap();
    commit(&store, vec![user("u1", "ann")]).unwrap();
    store.backup(&path).unwrap();
    assert!(exists(&open(&path).unwrap(), "User", "u1"));
}

#[test]
fn a_check_finds_what_was_tampered_with() {
    let (_directory, path) = place();
    let store = open(&path).unwrap();
    commit(&store, vec![user("u1", "ann"), common::group("g1"), common::add("g1", &["u1", "nobody"])]).unwrap();
    assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new());
    let connection = Connection::open(&path).unwrap();
    for (tampering, finding) in [
        ("UPDATE kind_count SET n = n + 1", "a count of records is wrong"),
        ("UPDATE resource SET edge_count = 7 WHERE id = 'g1'", "a record's count of edges is wrong"),
        ("UPDATE edge SET tid = 'u9' WHERE pending = 0", "an edge ends at no record"),
        ("UPDATE edge SET sid = 'g9'", "an edge starts at no record"),
        ("DELETE FROM edge WHERE pending = 1", "a name is waited for by no pending edge"),
        (
            "INSERT INTO name(scope, key, value, kind, rid) VALUES(1, 3, 'x', 1, 99)",
            "an index entry belongs to no record",
        ),
    ] {
        connection.execute_batch(&format!("BEGIN; {tampering}")).unwrap();
        connection.execute_batch("COMMIT").unwrap();
        let found = store.integrity_check().unwrap();
        assert!(found.iter().any(|line| line.starts_with(finding)), "{tampering}: {found:?}");
    }
}

#[test]
fn a_backup_tells_how_far_it_is_and_appears_whole() {
    let (directory, path) = place();
    let store = open(&path).unwrap();
    commit(&store, vec![user("u1", "ann")]).unwrap();
    let copy = directory.path().join("copy.db");
    let mut seen = Vec::new();
    store
        .backup_with(&copy, |progress| {
            assert!(!copy.exists(), "it has its name only when it is whole");
            seen.push((progress.done, progress.total));
        })
        .unwrap();
    let bytes = copy.metadata().unwrap().len();
    assert_eq!(seen.last(), Some(&(bytes, bytes)));
    assert!(!directory.path().join("copy.db.partial").exists());
}

#[test]
fn a_backup_that_was_cut_off_is_not_written_over() {
    let (directory, path) = place();
    let store = open(&path).unwrap();
    std::fs::write(directory.path().join("copy.db.partial"), "half").unwrap();
    let error = store.backup(directory.path().join("copy.db")).unwrap_err();
    assert!(matches!(&error, BackupError::Write(cause) if cause.to_string().contains("copy.db.partial")), "{error:?}");
    assert_eq!(std::fs::read_to_string(directory.path().join("copy.db.partial")).unwrap(), "half");
}
