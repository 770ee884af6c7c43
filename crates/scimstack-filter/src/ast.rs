//! The filter as it was written (RFC 7644 §3.4.2.2, Figure 1, errata 4690, 7319, 7322 folded in).

use scimstack_schema::value::Number;

/// A filter as written; `Display` prints it canonically, with parentheses only where precedence needs them.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of at least two.
    And(Vec<Filter>),
    /// Any of at least two.
    Or(Vec<Filter>),
    /// `not (…)`
    Not(Box<Filter>),
    /// `path pr`
    Present(AttrPath),
    /// `path op literal`
    Compare(AttrPath, Operator, Literal),
    /// `path[…]`: one element satisfies all of it.
    Element(AttrPath, Box<Filter>),
}

/// An attribute path as written: `[urn:]name[.sub]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttrPath {
    /// The path's text, spelled as sent. Split only once the schemas are known.
    pub text: String,
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// equal
    Eq,
    /// not equal
    Ne,
    /// contains
    Co,
    /// starts with
    Sw,
    /// ends with
    Ew,
    /// greater than
    Gt,
    /// greater than or equal
    Ge,
    /// less than
    Lt,
    /// less than or equal
    Le,
}

/// A literal as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A JSON number.
    Number(Number),
    /// A JSON string, decoded.
    String(String),
}

impl Filter {
    /// Parses a filter with the default [`crate::Limits`].
    ///
    /// # Errors
    /// Where and why the text is no filter.
    pub fn parse(text: &str) -> Result<Self, crate::ParseError> {
        Self::parse_with(text, &crate::Limits::default())
    }

    /// Parses a filter within `limits`.
    ///
    /// # Errors
    /// Where and why the text is no filter, or which limit it exceeds.
    pub fn parse_with(text: &str, limits: &crate::Limits) -> Result<Self, crate::ParseError> {
        crate::parse::filter(text, limits)
    }
}
