//! Random filters, paths and PATCHes for property tests, behind the feature `proptest` (RFC 7644 §3.4.2.2, §3.5.2). They
//! are drawn for any resource type and for a given resource, so that filters match and operations find their target;
//! resources come from [`scimstack_schema::strategies`]. Everything shrinks.
//!
//! # Example
//! ```
//! use proptest::prelude::*;
//! use scimstack_filter::{ResolveOptions, strategies};
//! use scimstack_schema::Registry;
//!
//! let registry = Registry::core();
//! let user = registry.resource_type("User").unwrap();
//! let drawn = scimstack_schema::strategies::resource(user)
//!     .prop_flat_map(|ann| (strategies::filter_about(&ann), Just(ann)));
//! proptest!(ProptestConfig::with_cases(16), |((filter, ann) in drawn)| {
//!     let resolved = filter.resolve(ann.resource_type(), ResolveOptions::default()).unwrap();
//!     let negated = scimstack_filter::Filter::Not(Box::new(filter));
//!     let negated = negated.resolve(ann.resource_type(), ResolveOptions::default()).unwrap();
//!     prop_assert!(resolved.matches(ann.root()) != negated.matches(ann.root()));
//! });
//! ```

mod filter;
mod patch;
mod path;
mod provider;
mod spelled;
mod typed;

pub use filter::{filter, literal};
pub use patch::{operation, patch, wild_operation};
pub use path::patch_path;
pub use provider::{ProviderPatch, provider_patch};
pub use spelled::{filter_text, spelled};
pub use typed::{filter_about, fitting_filter};
