//! Requests that the host has authenticated itself: by mutual TLS, a gateway in front, a session of its own.
//! Left out: tokens, which the server knows itself ([`super::authenticate`]).

use crate::admin::{APPLICATION, Subject, TokenScopes};

/// Who a request comes from, among its [extensions](http::Request::extensions): then no token is looked for. Whoever puts it
/// there vouches for it; a client cannot.
///
/// ```
/// use scimstack_server::Identity;
/// // The certificate that the connection was opened with is known to belong to this connection of the tenant.
/// let mut request = http::Request::get("/t/acme/api/scim/v2/Users").body(()).unwrap();
/// let identity = Identity::new("acme", "default", "certificate:4f1d").scopes("read users".parse()?);
/// request.extensions_mut().insert(identity);
/// # Ok::<(), scimstack_server::admin::AdminError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub(crate) tenant: String,
    pub(crate) connection: String,
    pub(crate) id: String,
    pub(crate) scopes: TokenScopes,
    pub(crate) subject: Option<Subject>,
}

impl Identity {
    /// A connection of a tenant. `id` says for the log by what it is known; no secret. In another tenant's address it is
    /// refused like a token of another tenant.
    pub fn new(tenant: impl Into<String>, connection: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            connection: connection.into(),
            id: id.into(),
            scopes: TokenScopes::default(),
            subject: None,
        }
    }

    /// The application itself: what its people and administrators do by hand. Who is made so belongs to no connection; what
    /// the tenant has locked ([`scimstack_protocol::TenantPolicy::locked`]) is read-only.
    ///
    /// ```
    /// use scimstack_server::Identity;
    /// // Ann edits her profile.
    /// let patch = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    ///     "Operations":[{"op":"replace","path":"nickName","value":"Annie"}]}"#;
    /// let mut request = http::Request::patch("/t/acme/api/scim/v2/Users/019c0a3e").body(patch).unwrap();
    /// request.extensions_mut().insert(Identity::application("acme", "person:019c0a3e"));
    /// ```
    pub fn application(tenant: impl Into<String>, id: impl Into<String>) -> Self {
        Self::new(tenant, APPLICATION, id)
    }

    /// Holds it to some scopes.
    #[must_use]
    pub fn scopes(mut self, scopes: TokenScopes) -> Self {
        self.scopes = scopes;
        self
    }

    /// Whose resource `/Me` is.
    #[must_use]
    pub fn subject(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }
}
