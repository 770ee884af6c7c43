//! The engine.

use crate::admin::Admin;
use crate::body::Body;
use bytes::Bytes;
use scimstack_protocol::Decide;
use std::sync::Arc;

/// A SCIM service for all tenants of a store.
pub struct Engine {
    admin: Admin,
    decide: Arc<dyn Decide>,
}

/// Collects what an [`Engine`] needs.
pub struct EngineBuilder {
    admin: Admin,
    decide: Arc<dyn Decide>,
    public_url: Option<String>,
}

impl Engine {
    /// An engine over the server's records, with the lifecycle that accepts everything.
    #[must_use]
    pub fn builder(admin: Admin) -> EngineBuilder {
        EngineBuilder { admin, decide: Arc::new(scimstack_protocol::decide::AcceptAll), public_url: None }
    }

    /// Answers a request. Paths: `{prefix}/t/{tenant}/api/scim/v2/…`, or `/api/scim/v2/…` on host `{tenant}.…`.
    /// Never fails: errors are SCIM errors, panics are caught by the service around it.
    pub async fn handle(&self, _request: http::Request<Bytes>) -> http::Response<Body> {
        let _ = (&self.admin, &self.decide);
        todo!()
    }
}

impl EngineBuilder {
    /// The lifecycle.
    #[must_use]
    pub fn decide(mut self, decide: Arc<dyn Decide>) -> Self {
        self.decide = decide;
        self
    }

    /// Where clients reach the server, without a trailing slash; else the request's own Host is used.
    #[must_use]
    pub fn public_url(mut self, url: Option<String>) -> Self {
        self.public_url = url;
        self
    }

    /// The engine.
    #[must_use]
    pub fn build(self) -> Engine {
        let _ = self.public_url;
        Engine { admin: self.admin, decide: self.decide }
    }
}
