//! Many operations at once: how they are cut into requests, what references become, whose error is whose.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, also in its helpers")]

mod script;

use futures_executor::block_on;
use scimstack_client::{Bulk, BulkFailure, BulkResult, Patch};
use scimstack_schema::{Object, Value};
use script::{Asked, Reply, Server, reply, with_header};

fn value(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap()
}

/// A server whose `/Bulk` takes so many operations and bytes (none: it has no `/Bulk`).
fn server(limits: Option<(usize, usize)>, answer: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Server {
    Server::new(move |before, asked| match (asked.target.as_str(), limits) {
        ("/ServiceProviderConfig", Some((operations, bytes))) => {
            let limits = format!(r#""maxOperations":{operations},"maxPayloadSize":{bytes}"#);
            reply(200, &format!(r#"{{"bulk":{{"supported":true,{limits}}}}}"#))
        }
        ("/ServiceProviderConfig" | "/ResourceTypes" | "/Schemas", _) => reply(200, "{}"),
        _ => answer(before, asked),
    })
}

/// Does everything it is asked; ids are `id` with the number of the operation. What is called "bad" is refused.
fn does_all(_: usize, asked: &Asked) -> Reply {
    let body = value(&asked.body);
    let done = |operation: &Value| {
        let text = |name: &str| operation.get(name).and_then(Value::as_str).unwrap_or_default();
        let (method, id) = (text("method"), text("bulkId"));
        if operation.to_string().contains("\"bad\"") {
            let refused = r#"{"status":"409","scimType":"uniqueness","detail":"taken"}"#;
            return format!(r#"{{"method":"{method}","bulkId":"{id}","status":"409","response":{refused}}}"#);
        }
        let location = format!("https://scim.test/v2{}/id%20{id}", text("path"));
        format!(r#"{{"method":"{method}","bulkId":"{id}","status":"201","location":"{location}","version":"W/\"1\""}}"#)
    };
    let operations: Vec<String> = body.get("Operations").unwrap().as_array().unwrap().iter().map(done).collect();
    reply(200, &format!(r#"{{"Operations":[{}]}}"#, operations.join(",")))
}

fn people(names: &[&str]) -> Bulk {
    let mut bulk = Bulk::new();
    for name in names {
        bulk.create("/Users", Object::from_iter([("userName", *name)]));
    }
    bulk
}

fn requests(server: &Server) -> Vec<Asked> {
    server.asked().into_iter().skip(3).collect()
}

/// In a word each: the id, or what went wrong.
fn words(results: &[BulkResult]) -> Vec<String> {
    let word = |result: &BulkResult| match &result.outcome {
        Ok(done) => done.id.clone().unwrap_or_else(|| done.status.to_string()),
        Err(BulkFailure::Refused(refusal)) => format!("refused {}", refusal.status),
        Err(BulkFailure::Dependency(on)) => format!("needs {on}"),
        Err(BulkFailure::NotTried) => "not tried".to_owned(),
        Err(BulkFailure::Circle) => "circle".to_owned(),
        Err(BulkFailure::TooLarge(_)) => "too large".to_owned(),
        Err(BulkFailure::Unmentioned) => "unmentioned".to_owned(),
        Err(other) => other.to_string(),
    };
    results.iter().map(word).collect()
}

#[test]
fn operations_are_sent_as_the_rfc_has_them() {
    let server = server(Some((10, 10_000)), does_all);
    let mut bulk = Bulk::new().with_fail_on_errors(2);
    let ann = bulk.create("Users", value(r#"{"userName":"ann"}"#));
    bulk.replace("/Users", "a/b", value(r#"{"userName":"bob"}"#)).if_match("W/\"3\"");
    bulk.patch("Groups", &ann.reference(), &Patch { operations: Vec::new() }).delete("Users", "9");
    let results = block_on(server.client().bulk(&bulk)).unwrap();
    assert_eq!(requests(&server)[0].line(), "POST /Bulk");
    assert_eq!(
        requests(&server)[0].body,
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"failOnErrors":2,"Operations":["#
            .to_owned()
            + r#"{"method":"POST","bulkId":"1","path":"/Users","data":{"userName":"ann"}},"#
            + r#"{"method":"PUT","bulkId":"2","version":"W/\"3\"","path":"/Users/a%2Fb","data":{"userName":"bob"}},"#
            + r#"{"method":"PATCH","bulkId":"3","path":"/Groups/bulkId:1","data":{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[]}},"#
            + r#"{"method":"DELETE","bulkId":"4","path":"/Users/9"}]}"#
    );
    let first = results[0].outcome.as_ref().unwrap();
    assert_eq!((first.id.as_deref(), first.status), (Some("id 1"), 201));
    assert_eq!(first.location.as_deref(), Some("https://scim.test/v2/Users/id%201"));
    assert_eq!(first.version.as_deref(), Some("W/\"1\""));
}

#[test]
fn requests_keep_to_the_limits_of_the_server() {
    let server = server(Some((2, 10_000)), does_all);
    let results = block_on(server.client().bulk(&people(&["a", "b", "c", "d", "e"]))).unwrap();
    assert_eq!(words(&results), ["id 1", "id 2", "id 3", "id 4", "id 5"]);
    assert_eq!(requests(&server).len(), 3);

    let bytes = 400;
    let server = self::server(Some((1000, bytes)), does_all);
    let names: Vec<String> = (0..20).map(|n| format!("person-{n}")).collect();
    let mut bulk = people(&names.iter().map(String::as_str).collect::<Vec<_>>());
    bulk.create("/Users", Object::from_iter([("userName", "x".repeat(bytes))]));
    let results = block_on(server.client().bulk(&bulk)).unwrap();
    assert_eq!(results.iter().filter(|result| result.outcome.is_ok()).count(), 20);
    assert_eq!(words(&results)[20], "too large");
    assert!(!requests(&server).iter().any(|asked| asked.body.contains("xxx")), "what is too large is not sent");
    let sizes: Vec<usize> = requests(&server).iter().map(|asked| asked.body.len()).collect();
    assert!(sizes.iter().all(|size| *size <= bytes), "{sizes:?}");
    assert!(sizes.len() < 15, "requests are filled: {sizes:?}");
}

#[test]
fn references_between_requests_become_ids_and_those_within_stay() {
    let server = server(Some((2, 10_000)), does_all);
    let mut bulk = Bulk::new();
    // The group comes first and needs both people: it is sent last.
    bulk.create("/Groups", value(r#"{"displayName":"T","members":[{"value":"bulkId:2"},{"value":"bulkId:3"}]}"#));
    bulk.create("/Users", value(r#"{"userName":"ann"}"#));
    bulk.create("/Users", value(r#"{"userName":"bob"}"#));
    bulk.patch("Users", "bulkId:2", &Patch { operations: Vec::new() });
    let results = block_on(server.client().bulk(&bulk)).unwrap();
    assert!(results.iter().all(|result| result.outcome.is_ok()), "{:?}", words(&results));
    let bodies: Vec<String> = requests(&server).into_iter().map(|asked| asked.body).collect();
    assert!(bodies[1].contains(r#""members":[{"value":"id 2"},{"value":"id 3"}]"#), "{}", bodies[1]);
    assert!(bodies[1].contains(r#""path":"/Users/id%202""#), "{}", bodies[1]);
    assert_eq!(results[0].path, "/Groups", "results are in the order they were collected");
}

#[test]
fn what_depends_on_a_failure_is_not_sent() {
    let server = server(Some((1, 10_000)), does_all);
    let mut bulk = people(&["bad", "ann"]);
    bulk.create("/Groups", value(r#"{"displayName":"T","members":[{"value":"bulkId:1"}]}"#));
    bulk.create("/Groups", value(r#"{"displayName":"U","members":[{"value":"bulkId:3"}]}"#));
    let results = block_on(server.client().bulk(&bulk)).unwrap();
    assert_eq!(words(&results), ["refused 409", "id 2", "needs 1", "needs 3"]);
    assert_eq!(requests(&server).len(), 2);
    let Err(BulkFailure::Refused(refusal)) = &results[0].outcome else { return assert!(results[0].outcome.is_err()) };
    assert_eq!((refusal.scim_type.as_deref(), refusal.detail.as_deref()), (Some("uniqueness"), Some("taken")));
}

#[test]
fn after_enough_errors_nothing_more_is_sent() {
    let server = server(Some((1, 10_000)), does_all);
    let bulk = people(&["bad", "a", "bad", "b"]).with_fail_on_errors(2);
    let results = block_on(server.client().bulk(&bulk)).unwrap();
    assert_eq!(words(&results), ["refused 409", "id 2", "refused 409", "not tried"]);
    let allowed: Vec<bool> = requests(&server).iter().map(|a| a.body.contains("\"failOnErrors\":1")).collect();
    assert_eq!(allowed, [false, true, true], "each request is told how many are left");
}

#[test]
fn circles_go_together_or_not_at_all() {
    let circle = || {
        let mut bulk = people(&["ann"]);
        bulk.create("/Groups", value(r#"{"members":[{"value":"bulkId:3"}]}"#));
        bulk.create("/Groups", value(r#"{"members":[{"value":"bulkId:2"},{"value":"bulkId:1"}]}"#));
        bulk
    };
    let server = server(Some((2, 10_000)), does_all);
    assert_eq!(words(&block_on(server.client().bulk(&circle())).unwrap()), ["id 1", "id 2", "id 3"]);
    let last = requests(&server).pop().unwrap().body;
    assert!(last.contains("bulkId:2") && last.contains("bulkId:3") && last.contains("\"id 1\""), "{last}");
    for limits in [Some((1, 10_000)), None] {
        let server = self::server(limits, |before, asked| match asked.target.as_str() {
            "/Bulk" => does_all(before, asked),
            _ => reply(201, r#"{"id":"id 1"}"#),
        });
        assert_eq!(words(&block_on(server.client().bulk(&circle())).unwrap()), ["id 1", "circle", "circle"]);
    }
}

#[test]
fn without_bulk_every_operation_is_a_request_of_its_own() {
    let server = server(None, |_, asked| match asked.line().as_str() {
        "POST /Users" if asked.body.contains("bad") => reply(409, r#"{"detail":"taken"}"#),
        "POST /Users" => with_header(201, "location", "https://scim.test/v2/Users/u%2F1", ""),
        "PUT /Users/9" => reply(200, r#"{"id":"9","meta":{"version":"W/\"4\""}}"#),
        "DELETE /Users/8" => reply(204, ""),
        line => Err(line.into()),
    });
    let mut bulk = people(&["ann", "bad"]);
    bulk.replace("Users", "9", value(r#"{"userName":"c","manager":"bulkId:1"}"#))
        .if_match("W/\"3\"")
        .delete("Users", "8");
    let results = block_on(server.client().bulk(&bulk)).unwrap();
    assert_eq!(words(&results), ["u/1", "refused 409", "9", "204"]);
    assert_eq!(results[2].outcome.as_ref().unwrap().version.as_deref(), Some("W/\"4\""));
    let put = &requests(&server)[2];
    assert_eq!((put.body.as_str(), put.header("if-match")), (r#"{"userName":"c","manager":"u/1"}"#, Some("W/\"3\"")));
}

#[test]
fn a_request_without_an_answer_ends_it_and_earlier_results_stay() {
    let server = server(Some((1, 10_000)), |before, asked| match before {
        3 => does_all(before, asked),
        _ => reply(413, r#"{"detail":"s3cret is too much"}"#),
    });
    let results = block_on(server.client().bulk(&people(&["a", "b", "c"]))).unwrap();
    let words = words(&results);
    assert_eq!((words[0].as_str(), words[2].as_str()), ("id 1", "not tried"));
    assert_eq!(words[1], "the request it was in failed: the server refused with status 413: … is too much");
}

#[test]
fn answers_are_read_leniently() {
    for (said, word) in [
        (r#"[{"method":"POST","bulkId":"1","status":201,"response":{"id":"x"}}]"#, "x"),
        (r#"[{"method":"POST","status":{"code":"201"},"location":"/Users/x/"}]"#, "x"),
        (r#"[{"method":"POST","bulkId":"1","status":"400","response":"s3cret"}]"#, "refused 400"),
        (r#"[{"method":"POST","bulkId":"7","status":"201"}]"#, "unmentioned"),
        (r#"[{"method":"POST","bulkId":"1"}]"#, "unmentioned"),
        ("[]", "unmentioned"),
        ("7", "unmentioned"),
    ] {
        let server = server(Some((10, 10_000)), move |_, _| reply(200, &format!(r#"{{"Operations":{said}}}"#)));
        let results = block_on(server.client().bulk(&people(&["ann"]))).unwrap();
        assert_eq!(words(&results), [word], "{said}");
        assert!(!format!("{results:?}").contains("s3cret"), "{results:?}");
    }
}
