//! Backups of a server that goes on writing, brought back; and databases that are checked.

mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use support::{Place, Server, request};

const USERS: &str = "/t/acme/api/scim/v2/Users";

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

fn is_there(place: &Place, name: &str) -> bool {
    place.run(&["person", "show", "--tenant", "acme", name]).code == Some(0)
}

#[test]
fn a_backup_of_a_server_that_goes_on_writing_has_everyone_acknowledged_before_it() {
    let (place, server, token) = acme();
    let (made, over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let number = AtomicUsize::new(0);
    let address = server.address.clone();
    let before = std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let name = format!("person{}@x.test", number.fetch_add(1, Ordering::Relaxed));
                    assert_eq!(request(&address, "POST", USERS, &token, &user(&name)).unwrap().status, 201);
                    made.lock().unwrap().push(name);
                }
            });
        }
        let count = || made.lock().unwrap().len();
        while count() < 30 {
            std::thread::yield_now();
        }
        let before = count();
        let said = place.ok(&["backup", "monday.db"]);
        assert!(said.starts_with("monday.db holds a backup"), "{said}");
        // Writing goes on during and after it.
        while count() < before + 10 {
            std::thread::yield_now();
        }
        over.store(true, Ordering::Relaxed);
        before
    });
    drop(server);

    let elsewhere = Place::new();
    std::fs::copy(place.path("monday.db"), elsewhere.path("monday.db")).unwrap();
    elsewhere.ok(&["restore", "monday.db"]);
    assert!(elsewhere.ok(&["check"]).ends_with("is sound\n"));
    let server = elsewhere.start();
    let total = server.get(&format!("{USERS}?count=0"), &token).json()["totalResults"].as_u64().unwrap();
    let made = made.into_inner().unwrap();
    assert!((before as u64..=made.len() as u64).contains(&total), "{before} <= {total} <= {}", made.len());
    for name in &made[..before] {
        let found = server.get(&format!("{USERS}?filter=userName%20eq%20%22{name}%22"), &token);
        assert_eq!(found.json()["totalResults"], 1, "{name}");
    }
    assert_eq!(server.post(USERS, &token, &user("new@x.test")).status, 201);
}

#[test]
fn a_backup_overwrites_nothing_and_makes_no_database() {
    let (place, _server, _) = acme();
    std::fs::write(place.path("dear.txt"), "dear to somebody").unwrap();
    let refused = place.run(&["backup", "dear.txt"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("overwrites nothing"), "{}", refused.stderr);
    assert_eq!(std::fs::read_to_string(place.path("dear.txt")).unwrap(), "dear to somebody");
    let empty = Place::new();
    for arguments in [&["backup", "copy.db"][..], &["check"]] {
        let refused = empty.run(arguments);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
        assert!(refused.stderr.contains("there is no database at"), "{}", refused.stderr);
    }
    assert!(!std::fs::exists(empty.path("haystack.db")).unwrap());
    assert!(!std::fs::exists(empty.path("copy.db")).unwrap());
}

#[test]
fn a_restore_waits_for_nobody_and_replaces_only_when_told() {
    let (place, mut server, token) = acme();
    assert_eq!(server.post(USERS, &token, &user("ann@x.test")).status, 201);
    place.ok(&["backup", "monday.db"]);
    assert_eq!(server.post(USERS, &token, &user("bob@x.test")).status, 201);

    let refused = place.run(&["restore", "monday.db"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("--replace"), "{}", refused.stderr);
    let refused = place.run(&["restore", "monday.db", "--replace"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("in use"), "{}", refused.stderr);
    assert_eq!(server.post(USERS, &token, &user("cleo@x.test")).status, 201, "it goes on");

    // Killed, it leaves a log beside the file, which must not be taken for a part of the backup.
    server.kill();
    assert!(std::fs::exists(place.path("haystack.db-wal")).unwrap());
    place.ok(&["restore", "monday.db", "--replace"]);
    assert!(is_there(&place, "ann@x.test"));
    assert!(!is_there(&place, "bob@x.test") && !is_there(&place, "cleo@x.test"));
    assert!(place.ok(&["check"]).ends_with("is sound\n"));
    assert!(std::fs::exists(place.path("monday.db")).unwrap(), "the backup is only read");
}

#[test]
fn what_is_no_sound_backup_is_refused_and_the_database_stays() {
    let (place, server, token) = acme();
    for n in 0..200 {
        assert_eq!(server.post(USERS, &token, &user(&format!("person{n}@x.test"))).status, 201);
    }
    drop(server);
    place.ok(&["backup", "good.db"]);
    std::fs::write(place.path("empty.db"), "").unwrap();
    std::fs::write(place.path("text.db"), "this is no database. ".repeat(1_000)).unwrap();
    let good = std::fs::read(place.path("good.db")).unwrap();
    std::fs::write(place.path("half.db"), &good[..good.len() / 2]).unwrap();
    let mut torn = good.clone();
    let middle = torn.len() / 2;
    torn[middle..middle + 30_000].fill(0xa5);
    std::fs::write(place.path("torn.db"), torn).unwrap();
    std::fs::write(place.path("open.db"), &good).unwrap();
    std::fs::write(place.path("open.db-wal"), "something").unwrap();
    for (file, words) in [
        ("missing.db", "cannot be read"),
        ("empty.db", "no backup"),
        ("text.db", "no backup"),
        ("half.db", "was not restored"),
        ("torn.db", "was not restored"),
        ("open.db", "in use or was not closed"),
    ] {
        let refused = place.run(&["restore", file, "--replace"]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{file}");
        assert!(refused.stderr.contains(words) && !refused.stderr.contains("panicked"), "{file}: {}", refused.stderr);
        assert!(!std::fs::exists(place.path("haystack.db.restoring")).unwrap(), "{file} left something behind");
    }
    assert!(is_there(&place, "person199@x.test"));
}

#[test]
fn a_check_lists_what_is_wrong() {
    let (place, server, token) = acme();
    for n in 0..50 {
        assert_eq!(server.post(USERS, &token, &user(&format!("person{n}@x.test"))).status, 201);
    }
    assert!(place.ok(&["check"]).ends_with("is sound\n"), "also while a server runs");
    drop(server);
    place.ok(&["backup", "copy.db"]);
    let mut bytes = std::fs::read(place.path("copy.db")).unwrap();
    // Whole pages of 8 KiB after those that hold the tables' names.
    let pages = bytes.len() / 8192;
    bytes[(pages / 2) * 8192..(pages / 2 + 4) * 8192].fill(0);
    std::fs::write(place.path("copy.db"), bytes).unwrap();
    let database = format!("sqlite:{}", place.path("copy.db"));
    let output = place.binary().args(["check", "--database", &database]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let (said, told) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(said.lines().count() > 0, "{said}{told}");
    assert!(told.contains("is damaged"), "{told}");
}

#[test]
fn for_postgresql_its_own_tools_are_named() {
    let place = Place::new();
    for (arguments, tool) in
        [(&["backup", "x"][..], "pg_dump"), (&["restore", "x"], "pg_restore"), (&["check"], "pg_amcheck")]
    {
        let url = "postgres://scim:s3cret@localhost/scim";
        let output = place.binary().args(arguments).args(["--database", url]).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(told.contains(tool) && !told.contains("s3cret"), "{told}");
    }
}
