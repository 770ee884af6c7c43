//! HTTP/1.1 on a socket: which part of the server answers what, one log line for each request, and bounds on how long
//! anything may take. The SCIM engine has its own bounds on what is sent to it.

use crate::console;
use crate::state::AppState;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use scimstack_protocol::ScimError;
use scimstack_server::ClientAddress;
use scimstack_server::engine::ScimService;
use scimstack_store::{FeedQuery, FeedScope, Scope};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::{Service, ServiceExt};

/// How long a request may take from its head to its answer's.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);
/// How long a client may take to send a request's head, idle time between two requests included.
const HEAD_LIMIT: Duration = Duration::from_secs(60);
/// How long requests in flight are waited for when the server stops.
const GRACE: Duration = Duration::from_secs(10);
/// How many connections are open at a time; others wait to be accepted.
const MOST_CONNECTIONS: usize = 4_096;
/// How long to wait when the system has no socket left.
const NO_SOCKET_PAUSE: Duration = Duration::from_millis(100);

/// Everything the server answers.
pub fn router(state: AppState) -> Router {
    let scim = ScimService::new(state.engine.clone());
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/console") }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/oauth2/token", any(token))
        .route("/.well-known/oauth-authorization-server", get(token_metadata))
        .with_state(state.clone())
        .nest("/console", console::router(state))
        .fallback_service(scim)
        .layer(middleware::from_fn(within_time))
        .layer(middleware::from_fn(log_request))
}

/// Accepts connections until `stop` says so, then lets requests in flight end.
pub(crate) async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut stopped = std::pin::pin!(async move { stop.wait_for(|stop| *stop).await.is_ok() });
    loop {
        let accepted = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, stream, address) = tokio::select! {
            _ = &mut stopped => break,
            (place, accepted) = accepted => match accepted {
                Ok((stream, peer)) => (place, stream, peer.ip()),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(NO_SOCKET_PAUSE).await;
                    continue;
                }
            },
        };
        // Without it an answer of two small packets waits for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_LIMIT)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(from(address, router.clone())));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // Clients that go away in the middle are no news.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

/// Tells who a request comes from, so that guesses at tokens are slowed one by one.
fn from(
    address: IpAddr,
    router: Router,
) -> impl Service<hyper::Request<Incoming>, Response = Response, Error = Infallible, Future: Send> + Clone + Send {
    router.map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ClientAddress(address));
        request
    })
}

/// Ready when the database answers.
async fn ready(State(state): State<AppState>) -> Response {
    match state.store.changes(&FeedQuery::new(FeedScope::One(Scope::System), 1)).await {
        Ok(_) => "ready\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
    }
}

/// Access tokens for client credentials.
async fn token(State(state): State<AppState>, parts: Parts, body: Bytes) -> Response {
    state.engine.token(hyper::Request::from_parts(parts, body)).await.map(Body::new).into_response()
}

async fn token_metadata(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let issuer = state.origin_for(&headers);
    let metadata = state.engine.token_metadata(&issuer, &format!("{issuer}/oauth2/token"));
    ([(header::CONTENT_TYPE, "application/json")], metadata).into_response()
}

/// Answers 503 to a request that takes too long; what it was doing is done whole or not at all.
async fn within_time(request: Request, next: Next) -> Response {
    let is_scim = template(request.uri().path()).starts_with("/scim");
    match tokio::time::timeout(REQUEST_LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) if is_scim => {
            tracing::warn!(seconds = REQUEST_LIMIT.as_secs(), "a request took too long and was given up");
            too_slow()
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "This took too long. Try again.\n").into_response(),
    }
}

fn too_slow() -> Response {
    let seconds = REQUEST_LIMIT.as_secs();
    let error = ScimError::new(
        503,
        format!(
            "The request was not done within {seconds} seconds and was given up; send it again, in smaller parts if it is large."
        ),
    );
    let mut response = Response::new(Body::from(error.to_json()));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

/// One line for each request that is not the engine's: no query, no ids, no names.
async fn log_request(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = template(request.uri().path());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let ms = begun.elapsed().as_micros() as f64 / 1_000.0;
    match route.starts_with("/scim") {
        // The engine has said more of it, unless it was given up.
        true => tracing::debug!(%method, route, status, ms, "answered"),
        false => tracing::info!(%method, route, status, ms, "request"),
    }
    response
}

/// The template of the route that answers a path.
fn template(path: &str) -> &'static str {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    match path {
        "/" => return "/",
        "/healthz" => return "/healthz",
        "/readyz" => return "/readyz",
        "/oauth2/token" => return "/oauth2/token",
        _ if path == "/console" || path.starts_with("/console/") => return "/console",
        _ => {}
    }
    if !segments.any(|segment| segment == "scim") {
        return "other";
    }
    let _version = segments.next();
    match (segments.next(), segments.next().is_some()) {
        (Some("Users"), false) => "/scim/v2/Users",
        (Some("Users"), true) => "/scim/v2/Users/{id}",
        (Some("Groups"), false) => "/scim/v2/Groups",
        (Some("Groups"), true) => "/scim/v2/Groups/{id}",
        (Some("Me"), _) => "/scim/v2/Me",
        (Some("Bulk"), _) => "/scim/v2/Bulk",
        (Some(".search"), _) => "/scim/v2/.search",
        (Some("Schemas"), _) => "/scim/v2/Schemas",
        (Some("ResourceTypes"), _) => "/scim/v2/ResourceTypes",
        (Some("ServiceProviderConfig"), _) => "/scim/v2/ServiceProviderConfig",
        _ => "/scim",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_names_the_route_and_nobody() {
        for (path, expected) in [
            ("/t/acme/api/scim/v2/Users", "/scim/v2/Users"),
            ("/t/acme/api/scim/v2/Users/ann@x.test", "/scim/v2/Users/{id}"),
            ("/api/scim/v2//Groups/7", "/scim/v2/Groups/{id}"),
            ("/t/acme/api/scim/v2/Robots/7", "/scim"),
            ("/t/acme/api/scim/v2", "/scim"),
            ("/console/acme/people/7", "/console"),
            ("/consoles", "other"),
            ("/", "/"),
            ("/ann@x.test", "other"),
        ] {
            assert_eq!(template(path), expected, "{path}");
        }
    }

    #[test]
    fn giving_up_is_a_scim_error() {
        let response = too_slow();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["content-type"], "application/scim+json");
        assert_eq!(response.headers()["retry-after"], "5");
    }
}
