//! What of the resource as it was must outlive a replacement (RFC 7644 §3.5.1).

use super::{Violation, ViolationKind, Violations};
use crate::attribute::{Attribute, Mutability, Type};
use crate::fold::{exact, fold};
use crate::registry::ResourceType;
use crate::resource::Resource;
use crate::value::{Object, Value};
use std::sync::Arc;

pub(super) fn carry_over(
    resource_type: &ResourceType,
    before: &Resource,
    after: &mut Resource,
) -> Result<(), Violations> {
    let mut violations = Vec::new();
    if let Some(id) = before.root().get("id") {
        after.root_mut().insert("id", id.clone());
    }
    keep(&resource_type.schema.attributes, before.root(), after.root_mut(), "", &mut violations);
    for extension in &resource_type.extensions {
        let uri = extension.schema.id.as_str();
        let Some(Value::Object(old)) = before.root().get(uri) else {
            continue;
        };
        let prefix = format!("{uri}:");
        if let Value::Object(new) = after.root_mut().entry(uri) {
            keep(&extension.schema.attributes, old, new, &prefix, &mut violations);
        }
    }
    after.normalize();
    if violations.is_empty() { Ok(()) } else { Err(Violations(violations)) }
}

/// Carries what is read-only or immutable from `old` to `new`, for top-level attributes.
fn keep(declared: &[Arc<Attribute>], old: &Object, new: &mut Object, prefix: &str, violations: &mut Vec<Violation>) {
    for attribute in declared {
        let Some(value) = old.get(&attribute.name) else {
            continue;
        };
        let path = format!("{prefix}{}", attribute.name);
        match attribute.mutability {
            Mutability::ReadOnly => {
                new.insert(&*attribute.name, value.clone());
            }
            Mutability::Immutable => fix(attribute, value, new, &path, violations),
            // The elements of a list come and go as a whole: nothing in them outlives the list. What is read-only in an
            // object follows from its other members, which may have changed.
            Mutability::ReadWrite | Mutability::WriteOnly => {
                let Value::Object(inner) = value else { continue };
                for sub in attribute.sub_attributes.iter().filter(|sub| sub.mutability == Mutability::Immutable) {
                    let Some(value) = inner.get(&sub.name) else { continue };
                    if let Value::Object(new) = new.entry(&attribute.name) {
                        fix(sub, value, new, &format!("{path}.{}", sub.name), violations);
                    }
                }
            }
        }
    }
}

/// Keeps `old` under the attribute's name, unless another value stands there.
fn fix(attribute: &Attribute, old: &Value, new: &mut Object, path: &str, violations: &mut Vec<Violation>) {
    if new.get(&attribute.name).is_some_and(|value| !same(attribute, old, value)) {
        violations.push(Violation {
            path: path.to_owned(),
            kind: ViolationKind::Mutability,
            detail: format!("{path} can be set once and is set already: send the value it has, or leave it out."),
        });
    } else {
        new.insert(&*attribute.name, old.clone());
    }
}

/// Whether two values of an attribute are the same: lists without order, strings as `caseExact` says.
fn same(attribute: &Attribute, a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && within(attribute, a, b) && within(attribute, b, a),
        (Value::Object(a), Value::Object(b)) => {
            attribute.sub_attributes.iter().all(|sub| match (a.get(&sub.name), b.get(&sub.name)) {
                (Some(a), Some(b)) => same(sub, a, b),
                (None, None) => true,
                _ => false,
            })
        }
        (Value::String(a), Value::String(b)) if attribute.r#type == Type::String && !attribute.case_exact => {
            fold(a) == fold(b)
        }
        (Value::String(a), Value::String(b)) => exact(a) == exact(b),
        _ => a == b,
    }
}

fn within(attribute: &Attribute, some: &[Value], all: &[Value]) -> bool {
    some.iter().all(|a| all.iter().any(|b| same(attribute, a, b)))
}
