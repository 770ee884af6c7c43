//! What the tests share: the types and the sample user the vectors are about.

#![allow(dead_code, reason = "each test binary uses its part")]

use scimstack_filter::{Patch, PatchError, PatchOptions, PatchOutcome};
use scimstack_schema::{Attribute, Object, Registry, Resource, ResourceType, Schema, Type, Value};
use std::sync::Arc;

pub(crate) mod naive;

/// The enterprise extension's URI and a colon, which the vectors write as `ent:`.
pub(crate) const ENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:";

/// Ann, as a client sees her.
pub(crate) const ANN: &str = r#"{
  "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
  "id": "u1", "externalId": "E-7", "userName": "ann@x.test",
  "name": {"givenName": "Ann", "familyName": "Øre"}, "active": true,
  "emails": [{"value": "ann@x.test", "type": "work", "primary": true}, {"value": "ann@home.test", "type": "home"}],
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "007", "manager": {"value": "u9"}},
  "meta": {"resourceType": "User", "created": "2026-01-01T10:00:00Z", "lastModified": "2026-02-01T10:00:00Z"}
}"#;

pub(crate) fn user() -> Arc<ResourceType> {
    Registry::haystack().resource_type("User").unwrap().clone()
}

pub(crate) fn group() -> Arc<ResourceType> {
    Registry::haystack().resource_type("Group").unwrap().clone()
}

/// A type with an attribute of each kind the core schemas lack.
pub(crate) fn device() -> Arc<ResourceType> {
    let codes = Attribute::new("codes", Type::String).with_multi_valued(true);
    let place = Attribute::new("place", Type::Complex).with_sub_attributes([Attribute::new("x", Type::Integer), codes]);
    let schema = Schema::new("urn:example:Device", "Device")
        .with_attribute(Attribute::new("size", Type::Decimal))
        .with_attribute(Attribute::new("floor", Type::Integer))
        .with_attribute(Attribute::new("code", Type::String).with_case_exact(true))
        .with_attribute(Attribute::new("seen", Type::DateTime))
        .with_attribute(Attribute::new("blob", Type::Binary))
        .with_attribute(Attribute::new("tags", Type::String).with_multi_valued(true))
        .with_attribute(Attribute::new("sizes", Type::Integer).with_multi_valued(true))
        .with_attribute(place);
    let registry = Registry::builder().resource_type("Device", "/Devices", "", schema).build().unwrap();
    registry.resource_type("Device").unwrap().clone()
}

pub(crate) fn json(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

pub(crate) fn object(text: &str) -> Object {
    match json(text) {
        Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}

/// Ann as she is stored: without `meta`.
pub(crate) fn ann() -> Resource {
    let mut root = object(ANN);
    root.remove("meta");
    Resource::from_canonical(user(), root)
}

/// A stored resource of `resource_type` with these members.
pub(crate) fn resource(resource_type: &Arc<ResourceType>, text: &str) -> Resource {
    let mut resource = Resource::from_canonical(resource_type.clone(), object(text));
    resource.normalize();
    resource
}

/// A PATCH of these operations, given as the inside of the `Operations` array.
pub(crate) fn patch(operations: &str, options: &PatchOptions) -> Result<Patch, PatchError> {
    let operations = operations.replace("ent:", ENT);
    let body =
        format!(r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{operations}]}}"#);
    Patch::from_value(json(&body), options)
}

/// Applies these operations; on an error the resource is checked to be as before.
pub(crate) fn apply(
    resource: &mut Resource,
    operations: &str,
    options: &PatchOptions,
) -> Result<PatchOutcome, PatchError> {
    let before = resource.clone();
    let result = patch(operations, options).and_then(|patch| patch.apply(resource, options));
    match &result {
        Ok(outcome) => assert_eq!(outcome.changed, !same(&before, resource), "`changed` tells the truth: {operations}"),
        Err(_) => assert_eq!(&before, resource, "an error leaves everything as it was: {operations}"),
    }
    result
}

/// Whether two documents say the same; members have no order.
pub(crate) fn same(left: &Resource, right: &Resource) -> bool {
    same_object(left.root(), right.root())
}

fn same_object(left: &Object, right: &Object) -> bool {
    left.len() == right.len()
        && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| same_value(value, other)))
}

pub(crate) fn same_value(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => same_object(left, right),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same_value(left, right))
        }
        _ => left == right,
    }
}
