//! The store in memory keeps every promise.

use scimstack_store::MemoryStore;

#[test]
fn the_store_in_memory_passes_every_check() {
    let report = futures_executor::block_on(scimstack_store_testkit::run(|| async { MemoryStore::new() }));
    report.assert_ok();
    assert_eq!(report.skipped, []);
    assert_eq!(report.passed.len(), scimstack_store_testkit::checks().len());
}

#[test]
fn every_check_has_its_own_name() {
    let mut names: Vec<_> = scimstack_store_testkit::checks().into_iter().map(|check| check.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}
