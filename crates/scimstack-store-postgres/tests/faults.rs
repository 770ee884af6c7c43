//! What a server does to its clients: it ends connections, is started anew, picks victims of deadlocks, and cannot always
//! say whether it committed.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod cluster;

use cluster::Cluster;
use scimstack_schema::Timestamp;
use scimstack_store::{
    Actor, ChangeSet, Core, Expect, FeedQuery, FeedScope, Key, Op, Prune, Record, ResourceId, Scope, Store, StoreError,
    Want,
};
use scimstack_store_postgres::PostgresStore;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

const TENANT: u32 = 1;

fn scope() -> Scope {
    Scope::from_number(TENANT)
}

fn user(id: &str) -> Key {
    Key::new("User", ResourceId::new(id).unwrap())
}

fn changes() -> ChangeSet {
    ChangeSet::new(Timestamp::from_seconds(0), Actor("system".to_owned()), "request-1")
}

fn create(id: &str) -> ChangeSet {
    changes().with(Op::Create { key: user(id), record: Record::new(Core::default(), "{}") })
}

fn replace(id: &str) -> Op {
    Op::Replace { key: user(id), expect: Expect::Any, record: Record::new(Core::default(), r#"{"n":1}"#) }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Ends the store's connections of which `which` is true; how many.
async fn end_connections(client: &Client, which: &str) -> i64 {
    let sql = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'scimstack' AND {which}"
    );
    client.query_one(&sql, &[]).await.unwrap().get(0)
}

/// Waits until one of somebody's connections waits for something.
async fn until_waiting(client: &Client, who: &str, what: &str) {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{who}' AND wait_event_type || wait_event = '{what}'"
    );
    while client.query_one(&sql, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::task::yield_now().await;
    }
}

async fn version(store: &PostgresStore, id: &str) -> Option<u64> {
    store.read(scope(), &user(id), Want::ALL).await.unwrap().map(|stored| stored.version.0)
}

async fn entries(store: &PostgresStore) -> usize {
    store.changes(&FeedQuery::new(FeedScope::One(scope()), 100)).await.unwrap().changes.len()
}

/// Calls at the same time, so that the pool has many connections.
async fn all_at_once(store: &PostgresStore) {
    let mut calls = JoinSet::new();
    for _ in 0..16 {
        let store = store.clone();
        calls.spawn(async move { version(&store, "u1").await });
    }
    while let Some(version) = calls.join_next().await {
        assert_eq!(version.unwrap(), Some(1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ended_are_replaced_without_anybody_seeing_it() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    let observer = connect(&cluster.url()).await;
    store.commit(scope(), create("u1")).await.unwrap();
    let mut ended = 0;
    for round in 0..10 {
        all_at_once(&store).await;
        ended += end_connections(&observer, "true").await;
        match round % 2 {
            0 => assert_eq!(version(&store, "u1").await, Some(1)),
            _ => drop(store.commit(scope(), create(&format!("later{round}"))).await.unwrap()),
        }
    }
    assert!(ended > 10, "only {ended} connections were ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_were_ended_because_they_did_nothing_are_replaced() {
    let cluster = Cluster::start();
    let observer = connect(&cluster.url()).await;
    let store =
        PostgresStore::connect(&format!("{} options='-c idle_session_timeout=20ms'", cluster.url())).await.unwrap();
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'scimstack'";
    for round in 0..5 {
        while observer.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            tokio::task::yield_now().await;
        }
        match round % 2 {
            0 => drop(store.commit(scope(), create(&format!("u{round}"))).await.unwrap()),
            _ => assert_eq!(version(&store, "u0").await, Some(1)),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_only_reads_is_read_and_not_available_for_commits() {
    let cluster = Cluster::start();
    let owner = PostgresStore::connect(&cluster.url()).await.unwrap();
    owner.commit(scope(), create("u1")).await.unwrap();
    let url = format!("{} options='-c default_transaction_read_only=on'", cluster.url());
    let standby = PostgresStore::connect(&url).await.unwrap();
    assert_eq!(version(&standby, "u1").await, Some(1));
    let answer = standby.commit(scope(), create("u2")).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert_eq!(version(&owner, "u2").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_is_in_order_where_the_numbers_of_transactions_get_another_digit() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    let numbers = async || {
        let page = store.changes(&FeedQuery::new(FeedScope::One(scope()), 10_000)).await.unwrap();
        page.changes.iter().map(|change| change.position.transaction).collect::<Vec<_>>()
    };
    let mut n = 0;
    // A new cluster begins below 1,000.
    while numbers().await.last().is_none_or(|number| *number < 1_010) {
        for _ in 0..50 {
            n += 1;
            store.commit(scope(), create(&format!("u{n}"))).await.unwrap();
        }
    }
    let numbers = numbers().await;
    assert!(numbers[0] < 1_000 && numbers.is_sorted(), "{numbers:?}");
    let mut backwards = FeedQuery::new(FeedScope::One(scope()), 1);
    backwards.newest_first = true;
    let newest = store.changes(&backwards).await.unwrap().changes[0].position.transaction;
    assert_eq!(Some(&newest), numbers.last());
    let prune = Prune::new(1).changes_before(Timestamp::from_seconds(1));
    store.commit(scope(), changes().with(Op::Prune(prune))).await.unwrap();
    let oldest =
        store.changes(&FeedQuery::new(FeedScope::One(scope()), 1)).await.unwrap().changes[0].position.transaction;
    assert_eq!(oldest, numbers[1], "the oldest went");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pool_is_no_larger_than_the_url_says() {
    let cluster = Cluster::start();
    let observer = connect(&cluster.url()).await;
    PostgresStore::connect(&cluster.url()).await.unwrap().commit(scope(), create("u1")).await.unwrap();
    for size in [1, 2] {
        let name = format!("pool_of_{size}");
        let url = format!("{} pool_size={size} application_name={name}", cluster.url());
        let store = PostgresStore::connect(&url).await.unwrap();
        all_at_once(&store).await;
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
        assert_eq!(observer.query_one(sql, &[&name]).await.unwrap().get::<_, i64>(0), size);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_started_anew_between_two_calls_is_not_noticed() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    store.commit(scope(), create("u1")).await.unwrap();
    all_at_once(&store).await;
    cluster.down();
    cluster.up("");
    all_at_once(&store).await;
    cluster.down();
    cluster.up("");
    store.commit(scope(), create("u2")).await.unwrap();
    assert_eq!(version(&store, "u2").await, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_connection_is_lost_before_its_end_is_done_again_and_once() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    store.commit(scope(), create("u1")).await.unwrap();
    let observer = connect(&cluster.url()).await;
    let mut holder = connect(&cluster.url()).await;
    let held = holder.transaction().await.unwrap();
    held.execute("SELECT 1 FROM resource WHERE id = 'u1' FOR UPDATE", &[]).await.unwrap();
    let commit = {
        let store = store.clone();
        let all = create("u2").with(replace("u1"));
        tokio::spawn(async move { store.commit(scope(), all).await })
    };
    until_waiting(&observer, "scimstack", "Locktransactionid").await;
    assert_eq!(end_connections(&observer, "wait_event_type = 'Lock'").await, 1);
    held.commit().await.unwrap();
    assert!(!commit.await.unwrap().unwrap().replayed);
    assert_eq!((version(&store, "u1").await, version(&store, "u2").await), (Some(2), Some(1)));
    assert_eq!(entries(&store).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_victim_of_a_deadlock_is_begun_again() {
    let cluster = Cluster::start();
    cluster.down();
    cluster.up("-c deadlock_timeout=10ms -c log_lock_waits=off");
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    for id in ["u1", "u2", "u3"] {
        store.commit(scope(), create(id)).await.unwrap();
    }
    let observer = connect(&cluster.url()).await;
    let (mut gatekeeper, mut rival) = (connect(&cluster.url()).await, connect(&cluster.url()).await);
    let locked = |id: &str| format!("SELECT 1 FROM resource WHERE id = '{id}' FOR UPDATE");
    let gate = gatekeeper.transaction().await.unwrap();
    gate.execute(&locked("u2"), &[]).await.unwrap();
    // Whoever waits last closes the circle and looks for it, once: that is to be the store's transaction.
    rival.batch_execute("SET application_name = 'rival'; SET deadlock_timeout = '1h'").await.unwrap();
    let transaction = rival.transaction().await.unwrap();
    transaction.execute(&locked("u3"), &[]).await.unwrap();
    let commit = {
        let store = store.clone();
        let all = changes().with(replace("u1")).with(replace("u2")).with(replace("u3"));
        tokio::spawn(async move { store.commit(scope(), all).await })
    };
    until_waiting(&observer, "scimstack", "Locktransactionid").await;
    let first = locked("u1");
    let rival_waits = async {
        transaction.execute(&first, &[]).await.unwrap();
        transaction.commit().await.unwrap();
    };
    let gate_opens = async {
        until_waiting(&observer, "rival", "Locktransactionid").await;
        gate.commit().await.unwrap();
    };
    tokio::join!(rival_waits, gate_opens);
    commit.await.unwrap().unwrap();
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    while observer.query_one(deadlocks, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        // Counted when the victim's session has next nothing to do.
        tokio::task::yield_now().await;
    }
    for id in ["u1", "u2", "u3"] {
        assert_eq!(version(&store, id).await, Some(2));
    }
    assert_eq!(entries(&store).await, 6);
}

/// The connection of a commit that is done, but waits for a standby that never comes, is ended.
async fn lose_the_answer(idempotency_key: Option<&str>) -> (Cluster, PostgresStore, Result<bool, StoreError>) {
    let cluster = Cluster::start();
    PostgresStore::connect(&cluster.url()).await.unwrap();
    cluster.down();
    cluster.up("-c synchronous_standby_names=nobody");
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    let observer = connect(&cluster.url()).await;
    let mut changes = create("u1");
    changes.idempotency_key = idempotency_key.map(str::to_owned);
    let commit = {
        let store = store.clone();
        tokio::spawn(async move { store.commit(scope(), changes).await })
    };
    until_waiting(&observer, "scimstack", "IPCSyncRep").await;
    assert_eq!(end_connections(&observer, "wait_event = 'SyncRep'").await, 1);
    let answer = commit.await.unwrap().map(|receipt| receipt.replayed);
    (cluster, store, answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotency_key_settles_a_commit_whose_answer_was_lost() {
    let (_cluster, store, answer) = lose_the_answer(Some("once")).await;
    assert!(matches!(answer, Ok(true)), "{answer:?}");
    assert_eq!((version(&store, "u1").await, entries(&store).await), (Some(1), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_idempotency_key_a_commit_whose_answer_was_lost_is_in_doubt() {
    let (_cluster, store, answer) = lose_the_answer(None).await;
    assert!(matches!(answer, Err(StoreError::InDoubt(_))), "{answer:?}");
    assert_eq!((version(&store, "u1").await, entries(&store).await), (Some(1), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_last_statement_before_the_commit_fails_nothing_is_committed_and_it_is_said() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    let observer = connect(&cluster.url()).await;
    let keyed = |id: &str, key: &str| {
        let mut changes = create(id);
        changes.idempotency_key = Some(key.to_owned());
        changes
    };
    store.commit(scope(), keyed("u1", "good")).await.unwrap();
    for (table, condition) in [("idem", "NEW.idem_key = 'bad'"), ("change", "NEW.id = 'u2'")] {
        let trigger = format!(
            "CREATE FUNCTION no_{table}() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN IF {condition} THEN RAISE 'no'; END IF; RETURN NEW; END $$; \
             CREATE TRIGGER no BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_{table}()"
        );
        observer.batch_execute(&trigger).await.unwrap();
        let answer = store.commit(scope(), keyed("u2", "bad")).await;
        assert!(matches!(answer, Err(StoreError::Internal(_))), "{table}: {answer:?}");
        assert_eq!(version(&store, "u2").await, None, "{table}");
        observer.batch_execute(&format!("DROP TRIGGER no ON {table}")).await.unwrap();
        store.commit(scope(), keyed(&format!("after-{table}"), table)).await.unwrap();
    }
    assert_eq!(entries(&store).await, 3);
    assert!(!store.commit(scope(), keyed("u2", "bad")).await.unwrap().replayed);
}
