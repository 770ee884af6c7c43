//! The binary on a PostgreSQL server, from the first start on.

// The same private servers that the store's own tests have.
#[path = "../../../crates/scimstack-store-postgres/tests/cluster/mod.rs"]
mod cluster;
mod support;

use cluster::Cluster;
use support::{Place, Server};

const USERS: &str = "/t/demo/api/scim/v2/Users";
const GROUPS: &str = "/t/demo/api/scim/v2/Groups";

/// A PostgreSQL server, and a place that uses it.
fn place() -> (Cluster, Place) {
    let cluster = Cluster::start();
    cluster.down();
    let port = cluster.up_with_port("");
    (cluster, Place::with_database(format!("postgres://postgres@127.0.0.1:{port}/postgres?connect_timeout=5")))
}

/// The token that a first start shows.
fn first_token(server: &Server) -> Option<String> {
    let mut lines = (0..6).map(|_| server.line());
    lines.find_map(|line| Some(line.strip_prefix("bearer token")?.trim().to_owned()))
}

#[test]
fn what_was_written_over_http_is_there_after_a_restart_of_the_server_and_of_the_database() {
    let (cluster, place) = place();
    let server = place.start();
    let token = first_token(&server).unwrap();
    let ann = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann@x.test","title":"one"}"#;
    let created = server.post(USERS, &token, ann);
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(server.post(USERS, &token, ann).status, 409);
    let ann = created.json()["id"].as_str().unwrap().to_owned();
    let path = format!("{USERS}/{ann}");
    assert_eq!(server.get(&path, &token).json()["title"], "one");
    let patch = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                    "Operations":[{"op":"replace","path":"title","value":"two"}]}"#;
    let patched = server.patch(&path, &token, patch);
    assert!(matches!(patched.status, 200 | 204), "{patched:?}");
    let group = format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"G","members":[{{"value":"{ann}"}}]}}"#
    );
    let group = server.post(GROUPS, &token, &group);
    assert_eq!(group.status, 201, "{group:?}");
    assert_eq!(server.stop_and_read().0, Some(0));

    let server = place.start();
    let is_whole = |server: &Server| {
        let found = server.get(&format!("{USERS}?filter=userName%20eq%20%22ANN@x.test%22"), &token).json();
        assert_eq!((&found["totalResults"], &found["Resources"][0]["title"]), (&1.into(), &"two".into()), "{found}");
        let user = server.get(&path, &token).json();
        assert_eq!(user["groups"][0]["value"], group.json()["id"], "{user}");
        assert_eq!(user["meta"]["version"], "W/\"2\"", "{user}");
    };
    is_whole(&server);
    // The running server finds a database that was started anew.
    let port: String = place.database().split([':', '/']).nth(4).unwrap().to_owned();
    cluster.down();
    assert_eq!(server.get(&path, &token).status, 503);
    cluster.up(&format!("-c listen_addresses=127.0.0.1 -c port={port}"));
    server.until(200, |server| server.get(&path, &token));
    is_whole(&server);
}

#[test]
fn several_servers_and_commands_share_a_database() {
    let (_cluster, place) = place();
    let (one, other) = (place.start(), place.start());
    place.ok(&["tenant", "create", "acme"]);
    let token = place.ok(&["token", "create", "--tenant", "acme"]).trim_end().to_owned();
    let users = "/t/acme/api/scim/v2/Users";
    let bob = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bob@x.test"}"#;
    one.until(200, |server| server.get(users, &token));
    assert_eq!(one.post(users, &token, bob).status, 201);
    let seen = other.until(200, |server| server.get(users, &token));
    assert_eq!(seen.json()["totalResults"], 1);
    assert_eq!(other.post(users, &token, bob).status, 409);
}

#[test]
fn a_database_that_cannot_be_used_as_the_url_says_is_reported_in_words() {
    let (_cluster, place) = place();
    for (further, words) in [
        ("&sslmode=on", "sslmode=on is not known"),
        ("&sslmode=require", "server does not support TLS"),
        ("&sslmode=verify-full&sslrootcert=/nowhere.pem", "/nowhere.pem"),
    ] {
        let place = Place::with_database(place.database() + further);
        let done = place.run(&["tenant", "list"]);
        assert_ne!(done.code, Some(0), "{further}");
        assert!(done.stderr.contains(words), "{further}: {}", done.stderr);
    }
}

#[test]
fn no_more_people_leave_than_may_however_many_servers_are_asked_at_once() {
    let (_cluster, place) = place();
    let first = place.start();
    let token = first_token(&first).unwrap();
    place.ok(&["connection", "set", "--tenant", "demo", "--max-deactivations", "3", "--per", "3600"]);
    let person = |n: usize| {
        let manager = r#","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"p0"}}"#;
        let manager = if n == 0 { "" } else { manager };
        format!(r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"p{n}"{manager}}}"#)
    };
    let paths: Vec<String> = (0..12)
        .map(|n| {
            let answer = first.post(USERS, &token, &person(n));
            format!("{USERS}/{}", answer.json()["id"].as_str().unwrap())
        })
        .collect();
    // These have seen the limit from their start.
    assert_eq!(first.stop_and_read().0, Some(0));
    let servers = [place.start(), place.start()];
    let leave = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                    "Operations":[{"op":"replace","path":"active","value":false}]}"#;
    let (address, token) = (|at: usize| servers[at % 2].address.clone(), token.as_str());
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let leaving: Vec<_> = paths
            .iter()
            .enumerate()
            .map(|(at, path)| {
                let address = address(at);
                scope.spawn(move || {
                    // Servers that tread on each other too often ask for the request again.
                    loop {
                        match support::request(&address, "PATCH", path, token, leave).unwrap().status {
                            409 => {}
                            status => return status,
                        }
                    }
                })
            })
            .collect();
        leaving.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| matches!(**status, 200 | 204)).count(), 3, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 9, "{statuses:?}");
    let holds = place.json(&["hold", "list"]);
    assert_eq!(holds.as_array().unwrap().len(), 1);
    let told = place.json(&["outbox", "list", "--tenant", "demo"]);
    let held = told.as_array().unwrap().iter().filter(|event| event["kind"] == "connection.held").count();
    assert_eq!(held, 1);
    place.ok(&["hold", "release", holds[0]["id"].as_str().unwrap()]);
    assert_eq!(place.ok(&["org", "reports", "--tenant", "demo", "p0"]).lines().count(), 11);
    assert_eq!(place.ok(&["org", "line", "--tenant", "demo", "p7"]).lines().count(), 1);
    place.ok(&["connection", "set", "--tenant", "demo", "--notify", "everyone"]);
    let welcomed = place.ok(&["person", "welcome", "--tenant", "demo"]);
    assert!(welcomed.starts_with("9 of 12 people are welcomed"), "{welcomed}");
    place.ok(&["person", "invite", "--tenant", "demo", "by-hand"]);
    assert_eq!(place.ok(&["adopt", "--tenant", "demo"]), "by-hand\n");
}
