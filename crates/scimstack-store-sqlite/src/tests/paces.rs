//! Where a page is read: it goes by how many are found, not by how many are asked for, and the answer is the same.

use super::common::{commit, key, record, target, tenant};
use crate::SqliteStore;
use crate::fault::Fault;
use crate::query::{self, Pace};
use crate::sql::seen;
use futures_executor::block_on;
use scimstack_schema::Registry;
use scimstack_store::{Op, Page, Paging, Query, Sort, Store};

const PEOPLE: usize = 10_300;
const SORTS: [Option<&str>; 4] = [None, Some("userName"), Some("displayName"), Some("meta.created")];

/// People with the user names n99999, n99998 and so on, every seventh of whom has the same name to show.
fn people() -> SqliteStore {
    let store = SqliteStore::in_memory().unwrap();
    let registry = Registry::core();
    let create = |n: usize| {
        let (name, shown) = (99_999 - n, n % 7);
        let document = format!(r#"{{"id":"u{n:05}","userName":"n{name:05}","displayName":"d{shown}"}}"#);
        Op::Create { key: key("User", &format!("u{n:05}")), record: record(&registry, "User", &document) }
    };
    commit(&store, (0..PEOPLE).map(create).collect()).unwrap();
    store
}

/// The page that readers who are not to be kept give, or none when it takes long.
fn brief(store: &SqliteStore, query: &Query) -> Option<Page> {
    paced(store, query, Pace::Brief)
}

fn paced(store: &SqliteStore, query: &Query, pace: Pace) -> Option<Page> {
    let answer =
        store.readers.snapshot(|connection| match query::query(connection, &store.dict, tenant(1), query, pace) {
            Err(Fault::TakesLong) => Ok(None),
            other => other.map(Some),
        });
    answer.unwrap()
}

/// Whether a page was brief, and the page.
fn ask(store: &SqliteStore, filter: Option<&str>, sort: Option<&str>, paging: Paging) -> (bool, Page) {
    let target = target(&Registry::core(), "User", filter);
    let path = sort.map(|path| target.resource_type.resolve(path).unwrap());
    let mut query = Query::new(target, 0);
    query.sort = path.map(|path| Sort { path, descending: true });
    query.page = paging;
    let (brief, long) = (brief(store, &query), paced(store, &query, Pace::Long).unwrap());
    assert!(brief.as_ref().is_none_or(|brief| *brief == long), "{filter:?} {sort:?} {:?}", query.page);
    (brief.is_some(), long)
}

#[test]
fn a_page_by_index_takes_long_by_what_is_found_on_it() {
    let store = people();
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
            let (is_brief, page) = ask(&store, filter, sort, Paging::Index { start, count });
            assert_eq!((is_brief, page.items.len()), expected, "{filter:?} {sort:?} {start} {count}");
        }
    }
}

#[test]
fn a_page_by_cursor_takes_long_by_what_is_left() {
    let store = people();
    for sort in SORTS {
        for (filter, count, last) in [
            (Some(r#"userName sw "n99""#), 950, (true, 50)),
            (Some(r#"displayName eq "d3""#), 490, (true, 1)),
            (None, 2_050, (true, 50)),
        ] {
            let (mut is_brief, mut page) = ask(&store, filter, sort, Paging::Cursor { after: None, count });
            while let Some(after) = page.next.take() {
                assert_eq!((is_brief, page.items.len()), (false, count as usize), "{filter:?} {sort:?}");
                (is_brief, page) = ask(&store, filter, sort, Paging::Cursor { after: Some(after), count });
            }
            assert_eq!((is_brief, page.items.len()), last, "{filter:?} {sort:?}");
        }
    }
}

#[test]
fn all_of_few_is_brief_and_costs_no_statement_more_than_a_page_of_them() {
    let store = people();
    let few = target(&Registry::core(), "User", Some(r#"userName sw "n9999""#));
    let mut query = Query::new(few.clone(), 1_000);
    query.targets.push(few);
    assert_eq!(brief(&store, &query).unwrap().items.len(), 10);
    query.targets.pop();
    let mut statements = |count: u32| {
        query.page = Paging::Index { start: 1, count };
        // Once, so that every name has its number.
        block_on(store.query(tenant(1), &query)).unwrap();
        let before = seen::run_here();
        block_on(store.query(tenant(1), &query)).unwrap();
        seen::run_here() - before
    };
    let (of_a_page, of_all) = (statements(100), statements(1_000));
    assert!(of_all <= of_a_page, "{of_all} statements instead of {of_a_page}");
}
