//! SCIM 2.0 for Rust, in one name. Each module is one of the workspace's crates; take those crates directly when you need
//! one part alone.
//!
//! | module | crate | feature |
//! |---|---|---|
//! | [`schema`] | `scimstack-schema` | always |
//! | [`filter`] | `scimstack-filter` | always |
//! | [`protocol`] | `scimstack-protocol` | always |
//! | `server`, `store` | `scimstack-server`, `scimstack-store` | `server` |
//! | `store_sqlite` | `scimstack-store-sqlite` | `sqlite` |
//! | `client` | `scimstack-client` | `client`; with its ready transport, `reqwest` |
//! | `provisioning` | `scimstack-provisioning` | `provisioning` |
//!
//! ```
//! use scimstack::filter::{Filter, ResolveOptions};
//! use scimstack::schema::Registry;
//!
//! let registry = Registry::core();
//! let user = registry.resource_type("User").unwrap();
//! let filter = Filter::parse(r#"emails[type eq "work" and value ew "@example.com"]"#).unwrap();
//! assert!(filter.resolve(user, ResolveOptions::default()).is_ok());
//! ```
//!
//! With the feature `derive`, which is on by default, Rust structs are schemas; the options are those of
//! [`scimstack-derive`](https://docs.rs/scimstack-derive).
//!
//! ```
//! # #[cfg(feature = "derive")] {
//! use scimstack::ScimExtension;
//! use scimstack::schema::{Registry, typed::RegistryBuilderExt};
//!
//! /// What the badge office knows.
//! #[derive(ScimExtension)]
//! #[scim(urn = "urn:example:params:scim:schemas:extension:badge:1.0:User")]
//! struct Badge {
//!     /// The number printed on the badge.
//!     #[scim(case_exact, uniqueness = "server")]
//!     number: String,
//! }
//!
//! let registry = Registry::core().to_builder().with_extension::<Badge>("User", false).unwrap().build().unwrap();
//! assert!(registry.schema(Badge::URN).is_some());
//! # }
//! ```

#[cfg(feature = "client")]
pub use scimstack_client as client;
/// The trait, and `#[derive(ScimComplex)]` with the feature `derive`: a struct as a complex attribute.
#[cfg(feature = "derive")]
#[doc(inline)]
pub use scimstack_derive::FacadeScimComplex as ScimComplex;
/// The trait, and `#[derive(ScimEnum)]` with the feature `derive`: an enum as a string with known values.
#[cfg(feature = "derive")]
#[doc(inline)]
pub use scimstack_derive::FacadeScimEnum as ScimEnum;
/// The trait, and `#[derive(ScimExtension)]` with the feature `derive`: a struct as an extension.
#[cfg(feature = "derive")]
#[doc(inline)]
pub use scimstack_derive::FacadeScimExtension as ScimExtension;
/// The trait, and `#[derive(ScimResource)]` with the feature `derive`: a struct as a resource type.
#[cfg(feature = "derive")]
#[doc(inline)]
pub use scimstack_derive::FacadeScimResource as ScimResource;
pub use scimstack_filter as filter;
pub use scimstack_protocol as protocol;
#[cfg(feature = "provisioning")]
pub use scimstack_provisioning as provisioning;
pub use scimstack_schema as schema;
pub use scimstack_schema::typed::{ScimComplex, ScimEnum, ScimExtension, ScimResource};
#[cfg(feature = "server")]
pub use scimstack_server as server;
#[cfg(feature = "server")]
pub use scimstack_store as store;
#[cfg(feature = "sqlite")]
pub use scimstack_store_sqlite as store_sqlite;
