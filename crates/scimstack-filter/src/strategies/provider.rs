//! PATCH bodies as identity providers write them: operations in any case, booleans in quotes or in a list, attributes as
//! the keys of one object, a reference as bare text (RFC 7644 §3.5.2 and the leniencies of [`PatchOptions`]).
//!
//! [`PatchOptions`]: crate::PatchOptions

use super::patch::patch;
use crate::patch::{Op, OpKind, Patch};
use proptest::prelude::*;
use scimstack_schema::strategies::{Choices, choices};
use scimstack_schema::{Object, Resource, ResourceType, Type, Value};

/// A PATCH as a provider sent it, and what was meant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderPatch {
    /// The body as sent. [`PatchOptions::default`](crate::PatchOptions) reads it.
    pub sent: Value,
    /// The same under the strictest reading.
    pub clean: Patch,
}

/// A PATCH of this resource, in the manner of Okta, Entra ID, Keycloak and others.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_filter::{Patch, PatchOptions, strategies};
/// use scimstack_schema::{Registry, Resource};
/// let registry = Registry::core();
/// let user = registry.resource_type("User").unwrap();
/// let ann = Resource::from_stored(user.clone(), br#"{"id": "u1", "userName": "ann"}"#).unwrap();
/// proptest!(ProptestConfig::with_cases(16), |(patch in strategies::provider_patch(&ann))| {
///     prop_assert!(Patch::from_value(patch.sent, &PatchOptions::default()).is_ok());
/// });
/// ```
pub fn provider_patch(resource: &Resource) -> BoxedStrategy<ProviderPatch> {
    let (resource_type, id) = (resource.resource_type().clone(), resource.id().map(ToOwned::to_owned));
    (patch(resource), choices(24))
        .prop_map(move |(clean, mut choices)| {
            let operations: Vec<Value> =
                clean.operations.iter().map(|op| written(op, &resource_type, id.as_deref(), &mut choices)).collect();
            let mut body = Object::new();
            if !choices.once_in(4) {
                body.insert("schemas", vec!["urn:ietf:params:scim:api:messages:2.0:PatchOp"]);
            }
            let name = if choices.once_in(4) { "operations" } else { "Operations" };
            body.insert(name, operations);
            ProviderPatch { sent: body.into(), clean }
        })
        .boxed()
}

fn written(op: &Op, resource_type: &ResourceType, id: Option<&str>, choices: &mut Choices) -> Value {
    let mut members = Object::new();
    let word = op.kind.as_str();
    let capital = |kind| match kind {
        OpKind::Add => "Add",
        OpKind::Remove => "Remove",
        OpKind::Replace => "Replace",
    };
    match choices.below(4) {
        2 => members.insert("op", capital(op.kind)),
        3 => members.insert("op", word.to_ascii_uppercase()),
        _ => members.insert("op", word),
    };
    let path = op.path.as_deref();
    let attribute = path.and_then(|path| resource_type.resolve(path));
    let value = op.value.clone().map(|value| match attribute.as_ref().map(|path| path.leaf()) {
        Some(leaf) if leaf.r#type == Type::Boolean && !leaf.multi_valued => boolean(value, choices),
        Some(leaf) if leaf.r#type == Type::Complex && !leaf.multi_valued => reference(value, choices),
        _ => value,
    });
    match (path, value) {
        (Some(path), Some(value)) if attribute.is_some() && op.kind != OpKind::Remove && choices.once_in(3) => {
            let mut keys = Object::new();
            if let Some(id) = id.filter(|_| choices.once_in(3)) {
                keys.insert("id", id);
            }
            keys.insert(path, value);
            members.insert("value", keys);
        }
        (path, value) => {
            if let Some(path) = path {
                members.insert("path", path);
            }
            if let Some(value) = value {
                members.insert("value", value);
            }
        }
    }
    members.into()
}

/// `"True"`, `[true]`.
fn boolean(value: Value, choices: &mut Choices) -> Value {
    match (value, choices.below(4)) {
        (Value::Bool(true), 2) => Value::from("True"),
        (Value::Bool(false), 2) => Value::from("False"),
        (value @ Value::Bool(_), 3) => Value::Array(vec![value]),
        (value, _) => value,
    }
}

/// The bare text of a value that is only that.
fn reference(value: Value, choices: &mut Choices) -> Value {
    let text = value.as_object().filter(|object| object.len() == 1).and_then(|object| object.get("value"));
    match text.and_then(Value::as_str).filter(|text| !text.is_empty()) {
        Some(text) if choices.once_in(2) => Value::from(text),
        _ => value,
    }
}
