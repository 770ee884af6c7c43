//! Evaluation allocates nothing for ASCII, numbers, booleans and composed case-exact text: every vector, and every
//! operator on a value of each type, counted in a binary whose allocator counts. What is read from its text for each
//! comparison (dates, base64, text beyond ASCII that is compared without case) has a bound.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected is to fail"
)]

#[path = "../support/mod.rs"]
mod support;

use scimstack_filter::{Filter, ResolveOptions};
use scimstack_schema::{Object, ResourceType};
use std::hint::black_box;
use support::{ANN, ENT, device, object, user};

/// How often evaluating `filter` on `document` asks for memory; `None` when it does not resolve.
fn allocations(filter: &str, resource_type: &ResourceType, document: &Object) -> Option<u64> {
    let resolved = Filter::parse(filter).ok()?.resolve(resource_type, ResolveOptions::default()).ok()?;
    let counted = allocation_counter::measure(|| {
        black_box(black_box(&resolved).matches(black_box(document)));
    });
    Some(counted.count_total)
}

/// The most that a comparison of one value may ask for: text beyond ASCII without case, a date, base64.
const MOST: u64 = 4;

#[test]
fn the_counter_counts() {
    assert_eq!(allocation_counter::measure(|| drop(black_box(vec![1_u8]))).count_total, 1);
}

#[test]
fn no_vector_allocates() {
    let (user, ann) = (user(), object(ANN));
    let mut evaluated = 0;
    for line in include_str!("../vectors/filters.txt").lines().filter(|line| !line.starts_with('#')) {
        let filter = line.split_once(' ').unwrap().1.trim_start_matches([' ', '?']).replace("ent:", ENT);
        if let Some(count) = allocations(&filter, &user, &ann) {
            let most = if filter.contains("ør") || filter.starts_with("meta.") { MOST } else { 0 };
            assert!(count <= most, "{filter}: {count}, more than {most}");
            evaluated += 1;
        }
    }
    assert!(evaluated >= 45, "only {evaluated} vectors are evaluated");
}

#[test]
fn no_operator_allocates_on_a_value_of_any_type() {
    let (device, document) = (
        device(),
        object(
            r#"{"size": 1.50, "floor": 3, "code": "Åsa-7", "seen": "2026-01-01T11:00:00.5+01:00", "blob": "QUJDREVG",
                "tags": ["Red", "blue", "x Y"], "sizes": [1, 2, 3], "place": {"x": 4, "codes": ["A", "grün"]}}"#,
        ),
    );
    let literals = |name: &str| -> (&[&str], &[&str]) {
        match name {
            "size" | "floor" | "sizes" | "place.x" => (&["2", "-1.5e0"], &["eq", "ne", "gt", "ge", "lt", "le"]),
            "seen" => (&["\"2026-01-01T10:00:00Z\""], &["eq", "ne", "gt", "ge", "lt", "le"]),
            "blob" => (&["\"QUJD\"", "\"QUJDREVG\""], &["eq", "ne"]),
            _ => (
                &["\"Red\"", "\"GRÜN\"", "\"Strasse\"", "\"åsa-7\"", "\"\"", "\"a\""],
                &["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"],
            ),
        }
    };
    let mut counted = Vec::new();
    for name in ["size", "floor", "code", "seen", "blob", "tags", "sizes", "place.x", "place.codes"] {
        let (literals, operators) = literals(name);
        for literal in literals {
            for operator in operators {
                counted.push(format!("{name} {operator} {literal}"));
            }
        }
        counted.push(format!("{name} pr"));
        counted.push(format!("{name} eq null"));
    }
    counted.extend(["tags[value sw \"r\"]", "place[x gt 3 and not (x eq 9)]", "sizes[value ne 2]"].map(String::from));
    let asked: Vec<_> = counted
        .iter()
        .filter_map(|filter| {
            let count = allocations(filter, &device, &document).unwrap_or_else(|| panic!("{filter} does not resolve"));
            let is_read = ["seen ", "blob ", "place.codes "].iter().any(|name| filter.starts_with(name));
            let most = if is_read { MOST } else { 0 };
            (count > most).then(|| format!("{filter}: {count}, more than {most}"))
        })
        .collect();
    assert!(asked.is_empty(), "these allocate:\n{}", asked.join("\n"));
}
