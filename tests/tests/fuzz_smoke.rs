//! The fuzz targets on stable: over their seeds and the RFCs' examples, over what once broke them, and over mutations that
//! are the same in every run. `SCIMSTACK_FUZZ_MUTATIONS` asks for more of them, `SCIMSTACK_FUZZ_NUMBER` for others.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what these functions cannot do is a failure of the test")]

use scimstack_tests::fuzz::mutate::{Chance, mutate};
use scimstack_tests::fuzz::{Outcome, TARGETS, Target};
use scimstack_tests::workspace::root;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn number(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")),
        Err(_) => otherwise,
    }
}

/// The files of a folder, in the order of their names.
fn inputs(folder: &str, target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = root().join("fuzz").join(folder).join(target.name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut inputs: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .filter(|(name, _)| name != "README.md")
        .collect();
    inputs.sort();
    inputs
}

/// The RFCs' example documents that are inputs of a target, each the text of a file or of a line.
fn examples(target: &Target) -> Vec<(String, Vec<u8>)> {
    let file = |name: &str| (name.to_owned(), std::fs::read(root().join("spec/examples").join(name)).unwrap());
    let lines = |name: &str| -> Vec<(String, Vec<u8>)> {
        let (name, text) = file(name);
        String::from_utf8(text).unwrap().lines().map(|line| (name.clone(), line.as_bytes().to_vec())).collect()
    };
    match target.name {
        "filter" => lines("rfc7644/3.4.2.2-filters.txt"),
        "path" => lines("rfc7644/3.5.2-paths.txt"),
        "patch_body" => [
            "rfc7644/3.5.2.1-add-attributes.json",
            "rfc7644/3.5.2.1-add-member.json",
            "rfc7644/3.5.2.2-remove-all-and-add-members.json",
            "rfc7644/3.5.2.2-remove-email.json",
            "rfc7644/3.5.2.2-remove-member.json",
            "rfc7644/3.5.2.3-replace-attributes.json",
            "rfc7644/3.5.2.3-replace-members.json",
            "rfc7644/3.5.2.3-replace-street-address.json",
            "rfc7644/3.5.2.3-replace-work-address.json",
        ]
        .map(file)
        .to_vec(),
        "resource_json" => [
            "rfc7643/8.1-user-minimal.json",
            "rfc7643/8.2-user-full.json",
            "rfc7643/8.3-enterprise-user.json",
            "rfc7643/8.4-group.json",
            "rfc7644/3.3-create-request.json",
            "rfc7644/3.4.1-user.json",
            "rfc7644/3.5.1-replace-request.json",
        ]
        .map(file)
        .to_vec(),
        _ => Vec::new(),
    }
}

/// Runs a body; on a finding, says for which input and what to do with it.
fn run(target: &Target, data: &[u8]) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| (target.body)(data))).unwrap_or_else(|_| {
        panic!(
            "the target {} fails, as said above, for this input; once it is repaired, keep it in fuzz/regressions/{}:\n{}",
            target.name,
            target.name,
            data.escape_ascii()
        )
    })
}

fn survives(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let seeds = inputs("seeds", target);
    for (name, data) in &seeds {
        let expected = if name.starts_with("refused-") { Outcome::Refused } else { Outcome::Accepted };
        assert_eq!(run(target, data), expected, "fuzz/seeds/{}/{name}", target.name);
    }
    let examples = examples(target);
    for (name, data) in &examples {
        let text = data.escape_ascii();
        assert_eq!(run(target, data), Outcome::Accepted, "spec/examples/{name}: {text}");
    }
    for (_, data) in inputs("regressions", target) {
        run(target, &data);
    }
    let seeds: Vec<_> = seeds.into_iter().chain(examples).map(|(_, data)| data).collect();
    let mut chance = Chance::new(number("SCIMSTACK_FUZZ_NUMBER", 7644));
    let mutations = number("SCIMSTACK_FUZZ_MUTATIONS", 1000);
    let accepted =
        (0..mutations).filter(|_| run(target, &mutate(&seeds, target.json, &mut chance)) == Outcome::Accepted).count();
    println!("{name}: {} seeds, {mutations} mutations, {accepted} of them accepted", seeds.len());
    // Mutations that are all refused would prove nothing about what comes after parsing.
    assert!(accepted as u64 > mutations / 50, "only {accepted} of {mutations} mutations are accepted");
}

#[test]
fn filter_keeps_its_laws() {
    survives("filter");
}

#[test]
fn path_keeps_its_laws() {
    survives("path");
}

#[test]
fn patch_body_keeps_its_laws() {
    survives("patch_body");
}

#[test]
fn patch_apply_keeps_its_laws() {
    survives("patch_apply");
}

#[test]
fn resource_json_keeps_its_laws() {
    survives("resource_json");
}

#[test]
fn engine_keeps_its_laws() {
    survives("engine");
}

#[test]
fn every_target_has_seeds_and_a_wrapper_and_every_wrapper_a_target() {
    let manifest = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let wrappers: Vec<_> =
        manifest["bin"].as_array().unwrap().iter().map(|bin| bin["name"].as_str().unwrap().to_owned()).collect();
    let targets: Vec<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(wrappers, targets);
    for target in TARGETS {
        assert!(inputs("seeds", target).len() >= 10, "{} has fewer than ten seeds", target.name);
        let wrapper = root().join(format!("fuzz/fuzz_targets/{}.rs", target.name));
        let wrapper = std::fs::read_to_string(&wrapper).unwrap();
        assert!(wrapper.contains(&format!("run(\"{}\", data)", target.name)), "the wrapper runs another target");
    }
}
