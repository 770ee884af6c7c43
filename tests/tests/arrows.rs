//! The arrows between the workspace's crates point downward, and no crate reaches what it must not know.

use scimstack_tests::workspace::Features;
use scimstack_tests::{arrows, workspace};

fn none(found: Vec<String>) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_library_has_a_layer() {
    none(arrows::unplaced(&workspace::packages()));
}

#[test]
fn arrows_point_downward() {
    none(arrows::forbidden_edges(&workspace::packages()));
}

#[test]
fn no_crate_reaches_what_it_must_not_know() {
    let features = |package| if arrows::BARE.contains(package) { Features::None } else { Features::Default };
    let trees = arrows::OUTSIDE.iter().map(|(package, ..)| (*package, workspace::tree(package, features(package))));
    none(trees.flat_map(|(package, tree)| arrows::forbidden_outside(package, &tree)).collect());
}

#[test]
fn no_feature_brings_a_runtime_into_the_pure_crates() {
    let pure = ["scimstack-schema", "scimstack-filter", "scimstack-protocol", "scimstack-provisioning"];
    let trees = pure.map(|package| (package, workspace::tree(package, Features::All)));
    none(trees.iter().flat_map(|(package, tree)| arrows::forbidden_outside(package, tree)).collect());
}

#[test]
fn runtimes_are_the_choice_of_programs() {
    none(arrows::runtimes_in_libraries(&workspace::packages()));
}

#[test]
fn libraries_read_no_clock_and_no_environment() {
    none(arrows::impure_lines(&workspace::files()));
}
