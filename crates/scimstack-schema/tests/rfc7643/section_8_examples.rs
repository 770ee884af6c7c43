//! §8.1 to §8.6, and the resources RFC 7644 prints: each is ingested without a complaint, keeps what it must, is stored
//! and read back unchanged, and is shown as its RFC shows it.

use crate::support::*;
use scimstack_schema::discovery::{discovery_schemas, resource_type_document};
use scimstack_schema::{Object, Projection, Registry, Resource, ResourceType, Timestamp, Type, Value};
use std::sync::Arc;

const FULL: &str = example!("rfc7643/8.2-user-full.json");
const ENTERPRISE_USER: &str = example!("rfc7643/8.3-enterprise-user.json");
const GROUP: &str = example!("rfc7643/8.4-group.json");
const KNOWN: &str = example!("rfc7644/3.4.1-user.json");

/// Whole resources: of which type, and their text.
const RESOURCES: [(&str, &str); 13] = [
    ("User", example!("rfc7643/8.1-user-minimal.json")),
    ("User", FULL),
    ("User", ENTERPRISE_USER),
    ("Group", GROUP),
    ("User", example!("rfc7644/3.3-create-request.json")),
    ("User", example!("rfc7644/3.3-create-response.json")),
    ("User", KNOWN),
    ("User", example!("rfc7644/3.5.1-replace-request.json")),
    ("User", example!("rfc7644/3.5.1-replace-response.json")),
    ("Group", example!("rfc7644/3.7.2-group.json")),
    ("User", example!("rfc7644/3.9-user-partial.json")),
    ("User", example!("rfc7644/3.14-create-response.json")),
    ("Group", r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Bare"}"#),
];

const BULK: [&str; 4] = [
    example!("rfc7644/3.7.1-bulk-request.json"),
    example!("rfc7644/3.7.2-bulk-request-group.json"),
    example!("rfc7644/3.7.2-bulk-request-manager.json"),
    example!("rfc7644/3.7.3-bulk-request.json"),
];

fn core(name: &str) -> Arc<ResourceType> {
    Registry::core().resource_type(name).unwrap().clone()
}

fn object(text: &str) -> Object {
    json(text).as_object().unwrap().clone()
}

/// A resource as a store has it: what is read-only too.
fn stored(name: &str, text: &str) -> Resource {
    Resource::from_canonical(core(name), object(text))
}

#[test]
fn every_printed_resource_is_ingested_without_a_complaint_and_once_more_without_a_change() {
    for (name, text) in RESOURCES {
        let found = ingest(&core(name), json(text), &refusing());
        assert_eq!((found.unknown, found.leniencies), (vec![], vec![]), "{text}");
        core(name).validate(&found.resource).unwrap();
        let bytes = found.resource.to_bytes();
        let again = ingest(&core(name), Value::parse(&bytes).unwrap(), &refusing());
        assert_eq!(again.resource.to_bytes(), bytes, "{text}");
        let read = Resource::from_stored(core(name), &bytes).unwrap();
        assert_eq!(read.root(), found.resource.root(), "{text}");
    }
}

#[test]
fn what_is_ingested_is_what_was_sent_but_for_what_clients_do_not_decide() {
    for (text, missing) in [
        (FULL, &["id", "groups", "meta", "password"][..]),
        (ENTERPRISE_USER, &["id", "groups", "meta", "password"]),
        (KNOWN, &["id", "meta"]),
        (example!("rfc7644/3.3-create-request.json"), &[]),
    ] {
        let found = ingest(&core("User"), json(text), &strict());
        let mut expected = object(text);
        for name in missing {
            assert!(expected.remove(name).is_some(), "{name}");
        }
        if let Some(extension) = expected.get_mut(ENTERPRISE) {
            let manager = extension.as_object_mut().unwrap().get_mut("manager").unwrap();
            assert!(manager.as_object_mut().unwrap().remove("displayName").is_some());
        }
        assert_eq!(found.resource.root(), &expected);
        let password = missing.contains(&"password").then(|| ("password".to_owned(), Value::from("t1meMa$heen")));
        assert_eq!(found.hidden, Vec::from_iter(password));
    }
}

#[test]
fn the_members_of_the_printed_group_are_edges() {
    let found = ingest(&core("Group"), json(GROUP), &strict());
    let members = json(GROUP).get("members").unwrap().as_array().unwrap().to_vec();
    assert_eq!(found.relations, [("members".to_owned(), members)]);
    assert!(found.resource.root().get("members").is_none());
}

#[test]
fn a_stored_example_is_sound_and_shown_as_printed_but_for_the_password() {
    for (name, text) in RESOURCES {
        let resource = stored(name, text);
        core(name).validate(&resource).unwrap();
        let mut shown = resource.root().clone();
        Projection::all().apply(&core(name), &mut shown);
        let mut expected = object(text);
        expected.remove("password");
        assert_eq!(shown, expected);
    }
    // RFC 7644 §3.9: GET …?attributes=userName.
    let mut shown = stored("User", KNOWN).root().clone();
    Projection::from_query(Some("userName"), None).unwrap().apply(&core("User"), &mut shown);
    assert_eq!(shown, object(example!("rfc7644/3.9-user-partial.json")));
}

#[test]
fn the_printed_replacement_ends_as_printed() {
    let user = core("User");
    let mut after = ingest(&user, json(example!("rfc7644/3.5.1-replace-request.json")), &refusing()).resource;
    user.carry_over(&stored("User", KNOWN), &mut after).unwrap();
    let mut expected = object(example!("rfc7644/3.5.1-replace-response.json"));
    // New times and a new version are the server's part.
    expected.remove("meta");
    assert_eq!(after.root(), &expected);
}

#[test]
fn the_resources_inside_lists_and_bulk_requests_are_sound_too() {
    let list = json(example!("rfc7644/3.7.1-list-response.json"));
    for group in list.get("Resources").unwrap().as_array().unwrap() {
        assert_eq!(ingest(&core("Group"), group.clone(), &refusing()).relations.len(), 1);
    }
    let mut ingested = 0;
    for operation in BULK.iter().flat_map(|text| json(text).get("Operations").unwrap().as_array().unwrap().to_vec()) {
        let endpoint = operation.get("path").unwrap().as_str().unwrap();
        let endpoint = endpoint.trim_start_matches('/').split('/').next().unwrap();
        let r#type = Registry::core().resource_type_at(endpoint).unwrap().clone();
        if let Some("POST" | "PUT") = operation.get("method").unwrap().as_str() {
            let found = ingest(&r#type, operation.get("data").unwrap().clone(), &refusing());
            // References to what the same request creates stay as they were sent.
            let text = format!("{:?}{}", found.relations, Value::from(found.resource.root().clone()));
            let sent = operation.get("data").unwrap().to_string();
            assert_eq!(text.matches("bulkId:").count(), sent.matches("bulkId:").count(), "{sent}");
            ingested += 1;
        }
    }
    assert_eq!(ingested, 8);
}

/// What a search answers is shortened: it is not ingested, but every member it has is declared and of its type.
#[test]
fn every_member_of_a_shortened_answer_is_declared() {
    for text in [example!("rfc7644/3.4.2-list-response.json"), example!("rfc7644/3.4.3-search-response.json")] {
        for resource in json(text).get("Resources").unwrap().as_array().unwrap() {
            let name = if resource.to_string().contains(":Group\"") { "Group" } else { "User" };
            for (member, _) in resource.as_object().unwrap().iter() {
                assert!(core(name).resolve(member).is_some(), "{member}");
            }
        }
    }
}

/// A type for documents that only servers write, so that their schema can judge them.
fn discovery_type(name: &str) -> Arc<ResourceType> {
    let schema = discovery_schemas().iter().find(|schema| schema.id.as_str().ends_with(name)).unwrap();
    let registry = Registry::builder().resource_type(name, "/Documents", "", schema.clone()).build().unwrap();
    registry.resource_type(name).unwrap().clone()
}

/// Fails for a member, at any depth, that the type does not declare or whose value is of another kind. (A type does not
/// judge what is read-only, and discovery documents are read-only throughout.)
fn fits(r#type: &ResourceType, path: &str, value: &Object) {
    for (name, value) in value.iter() {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let found = r#type.resolve(&path).unwrap_or_else(|| panic!("{path} is not declared"));
        let elements = match value {
            Value::Array(elements) if found.leaf().multi_valued => &**elements,
            single if !found.leaf().multi_valued => std::slice::from_ref(single),
            other => panic!("{path} is {}", other.kind()),
        };
        for element in elements {
            match (found.leaf().r#type, element) {
                (Type::Complex, Value::Object(object)) => fits(r#type, &path, object),
                (Type::String | Type::Reference, Value::String(_))
                | (Type::Boolean, Value::Bool(_))
                | (Type::Integer, Value::Number(_)) => {}
                (Type::DateTime, Value::String(text)) => {
                    assert!(Timestamp::parse_date_time(text).is_some(), "{path}: {text}")
                }
                (wanted, found) => panic!("{path} is {}, not {wanted}", found.kind()),
            }
        }
    }
}

#[test]
fn the_printed_configurations_fit_the_schema_of_configurations() {
    let r#type = discovery_type("ServiceProviderConfig");
    let printed = object(example!("rfc7643/8.5-service-provider-config.json"));
    let mut with_pages = printed.clone();
    let pages = object(example!("rfc9865/4-service-provider-config.json"));
    with_pages.insert("pagination", pages.get("pagination").unwrap().clone());
    for root in [printed, with_pages] {
        fits(&r#type, "", &root);
        for attribute in r#type.schema.attributes.iter().filter(|attribute| attribute.required) {
            assert!(root.get(&attribute.name).is_some(), "{}", attribute.name);
        }
    }
}

#[test]
fn the_printed_resource_types_are_ours_but_for_descriptions_and_a_required_extension() {
    let list = json(example!("rfc7644/4-resource-types.json"));
    let printed = json(example!("rfc7643/8.6-resource-types.json"));
    assert_eq!(list.get("Resources"), Some(&printed));
    let r#type = discovery_type("ResourceType");
    for document in printed.as_array().unwrap() {
        let root = document.as_object().unwrap().clone();
        fits(&r#type, "", &root);
        let name = root.get("name").unwrap().as_str().unwrap();
        let ours = resource_type_document(&core(name), "https://example.com/v2");
        let mut expected = root.clone();
        expected.insert("description", ours.get("description").unwrap().clone());
        if name == "User" {
            // A user without the extension must be possible, as in §8.1 and §8.2.
            let text = root.get("schemaExtensions").unwrap().to_string().replace("true", "false");
            expected.insert("schemaExtensions", json(&text));
        }
        assert_eq!(ours, Value::from(expected));
    }
}
