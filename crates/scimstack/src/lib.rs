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
//! | `client` | `scimstack-client` | `client` |
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

#[cfg(feature = "client")]
pub use scimstack_client as client;
#[cfg(feature = "derive")]
pub use scimstack_derive::ScimExtension;
pub use scimstack_filter as filter;
pub use scimstack_protocol as protocol;
#[cfg(feature = "provisioning")]
pub use scimstack_provisioning as provisioning;
pub use scimstack_schema as schema;
#[cfg(feature = "server")]
pub use scimstack_server as server;
#[cfg(feature = "server")]
pub use scimstack_store as store;
#[cfg(feature = "sqlite")]
pub use scimstack_store_sqlite as store_sqlite;
