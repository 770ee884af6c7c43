//! How much a filter or a PATCH may ask for. All limits are named; going past one is an ordinary error.
//!
//! ```
//! use scimstack_filter::{Filter, Limits};
//! let limits = Limits::default().with_terms(2);
//! assert!(Filter::parse_with("title pr and nickName pr", &limits).is_ok());
//! assert!(Filter::parse_with("title pr and nickName pr and userType pr", &limits).is_err());
//! ```

/// Limits on one filter, path or PATCH body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest filter or path, in bytes.
    pub length: usize,
    /// The deepest nesting of parentheses, `not` and brackets; at most [`Limits::MAX_DEPTH`].
    pub depth: usize,
    /// The most comparisons in one filter.
    pub terms: usize,
    /// The most operations in one PATCH.
    pub operations: usize,
    /// The most looks at single values of lists in one PATCH: an operation on a multi-valued attribute looks at each of
    /// its values once, again for each comparison of its filter, and again for each value that it adds.
    pub visits: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { length: 16 * 1024, depth: 64, terms: 256, operations: 1_000, visits: 1_000_000 }
    }
}

impl Limits {
    /// Sets [`Limits::length`].
    #[must_use]
    pub fn with_length(mut self, most: usize) -> Self {
        self.length = most;
        self
    }

    /// The deepest nesting that any [`Limits::depth`] allows: parsing, printing, resolving and dropping recurse.
    pub const MAX_DEPTH: usize = 256;

    /// Sets [`Limits::depth`]; more than [`Limits::MAX_DEPTH`] counts as that.
    #[must_use]
    pub fn with_depth(mut self, most: usize) -> Self {
        self.depth = most;
        self
    }

    /// Sets [`Limits::terms`].
    #[must_use]
    pub fn with_terms(mut self, most: usize) -> Self {
        self.terms = most;
        self
    }

    /// Sets [`Limits::operations`].
    #[must_use]
    pub fn with_operations(mut self, most: usize) -> Self {
        self.operations = most;
        self
    }

    /// Sets [`Limits::visits`].
    #[must_use]
    pub fn with_visits(mut self, most: usize) -> Self {
        self.visits = most;
        self
    }
}
