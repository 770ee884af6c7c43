//! RFC 7644 §2, RFC 6750: authentication. Every refusal has a SCIM body.

use crate::support::{Setting, World};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_executor::block_on;
use http::Method;
use scimstack_protocol::Dialect;

over_every_store! {
    without_a_token_nothing_is_told in Setting::directory();
    a_wrong_token_is_told_to_be_invalid in Setting::directory();
    tenants_cannot_be_probed in Setting::directory();
    both_forms_of_the_header_are_accepted in Setting::directory();
    expired_and_revoked_tokens_are_refused in Setting::directory();
    two_tokens_overlap in Setting::directory();
    the_provider_configuration_needs_no_token in Setting::directory();
}

fn without_a_token_nothing_is_told(w: &World) {
    for (method, path) in [
        (Method::GET, "/t/acme/api/scim/v2/Users"),
        (Method::POST, "/t/acme/api/scim/v2/Users"),
        (Method::GET, "/t/acme/api/scim/v2/Nothing"),
        (Method::GET, "/t/acme/api/scim/v2/Schemas"),
        (Method::OPTIONS, "/t/acme/api/scim/v2/Users"),
    ] {
        let answer = w.raw(method, path).send().expect(401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"scim\""), "{path}");
    }
}

fn a_wrong_token_is_told_to_be_invalid(w: &World) {
    let unsigned = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.";
    for value in ["Bearer hsk_wrong", "Bearer x", "hsk_wrong", unsigned] {
        let answer = w.raw(Method::GET, "/t/acme/api/scim/v2/Users").header("authorization", value).send().expect(401);
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer realm=\"scim\", error=\"invalid_token\""),
            "{value}"
        );
    }
    for value in ["non-token", "Basic dXNlcjpwYXNz", "Bearer"] {
        let answer = w.raw(Method::GET, "/t/acme/api/scim/v2/Users").header("authorization", value).send().expect(401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"scim\""), "{value}");
    }
}

fn tenants_cannot_be_probed(w: &World) {
    let there = w.raw(Method::GET, "/t/acme/api/scim/v2/Users").header("authorization", "Bearer x").send().expect(401);
    let absent =
        w.raw(Method::GET, "/t/nobody/api/scim/v2/Users").header("authorization", "Bearer x").send().expect(401);
    assert_eq!(there.text(), absent.text());
}

fn both_forms_of_the_header_are_accepted(w: &World) {
    let token = w.token.as_str();
    for value in [format!("Bearer {token}"), format!("bearer   {token}"), format!("BEARER {token}"), token.to_owned()] {
        w.raw(Method::GET, "/t/acme/api/scim/v2/Users").header("authorization", &value).send().expect(200);
    }
}

fn expired_and_revoked_tokens_are_refused(w: &World) {
    let admin = w.engine.admin();
    let now = scimstack_server::Environment::now(&*w.clock);
    let (token, short) =
        block_on(admin.create_token(w.tenant, "default", "short", Some(now.plus_seconds(60)))).unwrap();
    let list = |secret: &str| {
        w.raw(Method::GET, "/t/acme/api/scim/v2/Users").header("authorization", &format!("Bearer {secret}")).send()
    };
    list(short.reveal()).expect(200);
    w.clock.pass_seconds(61);
    let answer = list(short.reveal()).expect(401);
    assert!(answer.text().contains("expired"), "{}", answer.text());
    assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));

    let (_, other) = block_on(admin.create_token(w.tenant, "default", "other", None)).unwrap();
    list(other.reveal()).expect(200);
    block_on(admin.revoke_token(&token.id)).unwrap();
    list(other.reveal()).expect(200);
}

fn two_tokens_overlap(w: &World) {
    let admin = w.engine.admin();
    let (first, old) = block_on(admin.create_token(w.tenant, "default", "old", None)).unwrap();
    let (_, new) = block_on(admin.create_token(w.tenant, "default", "new", None)).unwrap();
    let list = |secret: &str| {
        w.raw(Method::GET, "/t/acme/api/scim/v2/Users").header("authorization", &format!("Bearer {secret}")).send()
    };
    list(old.reveal()).expect(200);
    list(new.reveal()).expect(200);
    block_on(admin.revoke_token(&first.id)).unwrap();
    list(old.reveal()).expect(401);
    list(new.reveal()).expect(200);
}

fn the_provider_configuration_needs_no_token(w: &World) {
    let answer = w.raw(Method::GET, "/t/acme/api/scim/v2/ServiceProviderConfig").send().expect(200);
    let schemes = answer.json()["authenticationSchemes"].clone();
    let names: Vec<&str> = schemes.as_array().unwrap().iter().map(|scheme| scheme["type"].as_str().unwrap()).collect();
    assert_eq!(names, ["oauthbearertoken", "httpbasic"]);
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("any:{}", w.token)));
    for authorization in [format!("Bearer {}", w.token), basic] {
        w.get("/Users").header("authorization", &authorization).send().expect(200);
    }
}

#[test]
fn a_connection_that_is_switched_off_refuses_everything_and_says_where_to_switch_it_on() {
    let w = Setting::directory().policy(|policy| policy.enabled = false).in_memory();
    for call in [w.get("/Users"), w.get("/Schemas"), w.delete("/Users/x")] {
        assert!(call.send().expect(403).text().contains("switch it on"));
    }
}

#[test]
fn the_host_names_the_tenant_too() {
    let w = Setting::rfc().dialect(Dialect::Auto).in_memory();
    let bearer = format!("Bearer {}", w.token);
    let by_host = |host: &str| {
        w.raw(Method::GET, "/api/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User")
            .header("host", host)
            .header("authorization", &bearer)
            .send()
    };
    let location = by_host("acme.idp.test").expect(200).json()["meta"]["location"].clone();
    assert_eq!(location, "https://acme.idp.test/api/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User");
    by_host("other.idp.test").expect(401);
    by_host("localhost").expect(404);
    by_host("127.0.0.1:8080").expect(404);
}
