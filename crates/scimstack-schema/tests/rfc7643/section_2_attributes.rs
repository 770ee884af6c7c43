//! §2: attribute names, data types, lists, unassigned values.

use crate::support::*;
use scimstack_schema::{Attribute, IngestOptions, Mutability, Registry, Returned, Schema, Type, Value, ViolationKind};

const TYPES: &str = "urn:example:params:scim:schemas:extension:types:1.0:User";

/// A user type with one attribute of each data type.
fn typed() -> Registry {
    let schema = Schema::new(TYPES, "Types")
        .with_attribute(Attribute::new("string", Type::String))
        .with_attribute(Attribute::new("boolean", Type::Boolean))
        .with_attribute(Attribute::new("integer", Type::Integer))
        .with_attribute(Attribute::new("decimal", Type::Decimal))
        .with_attribute(Attribute::new("dateTime", Type::DateTime))
        .with_attribute(Attribute::new("binary", Type::Binary))
        .with_attribute(Attribute::new("reference", Type::Reference))
        .with_attribute(Attribute::new("list", Type::Integer).with_multi_valued(true))
        .with_attribute(Attribute::new("object", Type::Complex).with_sub_attributes([
            Attribute::new("must", Type::String).with_required(true),
            Attribute::new("may", Type::String),
        ]));
    Registry::core().to_builder().extension("User", schema, false).unwrap().build().unwrap()
}

fn outcome(name: &str, value: &str, options: &IngestOptions) -> Result<String, String> {
    let registry = typed();
    let document =
        json(&format!(r#"{{"schemas":["{USER}","{TYPES}"],"userName":"a","{TYPES}":{{"{name}":{value}}}}}"#));
    match registry.resource_type("User").unwrap().ingest(document, options) {
        Ok(found) => {
            Ok(found.resource.root().get(TYPES).and_then(|t| t.get(name)).map_or("-".into(), Value::to_string))
        }
        Err(violations) => {
            assert_eq!(kinds(&violations.0), [(format!("{TYPES}:{name}").as_str(), ViolationKind::Value)]);
            Err(violations.0[0].detail.clone())
        }
    }
}

#[test]
fn names_are_found_without_case_and_written_as_registered() {
    let sent = r#"{"SCHEMAS":["URN:ietf:params:scim:schemas:core:2.0:user","URN:IETF:PARAMS:SCIM:SCHEMAS:EXTENSION:ENTERPRISE:2.0:USER"],
        "USERNAME":"ann","Name":{"GIVENNAME":"Ann"},"EMAILS":[{"Value":"a@x.test","TYPE":"work"}],
        "urn:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User":{"Department":"Ops","MANAGER":{"VALUE":"u9"}}}"#;
    let found = ingest(&user_type(), json(sent), &refusing());
    assert_eq!(
        String::from_utf8(found.resource.to_bytes()).unwrap(),
        format!(
            r#"{{"schemas":["{USER}","{ENTERPRISE}"],"userName":"ann","name":{{"givenName":"Ann"}},"emails":[{{"value":"a@x.test","type":"work"}}],"{ENTERPRISE}":{{"department":"Ops","manager":{{"value":"u9"}}}}}}"#
        )
    );
}

#[test]
fn values_of_the_declared_type_are_kept_as_they_were_sent() {
    for (name, value) in [
        ("string", r#""  Ann \u00d8 ""#),
        ("string", r#""""#),
        ("boolean", "true"),
        ("boolean", "false"),
        ("integer", "-7"),
        ("integer", "0"),
        ("integer", "123456789012345678901234567890"),
        ("decimal", "1.10"),
        ("decimal", "1e2"),
        ("decimal", "3"),
        ("dateTime", r#""2026-03-01T10:00:00.5+01:00""#),
        ("dateTime", r#""2026-03-01T24:00:00Z""#),
        ("dateTime", r#""-0044-03-15T00:00:00""#),
        ("binary", r#""aGk=""#),
        ("binary", r#""aGk""#),
        ("binary", r#""aGkx""#),
        ("binary", r#""""#),
        ("reference", r#""../Users/u1""#),
        ("reference", "\"#top\""),
        ("reference", r#""https://x.test/\u00e9/%20?a=b""#),
        ("list", "[1,2,1]"),
    ] {
        assert_eq!(outcome(name, value, &strict()), Ok(json(value).to_string()), "{name} {value}");
    }
}

#[test]
fn values_of_another_type_are_refused_with_the_path_and_what_would_be_right() {
    for (name, value, hint) in [
        ("string", "5", "must be a string, not a number"),
        ("string", "true", "must be a string, not a boolean"),
        ("string", r#"["a"]"#, "send the value alone"),
        ("string", r#"{"a":1}"#, "must be a string, not an object"),
        ("boolean", r#""yes""#, r#"must be true or false, without quotes, not the string "yes""#),
        ("boolean", r#""true""#, "without quotes"),
        ("boolean", "1", "must be true or false"),
        ("boolean", "[false]", "send the value alone"),
        ("integer", "3.0", "without fraction and exponent, not 3.0"),
        ("integer", "1e2", "without fraction and exponent, not 1e2"),
        ("integer", r#""3""#, "must be a whole number"),
        ("decimal", r#""1.5""#, "must be a number"),
        ("dateTime", r#""2026-03-01""#, "such as 2026-03-01T10:00:00Z"),
        ("dateTime", r#""2026-03-01 10:00:00Z""#, "such as 2026-03-01T10:00:00Z"),
        ("dateTime", r#""2026-03-01T10:00:00+14:30""#, "such as"),
        ("dateTime", r#""""#, "such as"),
        ("dateTime", "1767225600", "such as"),
        ("binary", r#""aGk==""#, "base64"),
        ("binary", r#""a""#, "base64"),
        ("binary", r#""aG_-""#, "base64"),
        ("binary", r#""aG k""#, "base64"),
        ("binary", r#""=aGk""#, "base64"),
        ("reference", "7", "must be a URI, in which for instance a blank is written %20, not a number"),
        ("reference", r#""not a uri""#, r#"%20, not the string "not a uri""#),
        ("reference", r#""https://x.test/100%""#, "must be a URI"),
        ("reference", r#""https://x.test/%zz""#, "must be a URI"),
        ("reference", r#""<x>""#, "must be a URI"),
        ("list", "7", "send an array, not a number"),
        ("object", r#""x""#, "must be an object (with any of must, may), not a string"),
        ("object", r#"[{"must":"x"}]"#, "send the value alone"),
    ] {
        let detail = outcome(name, value, &strict()).expect_err(value);
        assert!(detail.contains(hint), "{detail}");
        assert!(detail.starts_with(&format!("{TYPES}:{name} ")), "{detail}");
    }
}

#[test]
fn null_and_empty_lists_and_objects_mean_unassigned_everywhere() {
    for name in ["string", "boolean", "integer", "dateTime", "binary", "list", "object"] {
        for value in ["null", "[]", "{}"] {
            assert_eq!(outcome(name, value, &strict()), Ok("-".into()), "{name} {value}");
        }
    }
    assert_eq!(kept(r#""name":{"givenName":null},"emails":[null,{},{"value":null}]"#, &strict()), "{}");
}

#[test]
fn list_elements_are_judged_one_by_one_with_their_position() {
    let registry = typed();
    let document = json(&format!(
        r#"{{"schemas":["{USER}"],"userName":"a","emails":[{{"value":1}},{{"value":"x"}},"y",[]],"{TYPES}":{{"list":[1,"2",[3]]}}}}"#
    ));
    let violations = registry.resource_type("User").unwrap().ingest(document, &strict()).unwrap_err().0;
    assert_eq!(
        kinds(&violations),
        [
            ("emails[0].value", ViolationKind::Value),
            ("emails[2]", ViolationKind::Value),
            (&format!("{TYPES}:list[1]"), ViolationKind::Value),
            (&format!("{TYPES}:list[2]"), ViolationKind::Value),
        ]
    );
}

#[test]
fn required_sub_attributes_are_asked_for_only_when_their_parent_is_there() {
    let path = format!("{TYPES}:object.must");
    for (value, missing) in [
        (r#"{"may":"x"}"#, true),
        (r#"{"must":"","may":"x"}"#, true),
        (r#"{"must":null,"may":"x"}"#, true),
        (r#"{"must":"y"}"#, false),
        ("null", false),
    ] {
        let registry = typed();
        let document = json(&format!(r#"{{"schemas":["{USER}"],"userName":"a","{TYPES}":{{"object":{value}}}}}"#));
        let found = registry.resource_type("User").unwrap().ingest(document, &strict());
        match found {
            Ok(_) => assert!(!missing, "{value}"),
            Err(violations) => {
                assert!(missing, "{value}: {violations}");
                assert_eq!(kinds(&violations.0), [(path.as_str(), ViolationKind::Required)]);
            }
        }
    }
}

#[test]
fn at_most_one_element_is_primary() {
    let two = r#""emails":[{"value":"a","primary":true},{"value":"b","primary":true}]"#;
    let violations = refusals(&user_type(), user_with(two), &strict());
    assert_eq!(kinds(&violations), [("emails", ViolationKind::Value)]);
    assert!(violations[0].detail.contains("2 primary values"), "{}", violations[0].detail);

    let one = r#""emails":[{"value":"a","primary":true},{"value":"b","primary":false},{"value":"c"}]"#;
    assert_eq!(kept(one, &strict()), format!("{{{one}}}"));
    let strings = r#""roles":[{"value":"a","primary":"True"},{"value":"b","primary":"TRUE"}]"#;
    assert_eq!(kinds(&refusals(&user_type(), user_with(strings), &lenient())), [("roles", ViolationKind::Value)]);
}

#[test]
fn equal_elements_collapse_and_others_stay() {
    let sent = r#""emails":[{"value":"a","type":"work"},{"type":"work","value":"a"},{"value":"a"},{"value":"A","type":"work"}]"#;
    assert_eq!(
        kept(sent, &strict()),
        r#"{"emails":[{"value":"a","type":"work"},{"value":"a"},{"value":"A","type":"work"}]}"#
    );
    // The same primary element twice is one primary element.
    let sent = r#""emails":[{"value":"a","primary":true},{"primary":true,"value":"a"}]"#;
    assert_eq!(kept(sent, &strict()), r#"{"emails":[{"value":"a","primary":true}]}"#);
}

#[test]
fn leniencies_are_off_unless_asked_for_and_are_reported_by_name() {
    for (members, kept_as, names) in [
        (r#""active":"True""#, r#"{"active":true}"#, vec!["boolean-string"]),
        (r#""active":"fALSE""#, r#"{"active":false}"#, vec!["boolean-string"]),
        (r#""emails":{"value":"a"}"#, r#"{"emails":[{"value":"a"}]}"#, vec!["object-for-list"]),
        (r#""emails":["a"]"#, r#"{"emails":[{"value":"a"}]}"#, vec!["string-for-complex"]),
        (r#""emails":"a""#, r#"{"emails":[{"value":"a"}]}"#, vec!["object-for-list", "string-for-complex"]),
    ] {
        assert!(!refusals(&user_type(), user_with(members), &strict()).is_empty(), "{members}");
        let found = ingest(&user_type(), user_with(members), &lenient());
        assert_eq!(found.leniencies, names, "{members}");
        assert_eq!(kept(members, &lenient()), kept_as);
    }
    let plain = ingest(&user_type(), user_with(r#""active":true,"emails":[{"value":"a"}]"#), &lenient());
    assert!(plain.leniencies.is_empty());
    assert_eq!(
        kinds(&refusals(&user_type(), user_with(r#""active":"yes""#), &lenient())),
        [("active", ViolationKind::Value)]
    );
}

#[test]
fn a_manager_can_come_in_many_shapes() {
    for (manager, kept_as) in [
        (r#""u9""#, r#"{"value":"u9"}"#),
        (r#"{"value":"u9"}"#, r#"{"value":"u9"}"#),
        (r#"[{"value":"u9"}]"#, r#"{"value":"u9"}"#),
        (r#"["u9"]"#, r#"{"value":"u9"}"#),
        (r#"{"value":"u9","displayName":"Boss","$ref":null}"#, r#"{"value":"u9"}"#),
        (r#""""#, "-"),
        (r#"[""]"#, "-"),
        (r#"[null]"#, "-"),
        (r#"{"value":""}"#, "-"),
        (r#"{"value":null}"#, "-"),
        ("null", "-"),
        ("[]", "-"),
    ] {
        let found = ingest(&user_type(), user_with(&format!(r#""{ENTERPRISE}":{{"manager":{manager}}}"#)), &lenient());
        let kept =
            found.resource.root().get(ENTERPRISE).and_then(|e| e.get("manager")).map_or("-".into(), Value::to_string);
        assert_eq!(kept, kept_as, "{manager}");
    }
    let two = user_with(&format!(r#""{ENTERPRISE}":{{"manager":["a","b"]}}"#));
    let path = format!("{ENTERPRISE}:manager");
    assert_eq!(kinds(&refusals(&user_type(), two, &lenient())), [(path.as_str(), ViolationKind::Value)]);
}

#[test]
fn an_empty_string_is_a_value_unless_it_is_asked_to_unassign() {
    let sent = r#""title":"","name":{"givenName":""},"emails":[{"value":""}]"#;
    assert_eq!(kept(sent, &strict()), format!("{{{sent}}}"));
    assert_eq!(kept(sent, &lenient()), "{}");
    assert_eq!(ingest(&user_type(), user_with(sent), &lenient()).leniencies, ["empty-string"]);
}

#[test]
fn hidden_values_are_set_aside_wherever_they_stand() {
    let badge = Schema::new("urn:example:badge:1.0:User", "Badge").with_attribute(
        Attribute::new("badges", Type::Complex).with_multi_valued(true).with_sub_attributes([
            Attribute::new("number", Type::String),
            Attribute::new("pin", Type::Integer).with_mutability(Mutability::WriteOnly).with_returned(Returned::Never),
        ]),
    );
    let registry = Registry::core().to_builder().extension("User", badge, false).unwrap().build().unwrap();
    let user = registry.resource_type("User").unwrap();
    let sent = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a","password":"s3cret",
        "urn:example:badge:1.0:User":{"badges":[{"number":"7","pin":1234},{"pin":5678}]}}"#;
    let found = ingest(user, json(sent), &strict());
    assert_eq!(
        found.hidden,
        [
            ("password".to_owned(), Value::from("s3cret")),
            ("urn:example:badge:1.0:User:badges[0].pin".to_owned(), Value::from(1234)),
            ("urn:example:badge:1.0:User:badges[1].pin".to_owned(), Value::from(5678)),
        ]
    );
    let bytes = String::from_utf8(found.resource.to_bytes()).unwrap();
    assert!(bytes.contains(r#""badges":[{"number":"7"}]"#), "{bytes}");
    assert!(!bytes.contains("s3cret") && !bytes.contains("1234"), "{bytes}");
    assert!(found.unknown.is_empty());
    user.validate(&found.resource).unwrap();

    let wrong = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a","password":["s3cret"],
        "urn:example:badge:1.0:User":{"badges":[{"pin":"top-secret"}]}}"#;
    let violations = refusals(user, json(wrong), &strict());
    assert_eq!(violations.len(), 2);
    assert!(violations.iter().all(|v| !v.detail.contains("s3cret") && !v.detail.contains("top-secret")));
}

#[test]
fn a_hopeless_document_is_reported_up_to_a_limit() {
    let emails: Vec<&str> = std::iter::repeat_n("1", 5000).collect();
    let violations = refusals(&user_type(), user_with(&format!(r#""emails":[{}]"#, emails.join(","))), &strict());
    assert_eq!(violations.len(), scimstack_schema::ingest::MAX_VIOLATIONS);
}
