//! The command line as scripts depend on it, run against the built binary.

mod support;

use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use support::{Place, Server, answer, request};

const USERS: &str = "/t/acme/api/scim/v2/Users";

/// A place with tenant `acme`, a token of it and a running server.
fn acme() -> (Place, Server, String) {
    let place = Place::new();
    place.ok(&["tenant", "create", "acme"]);
    let token = place.ok(&["token", "create", "--tenant", "acme"]).trim_end().to_owned();
    let server = place.start();
    (place, server, token)
}

fn user(user_name: &str) -> String {
    format!(r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"{user_name}"}}"#)
}

fn value_after<'a>(lines: &'a [String], label: &str) -> Option<&'a str> {
    lines.iter().find_map(|line| line.strip_prefix(label)).map(str::trim)
}

#[test]
fn a_first_start_shows_its_secrets_and_later_ones_do_not() {
    let place = Place::new();
    let server = place.start();
    let address = server.address.clone();
    let lines: Vec<String> = (0..6).map(|_| server.line()).collect();
    let token = value_after(&lines, "bearer token").unwrap();
    let password = value_after(&lines, "password").unwrap();
    assert_eq!(value_after(&lines, "Admin Console"), Some(format!("http://{address}/console").as_str()));
    assert_eq!(value_after(&lines, "SCIM base URL"), Some(format!("http://{address}/t/demo/api/scim/v2").as_str()));
    assert!(token.starts_with("hsk_") && password.len() >= 16, "{lines:?}");
    assert_eq!(server.get("/t/demo/api/scim/v2/Users", token).status, 200);
    assert_eq!(server.stop_and_read(), (Some(0), Vec::new()));

    let (code, lines) = place.start().stop_and_read();
    assert_eq!(code, Some(0));
    assert!(value_after(&lines, "Admin Console").is_some() && value_after(&lines, "SCIM base URL").is_some());
    let text = lines.join("\n");
    assert!(!text.contains("hsk_") && !text.contains("password"), "{text}");
    assert_eq!(place.start().get("/t/demo/api/scim/v2/Users", token).status, 200, "the token stays good");
}

#[test]
fn of_two_first_starts_at_the_same_time_one_shows_secrets_that_work() {
    let place = Place::new();
    let shown: Vec<Vec<String>> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..2).map(|_| scope.spawn(|| place.start().stop_and_read().1)).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let tokens: Vec<&str> = shown.iter().filter_map(|lines| value_after(lines, "bearer token")).collect();
    assert_eq!(tokens.len(), 1, "{shown:?}");
    assert_eq!(place.start().get("/t/demo/api/scim/v2/Users", tokens[0]).status, 200);
    let valid = place.json(&["token", "list"]).as_array().unwrap().iter().filter(|t| t["state"] == "valid").count();
    assert_eq!(valid, 1);
}

#[test]
fn it_serves_without_a_subcommand_and_by_environment() {
    let place = Place::new();
    let mut command = place.binary();
    command
        .env("HAYSTACK_LISTEN", "127.0.0.1:0")
        .env("HAYSTACK_DATABASE", place.database())
        .env("HAYSTACK_PUBLIC_URL", "https://scim.example.com/");
    let server = Server::start(command);
    assert_eq!(server.get("/healthz", "").status, 200);
    let (_, lines) = server.stop_and_read();
    assert_eq!(value_after(&lines, "SCIM base URL"), Some("https://scim.example.com/t/demo/api/scim/v2"));
    let mut command = place.binary();
    command.args(["tenant", "list"]).env("HAYSTACK_DATABASE", place.database()).env("HAYSTACK_LISTEN", "127.0.0.1:0");
    assert_eq!(String::from_utf8(command.output().unwrap().stdout).unwrap(), "demo\n");
}

#[test]
fn the_default_database_is_a_file_in_the_working_directory() {
    let place = Place::new();
    assert!(place.binary().args(["tenant", "create", "acme"]).output().unwrap().status.success());
    assert!(std::fs::exists(place.path("haystack.db")).unwrap());
}

#[test]
fn health_and_the_way_to_the_console() {
    let (_place, server, _) = acme();
    assert_eq!(server.get("/healthz", "").status, 200);
    assert_eq!(server.get("/readyz", "").status, 200);
    let root = server.get("/", "");
    assert!((300..400).contains(&root.status));
    assert!(root.head.to_ascii_lowercase().contains("location: /console"), "{}", root.head);
    let nothing = server.get("/nothing/here", "");
    assert_eq!((nothing.status, nothing.json()["status"].as_str()), (404, Some("404")));
}

#[test]
fn a_tenant_is_made_once() {
    let place = Place::new();
    place.ok(&["tenant", "create", "acme"]);
    let again = place.run(&["tenant", "create", "Acme"]);
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("the tenant \"acme\" exists already"), "{}", again.stderr);
    assert_eq!(again.stdout, "");
    assert_eq!(place.run(&["tenant", "create", "not a name"]).code, Some(2));
    assert_eq!(place.ok(&["tenant", "list"]), "acme\n");
    assert_eq!(place.json(&["tenant", "list"])[0]["name"], "acme");
}

#[test]
fn a_token_is_all_that_token_create_prints_and_it_opens_the_running_server() {
    let (place, server, _) = acme();
    let printed = place.ok(&["token", "create", "--tenant", "acme", "--label", "Okta", "--expires", "90d"]);
    let token = printed.strip_suffix('\n').unwrap();
    assert!(token.starts_with("hsk_") && !token.contains(char::is_whitespace), "{printed:?}");
    assert_eq!(server.get(USERS, token).status, 200);
    assert_eq!(server.get(USERS, "hsk_guessed").status, 401);
    assert_eq!(server.get("/t/demo/api/scim/v2/Users", token).status, 401, "another tenant");

    let listed = place.json(&["token", "list", "--tenant", "acme"]);
    let okta = listed.as_array().unwrap().iter().find(|t| t["label"] == "Okta").unwrap();
    assert!(!okta.to_string().contains(token));
    assert!(token.starts_with(okta["hint"].as_str().unwrap().trim_end_matches('…')));
    assert!(okta["expires"].is_string());
    place.ok(&["token", "revoke", okta["id"].as_str().unwrap()]);
    server.until(401, |server| server.get(USERS, token));
    let listed = place.json(&["token", "list"]);
    assert!(listed.as_array().unwrap().iter().any(|t| t["label"] == "Okta" && t["state"] == "revoked"));
}

#[test]
fn a_token_is_held_to_its_scopes_and_guesses_are_slowed() {
    let (place, server, good) = acme();
    let token = place.ok(&["token", "create", "--tenant", "acme", "--label", "reports", "--scope", "users,read"]);
    let token = token.trim_end();
    server.until(200, |server| server.get(USERS, token));
    let refused = server.post(USERS, token, r#"{"userName":"ann"}"#);
    assert_eq!(refused.status, 403);
    assert!(refused.head.to_lowercase().contains("insufficient_scope"), "{}", refused.head);
    assert_eq!(server.get("/t/acme/api/scim/v2/Groups", token).status, 403);
    let listed = place.json(&["token", "list", "--tenant", "acme"]);
    assert!(listed.as_array().unwrap().iter().any(|t| t["label"] == "reports" && t["scope"] == "read users"));
    let statuses: Vec<u16> = (0..150).map(|n| server.get(USERS, &format!("hsk_guess{n}")).status).collect();
    assert!(statuses.starts_with(&[401; 100]) && statuses.contains(&429), "{statuses:?}");
    assert_eq!(server.get(USERS, &good).status, 200);
}

#[test]
fn what_cannot_be_is_said_plainly() {
    let place = Place::new();
    place.ok(&["tenant", "create", "acme"]);
    for (arguments, code, words) in [
        (&["token", "create", "--tenant", "nobody"][..], 1, "tenant list"),
        (&["token", "create", "--tenant", "acme", "--connection", "hr"], 1, "there is no connection \"hr\""),
        (&["token", "create", "--tenant", "acme", "--expires", "soon"], 2, "90d"),
        (&["token", "create", "--tenant", "acme", "--scope", "everything"], 2, "users and groups"),
        (&["token", "revoke", "nonsense"], 1, "there is no token"),
        (&["schema", "add", "--tenant", "acme", "missing.json"], 1, "missing.json"),
        (&["schema", "remove", "urn:x:y"], 1, "urn:x:y"),
        (&["hold", "release", "nonsense"], 1, "there is no hold"),
        (&["person", "show", "--tenant", "acme", "ann"], 1, "nobody is called ann"),
        (&["person", "sign-in", "--tenant", "acme", "ann"], 1, "nobody is called ann"),
        (&["person", "sign-in", "--tenant", "nobody", "ann"], 1, "there is no tenant \"nobody\""),
        (&["connection", "set", "--tenant", "acme", "--create-users", "maybe"], 2, "on, off"),
        (&["connection", "set", "--tenant", "acme", "--dialect", "oktaa"], 2, "okta-oin"),
        (&["admin", "password"], 1, "no server has been started"),
        (&["tenant", "create"], 2, "<NAME>"),
        (&["tenants"], 2, "tenant"),
    ] {
        let done = place.run(arguments);
        assert_eq!(done.code, Some(code), "{arguments:?}: {}", done.stderr);
        assert!(done.stderr.contains(words), "{arguments:?}: {}", done.stderr);
        assert_eq!(done.stdout, "", "{arguments:?}");
        assert!(!done.stderr.contains("panicked"));
    }
}

#[test]
fn a_database_that_cannot_be_used_is_said_plainly() {
    let place = Place::new();
    for (url, words) in [
        ("sqlite::memory:", "sqlite:FILE"),
        ("haystack.db", "sqlite:FILE"),
        ("mysql://x", "sqlite:FILE"),
        ("sqlite:missing/haystack.db", "missing/haystack.db"),
    ] {
        let output = place.binary().args(["tenant", "list", "--database", url]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && stderr.contains(words), "{url}: {stderr}");
        assert!(output.stdout.is_empty());
    }
    let taken = place.start();
    let output = place.binary().args(["--listen", &taken.address, "--database", "sqlite::memory:"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains(&taken.address) && stderr.contains("--listen"), "{stderr}");
    assert!(output.stdout.is_empty(), "no secrets of a server that never ran");
}

#[test]
fn a_server_can_live_in_memory() {
    let place = Place::new();
    let mut command = place.binary();
    command.args(["--listen", "127.0.0.1:0", "--database", "sqlite::memory:"]);
    let server = Server::start(command);
    let lines: Vec<String> = (0..6).map(|_| server.line()).collect();
    let token = value_after(&lines, "bearer token").unwrap();
    assert_eq!(server.post("/t/demo/api/scim/v2/Users", token, &user("ann@x.test")).status, 201);
    assert_eq!(server.get("/t/demo/api/scim/v2/Users", token).json()["totalResults"], 1);
}

#[test]
fn switches_are_shown_and_reach_the_running_server() {
    let (place, server, token) = acme();
    let shown = place.json(&["connection", "show", "--tenant", "acme"]);
    assert_eq!(shown["createUsers"], true);
    assert_eq!((shown["dialect"].as_str(), shown["notify"].as_str()), (Some("auto"), Some("signed-in")));
    let arguments = "connection set --tenant acme --create-users off --dialect entra-compliant --unknown-members park --notify everyone";
    place.ok(&arguments.split(' ').collect::<Vec<_>>());
    let shown = place.ok(&["connection", "show", "--tenant", "acme"]);
    for (name, value) in [
        ("enabled", "on"),
        ("create-users", "off"),
        ("dialect", "entra-compliant"),
        ("unknown-members", "park"),
        ("notify", "everyone"),
    ] {
        let line = shown.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        assert_eq!(line.split_whitespace().nth(1), Some(value), "{shown}");
    }
    let counter = AtomicUsize::new(0);
    server.until(403, |server| {
        let n = counter.fetch_add(1, Ordering::Relaxed);
        server.post(USERS, &token, &user(&format!("ann{n}@x.test")))
    });
    place.ok(&["connection", "set", "--tenant", "acme", "--create-users", "on"]);
    server.until(201, |server| server.post(USERS, &token, &user("bob@x.test")));
    assert_eq!(place.json(&["connection", "show", "--tenant", "acme"])["dialect"], "entra-compliant", "others stay");
}

#[test]
fn a_person_is_shown_and_signs_in() {
    let (place, server, token) = acme();
    let manager = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann@x.test","displayName":"Ann",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"bob@x.test"}}}"#;
    let made = server.post(USERS, &token, manager);
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let show = || place.json(&["person", "show", "--tenant", "acme", "ANN@x.test"]);
    let shown = show();
    assert_eq!((shown["id"].as_str(), shown["userName"].as_str()), (Some(id.as_str()), Some("ann@x.test")));
    assert_eq!((shown["state"].as_str(), shown["active"].as_bool()), (Some("Unclaimed"), Some(true)));
    assert_eq!((shown["manager"].as_str(), shown["managerResolved"].as_str()), (Some("bob@x.test"), None));
    assert!(place.ok(&["person", "show", "--tenant", "acme", "ann@x.test"]).contains("pending"));

    assert_eq!(server.post(USERS, &token, &user("bob@x.test")).status, 201);
    let group = format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Sales","members":[{{"value":"{id}"}}]}}"#
    );
    assert_eq!(server.post("/t/acme/api/scim/v2/Groups", &token, &group).status, 201);
    place.ok(&["person", "sign-in", "--tenant", "acme", "ann@x.test"]);
    let shown = show();
    assert_eq!(shown["state"], "Active");
    assert_eq!(shown["managerResolved"], "bob@x.test");
    assert_eq!(shown["groups"], serde_json::json!(["Sales"]));

    let path = format!("{USERS}/{id}");
    let patch = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations":[{"op":"replace","path":"active","value":false}]}"#;
    assert!(request(&server.address, "PATCH", &path, &token, patch).unwrap().status < 300);
    assert_eq!(show()["state"], "Deactivated");
    let refused = place.run(&["person", "sign-in", "--tenant", "acme", "ann@x.test"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(!refused.stderr.is_empty());
}

#[test]
fn outbox_and_log_are_listed_in_order() {
    let (place, server, token) = acme();
    place.ok(&["connection", "set", "--tenant", "acme", "--notify", "everyone"]);
    assert_eq!(place.json(&["outbox", "list", "--tenant", "acme"]), serde_json::json!([]));
    let made = server.post(USERS, &token, &user("ann@x.test"));
    let path = format!("{USERS}/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(server.post(USERS, &token, &user("ann@x.test")).status, 409);
    assert_eq!(request(&server.address, "DELETE", &path, &token, "").unwrap().status, 204);
    let outbox = place.json(&["outbox", "list", "--tenant", "acme"]);
    let kinds: Vec<&str> = outbox.as_array().unwrap().iter().map(|effect| effect["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"sessions.revoke"), "{outbox}");
    let log = place.json(&["log", "list", "--tenant", "acme"]);
    let statuses = |log: &serde_json::Value| -> Vec<u64> {
        log.as_array().unwrap().iter().map(|event| event["status"].as_u64().unwrap()).collect()
    };
    assert_eq!(statuses(&log), [201, 409, 204]);
    assert_eq!(statuses(&place.json(&["log", "list", "--tenant", "acme", "--errors"])), [409]);
    let table = place.ok(&["log", "list", "--tenant", "acme"]);
    assert_eq!(table.lines().count(), 3);
    assert!(table.contains("409") && table.contains("uniqueness"), "{table}");
}

#[test]
fn a_schema_is_added_while_the_server_runs() {
    let (place, server, token) = acme();
    let urn = "urn:example:params:scim:schemas:extension:badge:1.0:User";
    let schema = format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Schema"],"id":"{urn}","name":"Badge",
            "attributes":[{{"name":"number","type":"string"}}]}}"#
    );
    std::fs::write(place.path("badge.json"), &schema).unwrap();
    std::fs::write(place.path("both.json"), format!("[{schema}, {}]", schema.replace("badge:1.0", "badge:2.0")))
        .unwrap();
    std::fs::write(place.path("broken.json"), r#"{"id":"urn:x:y","attributes":[{"name":"a b"}]}"#).unwrap();
    place.ok(&["schema", "add", "--tenant", "acme", "badge.json"]);
    server.until(200, |server| server.get(&format!("/t/acme/api/scim/v2/Schemas/{urn}"), &token));
    let with_badge =
        user("ann@x.test").replace("\"userName\"", &format!("\"{urn}\":{{\"number\":\"7\"}},\"userName\""));
    let made = server.post(USERS, &token, &with_badge);
    assert_eq!((made.status, made.json()[urn]["number"].as_str()), (201, Some("7")), "{}", made.body);
    place.ok(&["schema", "add", "--tenant", "acme", "--resource-type", "User", "both.json"]);
    let listed = place.json(&["schema", "list", "--tenant", "acme"]);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(listed[0]["schema"]["id"], urn);
    assert_eq!(place.run(&["schema", "add", "--tenant", "acme", "broken.json"]).code, Some(1));
    place.ok(&["schema", "remove", urn, "--tenant", "acme"]);
    assert_eq!(place.json(&["schema", "list"]).as_array().unwrap().len(), 1);
    server.until(404, |server| server.get(&format!("/t/acme/api/scim/v2/Schemas/{urn}"), &token));
}

#[test]
fn holds_are_listed() {
    let place = Place::new();
    place.ok(&["tenant", "create", "acme"]);
    assert_eq!(place.json(&["hold", "list", "--tenant", "acme"]), serde_json::json!([]));
    assert_eq!(place.ok(&["hold", "list"]), "");
}

#[test]
fn a_new_password_takes_the_place_of_the_old_one() {
    let place = Place::new();
    let server = place.start();
    let lines: Vec<String> = (0..6).map(|_| server.line()).collect();
    let first = value_after(&lines, "password").unwrap().to_owned();
    let log_in = |name: &str, password: &str| {
        let form = format!("name={name}&password={}", password.replace('!', "%21"));
        server.post("/console/login", "", &form)
    };
    let entered = log_in("admin", &first);
    assert_eq!(entered.status, 303, "{}", entered.body);
    assert!(entered.head.to_ascii_lowercase().contains("httponly"), "{}", entered.head);
    let second = place.ok(&["admin", "password"]);
    let second = second.strip_suffix('\n').unwrap();
    assert!(!second.contains(char::is_whitespace) && second != first);
    assert_eq!(log_in("admin", &first).status, 401);
    assert_eq!(log_in("admin", second).status, 303);
    let other = place.ok(&["admin", "password", "--name", "ann"]);
    assert_eq!(log_in("ann", other.trim_end()).status, 303);
}

#[test]
fn a_signal_ends_it_with_success_after_what_is_in_flight() {
    for name in ["TERM", "INT"] {
        let (place, mut server, token) = acme();
        let body = user("ann@x.test");
        let mut stream = TcpStream::connect(&server.address).unwrap();
        let head = format!(
            "POST {USERS} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/scim+json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            server.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        // "100 Continue": the server has read the head and waits for the body.
        let mut interim = [0; 25];
        std::io::Read::read_exact(&mut stream, &mut interim).unwrap();
        assert!(interim.starts_with(b"HTTP/1.1 100"));
        server.signal(name);
        while TcpStream::connect(&server.address).is_ok() {
            std::thread::yield_now();
        }
        stream.write_all(body.as_bytes()).unwrap();
        assert_eq!(answer(stream).unwrap().status, 201);
        assert_eq!(server.wait(), Some(0), "{name}");
        assert_eq!(place.json(&["person", "show", "--tenant", "acme", "ann@x.test"])["active"], true);
    }
}

#[test]
fn a_server_that_is_killed_keeps_everyone_it_acknowledged() {
    const BEFORE_THE_KILL: usize = 60;
    let (place, mut server, token) = acme();
    let acknowledged = Mutex::new(Vec::new());
    let over = AtomicBool::new(false);
    let number = AtomicUsize::new(0);
    let address = server.address.clone();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let name = format!("person{}@x.test", number.fetch_add(1, Ordering::Relaxed));
                    match request(&address, "POST", USERS, &token, &user(&name)) {
                        Some(made) if made.status == 201 => {
                            let id = made.json()["id"].as_str().unwrap().to_owned();
                            acknowledged.lock().unwrap().push((id, name));
                        }
                        Some(other) => panic!("{other:?}"),
                        None => return,
                    }
                }
            });
        }
        while acknowledged.lock().unwrap().len() < BEFORE_THE_KILL {
            std::thread::yield_now();
        }
        server.kill();
        over.store(true, Ordering::Relaxed);
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() >= BEFORE_THE_KILL);
    let server = place.start();
    for (id, name) in acknowledged {
        let found = server.get(&format!("{USERS}/{id}"), &token);
        assert_eq!((found.status, found.json()["userName"].as_str()), (200, Some(name.as_str())));
    }
}
