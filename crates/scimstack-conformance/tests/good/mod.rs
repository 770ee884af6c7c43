//! A good server for the tests: scimstack's engine over a store in memory or SQLite, behind the suite's own transport. Its
//! clock moves with every request. Beside users and groups it has widgets, whose schema has what those lack.

#![allow(dead_code, reason = "each test file uses the part it needs")]

use async_trait::async_trait;
use bytes::Bytes;
use scimstack_conformance::{Target, Transport, TransportError};
use scimstack_protocol::{ConnectionPolicy, Dialect, decide::AcceptAll};
use scimstack_provisioning::directory::Lifecycle;
use scimstack_schema::{Registry, Schema, Timestamp, Value};
use scimstack_server::{Admin, Engine, Environment, Limits};
use scimstack_store::{MemoryStore, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// The base URL.
pub(crate) const BASE: &str = "https://idp.test/t/acme/api/scim/v2";

const WIDGET: &str = r#"{"id": "urn:example:params:scim:schemas:core:1.0:Widget", "name": "Widget", "attributes": [
    {"name": "name", "type": "string", "required": true, "uniqueness": "server", "description": "what it is called"},
    {"name": "note", "type": "string", "description": "a text"},
    {"name": "remark", "type": "string", "description": "another text"},
    {"name": "count", "type": "integer", "description": "an integer"},
    {"name": "weight", "type": "decimal", "description": "a decimal"},
    {"name": "fragile", "type": "boolean", "description": "a Boolean"},
    {"name": "builtAt", "type": "dateTime", "description": "a time"},
    {"name": "blob", "type": "binary", "caseExact": true, "description": "bytes"},
    {"name": "manual", "type": "reference", "referenceTypes": ["external"], "caseExact": true, "description": "a URI"},
    {"name": "code", "type": "string", "caseExact": true, "description": "a text in which case matters"},
    {"name": "serial", "type": "string", "caseExact": true, "mutability": "immutable", "description": "set once"},
    {"name": "batch", "type": "string", "mutability": "readOnly", "description": "set by nobody"},
    {"name": "secret", "type": "string", "mutability": "writeOnly", "returned": "never", "description": "never shown"},
    {"name": "pin", "type": "string", "returned": "never", "description": "never shown either"},
    {"name": "cost", "type": "string", "returned": "request", "description": "shown when asked for"},
    {"name": "label", "type": "string", "returned": "always", "description": "always shown"},
    {"name": "size", "type": "complex", "description": "two texts", "subAttributes": [
        {"name": "wide", "type": "string", "description": "one"}, {"name": "high", "type": "string", "description": "two"}]},
    {"name": "tags", "type": "complex", "multiValued": true, "description": "a list", "subAttributes": [
        {"name": "value", "type": "string", "description": "the value"},
        {"name": "display", "type": "string", "description": "for people"},
        {"name": "type", "type": "string", "canonicalValues": ["work", "home", "other"], "description": "the type"},
        {"name": "primary", "type": "boolean", "description": "the first"}]},
    {"name": "notes", "type": "string", "multiValued": true, "description": "texts"}]}"#;

/// A clock that moves with every look, and randomness that counts.
struct Clock {
    micros: AtomicI64,
    counter: AtomicU64,
}

impl Environment for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let n = self.counter.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chunk.copy_from_slice(&n.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// The engine as a transport.
pub(crate) struct Good {
    engine: Engine,
    clock: Arc<Clock>,
    token: String,
}

/// The registry of users, groups and widgets.
pub(crate) fn registry() -> Registry {
    let widget = Schema::from_json(&Value::parse(WIDGET.as_bytes()).unwrap()).unwrap();
    Registry::core().to_builder().resource_type("Widget", "/Widgets", "Widgets", widget).build().unwrap()
}

impl Good {
    /// The letter of the RFCs, with small limits so that they can be passed.
    pub(crate) fn strict() -> Self {
        Self::small(Dialect::Rfc)
    }

    /// The same, but for what does no harm to a client that follows the RFCs.
    pub(crate) fn lenient() -> Self {
        Self::small(Dialect::Generic)
    }

    fn small(dialect: Dialect) -> Self {
        Self::over(Arc::new(MemoryStore::new()), registry(), dialect, false, |limits| {
            limits.bulk_operations = 20;
            limits.bulk_body = 100_000;
        })
    }

    /// As the product is: the directory's schemas, its lifecycle, and the dialects it finds out by itself.
    pub(crate) fn directory(store: Arc<dyn Store>) -> Self {
        Self::over(store, Registry::haystack(), Dialect::Auto, true, |_| {})
    }

    /// The product, with a connection of this dialect.
    pub(crate) fn of(dialect: Dialect) -> Self {
        Self::over(Arc::new(MemoryStore::new()), Registry::haystack(), dialect, true, |_| {})
    }

    pub(crate) fn over(
        store: Arc<dyn Store>,
        registry: Registry,
        dialect: Dialect,
        lifecycle: bool,
        change: impl Fn(&mut Limits),
    ) -> Self {
        let clock = Clock { micros: AtomicI64::new(1_767_225_600_000_000), counter: AtomicU64::new(1) };
        let clock = Arc::new(clock);
        futures_executor::block_on(async {
            let admin = Admin::new(store, clock.clone(), registry);
            let tenant = admin.create_tenant("acme").await.unwrap().id;
            let mut policy = ConnectionPolicy::default();
            policy.dialect = dialect;
            admin.set_connection(tenant, policy).await.unwrap();
            let (_, secret) = admin.create_token(tenant, "default", "test", None).await.unwrap();
            let mut limits = Limits::default();
            change(&mut limits);
            let builder = Engine::builder(admin).public_url(Some("https://idp.test".to_owned())).limits(limits);
            let engine = match lifecycle {
                true => builder.decide(Arc::new(Lifecycle)).build(),
                false => builder.decide(Arc::new(AcceptAll)).build(),
            };
            Self { engine, clock, token: secret.reveal().to_owned() }
        })
    }

    pub(crate) fn target(&self) -> Target {
        Target::new(BASE, &self.token)
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }
}

#[async_trait]
impl Transport for Good {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        self.clock.micros.fetch_add(1_000_000, Ordering::SeqCst);
        let is_head = request.method() == "HEAD";
        let (parts, body) = self.engine.handle(request).await.into_parts();
        let body = body.collect().await.map_err(|e| TransportError(e.to_string()))?;
        Ok(http::Response::from_parts(parts, if is_head { Bytes::new() } else { body }))
    }
}
