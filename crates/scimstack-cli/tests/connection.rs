//! Which server a command asks, how it is let in, and how it ends when it is not; and that no token is ever shown.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, also in its helpers")]

mod support;

use std::process::Command;
use support::{Ended, Server, ended};

/// The command without anything of the server in its environment.
fn bare(server: &Server, words: &[&str]) -> Ended {
    ended(server.command(words), "")
}

fn config(server: &Server) -> std::path::PathBuf {
    server.directory.path().join("home/scim/config.toml")
}

fn read_config(server: &Server) -> String {
    std::fs::read_to_string(config(server)).unwrap()
}

#[test]
fn the_server_is_named_in_words_in_the_environment_or_in_the_configuration() {
    let server = Server::start();
    let ask = ["get", "ServiceProviderConfig"];
    assert!(bare(&server, &ask).failed(2).contains("which server?"));
    let words = [&ask[..], &["--url", &server.base, "--token", &server.token]].concat();
    bare(&server, &words).fine();
    server.scim(&ask).fine();

    bare(&server, &["server", "add", "prod", "--url", &server.base, "--token-env", "PROD_TOKEN"]).fine();
    assert_eq!(
        read_config(&server),
        format!("default = \"prod\"\n\n[servers.prod]\nurl = \"{}\"\ntoken-env = \"PROD_TOKEN\"\n", server.base)
    );
    let with_token = |words: &[&str]| {
        let mut command = server.command(words);
        command.env("PROD_TOKEN", &server.token);
        ended(command, "")
    };
    with_token(&["list", "Users"]).fine();
    with_token(&["list", "Users", "--server", "prod"]).fine();
    assert!(bare(&server, &["list", "Users"]).failed(2).contains("PROD_TOKEN"));
    assert!(with_token(&["list", "Users", "-s", "test"]).failed(2).contains("it has prod"));
}

#[test]
fn servers_are_added_listed_and_removed() {
    let server = Server::start();
    let add = |words: &[&str], input: &str| {
        let words = [&["server", "add"], words, &["--url", &server.base]].concat();
        ended(server.command(&words), input)
    };
    add(&["kept", "--token-stdin"], &format!("{}\n", server.token)).fine();
    add(&["printed", "--token-command", &format!("echo {}", server.token), "--default"], "").fine();
    bare(&server, &["get", "Me", "--server", "kept"]).failed(1);
    bare(&server, &["list", "Users", "--server", "kept"]).fine();
    bare(&server, &["list", "Users"]).fine();
    let listed = bare(&server, &["server", "list"]);
    let rows: Vec<&str> = listed.fine().lines().collect();
    assert!(rows[1].starts_with("kept ") && rows[2].trim_end().ends_with('*'), "{listed:?}");
    bare(&server, &["server", "remove", "printed"]).fine();
    assert!(bare(&server, &["server", "remove", "printed"]).failed(2).contains("printed"));
    assert!(bare(&server, &["list", "Users"]).failed(2).contains("which server?"));
    assert!(add(&["x", "--token-stdin"], "").failed(2).contains("standard input"));
    let words = ["server", "add", "x", "--url", "ftp://x.test"];
    assert!(bare(&server, &words).failed(2).contains("base URL"));
    let failing = add(&["failing", "--token-command", "exit 3", "--default"], "");
    failing.fine();
    assert!(bare(&server, &["list", "Users"]).failed(2).contains("has failed"));
}

#[cfg(unix)]
#[test]
fn the_configuration_is_for_its_owner_and_who_opens_it_is_warned() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start();
    let words = ["server", "add", "kept", "--token-stdin", "--url", &server.base];
    ended(server.command(&words), &server.token).fine();
    let mode = |mode: u32| std::fs::set_permissions(config(&server), std::fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(std::fs::metadata(config(&server)).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(bare(&server, &["list", "Users"]).error, "");
    mode(0o644);
    let warned = bare(&server, &["list", "Users"]);
    warned.fine();
    assert!(warned.error.contains("others can read") && warned.error.contains("chmod 600"), "{warned:?}");
}

#[test]
fn client_credentials_fetch_the_token() {
    let server = Server::start();
    let token_url = format!("{}/token", server.origin);
    let mut words = vec!["server", "add", "oauth", "--url", &server.base, "--token-url", &token_url];
    words.extend(["--client-id", "app", "--client-secret-env", "HUSH", "--scope", "scim"]);
    words.extend(["--client-authentication", "post"]);
    bare(&server, &words).fine();
    let with_secret = |secret: &str| {
        let mut command = server.command(&["list", "Users"]);
        command.env("HUSH", secret);
        ended(command, "")
    };
    server.asked();
    with_secret("hush").fine();
    assert_eq!(server.asked(), ["POST /token", "GET /Users"]);
    let refused = with_secret("wrong-secret");
    assert!(refused.failed(4).contains("invalid_client") && !refused.error.contains("wrong-secret"), "{refused:?}");
    let mut command = server.command(&["check", "--only", "create-201"]);
    command.env("HUSH", "hush");
    ended(command, "").fine();
}

#[test]
fn every_way_to_fail_has_its_exit_code_and_none_shows_the_token() {
    let server = Server::start();
    let url = |base: &str, words: &[&str]| {
        let mut command = server.command(&[words, &["--url", base, "--retries", "0"]].concat());
        command.env("SCIM_TOKEN", "very-s3cret");
        ended(command, "")
    };
    let refused = url(&server.base, &["list", "Users"]);
    assert!(refused.failed(4).contains("401 Unauthorized"), "{refused:?}");
    let nobody = url("http://127.0.0.1:9/v2", &["list", "Users"]);
    assert!(nobody.failed(3).contains("the server did not answer: there is no connection"), "{nobody:?}");
    let wrong = url("127.0.0.1/v2", &["list", "Users"]);
    assert!(wrong.failed(2).contains("base URL"), "{wrong:?}");
    let html = url(&server.origin, &["list", "Users"]);
    html.failed(1);
    let help = url(&server.base, &["list", "--help"]);
    for ended in [&refused, &nobody, &wrong, &html, &help] {
        assert!(!format!("{ended:?}").contains("very-s3cret"), "{ended:?}");
    }
    let filter = server.scim(&["list", "Users", "--filter", "userName zz 1"]);
    assert!(filter.failed(1).contains("400 Bad Request (invalidFilter)"), "{filter:?}");
    server.scim(&["list"]).failed(2);
    server.scim(&["fly"]).failed(2);
}

#[test]
fn a_busy_server_is_asked_again() {
    let server = Server::start();
    server.be_busy(2);
    server.scim(&["list", "Users"]).fine();
    assert_eq!(server.asked(), ["GET /Users"; 3]);
    server.be_busy(2);
    assert!(server.scim(&["list", "Users", "--retries", "1"]).failed(1).contains("429"));
}

#[test]
fn a_configuration_that_cannot_be_read_is_told_by_its_line_without_the_secret() {
    let server = Server::start();
    let path = server.file("bad.toml", "[servers.x]\nurl = \"https://x.test\"\ntoken = very-s3cret\n");
    let path = path.to_str().unwrap();
    let broken = bare(&server, &["list", "Users", "--config", path]);
    assert!(broken.failed(2).contains("line 3") && !broken.error.contains("very-s3cret"), "{broken:?}");
    server.file("bad.toml", "[servers.x]\nurl = \"https://x.test\"\ntokn = \"x\"\n");
    assert!(bare(&server, &["list", "Users", "--config", path]).failed(2).contains("tokn"));
    server.file("bad.toml", "[servers.x]\nurl = \"https://x.test\"\ntoken = \"a\"\ntoken-env = \"B\"\n");
    assert!(bare(&server, &["list", "Users", "--config", path, "-s", "x"]).failed(2).contains("not several"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let server = Server::start();
    let shell = format!("'{}' completions bash | head -1", env!("CARGO_BIN_EXE_scim"));
    let mut command = Command::new("sh");
    command.args(["-c", &shell]);
    let ended = ended(command, "");
    assert_eq!((ended.code, ended.error.as_str()), (0, ""));
    drop(server);
}
