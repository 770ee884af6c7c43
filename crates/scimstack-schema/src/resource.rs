//! Resource documents: JSON in canonical spelling, known to hold only what the registry declares. Made by
//! [`crate::ingest`] or from what was stored; never by hand.
//!
//! ```
//! use scimstack_schema::{Registry, Resource};
//!
//! let registry = Registry::core();
//! let user = registry.resource_type("User").unwrap();
//! let stored = br#"{"userName":"ann@x.test","emails":[{"value":"a@x.test"},{"value":"b@x.test"}],"title":null}"#;
//! let mut ann = Resource::from_stored(user.clone(), stored).unwrap();
//! ann.set_id("u1");
//! let path = user.resolve("emails.value").unwrap();
//! let values: Vec<_> = ann.values(&path).into_iter().filter_map(|value| value.as_str()).collect();
//! assert_eq!(values, ["a@x.test", "b@x.test"]);
//! assert!(ann.root().get("title").is_none());
//! ```

use crate::registry::{ResolvedPath, ResourceType};
use crate::uri::SchemaUri;
use crate::value::{Object, Value};
use std::sync::Arc;

/// A resource in canonical spelling: names as registered, `schemas` first, extensions under their URIs. It holds neither
/// `meta` (made when it is shown) nor what lives as edges (`members`, `groups`).
#[derive(Clone, Debug)]
pub struct Resource {
    resource_type: Arc<ResourceType>,
    root: Object,
}

impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.resource_type.name == other.resource_type.name && self.root == other.root
    }
}

impl Resource {
    /// From a document that an [`crate::ingest`] made earlier; `root` is trusted to be canonical.
    #[must_use]
    pub fn from_canonical(resource_type: Arc<ResourceType>, root: Object) -> Self {
        Self { resource_type, root }
    }

    /// From the bytes of a stored document.
    ///
    /// # Errors
    /// Bytes that are no JSON object.
    pub fn from_stored(resource_type: Arc<ResourceType>, bytes: &[u8]) -> Result<Self, crate::value::JsonError> {
        match Value::parse(bytes)? {
            Value::Object(root) => Ok(Self { resource_type, root }),
            other => Err(crate::value::JsonError::Syntax(format!("expected an object, found {}", other.kind()))),
        }
    }

    /// The type it is of.
    #[must_use]
    pub fn resource_type(&self) -> &Arc<ResourceType> {
        &self.resource_type
    }

    /// The document.
    #[must_use]
    pub fn root(&self) -> &Object {
        &self.root
    }

    /// The document, to change. Whoever changes it keeps it canonical, and calls [`Resource::normalize`].
    pub fn root_mut(&mut self) -> &mut Object {
        &mut self.root
    }

    /// `id`, once it has one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.root.get("id").and_then(Value::as_str)
    }

    /// Sets `id`.
    pub fn set_id(&mut self, id: &str) {
        self.root.insert("id", id);
        self.normalize();
    }

    /// `externalId`.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.root.get("externalId").and_then(Value::as_str)
    }

    /// The value at a path, ignoring that lists have several: for a sub-attribute of a list, the list itself is given.
    #[must_use]
    pub fn value(&self, path: &ResolvedPath) -> Option<&Value> {
        let container = match &path.extension {
            Some(uri) => self.root.get(uri.as_str())?.as_object()?,
            None => &self.root,
        };
        let value = container.get(&path.attribute.name)?;
        match &path.sub_attribute {
            Some(sub) if !path.attribute.multi_valued => value.as_object()?.get(&sub.name),
            _ => Some(value),
        }
    }

    /// Every single value a path reaches: elements of lists, the named sub-attribute of each element.
    pub fn values<'a>(&'a self, path: &'a ResolvedPath) -> Vec<&'a Value> {
        match (self.value(path), &path.sub_attribute) {
            (None, _) => Vec::new(),
            (Some(Value::Array(elements)), Some(sub)) => {
                elements.iter().filter_map(|element| element.get(&sub.name)).collect()
            }
            (Some(Value::Array(elements)), None) => elements.iter().collect(),
            (Some(value), _) => vec![value],
        }
    }

    /// Brings the document in order after a change: empty values out, `schemas` first and naming the base schema and
    /// just the extensions that hold something, `id` and `externalId` next.
    pub fn normalize(&mut self) {
        let mut schemas = vec![&self.resource_type.schema.id];
        for extension in &self.resource_type.extensions {
            let uri = &extension.schema.id;
            if let Some(Value::Object(object)) = self.root.get_mut(uri.as_str()) {
                object.retain(|_, value| !prune(value));
                if !object.is_empty() {
                    schemas.push(uri);
                }
            }
        }
        if is_in_order(&self.root, &schemas) {
            return self.root.retain(|_, value| !prune(value));
        }
        let mut rest = std::mem::take(&mut self.root);
        let mut root = Object::with_capacity(rest.len() + 1);
        let named = rest.remove("schemas").filter(|named| is_list_of(named, &schemas));
        root.push(
            "schemas".into(),
            named
                .unwrap_or_else(|| Value::Array(schemas.into_iter().map(|uri| Value::String(uri.to_text())).collect())),
        );
        for name in ["id", "externalId"] {
            if let Some(value) = rest.remove(name)
                && !value.is_unassigned()
            {
                root.push(name.into(), value);
            }
        }
        for (name, mut value) in rest {
            if !prune(&mut value) {
                root.push(name, value);
            }
        }
        self.root = root;
    }

    /// The canonical JSON text.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        self.root.write(&mut out);
        out
    }
}

/// Whether the document begins with `schemas`, which name these, and then has `id` and `externalId` if it has them.
fn is_in_order(root: &Object, schemas: &[&SchemaUri]) -> bool {
    let mut names = root.iter();
    if !names.next().is_some_and(|(name, value)| name == "schemas" && is_list_of(value, schemas)) {
        return false;
    }
    let mut names = names.map(|(name, _)| name);
    let mut next = names.next();
    for first in ["id", "externalId"] {
        if next == Some(first) {
            next = names.next();
        }
    }
    next.into_iter()
        .chain(names)
        .all(|name| !["schemas", "id", "externalId"].iter().any(|first| name.eq_ignore_ascii_case(first)))
}

/// Whether these are the elements of a list, in this order.
fn is_list_of(list: &Value, uris: &[&SchemaUri]) -> bool {
    matches!(list, Value::Array(elements) if elements.iter().map(Value::as_str).eq(uris.iter().map(|uri| Some(uri.as_str()))))
}

/// Takes unassigned values out of `value`; true when nothing is left of it.
fn prune(value: &mut Value) -> bool {
    match value {
        Value::Object(object) => object.retain(|_, inner| !prune(inner)),
        Value::Array(elements) => elements.retain_mut(|element| !prune(element)),
        _ => {}
    }
    value.is_unassigned()
}
