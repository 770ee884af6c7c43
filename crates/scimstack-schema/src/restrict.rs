//! A registry in which some attributes are more closed than their schemas say: what one client may not write or may not
//! see. Everything that goes by a registry (reading documents, PATCH, filters, answers, discovery) then knows it.
//! Left out: who that client is.
//!
//! ```
//! use scimstack_schema::{Registry, Restriction};
//!
//! let registry = Registry::core()
//!     .to_builder()
//!     .restrict("User", "title", Restriction::ReadOnly)?
//!     .restrict("User", "phoneNumbers", Restriction::Hidden)?
//!     .build()?;
//! let user = registry.resource_type("User").unwrap();
//! assert!(user.resolve("title").unwrap().leaf().is_read_only());
//! assert!(user.resolve("phoneNumbers").unwrap().leaf().is_hidden());
//! # Ok::<(), scimstack_schema::RegistryError>(())
//! ```

use crate::attribute::{Attribute, Mutability, Returned};
use crate::registry::{RegistryBuilder, RegistryError};
use crate::schema::Schema;
use std::sync::Arc;

/// How an attribute is more closed than its schema says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// It is shown, and what a client sends of it is ignored, as of any attribute that is `readOnly` (RFC 7644 §3.5.1);
    /// in a PATCH it is refused (§3.5.2).
    ReadOnly,
    /// Nor is it shown, found or sorted by.
    Hidden,
}

impl RegistryBuilder {
    /// Closes an attribute of a resource type, or of an extension that it has by now (the path is then written with its
    /// URI).
    ///
    /// # Errors
    /// [`RegistryError::UnknownResourceType`], [`RegistryError::UnknownPath`]; [`RegistryError::NotRestrictable`] for an
    /// attribute that is required, which nobody could then send, for a common one, and for a part of one.
    pub fn restrict(
        mut self,
        resource_type: &str,
        path: &str,
        restriction: Restriction,
    ) -> Result<Self, RegistryError> {
        let draft = self.draft(resource_type)?;
        let unknown = || RegistryError::UnknownPath { path: path.to_owned(), resource_type: resource_type.to_owned() };
        let refused = |problem| {
            Err(RegistryError::NotRestrictable {
                path: path.to_owned(),
                resource_type: resource_type.to_owned(),
                problem,
            })
        };
        let extensions = draft.extensions.iter_mut().map(|extension| &mut extension.schema);
        let named = extensions
            .chain([&mut draft.schema])
            .filter_map(|schema| {
                let tail = tail(schema, path)?.to_owned();
                Some((schema, tail))
            })
            .min_by_key(|(_, tail)| tail.len());
        let (schema, name) = match named {
            Some(named) => named,
            None => (&mut draft.schema, path.to_owned()),
        };
        let whole = name.split('.').next().unwrap_or_default();
        let found = |attribute: &Arc<Attribute>| attribute.name.eq_ignore_ascii_case(whole);
        if crate::registry::common_attributes().iter().any(found) {
            return refused("every resource has it");
        }
        let Some(attribute) = Arc::make_mut(schema).attributes.iter_mut().find(|attribute| found(attribute)) else {
            return Err(unknown());
        };
        if whole.len() < name.len() {
            return refused("it is a part of an attribute, and only the whole can be closed");
        }
        if attribute.required {
            return refused("it is required, and nothing could be made without it");
        }
        close(Arc::make_mut(attribute), restriction);
        Ok(self)
    }
}

/// What a path names of a schema whose URI it begins with.
fn tail<'a>(schema: &Schema, path: &'a str) -> Option<&'a str> {
    let uri = schema.id.as_str();
    let head = path.get(..uri.len()).filter(|head| head.eq_ignore_ascii_case(uri))?;
    path.get(head.len()..)?.strip_prefix(':')
}

fn close(attribute: &mut Attribute, restriction: Restriction) {
    attribute.mutability = Mutability::ReadOnly;
    if restriction == Restriction::Hidden {
        attribute.returned = Returned::Never;
    }
    for sub in &mut attribute.sub_attributes {
        close(Arc::make_mut(sub), restriction);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;
    use crate::uri;

    #[test]
    fn attributes_of_extensions_and_their_parts_are_closed_too() {
        let path = format!("{}:manager", uri::ENTERPRISE_USER.to_uppercase());
        let builder = Registry::core().to_builder().restrict("User", &path, Restriction::Hidden).unwrap();
        let registry = builder.build().unwrap();
        let user = registry.resource_type("User").unwrap();
        let manager = user.resolve(&path).unwrap().attribute;
        assert!(manager.is_hidden() && manager.is_read_only());
        assert!(manager.sub_attributes.iter().all(|sub| sub.is_hidden() && sub.is_read_only()));
        assert!(!user.resolve("title").unwrap().leaf().is_read_only());
        let core = Registry::core();
        assert!(!core.resource_type("User").unwrap().resolve(&path).unwrap().leaf().is_hidden(), "another registry");
    }

    #[test]
    fn what_cannot_be_closed_is_refused() {
        for (resource_type, path, problem) in [
            ("Robot", "title", "no resource type"),
            ("User", "robot", "names no attribute"),
            ("User", "userName", "required"),
            ("User", "externalId", "every resource"),
            ("User", "meta", "every resource"),
            ("User", "name.givenName", "part"),
            ("User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "names no attribute"),
        ] {
            let refused = Registry::core().to_builder().restrict(resource_type, path, Restriction::ReadOnly);
            let error = refused.unwrap_err().to_string();
            assert!(error.contains(problem), "{path}: {error}");
        }
    }
}
