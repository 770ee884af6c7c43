//! What the derive macros make of a nested struct and of an enum. Each also gets an [`super::AttributeValue`], which is
//! what a field needs.

use super::error::TypedError;
use crate::attribute::Attribute;
use crate::value::Object;

/// A struct that is a complex attribute (RFC 7643 §2.3.8). Derive it: `#[derive(ScimComplex)]`.
pub trait ScimComplex: Sized {
    /// The sub-attributes, in the order of the fields.
    fn sub_attributes() -> Vec<Attribute>;

    /// From the attribute's object.
    ///
    /// # Errors
    /// A member that is missing or of the wrong type.
    fn from_object(object: &Object) -> Result<Self, TypedError>;

    /// Writes every field into the object; other members stay.
    fn write_to(&self, object: &mut Object);
}

/// An enum that is a string with known values (`canonicalValues`, RFC 7643 §7). Derive it: `#[derive(ScimEnum)]`.
pub trait ScimEnum: Sized {
    /// The known values, in the order of the variants.
    const VALUES: &'static [&'static str];

    /// The variant for a value; `None` when it is not known and there is no variant for others.
    fn from_text(text: &str) -> Option<Self>;

    /// The value of a variant.
    fn as_text(&self) -> &str;
}
