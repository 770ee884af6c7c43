//! Which attributes a response shows: `returned` characteristics against `attributes` and `excludedAttributes`
//! (RFC 7643 §7, RFC 7644 §3.9).

use crate::registry::ResourceType;
use crate::value::Object;

/// What a client asked to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    /// `attributes`: only these (and what is always returned). Paths as sent.
    pub attributes: Vec<String>,
    /// `excludedAttributes`: all but these. Paths as sent.
    pub excluded: Vec<String>,
}

impl Projection {
    /// Everything that is returned by default.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// True when nothing was asked for in particular.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.attributes.is_empty() && self.excluded.is_empty()
    }

    /// Whether a response shows any of the top-level attribute called `name` (`members`, `groups`, `meta`), so that what
    /// is not shown need not be read.
    #[must_use]
    pub fn shows(&self, _resource_type: &ResourceType, _name: &str) -> bool {
        todo!()
    }

    /// Takes out of a complete document what the response is not to show. Unknown paths are ignored.
    pub fn apply(&self, _resource_type: &ResourceType, _document: &mut Object) {
        todo!()
    }
}
