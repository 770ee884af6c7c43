//! Whatever is asked after whatever happened, the answer is that of the store in memory.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use futures_executor::block_on;
use scimstack_store_sqlite::SqliteStore;
use scimstack_store_testkit::agrees_with_memory;

#[test]
fn every_answer_is_that_of_the_store_in_memory() {
    let store = SqliteStore::in_memory().unwrap();
    let seed = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(9_865);
    agrees_with_memory(&store, 96, seed, |future| block_on(future));
    assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new());
}
