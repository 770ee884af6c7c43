//! Everything the contract promises, by the kit that every store is put through.

use futures_executor::block_on;
use scimstack_store_sqlite::{SqliteOptions, SqliteStore};
use scimstack_store_testkit::run;
use tempfile::TempDir;

#[test]
fn a_store_in_a_file_keeps_every_promise() {
    let directory = TempDir::new().unwrap();
    let count = std::cell::Cell::new(0);
    let report = block_on(run(|| {
        count.set(count.get() + 1);
        let path = directory.path().join(format!("{}.db", count.get()));
        async move { SqliteStore::open(path, SqliteOptions::default()).unwrap() }
    }));
    report.assert_ok();
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
}

#[test]
fn a_store_in_memory_keeps_every_promise() {
    let report = block_on(run(|| async { SqliteStore::in_memory().unwrap() }));
    report.assert_ok();
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
}
