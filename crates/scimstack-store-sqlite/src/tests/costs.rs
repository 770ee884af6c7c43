//! What changes cost: statements run and rows written, which do not depend on the machine.

use super::common::{add, commit, draft, group, key, member, record, relate, target, tenant, user};
use crate::SqliteStore;
use crate::fault::Fault;
use crate::query::{self, Pace};
use crate::sql::seen;
use futures_executor::block_on;
use futures_util::future::join_all;
use scimstack_schema::Registry;
use scimstack_store::{Anchor, EdgeChange, EdgeDraft, EdgeQuery, EdgeStep, Expect, Op, Paging, Query, Store, Want};

fn people(store: &SqliteStore, ids: impl Iterator<Item = String>) {
    let ops: Vec<Op> = ids.map(|id| user(&id, &format!("name-{id}"))).collect();
    commit(store, ops).unwrap();
}

fn put(ids: impl Iterator<Item = String>) -> Op {
    let drafts: Vec<EdgeDraft> = ids.map(|id| draft(&id)).collect();
    relate("g1", EdgeChange { replace: Some(drafts), steps: Vec::new() })
}

fn remove(id: &str) -> Op {
    relate("g1", EdgeChange { replace: None, steps: vec![EdgeStep::Remove(member(id))] })
}

/// What adding and removing one member costs in a group of so many: statements and rows, of each.
fn of_one(store: &SqliteStore) -> [(u64, u64); 4] {
    let cost = |op: Op, changed: bool| {
        store.writer.probe().take();
        let receipt = commit(store, vec![op]).unwrap();
        assert_eq!(receipt.ops[0].changed, changed);
        let (statements, rows, _) = store.writer.probe().take();
        (statements, rows)
    };
    // Once, so that every name has its number.
    commit(store, vec![add("g1", &["extra"]), remove("extra"), add("g1", &["nobody"]), remove("nobody")]).unwrap();
    [
        cost(add("g1", &["extra"]), true),
        cost(add("g1", &["extra"]), false),
        cost(remove("extra"), true),
        cost(add("g1", &["nobody"]), true),
    ]
}

#[test]
fn one_member_more_costs_the_same_in_a_group_of_ten_and_of_a_hundred_thousand() {
    const MANY: usize = 100_000;
    let id = |i: usize| format!("u{i:06}");
    let store = SqliteStore::in_memory().unwrap();
    people(&store, ["extra".to_owned()].into_iter());
    people(&store, (0..MANY).map(id));
    commit(&store, vec![group("g1"), put((0..10).map(id))]).unwrap();
    let small = of_one(&store);
    commit(&store, vec![remove("nobody")]).unwrap();

    store.writer.probe().take();
    commit(&store, vec![put((0..MANY).map(id))]).unwrap();
    let (_, rows, _) = store.writer.probe().take();
    // One for each new edge, the group itself, its line in the feed.
    assert_eq!(rows, (MANY - 10 + 2) as u64);
    assert_eq!(of_one(&store), small);
    assert!(small.iter().all(|(statements, rows)| *statements < 40 && *rows < 12), "{small:?}");
    commit(&store, vec![remove("nobody")]).unwrap();

    // All of them again but one, and one that is new.
    let but_one = (0..MANY).filter(|i| *i != 777).map(id).chain(["extra".to_owned()]);
    store.writer.probe().take();
    commit(&store, vec![put(but_one)]).unwrap();
    let (statements, rows, _) = store.writer.probe().take();
    assert_eq!(rows, 4, "one edge goes, one comes, the group, its line in the feed");
    assert!(statements < 40, "{statements} statements");

    let group = block_on(store.read(tenant(1), &key("Group", "g1"), Want::HEAD)).unwrap().unwrap();
    assert_eq!(group.edge_count, MANY as u64);
    let query = |after| EdgeQuery {
        relation: "members".to_owned(),
        anchor: Anchor::Sources(vec![key("Group", "g1")]),
        pending: true,
        peer: false,
        values: true,
        after,
        limit: 30_000,
    };
    let (mut after, mut ids) = (None, Vec::new());
    loop {
        let page = block_on(store.edges(tenant(1), &query(after))).unwrap();
        ids.extend(page.edges.into_iter().map(|edge| edge.target.unwrap().id.to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut expected: Vec<String> = (0..MANY).filter(|i| *i != 777).map(id).chain(["extra".to_owned()]).collect();
    expected.sort();
    assert!(ids == expected);

    // Gone at once, but for the index entries of the edges, which SQLite does not count.
    store.writer.probe().take();
    commit(&store, vec![Op::Delete { key: key("Group", "g1"), expect: Expect::Any }]).unwrap();
    let (statements, _, _) = store.writer.probe().take();
    assert!(statements < 40, "{statements} statements");
    assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new());
}

#[test]
fn members_that_stay_cost_no_statement_whether_they_are_bound_or_wait_and_in_any_order() {
    let store = SqliteStore::in_memory().unwrap();
    people(&store, (0..600).map(|i| format!("u{i:03}")));
    let members = |half: usize| {
        let bound = (0..half).map(|i| format!("u{i:03}"));
        bound.chain((0..half).map(|i| format!("waits{i:03}")))
    };
    // Of a group with so many of both: what it costs to give all again but the first, and another.
    let cost = |half: usize, backward: bool| {
        commit(&store, vec![put(members(half))]).unwrap();
        let mut others: Vec<String> = members(half).skip(1).chain(["u599".to_owned()]).collect();
        if backward {
            others.reverse();
        }
        store.writer.probe().take();
        let receipt = commit(&store, vec![put(others.into_iter())]).unwrap();
        assert!(receipt.ops[0].changed);
        let (statements, rows, _) = store.writer.probe().take();
        (statements, rows)
    };
    // Once, so that every name has its number.
    commit(&store, vec![group("g1"), put(members(1))]).unwrap();
    let small = cost(5, false);
    assert_eq!(small.1, 4, "one edge goes, one comes, the group, its line in the feed");
    for backward in [false, true] {
        assert_eq!(cost(5, backward), small);
        assert_eq!(cost(500, backward), small);
    }

    store.writer.probe().take();
    let receipt = commit(&store, vec![put(members(500).skip(1).chain(["u599".to_owned()]))]).unwrap();
    assert!(!receipt.ops[0].changed);
    let (statements, rows, _) = store.writer.probe().take();
    assert_eq!(rows, 0);
    assert!(statements < 10, "{statements} statements");
}

#[test]
fn a_replacement_that_changes_no_index_entry_reads_the_row_writes_it_and_the_feed() {
    let store = SqliteStore::in_memory().unwrap();
    let registry = Registry::core();
    let record = |title: &str| {
        let document = format!(
            r#"{{"id":"u1","userName":"ann","title":"{title}","externalId":"E-1","emails":[{{"value":"a@x.test"}}]}}"#
        );
        record(&registry, "User", &document)
    };
    commit(&store, vec![Op::Create { key: key("User", "u1"), record: record("One") }]).unwrap();
    let replace = |title| Op::Replace { key: key("User", "u1"), expect: Expect::Any, record: record(title) };
    // Once, so that the numbers of all names are known.
    commit(&store, vec![replace("Two")]).unwrap();
    store.writer.probe().take();
    commit(&store, vec![replace("Three")]).unwrap();
    let (statements, rows, _) = store.writer.probe().take();
    assert_eq!((statements, rows), (4, 2), "and asks first whether there are new names");
}

#[test]
fn a_replacement_writes_only_the_index_entries_that_differ() {
    let store = SqliteStore::in_memory().unwrap();
    let registry = Registry::core();
    let document = |title: &str, email: &str| {
        format!(
            r#"{{"id":"u1","userName":"ann","displayName":"Ann","title":"{title}","name":{{"familyName":"Kelly"}},
            "emails":[{{"value":"{email}","type":"work"}},{{"value":"b@x.test"}}]}}"#
        )
    };
    let record = |title: &str, email: &str| record(&registry, "User", &document(title, email));
    commit(&store, vec![Op::Create { key: key("User", "u1"), record: record("One", "a@x.test") }]).unwrap();
    let rows = |title: &str, email: &str| {
        store.writer.probe().take();
        let record = record(title, email);
        commit(&store, vec![Op::Replace { key: key("User", "u1"), expect: Expect::Any, record }]).unwrap();
        store.writer.probe().take().1
    };
    assert_eq!(rows("Two", "a@x.test"), 2, "the record, its line in the feed");
    assert_eq!(
        rows("Two", "c@x.test"),
        7,
        "and of the address: its index entry and its name, out and in, and its parts"
    );
}

#[test]
fn a_look_up_by_an_index_is_one_statement_whether_or_not_anybody_is_found() {
    let store = SqliteStore::in_memory().unwrap();
    let registry = Registry::core();
    let document = r#"{"id":"u1","userName":"ann","emails":[{"value":"a@x.test","type":"work"}]}"#;
    commit(&store, vec![Op::Create { key: key("User", "u1"), record: record(&registry, "User", document) }]).unwrap();
    let found = |filter: &str| {
        let query = Query::new(target(&registry, "User", Some(filter)), 100);
        // Once, so that every name has its number.
        block_on(store.query(tenant(1), &query)).unwrap();
        let before = seen::run_here();
        let page = block_on(store.query(tenant(1), &query)).unwrap();
        (page.items.len(), seen::run_here() - before)
    };
    assert_eq!(found(r#"emails.value eq "a@x.test""#), (1, 1));
    assert_eq!(found(r#"emails.value eq "b@x.test""#), (0, 1));
    assert_eq!(found(r#"emails[type eq "work" and value eq "a@x.test"]"#), (1, 1));
}

#[test]
fn what_looks_at_many_is_not_read_on_its_callers_thread() {
    let store = SqliteStore::in_memory().unwrap();
    let registry = Registry::core();
    let takes_long = |query: &Query| {
        let page = |pace| {
            store.readers.snapshot(|connection| match query::query(connection, &store.dict, tenant(1), query, pace) {
                Err(Fault::TakesLong) => Ok(None),
                other => other.map(Some),
            })
        };
        let (brief, long) = (page(Pace::Brief).unwrap(), page(Pace::Long).unwrap().unwrap());
        assert!(brief.as_ref().is_none_or(|brief| *brief == long));
        assert_eq!(block_on(store.query(tenant(1), query)).unwrap(), long);
        brief.is_none()
    };
    let ask = |filter: Option<&str>, count: u32| {
        let mut query = Query::new(target(&registry, "User", filter), 1_000);
        query.page = Paging::Index { start: 1, count };
        query
    };
    let questions = [
        (Some(r#"nickName ew "nobody""#), 10),
        (Some(r#"userName co "name""#), 10),
        (Some(r#"title pr or userName sw "name-u1""#), 10),
        (None, 300),
    ];
    people(&store, (0..200).map(|n| format!("u{n}")));
    for (filter, count) in questions {
        assert!(!takes_long(&ask(filter, count.min(256))), "{filter:?}");
    }
    people(&store, (200..300).map(|n| format!("u{n}")));
    for (filter, count) in questions {
        assert!(takes_long(&ask(filter, count)), "{filter:?}");
    }
    for filter in [None, Some(r#"userName eq "name-u7""#), Some(r#"userName sw "name-u""#)] {
        assert!(!takes_long(&ask(filter, 100)), "{filter:?}");
    }
}

#[test]
fn changesets_that_wait_together_are_committed_together() {
    let store = SqliteStore::in_memory().unwrap();
    commit(&store, vec![group("g1")]).unwrap();
    store.writer.probe().take();
    let all = {
        // Nothing is begun while a reader has the only connection there is.
        let mut commits = Vec::new();
        store
            .readers
            .with(|_| {
                let id = |n: usize| if n == 20 { "u7".to_owned() } else { format!("u{n}") };
                commits.extend((0..40).map(|n| {
                    let ops = vec![user(&id(n), &format!("name{n}")), add("g1", &[&id(n)])];
                    store.commit(tenant(1), super::common::changes(ops))
                }));
                // Each is queued when it is first polled.
                for commit in &mut commits {
                    assert!(futures_util::FutureExt::now_or_never(commit).is_none());
                }
                Ok(())
            })
            .unwrap();
        block_on(join_all(commits))
    };
    let refused: Vec<usize> = all.iter().enumerate().filter(|(_, one)| one.is_err()).map(|(n, _)| n).collect();
    assert_eq!(refused, [20], "only the one whose id was taken");
    let (_, _, batches) = store.writer.probe().take();
    assert!(batches <= 2, "{batches} batches");
    let group = block_on(store.read(tenant(1), &key("Group", "g1"), Want::HEAD)).unwrap().unwrap();
    assert_eq!(group.edge_count, 39);
}
