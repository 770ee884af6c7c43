//! The server: one listener, the SCIM engine, the console and the health pages behind it, started and stopped cleanly.

use crate::clock::{self, System};
use crate::console;
use crate::database::Database;
use crate::error::Error;
use crate::state::AppState;
use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use scimstack_provisioning::directory::Lifecycle;
use scimstack_schema::Registry;
use scimstack_server::engine::ScimService;
use scimstack_server::{Admin, Engine};
use scimstack_store::{FeedQuery, FeedScope, Scope, Store};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The tenant a first start makes.
pub const FIRST_TENANT: &str = "demo";
/// The administrator a first start makes.
pub const FIRST_ADMINISTRATOR: &str = "admin";
/// How long requests in flight are waited for when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on; port 0 lets the system choose.
    pub listen: String,
    /// The database.
    pub database: Database,
    /// Where clients reach it, when that is not the address it listens on.
    pub public_url: Option<String>,
}

/// What a first start made. Shown once; only hashes are stored.
#[derive(Clone)]
pub struct FirstStart {
    /// A bearer token of the first tenant.
    pub token: String,
    /// The administrator's password.
    pub password: String,
}

/// A server that runs until [`Running::stop`].
pub struct Running {
    /// The socket it listens on.
    pub local_addr: SocketAddr,
    /// What the first start made; `None` later.
    pub first_start: Option<FirstStart>,
    /// What its handlers share.
    pub state: AppState,
    stop: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Stops accepting, lets requests in flight end within a bound, and returns.
    ///
    /// # Errors
    /// When the listener had failed.
    pub async fn stop(self) -> Result<(), Error> {
        let _ = self.stop.send(true);
        match tokio::time::timeout(GRACE, self.task).await {
            Ok(Ok(result)) => Ok(result?),
            Ok(Err(failure)) => Err(Error::new(format!("the server ended badly: {failure}"))),
            Err(_) => Ok(()),
        }
    }
}

/// The server's own records over a store, with the registry every tenant starts with.
#[must_use]
pub fn admin(store: Arc<dyn Store>) -> Admin {
    Admin::new(store, Arc::new(System), Registry::haystack())
}

/// The engine with the provisioning lifecycle.
#[must_use]
pub fn engine(admin: Admin, public_url: Option<String>) -> Engine {
    Engine::builder(admin).decide(Arc::new(Lifecycle)).public_url(public_url).build()
}

/// Opens the database, makes what a first start makes, and serves.
///
/// # Errors
/// A database that cannot be opened, an address that cannot be listened on.
pub async fn start(config: Config) -> Result<Running, Error> {
    let database = config.database.clone();
    let store = tokio::task::spawn_blocking(move || database.open())
        .await
        .map_err(|e| Error::new(format!("the database could not be opened: {e}")))??;
    let listener = TcpListener::bind(&config.listen)
        .await
        .map_err(|e| Error::new(format!("cannot listen on {}: {e}", config.listen)))?;
    let local_addr = listener.local_addr()?;
    let admin = admin(store.clone());
    let first_start = first_start(&admin).await?;
    let public_url = config.public_url.map(|url| url.trim_end_matches('/').to_owned());
    let engine = Arc::new(engine(admin.clone(), public_url.clone()));
    let state = AppState { admin, engine, store, public_url, local_addr };
    let router = router(state.clone());
    let (stop, mut stopped) = watch::channel(false);
    let task = tokio::spawn(async move {
        let signal = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        axum::serve(listener, router).with_graceful_shutdown(signal).await
    });
    Ok(Running { local_addr, first_start, state, stop, task })
}

/// Everything the server answers.
pub fn router(state: AppState) -> Router {
    let scim = ScimService::new(state.engine.clone());
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/console") }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(state.clone())
        .nest("/console", console::router(state))
        .fallback_service(scim)
        .layer(middleware::from_fn(log_request))
}

/// Ready when the database answers.
async fn ready(State(state): State<AppState>) -> Response {
    match state.store.changes(&FeedQuery::new(FeedScope::One(Scope::System), 1)).await {
        Ok(_) => "ready\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
    }
}

/// One line for each request: no query, no ids, no names.
async fn log_request(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let area = area(request.uri().path());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::info!(%method, area, status, micros, "request");
    response
}

/// Which part of the server a path is for.
fn area(path: &str) -> &'static str {
    let scim = path.contains("/scim/v2");
    match path {
        _ if scim && path.contains("/Users") => "scim.users",
        _ if scim && path.contains("/Groups") => "scim.groups",
        _ if scim => "scim",
        _ if path.starts_with("/console") => "console",
        "/healthz" | "/readyz" => "health",
        _ => "other",
    }
}

/// Makes the first tenant, its token and the administrator, unless there is an administrator.
async fn first_start(admin: &Admin) -> Result<Option<FirstStart>, Error> {
    if admin.administrator(FIRST_ADMINISTRATOR).await?.is_some() {
        return Ok(None);
    }
    let tenant = match admin.tenants().await?.into_iter().find(|tenant| tenant.name == FIRST_TENANT) {
        Some(tenant) => tenant,
        None => admin.create_tenant(FIRST_TENANT).await?,
    };
    let (_, secret) = admin.create_token(tenant.id, "default", "first start", None).await?;
    let password = set_new_password(admin, FIRST_ADMINISTRATOR).await?;
    Ok(Some(FirstStart { token: secret.reveal().to_owned(), password }))
}

/// Gives an administrator a new password and returns it.
///
/// # Errors
/// The store's.
pub async fn set_new_password(admin: &Admin, name: &str) -> Result<String, Error> {
    let password = clock::new_password();
    let clear = password.clone();
    let hash = tokio::task::spawn_blocking(move || Argon2::default().hash_password(clear.as_bytes()).map(|h| h.to_string()))
        .await
        .map_err(|e| Error::new(e.to_string()))?
        .map_err(|e| Error::new(format!("the password could not be hashed: {e}")))?;
    admin.set_administrator(name, &hash).await?;
    Ok(password)
}
