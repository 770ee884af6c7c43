//! RFC 7644 §3.4.2.5, §3.4.3: `attributes` and `excludedAttributes` wherever a resource is answered, and queries by POST.

use crate::support::{Answer, Setting, USER, World};
use serde_json::Value;

over_every_store! {
    every_operation_shows_what_is_asked_for in Setting::rfc();
    what_is_always_shown_cannot_be_excluded in Setting::rfc();
    a_search_answers_as_a_list_does in Setting::rfc();
    a_search_makes_nothing in Setting::rfc();
}

fn names(found: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = found.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// One resource, out of an answer that is it or a list of it.
fn shown(answer: &Answer) -> Value {
    let found = answer.json();
    match found.get("Resources") {
        Some(list) => list[0].clone(),
        None => found,
    }
}

/// Every operation that answers a resource, each asked for one part of it. The search asks in its body.
fn everywhere(w: &World, parameter: &str, names: &str, check: impl Fn(&str, &Value)) {
    let body = |title: &str| {
        format!(
            r#"{{"schemas":["{USER}"],"userName":"ann","displayName":"Ann","title":"{title}","name":{{"givenName":"A","familyName":"L"}}}}"#
        )
    };
    let asked = format!("{parameter}={names}");
    let made = w.post(&format!("/Users?{asked}"), body("one")).send().expect(201);
    let one = format!("/Users/{}?{asked}", made.id());
    let list: Vec<&str> = names.split(',').collect();
    let search =
        serde_json::json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], parameter: list});
    for (what, answer) in [
        ("POST", &made),
        ("GET", &w.get(&one).send().expect(200)),
        ("list", &w.get(&format!("/Users?{asked}")).send().expect(200)),
        ("list of everything", &w.get(&format!("?{asked}")).send().expect(200)),
        ("search", &w.post("/Users/.search", search.to_string()).send().expect(200)),
        ("search of everything", &w.post("/.search", search.to_string()).send().expect(200)),
        ("PUT", &w.put(&one, body("two")).send().expect(200)),
        ("PATCH", &w.patch(&one, r#"[{"op":"replace","path":"title","value":"three"}]"#).send().expect(200)),
    ] {
        check(what, &shown(answer));
    }
    w.delete(&format!("/Users/{}", made.id())).send().expect(204);
}

fn every_operation_shows_what_is_asked_for(w: &World) {
    everywhere(w, "attributes", "title,name.givenName", |what, found| {
        assert_eq!(names(found), ["id", "name", "schemas", "title"], "{what}");
        assert_eq!(names(&found["name"]), ["givenName"], "{what}");
    });
    everywhere(w, "excludedAttributes", "title,name.givenName,meta", |what, found| {
        assert_eq!(names(found), ["active", "displayName", "id", "name", "schemas", "userName"], "{what}");
        assert_eq!(names(&found["name"]), ["familyName"], "{what}");
    });
}

fn what_is_always_shown_cannot_be_excluded(w: &World) {
    everywhere(w, "excludedAttributes", "id,schemas,ID,displayName", |what, found| {
        assert!(found["id"].is_string() && found["schemas"].is_array(), "{what}: {found}");
        assert_eq!(found.get("displayName"), None, "{what}");
    });
    everywhere(w, "attributes", "title", |what, found| assert!(found["id"].is_string(), "{what}: {found}"));
}

fn a_search_answers_as_a_list_does(w: &World) {
    for name in ["ann", "bob", "cem", "dora"] {
        w.user(name);
    }
    for (query, body) in [
        ("", ""),
        ("filter=userName gt \"ann\"", r#","filter":"userName gt \"ann\"""#),
        ("sortBy=userName&sortOrder=descending", r#","sortBy":"userName","sortOrder":"descending""#),
        ("sortBy=userName&startIndex=2&count=2", r#","sortBy":"userName","startIndex":2,"count":2"#),
        ("count=0", r#","count":0"#),
        ("attributes=userName,meta.version", r#","attributes":["userName","meta.version"]"#),
        ("excludedAttributes=meta", r#","excludedAttributes":["meta"]"#),
    ] {
        let body = format!(r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]{body}}}"#);
        for endpoint in ["/Users", ""] {
            let list = w.get(&format!("{endpoint}?{query}")).send().expect(200);
            let search = w.post(&format!("{endpoint}/.search"), body.as_str()).send().expect(200);
            assert_eq!(search.json(), list.json(), "{endpoint}?{query}");
            assert_eq!(search.header("content-type"), list.header("content-type"));
        }
    }
}

fn a_search_makes_nothing(w: &World) {
    let body = format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest","{USER}"],"userName":"ann","filter":"userName pr"}}"#
    );
    for path in ["/Users/.search", "/Groups/.search", "/.search"] {
        let filter =
            if path.starts_with("/Groups") { body.replace("userName pr", "displayName pr") } else { body.clone() };
        let answer = w.post(path, filter).send().expect(200);
        assert_eq!((&answer.json()["totalResults"], answer.header("location")), (&0.into(), None), "{path}");
    }
    assert_eq!(w.get("/").send().expect(200).json()["totalResults"], 0);
    w.post("/Nothing/.search", body.as_str()).send().expect(404);
    w.post("/Users/x/.search", body).send().expect(404);
}
