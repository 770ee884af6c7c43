//! What a PATCH has written and what was there before: to take it all back, and to know whether anything is another now
//! (RFC 7644 §3.5.2: all operations or none). Everything a PATCH writes goes through here.

use super::coerce::same;
use scimstack_schema::{Attribute, Object, ResolvedPath, SchemaUri, Value};
use std::sync::Arc;

/// The attributes written, in the order they were first.
#[derive(Default)]
pub(super) struct Journal(Vec<Entry>);

/// One attribute, as a whole.
struct Entry {
    extension: Option<SchemaUri>,
    attribute: Arc<Attribute>,
    /// What was there at first; `None` when the attribute was not mentioned.
    before: Option<Value>,
}

impl Journal {
    /// Sets the attribute a path is about; without a value it becomes `null` in its place, if it is there.
    pub(super) fn write(&mut self, root: &mut Object, path: &ResolvedPath, value: Option<Value>) {
        let container = match &path.extension {
            None => Some(root),
            Some(uri) if value.is_none() => root.get_mut(uri.as_str()).and_then(Value::as_object_mut),
            Some(uri) => {
                let slot = root.entry(uri.as_str());
                if slot.as_object().is_none() {
                    *slot = Value::Object(Object::new());
                }
                slot.as_object_mut()
            }
        };
        let Some(container) = container else { return };
        let before = match (container.get_mut(&path.attribute.name), value) {
            (None, None) => return,
            (None, Some(value)) => {
                container.insert(&path.attribute.name, value);
                None
            }
            (Some(there), value) => Some(std::mem::replace(there, value.unwrap_or_default())),
        };
        if !self.0.iter().any(|entry| entry.is_of(path)) {
            self.0.push(Entry { extension: path.extension.clone(), attribute: path.attribute.clone(), before });
        }
    }

    /// Whether an attribute differs from what it was at first.
    pub(super) fn has_changed(&self, root: &Object) -> bool {
        self.0.iter().any(|entry| {
            let before = entry.before.as_ref().filter(|value| !value.is_unassigned());
            let now = entry.container(root).and_then(|container| container.get(&entry.attribute.name));
            match (before, now.filter(|value| !value.is_unassigned())) {
                (None, None) => false,
                (Some(before), Some(now)) => !same(before, now),
                _ => true,
            }
        })
    }

    /// Makes the document what it was, with its members in the order they had.
    pub(super) fn undo(self, root: &mut Object) {
        for Entry { extension, attribute, before } in self.0.into_iter().rev() {
            let container = match &extension {
                None => Some(&mut *root),
                Some(uri) => root.get_mut(uri.as_str()).and_then(Value::as_object_mut),
            };
            let Some(container) = container else { continue };
            match before {
                Some(before) => {
                    container.insert(&attribute.name, before);
                }
                None => {
                    container.remove(&attribute.name);
                }
            }
            if container.is_empty()
                && let Some(uri) = &extension
            {
                root.remove(uri.as_str());
            }
        }
    }
}

impl Entry {
    fn is_of(&self, path: &ResolvedPath) -> bool {
        self.extension == path.extension && self.attribute.name == path.attribute.name
    }

    fn container<'a>(&self, root: &'a Object) -> Option<&'a Object> {
        match &self.extension {
            None => Some(root),
            Some(uri) => root.get(uri.as_str())?.as_object(),
        }
    }
}
