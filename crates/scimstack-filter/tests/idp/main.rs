//! What identity providers send, as they send it, with the leniencies their profiles have on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected is to fail"
)]

#[path = "../support/mod.rs"]
mod support;

use scimstack_filter::patch::{MemberDelta, MemberStep, PatchErrorKind};
use scimstack_filter::{Patch, PatchError, PatchOptions, PatchOutcome};
use scimstack_schema::{Resource, Value};
use support::{ENT, ann, apply, group, json, patch, resource, user};

/// An unknown client: what does no harm.
fn generic() -> PatchOptions {
    PatchOptions::default()
}

fn okta() -> PatchOptions {
    generic().with_upsert_on_replace(true).with_empty_string_unassigns(true)
}

fn entra() -> PatchOptions {
    okta().with_short_manager(true)
}

/// The letter, but for the op: Entra's is in capitals, which hides what else it departs in.
fn strict() -> PatchOptions {
    PatchOptions::strict().with_op_case(true)
}

fn minimal() -> Resource {
    resource(&user(), r#"{"id":"u1","userName":"ann"}"#)
}

fn done(resource: &mut Resource, operations: &str, options: &PatchOptions) -> PatchOutcome {
    apply(resource, operations, options).unwrap_or_else(|error| panic!("{operations}: {error}"))
}

fn kind(resource: &mut Resource, operations: &str, options: &PatchOptions) -> PatchErrorKind {
    apply(resource, operations, options).expect_err(operations).kind
}

fn text(resource: &Resource, path: &str) -> Option<String> {
    let path = resource.resource_type().resolve(&path.replace("ent:", ENT)).unwrap();
    resource.value(&path).map(ToString::to_string)
}

fn members(operations: &str, options: &PatchOptions) -> Result<MemberDelta, PatchError> {
    let delta = patch(operations, options)?.as_relation_delta(&group(), options)?.expect("members alone");
    let [(name, delta)] = delta.relations.as_slice() else { panic!("{delta:?}") };
    assert_eq!(name, "members");
    Ok(delta.clone())
}

fn added(text: &str) -> MemberStep {
    MemberStep::Add(json(text))
}

fn removed(value: &str) -> MemberStep {
    MemberStep::Remove(value.to_owned())
}

// --- Okta

#[test]
fn okta_deactivates_without_a_path() {
    let mut user = ann();
    let outcome = done(&mut user, r#"{"op":"replace","value":{"active":false}}"#, &strict());
    assert!(outcome.changed && outcome.leniencies.is_empty());
    assert_eq!(text(&user, "active").as_deref(), Some("false"));
    assert_eq!(text(&user, "userName").as_deref(), Some("\"ann@x.test\""));
}

#[test]
fn okta_changes_members_by_filter_and_list() {
    let operations = r#"{"op":"remove","path":"members[value eq \"89bb1940-b905-4575-9e7f-6f887cfb368e\"]"},
        {"op":"add","path":"members","value":[{"value":"23a35c27-23d3-4c03-b4c5-6443c09e7173","display":"test.user@okta.local"}]}"#;
    let delta = members(operations, &strict()).unwrap();
    assert_eq!(
        delta.steps,
        [
            removed("89bb1940-b905-4575-9e7f-6f887cfb368e"),
            added(r#"{"value":"23a35c27-23d3-4c03-b4c5-6443c09e7173","display":"test.user@okta.local"}"#),
        ]
    );
}

#[test]
fn a_group_replaced_as_a_whole_may_hold_its_own_id() {
    let body = r#"{"op":"replace","value":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"g1",
        "displayName":"Renamed","externalId":"E1"}}"#;
    let mut it = resource(&group(), r#"{"id":"g1","displayName":"G"}"#);
    assert!(done(&mut it, body, &strict()).changed);
    assert_eq!(text(&it, "displayName").as_deref(), Some("\"Renamed\""));
    assert_eq!(kind(&mut it, &body.replace("\"g1\"", "\"g2\""), &generic()), PatchErrorKind::Mutability);
}

#[test]
fn an_empty_string_unassigns_what_is_optional_where_that_is_on() {
    let operations = r#"{"op":"replace","path":"externalId","value":""},{"op":"replace","value":{"name":{"givenName":""}}},
        {"op":"replace","path":"emails[type eq \"home\"].value","value":""}"#;
    let mut user = ann();
    let outcome = done(&mut user, operations, &okta());
    assert_eq!(outcome.leniencies, ["empty-string"]);
    assert_eq!(text(&user, "externalId"), None);
    assert_eq!(text(&user, "name").as_deref(), Some(r#"{"familyName":"Øre"}"#));
    assert!(text(&user, "emails").unwrap().ends_with(r#",{"type":"home"}]"#));

    let mut kept = ann();
    done(&mut kept, operations, &generic());
    assert_eq!(text(&kept, "externalId").as_deref(), Some("\"\""), "off, it is kept as sent");
    assert_eq!(
        kind(&mut ann(), r#"{"op":"replace","path":"userName","value":""}"#, &okta()),
        PatchErrorKind::InvalidValue
    );
}

// --- Entra

#[test]
fn entra_updates_one_attribute_an_operation() {
    let operations = r#"{"op":"Replace","path":"displayName","value":"Pvlo"},
        {"op":"Replace","path":"emails[type eq \"work\"].value","value":"a@b.com"},
        {"op":"Replace","path":"name.givenName","value":"Gtfd"},
        {"op":"Replace","path":"externalId","value":"Eqpj"},
        {"op":"Replace","path":"ent:employeeNumber","value":"Eqpj"}"#;
    let mut user = ann();
    assert!(
        done(&mut user, operations, &entra()).leniencies.is_empty(),
        "op-case is of the body, and told by its reading"
    );
    assert_eq!(text(&user, "displayName").as_deref(), Some("\"Pvlo\""));
    assert!(text(&user, "emails").unwrap().starts_with(r#"[{"value":"a@b.com","type":"work","primary":true}"#));
    assert_eq!(text(&user, "name").as_deref(), Some(r#"{"givenName":"Gtfd","familyName":"Øre"}"#));
    assert_eq!(text(&user, "externalId").as_deref(), Some("\"Eqpj\""));
    assert_eq!(text(&user, "ent:employeeNumber").as_deref(), Some("\"Eqpj\""));
}

#[test]
fn entra_with_its_flag_sends_paths_as_keys() {
    let operations = r#"{"op":"replace","value":{"displayName":"Bjfe","name.givenName":"Kkom","name.familyName":"Unua",
        "ent:employeeNumber":"Aklq","emails[type eq \"work\"].value":"k@x.test"}}"#;
    let mut user = ann();
    let outcome = done(&mut user, operations, &generic());
    assert_eq!((outcome.leniencies.as_slice(), outcome.unknown.len()), (&["keys-are-paths"][..], 0));
    assert_eq!(text(&user, "name").as_deref(), Some(r#"{"givenName":"Kkom","familyName":"Unua"}"#));
    assert_eq!(text(&user, "ent:employeeNumber").as_deref(), Some("\"Aklq\""));
    assert!(text(&user, "emails").unwrap().contains("k@x.test"));

    let outcome = done(&mut ann(), operations, &strict());
    assert_eq!(outcome.unknown.len(), 4, "off, they are attributes that nothing declares");
}

#[test]
fn entra_expects_a_value_path_to_create_its_element() {
    let operations = r#"{"op":"Add","path":"emails[type eq \"work\"].value","value":"x@y"},
        {"op":"Add","path":"emails[type eq \"work\"].primary","value":true},
        {"op":"Add","path":"addresses[type eq \"work\"].locality","value":"Paris"},
        {"op":"Add","path":"addresses[type eq \"work\"].primary","value":"True"},
        {"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+33"},
        {"op":"Add","path":"phoneNumbers[type eq \"fax\"].value","value":"+34"}"#;
    let mut it = minimal();
    assert_eq!(done(&mut it, operations, &generic()).leniencies, ["upsert-on-add", "boolean-string"]);
    assert_eq!(text(&it, "emails").as_deref(), Some(r#"[{"type":"work","value":"x@y","primary":true}]"#));
    assert_eq!(text(&it, "addresses").as_deref(), Some(r#"[{"type":"work","locality":"Paris","primary":true}]"#));
    let phones = r#"[{"type":"mobile","value":"+33"},{"type":"fax","value":"+34"}]"#;
    assert_eq!(text(&it, "phoneNumbers").as_deref(), Some(phones));

    let replace = r#"{"op":"Replace","path":"emails[type eq \"work\"].value","value":"x@y"}"#;
    let mut it = minimal();
    assert_eq!(done(&mut it, replace, &entra()).leniencies, ["upsert-on-replace"]);
    assert_eq!(text(&it, "emails").as_deref(), Some(r#"[{"type":"work","value":"x@y"}]"#));
    assert_eq!(kind(&mut minimal(), replace, &generic()), PatchErrorKind::NoTarget);
}

#[test]
fn entra_compares_primary_with_a_string() {
    for op in ["Add", "Replace"] {
        let operations = ["display", "value", "type"]
            .map(|sub| format!(r#"{{"op":"{op}","path":"roles[primary eq \"True\"].{sub}","value":"{sub} one"}}"#));
        let mut it = minimal();
        let outcome = done(&mut it, &operations.join(","), &entra());
        assert!(outcome.changed);
        assert!(outcome.leniencies.contains(&"boolean-string"), "{:?}", outcome.leniencies);
        let expected = r#"[{"primary":true,"display":"display one","value":"value one","type":"type one"}]"#;
        assert_eq!(text(&it, "roles").as_deref(), Some(expected));
        assert_eq!(kind(&mut minimal(), &operations[0], &strict()), PatchErrorKind::InvalidFilter);
    }
}

#[test]
fn entra_puts_json_into_the_value_of_a_role() {
    let operation = r#"{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"06b0\",\"value\":\"25\",\"displayName\":\"Role1234\"}"}]}"#;
    let mut it = minimal();
    done(&mut it, operation, &entra());
    let path = user().resolve("roles").unwrap();
    let role = it.value(&path).unwrap().as_array().unwrap()[0].get("value").unwrap();
    assert_eq!(role.as_str(), Some(r#"{"id":"06b0","value":"25","displayName":"Role1234"}"#));
}

#[test]
fn booleans_come_as_strings_and_lists_of_one() {
    for (value, expected) in [
        ("\"False\"", "false"),
        ("\"false\"", "false"),
        ("\"True\"", "true"),
        ("\"TRUE\"", "true"),
        ("[false]", "false"),
        ("[\"true\"]", "true"),
        ("true", "true"),
    ] {
        for operation in [
            format!(r#"{{"op":"Replace","path":"active","value":{value}}}"#),
            format!(r#"{{"op":"replace","value":{{"active":{value}}}}}"#),
        ] {
            let mut user = ann();
            done(&mut user, &operation, &generic());
            assert_eq!(text(&user, "active").as_deref(), Some(expected), "{operation}");
        }
    }
    for value in ["\"yes\"", "\"0\"", "1", "[true,false]", "[[true]]", "[]", "{}"] {
        let operation = format!(r#"{{"op":"Replace","path":"active","value":{value}}}"#);
        assert_eq!(kind(&mut ann(), &operation, &entra()), PatchErrorKind::InvalidValue, "{value}");
    }
    for (operation, option) in [
        (r#"{"op":"replace","path":"active","value":"False"}"#, generic().with_boolean_strings(false)),
        (r#"{"op":"replace","path":"active","value":[false]}"#, generic().with_unwrap_single(false)),
        (r#"{"op":"replace","path":"title","value":["Dr"]}"#, generic()),
    ] {
        assert_eq!(kind(&mut ann(), operation, &option), PatchErrorKind::InvalidValue, "{operation}");
    }
}

#[test]
fn a_manager_comes_in_many_forms() {
    for op in ["Add", "Replace"] {
        for (path, value) in [
            ("ent:manager", r#""u5""#),
            ("ent:manager", r#"[{"$ref":"http://h.test/scim/Users/u5","value":"u5"}]"#),
            ("ent:manager", r#"{"value":"u5"}"#),
            ("ent:manager", r#"{"value":{"value":"u5"}}"#),
            ("ent:manager.value", r#""u5""#),
            ("manager", r#""u5""#),
            ("manager", r#"[{"$ref":"http://h.test/scim/Users/u5","value":"u5"}]"#),
            ("manager.value", r#""u5""#),
        ] {
            for operation in [
                format!(r#"{{"op":"{op}","path":"{path}","value":{value}}}"#),
                format!(r#"{{"op":"{op}","value":{{"{path}":{value}}}}}"#),
            ] {
                let mut user = ann();
                done(&mut user, &operation, &entra());
                assert_eq!(text(&user, "ent:manager.value").as_deref(), Some("\"u5\""), "{operation}");
            }
        }
    }
    assert_eq!(kind(&mut ann(), r#"{"op":"Add","path":"manager","value":"u5"}"#, &generic()), PatchErrorKind::NoTarget);
    assert_eq!(
        kind(&mut ann(), r#"{"op":"Add","path":"ent:manager","value":"u5"}"#, &strict()),
        PatchErrorKind::InvalidValue
    );
}

#[test]
fn a_manager_goes_in_many_ways() {
    for operation in [
        r#"{"op":"replace","path":"ent:manager","value":""}"#,
        r#"{"op":"replace","path":"ent:manager","value":{"value":""}}"#,
        r#"{"op":"replace","path":"ent:manager","value":{"value":null}}"#,
        r#"{"op":"replace","path":"ent:manager","value":null}"#,
        r#"{"op":"replace","path":"ent:manager","value":[]}"#,
        r#"{"op":"replace","path":"ent:manager.value","value":""}"#,
        r#"{"op":"Remove","path":"ent:manager"}"#,
        r#"{"op":"Remove","path":"ent:manager","value":"u9"}"#,
    ] {
        let mut user = ann();
        assert!(done(&mut user, operation, &generic()).changed, "{operation}");
        assert_eq!(text(&user, "ent:manager"), None, "{operation}");
        assert_eq!(text(&user, "ent:employeeNumber").as_deref(), Some("\"007\""), "{operation}");
    }
    let short = r#"{"op":"Remove","path":"manager"}"#;
    let mut user = ann();
    assert_eq!(done(&mut user, short, &entra()).leniencies, ["short-manager"]);
    assert_eq!(text(&user, "ent:manager"), None);
}

#[test]
fn an_extension_with_dots_in_its_version_is_no_path_by_itself() {
    let uri = "urn:ietf:params:scim:schemas:extension:haystack:1.0:User";
    let operation = format!(r#"{{"op":"Add","path":"{uri}:managerExternalId","value":"obj-9"}}"#);
    let mut user = ann();
    done(&mut user, &operation, &entra());
    assert_eq!(text(&user, &format!("{uri}:managerExternalId")).as_deref(), Some("\"obj-9\""));
    assert_eq!(text(&user, "ent:manager.value").as_deref(), Some("\"u9\""));
}

#[test]
fn entra_changes_members_with_references_that_are_null() {
    let add = r#"{"op":"Add","path":"members","value":[{"$ref":null,"value":"f648"},{"$ref":null,"value":"f649"}]}"#;
    let steps = [added(r#"{"value":"f648"}"#), added(r#"{"value":"f649"}"#)];
    assert_eq!(members(add, &strict()).unwrap().steps, steps);
    let remove = r#"{"op":"Remove","path":"members","value":[{"$ref":null,"value":"f648"}]}"#;
    let delta = members(remove, &entra()).unwrap();
    assert_eq!((delta.replace, delta.steps), (None, vec![removed("f648")]));
    let flagged = r#"{"op":"remove","path":"members[value eq \"f648\"]"}"#;
    assert_eq!(members(flagged, &strict()).unwrap().steps, [removed("f648")]);
    let all = members(r#"{"op":"Remove","path":"members"}"#, &entra()).unwrap();
    assert_eq!((all.replace, all.steps), (Some(Vec::new()), Vec::new()));
    let validator = members(r#"{"op":"replace","path":"members","value":[{"value":"f648"}]}"#, &entra()).unwrap();
    assert_eq!(validator.replace, Some(vec![json(r#"{"value":"f648"}"#)]));
}

// --- others

#[test]
fn authentik_sends_one_operation_a_member() {
    let operations = r#"{"op":"add","path":"members","value":[{"value":"u1"}]},{"op":"remove","path":"members","value":[{"value":"u2"}]}"#;
    assert_eq!(members(operations, &generic()).unwrap().steps, [added(r#"{"value":"u1"}"#), removed("u2")]);
}

#[test]
fn keycloak_replaces_all_members_and_clears_them_with_null() {
    let replace = r#"{"op":"replace","path":"members","value":[{"value":"u1","$ref":"Users/u1"}]}"#;
    let delta = members(replace, &generic()).unwrap();
    assert_eq!(delta.replace, Some(vec![json(r#"{"value":"u1","$ref":"Users/u1"}"#)]));
    let cleared = members(r#"{"op":"remove","path":"members","value":null}"#, &generic()).unwrap();
    assert_eq!(cleared.replace, Some(Vec::new()));
}

#[test]
fn a_body_without_schemas_is_read_where_that_is_on() {
    let body = || json(r#"{"Operations":[{"op":"replace","path":"active","value":false}]}"#);
    let patch = Patch::from_value(body(), &generic()).unwrap();
    let mut user = ann();
    assert!(patch.apply(&mut user, &generic()).unwrap().changed);
    assert_eq!(Patch::from_value(body(), &strict()).unwrap_err().kind, PatchErrorKind::InvalidSyntax);
}

#[test]
fn groups_are_ignored_in_a_value_and_refused_as_a_path() {
    let mut user = ann();
    assert!(!done(&mut user, r#"{"op":"replace","value":{"groups":[]}}"#, &generic()).changed);
    let path = r#"{"op":"replace","path":"groups","value":[]}"#;
    assert_eq!(kind(&mut user, path, &entra()), PatchErrorKind::Mutability);
    assert_eq!(user.root().get("groups"), None::<&Value>);
}
