//! Tests of where a page is read: it goes by how many are found, not by how many are asked for, and the answer is the same.

use crate::cluster::Cluster;
use crate::fault::Fault;
use crate::query::{self, Pace};
use crate::{PostgresStore, alone, snapshot};
use scimstack_filter::{Filter, ResolveOptions};
use scimstack_schema::{Registry, Resource, Timestamp};
use scimstack_store::{
    Actor, ChangeSet, FeedScope, Key, Op, Page, Paging, Query, ResourceId, Scope, Sort, Store, Target, plan,
};
use std::sync::Arc;

const PEOPLE: usize = 10_300;
const SORTS: [Option<&str>; 4] = [None, Some("userName"), Some("displayName"), Some("meta.created")];

fn scope() -> Scope {
    Scope::from_number(1)
}

/// People with the user names n99999, n99998 and so on, every seventh of whom has the same name to show.
async fn people(store: &PostgresStore) {
    let user = Registry::core().resource_type("User").unwrap().clone();
    let mut changes = ChangeSet::new(Timestamp::from_seconds(2), Actor("system".to_owned()), "request-1");
    for n in 0..PEOPLE {
        let (name, shown) = (99_999 - n, n % 7);
        let document = format!(r#"{{"id":"u{n:05}","userName":"n{name:05}","displayName":"d{shown}"}}"#);
        let resource = Resource::from_stored(user.clone(), document.as_bytes()).unwrap();
        let at = Timestamp::from_seconds(1);
        let key = Key::new("User", ResourceId::new(&format!("u{n:05}")).unwrap());
        changes.ops.push(Op::Create { key, record: plan::record(&resource, b"{}".as_slice().into(), at, at) });
    }
    store.commit(scope(), changes).await.unwrap();
}

fn target(filter: Option<&str>) -> Target {
    let resource_type = Registry::core().resource_type("User").unwrap().clone();
    let resolve = |text| Filter::parse(text).unwrap().resolve(&resource_type, ResolveOptions::default()).unwrap();
    let filter = filter.map(|text| Arc::new(resolve(text)));
    Target { kind: "User".into(), resource_type, filter }
}

/// The page, or none when it takes longer than the pace has.
async fn paced(store: &PostgresStore, query: &Query, pace: Pace) -> Option<Page> {
    let mut client = store.client().await.unwrap();
    let snapshot = snapshot(&mut client, FeedScope::One(scope())).await.unwrap();
    match query::query(&snapshot, scope(), query, store.parts, pace).await {
        Err(Fault::TakesLong) => None,
        other => Some(other.unwrap()),
    }
}

/// Whether a page was brief, and the page.
async fn ask(store: &PostgresStore, filter: Option<&str>, sort: Option<&str>, paging: Paging) -> (bool, Page) {
    let target = target(filter);
    let path = sort.map(|path| target.resource_type.resolve(path).unwrap());
    let mut query = Query::new(target, 0);
    query.sort = path.map(|path| Sort { path, descending: true });
    query.page = paging;
    let (brief, long) = (paced(store, &query, Pace::Brief).await, paced(store, &query, Pace::Long).await.unwrap());
    assert!(brief.as_ref().is_none_or(|brief| *brief == long), "{filter:?} {sort:?} {:?}", query.page);
    (brief.is_some(), long)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_takes_long_by_what_is_found_on_it() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    people(&store).await;
    let questions = [
        (Some(r#"userName sw "n9999""#), 1, 1_000, (true, 10)),
        (Some(r#"userName sw "n999""#), 3, 1_000, (true, 98)),
        (Some(r#"userName sw "n999""#), 20_000, 1_000, (true, 0)),
        (Some(r#"userName eq "n99999" or userName eq "n99998""#), 1, 1_000, (true, 2)),
        (Some(r#"userName eq "n99999" or userName eq "n99998""#), 20_000, 10, (true, 0)),
        (Some(r#"userName sw "n99""#), 1, 256, (true, 256)),
        (Some(r#"userName sw "n99""#), 1, 257, (false, 257)),
        (Some(r#"userName sw "n99""#), 990, 1_000, (true, 11)),
        (Some(r#"displayName eq "d3""#), 1, 1_000, (false, 1_000)),
        (Some(r#"displayName eq "d3""#), 20_000, 10, (true, 0)),
        (Some(r#"userName sw "n""#), 1, 1_000, (false, 1_000)),
        (None, 10_201, 1_000, (false, 100)),
        (None, 9_901, 1_000, (false, 400)),
        (None, 20_000, 1_000, (true, 0)),
    ];
    for sort in SORTS {
        for (filter, start, count, expected) in questions {
            let (is_brief, page) = ask(&store, filter, sort, Paging::Index { start, count }).await;
            assert_eq!((is_brief, page.items.len()), expected, "{filter:?} {sort:?} {start} {count}");
        }
        for (filter, count, last) in [
            (Some(r#"userName sw "n99""#), 950, (true, 50)),
            (Some(r#"displayName eq "d3""#), 490, (true, 1)),
            (None, 2_050, (true, 50)),
        ] {
            let (mut is_brief, mut page) = ask(&store, filter, sort, Paging::Cursor { after: None, count }).await;
            while let Some(after) = page.next.take() {
                assert_eq!((is_brief, page.items.len()), (false, count as usize), "{filter:?} {sort:?}");
                (is_brief, page) = ask(&store, filter, sort, Paging::Cursor { after: Some(after), count }).await;
            }
            assert_eq!((is_brief, page.items.len()), last, "{filter:?} {sort:?}");
        }
    }
    let mut twice = Query::new(target(Some(r#"userName sw "n9999""#)), 1_000);
    twice.targets.push(twice.targets[0].clone());
    assert_eq!(paced(&store, &twice, Pace::Brief).await.unwrap().items.len(), 10);
}

/// What one statement answers, when one does.
async fn direct(store: &PostgresStore, query: &Query) -> Option<Page> {
    let mut client = store.client().await.unwrap();
    let alone = alone(&mut client, FeedScope::One(scope())).await.unwrap();
    query::direct(&alone, scope(), query).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_one_statement_reads_is_the_page_of_several() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    people(&store).await;
    let questions = [
        (1, 100, true),
        (2, 1, true),
        (101, 100, true),
        (901, 101, true),
        (902, 101, true),
        (5_001, 256, true),
        (5_001, 257, false),
        (10_001, 100, true),
        (10_002, 100, false),
        (20_001, 100, false),
        (7, 0, false),
    ];
    for sort in SORTS {
        for descending in [false, true] {
            for (start, count, is_one) in questions {
                let target = target(None);
                let path = sort.map(|path| target.resource_type.resolve(path).unwrap());
                let mut query = Query::new(target, 0);
                query.sort = path.map(|path| Sort { path, descending });
                query.page = Paging::Index { start, count };
                let (one, several) = (direct(&store, &query).await, paced(&store, &query, Pace::Long).await.unwrap());
                // Backwards, those without a name come first, of whom there are none.
                let is_one = is_one && !(descending && matches!(sort, Some("userName" | "displayName")));
                assert_eq!(one.is_some(), is_one, "{sort:?} {descending} {start} {count}");
                assert!(one.is_none_or(|one| one == several), "{sort:?} {descending} {start} {count}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_come_with_their_places_are_those_that_are_read_by_themselves() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.url()).await.unwrap();
    people(&store).await;
    for filter in [r#"displayName eq "d3""#, r#"userName sw "n99""#, r#"userName sw "n""#] {
        for sort in SORTS {
            for descending in [false, true] {
                for start in [1, 11, 150, 990, 999] {
                    let target = target(Some(filter));
                    let path = sort.map(|path| target.resource_type.resolve(path).unwrap());
                    let mut query = Query::new(target.clone(), 1_000_000);
                    query.sort = path.map(|path| Sort { path, descending });
                    query.page = Paging::Index { start, count: 12 };
                    let one = paced(&store, &query, Pace::Long).await.unwrap();
                    // What matches one of two alike targets is put in order in memory, and read afterwards.
                    query.targets.push(target);
                    let two = paced(&store, &query, Pace::Long).await.unwrap();
                    assert_eq!(
                        (one.items, one.total),
                        (two.items, two.total),
                        "{filter} {sort:?} {descending} {start}"
                    );
                }
            }
        }
    }
}
