//! From a resource to what is stored of it, and from a filter to how it is answered: what every back end shares.

use crate::key::Kind;
use crate::record::{Record, Stored};
use bytes::Bytes;
use scimstack_filter::Resolved;
use scimstack_schema::{Object, Resource, ResourceType, Timestamp, Value};

/// The order-preserving key of a value in the index: text folded (or exact), numbers and instants so that byte order is
/// their order, booleans `0` and `1`.
#[must_use]
pub fn index_key(_path: &scimstack_schema::ResolvedPath, _value: &Value) -> Option<String> {
    todo!()
}

/// What is to be stored of `resource`: columns, index entries, unique values, names and references, as its resource type
/// declares them. `created` and `modified` go into the columns.
#[must_use]
pub fn record(_resource: &Resource, _private: Bytes, _created: Timestamp, _modified: Timestamp) -> Record {
    todo!()
}

/// The complete document filters are evaluated on: what is stored, with `meta`.
///
/// # Errors
/// A stored document that is no JSON object.
pub fn complete(_stored: &Stored, _resource_type: &ResourceType) -> Result<Object, scimstack_schema::value::JsonError> {
    todo!()
}

/// How a store finds candidates. The candidates are a superset of the matches; unless [`Plan::exact`], each is evaluated.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// Where candidates come from.
    pub driver: Driver,
    /// Whether the driver's candidates are exactly the matches.
    pub exact: bool,
}

/// Where candidates come from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Driver {
    /// Nothing can match.
    Nothing,
    /// The record with this id.
    Id(String),
    /// The record with this [`crate::Core::unique`].
    Unique(String),
    /// Records with this `externalId`.
    ExternalId(String),
    /// Records with this [`crate::Core::sort_name`].
    SortName(String),
    /// Records with an index entry of this path and exactly this value, and this element kind when it is given.
    Index {
        /// The canonical path.
        path: String,
        /// The key.
        value: String,
        /// The folded `type` of the element.
        kind: Option<String>,
    },
    /// Sources of resolved edges of this relation that end at the record with this id.
    EdgesTo {
        /// The relation.
        relation: String,
        /// The target's id.
        target: String,
    },
    /// Every record of the kind.
    All,
}

/// Plans one target: the cheapest driver among the conjuncts of the filter.
#[must_use]
pub fn plan(_resource_type: &ResourceType, _filter: Option<&Resolved>) -> Plan {
    todo!()
}

/// A [`Plan`] in words, for people: driver, whether it is exact.
#[must_use]
pub fn explain(_plan: &Plan, _kind: &Kind) -> String {
    todo!()
}
