//! Stores, each beside a floor measured in the same run: the raw driver doing the same to the same rows, as durably.
//! Read ratios, not times.
//!
//! ```text
//! cargo bench -p scimstack-benches --bench storage -- sqlite 1000 1000000
//! cargo bench -p scimstack-benches --bench storage -- postgres 1000 1000000
//! cargo bench -p scimstack-benches --bench storage -- sqlite 100000 put
//! ```
//!
//! For each number of users: a database with as many, and groups of 10, 100,000 and, where there are as many users, a
//! million members. Words say which parts to measure instead of all: `reads`, `writes`, `members`, `put`, `writers`. Nothing
//! here is run by `cargo test`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a benchmark may fail loudly"
)]

mod bench;
mod clock;
mod people;
mod postgres;
mod sqlite;

use bench::PARTS;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let store = arguments.next().unwrap_or_else(|| "sqlite".to_owned());
    if store == "serve" {
        let (path, users) = (arguments.next().unwrap(), arguments.next().unwrap());
        return sqlite::serve(&path, users.parse().unwrap());
    }
    let (words, sizes): (Vec<String>, Vec<String>) = arguments.partition(|word| PARTS.contains(&word.as_str()));
    let mut sizes: Vec<usize> = sizes.iter().map(|size| size.parse().unwrap()).collect();
    let parts: Vec<&str> =
        PARTS.into_iter().filter(|part| words.is_empty() || words.iter().any(|w| w == part)).collect();
    if sizes.is_empty() {
        sizes.push(1_000);
    }
    match store.as_str() {
        "sqlite" => sqlite::run(&sizes, &parts),
        "postgres" => postgres::run(&sizes, &parts),
        other => panic!("no store is called {other}: say sqlite or postgres"),
    }
}
