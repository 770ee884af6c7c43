//! Authenticators: ways of telling who asks, beside the server's own tokens ([`super::authenticate`]) and what a host says
//! ahead of the request ([`super::identity`]).

use super::identity::Identity;
use async_trait::async_trait;
use http::request::Parts;
use std::error::Error;

/// Tells who a request comes from by credentials of some kind; [`crate::EngineBuilder::authenticator`] adds one. Whoever it
/// knows still has to be a connection of the tenant that the address names.
///
/// ```
/// use async_trait::async_trait;
/// use scimstack_server::{Authenticator, Identity, Verdict};
///
/// /// A gateway in front has looked at the certificate and says whose it is. It takes this header from clients.
/// struct Gateway;
///
/// #[async_trait]
/// impl Authenticator for Gateway {
///     async fn authenticate(&self, tenant: &str, request: &http::request::Parts) -> Verdict {
///         match request.headers.get("x-client-fingerprint").map(|value| value.as_bytes()) {
///             Some(b"4f1d") => Verdict::Known(Identity::new(tenant, "default", "certificate:4f1d")),
///             Some(_) => Verdict::Refused("The client certificate is not known here.".to_owned()),
///             None => Verdict::NotMine,
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Who sends this request to this tenant.
    async fn authenticate(&self, tenant: &str, request: &Parts) -> Verdict;

    /// Whose assertion this is (RFC 7523 §2.2): a client shows it at the token endpoint in place of a secret.
    async fn assertion(&self, tenant: &str, assertion: &str) -> Verdict {
        let _ = (tenant, assertion);
        Verdict::NotMine
    }
}

/// What an authenticator says of a request.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// There is nothing of its kind: others are asked.
    NotMine,
    /// It is known who asks.
    Known(Identity),
    /// The credentials are of its kind and not good (401). The text is for the customer's administrator; no secrets in it.
    Refused(String),
    /// It cannot tell at the moment (503): a directory is away, keys cannot be fetched. The error is for the host's log.
    Unavailable(Box<dyn Error + Send + Sync>),
}
