//! What derived code calls, and nobody else: not part of the stable interface. First what it asks at compile time: whether
//! a characteristic applies to the type of its field (RFC 7643 §7). Only the compiler can know the type, so these are
//! evaluated in constants; a panic there is an error message. Then what would otherwise be written out for every struct.
//!
//! ```
//! use scimstack_schema::{Type, typed::check};
//! const _: () = check::holds(check::has_uniqueness(Type::Integer), "a compile error where it does not hold");
//! ```

use super::error::TypedError;
use super::field::AttributeValue;
use super::structured::{ScimComplex, ScimEnum};
use crate::attribute::Type;
use crate::value::{Object, Value};

/// Stops the build with `message` unless `holds`.
#[track_caller]
#[allow(clippy::panic, reason = "evaluated at compile time only: this is how a constant reports an error")]
pub const fn holds(holds: bool, message: &str) {
    if !holds {
        panic!("{}", message);
    }
}

/// Whether the type is a string.
#[must_use]
pub const fn is_string(r#type: Type) -> bool {
    matches!(r#type, Type::String)
}

/// Whether the type is a reference.
#[must_use]
pub const fn is_reference(r#type: Type) -> bool {
    matches!(r#type, Type::Reference)
}

/// Whether the type is complex.
#[must_use]
pub const fn is_complex(r#type: Type) -> bool {
    matches!(r#type, Type::Complex)
}

/// Whether `uniqueness` means something for the type.
#[must_use]
pub const fn has_uniqueness(r#type: Type) -> bool {
    !matches!(r#type, Type::Complex | Type::Boolean | Type::Binary)
}

/// Whether two URIs name one schema.
#[must_use]
pub const fn same_uri(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// The members of `object` that are none of `known`.
#[must_use]
pub fn others(object: &Object, known: &[&str]) -> Object {
    let mut others = object.clone();
    others.retain(|name, _| !is_among(name, known));
    others
}

/// Writes members that are none of `known`.
pub fn write_others(others: &Object, object: &mut Object, known: &[&str]) {
    for (name, value) in others.iter().filter(|(name, _)| !is_among(name, known)) {
        object.insert(name, value.clone());
    }
}

fn is_among(name: &str, known: &[&str]) -> bool {
    known.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// `AttributeValue::from_value` of a complex attribute.
///
/// # Errors
/// No object, or one that does not fit.
pub fn complex_from_value<T: ScimComplex>(value: &Value) -> Result<T, TypedError> {
    value.as_object().map_or_else(|| Err(TypedError::wrong_type("an object", value)), T::from_object)
}

/// `AttributeValue::to_value` of a complex attribute.
pub fn complex_to_value<T: ScimComplex>(complex: &T) -> Value {
    let mut value = Value::Null;
    complex_write_over(complex, &mut value);
    value
}

/// `AttributeValue::write_over` of a complex attribute: members that are no field stay.
pub fn complex_write_over<T: ScimComplex>(complex: &T, old: &mut Value) {
    let mut object = match std::mem::take(old) {
        Value::Object(object) => object,
        _ => Object::new(),
    };
    complex.write_to(&mut object);
    if !object.is_empty() {
        *old = object.into();
    }
}

/// `AttributeValue::from_value` of an enum.
///
/// # Errors
/// No string, or one that is no value.
pub fn enum_from_value<T: ScimEnum + AttributeValue>(value: &Value) -> Result<T, TypedError> {
    let text = value.as_str().ok_or_else(|| TypedError::wrong_type(T::expected(), value))?;
    T::from_text(text).ok_or_else(|| TypedError::wrong_value(T::expected(), value))
}

/// `AttributeValue::expected` of an enum.
#[must_use]
pub fn one_of(values: &[&str]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    match quoted.as_slice() {
        [only] => only.clone(),
        several => format!("one of {}", several.join(", ")),
    }
}
