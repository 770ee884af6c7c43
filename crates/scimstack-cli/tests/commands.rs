//! Each command against a real server: what it changes there, what it prints, how it ends.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, also in its helpers")]

mod support;

use serde_json::{Value, json};
use support::{Server, ended};

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

#[test]
fn get_shows_a_resource_in_every_format() {
    let server = Server::start();
    let id = server.person("ann@x.test");
    let user = format!("Users/{id}");
    assert_eq!(server.scim(&["get", &user, "-o", "json"]).json()["userName"], "ann@x.test");
    let table = server.scim(&["get", &user]);
    assert!(table.fine().lines().any(|line| line.split_whitespace().eq(["userName", "ann@x.test"])), "{table:?}");
    assert!(table.out.lines().any(|line| line.starts_with("meta.resourceType ")), "{table:?}");
    let line = server.scim(&["get", &user, "-o", "jsonl", "--attributes", "title"]);
    let shown: Value = serde_json::from_str(line.fine()).unwrap();
    assert_eq!((line.out.lines().count(), &shown["title"], &shown["userName"]), (1, &json!("Clerk"), &Value::Null));
    assert_eq!(server.scim(&["get", "ServiceProviderConfig", "-o", "json"]).json()["patch"]["supported"], true);
    assert_eq!(server.scim(&["get", &format!("Schemas/{USER}"), "-o", "json"]).json()["name"], "User");
}

#[test]
fn list_shows_a_page_or_everything() {
    let server = Server::start();
    for n in 0..25 {
        server.person(&format!("person-{n:02}@x.test"));
    }
    let page = server.scim(&["list", "users", "--count", "10", "--sort-by", "userName"]);
    let lines: Vec<&str> = page.fine().lines().collect();
    assert_eq!(lines.len(), 11, "{page:?}");
    assert!(lines[0].starts_with("ID ") && lines[0].contains("USERNAME"), "{page:?}");
    assert!(lines[1].contains("person-00@x.test"), "{page:?}");
    assert!(page.error.contains("10 of 25"), "{page:?}");

    let all = server.scim(&["list", "Users", "--all", "-o", "json"]).json();
    assert_eq!(all.as_array().unwrap().len(), 25);
    server.asked();
    let lines = server.scim(&["list", "Users", "--all", "--count", "10", "-o", "jsonl"]);
    assert_eq!((lines.fine().lines().count(), lines.error.as_str()), (25, ""), "no bar without a terminal");
    let pages = server.asked().into_iter().filter(|line| line.contains("count=10")).count();
    assert_eq!(pages, 3);
    assert_eq!(server.scim(&["list", "Users", "--all", "--limit", "7", "-o", "jsonl"]).fine().lines().count(), 7);

    let found = server.scim(&["list", "Users", "--filter", "userName sw \"person-1\"", "--columns", "userName,title"]);
    let rows: Vec<Vec<&str>> = found.fine().lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((rows.len(), &rows[0], &rows[1]), (11, &vec!["USERNAME", "TITLE"], &vec!["person-10@x.test", "Clerk"]));
    assert_eq!(found.error, "", "that is all of them");
}

#[test]
fn a_table_of_groups_does_not_ask_for_their_members() {
    let server = Server::start();
    server.scim(&["create", "Groups", "--set", "displayName=Team"]).fine();
    server.asked();
    let table = server.scim(&["list", "Groups"]);
    assert!(table.fine().contains("Team"));
    assert_eq!(server.asked(), ["GET /Groups?excludedAttributes=members"]);
    server.scim(&["list", "Groups", "--columns", "displayName,members"]).fine();
    server.scim(&["list", "Groups", "-o", "json"]).fine();
    assert_eq!(server.asked(), ["GET /Groups", "GET /Groups"]);
}

#[test]
fn create_makes_one_from_the_command_line() {
    let server = Server::start();
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let department = format!("{enterprise}:department=Sales");
    let emails = "emails={\"value\":\"ann@x.test\",\"type\":\"work\"}";
    let words = ["create", "Users", "--set", "userName=ann", "--set", "active=false", "--set", emails, "--set"];
    let made = server.scim(&[&words[..], &[&department, "-o", "json"]].concat()).json();
    let held = server.ask("GET", &format!("/Users/{}", made["id"].as_str().unwrap()), "");
    assert_eq!(held["schemas"], json!([USER, enterprise]));
    assert_eq!((&held["userName"], &held["active"]), (&json!("ann"), &json!(false)));
    assert_eq!(held["emails"], json!([{"value": "ann@x.test", "type": "work"}]));
    assert_eq!(held[enterprise]["department"], "Sales");

    server.scim(&["create", "Users", "--json", r#"{"userName":"bob"}"#]).fine();
    server.with_input(&["create", "Users", "--file", "-"], r#"{"userName":"cy"}"#).fine();
    assert_eq!(server.people(), 3);
    assert!(server.scim(&["create", "Users"]).failed(2).contains("--set"));
    assert!(server.scim(&["create", "Users", "--set", "active=perhaps"]).failed(2).contains("true or false"));
}

#[test]
fn create_makes_many_from_a_file_and_says_which_lines_failed() {
    let server = Server::start();
    server.person("taken@x.test");
    let lines: Vec<String> = (0..250)
        .map(|n| match n {
            120 => r#"{"userName":"taken@x.test"}"#.to_owned(),
            _ => format!(r#"{{"userName":"person-{n}@x.test"}}"#),
        })
        .collect();
    server.file("people.jsonl", &lines.join("\n"));
    server.asked();
    let made = server.scim(&["create", "Users", "--file", "people.jsonl"]);
    assert!(made.failed(5).contains("249 of 250 were made, 1 were not"), "{made:?}");
    assert!(made.error.contains("line 121: the server refused: 409 Conflict (uniqueness)"), "{made:?}");
    assert_eq!(made.out.lines().count(), 250, "a heading and 249 rows");
    assert_eq!(server.people(), 250);
    let asked = server.asked();
    assert!(asked.iter().filter(|line| *line == "POST /Bulk").count() < 10, "{asked:?}");
    assert!(!asked.iter().any(|line| line == "POST /Users"), "{asked:?}");

    server.file("more.json", r#"[{"userName":"x"},{"userName":"y"}]"#);
    let made = server.scim(&["create", "Users", "--file", "more.json", "-o", "jsonl", "--set", "title=Head"]);
    let rows: Vec<Value> = made.fine().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let id = rows[1]["id"].as_str().unwrap();
    assert_eq!(server.ask("GET", &format!("/Users/{id}"), "")["title"], "Head");
    assert!(server.scim(&["create", "Users", "--file", "absent.jsonl"]).failed(2).contains("absent.jsonl"));
    server.file("broken.jsonl", "{}\n{\n");
    assert!(server.scim(&["create", "Users", "--file", "broken.jsonl"]).failed(2).contains("line 2"));
}

#[test]
fn patch_changes_a_resource_by_words_or_by_a_file() {
    let server = Server::start();
    let id = server.person("ann@x.test");
    let user = format!("Users/{id}");
    let email = r#"emails={"value":"ann@x.test","type":"work"}"#;
    let words = ["patch", &user, "--replace", "title=Engineer", "--add", email, "--remove", "nickName", "-o", "json"];
    let shown = server.scim(&words).json();
    let held = server.ask("GET", &format!("/{user}"), "");
    assert_eq!((&held["title"], &shown["title"]), (&json!("Engineer"), &json!("Engineer")));
    assert_eq!(held["emails"][0]["value"], "ann@x.test");
    server.scim(&["patch", &user, "--replace", r#"emails[type eq "work"].value=a=b@x.test"#]).fine();
    assert_eq!(server.ask("GET", &format!("/{user}"), "")["emails"][0]["value"], "a=b@x.test");

    let dry = server.scim(&["patch", &user, "--remove", "emails", "--dry-run"]).json();
    assert_eq!(dry, json!({"schemas": [PATCH], "Operations": [{"op": "remove", "path": "emails"}]}));
    server.file("ops.json", &dry.to_string());
    server.scim(&["patch", &user, "--operations", "ops.json"]).fine();
    assert_eq!(server.ask("GET", &format!("/{user}"), "")["emails"], Value::Null);
    let input = r#"[{"op":"add","path":"nickName","value":"Annie"}]"#;
    server.with_input(&["patch", &user, "--operations", "-"], input).fine();
    assert_eq!(server.ask("GET", &format!("/{user}"), "")["nickName"], "Annie");

    assert!(server.scim(&["patch", &user]).failed(2).contains("nothing to change"));
    assert!(server.scim(&["patch", &user, "--remove", "a b"]).failed(2).contains("a b"));
    assert!(server.scim(&["patch", "Users", "--remove", "title"]).failed(2).contains("names no resource"));
}

#[test]
fn a_version_guards_every_write() {
    let server = Server::start();
    let id = server.person("ann@x.test");
    let user = format!("Users/{id}");
    let stale = "W/\"77\"";
    let put = r#"{"userName":"ann"}"#;
    for words in [
        &["patch", &user, "--replace", "title=x", "--if-match", stale][..],
        &["replace", &user, "--json", put, "--if-match", stale],
        &["delete", &user, "--yes", "--if-match", stale],
    ] {
        let refused = server.scim(words);
        assert!(refused.failed(1).contains("412") && refused.error.contains("read it again"), "{refused:?}");
    }
    let version = server.ask("GET", &format!("/{user}"), "")["meta"]["version"].as_str().unwrap().to_owned();
    server.scim(&["patch", &user, "--replace", "title=x", "--if-match", &version]).fine();
    assert_eq!(server.ask("GET", &format!("/{user}"), "")["title"], "x");
}

#[test]
fn replace_puts_a_document_in_place() {
    let server = Server::start();
    let id = server.person("ann@x.test");
    let user = format!("Users/{id}");
    server.file("ann.json", r#"{"userName":"ann@y.test","displayName":"Ann"}"#);
    assert_eq!(server.scim(&["replace", &user, "--file", "ann.json", "-o", "json"]).json()["displayName"], "Ann");
    let held = server.ask("GET", &format!("/{user}"), "");
    assert_eq!((&held["userName"], &held["title"]), (&json!("ann@y.test"), &Value::Null));
    assert!(server.scim(&["replace", &user]).failed(2).contains("--file"));
}

#[test]
fn delete_asks_before_it_deletes() {
    let server = Server::start();
    let (ann, bob) = (server.person("ann"), server.person("bob"));
    let (ann, bob) = (format!("Users/{ann}"), format!("Users/{bob}"));
    assert!(
        server.with_input(&["delete", &ann], "y\n").failed(2).contains("--yes"),
        "nobody is asked without a terminal"
    );
    assert_eq!(server.people(), 2);
    let some = server.scim(&["delete", &ann, "Users/absent", "--yes"]);
    assert!(some.failed(5).contains("1 of 2 were not deleted"), "{some:?}");
    assert_eq!(server.people(), 1);
    server.scim(&["delete", &bob, "-y"]).fine();
    assert_eq!(server.people(), 0);
    assert!(server.scim(&["delete", &bob, "-y"]).failed(1).contains("404"));
    assert!(server.scim(&["delete", "Users/..", "-y"]).failed(2).contains("cannot be the id"));
}

#[test]
fn search_posts_its_filter() {
    let server = Server::start();
    server.person("ann@x.test");
    server.person("bob@x.test");
    server.scim(&["create", "Groups", "--set", "displayName=annals"]).fine();
    server.asked();
    let found = server.scim(&["search", "Users", "--filter", "userName sw \"ann\"", "-o", "json"]).json();
    assert_eq!((found.as_array().unwrap().len(), &found[0]["userName"]), (1, &json!("ann@x.test")));
    let all = server.scim(&["search", "--filter", "displayName sw \"ann\" or userName sw \"bob\""]);
    assert!(all.fine().contains("annals") && all.out.contains("bob@x.test"), "{all:?}");
    let asked = server.asked();
    assert!(asked.contains(&"POST /Users/.search".to_owned()), "{asked:?}");
    assert!(asked.contains(&"POST /.search".to_owned()), "{asked:?}");
    assert!(!asked.join(" ").contains("filter"), "the filter is in no URL: {asked:?}");
}

#[test]
fn diff_prints_the_patch_that_patch_sends() {
    let server = Server::start();
    let id = server.person("ann@x.test");
    let user = format!("Users/{id}");
    server.file(
        "ann.json",
        &format!(r#"{{"schemas":["{USER}"],"userName":"ann@x.test","title":"Head","nickName":"A"}}"#),
    );
    let lines = server.scim(&["diff", &user, "ann.json"]);
    let found: Vec<&str> = lines.fine().lines().collect();
    assert_eq!(found, ["+ nickName = \"A\"", "~ title: \"Clerk\" -> \"Head\"", "- active"]);
    let patch = server.scim(&["diff", &user, "ann.json", "-o", "json"]);
    server.with_input(&["patch", &user, "--operations", "-"], patch.fine()).fine();
    assert_eq!(server.ask("GET", &format!("/{user}"), "")["title"], "Head");
    assert_eq!(server.scim(&["diff", &user, "ann.json", "--exit-code"]).fine(), "");

    let other = format!("Users/{}", server.person("bob@x.test"));
    let between = server.scim(&["diff", &user, &other, "--exit-code"]);
    assert_eq!((between.code, between.error.as_str()), (1, ""));
    assert!(between.out.contains("~ userName: \"ann@x.test\" -> \"bob@x.test\""), "{between:?}");

    server.file("odd.json", r#"{"userName":"ann@x.test","shoeSize":42}"#);
    assert!(server.scim(&["diff", &user, "odd.json"]).error.contains("shoeSize differs"));
    server.asked();
    let files = server.scim(&["diff", "ann.json", "odd.json", "--type", "Users"]);
    assert!(files.fine().contains("- title") && server.asked().is_empty(), "two files need no server: {files:?}");
    server.file("group.json", r#"{"displayName":"x"}"#);
    assert!(server.scim(&["diff", "group.json", "odd.json"]).failed(2).contains("--type"));
}

#[test]
fn check_judges_the_server_and_writes_reports() {
    let server = Server::start();
    let list = server.scim(&["check", "--list"]);
    assert!(list.fine().lines().count() > 200 && server.asked().is_empty());
    let words = ["check", "--only", "create-", "--type", "User", "--json", "report.json", "--junit", "report.xml"];
    let report = server.scim(&words);
    assert!(report.fine().contains("passed"), "{report:?}");
    let read = |name| std::fs::read_to_string(server.directory.path().join(name)).unwrap();
    let json: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(json["summary"]["conformant"], true);
    assert!(read("report.xml").contains("</testsuites>"));
    assert!(!read("report.json").contains(&server.token));
    assert_eq!(server.people(), 0, "what was made is deleted");

    server.asked();
    server.scim(&["check", "--read-only", "--only", "discovery", "--max-requests", "50", "--rate", "1000"]).fine();
    assert!(server.asked().iter().all(|line| line.starts_with("GET") || line.starts_with("HEAD")));
    server.person("scimcheck-left-1");
    assert!(server.scim(&["check", "--cleanup"]).fine().contains("1 leftovers found, 0 of them"));
    assert_eq!(server.people(), 0);
    let elsewhere = server.scim(&["check", &format!("{}/nowhere", server.origin), "--only", "create-"]);
    assert!(elsewhere.failed(3).contains("base URL"), "{elsewhere:?}");
    let mut command = server.command(&["check", &server.base, "--only", "create-"]);
    command.env("SCIM_URL", &server.base);
    assert!(ended(command, "").failed(2).contains("no token"));
}

#[test]
fn check_replays_what_identity_providers_send() {
    let server = Server::start();
    assert!(server.scim(&["check", "--list"]).fine().contains("okta-oin"));
    let words = ["check", "--replay", "okta,jumpcloud", "--json", "replays.json", "--junit", "replays.xml"];
    let report = server.scim(&words);
    assert!(report.fine().contains("okta"), "{report:?}");
    let read = |name| std::fs::read_to_string(server.directory.path().join(name)).unwrap();
    assert!(read("replays.json").contains("jumpcloud") && read("replays.xml").contains("</testsuites>"));
    assert_eq!(server.people(), 0, "what was made is deleted");
    // A server that knows the providers does not refuse what the letter does.
    server.scim(&["check", "--replay", "jumpcloud", "--letter"]).failed(1);
    server.scim(&["check", "--replay", "nobody"]).failed(2);
    server.scim(&["check", "--letter"]).failed(2);
}

#[test]
fn completions_are_there_for_every_shell() {
    let server = Server::start();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = server.scim(&["completions", shell]);
        assert!(script.fine().contains("scim") && script.out.contains("completions"), "{shell}");
    }
    server.scim(&["completions", "tcsh"]).failed(2);
}
