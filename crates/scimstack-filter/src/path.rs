//! PATCH paths: `attrPath` or `valuePath [ "." subAttr ]` (RFC 7644 §3.5.2), as written. Which attribute a path names is
//! settled when a PATCH is applied.
//!
//! ```
//! use scimstack_filter::PatchPath;
//! let path = PatchPath::parse(r#"emails[type EQ "work"].value"#).unwrap();
//! assert_eq!(path.attribute.text, "emails");
//! assert_eq!(path.sub_attribute.as_deref(), Some("value"));
//! assert_eq!(path.to_string(), r#"emails[type eq "work"].value"#);
//! ```

use crate::ast::{AttrPath, Filter};
use crate::error::ParseError;
use crate::limits::Limits;
use scimstack_schema::value::Text;

/// A PATCH path as written; `Display` prints it canonically.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchPath {
    /// The attribute.
    pub attribute: AttrPath,
    /// The filter in brackets.
    pub filter: Option<Filter>,
    /// The sub-attribute after the bracket.
    pub sub_attribute: Option<Text>,
}

impl PatchPath {
    /// Parses a path with the default limits.
    ///
    /// # Errors
    /// Where and why the text is no path.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::parse_with(text, &Limits::default())
    }

    /// Parses a path within `limits`.
    ///
    /// # Errors
    /// Where and why the text is no path, or which limit it exceeds.
    pub fn parse_with(text: &str, limits: &Limits) -> Result<Self, ParseError> {
        crate::parse::path(text, limits)
    }
}

impl std::str::FromStr for PatchPath {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
