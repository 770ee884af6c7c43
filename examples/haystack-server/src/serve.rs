//! A server in this process: opened, started, stopped.

use crate::clock::System;
use crate::database::Database;
use crate::error::Error;
use crate::key_source::{Networks, WebAndDisk};
use crate::state::AppState;
use crate::{due, first_start, http, indexing, metrics, retention};
use scimstack_provisioning::directory::Lifecycle;
use scimstack_schema::Registry;
use scimstack_server::jwt::JwtAuthenticator;
use scimstack_server::{Admin, Engine};
use scimstack_store::Store;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use crate::first_start::{FIRST_ADMINISTRATOR, FIRST_TENANT, FirstStart, set_new_password};

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on; port 0 lets the system choose.
    pub listen: String,
    /// The database.
    pub database: Database,
    /// Where clients reach it, when that is not the address it listens on.
    pub public_url: Option<String>,
    /// How many days changes are kept; 0 keeps them for ever.
    pub retention_days: u32,
    /// The address `/metrics` is answered on; `None`: nothing is measured.
    pub metrics: Option<String>,
    /// Where the keys of trusted issuers may be fetched from.
    pub issuers: Networks,
}

/// A server that runs until [`Running::stop`].
pub struct Running {
    /// The socket it listens on.
    pub local_addr: SocketAddr,
    /// Where `/metrics` is answered.
    pub metrics: Option<SocketAddr>,
    /// What the first start made; `None` later.
    pub first_start: Option<FirstStart>,
    /// What its handlers share.
    pub state: AppState,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// Stops accepting, lets requests in flight end within ten seconds, and returns.
    ///
    /// # Errors
    /// When the server had come to a bad end.
    pub async fn stop(self) -> Result<(), Error> {
        // The server may have ended by itself, and then nobody listens.
        let _ = self.stop.send(true);
        self.task.await.map_err(|failure| Error::new(format!("the server ended badly: {failure}")))
    }
}

/// The server's own records over a store, with the registry every tenant starts with.
#[must_use]
pub fn admin(store: Arc<dyn Store>) -> Admin {
    Admin::new(store, Arc::new(System), Registry::haystack())
}

/// The engine with the provisioning lifecycle, and tokens of issuers that administrators trust, whose keys are fetched from
/// these networks.
///
/// # Errors
/// When TLS cannot be set up.
pub fn engine(admin: Admin, public_url: Option<String>, issuers: Networks) -> Result<Engine, Error> {
    let tokens = JwtAuthenticator::new(admin.clone(), Arc::new(WebAndDisk::new(issuers)?));
    let engine = Engine::builder(admin).decide(Arc::new(Lifecycle)).public_url(public_url);
    Ok(engine.authenticator(Arc::new(tokens)).build())
}

/// Opens the database, makes what a first start makes, and serves.
///
/// # Errors
/// A database that cannot be opened, an address that cannot be listened on.
pub async fn start(config: Config) -> Result<Running, Error> {
    let store = config.database.open().await?;
    let listener = TcpListener::bind(&config.listen).await.map_err(|e| {
        Error::new(format!("cannot listen on {}: {e}. Choose another address with --listen.", config.listen))
    })?;
    let local_addr = listener.local_addr()?;
    let admin = admin(store.clone());
    let first_start = first_start::run(&admin).await?;
    let public_url = config.public_url.map(|url| url.trim_end_matches('/').to_owned());
    let engine = Arc::new(engine(admin.clone(), public_url.clone(), config.issuers)?);
    let state = AppState { admin, engine, store, public_url, local_addr, issuers: config.issuers };
    let (stop, stopped) = watch::channel(false);
    let metrics = match &config.metrics {
        Some(listen) => Some(metrics::serve(listen, stopped.clone()).await?),
        None => None,
    };
    let pruned =
        retention::keep_pruned(state.admin.clone(), state.store.clone(), config.retention_days, stopped.clone());
    tokio::spawn(pruned);
    tokio::spawn(indexing::keep_filled(state.admin.clone(), stopped.clone()));
    tokio::spawn(due::keep_done(state.engine.clone(), stopped.clone()));
    let answers = http::Answers::new(state.clone());
    let answer = move |address, request| answers.clone().answer(address, request);
    let task = tokio::spawn(http::serve(listener, answer, stopped));
    Ok(Running { local_addr, metrics, first_start, state, stop, task })
}
