//! §3: resources, `schemas`, common attributes, extensions, relations kept as edges.

use crate::support::*;
use scimstack_schema::{Attribute, Mutability, ReferenceKey, Registry, Returned, Schema, Type, Value, ViolationKind};

#[test]
fn only_objects_are_resources() {
    for text in ["null", "[]", "5", r#""x""#, "true"] {
        let violations = refusals(&user_type(), json(text), &strict());
        assert_eq!(kinds(&violations), [("", ViolationKind::Structure)], "{text}");
    }
}

#[test]
fn schemas_must_hold_the_base_schema_once() {
    let twice = format!(r#"["{USER}","{}"]"#, USER.to_uppercase());
    let without = format!(r#"["{ENTERPRISE}"]"#);
    let not_text = format!(r#"["{USER}",5]"#);
    let bare = format!(r#""{USER}""#);
    for schemas in ["null", "[]", "{}", "5", &bare, &twice, &without, &not_text] {
        let violations = refusals(&user_type(), json(&format!(r#"{{"schemas":{schemas},"userName":"a"}}"#)), &strict());
        assert_eq!(kinds(&violations), [("schemas", ViolationKind::Structure)], "{schemas}");
    }
    let violations = refusals(&user_type(), json(r#"{"userName":"a"}"#), &strict());
    assert_eq!(kinds(&violations), [("schemas", ViolationKind::Structure)]);
    assert!(violations[0].detail.contains(USER), "{}", violations[0].detail);
}

#[test]
fn schemas_is_written_from_what_the_resource_holds() {
    for (members, listed) in [
        (r#""title":"x""#.to_owned(), vec![USER]),
        (format!(r#""{ENTERPRISE}":{{}},"{HAYSTACK}":null"#), vec![USER]),
        (format!(r#""{HAYSTACK}":{{"joinDate":"x"}}"#), vec![USER, HAYSTACK]),
        (
            format!(r#""{HAYSTACK}":{{"joinDate":"x"}},"{ENTERPRISE}":{{"division":"d"}}"#),
            vec![USER, ENTERPRISE, HAYSTACK],
        ),
    ] {
        let found = ingest(&user_type(), user_with(&members), &strict());
        assert_eq!(found.resource.root().get("schemas"), Some(&Value::from(listed)), "{members}");
    }
}

#[test]
fn the_order_of_schemas_does_not_matter() {
    let document = |schemas: [&str; 3]| {
        json(&format!(
            r#"{{"schemas":["{}"],"userName":"a","{HAYSTACK}":{{"joinDate":"x"}},"{ENTERPRISE}":{{"division":"d"}}}}"#,
            schemas.join(r#"",""#)
        ))
    };
    let one = ingest(&user_type(), document([USER, ENTERPRISE, HAYSTACK]), &refusing()).resource;
    for schemas in [[HAYSTACK, ENTERPRISE, USER], [ENTERPRISE, USER, HAYSTACK]] {
        let other = ingest(&user_type(), document(schemas), &refusing()).resource;
        assert_eq!(other.to_bytes(), one.to_bytes());
    }
}

#[test]
fn every_type_has_the_common_attributes_whatever_its_schema_lists() {
    // As schemas of former times list them, and wrongly.
    let schema = Schema::new("urn:example:Team", "Team")
        .with_attribute(Attribute::new("ID", Type::Integer))
        .with_attribute(Attribute::new("externalId", Type::String).with_returned(Returned::Never))
        .with_attribute(
            Attribute::new("meta", Type::Complex).with_sub_attributes([Attribute::new("colour", Type::String)]),
        )
        .with_attribute(Attribute::new("schemas", Type::Boolean))
        .with_attribute(Attribute::new("name", Type::String));
    let plain = Schema::new("urn:example:Team", "Team").with_attribute(Attribute::new("name", Type::String));
    for schema in [schema, plain] {
        let registry = Registry::builder().resource_type("Team", "/Teams", "", schema).build().unwrap();
        let team = registry.resource_type("Team").unwrap();
        let names: Vec<&str> = registry.schemas()[0].attributes.iter().map(|a| &*a.name).collect();
        assert_eq!(names, ["name"], "listed once: by this registry");
        let leaf = |path: &str| team.resolve(path).unwrap().leaf().clone();
        let id = leaf("id");
        assert_eq!((id.r#type, id.mutability, id.returned), (Type::String, Mutability::ReadOnly, Returned::Always));
        assert!(id.case_exact && leaf("externalId").case_exact);
        assert_eq!(leaf("meta.created").r#type, Type::DateTime);
        assert!(team.resolve("meta.colour").is_none());
        let sent =
            r#"{"schemas":["urn:example:Team"],"id":"mine","externalId":"E-1","meta":{"colour":"red"},"name":"n"}"#;
        let kept = ingest(team, json(sent), &refusing()).resource;
        assert_eq!(
            String::from_utf8(kept.to_bytes()).unwrap(),
            r#"{"schemas":["urn:example:Team"],"externalId":"E-1","name":"n"}"#
        );
        let mut shown = kept.root().clone();
        scimstack_schema::Projection::all().apply(team, &mut shown);
        assert_eq!(shown.get("externalId").and_then(Value::as_str), Some("E-1"));
    }
}

#[test]
fn unknown_schema_uris_are_dropped_and_reported_or_refused() {
    let sent = format!(
        r#"{{"schemas":["{USER}","urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],"userName":"a"}}"#
    );
    let found = ingest(&user_type(), json(&sent), &strict());
    assert_eq!(found.unknown, ["urn:ietf:params:scim:schemas:extension:enterprise:2.0User"]);
    let violations = refusals(&user_type(), json(&sent), &refusing());
    assert_eq!(
        kinds(&violations),
        [("urn:ietf:params:scim:schemas:extension:enterprise:2.0User", ViolationKind::Unknown)]
    );
}

#[test]
fn an_extension_that_schemas_forgets_is_accepted_unless_the_letter_is_asked_for() {
    let sent = format!(r#"{{"schemas":["{USER}"],"userName":"a","{HAYSTACK}":{{"joinDate":"2021-03-01"}}}}"#);
    let found = ingest(&user_type(), json(&sent), &strict());
    assert_eq!(found.resource.root().get(HAYSTACK).unwrap().to_string(), r#"{"joinDate":"2021-03-01"}"#);
    assert!(found.unknown.is_empty());
    assert_eq!(kinds(&refusals(&user_type(), json(&sent), &refusing())), [("schemas", ViolationKind::Structure)]);
}

#[test]
fn an_extension_is_an_object() {
    let violations = refusals(&user_type(), user_with(&format!(r#""{ENTERPRISE}":"Ops""#)), &strict());
    assert_eq!(kinds(&violations), [(ENTERPRISE, ViolationKind::Value)]);
}

#[test]
fn unknown_attributes_are_dropped_and_reported_once_by_path() {
    let members = format!(
        r#""shoeSize":42,"employeeNumber":"1","emails":[{{"value":"a","verified":true}},{{"value":"b","verified":true}}],
        "{ENTERPRISE}":{{"floor":7,"manager":{{"managerId":"9"}}}},"rn:ietf:typo":{{"joinDate":"x"}}"#
    );
    let found = ingest(&user_type(), user_with(&members), &strict());
    let floor = format!("{ENTERPRISE}:floor");
    let manager = format!("{ENTERPRISE}:manager.managerId");
    assert_eq!(found.unknown, ["shoeSize", "employeeNumber", "emails.verified", &floor, &manager, "rn:ietf:typo"]);
    let violations = refusals(&user_type(), user_with(&members), &refusing());
    assert_eq!(violations.len(), 6);
    assert!(violations.iter().all(|v| v.kind == ViolationKind::Unknown));
}

#[test]
fn what_is_read_only_is_ignored_whatever_it_holds() {
    let members =
        format!(r#""id":5,"meta":"x","groups":[{{"value":1}}],"{ENTERPRISE}":{{"manager":{{"displayName":7}}}}"#);
    let found = ingest(&user_type(), user_with(&members), &refusing());
    assert_eq!(
        String::from_utf8(found.resource.to_bytes()).unwrap(),
        format!(r#"{{"schemas":["{USER}"],"userName":"ann@x.test"}}"#)
    );
    assert!(found.unknown.is_empty());
}

#[test]
fn required_attributes_must_hold_something() {
    for value in ["", r#""userName":null"#, r#""userName":"""#, r#""userName":[]"#, r#""userName":{}"#] {
        let comma = if value.is_empty() { "" } else { "," };
        let document = json(&format!(r#"{{"schemas":["{USER}"]{comma}{value}}}"#));
        for options in [strict(), lenient()] {
            let violations = refusals(&user_type(), document.clone(), &options);
            assert_eq!(kinds(&violations), [("userName", ViolationKind::Required)], "{value}");
            assert_eq!(violations[0].detail, "userName is required: send a string that is not empty.");
        }
    }
    // A wrong value is one mistake, not two.
    let document = json(&format!(r#"{{"schemas":["{USER}"],"userName":5}}"#));
    assert_eq!(kinds(&refusals(&user_type(), document, &strict())), [("userName", ViolationKind::Value)]);
}

#[test]
fn a_required_extension_must_be_there_with_its_required_attributes() {
    let uri = "urn:example:params:scim:schemas:extension:badge:1.0:User";
    let badge = Schema::new(uri, "Badge")
        .with_attribute(Attribute::new("number", Type::String).with_required(true))
        .with_attribute(Attribute::new("color", Type::String));
    let type_with = |required| {
        let registry =
            Registry::core().to_builder().extension("User", badge.clone(), required).unwrap().build().unwrap();
        registry.resource_type("User").unwrap().clone()
    };
    let document = |extension: &str| json(&format!(r#"{{"schemas":["{USER}"],"userName":"a"{extension}}}"#));
    let (none, half, whole) = (
        document(""),
        document(&format!(r#","{uri}":{{"color":"red"}}"#)),
        document(&format!(r#","{uri}":{{"number":"7"}}"#)),
    );
    let number = format!("{uri}:number");
    assert_eq!(kinds(&refusals(&type_with(true), none.clone(), &strict())), [(uri, ViolationKind::Required)]);
    assert_eq!(
        kinds(&refusals(&type_with(true), half.clone(), &strict())),
        [(number.as_str(), ViolationKind::Required)]
    );
    assert_eq!(kinds(&refusals(&type_with(false), half, &strict())), [(number.as_str(), ViolationKind::Required)]);
    ingest(&type_with(false), none, &strict());
    let kept = ingest(&type_with(true), whole, &strict()).resource;
    let mut without = kept.clone();
    without.root_mut().remove(uri);
    without.normalize();
    type_with(true).validate(&kept).unwrap();
    assert_eq!(kinds(&type_with(true).validate(&without).unwrap_err().0), [(uri, ViolationKind::Required)]);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let document = json(&format!(
        r#"{{"schemas":[],"active":"yes","emails":"x","name":{{"givenName":[1,2]}},"{ENTERPRISE}":{{"manager":5}}}}"#
    ));
    let violations = refusals(&user_type(), document, &strict());
    let manager = format!("{ENTERPRISE}:manager");
    assert_eq!(
        kinds(&violations),
        [
            ("schemas", ViolationKind::Structure),
            ("active", ViolationKind::Value),
            ("emails", ViolationKind::Value),
            ("name.givenName", ViolationKind::Value),
            (&manager, ViolationKind::Value),
            ("userName", ViolationKind::Required),
        ]
    );
}

fn group(members: &str) -> Value {
    json(&format!(r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"g"{members}}}"#))
}

#[test]
fn members_are_given_apart_and_never_stay_in_the_document() {
    let sent = r#","MEMBERS":[{"VALUE":"u1","display":"Ann","$ref":null,"type":"User"},{"value":"u2","$REF":"../Users/u2"},null]"#;
    let found = ingest(&group_type(), group(sent), &strict());
    assert_eq!(
        String::from_utf8(found.resource.to_bytes()).unwrap(),
        r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"g"}"#
    );
    let (name, values) = &found.relations[0];
    assert_eq!((name.as_str(), found.relations.len()), ("members", 1));
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    assert_eq!(values, [r#"{"value":"u1","display":"Ann","type":"User"}"#, r#"{"value":"u2","$ref":"../Users/u2"}"#]);
    group_type().validate(&found.resource).unwrap();
}

#[test]
fn no_members_and_members_unmentioned_are_told_apart() {
    assert!(ingest(&group_type(), group(""), &strict()).relations.is_empty());
    for none in ["null", "[]", "{}"] {
        let found = ingest(&group_type(), group(&format!(r#","members":{none}"#)), &strict());
        assert_eq!(found.relations, [("members".to_owned(), Vec::new())], "{none}");
    }
}

#[test]
fn every_member_must_name_somebody() {
    let sent = r#","members":[{"value":"u1"},{"display":"x"},{"value":""},{},{"value":5},"u2"]"#;
    let violations = refusals(&group_type(), group(sent), &strict());
    assert_eq!(
        kinds(&violations),
        [
            ("members[1].value", ViolationKind::Value),
            ("members[2].value", ViolationKind::Value),
            ("members[3].value", ViolationKind::Value),
            ("members[4].value", ViolationKind::Value),
            ("members[5]", ViolationKind::Value),
        ]
    );
    assert_eq!(
        kinds(&refusals(&group_type(), group(r#","members":"u1""#), &strict())),
        [("members", ViolationKind::Value)]
    );
    let found = ingest(&group_type(), group(r#","members":["u1",{"value":"u2"}]"#), &lenient());
    assert_eq!(found.relations[0].1, [json(r#"{"value":"u1"}"#), json(r#"{"value":"u2"}"#)]);
    assert_eq!(found.leniencies, ["string-for-complex"]);
    let found = ingest(&group_type(), group(r#","members":{"value":"u1"}"#), &lenient());
    assert_eq!(found.leniencies, ["object-for-list"]);
}

#[test]
fn references_with_one_value_stay_in_the_document_as_sent() {
    let members =
        format!(r#""{ENTERPRISE}":{{"manager":{{"value":"Boss@X.test"}}}},"{HAYSTACK}":{{"managerExternalId":"E-1"}}"#);
    assert_eq!(kept(&members, &strict()), format!("{{{members}}}"));
    assert!(ingest(&user_type(), user_with(&members), &strict()).relations.is_empty());
}

#[test]
fn validation_judges_a_changed_document_like_a_new_one() {
    let user = user_type();
    let good =
        ingest(&user, user_with(r#""emails":[{"value":"a","primary":true}],"password":"p""#), &strict()).resource;
    user.validate(&good).unwrap();
    let changed = |change: &dyn Fn(&mut scimstack_schema::Object)| {
        let mut resource = good.clone();
        resource.set_id("u1");
        change(resource.root_mut());
        resource.normalize();
        user.validate(&resource).map_err(|v| v.0)
    };
    changed(&|root| drop(root.remove("emails"))).unwrap();
    changed(&|root| drop(root.insert("retiredField", "kept from an older registry"))).unwrap();
    let violations = changed(&|root| drop(root.remove("userName"))).unwrap_err();
    assert_eq!(kinds(&violations), [("userName", ViolationKind::Required)]);
    let violations = changed(&|root| drop(root.insert("active", "True"))).unwrap_err();
    assert_eq!(kinds(&violations), [("active", ViolationKind::Value)]);
    let two = json(r#"[{"value":"a","primary":true},{"value":"b","primary":true}]"#);
    let violations = changed(&|root| drop(root.insert("emails", two.clone()))).unwrap_err();
    assert_eq!(kinds(&violations), [("emails", ViolationKind::Value)]);
}

#[test]
fn required_values_that_are_kept_elsewhere_are_asked_for_on_the_way_in_only() {
    let schema = Schema::new("urn:example:Team", "Team")
        .with_attribute(
            Attribute::new("crew", Type::Complex)
                .with_multi_valued(true)
                .with_required(true)
                .with_sub_attributes([Attribute::new("value", Type::String)]),
        )
        .with_attribute(
            Attribute::new("code", Type::String).with_required(true).with_mutability(Mutability::WriteOnly),
        );
    let registry = Registry::builder()
        .resource_type("Team", "/Teams", "", schema)
        .relation("Team", "crew", "crew.value", &[ReferenceKey::Id], &["Team"])
        .unwrap()
        .build()
        .unwrap();
    let team = registry.resource_type("Team").unwrap();
    let whole = r#"{"schemas":["urn:example:Team"],"crew":[{"value":"t1"}],"code":"1234"}"#;
    let found = ingest(team, json(whole), &strict());
    assert_eq!((found.relations.len(), found.hidden.len()), (1, 1));
    team.validate(&found.resource).unwrap();
    let violations = refusals(team, json(r#"{"schemas":["urn:example:Team"],"crew":[]}"#), &strict());
    assert_eq!(kinds(&violations), [("crew", ViolationKind::Required), ("code", ViolationKind::Required)]);
    assert_eq!(violations[0].detail, "crew is required: send an array with at least one value.");
}
