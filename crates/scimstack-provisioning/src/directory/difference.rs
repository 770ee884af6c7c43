//! What a request changes about a person: two documents in, an [`Update`] out. Read-only attributes do not count, nor
//! does the order in which an object's members came.

use scimstack_schema::{Attribute, Mutability, Object, Resource, Value};
use std::sync::Arc;

/// The difference that a request makes to one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Update {
    /// `active` afterwards; `None` when the document does not say, and it stays as it is.
    pub active: Option<bool>,
    /// The other attributes that differ, by path.
    pub attributes: Vec<String>,
    /// The user name before and afterwards, when it differs.
    pub renamed: Option<(String, String)>,
    /// How many people report to this one.
    pub reports: u64,
}

impl Update {
    /// Whether two documents differ, and in what.
    #[must_use]
    pub fn between(before: &Resource, after: &Resource) -> Self {
        let mut update = Self {
            active: after.root().get("active").and_then(Value::as_bool),
            renamed: match (user_name(before), user_name(after)) {
                (Some(from), Some(to)) if from != to => Some((from.to_owned(), to.to_owned())),
                _ => None,
            },
            ..Self::default()
        };
        let r#type = after.resource_type();
        compare(&r#type.schema.attributes, before.root(), after.root(), "", &mut update.attributes);
        if before.external_id() != after.external_id() {
            update.attributes.push("externalId".to_owned());
        }
        for extension in &r#type.extensions {
            let uri = extension.schema.id.as_str();
            let none = Object::new();
            let side = |resource: &Resource| -> Object {
                resource.root().get(uri).and_then(Value::as_object).unwrap_or(&none).clone()
            };
            let prefix = format!("{uri}:");
            compare(&extension.schema.attributes, &side(before), &side(after), &prefix, &mut update.attributes);
        }
        update
    }

    /// With `active` as it is to be.
    #[must_use]
    pub fn with_active(mut self, active: bool) -> Self {
        self.active = Some(active);
        self
    }

    /// With another attribute that differs.
    #[must_use]
    pub fn with_attribute(mut self, path: impl Into<String>) -> Self {
        self.attributes.push(path.into());
        self
    }

    /// With another user name.
    #[must_use]
    pub fn with_user_name(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.renamed = Some((from.into(), to.into()));
        self.with_attribute("userName")
    }

    /// With the number of people who report to this one.
    #[must_use]
    pub fn with_reports(mut self, reports: u64) -> Self {
        self.reports = reports;
        self
    }
}

/// The `userName` of a document.
pub(super) fn user_name(resource: &Resource) -> Option<&str> {
    resource.root().get("userName").and_then(Value::as_str)
}

fn compare(attributes: &[Arc<Attribute>], before: &Object, after: &Object, prefix: &str, out: &mut Vec<String>) {
    for attribute in attributes {
        let name: &str = &attribute.name;
        let is_state = prefix.is_empty() && name.eq_ignore_ascii_case("active");
        if attribute.mutability == Mutability::ReadOnly || is_state {
            continue;
        }
        if !same(Some(attribute), before.get(name), after.get(name)) {
            out.push(format!("{prefix}{name}"));
        }
    }
}

/// Equality in which an unassigned value is as good as none, and read-only sub-attributes and the order of members do
/// not count.
fn same(attribute: Option<&Attribute>, a: Option<&Value>, b: Option<&Value>) -> bool {
    let assigned = |value: Option<&Value>| value.is_some_and(|value| !value.is_unassigned());
    match (a, b) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let counts = |name: &str| {
                attribute
                    .and_then(|attribute| attribute.sub_attribute(name))
                    .is_none_or(|sub| sub.mutability != Mutability::ReadOnly)
            };
            a.iter().filter(|(name, _)| counts(name)).all(|(name, value)| same(None, Some(value), b.get(name)))
                && b.iter().filter(|(name, _)| counts(name)).all(|(name, value)| same(None, a.get(name), Some(value)))
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(attribute, Some(a), Some(b)))
        }
        (Some(a), Some(b)) => a == b,
        (a, b) => !assigned(a) && !assigned(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scimstack_schema::Registry;

    fn user(json: &str) -> Resource {
        let r#type = Registry::haystack().resource_type("User").unwrap().clone();
        Resource::from_stored(r#type, json.as_bytes()).unwrap()
    }

    #[test]
    fn differences_are_named_by_path() {
        let ent = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        for (before, after, paths) in [
            (r#"{"userName":"a"}"#, r#"{"userName":"a"}"#, vec![]),
            (r#"{"userName":"a","active":true}"#, r#"{"userName":"a","active":false}"#, vec![]),
            (r#"{"userName":"a"}"#, r#"{"userName":"b","title":"t"}"#, vec!["userName", "title"]),
            (
                r#"{"name":{"givenName":"A","familyName":"B"}}"#,
                r#"{"name":{"familyName":"B","givenName":"A"}}"#,
                vec![],
            ),
            (r#"{"name":{"givenName":"A"}}"#, r#"{"name":{"givenName":"B"}}"#, vec!["name"]),
            (r#"{"emails":[{"value":"a"}]}"#, r#"{"emails":[{"value":"a"},{"value":"b"}]}"#, vec!["emails"]),
            (r#"{"emails":[]}"#, r#"{}"#, vec![]),
            (r#"{"externalId":"1"}"#, r#"{"externalId":"2"}"#, vec!["externalId"]),
            (r#"{"id":"1","groups":[{"value":"g"}],"meta":{"version":"1"}}"#, r#"{"id":"2"}"#, vec![]),
            (
                r#"{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"x"}}}"#,
                r#"{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"y"},"department":"d"}}"#,
                vec!["department", "manager"],
            ),
            (
                r#"{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"x"}}}"#,
                r#"{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"x","displayName":"X"}}}"#,
                vec![],
            ),
        ] {
            let mut expected: Vec<String> = paths
                .into_iter()
                .map(|path| match path {
                    "department" | "manager" => format!("{ent}:{path}"),
                    _ => path.to_owned(),
                })
                .collect();
            let mut found = Update::between(&user(before), &user(after)).attributes;
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "{before} to {after}");
        }
    }

    #[test]
    fn an_absent_active_says_nothing() {
        let update = |after| Update::between(&user(r#"{"active":true}"#), &user(after)).active;
        assert_eq!(update("{}"), None);
        assert_eq!(update(r#"{"active":true}"#), Some(true));
        assert_eq!(update(r#"{"active":false}"#), Some(false));
    }
}
