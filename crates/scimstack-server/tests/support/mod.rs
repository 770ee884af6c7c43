//! A server in memory for tests: virtual clock, counted randomness, one tenant `acme` with a token; requests as a client
//! would write them, answers compared with raw JSON.

#![allow(dead_code, unused_macros, reason = "each test file uses the part it needs")]

pub(crate) mod watched;

use bytes::Bytes;
use futures_executor::block_on;
use http::{HeaderMap, Method, Request};
use scimstack_protocol::{ConnectionPolicy, Decide, Dialect};
use scimstack_provisioning::directory::Lifecycle;
use scimstack_schema::{Registry, Timestamp};
use scimstack_server::{Admin, Engine, Environment, Limits};
use scimstack_store::{MemoryStore, Store, TenantId};
use scimstack_store_sqlite::SqliteStore;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A clock that moves only when told, and randomness that counts.
pub(crate) struct Clock {
    micros: AtomicI64,
    counter: AtomicU64,
    aside: AtomicU64,
}

impl Clock {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            micros: AtomicI64::new(1_767_225_600_000_000),
            counter: AtomicU64::new(1),
            aside: AtomicU64::new(0),
        })
    }

    /// How many steps were taken aside since this was last asked.
    pub(crate) fn steps_aside(&self) -> u64 {
        self.aside.swap(0, Ordering::SeqCst)
    }

    pub(crate) fn pass_seconds(&self, seconds: i64) {
        self.micros.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Environment for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }

    /// What is drawn later is more, so that ids are in the order in which they were made.
    fn fill_random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let n = self.counter.fetch_add(1, Ordering::SeqCst);
            chunk.copy_from_slice(&n.to_be_bytes()[..chunk.len()]);
        }
    }

    fn work(&self, work: &mut dyn FnMut()) {
        self.aside.fetch_add(1, Ordering::SeqCst);
        work();
    }
}

/// A server with the tenant `acme`.
pub(crate) struct World {
    pub(crate) engine: Arc<Engine>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) tenant: TenantId,
    pub(crate) token: String,
}

/// How a world is made.
pub(crate) struct Setting {
    registry: Registry,
    dialect: Dialect,
    decide: Arc<dyn Decide>,
    limits: Limits,
    policy: Box<dyn Fn(&mut ConnectionPolicy)>,
}

impl Setting {
    /// The whole directory: every schema of the product and its lifecycle.
    pub(crate) fn directory() -> Self {
        Self {
            registry: Registry::haystack(),
            dialect: Dialect::Auto,
            decide: Arc::new(Lifecycle),
            limits: Limits::default(),
            policy: Box::new(|_| {}),
        }
    }

    /// The letter of the RFCs, with the lifecycle that accepts everything.
    pub(crate) fn rfc() -> Self {
        Self { dialect: Dialect::Rfc, decide: Arc::new(scimstack_protocol::decide::AcceptAll), ..Self::directory() }
    }

    pub(crate) fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    pub(crate) fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    pub(crate) fn decide(mut self, decide: impl Decide) -> Self {
        self.decide = Arc::new(decide);
        self
    }

    pub(crate) fn limits(mut self, change: impl Fn(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    pub(crate) fn policy(mut self, change: impl Fn(&mut ConnectionPolicy) + 'static) -> Self {
        self.policy = Box::new(change);
        self
    }

    /// Over the store in memory.
    pub(crate) fn in_memory(self) -> World {
        self.over(Arc::new(MemoryStore::new()))
    }

    /// Over SQLite.
    pub(crate) fn in_sqlite(self) -> World {
        self.over(Arc::new(SqliteStore::in_memory().unwrap()))
    }

    pub(crate) fn over(self, store: Arc<dyn Store>) -> World {
        let clock = Clock::new();
        block_on(async {
            let admin = Admin::new(store, clock.clone(), self.registry);
            let tenant = admin.create_tenant("acme").await.unwrap().id;
            let mut policy = ConnectionPolicy::default();
            policy.dialect = self.dialect;
            (self.policy)(&mut policy);
            admin.set_connection(tenant, policy).await.unwrap();
            let (_, secret) = admin.create_token(tenant, "default", "test", None).await.unwrap();
            let engine = Engine::builder(admin)
                .decide(self.decide)
                .public_url(Some("https://idp.test".to_owned()))
                .limits(self.limits)
                .build();
            let token = secret.reveal().to_owned();
            World { engine: Arc::new(engine), clock, tenant, token }
        })
    }
}

/// Below which the tenant's endpoints are.
pub(crate) const BASE: &str = "https://idp.test/t/acme/api/scim/v2";

impl World {
    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: impl Into<String>) -> Call<'_> {
        self.call(Method::POST, path).body(body)
    }

    pub(crate) fn put(&self, path: &str, body: impl Into<String>) -> Call<'_> {
        self.call(Method::PUT, path).body(body)
    }

    /// A PATCH with these operations.
    pub(crate) fn patch(&self, path: &str, operations: &str) -> Call<'_> {
        let body =
            format!(r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":{operations}}}"#);
        self.call(Method::PATCH, path).body(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE, path)
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/t/acme/api/scim/v2{}", encode(path)))
            .header("Authorization", format!("Bearer {}", self.token));
        Call { world: self, request, body: String::new() }
    }

    /// A request to any path of the server, without a token.
    pub(crate) fn raw(&self, method: Method, path: &str) -> Call<'_> {
        Call { world: self, request: Request::builder().method(method).uri(path), body: String::new() }
    }

    /// Makes a user of this name; its id.
    pub(crate) fn user(&self, name: &str) -> String {
        let body = format!(r#"{{"schemas":["{USER}"],"userName":"{name}"}}"#);
        self.post("/Users", body).send().expect(201).id()
    }

    /// Makes a group with these members; its id.
    pub(crate) fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<String> = members.iter().map(|id| format!(r#"{{"value":"{id}"}}"#)).collect();
        let body = format!(r#"{{"schemas":["{GROUP}"],"displayName":"{name}","members":[{}]}}"#, members.join(","));
        self.post("/Groups", body).send().expect(201).id()
    }

    /// The payloads of a topic, oldest first.
    pub(crate) fn events(&self, topic: &str) -> Vec<Value> {
        let events = block_on(self.engine.admin().events(self.tenant, topic, None, 10_000)).unwrap();
        events.iter().map(|event| serde_json::from_slice(&event.payload).unwrap()).collect()
    }

    /// The values of a group's members, sorted.
    pub(crate) fn members(&self, id: &str) -> Vec<String> {
        let group = self.get(&format!("/Groups/{id}")).send().expect(200).json();
        let values = group["members"].as_array().into_iter().flatten();
        let mut values: Vec<String> = values.map(|m| m["value"].as_str().unwrap().to_owned()).collect();
        values.sort();
        values
    }
}

pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Everything that cannot stand in a URL, as clients encode it.
fn encode(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/?&=:@,$!*()".contains(&b);
    path.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A request being made.
pub(crate) struct Call<'w> {
    world: &'w World,
    request: http::request::Builder,
    body: String,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        if let Some(headers) = self.request.headers_mut() {
            headers.insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        self
    }

    pub(crate) fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn send(self) -> Answer {
        let request = self.request.body(Bytes::from(self.body)).unwrap();
        let what = format!("{} {}", request.method(), request.uri());
        block_on(async {
            let (parts, body) = self.world.engine.handle(request).await.into_parts();
            let is_stream = body.as_bytes().is_none();
            let body = body.collect().await.unwrap();
            Answer { what, status: parts.status.as_u16(), headers: parts.headers, body, is_stream }
        })
    }
}

/// An answer.
pub(crate) struct Answer {
    what: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) is_stream: bool,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text());
        if self.status >= 400 {
            assert_eq!(self.header("content-type"), Some("application/scim+json"), "{}", self.what);
            let error = self.json();
            assert_eq!(error["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{}", self.what);
            assert_eq!(error["status"], status.to_string(), "{}", self.what);
            assert!(error["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{}: {error}", self.what);
        }
        self
    }

    /// Expects an error with this `scimType`.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, scim_type: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.json()["scimType"], scim_type, "{}: {}", answer.what, answer.text());
        answer
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.what, self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("{}: no id in {}", self.what, self.text())).to_owned()
    }

    #[track_caller]
    pub(crate) fn etag(&self) -> String {
        self.header("etag").unwrap_or_else(|| panic!("{}: no ETag", self.what)).to_owned()
    }

    /// Expects what the JSON says, and perhaps more: members that are not named are not looked at; lists are compared
    /// whole.
    #[track_caller]
    pub(crate) fn shows(self, expected: &str) -> Self {
        let expected: Value = serde_json::from_str(expected).unwrap();
        let found = self.json();
        assert!(contains(&found, &expected), "{}: expected {expected} in {found}", self.what);
        self
    }

    /// The ids of a list.
    #[track_caller]
    pub(crate) fn ids(&self) -> Vec<String> {
        let found = self.json();
        let resources = found["Resources"].as_array().unwrap_or_else(|| panic!("{}: {found}", self.what));
        resources.iter().map(|resource| resource["id"].as_str().unwrap().to_owned()).collect()
    }
}

fn contains(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            expected.iter().all(|(name, value)| found.get(name).is_some_and(|found| contains(found, value)))
        }
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(found, value)| contains(found, value))
        }
        _ => found == expected,
    }
}

/// Runs each test over every store.
macro_rules! over_every_store {
    ($($name:ident in $setting:expr;)+) => {
        mod memory {
            use super::Setting;

            $(#[test] fn $name() { super::$name(&$setting.in_memory()); })+
        }

        mod sqlite {
            use super::Setting;

            $(#[test] fn $name() { super::$name(&$setting.in_sqlite()); })+
        }
    };
}
