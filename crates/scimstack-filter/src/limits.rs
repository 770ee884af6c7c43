//! How much a filter or a PATCH may ask for. All limits are named; going past one is an ordinary error.

/// Limits on one filter, path or PATCH body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest filter or path, in bytes.
    pub length: usize,
    /// The deepest nesting of parentheses, `not` and brackets.
    pub depth: usize,
    /// The most comparisons in one filter.
    pub terms: usize,
    /// The most operations in one PATCH.
    pub operations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            length: 16 * 1024,
            depth: 64,
            terms: 256,
            operations: 1_000,
        }
    }
}
