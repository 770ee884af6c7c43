//! The filter as it was written (RFC 7644 §3.4.2.2, Figure 1, errata 4690, 7319, 7322 folded in). What it means is in
//! [`crate::resolve`].
//!
//! ```
//! use scimstack_filter::{AttrPath, Filter, Literal, Operator};
//! let filter = Filter::parse(r#"TITLE PR or (emails[ type Eq"work" ])"#).unwrap();
//! assert_eq!(filter.to_string(), r#"TITLE pr or emails[type eq "work"]"#);
//! ```

use scimstack_schema::value::{Number, Text};

/// A filter as written; `Display` prints it canonically, with parentheses only where precedence needs them.
///
/// Parsing what is printed gives the same tree, provided it is in the form the parser makes: `And` and `Or` have at
/// least two parts and none of their own kind, paths are well formed, and [`Literal::Number`] is a JSON number.
///
/// # Limits
/// Trees from [`Filter::parse`] are as shallow as [`crate::Limits::depth`] says. Printing, resolving and dropping
/// recurse, so whoever builds trees by hand keeps them as shallow.
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
    /// `path[…].sub op literal`: outside the grammar, sent by Entra. It resolves only with
    /// [`crate::ResolveOptions::entra_paths`].
    ElementSub(Box<ElementSub>),
}

/// A comparison of a sub-attribute of the elements a filter in brackets selects.
#[derive(Clone, Debug, PartialEq)]
pub struct ElementSub {
    /// The multi-valued attribute.
    pub path: AttrPath,
    /// The filter in brackets.
    pub filter: Filter,
    /// The name after the bracket.
    pub sub_attribute: Text,
    /// Operator and literal; `None` is `pr`.
    pub comparison: Option<(Operator, Literal)>,
}

/// An attribute path as written: `[urn:]name[.sub]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttrPath {
    /// The path's text, spelled as sent. Split only once the schemas are known.
    pub text: Text,
}

impl AttrPath {
    /// A path from its text, which is not checked.
    pub fn new(text: impl Into<Text>) -> Self {
        Self { text: text.into() }
    }
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
    String(Text),
}

impl Operator {
    /// All operators.
    pub const ALL: [Self; 9] =
        [Self::Eq, Self::Ne, Self::Co, Self::Sw, Self::Ew, Self::Gt, Self::Ge, Self::Lt, Self::Le];

    /// The operator as it is written: `eq`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    /// The operator called `word`, whatever its case.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let &[first, second] = word.as_bytes() else { return None };
        Self::of(first, second)
    }

    /// The operator of these two letters, whatever their case.
    pub(crate) fn of(first: u8, second: u8) -> Option<Self> {
        Some(match [first.to_ascii_lowercase(), second.to_ascii_lowercase()] {
            [b'e', b'q'] => Self::Eq,
            [b'n', b'e'] => Self::Ne,
            [b'c', b'o'] => Self::Co,
            [b's', b'w'] => Self::Sw,
            [b'e', b'w'] => Self::Ew,
            [b'g', b't'] => Self::Gt,
            [b'g', b'e'] => Self::Ge,
            [b'l', b't'] => Self::Lt,
            [b'l', b'e'] => Self::Le,
            _ => return None,
        })
    }
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

impl std::str::FromStr for Filter {
    type Err = crate::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
