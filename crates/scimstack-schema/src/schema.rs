//! Schemas: a URI and the attributes under it (RFC 7643 §7), read from and written as the standard's own JSON.

use crate::attribute::Attribute;
use crate::uri::SchemaUri;
use std::sync::Arc;

/// A schema: a named set of attributes.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Schema {
    /// The schema's URI.
    pub id: SchemaUri,
    /// For people.
    pub name: String,
    /// For people.
    pub description: String,
    /// The attributes, in the order they were declared.
    pub attributes: Vec<Arc<Attribute>>,
}

impl Schema {
    /// A schema without attributes.
    pub fn new(id: impl Into<SchemaUri>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), description: String::new(), attributes: Vec::new() }
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with_attribute(mut self, attribute: Attribute) -> Self {
        self.attributes.push(Arc::new(attribute));
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn with_description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    /// The attribute called `name`, whatever its case.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Arc<Attribute>> {
        self.attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name))
    }
}

impl Schema {
    /// Checks the duties of a schema author: a URI as id, well-formed names (RFC 7643 §2.1), no name twice, sub-attributes
    /// on complex attributes only and never complex themselves.
    ///
    /// # Errors
    /// The first breach, with the attribute's path.
    pub fn check(&self) -> Result<(), crate::registry::RegistryError> {
        todo!()
    }

    /// Reads a Schema resource (RFC 7643 §7, §8.7); absent characteristics get their defaults (§2.2).
    ///
    /// # Errors
    /// What is missing or of the wrong type, with its path.
    pub fn from_json(_document: &crate::value::Value) -> Result<Self, crate::registry::RegistryError> {
        todo!()
    }

    /// The Schema resource without `meta`, characteristics that do not apply left out.
    #[must_use]
    pub fn to_json(&self) -> crate::value::Value {
        todo!()
    }
}
