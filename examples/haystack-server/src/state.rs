//! What the parts of a running server share.

use crate::key_source::Networks;
use http::HeaderMap;
use http::header::HOST;
use scimstack_server::{Admin, Engine};
use scimstack_store::Store;
use std::net::SocketAddr;
use std::sync::Arc;

/// What every request handler of the server can reach. Cheap to clone.
#[derive(Clone)]
#[non_exhaustive]
pub struct AppState {
    /// Tenants, connections, tokens, settings.
    pub admin: Admin,
    /// The SCIM service.
    pub engine: Arc<Engine>,
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Where clients reach the server, without a trailing slash; `None`: by what the request's `Host` says.
    pub public_url: Option<String>,
    /// The socket it listens on.
    pub local_addr: SocketAddr,
    /// Where the keys of trusted issuers may be fetched from.
    pub issuers: Networks,
}

impl AppState {
    /// Where people and identity providers reach the server, without a trailing slash.
    #[must_use]
    pub fn origin(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.local_addr))
    }

    /// Where whoever sends a request with these headers reaches the server, without a trailing slash. A proxy in front has
    /// to be told of with a public URL: what it says in a header, anyone could say.
    #[must_use]
    pub fn origin_for(&self, headers: &HeaderMap) -> String {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        match (&self.public_url, host) {
            (None, Some(host)) => format!("http://{host}"),
            _ => self.origin(),
        }
    }

    /// The SCIM base URL of a tenant.
    #[must_use]
    pub fn scim_base_url(&self, tenant: &str) -> String {
        scim_base_url(&self.origin(), tenant)
    }
}

/// The SCIM base URL of a tenant on a server that is reached at `origin`.
#[must_use]
pub fn scim_base_url(origin: &str, tenant: &str) -> String {
    format!("{}/t/{tenant}/api/scim/v2", origin.trim_end_matches('/'))
}
