//! The databases: one is filled, the other is its copy. Small groups have users that no other small group of their size
//! has; the largest group has everybody but those who are there to be added.

use crate::people::{changes, group, key, member, relate, scope, user};
use crate::process::config;
use scimstack_store::{EdgeChange, Key, Op, Store};
use scimstack_store_postgres::PostgresStore;
use scimstack_store_sqlite::{SqliteOptions, SqliteStore};

/// The group that has everybody.
pub(crate) const LARGE: &str = "group-large";

/// Users that are in no group.
pub(crate) const SPARE: usize = 12_000;

/// How many groups of a small size there are.
fn groups(size: usize) -> usize {
    if size == 10 { 500 } else { 20 }
}

/// The name of one of the small groups.
pub(crate) fn small(size: usize, n: usize) -> String {
    format!("group-{size}-{}", n % groups(size))
}

/// Makes what a first start makes; the token.
pub(crate) async fn first_start(database: &str) -> String {
    let running = haystack_server::start(config(database)).await.unwrap();
    let tenant = running.state.admin.tenant("demo").await.unwrap();
    assert_eq!(scimstack_store::Scope::Tenant(tenant.id), scope(), "the people belong to the first tenant");
    let token = running.first_start.as_ref().unwrap().token.clone();
    running.stop().await.unwrap();
    token
}

/// Fills an SQLite file and copies it.
pub(crate) async fn sqlite(path: &std::path::Path, copy: &std::path::Path, users: usize) {
    let store = SqliteStore::open(path, SqliteOptions::default()).unwrap();
    fill(&store, users).await;
    // The store looks at how much there is of everything when it is closed: a plan for the few rows of a first start is none
    // for so many.
    drop(store);
    let store = SqliteStore::open(path, SqliteOptions::default()).unwrap();
    store.backup(copy).unwrap();
}

/// Fills a PostgreSQL database and copies it.
pub(crate) async fn postgres(url: &str, copy: &str, users: usize) {
    let store = PostgresStore::connect(url).await.unwrap();
    fill(&store, users).await;
    drop(store);
    let sql = |url: String, sql: &'static str| async move {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
    };
    let other = url.replace("/postgres?", "/template1?");
    sql(other.clone(), CLOSE).await;
    sql(other, "CREATE DATABASE bare TEMPLATE postgres").await;
    for url in [url, copy] {
        sql(url.to_owned(), "VACUUM ANALYZE").await;
    }
}

/// A database that somebody is connected to cannot be copied.
const CLOSE: &str = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'postgres'";

async fn fill(store: &impl Store, users: usize) {
    let everybody: Vec<usize> = (0..users + SPARE).collect();
    for some in everybody.chunks(1_000) {
        store.commit(scope(), changes(some.iter().copied().map(user))).await.unwrap();
    }
    for size in [10, 1_000] {
        for n in 0..groups(size) {
            let members = (n * size..(n + 1) * size).map(|n| n % users);
            store.commit(scope(), changes(named(&small(size, n), members))).await.unwrap();
        }
    }
    store.commit(scope(), changes(named(LARGE, 0..users))).await.unwrap();
}

/// A group with its members.
fn named(id: &str, members: impl Iterator<Item = usize>) -> Vec<Op> {
    let (_, op) = group(0);
    let Op::Create { mut record, .. } = op else { unreachable!("a group is created") };
    let text = String::from_utf8(record.doc.to_vec()).unwrap();
    record.doc = text.replace("group-0", id).into_bytes().into();
    let source: Key = key("Group", id);
    let add = EdgeChange { replace: Some(members.map(member).collect()), steps: Vec::new() };
    vec![Op::Create { key: source.clone(), record }, relate(&source, add)]
}
