//! RFC 7644 §3.5.2: PATCH. How operations change a document is proven beside the PATCH language itself; here is what the
//! engine adds.

use crate::support::{GROUP, Setting, USER, World};
use scimstack_schema::uri::HAYSTACK_USER;

over_every_store! {
    a_user_comes_back_and_a_group_does_not in Setting::directory();
    a_patch_is_whole_or_nothing in Setting::directory();
    a_patch_that_changes_nothing_leaves_the_version in Setting::directory();
    members_come_and_go_without_the_rest in Setting::directory();
    members_and_name_change_together in Setting::directory();
    the_kind_of_mistake_is_named in Setting::directory();
    a_name_in_use_is_refused in Setting::directory();
    extension_paths_have_dots_in_their_version in Setting::directory();
    the_result_must_be_whole in Setting::directory();
    bodies_that_are_no_patch_are_refused in Setting::directory();
}

fn a_user_comes_back_and_a_group_does_not(w: &World) {
    let ann = w.user("ann");
    let rename = r#"[{"op":"replace","path":"displayName","value":"New"}]"#;
    w.clock.pass_seconds(9);
    let answer = w.patch(&format!("/Users/{ann}"), rename).send().expect(200);
    assert_eq!(answer.etag(), "W/\"2\"");
    let answer = answer.shows(r#"{"displayName":"New","meta":{"lastModified":"2026-01-01T00:00:09.000Z"}}"#);
    assert_eq!(w.get(&format!("/Users/{ann}")).send().json(), answer.json());

    let group = w.group("Old", &[&ann]);
    let path = format!("/Groups/{group}");
    let answer = w.patch(&path, rename).send().expect(204);
    assert_eq!((answer.text(), answer.header("content-type")), ("", None));
    assert_eq!(answer.etag(), w.get(&path).send().etag());
    let shown = w.patch(&format!("{path}?attributes=displayName"), rename).send().expect(200).json();
    assert_eq!(shown, serde_json::json!({"schemas": [GROUP], "id": group, "displayName": "New"}));
}

fn a_patch_is_whole_or_nothing(w: &World) {
    let ann = w.user("ann");
    let path = format!("/Users/{ann}");
    let operations = r#"[{"op":"replace","path":"title","value":"x"},{"op":"replace","path":"shoeSize","value":1}]"#;
    w.patch(&path, operations).send().refused(400, "noTarget");
    let found = w.get(&path).send().expect(200);
    assert_eq!((found.json().get("title"), found.etag().as_str()), (None, "W/\"1\""));
}

fn a_patch_that_changes_nothing_leaves_the_version(w: &World) {
    let ann = w.user("ann");
    let group = w.group("G", &[&ann]);
    let groups = format!("/Groups/{group}");
    let before = w.get(&groups).send().etag();
    w.clock.pass_seconds(60);
    for (path, operations) in [
        (format!("/Users/{ann}"), r#"[{"op":"replace","path":"active","value":true}]"#.to_owned()),
        (groups.clone(), format!(r#"[{{"op":"add","path":"members","value":[{{"value":"{ann}"}}]}}]"#)),
        (groups.clone(), r#"[{"op":"remove","path":"members[value eq \"nobody\"]"}]"#.to_owned()),
        (groups, format!(r#"[{{"op":"replace","value":{{"id":"{group}","displayName":"G"}}}}]"#)),
    ] {
        let answer = w.patch(&path, &operations).send();
        assert!(answer.status < 300, "{operations}: {}", answer.text());
        let expected = if path.starts_with("/Users") { "W/\"1\"" } else { before.as_str() };
        assert_eq!(answer.etag(), expected, "{operations}");
        assert_eq!(w.get(&path).send().etag(), expected, "{operations}");
    }
}

fn members_come_and_go_without_the_rest(w: &World) {
    let (ann, bob, cem) = (w.user("ann"), w.user("bob"), w.user("cem"));
    let group = w.group("G", &[&ann]);
    let path = format!("/Groups/{group}");
    let sorted = |ids: &[&String]| {
        let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
        ids.sort();
        ids
    };
    for (operations, expected) in [
        (
            format!(r#"[{{"op":"add","path":"members","value":[{{"value":"{bob}"}},{{"value":"{cem}"}}]}}]"#),
            sorted(&[&ann, &bob, &cem]),
        ),
        (format!(r#"[{{"op":"remove","path":"members[value eq \"{ann}\"]"}}]"#), sorted(&[&bob, &cem])),
        (format!(r#"[{{"op":"Remove","path":"members","value":[{{"$ref":null,"value":"{bob}"}}]}}]"#), sorted(&[&cem])),
        (r#"[{"op":"remove","path":"members","value":[]}]"#.to_owned(), sorted(&[&cem])),
        (format!(r#"[{{"op":"replace","path":"members","value":[{{"value":"{ann}"}}]}}]"#), sorted(&[&ann])),
        (
            format!(
                r#"[{{"op":"add","path":"members","value":{{"value":"{bob}"}}}},{{"op":"remove","path":"members[value eq \"{bob}\"]"}}]"#
            ),
            sorted(&[&ann]),
        ),
        (r#"[{"op":"remove","path":"members"}]"#.to_owned(), vec![]),
        (format!(r#"[{{"op":"add","value":{{"members":[{{"value":"{bob}"}}]}}}}]"#), sorted(&[&bob])),
    ] {
        w.patch(&path, &operations).send().expect(204);
        assert_eq!(w.members(&group), expected, "{operations}");
    }
    let unknown = r#"[{"op":"add","path":"members","value":[{"value":"019b7a00-0000-7000-8000-00000000dead"}]}]"#;
    w.patch(&path, unknown).send().refused(400, "invalidValue");
    w.patch("/Groups/nothing", unknown).send().expect(404);
}

fn members_and_name_change_together(w: &World) {
    let (ann, bob) = (w.user("ann"), w.user("bob"));
    let group = w.group("G", &[&ann]);
    let path = format!("/Groups/{group}");
    let operations = |member: &str| {
        format!(
            r#"[{{"op":"replace","path":"displayName","value":"H"}},{{"op":"add","path":"members","value":[{{"value":"{member}"}}]}}]"#
        )
    };
    w.patch(&path, &operations("019b7a00-0000-7000-8000-00000000dead")).send().refused(400, "invalidValue");
    w.get(&path).send().expect(200).shows(r#"{"displayName":"G"}"#);
    let answer = w.patch(&path, &operations(&bob)).send().expect(204);
    assert_eq!(w.members(&group).len(), 2);
    assert_eq!(w.get(&path).send().shows(r#"{"displayName":"H"}"#).etag(), answer.etag());
}

fn the_kind_of_mistake_is_named(w: &World) {
    let ann = w.user("ann");
    for (operation, scim_type) in [
        (r#"{"op":"replace","path":"shoeSize","value":1}"#, "noTarget"),
        (r#"{"op":"remove"}"#, "noTarget"),
        (r#"{"op":"replace","path":"name[","value":"x"}"#, "invalidPath"),
        (r#"{"op":"replace","path":"emails[type regex \"x\"].value","value":"x"}"#, "invalidFilter"),
        (r#"{"op":"replace","path":"emails[type eq \"work\"].value","value":"x"}"#, "noTarget"),
        (r#"{"op":"replace","path":"active","value":"perhaps"}"#, "invalidValue"),
        (r#"{"op":"replace","path":"id","value":"x"}"#, "mutability"),
        (r#"{"op":"replace","path":"groups","value":[]}"#, "mutability"),
        (r#"{"op":"remove","path":"userName"}"#, "mutability"),
        (r#"{"op":"jump","path":"title"}"#, "invalidSyntax"),
    ] {
        let answer = w.patch(&format!("/Users/{ann}"), &format!("[{operation}]")).send().expect(400);
        assert_eq!(answer.json()["scimType"], scim_type, "{operation}: {}", answer.text());
    }
}

fn a_name_in_use_is_refused(w: &World) {
    let (ann, _) = (w.user("ann"), w.user("bob"));
    let operations = r#"[{"op":"replace","path":"userName","value":"BOB"}]"#;
    w.patch(&format!("/Users/{ann}"), operations).send().refused(409, "uniqueness");
}

fn extension_paths_have_dots_in_their_version(w: &World) {
    let path = format!("/Users/{}", w.user("ann"));
    let operations = format!(r#"[{{"op":"add","path":"{HAYSTACK_USER}:joinDate","value":"2021-03-01"}}]"#);
    let answer = w.patch(&path, &operations).send().expect(200).json();
    assert_eq!(answer[HAYSTACK_USER]["joinDate"], "2021-03-01");
    assert_eq!(answer["schemas"], serde_json::json!([USER, HAYSTACK_USER]));
    let operations = format!(r#"[{{"op":"remove","path":"{HAYSTACK_USER}:joinDate"}}]"#);
    assert_eq!(w.patch(&path, &operations).send().expect(200).json()["schemas"], serde_json::json!([USER]));
}

fn the_result_must_be_whole(w: &World) {
    let path = format!("/Users/{}", w.user("ann"));
    let operations = r#"[{"op":"replace","path":"userName","value":""}]"#;
    let answer = w.patch(&path, operations).send().expect(400);
    assert!(answer.text().contains("userName"), "{}", answer.text());
}

fn bodies_that_are_no_patch_are_refused(w: &World) {
    let path = format!("/Users/{}", w.user("ann"));
    for body in [
        "",
        "[]",
        "{}",
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}"#,
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":{}}"#,
        r#"{"schemas":["urn:scim:schemas:core:1.0"],"active":false}"#,
    ] {
        w.call(http::Method::PATCH, &path).body(body).send().refused(400, "invalidSyntax");
    }
    let many = vec![r#"{"op":"replace","path":"title","value":"x"}"#; 1_001].join(",");
    w.patch(&path, &format!("[{many}]")).send().expect(400);
}

#[test]
fn an_extension_in_part_must_have_what_it_requires() {
    use scimstack_schema::{Attribute, Registry, Schema, Type};
    let urn = "urn:example:params:scim:schemas:extension:badge:1.0:User";
    let schema = Schema::new(urn, "Badge")
        .with_attribute(Attribute::new("number", Type::Integer).with_required(true))
        .with_attribute(Attribute::new("colour", Type::String));
    let registry = Registry::core().to_builder().extension("User", schema, false).unwrap().build().unwrap();
    let w = Setting::directory().registry(registry).in_memory();
    let path = format!("/Users/{}", w.user("ann"));
    let colour = format!(r#"{{"op":"add","path":"{urn}:colour","value":"red"}}"#);
    let answer = w.patch(&path, &format!("[{colour}]")).send().refused(400, "invalidValue");
    assert!(answer.text().contains("number"), "{}", answer.text());
    let number = format!(r#"{{"op":"add","path":"{urn}:number","value":7}}"#);
    w.patch(&path, &format!("[{colour},{number}]")).send().expect(200);
}
