//! Tenants are apart (RFC 7644 §6, RFC 7643 §9.3): with one tenant's token nothing of another's is seen, named or touched,
//! and what is not there and what is another's are told in the same words.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use futures_executor::block_on;
use http::Method;
use scimstack_server::admin::NewToken;
use support::{GROUP, Setting, USER, World};

over_every_store! {
    every_operation_on_another_tenants_id_answers_as_for_nothing in Setting::directory();
    another_tenants_token_opens_nothing in Setting::directory();
    names_are_unique_within_a_tenant_only in Setting::directory();
    references_never_cross in Setting::directory();
    lists_and_filters_see_one_tenant in Setting::directory();
    the_operations_of_a_bulk_request_stay_in_their_tenant in Setting::directory();
    me_is_never_somebody_of_another_tenant in Setting::directory();
}

/// A second tenant with a token, and a user and a group in it.
struct Other {
    token: String,
    user: String,
    group: String,
}

fn send(w: &World, token: &str, tenant: &str, method: Method, path: &str, body: &str) -> support::Answer {
    let call = w.raw(method, &format!("/t/{tenant}/api/scim/v2{path}"));
    call.header("authorization", &format!("Bearer {token}")).body(body).send()
}

fn other(w: &World) -> Other {
    let admin = w.engine.admin();
    let tenant = block_on(admin.create_tenant("umbrella")).unwrap();
    let (_, secret) = block_on(admin.create_token(tenant.id, "default", "test", None)).unwrap();
    let token = secret.reveal().to_owned();
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"eve@x.test","externalId":"e1"}}"#);
    let user = send(w, &token, "umbrella", Method::POST, "/Users", &body).expect(201).id();
    let body = format!(r#"{{"schemas":["{GROUP}"],"displayName":"Secret","members":[{{"value":"{user}"}}]}}"#);
    let group = send(w, &token, "umbrella", Method::POST, "/Groups", &body).expect(201).id();
    Other { token, user, group }
}

fn every_operation_on_another_tenants_id_answers_as_for_nothing(w: &World) {
    let other = other(w);
    w.clock.pass_seconds(60);
    for (endpoint, id, schema, attribute) in
        [("/Users", &other.user, USER, "userName"), ("/Groups", &other.group, GROUP, "displayName")]
    {
        let absent = "019b7a00-0000-7000-8000-00000000dead";
        let document = format!(r#"{{"schemas":["{schema}"],"{attribute}":"x"}}"#);
        let operations = format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{"op":"replace","path":"{attribute}","value":"x"}}]}}"#
        );
        for (method, query, body) in [
            (Method::GET, "", ""),
            (Method::GET, "?attributes=id", ""),
            (Method::PUT, "", document.as_str()),
            (Method::PATCH, "", operations.as_str()),
            (Method::DELETE, "", ""),
        ] {
            let ask = |id: &str| {
                let path = format!("{endpoint}/{id}{query}");
                let answer = send(w, &w.token, "acme", method.clone(), &path, body).expect(404);
                answer.text().replace(id, "ID")
            };
            assert_eq!(ask(id), ask(absent), "{method} {endpoint}");
        }
    }
    send(w, &other.token, "umbrella", Method::GET, &format!("/Users/{}", other.user), "").expect(200);
    send(w, &other.token, "umbrella", Method::GET, &format!("/Groups/{}", other.group), "")
        .expect(200)
        .shows(r#"{"displayName":"Secret","meta":{"lastModified":"2026-01-01T00:00:00.000Z"}}"#);
}

fn another_tenants_token_opens_nothing(w: &World) {
    let other = other(w);
    for path in ["/Users", "/Groups", "/Schemas", "", &format!("/Users/{}", other.user)] {
        send(w, &w.token, "umbrella", Method::GET, path, "").expect(401);
        send(w, &other.token, "acme", Method::GET, path, "").expect(401);
    }
}

fn names_are_unique_within_a_tenant_only(w: &World) {
    other(w);
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"EVE@x.test","externalId":"e1"}}"#);
    w.post("/Users", body).send().expect(201);
}

fn references_never_cross(w: &World) {
    let other = other(w);
    let group = |value: &str| {
        let body = format!(r#"{{"schemas":["{GROUP}"],"displayName":"G","members":[{{"value":"{value}"}}]}}"#);
        w.post("/Groups", body).send()
    };
    group(&other.user).refused(400, "invalidValue");
    let pending = group("eve@x.test").expect(201);
    assert_eq!(pending.json()["members"], serde_json::json!([{"value": "eve@x.test"}]));
    let enterprise = support::ENTERPRISE;
    let body =
        format!(r#"{{"schemas":["{USER}"],"userName":"ann","{enterprise}":{{"manager":{{"value":"eve@x.test"}}}}}}"#);
    let ann = w.post("/Users", body).send().expect(201);
    assert_eq!(ann.json()[enterprise]["manager"], serde_json::json!({"value": "eve@x.test"}));
}

fn lists_and_filters_see_one_tenant(w: &World) {
    let other = other(w);
    let ann = w.user("ann");
    for path in [
        "/Users".to_owned(),
        "".to_owned(),
        "/Users?filter=userName sw \"a\" or userName sw \"e\"".to_owned(),
        "/Users?filter=not (userName eq \"x\")".to_owned(),
        format!("/Users?filter=id eq \"{ann}\" or id eq \"{}\"", other.user),
    ] {
        assert_eq!(w.get(&path).send().expect(200).ids(), [ann.as_str()], "{path}");
    }
    let by_group = format!("/Users?filter=groups.value eq \"{}\"", other.group);
    assert_eq!(w.get(&by_group).send().expect(200).ids().len(), 0);
    assert!(w.events("log").iter().all(|event| !event.to_string().contains("eve@x.test")));
}

fn the_operations_of_a_bulk_request_stay_in_their_tenant(w: &World) {
    let other = other(w);
    let absent = "019b7a00-0000-7000-8000-00000000dead";
    let ask = |user: &str, group: &str| {
        let patch =
            |path: &str, operation: &str| format!(r#"{{"method":"PATCH","path":"{path}","data":[{operation}]}}"#);
        let operations = [
            format!(r#"{{"method":"DELETE","path":"/Users/{user}"}}"#),
            format!(
                r#"{{"method":"PUT","path":"/Groups/{group}","data":{{"schemas":["{GROUP}"],"displayName":"x"}}}}"#
            ),
            patch(&format!("/Users/{user}"), r#"{"op":"add","path":"title","value":"x"}"#),
            patch(&format!("/Groups/{group}"), r#"{"op":"add","path":"members","value":[{"value":"bulkId:a"}]}"#),
            format!(
                r#"{{"method":"POST","path":"/Groups","bulkId":"g","data":{{"schemas":["{GROUP}"],"displayName":"g","members":[{{"value":"{user}"}},{{"value":"bulkId:a"}}]}}}}"#
            ),
            format!(
                r#"{{"method":"POST","path":"/Users","bulkId":"a","data":{{"schemas":["{USER}"],"userName":"ann"}}}}"#
            ),
            r#"{"method":"DELETE","path":"/Users/bulkId:a"}"#.to_owned(),
        ];
        let body = format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{}]}}"#,
            operations.join(",")
        );
        let answer = send(w, &w.token, "acme", Method::POST, "/Bulk", &body).expect(200).json();
        let told = answer["Operations"].as_array().unwrap().iter().map(|one| {
            let detail = one["response"]["detail"].as_str().unwrap_or_default();
            (one["status"].as_str().unwrap().to_owned(), detail.replace(user, "ID").replace(group, "ID"))
        });
        told.collect::<Vec<_>>()
    };
    let found = ask(&other.user, &other.group);
    assert_eq!(found, ask(absent, absent));
    let statuses: Vec<&str> = found.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(statuses, ["404", "404", "404", "404", "400", "201", "204"]);
    // A bulkId is of its request alone.
    let body = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"/Users/bulkId:a"}]}"#;
    let answer = send(w, &other.token, "umbrella", Method::POST, "/Bulk", body).expect(200);
    answer.shows(r#"{"Operations":[{"status":"400"}]}"#);
    send(w, &other.token, "umbrella", Method::GET, &format!("/Users/{}", other.user), "").expect(200);
}

fn me_is_never_somebody_of_another_tenant(w: &World) {
    let other = other(w);
    let subject = scimstack_server::Subject::new("User", other.user.as_str());
    let admin = w.engine.admin();
    let (_, secret) = block_on(admin.create_token_with(w.tenant, &NewToken::new("default").subject(subject))).unwrap();
    for method in [Method::GET, Method::DELETE] {
        send(w, secret.reveal(), "acme", method, "/Me", "").expect(404);
    }
    send(w, &other.token, "umbrella", Method::GET, &format!("/Users/{}", other.user), "").expect(200);
}
