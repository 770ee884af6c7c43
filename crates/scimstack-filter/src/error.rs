//! What is wrong with a filter or a path, where, and how to show it.

use std::ops::Range;

/// Text that is no filter or path. `Display` says what was expected in one line; [`ParseError::render`] adds the input
/// with a caret under the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at position {}", span.start + 1)]
#[non_exhaustive]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// Where, in bytes of the input.
    pub span: Range<usize>,
    /// The input (cut when it is very long).
    pub input: String,
}

/// The kinds of [`ParseError`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// Nothing there.
    #[error("the filter is empty")]
    Empty,
    /// Something else was expected.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A limit was exceeded.
    #[error("the filter is {0}")]
    Limit(&'static str),
}

/// A filter that is well formed but has no meaning for the resource type (`invalidFilter`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The path names no attribute.
    #[error("\"{path}\" is not an attribute of {resource_type}")]
    UnknownAttribute {
        /// The path as written.
        path: String,
        /// The resource type's name.
        resource_type: String,
    },
    /// The operator or literal does not fit the attribute.
    #[error("{0}")]
    Unsupported(String),
    /// The attribute is never returned and cannot be searched.
    #[error("\"{0}\" cannot be used in a filter")]
    Hidden(String),
}
