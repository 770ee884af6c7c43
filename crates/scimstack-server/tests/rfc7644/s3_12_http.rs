//! RFC 7644 §3.8, §3.12, §3.13 and HTTP itself: media types, methods, addresses, limits; every error is a SCIM error.

use crate::support::{Setting, USER, World};
use http::Method;

over_every_store! {
    json_is_accepted_under_all_its_names in Setting::directory();
    the_answer_is_scim_unless_only_json_is_accepted in Setting::directory();
    methods_that_are_not_possible_name_those_that_are in Setting::directory();
    head_and_options_are_answered in Setting::directory();
    slashes_and_stray_flags_do_no_harm in Setting::directory();
    what_is_no_endpoint_is_not_found in Setting::directory();
    what_the_standard_has_and_this_server_has_not_is_501 in Setting::directory();
    every_answer_has_its_own_request_id in Setting::directory();
    every_status_is_the_one_the_standard_means in Setting::directory();
    the_version_is_the_one_asked_for_or_the_latest in Setting::directory();
}

fn body(name: &str) -> String {
    format!(r#"{{"schemas":["{USER}"],"userName":"{name}"}}"#)
}

fn json_is_accepted_under_all_its_names(w: &World) {
    for (n, media_type) in
        ["application/scim+json; charset=utf-8", "application/json", "Application/JSON;charset=UTF-8", "text/json"]
            .iter()
            .enumerate()
    {
        w.post("/Users", body(&format!("u{n}"))).header("content-type", media_type).send().expect(201);
    }
    w.post("/Users", body("none")).send().expect(201);
    for media_type in ["text/plain", "application/xml", "multipart/form-data"] {
        w.post("/Users", body("x")).header("content-type", media_type).send().expect(415);
    }
    w.get("/Users").header("content-type", "text/plain").send().expect(200);
}

fn the_answer_is_scim_unless_only_json_is_accepted(w: &World) {
    for (accept, expected) in [
        ("application/json", "application/json"),
        ("application/scim+json", "application/scim+json"),
        ("application/json, application/scim+json;q=0.5", "application/scim+json"),
        ("text/html", "application/scim+json"),
        ("*/*", "application/scim+json"),
    ] {
        let answer = w.get("/Users").header("accept", accept).send().expect(200);
        assert_eq!(answer.header("content-type"), Some(expected), "{accept}");
    }
}

fn methods_that_are_not_possible_name_those_that_are(w: &World) {
    for (method, path, allow) in [
        (Method::PUT, "/Users", "GET, HEAD, POST, OPTIONS"),
        (Method::DELETE, "/Users", "GET, HEAD, POST, OPTIONS"),
        (Method::POST, "/Users/x", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        (Method::POST, "/Schemas", "GET, HEAD, OPTIONS"),
        (Method::POST, "/ServiceProviderConfig", "GET, HEAD, OPTIONS"),
        (Method::DELETE, "/ResourceTypes/User", "GET, HEAD, OPTIONS"),
        (Method::POST, "", "GET, HEAD, OPTIONS"),
        (Method::GET, "/Bulk", "POST, OPTIONS"),
        (Method::TRACE, "/Users", "GET, HEAD, POST, OPTIONS"),
    ] {
        let answer = w.call(method.clone(), path).body(body("x")).send().expect(405);
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
}

fn head_and_options_are_answered(w: &World) {
    let id = w.user("ann");
    let path = format!("/Users/{id}");
    let head = w.call(Method::HEAD, &path).send().expect(200);
    assert_eq!((head.text(), head.header("content-type")), ("", Some("application/scim+json")));
    assert_eq!(head.etag(), w.get(&path).send().etag());
    assert_eq!(w.call(Method::HEAD, "/Users/nobody").send().status, 404);
    let options = w.call(Method::OPTIONS, &path).send().expect(204);
    assert_eq!(options.header("allow"), Some("GET, HEAD, PUT, PATCH, DELETE, OPTIONS"));
}

fn slashes_and_stray_flags_do_no_harm(w: &World) {
    let id = w.user("ann");
    let bearer = format!("Bearer {}", w.token);
    for path in [
        "//Users".to_owned(),
        "/Users/".to_owned(),
        format!("//Users//{id}/"),
        "?aadOptscim062020".to_owned(),
        "/Users?aadOptscim062020".to_owned(),
        "/Users?count=1&aadOptscim062020".to_owned(),
        format!("/Users/{id}&aadOptscim062020"),
        "?aadOptscim062020/Users?count=1".to_owned(),
    ] {
        let full = format!("/t/acme/api/scim/v2{path}");
        let answer = w.raw(Method::GET, &full).header("authorization", &bearer).send().expect(200);
        assert!(answer.text().contains(&id), "{path}");
    }
}

fn what_is_no_endpoint_is_not_found(w: &World) {
    for path in ["/users", "/Nothing", "/Users/1/2", "/Schemas/x/y"] {
        w.get(path).send().expect(404);
    }
    for path in ["/", "/favicon.ico", "/t/acme/scim", "/t/acme"] {
        w.raw(Method::GET, path).send().expect(404);
    }
    w.raw(Method::GET, "/t/acme/api/scim/v1/Users").send().refused(400, "invalidVers");
}

fn what_the_standard_has_and_this_server_has_not_is_501(w: &World) {
    for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        w.call(method, "/Me").body("{}").send().expect(501);
    }
    // A host can leave bulk out.
    let w = Setting::directory().limits(|limits| limits.bulk_operations = 0).in_memory();
    w.post("/Bulk", "{}").send().expect(501);
}

fn the_version_is_the_one_asked_for_or_the_latest(w: &World) {
    let id = w.user("ann");
    let bearer = format!("Bearer {}", w.token);
    let ask = |path: &str| w.raw(Method::GET, path).header("authorization", &bearer).send();
    let versioned = ask(&format!("/t/acme/api/scim/v2/Users/{id}")).expect(200);
    let latest = ask(&format!("/t/acme/api/scim/Users/{id}")).expect(200);
    assert_eq!(latest.json(), versioned.json(), "addresses in the answer have the version, too");
    assert_eq!(ask("/t/acme/api/scim").expect(200).ids(), [id.as_str()]);
    for version in ["v1", "v1.1", "v3"] {
        let answer = ask(&format!("/t/acme/api/scim/{version}/Users/{id}")).refused(400, "invalidVers");
        assert!(answer.text().contains("v2"), "{}", answer.text());
    }
    w.raw(Method::GET, "/t/acme/api/scim/Users").send().expect(401);
}

fn every_answer_has_its_own_request_id(w: &World) {
    let ids: Vec<String> = [w.get("/Users"), w.get("/Users/x"), w.post("/Users", body("a"))]
        .into_iter()
        .map(|call| call.send().header("x-request-id").unwrap().to_owned())
        .collect();
    assert!(ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
}

#[test]
fn bodies_over_the_limit_are_refused_and_groups_have_more_room() {
    let w = Setting::directory()
        .limits(|limits| {
            limits.body = 1_000;
            limits.group_body = 10_000;
        })
        .in_memory();
    let fill = "x".repeat(2_000);
    let answer = w.post("/Users", body(&fill)).send().expect(413);
    assert!(answer.text().contains("1000"), "{}", answer.text());
    let group = format!(r#"{{"schemas":["{}"],"displayName":"{fill}"}}"#, crate::support::GROUP);
    w.post("/Groups", group).send().expect(201);
    w.post("/Groups", format!("{}{}", " ".repeat(10_000), "{}")).send().expect(413);
}

fn every_status_is_the_one_the_standard_means(w: &World) {
    let ann = format!("/Users/{}", w.user("ann"));
    let rename = r#"[{"op":"replace","path":"title","value":"x"}]"#;
    for (call, status) in [
        (w.post("/Users", "{"), 400),
        (w.get("/Users?filter=nonsense"), 400),
        (w.raw(Method::GET, "/t/acme/api/scim/v2/Users"), 401),
        (w.get("/Users?filter=password pr"), 403),
        (w.get("/Schemas?filter=id pr"), 403),
        (w.get("/Users/nobody"), 404),
        (w.raw(Method::GET, "/nowhere"), 404),
        (w.call(Method::PUT, "/Users"), 405),
        (w.post("/Users", body("ANN")), 409),
        (w.patch(&ann, rename).header("if-match", "W/\"9\""), 412),
        (w.post("/Users", " ".repeat(2_000_000)), 413),
        (w.post("/Users", body("x")).header("content-type", "text/xml"), 415),
        (w.call(Method::PATCH, "/Me"), 501),
    ] {
        let error = call.send().expect(status).json();
        let members: Vec<&String> = error.as_object().unwrap().keys().collect();
        assert!(members.iter().all(|name| ["schemas", "status", "scimType", "detail"].contains(&name.as_str())));
        assert_eq!(
            error.get("scimType").is_some(),
            matches!(status, 400 | 409) || error.to_string().contains("sensitive"),
            "{error}"
        );
        assert!(!error["detail"].as_str().unwrap().contains("src/"), "{error}");
    }
}
