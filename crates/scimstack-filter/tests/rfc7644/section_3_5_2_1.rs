//! PATCH `add`: appending and completing, one primary, what a value path without a match does.

use crate::support::{ann, apply, group, resource};
use scimstack_filter::patch::{MemberStep, PatchErrorKind};
use scimstack_filter::{PatchError, PatchOptions};
use scimstack_schema::{Attribute, Mutability, Registry, Schema, Type, Value};

/// Ann's e-mails after an operation.
fn emails(operation: &str, options: &PatchOptions) -> Result<String, PatchError> {
    let mut user = ann();
    apply(&mut user, operation, options)?;
    Ok(user.root().get("emails").map(ToString::to_string).unwrap_or_default())
}

const WORK: &str = r#"{"value":"ann@x.test","type":"work","primary":true}"#;
const HOME: &str = r#"{"value":"ann@home.test","type":"home"}"#;

#[test]
fn an_element_is_there_when_all_that_is_said_of_it_is_so() {
    for there in [
        r#"{"value":"ann@x.test"}"#,
        r#"{"value":"ANN@X.test","type":"Work"}"#,
        r#"{"type":"home"}"#,
        r#"{"value":"ann@x.test","display":null}"#,
        "[]",
        "null",
        "[null, {}]",
    ] {
        let operation = format!(r#"{{"op":"add","path":"emails","value":{there}}}"#);
        assert_eq!(emails(&operation, &PatchOptions::strict()).unwrap(), format!("[{WORK},{HOME}]"), "{there}");
    }
}

#[test]
fn an_element_with_another_type_is_another_element() {
    let operation = r#"{"op":"add","path":"emails","value":{"value":"ann@x.test","type":"other"}}"#;
    let expected = format!(r#"[{WORK},{HOME},{{"value":"ann@x.test","type":"other"}}]"#);
    assert_eq!(emails(operation, &PatchOptions::strict()).unwrap(), expected);
}

#[test]
fn the_same_element_twice_in_one_list_is_one() {
    let operation = r#"{"op":"add","path":"emails","value":[{"value":"c"},{"value":"C"},{"value":"c","display":"C"}]}"#;
    let expected = format!(r#"[{WORK},{HOME},{{"value":"c","display":"C"}}]"#);
    assert_eq!(emails(operation, &PatchOptions::strict()).unwrap(), expected);
}

#[test]
fn naming_the_primary_again_and_another_new_one_moves_it() {
    let operation = r#"{"op":"add","path":"emails","value":[{"value":"ann@x.test"},{"value":"c","primary":true}]}"#;
    let expected = format!(r#"[{},{HOME},{{"value":"c","primary":true}}]"#, WORK.replace("true", "false"));
    assert_eq!(emails(operation, &PatchOptions::strict()).unwrap(), expected);
}

#[test]
fn a_value_path_adds_to_every_match() {
    let operation = r#"{"op":"add","path":"emails[value co \"ann\"].display","value":"Ann"}"#;
    let found = emails(operation, &PatchOptions::strict()).unwrap();
    assert_eq!(found.matches(r#""display":"Ann""#).count(), 2, "{found}");
    let merged = r#"{"op":"add","path":"emails[type eq \"home\"]","value":{"display":"H"}}"#;
    assert!(emails(merged, &PatchOptions::strict()).unwrap().contains(r#""type":"home","display":"H"}"#));
    let both = r#"{"op":"add","path":"emails[value pr].primary","value":true}"#;
    assert_eq!(emails(both, &PatchOptions::strict()).unwrap_err().kind, PatchErrorKind::InvalidValue);
}

#[test]
fn a_value_path_without_a_match_creates_the_element_when_that_is_on() {
    let on = PatchOptions::strict().with_upsert_on_add(true);
    for (path, value, expected) in [
        (r#"emails[type eq \"fax\"].value"#, r#""f""#, r#"{"type":"fax","value":"f"}"#),
        (
            r#"emails[type eq \"fax\" and display eq \"F\"].value"#,
            r#""f""#,
            r#"{"type":"fax","display":"F","value":"f"}"#,
        ),
        (r#"emails[TYPE EQ \"fax\"]"#, r#"{"value":"f"}"#, r#"{"type":"fax","value":"f"}"#),
        (r#"emails[type eq \"Fax\"]"#, r#"{"value":"f","type":"fax"}"#, r#"{"type":"fax","value":"f"}"#),
    ] {
        let operation = format!(r#"{{"op":"add","path":"{path}","value":{value}}}"#);
        assert_eq!(emails(&operation, &on).unwrap(), format!("[{WORK},{HOME},{expected}]"), "{path}");
        assert_eq!(emails(&operation, &PatchOptions::strict()).unwrap_err().kind, PatchErrorKind::NoTarget, "{path}");
    }
    for path in [
        r#"emails[type ne \"work\" and type ne \"home\"].value"#,
        r#"emails[type eq \"a\" or type eq \"b\"].value"#,
        r#"emails[type sw \"f\"].value"#,
    ] {
        let operation = format!(r#"{{"op":"add","path":"{path}","value":"f"}}"#);
        assert_eq!(emails(&operation, &on).unwrap_err().kind, PatchErrorKind::NoTarget, "{path}");
    }
}

#[test]
fn an_element_created_as_primary_is_the_only_one() {
    let on = PatchOptions::strict().with_upsert_on_add(true);
    let operation = r#"{"op":"remove","path":"emails[type eq \"work\"].primary"},
        {"op":"add","path":"emails[type eq \"home\"].primary","value":true},
        {"op":"add","path":"emails[type eq \"fax\" and primary eq true].value","value":"f"}"#;
    let found = emails(operation, &on).unwrap();
    assert_eq!(
        found,
        r#"[{"value":"ann@x.test","type":"work"},{"value":"ann@home.test","type":"home","primary":false},{"type":"fax","primary":true,"value":"f"}]"#
    );
}

#[test]
fn nothing_is_created_from_null() {
    let on = PatchOptions::strict().with_upsert_on_add(true);
    let operation = r#"{"op":"add","path":"emails[type eq \"fax\"].value","value":null}"#;
    assert_eq!(emails(operation, &on).unwrap(), format!("[{WORK},{HOME}]"));
}

// --- relations

fn steps(operations: &str, options: &PatchOptions) -> Result<Vec<MemberStep>, PatchError> {
    let mut group = resource(&group(), r#"{"displayName":"G","id":"g1"}"#);
    let outcome = apply(&mut group, operations, options)?;
    assert!(!outcome.changed, "members are not in the document");
    Ok(outcome.relations.into_iter().flat_map(|(_, delta)| delta.steps).collect())
}

fn added(text: &str) -> MemberStep {
    MemberStep::Add(Value::parse(text.as_bytes()).unwrap())
}

#[test]
fn members_are_collected_in_order_as_sent_without_nulls() {
    let operations = r#"{"op":"add","path":"members","value":{"value":"u1","$ref":null,"type":"User"}},
        {"op":"remove","path":"members[value eq \"u1\" or value eq \"u2\"]"},
        {"op":"add","value":{"members":[{"VALUE":"u3","display":"C"}]}}"#;
    let expected = [
        added(r#"{"value":"u1","type":"User"}"#),
        MemberStep::Remove("u1".to_owned()),
        MemberStep::Remove("u2".to_owned()),
        added(r#"{"value":"u3","display":"C"}"#),
    ];
    assert_eq!(steps(operations, &PatchOptions::strict()).unwrap(), expected);
}

#[test]
fn a_member_must_name_its_target() {
    for (value, hint) in [
        (r#"[{"value":"u1"},{"display":"x"}]"#, "value[1]"),
        (r#"[{"value":""}]"#, "value[0]"),
        (r#"{"type":"User"}"#, "value[0]"),
        ("[{}]", "no \"value\""),
        (r#"[{"value":5}]"#, "value[0].value"),
        (r#"["u1"]"#, "value[0]"),
        (r#""u1""#, "expected an object"),
    ] {
        let operation = format!(r#"{{"op":"add","path":"members","value":{value}}}"#);
        let error = steps(&operation, &PatchOptions::strict()).expect_err(value);
        assert_eq!(error.kind, PatchErrorKind::InvalidValue, "{value}");
        assert!(error.detail.contains(hint), "{value}: {error}");
    }
    let lenient = PatchOptions::strict().with_string_for_complex(true);
    let operation = r#"{"op":"add","path":"members","value":["u1"]}"#;
    assert_eq!(steps(operation, &lenient).unwrap(), [added(r#"{"value":"u1"}"#)]);
}

#[test]
fn a_member_is_not_changed_in_place() {
    for (operation, kind) in [
        (r#"{"op":"add","path":"members[value eq \"u1\"].display","value":"x"}"#, PatchErrorKind::Mutability),
        (r#"{"op":"replace","path":"members[value eq \"u1\"]","value":{"value":"u2"}}"#, PatchErrorKind::Mutability),
        (r#"{"op":"remove","path":"members[value eq \"u1\"].value"}"#, PatchErrorKind::Mutability),
        (r#"{"op":"add","path":"members.value","value":"u1"}"#, PatchErrorKind::InvalidPath),
        (r#"{"op":"remove","path":"members[type eq \"User\"]"}"#, PatchErrorKind::InvalidFilter),
        (r#"{"op":"remove","path":"members[value eq \"a\" and value eq \"b\"]"}"#, PatchErrorKind::InvalidFilter),
        (r#"{"op":"remove","path":"members[value pr]"}"#, PatchErrorKind::InvalidFilter),
        (r#"{"op":"add","path":"members"}"#, PatchErrorKind::InvalidValue),
    ] {
        let error = steps(operation, &PatchOptions::strict()).expect_err(operation);
        assert_eq!(error.kind, kind, "{operation}: {error}");
    }
}

#[test]
fn a_bare_text_that_stands_for_a_read_only_value_sets_no_more_than_the_object_does() {
    let value = Attribute::new("value", Type::String).with_mutability(Mutability::ReadOnly);
    let owner = Attribute::new("owner", Type::Complex)
        .with_sub_attributes([value, Attribute::new("display", Type::String)])
        .with_multi_valued(false);
    let schema = Schema::new("urn:example:Thing", "Thing").with_attribute(owner);
    let registry = Registry::builder().resource_type("Thing", "/Things", "", schema).build().unwrap();
    let things = registry.resource_type("Thing").unwrap();
    for sent in [r#"{"value":"a"}"#, r#""a""#, r#"["a"]"#] {
        let mut thing = resource(things, r#"{"id":"t1"}"#);
        let operation = format!(r#"{{"op":"add","path":"owner","value":{sent}}}"#);
        assert!(!apply(&mut thing, &operation, &PatchOptions::default()).unwrap().changed, "{sent}");
    }
}
