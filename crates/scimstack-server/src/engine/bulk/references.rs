//! The places of a document or a PATCH that name another resource (RFC 7644 §3.7.2): values of relations (`members`,
//! `manager`), attributes of the type reference, and what has a `$ref` beside it, in the base schema and in extensions.
//! Only there is `bulkId:x` a reference; everywhere else it is text.

use scimstack_schema::value::Text;
use scimstack_schema::{Attribute, Object, ReferenceKey, ResolvedPath, ResourceType, Type, Uniqueness, Value};

const PREFIX: &str = "bulkId:";

/// What is told every reference, and may write another in its place.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(&str) -> Option<String>;

/// The bulkId that a reference names, and what stands before it: `bulkId:x`, or an address that ends so.
pub(crate) fn bulk_id(text: &str) -> Option<(&str, &str)> {
    let tail = text.rfind('/').map_or(0, |at| at + 1);
    let at_start = text.strip_prefix(PREFIX).map(|id| ("", id));
    at_start.or_else(|| {
        let (before, tail) = text.split_at_checked(tail)?;
        Some((before, tail.strip_prefix(PREFIX)?))
    })
}

/// Visits the references in a document (POST, PUT).
pub(crate) fn in_document(resource_type: &ResourceType, document: &mut Value, visit: Visit<'_>) {
    if let Value::Object(document) = document {
        in_object(resource_type, document, visit);
    }
}

/// Visits the references in a PATCH: values with and without a path, and filters in paths.
pub(crate) fn in_patch(resource_type: &ResourceType, message: &mut Value, visit: Visit<'_>) {
    let Some(Value::Array(operations)) = message.as_object_mut().and_then(|message| message.get_mut("Operations"))
    else {
        return;
    };
    for operation in operations.iter_mut().filter_map(Value::as_object_mut) {
        let Some(path) = operation.get("path").and_then(Value::as_str).map(|path| path.trim().to_owned()) else {
            if let Some(value) = operation.get_mut("value") {
                in_document(resource_type, value, visit);
            }
            continue;
        };
        let (head, filter, tail) = parts(&path);
        if let Some(extension) = resource_type.extension(head) {
            if let Some(Value::Object(object)) = operation.get_mut("value") {
                in_extension(resource_type, extension.schema.id.as_str(), object, visit);
            }
            continue;
        }
        let Some(found) = resource_type.resolve(&format!("{head}{tail}")) else { continue };
        if filter.contains(PREFIX) && names_resources(resource_type, &found) {
            operation.insert("path", format!("{head}{}{tail}", in_filter(filter, visit)));
        }
        if let Some(value) = operation.get_mut("value") {
            at(resource_type, &found, value, visit);
        }
    }
}

/// `members[value eq "x"].display` in its parts.
fn parts(path: &str) -> (&str, &str, &str) {
    match (path.find('['), path.rfind(']')) {
        (Some(open), Some(close)) if open < close => {
            let (head, rest) = path.split_at_checked(open).unwrap_or((path, ""));
            let (filter, tail) = rest.split_at_checked(close - open + 1).unwrap_or((rest, ""));
            (head, filter, tail)
        }
        _ => (path, "", ""),
    }
}

/// A filter with its quoted references visited.
fn in_filter(filter: &str, visit: Visit<'_>) -> String {
    let mut written = String::with_capacity(filter.len());
    for (i, part) in filter.split('"').enumerate() {
        if i > 0 {
            written.push('"');
        }
        let other = if i % 2 == 1 && bulk_id(part).is_some() { visit(part) } else { None };
        written.push_str(other.as_deref().unwrap_or(part));
    }
    written
}

fn in_object(resource_type: &ResourceType, object: &mut Object, visit: Visit<'_>) {
    for (name, value) in object.iter_mut() {
        if let Some(extension) = resource_type.extension(name) {
            if let Value::Object(object) = value {
                in_extension(resource_type, extension.schema.id.as_str(), object, visit);
            }
        } else if let Some(path) = resource_type.resolve(name) {
            at(resource_type, &path, value, visit);
        }
    }
}

fn in_extension(resource_type: &ResourceType, uri: &str, object: &mut Object, visit: Visit<'_>) {
    for (name, value) in object.iter_mut() {
        if let Some(path) = resource_type.resolve(&format!("{uri}:{name}")) {
            at(resource_type, &path, value, visit);
        }
    }
}

/// Whether values of the attribute name resources by their `value`, or are names themselves.
fn names_resources(resource_type: &ResourceType, path: &ResolvedPath) -> bool {
    resource_type.relation_of(path).is_some() || path.attribute.sub_attribute("$ref").is_some()
}

fn at(resource_type: &ResourceType, path: &ResolvedPath, value: &mut Value, visit: Visit<'_>) {
    let names = names_resources(resource_type, path);
    match &path.sub_attribute {
        Some(sub) if is_reference(sub, names) => strings(value, visit),
        Some(_) => {}
        None if path.attribute.r#type != Type::Complex => {
            if names || path.attribute.r#type == Type::Reference {
                strings(value, visit);
            }
        }
        None => elements(&path.attribute, names, value, visit),
    }
}

fn is_reference(sub: &Attribute, names: bool) -> bool {
    sub.r#type == Type::Reference || (names && &*sub.name == "value")
}

fn elements(attribute: &Attribute, names: bool, value: &mut Value, visit: Visit<'_>) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|element| element_of(attribute, names, element, visit)),
        one => element_of(attribute, names, one, visit),
    }
}

fn element_of(attribute: &Attribute, names: bool, value: &mut Value, visit: Visit<'_>) {
    match value {
        // A name where an object should be: some dialects allow it.
        Value::String(_) if names => strings(value, visit),
        Value::Object(object) => {
            for (name, value) in object.iter_mut() {
                if attribute.sub_attribute(name).is_some_and(|sub| is_reference(sub, names)) {
                    strings(value, visit);
                }
            }
        }
        _ => {}
    }
}

fn strings(value: &mut Value, visit: Visit<'_>) {
    match value {
        Value::String(text) => {
            if let Some(other) = visit(text) {
                *text = Text::from(other);
            }
        }
        Value::Array(all) => {
            for text in all.iter_mut().filter(|element| matches!(element, Value::String(_))) {
                strings(text, visit);
            }
        }
        _ => {}
    }
}

/// The values of a document that no other resource may have, or by which others may find it; folded, so that two that
/// are the same to a store are the same here.
pub(crate) fn names(resource_type: &ResourceType, document: &Value) -> Vec<String> {
    let mut names = Vec::new();
    let Some(document) = document.as_object() else { return names };
    let mut add = |attribute: &Attribute, value: &Value| {
        let named = ["externalId", "displayName", "emails"].contains(&&*attribute.name);
        let mut text = |value: &Value| names.extend(value.as_str().map(fold));
        if attribute.r#type != Type::Complex {
            if named || attribute.uniqueness != Uniqueness::None {
                value.as_array().unwrap_or(std::slice::from_ref(value)).iter().for_each(text);
            }
            return;
        }
        let one = std::slice::from_ref(value);
        for object in value.as_array().unwrap_or(one).iter().filter_map(Value::as_object) {
            for (name, value) in object.iter() {
                let sub = attribute.sub_attribute(name);
                if sub.is_some_and(|sub| named || sub.uniqueness != Uniqueness::None) {
                    text(value);
                }
            }
        }
    };
    for (name, value) in document.iter() {
        if let (Some(extension), Some(object)) = (resource_type.extension(name), value.as_object()) {
            for (name, value) in object.iter() {
                if let Some(path) = resource_type.resolve(&format!("{}:{name}", extension.schema.id)) {
                    add(&path.attribute, value);
                }
            }
        } else if let Some(path) = resource_type.resolve(name) {
            add(&path.attribute, value);
        }
    }
    names
}

/// A name as it is compared by whatever key.
pub(crate) fn fold(name: &str) -> String {
    scimstack_store::record::normalize_name(ReferenceKey::Email, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scimstack_schema::Registry;

    fn visited(kind: &str, method: &str, text: &str) -> (Vec<String>, String) {
        let registry = Registry::haystack();
        let resource_type = registry.resource_type(kind).unwrap();
        let mut value = Value::parse(text.as_bytes()).unwrap();
        let mut seen = Vec::new();
        let mut visit = |text: &str| {
            let (before, id) = bulk_id(text)?;
            seen.push(id.to_owned());
            Some(format!("{before}<{id}>"))
        };
        match method {
            "PATCH" => in_patch(resource_type, &mut value, &mut visit),
            _ => in_document(resource_type, &mut value, &mut visit),
        }
        (seen, value.to_string())
    }

    #[test]
    fn references_are_found_where_the_schema_has_them_and_nowhere_else() {
        for (kind, method, sent, found) in [
            (
                "Group",
                "POST",
                r#"{"members":[{"value":"bulkId:a","display":"bulkId:b"}],"displayName":"bulkId:c"}"#,
                r#"{"members":[{"value":"<a>","display":"bulkId:b"}],"displayName":"bulkId:c"}"#,
            ),
            (
                "Group",
                "POST",
                r#"{"MEMBERS":[{"VALUE":"x","$ref":"/Users/bulkId:a"}]}"#,
                r#"{"MEMBERS":[{"VALUE":"x","$ref":"/Users/<a>"}]}"#,
            ),
            ("Group", "POST", r#"{"members":["bulkId:a"]}"#, r#"{"members":["<a>"]}"#),
            (
                "User",
                "PUT",
                r#"{"URN:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"bulkId:a"},"department":"bulkId:b"}}"#,
                r#"{"URN:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"<a>"},"department":"bulkId:b"}}"#,
            ),
            (
                "User",
                "POST",
                r#"{"userName":"bulkId:a","emails":[{"value":"bulkId:b"}],"nothing":{"value":"bulkId:c"}}"#,
                r#"{"userName":"bulkId:a","emails":[{"value":"bulkId:b"}],"nothing":{"value":"bulkId:c"}}"#,
            ),
            (
                "Group",
                "PATCH",
                r#"{"Operations":[{"op":"add","path":"members","value":[{"value":"bulkId:a"}]}]}"#,
                r#"{"Operations":[{"op":"add","path":"members","value":[{"value":"<a>"}]}]}"#,
            ),
            (
                "Group",
                "PATCH",
                r#"{"Operations":[{"op":"remove","path":"members[value eq \"bulkId:a\"]"}]}"#,
                r#"{"Operations":[{"op":"remove","path":"members[value eq \"<a>\"]"}]}"#,
            ),
            (
                "Group",
                "PATCH",
                r#"{"operations":[{"op":"add","value":{"members":[{"value":"bulkId:a"}],"displayName":"bulkId:b"}}]}"#,
                r#"{"operations":[{"op":"add","value":{"members":[{"value":"<a>"}],"displayName":"bulkId:b"}}]}"#,
            ),
            (
                "User",
                "PATCH",
                r#"{"Operations":[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value","value":"bulkId:a"}]}"#,
                r#"{"Operations":[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value","value":"<a>"}]}"#,
            ),
            (
                "User",
                "PATCH",
                r#"{"Operations":[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{"manager":{"value":"bulkId:a"}}}]}"#,
                r#"{"Operations":[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{"manager":{"value":"<a>"}}}]}"#,
            ),
            (
                "User",
                "PATCH",
                r#"{"Operations":[{"op":"add","path":"title","value":"bulkId:a"},{"op":"add","path":"emails[value eq \"bulkId:b\"]","value":1},7]}"#,
                r#"{"Operations":[{"op":"add","path":"title","value":"bulkId:a"},{"op":"add","path":"emails[value eq \"bulkId:b\"]","value":1},7]}"#,
            ),
        ] {
            let (seen, written) = visited(kind, method, sent);
            assert_eq!(written, found);
            assert_eq!(seen.is_empty(), sent == found, "{sent}");
        }
    }

    #[test]
    fn names_are_those_that_can_clash_or_be_found() {
        let registry = Registry::haystack();
        let user = registry.resource_type("User").unwrap();
        let document = r#"{"userName":" Ann@X.test","externalId":"E1","title":"boss","emails":[{"value":"a@x.test","type":"work"}],"displayName":"Ann"}"#;
        let mut found = names(user, &Value::parse(document.as_bytes()).unwrap());
        found.sort();
        for name in ["ann@x.test", "e1", "a@x.test"] {
            assert!(found.iter().any(|found| found == name), "{name} in {found:?}");
        }
        assert!(!found.iter().any(|found| found == "boss"), "{found:?}");
    }
}
