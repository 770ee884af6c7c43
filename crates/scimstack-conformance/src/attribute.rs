//! An attribute as the server's own schema describes it (RFC 7643 §7), and how to find and set it in a document. What a
//! description leaves out has the RFC's default. Values to send are made in [`crate::sample`].

use serde_json::{Map, Value};

/// The data types of RFC 7643 §2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Boolean,
    Decimal,
    Integer,
    DateTime,
    Binary,
    Reference,
    Complex,
}

impl Type {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "string" => Self::String,
            "boolean" => Self::Boolean,
            "decimal" => Self::Decimal,
            "integer" => Self::Integer,
            "datetime" => Self::DateTime,
            "binary" => Self::Binary,
            "reference" => Self::Reference,
            "complex" => Self::Complex,
            _ => return None,
        })
    }
}

/// One attribute of a schema.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    /// The extension that it belongs to; `None` for the base schema.
    pub(crate) urn: Option<String>,
    pub(crate) kind: Type,
    pub(crate) multi: bool,
    pub(crate) required: bool,
    pub(crate) case_exact: bool,
    /// In lower case: `readwrite`, `readonly`, `immutable`, `writeonly`.
    pub(crate) mutability: String,
    /// In lower case: `always`, `never`, `default`, `request`.
    pub(crate) returned: String,
    /// In lower case: `none`, `server`, `global`.
    pub(crate) uniqueness: String,
    pub(crate) canonical: Vec<String>,
    pub(crate) reference_types: Vec<String>,
    pub(crate) subs: Vec<Attribute>,
}

impl Attribute {
    /// Reads a description; one without a name is none.
    pub(crate) fn read(value: &Value, urn: Option<&str>) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let word = |name: &str, default: &str| text(name).unwrap_or(default).to_ascii_lowercase();
        let flag = |name: &str| value.get(name).and_then(Value::as_bool).unwrap_or(false);
        let texts = |name: &str| {
            let list = value.get(name).and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
        };
        let subs = value.get("subAttributes").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            name: text("name")?.to_owned(),
            urn: urn.map(ToOwned::to_owned),
            kind: Type::parse(text("type").unwrap_or("string")).unwrap_or(Type::String),
            multi: flag("multiValued"),
            required: flag("required"),
            case_exact: flag("caseExact"),
            mutability: word("mutability", "readWrite"),
            returned: word("returned", "default"),
            uniqueness: word("uniqueness", "none"),
            canonical: texts("canonicalValues"),
            reference_types: texts("referenceTypes"),
            subs: subs.filter_map(|sub| Self::read(sub, None)).collect(),
        })
    }

    /// How a filter, a path or a projection names it.
    pub(crate) fn path(&self) -> String {
        match &self.urn {
            Some(urn) => format!("{urn}:{}", self.name),
            None => self.name.clone(),
        }
    }

    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(crate) fn sub(&self, name: &str) -> Option<&Self> {
        self.subs.iter().find(|sub| sub.is_named(name))
    }

    /// Whether clients write it, once or as often as they like.
    pub(crate) fn is_writable(&self) -> bool {
        self.mutability != "readonly"
    }

    /// Whether clients write it as often as they like and read what they wrote.
    pub(crate) fn is_plain(&self) -> bool {
        self.mutability == "readwrite" && matches!(self.returned.as_str(), "default" | "always") && !self.is_switch()
    }

    /// Whether what is written comes back when nothing special is asked for.
    pub(crate) fn comes_back(&self) -> bool {
        self.mutability != "writeonly" && matches!(self.returned.as_str(), "default" | "always")
    }

    /// Whether its values name other resources of the server: they cannot be made up.
    pub(crate) fn is_relation(&self) -> bool {
        let names_types = |a: &Self| {
            a.kind == Type::Reference
                && a.reference_types.iter().any(|t| !matches!(t.to_ascii_lowercase().as_str(), "external" | "uri"))
        };
        names_types(self) || self.subs.iter().any(|sub| names_types(sub) && sub.is_named("$ref"))
    }

    /// `active` has effects beyond itself on many servers, and is tested on its own.
    pub(crate) fn is_switch(&self) -> bool {
        self.urn.is_none() && self.is_named("active")
    }

    /// The value in a document.
    pub(crate) fn find<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        let holder = match &self.urn {
            Some(urn) => member(document, urn)?,
            None => document,
        };
        member(holder, &self.name).filter(|value| !is_unassigned(value))
    }

    /// Sets the value in a document, and names the extension in its schemas.
    pub(crate) fn set(&self, document: &mut Map<String, Value>, value: Value) {
        let Some(urn) = &self.urn else {
            document.insert(self.name.clone(), value);
            return;
        };
        if let Some(Value::Array(schemas)) = document.get_mut("schemas")
            && !schemas.iter().any(|schema| schema.as_str() == Some(urn))
        {
            schemas.push(Value::String(urn.clone()));
        }
        let holder = document.entry(urn.clone()).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(holder) = holder {
            holder.insert(self.name.clone(), value);
        }
    }
}

/// A member of an object; names have no case (RFC 7643 §2.1).
pub(crate) fn member<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    let members = object.as_object()?;
    members.get(name).or_else(|| members.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

/// Null and an empty list are no value (RFC 7643 §2.5).
pub(crate) fn is_unassigned(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}
