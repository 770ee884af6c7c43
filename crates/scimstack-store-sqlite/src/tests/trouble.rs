//! A writer in trouble: whoever waits is told, and what can go on does.

use super::common::{add, changes, commit, exists, group, tenant, user};
use crate::dict::Dict;
use crate::writer::Writer;
use crate::{SqliteStore, open};
use futures_executor::block_on;
use futures_util::FutureExt;
use futures_util::future::join_all;
use rusqlite::Connection;
use scimstack_store::{ChangeSet, Op, Receipt, Store, StoreError};
use std::sync::{Arc, Mutex};

fn of(ops: Vec<Op>) -> ChangeSet {
    changes(ops)
}

fn commit_to(writer: &Writer, all: Vec<ChangeSet>) -> Vec<Result<Receipt, StoreError>> {
    block_on(join_all(all.into_iter().map(|changes| writer.commit(tenant(1), changes))))
}

#[test]
fn a_writer_that_panics_tells_who_waits_and_goes_on() {
    let store = SqliteStore::in_memory().unwrap();
    store.writer.probe().stumble_next();
    let told = commit(&store, vec![user("u1", "ann")]);
    assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
    assert!(!exists(&store, "User", "u1"));
    commit(&store, vec![user("u1", "ann")]).unwrap();
    assert!(exists(&store, "User", "u1"));
}

#[test]
fn a_commit_that_nobody_waits_for_is_done_whole() {
    let store = SqliteStore::in_memory().unwrap();
    let mut forgotten = store.commit(tenant(1), of(vec![user("u1", "ann"), user("u2", "bob")]));
    let _ = (&mut forgotten).now_or_never();
    drop(forgotten);
    // Commits are done in the order in which they came.
    commit(&store, vec![user("u3", "cleo")]).unwrap();
    assert!(exists(&store, "User", "u1") && exists(&store, "User", "u2"));
}

#[test]
fn a_commit_that_was_never_begun_changes_nothing() {
    let store = SqliteStore::in_memory().unwrap();
    drop(store.commit(tenant(1), of(vec![user("u1", "ann")])));
    commit(&store, vec![user("u2", "bob")]).unwrap();
    assert!(!exists(&store, "User", "u1"));
}

#[test]
fn a_store_that_is_dropped_does_what_is_queued() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("scim.db");
    let store = SqliteStore::open(&path, Default::default()).unwrap();
    let queued: Vec<_> = (0..20)
        .map(|n| store.writer.commit(tenant(1), of(vec![user(&format!("u{n}"), &format!("name{n}"))])))
        .collect();
    drop(store);
    assert!(block_on(join_all(queued)).iter().all(Result::is_ok));
    let again = SqliteStore::open(&path, Default::default()).unwrap();
    assert!((0..20).all(|n| exists(&again, "User", &format!("u{n}"))));
}

#[test]
fn names_of_a_changeset_that_failed_are_not_used_by_the_next() {
    let store = SqliteStore::in_memory().unwrap();
    commit(&store, vec![user("u1", "ann")]).unwrap();
    // The kind, the relation and the topic get their numbers in a changeset that is taken back.
    let emit = Op::Emit { topic: "outbox".into(), id: "e1".into(), key: None, payload: "".into() };
    let refused = commit(&store, vec![group("g1"), add("g1", &["u1"]), emit.clone(), user("u1", "bob")]);
    assert!(matches!(refused, Err(StoreError::Exists { op: 3 })), "{refused:?}");
    commit(&store, vec![emit, group("g1"), add("g1", &["u1"])]).unwrap();
    assert!(exists(&store, "Group", "g1"));
    assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new());
}

/// A writer on a database that may not grow.
fn full() -> (Writer, Arc<Mutex<Connection>>) {
    let connection = open::in_memory().unwrap();
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    connection.pragma_update_and_check(None, "max_page_count", pages + 20, |_| Ok(())).unwrap();
    let connection = Arc::new(Mutex::new(connection));
    (Writer::start(connection.clone(), Arc::new(Dict::default())).unwrap(), connection)
}

#[test]
fn a_changeset_that_does_not_fit_is_unavailable_and_the_others_are_done() {
    let (writer, connection) = full();
    let big = {
        let mut op = user("u2", "big");
        if let Op::Create { record, .. } = &mut op {
            record.private = vec![b'x'; 1 << 20].into();
        }
        op
    };
    let all = {
        // So that they wait together.
        let connection = connection.lock().unwrap();
        let all: Vec<_> = [user("u1", "ann"), big, user("u3", "cleo")]
            .into_iter()
            .map(|op| writer.commit(tenant(1), of(vec![op])))
            .collect();
        drop(connection);
        block_on(join_all(all))
    };
    assert!(all[0].is_ok() && all[2].is_ok(), "{all:?}");
    assert!(matches!(all[1], Err(StoreError::Unavailable(_))), "{all:?}");
    let users: i64 =
        connection.lock().unwrap().query_row("SELECT count(*) FROM resource", [], |row| row.get(0)).unwrap();
    assert_eq!(users, 2);
}

#[test]
fn a_full_disk_loses_nothing_and_once_there_is_room_work_goes_on() {
    let (writer, connection) = full();
    let mut acknowledged = 0;
    let refused = loop {
        let name = format!("u{acknowledged}");
        match commit_to(&writer, vec![of(vec![user(&name, &name), group(&format!("g-{name}"))])]).remove(0) {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    assert!(acknowledged > 0);
    let count = |kind: &str| -> i64 {
        let sql = "SELECT count(*) FROM resource JOIN dict ON num = kind WHERE name = ?1";
        connection.lock().unwrap().query_row(sql, [kind], |row| row.get(0)).unwrap()
    };
    assert_eq!((count("User"), count("Group")), (acknowledged, acknowledged), "what was refused left nothing");
    connection.lock().unwrap().pragma_update_and_check(None, "max_page_count", 100_000, |_| Ok(())).unwrap();
    let again = commit_to(&writer, vec![of(vec![user("later", "later"), group("g-later")])]);
    assert!(again[0].is_ok(), "{again:?}");
    assert_eq!((count("User"), count("Group")), (acknowledged + 1, acknowledged + 1));
    assert_eq!(crate::maintain::check(&connection.lock().unwrap()).unwrap(), Vec::<String>::new());
}

#[test]
fn a_transaction_that_is_lost_harms_only_who_lost_it() {
    let connection = open::in_memory().unwrap();
    // As SQLite does with a whole transaction when it is out of memory, say.
    connection
        .execute_batch(
            "CREATE TRIGGER lose AFTER INSERT ON resource WHEN new.id = 'u2' BEGIN SELECT RAISE(ROLLBACK, 'lost'); END",
        )
        .unwrap();
    let connection = Arc::new(Mutex::new(connection));
    let writer = Writer::start(connection.clone(), Arc::new(Dict::default())).unwrap();
    let all = {
        let connection = connection.lock().unwrap();
        let ops = ["u1", "u2", "u3"].map(|id| of(vec![user(id, id), group(&format!("g-{id}"))]));
        let all: Vec<_> = ops.into_iter().map(|changes| writer.commit(tenant(1), changes)).collect();
        drop(connection);
        block_on(join_all(all))
    };
    let done: Vec<bool> = all.iter().map(Result::is_ok).collect();
    assert_eq!(done, [true, false, true], "{all:?}");
    let ids: String = connection
        .lock()
        .unwrap()
        .query_row("SELECT group_concat(id, ' ' ORDER BY id) FROM resource", [], |row| row.get(0))
        .unwrap();
    assert_eq!(ids, "g-u1 g-u3 u1 u3");
}

#[test]
fn a_database_that_may_only_be_read_is_unavailable_for_writing() {
    let connection = open::in_memory().unwrap();
    connection.pragma_update(None, "query_only", true).unwrap();
    let writer = Writer::start(Arc::new(Mutex::new(connection)), Arc::new(Dict::default())).unwrap();
    let told = commit_to(&writer, vec![of(vec![user("u1", "ann")])]);
    assert!(matches!(told[0], Err(StoreError::Unavailable(_))), "{told:?}");
}

#[test]
fn a_reader_that_panics_leaves_the_store_usable() {
    let directory = tempfile::tempdir().unwrap();
    let options = crate::SqliteOptions::default().with_readers(1);
    for store in
        [SqliteStore::open(directory.path().join("scim.db"), options).unwrap(), SqliteStore::in_memory().unwrap()]
    {
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            store.readers.snapshot::<()>(|_| panic!("told to"))
        }));
        assert!(panicked.is_err());
        commit(&store, vec![user("u1", "ann")]).unwrap();
        assert!(exists(&store, "User", "u1"));
        store.readers.snapshot(|_| Ok(())).unwrap();
    }
}
