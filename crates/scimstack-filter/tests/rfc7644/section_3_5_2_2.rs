//! PATCH `remove`: values, elements, sub-attributes, and lists of values that some clients send.

use crate::support::{ENT, ann, apply, group, resource};
use scimstack_filter::patch::{MemberDelta, MemberStep, PatchErrorKind};
use scimstack_filter::{PatchError, PatchOptions};

fn after(operation: &str, options: &PatchOptions, name: &str) -> Result<Option<String>, PatchError> {
    let mut user = ann();
    apply(&mut user, operation, options)?;
    Ok(user.root().get(name).map(ToString::to_string))
}

fn strict(operation: &str, name: &str) -> Option<String> {
    after(operation, &PatchOptions::strict(), name).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

#[test]
fn a_single_value_goes_whatever_value_is_sent_along() {
    assert_eq!(strict(r#"{"op":"remove","path":"externalId","value":"other"}"#, "externalId"), None);
    assert_eq!(strict(r#"{"op":"remove","path":"name","value":{"givenName":"x"}}"#, "name"), None);
    assert_eq!(strict(r#"{"op":"remove","path":"active"}"#, "active"), None);
}

#[test]
fn a_sub_attribute_goes_from_each_match() {
    let found = strict(r#"{"op":"remove","path":"emails[value pr].type"}"#, "emails").unwrap();
    assert_eq!(found, r#"[{"value":"ann@x.test","primary":true},{"value":"ann@home.test"}]"#);
}

#[test]
fn an_element_without_anything_left_is_gone() {
    let operations = r#"{"op":"remove","path":"emails[type eq \"home\"].value"},{"op":"remove","path":"emails[type eq \"home\"].type"}"#;
    let found = strict(operations, "emails").unwrap();
    assert_eq!(found, r#"[{"value":"ann@x.test","type":"work","primary":true}]"#);
}

#[test]
fn removing_the_primary_leaves_none() {
    let found = strict(r#"{"op":"remove","path":"emails[primary eq true]"}"#, "emails").unwrap();
    assert_eq!(found, r#"[{"value":"ann@home.test","type":"home"}]"#);
}

#[test]
fn the_last_part_of_a_manager_takes_it_along() {
    let extension = strict(r#"{"op":"remove","path":"ent:manager.value"}"#, ENT.trim_end_matches(':')).unwrap();
    assert_eq!(extension, r#"{"employeeNumber":"007"}"#);
}

#[test]
fn a_list_of_values_means_these_and_never_all() {
    let lenient = PatchOptions::strict().with_remove_listed(true);
    let both = strict(r#"{"op":"remove","path":"title"}"#, "emails");
    for (value, left) in [
        (r#"[{"value":"ANN@x.test"}]"#, Some(r#"[{"value":"ann@home.test","type":"home"}]"#)),
        (r#"{"value":"ann@x.test","display":"whatever"}"#, Some(r#"[{"value":"ann@home.test","type":"home"}]"#)),
        (r#"[{"type":"work"}]"#, Some(r#"[{"value":"ann@home.test","type":"home"}]"#)),
        (r#"[{"value":"ann@x.test","type":"home"}]"#, both.as_deref()),
        (r#"[{"value":"x"}]"#, both.as_deref()),
        ("[]", both.as_deref()),
        (r#"[{"value":"ann@x.test"},{"value":"ann@home.test"}]"#, None),
        ("null", None),
    ] {
        let operation = format!(r#"{{"op":"remove","path":"emails","value":{value}}}"#);
        assert_eq!(after(&operation, &lenient, "emails").unwrap().as_deref(), left, "{value}");
    }
    let error = after(r#"{"op":"remove","path":"emails","value":[{"value":"a"}]}"#, &PatchOptions::strict(), "emails");
    assert_eq!(error.unwrap_err().kind, PatchErrorKind::InvalidValue, "off, it is refused rather than read as all");
}

fn members(operations: &str, options: &PatchOptions) -> Result<MemberDelta, PatchError> {
    let mut group = resource(&group(), r#"{"displayName":"G","id":"g1"}"#);
    let outcome = apply(&mut group, operations, options)?;
    let [(name, delta)] = outcome.relations.as_slice() else { panic!("{:?}", outcome.relations) };
    assert_eq!(name, "members");
    Ok(delta.clone())
}

#[test]
fn all_members_go_and_what_came_before_does_not_matter() {
    let options = PatchOptions::strict();
    for remove in [
        r#"{"op":"remove","path":"members"}"#,
        r#"{"op":"remove","path":"members","value":null}"#,
        r#"{"op":"replace","path":"members","value":[]}"#,
    ] {
        let operations = format!(
            r#"{{"op":"add","path":"members","value":{{"value":"u1"}}}},{remove},{{"op":"remove","path":"members[value eq \"u2\"]"}}"#
        );
        let delta = members(&operations, &options).unwrap();
        assert_eq!(delta.replace, Some(Vec::new()), "{remove}");
        assert_eq!(delta.steps, [MemberStep::Remove("u2".to_owned())], "{remove}");
    }
}

#[test]
fn listed_members_go_alone() {
    let operation = r#"{"op":"remove","path":"members","value":[{"value":"u1"},{"value":"u2","display":"B"}]}"#;
    let delta = members(operation, &PatchOptions::default()).unwrap();
    assert_eq!((delta.replace, delta.steps.len()), (None, 2));
    let none = members(r#"{"op":"remove","path":"members","value":[]}"#, &PatchOptions::default()).unwrap();
    assert_eq!(none, MemberDelta::default());
    let refused = members(operation, &PatchOptions::strict()).unwrap_err();
    assert_eq!(refused.kind, PatchErrorKind::InvalidValue);
}
