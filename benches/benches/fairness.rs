//! What one tenant notices of another that is hostile: the time of a quiet tenant's look-ups by id, alone and while another
//! sends filters that no index answers, over and over, on 64 connections at once, with the limits as they are by default
//! (`Limits::tenant_in_flight`) and without them; and while another puts groups of 32 MiB, eight at once.
//!
//! ```text
//! cargo bench -p scimstack-benches --bench fairness -- sqlite
//! cargo bench -p scimstack-benches --bench fairness -- sqlite bodies
//! cargo bench -p scimstack-benches --bench fairness -- postgres postgres://…
//! ```
//!
//! `filters` or `bodies` as the last word measures these alone. Read ratios to the time alone. The server has two threads.

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
use tokio::runtime::Handle;

/// People of the hostile tenant: what the budget of a query allows to be looked at.
const PEOPLE: usize = 9_000;
const CONNECTIONS: usize = 64;
const LOOK_UPS: usize = 2_000;
/// After which no more look-ups are begun.
const LONGEST: Duration = Duration::from_secs(30);
/// Groups that are put at once, and how long each body is.
const GROUPS: usize = 8;
const BODY: usize = 32 * 1024 * 1024;

/// With large bodies aside, or on the threads that serve.
struct System {
    numbers: AtomicU64,
    aside: bool,
}

impl System {
    fn new(aside: bool) -> Arc<Self> {
        static PART: AtomicU64 = AtomicU64::new(0);
        let part = PART.fetch_add(1, Ordering::Relaxed) << 48;
        Arc::new(Self { numbers: AtomicU64::new(part | u64::from(std::process::id())), aside })
    }
}

impl Environment for System {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.numbers.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }

    fn work(&self, work: &mut dyn FnMut()) {
        match self.aside {
            true => tokio::task::block_in_place(work),
            false => work(),
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

/// What the quiet tenant waited for its look-ups: the median, the 99th percentile, and how many there were.
#[derive(Clone, Copy)]
struct Waited {
    median: Duration,
    p99: Duration,
    times: usize,
}

/// Asked as from outside, so that it counts, too, how long a request waits for a thread.
async fn quiet(engine: Arc<Engine>, tenant: Tenant, id: String) -> Waited {
    let threads = Handle::current();
    let client = tokio::task::spawn_blocking(move || {
        let mut times = Vec::with_capacity(LOOK_UPS);
        let first = Instant::now();
        while times.len() < LOOK_UPS && first.elapsed() < LONGEST {
            let request = tenant.request("GET", &format!("/Users/{id}"), String::new());
            let engine = engine.clone();
            let begun = Instant::now();
            let answer = threads.spawn(async move { engine.handle(request).await.status() });
            assert_eq!(futures_executor::block_on(answer).unwrap(), 200);
            times.push(begun.elapsed());
            std::thread::sleep(Duration::from_millis(1));
        }
        times.sort();
        let (median, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        Waited { median, p99, times: times.len() }
    });
    client.await.unwrap()
}

/// Runs `work` while the hostile tenant sends these requests, each over and over; how many were answered, and what `work`
/// gave.
async fn under_fire<T>(
    engine: &Arc<Engine>,
    hostile: impl Iterator<Item = impl Fn() -> Request<Bytes> + Send + 'static>,
    work: impl Future<Output = T>,
) -> (u64, T) {
    let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut tasks = Vec::new();
    for request in hostile {
        let (engine, over, answered) = (engine.clone(), over.clone(), answered.clone());
        tasks.push(tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let answer = engine.handle(request()).await;
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

/// A filter that looks at everyone.
fn filter(hostile: &Tenant) -> impl Fn() -> Request<Bytes> + Send + use<> {
    let hostile = hostile.clone();
    let path = "/Users?filter=nickName%20ew%20%22nobody%22%20or%20title%20ne%20%22Engineer%22";
    move || hostile.request("GET", path, String::new())
}

/// A group whose members fill a body, once made; what puts it again and shows nothing of it.
async fn group(engine: &Engine, hostile: &Tenant, number: usize) -> impl Fn() -> Request<Bytes> + Clone + Send + use<> {
    let schema = r#""schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]"#;
    let mut body = format!(r#"{{{schema},"displayName":"Group {number}","members":["#);
    let mut member = 0;
    while body.len() < BODY {
        let comma = if member == 0 { "" } else { "," };
        let filler = "x".repeat(400);
        body.push_str(&format!(r#"{comma}{{"value":"nobody-{member}@x.test","type":"User","display":"{filler}"}}"#));
        member += 1;
    }
    body.push_str("]}");
    let made = format!(r#"{{{schema},"displayName":"Group {number}"}}"#);
    let answer = engine.handle(hostile.request("POST", "/Groups", made)).await;
    assert_eq!(answer.status(), 201);
    let id = answer.headers()["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let (hostile, body) = (hostile.clone(), Bytes::from(body));
    let path = format!("/Groups/{id}?excludedAttributes=members");
    let put = move || hostile.request("PUT", &path, String::new()).map(|_| body.clone());
    assert_eq!(engine.handle(put()).await.status(), 200);
    put
}

fn tell(name: &str, (answered, found): (u64, Waited), begun: Instant, alone: Waited) {
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    let each = answered as f64 / begun.elapsed().as_secs_f64();
    println!(
        "{name}: median {:?} ({:.1}), 99th percentile {:?} ({:.1}) of {}; {each:.1} hostile requests a second",
        found.median,
        ratio(found.median, alone.median),
        found.p99,
        ratio(found.p99, alone.p99),
        found.times,
    );
}

async fn run(store: Arc<dyn Store>, what: Option<String>) {
    let admin = Admin::new(store.clone(), System::new(true), Registry::haystack());
    let engine = |in_flight: Option<u32>| {
        let mut limits = Limits::default();
        limits.tenant_in_flight = in_flight.unwrap_or(limits.tenant_in_flight);
        Arc::new(Engine::builder(admin.clone()).decide(Arc::new(Lifecycle)).limits(limits).build())
    };
    let is_asked = |name: &str| what.as_deref().is_none_or(|what| what == name);
    let (quiet_one, hostile) = (tenant(&admin, "quiet").await, tenant(&admin, "hostile").await);
    let fair = engine(None);
    let id = fill(&fair, &quiet_one, 100).await;
    let alone = quiet(fair.clone(), quiet_one.clone(), id.clone()).await;
    println!("alone: median {:?}, 99th percentile {:?}", alone.median, alone.p99);
    let settings =
        [("as by default", None), ("4 at a time", Some(4)), ("2 at a time", Some(2)), ("without a limit", Some(0))];
    if is_asked("filters") {
        fill(&fair, &hostile, PEOPLE).await;
        for (name, in_flight) in settings {
            let engine = engine(in_flight);
            let looked_up = quiet(engine.clone(), quiet_one.clone(), id.clone());
            let begun = Instant::now();
            let requests = (0..CONNECTIONS).map(|_| filter(&hostile));
            tell(name, under_fire(&engine, requests, looked_up).await, begun, alone);
        }
    }
    if is_asked("bodies") {
        let mut groups = Vec::new();
        for number in 0..GROUPS {
            groups.push(group(&fair, &hostile, number).await);
        }
        for (name, aside) in [("large bodies", false), ("large bodies, aside", true)] {
            let admin = Admin::new(store.clone(), System::new(aside), Registry::haystack());
            let engine = Arc::new(Engine::builder(admin).decide(Arc::new(Lifecycle)).build());
            let looked_up = quiet(engine.clone(), quiet_one.clone(), id.clone());
            let begun = Instant::now();
            tell(name, under_fire(&engine, groups.iter().cloned(), looked_up).await, begun, alone);
        }
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    match arguments.next().as_deref() {
        None | Some("sqlite") => {
            let directory = tempfile::tempdir().unwrap();
            run(
                Arc::new(SqliteStore::open(directory.path().join("fair.db"), SqliteOptions::default()).unwrap()),
                arguments.next(),
            )
            .await;
        }
        Some("postgres") => {
            let url =
                arguments.next().unwrap_or_else(|| panic!("postgres is followed by the URL of an empty database"));
            run(Arc::new(PostgresStore::connect(&url).await.unwrap()), arguments.next()).await;
        }
        Some(other) => panic!("no store is called {other}: say sqlite or postgres"),
    }
}
