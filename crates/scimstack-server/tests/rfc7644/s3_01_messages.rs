//! RFC 7644 §3.1, §3.2: every message says what it is, messages are no schemas of resources, and where resources are.

use crate::support::{GROUP, Setting, USER, World};
use http::Method;

over_every_store! {
    every_message_says_what_it_is in Setting::directory();
    the_schemas_of_messages_are_not_served in Setting::directory();
    requests_say_what_they_are_to_a_strict_connection in Setting::rfc();
    endpoints_are_the_plural_of_their_type in Setting::directory();
    an_error_is_never_a_success in Setting::directory();
    what_is_written_is_answered_as_it_is_kept in Setting::directory();
}

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

fn every_message_says_what_it_is(w: &World) {
    let search = format!(r#"{{"schemas":["{SEARCH}"]}}"#);
    for (method, path, body, status, message) in [
        (Method::GET, "/Users", "", 200, LIST),
        (Method::GET, "/Groups", "", 200, LIST),
        (Method::GET, "", "", 200, LIST),
        (Method::GET, "/Users?cursor", "", 200, LIST),
        (Method::GET, "/Schemas", "", 200, LIST),
        (Method::GET, "/ResourceTypes", "", 200, LIST),
        (Method::POST, "/Users/.search", search.as_str(), 200, LIST),
        (Method::POST, "/.search", search.as_str(), 200, LIST),
        (Method::POST, "/Users", "{", 400, ERROR),
        (Method::GET, "/Schemas?filter=id pr", "", 403, ERROR),
        (Method::GET, "/Users/nobody", "", 404, ERROR),
        (Method::PUT, "/Users", "{}", 405, ERROR),
        (Method::GET, "/Me", "", 501, ERROR),
    ] {
        let answer = w.call(method.clone(), path).body(body).send();
        assert_eq!(
            (answer.status, &answer.json()["schemas"]),
            (status, &serde_json::json!([message])),
            "{method} {path}"
        );
    }
    let outside = w.raw(Method::GET, "/t/acme/api/scim/v2/Users").send().expect(401);
    assert_eq!(outside.json()["schemas"], serde_json::json!([ERROR]));
}

fn the_schemas_of_messages_are_not_served(w: &World) {
    let served = w.get("/Schemas").send().expect(200).ids();
    assert!(served.len() > 5, "{served:?}");
    assert!(!served.iter().any(|id| id.to_ascii_lowercase().starts_with("urn:ietf:params:scim:api:")), "{served:?}");
    for message in ["ListResponse", "SearchRequest", "PatchOp", "BulkRequest", "BulkResponse", "Error"] {
        w.get(&format!("/Schemas/urn:ietf:params:scim:api:messages:2.0:{message}")).send().expect(404);
    }
}

fn requests_say_what_they_are_to_a_strict_connection(w: &World) {
    let ann = format!("/Users/{}", w.user("ann"));
    let operations = r#""Operations":[{"op":"replace","path":"title","value":"x"}]"#;
    for schemas in ["", r#""schemas":[],"#, r#""schemas":["urn:x"],"#, &format!(r#""schemas":["{USER}"],"#)] {
        let patch = format!("{{{schemas}{operations}}}");
        w.call(Method::PATCH, &ann).body(patch).send().refused(400, "invalidSyntax");
        let search = format!(r#"{{{schemas}"filter":"userName pr"}}"#);
        w.post("/Users/.search", search.as_str()).send().refused(400, "invalidSyntax");
        w.post("/.search", search).send().refused(400, "invalidSyntax");
    }
    assert_eq!(w.get(&ann).send().expect(200).json().get("title"), None);
    let named = format!(r#"{{"schemas":["{SEARCH}"],"filter":"userName pr"}}"#);
    assert_eq!(w.post("/Users/.search", named).send().expect(200).ids().len(), 1);
    let loose = Setting::directory().in_memory();
    loose.post("/Users/.search", r#"{"filter":"userName pr"}"#).send().expect(200);
}

fn endpoints_are_the_plural_of_their_type(w: &World) {
    let types = w.get("/ResourceTypes").send().expect(200).json();
    let found: Vec<(&str, &str)> = types["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| (found["name"].as_str().unwrap(), found["endpoint"].as_str().unwrap()))
        .collect();
    assert_eq!(found, [("User", "/Users"), ("Group", "/Groups")]);
}

/// The status of the answer is the one in its body, and what went wrong never comes as a success.
fn an_error_is_never_a_success(w: &World) {
    let ann = w.user("ann");
    let cases = [
        (Method::GET, "/Users/nobody".to_owned(), String::new()),
        (Method::GET, "/Users?filter=nonsense".to_owned(), String::new()),
        (Method::POST, "/Users".to_owned(), format!(r#"{{"schemas":["{USER}"],"userName":"ann"}}"#)),
        (Method::POST, "/Groups".to_owned(), format!(r#"{{"schemas":["{GROUP}"]}}"#)),
        (Method::PUT, format!("/Users/{ann}"), "[]".to_owned()),
        (Method::PATCH, format!("/Users/{ann}"), "{}".to_owned()),
        (Method::DELETE, "/Users/nobody".to_owned(), String::new()),
        (Method::DELETE, "/Schemas".to_owned(), String::new()),
        (Method::POST, "/Bulk".to_owned(), "{}".to_owned()),
    ];
    for (method, path, body) in cases {
        let answer = w.call(method.clone(), &path).body(body).send();
        let found = answer.json();
        assert!(answer.status >= 400, "{method} {path}: {}", answer.status);
        assert_eq!(found["schemas"], serde_json::json!([ERROR]), "{method} {path}");
        assert_eq!(found["status"], answer.status.to_string(), "{method} {path}");
    }
}

fn what_is_written_is_answered_as_it_is_kept(w: &World) {
    let body = format!(
        r#"{{"SCHEMAS":["{USER}"],"id":"mine","USERNAME":"ann","nickName":null,"emails":[],"name":{{"GIVENname":"A"}}}}"#
    );
    let made = w.post("/Users", body).send().expect(201);
    let path = format!("/Users/{}", made.id());
    let kept = w.get(&path).send().expect(200).json();
    assert_eq!(made.json(), kept);
    assert_eq!((&kept["userName"], &kept["name"]), (&"ann".into(), &serde_json::json!({"givenName": "A"})));
    assert_eq!((kept.get("nickName"), kept.get("emails"), kept.get("USERNAME")), (None, None, None));
    let put = format!(r#"{{"schemas":["{USER}"],"id":"mine","userName":"ann","title":"t"}}"#);
    assert_eq!(w.put(&path, put).send().expect(200).json(), w.get(&path).send().expect(200).json());
    let patched = w.patch(&path, r#"[{"op":"add","path":"TITLE","value":"u"}]"#).send().expect(200).json();
    assert_eq!(patched, w.get(&path).send().expect(200).json());
    assert_eq!((&patched["id"], &patched["title"]), (&kept["id"], &"u".into()));
}
