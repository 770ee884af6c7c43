//! What a host sees of the engine: spans, lines and metrics under their names, and nobody's data in them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use http::Method;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use scimstack_server::Engine;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use support::{Setting, USER, World};

over_every_store! {
    every_request_is_counted_by_tenant_operation_dialect_and_outcome in Setting::directory();
    a_line_says_what_was_done_and_nothing_about_anyone in Setting::directory();
    a_query_says_whether_an_index_answered_it in Setting::directory();
    what_is_read_leniently_is_counted_and_said_though_nothing_is_written in Setting::directory();
}

/// What is written to it, kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The metrics of what happens within, by name and labels; of a histogram how many values it has.
fn metered(within: impl FnOnce()) -> BTreeMap<String, u64> {
    let recorder = DebuggingRecorder::new();
    metrics::with_local_recorder(&recorder, within);
    let mut found = BTreeMap::new();
    for (key, _, _, value) in recorder.snapshotter().snapshot().into_vec() {
        let mut labels: Vec<String> =
            key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        labels.sort();
        let value = match value {
            DebugValue::Counter(count) => count,
            DebugValue::Histogram(values) => values.len() as u64,
            DebugValue::Gauge(_) => 0,
        };
        found.insert(format!("{} {}", key.key().name(), labels.join(" ")), value);
    }
    found
}

/// The lines that are logged of what happens within.
fn logged(within: impl FnOnce()) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, within);
    let bytes = lines.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn ann() -> String {
    format!(r#"{{"schemas":["{USER}"],"userName":"ann@secret.test","password":"hunter2","active":"True"}}"#)
}

fn every_request_is_counted_by_tenant_operation_dialect_and_outcome(w: &World) {
    let agent = "Microsoft Azure AD SCIM provisioning 1.0.0";
    let found = metered(|| {
        w.post("/Users", ann()).header("user-agent", agent).send().expect(201);
        w.post("/Users", ann()).header("user-agent", agent).send().expect(409);
        w.get("/Users").send().expect(200);
        w.get("/Users/none").send().expect(404);
        w.raw(Method::GET, "/t/acme/api/scim/v2/Users").send().expect(401);
        w.raw(Method::GET, "/t/made-up/api/scim/v2/Users").header("authorization", "Bearer x").send().expect(401);
        w.get("/ServiceProviderConfig").send().expect(200);
    });
    let requests = |operation: &str, rest: &str| found.get(&format!("scim_requests_total dialect={operation} {rest}"));
    for (dialect, rest, count) in [
        ("entra", "operation=create outcome=ok resource_type=User status=201 tenant=acme", 1),
        ("entra", "operation=create outcome=refused resource_type=User status=409 tenant=acme", 1),
        ("generic", "operation=list outcome=ok resource_type=User status=200 tenant=acme", 1),
        ("generic", "operation=read outcome=refused resource_type=User status=404 tenant=acme", 1),
        ("none", "operation=none outcome=refused resource_type=none status=401 tenant=none", 2),
        ("none", "operation=discovery outcome=ok resource_type=none status=200 tenant=none", 1),
    ] {
        assert_eq!(requests(dialect, rest), Some(&count), "{dialect} {rest} in {found:#?}");
    }
    assert!(!found.keys().any(|key| key.contains("made-up")), "nobody makes labels up");
    let seconds: u64 = found.iter().filter(|(key, _)| key.starts_with("scim_request_seconds")).map(|(_, n)| n).sum();
    assert_eq!(seconds, 7);
    let leniencies: Vec<&String> = found.keys().filter(|key| key.starts_with("scim_leniencies_total")).collect();
    assert!(!leniencies.is_empty() && leniencies.iter().all(|key| key.contains("dialect=entra")), "{found:#?}");
}

fn a_line_says_what_was_done_and_nothing_about_anyone(w: &World) {
    let mut ids = Vec::new();
    let text = logged(|| {
        let created = w.post("/Users", ann()).send().expect(201);
        let path = format!("/Users/{}", created.id());
        for answer in [
            created,
            w.get("/Users?filter=userName eq \"ann@secret.test\"").send().expect(200),
            w.patch(&path, r#"[{"op":"replace","path":"title","value":"Chief"}]"#).send().expect(200),
            w.get("/Users?filter=nickName eq").send().expect(400),
            w.get("/Users").header("authorization", "Bearer hsk_guess").send().expect(401),
        ] {
            ids.push(answer.header("x-request-id").unwrap().to_owned());
        }
    });
    for id in &ids {
        assert!(text.contains(&format!("request_id=\"{id}\"")), "{id} in {text}");
    }
    for part in [
        "scim.request{",
        "method=\"POST\"",
        "tenant=\"acme\"",
        "connection=\"default\"",
        "operation=\"create\"",
        "resource_type=\"User\"",
        "status=201",
        "status=400 scim_type=\"invalidFilter\"",
        "operation=\"modify\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    for secret in ["ann@", "secret.test", "hunter2", "Chief", "hsk_", "nickName", w.token.as_str()] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

fn a_query_says_whether_an_index_answered_it(w: &World) {
    for name in ["a", "b", "c"] {
        w.user(name);
    }
    let text = logged(|| {
        w.get("/Users?filter=nickName pr").send().expect(200);
    });
    assert!(text.contains("plan=\"residual\" looked_at=3"), "{text}");
    let found = metered(|| {
        w.get("/Users").send().expect(200);
        w.get("/Users?filter=nickName pr").send().expect(200);
        w.get("/Users/none").send().expect(404);
    });
    let with = |plan: &str| found.iter().filter(|(key, _)| key.contains(&format!("plan={plan}"))).map(|(_, n)| n).sum();
    let plans: [u64; 3] = ["index", "residual", "none"].map(with);
    assert_eq!(plans, [1, 1, 1], "{found:#?}");
    assert_eq!(found.get("scim_query_looked_at resource_type=User tenant=acme"), Some(&2));
}

fn what_is_read_leniently_is_counted_and_said_though_nothing_is_written(w: &World) {
    let agent = "Microsoft Azure AD SCIM provisioning 1.0.0";
    let asked = || {
        w.get("/Users?filter=emails[type eq \"work\"].value eq \"a\" or manager eq \"b\"")
            .header("user-agent", agent)
            .send()
            .expect(200);
        w.get("/Users/?count=1&aadOptscim062020").header("authorization", &w.token).send().expect(200);
        w.post("/Users/.search", r#"{"count":1}"#).send().expect(200);
        w.get("/Users?filter=userName eq \"a\"").send().expect(200);
    };
    let found = metered(asked);
    let leniencies: Vec<(&str, u64)> =
        found.iter().filter_map(|(key, n)| Some((key.strip_prefix("scim_leniencies_total ")?, *n))).collect();
    assert_eq!(
        leniencies,
        [
            ("dialect=entra leniency=filter-sub-attribute", 1),
            ("dialect=entra leniency=short-manager", 1),
            ("dialect=generic leniency=bare-token", 1),
            ("dialect=generic leniency=extra-slashes", 1),
            ("dialect=generic leniency=missing-schemas", 1),
            ("dialect=generic leniency=stray-flag", 1),
        ]
    );
    let text = logged(asked);
    assert!(text.contains(r#"leniencies=["filter-sub-attribute", "short-manager"]"#), "{text}");
    assert!(text.contains("leniencies=[] "), "{text}");
}

#[test]
fn a_series_for_each_tenant_can_be_too_much() {
    let w = Setting::directory().in_memory();
    let engine = Engine::builder(w.engine.admin().clone()).metrics_by_tenant(false).build();
    let w = World { engine: Arc::new(engine), ..w };
    let found = metered(|| drop(w.get("/Users").send().expect(200)));
    assert!(found.keys().all(|key| key.contains("tenant=all")), "{found:#?}");
}

#[test]
fn a_failure_is_logged_with_its_cause_and_the_client_is_told_where_to_look() {
    let w = Setting::directory().in_memory();
    let admin = w.engine.admin().clone();
    struct Away;
    #[async_trait::async_trait]
    impl scimstack_server::Authenticator for Away {
        async fn authenticate(&self, _: &str, _: &http::request::Parts) -> scimstack_server::Verdict {
            scimstack_server::Verdict::Unavailable("no route\nDETAIL: Key (ann@secret.test) exists".into())
        }
    }
    let engine = Engine::builder(admin).authenticator(Arc::new(Away)).build();
    let w = World { engine: Arc::new(engine), ..w };
    let text = logged(|| drop(w.get("/Users").header("authorization", "Other x").send().expect(503)));
    assert!(text.contains("ERROR") && text.contains("cause=\"no route\""), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn a_tenants_crowd_is_answered_429_with_the_seconds_to_wait() {
    let w = Setting::directory().limits(|limits| limits.tenant_rate = Some(1)).in_memory();
    let answers: Vec<u16> = (0..12).map(|_| w.get("/Users").send().status).collect();
    assert_eq!(answers[..10], [200; 10]);
    let refused = w.get("/Users").send().expect(429);
    let seconds: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(seconds >= 1);
    w.clock.pass_seconds(i64::from(seconds));
    w.get("/Users").send().expect(200);
}
