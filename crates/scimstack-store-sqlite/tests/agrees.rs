//! Whatever is asked after whatever happened, the answer is that of the store in memory, which plans nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod common;

use common::{add, changes, draft, key, member, record, relate, target, tenant};
use futures_executor::block_on;
use proptest::prelude::*;
use proptest::sample::select;
use scimstack_schema::Registry;
use scimstack_store::{
    Anchor, CountMode, EdgeChange, EdgeDraft, EdgePage, EdgeQuery, EdgeStep, Expect, MemoryStore, Op, Page, Paging,
    Query, Sort, Store, StoreError, Version, Want,
};
use scimstack_store_sqlite::SqliteStore;

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
];

fn user_document(id: &str) -> impl Strategy<Value = String> + use<> {
    let id = id.to_owned();
    let name =
        (select(NAMES), proptest::option::of(select(NAMES)), proptest::option::of(select(&["E1", "ann", "x"][..])));
    let rest = (
        proptest::collection::vec((select(EMAILS), any::<bool>()), 0..3),
        proptest::option::of(select(RAWS)),
        proptest::option::of(any::<bool>()),
        proptest::option::of(select(&["Kelly", "KELLY", "Kelso"][..])),
        proptest::option::of(select(&["T1", "t2"][..])),
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
    let of_user = || select(USERS).prop_flat_map(|id| (Just(id), user_document(id)));
    let as_user = |document: &str| record(&Registry::core(), "User", document);
    let as_group = |id: &str, name: &str| {
        record(&Registry::core(), "Group", &format!(r#"{{"id":"{id}","displayName":"{name}","externalId":"{name}"}}"#))
    };
    let change =
        (proptest::option::of(proptest::collection::vec(drafts(), 0..5)), proptest::collection::vec(step(), 0..3));
    prop_oneof![
        5 => of_user().prop_map(move |(id, document)| Op::Create { key: key("User", id), record: as_user(&document) }),
        4 => (of_user(), expectation()).prop_map(move |((id, document), expect)| {
            Op::Replace { key: key("User", id), expect, record: as_user(&document) }
        }),
        2 => (select(USERS), expectation()).prop_map(|(id, expect)| Op::Delete { key: key("User", id), expect }),
        3 => (select(GROUPS), select(NAMES)).prop_map(move |(id, name)| {
            Op::Create { key: key("Group", id), record: as_group(id, name) }
        }),
        1 => (select(GROUPS), select(NAMES)).prop_map(move |(id, name)| {
            Op::Replace { key: key("Group", id), expect: Expect::Any, record: as_group(id, name) }
        }),
        1 => select(GROUPS).prop_map(|id| Op::Delete { key: key("Group", id), expect: Expect::Any }),
        4 => (select(GROUPS), proptest::collection::vec(select(RAWS), 1..4)).prop_map(|(id, raws)| add(id, &raws)),
        3 => (select(GROUPS), change).prop_map(|(id, (replace, steps))| relate(id, EdgeChange { replace, steps })),
    ]
}

/// What a commit came to; of refusals what a client sees.
fn outcome<T: std::fmt::Debug>(result: &Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Conflict { op, .. }) => format!("conflict {op}"),
        result => format!("{result:?}"),
    }
}

struct Both {
    sqlite: SqliteStore,
    memory: MemoryStore,
    registry: Registry,
}

impl Both {
    fn query(&self, query: &mut Query) -> Result<(Vec<Page>, Vec<Page>), StoreError> {
        let pages = |store: &dyn Store, query: &mut Query| {
            let mut pages = Vec::new();
            if let Paging::Cursor { after, .. } = &mut query.page {
                *after = None;
            }
            loop {
                let page = block_on(store.query(tenant(1), query))?;
                let next = page.next.clone();
                pages.push(page);
                match (&mut query.page, next) {
                    (Paging::Cursor { after, .. }, Some(next)) => *after = Some(next),
                    _ => return Ok::<_, StoreError>(pages),
                }
            }
        };
        Ok((pages(&self.sqlite, query)?, pages(&self.memory, query)?))
    }

    fn edges(&self, mut query: EdgeQuery) -> (Vec<EdgePage>, Vec<EdgePage>) {
        let mut pages = |store: &dyn Store| {
            query.after = None;
            let mut pages = Vec::new();
            loop {
                let page = block_on(store.edges(tenant(1), &query)).unwrap();
                query.after.clone_from(&page.next);
                pages.push(page);
                if query.after.is_none() {
                    return pages;
                }
            }
        };
        (pages(&self.sqlite), pages(&self.memory))
    }
}

/// Kinds with their filters, an order, a part, whether to count.
type Question = (Vec<(&'static str, Option<&'static str>)>, Option<(&'static str, bool)>, Paging, CountMode);

fn questions() -> impl Strategy<Value = Question> {
    let filter = || prop_oneof![1 => Just(None), 1 => select(FILTERS).prop_map(Some)];
    let kinds = prop_oneof![
        filter().prop_map(|f| vec![("User", f)]),
        filter().prop_map(|f| vec![("Group", f)]),
        (filter(), filter()).prop_map(|(f, g)| vec![("User", f), ("Group", g)]),
        (filter(), filter()).prop_map(|(f, g)| vec![("User", f), ("User", g)]),
    ];
    let paging = prop_oneof![
        (0..5u64, 0..4u32).prop_map(|(start, count)| Paging::Index { start, count }),
        (1..4u32).prop_map(|count| Paging::Cursor { after: None, count }),
    ];
    let count = prop_oneof![Just(CountMode::Exact), Just(CountMode::None), (0..4u64).prop_map(CountMode::UpTo)];
    (kinds, proptest::option::weighted(0.8, (select(SORTS), any::<bool>())), paging, count)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, max_shrink_time: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_that_of_the_store_in_memory(
        history in proptest::collection::vec(proptest::collection::vec(operation(), 1..4), 1..25),
        asked in proptest::collection::vec(questions(), 60),
        limit in 1..4usize,
    ) {
        let both = Both {
            sqlite: SqliteStore::in_memory().unwrap(),
            memory: MemoryStore::new(),
            registry: Registry::core(),
        };
        for (time, ops) in history.into_iter().enumerate() {
            let mut changes = changes(ops);
            changes.at = scimstack_schema::Timestamp::from_seconds(time as i64);
            let one = block_on(both.sqlite.commit(tenant(1), changes.clone()));
            let other = block_on(both.memory.commit(tenant(1), changes));
            prop_assert_eq!(outcome(&one), outcome(&other));
        }
        prop_assert_eq!(both.sqlite.integrity_check().unwrap(), Vec::<String>::new());

        for (kinds, sort, page, count) in asked {
            let targets: Vec<_> =
                kinds.iter().map(|(kind, filter)| target(&both.registry, kind, *filter)).collect();
            let resolve = |path: &str| {
                let user = both.registry.resource_type("User").unwrap();
                user.resolve(path).unwrap()
            };
            let mut query = Query::new(targets[0].clone(), 0);
            query.targets = targets;
            query.sort = sort.map(|(path, descending)| Sort { path: resolve(path), descending });
            query.page = page;
            query.count = count;
            query.want = Want::ALL;
            let (one, other) = both.query(&mut query).unwrap();
            let simple = |pages: &[Page]| -> Vec<_> {
                pages.iter().map(|page| (page.items.clone(), page.total, page.next.is_some())).collect()
            };
            prop_assert_eq!(simple(&one), simple(&other), "{:?} {:?} {:?} {:?}", kinds, sort, query.page, count);
        }

        let sources: Vec<_> = GROUPS.iter().map(|id| key("Group", id)).chain(USERS.iter().map(|id| key("User", id))).collect();
        for relation in ["members", "manager"] {
            for anchor in [Anchor::All, Anchor::Sources(sources.clone()), Anchor::Targets(sources.clone())] {
                for pending in [false, true] {
                    let (relation, anchor) = (relation.to_owned(), anchor.clone());
                    let query = EdgeQuery { relation, anchor, pending, peer: pending, after: None, limit };
                    let (one, other) = both.edges(query.clone());
                    let simple = |pages: &[EdgePage]| -> Vec<_> {
                        pages.iter().map(|page| (page.edges.clone(), page.next.is_some())).collect()
                    };
                    prop_assert_eq!(simple(&one), simple(&other), "{:?}", query);
                }
            }
        }
    }
}
