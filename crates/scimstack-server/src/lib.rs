//! The SCIM protocol engine: `http::Request<Bytes>` in, `http::Response<Body>` out, and a `tower::Service` of it
//! (RFC 7644). Routing, authentication, tenancy, dialects, projection, ETags, discovery; and [`admin`], the server's own
//! records: tenants, connections, tokens, settings.
//!
//! Nothing here knows sockets, runtimes, clocks, or any store in particular: time and randomness come from an
//! [`Environment`], storage from a [`scimstack_store::Store`].

pub mod admin;
pub mod body;
pub mod engine;
pub mod environment;
#[cfg(feature = "jwt")]
pub mod jwt;
pub mod org;

pub use admin::{Admin, Subject, TokenScopes};
pub use body::{Body, BodyError};
pub use engine::{
    Adoption, Authenticator, ClientAddress, Engine, EngineBuilder, Fault, Found, Here, Identity, Limits, RosterEntry,
    ScimService, SignInError, UnaskedError, Verdict, Welcomed, describe_metrics,
};
pub use environment::Environment;
