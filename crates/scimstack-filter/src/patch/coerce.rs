//! Values of operations in the types of their attributes (RFC 7643 §2.3, §2.5), with the leniencies that are on. Names
//! come out as registered; `None` means unassigned.

use super::PatchError;
use super::context::{Context, leniency};
use crate::resolve::decode_base64;
use scimstack_schema::fold::{exact, fold};
use scimstack_schema::uri::is_reference;
use scimstack_schema::{Attribute, Object, Timestamp, Type, Value};
use std::sync::Arc;

/// Sub-attributes of a complex value, in the order sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts(pub(super) Vec<(Arc<Attribute>, Option<Value>)>);

impl Parts {
    /// The value given for a sub-attribute.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(sub, _)| sub.name.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_ref())
    }

    pub(super) fn names(&self, name: &str) -> bool {
        self.0.iter().any(|(sub, _)| sub.name.eq_ignore_ascii_case(name))
    }

    /// The assigned parts as an object.
    pub(super) fn into_object(self) -> Object {
        self.0.into_iter().filter_map(|(sub, value)| Some((sub.name.to_string(), value?))).collect()
    }
}

impl Context<'_> {
    /// One value of a simple attribute. `place` names it in errors, beyond the operation's path.
    pub(super) fn scalar(
        &mut self,
        attribute: &Attribute,
        value: Value,
        place: &str,
    ) -> Result<Option<Value>, PatchError> {
        let (wanted, found) = match (attribute.r#type, value) {
            (_, Value::Null) => return Ok(None),
            (_, Value::String(text)) if text.is_empty() && attribute.required => {
                return Err(self.invalid_value(format!("{}must not be empty", prefix(place))));
            }
            (_, Value::String(text)) if text.is_empty() && self.options.empty_string_unassigns => {
                self.used(leniency::EMPTY_STRING);
                return Ok(None);
            }
            (Type::String, value @ Value::String(_)) => return Ok(Some(value)),
            (Type::Reference, Value::String(text)) if is_reference(&text) => return Ok(Some(Value::String(text))),
            (Type::Reference, value @ Value::String(_)) if self.options.text_for_reference => {
                self.used(leniency::TEXT_FOR_REFERENCE);
                return Ok(Some(value));
            }
            (Type::Boolean, value @ Value::Bool(_)) => return Ok(Some(value)),
            (Type::Boolean, Value::String(text)) if self.options.boolean_strings && boolean(&text).is_some() => {
                self.used(leniency::BOOLEAN_STRING);
                return Ok(boolean(&text).map(Value::Bool));
            }
            (Type::Boolean, Value::Array(mut one)) if self.options.unwrap_single && one.len() == 1 => {
                self.used(leniency::UNWRAP_SINGLE);
                return match one.pop() {
                    Some(value @ (Value::Bool(_) | Value::String(_))) => self.scalar(attribute, value, place),
                    other => Err(self.mismatch(place, "true or false", other.unwrap_or_default().kind())),
                };
            }
            (Type::Integer, Value::Number(number)) if number.is_integer() => return Ok(Some(Value::Number(number))),
            (Type::Decimal, value @ Value::Number(_)) => return Ok(Some(value)),
            (Type::DateTime, Value::String(text)) if Timestamp::parse_date_time(&text).is_some() => {
                return Ok(Some(Value::String(text)));
            }
            (Type::Binary, Value::String(text)) if decode_base64(&text).is_some() => {
                return Ok(Some(Value::String(text)));
            }
            (Type::Boolean, other) => ("true or false", other),
            (Type::Integer, other) => ("a whole number", other),
            (Type::Decimal, other) => ("a number", other),
            (Type::DateTime, other) => ("a date and time such as \"2026-03-01T10:00:00Z\"", other),
            (Type::Binary, other) => ("base64 in a string", other),
            (Type::String, other) => ("a string", other),
            (Type::Reference, other) => ("a URI, in which for instance a blank is written %20", other),
            (Type::Complex, other) => ("an object", other),
        };
        // A short value helps to see what went wrong; of hidden attributes nothing is ever repeated.
        let plain = !attribute.is_hidden() && !matches!(attribute.r#type, Type::Binary | Type::Complex);
        let shown = match &found {
            Value::String(text) if plain && text.chars().count() <= 40 => found.to_string(),
            Value::Number(number) if plain && number.as_str().len() <= 40 => found.to_string(),
            _ => found.kind().to_owned(),
        };
        Err(self.mismatch(place, wanted, &shown))
    }

    fn mismatch(&self, place: &str, wanted: &str, found: &str) -> PatchError {
        self.invalid_value(format!("{}expected {wanted}, found {found}", prefix(place)))
    }

    /// A sub-attribute's value, which may be a list of simple values.
    fn sub_value(&mut self, sub: &Attribute, value: Value, place: &str) -> Result<Option<Value>, PatchError> {
        if !sub.multi_valued {
            return self.scalar(sub, value, place);
        }
        let elements = match value {
            Value::Array(elements) => elements,
            single => vec![single],
        };
        let mut read = Vec::with_capacity(elements.len());
        for element in elements {
            read.extend(self.scalar(sub, element, place)?);
        }
        Ok((!read.is_empty()).then_some(Value::Array(read)))
    }

    /// The value given for an attribute's sub-attribute by path.
    pub(super) fn part(
        &mut self,
        attribute: &Attribute,
        sub: &Arc<Attribute>,
        value: Value,
    ) -> Result<Option<Value>, PatchError> {
        let nothing = matches!(&value, Value::String(text) if text.is_empty());
        if nothing && self.options.string_for_complex && is_named_by_value(attribute) && &*sub.name == "value" {
            self.used(leniency::STRING_FOR_COMPLEX);
            return Ok(None);
        }
        self.sub_value(sub, value, "")
    }

    /// The sub-attributes in an object; read-only ones are left out, unknown ones noted.
    pub(super) fn parts(&mut self, attribute: &Attribute, object: Object, place: &str) -> Result<Parts, PatchError> {
        let mut parts = Parts::default();
        for (name, value) in object {
            let place = if place.is_empty() { name.as_str().to_owned() } else { format!("{place}.{name}") };
            match attribute.sub_attribute(&name).cloned() {
                None => self.unknown(format!("{}.{name}", attribute.name))?,
                Some(sub) if sub.is_read_only() => {}
                Some(sub) if sub.is_hidden() => {
                    let value = self.sub_value(&sub, value, &place)?.unwrap_or_default();
                    self.outcome.hidden.push((format!("{}.{}", attribute.name, sub.name), value));
                }
                Some(sub) => {
                    let value = self.sub_value(&sub, value, &place)?;
                    parts.0.push((sub, value));
                }
            }
        }
        Ok(parts)
    }

    /// A value of a complex attribute: one for a single-valued, an element for a multi-valued.
    pub(super) fn complex(
        &mut self,
        attribute: &Attribute,
        value: Value,
        place: &str,
    ) -> Result<Option<Parts>, PatchError> {
        let by_value = attribute.sub_attribute("value").filter(|_| self.options.string_for_complex).cloned();
        match (value, by_value) {
            (Value::Null, _) => Ok(None),
            (Value::Object(mut object), Some(by_value)) if !attribute.multi_valued => {
                match object.get("value") {
                    Some(Value::String(text)) if text.is_empty() => {
                        self.used(leniency::STRING_FOR_COMPLEX);
                        return Ok(None);
                    }
                    Some(Value::Null) if object.len() == 1 => return Ok(None),
                    Some(Value::Object(inner)) => {
                        let inner = inner.get(&by_value.name).cloned().unwrap_or_default();
                        self.used(leniency::STRING_FOR_COMPLEX);
                        object.insert("value", inner);
                        return self.complex(attribute, Value::Object(object), place);
                    }
                    _ => {}
                }
                self.parts(attribute, object, place).map(Some)
            }
            (Value::Object(object), _) => self.parts(attribute, object, place).map(Some),
            (Value::Array(mut one), Some(_)) if !attribute.multi_valued && one.len() <= 1 => {
                self.used(leniency::STRING_FOR_COMPLEX);
                match one.pop() {
                    Some(value) if !matches!(value, Value::Array(_)) => self.complex(attribute, value, place),
                    Some(_) => Err(self.mismatch(place, "an object", "a list of lists")),
                    None => Ok(None),
                }
            }
            (Value::String(text), Some(by_value)) => {
                self.used(leniency::STRING_FOR_COMPLEX);
                if text.is_empty() {
                    return Ok(None);
                }
                let named = Object::from_iter([(by_value.name.to_string(), Value::String(text))]);
                self.parts(attribute, named, place).map(Some)
            }
            (other, _) => {
                let names: Vec<&str> = attribute.sub_attributes.iter().take(2).map(|sub| &*sub.name).collect();
                let wanted = format!("an object such as {{\"{}\": …}}", names.first().unwrap_or(&"value"));
                Err(self.mismatch(place, &wanted, other.kind()))
            }
        }
    }

    /// The elements of a value for a multi-valued attribute: a list, or one element by itself.
    pub(super) fn elements(&mut self, attribute: &Attribute, value: Value) -> Result<Vec<Element>, PatchError> {
        let (elements, list) = match value {
            Value::Null => (Vec::new(), false),
            Value::Array(elements) => (elements, true),
            single => (vec![single], false),
        };
        let mut read = Vec::with_capacity(elements.len());
        for (index, element) in elements.into_iter().enumerate() {
            let place = if list { format!("value[{index}]") } else { String::new() };
            if attribute.r#type == Type::Complex {
                let element = self.complex(attribute, element, &place)?.map(Element::Complex);
                read.extend(element.filter(Element::is_assigned));
            } else {
                read.extend(self.scalar(attribute, element, &place)?.map(Element::Simple));
            }
        }
        Ok(read)
    }
}

/// One element of a multi-valued attribute, as given.
#[derive(Clone, Debug)]
pub(super) enum Element {
    /// Of a simple attribute.
    Simple(Value),
    /// Of a complex attribute.
    Complex(Parts),
}

impl Element {
    pub(super) fn sets_primary(&self) -> bool {
        matches!(self, Self::Complex(parts) if parts.get("primary") == Some(&Value::Bool(true)))
    }

    pub(super) fn is_assigned(&self) -> bool {
        match self {
            Self::Simple(_) => true,
            Self::Complex(parts) => parts.0.iter().any(|(_, value)| value.is_some()),
        }
    }

    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Simple(value) => value,
            Self::Complex(parts) => parts.into_object().into(),
        }
    }
}

/// A single-valued complex attribute that stands for its `value` (`manager`).
fn is_named_by_value(attribute: &Attribute) -> bool {
    !attribute.multi_valued && attribute.sub_attribute("value").is_some()
}

fn boolean(text: &str) -> Option<bool> {
    let known = [("true", true), ("false", false)];
    known.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, read)| read)
}

fn prefix(place: &str) -> String {
    if place.is_empty() { String::new() } else { format!("{place}: ") }
}

/// Whether two values of a simple attribute are the same to it: text by its case rule, instants and amounts by what
/// they mean.
pub(super) fn same_scalar(attribute: &Attribute, left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => match attribute.r#type {
            Type::DateTime => {
                left == right || both(Timestamp::parse_date_time(left), Timestamp::parse_date_time(right))
            }
            Type::Binary => left == right || both(decode_base64(left), decode_base64(right)),
            _ if attribute.case_exact => exact(left) == exact(right),
            _ => fold(left) == fold(right),
        },
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        _ => same(left, right),
    }
}

fn both<T: PartialEq>(left: Option<T>, right: Option<T>) -> bool {
    left.is_some() && left == right
}

/// Whether two values are equal; the members of objects have no order.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => same_object(left, right),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        _ => left == right,
    }
}

/// Whether two objects have equal members, in any order.
pub(super) fn same_object(left: &Object, right: &Object) -> bool {
    left.len() == right.len()
        && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| same(value, other)))
}
