//! For each thing that a conversation can expect there is a server with one fault, and the step that expects it fails, and no
//! other; and what a report says of it, in each of its forms.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use async_trait::async_trait;
use bytes::Bytes;
use scimstack_conformance::{
    Cancel, Conversation, Expect, Replay, ReplayOptions, Target, Transport, TransportError, Verdict, replay,
    replays_to_json, replays_to_junit,
};
use serde_json::{Value, json};
use std::sync::Mutex;

/// One step for each kind of expectation.
const TALK: &str = r#"{"provider": "p", "title": "a provider", "headers": {"User-Agent": "p/1"},
    "content-type": "application/json", "steps": [
    {"id": "make", "does": "makes a user", "facts": ["A-1"], "send": "POST /Users", "status": [200, 201],
        "with": {"body": {"userName": "{run}"}}, "keep": {"ann": "/id", "ann.body": ""},
        "answers": {"/content-type": "application/scim+json", "/location": {"ends": "/Users/a/1"}}},
    {"id": "is", "does": "d", "facts": [], "own": "others need not", "send": "GET /Users/{ann}", "status": 200, "shows": {"/userName": "{run}"}},
    {"id": "present", "does": "d", "facts": [], "send": "GET /Users/{ann}", "status": 200, "shows": {"/name": {"present": true}}},
    {"id": "absent", "does": "d", "facts": [], "send": "GET /Users/{ann}", "status": 200, "shows": {"/password": {"absent": true}}},
    {"id": "unassigned", "does": "d", "facts": [], "send": "GET /Users/{ann}", "status": 200, "shows": {"/title": {"unassigned": true}}},
    {"id": "number", "does": "d", "facts": [], "send": "GET /Users/{ann}", "status": 200, "shows": {"/totalResults": {"number": true}}},
    {"id": "count", "does": "d", "facts": [], "send": "GET /Users/{ann}", "status": 200, "shows": {"/emails": {"count": 2}}},
    {"id": "least", "does": "d", "facts": [], "send": "GET /Users/{ann}", "status": 200, "shows": {"/emails": {"least": 1}}},
    {"id": "selected", "does": "d", "facts": [], "send": "GET /Users/{ann}", "status": 200, "shows": {"/emails[type=work]/value": "w"}},
    {"id": "caseless", "does": "d", "facts": [], "send": "GET /Users/{ann}", "status": 200, "shows": {"/nick": {"caseless": "NN"}}},
    {"id": "begins", "does": "d", "facts": [], "send": "GET /Users/{ann}", "status": 200, "shows": {"/ref": {"begins": "Us"}}},
    {"id": "any", "does": "d", "facts": [], "send": "GET /Users/{ann}", "status": 200, "shows": {"/kind": {"any": ["a", "b"]}}},
    {"id": "not", "does": "d", "facts": [], "send": "GET /Users/{ann}", "status": 200, "shows": {"/other": {"not": "{ann}"}}},
    {"id": "has", "does": "d", "facts": [], "send": "GET /Users/{ann}", "status": 200, "shows": {"/schemas": {"has": "{user}"}}},
    {"id": "error", "does": "wants an error it can read", "facts": [], "send": "GET /Users/nobody", "status": 404},
    {"id": "letter", "does": "departs", "facts": ["B-2"], "rows": ["F-10"], "send": "PUT /Users/{ann}", "status": 200,
        "with": {"echo": "ann.body", "change": {"/odd": 1}, "drop": ["/id"]},
        "letter": {"says": "it is refused", "status": 400, "scim-type": "invalidSyntax", "then": {"with": {"body": {}}}}},
    {"id": "delete", "does": "d", "facts": [], "send": "DELETE /Users/{ann}", "status": 204}
    ]}"#;

/// What becomes of an answer.
type Fault = fn(&mut http::Response<Value>);

/// A server that does what the conversation expects, but for one fault.
struct Liar {
    /// What becomes of the answer to a step, counted from 0.
    fault: Option<(usize, Fault)>,
    strict: bool,
    seen: Mutex<Vec<(String, Value, http::HeaderMap)>>,
}

fn user(name: &Value) -> Value {
    json!({"id": "a/1", "userName": name, "name": {"givenName": "x"}, "title": "", "totalResults": 1, "emails": [{"type": "home"},
        {"type": "WORK", "value": "w"}], "nick": "nn", "ref": "Users/1", "kind": "b", "other": "x",
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"]})
}

fn error(status: u16, scim_type: &str) -> (u16, Value) {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
    (
        status,
        json!({"schemas": schemas, "status": status.to_string(), "scimType": scim_type, "detail": "no such thing"}),
    )
}

#[async_trait]
impl Transport for Liar {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let (parts, body) = request.into_parts();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let path = parts.uri.path().to_owned();
        let (at, name) = {
            let mut seen = self.seen.lock().unwrap();
            seen.push((format!("{} {path}", parts.method), body.clone(), parts.headers));
            (seen.len() - 1, seen[0].1["userName"].clone())
        };
        let (status, body) = match (parts.method.as_str(), path.as_str()) {
            ("POST", _) => (201, user(&name)),
            ("PUT", _) if self.strict && body.get("odd").is_some() => error(400, "invalidSyntax"),
            ("DELETE", _) => (204, Value::Null),
            (_, "/v2/Users/nobody") => error(404, "none"),
            _ => (200, user(&name)),
        };
        let mut answer =
            http::Response::builder().status(status).header("content-type", "application/scim+json; charset=utf-8");
        answer = answer.header("location", "https://x.test/v2/Users/a/1");
        let mut answer = answer.body(body).unwrap();
        if let Some((_, fault)) = self.fault.filter(|(step, _)| *step == at) {
            fault(&mut answer);
        }
        Ok(answer.map(|body| if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) }))
    }
}

fn play(liar: &Liar, expect: Expect) -> Replay {
    let talk = Conversation::parse(TALK).unwrap();
    let target = Target::new("https://x.test/v2", "secret-token");
    futures_executor::block_on(replay(liar, &target, &talk, &ReplayOptions::default().expect(expect).run_name("t")))
}

fn liar(fault: Option<(usize, Fault)>, strict: bool) -> Liar {
    Liar { fault, strict, seen: Mutex::default() }
}

#[test]
fn a_server_without_a_fault_passes_by_either_judgement() {
    for (expect, strict) in [(Expect::Provider, false), (Expect::Letter, true)] {
        let replay = play(&liar(None, strict), expect);
        assert!(replay.is_faithful() && replay.steps.len() == 17, "{replay}");
    }
}

#[test]
fn each_fault_is_noticed_by_its_step_and_by_no_other() {
    let faults: [(&str, Fault, &str); 20] = [
        ("make", |a| *a.status_mut() = http::StatusCode::ACCEPTED, "expected 200 or 201, got 202"),
        (
            "make",
            |a| a.headers_mut().insert("content-type", "text/html".parse().unwrap()).map_or((), |_| ()),
            "content-type",
        ),
        ("make", |a| a.headers_mut().remove("location").map_or((), |_| ()), "the header location"),
        ("is", |a| a.body_mut()["userName"] = "else".into(), "/userName: expected"),
        ("is", |a| *a.body_mut() = Value::Null, "has no JSON object"),
        ("present", |a| a.body_mut()["name"] = json!({}), "/name: expected a value"),
        ("absent", |a| a.body_mut()["password"] = Value::Null, "not even an empty value"),
        ("unassigned", |a| a.body_mut()["title"] = "t".into(), "expected no value"),
        ("number", |a| a.body_mut()["totalResults"] = "1".into(), "not in quotes"),
        ("count", |a| a.body_mut()["emails"] = json!([1]), "expected 2 elements"),
        ("least", |a| a.body_mut()["emails"] = json!([]), "expected at least 1"),
        ("selected", |a| a.body_mut()["emails"][1]["type"] = "else".into(), "/emails[type=work]/value"),
        ("caseless", |a| a.body_mut()["nick"] = "mm".into(), "in any case"),
        ("begins", |a| a.body_mut()["ref"] = "http".into(), "begins with"),
        ("any", |a| a.body_mut()["kind"] = "c".into(), "\"a\" or \"b\""),
        ("not", |a| a.body_mut()["other"] = "a/1".into(), "anything but"),
        ("has", |a| a.body_mut()["schemas"] = json!(["urn:x"]), "expected a list with"),
        ("error", |a| *a.body_mut() = json!("<html>"), "no SCIM body"),
        ("error", |a| a.body_mut()["status"] = 404.into(), "the error's status"),
        ("error", |a| a.body_mut()["detail"] = "".into(), "no detail"),
    ];
    let talk = Conversation::parse(TALK).unwrap();
    for (step, fault, said) in faults {
        let at = talk.steps.iter().position(|one| one.id == step).unwrap();
        let replay = play(&liar(Some((at, fault)), false), Expect::Provider);
        let failed: Vec<&str> = replay.failures().map(|played| played.step.as_str()).collect();
        assert_eq!(failed, [step], "{said}: {replay}");
        let detail = replay.failures().next().unwrap().verdict.detail().to_owned();
        assert!(detail.contains(said), "{detail}");
        assert!(!replay.is_faithful());
    }
}

#[test]
fn what_is_not_refused_or_refused_otherwise_than_by_the_letter_fails() {
    let lenient = play(&liar(None, false), Expect::Letter);
    let detail = lenient.failures().next().unwrap().verdict.detail().to_owned();
    assert!(detail.contains("expected 400, got 200 (it is refused)"), "{detail}");
    let strict = play(&liar(Some((15, |a| a.body_mut()["scimType"] = "invalidValue".into())), true), Expect::Letter);
    let detail = strict.failures().next().unwrap().verdict.detail().to_owned();
    assert!(detail.contains("expected the scimType invalidSyntax, found invalidValue"), "{detail}");
    let refused = play(&liar(None, true), Expect::Provider);
    assert_eq!(refused.failures().map(|played| played.step.as_str()).collect::<Vec<_>>(), ["letter"], "{refused}");
}

#[test]
fn what_is_sent_is_what_the_conversation_says() {
    let server = liar(None, true);
    play(&server, Expect::Letter);
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen[0].0, "POST /v2/Users");
    assert_eq!(seen[0].1["userName"], "scimcheck-t-0-p");
    assert_eq!(
        (&seen[0].2["user-agent"], &seen[0].2["content-type"]),
        (&"p/1".parse().unwrap(), &"application/json".parse().unwrap())
    );
    assert_eq!(seen[0].2["authorization"], "Bearer secret-token");
    assert_eq!(seen[1].0, "GET /v2/Users/a%2F1", "what the server gave is encoded");
    assert!(!seen[1].2.contains_key("accept") && !seen[1].2.contains_key("content-type"));
    let put: Vec<&Value> = seen.iter().filter(|(line, ..)| line.starts_with("PUT")).map(|(_, body, _)| body).collect();
    assert_eq!((put[0]["odd"].clone(), put[0].get("id"), put[0]["nick"].clone()), (1.into(), None, "nn".into()));
    assert_eq!(*put[1], json!({}), "and then the request to the letter");
}

#[test]
fn a_step_that_names_what_another_should_have_given_is_not_tested() {
    let replay = play(&liar(Some((0, |a| a.body_mut()["id"] = Value::Null)), false), Expect::Provider);
    assert!(matches!(replay.steps[0].verdict, Verdict::Failed(_)), "{replay}");
    assert!(matches!(&replay.steps[1].verdict, Verdict::Untested(text) if text.contains("{ann}")), "{replay}");
}

#[test]
fn a_replay_that_is_stopped_is_not_judged() {
    let cancel = Cancel::default();
    cancel.cancel();
    let talk = Conversation::parse(TALK).unwrap();
    let options = ReplayOptions::default().cancel(cancel);
    let server = liar(None, false);
    let replay = futures_executor::block_on(replay(&server, &Target::new("https://x.test", "t"), &talk, &options));
    assert!(replay.stopped && !replay.is_faithful());
    assert_eq!((replay.requests, server.seen.lock().unwrap().len()), (0, 0));
}

#[test]
fn what_was_made_is_deleted_also_after_a_failure() {
    let talk = Conversation::parse(TALK).unwrap();
    let server = liar(Some((talk.steps.len() - 1, |a| *a.status_mut() = http::StatusCode::FORBIDDEN)), false);
    let replay = play(&server, Expect::Provider);
    let deleted = server.seen.lock().unwrap().iter().filter(|(line, ..)| line.starts_with("DELETE")).count();
    assert_eq!((deleted, replay.left.len()), (2, 0), "once by the conversation, and once by the cleaning up");
}

#[test]
fn a_report_says_what_failed_in_every_form_and_not_the_token() {
    let replay =
        play(&liar(Some((1, |a| a.body_mut()["userName"] = "<secret-token>".into())), false), Expect::Provider);
    let text = replay.to_string();
    assert!(
        text.contains("p: a provider, judged by the provider") && text.contains("not faithful: 16 of 17"),
        "{text}"
    );
    assert!(text.contains("sent: GET /Users/a%2F1"), "{text}");
    assert!(text.contains("does not know the provider: others need not"), "{text}");
    let json = replays_to_json(std::slice::from_ref(&replay));
    let first = &json["replays"][0];
    assert_eq!((&first["summary"]["failed"], &first["summary"]["faithful"]), (&1.into(), &false.into()));
    assert_eq!((&first["steps"][1]["id"], &first["steps"][1]["verdict"]), (&"is".into(), &"failed".into()));
    assert_eq!(first["steps"][15]["facts"], json!(["B-2", "F-10"]));
    let junit = replays_to_junit(&[replay]);
    assert!(junit.contains("<testsuite name=\"p.provider\" tests=\"17\" failures=\"1\""), "{junit}");
    assert!(junit.contains("<testcase classname=\"p.provider\" name=\"is\" time=\"0\">"), "{junit}");
    for report in [&text, &json.to_string(), &junit] {
        assert!(!report.contains("secret-token"), "{report}");
    }
}
