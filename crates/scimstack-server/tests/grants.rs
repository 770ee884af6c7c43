//! Access tokens for client credentials: the token endpoint, what it refuses, and what its tokens open
//! (RFC 6749 §4.4, §5; RFC 8414 §3.2). Assertions are in `jwt.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_executor::block_on;
use http::request::Parts;
use http::{Method, Request};
use scimstack_server::admin::NewToken;
use scimstack_server::{Authenticator, Engine, Identity, Verdict};
use serde_json::Value;
use std::sync::Arc;
use support::{Setting, World};

over_every_store! {
    a_client_gets_a_token_for_its_secret_and_uses_it in Setting::directory();
    a_secret_opens_nothing_by_itself_and_a_token_is_no_secret in Setting::directory();
    a_client_asks_for_less_and_never_gets_more in Setting::directory();
    a_request_that_is_not_in_order_is_refused_in_the_words_of_oauth in Setting::directory();
    a_token_ends_with_its_time_and_with_its_secret in Setting::directory();
    secrets_overlap_so_that_one_can_take_anothers_place in Setting::directory();
    a_token_of_another_tenant_opens_nothing in Setting::directory();
    a_token_that_was_tampered_with_opens_nothing in Setting::directory();
    guesses_at_secrets_are_slowed in Setting::directory();
}

/// A secret of the default connection, and its record's id.
fn secret(w: &World, change: impl Fn(NewToken) -> NewToken) -> (String, String) {
    let new = change(NewToken::new("default").client_secret());
    let (token, secret) = block_on(w.engine.admin().create_token_with(w.tenant, &new)).unwrap();
    assert!(token.is_client_secret);
    (secret.reveal().to_owned(), token.id)
}

/// A request to the token endpoint: status, headers of note, body.
fn ask(w: &World, basic: Option<(&str, &str)>, form: &str) -> (u16, Value) {
    let mut request = Request::post("/oauth2/token").header("content-type", "application/x-www-form-urlencoded");
    if let Some((id, secret)) = basic {
        request =
            request.header("authorization", format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}"))));
    }
    send(w, request.body(Bytes::from(form.to_owned())).unwrap())
}

fn send(w: &World, request: Request<Bytes>) -> (u16, Value) {
    block_on(async {
        let (parts, body) = w.engine.token(request).await.into_parts();
        assert_eq!(parts.headers["cache-control"], "no-store");
        assert_eq!(parts.headers["content-type"], "application/json");
        assert!(parts.headers.contains_key("x-request-id"));
        (parts.status.as_u16(), serde_json::from_slice(&body.collect().await.unwrap()).unwrap())
    })
}

/// A token for a secret, as `Authorization` has it.
fn bearer(w: &World, secret: &str, scope: &str) -> String {
    let (status, answer) =
        ask(w, Some(("acme.default", secret)), &format!("grant_type=client_credentials&scope={scope}"));
    assert_eq!(status, 200, "{answer}");
    format!("Bearer {}", answer["access_token"].as_str().unwrap())
}

#[track_caller]
fn opens(w: &World, authorization: &str, status: u16) -> String {
    let answer = w.get("/Users").header("authorization", authorization).send().expect(status);
    answer.json()["detail"].as_str().unwrap_or_default().to_owned()
}

fn a_client_gets_a_token_for_its_secret_and_uses_it(w: &World) {
    let (secret, _) = secret(w, |new| new);
    let form = format!("grant_type=client_credentials&client_id=acme.default&client_secret={secret}");
    for (basic, form) in [
        (None, form.as_str()),
        (Some(("acme.default", secret.as_str())), "grant_type=client_credentials&scope=scim"),
        (Some(("ACME.Default", secret.as_str())), "scope=&grant_type=client_credentials"),
    ] {
        let (status, answer) = ask(w, basic, form);
        assert_eq!((status, &answer["token_type"], &answer["expires_in"]), (200, &"Bearer".into(), &3600.into()));
        assert_eq!(answer["scope"], "scim");
        let token = answer["access_token"].as_str().unwrap();
        assert!(token.starts_with("hsa_") && token.len() < 300, "{token}");
        opens(w, &format!("Bearer {token}"), 200);
        opens(w, token, 200);
    }
}

fn a_secret_opens_nothing_by_itself_and_a_token_is_no_secret(w: &World) {
    let (secret, _) = secret(w, |new| new);
    let detail = opens(w, &format!("Bearer {secret}"), 401);
    assert!(detail.contains("client's secret"), "{detail}");
    let (status, answer) = ask(w, Some(("acme.default", &w.token)), "grant_type=client_credentials");
    assert_eq!((status, &answer["error"]), (401, &"invalid_client".into()));
}

fn a_client_asks_for_less_and_never_gets_more(w: &World) {
    let (secret, _) = secret(w, |new| new.scopes("users".parse().unwrap()));
    let (status, answer) = ask(w, Some(("acme.default", &secret)), "grant_type=client_credentials&scope=read");
    assert_eq!((status, &answer["scope"]), (200, &"read users".into()));
    let reader = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    opens(w, &reader, 200);
    w.get("/Groups").header("authorization", &reader).send().expect(403);
    w.post("/Users", "{}").header("authorization", &reader).send().expect(403);
    for scope in ["groups", "users+groups", "admin"] {
        let (status, answer) =
            ask(w, Some(("acme.default", &secret)), &format!("grant_type=client_credentials&scope={scope}"));
        assert_eq!((status, &answer["error"]), (400, &"invalid_scope".into()), "{scope}");
    }
}

fn a_request_that_is_not_in_order_is_refused_in_the_words_of_oauth(w: &World) {
    let (secret, _) = secret(w, |new| new);
    let good = format!("grant_type=client_credentials&client_id=acme.default&client_secret={secret}");
    let some = Some(("acme.default", secret.as_str()));
    for (basic, form, status, error) in [
        (some, "", 400, "invalid_request"),
        (some, "grant_type=password", 400, "unsupported_grant_type"),
        (some, "grant_type=client_credentials&grant_type=client_credentials", 400, "invalid_request"),
        (some, good.as_str(), 400, "invalid_request"),
        (some, "grant_type=client_credentials&client_assertion=x", 400, "invalid_request"),
        (None, "grant_type=client_credentials&client_id=acme.default", 401, "invalid_client"),
        (None, &format!("grant_type=client_credentials&client_secret={secret}"), 400, "invalid_request"),
        (None, "grant_type=client_credentials&client_id=acme.default&client_assertion=x", 400, "invalid_request"),
        (Some(("acme.default", "hsk_wrong")), "grant_type=client_credentials", 401, "invalid_client"),
        (Some(("acme.other", &secret)), "grant_type=client_credentials", 401, "invalid_client"),
        (Some(("other.default", &secret)), "grant_type=client_credentials", 401, "invalid_client"),
        (Some(("default", &secret)), "grant_type=client_credentials", 401, "invalid_client"),
        (Some(("..", "")), "grant_type=client_credentials", 401, "invalid_client"),
    ] {
        let (found, answer) = ask(w, basic, form);
        assert_eq!((found, &answer["error"]), (status, &error.into()), "{form}: {answer}");
        let description = answer["error_description"].as_str().unwrap();
        assert!(description.len() > 10 && !description.contains(&secret), "{description}");
    }
    let plain = Request::post("/oauth2/token").header("content-type", "application/json").body(good.into());
    assert_eq!(send(w, plain.unwrap()).0, 400);
    let got = Request::get("/oauth2/token").body(Bytes::new()).unwrap();
    assert_eq!(send(w, got).0, 405);
    let unreadable = Request::post("/oauth2/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", "Basic %%%")
        .body(Bytes::from("grant_type=client_credentials"));
    assert_eq!(send(w, unreadable.unwrap()).0, 400);
}

fn a_token_ends_with_its_time_and_with_its_secret(w: &World) {
    let (secret, id) = secret(w, |new| new);
    let token = bearer(w, &secret, "");
    w.clock.pass_seconds(3_599);
    opens(w, &token, 200);
    w.clock.pass_seconds(1);
    assert!(opens(w, &token, 401).contains("expired"));
    let token = bearer(w, &secret, "");
    block_on(w.engine.admin().revoke_token(&id)).unwrap();
    assert!(opens(w, &token, 401).contains("revoked"));
    let (status, answer) = ask(w, Some(("acme.default", &secret)), "grant_type=client_credentials");
    assert_eq!((status, &answer["error"]), (401, &"invalid_client".into()));
    assert!(answer["error_description"].as_str().unwrap().contains("revoked"));
}

fn secrets_overlap_so_that_one_can_take_anothers_place(w: &World) {
    let end = w.engine.admin().environment().now().plus_seconds(600);
    let (old, _) = secret(w, |new| new.expires(Some(end)));
    let (new, _) = secret(w, |new| new);
    let (_, answer) = ask(w, Some(("acme.default", &old)), "grant_type=client_credentials");
    assert_eq!(answer["expires_in"], 600, "no longer than its secret");
    bearer(w, &new, "");
    w.clock.pass_seconds(600);
    let (status, answer) = ask(w, Some(("acme.default", &old)), "grant_type=client_credentials");
    assert_eq!(status, 401);
    assert!(answer["error_description"].as_str().unwrap().contains("expired"));
    bearer(w, &new, "");
}

fn a_token_of_another_tenant_opens_nothing(w: &World) {
    let other = block_on(w.engine.admin().create_tenant("other")).unwrap().id;
    let new = NewToken::new("default").client_secret();
    let (_, theirs) = block_on(w.engine.admin().create_token_with(other, &new)).unwrap();
    let (status, answer) = ask(w, Some(("other.default", theirs.reveal())), "grant_type=client_credentials");
    assert_eq!(status, 200);
    let token = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    opens(w, &token, 401);
    w.raw(Method::GET, "/t/other/api/scim/v2/Users").header("authorization", &token).send().expect(200);
}

fn a_token_that_was_tampered_with_opens_nothing(w: &World) {
    let (secret, _) = secret(w, |new| new.scopes("read".parse().unwrap()));
    let token = bearer(w, &secret, "");
    let (head, seal) = token.split_once('.').unwrap();
    let claims = head.strip_prefix("Bearer hsa_").unwrap();
    let more = BASE64_STANDARD.encode(BASE64_STANDARD.decode(format!("{claims}==")).unwrap_or_default());
    for bad in [
        format!("Bearer hsa_{claims}"),
        format!("Bearer hsa_{claims}."),
        format!("Bearer hsa_{claims}.AAAA"),
        format!("Bearer hsa_{more}x.{seal}"),
        format!("Bearer hsa_.{seal}"),
        format!("Bearer hsa_{}", "x".repeat(10_000)),
        "Bearer hsa_".to_owned(),
    ] {
        opens(w, &bad, 401);
    }
    opens(w, &token, 200);
}

fn guesses_at_secrets_are_slowed(w: &World) {
    let (secret, _) = secret(w, |new| new);
    let mut last = 0;
    for _ in 0..110 {
        last = ask(w, Some(("acme.default", "hsk_wrong")), "grant_type=client_credentials").0;
    }
    assert_eq!(last, 429);
    bearer(w, &secret, "");
}

#[test]
fn metadata_name_the_endpoint_and_what_it_takes() {
    let w = Setting::directory().in_memory();
    let text = w.engine.token_metadata("https://scim.test", "https://scim.test/oauth2/token");
    let metadata: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(metadata["issuer"], "https://scim.test");
    assert_eq!(metadata["token_endpoint"], "https://scim.test/oauth2/token");
    assert_eq!(metadata["grant_types_supported"], serde_json::json!(["client_credentials"]));
    let methods = serde_json::json!(["client_secret_basic", "client_secret_post"]);
    assert_eq!(metadata["token_endpoint_auth_methods_supported"], methods);
}

/// Knows who shows a badge.
struct Badges;

#[async_trait]
impl Authenticator for Badges {
    async fn authenticate(&self, tenant: &str, request: &Parts) -> Verdict {
        match request.headers.get("x-badge").and_then(|badge| badge.to_str().ok()) {
            None => Verdict::NotMine,
            Some("7") => Verdict::Known(Identity::new(tenant, "default", "badge:7").scopes("read".parse().unwrap())),
            Some("away") => Verdict::Unavailable("the badge office is closed".into()),
            Some(_) => Verdict::Refused("There is no such badge.".to_owned()),
        }
    }
}

#[test]
fn an_authenticator_of_the_hosts_own_says_who_asks() {
    let w = Setting::directory().in_memory();
    let engine = Engine::builder(w.engine.admin().clone()).authenticator(Arc::new(Badges)).build();
    let w = World { engine: Arc::new(engine), ..w };
    let with = |badge: &str| {
        w.raw(Method::GET, "/t/acme/api/scim/v2/Users").header("x-badge", badge).header("authorization", "Badge").send()
    };
    with("7").expect(200);
    assert!(with("8").expect(401).text().contains("There is no such badge."));
    let away = with("away").expect(503);
    assert_eq!(away.header("retry-after"), Some("5"));
    assert!(!away.text().contains("office"), "{}", away.text());
    // The server's own tokens are nobody else's.
    w.get("/Users").header("x-badge", "8").send().expect(200);
    // Whoever it knows is held to its tenant and its scopes.
    w.raw(Method::GET, "/t/none/api/scim/v2/Users").header("x-badge", "7").send().expect(401);
    let post = w.raw(Method::POST, "/t/acme/api/scim/v2/Users").header("x-badge", "7");
    post.header("content-type", "application/json").body("{}").send().expect(403);
}
