//! What administrators do about people, on the command line beside a running server: holds, welcomes, adoption, reporting
//! lines.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, also in its helpers")]

mod support;

use serde_json::json;
use support::{Place, Server};

const USERS: &str = "/t/acme/api/scim/v2/Users";

/// A place with tenant `acme` set up by these options, a token of it and a running server.
fn acme(options: &[&str]) -> (Place, Server, String) {
    let place = Place::new();
    place.ok(&["tenant", "create", "acme"]);
    place.ok(&[&["connection", "set", "--tenant", "acme"], options].concat());
    let token = place.ok(&["token", "create", "--tenant", "acme"]).trim_end().to_owned();
    let server = place.start();
    (place, server, token)
}

/// A person's document, with more members as JSON.
fn user(user_name: &str, more: &str) -> String {
    format!(r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"{user_name}"{more}}}"#)
}

/// Provisions a person; the path of the resource.
fn provision(server: &Server, token: &str, user_name: &str, more: &str) -> String {
    let answer = server.post(USERS, token, &user(user_name, more));
    assert_eq!(answer.status, 201, "{}", answer.body);
    format!("{USERS}/{}", answer.json()["id"].as_str().unwrap_or_default())
}

const LEAVE: &str = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations":[{"op":"replace","path":"active","value":false}]}"#;

fn kinds(place: &Place) -> Vec<String> {
    let outbox = place.json(&["outbox", "list", "--tenant", "acme"]);
    outbox.as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_mass_deactivation_waits_until_it_is_released() {
    let (place, server, token) = acme(&["--max-deactivations", "1", "--per", "60"]);
    let shown = place.json(&["connection", "show", "--tenant", "acme"]);
    assert_eq!((&shown["maxDeactivations"], &shown["deactivationWindow"]), (&json!(1), &json!(60)));
    assert_eq!(place.run(&["connection", "set", "--tenant", "acme", "--per", "0"]).code, Some(2));
    let people: Vec<String> = ["a", "b", "c"].iter().map(|name| provision(&server, &token, name, "")).collect();
    assert_eq!(server.patch(&people[0], &token, LEAVE).status, 200);
    let held = server.patch(&people[1], &token, LEAVE);
    assert_eq!(held.status, 429, "{}", held.body);
    assert!(held.head.to_ascii_lowercase().contains("retry-after: 300"), "{}", held.head);
    let holds = place.json(&["hold", "list", "--tenant", "acme"]);
    assert_eq!((&holds[0]["connection"], holds.as_array().unwrap().len()), (&json!("default"), 1));
    assert_eq!(kinds(&place).iter().filter(|kind| *kind == "connection.held").count(), 1);
    place.ok(&["hold", "release", holds[0]["id"].as_str().unwrap()]);
    assert_eq!(server.patch(&people[2], &token, LEAVE).status, 200);
    assert_eq!(place.json(&["hold", "list"]), json!([]));
}

#[test]
fn those_who_are_here_are_welcomed_when_the_gate_is_opened() {
    let (place, server, token) = acme(&["--notify", "nobody"]);
    for name in ["ann", "bob"] {
        provision(&server, &token, name, "");
    }
    let future = r#","urn:ietf:params:scim:schemas:extension:haystack:1.0:User":{"joinDate":"2999-01-01"}"#;
    provision(&server, &token, "cid", future);
    place.ok(&["person", "sign-in", "--tenant", "acme", "bob"]);
    let refused = place.run(&["person", "welcome", "--tenant", "acme"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("Security Settings"), "{}", refused.stderr);
    place.ok(&["connection", "set", "--tenant", "acme", "--notify", "everyone", "--welcome-delay", "auto"]);
    let said = place.ok(&["person", "welcome", "--tenant", "acme"]);
    assert_eq!(said, "1 of 3 people are welcomed, and 1 on the day they start\n");
    assert_eq!(kinds(&place), ["notify.welcome"]);
    place.ok(&["person", "welcome", "--tenant", "acme"]);
    assert_eq!(kinds(&place), ["notify.welcome"]);
    assert_eq!(place.run(&["connection", "set", "--tenant", "acme", "--welcome-delay", "soon"]).code, Some(2));
}

#[test]
fn people_who_were_here_before_are_linked_by_a_list() {
    let (place, server, token) = acme(&["--adopt-invited", "never"]);
    place.ok(&["person", "invite", "--tenant", "acme", "ann", "--email", "ann@x.test", "--display-name", "Ann"]);
    place.ok(&["person", "invite", "--tenant", "acme", "bob"]);
    let again = place.run(&["person", "invite", "--tenant", "acme", "Bob"]);
    assert!(again.code == Some(1) && again.stderr.contains("already in use"), "{}", again.stderr);
    assert_eq!(place.ok(&["adopt", "--tenant", "acme"]), "ann\nbob\n");
    assert_eq!(server.post(USERS, &token, &user("bob", "")).status, 409);
    let list = place.path("people.csv");
    std::fs::write(&list, "userName,externalId,email\nann@x.test,00u1,ann@x.test\nnew,00u2,\n").unwrap();
    let shown = place.ok(&["adopt", "--tenant", "acme", &list]);
    assert!(shown.contains("match      ann@x.test  ann\nnew        new\n1 would be linked"), "{shown}");
    assert_eq!(place.ok(&["adopt", "--tenant", "acme"]), "ann\nbob\n", "nothing was changed");
    let applied = place.json(&["adopt", "--tenant", "acme", &list, "--apply"]);
    assert_eq!((&applied["applied"], &applied["lines"][0]["found"]), (&json!(true), &json!("match")));
    assert_eq!(place.ok(&["adopt", "--tenant", "acme"]), "bob\n");
    assert_eq!(place.json(&["person", "show", "--tenant", "acme", "ann"])["externalId"], "00u1");
    assert_eq!(place.run(&["adopt", "--tenant", "acme", "--apply"]).code, Some(2));
    std::fs::write(&list, "a,b\n1,2\n").unwrap();
    assert_eq!(place.run(&["adopt", "--tenant", "acme", &list]).code, Some(2));
}

#[test]
fn what_is_edited_by_hand_is_kept_and_what_is_locked_is_not_edited() {
    let (place, server, token) = acme(&["--manual", "User:title", "--locked", "User:nickName"]);
    let ann = provision(&server, &token, "ann", r#","title":"pushed","nickName":"pushed""#);
    let edit = |path: &str, value: &str| place.run(&["person", "edit", "--tenant", "acme", "ann", path, value]);
    assert_eq!(edit("title", "by hand").code, Some(0));
    assert_eq!(edit("emails", r#"[{"value":"ann@x.test"}]"#).code, Some(0));
    let locked = edit("nickName", "mine");
    assert!(locked.code == Some(1) && locked.stderr.contains("nickName"), "{}", locked.stderr);
    let patch = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations":[{"op":"replace","path":"title","value":"again"},{"op":"replace","path":"nickName","value":"again"}]}"#;
    assert_eq!(server.patch(&ann, &token, patch).status, 200);
    let shown = server.get(&ann, &token).json();
    assert_eq!((&shown["title"], &shown["nickName"]), (&json!("by hand"), &json!("again")));
    assert_eq!(shown["emails"][0]["value"], "ann@x.test");
    let shown = place.json(&["connection", "show", "--tenant", "acme"]);
    assert_eq!((&shown["manual"]["User"], &shown["locked"]["User"]), (&json!(["title"]), &json!(["nickName"])));
}

#[test]
fn reporting_lines_and_groups_are_told_and_what_is_wrong_with_them() {
    let (place, server, token) = acme(&["--manager-by", "user-name"]);
    let to = |manager: &str| {
        format!(
            r#","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"manager":{{"value":"{manager}"}}}}"#
        )
    };
    provision(&server, &token, "boss", "");
    provision(&server, &token, "mid", &to("boss"));
    let low = provision(&server, &token, "low", &to("mid"));
    provision(&server, &token, "lost", &to("nobody"));
    let org = |what: &str, who: &str| place.ok(&["org", what, "--tenant", "acme", who]);
    assert_eq!(org("line", "low"), "mid\nboss\n");
    assert_eq!(org("line", "lost"), "(waits for nobody)\n");
    assert_eq!(org("reports", "boss"), "mid\n");
    assert_eq!(org("below", "boss"), "  1  mid\n  2  low\n");
    assert_eq!(place.ok(&["org", "troubles", "--tenant", "acme"]), "lost  nobody  nobody of this name is here yet\n");
    let id = low.rsplit('/').next().unwrap();
    let group = |name: &str, member: &str| {
        let body = format!(
            r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"{name}","members":[{{"value":"{member}"}}]}}"#
        );
        let answer = server.post("/t/acme/api/scim/v2/Groups", &token, &body);
        answer.json()["id"].as_str().unwrap().to_owned()
    };
    let inner = group("inner", id);
    group("outer", &inner);
    assert_eq!(org("members", "outer"), "direct    inner\nindirect  low\n");
    assert_eq!(org("groups", "low"), "direct    inner\nindirect  outer\n");
    let below = place.json(&["org", "below", "--tenant", "acme", "boss", "--levels", "1"]);
    assert_eq!((&below["levels"][0][0]["name"], &below["more"]), (&json!("mid"), &json!(true)));
    assert_eq!(place.run(&["org", "line", "--tenant", "acme", "nobody"]).code, Some(1));
}
