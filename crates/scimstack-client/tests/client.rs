//! What the client sends, byte for byte, and what it makes of answers. Servers here are a list of answers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in its helpers"
)]

use async_trait::async_trait;
use bytes::Bytes;
use futures_executor::block_on;
use http::{Request, Response};
use scimstack_client::views::{Group, User};
use scimstack_client::{BoxError, Client, Error, ListQuery, Patch, Transport};
use scimstack_schema::{Object, Value};
use std::sync::{Arc, Mutex};

/// Answers in turn, and remembers what was asked: `METHOD uri body`.
#[derive(Clone, Default)]
struct Server {
    answers: Arc<Mutex<Vec<Response<Bytes>>>>,
    asked: Arc<Mutex<Vec<String>>>,
    headers: Arc<Mutex<http::HeaderMap>>,
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
        let body = String::from_utf8(request.body().to_vec())?;
        let line = format!("{} {} {body}", request.method(), request.uri());
        self.asked.lock().unwrap().push(line.trim_end().to_owned());
        self.headers.lock().unwrap().clone_from(request.headers());
        self.answers.lock().unwrap().pop().ok_or_else(|| "nobody answers".into())
    }
}

impl Server {
    fn new(answers: &[(u16, &str)]) -> Self {
        let answer = |&(status, body): &(u16, &str)| {
            Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap()
        };
        let server = Self::default();
        server.answers.lock().unwrap().extend(answers.iter().rev().map(answer));
        server
    }

    fn client(&self) -> Client {
        Client::new(self.clone(), "https://scim.test/v2/", "s3cret").unwrap()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[test]
fn every_operation_is_sent_as_the_rfc_has_it() {
    let ann = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"7","userName":"ann"}"#;
    let server = Server::new(&[(201, ann), (200, ann), (200, ann), (204, ""), (200, ann), (204, "")]);
    let client = server.client();
    let user = User { user_name: "ann".into(), active: Some(false), ..User::default() };
    let patch = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":true}]}"#;
    let patch_ops = Patch::from_value(Value::parse(patch.as_bytes()).unwrap(), &Default::default()).unwrap();
    block_on(async {
        assert_eq!(client.users().create(&user).await.unwrap().id.as_deref(), Some("7"));
        assert_eq!(client.users().get("a b/ü").await.unwrap().user_name, "ann");
        assert!(client.users().replace("7", &user).await.unwrap().is_some());
        assert!(client.users().patch("7", &patch_ops).await.unwrap().is_none());
        assert!(client.users().if_match("W/\"3\"").unwrap().patch("7", &patch_ops).await.unwrap().is_some());
        assert_eq!(server.headers.lock().unwrap()["if-match"], "W/\"3\"");
        client.groups().delete("g").await.unwrap();
    });
    let body = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann","active":false}"#;
    assert_eq!(
        server.asked(),
        [
            format!("POST https://scim.test/v2/Users {body}"),
            "GET https://scim.test/v2/Users/a%20b%2F%C3%BC".to_owned(),
            format!("PUT https://scim.test/v2/Users/7 {body}"),
            format!("PATCH https://scim.test/v2/Users/7 {patch}"),
            format!("PATCH https://scim.test/v2/Users/7 {patch}"),
            "DELETE https://scim.test/v2/Groups/g".to_owned(),
        ]
    );
}

#[test]
fn the_headers_are_those_of_scim() {
    let server = Server::new(&[(200, "{}"), (200, "{}")]);
    let agent = http::HeaderValue::from_static("Okta SCIM Client 1.0.0");
    let client = server.client().with_header(http::header::USER_AGENT, agent);
    block_on(client.users().get("7")).unwrap();
    let headers = server.headers.lock().unwrap().clone();
    assert_eq!(headers["accept"], "application/scim+json");
    assert_eq!(headers["authorization"], "Bearer s3cret");
    assert_eq!(headers["user-agent"], "Okta SCIM Client 1.0.0");
    assert!(!headers.contains_key("content-type"), "a GET has no body");
    block_on(client.groups().create(&Group::default())).unwrap();
    assert_eq!(server.headers.lock().unwrap()["content-type"], "application/scim+json");
}

#[test]
fn the_token_is_never_shown() {
    let client = Server::new(&[]).client();
    let shown = format!("{client:?} {client:#?}");
    assert!(shown.contains("scim.test") && !shown.contains("s3cret"), "{shown}");
}

#[test]
fn an_empty_page_with_a_cursor_is_not_the_last() {
    let server = Server::new(&[
        (200, r#"{"itemsPerPage":0,"nextCursor":"a"}"#),
        (200, r#"{"itemsPerPage":1,"nextCursor":"b","Resources":[{"id":"1"}]}"#),
        (200, r#"{"itemsPerPage":0,"nextCursor":"b"}"#),
    ]);
    let mut query = ListQuery::default();
    query.cursor = Some(String::new());
    assert_eq!(names(&server, query), ["1"], "and one that leads to itself is");
}

#[test]
fn a_base_url_must_be_one() {
    for bad in ["", "scim.test/v2", "/v2", "ftp://scim.test", "https://scim.test/v2?x=1", "https://a b/"] {
        assert!(matches!(Client::new(Server::new(&[]), bad, "t"), Err(Error::Setup(_))), "{bad}");
    }
    assert!(matches!(Client::new(Server::new(&[]), "https://scim.test", "a\nb"), Err(Error::Setup(_))));
}

#[test]
fn a_list_is_asked_for_with_all_its_parameters() {
    let server = Server::new(&[(200, r#"{"totalResults":0}"#)]);
    let mut query = ListQuery::default();
    query.filter = Some("userName eq \"a&b=c\"".into());
    query.sort_by = Some("name.familyName".into());
    query.descending = true;
    query.start_index = Some(3);
    query.count = Some(0);
    query.projection.attributes = vec!["userName".into(), "emails".into()];
    let page = block_on(server.client().users().list(&query)).unwrap();
    assert_eq!((page.total_results, page.resources.len()), (0, 0));
    assert_eq!(
        server.asked(),
        ["GET https://scim.test/v2/Users?filter=userName%20eq%20%22a%26b%3Dc%22&sortBy=name.familyName&\
          sortOrder=descending&startIndex=3&count=0&attributes=userName%2Cemails"]
    );
}

fn names(server: &Server, query: ListQuery) -> Vec<String> {
    let all = block_on(server.client().endpoint::<Object>("Users").list_all(query).collect()).unwrap();
    all.iter().map(|object| object.get("id").unwrap().as_str().unwrap().to_owned()).collect()
}

#[test]
fn all_pages_are_read_by_index() {
    let server = Server::new(&[
        (200, r#"{"totalResults":3,"startIndex":1,"Resources":[{"id":"a"},{"id":"b"}]}"#),
        (200, r#"{"totalResults":3,"startIndex":3,"Resources":[{"id":"c"}]}"#),
    ]);
    assert_eq!(names(&server, ListQuery::default()), ["a", "b", "c"]);
    let asked = ["GET https://scim.test/v2/Users?startIndex=1", "GET https://scim.test/v2/Users?startIndex=3"];
    assert_eq!(server.asked(), asked);
}

#[test]
fn all_pages_are_read_by_cursor_when_it_is_asked_for() {
    let server = Server::new(&[
        (200, r#"{"totalResults":2,"Resources":[{"id":"a"}],"nextCursor":"x/1"}"#),
        (200, r#"{"totalResults":2,"Resources":[{"id":"b"}]}"#),
    ]);
    let mut query = ListQuery::default();
    query.cursor = Some(String::new());
    assert_eq!(names(&server, query), ["a", "b"]);
    let asked = ["GET https://scim.test/v2/Users?cursor=", "GET https://scim.test/v2/Users?cursor=x%2F1"];
    assert_eq!(server.asked(), asked);
}

#[test]
fn a_list_ends_however_odd_the_server() {
    for (answers, found) in [
        // It promises more than it has.
        (vec![r#"{"totalResults":9,"Resources":[{"id":"a"}]}"#, r#"{"totalResults":9,"Resources":[]}"#], vec!["a"]),
        // It does not say how many there are.
        (vec![r#"{"Resources":[{"id":"a"}]}"#], vec!["a"]),
        // Names and numbers in another spelling.
        (vec![r#"{"totalresults":"1","resources":[{"id":"a"}]}"#], vec!["a"]),
        (vec![r#"{"totalResults":0}"#], vec![]),
    ] {
        let answers: Vec<(u16, &str)> = answers.into_iter().map(|body| (200, body)).collect();
        let server = Server::new(&answers);
        assert_eq!(names(&server, ListQuery::default()), found);
        assert_eq!(server.asked().len(), answers.len());
    }
}

#[test]
fn an_error_ends_a_list() {
    let server = Server::new(&[(200, r#"{"totalResults":2,"Resources":[{"id":"a"}]}"#), (500, "")]);
    let client = server.client();
    let mut all = client.endpoint::<Object>("/Users").list_all(ListQuery::default());
    block_on(async {
        assert!(all.next().await.unwrap().is_ok());
        assert_eq!(all.next().await.unwrap().unwrap_err().status(), Some(500));
        assert!(all.next().await.is_none());
    });
}

#[test]
fn a_refusal_says_what_the_server_said() {
    let server = Server::new(&[(
        409,
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"taken"}"#,
    )]);
    let error = block_on(server.client().users().create(&User::default())).unwrap_err();
    assert_eq!(error.status(), Some(409));
    assert_eq!(error.to_string(), "the server refused with status 409 (uniqueness): taken");
}

#[test]
fn retry_after_counts_when_it_is_a_number() {
    for (header, seconds) in [("120", Some(120)), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)] {
        let server = Server::default();
        let busy = Response::builder().status(429).header("retry-after", header).body(Bytes::new()).unwrap();
        server.answers.lock().unwrap().push(busy);
        let error = block_on(server.client().users().get("7")).unwrap_err();
        assert_eq!((error.status(), error.retry_after()), (Some(429), seconds));
    }
}

#[test]
fn an_answer_that_is_none_is_an_error() {
    for body in ["", "[]", "<html>", r#"{"Resources":5}"#, r#"{"Resources":[5]}"#] {
        let error = block_on(Server::new(&[(200, body)]).client().users().list(&ListQuery::default())).unwrap_err();
        assert!(matches!(error, Error::Answer(_)), "{body}: {error}");
    }
    let error = block_on(Server::new(&[]).client().users().get("7")).unwrap_err();
    assert!(matches!(error, Error::Transport(_)));
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "nobody answers");
}

#[test]
fn a_version_is_taken_from_the_header_or_from_meta() {
    let body = r#"{"id":"7","meta":{"version":"W/\"2\""}}"#;
    let server = Server::new(&[(200, body), (200, "{}")]);
    let tagged = Response::builder().header("etag", "W/\"3\"").body(Bytes::from(body)).unwrap();
    server.answers.lock().unwrap().push(tagged);
    let client = server.client();
    for version in [Some("W/\"3\""), Some("W/\"2\""), None] {
        assert_eq!(block_on(client.users().get_versioned("7")).unwrap().version.as_deref(), version);
    }
}

#[test]
fn discovery_is_read() {
    let server = Server::new(&[
        (200, r#"{"patch":{"supported":true}}"#),
        (200, r#"{"totalResults":1,"Resources":[{"id":"User","endpoint":"/Users"}]}"#),
        (
            200,
            r#"{"totalResults":1,"Resources":[{"id":"urn:x:1.0:Badge","name":"Badge","attributes":[{"name":"no","type":"string"}]}]}"#,
        ),
    ]);
    let client = server.client();
    block_on(async {
        assert!(client.service_provider_config().await.unwrap().get("patch").is_some());
        assert_eq!(client.resource_types().await.unwrap().len(), 1);
        assert_eq!(client.schemas().await.unwrap()[0].id.as_str(), "urn:x:1.0:Badge");
    });
    let asked = server.asked();
    let paths: Vec<&str> = asked.iter().map(|line| line.rsplit('/').next().unwrap()).collect();
    assert_eq!(paths, ["ServiceProviderConfig", "ResourceTypes", "Schemas"]);
}
