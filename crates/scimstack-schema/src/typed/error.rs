//! Why a document does not fit a Rust type: which attribute, what was found, what was expected.

use crate::value::Value;

/// A document that does not fit a Rust type, or a type that does not fit a resource.
///
/// ```
/// use scimstack_schema::Value;
/// use scimstack_schema::typed::{AttributeField, TypedError};
///
/// let document = Value::parse(br#"{"doors": ["A1", 7]}"#).unwrap();
/// let error = Vec::<String>::read(document.as_object().unwrap(), "doors").unwrap_err();
/// assert_eq!(error.path(), "doors[1]");
/// assert!(matches!(error, TypedError::WrongValue { .. }));
/// assert_eq!(error.to_string(), "doors[1] must be a string, not a number");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypedError {
    /// An attribute that has to be there is not.
    #[error("{path} is missing; it must be {expected}")]
    Missing {
        /// Where: `name.givenName`, `doors[1].id`, an extension's attribute with its URI.
        path: String,
        /// What would be right.
        expected: String,
    },
    /// A value of another type, beyond its range, or none of the known ones.
    #[error("{path} must be {expected}, not {found}")]
    WrongValue {
        /// Where.
        path: String,
        /// What would be right.
        expected: String,
        /// What was found. Values of attributes that are never returned are not repeated.
        found: String,
    },
    /// A resource of another type.
    #[error("the resource is a {found}, not a {expected}")]
    WrongResource {
        /// The name of the resource type that was expected.
        expected: String,
        /// The name of the resource's own type.
        found: String,
    },
    /// A resource type without this extension.
    #[error("a {resource_type} cannot carry {extension}: the resource type does not declare this extension")]
    NotDeclared {
        /// The extension's URI.
        extension: String,
        /// The name of the resource type.
        resource_type: String,
    },
}

/// How much of a found text is repeated.
const SHOWN: usize = 40;

impl TypedError {
    /// For an attribute that is not there. The path is filled in on the way up, as in all these.
    pub fn missing(expected: impl Into<String>) -> Self {
        Self::Missing { path: String::new(), expected: expected.into() }
    }

    /// For a value of another JSON type: only that type is told.
    pub fn wrong_type(expected: impl Into<String>, found: &Value) -> Self {
        Self::WrongValue { path: String::new(), expected: expected.into(), found: found.kind().to_owned() }
    }

    /// For a value of the right JSON type that will not do: numbers and short strings are told as they are.
    pub fn wrong_value(expected: impl Into<String>, found: &Value) -> Self {
        let found = match found {
            Value::String(text) if text.chars().count() <= SHOWN => found.to_string(),
            Value::Number(number) => number.as_str().chars().take(SHOWN).collect(),
            other => other.kind().to_owned(),
        };
        Self::WrongValue { path: String::new(), expected: expected.into(), found }
    }

    /// Where in the document; empty when the document as a whole is meant.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Missing { path, .. } | Self::WrongValue { path, .. } => path,
            Self::WrongResource { .. } => "",
            Self::NotDeclared { extension, .. } => extension,
        }
    }

    /// The same inside the attribute `name`.
    #[must_use]
    pub fn in_attribute(self, name: &str) -> Self {
        self.map_path(|inner| match inner {
            inner if inner.is_empty() || inner.starts_with('[') => format!("{name}{inner}"),
            inner => format!("{name}.{inner}"),
        })
    }

    /// The same inside the element of a list.
    #[must_use]
    pub fn in_element(self, index: usize) -> Self {
        self.in_attribute(&format!("[{index}]"))
    }

    /// The same inside the extension with this URI.
    #[must_use]
    pub fn in_extension(self, urn: &str) -> Self {
        self.map_path(|inner| if inner.is_empty() { urn.to_owned() } else { format!("{urn}:{inner}") })
    }

    /// The same without what was found, for attributes that are never returned.
    #[must_use]
    pub fn concealed(mut self) -> Self {
        if let Self::WrongValue { found, .. } = &mut self {
            "what was sent".clone_into(found);
        }
        self
    }

    fn map_path(mut self, change: impl FnOnce(String) -> String) -> Self {
        if let Self::Missing { path, .. } | Self::WrongValue { path, .. } = &mut self {
            *path = change(std::mem::take(path));
        }
        self
    }
}
