//! RFC 7644 §3.5.2, clause by clause over HTTP: what `add`, `remove` and `replace` leave behind, as a client sees it in the
//! answer, in a following GET and in filters. The language itself is proven beside it; what the engine adds stands in the
//! module of PATCH in general.

use crate::s3_05_1_replace::BADGE;
use crate::support::{ENTERPRISE, Setting, USER, World};
use serde_json::{Value, json};

over_every_store! {
    added_values_are_set_merged_or_appended in Setting::directory();
    an_add_of_what_is_there_changes_neither_version_nor_time in Setting::directory();
    what_is_removed_is_unassigned_for_filters_too in Setting::directory();
    a_list_without_elements_is_unassigned in Setting::directory();
    what_is_required_or_read_only_cannot_be_removed in Setting::directory();
    replaced_values_are_whole_lists_and_parts_of_objects in Setting::directory();
    a_value_path_replaces_every_match_or_finds_no_target in Setting::directory();
    one_value_is_primary in Setting::directory();
    an_error_leaves_a_user_as_it_was in Setting::directory();
    an_error_leaves_a_group_and_its_members_as_they_were in Setting::directory();
    operations_are_done_in_order in Setting::directory();
    the_schemas_are_the_servers_and_may_change_on_the_way in Setting::directory();
    there_is_no_index_and_no_move in Setting::directory();
    each_operation_is_judged_by_the_characteristics_of_its_target in Setting::rfc().registry(crate::s3_05_1_replace::badges());
}

/// A user with two e-mail addresses; the path.
fn ann(w: &World) -> String {
    let body = format!(
        r#"{{"schemas":["{USER}","{ENTERPRISE}"],"userName":"ann","name":{{"givenName":"A","familyName":"L"}},"title":"Dr",
        "emails":[{{"value":"w@x.test","type":"work","primary":true,"display":"W"}},{{"value":"h@x.test","type":"home"}}],
        "{ENTERPRISE}":{{"department":"d"}}}}"#
    );
    format!("/Users/{}", w.post("/Users", body).send().expect(201).id())
}

/// The resource after an accepted PATCH, which is the one a GET shows.
#[track_caller]
fn after(w: &World, path: &str, operations: &str) -> Value {
    let answer = w.patch(path, operations).send().expect(200);
    let read = w.get(path).send().expect(200);
    assert_eq!((answer.json(), answer.etag()), (read.json(), read.etag()), "{operations}");
    read.json()
}

fn added_values_are_set_merged_or_appended(w: &World) {
    let path = ann(w);
    let found = after(w, &path, r#"[{"op":"add","path":"nickName","value":"N"}]"#);
    assert_eq!(found["nickName"], "N", "an attribute without a value gets one");
    let found = after(w, &path, r#"[{"op":"add","path":"title","value":"Prof"}]"#);
    assert_eq!(found["title"], "Prof", "a single value is replaced");
    let found = after(w, &path, r#"[{"op":"add","path":"name","value":{"middleName":"M"}}]"#);
    assert_eq!(found["name"], json!({"givenName": "A", "familyName": "L", "middleName": "M"}));
    let found = after(w, &path, r#"[{"op":"add","path":"emails","value":[{"value":"o@x.test","type":"other"}]}]"#);
    let values: Vec<&Value> = found["emails"].as_array().unwrap().iter().map(|email| &email["value"]).collect();
    assert_eq!(values, ["w@x.test", "h@x.test", "o@x.test"], "a list is appended to");
    let found = after(w, &path, r#"[{"op":"add","value":{"title":"Dr","roles":[{"value":"r"}]}}]"#);
    assert_eq!((&found["title"], &found["roles"]), (&"Dr".into(), &json!([{"value": "r"}])), "without a path");
    for operations in [r#"[{"op":"add","value":"Dr"}]"#, r#"[{"op":"add","path":"name","value":"A"}]"#] {
        w.patch(&path, operations).send().refused(400, "invalidValue");
    }
}

fn an_add_of_what_is_there_changes_neither_version_nor_time(w: &World) {
    let path = ann(w);
    let before = w.get(&path).send().expect(200);
    w.clock.pass_seconds(60);
    for operation in [
        r#"{"op":"add","path":"title","value":"Dr"}"#,
        r#"{"op":"add","path":"emails","value":{"value":"h@x.test","type":"home"}}"#,
        r#"{"op":"add","path":"name.givenName","value":"A"}"#,
        r#"{"op":"add","value":{"userName":"ann","active":true}}"#,
        r#"{"op":"remove","path":"nickName"}"#,
    ] {
        assert_eq!(after(w, &path, &format!("[{operation}]")), before.json(), "{operation}");
    }
    let both = r#"[{"op":"add","path":"title","value":"Dr"},{"op":"add","path":"nickName","value":"N"}]"#;
    let found = after(w, &path, both);
    assert_eq!(found["meta"]["lastModified"], "2026-01-01T00:01:00.000Z", "one of two operations changes something");
}

fn what_is_removed_is_unassigned_for_filters_too(w: &World) {
    let path = ann(w);
    let finds = |filter: &str| w.get(&format!("/Users?filter={filter}")).send().expect(200).ids().len();
    for (target, member, filter) in [
        ("title", "title", "title pr"),
        ("name.familyName", "", "name.familyName pr"),
        ("name", "name", "name pr"),
        ("emails", "emails", "emails pr"),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            ENTERPRISE,
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department pr",
        ),
    ] {
        assert_eq!(finds(filter), 1, "{filter}");
        let found = after(w, &path, &format!(r#"[{{"op":"remove","path":"{target}"}}]"#));
        assert_eq!(found.get(member), None, "{target}");
        assert_eq!(finds(filter), 0, "{filter}");
        assert_eq!(finds(&format!("not ({filter})")), 1, "{filter}");
    }
    w.patch(&path, r#"[{"op":"remove"}]"#).send().refused(400, "noTarget");
}

fn a_list_without_elements_is_unassigned(w: &World) {
    let path = ann(w);
    let emails = |operations: &str| after(w, &path, operations).get("emails").cloned();
    let found = emails(r#"[{"op":"remove","path":"emails[type eq \"work\"].display"}]"#);
    let home = json!({"value": "h@x.test", "type": "home"});
    assert_eq!(found, Some(json!([{"value": "w@x.test", "type": "work", "primary": true}, home])));
    assert_eq!(w.get("/Users?filter=emails.display pr").send().expect(200).ids().len(), 0);
    assert_eq!(emails(r#"[{"op":"remove","path":"emails[type eq \"work\"]"}]"#), Some(json!([home])));
    assert_eq!(emails(r#"[{"op":"remove","path":"emails[value ew \"x.test\"]"}]"#), None, "the key is gone, too");
    assert_eq!(w.get("/Users?filter=emails pr").send().expect(200).ids().len(), 0);
}

fn what_is_required_or_read_only_cannot_be_removed(w: &World) {
    let path = ann(w);
    let before = w.get(&path).send().expect(200).json();
    for target in ["userName", "id", "meta", "meta.created", "groups", "schemas"] {
        let operations = format!(r#"[{{"op":"remove","path":"title"}},{{"op":"remove","path":"{target}"}}]"#);
        w.patch(&path, &operations).send().refused(400, "mutability");
    }
    let group = format!("/Groups/{}", w.group("G", &[]));
    w.patch(&group, r#"[{"op":"remove","path":"displayName"}]"#).send().refused(400, "mutability");
    assert_eq!(w.get(&path).send().expect(200).json(), before);
}

fn replaced_values_are_whole_lists_and_parts_of_objects(w: &World) {
    let path = ann(w);
    let found = after(w, &path, r#"[{"op":"replace","path":"emails","value":[{"value":"n@x.test"}]}]"#);
    assert_eq!(found["emails"], json!([{"value": "n@x.test"}]), "the former values are gone");
    let found = after(w, &path, r#"[{"op":"replace","path":"title","value":"Prof"}]"#);
    assert_eq!(found["title"], "Prof");
    let found = after(w, &path, r#"[{"op":"replace","path":"nickName","value":"N"}]"#);
    assert_eq!(found["nickName"], "N", "an attribute without a value is added");
    let found = after(w, &path, r#"[{"op":"replace","path":"name","value":{"givenName":"B"}}]"#);
    assert_eq!(found["name"], json!({"givenName": "B", "familyName": "L"}), "what is not named stays");
    let found = after(w, &path, r#"[{"op":"replace","value":{"nickName":"M","name":{"familyName":"K"}}}]"#);
    assert_eq!((&found["nickName"], &found["name"]), (&"M".into(), &json!({"givenName": "B", "familyName": "K"})));
}

fn a_value_path_replaces_every_match_or_finds_no_target(w: &World) {
    let path = ann(w);
    let found = after(w, &path, r#"[{"op":"replace","path":"emails[value ew \"x.test\"].display","value":"D"}]"#);
    let expected = json!([
        {"value": "w@x.test", "type": "work", "primary": true, "display": "D"},
        {"value": "h@x.test", "type": "home", "display": "D"},
    ]);
    assert_eq!(found["emails"], expected, "one part of every match, the rest intact");
    let version = w.get(&path).send().etag();
    for target in [r#"emails[type eq \"fax\"]"#, r#"emails[type eq \"fax\"].value"#, r#"ims[type eq \"x\"].value"#] {
        let value = if target.ends_with(']') { r#"{"value":"x"}"# } else { r#""x""# };
        let operations = format!(r#"[{{"op":"replace","path":"{target}","value":{value}}}]"#);
        w.patch(&path, &operations).send().refused(400, "noTarget");
    }
    assert_eq!(w.get(&path).send().etag(), version);
    let both = r#"[{"op":"add","path":"emails","value":[{"value":"p@x.test","type":"work"}]},
        {"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"q@x.test"}}]"#;
    let found = after(w, &path, both);
    let values: Vec<&Value> = found["emails"].as_array().unwrap().iter().map(|email| &email["value"]).collect();
    assert!(!values.contains(&&"w@x.test".into()) && !values.contains(&&"p@x.test".into()), "{values:?}");
    assert!(values.contains(&&"q@x.test".into()) && values.contains(&&"h@x.test".into()), "{values:?}");
}

fn one_value_is_primary(w: &World) {
    let path = ann(w);
    for (operation, expected) in [
        (r#"{"op":"add","path":"emails","value":[{"value":"n@x.test","primary":true}]}"#, "n@x.test"),
        (r#"{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}"#, "h@x.test"),
        (r#"{"op":"add","path":"emails[type eq \"work\"]","value":{"primary":true}}"#, "w@x.test"),
        (
            r#"{"op":"replace","path":"emails[value eq \"n@x.test\"]","value":{"value":"m@x.test","primary":true}}"#,
            "m@x.test",
        ),
    ] {
        let found = after(w, &path, &format!("[{operation}]"));
        let emails = found["emails"].as_array().unwrap();
        let primary: Vec<&Value> = emails.iter().filter(|e| e["primary"] == true).map(|e| &e["value"]).collect();
        assert_eq!((primary, emails.len()), (vec![&Value::from(expected)], 3), "{operation}");
    }
}

fn an_error_leaves_a_user_as_it_was(w: &World) {
    let path = ann(w);
    w.user("bob");
    let before = w.get(&path).send().expect(200);
    w.clock.pass_seconds(60);
    for (wrong, status, scim_type) in [
        (r#"{"op":"replace","path":"shoeSize","value":1}"#, 400, "noTarget"),
        (r#"{"op":"replace","path":"emails[","value":1}"#, 400, "invalidPath"),
        (r#"{"op":"replace","path":"emails[type zz 1]","value":1}"#, 400, "invalidFilter"),
        (r#"{"op":"replace","path":"active","value":"perhaps"}"#, 400, "invalidValue"),
        (r#"{"op":"remove","path":"id"}"#, 400, "mutability"),
        (r#"{"op":"copy","path":"title"}"#, 400, "invalidSyntax"),
        (r#"{"op":"replace","path":"userName","value":"BOB"}"#, 409, "uniqueness"),
    ] {
        let operations = format!(
            r#"[{{"op":"replace","path":"title","value":"x"}},{{"op":"remove","path":"emails"}},{wrong},{{"op":"add","path":"nickName","value":"x"}}]"#
        );
        let answer = w.patch(&path, &operations).send().refused(status, scim_type);
        assert_eq!(answer.header("etag"), None);
        let found = w.get(&path).send().expect(200);
        assert_eq!((found.json(), found.etag()), (before.json(), before.etag()), "{wrong}");
    }
}

fn an_error_leaves_a_group_and_its_members_as_they_were(w: &World) {
    let (ann, bob) = (w.user("ann"), w.user("bob"));
    let id = w.group("G", &[&ann]);
    let path = format!("/Groups/{id}");
    let before = w.get(&path).send().expect(200);
    w.clock.pass_seconds(60);
    let operations = format!(
        r#"[{{"op":"remove","path":"members"}},{{"op":"add","path":"members","value":[{{"value":"{bob}"}}]}},
        {{"op":"replace","path":"displayName","value":"H"}},{{"op":"add","path":"members","value":[{{"display":"nobody"}}]}}]"#
    );
    w.patch(&path, &operations).send().refused(400, "invalidValue");
    let found = w.get(&path).send().expect(200);
    assert_eq!((found.json(), found.etag()), (before.json(), before.etag()));
    assert_eq!(w.members(&id), [ann]);
}

fn operations_are_done_in_order(w: &World) {
    let path = ann(w);
    let operations = r#"[{"op":"add","path":"nickName","value":"one"},{"op":"replace","path":"nickName","value":"two"},
        {"op":"add","path":"emails","value":{"value":"f@x.test","type":"fax"}},
        {"op":"replace","path":"emails[type eq \"fax\"].value","value":"g@x.test"},
        {"op":"remove","path":"emails[type ne \"fax\"]"},{"op":"remove","path":"title"}]"#;
    let found = after(w, &path, operations);
    assert_eq!((&found["nickName"], found.get("title")), (&"two".into(), None));
    assert_eq!(found["emails"], json!([{"value": "g@x.test", "type": "fax"}]));
    let reversed = r#"[{"op":"replace","path":"nickName","value":"three"},{"op":"remove","path":"nickName"}]"#;
    assert_eq!(after(w, &path, reversed).get("nickName"), None);
}

fn the_schemas_are_the_servers_and_may_change_on_the_way(w: &World) {
    let path = ann(w);
    let found = after(w, &path, &format!(r#"[{{"op":"replace","path":"{USER}:title","value":"long"}}]"#));
    assert_eq!(found["title"], "long", "the long name of a core attribute means the same as the short one");
    let without = format!(r#"{{"op":"remove","path":"schemas[value eq \"{ENTERPRISE}\"]"}}"#);
    let again = format!(r#"{{"op":"add","path":"{ENTERPRISE}:costCenter","value":"7"}}"#);
    let found = after(w, &path, &format!("[{without},{again}]"));
    assert_eq!(found[ENTERPRISE], json!({"costCenter": "7"}), "what was there went with its schema");
    assert_eq!(found["schemas"], json!([USER, ENTERPRISE]));
    let found = after(w, &path, &format!("[{again},{without}]"));
    assert_eq!((found.get(ENTERPRISE), &found["schemas"]), (None, &json!([USER])));
}

fn there_is_no_index_and_no_move(w: &World) {
    let path = ann(w);
    for target in ["emails[0]", "emails[0].value", "emails.0", "emails[type eq \\\"work\\\"]value", "/emails/0"] {
        let operations = format!(r#"[{{"op":"replace","path":"{target}","value":"x"}}]"#);
        let answer = w.patch(&path, &operations).send().expect(400);
        let scim_type = answer.json()["scimType"].clone();
        assert!(scim_type == "invalidPath" || scim_type == "noTarget", "{target}: {}", answer.text());
    }
    for name in ["move", "copy", "test"] {
        let operations = format!(r#"[{{"op":"{name}","path":"title","from":"nickName","value":"Dr"}}]"#);
        w.patch(&path, &operations).send().refused(400, "invalidSyntax");
    }
}

fn each_operation_is_judged_by_the_characteristics_of_its_target(w: &World) {
    let body =
        format!(r#"{{"schemas":["{USER}","{BADGE}"],"userName":"ann","{BADGE}":{{"number":"1","colour":"red"}}}}"#);
    let path = format!("/Users/{}", w.post("/Users", body).send().expect(201).id());
    for (op, attribute, value, status) in [
        ("add", "colour", "blue", 200),
        ("replace", "colour", "green", 200),
        ("remove", "colour", "", 200),
        ("add", "number", "1", 200),
        ("add", "number", "2", 400),
        ("replace", "number", "2", 400),
        ("remove", "number", "", 400),
        ("add", "printed", "x", 400),
        ("replace", "printed", "x", 400),
        ("remove", "printed", "", 400),
    ] {
        let value = if value.is_empty() { String::new() } else { format!(r#","value":"{value}""#) };
        let operations = format!(r#"[{{"op":"{op}","path":"{BADGE}:{attribute}"{value}}}]"#);
        let answer = w.patch(&path, &operations).send();
        if status == 200 {
            answer.expect(200)
        } else {
            answer.refused(status, "mutability")
        };
    }
    assert_eq!(w.get(&path).send().expect(200).json()[BADGE], json!({"number": "1"}));
}
