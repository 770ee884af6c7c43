//! PATCH: the body as operations, their application to a copy, membership deltas, and `diff` (RFC 7644 §3.5.2).
//!
//! Validation of the result as a whole, uniqueness and versions are the caller's. Edges-only relations (`members`) are
//! not in the document: what is to happen to them comes back as [`MemberDelta`].
//!
//! ```
//! use scimstack_filter::{Patch, PatchOptions};
//! use scimstack_schema::{Registry, Resource, Value};
//!
//! let registry = Registry::core();
//! let user = registry.resource_type("User").unwrap();
//! let mut ann = Resource::from_stored(
//!     user.clone(),
//!     br#"{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "u1", "userName": "ann"}"#,
//! ).unwrap();
//!
//! let body = Value::parse(br#"{
//!     "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
//!     "Operations": [{"op": "add", "path": "name.givenName", "value": "Ann"}]
//! }"#).unwrap();
//! let options = PatchOptions::default();
//! let outcome = Patch::from_value(body, &options).unwrap().apply(&mut ann, &options).unwrap();
//! assert!(outcome.changed);
//! assert_eq!(ann.root().get("name").unwrap().to_string(), r#"{"givenName":"Ann"}"#);
//! ```

mod apply;
mod body;
mod coerce;
mod context;
mod diff;
mod journal;
mod list;
mod options;
mod relation;
mod schemas;
mod target;

pub use options::PatchOptions;

use scimstack_schema::{Resource, ResourceType, Value};
use std::fmt;
use std::sync::Arc;

/// A PATCH body: operations in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    /// The operations.
    pub operations: Vec<Op>,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Op {
    /// What to do.
    pub kind: OpKind,
    /// Where; `None` for the whole resource. Kept as text until it is resolved; see [`crate::PatchPath`].
    pub path: Option<String>,
    /// With what.
    pub value: Option<Value>,
}

/// The operations of RFC 7644 §3.5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpKind {
    /// Adds or sets.
    Add,
    /// Takes away.
    Remove,
    /// Sets anew.
    Replace,
}

impl OpKind {
    /// The operation as it is written: `add`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Replace => "replace",
        }
    }
}

impl fmt::Display for OpKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a PATCH did.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PatchOutcome {
    /// Whether the document differs from before.
    pub changed: bool,
    /// What is to happen to edges-only relations (`members`), in order: by relation name.
    pub relations: Vec<(String, MemberDelta)>,
    /// Values of attributes that are never stored (`password`), by path.
    pub hidden: Vec<(String, Value)>,
    /// Paths dropped because nothing declares them.
    pub unknown: Vec<String>,
    /// Names of the leniencies that were used.
    pub leniencies: Vec<&'static str>,
}

/// A change of an edges-only relation, without knowing what is there: first `replace` when it is set, then the steps
/// in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberDelta {
    /// When set, these are all the members to begin with (an empty list removes all).
    pub replace: Option<Vec<Value>>,
    /// Additions and removals in order.
    pub steps: Vec<MemberStep>,
}

/// One step of a [`MemberDelta`].
#[derive(Clone, Debug, PartialEq)]
pub enum MemberStep {
    /// An element to add (an object with `value`); no effect when there.
    Add(Value),
    /// The `value` of an element to remove; no effect when not there.
    Remove(String),
}

/// Why a PATCH is refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
#[non_exhaustive]
pub struct PatchError {
    /// What kind of error, one for each `scimType`.
    pub kind: PatchErrorKind,
    /// The operation's index, from 0; `None` when it is the body.
    pub operation: Option<usize>,
    /// For the customer's administrator; names operation and path.
    pub detail: String,
}

impl PatchErrorKind {
    /// The `scimType` of RFC 7644 Table 9.
    #[must_use]
    pub const fn scim_type(self) -> &'static str {
        match self {
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::InvalidFilter => "invalidFilter",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::Mutability => "mutability",
            Self::TooMany => "tooMany",
        }
    }
}

/// The kinds of [`PatchError`]; the names are the RFC's `scimType` values (RFC 7644 Table 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PatchErrorKind {
    /// `invalidSyntax`
    InvalidSyntax,
    /// `invalidPath`
    InvalidPath,
    /// `invalidFilter`
    InvalidFilter,
    /// `noTarget`
    NoTarget,
    /// `invalidValue`
    InvalidValue,
    /// `mutability`
    Mutability,
    /// `tooMany`: a limit was exceeded.
    TooMany,
}

impl Patch {
    /// Reads a PatchOp body.
    ///
    /// # Errors
    /// Structure that is not a PatchOp, unknown `op`, more operations than the limit.
    pub fn from_value(body: Value, options: &PatchOptions) -> Result<Self, PatchError> {
        body::read(body, options).map(|(patch, _)| patch)
    }

    /// Reads a PatchOp body, and says which leniencies it took: of the message, not of what it asks for, which
    /// [`PatchOutcome::leniencies`] has.
    ///
    /// # Errors
    /// As [`Patch::from_value`].
    ///
    /// ```
    /// use scimstack_filter::{Patch, PatchOptions};
    /// use scimstack_schema::Value;
    /// let body = Value::parse(br#"{"Operations": [{"op": "Remove", "path": "title"}]}"#).unwrap();
    /// let (patch, used) = Patch::read(body.clone(), &PatchOptions::default()).unwrap();
    /// assert_eq!((patch.operations.len(), used), (1, vec!["missing-schemas", "op-case"]));
    /// assert!(Patch::read(body, &PatchOptions::strict()).is_err());
    /// ```
    pub fn read(body: Value, options: &PatchOptions) -> Result<(Self, Vec<&'static str>), PatchError> {
        body::read(body, options)
    }

    /// Applies all operations to `resource`, in order; on an error `resource` is as before. Read-only attributes inside
    /// a value are ignored when they say what is so; a path that names one is refused.
    ///
    /// Edges-only relations (`members`) are not in the document: what is to happen to them comes back in
    /// [`PatchOutcome::relations`]. The result is not validated as a whole: call [`ResourceType::validate`] next.
    ///
    /// # Errors
    /// The first operation that cannot be applied.
    pub fn apply(&self, resource: &mut Resource, options: &PatchOptions) -> Result<PatchOutcome, PatchError> {
        apply::apply(self, resource, options)
    }

    /// When every operation concerns edges-only relations alone, what is to happen to them; so that a store can be given
    /// the delta without reading the resource.
    ///
    /// # Errors
    /// As [`Patch::apply`].
    pub fn as_relation_delta(
        &self,
        resource_type: &Arc<ResourceType>,
        options: &PatchOptions,
    ) -> Result<Option<PatchOutcome>, PatchError> {
        relation::delta(self, resource_type, options)
    }

    /// The operations that turn `before` into `after`: a small PATCH, valid under the strictest reading. Empty when
    /// nothing differs (such a PATCH is not to be sent: RFC 7644 wants at least one operation).
    ///
    /// What no client can change is left out: `id`, other read-only attributes, immutable ones that have a value.
    #[must_use]
    pub fn diff(before: &Resource, after: &Resource) -> Self {
        diff::diff(before, after)
    }

    /// The PatchOp body.
    #[must_use]
    pub fn to_value(&self) -> Value {
        body::write(self)
    }
}
