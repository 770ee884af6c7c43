//! How a client is let in: tokens that are never shown, and tokens that are fetched (RFC 6749 §4.4).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, also in its helpers")]

mod script;

use futures_executor::block_on;
use scimstack_client::{Client, ClientAuthentication, ClientCredentials, Error, ErrorKind, Secret};
use script::{Asked, Clock, Reply, Server, reply};
use std::error::Error as _;
use std::time::Duration;

const TOKEN_URL: &str = "https://login.test/oauth2/token";

/// Gives out `t1`, `t2`, … for an hour each; knows the newest only.
fn server() -> Server {
    let given = std::sync::atomic::AtomicUsize::new(0);
    Server::new(move |_, asked| {
        let order = std::sync::atomic::Ordering::SeqCst;
        if asked.target == "/oauth2/token" {
            let number = given.fetch_add(1, order) + 1;
            return reply(200, &format!(r#"{{"access_token":"t{number}","token_type":"bearer","expires_in":3600}}"#));
        }
        match asked.header("authorization") == Some(format!("Bearer t{}", given.load(order)).as_str()) {
            true => reply(200, r#"{"userName":"ann"}"#),
            false => reply(401, ""),
        }
    })
}

fn credentials(server: &Server, clock: &Clock) -> ClientCredentials {
    ClientCredentials::new(server.clone(), clock.clone(), TOKEN_URL, "my:app", "s3cret&=").unwrap()
}

fn client(server: &Server, credentials: ClientCredentials) -> Client {
    Client::with_authorization(server.clone(), "https://scim.test/v2", credentials).unwrap()
}

fn fetches(server: &Server) -> Vec<Asked> {
    server.asked().into_iter().filter(|asked| asked.target == "/oauth2/token").collect()
}

#[test]
fn a_token_is_fetched_once_and_kept() {
    let (server, clock) = (server(), Clock::default());
    let client = client(&server, credentials(&server, &clock).with_scope("scim read"));
    for _ in 0..3 {
        block_on(client.users().get("7")).unwrap();
    }
    let fetches = fetches(&server);
    assert_eq!((fetches.len(), server.asked().len()), (1, 4));
    assert_eq!(fetches[0].method, "POST");
    assert_eq!(fetches[0].body, "grant_type=client_credentials&scope=scim+read");
    assert_eq!(fetches[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    // base64 of `my%3Aapp:s3cret%26%3D`
    assert_eq!(fetches[0].header("authorization"), Some("Basic bXklM0FhcHA6czNjcmV0JTI2JTNE"));
}

#[test]
fn the_secret_stands_in_the_body_when_the_server_wants_it_there() {
    let (server, clock) = (server(), Clock::default());
    let credentials = credentials(&server, &clock).with_authentication(ClientAuthentication::Post);
    block_on(client(&server, credentials.with_parameter("audience", "scim")).users().get("7")).unwrap();
    let fetches = fetches(&server);
    let body = "grant_type=client_credentials&audience=scim&client_id=my%3Aapp&client_secret=s3cret%26%3D";
    assert_eq!((fetches[0].body.as_str(), fetches[0].header("authorization")), (body, None));
}

#[test]
fn a_token_is_renewed_shortly_before_its_end() {
    let (server, clock) = (server(), Clock::default());
    let client = client(&server, credentials(&server, &clock));
    block_on(client.users().get("7")).unwrap();
    clock.pass(Duration::from_secs(3539));
    block_on(client.users().get("7")).unwrap();
    assert_eq!(fetches(&server).len(), 1);
    clock.pass(Duration::from_secs(1));
    block_on(client.users().get("7")).unwrap();
    assert_eq!(fetches(&server).len(), 2);
}

#[test]
fn a_token_that_is_refused_is_renewed_once() {
    let (server, clock) = (server(), Clock::default());
    let (one, other) = (client(&server, credentials(&server, &clock)), client(&server, credentials(&server, &clock)));
    block_on(one.users().get("7")).unwrap();
    block_on(other.users().get("7")).unwrap();
    // The second token has ended the first.
    block_on(one.users().get("7")).unwrap();
    assert_eq!(fetches(&server).len(), 3);

    let hopeless = Server::new(|_, asked| match asked.target.as_str() {
        "/oauth2/token" => reply(200, r#"{"access_token":"t"}"#),
        _ => reply(401, ""),
    });
    let error = block_on(client(&hopeless, credentials(&hopeless, &clock)).users().get("7")).unwrap_err();
    assert_eq!((error.kind(), hopeless.asked().len()), (ErrorKind::Unauthorized, 4));
}

#[test]
fn a_fixed_token_that_is_refused_is_not_shown_again() {
    let server = Server::new(|_, _| reply(401, ""));
    block_on(server.client().users().get("7")).unwrap_err();
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn what_the_token_endpoint_says_is_told_and_never_the_secret() {
    for (answer, kind, said) in [
        (
            reply(400, r#"{"error":"invalid_client","error_description":"no s3cret&= here"}"#),
            ErrorKind::Unauthorized,
            "the server refused with status 400: invalid_client: no … here",
        ),
        (reply(503, ""), ErrorKind::Busy, "the server refused with status 503"),
        (reply(200, r#"{"token_type":"bearer"}"#), ErrorKind::Unauthorized, "there is no access_token"),
        (reply(200, r#"{"access_token":"t","token_type":"mac"}"#), ErrorKind::Unauthorized, "is not bearer"),
        (reply(200, "<html>"), ErrorKind::Unauthorized, "there is no access_token"),
    ] {
        let answer: Reply = answer;
        let (status, _, body) = answer.unwrap();
        let server = Server::new(move |_, _| reply(status, &body));
        let error = block_on(client(&server, credentials(&server, &Clock::default())).users().get("7")).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.to_string(), "there is no access token");
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains(said), "{cause}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        assert!(server.asked().iter().all(|asked| asked.target == "/oauth2/token"));
    }
}

#[test]
fn a_token_endpoint_without_tls_is_refused() {
    let new = |url: &str| ClientCredentials::new(server(), Clock::default(), url, "id", "s3cret");
    for url in ["http://login.test/token", "login.test/token", "", "https://a:b@login.test/token"] {
        let error = new(url).unwrap_err();
        assert!(matches!(error, Error::Setup(_)) && !error.to_string().contains("a:b"), "{url}");
    }
    assert!(new("http://localhost:8080/token").is_ok());
    assert!(new("http://[::1]:8080/token").is_ok());
}

#[test]
fn secrets_are_shown_nowhere() {
    let (server, clock) = (server(), Clock::default());
    let shown = format!("{:?} {:?}", credentials(&server, &clock), client(&server, credentials(&server, &clock)));
    assert!(shown.contains("my:app") && !shown.contains("s3cret"), "{shown}");
    let shown = format!("{:?} {:#?}", Secret::from("s3cret"), server.client());
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn a_server_that_repeats_the_token_does_not_get_it_into_an_error() {
    let server = Server::new(|_, asked| {
        let said = asked.header("authorization").unwrap_or_default();
        reply(403, &format!(r#"{{"detail":"no {said}","scimType":"s3cret"}}"#))
    });
    let error = block_on(server.client().users().get("7")).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("no Bearer …") && !shown.contains("s3cret"), "{shown}");
    let html = Server::new(|_, _| reply(502, "<html>s3cret</html>"));
    let error = block_on(html.client().users().get("7")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
}

#[test]
fn a_base_url_with_a_password_is_refused_and_not_repeated() {
    let error = Client::new(server(), "https://ann:s3cret@scim.test/v2", "t").unwrap_err();
    assert!(matches!(error, Error::Setup(_)) && !format!("{error:?}").contains("s3cret"), "{error:?}");
}
