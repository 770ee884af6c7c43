//! The difference of two resources as a PATCH that says no more than it must: single sub-attributes, additions to lists,
//! elements by their type or value where that is shorter than the list (RFC 7644 §3.5.2).
//!
//! What the short forms do is checked by applying them; a list that none of them turns into the other is replaced.

use super::coerce::same;
use super::{Op, OpKind, Patch, PatchOptions};
use crate::ast::{AttrPath, Filter, Literal, Operator};
use crate::path::PatchPath;
use scimstack_schema::registry::common_attributes;
use scimstack_schema::{Attribute, Mutability, Object, ResolvedPath, Resource, Type, Value};
use std::sync::Arc;

pub(super) fn diff(before: &Resource, after: &Resource) -> Patch {
    let resource_type = after.resource_type();
    let base = resource_type.schema.attributes.iter().chain(common_attributes()).map(|attribute| (None, attribute));
    let extensions = resource_type.extensions.iter().flat_map(|extension| {
        let uri = &extension.schema.id;
        extension.schema.attributes.iter().map(move |attribute| (Some(uri.clone()), attribute))
    });
    let mut operations = Vec::new();
    for (extension, attribute) in base.chain(extensions) {
        let path = ResolvedPath { extension, attribute: attribute.clone(), sub_attribute: None };
        let is_elsewhere = resource_type.relation_of(&path).is_some_and(|relation| relation.edges_only);
        if attribute.is_read_only() || attribute.is_hidden() || &*attribute.name == "schemas" || is_elsewhere {
            continue;
        }
        let value = |of: &Resource| of.value(&path).filter(|value| !value.is_unassigned()).cloned();
        let fixed = attribute.mutability == Mutability::Immutable;
        match (value(before), value(after)) {
            (Some(old), Some(new)) if same(&old, &new) => {}
            // Elements that an addition would take for one another stay apart in a replacement.
            (None, Some(new)) if attribute.multi_valued => operations.push(write(OpKind::Replace, &path, new)),
            (None, Some(new)) => operations.push(write(OpKind::Add, &path, new)),
            (Some(_), _) if fixed => {}
            (Some(_), None) => operations.push(remove(path.to_string())),
            (Some(old), Some(new)) if attribute.multi_valued => operations.extend(list(before, &path, &old, new)),
            (Some(Value::Object(old)), Some(Value::Object(new))) => complex(&path, &old, &new, &mut operations),
            (Some(_), Some(new)) => operations.push(write(OpKind::Replace, &path, new)),
            (None, None) => {}
        }
    }
    Patch { operations }
}

fn write(kind: OpKind, path: &ResolvedPath, value: Value) -> Op {
    Op { kind, path: Some(path.to_string()), value: Some(value) }
}

fn remove(path: String) -> Op {
    Op { kind: OpKind::Remove, path: Some(path), value: None }
}

/// The sub-attributes a client can change that are not the same in both, with their new value.
fn changes<'a>(
    attribute: &'a Attribute,
    old: &'a Object,
    new: &'a Object,
) -> impl Iterator<Item = (&'a Arc<Attribute>, Option<&'a Value>)> {
    attribute.sub_attributes.iter().filter_map(move |sub| {
        let (was, is) = (old.get(&sub.name), new.get(&sub.name));
        let fixed = sub.is_read_only() || (sub.mutability == Mutability::Immutable && was.is_some());
        let equal = match (was, is) {
            (Some(was), Some(is)) => same(was, is),
            (was, is) => was.is_none() && is.is_none(),
        };
        (!fixed && !equal).then_some((sub, is))
    })
}

/// A single-valued complex attribute: what is new or different at once, then what is gone.
fn complex(path: &ResolvedPath, old: &Object, new: &Object, operations: &mut Vec<Op>) {
    let mut set = Object::new();
    let mut gone = Vec::new();
    for (sub, value) in changes(&path.attribute, old, new) {
        match value {
            Some(value) => {
                set.insert(&*sub.name, value.clone());
            }
            None => gone.push(sub),
        }
    }
    // A new reference, or none, takes the address of the former one away unless it is said at the same time.
    if let Some(address) = new.get("$ref") {
        let freed = gone.iter().position(|sub: &&Arc<Attribute>| &*sub.name == "value");
        if let Some(at) = freed {
            gone.remove(at);
            set.insert("value", Value::Null);
        }
        if set.get("value").is_some() {
            set.insert("$ref", address.clone());
        }
    }
    let sub_path = |sub: &Arc<Attribute>| ResolvedPath { sub_attribute: Some(sub.clone()), ..path.clone() };
    let only = if set.len() == 1 { set.iter().next() } else { None };
    match only.and_then(|(name, value)| Some((path.attribute.sub_attribute(name)?, value))) {
        Some((sub, value)) => {
            let kind = if old.get(&sub.name).is_some() { OpKind::Replace } else { OpKind::Add };
            operations.push(write(kind, &sub_path(sub), value.clone()));
        }
        None if set.is_empty() => {}
        None => operations.push(write(OpKind::Replace, path, set.into())),
    }
    operations.extend(gone.into_iter().map(|sub| remove(sub_path(sub).to_string())));
}

/// A multi-valued attribute: the first short form that does it, else the whole list.
fn list(before: &Resource, path: &ResolvedPath, old: &Value, new: Value) -> Vec<Op> {
    let whole = vec![write(OpKind::Replace, path, new.clone())];
    let (Value::Array(old), Value::Array(now)) = (old, &new) else {
        return whole;
    };
    let candidates = [appended(path, old, now), taken_out(path, old, now), edited(path, old, now)];
    let size = |operations: &[Op]| -> usize { Patch { operations: operations.to_vec() }.to_value().to_bytes().len() };
    let does_it = |operations: &Vec<Op>| {
        let mut copy = before.clone();
        let patch = Patch { operations: operations.clone() };
        patch.apply(&mut copy, &PatchOptions::strict()).is_ok()
            && copy.value(path).is_some_and(|found| same(found, &new))
    };
    let mut short = candidates.into_iter().flatten().filter(|operations| size(operations) < size(&whole));
    short.find(does_it).unwrap_or(whole)
}

/// `add` of what comes after the old list.
fn appended(path: &ResolvedPath, old: &[Value], new: &[Value]) -> Option<Vec<Op>> {
    let (kept, added) = new.split_at_checked(old.len())?;
    let is_prefix = kept.iter().zip(old).all(|(left, right)| same(left, right));
    (is_prefix && !added.is_empty()).then(|| vec![write(OpKind::Add, path, Value::Array(added.to_vec()))])
}

/// `remove` of each element that is not there any more.
fn taken_out(path: &ResolvedPath, old: &[Value], new: &[Value]) -> Option<Vec<Op>> {
    let mut rest = new.iter().peekable();
    let gone = old.iter().filter(|element| match rest.peek() {
        Some(kept) if same(kept, element) => {
            rest.next();
            false
        }
        _ => true,
    });
    let operations = gone.map(|element| Some(remove(selecting(path, element, "value", None)?)));
    let operations: Vec<Op> = operations.collect::<Option<_>>()?;
    rest.next().is_none().then_some(operations)
}

/// Changes within elements that keep their place and their type or value.
fn edited(path: &ResolvedPath, old: &[Value], new: &[Value]) -> Option<Vec<Op>> {
    if old.len() != new.len() {
        return None;
    }
    let mut operations = Vec::new();
    for (was, is) in old.iter().zip(new).filter(|(was, is)| !same(was, is)) {
        let (was, now) = (was.as_object()?, is.as_object()?);
        let kept = |name: &&str| was.get(name).is_some_and(|value| Some(value) == now.get(name));
        let by = ["type", "value"].into_iter().find(kept)?;
        for (sub, value) in changes(&path.attribute, was, now) {
            let path = selecting(path, is, by, Some(sub))?;
            operations.push(match value {
                Some(value) => Op { kind: OpKind::Replace, path: Some(path), value: Some(value.clone()) },
                None => remove(path),
            });
        }
    }
    Some(operations)
}

/// The path of the elements that agree with `element` in one sub-attribute.
fn selecting(path: &ResolvedPath, element: &Value, by: &str, sub: Option<&Arc<Attribute>>) -> Option<String> {
    let value = if path.attribute.r#type == Type::Complex { element.get(by)? } else { element };
    let term = Filter::Compare(AttrPath::new(by), Operator::Eq, Literal::String(value.as_str()?.into()));
    let selected = PatchPath {
        attribute: AttrPath::new(path.to_string()),
        filter: Some(term),
        sub_attribute: sub.map(|sub| (&*sub.name).into()),
    };
    Some(selected.to_string())
}
