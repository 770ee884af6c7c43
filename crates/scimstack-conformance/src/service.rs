//! What the server says of itself: its configuration, resource types and schemas, read before the first check. Reading is
//! lenient, so that one fault in a discovery document does not hide the rest; the faults are found by the checks.

use crate::attribute::{Attribute, Type};
use crate::session::Session;
use crate::stop::{Result, Stop};
use crate::target::Ask;
use serde_json::{Map, Value, json};

/// The server's discovery documents.
#[derive(Debug, Default)]
pub(crate) struct Service {
    /// `Null` when there is none.
    pub(crate) config: Value,
    pub(crate) kinds: Vec<Kind>,
}

/// A resource type with its attributes.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: String,
    pub(crate) endpoint: String,
    pub(crate) schema: String,
    /// The extensions' URIs, and whether each is required.
    pub(crate) extensions: Vec<(String, bool)>,
    /// Those of the base schema, then those of the extensions.
    pub(crate) attributes: Vec<Attribute>,
}

impl Service {
    /// Reads the discovery documents.
    pub(crate) async fn discover(session: &Session<'_>) -> Self {
        let read = async |path: &str| match session.ask(Ask::new("GET", path)).await {
            Ok(answer) if answer.status == 200 => answer.json,
            _ => Value::Null,
        };
        let config = read("/ServiceProviderConfig").await;
        let schemas = read("/Schemas").await;
        let mut kinds = Vec::new();
        for resource_type in list(&read("/ResourceTypes").await) {
            let text = |name: &str| resource_type.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
            let (Some(name), Some(endpoint), Some(schema)) = (text("name"), text("endpoint"), text("schema")) else {
                continue;
            };
            let extensions: Vec<(String, bool)> = list_at(resource_type, "schemaExtensions")
                .filter_map(|extension| {
                    let required = extension.get("required").and_then(Value::as_bool).unwrap_or(false);
                    Some((extension.get("schema")?.as_str()?.to_owned(), required))
                })
                .collect();
            let mut attributes = Vec::new();
            let uris = [(&schema, None)].into_iter().chain(extensions.iter().map(|(uri, _)| (uri, Some(uri.as_str()))));
            for (uri, urn) in uris {
                let of_uri =
                    |s: &&Value| s.get("id").and_then(Value::as_str).is_some_and(|id| id.eq_ignore_ascii_case(uri));
                let described = match list(&schemas).find(of_uri) {
                    Some(schema) => schema.clone(),
                    None => read(&format!("/Schemas/{uri}")).await,
                };
                attributes.extend(list_at(&described, "attributes").filter_map(|a| Attribute::read(a, urn)));
            }
            attributes.extend(external_id(&attributes));
            let endpoint = format!("/{}", endpoint.trim_start_matches('/').trim_end_matches('/'));
            kinds.push(Kind { name, endpoint, schema, extensions, attributes });
        }
        Self { config, kinds }
    }

    /// Whether the configuration says that a feature is supported.
    pub(crate) fn supports(&self, feature: &str) -> bool {
        self.config.pointer(&format!("/{feature}/supported")).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Ends the check as not applicable when the configuration does not say that a feature is supported.
    pub(crate) fn needs(&self, feature: &str) -> Result {
        match self.supports(feature) {
            true => Ok(()),
            false if self.config.is_null() => Err(Stop::Untested(format!(
                "the server's configuration, which would say whether {feature} is there, cannot be read"
            ))),
            false => Err(Stop::NotApplicable(format!("the configuration does not say that {feature} is supported"))),
        }
    }

    pub(crate) fn number(&self, pointer: &str) -> Option<u64> {
        self.config.pointer(pointer).and_then(Value::as_u64)
    }

    /// Whether the configuration says that a way of paging is there (RFC 9865 §4).
    pub(crate) fn pages_by(&self, way: &str) -> Option<bool> {
        self.config.pointer(&format!("/pagination/{way}")).and_then(Value::as_bool)
    }
}

impl Kind {
    /// The attribute that tells resources apart, and carries the suite's names.
    pub(crate) fn key(&self) -> Option<&Attribute> {
        let usable = |a: &&Attribute| {
            a.kind == Type::String && !a.multi && a.is_writable() && a.comes_back() && a.canonical.is_empty()
        };
        let base = || self.attributes.iter().filter(|a| a.urn.is_none()).filter(usable);
        let find = |wanted: &dyn Fn(&Attribute) -> bool| base().find(|a| wanted(a));
        find(&|a| a.is_named("userName"))
            .or_else(|| find(&|a| a.uniqueness != "none" && a.required))
            .or_else(|| find(&|a| a.is_named("displayName")))
            .or_else(|| find(&|a| a.required))
            .or_else(|| find(&|_| true))
    }

    /// What the key is when a resource has this name.
    pub(crate) fn key_value(&self, name: &str) -> String {
        match self.key().is_some_and(|key| key.is_named("userName")) {
            true => format!("{name}@example.com"),
            false => name.to_owned(),
        }
    }

    /// The schemas of a document of the base schema alone.
    pub(crate) fn skeleton(&self) -> Map<String, Value> {
        let mut document = Map::new();
        document.insert("schemas".to_owned(), json!([self.schema]));
        document
    }

    /// The smallest document of this name: what is required, and the key.
    pub(crate) fn minimal(&self, name: &str) -> Map<String, Value> {
        let mut document = self.skeleton();
        let is_wanted = |a: &Attribute| match &a.urn {
            None => a.required,
            Some(urn) => a.required && self.extensions.iter().any(|(uri, required)| *required && uri == urn),
        };
        for attribute in self.attributes.iter().filter(|a| is_wanted(a) && a.is_writable()) {
            if let Some(value) = attribute.sample(0, name) {
                attribute.set(&mut document, value);
            }
        }
        if let Some(key) = self.key() {
            key.set(&mut document, Value::String(self.key_value(name)));
        }
        document
    }

    /// What can be made up and written, the key left out.
    pub(crate) fn writable(&self) -> impl Iterator<Item = &Attribute> {
        let key = self.key().map(|key| key.name.clone());
        self.attributes.iter().filter(move |a| {
            let is_key = a.urn.is_none() && key.as_ref().is_some_and(|key| a.is_named(key));
            a.is_writable() && !is_key && !a.is_relation() && a.sample(0, "x").is_some()
        })
    }

    /// What is written and read freely, the key and what is required left out.
    pub(crate) fn plain(&self) -> impl Iterator<Item = &Attribute> {
        self.writable().filter(|a| a.is_plain() && !a.required && a.uniqueness == "none")
    }

    /// A single text that can be anything.
    pub(crate) fn text(&self) -> Option<&Attribute> {
        let any = |a: &&Attribute| a.kind == Type::String && !a.multi && a.canonical.is_empty() && a.is_free_text();
        let base = || self.plain().filter(|a| a.urn.is_none());
        base().find(any).or_else(|| self.plain().find(any)).or_else(|| base().find(|a| a.is_named("externalId")))
    }

    /// Another one.
    pub(crate) fn second_text(&self) -> Option<&Attribute> {
        let first = self.text()?;
        let any = |a: &&Attribute| a.kind == Type::String && !a.multi && a.canonical.is_empty() && a.is_free_text();
        self.plain().filter(any).find(|a| a.path() != first.path())
    }

    /// A list of objects with a `value` and a `type`.
    pub(crate) fn list(&self) -> Option<&Attribute> {
        let is_text = |a: &Attribute, name: &str| {
            a.sub(name).is_some_and(|s| s.mutability == "readwrite" && matches!(s.kind, Type::String | Type::Reference))
        };
        self.plain().find(|a| a.multi && a.kind == Type::Complex && is_text(a, "value") && is_text(a, "type"))
    }

    /// A single object with two texts in it: the object, and the two.
    pub(crate) fn object(&self) -> Option<(&Attribute, &Attribute, &Attribute)> {
        self.plain().filter(|a| !a.multi && a.kind == Type::Complex).find_map(|a| {
            let is_text = |s: &&Attribute| {
                s.kind == Type::String
                    && s.mutability == "readwrite"
                    && !s.is_named("formatted")
                    && !s.is_named("display")
            };
            let mut texts = a.subs.iter().filter(is_text);
            Some((a, texts.next()?, texts.next()?))
        })
    }

    /// A list of members: values that name resources.
    pub(crate) fn members(&self) -> Option<&Attribute> {
        let is_members = |a: &&Attribute| a.multi && a.is_writable() && a.is_relation() && a.sub("value").is_some();
        self.attributes.iter().find(is_members)
    }
}

/// The common attribute that every resource has and few schemas describe (RFC 7643 §3.1).
fn external_id(attributes: &[Attribute]) -> Option<Attribute> {
    let is_described = attributes.iter().any(|a| a.urn.is_none() && a.is_named("externalId"));
    Attribute::read(&json!({"name": "externalId", "caseExact": true}), None).filter(|_| !is_described)
}

/// The resources of a list message, or of a bare array.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.get("Resources").unwrap_or(value).as_array().into_iter().flatten()
}

pub(crate) fn list_at<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}
