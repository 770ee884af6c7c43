//! The RFCs' example documents in `spec/examples`: none lies there that no test reads, and none is named that is not there.

#![allow(clippy::unwrap_used, reason = "what these functions cannot do is a failure of the test")]

use scimstack_tests::workspace::{File, files};
use std::collections::BTreeSet;

const FOLDER: &str = "spec/examples/";

/// The example documents, as tests name them: `rfc7643/8.4-group.json`.
fn documents(files: &[File]) -> BTreeSet<&str> {
    let names = files.iter().filter_map(|file| file.path.strip_prefix(FOLDER));
    names.filter(|name| *name != "README.md").collect()
}

/// What the tests of all crates read: `example!("…")`.
fn read(files: &[File]) -> BTreeSet<&str> {
    let tests = files.iter().filter(|file| file.path.starts_with("crates/") && file.path.contains("/tests/"));
    let tests = tests.filter(|file| file.path.ends_with(".rs"));
    tests.flat_map(|file| file.text.split("example!(\"").skip(1)).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_example_document_is_read_by_a_test_of_a_crate() {
    let files = files();
    let (there, read) = (documents(&files), read(&files));
    let forgotten: Vec<_> = there.difference(&read).collect();
    assert!(forgotten.is_empty(), "no test names {forgotten:?} with example!(…)");
    let missing: Vec<_> = read.difference(&there).collect();
    assert!(missing.is_empty(), "{FOLDER} has no {missing:?}");
    assert!(there.len() > 60, "only {} documents", there.len());
}

#[test]
fn every_example_document_says_of_which_rfc_and_section_it_is() {
    let files = files();
    for name in documents(&files) {
        let (rfc, rest) = name.split_once('/').unwrap();
        let number = rfc.strip_prefix("rfc").unwrap();
        assert!(number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()), "{name}");
        let (section, what) = rest.split_once('-').unwrap();
        assert!(section.split('.').all(|part| part.parse::<u8>().is_ok()), "{name}");
        assert!(what.ends_with(".json") || what.ends_with(".txt"), "{name}");
        let file = files.iter().find(|file| file.path == format!("{FOLDER}{name}")).unwrap();
        if what.ends_with(".json") {
            serde_json::from_str::<serde_json::Value>(&file.text).unwrap();
        }
    }
}
