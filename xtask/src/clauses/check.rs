//! What must be true of the ledger: ids in order, sections that exist, tests that exist and run, and a reason for whatever
//! is not met or not tested. Owns the complaints; it reads no files but through [`Read`].

use super::ledger::{Clause, Ledger, Place, Status};
use super::sources::{Read, Test};
use std::collections::BTreeMap;

/// Everything that is wrong with a ledger; `sections` is the text that lists the documents' sections, one line for each as
/// `7643: 1 1.1 2`.
pub(crate) fn complaints(ledger: &Ledger, sections: &str, read: &Read<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut last: Option<Place> = None;
    let mut known = BTreeMap::new();
    for clause in &ledger.clauses {
        let mut complain = |what: String| found.push(format!("{}: {what}", clause.id));
        match Place::parse(&clause.id) {
            None => complain("an id is a document's letter, a section and two digits, as P-3.3-05".to_owned()),
            Some(place) => {
                if let Some(last) = last.filter(|last| *last >= place) {
                    complain(match last == place {
                        true => "this id is given twice".to_owned(),
                        false => "comes after a clause that the document has later".to_owned(),
                    });
                }
                citation(clause, &place, sections).into_iter().for_each(&mut complain);
                last = Some(place);
            }
        }
        words(clause).into_iter().for_each(&mut complain);
        for (at, name) in clause.tests.iter().enumerate() {
            if clause.tests.iter().take(at).any(|other| other == name) {
                complain(format!("names {name} twice"));
            }
            // The same test often proves several clauses.
            let complaint = known.entry(name).or_insert_with(|| match Test::parse(name) {
                Some(test) => test.complaint(read),
                None => Some(format!("a test is named as path.rs::function, not \"{name}\"")),
            });
            complaint.clone().into_iter().for_each(&mut complain);
        }
    }
    found
}

/// The section is the one of the id, and exists.
fn citation(clause: &Clause, place: &Place, sections: &str) -> Option<String> {
    let rfc = place.document()?.rfc;
    let section = place.section();
    let expected = format!("{rfc} §{section}");
    if clause.rfc != expected {
        return Some(format!("the id is one of {expected}, not of {}", clause.rfc));
    }
    let listed = sections.lines().find_map(|line| line.strip_prefix(rfc)?.strip_prefix(':'));
    let exists = listed.is_some_and(|listed| listed.split_whitespace().any(|known| known == section));
    (!exists).then(|| format!("RFC {rfc} has no section {section}"))
}

/// What is said, and the reason where one is owed.
fn words(clause: &Clause) -> Vec<String> {
    let mut found = Vec::new();
    let is_line = |text: &str| !text.contains('\n') && text == text.trim() && text.len() > 10;
    if !is_line(&clause.says) {
        found.push("`says` is the clause in one line".to_owned());
    }
    match &clause.reason {
        None if clause.status != Status::Met => found.push(format!("is {}, and no reason is given", clause.status)),
        None if clause.tests.is_empty() => found.push("has neither a test nor a reason".to_owned()),
        Some(reason) if !is_line(reason) => {
            found.push("`reason` says in one line why, and what happens instead".to_owned())
        }
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECTIONS: &str = "3339\n7643: 1 2 2.1\n7644: 1 3 3.3\n";

    fn row(id: &str, rest: &str) -> String {
        let rfc = if id.starts_with('S') { "7643" } else { "7644" };
        let section = id.split('-').nth(1).unwrap();
        format!(
            "[[clause]]\nid = \"{id}\"\nrfc = \"{rfc} §{section}\"\nlevel = \"MUST\"\nbinds = \"server\"\n\
             says = \"What is asked for.\"\n{rest}\n"
        )
    }

    fn met(id: &str) -> String {
        row(id, "status = \"met\"\ntests = [\"crates/a/tests/t.rs::it\"]")
    }

    fn found(text: &str) -> Vec<String> {
        complaints(&Ledger::parse(text).unwrap(), SECTIONS, &|path| match path {
            "crates/a/Cargo.toml" => Some(String::new()),
            "crates/a/tests/t.rs" => Some("#[test]\nfn it() {}\n\nfn helper() {}\n".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn a_ledger_in_order_has_no_complaint() {
        let reason = "reason = \"a proxy before the server does it\"";
        let text = [
            met("P-1-01"),
            met("P-3.3-01"),
            row("P-3.3-04", &format!("status = \"not ours\"\n{reason}")),
            row("S-2-01", &format!("status = \"met\"\n{reason}")),
            row("S-2.1-01", &format!("status = \"missing\"\ntests = [\"crates/a/tests/t.rs::it\"]\n{reason}")),
        ];
        assert_eq!(found(&text.concat()), [""; 0]);
    }

    #[test]
    fn ids_are_given_once_and_in_order() {
        assert_eq!(found(&[met("P-3.3-01"), met("P-3.3-01")].concat()), ["P-3.3-01: this id is given twice"]);
        for (first, second) in [("P-3.3-02", "P-3.3-01"), ("P-3.3-01", "P-1-01"), ("S-1-01", "P-1-01")] {
            let expected = format!("{second}: comes after a clause that the document has later");
            assert_eq!(found(&[met(first), met(second)].concat()), [expected]);
        }
        assert_eq!(
            found(&met("P-3.3-1")),
            ["P-3.3-1: an id is a document's letter, a section and two digits, as P-3.3-05"]
        );
    }

    #[test]
    fn a_section_is_the_ids_and_exists() {
        assert_eq!(found(&met("P-3.30-01")), ["P-3.30-01: RFC 7644 has no section 3.30"]);
        let other = met("P-3.3-01").replace("7644 §3.3", "7644 §3");
        assert_eq!(found(&other), ["P-3.3-01: the id is one of 7644 §3.3, not of 7644 §3"]);
        assert_eq!(found(&met("P-3.3-01").replace("7644", "RFC 7644")).len(), 1);
        assert_eq!(
            found(&met("C-2-01").replace("7644", "9865")),
            ["C-2-01: RFC 9865 has no section 2"],
            "it is not listed"
        );
    }

    #[test]
    fn what_is_not_met_or_not_tested_has_a_reason() {
        for status in ["partly", "missing", "not ours"] {
            for rest in ["", "\ntests = [\"crates/a/tests/t.rs::it\"]"] {
                let found = found(&row("P-1-01", &format!("status = \"{status}\"{rest}")));
                assert_eq!(found, [format!("P-1-01: is {status}, and no reason is given")]);
            }
        }
        assert_eq!(found(&row("P-1-01", "status = \"met\"")), ["P-1-01: has neither a test nor a reason"]);
        for empty in ["\"\"", "\" \"", "\"later\"", "\"one line,\\nand another\""] {
            let found = found(&row("P-1-01", &format!("status = \"missing\"\nreason = {empty}")));
            assert_eq!(found, ["P-1-01: `reason` says in one line why, and what happens instead"], "{empty}");
        }
        let silent = met("P-1-01").replace("What is asked for.", "");
        assert_eq!(found(&silent), ["P-1-01: `says` is the clause in one line"]);
    }

    #[test]
    fn a_test_that_proves_nothing_is_named() {
        let naming = |tests: &str| found(&row("P-1-01", &format!("status = \"met\"\ntests = [{tests}]")));
        for (tests, complaint) in [
            ("\"t.rs\"", "a test is named as path.rs::function, not \"t.rs\""),
            ("\"crates/a/tests/u.rs::it\"", "there is no file crates/a/tests/u.rs"),
            ("\"crates/a/tests/t.rs::is\"", "there is no function is in crates/a/tests/t.rs"),
            ("\"crates/a/tests/t.rs::helper\"", "helper in crates/a/tests/t.rs is no test"),
            ("\"crates/a/tests/t.rs::it#F12\"", "neither crates/a/tests/t.rs nor its data has \"F12\""),
            ("\"crates/a/tests/t.rs::it\", \"crates/a/tests/t.rs::it\"", "names crates/a/tests/t.rs::it twice"),
        ] {
            assert_eq!(naming(tests), [format!("P-1-01: {complaint}")]);
        }
    }
}
