//! One file, several stores and processes: each sees what the others commit, and what was acknowledged survives whoever
//! acknowledged it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod common;

use common::{add, changes, commit, exists, group, key, tenant, user};
use futures_executor::block_on;
use futures_util::future::join_all;
use scimstack_store::{Anchor, EdgeQuery, FeedQuery, FeedScope, Op, Store, StoreError, Want};
use scimstack_store_sqlite::{SqliteOptions, SqliteStore};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("scim.db");
    (directory, path)
}

fn open(path: &PathBuf) -> SqliteStore {
    SqliteStore::open(path, SqliteOptions::default()).unwrap()
}

fn emit(topic: &str, id: &str) -> Op {
    Op::Emit { topic: topic.to_owned(), id: id.to_owned(), key: None, payload: "{}".into() }
}

#[test]
fn two_stores_on_one_file_see_each_others_commits() {
    let (_directory, path) = place();
    let (one, other) = (open(&path), open(&path));
    commit(&one, vec![user("u1", "ann"), group("g1")]).unwrap();
    assert!(exists(&other, "User", "u1"));
    commit(&other, vec![add("g1", &["ann"]), emit("outbox", "e1")]).unwrap();

    let query = EdgeQuery {
        relation: "members".to_owned(),
        anchor: Anchor::Sources(vec![key("Group", "g1")]),
        pending: true,
        peer: true,
        values: true,
        after: None,
        limit: 10,
    };
    let page = block_on(one.edges(tenant(1), &query)).unwrap();
    assert_eq!(page.edges[0].target, Some(key("User", "u1")));
    assert_eq!(page.edges[0].peer.as_ref().unwrap().display.as_deref(), Some("ann"));

    // A name that the other made first must get one number, not two.
    commit(&one, vec![emit("outbox", "e1"), emit("outbox", "e2")]).unwrap();
    let mut feed = FeedQuery::new(FeedScope::All, 100);
    feed.topic = Some("outbox".to_owned());
    for store in [&one, &other] {
        let ids: Vec<_> = block_on(store.changes(&feed)).unwrap().changes.into_iter().map(|c| c.event_id).collect();
        assert_eq!(ids, [Some("e1".to_owned()), Some("e2".to_owned())]);
    }
    let taken = commit(&other, vec![user("u2", "ANN")]);
    assert!(matches!(taken, Err(StoreError::Conflict { .. })), "{taken:?}");
}

#[test]
fn writers_in_two_stores_take_turns_and_none_is_lost() {
    let (_directory, path) = place();
    let stores = [open(&path), open(&path)];
    commit(&stores[0], vec![group("g1")]).unwrap();
    std::thread::scope(|scope| {
        for (n, store) in stores.iter().enumerate() {
            scope.spawn(move || {
                for i in 0..50 {
                    commit(store, vec![user(&format!("u{n}-{i}"), &format!("name{n}-{i}"))]).unwrap();
                    commit(store, vec![add("g1", &[&format!("u{n}-{i}")])]).unwrap();
                }
            });
        }
    });
    let head = block_on(stores[0].read(tenant(1), &key("Group", "g1"), Want::HEAD)).unwrap().unwrap();
    assert_eq!((head.edge_count, head.version.0), (100, 101));
    assert_eq!(stores[1].integrity_check().unwrap(), Vec::<String>::new());
    let feed = block_on(stores[0].changes(&FeedQuery::new(FeedScope::All, 1_000))).unwrap();
    let sequences: Vec<u64> = feed.changes.iter().map(|change| change.position.sequence).collect();
    assert_eq!(sequences, (1..=201).collect::<Vec<_>>());
}

const PATH: &str = "SCIMSTACK_SQLITE_CRASH_PATH";
/// How often the writing process is killed; 10 times unless this says more.
const KILLS: &str = "SCIMSTACK_SQLITE_KILLS";
const ACKNOWLEDGED: &str = "acknowledged ";
const WRITERS: usize = 4;

/// What the child process does: several writers commit for ever, together, and tell what was acknowledged.
fn commit_until_killed(path: PathBuf) {
    let store = &open(&path);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                for round in 0.. {
                    let ids: Vec<String> = (0..4).map(|n| format!("u{writer}-{round}-{n}")).collect();
                    let commits =
                        ids.iter().map(|id| store.commit(tenant(1), changes(vec![user(id, id), add("g1", &[id])])));
                    for (id, result) in ids.iter().zip(block_on(join_all(commits))) {
                        result.unwrap();
                        println!("{ACKNOWLEDGED}{id}");
                    }
                }
            });
        }
    });
}

#[test]
fn what_was_acknowledged_survives_a_process_that_is_killed() {
    if let Ok(path) = std::env::var(PATH) {
        return commit_until_killed(path.into());
    }
    let kills: usize = std::env::var(KILLS).map_or(10, |kills| kills.parse().unwrap());
    let (_directory, path) = place();
    let store = open(&path);
    commit(&store, vec![group("g1")]).unwrap();
    for kill in 0..kills {
        // Not always at the same place: some die while they open the file and make their first commits.
        let enough = 1 + (kill * 37) % 150;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "what_was_acknowledged_survives_a_process_that_is_killed", "--nocapture"])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut acknowledged = Vec::new();
        // Whatever was told before it died counts, also what is read only after the kill.
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            acknowledged.extend(line.unwrap().strip_prefix(ACKNOWLEDGED).map(str::to_owned));
            if acknowledged.len() == enough {
                child.kill().unwrap();
            }
        }
        assert!(!child.wait().unwrap().success());
        assert!(acknowledged.len() >= enough);
        let lost: Vec<&String> = acknowledged.iter().filter(|id| !exists(&store, "User", id)).collect();
        assert!(lost.is_empty(), "kill {kill}, lost: {lost:?}");
        assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new(), "kill {kill}");
        // Each changeset made a person and a membership: both or neither.
        let head = block_on(store.read(tenant(1), &key("Group", "g1"), Want::HEAD)).unwrap().unwrap();
        assert_eq!(head.edge_count, users(&store).len() as u64, "kill {kill}");
        delete_users(&store);
    }
}

fn users(store: &SqliteStore) -> Vec<scimstack_store::Stored> {
    let registry = scimstack_schema::Registry::core();
    let query = scimstack_store::Query::new(common::target(&registry, "User", None), u32::MAX);
    block_on(store.query(tenant(1), &query)).unwrap().items
}

/// The next child is not to meet the names of this one; some were committed without having been told.
fn delete_users(store: &SqliteStore) {
    let delete = |stored: scimstack_store::Stored| Op::Delete { key: stored.key, expect: scimstack_store::Expect::Any };
    commit(store, users(store).into_iter().map(delete).collect()).unwrap();
}
