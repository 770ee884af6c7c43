//! Measures a store in a temporary file: commits a second with many committers, and the time of the hot calls.
//!
//! ```text
//! cargo run --release -p scimstack-store-sqlite --example measure [users]
//! ```

use futures_executor::block_on;
use scimstack_filter::{Filter, ResolveOptions};
use scimstack_schema::{ReferenceKey, Registry, Resource, Timestamp};
use scimstack_store::{
    Actor, Anchor, ChangeSet, CountMode, EdgeChange, EdgeDraft, EdgeQuery, EdgeStep, Expect, Key, Kind, Op, Paging,
    Query, Reference, ReferenceRule, ResourceId, Scope, Sort, Store, Target, TenantId, Want, plan,
};
use scimstack_store_sqlite::{SqliteOptions, SqliteStore};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

fn scope() -> Scope {
    TenantId::new(1).map_or(Scope::System, Scope::Tenant)
}

fn key(kind: &str, id: &str) -> Option<Key> {
    Some(Key::new(kind, ResourceId::new(id)?))
}

fn user_id(n: usize) -> String {
    format!("018f0000-0000-7000-8000-{n:012x}")
}

fn user(registry: &Registry, n: usize) -> Option<Op> {
    let document = format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"{id}","externalId":"ext-{n}",
        "userName":"user{n}@example.test","name":{{"givenName":"Given{n}","familyName":"Family{family}"}},
        "displayName":"Given{n} Family{family}","active":true,"title":"Engineer {n}",
        "emails":[{{"value":"user{n}@example.test","type":"work","primary":true}},{{"value":"u{n}@home.test","type":"home"}}],
        "phoneNumbers":[{{"value":"+1 555 {n:08}","type":"work"}}],
        "addresses":[{{"streetAddress":"{n} Long Street, with a name that goes on","locality":"Town","country":"US"}}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"employeeNumber":"{n}","department":"Dep{dep}"}}}}"#,
        id = user_id(n),
        family = n % 997,
        dep = n % 50,
    );
    let resource = Resource::from_stored(registry.resource_type("User")?.clone(), document.as_bytes()).ok()?;
    let record = plan::record(&resource, Default::default(), Timestamp::from_seconds(1), Timestamp::from_seconds(1));
    Some(Op::Create { key: key("User", &user_id(n))?, record })
}

fn changes(ops: Vec<Op>) -> ChangeSet {
    let changes = ChangeSet::new(Timestamp::from_seconds(2), Actor("connection:default".to_owned()), "request");
    ops.into_iter().fold(changes, ChangeSet::with)
}

static MEMBERS: LazyLock<Arc<ReferenceRule>> = LazyLock::new(|| {
    Arc::new(ReferenceRule {
        relation: "members".to_owned(),
        keys: vec![ReferenceKey::Id, ReferenceKey::UserName, ReferenceKey::ExternalId],
        targets: vec![Kind::from("User"), Kind::from("Group")],
    })
});

fn draft(id: &str) -> EdgeDraft {
    EdgeDraft { reference: Reference::new(&MEMBERS, id), data: Default::default(), must_exist: false }
}

fn relate(group: &Key, change: EdgeChange) -> Op {
    Op::Relate { source: group.clone(), relation: "members".to_owned(), expect: Expect::Any, change }
}

/// The median and the 99th percentile of many runs, in microseconds.
fn time(name: &str, runs: usize, mut run: impl FnMut(usize)) {
    let mut took: Vec<Duration> = (0..runs)
        .map(|n| {
            let begun = Instant::now();
            run(n);
            begun.elapsed()
        })
        .collect();
    took.sort_unstable();
    let at = |part: usize| took.get(took.len() * part / 100).map_or(0.0, |took| took.as_secs_f64() * 1e6);
    println!("{name:<52} {:>10.1} µs  p99 {:>10.1} µs", at(50), at(99));
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let users: usize = std::env::args().nth(1).map_or(Ok(120_000), |n| n.parse())?;
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("scim.db");
    let store = Arc::new(SqliteStore::open(&path, SqliteOptions::default())?);
    let registry = Registry::haystack();
    let make = |n| user(&registry, n).ok_or("no such user");

    let begun = Instant::now();
    for from in (0..users).step_by(1_000) {
        let ops = (from..users.min(from + 1_000)).map(make).collect::<Result<Vec<_>, _>>()?;
        block_on(store.commit(scope(), changes(ops)))?;
    }
    let took = begun.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(&path)?.len();
    println!(
        "loaded {users} users in {took:.1} s: {:.0}/s, {} bytes each",
        users as f64 / took,
        bytes / users.max(1) as u64
    );

    let next = AtomicUsize::new(users);
    for committers in [1, 16, 64] {
        let (begun, each) = (Instant::now(), 6_000 / committers.max(4));
        std::thread::scope(|threads| {
            for _ in 0..committers {
                threads.spawn(|| {
                    for _ in 0..each {
                        if let Some(op) = user(&registry, next.fetch_add(1, Ordering::Relaxed)) {
                            let _ = block_on(store.commit(scope(), changes(vec![op])));
                        }
                    }
                });
            }
        });
        let done = committers * each;
        println!("creates with {committers:>2} committers: {:>8.0}/s", done as f64 / begun.elapsed().as_secs_f64());
    }

    let some = |n: usize| n.wrapping_mul(7_919) % users;
    time("get by id", 20_000, |n| {
        let _ = key("User", &user_id(some(n))).map(|key| block_on(store.read(scope(), &key, Want::DOCUMENT)));
    });
    let resource_type = registry.resource_type("User").ok_or("no users")?.clone();
    let query = |filter: Option<&str>, sort: Option<&str>, start| {
        let filter = filter.map(|text| {
            let filter = Filter::parse(text).ok()?;
            filter.resolve(&resource_type, ResolveOptions::default()).ok().map(Arc::new)
        });
        let target =
            Target { kind: Kind::from("User"), resource_type: resource_type.clone(), filter: filter.flatten() };
        let mut query = Query::new(target, 100);
        query.want = Want::DOCUMENT;
        query.page = Paging::Index { start, count: 100 };
        query.sort = sort.and_then(|path| resource_type.resolve(path)).map(|path| Sort { path, descending: false });
        query
    };
    time("userName eq", 5_000, |n| {
        let filter = format!(r#"userName eq "USER{}@example.test""#, some(n));
        let _ = block_on(store.query(scope(), &query(Some(&filter), None, 1)));
    });
    time("emails[type eq \"work\" and value eq]", 5_000, |n| {
        let filter = format!(r#"emails[type eq "work" and value eq "user{}@example.test"]"#, some(n));
        let _ = block_on(store.query(scope(), &query(Some(&filter), None, 1)));
    });
    for (name, filter, sort, start) in [
        ("page of 100 by id, counted", None, None, 1),
        ("page of 100 by id, far behind", None, None, users as u64 - 200),
        ("page of 100 by userName, far behind", None, Some("userName"), users as u64 - 200),
        ("name.familyName eq (0.1 %), page of 100, counted", Some(r#"name.familyName eq "family7""#), None, 1),
    ] {
        let query = query(filter, sort, start);
        time(name, 200, |_| drop(block_on(store.query(scope(), &query))));
    }
    let mut uncounted = query(Some(r#"title co "neer 1""#), None, 1);
    uncounted.count = CountMode::None;
    time("title co, page of 100, not counted", 100, |_| drop(block_on(store.query(scope(), &uncounted))));

    for size in [10, 1_000, 100_000] {
        let group = key("Group", &format!("group-{size}")).ok_or("no key")?;
        let document = format!(r#"{{"id":"group-{size}","displayName":"Group {size}"}}"#);
        let resource =
            Resource::from_stored(registry.resource_type("Group").ok_or("no groups")?.clone(), document.as_bytes())?;
        let record =
            plan::record(&resource, Default::default(), Timestamp::from_seconds(1), Timestamp::from_seconds(1));
        block_on(store.commit(scope(), changes(vec![Op::Create { key: group.clone(), record }])))?;
        let put = |from: usize| {
            let drafts = (from..from + size.min(users - 1)).map(|n| draft(&user_id(n))).collect();
            changes(vec![relate(&group, EdgeChange { replace: Some(drafts), steps: Vec::new() })])
        };
        time(&format!("put {size} members"), 1, |_| drop(block_on(store.commit(scope(), put(0)))));
        time("put them again", 1, |_| drop(block_on(store.commit(scope(), put(0)))));
        time(&format!("put with one of {size} other"), 1, |_| drop(block_on(store.commit(scope(), put(1)))));
        time(&format!("add one member to {size}"), 400, |n| {
            let steps = vec![EdgeStep::Add(draft(&user_id(users - 1 - n)))];
            let change = EdgeChange { replace: None, steps };
            drop(block_on(store.commit(scope(), changes(vec![relate(&group, change)]))));
        });
        let edges = EdgeQuery {
            relation: "members".to_owned(),
            anchor: Anchor::Sources(vec![group.clone()]),
            pending: true,
            peer: true,
            values: true,
            after: None,
            limit: 100,
        };
        time(&format!("first 100 of {size} members, with display"), 500, |_| {
            drop(block_on(store.edges(scope(), &edges)))
        });
    }
    Ok(())
}
