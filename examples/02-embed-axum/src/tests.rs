//! The identity provider and the application on the same people.

use super::*;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tower::ServiceExt as _;

struct Place {
    directory: TempDir,
    router: Router,
    token: String,
}

struct Got {
    status: u16,
    body: String,
    etag: String,
}

impl Place {
    async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let (router, token) = application(directory.path()).await.unwrap();
        Self { directory, router, token }
    }

    /// The same files in another process.
    async fn again(self) -> Self {
        let (router, token) = application(self.directory.path()).await.unwrap();
        Self { directory: self.directory, router, token }
    }

    async fn send(&self, token: &str, method: &str, path: &str, body: &str) -> Got {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let etag = response.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned()).unwrap_or_default();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Got { status, etag, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    async fn scim(&self, method: &str, path: &str, body: &str) -> Got {
        self.send(&self.token, method, &format!("/t/acme/api/scim/v2{path}"), body).await
    }

    async fn app(&self, method: &str, path: &str) -> Got {
        self.send("", method, path, "").await
    }

    /// Provisions somebody; the id.
    async fn provision(&self, email: &str, name: &str) -> String {
        let schemas = r#""schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]"#;
        let body = format!(r#"{{{schemas},"userName":"{email}","displayName":"{name}","nickName":"Annie"}}"#);
        let made = self.scim("POST", "/Users", &body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let id = Value::parse(made.body.as_bytes()).unwrap();
        id.as_object().unwrap().get("id").unwrap().as_str().unwrap().to_owned()
    }
}

const LEAVE: &str = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations":[{"op":"replace","path":"active","value":false}]}"#;

#[tokio::test]
async fn who_is_provisioned_may_come_in_until_deactivated() {
    let place = Place::new().await;
    assert_eq!(place.app("GET", "/log-in/ann@x.test").await.status, 403);
    assert_eq!(place.send("", "GET", "/t/acme/api/scim/v2/Users", "").await.status, 401);
    let id = place.provision("ann@x.test", "Ann Lee").await;
    assert_eq!(place.app("GET", "/log-in/Ann@X.test").await.body, "Welcome, Ann Lee (light).");
    assert_eq!(place.scim("PATCH", &format!("/Users/{id}"), LEAVE).await.status, 200);
    assert_eq!(place.app("GET", "/log-in/ann@x.test").await.status, 403);
}

#[tokio::test]
async fn what_the_application_changes_is_seen_by_scim_with_another_version() {
    let place = Place::new().await;
    let id = place.provision("ann@x.test", "Ann Lee").await;
    let before = place.scim("GET", &format!("/Users/{id}"), "").await;
    assert_eq!(place.app("POST", "/people/ann@x.test/name/Ann%20Ray").await.status, 200);
    assert_eq!(place.app("POST", "/people/ann@x.test/theme/dark").await.status, 200);
    let after = place.scim("GET", &format!("/Users/{id}"), "").await;
    assert!(after.body.contains(r#""displayName":"Ann Ray""#) && after.body.contains("Annie"), "{}", after.body);
    assert_ne!(before.etag, after.etag);
    assert_eq!(place.app("GET", "/log-in/ann@x.test").await.body, "Welcome, Ann Ray (dark).");
}

#[tokio::test]
async fn who_signed_up_before_the_directory_becomes_a_person_in_it() {
    let place = Place::new().await;
    assert_eq!(place.app("POST", "/people/bob@x.test").await.status, 200);
    assert_eq!(place.app("POST", "/people/bob@x.test/theme/dark").await.status, 200);
    let found = place.scim("GET", "/Users?filter=userName%20eq%20%22BOB@x.test%22", "").await;
    assert!(found.body.contains(r#""totalResults":1"#), "{}", found.body);
    assert_eq!(place.app("GET", "/log-in/bob@x.test").await.body, "Welcome,  (dark).");
}

#[tokio::test]
async fn groups_and_pages_are_the_directorys_and_need_no_table() {
    let place = Place::new().await;
    let mut members = Vec::new();
    for n in 0..5 {
        let id = place.provision(&format!("u{n}@x.test"), "Someone").await;
        members.push(format!(r#"{{"value":"{id}"}}"#));
    }
    let schemas = r#""schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]"#;
    let body = format!(r#"{{{schemas},"displayName":"All","members":[{}]}}"#, members.join(","));
    assert_eq!(place.scim("POST", "/Groups", &body).await.status, 201);
    let page = place.scim("GET", "/Users?startIndex=4&count=3&attributes=userName,groups", "").await;
    assert!(page.body.contains(r#""totalResults":5"#) && page.body.contains(r#""itemsPerPage":2"#), "{}", page.body);
    assert!(page.body.contains(r#""display":"All""#), "{}", page.body);
}

#[tokio::test]
async fn everything_is_there_in_another_process_and_nobody_is_lost_who_was_deleted() {
    let place = Place::new().await;
    let ann = place.provision("ann@x.test", "Ann Lee").await;
    let bob = place.provision("bob@x.test", "Bob Day").await;
    assert_eq!(place.scim("DELETE", &format!("/Users/{bob}"), "").await.status, 204);
    let place = place.again().await;
    assert_eq!(place.scim("GET", &format!("/Users/{ann}"), "").await.status, 200);
    assert_eq!(place.scim("GET", &format!("/Users/{bob}"), "").await.status, 404);
    assert_eq!(place.app("GET", "/log-in/ann@x.test").await.status, 200);
    assert_eq!(place.app("GET", "/log-in/bob@x.test").await.status, 403);
    // His row is there, with what is the application's own, and his when he comes back.
    assert_eq!(place.app("POST", "/people/bob@x.test/theme/dark").await.status, 200);
    place.provision("bob@x.test", "Bob Day").await;
    assert_eq!(place.app("GET", "/log-in/bob@x.test").await.body, "Welcome, Bob Day (dark).");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_in_the_manner_of_scim() {
    let place = Place::new().await;
    let got = place.scim("POST", "/Users", &" ".repeat(2_000_000)).await;
    assert_eq!(got.status, 413);
    assert!(got.body.contains("urn:ietf:params:scim:api:messages:2.0:Error"), "{}", got.body);
}
