//! What a check works with: requests in SCIM's terms, resources made for it, and the discovery documents. Whatever a check
//! needs and does not judge itself ends it as not tested when it does not work, so that one fault is one failure.

use crate::service::{Kind, Service};
use crate::session::Session;
use crate::stop::{Result, Stop};
use crate::target::{Answer, Ask, encode};
use serde_json::{Map, Value, json};

pub(crate) const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
pub(crate) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
pub(crate) const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
pub(crate) const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
pub(crate) const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
pub(crate) const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// An id that no server has given.
pub(crate) const NOBODY: &str = "scimcheck-there-is-no-such-resource";

pub(crate) struct World<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) service: &'a Service,
}

/// A resource made for a check.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) path: String,
    /// The value of the key.
    pub(crate) key: String,
    pub(crate) sent: Map<String, Value>,
    pub(crate) answer: Answer,
}

impl World<'_> {
    pub(crate) async fn ask(&self, ask: Ask) -> Result<Answer> {
        self.session.ask(ask).await
    }

    pub(crate) async fn get(&self, path: impl Into<String>) -> Result<Answer> {
        self.ask(Ask::new("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.ask(Ask::new("POST", path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        self.ask(Ask::new("PUT", path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Answer> {
        self.ask(Ask::new("DELETE", path)).await
    }

    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Result<Answer> {
        let body = json!({"schemas": [PATCH], "Operations": operations});
        self.ask(Ask::new("PATCH", path).json(&body)).await
    }

    /// A PATCH that has to succeed, and the resource afterwards.
    pub(crate) async fn patched(&self, made: &Made, operations: Value) -> Result<Value> {
        let answer = self.patch(&made.path, operations).await?;
        if !answer.is_success() {
            return Err(Stop::Failed(format!("the PATCH was refused with {}", answer.status)));
        }
        self.read(made).await
    }

    /// The resource as a GET shows it.
    pub(crate) async fn read(&self, made: &Made) -> Result<Value> {
        let answer = self.get(&made.path).await?;
        match answer.status {
            200 => Ok(answer.json),
            other => Err(Stop::Untested(format!("reading what was made was answered with {other}; see read-200"))),
        }
    }

    /// A name that nothing on the server has.
    pub(crate) fn name(&self) -> String {
        self.session.name()
    }

    /// Makes a resource of the smallest document.
    pub(crate) async fn make(&self, kind: &Kind) -> Result<Made> {
        self.make_with(kind, Map::new()).await
    }

    /// Makes a resource of the smallest document, with these members in it.
    pub(crate) async fn make_with(&self, kind: &Kind, more: Map<String, Value>) -> Result<Made> {
        let name = self.name();
        let mut document = kind.minimal(&name);
        merge(&mut document, more);
        self.make_of(kind, document).await
    }

    /// Makes a resource with samples of these attributes.
    pub(crate) async fn make_having(&self, kind: &Kind, attributes: &[&crate::attribute::Attribute]) -> Result<Made> {
        let name = self.name();
        let mut document = kind.minimal(&name);
        for attribute in attributes {
            if let Some(value) = attribute.sample(0, &name) {
                attribute.set(&mut document, value);
            }
        }
        self.make_of(kind, document).await
    }

    /// Makes a resource of this document.
    pub(crate) async fn make_of(&self, kind: &Kind, document: Map<String, Value>) -> Result<Made> {
        let answer = self.post(&kind.endpoint, &Value::Object(document.clone())).await?;
        let id = answer.text("/id").map(ToOwned::to_owned);
        let id = id.or_else(|| Some(answer.header("location")?.rsplit('/').next()?.to_owned()));
        match id.filter(|_| answer.is_success()) {
            Some(id) => {
                let path = format!("{}/{id}", kind.endpoint);
                let key = kind
                    .key()
                    .and_then(|key| key.find(&Value::Object(document.clone()))?.as_str().map(ToOwned::to_owned));
                Ok(Made { id, path, key: key.unwrap_or_default(), sent: document, answer })
            }
            None => Err(Stop::Untested(format!(
                "it needs a resource of the type {}, and making one was answered with {}; see create-minimal",
                kind.name, answer.status
            ))),
        }
    }

    /// A query of an endpoint.
    pub(crate) async fn query(&self, kind: &Kind, parameters: &[(&str, &str)]) -> Result<Answer> {
        let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        self.get(format!("{}?{}", kind.endpoint, pairs.join("&"))).await
    }

    /// The ids that a filter finds.
    pub(crate) async fn found(&self, kind: &Kind, filter: &str) -> Result<Vec<String>> {
        let answer = self.query(kind, &[("filter", filter)]).await?;
        if answer.status != 200 {
            return Err(Stop::Failed(format!("the filter {filter} was answered with {}", answer.status)));
        }
        Ok(answer.ids().into_iter().map(ToOwned::to_owned).collect())
    }

    /// The filter that finds what begins with this name.
    pub(crate) fn beginning(&self, kind: &Kind, name: &str) -> Result<String> {
        let key =
            kind.key().ok_or_else(|| Stop::Untested("the type has no attribute to find a resource by".to_owned()))?;
        Ok(format!("{} sw {}", key.path(), quoted(name)))
    }
}

/// A text as a filter has it.
pub(crate) fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// Puts members into a document; schemas and extensions are joined, everything else is replaced.
pub(crate) fn merge(document: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        match (document.get_mut(&name), value) {
            (Some(Value::Array(old)), Value::Array(new)) if name == "schemas" => {
                let missing: Vec<Value> = new.into_iter().filter(|uri| !old.contains(uri)).collect();
                old.extend(missing);
            }
            (Some(Value::Object(old)), Value::Object(new)) if name.contains(':') => old.extend(new),
            (_, value) => drop(document.insert(name, value)),
        }
    }
}

/// The members of an object literal.
pub(crate) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
