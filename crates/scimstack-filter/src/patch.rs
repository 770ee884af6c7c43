//! PATCH: the body as operations, their application to a copy, membership deltas, and `diff` (RFC 7644 §3.5.2).

use crate::limits::Limits;
use crate::path::PatchPath;
use scimstack_schema::{Resource, ResourceType, Value};
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
    /// Where; `None` for the whole resource. Kept as text until it is resolved; see [`PatchPath`].
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

/// What PATCH accepts beyond the letter; each field is one named leniency (IDP.md rows in brackets, for maintainers).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PatchOptions {
    /// A body without the PatchOp URN in `schemas`.
    pub missing_schemas: bool,
    /// `"True"`, `"false"`… for booleans, in values and in path filters.
    pub boolean_strings: bool,
    /// A list of one where a boolean is declared.
    pub unwrap_single: bool,
    /// A bare string, or a list of one, for a complex attribute with `value` (`manager`); `""` and `{"value": ""}` remove it.
    pub string_for_complex: bool,
    /// `add` through a value path without a match creates the element from the filter's `eq` terms.
    pub upsert_on_add: bool,
    /// The same for `replace`.
    pub upsert_on_replace: bool,
    /// `remove` with a `value` list removes only the values listed.
    pub remove_listed: bool,
    /// `""` for an optional attribute unassigns it.
    pub empty_string_unassigns: bool,
    /// Dotted and URN keys in a path-less value are paths.
    pub keys_are_paths: bool,
    /// The path `manager` on a type that has the enterprise extension.
    pub short_manager: bool,
    /// Unknown members of path-less values are an error instead of being dropped.
    pub refuse_unknown: bool,
    /// How much it may ask for.
    pub limits: Limits,
}

impl Default for PatchOptions {
    /// What does no harm to a client that follows the RFC: everything but `upsert_on_replace`, `empty_string_unassigns`,
    /// `short_manager` and `refuse_unknown`.
    fn default() -> Self {
        Self {
            missing_schemas: true,
            boolean_strings: true,
            unwrap_single: true,
            string_for_complex: true,
            upsert_on_add: true,
            upsert_on_replace: false,
            remove_listed: true,
            empty_string_unassigns: false,
            keys_are_paths: true,
            short_manager: false,
            refuse_unknown: false,
            limits: Limits::default(),
        }
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
    pub fn from_value(_body: Value, _options: &PatchOptions) -> Result<Self, PatchError> {
        todo!()
    }

    /// Applies all operations to `resource`, in order; on an error `resource` is as before. `id` and other read-only
    /// attributes with their present value are accepted and ignored.
    ///
    /// Edges-only relations (`members`) are not in the document: what is to happen to them comes back in
    /// [`PatchOutcome::relations`]. The result is not validated as a whole: call [`ResourceType::validate`] next.
    ///
    /// # Errors
    /// The first operation that cannot be applied.
    pub fn apply(&self, _resource: &mut Resource, _options: &PatchOptions) -> Result<PatchOutcome, PatchError> {
        todo!()
    }

    /// When every operation concerns edges-only relations alone, what is to happen to them; so that a store can be given
    /// the delta without reading the resource.
    ///
    /// # Errors
    /// As [`Patch::apply`].
    pub fn as_relation_delta(
        &self,
        _resource_type: &Arc<ResourceType>,
        _options: &PatchOptions,
    ) -> Result<Option<PatchOutcome>, PatchError> {
        todo!()
    }

    /// The operations that turn `before` into `after`: a small PATCH, valid under the strictest reading.
    #[must_use]
    pub fn diff(_before: &Resource, _after: &Resource) -> Self {
        todo!()
    }

    /// The PatchOp body.
    #[must_use]
    pub fn to_value(&self) -> Value {
        todo!()
    }
}

#[allow(dead_code, reason = "used once the body is filled in")]
type Unused = PatchPath;
