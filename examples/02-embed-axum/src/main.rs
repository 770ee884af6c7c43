//! SCIM in an axum application that is there already: its own routes stay, one more serves `/t/{tenant}/api/scim/v2`, and
//! its log-in asks the directory. The protocol is RFC 7644; nothing here is about it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Router, routing::get};
use scimstack_provisioning::directory::Lifecycle;
use scimstack_schema::{Registry, Timestamp};
use scimstack_server::{Admin, Engine, Environment, ScimService};
use scimstack_store::MemoryStore;
use std::error::Error;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Time and randomness of this process.
struct Process;

impl Environment for Process {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(since.as_micros().try_into().unwrap_or(i64::MAX))
    }

    #[expect(clippy::expect_used, reason = "without randomness there are no safe tokens, so nothing can go on")]
    fn fill_random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has randomness");
    }
}

/// The application's own log-in, much shortened: who was provisioned and is active may come in.
async fn log_in(State(engine): State<Arc<Engine>>, Path(name): Path<String>) -> (StatusCode, String) {
    match engine.sign_in("acme", &name).await {
        Ok(id) => (StatusCode::OK, format!("Welcome, {id}.")),
        Err(refused) => (StatusCode::FORBIDDEN, refused.to_string()),
    }
}

/// The application, and a first token for the identity provider.
async fn application() -> Result<(Router, String), Box<dyn Error>> {
    let admin = Admin::new(Arc::new(MemoryStore::new()), Arc::new(Process), Registry::core());
    let tenant = admin.create_tenant("acme").await?;
    let (_, token) = admin.create_token(tenant.id, "default", "first", None).await?;
    let engine = Arc::new(Engine::builder(admin).decide(Arc::new(Lifecycle)).build());
    let router = Router::new()
        .route("/log-in/{name}", get(log_in))
        .route_service("/t/{*scim}", ScimService::new(engine.clone()))
        .with_state(engine);
    Ok((router, token.reveal().to_owned()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (router, token) = application().await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("base URL http://127.0.0.1:8080/t/acme/api/scim/v2");
    println!("token    {token}");
    Ok(axum::serve(listener, router).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    async fn send(router: &Router, token: &str, method: &str, path: &str, body: &str) -> (u16, String) {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        let response = router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn who_is_provisioned_may_come_in_until_deactivated() {
        let (router, token) = application().await.unwrap();
        let scim = |path: &str| format!("/t/acme/api/scim/v2{path}");
        assert_eq!(send(&router, "", "GET", "/log-in/ann", "").await.0, 403);
        assert_eq!(send(&router, "", "GET", &scim("/Users"), "").await.0, 401);

        let ann = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann"}"#;
        let (status, made) = send(&router, &token, "POST", &scim("/Users"), ann).await;
        assert_eq!(status, 201, "{made}");
        let (status, welcome) = send(&router, "", "GET", "/log-in/ann", "").await;
        assert_eq!(status, 200);
        let id = welcome.trim_start_matches("Welcome, ").trim_end_matches('.');
        assert!(made.contains(id));

        let leave = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations":[{"op":"replace","path":"active","value":false}]}"#;
        assert_eq!(send(&router, &token, "PATCH", &scim(&format!("/Users/{id}")), leave).await.0, 200);
        assert_eq!(send(&router, "", "GET", "/log-in/ann", "").await.0, 403);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_in_the_manner_of_scim() {
        let (router, token) = application().await.unwrap();
        let (status, body) = send(&router, &token, "POST", "/t/acme/api/scim/v2/Users", &" ".repeat(2_000_000)).await;
        assert_eq!(status, 413);
        assert!(body.contains("urn:ietf:params:scim:api:messages:2.0:Error"), "{body}");
    }
}
