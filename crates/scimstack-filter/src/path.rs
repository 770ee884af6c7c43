//! PATCH paths: `attrPath` or `valuePath [ "." subAttr ]` (RFC 7644 §3.5.2), as written.

use crate::ast::{AttrPath, Filter};

/// A PATCH path as written; `Display` prints it canonically.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchPath {
    /// The attribute.
    pub attribute: AttrPath,
    /// The filter in brackets.
    pub filter: Option<Filter>,
    /// The sub-attribute after the bracket.
    pub sub_attribute: Option<String>,
}

impl PatchPath {
    /// Parses a path with the default limits.
    ///
    /// # Errors
    /// Where and why the text is no path.
    pub fn parse(_text: &str) -> Result<Self, crate::ParseError> {
        todo!()
    }
}
