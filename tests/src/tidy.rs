//! What a file of this repository looks like. One function for each habit; each gives the places that break it.

use crate::workspace::{File, Package};

/// Above this many lines a file of code has to be split.
const MOST_LINES: usize = 700;
/// Above this many it is worth a thought.
const MANY_LINES: usize = 400;

/// Code that must not reach the main branch, and why. Put together here so that this file does not find itself.
const UNFINISHED: &[(&str, &str)] = &[
    (concat!("to", "do!("), "a hole in the program"),
    (concat!("unimple", "mented!("), "a hole in the program"),
    (concat!("#[ig", "nore"), "a test that does not run proves nothing"),
    (concat!("FIX", "ME"), "what is known to be wrong is repaired, or written where users look"),
];

/// Beginnings of paths that exist on one machine only.
const OF_ONE_MACHINE: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/me/")];

fn rust(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|file| file.path.ends_with(".rs"))
}

/// Files of Rust that do not begin by saying what they own.
#[must_use]
pub fn without_heading(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in rust(files) {
        let heading = file.text.lines().map_while(|line| line.strip_prefix("//!"));
        if heading.map(|line| line.trim().len()).sum::<usize>() < 24 {
            found.push(format!("{}: begins without a `//!` that says what the file owns", file.path));
        }
    }
    found
}

/// Files of code that are too long.
#[must_use]
pub fn too_long(files: &[File]) -> Vec<String> {
    longer_than(files, MOST_LINES)
}

/// Files of code that are long, though not too long.
#[must_use]
pub fn long(files: &[File]) -> Vec<String> {
    longer_than(files, MANY_LINES)
}

fn longer_than(files: &[File], limit: usize) -> Vec<String> {
    let code = files.iter().filter(|file| [".rs", ".py", ".js", ".css"].iter().any(|end| file.path.ends_with(end)));
    code.map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > limit)
        .map(|(file, lines)| format!("{}: {lines} lines, more than {limit}: split it by what its parts own", file.path))
        .collect()
}

/// Holes, and tests that do not run.
#[must_use]
pub fn unfinished(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in rust(files) {
        for (number, line) in file.text.lines().enumerate() {
            for (part, reason) in UNFINISHED.iter().filter(|(part, _)| line.contains(part)) {
                found.push(format!("{}:{}: `{part}`: {reason}", file.path, number + 1));
            }
        }
    }
    found
}

/// Paths that exist on one machine only.
#[must_use]
pub fn machine_paths(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            for part in OF_ONE_MACHINE {
                let begins = line.match_indices(part).any(|(at, _)| {
                    // `home/work/other` is no path of a machine: what counts is where a path begins.
                    !line.get(..at).unwrap_or_default().ends_with(|c: char| c.is_alphanumeric() || "._-}".contains(c))
                });
                if begins {
                    found.push(format!("{}:{}: `{part}` exists on one machine only", file.path, number + 1));
                }
            }
        }
    }
    found
}

/// Lints that are switched off without a reason.
#[must_use]
pub fn unexplained(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in rust(files) {
        for opening in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
            for (at, _) in file.text.match_indices(opening) {
                let attribute = file.text.get(at..).and_then(|rest| rest.split(")]").next()).unwrap_or_default();
                let before = file.text.get(..at).unwrap_or_default();
                let in_text = before.rsplit('\n').next().is_some_and(|line| line.contains(['"', '/', '`']));
                if !attribute.contains("reason = \"") && !in_text {
                    let line = before.matches('\n').count() + 1;
                    found.push(format!("{}:{line}: a lint is switched off without a reason", file.path));
                }
            }
        }
    }
    found
}

/// Manifests that do not take part in the workspace's lints, or describe nothing.
#[must_use]
pub fn manifests(packages: &[Package], files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let path = format!("{}/Cargo.toml", package.folder);
        let Some(manifest) = files.iter().find(|file| file.path == path) else {
            found.push(format!("{path}: git does not know it"));
            continue;
        };
        let table: toml::Table = match manifest.text.parse() {
            Ok(table) => table,
            Err(error) => {
                found.push(format!("{path}: {error}"));
                continue;
            }
        };
        let inherits = |table: &toml::Table, name: &str| {
            table.get(name).and_then(|value| value.get("workspace")).and_then(toml::Value::as_bool) == Some(true)
        };
        if !inherits(&table, "lints") {
            found.push(format!("{path}: does not have `[lints] workspace = true`"));
        }
        let described = table.get("package").and_then(|package| package.get("description"));
        if package.published && described.and_then(toml::Value::as_str).is_none_or(|text| text.len() < 20) {
            found.push(format!("{path}: is published without a description"));
        }
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(dependencies) = table.get(kind).and_then(toml::Value::as_table) else {
                continue;
            };
            // A package may ask for its own features in its tests; that has no version.
            let is_itself = |name: &str| {
                let path = dependencies.get(name).and_then(|dependency| dependency.get("path"));
                name == package.name && path.and_then(toml::Value::as_str) == Some(".")
            };
            for name in dependencies.keys().filter(|name| !inherits(dependencies, name) && !is_itself(name)) {
                found.push(format!("{path}: {name} does not take its version from the workspace"));
            }
        }
    }
    found
}

/// Dependencies that the workspace names and no member uses.
#[must_use]
pub fn unused_dependencies(packages: &[Package], root_manifest: &str) -> Vec<String> {
    let table: toml::Table = match root_manifest.parse() {
        Ok(table) => table,
        Err(error) => return vec![format!("Cargo.toml: {error}")],
    };
    let named = table.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let Some(named) = named.and_then(toml::Value::as_table) else {
        return vec!["Cargo.toml: names no dependencies".to_owned()];
    };
    let used = |name: &str| packages.iter().any(|package| package.dependencies.iter().any(|one| one.name == name));
    named
        .keys()
        // The workspace's own crates are there for whoever needs them next.
        .filter(|name| !used(name) && !packages.iter().any(|package| package.name == **name))
        .map(|name| format!("Cargo.toml: no member uses {name}"))
        .collect()
}

/// Examples without a text that says what they show.
#[must_use]
pub fn examples_without_readme(packages: &[Package], files: &[File]) -> Vec<String> {
    let examples = packages.iter().filter(|package| package.folder.starts_with("examples/"));
    examples
        .map(|package| format!("{}/README.md", package.folder))
        .filter(|path| files.iter().all(|file| file.path != *path))
        .map(|path| format!("{path}: is missing; an example says what it shows and how to run it"))
        .collect()
}

/// Links from one document to another that lead nowhere.
#[must_use]
pub fn dead_links(files: &[File], exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        for (number, line) in file.text.lines().enumerate() {
            for part in line.split("](").skip(1) {
                let target = part.split([')', ' ', '#']).next().unwrap_or_default();
                if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                    continue;
                }
                let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                if !exists(&join(folder, target)) {
                    found.push(format!("{}:{}: the link to {target} leads nowhere", file.path, number + 1));
                }
            }
        }
    }
    found
}

/// `a/b` and `../c` make `a/c`.
fn join(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Commands that continuous integration runs besides the one command of the README.
#[must_use]
pub fn other_commands_in_ci(script: &str) -> Vec<String> {
    let mut found = Vec::new();
    let commands: Vec<&str> =
        script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    for line in &commands {
        let harmless = line.starts_with("set ") || line.starts_with("cd ") || line.starts_with("echo ");
        if !harmless && *line != "cargo xtask test" {
            found.push(format!(".ci/run: `{line}`: continuous integration runs `cargo xtask test` and nothing else"));
        }
    }
    if commands.last() != Some(&"cargo xtask test") {
        found.push(".ci/run: does not end with `cargo xtask test`".to_owned());
    }
    if commands.first() != Some(&"set -euo pipefail") {
        found.push(".ci/run: does not begin with `set -euo pipefail`".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Dependency, Kind};

    fn one(path: &str, text: &str) -> [File; 1] {
        [File::new(path, text)]
    }

    #[test]
    fn a_file_says_first_what_it_owns() {
        let said = "//! The paths of attributes, and nothing of what they lead to.\nuse std::fmt;\n";
        assert_eq!(without_heading(&one("a.rs", said)).len(), 0);
        assert_eq!(without_heading(&one("a.rs", "//! scimstack\n")).len(), 1);
        assert_eq!(without_heading(&one("a.rs", "use std::fmt;\n")).len(), 1);
        assert_eq!(without_heading(&one("a.py", "import os\n")).len(), 0);
    }

    #[test]
    fn a_file_has_at_most_700_lines() {
        assert_eq!(too_long(&one("a.rs", &"x\n".repeat(700))).len(), 0);
        assert_eq!(too_long(&one("a.rs", &"x\n".repeat(701))).len(), 1);
        assert_eq!(long(&one("a.rs", &"x\n".repeat(401))).len(), 1);
        assert_eq!(too_long(&one("a.md", &"x\n".repeat(701))).len(), 0);
    }

    #[test]
    fn holes_and_tests_that_do_not_run_are_found() {
        let text = format!("fn a() {{ {}) }}\n{}]\nfn b() {{}}\n", UNFINISHED[0].0, UNFINISHED[2].0);
        let found = unfinished(&one("a.rs", &text));
        assert_eq!(found.len(), 2);
        assert!(found[1].starts_with("a.rs:2:"), "{}", found[1]);
    }

    #[test]
    fn paths_of_one_machine_are_found_where_a_path_begins() {
        for (line, count) in [
            (format!("open(\"{}main\")", OF_ONE_MACHINE[0]), 1),
            (format!("{}.cargo", OF_ONE_MACHINE[1]), 1),
            (format!("see `{}ann/x`", OF_ONE_MACHINE[2]), 1),
            (format!("types home{}other", OF_ONE_MACHINE[0]), 0),
            (format!("https://x.test{}", OF_ONE_MACHINE[1]), 0),
            ("/workshop/".to_owned(), 0),
        ] {
            assert_eq!(machine_paths(&one("a.md", &line)).len(), count, "{line}");
        }
    }

    #[test]
    fn a_lint_is_switched_off_with_a_reason() {
        assert_eq!(unexplained(&one("a.rs", "#[allow(dead_code)]\nfn a() {}")).len(), 1);
        assert_eq!(unexplained(&one("a.rs", "#![allow(\n    dead_code,\n)]\n")).len(), 1);
        assert_eq!(unexplained(&one("a.rs", "#[expect(dead_code, reason = \"kept\")]\nfn a() {}")).len(), 0);
        assert_eq!(unexplained(&one("a.rs", "#![allow(\n    dead_code,\n    reason = \"kept\"\n)]\n")).len(), 0);
    }

    fn package(folder: &str, published: bool) -> Package {
        let name = folder.rsplit('/').next().unwrap().to_owned();
        Package { name, folder: folder.to_owned(), published, dependencies: Vec::new() }
    }

    #[test]
    fn a_manifest_takes_lints_and_versions_from_the_workspace() {
        let good = "[package]\nname = \"a\"\ndescription = \"what a program may use it for\"\n[lints]\nworkspace = true\n\
                    [dependencies]\nbytes.workspace = true\nhttp = { workspace = true, optional = true }\n";
        let found =
            |text: &str, published| manifests(&[package("crates/a", published)], &one("crates/a/Cargo.toml", text));
        assert_eq!(found(good, true), Vec::<String>::new());
        assert_eq!(found(&good.replace("[lints]\nworkspace = true\n", ""), true).len(), 1);
        assert_eq!(found(&good.replace("bytes.workspace = true", "bytes = \"1\""), true).len(), 1);
        assert_eq!(found(&good.replace("what a program may use it for", ""), true).len(), 1);
        assert_eq!(found(&good.replace("what a program may use it for", ""), false).len(), 0);
        assert_eq!(found("[package", true).len(), 1);
        assert_eq!(manifests(&[package("crates/a", true)], &[]).len(), 1);
    }

    #[test]
    fn a_dependency_that_nobody_uses_is_found() {
        let root = "[workspace.dependencies]\nbytes = \"1\"\nnom = \"8\"\na = { path = \"crates/a\" }\n";
        let mut a = package("crates/a", true);
        a.dependencies.push(Dependency { name: "bytes".to_owned(), kind: Kind::Normal, optional: false });
        assert_eq!(unused_dependencies(&[a], root), ["Cargo.toml: no member uses nom"]);
        assert_eq!(unused_dependencies(&[], "").len(), 1);
    }

    #[test]
    fn an_example_has_a_readme() {
        let packages = [package("examples/01-parse", false), package("xtask", false)];
        assert_eq!(examples_without_readme(&packages, &[]).len(), 1);
        assert_eq!(examples_without_readme(&packages, &one("examples/01-parse/README.md", "")).len(), 0);
    }

    #[test]
    fn links_between_documents_lead_somewhere() {
        let exists = |path: &str| path == "spec/a.md" || path == "README.md";
        let links = "[a](a.md) [b](../README.md#top) [c](https://x.test/a) [d](#here) [e](b.md)";
        assert_eq!(dead_links(&one("spec/b.md", links), &exists), ["spec/b.md:1: the link to b.md leads nowhere"]);
    }

    #[test]
    fn continuous_integration_runs_one_command() {
        let good = "#!/usr/bin/env bash\n# why\nset -euo pipefail\ncd there\necho here\ncargo xtask test\n";
        assert_eq!(other_commands_in_ci(good), Vec::<String>::new());
        assert_eq!(other_commands_in_ci(&good.replace("echo here", "apt-get install x")).len(), 1);
        assert_eq!(other_commands_in_ci(&good.replace("xtask test", "xtask test fmt")).len(), 2);
        assert_eq!(other_commands_in_ci(&good.replace("set -euo pipefail\n", "")).len(), 1);
    }
}
