//! Who may ask, and for what: forms of credentials, scopes, whoever the host vouches for, and guesses that are slowed
//! (RFC 7644 §2, RFC 6750 §3).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_executor::block_on;
use http::{Method, Request};
use scimstack_protocol::ConnectionPolicy;
use scimstack_server::admin::NewToken;
use scimstack_server::{ClientAddress, Identity, Subject};
use support::{GROUP, Setting, USER, World};

over_every_store! {
    a_token_is_taken_as_bearer_bare_or_as_a_password in Setting::directory();
    a_challenge_says_what_is_wrong_with_the_token in Setting::directory();
    a_token_to_read_changes_nothing in Setting::directory();
    a_token_for_users_sees_no_groups in Setting::directory();
    the_operations_of_a_bulk_request_are_held_to_the_scopes_each in Setting::directory();
    a_search_at_the_root_finds_what_the_token_may_read in Setting::directory();
    a_token_that_was_made_anew_and_the_old_one_are_good_together in Setting::directory();
    whom_the_host_vouches_for_needs_no_token in Setting::directory();
    guesses_are_slowed_and_good_tokens_are_not in Setting::directory();
}

fn token(w: &World, scopes: &str) -> String {
    let new = NewToken::new("default").scopes(scopes.parse().unwrap());
    let (token, secret) = block_on(w.engine.admin().create_token_with(w.tenant, &new)).unwrap();
    assert_eq!(token.scopes.to_string(), scopes);
    format!("Bearer {}", secret.reveal())
}

fn user(name: &str) -> String {
    format!(r#"{{"schemas":["{USER}"],"userName":"{name}"}}"#)
}

const TITLE: &str = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"title","value":"x"}]}"#;

fn a_token_is_taken_as_bearer_bare_or_as_a_password(w: &World) {
    let basic = |user: &str| format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{}", w.token)));
    for header in [format!("Bearer {}", w.token), w.token.clone(), basic("default"), basic("")] {
        w.get("/Users").header("authorization", &header).send().expect(200);
    }
    let wrong = format!("Basic {}", BASE64_STANDARD.encode("default:hsk_wrong"));
    w.get("/Users").header("authorization", &wrong).send().expect(401);
}

fn a_challenge_says_what_is_wrong_with_the_token(w: &World) {
    let challenge = |header: Option<&str>, method: Method, path: &str, status: u16| {
        let call = w.raw(method, &format!("/t/acme/api/scim/v2{path}"));
        let call = match header {
            Some(header) => call.header("authorization", header),
            None => call,
        };
        call.body(user("x")).send().expect(status).header("www-authenticate").map(str::to_owned)
    };
    let bearer = "Bearer realm=\"scim\"";
    assert_eq!(challenge(None, Method::GET, "/Users", 401).as_deref(), Some(bearer));
    let invalid = challenge(Some("Bearer hsk_x"), Method::GET, "/Users", 401);
    assert_eq!(invalid, Some(format!("{bearer}, error=\"invalid_token\"")));
    let reader = token(w, "read");
    let insufficient = challenge(Some(&reader), Method::POST, "/Users", 403);
    assert_eq!(insufficient, Some(format!("{bearer}, error=\"insufficient_scope\"")));
    assert_eq!(challenge(Some(&reader), Method::GET, "/Users", 200), None);
}

fn a_token_to_read_changes_nothing(w: &World) {
    let (ann, team) = (w.user("ann"), w.group("team", &[]));
    let reader = token(w, "read");
    let as_reader = |method: Method, path: &str, body: &str| {
        w.call(method, path).header("authorization", &reader).body(body).send()
    };
    for path in [format!("/Users/{ann}"), "/Groups".into(), "/Schemas".into(), "/".into()] {
        as_reader(Method::GET, &path, "").expect(200);
    }
    let search = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}"#;
    as_reader(Method::POST, "/Users/.search", search).expect(200);
    let put = user("anna");
    for (method, path, body) in [
        (Method::POST, "/Users".to_owned(), put.as_str()),
        (Method::PUT, format!("/Users/{ann}"), put.as_str()),
        (Method::PATCH, format!("/Users/{ann}"), TITLE),
        (Method::PATCH, format!("/Groups/{team}"), TITLE),
        (Method::DELETE, format!("/Users/{ann}"), ""),
    ] {
        let answer = as_reader(method, &path, body).expect(403);
        assert!(answer.text().contains(r#"made for \"read\""#), "{}", answer.text());
    }
    let now = w.get(&format!("/Users/{ann}")).send().expect(200).json();
    assert_eq!((&now["userName"], &now["meta"]["version"]), (&"ann".into(), &"W/\"1\"".into()));
}

fn a_token_for_users_sees_no_groups(w: &World) {
    let team = w.group("team", &[]);
    let users = token(w, "users");
    let with =
        |method: Method, path: &str, body: &str| w.call(method, path).header("authorization", &users).body(body).send();
    let ann = with(Method::POST, "/Users", &user("ann")).expect(201).id();
    with(Method::PATCH, &format!("/Users/{ann}"), TITLE).expect(200);
    with(Method::GET, "/Groups", "").expect(403);
    with(Method::GET, &format!("/Groups/{team}"), "").expect(403);
    with(Method::GET, "/Groups/none", "").expect(403);
    with(Method::POST, "/Groups", &format!(r#"{{"schemas":["{GROUP}"],"displayName":"x"}}"#)).expect(403);
    with(Method::DELETE, &format!("/Users/{ann}"), "").expect(204);
}

fn the_operations_of_a_bulk_request_are_held_to_the_scopes_each(w: &World) {
    let users = token(w, "users");
    let body = format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
            {{"method":"POST","path":"/Groups","bulkId":"g","data":{{"schemas":["{GROUP}"],"displayName":"team"}}}},
            {{"method":"POST","path":"/Users","bulkId":"u","data":{}}}]}}"#,
        user("ann")
    );
    let answer = w.post("/Bulk", body.clone()).header("authorization", &users).send().expect(200);
    answer.shows(r#"{"Operations":[{"status":"403"},{"status":"201"}]}"#);
    let reader = token(w, "read");
    let answer = w.post("/Bulk", body).header("authorization", &reader).send().expect(200);
    answer.shows(r#"{"Operations":[{"status":"403"},{"status":"403"}]}"#);
    assert_eq!(w.get("/Groups").send().expect(200).json()["totalResults"], 0);
}

fn a_search_at_the_root_finds_what_the_token_may_read(w: &World) {
    w.user("ann");
    w.group("team", &[]);
    for (scopes, found) in [("users", 1), ("read groups", 1), ("users groups", 2), ("write", 2)] {
        let header = token(w, scopes);
        let all = w.get("/").header("authorization", &header).send().expect(200).json();
        assert_eq!(all["totalResults"], found, "{scopes}");
    }
}

fn a_token_that_was_made_anew_and_the_old_one_are_good_together(w: &World) {
    let admin = w.engine.admin();
    let in_an_hour = Some(admin.environment().now().plus_seconds(3_600));
    let make =
        |expires| block_on(admin.create_token_with(w.tenant, &NewToken::new("default").expires(expires))).unwrap();
    let (old, new) = (make(in_an_hour), make(None));
    let status = |token: &str| w.get("/Users").header("authorization", &format!("Bearer {token}")).send().status;
    assert_eq!((status(old.1.reveal()), status(new.1.reveal())), (200, 200));
    w.clock.pass_seconds(3_600);
    assert_eq!((status(old.1.reveal()), status(new.1.reveal())), (401, 200));
}

fn whom_the_host_vouches_for_needs_no_token(w: &World) {
    let ann = w.user("ann");
    let ask = |method: Method, path: &str, identity: Identity| {
        let mut request =
            Request::builder().method(method).uri(format!("/t/acme/api/scim/v2{path}")).body(Bytes::new()).unwrap();
        request.extensions_mut().insert(identity);
        block_on(w.engine.handle(request)).status().as_u16()
    };
    let known = Identity::new("acme", "default", "certificate:4f1d");
    assert_eq!(ask(Method::GET, "/Users", known.clone()), 200);
    assert_eq!(ask(Method::GET, "/Me", known.clone()), 501);
    assert_eq!(ask(Method::GET, "/Me", known.clone().subject(Subject::new("User", ann.as_str()))), 200);
    let reader = known.scopes("read".parse().unwrap());
    assert_eq!(ask(Method::DELETE, &format!("/Users/{ann}"), reader), 403);
    assert_eq!(ask(Method::GET, "/Users", Identity::new("acme", "another", "certificate:4f1d")), 401);
    assert_eq!(ask(Method::GET, "/Users", Identity::new("umbrella", "default", "certificate:4f1d")), 401);
    let mut off = ConnectionPolicy::default();
    off.enabled = false;
    block_on(w.engine.admin().set_connection(w.tenant, off)).unwrap();
    assert_eq!(ask(Method::GET, "/Users", Identity::new("acme", "default", "certificate:4f1d")), 403);
}

fn guesses_are_slowed_and_good_tokens_are_not(w: &World) {
    let ask = |token: &str, address: [u8; 4]| {
        let mut request = Request::get("/t/acme/api/scim/v2/Users")
            .header("authorization", format!("Bearer {token}"))
            .body(Bytes::new())
            .unwrap();
        request.extensions_mut().insert(ClientAddress(address.into()));
        let answer = block_on(w.engine.handle(request));
        let retry = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), retry)
    };
    let (guesser, other) = ([192, 0, 2, 7], [192, 0, 2, 8]);
    for n in 0..100 {
        assert_eq!(ask(&format!("hsk_guess{n}"), guesser), (401, None));
    }
    assert_eq!(ask("hsk_guess", guesser), (429, Some("2".to_owned())));
    assert_eq!(ask(&w.token, guesser).0, 200, "a good token from the same address");
    assert_eq!(ask("hsk_mistyped", other).0, 401, "another address");
    w.clock.pass_seconds(1);
    assert_eq!(ask("hsk_guess", guesser).0, 401);
}
