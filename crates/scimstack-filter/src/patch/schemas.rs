//! Operations on `schemas` (RFC 7644 §3.5.2): the list follows from what the extensions hold, so that taking a URI out
//! takes the extension out, and putting one in has no effect until an attribute comes.

use super::apply::Run;
use super::target::{Slot, Target};
use super::{OpKind, PatchError, PatchErrorKind};
use crate::error::shown;
use crate::eval::matches_element;
use scimstack_schema::value::Text;
use scimstack_schema::{ResourceType, Value};

impl Run<'_> {
    /// An operation whose path is `schemas`.
    pub(super) fn schemas(&mut self, kind: OpKind, slot: &Slot, value: Option<Value>) -> Result<(), PatchError> {
        let resource_type = self.context.resource_type;
        match (kind, &slot.selection) {
            (OpKind::Remove, Some(selection)) => {
                let gone = |uri: &str| matches_element(&selection.resolved, &Value::from(uri));
                self.without(gone)
            }
            (OpKind::Remove, None) => match value {
                None | Some(Value::Null) => Err(self.context.mutability("is required and cannot be removed")),
                Some(listed) => {
                    self.accept_listed(&slot.path.attribute)?;
                    let listed = self.uris(listed)?;
                    self.without(|uri| listed.iter().any(|listed| listed.eq_ignore_ascii_case(uri)))
                }
            },
            (_, Some(_)) => {
                Err(self.context.error(PatchErrorKind::InvalidPath, format!("{kind} on schemas takes no filter")))
            }
            (_, None) => {
                let Some(value) = value else {
                    return Err(self.context.invalid_value(format!("{kind} needs a \"value\"")));
                };
                let listed = self.uris(value)?;
                if let Some(unknown) = listed.iter().find(|uri| !is_of(resource_type, uri)) {
                    let problem = format!("\"{}\" is not a schema of {}", shown(unknown), resource_type.name);
                    return Err(self.context.invalid_value(problem));
                }
                if kind == OpKind::Add {
                    return Ok(());
                }
                self.without(|uri| !listed.iter().any(|listed| listed.eq_ignore_ascii_case(uri)))
            }
        }
    }

    /// `schemas` as a member of a path-less value: it comes along with the attributes and changes nothing itself.
    pub(super) fn schemas_member(&mut self, value: &Value) -> Result<(), PatchError> {
        for uri in self.uris(value.clone())? {
            if !is_of(self.context.resource_type, &uri) {
                self.context.unknown(uri.into())?;
            }
        }
        Ok(())
    }

    /// Takes out the extensions whose URI `gone` is true of; the base schema cannot go.
    fn without(&mut self, gone: impl Fn(&str) -> bool) -> Result<(), PatchError> {
        let resource_type = self.context.resource_type;
        let base = resource_type.schema.id.as_str();
        if gone(base) {
            return Err(self.context.mutability(format!("every {} has the schema {base}", resource_type.name)));
        }
        for extension in &resource_type.extensions {
            if gone(extension.schema.id.as_str()) {
                self.at(OpKind::Remove, Target::Extension(extension.clone()), None)?;
            }
        }
        Ok(())
    }

    fn uris(&self, value: Value) -> Result<Vec<Text>, PatchError> {
        let elements = match value {
            Value::Array(elements) => elements,
            single => vec![single],
        };
        let uris = elements.into_iter().map(|element| match element {
            Value::String(uri) => Ok(uri),
            other => Err(self.context.invalid_value(format!("expected schema URIs, found {}", other.kind()))),
        });
        uris.collect()
    }
}

fn is_of(resource_type: &ResourceType, uri: &str) -> bool {
    resource_type.schema.id.matches(uri) || resource_type.extension(uri).is_some()
}
