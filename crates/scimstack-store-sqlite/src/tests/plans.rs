//! No statement reads a table through: the plan of each that any question or change makes is looked at.

use super::common::{add, commit, draft, group, key, member, record, relate, target, tenant, user};
use crate::{SqliteStore, open, sql};
use futures_executor::block_on;
use rusqlite::Connection;
use scimstack_schema::Registry;
use scimstack_store::{
    Anchor, ChangeSet, CountMode, EdgeChange, EdgeQuery, EdgeStep, Expect, FeedQuery, FeedScope, Op, Paging, Query,
    Sort, Store, StoreError, Want,
};

/// The registry's users, with what no standard one has: a unique value besides the user name.
fn registry() -> Registry {
    Registry::haystack()
}

const RICH: &str = r#"{"id":"u1","userName":"ann","displayName":"Ann","externalId":"e1","active":true,
    "name":{"familyName":"Kelly"},"emails":[{"value":"ann@x.test","type":"work"}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"boss"},"department":"D"}}"#;

fn write(store: &SqliteStore) {
    let registry = registry();
    let rich = || record(&registry, "User", RICH);
    let mut unique = rich();
    unique.unique.push(scimstack_store::UniqueValue { path: "badge".into(), value: "1".into() });
    commit(store, vec![Op::Create { key: key("User", "u1"), record: unique.clone() }]).unwrap();
    commit(store, vec![user("u2", "boss"), group("g1"), group("g2")]).unwrap();
    let taken = commit(store, vec![Op::Create { key: key("User", "u3"), record: unique.clone() }]);
    assert!(matches!(taken, Err(StoreError::Conflict { .. })));
    unique.core.unique = None;
    let taken = commit(store, vec![Op::Create { key: key("User", "u3"), record: unique }]);
    assert!(matches!(taken, Err(StoreError::Conflict { .. })));
    let emit = |id: &str| Op::Emit { topic: "outbox".into(), id: id.into(), key: None, payload: "".into() };
    let mut named = ChangeSet::new(Default::default(), scimstack_store::Actor("system".into()), "r");
    named.idempotency_key = Some("once".into());
    named.ops = vec![add("g1", &["u1", "later", "ann@x.test"]), emit("e1"), add("g2", &["g1"])];
    block_on(store.commit(tenant(1), named.clone())).unwrap();
    assert!(block_on(store.commit(tenant(1), named)).unwrap().replayed);
    commit(store, vec![relate("g1", EdgeChange { replace: None, steps: vec![EdgeStep::Remove(member("ann"))] })])
        .unwrap();
    let all = EdgeChange { replace: Some(vec![draft("u1"), draft("E1"), draft("later")]), steps: Vec::new() };
    commit(store, vec![relate("g1", all)]).unwrap();
    commit(store, vec![user("u4", "later")]).unwrap();
    let renamed = RICH.replace("boss", "u2").replace("ann", "bea").replace("Ann", "Bea").replace("e1", "e2");
    let renamed = record(&registry, "User", &renamed);
    commit(store, vec![Op::Replace { key: key("User", "u1"), expect: Expect::Any, record: renamed }]).unwrap();
    let many = (0..300).map(|n| user(&format!("m{n}"), &format!("many{n}")));
    commit(store, many.collect()).unwrap();
    // The last changeset's parts are taken into the index after it is acknowledged, before the next is begun.
    let index = scimstack_store::Index::default();
    commit(store, vec![Op::Reindex { key: key("User", "m0"), version: scimstack_store::Version(1), index }]).unwrap();
    let later = registry.to_builder().indexed("User", "title").unwrap().build().unwrap();
    let user_type = later.resource_type("User").unwrap();
    let mut after = None;
    while let Some(step) =
        block_on(scimstack_store::reindex(store, tenant(1), user_type, after.as_ref(), 100, Default::default()))
            .unwrap()
    {
        after = Some(step.last);
    }
    let many = (1..300).map(|n| Op::Delete { key: key("User", &format!("m{n}")), expect: Expect::Any });
    commit(store, many.collect()).unwrap();
    for id in ["u2", "u4"] {
        commit(store, vec![Op::Delete { key: key("User", id), expect: Expect::Any }]).unwrap();
    }
}

fn ask(store: &SqliteStore) {
    let registry = registry();
    for want in [Want::ALL, Want::DOCUMENT, Want::HEAD, Want { document: false, private: true }] {
        block_on(store.read(tenant(1), &key("User", "u1"), want)).unwrap();
    }
    let filters = [
        None,
        Some(r#"id eq "u1""#),
        Some(r#"userName eq "bea""#),
        Some(r#"externalId eq "e2""#),
        Some(r#"displayName eq "bea""#),
        Some(r#"name.familyName eq "Kelly""#),
        Some(r#"emails.value eq "bea@x.test""#),
        Some(r#"emails[type eq "work" and value eq "bea@x.test"]"#),
        Some(r#"groups.value eq "g1""#),
        Some(r#"groups.value eq "g1" and active eq true"#),
        Some(r#"members.value eq "u1""#),
        Some(r#"members[value eq "u1"] and displayName sw "g""#),
        Some(r#"members.type eq "User""#),
        Some(r#"groups.display co "g""#),
        Some(r#"nickName co "x""#),
        Some(r#"userName co "bea""#),
        Some(r#"emails[type eq "work" and value ew "x.test"] or userName eq "bea""#),
        Some(r#"userName sw "b""#),
        Some(r#"userName ge "a" and userName lt "c""#),
        Some(r#"externalId gt "e""#),
        Some(r#"displayName le "x""#),
        Some(r#"name.familyName sw "k""#),
        Some(r#"emails.value ge "a" and active eq true"#),
        Some(r#"meta.lastModified gt "1970-01-01T00:00:00Z""#),
        Some(r#"meta.created lt "2970-01-01T00:00:00Z""#),
        Some("active eq false"),
        Some(r#"userName eq "bea" or externalId eq "e2" or name.familyName sw "k""#),
    ];
    let sorts =
        [None, Some("id"), Some("userName"), Some("displayName"), Some("meta.created"), Some("name.familyName")];
    for kind in ["User", "Group"] {
        for filter in filters {
            for (sort, descending) in sorts.iter().flat_map(|sort| [(sort, false), (sort, true)]) {
                let mut query = Query::new(target(&registry, kind, filter), 1);
                let resolve = |path: &str| registry.resource_type("User").unwrap().resolve(path).unwrap();
                query.sort = sort.map(|path| Sort { path: resolve(path), descending });
                for count in [CountMode::Exact, CountMode::UpTo(1), CountMode::None] {
                    query.count = count;
                    query.page = Paging::Index { start: 2, count: 1 };
                    block_on(store.query(tenant(1), &query)).unwrap();
                    query.page = Paging::Cursor { after: None, count: 1 };
                    while let Some(next) = block_on(store.query(tenant(1), &query)).unwrap().next {
                        query.page = Paging::Cursor { after: Some(next), count: 1 };
                    }
                }
            }
        }
    }
    let explained = Query::new(target(&registry, "User", Some(r#"userName co "bea""#)), 1);
    block_on(store.explain(tenant(1), &explained)).unwrap();
    let anchors = [
        Anchor::All,
        Anchor::Sources(vec![key("Group", "g1"), key("Group", "g2")]),
        Anchor::Targets(vec![key("User", "u1"), key("Group", "g1")]),
        Anchor::Sources(vec![key("Group", "g1")]),
        Anchor::Targets(vec![key("User", "u1")]),
    ];
    for relation in ["members", "manager"] {
        for (anchor, pending) in anchors.iter().flat_map(|anchor| [(anchor, true), (anchor, false)]) {
            let (relation, anchor) = (relation.to_owned(), anchor.clone());
            let mut query = EdgeQuery { relation, anchor, pending, peer: true, values: pending, after: None, limit: 1 };
            while let Some(next) = block_on(store.edges(tenant(1), &query)).unwrap().next {
                query.after = Some(next);
            }
        }
    }
    for scope in [FeedScope::All, FeedScope::One(tenant(1))] {
        for topic in [None, Some("outbox".to_owned())] {
            for key in [None, Some(key("User", "u1"))] {
                for newest_first in [false, true] {
                    let mut query = FeedQuery::new(scope, 1);
                    (query.topic, query.key, query.newest_first) = (topic.clone(), key.clone(), newest_first);
                    let page = block_on(store.changes(&query)).unwrap();
                    query.after = page.changes.last().map(|change| change.position);
                    block_on(store.changes(&query)).unwrap();
                }
            }
        }
    }
}

/// The steps of a statement's plan.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let unbound = vec![rusqlite::types::Null; statement.parameter_count()];
    let steps = statement.query_map(rusqlite::params_from_iter(unbound), |row| row.get(3)).unwrap();
    steps.collect::<Result<_, _>>().unwrap()
}

#[test]
fn every_statement_goes_by_an_index() {
    let store = SqliteStore::in_memory().unwrap();
    write(&store);
    ask(&store);
    let connection = open::in_memory().unwrap();
    let texts = sql::seen::texts();
    assert!(texts.len() > 150, "only {} statements", texts.len());
    for text in texts {
        let steps = plan(&connection, &text);
        // What an index found is gone through, record by record; and what the index of parts does not have yet, which is
        // little.
        let through = |step: &&String| {
            let of_parts = step.strip_prefix("SCAN part VIRTUAL TABLE INDEX ");
            let by_parts = of_parts.is_some_and(|index| index.contains(":M") || index.contains(":="));
            let found = *step == "SCAN a" || *step == "SCAN part_due" || step.starts_with("SCAN (sub") || by_parts;
            let found = found || *step == "SCAN CONSTANT ROW";
            step.starts_with("SCAN") && !found
        };
        assert_eq!(steps.iter().find(through), None, "{text}\n{steps:#?}");
        // Only what another index found has to be put in order, or freed of those that a stretch of it has twice.
        let sorted = steps.iter().any(|step| step.contains("TEMP B-TREE") && !step.ends_with("FOR DISTINCT"));
        assert!(!sorted || text.contains("FROM resource r ") || text.contains("CROSS JOIN"), "{text}\n{steps:#?}");
    }
}

#[test]
fn the_feed_of_one_scope_goes_by_its_index_when_there_were_few_changes_at_first() {
    let store = SqliteStore::in_memory().unwrap();
    let mut query = FeedQuery::new(FeedScope::One(tenant(1)), 1);
    query.newest_first = true;
    block_on(store.changes(&query)).unwrap();
    let connection = open::in_memory().unwrap();
    let change = "INSERT INTO change(scope, at, what, actor, request_id, payload) VALUES(?1, 1, 5, 'a', 'r', x'')";
    for scope in [0, 0, 0, 1] {
        connection.execute(change, [scope]).unwrap();
    }
    // As the writer does when it ends; so it stays until it ends again.
    connection.execute_batch("ANALYZE").unwrap();
    let texts =
        sql::seen::texts().into_iter().filter(|text| text.contains("FROM change") && text.contains("scope = ?"));
    let texts: Vec<String> = texts.filter(|text| text.contains("ORDER BY seq DESC")).collect();
    assert!(!texts.is_empty());
    for text in texts {
        let steps = plan(&connection, &text);
        assert!(steps.iter().all(|step| step.contains("USING INDEX change_")), "{text}\n{steps:#?}");
    }
}

#[test]
fn what_an_index_found_is_looked_up_when_there_were_few_records_at_first() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    drop(SqliteStore::open(&path, crate::SqliteOptions::default()).unwrap());
    let connection = Connection::open(&path).unwrap();
    let row = "INSERT INTO resource(scope, kind, id, version, created, modified, edge_count, entries, private, doc) \
               VALUES(1, 1, ?1, 1, 0, 0, 0, x'', x'', x'')";
    for id in ["a", "b"] {
        connection.execute(row, [id]).unwrap();
    }
    connection.execute_batch("ANALYZE").unwrap();
    let by_index = "SELECT r.rid, r.id FROM (SELECT DISTINCT rid FROM av WHERE scope = ? AND kind = ? AND attr = ? \
                    AND val = ?) a CROSS JOIN resource r ON r.rid = a.rid WHERE 1 ORDER BY r.id LIMIT ?";
    let goes_through =
        |connection: &Connection| plan(connection, by_index).iter().any(|step| step.starts_with("SCAN r"));
    assert!(goes_through(&connection), "SQLite has become wiser: this test and what it is about can go");
    drop(connection);
    // The store ends, and with it what was found out about so few.
    drop(SqliteStore::open(&path, crate::SqliteOptions::default()).unwrap());
    assert!(!goes_through(&Connection::open(&path).unwrap()));
}

#[test]
fn hot_statements_go_by_the_index_made_for_them() {
    let connection = open::in_memory().unwrap();
    let hot = [
        (
            "SELECT doc FROM resource WHERE scope = ? AND kind = ? AND id = ?",
            "resource_id (scope=? AND kind=? AND id=?)",
        ),
        (
            "SELECT rid, id FROM resource r WHERE r.scope = ? AND r.kind = ? AND r.uniq = ?",
            "resource_uniq (scope=? AND",
        ),
        (
            "SELECT rid, id FROM resource WHERE scope = ? AND kind = ? AND id > ? ORDER BY id LIMIT ? OFFSET ?",
            "COVERING INDEX resource_id (scope=? AND kind=? AND id>?)",
        ),
        (
            "SELECT rid, id, modified FROM resource WHERE scope = ? AND kind = ? AND (modified, id) > (?, ?) \
             ORDER BY modified, id LIMIT ?",
            "COVERING INDEX resource_modified (scope=? AND kind=? AND (modified,id)>(?,?))",
        ),
        (
            "SELECT count(*) FROM (SELECT DISTINCT rid FROM av WHERE scope = ? AND kind = ? AND attr = ? AND val = ? LIMIT ?)",
            "SEARCH av USING PRIMARY KEY (scope=? AND kind=? AND attr=? AND val=?)",
        ),
        (
            "SELECT 1 FROM resource r WHERE r.scope = ? AND r.kind = ? AND r.uniq >= ? AND r.uniq < ? LIMIT ?",
            "COVERING INDEX resource_uniq (scope=? AND kind=? AND uniq>? AND uniq<?)",
        ),
        (
            "SELECT r.rid, r.id FROM resource r WHERE r.scope = ? AND r.kind = ? AND r.active = 0 ORDER BY r.id LIMIT ?",
            "COVERING INDEX resource_inactive (scope=? AND kind=?)",
        ),
        (
            "SELECT skind FROM edge WHERE scope = ? AND relation = ? AND tkind = ? AND tid = ? AND pending = 0 \
             ORDER BY skind, sid, n LIMIT ?",
            "edge_reverse (scope=? AND relation=? AND tkind=? AND tid=?)",
        ),
        (
            "SELECT seq FROM change WHERE seq > ? AND scope = ? AND topic = ? ORDER BY seq LIMIT ?",
            "change_topic (scope=? AND topic=? AND rowid>?)",
        ),
        (
            "SELECT seq FROM change WHERE seq > ? AND topic = ? ORDER BY seq LIMIT ?",
            "change_topic_all (topic=? AND rowid>?)",
        ),
        (
            "SELECT seq FROM change WHERE seq > ? AND scope = ? ORDER BY seq LIMIT ?",
            "change_scope (scope=? AND rowid>?)",
        ),
    ];
    for (text, expected) in hot {
        let steps = plan(&connection, text);
        assert!(steps.iter().any(|step| step.contains(expected)), "{text}\n{steps:#?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{text}\n{steps:#?}");
    }
}
