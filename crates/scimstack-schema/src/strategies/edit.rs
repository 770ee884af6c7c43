//! A resource and an edited copy of it, as before and after a change that a client may make (RFC 7644 §3.5).

use super::choices::{Choices, choices};
use super::document::{document, made_of};
use super::json::id;
use super::value::one_primary;
use crate::attribute::{Attribute, Mutability, Type};
use crate::registry::{ResourceType, common_attributes};
use crate::resource::Resource;
use crate::value::{Object, Value};
use proptest::prelude::*;
use std::sync::Arc;

/// A resource, and the same one after an edit: values set, changed, taken away; elements of lists added, removed, moved,
/// or changed in part. What is immutable and has a value keeps it. Often nothing differs, or little.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::{Registry, strategies};
/// let registry = Registry::core();
/// let user = registry.resource_type("User").unwrap();
/// proptest!(ProptestConfig::with_cases(16), |((before, after) in strategies::edited(user))| {
///     prop_assert_eq!(before.id(), after.id());
///     prop_assert!(user.validate(&after).is_ok());
/// });
/// ```
pub fn edited(resource_type: &Arc<ResourceType>) -> BoxedStrategy<(Resource, Resource)> {
    let drawn = (document(resource_type), document(resource_type), id(), choices(60));
    let resource_type = resource_type.clone();
    drawn
        .prop_filter_map("two documents that can be sent", move |(before, other, id, mut choices)| {
            let after = edit(&resource_type, before.clone(), &other, &mut choices);
            Some((made_of(&resource_type, before, &id)?, made_of(&resource_type, after, &id)?))
        })
        .boxed()
}

fn edit(resource_type: &ResourceType, document: Value, other: &Value, choices: &mut Choices) -> Value {
    let (Value::Object(mut root), Some(other)) = (document, other.as_object()) else { return Value::Null };
    members(resource_type.schema.attributes.iter().chain(common_attributes()), &mut root, other, choices);
    for extension in &resource_type.extensions {
        let uri = extension.schema.id.as_str();
        let mut part = root.remove(uri).and_then(|part| part.as_object().cloned()).unwrap_or_default();
        let other = other.get(uri).and_then(Value::as_object).cloned().unwrap_or_default();
        if part.is_empty() && choices.once_in(2) {
            part = other;
        } else if !part.is_empty() {
            members(extension.schema.attributes.iter(), &mut part, &other, choices);
        }
        if !part.is_empty() {
            root.insert(uri, part);
        }
    }
    root.into()
}

/// Edits some of an object's attributes, with values of another such object.
fn members<'a>(
    attributes: impl Iterator<Item = &'a Arc<Attribute>>,
    object: &mut Object,
    other: &Object,
    choices: &mut Choices,
) {
    for attribute in attributes.filter(|attribute| !attribute.is_read_only() && &*attribute.name != "schemas") {
        let name = &*attribute.name;
        let (old, new) = (object.get(name).cloned(), other.get(name).cloned());
        let fixed = attribute.mutability == Mutability::Immutable && old.is_some();
        let holds_fixed = old.as_ref().is_some_and(|old| has_fixed(attribute, old));
        let edited = match (choices.below(8), old, new) {
            (0..=2, ..) => continue,
            _ if fixed => continue,
            (3, Some(_), _) if !attribute.required && !holds_fixed => None,
            (choice, Some(old), Some(new)) if holds_fixed || (4..=6).contains(&choice) => {
                Some(within(attribute, old, new, choices))
            }
            (7, Some(old), None) if attribute.multi_valued => Some(list(attribute, old, Value::Null, choices)),
            (_, _, Some(new)) => Some(new),
            (_, old, None) => old,
        };
        match edited {
            Some(value) => {
                object.insert(name, value);
            }
            None => {
                object.remove(name);
            }
        }
    }
}

/// Whether a single complex value holds one that is immutable.
fn has_fixed(attribute: &Attribute, value: &Value) -> bool {
    !attribute.multi_valued
        && attribute
            .sub_attributes
            .iter()
            .any(|sub| sub.mutability == Mutability::Immutable && value.get(&sub.name).is_some())
}

/// Edits a value without setting it all anew.
fn within(attribute: &Attribute, old: Value, new: Value, choices: &mut Choices) -> Value {
    match (old, new) {
        (old @ Value::Array(_), new) if attribute.multi_valued => list(attribute, old, new, choices),
        (Value::Object(mut old), Value::Object(new)) if attribute.r#type == Type::Complex => {
            members(attribute.sub_attributes.iter(), &mut old, &new, choices);
            old.into()
        }
        (_, new) => new,
    }
}

fn list(attribute: &Attribute, old: Value, new: Value, choices: &mut Choices) -> Value {
    let (Value::Array(mut elements), Value::Array(mut new)) = (old, list_of(new)) else { return Value::Null };
    let at = choices.below(elements.len());
    match choices.below(6) {
        0 => elements.append(&mut new),
        1 if elements.len() > 1 => {
            elements.remove(at);
        }
        2 => elements.rotate_left(at),
        3 => elements.extend(elements.get(at).cloned()),
        4 => elements.extend(new.pop()),
        _ => {
            if let (Some(element), Some(new)) = (elements.get_mut(at), new.pop()) {
                *element = match (std::mem::take(element), new) {
                    (Value::Object(mut old), Value::Object(new)) => {
                        members(attribute.sub_attributes.iter(), &mut old, &new, choices);
                        old.into()
                    }
                    (_, new) => new,
                };
            }
        }
    }
    one_primary(&mut elements);
    Value::Array(elements)
}

fn list_of(value: Value) -> Value {
    match value {
        Value::Array(_) => value,
        _ => Value::Array(Vec::new()),
    }
}
