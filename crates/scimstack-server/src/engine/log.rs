//! The provisioning log: one event for each write request, accepted or refused. The tenant's administrator reads it, so
//! it names attributes and never their values; of a person it holds the user name and nothing else
//! (RFC 7644 §7.5.1).

use super::call::Call;
use scimstack_protocol::ScimError;
use scimstack_schema::{Object, Resource, Value};
use scimstack_store::{Key, Op, ResourceId};

/// The topic of these events.
pub const LOG_TOPIC: &str = "log";

/// Names of one list in an event, at most.
const MOST_NAMES: usize = 100;
/// Characters of a name or subject, at most.
const MOST_CHARACTERS: usize = 256;

/// What is known of a write request so far.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) method: String,
    pub(crate) resource_type: String,
    pub(crate) resource_id: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) changed: Vec<String>,
    pub(crate) leniencies: Vec<&'static str>,
    pub(crate) unknown: Vec<String>,
}

impl Entry {
    /// Remembers whom the request is about, by the document it carries.
    pub(crate) fn names(&mut self, document: &Object) {
        let name = ["userName", "displayName"].into_iter().find_map(|name| document.get(name)?.as_str());
        if let Some(name) = name {
            self.subject = Some(short(name));
        }
    }

    /// Remembers which leniencies were used.
    pub(crate) fn leniencies(&mut self, fired: &[&'static str]) {
        for name in fired {
            if !self.leniencies.contains(name) {
                self.leniencies.push(name);
            }
        }
    }

    /// Remembers what nothing declares.
    pub(crate) fn unknown(&mut self, paths: Vec<String>) {
        for path in paths {
            if !self.unknown.contains(&path) {
                self.unknown.push(path);
            }
        }
    }

    /// Remembers that an attribute changed.
    pub(crate) fn changed(&mut self, name: &str) {
        if !self.changed.iter().any(|known| known == name) {
            self.changed.push(name.to_owned());
        }
    }

    /// Remembers which attributes differ.
    pub(crate) fn difference(&mut self, before: Option<&Resource>, after: &Resource) {
        let nothing = Object::new();
        let before = before.map_or(&nothing, Resource::root);
        for name in names(before, after.root()) {
            if matches!(name, "schemas" | "id") {
                continue;
            }
            match (before.get(name), after.root().get(name)) {
                (old, new) if same_option(old, new) => {}
                (old, new) if is_object(old) && is_object(new) => {
                    let (old, new) = (old.and_then(Value::as_object), new.and_then(Value::as_object));
                    let separator = if name.contains(':') { ':' } else { '.' };
                    let (old, new) = (old.unwrap_or(&nothing), new.unwrap_or(&nothing));
                    for sub in names(old, new).into_iter().filter(|sub| !same_option(old.get(sub), new.get(sub))) {
                        self.changed(&format!("{name}{separator}{sub}"));
                    }
                }
                _ => self.changed(name),
            }
        }
    }

    /// The event.
    pub(crate) fn event(&self, call: &Call<'_>, outcome: Result<u16, &ScimError>) -> Op {
        let mut event = Object::new();
        event.insert("at", call.now.to_string());
        event.insert("connection", call.principal.connection.policy.name.as_str());
        event.insert("dialect", call.profile.name);
        event.insert("userAgent", call.profile.agent);
        event.insert("method", self.method.as_str());
        event.insert("resourceType", self.resource_type.as_str());
        let mut optional = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                event.insert(name, value);
            }
        };
        optional("resourceId", self.resource_id.as_deref());
        optional("subject", self.subject.as_deref());
        let error = outcome.err();
        optional("scimType", error.and_then(|error| error.scim_type).map(|scim_type| scim_type.as_str()));
        optional("detail", error.map(|error| error.detail.as_str()));
        event.insert("status", i64::from(error.map_or(outcome.unwrap_or_default(), |error| error.status)));
        event.insert("changed", list(&self.changed));
        event.insert("leniencies", list(&self.leniencies));
        event.insert("unknown", list(&self.unknown));
        let id = self.resource_id.as_deref().and_then(ResourceId::new);
        Op::Emit {
            topic: LOG_TOPIC.to_owned(),
            id: call.id.clone(),
            key: id.map(|id| Key::new(self.resource_type.as_str(), id)),
            payload: Value::Object(event).to_bytes().into(),
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(MOST_CHARACTERS).collect()
}

fn list(names: &[impl AsRef<str>]) -> Value {
    Value::Array(names.iter().take(MOST_NAMES).map(|name| Value::from(short(name.as_ref()))).collect())
}

fn is_object(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.as_object().is_some())
}

/// The names of both objects, those of `after` first.
fn names<'a>(before: &'a Object, after: &'a Object) -> Vec<&'a str> {
    let mut names: Vec<&str> = after.iter().map(|(name, _)| name).collect();
    for (name, _) in before.iter() {
        if after.get(name).is_none() {
            names.push(name);
        }
    }
    names
}

fn same_option(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// Whether two values say the same: objects whatever the order of their members, lists in their order.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => same_object(a, b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        _ => a == b,
    }
}

/// [`same`] for documents.
pub(crate) fn same_object(a: &Object, b: &Object) -> bool {
    a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scimstack_schema::Registry;

    fn resource(text: &str) -> Resource {
        let user = Registry::core().resource_type("User").unwrap().clone();
        Resource::from_stored(user, text.as_bytes()).unwrap()
    }

    #[test]
    fn a_difference_names_attributes_and_never_values() {
        let before = resource(
            r#"{"id":"1","userName":"ann","title":"x","name":{"givenName":"A","familyName":"B"},"urn:e":{"department":"d"}}"#,
        );
        let after = resource(
            r#"{"id":"1","userName":"ann","nickName":"n","name":{"familyName":"B","givenName":"C"},"urn:e":{"manager":{"value":"m"}}}"#,
        );
        let mut entry = Entry::default();
        entry.difference(Some(&before), &after);
        assert_eq!(entry.changed, ["nickName", "name.givenName", "urn:e:manager", "urn:e:department", "title"]);
    }

    #[test]
    fn the_order_of_members_is_no_difference_and_that_of_elements_is() {
        let a = Value::parse(br#"{"a":1,"b":[1,2]}"#).unwrap();
        assert!(same(&a, &Value::parse(br#"{"b":[1,2],"a":1}"#).unwrap()));
        assert!(!same(&a, &Value::parse(br#"{"b":[2,1],"a":1}"#).unwrap()));
        assert!(!same(&a, &Value::parse(br#"{"b":[1,2]}"#).unwrap()));
    }
}
