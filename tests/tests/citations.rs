//! Every RFC section that code or documents cite exists, and what the ledger of clauses says is met is cited by code.

use scimstack_tests::{citations, workspace};

#[test]
fn every_section_that_is_cited_exists() {
    let files = workspace::files();
    let catalogue = citations::Catalogue::parse(include_str!("../data/rfc-sections.txt"));
    let found = citations::wrong(&files, &catalogue);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    assert!(citations::count(&files) > 50, "hardly anything is cited: the check looks for the wrong thing");
}

/// A clause that is met is met somewhere: by code or a test that names its section, the one it is a part of, or a part.
#[test]
fn every_section_with_a_clause_that_is_met_is_cited_by_code() {
    let is_code = |path: &str| path.ends_with(".rs") && (path.starts_with("crates/") || path.starts_with("examples/"));
    let files: Vec<_> = workspace::files().into_iter().filter(|file| is_code(&file.path)).collect();
    let cited = citations::sections(&files);
    let text = std::fs::read_to_string(workspace::root().join("spec/clauses.toml")).unwrap();
    let ledger: toml::Table = text.parse().unwrap();
    let clauses = ledger["clause"].as_array().unwrap();
    let met = clauses.iter().filter(|clause| clause["status"].as_str() == Some("met"));
    let mut silent: Vec<&str> = met.map(|clause| clause["rfc"].as_str().unwrap()).collect();
    silent.dedup();
    silent.retain(|section| {
        let above = section.rsplit_once('.').map_or(*section, |(above, _)| above);
        let below = format!("{section}.");
        !cited.iter().any(|other| other == section || other == above || other.starts_with(&below))
    });
    assert!(silent.is_empty(), "clauses of these sections are met, and no code names them: {silent:?}");
}
