//! Indexes that are declared while people are there, on the command line and beside a running server.

mod support;

use support::Place;

const USERS: &str = "/t/acme/api/scim/v2/Users";

fn user(n: usize) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"user{n}","title":"Title {}"}}"#,
        n % 5
    )
}

/// Whether `index list` says that everyone is in the index of `path`; asked again until it does.
fn is_filled(place: &Place, path: &str) -> bool {
    (0..500).any(|_| {
        let list = place.json(&["index", "list", "--tenant", "acme"]);
        list.as_array().is_some_and(|list| list.iter().any(|index| index["path"] == path && index["complete"] == true))
    })
}

#[test]
fn an_index_added_beside_a_running_server_is_filled_and_used() {
    let place = Place::new();
    place.ok(&["tenant", "create", "acme"]);
    let token = place.ok(&["token", "create", "--tenant", "acme"]).trim_end().to_owned();
    let server = place.start();
    for n in 0..20 {
        assert_eq!(server.post(USERS, &token, &user(n)).status, 201);
    }
    let explain = |filter: &str| place.ok(&["explain", filter, "--tenant", "acme"]);
    let by_title = r#"title eq "title 3""#;
    assert_eq!(explain(by_title), "User: every one, each then checked against the filter (20 of 20)\n");

    let added = place.ok(&["index", "add", "TITLE", "--tenant", "acme"]);
    assert!(added.starts_with("title of User is indexed by values\n"), "{added}");
    assert!(is_filled(&place, "title"));
    assert_eq!(
        explain(by_title),
        "User: those in the index of title under \"title 3\", which are the matches (4 of 20)\n"
    );
    let found = server.get(&format!("{USERS}?filter=title%20eq%20%22title%203%22"), &token);
    assert_eq!(found.json()["totalResults"], 4);

    place.ok(&["index", "add", "title", "--parts", "--tenant", "acme"]);
    assert!(is_filled(&place, "title"));
    let found = server.get(&format!("{USERS}?filter=title%20ew%20%22LE%204%22"), &token);
    assert_eq!(found.json()["totalResults"], 4);

    let lines = place.ok(&["index", "list", "--tenant", "acme"]);
    for line in [
        "User  emails.value  values  built in  complete",
        "User  title  values  added  complete",
        "User  title  parts  added  complete",
        "Group  displayName  parts  built in  complete",
    ] {
        assert!(lines.lines().any(|found| found == line), "{line}\n{lines}");
    }
    place.ok(&["index", "remove", "title", "--tenant", "acme"]);
    assert!(explain(by_title).starts_with("User: every one"));
}

#[test]
fn what_cannot_be_indexed_or_explained_is_said() {
    let place = Place::new();
    place.ok(&["tenant", "create", "acme"]);
    for (arguments, said) in [
        (&["index", "add", "shirtSize"][..], "User has no attribute \"shirtSize\""),
        (&["index", "add", "name"], "name has no values to compare; name one of its sub-attributes"),
        (&["index", "add", "active", "--parts"], "active is no text, and so has no parts to be found by"),
        (&["index", "add", "emails.value"], "emails.value of User is indexed already"),
        (&["index", "add", "title", "--resource-type", "Robot"], "there is no resource type \"Robot\""),
        (&["index", "remove", "title"], "index of values on \"title\""),
        (&["explain", "title eq"], "expected a value"),
    ] {
        let done = place.run(&[arguments, &["--tenant", "acme"]].concat());
        assert!(matches!(done.code, Some(1 | 2)), "{arguments:?}: {}", done.stderr);
        assert!(done.stderr.contains(said), "{arguments:?}: {}", done.stderr);
    }
}
