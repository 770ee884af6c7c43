//! The whole server beside a bare one, each in a process of its own on a database of its own with the same people: the CPU
//! seconds that each takes for 10,000 requests over HTTP/1.1.
//!
//! ```text
//! cargo bench -p scimstack-benches --bench server -- sqlite 100000
//! cargo bench -p scimstack-benches --bench server -- postgres 100000
//! cargo bench -p scimstack-benches --bench server -- sqlite 100000 get patch
//! ```
//!
//! Words say which requests to measure instead of all ([`requests::NAMES`]); `alone` sends them over one connection instead
//! of four. What the bare server does and does not do is told in [`bare`]. Seconds of CPU, user's and system's, are
//! counted rather than time: they hold up when the machine does other things. Nothing here is run by `cargo test`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a benchmark may fail loudly"
)]

mod bare;
mod bare_postgres;
mod bare_sqlite;
mod client;
mod process;
mod requests;
mod setup;
mod table;

// The loads of both benchmarks are the same people.
#[allow(dead_code, reason = "the other benchmark uses all of it")]
#[path = "../storage/people.rs"]
mod people;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let first = arguments.next().unwrap_or_else(|| "sqlite".to_owned());
    let rest: Vec<String> = arguments.collect();
    match first.as_str() {
        process::OURS => process::serve_ours(&rest[0]),
        process::BARE => process::serve_bare(&rest[0], &rest[1]),
        "sqlite" | "postgres" => {
            let (words, sizes): (Vec<String>, Vec<String>) =
                rest.into_iter().partition(|word| word.parse::<usize>().is_err());
            let users = sizes.first().map_or(100_000, |size| size.parse().unwrap());
            table::run(&first, users, &words);
        }
        other => panic!("no store is called {other}: say sqlite or postgres"),
    }
}
