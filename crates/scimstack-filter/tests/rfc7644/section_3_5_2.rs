//! PATCH in general: the body, the vectors, atomicity, mutability, `schemas`, limits.

use crate::support::{ENT, ann, apply, group, json, patch, resource, same, user};
use scimstack_filter::patch::{MemberStep, OpKind, PatchErrorKind};
use scimstack_filter::{Limits, Patch, PatchOptions};
use scimstack_schema::{Resource, Value};

fn strict() -> PatchOptions {
    PatchOptions::strict()
}

/// A vector's text with the abbreviations written out.
fn long(value: &Value) -> Value {
    let uri = ENT.trim_end_matches(':');
    json(&value.to_string().replace("\"ENT\"", &format!("\"{uri}\"")).replace("ent:", ENT))
}

fn set(resource: &mut Resource, members: Option<&Value>) {
    for (name, value) in members.and_then(Value::as_object).into_iter().flat_map(|object| object.iter()) {
        resource.root_mut().insert(name, value.clone());
    }
    resource.normalize();
}

#[test]
fn every_vector_has_its_outcome() {
    let vectors = long(&json(include_str!("../vectors/patches.json")));
    let vectors = vectors.as_array().unwrap();
    assert_eq!(vectors.len(), 57);
    for vector in vectors {
        let mut options = strict();
        match vector.get("lenient").and_then(Value::as_str) {
            Some("remove_listed") => options.remove_listed = true,
            Some(other) => panic!("{other}"),
            None => {}
        }
        let is_group = vector.get("group").is_some();
        let mut before = if is_group { resource(&group(), r#"{"displayName": "G", "id": "g1"}"#) } else { ann() };
        set(&mut before, vector.get("before"));

        let patch_op = json(r#"["urn:ietf:params:scim:api:messages:2.0:PatchOp"]"#);
        let mut body = scimstack_schema::Object::new();
        body.insert("schemas", vector.get("schemas").unwrap_or(&patch_op).clone());
        body.insert("Operations", vector.get("ops").unwrap().clone());
        let mut after = before.clone();
        let result = Patch::from_value(body.into(), &options).and_then(|patch| patch.apply(&mut after, &options));

        match (vector.get("error").and_then(Value::as_str), result) {
            (Some(error), Err(found)) => {
                assert_eq!(found.kind.scim_type(), error, "{vector}: {found}");
                assert_eq!(after, before, "{vector}");
            }
            (None, Ok(outcome)) => {
                let mut expected = before.clone();
                set(&mut expected, vector.get("set"));
                assert!(same(&after, &expected), "{vector}: {:?}", after.root());
                assert_eq!(outcome.changed, !same(&before, &expected), "{vector}");
                let members = vector.get("members").and_then(Value::as_array).unwrap_or_default();
                let steps: Vec<MemberStep> = members
                    .iter()
                    .map(|step| match (step.get("add"), step.get("remove").and_then(Value::as_str)) {
                        (Some(added), _) => MemberStep::Add(added.clone()),
                        (_, Some(removed)) => MemberStep::Remove(removed.to_owned()),
                        _ => panic!("{vector}"),
                    })
                    .collect();
                let found: Vec<MemberStep> =
                    outcome.relations.iter().flat_map(|(_, delta)| delta.steps.clone()).collect();
                assert_eq!(found, steps, "{vector}");
                assert_eq!(outcome.leniencies.is_empty(), vector.get("lenient").is_none(), "{vector}");
            }
            (error, found) => panic!("{vector}: expected {error:?}, found {found:?}"),
        }
    }
}

// --- the body

#[test]
fn a_body_that_is_no_patch_is_a_syntax_error_that_says_where() {
    let uri = r#""schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]"#;
    for (body, operation, hint) in [
        ("[]".to_owned(), None, "not an array"),
        (r#"{"Operations": [{"op": "remove", "path": "title"}]}"#.to_owned(), None, "PatchOp"),
        (format!("{{{uri}}}"), None, "Operations"),
        (format!(r#"{{{uri}, "Operations": null}}"#), None, "at least one"),
        (format!(r#"{{{uri}, "Operations": {{"op": "add"}}}}"#), None, "a list"),
        (format!(r#"{{{uri}, "Operations": ["add"]}}"#), Some(0), "operation 1"),
        (format!(r#"{{{uri}, "Operations": [{{"path": "title"}}]}}"#), Some(0), "\"op\""),
        (format!(r#"{{{uri}, "Operations": [{{"op": 1}}]}}"#), Some(0), "\"op\""),
        (
            format!(r#"{{{uri}, "Operations": [{{"op": "add", "value": {{}}}}, {{"op": "copy"}}]}}"#),
            Some(1),
            "\"copy\"",
        ),
        (format!(r#"{{{uri}, "Operations": [{{"op": "add", "path": ["title"]}}]}}"#), Some(0), "\"path\""),
    ] {
        let error = Patch::from_value(json(&body), &strict()).expect_err(&body);
        assert_eq!(error.kind, PatchErrorKind::InvalidSyntax, "{body}");
        assert_eq!(error.operation, operation, "{body}");
        assert!(error.detail.contains(hint), "{body}: {error}");
    }
}

#[test]
fn a_body_is_read_and_written_as_it_was() {
    let text = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"title","value":"Dr"},{"op":"remove","path":"emails"},{"op":"replace","value":{"active":false}},{"op":"replace","path":"title","value":null}]}"#;
    let read = Patch::from_value(json(text), &strict()).unwrap();
    assert_eq!(read.operations[1].kind, OpKind::Remove);
    assert_eq!((&read.operations[1].value, &read.operations[3].value), (&None, &Some(Value::Null)));
    assert_eq!(read.to_value().to_string(), text);
}

#[test]
fn names_in_the_body_have_no_case() {
    let body = r#"{"SCHEMAS":["URN:ietf:params:scim:api:messages:2.0:patchop"],"operations":[{"OP":"add","Path":"TITLE","Value":"Dr"}]}"#;
    let patch = Patch::from_value(json(body), &strict()).unwrap();
    let mut user = ann();
    assert!(patch.apply(&mut user, &strict()).unwrap().changed);
    assert_eq!(user.root().get("title"), Some(&Value::from("Dr")));
}

#[test]
fn an_op_in_other_letters_is_a_leniency_with_a_name() {
    for (op, known) in [("Add", true), ("REPLACE", true), ("adds", false)] {
        let body = || {
            let text = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations":[{"op":"add","path":"title","value":"a"},{"op":"OP","path":"title","value":"b"}]}"#;
            json(&text.replace("OP\"", &format!("{op}\"")))
        };
        let refused = Patch::read(body(), &strict()).unwrap_err();
        assert_eq!((refused.kind, refused.operation), (PatchErrorKind::InvalidSyntax, Some(1)), "{}", refused.detail);
        let read = Patch::read(body(), &strict().with_op_case(true));
        assert_eq!(read.map(|(_, used)| used).ok(), known.then(|| vec!["op-case"]), "{op}");
    }
}

// --- order, atomicity, errors

#[test]
fn operations_see_what_former_ones_did() {
    let mut user = ann();
    let operations = r#"{"op":"add","path":"emails","value":{"value":"c@x.test","type":"fax"}},
        {"op":"replace","path":"emails[type eq \"fax\"].value","value":"d@x.test"},
        {"op":"remove","path":"emails[value sw \"ann\"]"}"#;
    assert!(apply(&mut user, operations, &strict()).unwrap().changed);
    assert_eq!(user.root().get("emails").unwrap().to_string(), r#"[{"value":"d@x.test","type":"fax"}]"#);
}

#[test]
fn an_error_names_operation_and_path_and_nothing_is_changed() {
    let operations = r#"{"op":"add","path":"title","value":"Dr"},{"op":"add","path":"emails.value","value":"x"}"#;
    let error = apply(&mut ann(), operations, &strict()).unwrap_err();
    assert_eq!((error.kind, error.operation), (PatchErrorKind::InvalidPath, Some(1)));
    assert!(error.detail.starts_with("operation 2, \"emails.value\": "), "{error}");
    assert!(error.detail.contains(r#"emails[type eq "…"].value"#), "{error}");

    let error = apply(&mut ann(), r#"{"op":"add","value":{"title":"Dr","active":1}}"#, &strict()).unwrap_err();
    assert_eq!(error.detail, "operation 1, \"active\": expected true or false, found 1");
}

#[test]
fn what_was_done_before_an_error_or_ends_where_it_began_leaves_every_byte_as_it_was() {
    let done = [
        r#"{"op":"replace","path":"displayName","value":"Z"}"#,
        r#"{"op":"add","path":"nickName","value":"Z"}"#,
        r#"{"op":"remove","path":"name"}"#,
        r#"{"op":"remove","path":"emails"},{"op":"add","path":"emails","value":[{"value":"z@x.test"}]}"#,
        r#"{"op":"replace","path":"emails[type eq \"work\"].value","value":"z@x.test"}"#,
        r#"{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}"#,
        r#"{"op":"add","path":"urn:ietf:params:scim:schemas:extension:haystack:1.0:User:joinDate","value":"2026-11-24"}"#,
        r#"{"op":"add","value":{"title":"Dr","active":false,"name.givenName":"Z"}}"#,
    ];
    let before = ann().to_bytes();
    for operations in done {
        let mut user = ann();
        assert!(apply(&mut user, operations, &strict()).unwrap().changed, "{operations}");
        assert_ne!(user.to_bytes(), before, "{operations}");

        let mut user = ann();
        let failing = format!(r#"{operations},{{"op":"replace","path":"active","value":"perhaps"}}"#);
        apply(&mut user, &failing, &strict()).unwrap_err();
        assert_eq!(user.to_bytes(), before, "{operations}");
    }
    let mut user = ann();
    let there_and_back = r#"{"op":"add","path":"nickName","value":"Z"},{"op":"remove","path":"nickName"},
        {"op":"replace","path":"displayName","value":"Z"},{"op":"replace","path":"displayName","value":"Ann"}"#;
    let mut same = ann();
    apply(&mut same, r#"{"op":"replace","path":"displayName","value":"Ann"}"#, &strict()).unwrap();
    *user.root_mut() = same.root().clone();
    let before = user.to_bytes();
    assert!(!apply(&mut user, there_and_back, &strict()).unwrap().changed);
    assert_eq!(user.to_bytes(), before);
}

#[test]
fn an_error_in_a_list_names_the_position() {
    let operations = r#"{"op":"add","path":"emails","value":[{"value":"a"},{"value":5}]}"#;
    let error = apply(&mut ann(), operations, &strict()).unwrap_err();
    assert_eq!(error.detail, "operation 1, \"emails\": value[1].value: expected a string, found 5");
}

#[test]
fn each_kind_of_path_error_has_its_name() {
    for (path, kind) in [
        ("", PatchErrorKind::InvalidPath),
        ("a..b", PatchErrorKind::InvalidPath),
        ("emails[", PatchErrorKind::InvalidPath),
        ("emails[]", PatchErrorKind::InvalidFilter),
        ("emails[0].value", PatchErrorKind::InvalidPath),
        ("emails[type eq \\\"work\\\"]value", PatchErrorKind::InvalidPath),
        ("emails[type eq \\\"work\\\"].value.x", PatchErrorKind::InvalidPath),
        ("emails[type eq \\\"work\\\"] title", PatchErrorKind::InvalidPath),
        ("emails[type eq work]", PatchErrorKind::InvalidFilter),
        ("emails[shoe eq \\\"x\\\"]", PatchErrorKind::InvalidFilter),
        ("emails[primary gt true]", PatchErrorKind::InvalidFilter),
        ("emails[primary eq \\\"True\\\"]", PatchErrorKind::InvalidFilter),
        ("emails[type eq \\\"work\\\" and emails[type pr]]", PatchErrorKind::InvalidFilter),
        ("emails[type eq \\\"work\\\"].shoe", PatchErrorKind::NoTarget),
        ("name[givenName eq \\\"Ann\\\"]", PatchErrorKind::InvalidPath),
        ("emails.value[type pr]", PatchErrorKind::InvalidPath),
        ("shoe", PatchErrorKind::NoTarget),
        ("name.shoe", PatchErrorKind::NoTarget),
        ("manager", PatchErrorKind::NoTarget),
        ("urn:example:unknown:2.0:User:shoe", PatchErrorKind::NoTarget),
        ("urn:example:unknown:2.0:User", PatchErrorKind::NoTarget),
        ("ent:shoe", PatchErrorKind::NoTarget),
    ] {
        let operation = format!(r#"{{"op":"replace","path":"{path}","value":"x"}}"#);
        let error = apply(&mut ann(), &operation, &strict()).expect_err(path);
        assert_eq!(error.kind, kind, "{path}: {error}");
    }
}

// --- mutability

#[test]
fn what_is_read_only_may_come_along_when_it_says_what_is_so() {
    let whole = r#"{"op":"replace","value":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"u1",
        "meta":{"resourceType":"User","version":"W/\"9\""},"groups":[{"value":"g1"}],"title":"Dr"}}"#;
    let mut user = ann();
    let outcome = apply(&mut user, whole, &strict()).unwrap();
    assert!(outcome.changed && outcome.unknown.is_empty());
    assert!(user.root().get("meta").is_none() && user.root().get("groups").is_none());
    assert!(user.root().get(ENT.trim_end_matches(':')).is_some(), "a shorter list of schemas takes nothing away");

    let other = apply(&mut ann(), r#"{"op":"replace","value":{"id":"u2"}}"#, &strict()).unwrap_err();
    assert_eq!(other.kind, PatchErrorKind::Mutability);
    let by_path = apply(&mut ann(), r#"{"op":"replace","path":"id","value":"u1"}"#, &strict()).unwrap_err();
    assert_eq!(by_path.kind, PatchErrorKind::Mutability);
}

#[test]
fn read_only_parts_of_a_value_are_left_out() {
    let mut user = ann();
    let operation = r#"{"op":"add","path":"ent:manager","value":{"value":"u9","displayName":"Boss"}}"#;
    assert!(!apply(&mut user, operation, &strict()).unwrap().changed);
}

#[test]
fn what_is_derived_from_a_reference_goes_when_the_reference_does() {
    let mut user = ann();
    apply(&mut user, r#"{"op":"add","path":"ent:manager.$ref","value":"/Users/u9"}"#, &strict()).unwrap();
    apply(&mut user, r#"{"op":"replace","path":"ent:manager","value":{"value":"u5"}}"#, &strict()).unwrap();
    let manager = user.root().get(ENT.trim_end_matches(':')).unwrap().get("manager").unwrap();
    assert_eq!(manager.to_string(), r#"{"value":"u5"}"#);
}

/// A type with attributes that are written once, in an extension that every resource has.
fn badge() -> std::sync::Arc<scimstack_schema::ResourceType> {
    use scimstack_schema::{Attribute, Mutability, Registry, Schema, Type};
    let once = |name: &str, r#type| Attribute::new(name, r#type).with_mutability(Mutability::Immutable);
    let base = Schema::new("urn:example:Badge", "Badge")
        .with_attribute(once("number", Type::String))
        .with_attribute(once("codes", Type::String).with_multi_valued(true))
        .with_attribute(
            Attribute::new("owner", Type::Complex)
                .with_sub_attributes([once("value", Type::String), Attribute::new("note", Type::String)]),
        )
        .with_attribute(
            Attribute::new("doors", Type::Complex)
                .with_multi_valued(true)
                .with_sub_attributes([once("value", Type::String), Attribute::new("note", Type::String)]),
        )
        .with_attribute(Attribute::new("size", Type::Decimal))
        .with_attribute(Attribute::new("floor", Type::Integer))
        .with_attribute(Attribute::new("seen", Type::DateTime))
        .with_attribute(Attribute::new("blob", Type::Binary))
        .with_attribute(Attribute::new("tags", Type::String).with_multi_valued(true))
        .with_attribute(Attribute::new("serial", Type::String).with_mutability(Mutability::ReadOnly));
    let extension = Schema::new("urn:example:Print", "Print").with_attribute(Attribute::new("ink", Type::String));
    let registry = Registry::builder()
        .resource_type("Badge", "/Badges", "", base)
        .extension("Badge", extension, true)
        .unwrap()
        .build()
        .unwrap();
    registry.resource_type("Badge").unwrap().clone()
}

fn a_badge() -> Resource {
    let text = r#"{"number":"1","owner":{"value":"a","note":"n"},"doors":[{"value":"d1"},{"value":"d2"}],"serial":"S",
        "codes":["x","y"],"tags":["red","Blue"],"urn:example:Print":{"ink":"black"}}"#;
    resource(&badge(), text)
}

#[test]
fn an_immutable_attribute_is_written_once() {
    for (operation, allowed) in [
        (r#"{"op":"add","path":"number","value":"1"}"#, true),
        (r#"{"op":"replace","path":"number","value":"2"}"#, false),
        (r#"{"op":"remove","path":"number"}"#, false),
        (r#"{"op":"add","path":"owner","value":{"value":"a","note":"m"}}"#, true),
        (r#"{"op":"add","path":"owner.value","value":"b"}"#, false),
        (r#"{"op":"remove","path":"owner.value"}"#, false),
        (r#"{"op":"remove","path":"owner"}"#, true),
        (r#"{"op":"add","path":"codes","value":["x"]}"#, true),
        (r#"{"op":"add","path":"codes","value":["z"]}"#, false),
        (r#"{"op":"remove","path":"codes[value eq \"x\"]"}"#, false),
        (r#"{"op":"replace","path":"doors[value eq \"d1\"].value","value":"d3"}"#, false),
        (r#"{"op":"remove","path":"doors[value eq \"d1\"].value"}"#, false),
        (r#"{"op":"replace","path":"doors[value eq \"d1\"].note","value":"m"}"#, true),
        (r#"{"op":"remove","path":"doors[value eq \"d1\"]"}"#, true),
        (r#"{"op":"replace","value":{"serial":"S"}}"#, true),
        (r#"{"op":"replace","value":{"serial":"T"}}"#, false),
    ] {
        match apply(&mut a_badge(), operation, &strict()) {
            Ok(_) => assert!(allowed, "{operation}"),
            Err(error) => assert!(!allowed && error.kind == PatchErrorKind::Mutability, "{operation}: {error}"),
        }
    }
    let mut unset = a_badge();
    unset.root_mut().remove("number");
    assert!(apply(&mut unset, r#"{"op":"add","path":"number","value":"2"}"#, &strict()).unwrap().changed);
}

#[test]
fn a_required_extension_stays() {
    for operation in [
        r#"{"op":"remove","path":"urn:example:Print"}"#,
        r#"{"op":"remove","path":"urn:example:Print:ink"}"#,
        r#"{"op":"remove","path":"schemas[value eq \"urn:example:Print\"]"}"#,
        r#"{"op":"replace","value":{"urn:example:Print":null}}"#,
    ] {
        let error = apply(&mut a_badge(), operation, &strict()).expect_err(operation);
        assert_eq!(error.kind, PatchErrorKind::Mutability, "{operation}: {error}");
    }
    let swapped = r#"{"op":"replace","path":"urn:example:Print","value":{"ink":"red"}}"#;
    assert!(apply(&mut a_badge(), swapped, &strict()).unwrap().changed);
}

#[test]
fn values_have_the_types_of_their_attributes() {
    for (path, value, fits) in [
        ("size", "1.50", true),
        ("size", "1e2", true),
        ("size", "\"1\"", false),
        ("floor", "3", true),
        ("floor", "3.0", false),
        ("floor", "1e2", false),
        ("seen", "\"2026-03-01T10:00:00Z\"", true),
        ("seen", "\"2026-03-01\"", false),
        ("blob", "\"aGk\"", true),
        ("blob", "\"a*\"", false),
        ("tags", "[\"a\"]", true),
        ("tags", "\"a\"", true),
        ("tags", "[1]", false),
        ("tags", "{\"value\":\"a\"}", false),
        ("doors", "[\"d\"]", false),
        ("owner", "[{\"value\":\"a\"}]", false),
        ("number", "[\"1\"]", false),
    ] {
        let operation = format!(r#"{{"op":"add","path":"{path}","value":{value}}}"#);
        match apply(&mut a_badge(), &operation, &strict()) {
            Ok(_) => assert!(fits, "{operation}"),
            Err(error) => assert!(!fits && error.kind == PatchErrorKind::InvalidValue, "{operation}: {error}"),
        }
    }
}

#[test]
fn a_number_keeps_its_spelling() {
    let mut badge = a_badge();
    apply(&mut badge, r#"{"op":"add","path":"size","value":1.50}"#, &strict()).unwrap();
    assert_eq!(badge.root().get("size").unwrap().to_string(), "1.50");
}

#[test]
fn simple_lists_are_changed_by_value() {
    for (operation, expected) in [
        (r#"{"op":"add","path":"tags","value":["green","RED"]}"#, r#"["red","Blue","green"]"#),
        (r#"{"op":"remove","path":"tags[value eq \"blue\"]"}"#, r#"["red"]"#),
        (r#"{"op":"replace","path":"tags[value eq \"red\"]","value":"pink"}"#, r#"["pink","Blue"]"#),
        (r#"{"op":"replace","path":"tags[value eq \"red\"].value","value":"pink"}"#, r#"["pink","Blue"]"#),
        (r#"{"op":"replace","path":"tags","value":["a","b","a"]}"#, r#"["a","b","a"]"#),
    ] {
        let mut badge = a_badge();
        apply(&mut badge, operation, &strict()).unwrap_or_else(|error| panic!("{operation}: {error}"));
        assert_eq!(badge.root().get("tags").unwrap().to_string(), expected, "{operation}");
    }
    let listed = r#"{"op":"remove","path":"tags","value":["BLUE"]}"#;
    let mut badge = a_badge();
    apply(&mut badge, listed, &PatchOptions::default()).unwrap();
    assert_eq!(badge.root().get("tags").unwrap().to_string(), r#"["red"]"#);
}

// --- schemas and extensions

#[test]
fn schemas_follow_from_what_extensions_hold() {
    let uri = ENT.trim_end_matches(':');
    let core = "urn:ietf:params:scim:schemas:core:2.0:User";
    let has = |user: &Resource| user.root().get(uri).is_some();
    for (operation, stays) in [
        (format!(r#"{{"op":"add","path":"schemas","value":"{uri}"}}"#), true),
        (format!(r#"{{"op":"replace","path":"schemas","value":["{core}","{uri}"]}}"#), true),
        (format!(r#"{{"op":"replace","path":"schemas","value":["{core}"]}}"#), false),
        (format!(r#"{{"op":"remove","path":"schemas[value eq \"{}\"]"}}"#, uri.to_uppercase()), false),
        (format!(r#"{{"op":"replace","value":{{"{uri}":null}}}}"#), false),
    ] {
        let mut user = ann();
        apply(&mut user, &operation, &strict()).unwrap_or_else(|error| panic!("{operation}: {error}"));
        assert_eq!(has(&user), stays, "{operation}");
        let listed = user.root().get("schemas").unwrap().as_array().unwrap().len();
        assert_eq!(listed, if stays { 2 } else { 1 }, "{operation}");
    }
    for (operation, kind) in [
        (r#"{"op":"add","path":"schemas","value":"urn:example:x"}"#.to_owned(), PatchErrorKind::InvalidValue),
        (r#"{"op":"add","path":"schemas","value":[5]}"#.to_owned(), PatchErrorKind::InvalidValue),
        (format!(r#"{{"op":"replace","path":"schemas","value":["{uri}"]}}"#), PatchErrorKind::Mutability),
        (format!(r#"{{"op":"remove","path":"schemas[value eq \"{core}\"]"}}"#), PatchErrorKind::Mutability),
        (r#"{"op":"remove","path":"schemas"}"#.to_owned(), PatchErrorKind::Mutability),
        (r#"{"op":"add","path":"schemas[value pr]","value":"x"}"#.to_owned(), PatchErrorKind::InvalidPath),
    ] {
        let error = apply(&mut ann(), &operation, &strict()).expect_err(&operation);
        assert_eq!(error.kind, kind, "{operation}: {error}");
    }
}

#[test]
fn a_removed_extension_comes_back_with_its_next_attribute() {
    let mut user = ann();
    let operations =
        r#"{"op":"remove","path":"schemas[value co \"enterprise\"]"},{"op":"add","path":"ent:costCenter","value":"7"}"#;
    apply(&mut user, operations, &strict()).unwrap();
    assert_eq!(user.root().get(ENT.trim_end_matches(':')).unwrap().to_string(), r#"{"costCenter":"7"}"#);
    assert_eq!(user.root().get("schemas").unwrap().as_array().unwrap().len(), 2);
}

#[test]
fn an_extension_is_merged_as_an_object() {
    for operation in [
        r#"{"op":"add","path":"ENT","value":{"DepartMent":"Ops","manager":{"value":"u5"}}}"#,
        r#"{"op":"replace","value":{"ENT":{"department":"Ops","manager":{"value":"u5"}}}}"#,
    ] {
        let mut user = ann();
        apply(&mut user, &operation.replace("ENT", ENT.trim_end_matches(':')), &strict()).unwrap();
        let extension = user.root().get(ENT.trim_end_matches(':')).unwrap();
        assert_eq!(extension.to_string(), r#"{"employeeNumber":"007","manager":{"value":"u5"},"department":"Ops"}"#);
    }
    let wrong = format!(r#"{{"op":"add","path":"{}","value":"x"}}"#, ENT.trim_end_matches(':'));
    assert_eq!(apply(&mut ann(), &wrong, &strict()).unwrap_err().kind, PatchErrorKind::InvalidValue);
}

#[test]
fn unknown_members_are_dropped_and_reported_or_refused() {
    let operation = r#"{"op":"add","value":{"shoe":42,"title":"Dr","name":{"shoe":1},"urn:example:x:User":{"a":1},
        "http://example.test/2.0/Group":{},"name.shoe":2,"emails.value":3}}"#;
    let error = apply(&mut ann(), operation, &PatchOptions::default()).unwrap_err();
    assert_eq!(error.kind, PatchErrorKind::InvalidPath, "a key that is a path is judged as one: {error}");
    let operation = operation.replace(r#","emails.value":3"#, "");
    let mut user = ann();
    let outcome = apply(&mut user, &operation, &PatchOptions::default()).unwrap();
    assert_eq!(
        outcome.unknown,
        ["shoe", "name.shoe", "urn:example:x:User", "http://example.test/2.0/Group"],
        "each is reported once"
    );
    assert_eq!(user.root().get("title"), Some(&Value::from("Dr")));
    let error = apply(&mut ann(), &operation, &strict().with_refuse_unknown(true)).unwrap_err();
    assert_eq!(error.kind, PatchErrorKind::InvalidSyntax);
}

// --- what is not stored in the document

#[test]
fn a_password_goes_to_the_caller_and_never_into_document_or_errors() {
    let mut user = ann();
    let operations = r#"{"op":"replace","path":"password","value":"t1"},{"op":"add","value":{"password":"t2"}},
        {"op":"remove","path":"password"}"#;
    let outcome = apply(&mut user, operations, &strict()).unwrap();
    assert!(!outcome.changed);
    let expected = [("t1".into()), ("t2".into()), Value::Null].map(|value: Value| ("password".to_owned(), value));
    assert_eq!(outcome.hidden, expected);
    assert!(!user.root().iter().any(|(name, _)| name == "password"));
    let error = apply(&mut ann(), r#"{"op":"replace","path":"password","value":31415}"#, &strict()).unwrap_err();
    assert_eq!(error.kind, PatchErrorKind::InvalidValue);
    assert!(!error.detail.contains("31415"), "{error}");
}

// --- limits

#[test]
fn more_operations_than_the_limit_are_too_many() {
    let options = strict().with_limits(Limits::default().with_operations(2));
    let operation = r#"{"op":"remove","path":"title"}"#;
    assert!(patch(&[operation; 2].join(","), &options).is_ok());
    let error = patch(&[operation; 3].join(","), &options).unwrap_err();
    assert_eq!(error.kind, PatchErrorKind::TooMany);
    assert!(error.detail.contains('3') && error.detail.contains('2'), "{error}");
}

#[test]
fn work_on_long_lists_is_limited() {
    let options = strict().with_limits(Limits::default().with_visits(100));
    let elements: Vec<String> = (0..20).map(|i| format!(r#"{{"value":"{i}"}}"#)).collect();
    let list = elements.join(",");
    let add = format!(r#"{{"op":"add","path":"roles","value":[{list}]}}"#);
    let replace = format!(r#"{{"op":"replace","path":"roles","value":[{list}]}}"#);
    assert_eq!(apply(&mut ann(), &add, &options).unwrap_err().kind, PatchErrorKind::TooMany);
    assert!(apply(&mut ann(), &replace, &options).is_ok());
    assert!(apply(&mut ann(), &add, &strict()).is_ok());
}

#[test]
fn a_path_longer_than_the_limit_or_nested_too_deep_is_refused() {
    let long = format!(r#"{{"op":"remove","path":"{}"}}"#, "a".repeat(20_000));
    assert_eq!(apply(&mut ann(), &long, &strict()).unwrap_err().kind, PatchErrorKind::InvalidPath);
    let deep = format!(r#"{{"op":"remove","path":"emails[{}type pr{}]"}}"#, "(".repeat(10_000), ")".repeat(100));
    assert!(apply(&mut ann(), &deep, &strict()).is_err());
    let unbounded = strict().with_limits(Limits::default().with_length(usize::MAX));
    assert!(apply(&mut ann(), &deep, &unbounded).unwrap_err().detail.contains("levels of nesting"));
}

#[test]
fn text_that_is_no_uri_is_refused_where_a_reference_is_declared() {
    for operation in [
        r#"{"op":"add","path":"profileUrl","value":"not a uri"}"#,
        r#"{"op":"replace","value":{"profileUrl":"not a uri"}}"#,
        r#"{"op":"add","path":"photos","value":[{"value":"not a uri"}]}"#,
        r#"{"op":"replace","path":"photos[type eq \"photo\"].value","value":"not a uri"}"#,
    ] {
        let before = || {
            let mut ann = ann();
            apply(&mut ann, r#"{"op":"add","path":"photos","value":{"value":"x","type":"photo"}}"#, &strict()).unwrap();
            ann
        };
        let error = apply(&mut before(), operation, &strict()).unwrap_err();
        assert_eq!(error.kind, PatchErrorKind::InvalidValue, "{operation}");
        assert!(error.detail.contains("%20") && error.detail.contains("not a uri"), "{error}");
        let mut after = before();
        let outcome = apply(&mut after, operation, &strict().with_text_for_reference(true)).unwrap();
        assert_eq!(outcome.leniencies, ["text-for-reference"], "{operation}");
        assert!(after.resource_type().validate(&after).is_ok(), "what is kept is no trouble later");
    }
}

#[test]
fn the_strict_options_have_every_leniency_off() {
    let shown = format!("{:?}", strict());
    assert!(!shown.contains("true"), "{shown}");
    assert_eq!(user().name.as_ref(), "User");
}

#[test]
fn comparisons_of_a_filter_with_a_long_list_are_limited() {
    let elements: Vec<String> = (0..20).map(|i| format!(r#"{{"value":"{i}"}}"#)).collect();
    let terms = [r#"value eq \"x\""#; 10].join(" or ");
    let operations = format!(
        r#"{{"op":"replace","path":"roles","value":[{}]}},{{"op":"remove","path":"roles[{terms}]"}}"#,
        elements.join(",")
    );
    let limited = |most| strict().with_limits(Limits::default().with_visits(most));
    assert!(apply(&mut ann(), &operations, &limited(220)).is_ok());
    let error = apply(&mut ann(), &operations, &limited(219)).unwrap_err();
    assert_eq!((error.kind, error.operation), (PatchErrorKind::TooMany, Some(1)));
    assert!(error.detail.chars().count() < 300, "a long path is not repeated: {error}");
}

#[test]
fn an_error_repeats_little_of_what_was_sent() {
    let long = "x".repeat(10_000);
    for operation in [
        format!(r#"{{"op":"{long}"}}"#),
        format!(r#"{{"op":"remove","path":"{long}"}}"#),
        format!(r#"{{"op":"remove","path":"emails[{long} pr]"}}"#),
        format!(r#"{{"op":"remove","path":"emails[type {long} 1]"}}"#),
        format!(r#"{{"op":"remove","path":"emails[primary eq \"{long}\"]"}}"#),
        format!(r#"{{"op":"remove","path":"emails[type pr].{long}"}}"#),
        format!(r#"{{"op":"replace","path":"emails[type eq \"{long}\"].value","value":"x"}}"#),
        format!(r#"{{"op":"replace","value":{{"active":"{long}"}}}}"#),
        format!(r#"{{"op":"add","path":"schemas","value":"{long}"}}"#),
    ] {
        let error = apply(&mut ann(), &operation, &strict()).unwrap_err();
        assert!(error.detail.chars().count() < 400, "{error}");
    }
}
