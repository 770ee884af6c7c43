//! Changesets that wait while another commit of their tenant is made share the next transaction: what they come to is what
//! each would have come to alone.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod cluster;

use cluster::Cluster;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use scimstack_schema::{ReferenceKey, Timestamp};
use scimstack_store::{
    Actor, Anchor, Change, ChangeSet, Core, Edge, EdgeChange, EdgeDraft, EdgeQuery, EdgeStep, Expect, FeedQuery,
    FeedScope, Key, MemoryStore, Op, Receipt, Record, Reference, ReferenceRule, ResourceId, Scope, Store, StoreError,
    Version, Want,
};
use scimstack_store_postgres::PostgresStore;
use std::sync::Arc;
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
async fn all_at_once(url: &str, changesets: Vec<ChangeSet>) -> (Vec<Result<Receipt, StoreError>>, i64) {
    let store = PostgresStore::connect(url).await.unwrap();
    let holder = connect(url).await;
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
    let (done, transactions) =
        all_at_once(&cluster.url(), (0..40).map(|n| create(n, &format!("name{n}"))).collect()).await;
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
    let (mut done, _) = all_at_once(&cluster.url(), changesets).await;
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
    let (done, _) = all_at_once(&cluster.url(), changesets).await;
    let replayed: Vec<bool> = done.iter().map(|receipt| receipt.as_ref().unwrap().replayed).collect();
    assert_eq!(replayed, [false, false, false, true]);
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    assert_eq!(store.read(scope(), &user(3), Want::HEAD).await.unwrap(), None);
}

fn group(n: usize) -> Key {
    Key::new("Group", ResourceId::new(&format!("g{n}")).unwrap())
}

/// Changes members of a group: ids, user names or nobody's; those after a minus are taken out.
fn members(group: Key, expect: Expect, values: &[&str]) -> Op {
    let rule = Arc::new(ReferenceRule {
        relation: "members".to_owned(),
        keys: vec![ReferenceKey::Id, ReferenceKey::UserName],
        targets: vec!["User".into(), "Group".into()],
    });
    let step = |value: &&str| match value.strip_prefix('-') {
        Some(gone) => EdgeStep::Remove(Reference::new(&rule, gone)),
        None => {
            let must_exist = *value == "must";
            EdgeStep::Add(EdgeDraft { reference: Reference::new(&rule, *value), data: "".into(), must_exist })
        }
    };
    let change = EdgeChange { replace: None, steps: values.iter().map(step).collect() };
    Op::Relate { source: group, relation: "members".to_owned(), expect, change }
}

fn event(id: &str) -> Op {
    Op::Emit { topic: "log".to_owned(), id: id.to_owned(), key: None, payload: "{}".into() }
}

/// Ten users, three groups, and one whose id is that of a user.
fn before() -> ChangeSet {
    let mut all = changes(event("e0"));
    all.ops.extend((0..10).flat_map(|n| create(n, &format!("name{n}")).ops));
    let groups = (0..3).map(group).chain([Key::new("Group", user(7).id)]);
    all.ops.extend(groups.map(|key| Op::Create { key, record: Record::new(Core::default(), "{}") }));
    all
}

/// Everything there is to see of the groups, and the feed.
async fn seen(store: &dyn Store) -> (Vec<Option<(Version, u64)>>, Vec<Edge>, Vec<Change>) {
    let mut heads = Vec::new();
    for n in 0..4 {
        let stored = store.read(scope(), &group(n), Want::HEAD).await.unwrap();
        heads.push(stored.map(|stored| (stored.version, stored.edge_count)));
    }
    let query = EdgeQuery {
        relation: "members".to_owned(),
        anchor: Anchor::All,
        pending: true,
        peer: false,
        values: true,
        after: None,
        limit: 1_000,
    };
    let edges = store.edges(scope(), &query).await.unwrap().edges;
    let feed = store.changes(&FeedQuery::new(FeedScope::One(scope()), 1_000)).await.unwrap().changes;
    (heads, edges, feed)
}

/// Commits them at once here, and one after another in memory, which has to come to the same; the number of transactions.
async fn as_in_memory(cluster: &Cluster, changesets: Vec<ChangeSet>) -> i64 {
    let url = cluster.empty().await;
    let memory = MemoryStore::new();
    let store = PostgresStore::connect(&url).await.unwrap();
    memory.commit(scope(), before()).await.unwrap();
    store.commit(scope(), before()).await.unwrap();
    let mut expected = Vec::new();
    for changes in &changesets {
        expected.push(memory.commit(scope(), changes.clone()).await.map_err(|error| error.to_string()));
    }
    let (done, transactions) = all_at_once(&url, changesets).await;
    let done: Vec<_> = done.into_iter().map(|done| done.map_err(|error| error.to_string())).collect();
    assert_eq!(done, expected);
    let (mut here, mut there) = (seen(&store).await, seen(&memory).await);
    // The places of two stores cannot be compared.
    let nowhere = here.2.first().unwrap().position;
    here.2.iter_mut().chain(&mut there.2).for_each(|change| change.position = nowhere);
    assert_eq!(here, there);
    transactions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_are_added_together_are_those_that_are_added_one_after_another() {
    let cluster = Cluster::start();
    let any = Expect::Any;
    let at = |version| Expect::Version(Version(version));
    let mut keyed = changes(members(group(1), any, &["u8"]));
    keyed.idempotency_key = Some("key".to_owned());
    let transactions = as_in_memory(
        &cluster,
        vec![
            changes(members(group(0), any, &["u1"])).with(event("e1")),
            changes(members(group(0), at(2), &["u2", "u3", "u2"])).with(event("e2")),
            changes(members(group(0), any, &["u1"])),
            changes(members(group(1), any, &["u1", "g0", "u4"])).with(members(group(2), any, &["u1"])),
            changes(members(group(1), any, &["u5"])).with(members(group(1), at(3), &["u4", "u6"])),
            keyed.clone(),
            changes(event("e3")),
        ],
    )
    .await;
    assert!(transactions <= 2, "{transactions} transactions");
    // By what takes more to find out, from the beginning and in the middle.
    for other in ["name9", "nobody", "u7", "-u2", "-name3"] {
        let transactions = as_in_memory(
            &cluster,
            vec![
                changes(members(group(0), any, &["u2", "u3"])).with(event("e1")),
                keyed.clone(),
                changes(members(group(1), any, &["u4"])).with(members(group(0), any, &[other])),
                changes(members(group(0), any, &["u2", "u9"])),
                changes(members(group(1), any, &["u5", other, "u6"])),
                keyed.clone(),
                changes(members(group(1), at(4), &["u2"])),
            ],
        )
        .await;
        assert!(transactions <= 4, "{transactions} transactions");
        as_in_memory(&cluster, vec![changes(members(group(0), any, &[other, "u2"])), keyed.clone()]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_are_refused_take_no_others_with_them() {
    let cluster = Cluster::start();
    let any = Expect::Any;
    as_in_memory(
        &cluster,
        vec![
            changes(members(group(0), any, &["u1"])),
            changes(members(group(0), Expect::Version(Version(1)), &["u2"])),
            changes(members(group(3), any, &["u1"])),
            changes(members(group(1), any, &["u1"])).with(members(group(1), any, &["u2", "must"])),
            changes(members(group(1), any, &["u3"])),
        ],
    )
    .await;
    // Of an event that is there already the receipt says so, and what else is done stays, also when it is asked again.
    let keyed = |id: &str, member: &str, event_id: &str| {
        let mut changes = changes(members(group(2), any, &[member])).with(event(event_id));
        changes.idempotency_key = Some(id.to_owned());
        changes
    };
    as_in_memory(
        &cluster,
        vec![
            keyed("k1", "u1", "e1"),
            keyed("k2", "u2", "e0"),
            keyed("k3", "u3", "e1"),
            keyed("k2", "u4", "e4"),
            keyed("k4", "u4", "e5"),
            keyed("k3", "u5", "e6"),
        ],
    )
    .await;
    as_in_memory(&cluster, vec![keyed("k1", "u1", "e0")]).await;
}
