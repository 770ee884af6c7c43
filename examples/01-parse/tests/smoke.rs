//! Runs the example and reads what it prints.

use std::io;
use std::process::Command;

fn printed(arguments: &[&str]) -> io::Result<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_parse")).args(arguments).output()?;
    assert!(output.status.success(), "{output:?}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn it_parses_matches_patches_and_undoes() -> io::Result<()> {
    let printed = printed(&[])?;
    for line in [
        r#"parsed:   EMAILS[type eq "home" and not (value ew "@x.test")] or title pr"#,
        "matches:  true",
        "changed:  true",
        r#"{"op":"remove","path":"name"}"#,
    ] {
        assert!(printed.contains(line), "{line} is not in\n{printed}");
    }
    let primary = r#""value":"ann@home.test","type":"home","primary":true"#;
    assert!(printed.contains(primary), "{printed}");
    Ok(())
}

#[test]
fn it_shows_the_place_of_an_error() -> io::Result<()> {
    let printed = printed(&[r#"userName regex "a""#])?;
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 3, "{printed}");
    assert_eq!(lines.last().map(|line| line.trim_end()), Some("           ^^^^^"));
    Ok(())
}

#[test]
fn it_says_why_a_filter_is_refused() -> io::Result<()> {
    let printed = printed(&[r#"name eq "Ann""#])?;
    assert!(printed.contains("refused:  \"name\" is complex"), "{printed}");
    Ok(())
}
