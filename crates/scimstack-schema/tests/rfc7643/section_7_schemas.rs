//! RFC 7643 §7, with §1.1, §1.2 and §10: schemas as JSON, the duties of their authors, registries built from them.

use crate::support::*;
use scimstack_schema::discovery::discovery_schemas;
use scimstack_schema::registry::common_attributes;
use scimstack_schema::{Attribute, Mutability, Registry, RegistryError, Returned, Schema, Type, Uniqueness, Value};
use std::collections::BTreeSet;

#[test]
fn every_embedded_schema_is_sound_and_survives_its_own_json() {
    let registry = Registry::haystack();
    for schema in registry.schemas() {
        schema.check().unwrap();
        assert_eq!(&Schema::from_json(&schema.to_json()).unwrap(), &**schema);
    }
    assert_eq!(discovery_schemas().len(), 3);
    for schema in discovery_schemas() {
        assert_eq!(&Schema::from_json(&schema.to_json()).unwrap(), schema);
    }
}

#[test]
fn absent_and_unknown_characteristics_get_their_defaults() {
    let schema = Schema::from_json(&json(
        r#"{"ID":"urn:example:s","Attributes":[{"Name":"bare"},{"name":"odd","type":"STRING","mutability":"sometimes","returned":"often",
            "uniqueness":"universe","required":null,"canonicalValues":null,"description":null,"subAttributes":[]},
            {"name":"link","type":"reference","caseExact":false},{"name":"blob","type":"binary"},{"name":"flag","type":"boolean","caseExact":true}]}"#,
    ))
    .unwrap();
    let bare = schema.attribute("bare").unwrap();
    assert_eq!(**bare, Attribute::new("bare", Type::String));
    assert_eq!(
        (bare.mutability, bare.returned, bare.uniqueness),
        (Mutability::ReadWrite, Returned::Default, Uniqueness::None)
    );
    assert_eq!(**schema.attribute("odd").unwrap(), Attribute::new("odd", Type::String));
    assert!(schema.attribute("link").unwrap().case_exact && schema.attribute("blob").unwrap().case_exact);
    assert!(!schema.attribute("flag").unwrap().case_exact);
    schema.check().unwrap();
}

#[test]
fn what_cannot_be_understood_is_refused_with_its_path() {
    for (text, problem) in [
        ("[]", "schema (without id): expected an object, found an array"),
        ("{}", "schema (without id): id: the schema's URI is missing"),
        (r#"{"id":5}"#, "id: the schema's URI is missing"),
        (r#"{"id":"urn:s","name":5}"#, "schema urn:s: name: expected a string, found a number"),
        (r#"{"id":"urn:s","attributes":{}}"#, "attributes: expected an array, found an object"),
        (r#"{"id":"urn:s","attributes":["x"]}"#, "attributes[0]: expected an object, found a string"),
        (r#"{"id":"urn:s","attributes":[{"type":"string"}]}"#, "attributes[0]: the attribute has no name"),
        (
            r#"{"id":"urn:s","attributes":[{"name":"a","type":"text"}]}"#,
            r#"attributes[0].type: "text" is no data type"#,
        ),
        (
            r#"{"id":"urn:s","attributes":[{"name":"a"},{"name":"b","multiValued":"true"}]}"#,
            "attributes[1].multiValued: expected true or false",
        ),
        (
            r#"{"id":"urn:s","attributes":[{"name":"a","canonicalValues":[1]}]}"#,
            "attributes[0].canonicalValues: expected an array of strings",
        ),
        (
            r#"{"id":"urn:s","attributes":[{"name":"a","type":"complex","subAttributes":[{"name":"b","required":1}]}]}"#,
            "attributes[0].subAttributes[0].required: expected true or false",
        ),
    ] {
        let error = Schema::from_json(&json(text)).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn the_duties_of_a_schema_author_are_checked() {
    let with = |attribute: Attribute| Schema::new("urn:example:s", "s").with_attribute(attribute);
    let text = |name: &str| Attribute::new(name, Type::String);
    let complex = |subs: Vec<Attribute>| Attribute::new("c", Type::Complex).with_sub_attributes(subs);
    for name in ["a", "A1", "with-dash", "under_score", "with$dollar", "a$", "$ref", "$REF"] {
        with(complex(vec![text(name)])).check().unwrap();
    }
    for name in ["", "1a", "-a", "_a", "a.b", "a b", "a:b", "\u{e5}", "na\u{ef}ve", "$value", "$"] {
        let error = with(text(name)).check().unwrap_err().to_string();
        assert!(error.contains("no attribute name"), "{name}: {error}");
    }
    for (schema, problem) in [
        (with(text("a")).with_attribute(text("A")), "a is declared twice"),
        (with(complex(vec![text("x"), text("y"), text("X")])), "c.x is declared twice"),
        (with(complex(vec![])), "c is complex but has no sub-attributes"),
        (with(text("a").with_sub_attributes([text("b")])), "a has sub-attributes but is not complex"),
        (with(complex(vec![complex(vec![text("x")])])), "c.c is complex"),
        (with(complex(vec![text("not ok")])), "\"c.not ok\" is no attribute name"),
        (Schema::new("", "s"), "is not a URI"),
        (Schema::new("User", "s"), "is not a URI"),
        (Schema::new("urn:", "s"), "is not a URI"),
        (Schema::new("urn:a b", "s"), "is not a URI"),
        (Schema::new("1urn:x", "s"), "is not a URI"),
    ] {
        let error = schema.check().unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    with(text("a").with_required(true).with_mutability(Mutability::ReadOnly)).check().unwrap();
}

#[test]
fn sub_attributes_of_a_simple_attribute_are_refused_from_json_too() {
    for r#type in ["string", "boolean", "decimal", "integer", "dateTime", "binary", "reference"] {
        let text = format!(
            r#"{{"id":"urn:example:s","attributes":[{{"name":"a","type":"{type}","subAttributes":[{{"name":"b"}}]}}]}}"#
        );
        let error = Schema::from_json(&json(&text)).unwrap().check().unwrap_err().to_string();
        assert!(error.contains("a has sub-attributes but is not complex"), "{error}");
    }
}

#[test]
fn the_usual_sub_attributes_of_a_list_keep_their_meaning() {
    let list = |sub: Attribute| {
        let badges = Attribute::new("badges", Type::Complex).with_multi_valued(true);
        Schema::new("urn:example:s", "s").with_attribute(badges.with_sub_attributes([sub]))
    };
    for (sub, problem) in [
        (Attribute::new("primary", Type::String), "badges.primary must be a boolean with one value"),
        (Attribute::new("PRIMARY", Type::Integer), "badges.PRIMARY must be a boolean with one value"),
        (Attribute::new("primary", Type::Boolean).with_multi_valued(true), "badges.primary must be a boolean"),
        (Attribute::new("type", Type::Integer), "badges.type must be a string with one value"),
        (Attribute::new("display", Type::Boolean), "badges.display must be a string with one value"),
        (Attribute::new("display", Type::String).with_multi_valued(true), "badges.display must be a string"),
        (Attribute::new("$ref", Type::String), "badges.$ref must be a reference with one value"),
    ] {
        let error = list(sub).check().unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    for sub in [
        Attribute::new("primary", Type::Boolean),
        Attribute::new("type", Type::String),
        Attribute::new("display", Type::String),
        Attribute::new("$ref", Type::Reference),
        Attribute::new("value", Type::Integer),
        Attribute::new("value", Type::Reference),
    ] {
        list(sub).check().unwrap();
    }
    // Only a list has them: in a single object the names are free.
    let single = Attribute::new("size", Type::Complex).with_sub_attributes([Attribute::new("type", Type::Integer)]);
    Schema::new("urn:example:s", "s").with_attribute(single).check().unwrap();
}

#[test]
fn characteristics_a_type_has_not_are_refused_in_code_and_left_out_of_json() {
    let with = |attribute: Attribute| Schema::new("urn:example:s", "s").with_attribute(attribute);
    let unique = |r#type| Attribute::new("a", r#type).with_uniqueness(Uniqueness::Server);
    let inner = unique(Type::Boolean);
    let outer = Attribute::new("c", Type::Complex);
    for (attribute, problem) in [
        (unique(Type::Boolean), "a is boolean and cannot be unique"),
        (unique(Type::Binary), "a is binary and cannot be unique"),
        (unique(Type::Complex).with_sub_attributes([Attribute::new("b", Type::String)]), "a is complex and cannot be"),
        (outer.with_sub_attributes([inner]), "c.a is boolean and cannot be unique"),
        (Attribute::new("a", Type::String).with_reference_types(["User"]), "a has referenceTypes but is no reference"),
        (Attribute::new("a", Type::Reference).with_case_exact(false), "a is a reference, which is always caseExact"),
        (Attribute::new("a", Type::Binary).with_case_exact(false), "a is a binary, which is always caseExact"),
    ] {
        let error = with(attribute).check().unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    for r#type in [Type::String, Type::Integer, Type::Decimal, Type::DateTime, Type::Reference] {
        with(unique(r#type)).check().unwrap();
    }
    let schema = Schema::from_json(&json(
        r#"{"id":"urn:example:s","attributes":[{"name":"c","type":"complex","uniqueness":"server","caseExact":true,
            "referenceTypes":["User"],"subAttributes":[{"name":"f","type":"boolean","uniqueness":"global"}]}]}"#,
    ))
    .unwrap();
    schema.check().unwrap();
    let complex = schema.attribute("c").unwrap();
    assert_eq!((complex.uniqueness, complex.case_exact), (Uniqueness::None, false));
    assert_eq!((complex.reference_types.len(), complex.sub_attributes[0].uniqueness), (0, Uniqueness::None));
}

#[test]
fn keywords_are_written_as_they_are_without_quotes_of_their_own() {
    fn keywords(value: &Value, out: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (name, value) in object.iter() {
                    match (name, value.as_str()) {
                        ("type" | "mutability" | "returned" | "uniqueness", Some(word)) => {
                            out.insert(format!("{name} {word}"));
                        }
                        _ => keywords(value, out),
                    }
                }
            }
            Value::Array(elements) => elements.iter().for_each(|element| keywords(element, out)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for schema in Registry::haystack().schemas().iter().map(|s| &**s).chain(discovery_schemas()) {
        keywords(&schema.to_json(), &mut found);
    }
    let expected = "mutability immutable,mutability readOnly,mutability readWrite,mutability writeOnly,returned always,\
                    returned default,returned never,type binary,type boolean,type complex,type integer,type reference,\
                    type string,uniqueness none,uniqueness server";
    assert_eq!(found.into_iter().collect::<Vec<_>>().join(","), expected);
}

#[test]
fn our_own_extension_defines_nothing_the_standard_has() {
    let registry = Registry::haystack();
    let ours = registry.schema(HAYSTACK).unwrap();
    for schema in registry.schemas().iter().filter(|schema| schema.id != ours.id) {
        for attribute in &ours.attributes {
            assert!(schema.attribute(&attribute.name).is_none(), "{} is in {}", attribute.name, schema.id);
            assert!(common_attributes().iter().all(|common| !common.name.eq_ignore_ascii_case(&attribute.name)));
        }
    }
}

#[test]
fn a_resource_type_has_a_name_an_endpoint_and_schemas_of_its_own() {
    let schema = || Schema::new("urn:example:s", "s").with_attribute(Attribute::new("a", Type::String));
    let refused = |name: &str, endpoint: &str| {
        Registry::builder().resource_type(name, endpoint, "", schema()).build().unwrap_err().to_string()
    };
    assert_eq!(refused("", "/Ts"), "the resource type at \"/Ts\" has no name");
    for endpoint in ["", "/", "/a/b", "/a b", "/a?b", "https://x.test/Ts"] {
        let error = refused("T", endpoint);
        assert!(error.contains("is no endpoint; write one path segment such as /Users"), "{error}");
    }
    for endpoint in ["/Schemas", "ResourceTypes", "/ServiceProviderConfig", "/Bulk", "/Me", "/.search"] {
        let error = refused("T", endpoint);
        assert!(error.contains("is an endpoint of the protocol"), "{error}");
    }
    let other = schema().with_attribute(Attribute::new("b", Type::String));
    let two = Registry::builder().resource_type("T", "/Ts", "", schema());
    let error = two.resource_type("U", "/Us", "", other).build().unwrap_err().to_string();
    assert_eq!(error, "schema urn:example:s: two different schemas have this URI");
    let both = Registry::builder().resource_type("T", "/Ts", "", schema()).extension("T", schema(), false).unwrap();
    let error = both.build().unwrap_err().to_string();
    assert_eq!(error, "schema urn:example:s: it is the base schema of T and cannot extend it too");
    // One schema may serve two types.
    let shared = Registry::builder().resource_type("T", "/Ts", "", schema()).resource_type("U", "/Us", "", schema());
    assert_eq!(shared.build().unwrap().schemas().len(), 1);
}

#[test]
fn a_registry_refuses_what_cannot_work() {
    let schema = || Schema::new("urn:example:s", "s").with_attribute(Attribute::new("a", Type::String));
    let build = |b: scimstack_schema::RegistryBuilder| b.build().unwrap_err();
    let two = Registry::builder().resource_type("T", "/Ts", "", schema()).resource_type("T", "/Us", "", schema());
    assert!(matches!(build(two), RegistryError::DuplicateResourceType(name) if name == "T"));
    let two = Registry::builder().resource_type("T", "/Ts", "", schema()).resource_type("U", "Ts", "", schema());
    assert!(matches!(build(two), RegistryError::DuplicateResourceType(name) if name == "/Ts"));
    let path = Registry::builder().resource_type("T", "/Ts", "", schema()).indexed("T", "b").unwrap();
    assert!(matches!(build(path), RegistryError::UnknownPath { path, .. } if path == "b"));
    let bad = Registry::builder().resource_type("T", "/Ts", "", Schema::new("no URI", "s"));
    assert!(matches!(build(bad), RegistryError::Schema { .. }));
    let missing = Registry::builder().extension("T", schema(), false).unwrap_err();
    assert!(matches!(missing, RegistryError::UnknownResourceType(name) if name == "T"));
}

#[test]
fn a_registry_can_be_extended_and_keeps_what_it_had() {
    let badge = Schema::new("urn:example:badge", "Badge").with_attribute(Attribute::new("number", Type::String));
    let old = Registry::haystack();
    let new = old.to_builder().extension("User", badge.clone(), true).unwrap().build().unwrap();
    let (old, new) = (old.resource_type("User").unwrap(), new.resource_type("User").unwrap());
    assert_eq!((old.extensions.len(), new.extensions.len()), (2, 3));
    assert_eq!((&old.relations, &old.indexed), (&new.relations, &new.indexed));
    let again = Registry::haystack().to_builder().extension("User", badge.clone(), true).unwrap();
    let replaced = again.extension("User", badge.with_description("better"), false).unwrap().build().unwrap();
    let extension = replaced.resource_type("User").unwrap().extension("URN:EXAMPLE:BADGE").unwrap();
    assert_eq!((extension.required, extension.schema.description.as_str()), (false, "better"));
}

#[test]
fn of_uris_that_begin_alike_the_longest_is_meant() {
    let schema = |uri: &str, name: &str| Schema::new(uri, "s").with_attribute(Attribute::new(name, Type::String));
    let registry = Registry::builder()
        .resource_type("T", "/Ts", "", schema("urn:x:T", "a"))
        .extension("T", schema("urn:x:T:More", "b"), false)
        .unwrap()
        .extension("T", schema("urn:x:T:More:Still", "c"), false)
        .unwrap()
        .build()
        .unwrap();
    let resolve = |path: &str| registry.resource_type("T").unwrap().resolve(path).map(|found| found.to_string());
    for path in ["a", "urn:x:T:More:b", "urn:x:T:More:Still:c"] {
        assert_eq!(resolve(path).as_deref(), Some(path));
    }
    assert_eq!(resolve("URN:X:t:A").as_deref(), Some("a"));
    assert_eq!(resolve("urn:x:T:id").as_deref(), Some("id"));
    for path in [
        "",
        ":",
        "urn:x:T",
        "urn:x:T:",
        "urn:x:T:More",
        "urn:x:T:More:id",
        "urn:x:T:More:c",
        "urn:y:a",
        "a.b",
        "a.",
        "b",
        "urn:x:Ta",
        "\u{e9}:a",
    ] {
        assert_eq!(resolve(path), None, "{path}");
    }
}
