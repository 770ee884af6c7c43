//! A server that is killed in the middle of writes: nothing that was acknowledged is lost, and nothing is half there.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod cluster;

use cluster::Cluster;
use scimstack_schema::{ReferenceKey, Timestamp};
use scimstack_store::{
    Actor, Anchor, Change, ChangeKind, ChangeSet, Core, EdgeChange, EdgeDraft, EdgeQuery, EdgeStep, Expect, FeedQuery,
    FeedScope, Key, Op, Record, Reference, ReferenceRule, ResourceId, Scope, Store, StoreExt, Want,
};
use scimstack_store_postgres::PostgresStore;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;

/// How often the server is killed; 10 times unless this says more.
const KILLS: &str = "SCIMSTACK_POSTGRES_KILLS";
const WRITERS: usize = 8;

fn scope() -> Scope {
    Scope::from_number(1)
}

fn key(kind: &str, id: &str) -> Key {
    Key::new(kind, ResourceId::new(id).unwrap())
}

fn changes(ops: Vec<Op>) -> ChangeSet {
    let mut changes = ChangeSet::new(Timestamp::from_seconds(0), Actor("system".to_owned()), "request-1");
    changes.ops = ops;
    changes
}

/// A person, and her membership.
fn join(id: &str) -> ChangeSet {
    let rule = ReferenceRule { relation: "members".into(), keys: vec![ReferenceKey::Id], targets: vec!["User".into()] };
    let reference = Reference::new(&Arc::new(rule), id);
    let member = EdgeStep::Add(EdgeDraft { reference, data: "".into(), must_exist: true });
    let core = Core { unique: Some(id.to_owned()), ..Core::default() };
    changes(vec![
        Op::Create { key: key("User", id), record: Record::new(core, "{}") },
        Op::Relate {
            source: key("Group", "g1"),
            relation: "members".into(),
            expect: Expect::Any,
            change: EdgeChange { replace: None, steps: vec![member] },
        },
    ])
}

/// Writes until the server goes, and kills it when so many commits were acknowledged; all of these.
async fn write_until_killed(cluster: &Cluster, round: usize, enough: usize) -> BTreeSet<String> {
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let count = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, acknowledged, count) = (store.clone(), acknowledged.clone(), count.clone());
        writers.spawn(async move {
            for n in 0.. {
                let id = format!("u{round}-{writer}-{n}");
                // What has no idempotency key is not asked for again.
                if store.commit(scope(), join(&id)).await.is_err() {
                    break;
                }
                acknowledged.lock().unwrap().insert(id);
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    while count.load(Ordering::Relaxed) < enough {
        assert!(!writers.is_empty(), "nobody writes any more");
        tokio::task::yield_now().await;
    }
    cluster.kill();
    while writers.join_next().await.is_some() {}
    let acknowledged = acknowledged.lock().unwrap();
    acknowledged.clone()
}

async fn feed(store: &PostgresStore) -> Vec<Change> {
    let mut query = FeedQuery::new(FeedScope::One(scope()), 1_000);
    let mut all = Vec::new();
    loop {
        let page = store.changes(&query).await.unwrap();
        if page.changes.is_empty() {
            return all;
        }
        query.after = page.changes.last().map(|change| change.position);
        all.extend(page.changes);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_server_that_is_killed() {
    let kills: usize = std::env::var(KILLS).map_or(10, |kills| kills.parse().unwrap());
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    let group = Op::Create { key: key("Group", "g1"), record: Record::new(Core::default(), "{}") };
    store.commit(scope(), changes(vec![group])).await.unwrap();
    drop(store);
    let mut told = BTreeSet::new();
    for round in 0..kills {
        // Not always at the same place.
        told.extend(write_until_killed(&cluster, round, 1 + (round * 37) % 150).await);
        cluster.up("");
        let store = PostgresStore::connect(&cluster.url()).await.unwrap();
        let members = EdgeQuery {
            relation: "members".into(),
            anchor: Anchor::Sources(vec![key("Group", "g1")]),
            pending: true,
            peer: false,
            values: true,
            after: None,
            limit: 1_000,
        };
        let members = store.all_edges(scope(), members).await.unwrap();
        let members: BTreeSet<String> =
            members.into_iter().map(|edge| edge.target.unwrap().id.as_str().to_owned()).collect();
        let lost: Vec<&String> = told.difference(&members).collect();
        assert!(lost.is_empty(), "kill {round}, lost: {lost:?}");
        // What was done without having been told is whole: person, membership, and each in the feed once, in this order.
        for id in &members {
            assert!(store.read(scope(), &key("User", id), Want::HEAD).await.unwrap().is_some(), "kill {round}: {id}");
        }
        let feed = feed(&store).await;
        let made: Vec<&str> = feed
            .iter()
            .filter(|change| change.kind == ChangeKind::Created)
            .map(|change| change.key.as_ref().unwrap().id.as_str())
            .skip(1)
            .collect();
        assert_eq!(made.len(), members.len(), "kill {round}");
        assert_eq!(made.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>(), members, "kill {round}");
        let head = store.read(scope(), &key("Group", "g1"), Want::HEAD).await.unwrap().unwrap();
        assert_eq!(head.edge_count, members.len() as u64, "kill {round}");
        assert_eq!(head.version.0, 1 + members.len() as u64, "kill {round}");
        assert_eq!(feed.len(), 1 + 2 * members.len(), "kill {round}");
    }
}
