//! What is wrong with a filter or a path, where, and how to show it. Errors of PATCH bodies are in [`crate::patch`].

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

/// Text that is no filter or path. `Display` says what was expected in one line; [`ParseError::render`] adds the input
/// with a caret under the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at position {}", self.position())]
#[non_exhaustive]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// Where, in bytes of the input.
    pub span: Range<usize>,
    /// The input (its beginning, when it is longer than the limit).
    pub input: String,
    /// True when the place is inside the brackets of a PATCH path: the path is fine, its filter is not.
    pub in_brackets: bool,
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
    /// A word where an operator belongs.
    #[error("\"{}\" is not an operator, expected one of eq, ne, co, sw, ew, gt, ge, lt, le, pr", shown(_0))]
    UnknownOperator(String),
    /// `emails[0]`: elements have no numbers.
    #[error("values are not selected by number, expected a filter such as [type eq \"work\"]")]
    Index,
    /// A limit was exceeded.
    #[error("more than {limit} {unit}, the most that is accepted,")]
    Limit {
        /// How much is accepted.
        limit: usize,
        /// Of what.
        unit: &'static str,
    },
}

/// The most characters [`ParseError::render`] shows on each side of the place.
const MARGIN: usize = 40;

impl ParseError {
    /// Where, counted in characters from 1, for people.
    #[must_use]
    pub fn position(&self) -> usize {
        self.input.char_indices().take_while(|(at, _)| *at < self.span.start).count() + 1
    }

    /// Three lines: what is wrong, the input (a window of it when it is long), and a caret under the place.
    ///
    /// ```
    /// let error = scimstack_filter::Filter::parse("title regex \"a\"").unwrap_err();
    /// assert_eq!(
    ///     error.render(),
    ///     "\"regex\" is not an operator, expected one of eq, ne, co, sw, ew, gt, ge, lt, le, pr at position 7\n\
    ///      \x20 title regex \"a\"\n\
    ///      \x20       ^^^^^",
    /// );
    /// ```
    #[must_use]
    pub fn render(&self) -> String {
        let at = self.position() - 1;
        let from = at.saturating_sub(MARGIN);
        let line: String = self
            .input
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .skip(from)
            .take(at - from + MARGIN)
            .collect();
        let marked = self.input.get(self.span.clone()).map_or(1, |text| text.chars().count()).clamp(1, MARGIN);
        let mut out = self.to_string();
        let (lead, tail) =
            (if from > 0 { "…" } else { "" }, if self.input.chars().count() > at + MARGIN { "…" } else { "" });
        let pad = at - from + lead.chars().count();
        // Writing to a String cannot fail.
        let _ = write!(out, "\n  {lead}{line}{tail}\n  {:pad$}{}", "", "^".repeat(marked));
        out
    }
}

/// The most characters of what a client sent that an error repeats at a time.
const SHOWN: usize = 100;

/// What a client sent, cut when it is long.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => Cow::Owned(format!("{}…", text.get(..at).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// A filter that is well formed but has no meaning for the resource type (`invalidFilter`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The path names no attribute.
    #[error("\"{}\" is not an attribute of {resource_type}", shown(path))]
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
    #[error("\"{}\" cannot be used in a filter", shown(_0))]
    Hidden(String),
}
