//! How a view's fields are taken from an object and put into one, and the macro that writes a view.

use crate::attribute::Attribute;
use crate::typed::{AttributeField, AttributeValue, Reference};
use crate::value::{Object, Value};

/// A field of a view. What does not fit is left where it is.
pub(super) trait Field: Sized {
    fn take(object: &mut Object, name: &str) -> Self;
    fn put(&self, object: &mut Object, name: &str);
}

/// Required text; the empty string stands for none.
impl Field for String {
    fn take(object: &mut Object, name: &str) -> Self {
        match object.get(name) {
            Some(Value::String(text)) if !text.is_empty() => {
                <Option<Self> as Field>::take(object, name).unwrap_or_default()
            }
            _ => Self::new(),
        }
    }

    fn put(&self, object: &mut Object, name: &str) {
        if !self.is_empty() {
            object.insert(name, self.as_str());
        }
    }
}

impl<T: AttributeValue> Field for Option<T> {
    fn take(object: &mut Object, name: &str) -> Self {
        let taken = T::from_value(object.get(name)?).ok()?;
        object.remove(name);
        Some(taken)
    }

    fn put(&self, object: &mut Object, name: &str) {
        if let Some(value) = self {
            object.insert(name, value.to_value());
        }
    }
}

impl<T: AttributeValue> Field for Vec<T> {
    fn take(object: &mut Object, name: &str) -> Self {
        let Some(Value::Array(elements)) = object.get(name) else {
            return Self::new();
        };
        match elements.iter().map(T::from_value).collect::<Result<Self, _>>() {
            Ok(taken) => {
                object.remove(name);
                taken
            }
            Err(_) => Self::new(),
        }
    }

    fn put(&self, object: &mut Object, name: &str) {
        if !self.is_empty() {
            object.insert(name, self.iter().map(T::to_value).collect::<Vec<_>>());
        }
    }
}

/// The definition of a field, for schemas that have a view as a complex attribute.
pub(super) fn definition<T: AttributeField>(name: &str) -> Attribute {
    if name == "$ref" { Reference::attribute(name).with_required(false) } else { T::attribute(name) }
}

/// A struct with one field per attribute, and `other` for everything else.
macro_rules! view {
    ($(#[$about:meta])* $view:ident { $($(#[$of:meta])* $field:ident: $type:ty = $wire:expr,)+ }) => {
        $(#[$about])*
        #[derive(Clone, PartialEq, Debug, Default)]
        pub struct $view {
            $($(#[$of])* pub $field: $type,)+
            /// The members that have no field here, or do not fit theirs.
            pub other: $crate::value::Object,
        }

        impl $view {
            /// Takes the fields out of an object; what is left over is `other`.
            #[must_use]
            pub fn from_object(mut object: $crate::value::Object) -> Self {
                Self {
                    $($field: <$type as $crate::views::fields::Field>::take(&mut object, $wire),)+
                    other: object,
                }
            }

            /// The members of the object this is a view of. A field wins over a member of `other` with its name.
            #[must_use]
            pub fn to_object(&self) -> $crate::value::Object {
                let mut object = $crate::value::Object::new();
                $($crate::views::fields::Field::put(&self.$field, &mut object, $wire);)+
                for (name, value) in self.other.iter() {
                    if object.get(name).is_none() {
                        object.insert(name, value.clone());
                    }
                }
                object
            }
        }

        impl $crate::typed::AttributeValue for $view {
            const TYPE: $crate::attribute::Type = $crate::attribute::Type::Complex;

            fn define(attribute: $crate::attribute::Attribute) -> $crate::attribute::Attribute {
                attribute.with_sub_attributes([$($crate::views::fields::definition::<$type>($wire)),+])
            }

            fn from_value(value: &$crate::value::Value) -> Result<Self, $crate::typed::TypedError> {
                match value.as_object() {
                    Some(object) => Ok(Self::from_object(object.clone())),
                    None => Err($crate::typed::TypedError::wrong_type(Self::expected(), value)),
                }
            }

            fn to_value(&self) -> $crate::value::Value {
                self.to_object().into()
            }
        }

        impl serde::Serialize for $view {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // A resource's own `to_value`, which adds `schemas`, where there is one.
                #[allow(unused_imports, reason = "resources do not need it")]
                use $crate::typed::AttributeValue as _;
                self.to_value().serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $view {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                match $crate::value::Value::deserialize(deserializer)? {
                    $crate::value::Value::Object(object) => Ok(Self::from_object(object)),
                    other => Err(serde::de::Error::custom(format_args!("expected an object, found {}", other.kind()))),
                }
            }
        }
    };
}

/// An entry of a list with `value`, `display`, `type` and `primary` (RFC 7643 §2.4).
macro_rules! entry {
    ($(#[$about:meta])* $view:ident) => {
        view! {
            $(#[$about])*
            $view {
                /// The value itself.
                value: Option<String> = "value",
                /// A readable form.
                display: Option<String> = "display",
                /// What it is used for; `type` on the wire.
                kind: Option<String> = "type",
                /// True on the one to prefer.
                primary: Option<bool> = "primary",
            }
        }
    };
}

pub(super) use {entry, view};
