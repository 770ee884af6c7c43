//! The SCIM 2.0 schema model (RFC 7643).
//!
//! What a resource may hold, and resources that are known to hold only that: attribute definitions with all their
//! characteristics, schemas, resource types, a [`Registry`] that can be extended at run time, [`Resource`] documents in
//! canonical spelling that can only be made through it, projection by `returned`, typed views, discovery documents.
//!
//! Nothing here knows about HTTP, filters, storage, clocks or async.

pub mod attribute;
#[cfg(feature = "device")]
pub mod device;
pub mod discovery;
pub mod fold;
mod indexing;
pub mod ingest;
pub mod projection;
pub mod registry;
pub mod relation;
pub mod resource;
mod restrict;
pub mod schema;
#[cfg(feature = "proptest")]
pub mod strategies;
pub mod time;
pub mod typed;
pub mod uri;
pub mod value;
pub mod views;

pub use attribute::{Attribute, Mutability, Returned, Type, Uniqueness};
pub use ingest::{Ingest, IngestOptions, Ingested, Violation, ViolationKind, Violations};
pub use projection::Projection;
pub use registry::{Registry, RegistryBuilder, RegistryError, ResolvedPath, ResourceType};
pub use relation::{ReferenceKey, Relation};
pub use resource::Resource;
pub use restrict::Restriction;
pub use schema::Schema;
pub use time::Timestamp;
pub use uri::SchemaUri;
pub use value::{Number, Object, Value};
