//! `scim sync` against a real server: from a table to what stands there, again to nothing, and everything that stops it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, also in its helpers")]

mod support;

use serde_json::{Value, json};
use std::fmt::Write as _;
use support::Server;

const MAP: &str = r#"
[people]
match = ["externalId", "userName"]

[[people.rules]]
to = "externalId"
from = "number"

[[people.rules]]
to = "userName"
from = { lower = "mail" }

[[people.rules]]
to = "emails[type eq \"work\"].value"
from = "mail"

[[people.rules]]
to = "name.familyName"
from = "last"

[[people.rules]]
to = "title"
from = "job"
default = "Employee"

[[people.rules]]
to = "active"
from = { if = { field = "status", is = "left" }, then = { value = false }, else = { value = true } }

[groups]
match = ["displayName"]
members = "member"

[[groups.rules]]
to = "displayName"
from = "team"
"#;

fn people(rows: &[(u32, &str, &str)]) -> String {
    let mut text = "number,mail,last,job,status\n".to_owned();
    for (number, job, status) in rows {
        writeln!(text, "{number},P{number}@X.test,\"Lee, P\",{job},{status}").unwrap();
    }
    text
}

fn teams(rows: &[(&str, &str)]) -> String {
    rows.iter().fold("team,member\n".to_owned(), |text, (team, member)| format!("{text}{team},{member}\n"))
}

/// A server, the mapping and both tables.
fn server(of_people: &[(u32, &str, &str)], of_teams: &[(&str, &str)]) -> Server {
    let server = Server::start();
    server.file("map.toml", MAP);
    server.file("people.csv", &people(of_people));
    server.file("teams.csv", &teams(of_teams));
    server
}

const ALL: [&str; 8] = ["sync", "--source", "people.csv", "--groups", "teams.csv", "--map", "map.toml", "--yes"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ALL.iter().copied().chain(more.iter().copied()).collect()
}

fn users(server: &Server) -> Vec<Value> {
    server.ask("GET", "/Users?count=1000", "")["Resources"].as_array().cloned().unwrap_or_default()
}

fn user(server: &Server, number: u32) -> Value {
    users(server).into_iter().find(|user| user["externalId"].as_str() == Some(&number.to_string())).unwrap()
}

fn writes(server: &Server) -> Vec<String> {
    server.asked().into_iter().filter(|line| !line.starts_with("GET")).collect()
}

#[test]
fn a_table_becomes_a_directory_and_then_nothing_is_left_to_do() {
    let server =
        server(&[(1, "Head", ""), (2, "", ""), (3, "Clerk", "left")], &[("A", "1"), ("A", "2"), ("B", "P2@x.test")]);
    let planned = server.scim(&with(&["--dry-run"]));
    let said = "+ line 2 (p1@x.test)\n+ line 3 (p2@x.test)\nUsers: 2 to create, 0 to update, 0 to deactivate, 0 to delete, \
                0 as they should be, 1 inactive and not there\n+ line 2: 2 members more (A)\n+ line 4: 1 members more (B)\n";
    assert!(planned.fine().starts_with(said), "{planned:?}");
    assert_eq!(writes(&server), Vec::<String>::new());

    let done = server.scim(&ALL);
    assert!(done.fine().ends_with("4 created\n"), "{done:?}");
    let ann = user(&server, 1);
    assert_eq!((&ann["userName"], &ann["title"], &ann["active"]), (&json!("p1@x.test"), &json!("Head"), &json!(true)));
    assert_eq!(ann["name"], json!({"familyName": "Lee, P"}));
    assert_eq!(ann["emails"], json!([{"type": "work", "value": "P1@X.test"}]));
    assert_eq!(user(&server, 2)["title"], "Employee");
    let groups = server.ask("GET", "/Groups", "");
    let mut sizes: Vec<usize> = groups["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["members"].as_array().unwrap().len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 2]);

    server.asked();
    let again = server.scim(&ALL);
    assert!(again.fine().ends_with("nothing to do\n"), "{again:?}");
    assert_eq!(writes(&server), Vec::<String>::new());
}

#[test]
fn only_what_differs_is_sent_and_nobody_else_is_touched() {
    let server = server(&[(1, "Head", ""), (2, "Clerk", ""), (3, "", "")], &[("A", "1"), ("A", "2")]);
    server.scim(&ALL).fine();
    server.person("other@x.test");
    let ids: Vec<String> = (1..=3).map(|number| user(&server, number)["id"].as_str().unwrap().to_owned()).collect();
    server.file("people.csv", &people(&[(1, "Boss", ""), (2, "Clerk", "left")]));
    server.file("teams.csv", &teams(&[("A", "2"), ("A", "3")]));
    server.asked();
    let done = server.scim(&with(&["--json"])).json();
    assert_eq!((&done["updated"], &done["aside"]), (&json!(3), &json!(0)), "{done}");
    assert_eq!(done["plan"]["Users"]["deactivated"], 1);
    assert_eq!(done["plan"]["Groups"]["membersRemoved"], 1);
    let group = server.ask("GET", "/Groups", "")["Resources"][0].clone();
    let group_id = group["id"].as_str().unwrap();
    let mut sent = writes(&server);
    sent.sort_unstable();
    let mut expected =
        [format!("PATCH /Groups/{group_id}"), format!("PATCH /Users/{}", ids[0]), format!("PATCH /Users/{}", ids[1])];
    expected.sort_unstable();
    assert_eq!(sent, expected);
    assert_eq!((&user(&server, 2)["active"], &user(&server, 3)["active"]), (&json!(false), &json!(true)));
    assert_eq!(users(&server).len(), 4);
    let members: Vec<&str> =
        group["members"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect();
    assert!(members.len() == 2 && members.contains(&ids[1].as_str()) && members.contains(&ids[2].as_str()));
}

#[test]
fn a_table_that_has_lost_its_rows_is_stopped() {
    let rows: Vec<(u32, &str, &str)> = (0..60).map(|number| (number, "", "")).collect();
    let server = server(&rows, &[]);
    let people_only = ["sync", "--source", "people.csv", "--map", "map.toml", "--yes"];
    server.scim(&people_only).fine();
    server.file("people.csv", &people(&rows[..20]));
    let missing = |more: &[&'static str]| [&people_only[..], &["--missing", "deactivate"], more].concat();
    server.asked();
    let stopped = server.scim(&missing(&[]));
    assert!(stopped.failed(1).contains("40 of 60 would be deactivated or deleted, and 20% may be"), "{stopped:?}");
    assert!(stopped.error.contains("--stop-at 40"));
    assert_eq!(writes(&server), Vec::<String>::new());
    let done = server.scim(&missing(&["--stop-at", "40"]));
    assert!(done.fine().ends_with("40 deactivated\n"), "{done:?}");
    assert_eq!(users(&server).iter().filter(|user| user["active"] == false).count(), 40);
    // Whoever is gone is not asked about again.
    assert!(server.scim(&missing(&[])).fine().ends_with("nothing to do\n"));
    assert!(
        server.scim(&["sync", "--source", "people.csv", "--stop-at", "many"]).failed(2).contains("a share such as 20%")
    );
}

#[test]
fn it_asks_first_and_does_nothing_without_an_answer() {
    let server = server(&[(1, "", "")], &[]);
    let words = ["sync", "--source", "people.csv", "--map", "map.toml"];
    assert!(server.scim(&words).failed(2).contains("--yes"));
    assert_eq!(server.people(), 0);
}

#[test]
fn a_mapping_that_does_not_fit_says_where() {
    let server = server(&[(1, "", "")], &[]);
    let try_map = |name: &str, map: &str| {
        server.file(name, map);
        server.scim(&["sync", "--source", "people.csv", "--map", name, "--yes"]).failed(2).to_owned()
    };
    let rule = |rule: &str| {
        format!(r#"{{"people":{{"match":["userName"],"rules":[{{"to":"userName","from":"mail"}},{rule}]}}}}"#)
    };
    let said = try_map("m.json", &rule(r#"{"to":"tittle","from":"job"},{"to":"meta.version","from":"job"}"#));
    assert!(said.contains("rule 2 (tittle): the target's schemas have no such attribute of User"), "{said}");
    assert!(said.contains("rule 3 (meta.version): it is read-only"), "{said}");
    let said = try_map("m.json", &rule(r#"{"to":"title","from":"jobb"}"#));
    assert!(said.contains(r#"the mapping reads "jobb", and people.csv has only number, mail"#), "{said}");
    let said = try_map("m.toml", "[people]\nmatch = [\"userName\"]\nrules = [{ to = \"userName\" }]\n");
    assert!(said.contains("people, rule 1 (userName): \"from\" is missing"), "{said}");
    assert!(
        try_map("m.json", r#"{"groups":{"match":["displayName"],"rules":[{"to":"displayName","from":"x"}]}}"#)
            .contains("says nothing of people")
    );
    assert_eq!(server.people(), 0);
}

#[test]
fn documents_need_no_mapping() {
    let server = Server::start();
    let line = |name: &str| {
        json!({"userName": name, "externalId": name, "name": {"givenName": "P"}, "active": true,
            "emails": [{"value": format!("{name}@x.test"), "type": "work"}]})
    };
    server.file("people.jsonl", &format!("{}\n{}\n", line("ann"), line("bob")));
    server.file("groups.jsonl", "{\"displayName\":\"T\",\"members\":[\"ann\",\"bob\"]}\n");
    let words = ["sync", "--source", "people.jsonl", "--groups", "groups.jsonl", "--yes"];
    assert!(server.scim(&words).fine().ends_with("3 created\n"));
    assert!(server.scim(&words).fine().ends_with("nothing to do\n"), "what the server adds makes no difference");
    assert_eq!(server.ask("GET", "/Groups", "")["Resources"][0]["members"].as_array().unwrap().len(), 2);
}

#[test]
fn what_fails_is_set_aside_and_what_was_sent_is_remembered() {
    let server = server(&[(1, "Head", ""), (2, "Head", ""), (3, "Head", "")], &[]);
    let schema = "urn:ietf:params:scim:schemas:core:2.0:User";
    let taken = json!({"schemas": [schema], "userName": "p2@x.test", "externalId": "99"}).to_string();
    server.ask("POST", "/Users", &taken);
    let words = ["sync", "--source", "people.csv", "--map", "map.toml", "--yes", "--journal", "j.jsonl"];
    // Whom the plan knows to be another person is not even tried.
    let done = server.scim(&words);
    assert!(done.failed(5).contains("line 3: p2@x.test: /Users/"), "{done:?}");
    assert!(done.out.ends_with("2 created\n"), "{done:?}");
    let journal = std::fs::read_to_string(server.directory.path().join("j.jsonl")).unwrap();
    assert_eq!(journal.lines().filter(|line| line.contains("\"intent\"")).count(), 2);
    assert!(!journal.contains("Head"), "values are not written down");

    // Drift: somebody changes a title at the target, another is deleted there.
    let (one, three) = (user(&server, 1)["id"].clone(), user(&server, 3)["id"].clone());
    server.scim(&["patch", &format!("Users/{}", one.as_str().unwrap()), "--replace", "title=Clerk"]).fine();
    server.scim(&["delete", "--yes", &format!("Users/{}", three.as_str().unwrap())]).fine();
    let drift = server.scim(&[&words[..], &["--drift"]].concat());
    assert!(drift.fine().contains("changed: p1@x.test: title (changed at the target)"), "{drift:?}");
    assert!(
        drift.out.contains(&format!("missing: p3@x.test; it was there as {}", three.as_str().unwrap())),
        "{drift:?}"
    );
    let listed = server.scim(&[&words[..], &["--drift", "-o", "json"]].concat()).json();
    assert_eq!(listed[0]["attributes"], json!({"title": "target"}));
    server.scim(&words).failed(5);
    assert_eq!(user(&server, 1)["title"], "Head");
    assert_ne!(user(&server, 3)["id"], three);
}

#[test]
fn a_busy_server_is_waited_for() {
    let server = server(&[(1, "", ""), (2, "", "")], &[]);
    let words = ["sync", "--source", "people.csv", "--map", "map.toml", "--yes"];
    server.be_busy(3);
    assert!(server.scim(&words).fine().ends_with("2 created\n"));
    assert_eq!(server.people(), 2);
}

#[test]
fn a_server_that_lets_nobody_in_ends_it() {
    let server = server(&[(1, "", "")], &[]);
    let mut command = server.command(&["sync", "--source", "people.csv", "--map", "map.toml", "--yes"]);
    command.env("SCIM_URL", &server.base).env("SCIM_TOKEN", "wrong");
    assert!(support::ended(command, "").failed(4).contains("401"));
}

#[test]
fn a_target_that_shows_no_members_is_known_by_its_journal() {
    let server = server(&[(1, "", ""), (2, "", ""), (3, "", "")], &[("A", "1"), ("A", "2")]);
    let words = with(&["--profile", "aws", "--journal", "j.jsonl"]);
    server.scim(&words).fine();
    assert!(server.scim(&words).fine().ends_with("nothing to do\n"));
    server.file("teams.csv", &teams(&[("A", "2"), ("A", "3")]));
    let planned = server.scim(&[&words[..], &["--dry-run"]].concat());
    assert!(planned.fine().contains("1 members more, 1 members less"), "{planned:?}");
    server.scim(&words).fine();
    let group = server.ask("GET", "/Groups", "")["Resources"][0].clone();
    let members: Vec<&Value> = group["members"].as_array().unwrap().iter().map(|one| &one["value"]).collect();
    let (two, three) = (user(&server, 2)["id"].clone(), user(&server, 3)["id"].clone());
    assert!(members.len() == 2 && members.contains(&&two) && members.contains(&&three), "{members:?}");
    assert!(server.scim(&with(&["--profile", "aws"])).error.contains("without --journal"));
}

#[test]
fn what_the_target_takes_can_be_told() {
    let rows: Vec<(u32, &str, &str)> = (0..7).map(|number| (number, "", "")).collect();
    let server = server(&rows, &[("A", "0"), ("A", "1"), ("A", "2"), ("A", "3"), ("A", "4"), ("A", "5"), ("A", "6")]);
    server.asked();
    server.scim(&with(&["--members-per-request", "3", "--per-minute", "60000", "--concurrency", "2"])).fine();
    assert_eq!(writes(&server).iter().filter(|line| line.starts_with("PATCH /Groups/")).count(), 3);
    server.file("people.csv", &people(&[(0, "Head", "")]));
    server.scim(&["sync", "--source", "people.csv", "--map", "map.toml", "--yes", "--put"]).fine();
    assert!(writes(&server)[0].starts_with("PUT /Users/"));
}

#[test]
fn products_that_put_get_the_whole() {
    let server = server(&[(1, "Head", "")], &[("A", "1")]);
    server.scim(&with(&["--profile", "okta"])).fine();
    server.file("people.csv", &people(&[(1, "Boss", "")]));
    server.asked();
    server.scim(&with(&["--profile", "okta"])).fine();
    let id = user(&server, 1)["id"].as_str().unwrap().to_owned();
    assert_eq!(writes(&server), [format!("PUT /Users/{id}")]);
    assert_eq!((user(&server, 1)["title"].as_str(), user(&server, 1)["active"].as_bool()), (Some("Boss"), Some(true)));
}

#[test]
fn the_example_of_a_mapping_is_one() {
    let server = Server::start();
    let header = "employee_number,mail,first_name,last_name,nickname,job,department,status,first_password,manager";
    server.file(
        "people.csv",
        &format!("{header}\n7,Ann@X.test,Ann,Lee,,,Sales,,hush,B@X.test\n8,b@x.test,Bob,Roy,Bo,Head,,On Leave,hush,\n"),
    );
    server.file("teams.csv", "team,people\nA,7;b@x.test\n");
    let map = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/map.toml");
    let words = ["sync", "--source", "people.csv", "--groups", "teams.csv", "--map", map, "--yes", "--create-inactive"];
    // Ann is made before her manager, and gets him afterwards.
    assert!(server.scim(&words).fine().ends_with("3 created, 1 updated\n"));
    let (ann, bob) = (user(&server, 7), user(&server, 8));
    assert_eq!((&ann["displayName"], &bob["displayName"]), (&json!("Ann Lee"), &json!("Bo")));
    assert_eq!((&ann["title"], &bob["title"], &bob["active"]), (&json!("Employee"), &json!("Head"), &json!(false)));
    let enterprise = &ann["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"];
    assert_eq!((&enterprise["department"], &enterprise["manager"]["value"]), (&json!("Sales"), &bob["id"]));
    assert!(server.scim(&words).fine().ends_with("nothing to do\n"));
}

#[test]
fn a_command_that_is_killed_goes_on_and_makes_nobody_twice() {
    let rows: Vec<(u32, &str, &str)> = (0..150).map(|number| (number, "Clerk", "")).collect();
    let members: Vec<(String, String)> = (0..150).map(|number| ("A".to_owned(), number.to_string())).collect();
    let members: Vec<(&str, &str)> = members.iter().map(|(team, number)| (team.as_str(), number.as_str())).collect();
    let server = server(&rows, &members);
    let words = with(&["--journal", "j.jsonl", "--concurrency", "2"]);
    let mut interrupted = 0;
    for until in [20, 60, 100, 140] {
        let mut command = server.command(&words);
        command.env("SCIM_URL", &server.base).env("SCIM_TOKEN", &server.token);
        let command = command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
        let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        // As soon as so many are there; or it has come to its end.
        while server.people() < until && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        interrupted += usize::from(child.kill().is_ok() && !child.wait().unwrap().success());
    }
    assert!(interrupted > 0);
    server.scim(&words).fine();
    assert_eq!(server.people(), 150, "the server would have refused a second one; nobody is missing");
    let groups = server.ask("GET", "/Groups", "");
    assert_eq!(
        (groups["totalResults"].as_u64(), groups["Resources"][0]["members"].as_array().unwrap().len()),
        (Some(1), 150)
    );
    assert!(server.scim(&words).fine().ends_with("nothing to do\n"));
}
