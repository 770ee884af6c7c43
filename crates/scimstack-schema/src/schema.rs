//! Schemas: a URI and the attributes under it (RFC 7643 §7), and the duties of who writes one. Their JSON form is read
//! and written in `schema/json.rs`.
//!
//! ```
//! use scimstack_schema::{Attribute, Schema, Type, Value};
//!
//! let badge = Schema::new("urn:example:params:scim:schemas:extension:badge:1.0:User", "Badge")
//!     .with_attribute(Attribute::new("number", Type::String).with_required(true));
//! badge.check().unwrap();
//! assert_eq!(Schema::from_json(&badge.to_json()).unwrap(), badge);
//!
//! let twice = badge.with_attribute(Attribute::new("NUMBER", Type::Integer));
//! assert!(twice.check().unwrap_err().to_string().contains("number is declared twice"));
//! ```

mod json;

use crate::attribute::{Attribute, Type, Uniqueness};
use crate::registry::RegistryError;
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
    /// Checks the duties of a schema author: a URI as id, well-formed names (RFC 7643 §2.1), no name twice, no
    /// characteristic that the type does not have (§2.3, §7), sub-attributes on complex attributes only and never complex
    /// themselves, and in lists with the meaning their names have there (§2.4).
    ///
    /// # Errors
    /// The first breach, with the attribute's path.
    pub fn check(&self) -> Result<(), RegistryError> {
        let breach = |problem: String| Err(RegistryError::Schema { schema: self.id.to_string(), problem });
        if !is_uri(self.id.as_str()) {
            return breach(format!(
                "the id {:?} is not a URI; write one such as urn:example:params:scim:schemas:extension:acme:1.0:User",
                self.id.as_str()
            ));
        }
        if let Some(problem) = breach_among(&self.attributes, None) {
            return breach(problem);
        }
        for attribute in &self.attributes {
            let is_complex = attribute.r#type == Type::Complex;
            match attribute.sub_attributes.first() {
                Some(_) if !is_complex => {
                    return breach(format!("{} has sub-attributes but is not complex", attribute.name));
                }
                None if is_complex => {
                    return breach(format!("{} is complex but has no sub-attributes", attribute.name));
                }
                _ => {}
            }
            if let Some(problem) = breach_among(&attribute.sub_attributes, Some(&attribute.name)) {
                return breach(problem);
            }
            let usual = |sub: &Arc<Attribute>| attribute.multi_valued.then(|| unusual(sub)).flatten();
            let in_sub = |sub: &Arc<Attribute>| {
                misfit(sub).or_else(|| usual(sub)).map(|what| format!("{}.{} {what}", attribute.name, sub.name))
            };
            let own = misfit(attribute).map(|what| format!("{} {what}", attribute.name));
            if let Some(problem) = own.or_else(|| attribute.sub_attributes.iter().find_map(in_sub)) {
                return breach(problem);
            }
            if let Some(sub) = attribute.sub_attributes.iter().find(|sub| sub.r#type == Type::Complex) {
                return breach(format!(
                    "{}.{} is complex; complex attributes cannot stand inside complex ones",
                    attribute.name, sub.name
                ));
            }
        }
        Ok(())
    }
}

/// A characteristic that attributes of this type do not have.
fn misfit(attribute: &Attribute) -> Option<String> {
    let r#type = attribute.r#type;
    if !r#type.has_uniqueness() && attribute.uniqueness != Uniqueness::None {
        return Some(format!("is {type} and cannot be unique; leave its uniqueness out"));
    }
    if r#type != Type::Reference && !attribute.reference_types.is_empty() {
        return Some(format!("has referenceTypes but is no reference; make its type reference instead of {type}"));
    }
    if matches!(r#type, Type::Reference | Type::Binary) && !attribute.case_exact {
        return Some(format!("is a {type}, which is always caseExact"));
    }
    None
}

/// A sub-attribute of a list whose name means something else there (RFC 7643 §2.4).
fn unusual(sub: &Attribute) -> Option<String> {
    let (r#type, wanted, meaning) = match &*sub.name.to_ascii_lowercase() {
        "primary" => (Type::Boolean, "a boolean", "marks the preferred value"),
        "type" => (Type::String, "a string", "says what a value is for, such as \"work\""),
        "display" => (Type::String, "a string", "is what people are shown of a value"),
        "$ref" => (Type::Reference, "a reference", "is the URI of a resource"),
        _ => return None,
    };
    let fits = sub.r#type == r#type && !sub.multi_valued;
    (!fits).then(|| format!("must be {wanted} with one value, because in a list that name {meaning}"))
}

/// A malformed or repeated name among siblings.
fn breach_among(siblings: &[Arc<Attribute>], parent: Option<&str>) -> Option<String> {
    let path = |name: &str| parent.map_or_else(|| name.to_owned(), |parent| format!("{parent}.{name}"));
    let mut rest = siblings;
    while let Some((attribute, later)) = rest.split_first() {
        if !is_attribute_name(&attribute.name) {
            return Some(format!(
                "{:?} is no attribute name; a name begins with a letter and goes on with letters, digits, \"-\", \"_\" \
                 and \"$\"",
                path(&attribute.name)
            ));
        }
        if later.iter().any(|other| other.name.eq_ignore_ascii_case(&attribute.name)) {
            return Some(format!("{} is declared twice (names are compared without case)", path(&attribute.name)));
        }
        rest = later;
    }
    None
}

/// Whether `name` can name an attribute (RFC 7643 §2.1), `$ref` included.
#[must_use]
pub fn is_attribute_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("$ref")
        || (name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'$')))
}

/// A scheme, a colon, and something after it that holds no blanks.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && !rest.is_empty()
        && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
}
