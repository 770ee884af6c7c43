//! What clients make of a document: names in any case, nulls, things nobody asked for, and the mistakes that have names
//! (RFC 7643 §2.1, §2.5; the leniencies of [`IngestOptions`]).

use super::choices::{Choices, choices};
use super::document::document;
use super::json::{FOREIGN, is_foreign};
use crate::attribute::{Attribute, Type};
use crate::ingest::IngestOptions;
use crate::registry::{ResourceType, common_attributes};
use crate::value::{Object, Value};
use proptest::prelude::*;
use std::sync::Arc;

/// A document as a client sent it, and what was meant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Messy {
    /// As sent.
    pub sent: Value,
    /// As [`document`](super::document) makes it. Both become the same resource.
    pub clean: Value,
}

/// A document as careless as `tolerated` allows. Whatever that is: names in any case; `null`, `[]` and `{}` for what is
/// not there; read-only attributes; in lists, `null` and elements twice. Unless unknown attributes are refused: those, and
/// schemas that are not listed, or that nobody knows. With each leniency, the mistake it is for.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::{IngestOptions, Registry, strategies};
/// let registry = Registry::core();
/// let user = registry.resource_type("User").unwrap();
/// let mut tolerated = IngestOptions::default();
/// tolerated.boolean_strings = true;
/// proptest!(ProptestConfig::with_cases(16), |(messy in strategies::messy(user, &tolerated))| {
///     let found = user.ingest(messy.sent, &tolerated).unwrap();
///     prop_assert!(found.leniencies.iter().all(|leniency| *leniency == "boolean-string"));
/// });
/// ```
pub fn messy(resource_type: &Arc<ResourceType>, tolerated: &IngestOptions) -> BoxedStrategy<Messy> {
    let drawn = (document(resource_type), choices(80));
    let (resource_type, tolerated) = (resource_type.clone(), tolerated.clone());
    drawn
        .prop_map(move |(clean, choices)| {
            let mut mess = Mess { resource_type: &resource_type, tolerated: &tolerated, choices };
            Messy { sent: mess.document(&clean), clean }
        })
        .boxed()
}

struct Mess<'a> {
    resource_type: &'a ResourceType,
    tolerated: &'a IngestOptions,
    choices: Choices,
}

impl Mess<'_> {
    fn document(&mut self, clean: &Value) -> Value {
        let resource_type = self.resource_type;
        let Some(clean) = clean.as_object() else { return Value::Null };
        let mut root = Object::new();
        let own: Vec<_> = resource_type.schema.attributes.iter().chain(common_attributes()).cloned().collect();
        let schemas = self.schemas(clean.get("schemas"));
        let name = self.name("schemas");
        root.insert(name, schemas);
        let own: Vec<_> = own.into_iter().filter(|attribute| &*attribute.name != "schemas").collect();
        self.members(&own, clean, &mut root, true);
        for extension in &resource_type.extensions {
            let uri = extension.schema.id.as_str();
            let mut part = Object::new();
            let there = clean.get(uri).and_then(Value::as_object);
            if let Some(there) = there {
                self.members(&extension.schema.attributes, there, &mut part, false);
            }
            let name = self.name(uri);
            match (there, self.choices.below(6)) {
                (Some(_), _) => root.insert(name, part),
                (None, 1) => root.insert(name, Value::Null),
                (None, 2) => root.insert(name, Object::new()),
                (None, _) => None,
            };
        }
        root.into()
    }

    /// `schemas` in any order and case.
    fn schemas(&mut self, clean: Option<&Value>) -> Value {
        let base = self.resource_type.schema.id.clone();
        let mut listed: Vec<String> = Vec::new();
        for uri in clean.and_then(Value::as_array).unwrap_or_default().iter().filter_map(Value::as_str) {
            let forgotten = !self.tolerated.refuse_unknown && !base.matches(uri) && self.choices.once_in(6);
            if !forgotten {
                listed.push(self.name(uri));
            }
        }
        let declared = self.resource_type.extensions.iter().any(|extension| is_foreign(&extension.schema.id));
        if !self.tolerated.refuse_unknown && !declared && !is_foreign(&base) && self.choices.once_in(6) {
            listed.extend(self.choices.pick(FOREIGN).map(ToOwned::to_owned));
        }
        let at = self.choices.below(listed.len());
        listed.rotate_left(at);
        listed.into()
    }

    /// A name in another case.
    fn name(&mut self, name: &str) -> String {
        match self.choices.below(6) {
            3 => name.to_ascii_uppercase(),
            4 => name.to_ascii_lowercase(),
            5 => {
                let case = |(at, letter): (usize, char)| {
                    if at % 2 == 0 { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
                };
                name.chars().enumerate().map(case).collect()
            }
            _ => name.to_owned(),
        }
    }

    /// The attributes of an object, and some that are not there.
    fn members(&mut self, declared: &[Arc<Attribute>], clean: &Object, into: &mut Object, is_base: bool) {
        for attribute in declared {
            let value = match clean.get(&attribute.name) {
                Some(value) => Some(self.value(attribute, value, is_base)),
                None if attribute.is_read_only() => self.read_only(),
                None => self.unassigned(attribute),
            };
            if let Some(value) = value {
                let name = self.name(&attribute.name);
                into.insert(name, value);
            }
        }
        if !self.tolerated.refuse_unknown && self.choices.once_in(6) {
            let name = "shoeSize";
            let is_declared = declared.iter().any(|attribute| attribute.name.eq_ignore_ascii_case(name));
            if !is_declared {
                into.insert(name, vec![Value::Null, Value::from(42)]);
            }
        }
    }

    /// What a client says of an attribute that is not its own.
    fn read_only(&mut self) -> Option<Value> {
        match self.choices.below(6) {
            3 => Some(Value::from("zzz")),
            4 => Some(Value::Null),
            5 => Some(Value::from(vec![Object::from_iter([("value", 1)])])),
            _ => None,
        }
    }

    /// A way to say that there is no value.
    fn unassigned(&mut self, attribute: &Attribute) -> Option<Value> {
        match self.choices.below(8) {
            4 => Some(Value::Null),
            5 => Some(Value::Array(Vec::new())),
            6 => Some(Value::from(Object::new())),
            7 if self.tolerated.empty_string_unassigns
                && !attribute.multi_valued
                && attribute.r#type != Type::Complex =>
            {
                Some(Value::from(""))
            }
            7 if attribute.r#type == Type::Complex && !attribute.multi_valued => {
                let sub = attribute.sub_attributes.first()?;
                Some(Object::from_iter([(sub.name.to_string(), Value::Null)]).into())
            }
            _ => None,
        }
    }

    fn value(&mut self, attribute: &Attribute, clean: &Value, is_base: bool) -> Value {
        let is_relation = is_base
            && self.resource_type.relations.iter().any(|relation| {
                relation.edges_only
                    && relation.path.extension.is_none()
                    && relation.path.attribute.name == attribute.name
            });
        let Value::Array(clean) = clean else {
            let single = self.single(attribute, clean);
            let wrap =
                self.tolerated.string_for_complex && attribute.r#type == Type::Complex && self.choices.once_in(4);
            return if wrap { Value::Array(vec![single]) } else { single };
        };
        let mut elements: Vec<Value> = clean.iter().map(|element| self.single(attribute, element)).collect();
        let is_primary = |element: &Value| element.get("primary").and_then(Value::as_bool) == Some(true);
        if attribute.r#type == Type::Complex && !is_relation && self.choices.once_in(6) {
            let twice = clean.last().filter(|element| !is_primary(element));
            elements.extend(twice.map(|element| self.single(attribute, element)));
        }
        if self.tolerated.object_for_list && elements.len() == 1 && self.choices.once_in(3) {
            match elements.pop() {
                Some(alone @ Value::Object(_)) => return alone,
                other => elements.extend(other),
            }
        }
        if self.choices.once_in(6) {
            let at = self.choices.below(elements.len() + 1);
            elements.insert(at, Value::Null);
        }
        Value::Array(elements)
    }

    fn single(&mut self, attribute: &Attribute, clean: &Value) -> Value {
        match clean {
            Value::Bool(boolean) if self.tolerated.boolean_strings => match self.choices.below(4) {
                2 => Value::from(if *boolean { "True" } else { "False" }),
                3 => Value::from(boolean.to_string()),
                _ => clean.clone(),
            },
            Value::Object(object) => {
                let alone = object.get("value").and_then(Value::as_str).filter(|text| !text.is_empty());
                let alone = alone.filter(|_| object.len() == 1 && self.tolerated.string_for_complex);
                if let Some(text) = alone.filter(|_| self.choices.once_in(3)) {
                    return Value::from(text);
                }
                let mut messed = Object::new();
                self.members(&attribute.sub_attributes, object, &mut messed, false);
                messed.into()
            }
            other => other.clone(),
        }
    }
}
