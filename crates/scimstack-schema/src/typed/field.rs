//! What the value of an attribute can be in Rust ([`AttributeValue`]), and the three ways a field holds it
//! ([`AttributeField`]): always, perhaps, any number of times.

use super::error::TypedError;
use crate::attribute::{Attribute, Type};
use crate::value::{Object, Value};

/// A Rust type that is one value of an attribute: a simple one, or a complex one with its sub-attributes.
///
/// Implement it for a type of your own and use that as a field's type:
///
/// ```
/// use scimstack_schema::typed::{AttributeField, AttributeValue, TypedError};
/// use scimstack_schema::{Type, Value};
///
/// #[derive(Debug, PartialEq)]
/// struct Celsius(i64);
///
/// impl AttributeValue for Celsius {
///     const TYPE: Type = Type::Integer;
///
///     fn from_value(value: &Value) -> Result<Self, TypedError> {
///         i64::from_value(value).map(Self)
///     }
///
///     fn to_value(&self) -> Value {
///         self.0.to_value()
///     }
/// }
///
/// let room = Value::parse(br#"{"temperature": 21}"#).unwrap();
/// assert_eq!(Option::<Celsius>::read(room.as_object().unwrap(), "Temperature"), Ok(Some(Celsius(21))));
/// ```
pub trait AttributeValue: Sized {
    /// The attribute's data type.
    const TYPE: Type;

    /// Gives an attribute of this type what the type brings along: sub-attributes, canonical values.
    #[must_use]
    fn define(attribute: Attribute) -> Attribute {
        attribute
    }

    /// What a value must be, for messages.
    #[must_use]
    fn expected() -> String {
        let text = match Self::TYPE {
            Type::String => "a string",
            Type::Boolean => "true or false, without quotes",
            Type::Decimal => "a number",
            Type::Integer => "a whole number, without fraction and exponent",
            Type::DateTime => "a string that holds a date and time such as 2026-03-01T10:00:00Z",
            Type::Binary => "a string in base64",
            Type::Reference => "a string that holds a URI",
            Type::Complex => "an object",
        };
        text.to_owned()
    }

    /// From a document's value.
    ///
    /// # Errors
    /// A value of another type or form, with the path inside it.
    fn from_value(value: &Value) -> Result<Self, TypedError>;

    /// The value for a document; `Null` leaves the attribute out.
    fn to_value(&self) -> Value;

    /// Writes the value over another one, and leaves it as it stands where it means the same (`1.10`, `1.1`).
    fn write_over(&self, old: &mut Value) {
        let new = self.to_value();
        if *old != new && !Self::from_value(old).is_ok_and(|old| old.to_value() == new) {
            *old = new;
        }
    }
}

/// A Rust type that a field can have: an [`AttributeValue`], or an `Option` or a `Vec` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a SCIM attribute",
    label = "no data type of SCIM",
    note = "values are String, bool, i8 to i64, u8 to u32, f64, jiff::Timestamp, typed::Binary, typed::Reference, structs \
            with #[derive(ScimComplex)] and enums with #[derive(ScimEnum)]",
    note = "a field holds one of these, an Option of one, or a Vec of them; an empty list is the same as none, so Option \
            and Vec do not nest",
    note = "a type of your own can implement scimstack_schema::typed::AttributeValue"
)]
pub trait AttributeField: Sized {
    /// The type of one value.
    type Value: AttributeValue;
    /// The attribute's data type.
    const TYPE: Type = <Self::Value as AttributeValue>::TYPE;
    /// Whether the attribute is a list.
    const MULTI_VALUED: bool;
    /// Whether reading fails where the attribute is absent.
    const REQUIRED: bool;

    /// From a value that is not unassigned (RFC 7643 §2.5), or from none.
    ///
    /// # Errors
    /// A value that does not fit, or none where one is needed.
    fn from_found(value: Option<&Value>) -> Result<Self, TypedError>;

    /// Writes the attribute `name` of an object; takes it out where there is no value.
    fn write(&self, object: &mut Object, name: &str);

    /// Reads the attribute `name` of an object, whatever its case.
    ///
    /// # Errors
    /// As [`AttributeField::from_found`], with the attribute's path.
    fn read(object: &Object, name: &str) -> Result<Self, TypedError> {
        let found = object.get(name).filter(|value| !value.is_unassigned());
        Self::from_found(found).map_err(|error| error.in_attribute(name))
    }

    /// Reads the attribute `name`; gives `default` where it is absent.
    ///
    /// # Errors
    /// As [`AttributeField::read`].
    fn read_or(object: &Object, name: &str, default: impl FnOnce() -> Self) -> Result<Self, TypedError> {
        match object.get(name) {
            Some(value) if !value.is_unassigned() => Self::read(object, name),
            _ => Ok(default()),
        }
    }

    /// Writes the attribute `name`, and leaves it absent where it is and that means the same.
    fn write_unless(&self, object: &mut Object, name: &str, default: impl FnOnce() -> Self) {
        if object.get(name).is_none_or(Value::is_unassigned) {
            let (mut own, mut absent) = (Object::new(), Object::new());
            self.write(&mut own, name);
            default().write(&mut absent, name);
            if own == absent {
                return;
            }
        }
        self.write(object, name);
    }

    /// The definition of an attribute with this type.
    #[must_use]
    fn attribute(name: &str) -> Attribute {
        Self::Value::define(Attribute::new(name, Self::TYPE))
            .with_multi_valued(Self::MULTI_VALUED)
            .with_required(Self::REQUIRED)
    }
}

/// Writes one value in its place, or at the end.
fn put<T: AttributeValue>(value: &T, object: &mut Object, name: &str) {
    match object.get_mut(name) {
        Some(old) => value.write_over(old),
        None => {
            object.insert(name, value.to_value());
        }
    }
    if object.get(name).is_some_and(|value| *value == Value::Null) {
        object.remove(name);
    }
}

#[diagnostic::do_not_recommend]
impl<T: AttributeValue> AttributeField for T {
    type Value = T;
    const MULTI_VALUED: bool = false;
    const REQUIRED: bool = true;

    fn from_found(value: Option<&Value>) -> Result<Self, TypedError> {
        value.map_or_else(|| Err(TypedError::missing(T::expected())), T::from_value)
    }

    fn write(&self, object: &mut Object, name: &str) {
        put(self, object, name);
    }
}

#[diagnostic::do_not_recommend]
impl<T: AttributeValue> AttributeField for Option<T> {
    type Value = T;
    const MULTI_VALUED: bool = false;
    const REQUIRED: bool = false;

    fn from_found(value: Option<&Value>) -> Result<Self, TypedError> {
        value.map(T::from_value).transpose()
    }

    fn write(&self, object: &mut Object, name: &str) {
        match self {
            Some(value) => put(value, object, name),
            None => {
                object.remove(name);
            }
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: AttributeValue> AttributeField for Vec<T> {
    type Value = T;
    const MULTI_VALUED: bool = true;
    const REQUIRED: bool = false;

    fn from_found(value: Option<&Value>) -> Result<Self, TypedError> {
        let elements = match value {
            None => return Ok(Self::new()),
            Some(Value::Array(elements)) => elements,
            Some(other) => return Err(TypedError::wrong_type("an array", other)),
        };
        // Unassigned elements are none, as everywhere (RFC 7643 §2.5).
        let elements = elements.iter().enumerate().filter(|(_, element)| !element.is_unassigned());
        elements.map(|(i, element)| T::from_value(element).map_err(|error| error.in_element(i))).collect()
    }

    fn write(&self, object: &mut Object, name: &str) {
        if self.is_empty() {
            object.remove(name);
            return;
        }
        let old = match object.get_mut(name) {
            Some(Value::Array(old)) => std::mem::take(old),
            _ => Vec::new(),
        };
        object.insert(name, Value::Array(merge(self, old)));
    }
}

/// The list's values, each in the form it has in the old list where it was there: elements have no names, so one is
/// recognized by meaning the same, or else by its `value`.
fn merge<T: AttributeValue>(values: &[T], old: Vec<Value>) -> Vec<Value> {
    let known: Vec<Option<Value>> = old.iter().map(|e| T::from_value(e).ok().map(|e| e.to_value())).collect();
    let mut old: Vec<Option<Value>> = old.into_iter().map(Some).collect();
    let mut merged: Vec<(Option<Value>, Value)> = Vec::with_capacity(values.len());
    for (i, value) in values.iter().enumerate() {
        let new = value.to_value();
        let is_same = |at: &usize| {
            old.get(*at).is_some_and(Option::is_some)
                && known.get(*at).is_some_and(|known| known.as_ref() == Some(&new))
        };
        let found = Some(i).filter(is_same).or_else(|| (0..old.len()).find(is_same));
        merged.push((found.and_then(|at| old.get_mut(at)?.take()), new));
    }
    for ((found, new), value) in merged.iter_mut().zip(values) {
        let id = new.get("value").filter(|id| !id.is_unassigned());
        if found.is_none()
            && let Some(id) = id
            && let Some(slot) = old.iter_mut().find(|old| old.as_ref().and_then(|old| old.get("value")) == Some(id))
        {
            *found = slot.take();
        }
        if let Some(found) = found {
            value.write_over(found);
        }
    }
    merged.into_iter().map(|(found, new)| found.unwrap_or(new)).filter(|value| *value != Value::Null).collect()
}
