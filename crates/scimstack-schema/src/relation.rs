//! Relations: attributes whose value names another resource, kept as edges by the store (a group's `members`, a
//! person's `manager`). Here is what makes an attribute one, and by which keys it may name its target; resolving is the
//! store's work.
//!
//! ```
//! use scimstack_schema::Registry;
//! use scimstack_schema::relation::ReferenceKey;
//!
//! let registry = Registry::core();
//! let members = registry.resource_type("Group").unwrap().relation("members").unwrap();
//! assert!(members.edges_only);
//! assert_eq!(members.path.to_string(), "members.value");
//!
//! let manager = registry.resource_type("User").unwrap().relation("manager").unwrap();
//! assert!(!manager.edges_only);
//! assert_eq!(manager.keys.last(), Some(&ReferenceKey::Email));
//! ```

use crate::registry::ResolvedPath;

/// A key by which a reference may name its target.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ReferenceKey {
    /// The resource's `id`, exactly.
    Id,
    /// `userName`, or another attribute that is unique in its resource type, folded.
    UserName,
    /// `externalId`, exactly.
    ExternalId,
    /// Any of `emails.value`, folded; may be ambiguous.
    Email,
}

impl ReferenceKey {
    /// The key's short name, as stores keep it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::UserName => "userName",
            Self::ExternalId => "externalId",
            Self::Email => "email",
        }
    }

    /// The key with this short name.
    #[must_use]
    pub fn from_str_name(name: &str) -> Option<Self> {
        [Self::Id, Self::UserName, Self::ExternalId, Self::Email].into_iter().find(|key| key.as_str() == name)
    }
}

/// An attribute of a resource type that is a relation.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Relation {
    /// The relation's name, under which edges are stored: `members`, `manager`, `managerExternalId`.
    pub name: String,
    /// Where the raw value stands in a document: `members.value`, `…enterprise:2.0:User:manager.value`.
    pub path: ResolvedPath,
    /// True when the values live only as edges and never in the stored document (every multi-valued relation).
    pub edges_only: bool,
    /// The keys by which a value may name its target, tried in this order.
    pub keys: Vec<ReferenceKey>,
    /// The resource types a target may be of.
    pub targets: Vec<String>,
}

impl Relation {
    /// A relation on `path`.
    pub fn new(name: impl Into<String>, path: ResolvedPath, keys: Vec<ReferenceKey>, targets: Vec<String>) -> Self {
        let edges_only = path.attribute.multi_valued;
        Self { name: name.into(), path, edges_only, keys, targets }
    }
}
