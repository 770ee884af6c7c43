//! Requests and answers as a lie sees them, and what the liar remembers: which document made which resource.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// What has gone through.
#[derive(Default)]
pub(crate) struct Memory {
    /// Paths, and the documents they were made of.
    made: Mutex<BTreeMap<String, Value>>,
    /// The names of what was deleted.
    gone: Mutex<Vec<String>>,
    kept: Mutex<BTreeMap<String, Value>>,
}

/// A request.
pub(crate) struct Ask<'m> {
    pub(crate) method: String,
    /// Below the base URL.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) raw: Bytes,
    pub(crate) memory: &'m Memory,
}

const ENDPOINTS: [&str; 3] = ["Users", "Groups", "Widgets"];

impl Ask<'_> {
    fn segments(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }

    /// A POST that makes a resource.
    pub(crate) fn creates(&self) -> bool {
        self.method == "POST" && matches!(self.segments()[..], [one] if ENDPOINTS.contains(&one))
    }

    /// A query of an endpoint.
    pub(crate) fn lists(&self) -> bool {
        self.method == "GET" && matches!(self.segments()[..], [one] if ENDPOINTS.contains(&one))
    }

    /// A request for one resource.
    pub(crate) fn one(&self, method: &str) -> bool {
        self.method == method && matches!(self.segments()[..], [one, id] if ENDPOINTS.contains(&one) && id != ".search")
    }

    /// A GET of one resource with nothing special asked for.
    pub(crate) fn reads(&self) -> bool {
        self.one("GET") && self.query.is_empty()
    }

    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }

    /// Whether the id is one that was never given.
    pub(crate) fn unknown(&self, method: &str) -> bool {
        self.one(method) && self.path.ends_with("scimcheck-there-is-no-such-resource")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// A parameter of the query, decoded.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        let pair = self.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        let mut out = Vec::new();
        let mut bytes = pair.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'%' => {
                    let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                    out.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
                }
                byte => out.push(byte),
            }
        }
        Some(String::from_utf8_lossy(&out).into_owned())
    }

    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.param(name).as_deref() == Some(value)
    }

    /// The filter of a query or of a search.
    pub(crate) fn filter(&self) -> String {
        let in_body = || self.body.get("filter").and_then(Value::as_str).map(str::to_owned);
        self.param("filter").or_else(in_body).unwrap_or_default()
    }

    /// Whether the body has this text in it.
    pub(crate) fn says(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.raw).contains(text)
    }

    pub(crate) fn operations(&self) -> Vec<Value> {
        self.body["Operations"].as_array().cloned().unwrap_or_default()
    }

    /// Whether this is a PATCH whose first operation is this one, at this path.
    pub(crate) fn patches(&self, op: &str, path: &str) -> bool {
        let at = self.body.pointer("/Operations/0/path").and_then(Value::as_str).unwrap_or_default();
        self.patches_any(op) && at == path
    }

    pub(crate) fn patches_any(&self, op: &str) -> bool {
        self.method == "PATCH" && self.body.pointer("/Operations/0/op").and_then(Value::as_str) == Some(op)
    }

    /// The path of the first operation.
    pub(crate) fn at(&self) -> &str {
        self.body.pointer("/Operations/0/path").and_then(Value::as_str).unwrap_or_default()
    }

    /// The value of the first operation.
    pub(crate) fn value(&self) -> Value {
        self.body.pointer("/Operations/0/value").cloned().unwrap_or_default()
    }

    /// The document that the resource was made of.
    pub(crate) fn made(&self) -> Value {
        self.memory.made.lock().unwrap().get(&self.path).cloned().unwrap_or_default()
    }

    /// Whether the resource was made of the smallest document and these members.
    pub(crate) fn made_of(&self, names: &[&str]) -> bool {
        is_of(&self.made(), names)
    }

    /// How many resources were made whose names begin as the filter says.
    pub(crate) fn family(&self) -> usize {
        let filter = self.filter();
        let prefix = filter.split("name sw \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("?");
        let made = self.memory.made.lock().unwrap();
        made.values().filter(|d| d["name"].as_str().is_some_and(|name| name.starts_with(prefix))).count()
    }

    /// Whether a resource was made that has this name.
    pub(crate) fn was_named(&self, name: &str) -> bool {
        self.memory.made.lock().unwrap().values().any(|document| document["name"] == name)
    }

    /// Whether a resource of this name was made and deleted.
    pub(crate) fn was_deleted(&self, name: &str) -> bool {
        self.memory.gone.lock().unwrap().iter().any(|gone| gone == name)
    }

    pub(crate) fn keep(&self, key: &str, value: Value) {
        self.memory.kept.lock().unwrap().insert(format!("{key} {}", self.path), value);
    }

    pub(crate) fn kept(&self, key: &str) -> Option<Value> {
        self.memory.kept.lock().unwrap().get(&format!("{key} {}", self.path)).cloned()
    }

    /// Sends another body.
    pub(crate) fn send(&mut self, body: Value) {
        self.raw = Bytes::from(body.to_string());
        self.body = body;
    }

    /// Sends the body without one of its members.
    pub(crate) fn without(&mut self, pointer: &str) {
        let mut body = self.body.clone();
        drop_at(&mut body, pointer);
        self.send(body);
    }

    /// The same, when the member is there.
    pub(crate) fn without_if(&mut self, pointer: &str) {
        if self.body.pointer(pointer).is_some() {
            self.without(pointer);
        }
    }

    pub(crate) fn note(&self, reply: &Reply) {
        if self.creates() && reply.is_success() {
            let path = format!("{}/{}", self.path, reply.json["id"].as_str().unwrap_or_default());
            self.memory.made.lock().unwrap().insert(path, self.body.clone());
        }
        if self.one("DELETE") && reply.is_success() {
            self.memory.gone.lock().unwrap().push(self.made()["name"].as_str().unwrap_or_default().to_owned());
        }
        if matches!(self.method.as_str(), "PUT" | "PATCH") {
            self.keep("touched", json!(true));
        }
    }
}

/// Whether a document is the smallest one and these members.
pub(crate) fn is_of(document: &Value, names: &[&str]) -> bool {
    let smallest = ["schemas", "name", "userName", "displayName"];
    document.as_object().is_some_and(|members| {
        let mut found: Vec<&str> = members
            .keys()
            .map(String::as_str)
            .filter(|name| names.contains(name) || !smallest.contains(name))
            .collect();
        let mut names = names.to_vec();
        found.sort_unstable();
        names.sort_unstable();
        found == names
    })
}

/// Takes a member or an element away.
pub(crate) fn drop_at(value: &mut Value, pointer: &str) {
    let (holder, name) = pointer.rsplit_once('/').unwrap();
    match value.pointer_mut(holder) {
        Some(Value::Object(members)) => drop(members.remove(name)),
        Some(Value::Array(list)) => drop(list.remove(name.parse().unwrap())),
        _ => {}
    }
}

/// An answer.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
    pub(crate) raw: Bytes,
}

impl Reply {
    /// A success that nothing was done for.
    pub(crate) fn done(status: u16) -> Self {
        let json = if status == 204 { Value::Null } else { json!({}) };
        Self { status, headers: HeaderMap::new(), json, raw: Bytes::new() }
    }

    /// A refusal.
    pub(crate) fn refused(status: u16) -> Self {
        let mut reply = Self::done(status);
        reply.json = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.to_string(),
            "detail": "This is a lie."});
        reply
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Another status, in the body too when it is an error.
    pub(crate) fn status(&mut self, status: u16) {
        self.status = status;
        if self.json.get("status").is_some() {
            self.json["status"] = json!(status.to_string());
        }
    }

    pub(crate) fn set(&mut self, pointer: &str, value: Value) {
        let (holder, name) = pointer.rsplit_once('/').unwrap();
        match self.json.pointer_mut(holder) {
            Some(Value::Object(members)) => drop(members.insert(name.to_owned(), value)),
            Some(Value::Array(list)) => list[name.parse::<usize>().unwrap()] = value,
            _ => {}
        }
    }

    pub(crate) fn drop(&mut self, pointer: &str) {
        drop_at(&mut self.json, pointer);
    }

    pub(crate) fn header(&mut self, name: &'static str, value: &str) {
        self.headers.remove(name);
        if !value.is_empty() {
            self.headers.insert(name, value.parse().unwrap());
        }
    }

    /// A list of nothing.
    pub(crate) fn nothing(&mut self) {
        self.json["Resources"] = json!([]);
        self.json["totalResults"] = json!(0);
    }

    pub(crate) fn list(&mut self) -> &mut Vec<Value> {
        if !self.json["Resources"].is_array() {
            self.json["Resources"] = json!([]);
        }
        self.json["Resources"].as_array_mut().unwrap()
    }

    /// One resource more than there is.
    pub(crate) fn push(&mut self, id: &str) {
        self.list().push(json!({"id": id}));
    }

    pub(crate) fn reverse(&mut self) {
        self.list().reverse();
    }
}
