//! Attribute definitions and their characteristics (RFC 7643 §2.2, §7). What a schema author says of one attribute;
//! not where it lives in a document (see [`crate::registry`]).
//!
//! ```
//! use scimstack_schema::{Attribute, Mutability, Returned, Type};
//!
//! let badge = Attribute::new("badge", Type::Complex).with_sub_attributes([
//!     Attribute::new("number", Type::String).with_case_exact(true),
//!     Attribute::new("pin", Type::String).with_mutability(Mutability::WriteOnly).with_returned(Returned::Never),
//! ]);
//! assert!(badge.sub_attribute("PIN").unwrap().is_hidden());
//! assert_eq!(badge.r#type.as_str(), "complex");
//! ```

use std::fmt;
use std::sync::Arc;

/// Gives a closed set of keywords its spelling on the wire, both ways.
macro_rules! keywords {
    ($of:ident { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $of {
            /// The keyword, as schemas spell it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// What the keyword means, whatever its case.
            #[must_use]
            pub fn from_keyword(word: &str) -> Option<Self> {
                $(if word.eq_ignore_ascii_case($word) {
                    return Some(Self::$variant);
                })+
                None
            }
        }

        impl fmt::Display for $of {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

keywords!(Type {
    String => "string",
    Boolean => "boolean",
    Decimal => "decimal",
    Integer => "integer",
    DateTime => "dateTime",
    Binary => "binary",
    Reference => "reference",
    Complex => "complex",
});

keywords!(Mutability {
    ReadOnly => "readOnly",
    ReadWrite => "readWrite",
    Immutable => "immutable",
    WriteOnly => "writeOnly",
});

keywords!(Returned { Always => "always", Never => "never", Default => "default", Request => "request" });

keywords!(Uniqueness { None => "none", Server => "server", Global => "global" });

impl Type {
    /// True where `caseExact` means something: strings, references, binaries.
    #[must_use]
    pub fn has_case(self) -> bool {
        matches!(self, Self::String | Self::Reference | Self::Binary)
    }

    /// True where `uniqueness` means something: all but complex, boolean and binary.
    #[must_use]
    pub fn has_uniqueness(self) -> bool {
        !matches!(self, Self::Complex | Self::Boolean | Self::Binary)
    }
}

/// The data type of an attribute (RFC 7643 §2.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    /// Unicode text (§2.3.1).
    String,
    /// `true` or `false` (§2.3.2).
    Boolean,
    /// A number with a fraction (§2.3.3).
    Decimal,
    /// A whole number (§2.3.4).
    Integer,
    /// An xsd:dateTime in a string (§2.3.5).
    DateTime,
    /// Base64 in a string (§2.3.6).
    Binary,
    /// A URI in a string (§2.3.7).
    Reference,
    /// Sub-attributes (§2.3.8).
    Complex,
}

/// Whether and when an attribute can be written (RFC 7643 §7).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Mutability {
    /// Never by a client.
    ReadOnly,
    /// At any time.
    #[default]
    ReadWrite,
    /// Once.
    Immutable,
    /// Written, never read (passwords).
    WriteOnly,
}

/// When an attribute is part of a response (RFC 7643 §7).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Returned {
    /// Whatever the client asks for.
    Always,
    /// In no case.
    Never,
    /// Unless excluded or others were asked for.
    #[default]
    Default,
    /// Only when asked for.
    Request,
}

/// Whether a value may occur twice (RFC 7643 §7).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Uniqueness {
    /// Any number of times.
    #[default]
    None,
    /// Once per tenant and resource type.
    Server,
    /// Once anywhere; enforced as [`Uniqueness::Server`].
    Global,
}

/// One attribute's definition. Make it with [`Attribute::new`] and the `with_*` methods.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Attribute {
    /// The name in its registered spelling; names compare without case (RFC 7643 §2.1).
    pub name: Arc<str>,
    /// The data type.
    pub r#type: Type,
    /// Whether the value is a list.
    pub multi_valued: bool,
    /// For people.
    pub description: String,
    /// Whether a resource without it is invalid.
    pub required: bool,
    /// Suggested values; others are accepted (RFC 7643 §7).
    pub canonical_values: Option<Vec<String>>,
    /// Whether strings differ by case. Always true for references and binaries.
    pub case_exact: bool,
    /// Whether and when it can be written.
    pub mutability: Mutability,
    /// When it is returned.
    pub returned: Returned,
    /// Whether a value may occur twice.
    pub uniqueness: Uniqueness,
    /// For references: resource type names, `external` or `uri`.
    pub reference_types: Vec<String>,
    /// For complex attributes.
    pub sub_attributes: Vec<Arc<Attribute>>,
}

impl Attribute {
    /// A definition with the defaults of RFC 7643 §2.2 and an empty description.
    pub fn new(name: impl Into<Arc<str>>, r#type: Type) -> Self {
        Self {
            name: name.into(),
            r#type,
            multi_valued: false,
            description: String::new(),
            required: false,
            canonical_values: None,
            case_exact: matches!(r#type, Type::Reference | Type::Binary),
            mutability: Mutability::default(),
            returned: Returned::default(),
            uniqueness: Uniqueness::default(),
            reference_types: Vec::new(),
            sub_attributes: Vec::new(),
        }
    }

    /// The sub-attribute called `name`, whatever its case.
    #[must_use]
    pub fn sub_attribute(&self, name: &str) -> Option<&Arc<Attribute>> {
        self.sub_attributes.iter().find(|sub| sub.name.eq_ignore_ascii_case(name))
    }

    /// True when no client may write it, nor anything in it.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.mutability == Mutability::ReadOnly
    }

    /// True when no response may show it.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.returned == Returned::Never || self.mutability == Mutability::WriteOnly
    }

    /// Sets the description.
    #[must_use]
    pub fn with_description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    /// Makes it a list.
    #[must_use]
    pub fn with_multi_valued(mut self, multi_valued: bool) -> Self {
        self.multi_valued = multi_valued;
        self
    }

    /// Makes it required.
    #[must_use]
    pub fn with_required(mut self, required: bool) -> Self {
        self.required = required;
        self
    }

    /// Sets whether case matters.
    #[must_use]
    pub fn with_case_exact(mut self, case_exact: bool) -> Self {
        self.case_exact = case_exact;
        self
    }

    /// Sets the mutability.
    #[must_use]
    pub fn with_mutability(mut self, mutability: Mutability) -> Self {
        self.mutability = mutability;
        self
    }

    /// Sets when it is returned.
    #[must_use]
    pub fn with_returned(mut self, returned: Returned) -> Self {
        self.returned = returned;
        self
    }

    /// Sets the uniqueness.
    #[must_use]
    pub fn with_uniqueness(mut self, uniqueness: Uniqueness) -> Self {
        self.uniqueness = uniqueness;
        self
    }

    /// Sets the suggested values.
    #[must_use]
    pub fn with_canonical_values(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.canonical_values = Some(values.into_iter().map(Into::into).collect());
        self
    }

    /// Sets what a reference may point to.
    #[must_use]
    pub fn with_reference_types(mut self, types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.reference_types = types.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the sub-attributes of a complex attribute.
    #[must_use]
    pub fn with_sub_attributes(mut self, subs: impl IntoIterator<Item = Attribute>) -> Self {
        self.sub_attributes = subs.into_iter().map(Arc::new).collect();
        self
    }
}
