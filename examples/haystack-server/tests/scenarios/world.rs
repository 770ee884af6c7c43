//! A workspace with a clock that is told, a database of its own, and what its administrators can look at.

use bytes::Bytes;
use http::{Request, Response};
use idp_simulator::{Company, Profile, Simulator};
use scimstack_client::Transport;
use scimstack_protocol::{ConnectionPolicy, TenantPolicy};
use scimstack_provisioning::directory::Lifecycle;
use scimstack_schema::{Registry, Timestamp};
use scimstack_server::engine::{LOG_TOPIC, OUTBOX_TOPIC};
use scimstack_server::{Admin, Engine, Environment, Limits};
use scimstack_store::TenantId;
use scimstack_store_sqlite::{SqliteOptions, SqliteStore};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tempfile::TempDir;

pub(crate) const BASE: &str = "http://acme.haystack.test/t/acme/api/scim/v2";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(crate) const HAYSTACK: &str = "urn:ietf:params:scim:schemas:extension:haystack:1.0:User";

/// A clock that moves when it is told, and randomness that counts.
pub(crate) struct Clock {
    micros: AtomicI64,
    counter: AtomicU64,
}

impl Clock {
    pub(crate) fn pass_seconds(&self, seconds: u64) {
        self.micros.fetch_add(i64::try_from(seconds).unwrap() * 1_000_000, Ordering::SeqCst);
    }
}

impl Environment for Clock {
    fn now(&self) -> Timestamp {
        // A little time passes with every look, so that what comes later is later.
        Timestamp::from_micros(self.micros.fetch_add(1, Ordering::SeqCst))
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let n = self.counter.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let length = chunk.len();
            chunk.copy_from_slice(&n.to_be_bytes()[..length]);
        }
    }
}

/// The workspace `acme`.
pub(crate) struct World {
    pub(crate) engine: Arc<Engine>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) tenant: TenantId,
    pub(crate) token: String,
    _directory: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("haystack.db"), SqliteOptions::default()).unwrap();
        let clock = Arc::new(Clock { micros: AtomicI64::new(1_767_225_600_000_000), counter: AtomicU64::new(1) });
        let admin = Admin::new(Arc::new(store), clock.clone(), Registry::haystack());
        let tenant = admin.create_tenant("acme").await.unwrap().id;
        let token = admin.create_token(tenant, "default", "test", None).await.unwrap().1.reveal().to_owned();
        let engine = Arc::new(Engine::builder(admin).decide(Arc::new(Lifecycle)).limits(limits).build());
        Self { engine, clock, tenant, token, _directory: directory }
    }

    pub(crate) fn admin(&self) -> &Admin {
        self.engine.admin()
    }

    /// The way to the engine.
    pub(crate) fn transport(&self) -> impl Transport + 'static {
        let engine = self.engine.clone();
        move |request: Request<Bytes>| {
            let engine = engine.clone();
            async move {
                let (parts, body) = engine.handle(request).await.into_parts();
                Ok(Response::from_parts(parts, body.collect().await?))
            }
        }
    }

    /// A provider, whose clock the server's goes by.
    pub(crate) fn provider(&self, profile: Profile) -> Simulator {
        let clock = self.clock.clone();
        Simulator::playing(profile, self.transport(), BASE, &self.token).unwrap().with_pause(move |seconds| {
            clock.pass_seconds(seconds);
            std::future::ready(())
        })
    }

    /// An answer's status and body, to a request by somebody else.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.ask_with(&self.token, method, path, body).await
    }

    pub(crate) async fn ask_with(&self, token: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("{BASE}{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/scim+json")
            .body(Bytes::from(body.to_owned()))
            .unwrap();
        let (parts, body) = self.engine.handle(request).await.into_parts();
        let body = body.collect().await.unwrap();
        (parts.status.as_u16(), serde_json::from_slice(&body).unwrap_or_default())
    }

    /// A person, by id.
    pub(crate) async fn user(&self, id: &str) -> Value {
        let (status, body) = self.ask("GET", &format!("/Users/{id}"), "").await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// The ids of a group's members, in order.
    pub(crate) async fn members(&self, id: &str) -> Vec<String> {
        let (status, group) = self.ask("GET", &format!("/Groups/{id}"), "").await;
        assert_eq!(status, 200, "{group}");
        let members = group["members"].as_array().cloned().unwrap_or_default();
        let mut ids: Vec<String> = members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    /// How many there are.
    pub(crate) async fn total(&self, endpoint: &str) -> u64 {
        let (status, list) = self.ask("GET", &format!("{endpoint}?count=0"), "").await;
        assert_eq!(status, 200, "{list}");
        list["totalResults"].as_u64().unwrap()
    }

    async fn events(&self, topic: &str) -> Vec<Value> {
        let events = self.admin().events(self.tenant, topic, None, 10_000).await.unwrap();
        events.iter().map(|event| serde_json::from_slice(&event.payload).unwrap()).collect()
    }

    /// The provisioning log.
    pub(crate) async fn log(&self) -> Vec<Value> {
        self.events(LOG_TOPIC).await
    }

    /// What the product was told about someone: sessions, directory, messages.
    pub(crate) async fn told_about(&self, id: &str) -> Vec<String> {
        let events = self.events(OUTBOX_TOPIC).await;
        let of_person = events.iter().filter(|event| event["resourceId"] == id);
        of_person.map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// How many first messages there were.
    pub(crate) async fn welcomes(&self) -> usize {
        self.events(OUTBOX_TOPIC).await.iter().filter(|event| event["kind"] == "notify.welcome").count()
    }

    /// Security Settings.
    pub(crate) async fn set_notify(&self, notify: scimstack_protocol::Notify) {
        let mut policy = TenantPolicy::default();
        policy.notify = notify;
        self.admin().set_tenant_policy(self.tenant, policy).await.unwrap();
    }

    /// The connection's switches.
    pub(crate) async fn set_policy(&self, change: impl FnOnce(&mut ConnectionPolicy)) {
        let mut policy = self.admin().connection(self.tenant, "default").await.unwrap().policy;
        change(&mut policy);
        self.admin().set_connection(self.tenant, policy).await.unwrap();
    }
}

/// Whose report a person is, by id: where the manager's reference leads.
pub(crate) fn manager(user: &Value) -> Option<String> {
    let reference = user[ENTERPRISE]["manager"]["$ref"].as_str()?;
    reference.rsplit('/').next().map(str::to_owned)
}

/// Everyone of a company is assigned, in this order; the ids by place.
pub(crate) async fn assign_all(provider: &Simulator, company: &Company, order: &[usize]) -> Vec<String> {
    let mut ids = vec![String::new(); company.len()];
    for place in order {
        let person = company.person(*place).unwrap();
        ids[*place] = provider.assign(company, &person).await.unwrap().id;
    }
    ids
}
