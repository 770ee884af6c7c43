//! Who may ask, as an administrator sets it up: OAuth clients, trusted issuers, attributes that are closed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod support;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use support::{Answer, Place, Server};

const USERS: &str = "/t/acme/api/scim/v2/Users";

fn acme() -> Place {
    let place = Place::new();
    place.ok(&["tenant", "create", "acme"]);
    place
}

/// Asks for an access token.
fn ask(server: &Server, form: &str) -> Answer {
    server.form("/oauth2/token", &format!("grant_type=client_credentials&client_id=acme.default&{form}"))
}

#[test]
fn a_client_finds_the_token_endpoint_and_gets_in_with_its_secret() {
    let place = acme();
    let secret = place.ok(&["token", "create", "--tenant", "acme", "--client-secret", "--scope", "read"]);
    let listed = place.json(&["token", "list"]);
    assert_eq!((&listed[0]["clientSecret"], &listed[0]["scope"]), (&json!(true), &json!("read")));
    assert!(place.ok(&["token", "list"]).contains("acme/default  client secret  "));
    let server = place.start();
    let metadata = server.get("/.well-known/oauth-authorization-server", "").json();
    assert_eq!(metadata["token_endpoint"], format!("http://{}/oauth2/token", server.address));
    let answer = ask(&server, &format!("client_secret={}", secret.trim_end()));
    assert_eq!((answer.status, &answer.json()["expires_in"]), (200, &json!(3600)), "{answer:?}");
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(server.get(USERS, &token).status, 200);
    assert_eq!(server.post(USERS, &token, "{}").status, 403);
    assert_eq!(server.get(USERS, secret.trim_end()).status, 401);
    assert_eq!(ask(&server, "client_secret=hsk_wrong").status, 401);
    assert_eq!(server.get("/oauth2/token", "").status, 405);
    // Revoked by another process, it ends within a second.
    place.ok(&["token", "revoke", listed[0]["id"].as_str().unwrap()]);
    server.until(401, |server| server.get(USERS, &token));
}

#[test]
fn tokens_of_an_issuer_are_good_while_it_is_trusted() {
    let place = acme();
    let pair = rcgen::KeyPair::generate().unwrap();
    let key = EncodingKey::from_ec_der(&pair.serialize_der());
    let public = serde_json::to_value(Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap()).unwrap();
    let keys = place.path("keys.json");
    std::fs::write(&keys, json!({"keys": [public]}).to_string()).unwrap();
    let entra = ["--issuer", "https://login.test/8a09/v2.0", "--audience", "api://4f1d", "--subject", "0c5d"];
    let add = [&["issuer", "add", "--tenant", "acme", "--keys"], [keys.as_str()].as_slice(), &entra].concat();
    let id = place.ok(&add).trim_end().to_owned();
    assert_eq!(place.run(&add).code, Some(2), "twice");
    let insecure = ["issuer", "add", "--tenant", "acme", "--keys", "http://login.test/keys"];
    assert_eq!(place.run(&[&insecure, entra.as_slice()].concat()).code, Some(2));
    let listed = place.json(&["issuer", "list", "--tenant", "acme"]);
    assert_eq!((&listed[0]["id"], &listed[0]["subject"]), (&json!(id), &json!("0c5d")));

    let server = place.start();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims: Value =
        json!({"iss": "https://login.test/8a09/v2.0", "aud": "api://4f1d", "sub": "0c5d", "exp": now + 600});
    let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &key).unwrap();
    let answer = server.get(USERS, &token);
    assert_eq!(answer.status, 200, "{answer:?}");
    let kind = "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let answer = ask(&server, &format!("{kind}&client_assertion={token}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let access = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(server.get(USERS, &access).status, 200);
    assert!(place.ok(&["issuer", "list"]).contains("https://login.test/8a09/v2.0  for api://4f1d  0c5d"));
    place.ok(&["issuer", "remove", &id]);
    server.until(401, |server| server.get(USERS, &token));
    assert_eq!(server.get(USERS, &access).status, 401);
}

/// Answers every request with a key set, and counts them.
fn key_server(keys: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("http://{}/keys", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length:";
            stream.write_all(format!("{head} {}\r\n\r\n{keys}", keys.len()).as_bytes()).unwrap();
        }
    });
    (place, asked)
}

#[test]
fn keys_in_a_private_network_are_fetched_only_when_the_operator_says_so() {
    let place = acme();
    let pair = rcgen::KeyPair::generate().unwrap();
    let key = EncodingKey::from_ec_der(&pair.serialize_der());
    let public = serde_json::to_value(Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap()).unwrap();
    let (keys, asked) = key_server(json!({"keys": [public]}).to_string());
    let inner =
        ["issuer", "add", "--tenant", "acme", "--issuer", "https://inner.test", "--audience", "a", "--keys", &keys];
    let refused = place.run(&inner);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("--issuers-on-private-networks"), "{}", refused.stderr);
    place.ok(&[&inner[..], &["--issuers-on-private-networks"]].concat());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({"iss": "https://inner.test", "aud": "a", "exp": now + 600});
    let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &key).unwrap();

    // What was entered when more was allowed is not fetched either.
    let careful = place.start();
    assert_eq!(careful.get(USERS, &token).status, 503);
    assert_eq!(asked.load(Ordering::SeqCst), 0, "the server went there");
    drop(careful);
    let mut command = place.binary();
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--issuers-on-private-networks",
        "--database",
        &place.database(),
    ]);
    let server = Server::start(command);
    let answer = server.get(USERS, &token);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let password = place.ok(&["admin", "password"]);
    let browser = server.log_in(&password);
    let form = [("issuer", "https://two.test"), ("audience", "b"), ("keys", keys.as_str())];
    assert_eq!(browser.post("/console/acme/issuers", &form).status, 200);
}

#[test]
fn metrics_are_on_an_address_of_their_own() {
    let place = acme();
    let token = place.ok(&["token", "create", "--tenant", "acme"]).trim_end().to_owned();
    let mut command = place.binary();
    command.args(["serve", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--database", &place.database()]);
    let server = Server::start(command);
    let shown = std::iter::repeat_with(|| server.line()).find(|line| line.starts_with("metrics")).unwrap();
    let metrics = shown.split("http://").nth(1).unwrap().strip_suffix("/metrics").unwrap().to_owned();
    server.get(USERS, &token);
    let text = support::request(&metrics, "GET", "/metrics", "", "").unwrap();
    assert_eq!(text.status, 200);
    for line in [
        "# HELP scim_requests_total Requests answered.",
        r#"scim_requests_total{tenant="acme",operation="list",resource_type="User",dialect="generic",outcome="ok",status="200"} 1"#,
        r#"le="0.001""#,
    ] {
        assert!(text.body.contains(line), "{line} in {}", text.body);
    }
    assert_eq!(support::request(&metrics, "GET", USERS, &token, "").unwrap().status, 404);
    assert_ne!(server.get("/metrics", "").status, 200);
}

#[test]
fn attributes_are_closed_for_a_connection_and_opened_again() {
    let place = acme();
    let set = ["connection", "set", "--tenant", "acme"];
    let shown =
        place.ok(&[set.as_slice(), &["--read-only", "User:title,User:nickName", "--hidden", "Group:members"]].concat());
    assert!(shown.contains("read-only              User:title,User:nickName\n"), "{shown}");
    assert!(shown.contains("hidden                 Group:members\n"), "{shown}");
    for bad in ["User:userName", "User:robot", "title"] {
        let refused = place.run(&[set.as_slice(), &["--read-only", bad]].concat());
        assert_ne!(refused.code, Some(0), "{bad}");
        assert!(refused.stderr.len() > 20, "{}", refused.stderr);
    }
    let shown = place.ok(&[set.as_slice(), &["--read-only", ""]].concat());
    assert!(shown.contains("read-only              none\n") && shown.contains("Group:members"), "{shown}");
}
