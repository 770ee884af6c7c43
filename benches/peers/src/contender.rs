//! Who is measured: the floor, this workspace's parser and the peers', each behind the same function.

use std::hint::black_box;

/// A parser, or the floor.
pub(crate) struct Contender {
    /// What the table calls it.
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    /// Parses the text so many times, and drops what came out; how often it was accepted.
    pub(crate) run: fn(&str, u64) -> u64,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    Floor,
    Ours,
    Peer,
}

pub(crate) const CONTENDERS: [Contender; 5] = [
    Contender { name: "floor", role: Role::Floor, run: floor },
    Contender { name: "scimstack-filter", role: Role::Ours, run: scimstack_filter },
    Contender { name: "scim-kit", role: Role::Peer, run: scim_kit },
    Contender { name: "scim_proto", role: Role::Peer, run: scim_proto },
    Contender { name: "scim_v2", role: Role::Peer, run: scim_v2 },
];

impl Contender {
    pub(crate) fn accepts(&self, text: &str) -> bool {
        (self.run)(text, 1) == 1
    }
}

/// Every byte once, each step waiting for the last as a lexer's state does, and the text copied to the heap: the floor of
/// `benches/languages.rs`, with an allocation of the text's own length. It is not the lowest there could be: looking each
/// byte's class up in a table and adding the classes, where no step waits, takes about a third to three quarters of it.
fn floor(text: &str, times: u64) -> u64 {
    repeat(times, || {
        let text = black_box(text);
        black_box(text.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))));
        Some(String::from(text))
    })
}

fn scimstack_filter(text: &str, times: u64) -> u64 {
    repeat(times, || scimstack_filter::Filter::parse(black_box(text)).ok())
}

fn scim_kit(text: &str, times: u64) -> u64 {
    repeat(times, || scim_kit::filter::parse_filter(black_box(text)).ok())
}

fn scim_proto(text: &str, times: u64) -> u64 {
    repeat(times, || black_box(text).parse::<scim_proto::filter::ScimFilter>().ok())
}

fn scim_v2(text: &str, times: u64) -> u64 {
    repeat(times, || black_box(text).parse::<scim_v2::filter::Filter>().ok())
}

fn repeat<T>(times: u64, parse: impl Fn() -> Option<T>) -> u64 {
    (0..times).map(|_| u64::from(black_box(parse()).is_some())).sum()
}
