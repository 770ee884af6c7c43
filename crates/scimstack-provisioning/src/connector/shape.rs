//! How a person is written on the wire: the document of a POST or PUT, and the operations of a PATCH, in the forms of
//! [`DocumentForm`] and [`PatchForm`].

use super::manner::{Booleans, DocumentForm, PatchForm};
use scimstack_schema::{Object, Value, uri};

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A Boolean.
fn boolean(value: bool, form: Booleans) -> Value {
    match (form, value) {
        (Booleans::Plain, value) => value.into(),
        (Booleans::Text, true) => "true".into(),
        (Booleans::Text, false) => "false".into(),
        (Booleans::CapitalText, true) => "True".into(),
        (Booleans::CapitalText, false) => "False".into(),
    }
}

/// A document as it is written.
pub(super) fn document(desired: &Object, form: &DocumentForm) -> Object {
    let mut out = Object::new();
    for (name, value) in desired.iter() {
        out.insert(name, attribute(name, value, form));
    }
    out
}

fn attribute(name: &str, value: &Value, form: &DocumentForm) -> Value {
    match value {
        Value::Bool(value) => boolean(*value, form.booleans),
        Value::Array(elements) => match elements.as_slice() {
            [Value::Object(one)] if form.object_for_list => Value::Object(one.clone()),
            _ => value.clone(),
        },
        Value::Object(inner) if name.starts_with("urn:") => document(inner, form).into(),
        Value::Object(inner) if form.manager_is_text && name == "manager" => {
            inner.get("value").cloned().unwrap_or_default()
        }
        _ => value.clone(),
    }
}

/// Overwrites `target` with what `mapped` has: objects member by member, everything else whole; `null` takes out.
pub(super) fn merge(target: &mut Object, mapped: &Object) {
    for (name, value) in mapped.iter() {
        match (target.get_mut(name), value) {
            (_, Value::Null) => {
                target.remove(name);
            }
            (Some(Value::Object(inner)), Value::Object(mapped)) => merge(inner, mapped),
            (_, Value::Object(mapped)) => {
                let mut inner = Object::new();
                merge(&mut inner, mapped);
                target.insert(name, inner);
            }
            _ => {
                target.insert(name, value.clone());
            }
        }
    }
    target.retain(|_, value| !matches!(value, Value::Object(inner) if inner.is_empty()));
}

/// The document with `schemas` naming the core schema, what it named before, and the extensions it holds.
pub(super) fn with_schemas(document: Object, form: &DocumentForm) -> Value {
    let mut schemas: Vec<String> = vec![uri::USER.to_owned()];
    if form.always_enterprise {
        schemas.push(uri::ENTERPRISE_USER.to_owned());
    }
    let named = document.get("schemas").and_then(Value::as_array).unwrap_or_default();
    let held = document.iter().map(|(name, _)| name).filter(|name| name.starts_with("urn:"));
    let held = held.filter(|name| form.lists_extensions || *name == uri::ENTERPRISE_USER);
    for schema in named.iter().filter_map(Value::as_str).chain(held) {
        if !schemas.iter().any(|known| known.eq_ignore_ascii_case(schema)) {
            schemas.push(schema.to_owned());
        }
    }
    let mut out = Object::new();
    out.insert("schemas", schemas);
    for (name, value) in document {
        if !name.eq_ignore_ascii_case("schemas") {
            out.insert(name, value);
        }
    }
    out.into()
}

/// What a PATCH does to one path; `None` takes it out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    path: String,
    value: Option<Value>,
    /// Whether there is something at the path already.
    is_there: bool,
    /// Whether the path has one value and no filter: it may be batched.
    is_single: bool,
}

/// What is desired and not shown, path by path.
pub(super) fn changes(shown: &Object, desired: &Object, form: &PatchForm) -> Vec<Change> {
    let mut out = Vec::new();
    members(Some(shown), desired, "", form, &mut out);
    out.retain(|change| change.value.is_some() || change.is_there);
    out
}

/// What is desired, path by path, whatever is there; lists are replaced whole.
pub(super) fn all(desired: &Object, form: &PatchForm) -> Vec<Change> {
    let mut out = Vec::new();
    members(None, desired, "", form, &mut out);
    out
}

/// `shown` is `None` where it is not known what is there.
fn members(shown: Option<&Object>, desired: &Object, prefix: &str, form: &PatchForm, out: &mut Vec<Change>) {
    for (name, value) in desired.iter() {
        let there = shown.and_then(|shown| shown.get(name));
        let path = format!("{prefix}{name}");
        match value {
            Value::Object(inner) if name.starts_with("urn:") => {
                let empty = Object::new();
                let there = shown.map(|_| there.and_then(Value::as_object).unwrap_or(&empty));
                members(there, inner, &format!("{path}:"), form, out);
            }
            Value::Object(inner) if name == "manager" => {
                let wanted = inner.get("value").filter(|value| !value.is_unassigned());
                let held = there.and_then(|there| there.get("value").or(Some(there)));
                if shown.is_none() || held != wanted {
                    let value = wanted.map(|value| match form.manager_is_text {
                        true => value.clone(),
                        false => Value::Object([("value", value.clone())].into_iter().collect()),
                    });
                    out.push(Change { path, value, is_there: held.is_some() || shown.is_none(), is_single: true });
                }
            }
            Value::Object(inner) => {
                let empty = Object::new();
                let there = shown.map(|_| there.and_then(Value::as_object).unwrap_or(&empty));
                members(there, inner, &format!("{path}."), form, out);
            }
            Value::Array(wanted) => match (shown, elements(wanted)) {
                (Some(_), Some(typed)) => typed_elements(there, &typed, &path, out),
                _ if shown.is_some() && there == Some(value) => {}
                _ => out.push(Change { path, value: Some(value.clone()), is_there: true, is_single: false }),
            },
            Value::Null => out.push(Change {
                path,
                value: None,
                is_there: there.is_some_and(|there| !there.is_unassigned()) || shown.is_none(),
                is_single: true,
            }),
            value if shown.is_some() && there == Some(value) => {}
            value => {
                let is_there = there.is_some() || shown.is_none();
                out.push(Change { path, value: Some(value.clone()), is_there, is_single: true });
            }
        }
    }
}

/// The elements of a list by their types, when each has one of its own.
fn elements(list: &[Value]) -> Option<Vec<(&str, &Object)>> {
    let mut out: Vec<(&str, &Object)> = Vec::with_capacity(list.len());
    for element in list {
        let object = element.as_object()?;
        let kind = object.get("type").and_then(Value::as_str)?;
        if out.iter().any(|(known, _)| *known == kind) {
            return None;
        }
        out.push((kind, object));
    }
    (!out.is_empty()).then_some(out)
}

/// `emails[type eq "work"].value` and its like.
fn typed_elements(there: Option<&Value>, wanted: &[(&str, &Object)], path: &str, out: &mut Vec<Change>) {
    let held = there.and_then(Value::as_array).unwrap_or_default();
    for (kind, element) in wanted {
        let of_kind = |held: &&Value| held.get("type").and_then(Value::as_str) == Some(kind);
        let held = held.iter().find(of_kind);
        // The value comes first: what makes an element should say what it is.
        let mut names: Vec<(&str, &Value)> = element.iter().filter(|(name, _)| *name != "type").collect();
        names.sort_by_key(|(name, _)| *name != "value");
        for (name, value) in names {
            let there = held.and_then(|held| held.get(name));
            if there != Some(value) {
                let path = format!("{path}[type eq \"{kind}\"].{name}");
                out.push(Change { path, value: Some(value.clone()), is_there: there.is_some(), is_single: false });
            }
        }
    }
}

/// The body of a PATCH.
pub(super) fn patch(changes: &[Change], form: &PatchForm) -> Value {
    let mut operations = Vec::new();
    let mut batch = Object::new();
    let lone = matches!(changes, [change] if change.path == "active");
    for change in changes {
        let value = change.value.as_ref().map(|value| match value {
            Value::Bool(value) => boolean(*value, form.booleans),
            value => value.clone(),
        });
        match value {
            Some(value) if form.batched && change.is_single && !lone => {
                batch.insert(change.path.as_str(), value);
            }
            Some(value) => {
                let verb = if change.is_there { "replace" } else { "add" };
                operations.push(operation(verb, Some(&change.path), Some(value), form));
            }
            None => operations.push(operation("remove", Some(&change.path), None, form)),
        }
    }
    if !batch.is_empty() {
        operations.push(operation("replace", None, Some(batch.into()), form));
    }
    patch_of(operations)
}

/// The PATCH that switches a person on or off.
pub(super) fn switch(active: bool, has_path: bool, form: &PatchForm) -> Value {
    let value = boolean(active, form.booleans);
    let one = if has_path {
        operation("replace", Some("active"), Some(value), form)
    } else {
        let value: Object = [("active", value)].into_iter().collect();
        operation("replace", None, Some(value.into()), form)
    };
    patch_of(vec![one])
}

/// The message around operations.
pub(super) fn patch_of(operations: Vec<Value>) -> Value {
    let mut body = Object::new();
    body.insert("schemas", vec![PATCH_OP]);
    body.insert("Operations", operations);
    body.into()
}

/// One operation.
pub(super) fn operation(verb: &str, path: Option<&str>, value: Option<Value>, form: &PatchForm) -> Value {
    let verb = match (form.capital, verb) {
        (false, verb) => verb,
        (true, "add") => "Add",
        (true, "remove") => "Remove",
        (true, _) => "Replace",
    };
    let mut out = Object::new();
    out.insert("op", verb);
    if let Some(path) = path {
        out.insert("path", path);
    }
    if let Some(value) = value {
        out.insert("value", value);
    }
    out.into()
}
