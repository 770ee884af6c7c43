//! Every file of the repository keeps the habits that CONTRIBUTING.md names.

use scimstack_tests::{tidy, workspace};

fn none(found: Vec<String>) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_file_says_first_what_it_owns() {
    none(tidy::without_heading(&workspace::files()));
}

#[test]
fn no_file_is_too_long() {
    let files = workspace::files();
    for one in tidy::long(&files) {
        println!("{one}");
    }
    none(tidy::too_long(&files));
}

#[test]
fn nothing_is_unfinished() {
    none(tidy::unfinished(&workspace::files()));
}

#[test]
fn no_path_of_one_machine_is_written_down() {
    none(tidy::machine_paths(&workspace::files()));
}

#[test]
fn every_lint_that_is_switched_off_has_a_reason() {
    none(tidy::unexplained(&workspace::files()));
}

#[test]
fn manifests_take_their_lints_and_versions_from_the_workspace() {
    none(tidy::manifests(&workspace::packages(), &workspace::files()));
}

#[test]
fn every_dependency_of_the_workspace_is_used() {
    let manifest = std::fs::read_to_string(workspace::root().join("Cargo.toml")).unwrap();
    none(tidy::unused_dependencies(&workspace::packages(), &manifest));
}

#[test]
fn every_example_has_a_readme() {
    none(tidy::examples_without_readme(&workspace::packages(), &workspace::files()));
}

#[test]
fn links_between_documents_lead_somewhere() {
    none(tidy::dead_links(&workspace::files(), &|path| workspace::root().join(path).exists()));
}

#[test]
fn continuous_integration_runs_the_command_of_the_readme() {
    let script = std::fs::read_to_string(workspace::root().join(".ci/run")).unwrap();
    none(tidy::other_commands_in_ci(&script));
    let readme = std::fs::read_to_string(workspace::root().join("README.md")).unwrap();
    assert!(readme.contains("cargo xtask test"), "README.md does not name the command that tests everything");
}
