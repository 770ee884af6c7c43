//! PATCH `replace`: whole values, elements, what is missing; and the delta of a PATCH of members alone.

use crate::support::{ann, apply, group, json, patch, resource, same, user};
use scimstack_filter::patch::{MemberStep, PatchErrorKind};
use scimstack_filter::{Patch, PatchOptions};
use scimstack_schema::Resource;

fn after(operation: &str, options: &PatchOptions) -> Resource {
    let mut user = ann();
    apply(&mut user, operation, options).unwrap_or_else(|error| panic!("{operation}: {error}"));
    user
}

fn text(resource: &Resource, name: &str) -> String {
    resource.root().get(name).map(ToString::to_string).unwrap_or_default()
}

#[test]
fn null_in_a_complex_value_takes_that_part_out() {
    let user = after(
        r#"{"op":"replace","path":"name","value":{"familyName":null,"middleName":"M"}}"#,
        &PatchOptions::strict(),
    );
    assert_eq!(text(&user, "name"), r#"{"givenName":"Ann","middleName":"M"}"#);
    let user = after(r#"{"op":"replace","path":"name","value":null}"#, &PatchOptions::strict());
    assert_eq!(text(&user, "name"), "");
}

#[test]
fn without_a_path_each_member_replaces() {
    let operation =
        r#"{"op":"replace","value":{"emails":[{"value":"n@x.test"}],"nickName":"N","name":{"givenName":"Anna"}}}"#;
    let user = after(operation, &PatchOptions::strict());
    assert_eq!(text(&user, "emails"), r#"[{"value":"n@x.test"}]"#);
    assert_eq!(text(&user, "name"), r#"{"givenName":"Anna","familyName":"Øre"}"#);
    assert_eq!(text(&user, "nickName"), r#""N""#);
}

#[test]
fn elements_are_replaced_in_every_match() {
    let user = after(r#"{"op":"replace","path":"emails[value pr].display","value":"A"}"#, &PatchOptions::strict());
    assert_eq!(text(&user, "emails").matches(r#""display":"A""#).count(), 2);
    let moved = after(
        r#"{"op":"replace","path":"emails[type eq \"home\"]","value":{"value":"h","primary":true}}"#,
        &PatchOptions::strict(),
    );
    assert_eq!(
        text(&moved, "emails"),
        r#"[{"value":"ann@x.test","type":"work","primary":false},{"value":"h","primary":true}]"#
    );
    let gone = after(r#"{"op":"replace","path":"emails[type eq \"home\"]","value":null}"#, &PatchOptions::strict());
    assert_eq!(text(&gone, "emails"), r#"[{"value":"ann@x.test","type":"work","primary":true}]"#);
}

#[test]
fn equal_elements_of_a_list_are_one() {
    let operation =
        r#"{"op":"replace","path":"emails","value":[{"value":"a","type":"t"},{"type":"t","value":"a"},{}]}"#;
    assert_eq!(text(&after(operation, &PatchOptions::strict()), "emails"), r#"[{"value":"a","type":"t"}]"#);
}

#[test]
fn two_primaries_in_one_list_are_refused() {
    let operation =
        r#"{"op":"replace","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":true}]}"#;
    let error = apply(&mut ann(), operation, &PatchOptions::strict()).unwrap_err();
    assert_eq!(error.kind, PatchErrorKind::InvalidValue);
}

#[test]
fn a_required_attribute_is_neither_emptied_nor_removed() {
    for (value, kind) in [("null", PatchErrorKind::Mutability), ("\"\"", PatchErrorKind::InvalidValue)] {
        let operation = format!(r#"{{"op":"replace","path":"userName","value":{value}}}"#);
        for options in [PatchOptions::strict(), PatchOptions::default().with_empty_string_unassigns(true)] {
            assert_eq!(apply(&mut ann(), &operation, &options).unwrap_err().kind, kind, "{value}");
        }
    }
}

#[test]
fn a_new_spelling_is_a_change() {
    let mut user = ann();
    let operation = r#"{"op":"replace","path":"userName","value":"Ann@X.test"}"#;
    assert!(apply(&mut user, operation, &PatchOptions::strict()).unwrap().changed);
    assert_eq!(text(&user, "userName"), r#""Ann@X.test""#);
}

#[test]
fn the_same_in_another_order_is_no_change() {
    let mut user = ann();
    let operations = r#"{"op":"remove","path":"name.givenName"},{"op":"add","path":"name.givenName","value":"Ann"},
        {"op":"replace","path":"active","value":true}"#;
    assert!(!apply(&mut user, operations, &PatchOptions::strict()).unwrap().changed);
    assert_eq!(user, ann());
}

// --- members alone

#[test]
fn a_patch_of_members_alone_is_a_delta_that_needs_no_resource() {
    let options = PatchOptions::default();
    for (operations, is_delta) in [
        (r#"{"op":"add","path":"members","value":[{"value":"u1"}]}"#, true),
        (r#"{"op":"remove","path":"MEMBERS[value eq \"u1\"]"},{"op":"replace","path":"members","value":[]}"#, true),
        (r#"{"op":"add","value":{"members":[{"value":"u1"}]}}"#, true),
        (r#"{"op":"add","value":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"members":[]}}"#, true),
        (r#"{"op":"add","value":{"members":[],"displayName":"G"}}"#, false),
        (r#"{"op":"add","value":{"members":[],"id":"g1"}}"#, false),
        (r#"{"op":"add","value":{}}"#, false),
        (r#"{"op":"add","path":"members","value":[]},{"op":"replace","path":"displayName","value":"G"}"#, false),
        (r#"{"op":"add","path":"members","value":[]},{"op":"replace","path":"a..b","value":"G"}"#, false),
    ] {
        let delta = patch(operations, &options).unwrap().as_relation_delta(&group(), &options).unwrap();
        assert_eq!(delta.is_some(), is_delta, "{operations}");
        let mut resource = resource(&group(), r#"{"displayName":"G","id":"g1"}"#);
        if let Some(delta) = delta {
            assert_eq!(delta, apply(&mut resource, operations, &options).unwrap(), "the same as by the other way");
        }
    }
    let wrong = patch(r#"{"op":"add","path":"members","value":[{}]}"#, &options).unwrap();
    assert_eq!(wrong.as_relation_delta(&group(), &options).unwrap_err().kind, PatchErrorKind::InvalidValue);
    let of_a_user = patch(r#"{"op":"add","path":"emails","value":[]}"#, &options).unwrap();
    assert_eq!(of_a_user.as_relation_delta(&user(), &options).unwrap(), None);
}

#[test]
fn members_that_are_replaced_come_as_a_whole() {
    let options = PatchOptions::strict();
    let operations = r#"{"op":"replace","path":"members","value":[{"value":"u1"},{"value":"u2"}]},
        {"op":"add","path":"members","value":{"value":"u3"}}"#;
    let outcome = patch(operations, &options).unwrap().as_relation_delta(&group(), &options).unwrap().unwrap();
    let (name, delta) = &outcome.relations[0];
    assert_eq!((name.as_str(), delta.replace.as_ref().map(Vec::len)), ("members", Some(2)));
    assert_eq!(delta.steps, [MemberStep::Add(json(r#"{"value":"u3"}"#))]);
}

// --- differences

#[test]
fn a_difference_is_small() {
    for (changed, operations) in [
        (r#"{"op":"replace","path":"title","value":"Dr"}"#, r#"[{"op":"add","path":"title","value":"Dr"}]"#),
        (r#"{"op":"remove","path":"active"}"#, r#"[{"op":"remove","path":"active"}]"#),
        (
            r#"{"op":"replace","path":"name.givenName","value":"Anna"}"#,
            r#"[{"op":"replace","path":"name.givenName","value":"Anna"}]"#,
        ),
        (
            r#"{"op":"add","path":"name","value":{"middleName":"M","givenName":"Anna","familyName":null}}"#,
            r#"[{"op":"replace","path":"name","value":{"givenName":"Anna","middleName":"M"}},{"op":"remove","path":"name.familyName"}]"#,
        ),
        (
            r#"{"op":"add","path":"emails","value":{"value":"c","type":"fax"}}"#,
            r#"[{"op":"add","path":"emails","value":[{"value":"c","type":"fax"}]}]"#,
        ),
        (
            r#"{"op":"remove","path":"emails[type eq \"home\"]"}"#,
            r#"[{"op":"remove","path":"emails[value eq \"ann@home.test\"]"}]"#,
        ),
        (
            r#"{"op":"replace","path":"emails[type eq \"home\"].value","value":"h@home.test"}"#,
            r#"[{"op":"replace","path":"emails[type eq \"home\"].value","value":"h@home.test"}]"#,
        ),
        (
            r#"{"op":"replace","path":"emails","value":[{"value":"n"}]}"#,
            r#"[{"op":"replace","path":"emails","value":[{"value":"n"}]}]"#,
        ),
        (
            r#"{"op":"add","path":"ent:manager.value","value":"u5"}"#,
            r#"[{"op":"replace","path":"ent:manager.value","value":"u5"}]"#,
        ),
        (r#"{"op":"remove","path":"photos"}"#, "[]"),
    ] {
        let after = after(changed, &PatchOptions::strict());
        let difference = Patch::diff(&ann(), &after);
        let found = difference.to_value().get("Operations").unwrap().to_string();
        assert_eq!(found.replace(crate::support::ENT, "ent:"), operations);
        let mut again = ann();
        difference.apply(&mut again, &PatchOptions::strict()).unwrap();
        assert!(same(&again, &after), "{found}");
    }
}

#[test]
fn a_difference_keeps_the_address_of_a_reference_that_did_not_change() {
    let with = |operations: &str| after(operations, &PatchOptions::strict());
    let before = with(r#"{"op":"add","path":"ent:manager.$ref","value":"/Users/u9"}"#);
    for changed in [
        r#"{"op":"add","path":"ent:manager","value":{"value":"u5","$ref":"/Users/u9"}}"#,
        r#"{"op":"add","path":"ent:manager","value":{"value":"u5"}}"#,
        r#"{"op":"remove","path":"ent:manager"}"#,
    ] {
        let after = with(changed);
        let mut again = before.clone();
        Patch::diff(&before, &after).apply(&mut again, &PatchOptions::strict()).unwrap();
        assert!(same(&again, &after), "{changed}: {:?}", again.root());
    }
}
