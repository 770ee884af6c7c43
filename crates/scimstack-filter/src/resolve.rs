//! The filter as it means something: every path resolved, every literal typed (RFC 7644 §3.4.2.2, RFC 7643 §2.3).

use crate::ast::{Filter, Operator};
use crate::error::ResolveError;
use scimstack_schema::{Object, ResolvedPath, ResourceType, Timestamp};

/// A filter against a resource type. What evaluators, planners and PATCH work on.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolved {
    /// All of them; none means true.
    And(Vec<Resolved>),
    /// Any of them; none means false.
    Or(Vec<Resolved>),
    /// Not that.
    Not(Box<Resolved>),
    /// One comparison or presence test.
    Test(Test),
    /// One element of a multi-valued attribute satisfies all of the inner filter, whose paths begin at the same
    /// attribute.
    Element(ResolvedPath, Box<Resolved>),
}

/// A comparison of one attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// The attribute; for a multi-valued complex attribute its `value` sub-attribute is already named.
    pub path: ResolvedPath,
    /// The operator; `None` is `pr`.
    pub operator: Option<Operator>,
    /// The typed right side; [`Operand::None`] with `pr`.
    pub operand: Operand,
}

/// The right side of a comparison, in the attribute's type.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Nothing (`pr`).
    None,
    /// `null`: only with `eq` and `ne`, which mean not present and present.
    Null,
    /// A boolean.
    Bool(bool),
    /// An amount.
    Number(f64),
    /// Text, already folded by [`scimstack_schema::fold::fold`], or by `exact` when case matters.
    Text(String),
    /// An instant.
    Instant(Timestamp),
    /// Decoded base64.
    Bytes(Vec<u8>),
}

/// What resolution accepts beyond the letter.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ResolveOptions {
    /// `"True"` and `"false"` for booleans.
    pub boolean_strings: bool,
    /// `emails[type eq "work"].value eq "x"` read as `emails[type eq "work" and value eq "x"]`, and a complex
    /// single-valued attribute with a `value` (`manager eq "x"`) read as its `value`.
    pub entra_paths: bool,
    /// An unknown attribute has no value instead of being an error (queries over several types).
    pub unknown_is_absent: bool,
}

impl Filter {
    /// Resolves against a resource type.
    ///
    /// # Errors
    /// Attributes that do not exist or may not be searched, operators and literals that do not fit.
    pub fn resolve(&self, resource_type: &ResourceType, options: ResolveOptions) -> Result<Resolved, ResolveError> {
        crate::eval::resolve(self, resource_type, options)
    }
}

impl Resolved {
    /// Whether a complete document (with `id`, `meta`, and `members` or `groups` where [`Resolved::mentions`] asks for
    /// them) satisfies the filter.
    #[must_use]
    pub fn matches(&self, document: &Object) -> bool {
        crate::eval::matches(self, document)
    }

    /// Whether any test concerns the top-level attribute `name` of the base schema.
    #[must_use]
    pub fn mentions(&self, _name: &str) -> bool {
        todo!()
    }
}
