//! PATCHes: such as make sense for a resource, and such as perhaps do not (RFC 7644 §3.5.2).

use super::filter::literal_of;
use super::typed::attributes;
use crate::ast::{AttrPath, Filter, Literal, Operator};
use crate::patch::{Op, OpKind, Patch};
use crate::path::PatchPath;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use scimstack_schema::strategies::{element, json, value};
use scimstack_schema::{Attribute, Mutability, Object, Resource, ResourceType, Type, Value};
use std::sync::Arc;

/// One to three operations that each can be applied to this resource, as far as an earlier one does not take away what a
/// later one is about; valid under the strictest reading.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_filter::{Patch, PatchOptions, strategies};
/// use scimstack_schema::{Registry, Resource};
/// let registry = Registry::core();
/// let user = registry.resource_type("User").unwrap();
/// let ann = Resource::from_stored(user.clone(), br#"{"id": "u1", "userName": "ann"}"#).unwrap();
/// proptest!(ProptestConfig::with_cases(16), |(patch in strategies::patch(&ann))| {
///     let body = patch.to_value();
///     prop_assert_eq!(Patch::from_value(body, &PatchOptions::strict()).unwrap(), patch);
/// });
/// ```
pub fn patch(resource: &Resource) -> BoxedStrategy<Patch> {
    proptest::collection::vec(operation(resource), 1..4).prop_map(|operations| Patch { operations }).boxed()
}

/// One operation that can be applied to this resource.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_filter::{Patch, PatchOptions, strategies};
/// use scimstack_schema::{Registry, Resource};
/// let registry = Registry::core();
/// let user = registry.resource_type("User").unwrap();
/// let ann = Resource::from_stored(user.clone(), br#"{"id": "u1", "userName": "ann"}"#).unwrap();
/// proptest!(ProptestConfig::with_cases(16), |(operation in strategies::operation(&ann))| {
///     let patch = Patch { operations: vec![operation] };
///     prop_assert!(patch.apply(&mut ann.clone(), &PatchOptions::strict()).is_ok());
/// });
/// ```
pub fn operation(resource: &Resource) -> BoxedStrategy<Op> {
    let mut choices = Vec::new();
    let mut members = Vec::new();
    for (prefix, attribute) in attributes(resource.resource_type()) {
        if !is_writable(&attribute) || holds_immutable(&attribute) || is_incomplete_alone(resource, &prefix) {
            continue;
        }
        let path = format!("{prefix}{}", attribute.name);
        let own = resource.resource_type().resolve(&path).and_then(|path| resource.value(&path).cloned());
        let is_relation = resource.resource_type().resolve(&path).is_some_and(|path| {
            resource.resource_type().relation_of(&path).is_some_and(|relation| relation.edges_only)
        });
        if is_relation {
            let target = || "[a-c]".prop_map(|id| Value::from(vec![Object::from_iter([("value", id)])]));
            choices.push(with_value(&[OpKind::Add, OpKind::Replace], &path, target().boxed()));
            let selected = "[a-c]".prop_map({
                let path = path.clone();
                move |id| op(OpKind::Remove, selecting(&path, "value", Literal::String(id.into()), None), None)
            });
            choices.push(selected.boxed());
            continue;
        }
        choices.push(with_value(&[OpKind::Add, OpKind::Replace], &path, value(&attribute)));
        if attribute.multi_valued {
            choices.push(with_value(
                &[OpKind::Add],
                &path,
                element(&attribute).prop_map(|one| vec![one].into()).boxed(),
            ));
        } else if prefix.is_empty() {
            let name = attribute.name.to_string();
            members.push(value(&attribute).prop_map(move |value| (name.clone(), value)).boxed());
        }
        if !attribute.required {
            choices.push(Just(op(OpKind::Remove, path.clone(), None)).boxed());
        }
        if attribute.r#type == Type::Complex {
            choices.extend(of_subs(&path, &attribute, own.as_ref()));
        }
    }
    if !members.is_empty() {
        let kind = select(vec![OpKind::Add, OpKind::Replace]);
        let whole = (kind, proptest::collection::vec(Union::new(members), 1..4)).prop_map(|(kind, members)| {
            let mut object = Object::new();
            for (name, value) in members {
                object.insert(name, value);
            }
            Op { kind, path: None, value: Some(object.into()) }
        });
        choices.push(whole.boxed());
    }
    if choices.is_empty() {
        choices.push(Just(op(OpKind::Remove, "externalId".to_owned(), None)).boxed());
    }
    Union::new(choices).boxed()
}

/// Operations on the sub-attributes of a complex attribute, of which `own` is there.
fn of_subs(path: &str, attribute: &Attribute, own: Option<&Value>) -> Vec<BoxedStrategy<Op>> {
    let mut choices = Vec::new();
    let no_sub_required = attribute.sub_attributes.iter().all(|sub| !sub.required);
    if !attribute.multi_valued {
        for sub in attribute.sub_attributes.iter().filter(|sub| is_writable(sub) && no_sub_required) {
            let path = format!("{path}.{}", sub.name);
            choices.push(with_value(&[OpKind::Add, OpKind::Replace], &path, value(sub)));
            if !attribute.required {
                choices.push(Just(op(OpKind::Remove, path, None)).boxed());
            }
        }
        return choices;
    }
    for own in own.and_then(Value::as_array).unwrap_or_default() {
        for by in ["type", "value", "primary"] {
            let Some(literal) = own.get(by).and_then(literal_of).filter(|_| attribute.sub_attribute(by).is_some())
            else {
                continue;
            };
            if attribute.sub_attribute(by).is_some_and(|sub| sub.is_hidden()) {
                continue;
            }
            let at = |sub: Option<&str>| selecting(path, by, literal.clone(), sub);
            if !attribute.required {
                choices.push(Just(op(OpKind::Remove, at(None), None)).boxed());
            }
            for sub in attribute.sub_attributes.iter().filter(|sub| is_writable(sub) && &*sub.name != "primary") {
                choices.push(with_value(&[OpKind::Add, OpKind::Replace], &at(Some(&sub.name)), value(sub)));
                if !sub.required && no_sub_required && !attribute.required {
                    choices.push(Just(op(OpKind::Remove, at(Some(&sub.name)), None)).boxed());
                }
            }
        }
    }
    choices
}

fn op(kind: OpKind, path: String, value: Option<Value>) -> Op {
    Op { kind, path: Some(path), value }
}

fn with_value(kinds: &[OpKind], path: &str, value: BoxedStrategy<Value>) -> BoxedStrategy<Op> {
    let path = path.to_owned();
    (select(kinds.to_vec()), value).prop_map(move |(kind, value)| op(kind, path.clone(), Some(value))).boxed()
}

/// The path of the elements that have `literal` as `by`.
fn selecting(path: &str, by: &str, literal: Literal, sub: Option<&str>) -> String {
    let filter = Filter::Compare(AttrPath::new(by), Operator::Eq, literal);
    let path = PatchPath { attribute: AttrPath::new(path), filter: Some(filter), sub_attribute: sub.map(Into::into) };
    path.to_string()
}

/// Whether a client may set it however often.
fn is_writable(attribute: &Attribute) -> bool {
    !attribute.is_hidden() && attribute.mutability == Mutability::ReadWrite
}

/// Whether the attributes with this prefix are of an extension that is not there and asks for more than one.
fn is_incomplete_alone(resource: &Resource, prefix: &str) -> bool {
    let uri = prefix.trim_end_matches(':');
    let declared = resource.resource_type().extension(uri).filter(|_| resource.root().get(uri).is_none());
    declared.is_some_and(|extension| extension.schema.attributes.iter().any(|attribute| attribute.required))
}

fn holds_immutable(attribute: &Attribute) -> bool {
    attribute.sub_attributes.iter().any(|sub| sub.mutability == Mutability::Immutable)
}

/// One operation on something the type has or lacks, with a value that fits or does not: with the path that it names, be
/// it in `path` or the key of a path-less value.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_filter::strategies;
/// use scimstack_schema::Registry;
/// let registry = Registry::core();
/// let user = registry.resource_type("User").unwrap();
/// proptest!(ProptestConfig::with_cases(16), |((path, operation) in strategies::wild_operation(user))| {
///     prop_assert!(operation.path.is_none_or(|written| written == path));
/// });
/// ```
pub fn wild_operation(resource_type: &Arc<ResourceType>) -> BoxedStrategy<(String, Op)> {
    let mut choices = Vec::new();
    for (prefix, attribute) in attributes(resource_type) {
        let path = format!("{prefix}{}", attribute.name);
        choices.push((Just(path.clone()), value(&attribute)).boxed());
        choices.push((Just(path.clone()), element(&attribute)).boxed());
        for sub in &attribute.sub_attributes {
            choices.push((Just(format!("{path}.{}", sub.name)), value(sub)).boxed());
            for filter in [r#"type eq "work""#, "value pr", "primary eq true", r#"value eq "a" and type ne "b""#] {
                choices.push((Just(format!("{path}[{filter}].{}", sub.name)), value(sub)).boxed());
                choices.push((Just(format!("{path}[{filter}]")), element(&attribute)).boxed());
            }
        }
    }
    for path in ["id", "schemas", "meta.created", "shoe", "emails[", "emails[0]", ""] {
        choices.push((Just(path.to_owned()), any::<bool>().prop_map(Value::from)).boxed());
    }
    let kind = select(vec![OpKind::Add, OpKind::Remove, OpKind::Replace]);
    (kind, Union::new(choices), proptest::option::weighted(0.2, json()), 0..10_u8)
        .prop_map(|(kind, (path, value), wild, shape)| {
            let value = wild.unwrap_or(value);
            let operation = match (shape, kind) {
                (0, OpKind::Add | OpKind::Replace) => {
                    let value = Object::from_iter([(path.clone(), value)]);
                    Op { kind, path: None, value: Some(value.into()) }
                }
                (1.., OpKind::Remove) => op(kind, path.clone(), None),
                _ => op(kind, path.clone(), Some(value)),
            };
            (path, operation)
        })
        .boxed()
}
