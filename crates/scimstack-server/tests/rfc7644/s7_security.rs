//! RFC 7644 §7, RFC 6750: what opens nothing, and what must not stand in a URL.

use crate::support::{Setting, USER, World};
use http::Method;

over_every_store! {
    a_token_counts_in_its_header_only in Setting::directory();
    secrets_cannot_be_asked_for_by_url in Setting::directory();
    a_password_is_shown_nowhere in Setting::directory();
    every_attribute_is_safe_from_a_wrong_token in Setting::directory();
}

fn a_token_counts_in_its_header_only(w: &World) {
    let users = "/t/acme/api/scim/v2/Users";
    let in_query = format!("{users}?access_token={}", w.token);
    w.raw(Method::GET, &in_query).send().expect(401);
    w.raw(Method::GET, users).header("cookie", &format!("token={0}; Authorization={0}", w.token)).send().expect(401);
    w.raw(Method::GET, users).header("x-authorization", &format!("Bearer {}", w.token)).send().expect(401);
    let body = format!("access_token={}", w.token);
    let form = w.raw(Method::POST, users).header("content-type", "application/x-www-form-urlencoded").body(body);
    form.send().expect(401);
    let answer = w.get("/Users").send().expect(200);
    assert_eq!(answer.header("set-cookie"), None, "the endpoints of the protocol know no sessions");
}

fn secrets_cannot_be_asked_for_by_url(w: &World) {
    w.user("ann");
    for filter in [
        "password eq \"x\"",
        "password pr",
        "userName eq \"ann\" and password sw \"x\"",
        "not (PASSWORD co \"x\")",
        "urn:ietf:params:scim:schemas:core:2.0:User:password pr",
    ] {
        let answer = w.get(&format!("/Users?filter={filter}")).send().refused(403, "sensitive");
        assert_eq!(answer.json()["status"], "403", "{filter}");
        assert!(!answer.text().contains("\"x\\\""), "{}", answer.text());
    }
}

fn a_password_is_shown_nowhere(w: &World) {
    let id = w.user("ann");
    let path = format!("/Users/{id}");
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"ann","title":"t","password":"geheim123"}}"#);
    let put = w.put(&path, body).send().expect(200);
    let set = r#"[{"op":"replace","path":"password","value":"geheim123"},{"op":"replace","path":"title","value":"u"}]"#;
    let patched = w.patch(&path, set).send().expect(200);
    let read = w.get(&format!("{path}?attributes=password,title")).send().expect(200);
    let list = w.get("/Users?attributes=password").send().expect(200);
    assert_eq!((&put.json()["title"], &patched.json()["title"]), (&"t".into(), &"u".into()));
    for text in [put.text(), patched.text(), read.text(), list.text(), &format!("{:?}", w.events("log"))] {
        assert!(!text.contains("geheim123") && !text.contains("\"password\":"), "{text}");
    }
}

fn every_attribute_is_safe_from_a_wrong_token(w: &World) {
    let id = w.user("ann");
    let wrong = format!("Bearer {}x", w.token);
    for (method, path) in [
        (Method::GET, format!("/Users/{id}")),
        (Method::PUT, format!("/Users/{id}")),
        (Method::PATCH, format!("/Users/{id}")),
        (Method::DELETE, format!("/Users/{id}")),
        (Method::POST, "/Users/.search".to_owned()),
        (Method::GET, "/ResourceTypes".to_owned()),
    ] {
        let full = format!("/t/acme/api/scim/v2{path}");
        let answer = w.raw(method, &full).header("authorization", &wrong).send().expect(401);
        assert!(!answer.text().contains("ann") && !answer.text().contains(&w.token), "{path}: {}", answer.text());
    }
    w.get(&format!("/Users/{id}")).send().expect(200).shows(r#"{"userName":"ann","meta":{"version":"W/\"1\""}}"#);
}
