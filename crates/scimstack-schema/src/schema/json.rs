//! Schema resources in JSON (RFC 7643 §7, §8.7). Reading is generous, as other people's schemas need it: absent
//! characteristics get their defaults (§2.2), unknown keywords too; what cannot be understood at all is refused with its
//! path. Writing leaves out what does not apply to a type.

use super::Schema;
use crate::attribute::{Attribute, Mutability, Returned, Type, Uniqueness};
use crate::registry::RegistryError;
use crate::uri::{SCHEMA, SchemaUri};
use crate::value::{Object, Value};
use std::sync::Arc;

impl Schema {
    /// Reads a Schema resource (RFC 7643 §7, §8.7); absent characteristics get their defaults (§2.2), and so do keywords
    /// that are not known. References and binaries are case-exact whatever the document says (§2.3.6, §2.3.7).
    ///
    /// # Errors
    /// What is missing or of the wrong type, with its path.
    pub fn from_json(document: &Value) -> Result<Self, RegistryError> {
        let id = document.get("id").and_then(Value::as_str).unwrap_or_default();
        let reader = Reader { schema: if id.is_empty() { "(without id)" } else { id } };
        let Some(object) = document.as_object() else {
            return Err(reader.problem("", &format!("expected an object, found {}", document.kind())));
        };
        if id.is_empty() {
            return Err(reader.problem("id", "the schema's URI is missing; it must be a string"));
        }
        Ok(Self {
            id: SchemaUri::from(id),
            name: reader.text(object, "", "name")?.unwrap_or_default().to_owned(),
            description: reader.text(object, "", "description")?.unwrap_or_default().to_owned(),
            attributes: reader.attributes(object, "", "attributes")?,
        })
    }

    /// The Schema resource without `meta`, characteristics that do not apply left out.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = Object::new();
        out.insert("schemas", vec![SCHEMA]);
        out.insert("id", self.id.as_str());
        if !self.name.is_empty() {
            out.insert("name", self.name.as_str());
        }
        if !self.description.is_empty() {
            out.insert("description", self.description.as_str());
        }
        out.insert("attributes", self.attributes.iter().map(|a| attribute_to_json(a)).collect::<Vec<_>>());
        out.into()
    }
}

/// Reads members and knows which schema to name when one is wrong.
struct Reader<'a> {
    schema: &'a str,
}

impl Reader<'_> {
    fn problem(&self, path: &str, problem: &str) -> RegistryError {
        let problem = if path.is_empty() { problem.to_owned() } else { format!("{path}: {problem}") };
        RegistryError::Schema { schema: self.schema.to_owned(), problem }
    }

    fn wrong(&self, parent: &str, name: &str, wanted: &str, found: &Value) -> RegistryError {
        self.problem(&join(parent, name), &format!("expected {wanted}, found {}", found.kind()))
    }

    fn text<'v>(&self, object: &'v Object, parent: &str, name: &str) -> Result<Option<&'v str>, RegistryError> {
        match object.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(parent, name, "a string", other)),
        }
    }

    fn flag(&self, object: &Object, parent: &str, name: &str) -> Result<Option<bool>, RegistryError> {
        match object.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.wrong(parent, name, "true or false", other)),
        }
    }

    fn list<'v>(&self, object: &'v Object, parent: &str, name: &str) -> Result<Option<&'v [Value]>, RegistryError> {
        match object.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(elements)) => Ok(Some(elements)),
            Some(other) => Err(self.wrong(parent, name, "an array", other)),
        }
    }

    fn texts(&self, object: &Object, parent: &str, name: &str) -> Result<Option<Vec<String>>, RegistryError> {
        let Some(elements) = self.list(object, parent, name)? else {
            return Ok(None);
        };
        let text = |element: &Value| match element {
            Value::String(text) => Ok(text.into()),
            other => Err(self.wrong(parent, name, "an array of strings", other)),
        };
        elements.iter().map(text).collect::<Result<_, _>>().map(Some)
    }

    fn attributes(&self, object: &Object, parent: &str, name: &str) -> Result<Vec<Arc<Attribute>>, RegistryError> {
        let elements = self.list(object, parent, name)?.unwrap_or_default();
        let read = |(i, element)| self.attribute(element, &format!("{}[{i}]", join(parent, name))).map(Arc::new);
        elements.iter().enumerate().map(read).collect()
    }

    fn attribute(&self, element: &Value, at: &str) -> Result<Attribute, RegistryError> {
        let Some(object) = element.as_object() else {
            return Err(self.problem(at, &format!("expected an object, found {}", element.kind())));
        };
        let Some(name) = self.text(object, at, "name")?.filter(|name| !name.is_empty()) else {
            return Err(self.problem(at, "the attribute has no name"));
        };
        let r#type = match self.text(object, at, "type")? {
            None => Type::String,
            Some(word) => Type::from_keyword(word).ok_or_else(|| {
                self.problem(
                    &join(at, "type"),
                    &format!(
                        "{word:?} is no data type; there are string, boolean, decimal, integer, dateTime, binary, \
                         reference and complex"
                    ),
                )
            })?,
        };
        let mut attribute = Attribute::new(name, r#type);
        attribute.multi_valued = self.flag(object, at, "multiValued")?.unwrap_or(false);
        attribute.description = self.text(object, at, "description")?.unwrap_or_default().to_owned();
        attribute.required = self.flag(object, at, "required")?.unwrap_or(false);
        attribute.canonical_values = self.texts(object, at, "canonicalValues")?;
        let case_exact = self.flag(object, at, "caseExact")?.unwrap_or(false);
        attribute.case_exact |= case_exact && r#type == Type::String;
        let word = |name| self.text(object, at, name).map(Option::unwrap_or_default);
        attribute.mutability = Mutability::from_keyword(word("mutability")?).unwrap_or_default();
        attribute.returned = Returned::from_keyword(word("returned")?).unwrap_or_default();
        if r#type.has_uniqueness() {
            attribute.uniqueness = Uniqueness::from_keyword(word("uniqueness")?).unwrap_or_default();
        }
        if r#type == Type::Reference {
            attribute.reference_types = self.texts(object, at, "referenceTypes")?.unwrap_or_default();
        }
        // Under any type, so that `check` can say what is wrong with them.
        attribute.sub_attributes = self.attributes(object, at, "subAttributes")?;
        Ok(attribute)
    }
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

fn attribute_to_json(attribute: &Attribute) -> Value {
    let texts = |texts: &[String]| Value::from(texts.iter().map(String::as_str).collect::<Vec<_>>());
    let mut out = Object::new();
    out.insert("name", &*attribute.name);
    out.insert("type", attribute.r#type.as_str());
    out.insert("multiValued", attribute.multi_valued);
    out.insert("description", attribute.description.as_str());
    out.insert("required", attribute.required);
    if let Some(values) = &attribute.canonical_values {
        out.insert("canonicalValues", texts(values));
    }
    if attribute.r#type.has_case() {
        out.insert("caseExact", attribute.case_exact);
    }
    out.insert("mutability", attribute.mutability.as_str());
    out.insert("returned", attribute.returned.as_str());
    if attribute.r#type.has_uniqueness() {
        out.insert("uniqueness", attribute.uniqueness.as_str());
    }
    if attribute.r#type == Type::Reference {
        out.insert("referenceTypes", texts(&attribute.reference_types));
    }
    if attribute.r#type == Type::Complex {
        let subs: Vec<Value> = attribute.sub_attributes.iter().map(|sub| attribute_to_json(sub)).collect();
        out.insert("subAttributes", subs);
    }
    out.into()
}
