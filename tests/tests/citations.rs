//! Every RFC section that code or documents cite exists.

use scimstack_tests::{citations, workspace};

#[test]
fn every_section_that_is_cited_exists() {
    let files = workspace::files();
    let catalogue = citations::Catalogue::parse(include_str!("../data/rfc-sections.txt"));
    let found = citations::wrong(&files, &catalogue);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    assert!(citations::count(&files) > 50, "hardly anything is cited: the check looks for the wrong thing");
}
