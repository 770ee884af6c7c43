//! Who and what: tenants, scopes, resource keys, versions.
//! Left out: what ids look like; the engine makes them.
//!
//! ```
//! use scimstack_store::{Key, ResourceId, Scope, TenantId};
//!
//! let scope = Scope::Tenant(TenantId::new(7).unwrap());
//! assert_eq!(Scope::from_number(scope.number()), scope);
//! assert_eq!(Scope::from_number(0), Scope::System);
//! let key = Key::new("User", ResourceId::new("2819c223").unwrap());
//! assert_eq!(key.to_string(), "User/2819c223");
//! assert_eq!(ResourceId::new(""), None, "an empty id names nothing");
//! ```

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

/// A tenant's number. Stores lead every key with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TenantId(NonZeroU32);

impl TenantId {
    /// The tenant with this number; zero is the system's own and no tenant.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whose records a call is about. Every call has one; nothing crosses it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// The server's own records: tenants, connections, tokens, settings.
    System,
    /// One tenant's records.
    Tenant(TenantId),
}

impl Scope {
    /// The number stores keep: 0 for the system.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::System => 0,
            Self::Tenant(tenant) => tenant.get(),
        }
    }

    /// The scope with this number.
    #[must_use]
    pub fn from_number(number: u32) -> Self {
        TenantId::new(number).map_or(Self::System, Self::Tenant)
    }
}

/// The kind of a record: a resource type's name (`User`), or a system kind (`Token`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Kind(Arc<str>);

impl Kind {
    /// The kind with this name.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Kind {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A resource's id: an opaque string, at most [`ResourceId::MAX_BYTES`] long, compared exactly.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ResourceId(Arc<str>);

impl ResourceId {
    /// The longest id, in bytes.
    pub const MAX_BYTES: usize = 256;

    /// The id, unless it is empty or too long; such an id names nothing.
    #[must_use]
    pub fn new(id: &str) -> Option<Self> {
        (!id.is_empty() && id.len() <= Self::MAX_BYTES).then(|| Self(id.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What names a record within a scope. Ids are unique per kind.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    /// The kind.
    pub kind: Kind,
    /// The id.
    pub id: ResourceId,
}

impl Key {
    /// The key of a record.
    pub fn new(kind: impl Into<Kind>, id: ResourceId) -> Self {
        Self { kind: kind.into(), id }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

/// A record's version: 1 when made, one more with every change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version(pub u64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
