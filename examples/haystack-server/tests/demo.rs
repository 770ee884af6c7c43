//! `haystack-server demo --once`: from nothing to a company in the directory, and an exit code that means it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in its helpers"
)]

use std::process::{Command, Output};

/// Runs the demo in a directory of its own, where it may leave nothing.
fn demo(arguments: &[&str]) -> (Output, Vec<String>, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_haystack-server"));
    command.args(["demo", "--once", "--listen", "127.0.0.1:0"]).args(arguments);
    command.current_dir(directory.path()).env("TMPDIR", directory.path());
    command.env_remove("RUST_LOG").env_remove("HAYSTACK_LISTEN").env_remove("HAYSTACK_DATABASE");
    let output = command.output().unwrap();
    let lines = String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect();
    (output, lines, directory)
}

/// What stands behind a heading.
fn figure<'a>(lines: &'a [String], heading: &str) -> &'a str {
    let line = lines.iter().find_map(|line| line.strip_prefix(heading));
    line.unwrap_or_else(|| panic!("no {heading:?} in {lines:#?}")).trim()
}

#[test]
fn the_demo_provisions_a_company_and_ends_well() {
    let (output, lines, directory) = demo(&[]);
    assert_eq!(output.status.code(), Some(0), "{lines:#?}\n{}", String::from_utf8_lossy(&output.stderr));
    let address = lines[0].strip_prefix("listening on http://127.0.0.1:").unwrap();
    assert_ne!(address.parse::<u16>().unwrap(), 0);
    let steps = lines.iter().filter(|line| line.as_bytes()[1..].starts_with(b"/8 ")).count();
    assert_eq!(steps, 8, "{lines:#?}");
    assert_eq!(figure(&lines, "people "), "60: 20 active, 38 unclaimed, 2 deactivated");
    assert_eq!(figure(&lines, "manager resolved "), "59 of 59 who name one");
    assert_eq!(figure(&lines, "org chart "), "5 levels");
    assert!(figure(&lines, "groups ").starts_with("8 with "));
    assert_eq!(figure(&lines, "provisioning errors "), "0");
    let base = format!("http://127.0.0.1:{address}/t/demo/api/scim/v2");
    assert_eq!(figure(&lines, "SCIM base URL "), base);
    assert_eq!(figure(&lines, "Admin Console "), format!("http://127.0.0.1:{address}/console"));
    let token = figure(&lines, "bearer token ");
    assert!(token.starts_with("hsk_"), "{token}");
    assert_eq!(figure(&lines, "try "), format!("curl -H 'Authorization: Bearer {token}' '{base}/Users?count=2'"));
    assert_eq!(figure(&lines, "password ").len(), 20);
    assert!(!lines.iter().any(|line| line.contains("failed")), "{lines:#?}");
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    assert!(left.is_empty(), "its database is removed: {left:?}");
}

#[test]
fn another_provider_provisions_the_same_company() {
    let (output, lines, _) = demo(&["--profile", "entra"]);
    assert_eq!(output.status.code(), Some(0), "{lines:#?}\n{}", String::from_utf8_lossy(&output.stderr));
    let steps = lines.iter().filter(|line| line.as_bytes()[1..].starts_with(b"/9 ")).count();
    assert_eq!(steps, 9, "{lines:#?}");
    assert_eq!(figure(&lines, "people "), "59: 20 active, 38 unclaimed, 1 deactivated");
    assert_eq!(figure(&lines, "manager resolved "), "58 of 58 who name one");
    assert!(lines.iter().any(|line| line.starts_with("a simulated provider (entra) sent ")), "{lines:#?}");
}

#[test]
fn a_database_that_is_named_is_kept_and_its_company_is_not_made_twice() {
    let kept = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", kept.path().join("kept.db").display());
    let (first, lines, _) = demo(&["--database", &database]);
    assert_eq!(first.status.code(), Some(0), "{lines:#?}");
    let (second, again, _) = demo(&["--database", &database]);
    assert_eq!(second.status.code(), Some(0), "{again:#?}");
    assert_eq!(again[1], "the company is there already; another --database shows how it comes");
    for heading in ["people ", "manager resolved ", "groups "] {
        assert_eq!(figure(&again, heading), figure(&lines, heading));
    }
    assert_ne!(figure(&again, "bearer token "), figure(&lines, "bearer token "), "only hashes are kept");
}

#[test]
fn an_address_in_use_is_a_failure_in_words() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_haystack-server"));
    let output = command.args(["demo", "--once", "--listen", &address]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
}
