//! Random JSON, attributes, schemas and documents for property tests, behind the feature `proptest`. What an embedder's
//! own laws are tested with, and ours: everything here is drawn for *any* resource type, run-time schemas among them
//! (RFC 7643 §2, §3, §7).
//!
//! Texts come from a small pool as often as not, so that values meet; everything shrinks. Nothing here judges: whether a
//! document is valid is said by [`ResourceType::ingest`](crate::ResourceType::ingest).
//!
//! # Example
//! ```
//! use proptest::prelude::*;
//! use scimstack_schema::{IngestOptions, Registry, strategies};
//!
//! let registry = Registry::core();
//! let user = registry.resource_type("User").unwrap();
//! let tolerated = IngestOptions::default();
//! proptest!(ProptestConfig::with_cases(16), |(messy in strategies::messy(user, &tolerated))| {
//!     let sent = user.ingest(messy.sent, &tolerated).unwrap();
//!     let clean = user.ingest(messy.clean, &tolerated).unwrap();
//!     prop_assert!(sent.resource == clean.resource);
//! });
//! ```

mod choices;
mod document;
mod edit;
mod json;
mod messy;
mod projection;
mod schema;
mod value;

pub use choices::{Choices, choices};
pub use document::{document, resource};
pub use edit::edited;
pub use json::{json, text};
pub use messy::{Messy, messy};
pub use projection::projection;
pub use schema::{attribute, registry, resource_type, schema};
pub use value::{element, value};
