//! The conformance suite is tied to the ledger of clauses: every clause that a check names is there, and demands as much as
//! the check says; and of the MUSTs that can be seen from outside, it is counted how many the suite exercises.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use scimstack_conformance::{Check, Level, checks};
use std::collections::{BTreeMap, BTreeSet};

const LEDGER: &str = include_str!("../../spec/clauses.toml");

/// MUSTs that no request and no answer can show, by the sections and ids they stand in, and why.
const UNSEEN: &[(&str, &str)] = &[
    ("P-2.1-", "how tokens are made and kept is inside the server"),
    ("P-3.13-", "where a version stands in a URL is the server's choice"),
    ("P-3.4.2.1-04", "what is too much is the server's secret"),
    ("P-3.4.2.2-21", "defaults that a server fills in are described by no schema"),
    ("P-3.5.2-14", "what a client may write into schemas by PATCH differs between servers"),
    ("P-7.", "transport, storage and the making of tokens are inside the server"),
    ("S-2.3.7-03", "whether a relative reference is resolved shows nowhere"),
    ("S-2.3.7-04", "what lies behind a reference may be anything"),
    ("S-2.4-02", "meaning cannot be tested"),
    ("S-2.4-04", "what is not said is the same as false"),
    ("S-2.4-05", "there is one version of the protocol only"),
    ("S-3.1-04", "which common attributes a schema lists is of no consequence"),
    ("S-4.1.1-16", "who passes a password on is inside the server"),
    ("S-4.1.1-17", "how a password is kept is inside the server"),
    ("S-4.1.2-22", "what is in a certificate is its owner's business"),
    ("S-4.1.2-23", "what is in a certificate is its owner's business"),
    ("S-6-10", "the suite makes nothing without a required extension"),
    ("S-6-03", "no more than a description, if there is one"),
    ("S-7-04", "no more than a name and a description, if there are any"),
    ("S-7-07", "no more than a description, if there is one"),
    ("S-9.", "storage is inside the server"),
    ("S-10-", "names are registered with the IANA, not with the server"),
    ("C-5.2-", "it takes two clients with different rights"),
];

fn ledger() -> BTreeMap<String, String> {
    let table: toml::Table = LEDGER.parse().unwrap();
    let rows = table["clause"].as_array().unwrap();
    rows.iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row["level"].as_str().unwrap().to_owned())).collect()
}

fn is_must(level: &str) -> bool {
    ["MUST", "SHALL", "REQUIRED"].iter().any(|word| level.starts_with(word))
}

fn is_should(level: &str) -> bool {
    level.contains("SHOULD") || level.contains("RECOMMENDED")
}

/// What is wrong with a check's clauses.
fn complaint(check: &Check, ledger: &BTreeMap<String, String>) -> Option<String> {
    if let Some(unknown) = check.clauses.iter().find(|id| !ledger.contains_key(**id)) {
        return Some(format!("{}: the ledger has no clause {unknown}", check.id));
    }
    let levels: Vec<&str> = check.clauses.iter().map(|id| ledger[*id].as_str()).collect();
    let binds = match check.level {
        Level::Must => levels.iter().any(|level| is_must(level) || *level == "TEXT"),
        // A server that is refused what it must refuse may still be read leniently: a SHOULD can rest on a MUST.
        Level::Should => levels.iter().any(|level| is_should(level) || is_must(level) || *level == "TEXT"),
        _ => true,
    };
    (!binds).then(|| format!("{}: is a {} and its clauses are {levels:?}", check.id, check.level.word()))
}

#[test]
fn every_clause_of_a_check_is_in_the_ledger_and_binds_as_much() {
    let ledger = ledger();
    let found: Vec<String> = checks().filter_map(|check| complaint(check, &ledger)).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn a_clause_is_either_exercised_or_not_to_be_seen_from_outside() {
    let ledger = ledger();
    let exercised: BTreeSet<&str> = checks().flat_map(|check| check.clauses.iter().copied()).collect();
    let is_unseen =
        |id: &str| UNSEEN.iter().any(|(part, _)| id == *part || part.ends_with(['-', '.']) && id.starts_with(part));
    for (part, reason) in UNSEEN {
        let named: Vec<&String> =
            ledger.keys().filter(|id| *id == part || part.ends_with(['-', '.']) && id.starts_with(part)).collect();
        assert!(!named.is_empty(), "{part}: no such clause ({reason})");
        let both: Vec<_> = named.iter().filter(|id| exercised.contains(id.as_str())).collect();
        assert!(
            both.is_empty() || part.ends_with(['-', '.']),
            "{both:?} is exercised, and said not to be seen ({reason})"
        );
    }
    let musts: Vec<&String> = ledger.iter().filter(|(_, level)| is_must(level)).map(|(id, _)| id).collect();
    let seen: Vec<&&String> = musts.iter().filter(|id| exercised.contains(id.as_str()) || !is_unseen(id)).collect();
    let missing: Vec<&&&String> = seen.iter().filter(|id| !exercised.contains(id.as_str())).collect();
    let clauses = exercised.len();
    println!(
        "{} checks exercise {clauses} of {} clauses; of {} MUSTs {} can be seen from outside, and {} of these are exercised",
        checks().count(),
        ledger.len(),
        musts.len(),
        seen.len(),
        seen.len() - missing.len(),
    );
    assert!(missing.is_empty(), "not exercised: {missing:?}");
}
