//! What one tenant notices of another that is hostile: the time of a quiet tenant's look-ups by id, alone and while another
//! sends filters that no index answers, over and over, on 64 connections at once; with the limits as they are by default
//! (`Limits::tenant_in_flight`), and without them.
//!
//! ```text
//! cargo bench -p scimstack-benches --bench fairness -- sqlite
//! cargo bench -p scimstack-benches --bench fairness -- postgres postgres://…
//! ```
//!
//! Read ratios to the time alone. The server has as many threads as the machine has cores.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a benchmark may fail loudly")]

use bytes::Bytes;
use http::Request;
use scimstack_provisioning::directory::Lifecycle;
use scimstack_schema::{Registry, Timestamp};
use scimstack_server::{Admin, Engine, Environment, Limits};
use scimstack_store::Store;
use scimstack_store_postgres::PostgresStore;
use scimstack_store_sqlite::{SqliteOptions, SqliteStore};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// People of the hostile tenant: what the budget of a query allows to be looked at.
const PEOPLE: usize = 9_000;
const CONNECTIONS: usize = 64;
const LOOK_UPS: usize = 2_000;

struct System(AtomicU64);

impl Environment for System {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }
}

#[derive(Clone)]
struct Tenant {
    name: &'static str,
    token: String,
}

impl Tenant {
    fn request(&self, method: &str, path: &str, body: String) -> Request<Bytes> {
        Request::builder()
            .method(method)
            .uri(format!("/t/{}/api/scim/v2{path}", self.name))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/scim+json")
            .body(Bytes::from(body))
            .unwrap()
    }
}

async fn tenant(admin: &Admin, name: &'static str) -> Tenant {
    let id = admin.create_tenant(name).await.unwrap().id;
    let (_, secret) = admin.create_token(id, "default", "", None).await.unwrap();
    Tenant { name, token: secret.reveal().to_owned() }
}

async fn fill(engine: &Engine, tenant: &Tenant, people: usize) -> String {
    let mut last = String::new();
    for chunk in (0..people).collect::<Vec<_>>().chunks(500) {
        let operation = |n: &usize| {
            format!(
                r#"{{"method":"POST","path":"/Users","bulkId":"{n}","data":{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],
                "userName":"u{n}@x.test","nickName":"Nick {n}","title":"Engineer","name":{{"givenName":"G{n}","familyName":"F{n}"}},
                "emails":[{{"value":"u{n}@x.test","type":"work","primary":true}}]}}}}"#
            )
        };
        let operations: Vec<String> = chunk.iter().map(operation).collect();
        let body = format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{}]}}"#,
            operations.join(",")
        );
        let answer = engine.handle(tenant.request("POST", "/Bulk", body)).await;
        assert_eq!(answer.status(), 200);
        let text = answer.into_body().collect().await.unwrap();
        let text = String::from_utf8(text.to_vec()).unwrap();
        last = text.rsplit("/Users/").next().unwrap().split('"').next().unwrap().to_owned();
    }
    last
}

/// The median and the 99th percentile of the quiet tenant's look-ups.
async fn quiet(engine: Arc<Engine>, tenant: Tenant, id: String) -> (Duration, Duration) {
    let task = tokio::spawn(async move {
        let mut times = Vec::with_capacity(LOOK_UPS);
        for _ in 0..LOOK_UPS {
            let begun = Instant::now();
            let answer = engine.handle(tenant.request("GET", &format!("/Users/{id}"), String::new())).await;
            times.push(begun.elapsed());
            assert_eq!(answer.status(), 200);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.sort();
        (times[LOOK_UPS / 2], times[LOOK_UPS * 99 / 100])
    });
    task.await.unwrap()
}

/// Runs `work` while the hostile tenant does its worst; how many of its requests were answered, and what `work` gave.
async fn under_fire<T>(engine: &Arc<Engine>, hostile: &Tenant, work: impl Future<Output = T>) -> (u64, T) {
    let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let (engine, hostile, over, answered) = (engine.clone(), hostile.clone(), over.clone(), answered.clone());
        tasks.push(tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let path = "/Users?filter=nickName%20ew%20%22nobody%22%20or%20title%20ne%20%22Engineer%22";
                let answer = engine.handle(hostile.request("GET", path, String::new())).await;
                assert_eq!(answer.status(), 200);
                answered.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    let done = work.await;
    over.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    (answered.load(Ordering::Relaxed), done)
}

async fn run(store: Arc<dyn Store>) {
    let admin = Admin::new(store, Arc::new(System(AtomicU64::new(std::process::id().into()))), Registry::haystack());
    let engine = |in_flight: Option<u32>| {
        let mut limits = Limits::default();
        limits.tenant_in_flight = in_flight.unwrap_or(limits.tenant_in_flight);
        Arc::new(Engine::builder(admin.clone()).decide(Arc::new(Lifecycle)).limits(limits).build())
    };
    let (quiet_one, hostile) = (tenant(&admin, "quiet").await, tenant(&admin, "hostile").await);
    let fair = engine(None);
    let id = fill(&fair, &quiet_one, 100).await;
    fill(&fair, &hostile, PEOPLE).await;
    let alone = quiet(fair.clone(), quiet_one.clone(), id.clone()).await;
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    println!("alone: median {:?}, 99th percentile {:?}", alone.0, alone.1);
    let settings =
        [("as by default", None), ("4 at a time", Some(4)), ("2 at a time", Some(2)), ("without a limit", Some(0))];
    for (name, in_flight) in settings {
        let engine = engine(in_flight);
        let looked_up = quiet(engine.clone(), quiet_one.clone(), id.clone());
        let begun = Instant::now();
        let (answered, found) = under_fire(&engine, &hostile, looked_up).await;
        let each = answered as f64 / begun.elapsed().as_secs_f64();
        println!(
            "{name}: median {:?} ({:.1}), 99th percentile {:?} ({:.1}); {each:.0} hostile requests a second",
            found.0,
            ratio(found.0, alone.0),
            found.1,
            ratio(found.1, alone.1),
        );
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    match arguments.next().as_deref() {
        None | Some("sqlite") => {
            let directory = tempfile::tempdir().unwrap();
            run(Arc::new(SqliteStore::open(directory.path().join("fair.db"), SqliteOptions::default()).unwrap())).await;
        }
        Some("postgres") => {
            let url =
                arguments.next().unwrap_or_else(|| panic!("postgres is followed by the URL of an empty database"));
            run(Arc::new(PostgresStore::connect(&url).await.unwrap())).await;
        }
        Some(other) => panic!("no store is called {other}: say sqlite or postgres"),
    }
}
