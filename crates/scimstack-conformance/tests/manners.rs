//! How the suite behaves on somebody else's server: it cleans up, stops, keeps to what it was allowed, and waits.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod good;

use async_trait::async_trait;
use bytes::Bytes;
use good::{BASE, Good};
use scimstack_conformance::{Cancel, NAME_PREFIX, Options, Report, Transport, TransportError, Verdict, cleanup, run};
use std::sync::Mutex;
use std::time::Duration;

/// A good server that notes what is asked of it, and can refuse.
struct Noted {
    good: Good,
    asked: Mutex<Vec<String>>,
    paused: Mutex<Vec<Duration>>,
    /// The status and the header that a request is refused with.
    refuse: fn(usize, &http::Request<Bytes>) -> Option<u16>,
    /// Stops the run after as many requests.
    stop: Option<(usize, Cancel)>,
}

impl Noted {
    fn new(refuse: fn(usize, &http::Request<Bytes>) -> Option<u16>) -> Self {
        let (asked, paused) = (Mutex::default(), Mutex::default());
        Self { good: Good::strict(), asked, paused, refuse, stop: None }
    }

    fn run(&self, options: &Options) -> Report {
        let options = options.clone().run_name("t");
        futures_executor::block_on(run(self, &self.good.target(), &options))
    }

    /// How many resources there are.
    fn left(&self) -> u64 {
        ["Users", "Groups", "Widgets"].into_iter().map(|endpoint| self.count(endpoint)).sum()
    }

    fn count(&self, endpoint: &str) -> u64 {
        let answer = self.quietly("GET", &format!("/{endpoint}?count=0"), "");
        answer["totalResults"].as_u64().unwrap()
    }

    fn quietly(&self, method: &str, path: &str, body: &str) -> serde_json::Value {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{BASE}{path}"))
            .header("authorization", format!("Bearer {}", self.good.token()))
            .body(Bytes::from(body.to_owned()));
        let response = futures_executor::block_on(self.good.send(request.unwrap())).unwrap();
        serde_json::from_slice(response.body()).unwrap_or_default()
    }
}

#[async_trait]
impl Transport for Noted {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let number = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(format!("{} {}", request.method(), request.uri()));
            asked.len()
        };
        if let Some((_, cancel)) = self.stop.as_ref().filter(|(after, _)| number == *after) {
            cancel.cancel();
        }
        match (self.refuse)(number, &request) {
            Some(status) => {
                let response = http::Response::builder().status(status).header("retry-after", "7");
                Ok(response.body(Bytes::new()).unwrap())
            }
            None => self.good.send(request).await,
        }
    }

    async fn pause(&self, time: Duration) {
        self.paused.lock().unwrap().push(time);
    }
}

#[test]
fn nothing_is_left_behind() {
    let server = Noted::new(|_, _| None);
    let report = server.run(&Options::default());
    assert!(report.is_conformant(), "{report}");
    assert_eq!((server.left(), report.left.len()), (0, 0));
}

#[test]
fn nothing_is_left_behind_when_the_run_is_stopped_wherever_it_is() {
    for after in [1, 90, 333, 777] {
        let cancel = Cancel::default();
        let mut server = Noted::new(|_, _| None);
        server.stop = Some((after, cancel.clone()));
        let report = server.run(&Options::default().cancel(cancel));
        assert_eq!(server.left(), 0, "stopped after {after} requests");
        assert!(report.stopped && report.to_string().contains("stopped early"));
        assert!(report.requests <= after + 1, "{} requests, stopped after {after}", report.requests);
    }
}

#[test]
fn what_was_there_before_is_never_deleted() {
    // A server that answers every POST as if it had made what it had before.
    struct Lazy(Good, Mutex<Vec<String>>);
    #[async_trait]
    impl Transport for Lazy {
        async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
            let path = request.uri().path().rsplit("/v2").next().unwrap().to_owned();
            let is_own = ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"].contains(&path.as_str());
            if request.method() == "DELETE" {
                self.1.lock().unwrap().push(path.clone());
            }
            let body = match path.as_str() {
                _ if request.method() != "POST" => return self.0.send(request).await,
                "/Bulk" => r#"{"Operations":[{"method":"POST","location":"https://x/Users/theirs","status":"409"}]}"#,
                _ if is_own || path.ends_with("/.search") => r#"{"id":"theirs"}"#,
                _ => return self.0.send(request).await,
            };
            Ok(http::Response::builder().status(200).body(Bytes::from_static(body.as_bytes())).unwrap())
        }
    }
    let lazy = Lazy(Good::strict(), Mutex::default());
    futures_executor::block_on(run(&lazy, &lazy.0.target(), &Options::default()));
    let deleted = lazy.1.lock().unwrap();
    assert!(!deleted.is_empty() && deleted.iter().all(|path| !path.ends_with("theirs")), "{deleted:?}");
}

#[test]
fn a_run_that_only_reads_sends_only_get_and_head() {
    let server = Noted::new(|_, _| None);
    let report = server.run(&Options::default().read_only(true));
    let asked = server.asked.lock().unwrap();
    assert!(asked.iter().all(|line| line.starts_with("GET ") || line.starts_with("HEAD ")), "{asked:?}");
    assert!(report.failures().next().is_none(), "{report}");
    let passed = report.outcomes.iter().filter(|o| o.verdict == Verdict::Passed).count();
    assert!(passed > 60, "{passed} passed");
}

#[test]
fn only_what_was_asked_for_is_run() {
    let server = Noted::new(|_, _| None);
    let report = server.run(&Options::default().only("filter-eq").only("delete-204").resource_type("widget"));
    let names: Vec<String> = report.outcomes.iter().map(|outcome| outcome.name()).collect();
    assert_eq!(names, ["delete-204 [Widget]", "filter-eq [Widget]"]);
}

#[test]
fn every_outcome_is_told_as_it_comes_and_how_many_there_will_be() {
    let told = std::sync::Arc::new(Mutex::new(Vec::new()));
    let log = told.clone();
    let options = Options::default()
        .only("create-")
        .only("discovery-")
        .resource_type("User")
        .observe(move |done, total, outcome| log.lock().unwrap().push((done, total, outcome.name())));
    let report = Noted::new(|_, _| None).run(&options);
    let all = report.outcomes.len();
    let expected: Vec<_> = (1..).zip(&report.outcomes).map(|(done, outcome)| (done, all, outcome.name())).collect();
    assert!(all > 5);
    assert_eq!(*told.lock().unwrap(), expected);
}

#[test]
fn no_more_requests_are_sent_than_allowed() {
    let server = Noted::new(|_, _| None);
    let report = server.run(&Options::default().max_requests(50));
    assert!(report.to_string().contains("bound of 50 requests"), "{report}");
    assert_eq!(server.left(), 0);
    // Those that only clean up are not counted.
    let asked = server.asked.lock().unwrap();
    assert_eq!(report.requests, 50);
    assert!(asked.iter().filter(|line| !line.starts_with("DELETE ")).count() <= 50, "{asked:?}");
}

#[test]
fn a_server_that_is_busy_is_waited_for_as_long_as_it_says() {
    let server = Noted::new(|number, _| (number % 5 == 0).then_some(429));
    let report = server.run(&Options::default().only("create-"));
    assert!(report.is_conformant(), "{report}");
    let paused = server.paused.lock().unwrap();
    assert!(!paused.is_empty() && paused.iter().all(|time| *time == Duration::from_secs(7)), "{paused:?}");
}

#[test]
fn a_server_that_stays_busy_is_given_up_on() {
    let server = Noted::new(|_, _| Some(429));
    let report = server.run(&Options::default().only("config-is-served"));
    assert!(report.to_string().contains("expected 200, got 429"), "{report}");
}

#[test]
fn requests_keep_their_distance() {
    let server = Noted::new(|_, _| None);
    let interval = Duration::from_millis(20);
    server.run(&Options::default().only("read-200").interval(interval));
    let (asked, paused) = (server.asked.lock().unwrap(), server.paused.lock().unwrap());
    assert_eq!(asked.len(), paused.len());
    assert!(paused.iter().all(|time| *time == interval));
}

#[test]
fn what_cannot_be_deleted_is_deactivated_and_named() {
    let server = Noted::new(|_, request| (request.method() == "DELETE").then_some(405));
    let report = server.run(&Options::default().only("create-201").only("delete-").resource_type("User"));
    assert!(report.failures().next().is_none(), "{report}");
    let applies = report.outcomes.iter().filter(|o| o.check.theme == "delete");
    for outcome in applies {
        assert!(matches!(outcome.verdict, Verdict::NotApplicable(_)), "{}: {:?}", outcome.name(), outcome.verdict);
    }
    assert!(!report.left.is_empty());
    assert!(report.left.iter().all(|left| left.contains("405") && left.ends_with("deactivated instead")), "{report}");
    let users = server.quietly("GET", "/Users?attributes=active,userName", "");
    for user in users["Resources"].as_array().unwrap() {
        assert_eq!(user["active"], false);
        assert!(user["userName"].as_str().unwrap().starts_with(NAME_PREFIX));
    }
}

#[test]
fn leftovers_are_found_by_their_names_and_nothing_else_is_touched() {
    let server = Noted::new(|_, _| None);
    let user = |name: &str| {
        let schema = "urn:ietf:params:scim:schemas:core:2.0:User";
        server.quietly("POST", "/Users", &format!(r#"{{"schemas":["{schema}"],"userName":"{name}"}}"#));
    };
    for name in ["scimcheck-1@example.com", "scimcheck-old-2@example.com", "somebody", "not-scimcheck-1"] {
        user(name);
    }
    let (found, left) =
        futures_executor::block_on(cleanup(&server, &server.good.target(), &Options::default())).unwrap();
    assert_eq!((found, left.len(), server.count("Users")), (2, 0, 2));
}

#[test]
fn the_report_as_json_has_the_form_that_the_readme_says() {
    let server = Noted::new(|_, _| None);
    let report = server.run(&Options::default().only("create-201").only("no-server-errors"));
    let json = report.to_json();
    let names = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&json), ["left", "outcomes", "resourceTypes", "summary"]);
    let summary = ["conformant", "failed", "notApplicable", "passed", "requests", "stopped", "untested"];
    assert_eq!(names(&json["summary"]), summary);
    let outcome = ["clauses", "demand", "detail", "exchange", "id", "level", "sections", "subject", "theme", "verdict"];
    assert_eq!(names(&json["outcomes"][0]), outcome);
    let readme = include_str!("../README.md");
    for name in summary.iter().chain(&outcome) {
        assert!(readme.contains(&format!("`{name}`")), "the README does not name {name}");
    }
    assert!(report.to_junit().contains("tests=\"4\" failures=\"0\" errors=\"0\" skipped=\"0\""));
}
