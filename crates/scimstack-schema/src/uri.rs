//! Schema URIs: compared without ASCII case, printed as registered (RFC 7643 §3, RFC 7644 §3.10).
//!
//! ```
//! use scimstack_schema::SchemaUri;
//! use scimstack_schema::uri::USER;
//!
//! let uri = SchemaUri::from(USER);
//! assert_eq!(uri, SchemaUri::from("URN:IETF:PARAMS:SCIM:SCHEMAS:CORE:2.0:USER"));
//! assert_eq!(uri.to_string(), "urn:ietf:params:scim:schemas:core:2.0:User");
//! ```

use crate::value::Text;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The URI of a schema, for instance `urn:ietf:params:scim:schemas:core:2.0:User`.
///
/// Equality and hashing ignore ASCII case; the spelling is kept for output.
#[derive(Clone)]
pub struct SchemaUri(Arc<str>);

/// The core User schema (RFC 7643 §4.1).
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core Group schema (RFC 7643 §4.2).
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of User (RFC 7643 §4.3).
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The Haystack extension of User.
pub const HAYSTACK_USER: &str = "urn:ietf:params:scim:schemas:extension:haystack:1.0:User";
/// The schema of the service provider's configuration (RFC 7643 §5).
pub const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// The schema of resource types (RFC 7643 §6).
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// The schema of schemas (RFC 7643 §7).
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

impl SchemaUri {
    /// Takes the URI as it is to be printed.
    pub fn new(uri: impl Into<Arc<str>>) -> Self {
        Self(uri.into())
    }

    /// The URI as a document's string, shared and not copied.
    pub(crate) fn to_text(&self) -> Text {
        Text::from(&self.0)
    }

    /// The URI in its registered spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when `text` names this schema, whatever its case.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }
}

/// Whether `text` may be the value of a reference (RFC 7643 §2.3.7): an absolute or a relative URI (RFC 3986 §4.1), by its
/// characters. Letters beyond ASCII may stand as they are, and the empty text refers to where it stands.
///
/// ```
/// use scimstack_schema::uri::is_reference;
///
/// assert!(is_reference("https://x.test/photos/ann%20lee") && is_reference("../Users/u1"));
/// assert!(!is_reference("not a uri") && !is_reference("100%"));
/// ```
#[must_use]
pub fn is_reference(text: &str) -> bool {
    let forbidden = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
    };
    let is_escape = |after: &str| after.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    !text.contains(forbidden) && text.split('%').skip(1).all(is_escape)
}

impl PartialEq for SchemaUri {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl Eq for SchemaUri {}

impl Hash for SchemaUri {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

impl fmt::Display for SchemaUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SchemaUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SchemaUri({})", self.0)
    }
}

impl From<&str> for SchemaUri {
    fn from(uri: &str) -> Self {
        Self::new(uri)
    }
}
