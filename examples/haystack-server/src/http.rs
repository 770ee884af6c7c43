//! HTTP/1.1 on a socket: which part of the server answers what, one log line for each request, and bounds on how long
//! anything may take. The SCIM engine has its own bounds on what is sent to it.

use crate::console;
use crate::state::AppState;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
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
use tower::Service;

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

/// Everything the server answers: SCIM requests go to the engine at once, all others by their routes.
#[derive(Clone)]
pub(crate) struct Answers {
    scim: ScimService,
    routes: Router,
}

impl Answers {
    pub(crate) fn new(state: AppState) -> Self {
        let scim = ScimService::new(state.engine.clone());
        let routes = Router::new()
            .route("/", get(|| async { Redirect::temporary("/console") }))
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(ready))
            .route("/oauth2/token", any(token))
            .route("/.well-known/oauth-authorization-server", get(token_metadata))
            .with_state(state.clone())
            .nest("/console", console::router(state))
            .fallback_service(scim.clone());
        Self { scim, routes }
    }

    /// Answers a request from this address, or says that it took too long; then what it was doing is done whole or not at
    /// all. One log line for each request that is not the engine's: no query, no ids, no names.
    pub(crate) async fn answer(
        self,
        address: IpAddr,
        mut request: hyper::Request<Incoming>,
    ) -> Result<Response, Infallible> {
        let begun = Instant::now();
        // Guesses at tokens are slowed by who they come from.
        request.extensions_mut().insert(ClientAddress(address));
        let method = request.method().clone();
        let route = template(request.uri().path());
        let is_scim = route.starts_with("/scim");
        let Self { mut scim, mut routes } = self;
        let answer = async {
            match is_scim {
                true => scim.call(request).await.map(|response| response.map(Body::new)),
                false => routes.call(request.map(Body::new)).await,
            }
        };
        let response = match tokio::time::timeout(REQUEST_LIMIT, answer).await {
            Ok(response) => response?,
            Err(_) if is_scim => {
                tracing::warn!(seconds = REQUEST_LIMIT.as_secs(), "a request took too long and was given up");
                too_slow()
            }
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "This took too long. Try again.\n").into_response(),
        };
        let (status, ms) = (response.status().as_u16(), begun.elapsed().as_micros() as f64 / 1_000.0);
        match is_scim {
            // The engine has said more of it, unless it was given up.
            true => tracing::debug!(%method, route, status, ms, "answered"),
            false => tracing::info!(%method, route, status, ms, "request"),
        }
        Ok(response)
    }
}

/// Accepts connections until `stop` says so, then lets requests in flight end.
pub(crate) async fn serve<A, F>(listener: TcpListener, answer: A, mut stop: watch::Receiver<bool>)
where
    A: Fn(IpAddr, hyper::Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response, Infallible>> + Send + 'static,
{
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
        let answer = answer.clone();
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_LIMIT)
            .serve_connection(TokioIo::new(stream), service_fn(move |request| answer(address, request)));
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

/// The template of the route that answers a path.
fn template(path: &str) -> &'static str {
    let mut segments = path.as_bytes().split(|&byte| byte == b'/').filter(|segment| !segment.is_empty());
    match path {
        "/" => return "/",
        "/healthz" => return "/healthz",
        "/readyz" => return "/readyz",
        "/oauth2/token" => return "/oauth2/token",
        _ if path == "/console" || path.starts_with("/console/") => return "/console",
        _ => {}
    }
    if !segments.any(|segment| segment == b"scim") {
        return "other";
    }
    let _version = segments.next();
    match (segments.next(), segments.next().is_some()) {
        (Some(b"Users"), false) => "/scim/v2/Users",
        (Some(b"Users"), true) => "/scim/v2/Users/{id}",
        (Some(b"Groups"), false) => "/scim/v2/Groups",
        (Some(b"Groups"), true) => "/scim/v2/Groups/{id}",
        (Some(b"Me"), _) => "/scim/v2/Me",
        (Some(b"Bulk"), _) => "/scim/v2/Bulk",
        (Some(b".search"), _) => "/scim/v2/.search",
        (Some(b"Schemas"), _) => "/scim/v2/Schemas",
        (Some(b"ResourceTypes"), _) => "/scim/v2/ResourceTypes",
        (Some(b"ServiceProviderConfig"), _) => "/scim/v2/ServiceProviderConfig",
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
