//! Whatever is asked after whatever happened, the answer is that of the store in memory; on a server of the test's own.

mod cluster;

use cluster::Cluster;
use scimstack_store_postgres::PostgresStore;
use scimstack_store_testkit::agrees_with_memory;

#[test]
fn every_answer_is_that_of_the_store_in_memory() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cluster = Cluster::start();
    let store = runtime.block_on(async { PostgresStore::connect(&cluster.empty().await).await.unwrap() });
    let seed = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(9_865);
    agrees_with_memory(&store, 48, seed, |future| runtime.block_on(future));
}
