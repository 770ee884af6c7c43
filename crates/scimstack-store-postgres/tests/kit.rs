//! Everything the contract promises, by the kit that every store is put through, and what only a server can do to us; on
//! servers of the tests' own.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod cluster;

use cluster::Cluster;
use scimstack_schema::Timestamp;
use scimstack_store::{
    Actor, ChangeSet, Core, Key, Op, Record, ResourceId, Scope, Store, StoreError, TenantId, UniqueValue, Want,
};
use scimstack_store_postgres::{OpenError, PostgresStore};
use scimstack_store_testkit::run;
use tokio_postgres::{Client, NoTls};

fn tenant() -> Scope {
    Scope::Tenant(TenantId::new(1).unwrap())
}

fn user(id: &str) -> Key {
    Key::new("User", ResourceId::new(id).unwrap())
}

fn create(id: &str, core: Core) -> ChangeSet {
    let changes = ChangeSet::new(Timestamp::from_seconds(0), Actor("system".to_owned()), "request-1");
    changes.with(Op::Create { key: user(id), record: Record::new(core, "{}") })
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_keeps_every_promise() {
    let cluster = Cluster::start();
    let report = run(|| async { PostgresStore::connect(&cluster.empty().await).await.unwrap() }).await;
    report.assert_ok();
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_crash_and_the_store_finds_the_server_again() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    store.commit(tenant(), create("u1", Core::default())).await.unwrap();
    cluster.down();
    let answer = store.read(tenant(), &user("u1"), Want::ALL).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    let answer = store.commit(tenant(), create("u2", Core::default())).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    let answer = PostgresStore::connect(&cluster.url()).await;
    assert!(matches!(answer, Err(OpenError::Unavailable(_))), "{answer:?}");
    cluster.up("");
    assert_eq!(store.read(tenant(), &user("u1"), Want::ALL).await.unwrap().unwrap().version.0, 1);
    assert_eq!(store.read(tenant(), &user("u2"), Want::ALL).await.unwrap(), None);
    store.commit(tenant(), create("u2", Core::default())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_lost_during_the_commit_leaves_it_in_doubt_and_asking_again_settles_it() {
    let cluster = Cluster::start();
    PostgresStore::connect(&cluster.url()).await.unwrap();
    cluster.down();
    // A commit that waits for a standby that never comes.
    cluster.up("-c synchronous_standby_names=nobody");
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    let mut changes = create("u1", Core::default());
    changes.idempotency_key = Some("once".to_owned());
    let waiting = {
        let (store, changes) = (store.clone(), changes.clone());
        tokio::spawn(async move { store.commit(tenant(), changes).await })
    };
    let observer = connect(&cluster.url()).await;
    let is_waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    while observer.query_one(is_waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        assert!(!waiting.is_finished(), "the commit does not wait");
    }
    cluster.down();
    let answer = waiting.await.unwrap();
    assert!(matches!(answer, Err(StoreError::InDoubt(_))), "{answer:?}");
    cluster.up("");
    assert!(store.commit(tenant(), changes.clone()).await.unwrap().replayed, "it was written before the wait");
    assert_eq!(store.read(tenant(), &user("u1"), Want::ALL).await.unwrap().unwrap().version.0, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_are_opened_as_far_as_they_are_understood() {
    let cluster = Cluster::start();
    let url = cluster.empty().await;
    let (one, other) = tokio::join!(PostgresStore::connect(&url), PostgresStore::connect(&url));
    assert!(one.is_ok() && other.is_ok(), "several servers open a new database at once: {one:?}, {other:?}");
    let client = connect(&url).await;
    client.execute("INSERT INTO schema_migration(version, name) VALUES(1000, 'later')", &[]).await.unwrap();
    let answer = PostgresStore::connect(&url).await;
    assert!(matches!(answer, Err(OpenError::Newer { found: 1000, .. })), "{answer:?}");
    let answer = PostgresStore::connect("postgres://[").await;
    assert!(matches!(answer, Err(OpenError::Url(_))), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_that_postgresql_cannot_hold_or_index_come_back_and_are_unique() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.empty().await).await.unwrap();
    // Random letters, because a repeated one would be compressed.
    let mut state = 7_u64;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'a' + (state >> 59) as u8 % 26)
    };
    let long: String = (0..10_000).map(|_| letter()).collect();
    for (at, name) in ["a\0b", "a\u{1}b", "a\u{1}\u{1}b", &long, &format!("{long}x")].into_iter().enumerate() {
        let text = Some(name.to_owned());
        let core = Core { unique: text.clone(), external_id: text.clone(), display: text, ..Core::default() };
        let mut changes = create(&format!("u{at}\0"), core.clone());
        let Some(Op::Create { record, .. }) = changes.ops.first_mut() else { panic!("one operation") };
        record.unique = vec![UniqueValue { path: "badge".to_owned(), value: name.to_owned() }];
        store.commit(tenant(), changes).await.unwrap();
        let stored = store.read(tenant(), &user(&format!("u{at}\0")), Want::ALL).await.unwrap().unwrap();
        assert_eq!(stored.core, core);
        let answer = store.commit(tenant(), create("other", core)).await;
        let Err(StoreError::Conflict { holder, .. }) = answer else { panic!("{answer:?}") };
        assert_eq!(holder, Some(user(&format!("u{at}\0"))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_of_one_tenant_does_not_hold_up_another() {
    let cluster = Cluster::start();
    let url = cluster.empty().await;
    let store = PostgresStore::connect(&url).await.unwrap();
    store.commit(tenant(), create("u1", Core::default())).await.unwrap();
    // Somebody holds the record, and with it whoever has the scope's lock.
    let mut holder = connect(&url).await;
    let transaction = holder.transaction().await.unwrap();
    transaction.execute("SELECT 1 FROM resource WHERE id = 'u1' FOR UPDATE", &[]).await.unwrap();
    let held = {
        let store = store.clone();
        let delete = Op::Delete { key: user("u1"), expect: scimstack_store::Expect::Any };
        let changes = ChangeSet::new(Timestamp::from_seconds(0), Actor("system".to_owned()), "request-2").with(delete);
        tokio::spawn(async move { store.commit(tenant(), changes).await })
    };
    let other = Scope::Tenant(TenantId::new(2).unwrap());
    store.commit(other, create("u1", Core::default())).await.unwrap();
    assert!(!held.is_finished());
    transaction.commit().await.unwrap();
    held.await.unwrap().unwrap();
}
