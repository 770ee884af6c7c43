//! The data types for which Rust has no type of its own: binary (RFC 7643 §2.3.6) and reference (§2.3.7).

use super::error::TypedError;
use super::field::AttributeValue;
use crate::attribute::{Attribute, Type};
use crate::value::Value;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::fmt;

/// The standard alphabet; written with padding, read with or without (RFC 4648 §4).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Bytes; base64 in a document (RFC 7643 §2.3.6).
///
/// ```
/// use scimstack_schema::Value;
/// use scimstack_schema::typed::{AttributeValue, Binary};
/// assert_eq!(Binary::from(b"hi".to_vec()).to_value(), Value::from("aGk="));
/// assert_eq!(Binary::from_value(&Value::from("aGk")).unwrap().as_ref(), b"hi");
/// assert!(Binary::from_value(&Value::from("a-k_")).is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Binary(pub Vec<u8>);

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binary({} bytes)", self.0.len())
    }
}

impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Binary {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl AttributeValue for Binary {
    const TYPE: Type = Type::Binary;

    fn from_value(value: &Value) -> Result<Self, TypedError> {
        let bytes = value.as_str().and_then(|text| BASE64.decode(text).ok());
        bytes.map(Self).ok_or_else(|| TypedError::wrong_type(Self::expected(), value))
    }

    fn to_value(&self) -> Value {
        Value::from(BASE64.encode(&self.0))
    }
}

/// A URI, of a resource or of anything else (RFC 7643 §2.3.7). Kept as it is written: a server may have relative ones.
///
/// Which resource types it may name is the attribute's `referenceTypes`; `uri` when nothing is said.
///
/// ```
/// use scimstack_schema::typed::{AttributeField, Reference};
/// let portrait = Reference::from("https://example.com/ann.png");
/// assert_eq!(portrait.as_str(), "https://example.com/ann.png");
/// assert_eq!(Reference::attribute("portrait").reference_types, ["uri"]);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Reference(pub String);

impl Reference {
    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Reference {
    fn from(uri: &str) -> Self {
        Self(uri.to_owned())
    }
}

impl From<String> for Reference {
    fn from(uri: String) -> Self {
        Self(uri)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AttributeValue for Reference {
    const TYPE: Type = Type::Reference;

    fn define(attribute: Attribute) -> Attribute {
        attribute.with_reference_types(["uri"])
    }

    fn from_value(value: &Value) -> Result<Self, TypedError> {
        let uri = value.as_str().ok_or_else(|| TypedError::wrong_type(Self::expected(), value))?;
        Ok(Self::from(uri))
    }

    fn to_value(&self) -> Value {
        Value::from(self.as_str())
    }
}
