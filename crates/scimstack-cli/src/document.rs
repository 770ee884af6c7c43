//! Resources as they are given on the command line and in files: JSON, `path=value`, one document a line.

use crate::failure::{Result, usage};
use scimstack_client::Capabilities;
use scimstack_schema::{Number, Object, ResourceType, Type, Value};
use std::io::Read as _;

/// The text of a file, or of the standard input for `-`.
pub(crate) fn read(path: &str) -> Result<String> {
    if path != "-" {
        return std::fs::read_to_string(path).map_err(|error| usage(format!("{path}: {error}")));
    }
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(usage(format!("the standard input: {error}"))),
    }
}

/// One JSON object.
pub(crate) fn object(text: &str, from: &str) -> Result<Object> {
    match Value::parse(text.as_bytes()) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(usage(format!("{from} is to be a JSON object, and is {}", other.kind()))),
        Err(error) => Err(usage(format!("{from} is no JSON: {error}"))),
    }
}

/// The documents of a file, each with the line it begins on: one object, an array of them, or one a line.
pub(crate) fn objects(text: &str, from: &str) -> Result<Vec<(usize, Object)>> {
    match Value::parse(text.as_bytes()) {
        Ok(Value::Object(object)) => return Ok(vec![(1, object)]),
        Ok(Value::Array(elements)) => {
            let numbered = elements.into_iter().enumerate().map(|(at, element)| match element {
                Value::Object(object) => Ok((at + 1, object)),
                other => Err(usage(format!("element {} of {from} is {}, not an object", at + 1, other.kind()))),
            });
            return numbered.collect();
        }
        _ => {}
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| Ok((at + 1, object(line, &format!("line {} of {from}", at + 1))?))).collect()
}

/// `path=value` in two; an equals sign within brackets belongs to the path.
pub(crate) fn split(text: &str) -> Result<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '=' if depth == 0 => {
                let (path, rest) = text.split_at(at);
                return Ok((path.trim(), rest.trim_start_matches('=')));
            }
            _ => {}
        }
    }
    Err(usage(format!("{text:?} is no PATH=VALUE")))
}

/// The path without what stands in brackets.
fn bare(path: &str) -> String {
    let mut depth = 0_usize;
    let keep = |c: &char| {
        match c {
            '[' => depth += 1,
            ']' => {
                depth = depth.saturating_sub(1);
                return false;
            }
            _ => {}
        }
        depth == 0
    };
    path.chars().filter(keep).collect()
}

/// A value as it is meant: JSON where the attribute is no text, text as it stands otherwise.
pub(crate) fn value(path: &str, text: &str, resource_type: Option<&ResourceType>) -> Result<Value> {
    let found = resource_type.and_then(|found| found.resolve(&bare(path)));
    let json = || Value::parse(text.as_bytes()).map_err(|error| usage(format!("{path}: {text:?} is no JSON: {error}")));
    if text.starts_with(['{', '[']) {
        return json();
    }
    let Some(found) = found else {
        return Ok(if matches!(text, "true" | "false" | "null") { json()? } else { text.into() });
    };
    let wrong = |what: &str| usage(format!("{path} is {what}, and {text:?} is none"));
    Ok(match found.leaf().r#type {
        Type::Boolean => match text {
            "true" => true.into(),
            "false" => false.into(),
            _ => return Err(wrong("true or false")),
        },
        Type::Integer | Type::Decimal => Number::parse(text).ok_or_else(|| wrong("a number"))?.into(),
        Type::Complex => {
            return Err(usage(format!(
                "{path} has sub-attributes: give it as JSON, as in {path}='{{\"value\":\"…\"}}'"
            )));
        }
        _ => text.into(),
    })
}

/// Whether a path names a whole list.
pub(crate) fn is_list(path: &str, resource_type: Option<&ResourceType>) -> bool {
    let found = resource_type.and_then(|found| found.resolve(path));
    found.is_some_and(|found| found.leaf().multi_valued)
}

/// Sets `path=value` in a document.
pub(crate) fn set(document: &mut Object, assignment: &str, resource_type: Option<&ResourceType>) -> Result {
    let (path, text) = split(assignment)?;
    let mut given = value(path, text, resource_type)?;
    if is_list(path, resource_type) && given.as_array().is_none() {
        given = Value::Array(vec![given]);
    }
    let resolved = resource_type.and_then(|found| found.resolve(path));
    let (extension, names) = match &resolved {
        Some(found) => {
            let sub = found.sub_attribute.as_ref().map(|sub| sub.name.to_string());
            let names = std::iter::once(found.attribute.name.to_string()).chain(sub).collect();
            (found.extension.as_ref().map(|uri| uri.as_str().to_owned()), names)
        }
        None => (None, path.split('.').map(str::to_owned).collect::<Vec<_>>()),
    };
    let mut inner = document;
    let names: Vec<String> = extension.into_iter().chain(names).collect();
    let Some((last, before)) = names.split_last().filter(|(last, _)| !last.is_empty()) else {
        return Err(usage(format!("{assignment:?} names no attribute")));
    };
    for name in before {
        inner = match inner.entry(name) {
            Value::Object(object) => object,
            other => return Err(usage(format!("{path}: {name} is {} already", other.kind()))),
        };
    }
    inner.insert(last.as_str(), given);
    Ok(())
}

/// Names the schemas in a document that names none: the type's own, and the extensions it uses.
pub(crate) fn name_schemas(document: &mut Object, endpoint: &str, capabilities: &Capabilities) {
    if document.get("schemas").is_some() {
        return;
    }
    let Some(resource_type) = capabilities.resource_type(endpoint) else { return };
    let extensions = resource_type.extensions.iter().map(|extension| extension.schema.id.as_str());
    let used = extensions.filter(|uri| document.get(uri).is_some());
    let schemas: Vec<Value> = std::iter::once(resource_type.schema.id.as_str()).chain(used).map(Value::from).collect();
    let mut named = Object::new();
    named.insert("schemas", Value::Array(schemas));
    for (name, value) in std::mem::take(document) {
        named.insert(name, value);
    }
    *document = named;
}

#[cfg(test)]
mod tests {
    use super::*;
    use scimstack_schema::Registry;

    #[test]
    fn assignments_make_documents_of_the_right_types() {
        let registry = Registry::core();
        let user = registry.resource_type("User").unwrap();
        let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
        let mut document = Object::new();
        for assignment in [
            "username=ann=x",
            "active=false",
            "title=7",
            "name.givenName=Ann",
            "emails={\"value\":\"a@x.test\"}",
            &format!("{department}=Sales"),
        ] {
            set(&mut document, assignment, Some(user)).unwrap();
        }
        assert_eq!(
            Value::from(document.clone()).to_string(),
            r#"{"userName":"ann=x","active":false,"title":"7","name":{"givenName":"Ann"},"emails":[{"value":"a@x.test"}],"#
                .to_owned()
                + r#""urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales"}}"#
        );
        name_schemas(&mut document, "/Users", &Capabilities::default());
        assert_eq!(document.iter().next().unwrap().0, "schemas");
        assert_eq!(document.get("schemas").unwrap().as_array().unwrap().len(), 2);
        for wrong in ["active=yes", "userName", "=x", "name=Ann", "userName.x=1", "emails={"] {
            assert!(set(&mut document, wrong, Some(user)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_equals_sign_in_brackets_belongs_to_the_path() {
        let path = r#"emails[type eq "a=b"].value"#;
        assert_eq!(split(&format!("{path}=x=y")).unwrap(), (path, "x=y"));
        assert_eq!(bare(path), "emails.value");
    }

    #[test]
    fn a_file_holds_one_document_or_many() {
        let lines = |text| -> Vec<usize> { objects(text, "f").unwrap().into_iter().map(|(line, _)| line).collect() };
        assert_eq!(lines("{\n}\n"), [1]);
        assert_eq!(lines("[{},{}]"), [1, 2]);
        assert_eq!(lines("{}\n\n{}\n"), [1, 3]);
        assert_eq!(lines(""), [0; 0]);
        for wrong in ["{}\n7", "[7]", "{}\n{", "7"] {
            assert!(objects(wrong, "f").is_err(), "{wrong}");
        }
    }
}
