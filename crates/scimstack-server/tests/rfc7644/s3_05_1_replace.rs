//! RFC 7644 §3.5.1: replacing resources by PUT, and PUTs that change nothing.

use crate::support::{BASE, ENTERPRISE, GROUP, Setting, USER, World};
use scimstack_schema::{Attribute, Mutability, Registry, Schema, Type};

over_every_store! {
    what_is_left_out_is_cleared in Setting::rfc();
    a_put_without_active_switches_nobody in Setting::directory();
    sending_back_what_was_read_changes_nothing in Setting::directory();
    members_are_those_sent_and_no_others in Setting::directory();
    a_name_in_use_is_refused in Setting::directory();
    what_is_required_stays_required in Setting::directory();
    what_is_not_there_cannot_be_replaced in Setting::directory();
    the_answer_is_the_whole_resource in Setting::directory();
    what_is_immutable_is_set_once in Setting::rfc().registry(super::badges());
}

fn what_is_left_out_is_cleared(w: &World) {
    let body = format!(
        r#"{{"schemas":["{USER}","{ENTERPRISE}"],"userName":"ann","title":"x","emails":[{{"value":"a@x.test"}}],"{ENTERPRISE}":{{"department":"d"}}}}"#
    );
    let id = w.post("/Users", body).send().expect(201).id();
    w.clock.pass_seconds(5);
    let body = format!(
        r#"{{"schemas":["{USER}"],"id":"zzz","userName":"ann","nickName":"n","groups":[{{"value":"x"}}],"meta":{{"version":"W/\"9\""}}}}"#
    );
    let answer = w.put(&format!("/Users/{id}"), body).send().expect(200);
    assert_eq!(answer.etag(), "W/\"2\"");
    let found = answer.json();
    assert_eq!(found["id"], id.as_str());
    assert_eq!(found["schemas"], serde_json::json!([USER]));
    assert_eq!((found.get("title"), found.get("emails"), found.get(ENTERPRISE)), (None, None, None));
    assert_eq!((&found["nickName"], &found["active"]), (&"n".into(), &true.into()));
    assert_eq!(found["meta"]["created"], "2026-01-01T00:00:00.000Z");
    assert_eq!(found["meta"]["lastModified"], "2026-01-01T00:00:05.000Z");
}

fn a_put_without_active_switches_nobody(w: &World) {
    for active in [true, false] {
        let body = |active: &str, title: &str| {
            format!(r#"{{"schemas":["{USER}"],"userName":"u{title}","title":"{title}"{active}}}"#)
        };
        let title = if active { "a" } else { "b" };
        let id = w.post("/Users", body(&format!(",\"active\":{active}"), title)).send().expect(201).id();
        let answer = w.put(&format!("/Users/{id}"), body("", title)).send().expect(200);
        assert_eq!(answer.json()["active"], active);
        assert_eq!(answer.etag(), "W/\"1\"");
    }
}

fn sending_back_what_was_read_changes_nothing(w: &World) {
    let boss = w.user("boss");
    let body = format!(
        r#"{{"schemas":["{USER}"],"userName":"ann","displayName":"Ann","active":true,"name":{{"familyName":"L","givenName":"A"}},
        "{ENTERPRISE}":{{"manager":{{"value":"{boss}"}}}}}}"#
    );
    let ann = w.post("/Users", body).send().expect(201).id();
    let group = w.group("G", &[&ann, "pending@x.test"]);
    let writes = w.events("log").len();
    w.clock.pass_seconds(60);
    for path in [format!("/Users/{ann}"), format!("/Groups/{group}")] {
        let before = w.get(&path).send().expect(200);
        let after = w.put(&path, before.text()).send().expect(200);
        assert_eq!(after.etag(), before.etag(), "{path}");
        assert_eq!(after.json(), before.json(), "{path}");
    }
    let changes: Vec<_> = w.events("log").split_off(writes);
    assert!(changes.iter().all(|event| event["resourceType"] == "Group"), "{changes:?}");
    let shuffled = format!(
        r#"{{"active":true,"{ENTERPRISE}":{{"manager":{{"value":"{boss}"}}}},"name":{{"givenName":"A","familyName":"L"}},
        "displayName":"Ann","userName":"ann","schemas":["{USER}"]}}"#
    );
    assert_eq!(w.put(&format!("/Users/{ann}"), shuffled).send().expect(200).etag(), "W/\"1\"");
}

fn members_are_those_sent_and_no_others(w: &World) {
    let (ann, bob, cem) = (w.user("ann"), w.user("bob"), w.user("cem"));
    let group = w.group("G", &[&ann, &bob]);
    let path = format!("/Groups/{group}");
    let body = |name: &str, members: &str| format!(r#"{{"schemas":["{GROUP}"],"displayName":"{name}"{members}}}"#);
    let two = format!(r#","members":[{{"value":"{bob}","display":"Bob"}},{{"value":"{cem}"}}]"#);
    let answer = w.put(&path, body("G", &two)).send().expect(200);
    let mut expected = vec![bob, cem];
    expected.sort();
    assert_eq!(w.members(&group), expected);
    assert_eq!(answer.etag(), w.get(&path).send().etag());
    let same = w.put(&path, body("G", &two)).send().expect(200);
    assert_eq!(same.etag(), answer.etag());
    let renamed = w.put(&path, body("H", &two)).send().expect(200);
    assert_ne!(renamed.etag(), answer.etag());
    assert_eq!(w.members(&group), expected);
    w.put(&path, body("H", "")).send().expect(200).shows(r#"{"displayName":"H","members":[]}"#);
    let unknown = r#","members":[{"value":"019b7a00-0000-7000-8000-00000000dead"}]"#;
    w.put(&path, body("I", unknown)).send().refused(400, "invalidValue");
    w.get(&path).send().expect(200).shows(r#"{"displayName":"H"}"#);
}

fn a_name_in_use_is_refused(w: &World) {
    w.user("ann");
    let bob = w.user("bob");
    let body = |name: &str| format!(r#"{{"schemas":["{USER}"],"userName":"{name}"}}"#);
    w.put(&format!("/Users/{bob}"), body("Ann")).send().refused(409, "uniqueness");
    w.put(&format!("/Users/{bob}"), body("BOB")).send().expect(200).shows(r#"{"userName":"BOB"}"#);
}

fn what_is_required_stays_required(w: &World) {
    let ann = w.user("ann");
    let body = format!(r#"{{"schemas":["{USER}"],"title":"x"}}"#);
    assert!(w.put(&format!("/Users/{ann}"), body).send().refused(400, "invalidValue").text().contains("userName"));
    w.get(&format!("/Users/{ann}")).send().expect(200).shows(r#"{"userName":"ann","meta":{"version":"W/\"1\""}}"#);
}

fn what_is_not_there_cannot_be_replaced(w: &World) {
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"ann"}}"#);
    w.put("/Users/019b7a00-0000-7000-8000-00000000dead", body).send().expect(404);
    assert_eq!(w.get("/Users").send().json()["totalResults"], 0);
}

fn the_answer_is_the_whole_resource(w: &World) {
    let id = w.user("ann");
    let path = format!("/Users/{id}");
    let body = format!(
        r#"{{"schemas":["{USER}"],"userName":"ann","title":"t","name":{{"familyName":"L"}},"groups":[{{"value":"x"}}],
        "meta":{{"created":"1999-01-01T00:00:00Z","location":"https://elsewhere.test/1","resourceType":"Robot"}}}}"#
    );
    let answer = w.put(&path, body.as_str()).send().expect(200);
    let read = w.get(&path).send().expect(200);
    assert_eq!((answer.json(), answer.etag()), (read.json(), read.etag()));
    answer.shows(&format!(
        r#"{{"id":"{id}","title":"t","name":{{"familyName":"L"}},"meta":{{"resourceType":"User",
        "created":"2026-01-01T00:00:00.000Z","location":"{BASE}/Users/{id}","version":"W/\"2\""}}}}"#
    ));
    let part = w.put(&format!("{path}?attributes=title"), body).send().expect(200).json();
    assert_eq!(part, serde_json::json!({"schemas": [USER], "id": id, "title": "t"}));
}

pub(crate) const BADGE: &str = "urn:example:params:scim:schemas:extension:badge:1.0:User";

/// Users with an attribute of each mutability in an extension.
pub(crate) fn badges() -> Registry {
    let of = |name: &str, mutability| Attribute::new(name, Type::String).with_mutability(mutability);
    let schema = Schema::new(BADGE, "Badge")
        .with_attribute(of("number", Mutability::Immutable))
        .with_attribute(of("printed", Mutability::ReadOnly))
        .with_attribute(of("colour", Mutability::ReadWrite));
    Registry::core().to_builder().extension("User", schema, false).unwrap().build().unwrap()
}

fn what_is_immutable_is_set_once(w: &World) {
    let path = format!("/Users/{}", w.user("ann"));
    let put = |badge: &str| {
        w.put(&path, format!(r#"{{"schemas":["{USER}","{BADGE}"],"userName":"ann","{BADGE}":{badge}}}"#)).send()
    };
    assert_eq!(put(r#"{"colour":"red"}"#).expect(200).json()[BADGE], serde_json::json!({"colour": "red"}));
    let first = put(r#"{"number":"1","colour":"red","printed":"yesterday"}"#).expect(200);
    assert_eq!(first.json()[BADGE], serde_json::json!({"number": "1", "colour": "red"}), "set where nothing was");
    let refused = put(r#"{"number":"2","colour":"blue"}"#).refused(400, "mutability");
    assert!(refused.text().contains("number"), "{}", refused.text());
    let found = w.get(&path).send().expect(200);
    assert_eq!((found.json(), found.etag()), (first.json(), first.etag()), "nothing was changed");
    let same = put(r#"{"number":"1","colour":"blue"}"#).expect(200);
    assert_eq!(same.json()[BADGE], serde_json::json!({"number": "1", "colour": "blue"}));
}
