//! Tests of edges that are read without their values, which is another statement than with them.

use crate::PostgresStore;
use crate::cluster::Cluster;
use scimstack_schema::{ReferenceKey, Timestamp};
use scimstack_store::{
    Actor, Anchor, ChangeSet, Core, Edge, EdgeChange, EdgeDraft, EdgeQuery, EdgeStep, Expect, Key, Op, Record,
    Reference, ReferenceRule, ResourceId, Scope, Store,
};
use std::sync::Arc;

fn scope() -> Scope {
    Scope::from_number(1)
}

fn key(kind: &str, n: usize) -> Key {
    Key::new(kind, ResourceId::new(&format!("{kind}-{n}\u{1}")).unwrap())
}

/// Thirty users in groups 0 to 9, by the numbers that divide theirs; groups that are within the group 3; and the group 8
/// within itself.
async fn groups(store: &PostgresStore) {
    let mut changes = ChangeSet::new(Timestamp::from_seconds(2), Actor("system".to_owned()), "request-1");
    let record = |name: String| Record::new(Core { display: Some(name), active: Some(true), ..Core::default() }, "{}");
    for n in 0..30 {
        changes.ops.push(Op::Create { key: key("User", n), record: record(format!("user {n}")) });
    }
    for n in 0..10 {
        changes.ops.push(Op::Create { key: key("Group", n), record: record(format!("group {n}")) });
    }
    let rule = Arc::new(ReferenceRule {
        relation: "members".to_owned(),
        keys: vec![ReferenceKey::Id],
        targets: vec!["User".into(), "Group".into()],
    });
    for group in 0..10 {
        let members = (0..30).filter(|n| n % (group + 1) == 0).map(|n| key("User", n));
        let nested = [5, 6].map(|n| key("Group", n)).into_iter().filter(|_| group == 3);
        let own = Some(key("Group", 8)).filter(|_| group == 8);
        let add = |member: Key| {
            let reference = Reference::new(&rule, member.id.as_str());
            EdgeStep::Add(EdgeDraft { reference, data: r#"{"type":"x"}"#.into(), must_exist: true })
        };
        let steps = members.chain(nested).chain(own).map(add).collect();
        let change = EdgeChange { replace: None, steps };
        let (source, relation) = (key("Group", group), "members".to_owned());
        changes.ops.push(Op::Relate { source, relation, expect: Expect::Any, change });
    }
    store.commit(scope(), changes).await.unwrap();
}

/// All edges, read in pages, without their values.
async fn bare(store: &PostgresStore, keys: &[Key], values: bool, limit: usize) -> Vec<Edge> {
    let mut query = EdgeQuery {
        relation: "members".to_owned(),
        anchor: Anchor::Targets(keys.to_vec()),
        pending: false,
        peer: true,
        values,
        after: None,
        limit,
    };
    let mut edges = Vec::new();
    loop {
        let page = store.edges(scope(), &query).await.unwrap();
        assert!(page.edges.len() <= limit);
        edges.extend(page.edges.into_iter().map(|edge| Edge { raw: String::new(), data: "".into(), ..edge }));
        query.after = page.next;
        if query.after.is_none() {
            return edges;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edges_without_values_are_those_with_them() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    groups(&store).await;
    let users: Vec<Key> = (0..30).rev().map(|n| key("User", n)).collect();
    let twice: Vec<Key> = users.iter().chain(&users).cloned().chain((0..12).map(|n| key("Group", n))).collect();
    for keys in [&twice[..], &users[..], &users[..2], &users[..1], &twice[60..], &[]] {
        let whole = bare(&store, keys, true, 1_000).await;
        for limit in [1, 7, 1_000] {
            assert_eq!(bare(&store, keys, false, limit).await, whole, "{} by {limit}", keys.len());
        }
    }
    let whole = bare(&store, &twice, false, 1_000).await;
    assert!(whole.len() > 80 && whole.iter().any(|edge| edge.peer.as_ref().is_some_and(|peer| peer.is_target)));
    assert!(whole.windows(2).all(|pair| (&pair[0].source, &pair[0].target) < (&pair[1].source, &pair[1].target)));
}
