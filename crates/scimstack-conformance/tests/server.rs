//! Our own server passes: the engine over memory and SQLite, as strict as the RFCs and as the product is. What it does not
//! pass is listed here with the reason, and the list is checked both ways.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod good;

use good::Good;
use scimstack_conformance::{Options, Report, Verdict, run};
use scimstack_store::MemoryStore;
use scimstack_store_sqlite::SqliteStore;
use std::sync::Arc;

fn report(good: &Good) -> Report {
    let options = Options::default().run_name("t");
    futures_executor::block_on(run(good, &good.target(), &options))
}

/// What did not pass and is not listed, and what is listed and passed.
fn judge(report: &Report, expected: &[(&str, &str)]) {
    let failed: Vec<String> = report.failures().map(|outcome| outcome.name()).collect();
    let expected: Vec<String> = expected.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(failed, expected, "\n{report}\n");
    let untested: Vec<_> = report.outcomes.iter().filter(|o| matches!(o.verdict, Verdict::Untested(_))).collect();
    assert!(untested.is_empty(), "\n{report}\n");
    assert_eq!(report.left, Vec::<String>::new());
}

#[test]
fn the_strict_engine_passes_everything_but_one_deviation() {
    let reason = "the letter has add, remove and replace (decision 33); who serves Entra takes another profile";
    let names = ["User", "Group", "Widget"].map(|name| format!("patch-operations-have-no-case [{name}]"));
    let expected: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), reason)).collect();
    let report = report(&Good::strict());
    judge(&report, &expected);
    assert!(report.is_conformant());
}

#[test]
fn the_product_over_memory_passes() {
    judge(&report(&Good::directory(Arc::new(MemoryStore::new()))), &[]);
}

#[test]
fn the_product_over_sqlite_passes() {
    judge(&report(&Good::directory(Arc::new(SqliteStore::in_memory().unwrap()))), &[]);
}
