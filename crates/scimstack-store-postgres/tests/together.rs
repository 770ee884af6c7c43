//! Changesets that wait while another commit of their tenant is made share the next transaction: what they come to is what
//! each would have come to alone.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod cluster;

use cluster::Cluster;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use scimstack_schema::Timestamp;
use scimstack_store::{
    Actor, ChangeSet, Core, Expect, Key, Op, Receipt, Record, ResourceId, Scope, Store, StoreError, Version, Want,
};
use scimstack_store_postgres::PostgresStore;
use tokio_postgres::{Client, NoTls};

fn scope() -> Scope {
    Scope::from_number(1)
}

fn user(n: usize) -> Key {
    Key::new("User", ResourceId::new(&format!("u{n}")).unwrap())
}

fn changes(op: Op) -> ChangeSet {
    ChangeSet::new(Timestamp::from_seconds(0), Actor("system".to_owned()), "request-1").with(op)
}

fn create(n: usize, name: &str) -> ChangeSet {
    let core = Core { unique: Some(name.to_owned()), ..Core::default() };
    changes(Op::Create { key: user(n), record: Record::new(core, "{}") })
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Commits them while another holds the scope's lock, so that all but the first wait in line; in how many transactions
/// they were committed.
async fn all_at_once(cluster: &Cluster, changesets: Vec<ChangeSet>) -> (Vec<Result<Receipt, StoreError>>, i64) {
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    let holder = connect(&cluster.url()).await;
    let count = "SELECT count(DISTINCT xid) FROM change";
    let before: i64 = holder.query_one(count, &[]).await.unwrap().get(0);
    holder.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(1396919635, 1)").await.unwrap();
    let commits = changesets.into_iter().map(|changes| store.commit(scope(), changes));
    let mut commits: Vec<BoxFuture<'_, _>> = commits.collect();
    for commit in &mut commits {
        assert!(commit.now_or_never().is_none(), "nothing is done while another has the lock");
    }
    holder.batch_execute("COMMIT").await.unwrap();
    let done = join_all(commits).await;
    let after: i64 = holder.query_one(count, &[]).await.unwrap().get(0);
    (done, after - before)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_wait_for_the_same_lock_share_a_transaction() {
    let cluster = Cluster::start();
    let (done, transactions) = all_at_once(&cluster, (0..40).map(|n| create(n, &format!("name{n}"))).collect()).await;
    for receipt in done {
        assert_eq!(receipt.unwrap().ops[0].version, Some(Version(1)));
    }
    assert!((1..=2).contains(&transactions), "{transactions} transactions");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_refused_takes_no_other_with_it() {
    let cluster = Cluster::start();
    let mut changesets: Vec<ChangeSet> = (0..20).map(|n| create(n, &format!("name{n}"))).collect();
    changesets.push(create(20, "name7"));
    changesets.push(create(3, "another"));
    let replace = |expect| Op::Replace { key: user(5), expect, record: Record::new(Core::default(), "{}") };
    changesets.push(changes(replace(Expect::Version(Version(9)))));
    changesets.push(changes(replace(Expect::Version(Version(1)))));
    changesets.push(create(21, "name21"));
    let (mut done, _) = all_at_once(&cluster, changesets).await;
    let last = done.split_off(20);
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    let [taken, there, stale, replaced, created] = last.as_slice() else { panic!("{last:?}") };
    assert!(
        matches!(taken, Err(StoreError::Conflict { op: 0, holder: Some(holder), .. }) if *holder == user(7)),
        "{taken:?}"
    );
    assert!(matches!(there, Err(StoreError::Exists { op: 0 })), "{there:?}");
    assert!(matches!(stale, Err(StoreError::VersionMismatch { op: 0, current: Version(1) })), "{stale:?}");
    assert_eq!(replaced.as_ref().unwrap().ops[0].version, Some(Version(2)));
    assert_eq!(created.as_ref().unwrap().ops[0].version, Some(Version(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operation_that_is_refused_of_many_is_named() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    let mut many = create(0, "name0");
    many.ops.extend((1..30).flat_map(|n| create(n, &format!("name{}", n % 25)).ops));
    let answer = store.commit(scope(), many).await;
    assert!(
        matches!(&answer, Err(StoreError::Conflict { op: 25, holder: Some(holder), .. }) if *holder == user(0)),
        "{answer:?}"
    );
    assert_eq!(store.read(scope(), &user(0), Want::HEAD).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_with_the_same_idempotency_key_in_line_the_second_is_told_what_the_first_did() {
    let cluster = Cluster::start();
    let keyed = |n: usize, name: &str| {
        let mut changes = create(n, name);
        changes.idempotency_key = Some("key".to_owned());
        changes
    };
    let changesets = vec![create(0, "name0"), keyed(1, "name1"), create(2, "name2"), keyed(3, "name3")];
    let (done, _) = all_at_once(&cluster, changesets).await;
    let replayed: Vec<bool> = done.iter().map(|receipt| receipt.as_ref().unwrap().replayed).collect();
    assert_eq!(replayed, [false, false, false, true]);
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    assert_eq!(store.read(scope(), &user(3), Want::HEAD).await.unwrap(), None);
}
