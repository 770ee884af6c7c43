//! JSON Web Tokens of trusted issuers, as bearer tokens and as assertions: what is good, what is not, and keys that rotate
//! (RFC 7519 §4.1, RFC 7523 §3, RFC 8725 §3.1).

#![cfg(feature = "jwt")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use async_trait::async_trait;
use bytes::Bytes;
use futures_executor::block_on;
use futures_util::FutureExt;
use http::Request;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use scimstack_server::Engine;
use scimstack_server::admin::{AdminError, NewIssuer};
use scimstack_server::jwt::{JwtAuthenticator, KeySource};
use serde_json::{Value, json};
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use support::{Setting, World};

const ISSUER: &str = "https://login.test/8a09/v2.0";
const AUDIENCE: &str = "api://4f1d";
const PLACE: &str = "https://login.test/8a09/keys";

/// Keys at one place, which can be exchanged and can be away.
#[derive(Default)]
struct Publisher {
    keys: Mutex<Option<String>>,
    asked: AtomicUsize,
}

#[async_trait]
impl KeySource for Publisher {
    async fn fetch(&self, place: &str) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        assert_eq!(place, PLACE, "an address is never taken from a token");
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.keys.lock().unwrap().clone().map(Bytes::from).ok_or_else(|| "no route to host".into())
    }
}

impl Publisher {
    fn publishes(&self, keys: &[&Signer]) {
        *self.keys.lock().unwrap() =
            Some(json!({"keys": keys.iter().map(|k| &k.public).collect::<Vec<_>>()}).to_string());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A key of an issuer.
struct Signer {
    kid: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
    public: Value,
}

impl Signer {
    fn new(kid: &'static str, algorithm: Algorithm, key: EncodingKey) -> Self {
        let mut public = serde_json::to_value(Jwk::from_encoding_key(&key, algorithm).unwrap()).unwrap();
        public["kid"] = kid.into();
        public["use"] = "sig".into();
        Self { kid, algorithm, key, public }
    }

    fn rsa(kid: &'static str) -> Self {
        Self::new(kid, Algorithm::RS256, EncodingKey::from_rsa_pem(include_bytes!("jwt/rsa.pem")).unwrap())
    }

    fn elliptic(kid: &'static str) -> Self {
        let pair = rcgen::KeyPair::generate().unwrap();
        Self::new(kid, Algorithm::ES256, EncodingKey::from_ec_der(&pair.serialize_der()))
    }

    fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.kid.to_owned());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

fn world() -> (World, Arc<Publisher>) {
    let w = Setting::directory().in_memory();
    let publisher = Arc::new(Publisher::default());
    let admin = w.engine.admin().clone();
    let tokens = JwtAuthenticator::new(admin.clone(), publisher.clone());
    let engine = Engine::builder(admin).authenticator(Arc::new(tokens)).build();
    (World { engine: Arc::new(engine), ..w }, publisher)
}

fn trust(w: &World, new: &NewIssuer) -> Result<String, AdminError> {
    block_on(w.engine.admin().trust_issuer(w.tenant, new))
}

fn issuer() -> NewIssuer {
    NewIssuer::new("default", ISSUER, AUDIENCE).keys(PLACE)
}

/// Claims that are good for ten minutes, with something else instead.
fn claims(w: &World, change: Value) -> Value {
    let now = w.engine.admin().environment().now().as_micros() / 1_000_000;
    let mut claims = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "0c5d", "iat": now, "nbf": now, "exp": now + 600});
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

#[track_caller]
fn opens(w: &World, token: &str, status: u16) -> String {
    let answer = w.get("/Users").header("authorization", &format!("Bearer {token}")).send().expect(status);
    answer.json()["detail"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_token_of_a_trusted_issuer_stands_for_the_connection() {
    let (w, publisher) = world();
    let (rsa, elliptic) = (Signer::rsa("r"), Signer::elliptic("e"));
    publisher.publishes(&[&rsa, &elliptic]);
    let token = rsa.sign(&claims(&w, json!({})));
    assert!(opens(&w, &token, 401).contains("not trusted"), "nobody is trusted by itself");
    assert_eq!(publisher.asked(), 0, "nothing is fetched for who is not trusted");
    trust(&w, &issuer().scopes("read users".parse().unwrap())).unwrap();
    opens(&w, &token, 200);
    opens(&w, &elliptic.sign(&claims(&w, json!({"aud": ["x", AUDIENCE]}))), 200);
    let post = w.post("/Users", "{}").header("authorization", &format!("Bearer {token}"));
    post.send().expect(403);
    assert_eq!(publisher.asked(), 1, "keys are kept");
    assert!(matches!(trust(&w, &issuer()), Err(AdminError::Exists(_))));
}

#[test]
fn a_token_that_is_not_good_is_told_what_is_wrong() {
    let (w, publisher) = world();
    let rsa = Signer::rsa("r");
    publisher.publishes(&[&rsa]);
    trust(&w, &issuer().subject("0c5d")).unwrap();
    let now = w.engine.admin().environment().now().as_micros() / 1_000_000;
    for (change, said) in [
        (json!({"iss": "https://evil.test"}), "not trusted"),
        (json!({"aud": "api://other"}), "audience"),
        (json!({"aud": null}), "aud"),
        (json!({"exp": null}), "malformed"),
        (json!({"exp": "9999999999"}), "malformed"),
        (json!({"exp": now - 61}), "expired"),
        (json!({"nbf": now + 61}), "not good yet"),
        (json!({"sub": "other"}), "subject"),
        (json!({"sub": null}), "subject"),
    ] {
        let detail = opens(&w, &rsa.sign(&claims(&w, change.clone())), 401);
        assert!(detail.contains(said), "{change}: {detail}");
    }
    for change in [json!({"exp": now - 59}), json!({"nbf": now + 59}), json!({"nbf": null})] {
        opens(&w, &rsa.sign(&claims(&w, change)), 200);
    }
}

#[test]
fn a_signature_by_anything_but_the_published_key_is_refused() {
    let (w, publisher) = world();
    let (rsa, other) = (Signer::rsa("r"), Signer::elliptic("r"));
    publisher.publishes(&[&rsa]);
    trust(&w, &issuer()).unwrap();
    let good = rsa.sign(&claims(&w, json!({})));
    opens(&w, &good, 200);
    // Another key under the same name, of another kind.
    opens(&w, &other.sign(&claims(&w, json!({}))), 401);
    // The public key taken for a shared secret.
    let modulus = rsa.public["n"].as_str().unwrap();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("r".to_owned());
    let secret = EncodingKey::from_secret(modulus.as_bytes()).unwrap();
    opens(&w, &jsonwebtoken::encode(&header, &claims(&w, json!({})), &secret).unwrap(), 401);
    let parts: Vec<&str> = good.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwia2lkIjoiciJ9";
    let evil = rsa.sign(&claims(&w, json!({"sub": "admin"})));
    let claims_of_evil = evil.split('.').nth(1).unwrap();
    for bad in [
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{claims_of_evil}.{}", parts[0], parts[2]),
        "a.b.c".to_owned(),
        format!("{good}{}", "A".repeat(20_000)),
    ] {
        opens(&w, &bad, 401);
    }
}

#[test]
fn keys_rotate_without_anyone_being_told() {
    let (w, publisher) = world();
    let (old, new) = (Signer::rsa("old"), Signer::elliptic("new"));
    publisher.publishes(&[&old]);
    trust(&w, &issuer()).unwrap();
    opens(&w, &old.sign(&claims(&w, json!({}))), 200);
    publisher.publishes(&[&new]);
    opens(&w, &new.sign(&claims(&w, json!({}))), 401);
    assert_eq!(publisher.asked(), 1, "not more than twice a minute");
    w.clock.pass_seconds(30);
    opens(&w, &new.sign(&claims(&w, json!({}))), 200);
    opens(&w, &old.sign(&claims(&w, json!({}))), 401);
    assert_eq!(publisher.asked(), 2);
    w.clock.pass_seconds(3_601);
    opens(&w, &new.sign(&claims(&w, json!({}))), 200);
    assert_eq!(publisher.asked(), 3, "every hour");
}

#[test]
fn keys_that_were_good_stay_good_for_a_day_while_they_cannot_be_fetched() {
    let (w, publisher) = world();
    let rsa = Signer::rsa("r");
    trust(&w, &issuer()).unwrap();
    opens(&w, &rsa.sign(&claims(&w, json!({}))), 503);
    publisher.publishes(&[&rsa]);
    w.clock.pass_seconds(30);
    opens(&w, &rsa.sign(&claims(&w, json!({}))), 200);
    *publisher.keys.lock().unwrap() = None;
    w.clock.pass_seconds(23 * 3_600);
    opens(&w, &rsa.sign(&claims(&w, json!({}))), 200);
    w.clock.pass_seconds(3_600);
    opens(&w, &rsa.sign(&claims(&w, json!({}))), 503);
    *publisher.keys.lock().unwrap() = Some("<html>".to_owned());
    w.clock.pass_seconds(30);
    opens(&w, &rsa.sign(&claims(&w, json!({}))), 503);
}

/// A publisher that answers once, and then never.
#[derive(Default)]
struct Stuck(Publisher);

#[async_trait]
impl KeySource for Stuck {
    async fn fetch(&self, place: &str) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        if self.0.asked() > 0 {
            std::future::pending::<()>().await;
        }
        self.0.fetch(place).await
    }
}

#[test]
fn a_publisher_that_does_not_answer_holds_nobody_up_whose_key_is_known() {
    let w = Setting::directory().in_memory();
    let stuck = Arc::new(Stuck::default());
    let admin = w.engine.admin().clone();
    let tokens = JwtAuthenticator::new(admin.clone(), stuck.clone());
    let w = World { engine: Arc::new(Engine::builder(admin).authenticator(Arc::new(tokens)).build()), ..w };
    let rsa = Signer::rsa("r");
    stuck.0.publishes(&[&rsa]);
    trust(&w, &issuer()).unwrap();
    opens(&w, &rsa.sign(&claims(&w, json!({}))), 200);
    w.clock.pass_seconds(3_601);
    let token = rsa.sign(&claims(&w, json!({})));
    let request = || {
        let request = Request::get("/t/acme/api/scim/v2/Users").header("authorization", format!("Bearer {token}"));
        request.body(Bytes::new()).unwrap()
    };
    let mut first = Box::pin(w.engine.handle(request()));
    assert!((&mut first).now_or_never().is_none(), "it fetches, and waits");
    assert_eq!(block_on(w.engine.handle(request())).status(), 200);
    drop(first);
    assert_eq!(block_on(w.engine.handle(request())).status(), 200, "whoever fetched has gone away");
}

#[test]
fn keys_can_be_written_out_and_trust_can_end() {
    let (w, publisher) = world();
    let rsa = Signer::rsa("r");
    let keys = json!({"keys": [rsa.public]}).to_string();
    let id = trust(&w, &issuer().keys(keys)).unwrap();
    let token = rsa.sign(&claims(&w, json!({})));
    opens(&w, &token, 200);
    assert_eq!(publisher.asked(), 0);
    block_on(w.engine.admin().distrust_issuer(&id)).unwrap();
    opens(&w, &token, 401);
    assert!(matches!(block_on(w.engine.admin().distrust_issuer(&id)), Err(AdminError::NotFound(_))));
    // Another tenant trusts nobody of ours.
    let other = block_on(w.engine.admin().create_tenant("other")).unwrap().id;
    assert_eq!(block_on(w.engine.admin().issuers(Some(other))).unwrap(), []);
}

#[test]
fn an_assertion_of_a_trusted_issuer_stands_in_for_a_secret() {
    let (w, publisher) = world();
    let rsa = Signer::rsa("r");
    publisher.publishes(&[&rsa]);
    let id = trust(&w, &issuer().scopes("users".parse().unwrap())).unwrap();
    let ask = |client: &str, assertion: &str, scope: &str| {
        let form = format!(
            "grant_type=client_credentials&client_id={client}&scope={scope}&client_assertion={assertion}\
             &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
        );
        let request = Request::post("/oauth2/token").header("content-type", "application/x-www-form-urlencoded");
        block_on(async {
            let (parts, body) = w.engine.token(request.body(Bytes::from(form)).unwrap()).await.into_parts();
            let answer: Value = serde_json::from_slice(&body.collect().await.unwrap()).unwrap();
            (parts.status.as_u16(), answer)
        })
    };
    let assertion = rsa.sign(&claims(&w, json!({})));
    let (status, answer) = ask("acme.default", &assertion, "scim");
    assert_eq!((status, &answer["scope"]), (200, &"users".into()), "{answer}");
    let token = answer["access_token"].as_str().unwrap().to_owned();
    opens(&w, &token, 200);
    assert_eq!(ask("acme.other", &assertion, "").0, 401);
    assert_eq!(ask("other.default", &assertion, "").0, 401);
    assert_eq!(ask("acme.default", &assertion, "groups").1["error"], "invalid_scope");
    let late = rsa.sign(&claims(&w, json!({"exp": 1})));
    let (status, answer) = ask("acme.default", &late, "");
    assert_eq!((status, &answer["error"]), (401, &"invalid_client".into()));
    assert!(answer["error_description"].as_str().unwrap().contains("expired"));
    let methods = w.engine.token_metadata("https://x.test", "https://x.test/t");
    assert!(methods.contains("private_key_jwt"), "{methods}");
    block_on(w.engine.admin().distrust_issuer(&id)).unwrap();
    assert!(opens(&w, &token, 401).contains("revoked"));
}
