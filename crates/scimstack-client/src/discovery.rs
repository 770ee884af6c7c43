//! What a server can do, from its discovery documents (RFC 7643 §5 to §7, RFC 7644 §4, RFC 9865 §4): read once and kept.
//! Documents that are absent or broken are no error; what they do not say is unknown.

use crate::client::{Answer, Client};
use crate::error::{Error, ErrorKind};
use futures_util::lock::Mutex;
use http::Method;
use scimstack_schema::{Object, Registry, ResourceType, Schema, Value};
use std::sync::Arc;

/// How many resources a page has when neither the caller nor the server says.
const PAGE: u32 = 100;

/// What a server says about itself. `None` is not said.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// PATCH.
    pub patch: Option<bool>,
    /// Versions, `If-Match` and `If-None-Match`.
    pub etag: Option<bool>,
    /// `sortBy`.
    pub sort: Option<bool>,
    /// Filters.
    pub filter: Option<bool>,
    /// The most resources of one page.
    pub max_results: Option<u32>,
    /// Passwords can be changed.
    pub change_password: Option<bool>,
    /// `/Bulk`, and how much at once; `None` when it is not advertised.
    pub bulk: Option<BulkLimits>,
    /// Pages by cursor (RFC 9865 §4).
    pub cursor: Option<bool>,
    /// The most resources of one page, as RFC 9865 §4 says it.
    pub max_page_size: Option<u32>,
    /// How long a cursor is good for, in seconds.
    pub cursor_timeout: Option<u32>,
    /// The resource types.
    pub resource_types: Vec<ServedType>,
    /// The schemas that could be read.
    pub schemas: Vec<Schema>,
    /// What was absent or could not be read, in words.
    pub problems: Vec<String>,
}

/// The limits of `/Bulk` (RFC 7644 §3.7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkLimits {
    /// Operations in one request.
    pub max_operations: usize,
    /// Bytes of one request.
    pub max_payload_size: usize,
}

/// A resource type, as the server describes it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServedType {
    /// The name: `User`.
    pub name: String,
    /// The endpoint below the base URL, with its slash: `/Users`.
    pub endpoint: String,
    /// Its attributes; without readable schemas, those of RFC 7643 for users and groups.
    pub resource_type: Option<Arc<ResourceType>>,
}

/// What is known of a server, shared by the clones of a client.
#[derive(Clone, Default)]
pub(crate) struct Known(Arc<Mutex<Option<Arc<Capabilities>>>>);

impl Capabilities {
    /// The size of pages to ask for: what is wanted, within what the server gives.
    #[must_use]
    pub fn page_size(&self, wanted: Option<u32>) -> u32 {
        let most = self.max_results.unwrap_or(u32::MAX).min(self.max_page_size.unwrap_or(u32::MAX));
        wanted.unwrap_or(PAGE).min(most)
    }

    /// Whether lists are best read by cursor: the server says that it has them.
    #[must_use]
    pub fn pages_by_cursor(&self) -> bool {
        self.cursor == Some(true)
    }

    /// The attributes of what is at an endpoint (`/Users`, with or without the slash): as the server has them, else those
    /// of RFC 7643.
    #[must_use]
    pub fn resource_type(&self, endpoint: &str) -> Option<Arc<ResourceType>> {
        let path = endpoint.trim_matches('/');
        let served = self.resource_types.iter().find(|served| served.endpoint.trim_matches('/') == path);
        match served {
            Some(served) => served.resource_type.clone(),
            None => Registry::core().resource_type_at(path).cloned(),
        }
    }

    fn read_config(&mut self, config: &Object) {
        let supported = |name: &str| config.get(name)?.get("supported").and_then(truth);
        self.patch = supported("patch");
        self.etag = supported("etag");
        self.sort = supported("sort");
        self.filter = supported("filter");
        self.change_password = supported("changePassword");
        self.max_results = config.get("filter").and_then(|filter| positive(filter.get("maxResults")));
        if supported("bulk") == Some(true) {
            let limit = |name: &str| {
                let limit = config.get("bulk").and_then(|bulk| positive(bulk.get(name)));
                limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
            };
            self.bulk =
                Some(BulkLimits { max_operations: limit("maxOperations"), max_payload_size: limit("maxPayloadSize") });
        }
        if let Some(paging) = config.get("pagination") {
            self.cursor = paging.get("cursor").and_then(truth);
            self.max_page_size = positive(paging.get("maxPageSize"));
            self.cursor_timeout = positive(paging.get("cursorTimeout"));
        }
    }

    fn read_schemas(&mut self, documents: &[Value]) {
        for document in documents {
            match Schema::from_json(document) {
                Ok(schema) => self.schemas.push(schema),
                Err(error) => {
                    let id = document.get("id").and_then(Value::as_str).unwrap_or("without id");
                    self.problems.push(format!("/Schemas: {id}: {error}"));
                }
            }
        }
    }

    fn read_types(&mut self, documents: &[Value], base: &str) {
        for document in documents {
            let text = |name: &str| document.get(name).and_then(Value::as_str);
            let (Some(name), Some(endpoint)) = (text("name").or_else(|| text("id")), text("endpoint")) else {
                self.problems.push("/ResourceTypes: one has no name or no endpoint".to_owned());
                continue;
            };
            let endpoint = format!("/{}", endpoint.strip_prefix(base).unwrap_or(endpoint).trim_matches('/'));
            let resource_type = match self.attributes(name, &endpoint, document) {
                Ok(found) => Some(found),
                Err(why) => {
                    self.problems.push(format!("/ResourceTypes: {name}: {why}"));
                    Registry::core().resource_type_at(&endpoint).cloned()
                }
            };
            self.resource_types.push(ServedType { name: name.to_owned(), endpoint, resource_type });
        }
    }

    /// One resource type with its schemas, by itself: what is wrong with another does not matter.
    fn attributes(&self, name: &str, endpoint: &str, document: &Value) -> Result<Arc<ResourceType>, String> {
        let find = |uri: Option<&Value>| {
            let uri = uri.and_then(Value::as_str).unwrap_or_default();
            let schema = self.schemas.iter().find(|schema| schema.id.matches(uri)).cloned();
            schema.ok_or_else(|| format!("its schema {uri:?} is not there"))
        };
        let schema = find(document.get("schema"))?;
        let mut builder = Registry::builder().resource_type(name, endpoint, "", schema);
        for extension in document.get("schemaExtensions").and_then(Value::as_array).unwrap_or_default() {
            let required = extension.get("required").and_then(truth).unwrap_or(false);
            let schema = find(extension.get("schema"))?;
            builder = builder.extension(name, schema, required).map_err(|error| error.to_string())?;
        }
        let registry = builder.build().map_err(|error| error.to_string())?;
        registry.resource_type(name).cloned().ok_or_else(|| "it cannot be built".to_owned())
    }
}

/// A boolean, also one in quotes.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A number of at least one, also one in quotes: zero is what servers write that have not thought about it.
fn positive(value: Option<&Value>) -> Option<u32> {
    let number = match value? {
        Value::Number(number) => number.as_i64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    (number > 0).then(|| u32::try_from(number).unwrap_or(u32::MAX))
}

impl Client {
    /// What the server can do. It is read with the first call and kept; clones of this client share it.
    ///
    /// # Errors
    /// Whatever keeps every other call from working, too: no answer, no token, or 401. Any other refusal and documents
    /// that cannot be read are among [`Capabilities::problems`].
    pub async fn discover(&self) -> Result<Arc<Capabilities>, Error> {
        let mut known = self.known.0.lock().await;
        if let Some(known) = &*known {
            return Ok(known.clone());
        }
        let mut found = Capabilities::default();
        if let Some(Value::Object(config)) = self.document("/ServiceProviderConfig", &mut found.problems).await? {
            found.read_config(&config);
        }
        let schemas = self.document("/Schemas", &mut found.problems).await?;
        found.read_schemas(resources(schemas.as_ref()));
        let types = self.document("/ResourceTypes", &mut found.problems).await?;
        found.read_types(resources(types.as_ref()), self.base_url());
        let found = Arc::new(found);
        *known = Some(found.clone());
        Ok(found)
    }

    /// Forgets what [`Client::discover`] keeps; the next call reads it again.
    pub async fn forget_discovery(&self) {
        *self.known.0.lock().await = None;
    }

    /// A discovery document; `None`, and a problem, when there is none.
    async fn document(&self, path: &str, problems: &mut Vec<String>) -> Result<Option<Value>, Error> {
        let answer = self.send(Method::GET, path, &[], None).await.and_then(Answer::accepted);
        let why = match answer {
            Ok(answer) => match Value::parse(&answer.body) {
                Ok(value @ (Value::Object(_) | Value::Array(_))) => return Ok(Some(value)),
                Ok(other) => format!("it is {}", other.kind()),
                Err(error) => error.to_string(),
            },
            Err(error @ Error::Refused(_)) if error.kind() != ErrorKind::Unauthorized => error.to_string(),
            Err(error) => return Err(error),
        };
        problems.push(format!("{path}: {why}"));
        Ok(None)
    }
}

/// The resources of a list, also of one that is a bare array.
fn resources(list: Option<&Value>) -> &[Value] {
    match list {
        Some(Value::Array(bare)) => bare,
        Some(list) => list.get("Resources").and_then(Value::as_array).unwrap_or_default(),
        None => &[],
    }
}
