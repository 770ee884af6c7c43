//! Typed access to extensions: a Rust struct that is a schema extension ([`ScimExtension`], usually derived with
//! `scimstack-derive`), read from and written to any resource without touching what it does not know.
//!
//! ```
//! use scimstack_schema::typed::AttributeValue;
//! use scimstack_schema::{Type, Value};
//! assert_eq!(<Option<i64> as AttributeValue>::TYPE, Type::Integer);
//! assert_eq!(Vec::<String>::from_value(&Value::from(vec!["a"])).unwrap(), ["a"]);
//! ```

use crate::attribute::Type;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::value::{Object, Value};

/// A Rust type that can be the value of an attribute.
pub trait AttributeValue: Sized {
    /// The attribute's data type.
    const TYPE: Type;
    /// Whether the attribute is a list.
    const MULTI_VALUED: bool = false;
    /// Whether it may be absent: true for `Option` and lists.
    const OPTIONAL: bool = false;

    /// From a document's value; `None` when it is of another type.
    fn from_value(value: &Value) -> Option<Self>;

    /// What an absent attribute means, where it may be absent.
    fn absent() -> Option<Self> {
        None
    }

    /// The value for a document; `Null` leaves the attribute out.
    fn to_value(&self) -> Value;
}

impl AttributeValue for String {
    const TYPE: Type = Type::String;

    fn from_value(value: &Value) -> Option<Self> {
        value.as_str().map(ToOwned::to_owned)
    }

    fn to_value(&self) -> Value {
        Value::from(self.as_str())
    }
}

impl AttributeValue for bool {
    const TYPE: Type = Type::Boolean;

    fn from_value(value: &Value) -> Option<Self> {
        value.as_bool()
    }

    fn to_value(&self) -> Value {
        Value::from(*self)
    }
}

impl AttributeValue for i64 {
    const TYPE: Type = Type::Integer;

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    fn to_value(&self) -> Value {
        Value::from(*self)
    }
}

impl<T: AttributeValue> AttributeValue for Option<T> {
    const TYPE: Type = T::TYPE;
    const MULTI_VALUED: bool = T::MULTI_VALUED;
    const OPTIONAL: bool = true;

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

impl<T: AttributeValue> AttributeValue for Vec<T> {
    const TYPE: Type = T::TYPE;
    const MULTI_VALUED: bool = true;
    const OPTIONAL: bool = true;

    fn from_value(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::from_value).collect()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn to_value(&self) -> Value {
        Value::Array(self.iter().map(T::to_value).collect())
    }
}

/// A struct that is an extension of a resource type. Derive it: `#[derive(ScimExtension)]`.
pub trait ScimExtension: Sized {
    /// The extension's URI.
    const URN: &'static str;

    /// The extension's schema.
    fn schema() -> Schema;

    /// From the extension's object; `None` when a field is missing or of the wrong type.
    fn from_object(object: &Object) -> Option<Self>;

    /// Writes every field into the extension's object; other members stay.
    fn write_to(&self, object: &mut Object);

    /// The extension of a resource: `None` when it has none, or one that does not fit.
    fn of(resource: &Resource) -> Option<Self> {
        Self::from_object(resource.root().get(Self::URN)?.as_object()?)
    }

    /// Sets the extension of a resource. Members the struct does not know stay.
    fn set_on(&self, resource: &mut Resource) {
        let slot = resource.root_mut().entry(Self::URN);
        if !matches!(slot, Value::Object(_)) {
            *slot = Value::Object(Object::new());
        }
        if let Some(object) = slot.as_object_mut() {
            self.write_to(object);
        }
        resource.normalize();
    }
}
