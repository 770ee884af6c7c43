//! The standard's schemas and resource types as data, and discovery documents made from a registry
//! (RFC 7643 §5 to §8, RFC 7644 §4, RFC 9865 §4).

use crate::registry::{Registry, ResourceType};
use crate::schema::Schema;
use crate::value::Value;

/// The embedded registry of RFC 7643's own types.
pub(crate) fn core_registry() -> Registry {
    todo!()
}

/// [`core_registry`] with the Haystack extension.
pub(crate) fn haystack_registry() -> Registry {
    todo!()
}

/// The schemas of the discovery documents themselves: ServiceProviderConfig, ResourceType, Schema.
#[must_use]
pub fn discovery_schemas() -> &'static [Schema] {
    todo!()
}

/// The ResourceType resource, with `meta.location` under `base` (no trailing slash).
#[must_use]
pub fn resource_type_document(_resource_type: &ResourceType, _base: &str) -> Value {
    todo!()
}

/// The Schema resource, with `meta.location` under `base` (no trailing slash).
#[must_use]
pub fn schema_document(_schema: &Schema, _base: &str) -> Value {
    todo!()
}
