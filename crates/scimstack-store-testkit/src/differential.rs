//! Whatever is asked after whatever happened, the answer is that of the store in memory, which plans nothing: random
//! histories, and after each random questions (RFC 7644 §3.4.2). For proptest-sized budgets of time.
//!
//! ```
//! use scimstack_store::MemoryStore;
//! use scimstack_store_testkit::agrees_with_memory;
//!
//! let store = MemoryStore::new();
//! agrees_with_memory(&store, 5, 1, |future| futures_executor::block_on(future));
//! ```

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a failed check of a test kit fails the test"
)]

use futures_util::future::LocalBoxFuture;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use scimstack_filter::strategies::fitting_filter;
use scimstack_filter::{Filter, ResolveOptions};
use scimstack_schema::{ReferenceKey, Registry, Resource, Timestamp};
use scimstack_store::{
    Actor, Anchor, ChangeSet, CountMode, EdgeChange, EdgeDraft, EdgePage, EdgeQuery, EdgeStep, Expect, Index, Key,
    Kind, MemoryStore, Op, Page, Paging, Query, Record, Reference, ReferenceRule, ResourceId, Scope, Sort, Store,
    StoreError, Target, TenantId, Total, Version, Want, plan, reindex,
};
use std::cell::Cell;
use std::sync::{Arc, LazyLock};

const USERS: &[&str] = &["u0", "u1", "u2", "x"];
const GROUPS: &[&str] = &["g0", "g1", "x"];
const NAMES: &[&str] = &["ann", "Bob", "cleo", "u1", "g1", "x"];
const EMAILS: &[&str] = &["one@x.test", "TWO@x.test"];
const RAWS: &[&str] = &["u0", "u1", "g0", "g1", "x", "ANN", "bob", "E1", "u9", "one@x.test", "two@x.test"];
const SORTS: &[&str] = &["id", "userName", "displayName", "meta.created", "meta.lastModified", "title", "emails.value"];
const FILTERS: &[&str] = &[
    r#"id eq "u1""#,
    r#"userName eq "BOB""#,
    r#"externalId eq "E1""#,
    r#"displayName eq "ann""#,
    r#"displayName gt "b""#,
    r#"emails.value eq "one@x.test""#,
    r#"emails[type eq "work" and value eq "two@x.test"]"#,
    r#"name.familyName eq "Kelly""#,
    r#"name.familyName eq "Kelly" and active eq true"#,
    r#"not (active eq true)"#,
    r#"not (urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value pr)"#,
    r#"not (title pr) and active eq true"#,
    r#"groups.value eq "g0""#,
    r#"groups.value eq "x""#,
    r#"groups[value eq "g1"] and displayName pr"#,
    r#"groups pr"#,
    r#"groups.display co "o""#,
    r#"members.value eq "u1""#,
    r#"members.value eq "X""#,
    r#"members eq "bob""#,
    r#"members.value eq "u9" or members.value eq "ANN""#,
    r#"members[value eq "x" and type eq "Group"]"#,
    r#"not (members.value eq "u0")"#,
    r#"members.type eq "User""#,
    r#"members pr"#,
    r#"meta.resourceType eq "Group""#,
    r#"meta.lastModified gt "1970-01-01T00:00:01Z""#,
    r#"title sw "T" or userName ew "b""#,
    r#"userName sw "B""#,
    r#"userName gt "ann" and userName le "Bob""#,
    r#"userName ge "b" and active eq true"#,
    r#"externalId sw "E""#,
    r#"externalId lt "b""#,
    r#"displayName sw "B""#,
    r#"displayName le "bob""#,
    r#"emails.value sw "ONE""#,
    r#"emails.value gt "p" and emails.value lt "s""#,
    r#"emails[type eq "work" and value ge "one@x.test"]"#,
    r#"name.familyName sw "kel" and name.familyName ge "Kelm""#,
    r#"meta.lastModified ge "1970-01-01T00:00:03Z" and meta.lastModified lt "1970-01-01T00:00:06Z""#,
    r#"meta.created eq "1970-01-01T00:00:02Z""#,
    r#"meta.created le "1970-01-01T00:00:02Z" and active eq false"#,
    r#"active eq false"#,
    r#"userName eq "bob" or externalId eq "E1" or emails.value eq "two@x.test""#,
    r#"members.value eq "u1" or displayName sw "b""#,
    r#"groups.value eq "g0" or userName eq "ann" and active eq true"#,
    r#"userName co "NN""#,
    r#"userName co "Ann""#,
    r#"displayName ew "leo" and active eq true"#,
    r#"emails[type eq "work" and value co "@X."]"#,
    r#"emails.value ew "o@x.test" or title ew "t2""#,
    r#"title eq "T1""#,
    r#"title ge "t1" and userName co "bob""#,
    r#"title sw "T" and title ne "t2""#,
];

fn user_document(id: &str, names: &'static [&'static str]) -> impl Strategy<Value = String> + use<> {
    let id = id.to_owned();
    let name = (select(names), option::of(select(NAMES)), option::of(select(&["E1", "ann", "x"][..])));
    let rest = (
        vec((select(EMAILS), any::<bool>()), 0..3),
        option::of(select(RAWS)),
        option::of(any::<bool>()),
        option::of(select(&["Kelly", "KELLY", "Kelso"][..])),
        option::of(select(&["T1", "t2"][..])),
    );
    (name, rest).prop_map(move |((name, shown, external), (emails, manager, active, family, title))| {
        let mut document = format!(r#"{{"id":"{id}","userName":"{name}""#);
        let mut push = |text: String| document.push_str(&text);
        shown.iter().for_each(|shown| push(format!(r#","displayName":"{shown}""#)));
        external.iter().for_each(|external| push(format!(r#","externalId":"{external}""#)));
        active.iter().for_each(|active| push(format!(r#","active":{active}"#)));
        family.iter().for_each(|family| push(format!(r#","name":{{"familyName":"{family}"}}"#)));
        title.iter().for_each(|title| push(format!(r#","title":"{title}""#)));
        if !emails.is_empty() {
            let work = |is: bool| if is { r#","type":"work""# } else { "" };
            let emails: Vec<String> =
                emails.iter().map(|(value, is)| format!(r#"{{"value":"{value}"{}}}"#, work(*is))).collect();
            push(format!(r#","emails":[{}]"#, emails.join(",")));
        }
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        manager.iter().for_each(|raw| push(format!(r#","{enterprise}":{{"manager":{{"value":"{raw}"}}}}"#)));
        document + "}"
    })
}

fn drafts() -> impl Strategy<Value = EdgeDraft> {
    let data = select(&["", r#"{"display":"d"}"#, r#"{"type":"User"}"#][..]);
    (select(RAWS), data, prop::bool::weighted(0.1)).prop_map(|(raw, data, must_exist)| EdgeDraft {
        data: data.into(),
        must_exist,
        ..draft(raw)
    })
}

fn step() -> impl Strategy<Value = EdgeStep> {
    prop_oneof![drafts().prop_map(EdgeStep::Add), select(RAWS).prop_map(|raw| EdgeStep::Remove(member(raw)))]
}

fn expectation() -> impl Strategy<Value = Expect> {
    prop_oneof![4 => Just(Expect::Any), 1 => (1..4u64).prop_map(|v| Expect::Version(Version(v)))]
}

fn operation() -> impl Strategy<Value = Op> {
    let of_user = || select(USERS).prop_flat_map(|id| (Just(id), user_document(id, NAMES)));
    // Some of those who write know of indexes that others do not.
    let as_user = |document: &str, at: i64| match at % 3 {
        0 => record(&registry(), "User", document, at),
        1 => record(&Registry::core(), "User", document, at),
        _ => {
            let mut record = record(&Registry::core(), "User", document, at);
            record.index = Index::default();
            record
        }
    };
    let as_group = |id: &str, name: &str| {
        record(
            &Registry::core(),
            "Group",
            &format!(r#"{{"id":"{id}","displayName":"{name}","externalId":"{name}"}}"#),
            1,
        )
    };
    let change = (option::of(vec(drafts(), 0..5)), vec(step(), 0..3));
    prop_oneof![
        5 => (of_user(), 0..7i64).prop_map(move |((id, document), at)| {
            Op::Create { key: key("User", id), record: as_user(&document, at) }
        }),
        4 => (of_user(), expectation(), 0..7i64).prop_map(move |((id, document), expect, at)| {
            Op::Replace { key: key("User", id), expect, record: as_user(&document, at) }
        }),
        2 => (select(USERS), expectation()).prop_map(|(id, expect)| Op::Delete { key: key("User", id), expect }),
        3 => (select(GROUPS), select(NAMES)).prop_map(move |(id, name)| {
            Op::Create { key: key("Group", id), record: as_group(id, name) }
        }),
        1 => (select(GROUPS), select(NAMES)).prop_map(move |(id, name)| {
            Op::Replace { key: key("Group", id), expect: Expect::Any, record: as_group(id, name) }
        }),
        1 => select(GROUPS).prop_map(|id| Op::Delete { key: key("Group", id), expect: Expect::Any }),
        4 => (select(GROUPS), vec(select(RAWS), 1..4)).prop_map(|(id, raws)| add(id, &raws)),
        3 => (select(GROUPS), change).prop_map(|(id, (replace, steps))| relate(id, EdgeChange { replace, steps })),
    ]
}

/// Operations of one changeset: any few, or a run as those who load a directory send it, of people who refer to each other
/// and events between them.
fn operations() -> impl Strategy<Value = Vec<Op>> {
    let event = (0..4_u8, option::of(select(USERS))).prop_map(|(n, id)| Op::Emit {
        topic: "log".to_owned(),
        id: format!("event{n}"),
        key: id.map(|id| key("User", id)),
        payload: "{}".into(),
    });
    // Each with a name of its own, mostly, so that they can all be made.
    let own = NAMES.chunks(1).chain([NAMES]);
    let people = (shuffled(USERS.to_vec()), shuffled(own.collect())).prop_flat_map(|(ids, names)| {
        let people = ids.into_iter().zip(names);
        let people: Vec<_> = people.map(|(id, names)| (Just(id), user_document(id, names))).collect();
        (people, 0..7_i64)
    });
    let run = (people, vec(event, 6)).prop_map(|((people, at), events)| {
        let mut events = events.into_iter();
        let create = |(id, document): (&str, String)| Op::Create {
            key: key("User", id),
            record: record(&registry(), "User", &document, at),
        };
        // An event after every other one.
        let ops = people
            .into_iter()
            .enumerate()
            .flat_map(|(n, person)| std::iter::once(create(person)).chain(events.next().filter(|_| n % 2 == 1)));
        ops.collect()
    });
    prop_oneof![5 => vec(operation(), 1..4), 1 => run]
}

/// At least two of these, in any order.
fn shuffled<T: Clone + std::fmt::Debug + 'static>(all: Vec<T>) -> impl Strategy<Value = Vec<T>> {
    let most = all.len();
    (Just(all).prop_shuffle(), 2..=most).prop_map(|(mut some, count)| {
        some.truncate(count);
        some
    })
}

/// What a commit came to; of refusals what a client sees.
fn outcome<T: std::fmt::Debug>(result: &Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Conflict { op, .. }) => format!("conflict {op}"),
        result => format!("{result:?}"),
    }
}

/// The standard's, with indexes on what it does not index.
fn registry() -> Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
        let builder = Registry::core().to_builder().indexed("User", "title").unwrap();
        let builder = builder.found_without("User", &["title"]).unwrap();
        builder.searched("User", "title").unwrap().build().unwrap()
    });
    REGISTRY.clone()
}

fn key(kind: &str, id: &str) -> Key {
    Key::new(kind, ResourceId::new(id).unwrap())
}

fn record(registry: &Registry, kind: &str, document: &str, seconds: i64) -> Record {
    let resource_type = registry.resource_type(kind).unwrap().clone();
    let resource = Resource::from_stored(resource_type, document.as_bytes()).unwrap();
    plan::record(&resource, b"{}".as_slice().into(), Timestamp::from_seconds(seconds), Timestamp::from_seconds(seconds))
}

fn member(raw: &str) -> Reference {
    let rule = ReferenceRule {
        relation: "members".to_owned(),
        keys: vec![ReferenceKey::Id, ReferenceKey::UserName, ReferenceKey::ExternalId],
        targets: vec![Kind::from("User"), Kind::from("Group")],
    };
    Reference::new(&Arc::new(rule), raw)
}

fn draft(raw: &str) -> EdgeDraft {
    EdgeDraft { reference: member(raw), data: "".into(), must_exist: false }
}

fn add(group: &str, raws: &[&str]) -> Op {
    let steps = raws.iter().map(|raw| EdgeStep::Add(draft(raw))).collect();
    relate(group, EdgeChange { replace: None, steps })
}

fn relate(group: &str, change: EdgeChange) -> Op {
    Op::Relate { source: key("Group", group), relation: "members".to_owned(), expect: Expect::Any, change }
}

fn target(registry: &Registry, kind: &str, filter: Option<&str>) -> Target {
    let resource_type = registry.resource_type(kind).unwrap().clone();
    let options = ResolveOptions::default().with_unknown_is_absent(true);
    let resolve = |text| Filter::parse(text).unwrap().resolve(&resource_type, options).unwrap();
    let filter = filter.map(|text| Arc::new(resolve(text)));
    Target { kind: Kind::from(kind), resource_type, filter }
}

/// Kinds with their filters, an order, a part, whether to count.
type Question = (Vec<(&'static str, Option<String>)>, Option<(&'static str, bool)>, Paging, CountMode);

fn questions() -> impl Strategy<Value = Question> {
    let registry = Registry::core();
    let filter = move |kind: &str| {
        let any = fitting_filter(registry.resource_type(kind).unwrap()).prop_map(|filter| Some(filter.to_string()));
        prop_oneof![
            2 => Just(None),
            3 => select(FILTERS).prop_map(|filter| Some(filter.to_owned())),
            1 => any,
        ]
    };
    let kinds = prop_oneof![
        filter("User").prop_map(|f| vec![("User", f)]),
        filter("Group").prop_map(|f| vec![("Group", f)]),
        (filter("User"), filter("Group")).prop_map(|(f, g)| vec![("User", f), ("Group", g)]),
        (filter("User"), filter("User")).prop_map(|(f, g)| vec![("User", f), ("User", g)]),
    ];
    let paging = prop_oneof![
        (0..5u64, 0..4u32).prop_map(|(start, count)| Paging::Index { start, count }),
        (1..4u32).prop_map(|count| Paging::Cursor { after: None, count }),
    ];
    let count = prop_oneof![
        Just(CountMode::Exact),
        Just(CountMode::Cheap),
        Just(CountMode::None),
        (0..4u64).prop_map(CountMode::UpTo)
    ];
    (kinds, proptest::option::weighted(0.8, (select(SORTS), any::<bool>())), paging, count)
}

/// Puts a store beside the one in memory, `cases` times, each in a tenant of its own from the thousandth on; `wait` runs a
/// future to its end (`futures_executor::block_on`, or a runtime's). The cases are the same for the same `seed`; one that
/// fails is made as small as possible.
pub fn agrees_with_memory<S: Store>(store: &S, cases: u32, seed: u64, wait: impl Fn(LocalBoxFuture<'_, ()>)) {
    let config = Config { cases, failure_persistence: None, max_shrink_time: 5_000, ..Config::default() };
    let mut bytes = [0_u8; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let tenant = Cell::new(1_000_u32);
    let history = vec(operations(), 1..25);
    let asked = vec(questions(), 60);
    let result = runner.run(&(history, asked, 1..4_usize), |(history, asked, limit)| {
        tenant.set(tenant.get() + 1);
        let both = Both {
            store,
            memory: MemoryStore::new(),
            registry: registry(),
            scope: Scope::Tenant(TenantId::new(tenant.get()).unwrap()),
        };
        let mut outcome = Ok(());
        wait(Box::pin(async { outcome = both.compare(history, asked, limit).await }));
        outcome
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

struct Both<'s> {
    store: &'s dyn Store,
    memory: MemoryStore,
    registry: Registry,
    scope: Scope,
}

impl Both<'_> {
    async fn compare(&self, history: Vec<Vec<Op>>, asked: Vec<Question>, limit: usize) -> Result<(), TestCaseError> {
        for (time, ops) in history.into_iter().enumerate() {
            let at = Timestamp::from_seconds(i64::try_from(time).unwrap());
            let mut changes = ChangeSet::new(at, Actor("system".to_owned()), "request");
            changes.ops = ops;
            let one = self.store.commit(self.scope, changes.clone()).await;
            let other = self.memory.commit(self.scope, changes).await;
            prop_assert_eq!(outcome(&one), outcome(&other));
        }
        let half = asked.len() / 2;
        for (at, (kinds, sort, page, count)) in asked.into_iter().enumerate() {
            if at == half {
                self.index_anew(limit).await;
            }
            let targets: Vec<_> =
                kinds.iter().map(|(kind, filter)| target(&self.registry, kind, filter.as_deref())).collect();
            let user = self.registry.resource_type("User").unwrap();
            let mut query = Query::new(targets[0].clone(), 0);
            query.targets = targets;
            query.sort = sort.map(|(path, descending)| Sort { path: user.resolve(path).unwrap(), descending });
            query.page = page;
            query.count = count;
            query.want = Want::ALL;
            let one = self.pages(self.store, &mut query).await.unwrap();
            let mut other = self.pages(&self.memory, &mut query).await.unwrap();
            // What is cheap to count, and how much is looked at for it, is each store's own.
            for (one, other) in one.iter().zip(&mut other) {
                other.looked_at = one.looked_at;
                if count == CountMode::Cheap && one.total == Total::Unknown {
                    other.total = Total::Unknown;
                }
            }
            prop_assert_eq!(one, other, "{:?} {:?} {:?} {:?}", kinds, sort, query.page, count);
        }
        let groups = GROUPS.iter().map(|id| key("Group", id));
        let all: Vec<_> = groups.chain(USERS.iter().map(|id| key("User", id))).collect();
        for relation in ["members", "manager"] {
            let alone =
                all.iter().flat_map(|one| [Anchor::Sources(vec![one.clone()]), Anchor::Targets(vec![one.clone()])]);
            let together = [Anchor::All, Anchor::Nowhere, Anchor::Sources(all.clone()), Anchor::Targets(all.clone())];
            for anchor in together.into_iter().chain(alone) {
                for (pending, values) in [(false, true), (true, true), (true, false)] {
                    let (relation, anchor) = (relation.to_owned(), anchor.clone());
                    let query = EdgeQuery { relation, anchor, pending, peer: pending, values, after: None, limit };
                    let mut one = self.edges(self.store, query.clone()).await;
                    let mut other = self.edges(&self.memory, query.clone()).await;
                    if !values {
                        let bound = one
                            .iter_mut()
                            .chain(&mut other)
                            .flat_map(|(page, _)| &mut page.edges)
                            .filter(|edge| edge.target.is_some());
                        bound.for_each(|edge| (edge.raw, edge.data) = Default::default());
                    }
                    prop_assert_eq!(one, other, "{:?}", query);
                }
            }
        }
        Ok(())
    }

    /// Brings every record under what the registry declares now.
    async fn index_anew(&self, limit: usize) {
        for resource_type in self.registry.resource_types() {
            for store in [self.store, &self.memory] {
                let (mut after, limit) = (None, u32::try_from(limit).unwrap());
                let now = Timestamp::from_seconds(100);
                while let Some(step) =
                    reindex(store, self.scope, resource_type, after.as_ref(), limit, now).await.unwrap()
                {
                    after = Some(step.last);
                }
            }
        }
    }

    /// Every page, without the cursors, which are each store's own.
    async fn pages(&self, store: &dyn Store, query: &mut Query) -> Result<Vec<Page>, StoreError> {
        let mut pages = Vec::new();
        if let Paging::Cursor { after, .. } = &mut query.page {
            *after = None;
        }
        loop {
            let mut page = store.query(self.scope, query).await?;
            let next = page.next.take();
            page.next = next.as_ref().map(|_| "more".into());
            pages.push(page);
            match (&mut query.page, next) {
                (Paging::Cursor { after, .. }, Some(next)) => *after = Some(next),
                _ => return Ok(pages),
            }
        }
    }

    async fn edges(&self, store: &dyn Store, mut query: EdgeQuery) -> Vec<(EdgePage, bool)> {
        let mut pages = Vec::new();
        loop {
            let mut page = store.edges(self.scope, &query).await.unwrap();
            query.after = page.next.take();
            pages.push((page, query.after.is_some()));
            if query.after.is_none() {
                return pages;
            }
        }
    }
}
