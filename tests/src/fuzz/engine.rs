//! The whole service: a conversation of requests with `Engine::handle`, over a store in memory. Whatever comes, the answer is
//! SCIM (RFC 7644 §3.12), nothing is the server's fault, and what was made can be read again.
//!
//! An input is a JSON array of requests: `m` the method, `p` the path below the base URL, `h` headers, `b` the body, a text
//! or a document, `d` the dialect of the connection from there on. `{0}` in a path or a body is the id of what the first
//! create made, and so on. Anything else is a body for `POST /Users`.

use super::Outcome;
use bytes::Bytes;
use futures_executor::block_on;
use http::{Method, Request, Response};
use scimstack_protocol::ConnectionPolicy;
use scimstack_provisioning::directory::Lifecycle;
use scimstack_schema::{Registry, Timestamp};
use scimstack_server::{Admin, Body, Engine, Environment};
use scimstack_store::{MemoryStore, TenantId};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Requests of one conversation, at most.
const MOST: usize = 12;

/// A clock that moves with each look at it, and randomness that counts.
#[derive(Default)]
struct Counting(AtomicU64);

impl Environment for Counting {
    fn now(&self) -> Timestamp {
        let tick = i64::try_from(self.0.fetch_add(1, Ordering::Relaxed)).unwrap_or(0);
        Timestamp::from_micros(1_767_225_600_000_000 + tick)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
            chunk.iter_mut().zip(number).for_each(|(byte, new)| *byte = new);
        }
    }
}

struct World {
    engine: Engine,
    tenant: TenantId,
    token: String,
    made: Vec<String>,
}

pub(super) fn run(data: &[u8]) -> Outcome {
    let mut world = World::new();
    let conversation = match serde_json::from_slice(data) {
        Ok(Value::Array(requests)) => requests,
        _ => vec![json!({"m": "POST", "p": "/Users", "b": String::from_utf8_lossy(data)})],
    };
    let mut accepted = false;
    for request in conversation.iter().take(MOST) {
        if let Some(dialect) = request.get("d") {
            world.speak(dialect);
        }
        accepted |= world.ask(request);
    }
    world.assert_readable();
    if accepted { Outcome::Accepted } else { Outcome::Refused }
}

impl World {
    fn new() -> Self {
        let admin = Admin::new(Arc::new(MemoryStore::new()), Arc::new(Counting::default()), Registry::haystack());
        block_on(async {
            let tenant = admin.create_tenant("acme").await.expect("a tenant").id;
            let (_, secret) = admin.create_token(tenant, "default", "", None).await.expect("a token");
            let token = format!("Bearer {}", secret.reveal());
            let engine = Engine::builder(admin).decide(Arc::new(Lifecycle)).build();
            Self { engine, tenant, token, made: Vec::new() }
        })
    }

    fn speak(&self, dialect: &Value) {
        let mut policy = ConnectionPolicy::default();
        if let Ok(dialect) = serde_json::from_value(dialect.clone()) {
            policy.dialect = dialect;
        }
        block_on(self.engine.admin().set_connection(self.tenant, policy)).expect("a dialect can be set");
    }

    /// Puts ids in the place of `{0}`, `{1}`, …
    fn named(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (at, id) in self.made.iter().enumerate() {
            text = text.replace(&format!("{{{at}}}"), id);
        }
        text
    }

    /// Sends a request; whether it was accepted.
    fn ask(&mut self, asked: &Value) -> bool {
        let text = |name: &str| asked.get(name).and_then(Value::as_str);
        let method = text("m").and_then(|name| name.parse().ok()).unwrap_or(Method::GET);
        let path = format!("/t/acme/api/scim/v2{}", encode(&self.named(text("p").unwrap_or("/Users"))));
        let body = match asked.get("b") {
            None => String::new(),
            Some(Value::String(text)) => self.named(text),
            Some(document) => self.named(&document.to_string()),
        };
        let mut request = Request::builder().method(method.clone()).uri(path).header("authorization", &self.token);
        if !body.is_empty() {
            request = request.header("content-type", "application/scim+json");
        }
        for (name, value) in asked.get("h").and_then(Value::as_object).unwrap_or(&Map::new()) {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        // What is no request at all never reaches an engine.
        let Ok(request) = request.body(Bytes::from(body)) else { return false };
        let is_head = method == Method::HEAD;
        let (parts, text) = self.send(request);
        let status = parts.status.as_u16();
        assert!(status < 500 || status == 501, "{asked}: {status} {}", String::from_utf8_lossy(&text));
        let document = (!text.is_empty()).then(|| {
            let read: Value = serde_json::from_slice(&text).expect("an answer is JSON");
            read
        });
        if status >= 400 {
            if let Some(error) = &document {
                assert_eq!(error["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{asked}");
                assert_eq!(error["status"], json!(status.to_string()), "{asked}");
                assert!(error["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{asked}: {error}");
            }
            assert!(document.is_some() || is_head, "{asked}: an error without a word");
        }
        if let (201, Some(made)) = (status, &document) {
            assert!(parts.headers.contains_key("location"), "{asked}: 201 without Location");
            self.made.push(made["id"].as_str().expect("what was made has an id").to_owned());
        }
        if let Some(results) = document.as_ref().and_then(|bulk| bulk.get("Operations")?.as_array()) {
            for result in results {
                let status: u16 = result["status"].as_str().and_then(|text| text.parse().ok()).expect("a status");
                assert!(status < 500 || status == 501, "{asked}: {result}");
            }
        }
        status < 400
    }

    fn send(&self, request: Request<Bytes>) -> (http::response::Parts, Bytes) {
        block_on(async {
            let answer: Response<Body> = self.engine.handle(request).await;
            let (parts, body) = answer.into_parts();
            assert!(parts.headers.contains_key("x-request-id"));
            (parts, body.collect().await.expect("an answer comes whole"))
        })
    }

    /// Lists everything: as many as there are said to be, each under its address.
    fn assert_readable(&mut self) {
        self.speak(&json!("auto"));
        for endpoint in ["/Users", "/Groups"] {
            let list = self.read(&format!("{endpoint}?count=1000"));
            let resources = list["Resources"].as_array().cloned().unwrap_or_default();
            assert_eq!(list["totalResults"], json!(resources.len()), "{endpoint}");
            for resource in resources {
                let id = resource["id"].as_str().expect("an id");
                assert_eq!(self.read(&format!("{endpoint}/{id}")), resource, "listed and read");
            }
        }
    }

    fn read(&self, path: &str) -> Value {
        let request = Request::get(format!("/t/acme/api/scim/v2{path}")).header("authorization", &self.token);
        let (parts, text) = self.send(request.body(Bytes::new()).expect("a request"));
        assert_eq!(parts.status, 200, "{path}: {}", String::from_utf8_lossy(&text));
        serde_json::from_slice(&text).expect("an answer is JSON")
    }
}

/// Everything that cannot stand in a URL, as clients encode it.
fn encode(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/?&=:@,$!*()%+;[]".contains(&b);
    path.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
