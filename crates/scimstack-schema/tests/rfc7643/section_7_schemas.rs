//! §7: schemas as JSON, the duties of their authors, registries built from them.

use crate::support::*;
use scimstack_schema::discovery::discovery_schemas;
use scimstack_schema::{Attribute, Mutability, Registry, RegistryError, Returned, Schema, Type, Uniqueness};

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
            "uniqueness":"universe","required":null,"canonicalValues":null,"description":null,"subAttributes":[{"name":"x"}]},
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
    for name in ["a", "A1", "with-dash", "under_score", "$ref", "$REF"] {
        with(complex(vec![text(name)])).check().unwrap();
    }
    for name in ["", "1a", "-a", "_a", "a.b", "a b", "a:b", "\u{e5}", "$value", "a$"] {
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
