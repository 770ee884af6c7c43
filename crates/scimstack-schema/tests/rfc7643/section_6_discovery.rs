//! §5 to §7: what the discovery endpoints say, made from the registry that is enforced.

use crate::support::*;
use scimstack_schema::discovery::{discovery_schemas, resource_type_document, schema_document};
use scimstack_schema::relation::ReferenceKey::{Email, ExternalId, Id, UserName};
use scimstack_schema::{Registry, Schema};

const BASE: &str = "https://acme.idp.test/scim/v2";

#[test]
fn the_user_resource_type_lists_its_extensions() {
    let document = resource_type_document(&user_type(), BASE);
    assert_eq!(
        document,
        json(&format!(
            r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],"id":"User","name":"User",
                "description":"People with an account","endpoint":"/Users","schema":"{USER}",
                "schemaExtensions":[{{"schema":"{ENTERPRISE}","required":false}},{{"schema":"{HAYSTACK}","required":false}}],
                "meta":{{"resourceType":"ResourceType","location":"{BASE}/ResourceTypes/User"}}}}"#
        ))
    );
    assert!(resource_type_document(&group_type(), BASE).get("schemaExtensions").is_none());
    let core = Registry::core();
    let user = resource_type_document(core.resource_type("User").unwrap(), BASE);
    assert_eq!(user.get("schemaExtensions").unwrap().as_array().unwrap().len(), 1);
}

#[test]
fn a_schema_document_leaves_out_what_does_not_apply() {
    let registry = Registry::haystack();
    let document = schema_document(registry.schema(HAYSTACK).unwrap(), BASE);
    let attributes = document.get("attributes").unwrap();
    let photo =
        attributes.as_array().unwrap().iter().find(|a| a.get("name").unwrap().as_str() == Some("photoUrl")).unwrap();
    let names: Vec<&str> = photo.as_object().unwrap().iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "name",
            "type",
            "multiValued",
            "description",
            "required",
            "caseExact",
            "mutability",
            "returned",
            "uniqueness",
            "referenceTypes"
        ]
    );
    assert_eq!(document.get("schemas").unwrap().to_string(), r#"["urn:ietf:params:scim:schemas:core:2.0:Schema"]"#);
    let meta = format!(r#"{{"resourceType":"Schema","location":"{BASE}/Schemas/{HAYSTACK}"}}"#);
    assert_eq!(document.get("meta").unwrap().to_string(), meta);

    let user = schema_document(registry.schema(USER).unwrap(), BASE);
    let active = user
        .get("attributes")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a.get("name").unwrap().as_str() == Some("active"));
    let names: Vec<&str> = active.unwrap().as_object().unwrap().iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["name", "type", "multiValued", "description", "required", "mutability", "returned"]);
}

#[test]
fn no_discovery_document_holds_a_null_or_an_empty_description() {
    let registry = Registry::haystack();
    let schemas = registry
        .schemas()
        .iter()
        .map(|s| schema_document(s, BASE))
        .chain(discovery_schemas().iter().map(Schema::to_json));
    for document in schemas {
        let text = document.to_string();
        assert!(!text.contains("null") && !text.contains(r#""description":"""#), "{text}");
    }
}

#[test]
fn the_registries_know_types_schemas_indexes_and_relations() {
    let core = Registry::core();
    let names: Vec<(&str, &str)> = core.resource_types().iter().map(|t| (&*t.name, t.endpoint.as_str())).collect();
    assert_eq!(names, [("User", "/Users"), ("Group", "/Groups")]);
    assert!(core.schema(HAYSTACK).is_none());
    let haystack = Registry::haystack();
    assert_eq!(haystack.schemas().len(), 4);
    assert_eq!(haystack.resource_type_at("Users").unwrap().name, haystack.resource_type_at("/Users").unwrap().name);

    let user = user_type();
    let indexed: Vec<String> = user.indexed.iter().map(|path| path.to_string().replace(ENTERPRISE, "ent")).collect();
    assert_eq!(indexed, ["emails.value", "name.familyName", "name.givenName", "ent:department", "ent:employeeNumber"]);
    let relations: Vec<_> = user
        .relations
        .iter()
        .map(|r| (r.name.as_str(), r.path.to_string(), r.edges_only, r.keys.clone(), r.targets.join(",")))
        .collect();
    assert_eq!(
        relations,
        [
            (
                "manager",
                format!("{ENTERPRISE}:manager.value"),
                false,
                vec![Id, UserName, ExternalId, Email],
                "User".into()
            ),
            (
                "managerExternalId",
                format!("{HAYSTACK}:managerExternalId"),
                false,
                vec![ExternalId, Id, UserName, Email],
                "User".into()
            ),
        ]
    );
    let members = group_type().relation("members").unwrap().clone();
    assert_eq!(
        (members.edges_only, members.keys, members.targets.join(",")),
        (true, vec![Id, UserName, ExternalId], "User,Group".into())
    );
}
