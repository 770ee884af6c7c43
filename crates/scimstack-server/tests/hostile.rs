//! What nobody sends by accident: everything is answered with a SCIM error, and nothing is changed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use http::Method;
use support::{GROUP, Setting, USER, World};

over_every_store! {
    deep_json_is_refused in Setting::directory();
    deep_filters_are_refused in Setting::directory();
    long_filters_are_refused in Setting::directory();
    values_are_never_code in Setting::directory();
    headers_that_are_no_text_do_no_harm in Setting::directory();
    reserved_names_are_not_special in Setting::directory();
    paths_that_climb_find_nothing in Setting::directory();
    refused_writes_are_logged_without_secrets in Setting::directory();
    a_large_body_keeps_no_thread_that_others_wait_for in Setting::directory();
}

fn deep_json_is_refused(w: &World) {
    for deep in ["[".repeat(200_000), "{\"a\":".repeat(200_000), format!("{}1{}", "[".repeat(40), "]".repeat(40))] {
        w.post("/Users", deep.as_str()).send().refused(400, "invalidSyntax");
        w.post("/Users/.search", deep.as_str()).send().refused(400, "invalidSyntax");
        w.call(Method::PATCH, "/Users/x").body(deep).send().refused(400, "invalidSyntax");
    }
}

fn deep_filters_are_refused(w: &World) {
    for filter in [
        format!("{}userName pr{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("{}userName pr{}", "not (".repeat(3_000), ")".repeat(3_000)),
        vec!["userName pr"; 1_000].join(" and "),
    ] {
        let body = serde_json::json!({ "filter": filter }).to_string();
        w.post("/Users/.search", body).send().refused(400, "invalidFilter");
    }
}

fn long_filters_are_refused(w: &World) {
    let body = serde_json::json!({ "filter": format!("userName eq \"{}\"", "x".repeat(100_000)) }).to_string();
    w.post("/Users/.search", body).send().refused(400, "invalidFilter");
}

fn values_are_never_code(w: &World) {
    let names =
        ["%", "_", "a'b", "a\"b", "a\\b", "a;drop table x;--", "\0x", "a b", "$ref", "{id}", "ann\u{202e}", "😀"];
    let mut ids = Vec::new();
    for name in names {
        let body = serde_json::json!({"schemas": [USER], "userName": name}).to_string();
        ids.push(w.post("/Users", body).send().expect(201).id());
    }
    for (name, id) in names.iter().zip(&ids) {
        for operator in ["eq", "sw", "co", "ew"] {
            let filter = format!("userName {operator} {}", serde_json::json!(name));
            let answer =
                w.post("/Users/.search", serde_json::json!({ "filter": filter }).to_string()).send().expect(200);
            assert!(answer.ids().contains(id), "{filter}: {}", answer.text());
            if operator == "eq" {
                assert_eq!(answer.ids().len(), 1, "{filter}");
            }
        }
        w.delete(&format!("/Users/{name}")).send().expect(404);
    }
}

fn headers_that_are_no_text_do_no_harm(w: &World) {
    let answer = w
        .get("/Users")
        .header("user-agent", "\u{fe}\u{ff}")
        .header("accept", "\u{ff}")
        .header("if-match", "\u{ff}")
        .header("x-forwarded-proto", "javascript")
        .header("host", "x\"><script>")
        .send()
        .expect(200);
    assert!(!answer.text().contains("script"));
    w.post("/Users", "{}").header("content-type", "\u{ff}").send().expect(415);
    w.get("/Users").header("authorization", "Bearer \u{ff}").send().expect(401);
    w.get("/Users").header("authorization", &format!("Bearer {}", "x".repeat(60_000))).send().expect(401);
}

fn reserved_names_are_not_special(w: &World) {
    let body = format!(
        r#"{{"schemas":["{USER}"],"userName":"a","__proto__":{{"admin":true}},"constructor":1,"":2,"id":{{"$gt":""}},"meta":[]}}"#
    );
    let answer = w.post("/Users", body).send();
    assert!(answer.status == 201 || answer.status == 400, "{}", answer.text());
    assert!(!answer.text().contains("admin\":true"));
}

fn paths_that_climb_find_nothing(w: &World) {
    let ann = w.user("ann");
    let bearer = format!("Bearer {}", w.token);
    for path in [
        "/t/acme/api/scim/v2/Users/..%2F..%2Fx".to_owned(),
        "/t/acme/api/scim/v2/Users/%2e%2e/Groups".to_owned(),
        format!("/t/acme/api/scim/v2/Groups/{ann}"),
        format!("/t/acme/api/scim/v2/Users/{ann}%00"),
        format!("/t/acme/api/scim/v2/Users/{}", ann.to_uppercase()),
        "/t/acme/api/scim/v2/Users/%ff%fe".to_owned(),
    ] {
        w.raw(Method::GET, &path).header("authorization", &bearer).send().expect(404);
    }
}

fn refused_writes_are_logged_without_secrets(w: &World) {
    w.post("/Users", "{\"password\":\"s3cr3t\"").send().expect(400);
    let body = format!(r#"{{"schemas":["{USER}"],"userName":7,"password":"s3cr3t"}}"#);
    w.post("/Users", body).send().expect(400);
    w.post("/Groups", format!(r#"{{"schemas":["{GROUP}"]}}"#)).send().expect(400);
    w.delete("/Users/nobody").send().expect(404);
    w.post("/Users", "{}").header("content-type", "text/plain").send().expect(415);
    w.call(Method::PUT, "/Users").send().expect(405);
    w.get("/Users/nobody").send().expect(404);
    let log = w.events("log");
    let statuses: Vec<u64> = log.iter().map(|event| event["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [400, 400, 400, 404, 415, 405]);
    for event in &log {
        assert!(!event.to_string().contains("s3cr3t"), "{event}");
        assert!(event["detail"].is_string() && event["connection"] == "default" && event["at"].is_string(), "{event}");
    }
}

fn a_large_body_keeps_no_thread_that_others_wait_for(w: &World) {
    let group = format!("/Groups/{}", w.group("G", &[]));
    w.get(&group).send().expect(200);
    assert_eq!(w.clock.steps_aside(), 0, "nothing of this was large");
    let member = |n: usize| format!(r#"{{"value":"{n}","display":"{}"}}"#, "x".repeat(1_000));
    let members = format!("[{}]", (0..300).map(member).collect::<Vec<_>>().join(","));
    let document = |name: &str| format!(r#"{{"schemas":["{GROUP}"],"displayName":"{name}","members":{members}}}"#);
    w.put(&group, document("G")).send().expect(200);
    assert!(w.clock.steps_aside() > 0);
    w.post("/Groups", document("H")).send().expect(201);
    assert!(w.clock.steps_aside() > 0);
    w.patch(&group, &format!(r#"[{{"op":"remove","path":"members","value":{members}}}]"#)).send();
    assert!(w.clock.steps_aside() > 0);
    let bulk = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
    let operation = format!(r#"{{"method":"POST","path":"/Groups","bulkId":"1","data":{}}}"#, document("I"));
    w.post("/Bulk", format!(r#"{{"schemas":["{bulk}"],"Operations":[{operation}]}}"#)).send().expect(200);
    assert!(w.clock.steps_aside() > 0);
    w.put(&group, format!("{}}}", document("G"))).send().refused(400, "invalidSyntax");
    assert_eq!(w.clock.steps_aside(), 1, "one look at it");
    let found = w.get(r#"/Groups?filter=displayName ge "G"&attributes=displayName"#).send().expect(200).json();
    assert_eq!(found["totalResults"], 3);
}
