//! From a client's JSON to a [`Resource`]: one pass that matches names without case, drops what is read-only or unknown,
//! checks types, and takes out what lives elsewhere (relations, passwords). Parse, don't validate. (RFC 7643 §2 to §3,
//! RFC 7644 §3.3, §3.5.1.) What a value is for is not judged: a locale or a telephone number is kept as it was sent.
//!
//! ```
//! use scimstack_schema::{IngestOptions, Registry, Value};
//!
//! let registry = Registry::core();
//! let user = registry.resource_type("User").unwrap();
//! let sent = br#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],
//!     "USERNAME":"ann@x.test","id":"zzz","password":"secret","shoeSize":42}"#;
//! let found = user.ingest(Value::parse(sent).unwrap(), &IngestOptions::default()).unwrap();
//! assert_eq!(
//!     String::from_utf8(found.resource.to_bytes()).unwrap(),
//!     r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann@x.test"}"#
//! );
//! assert_eq!(found.unknown, ["shoeSize"]);
//! assert_eq!(found.hidden, [("password".to_owned(), Value::from("secret"))]);
//!
//! let refused = user.ingest(Value::parse(b"{}").unwrap(), &IngestOptions::default()).unwrap_err();
//! assert!(refused.to_string().contains("userName is required"));
//! ```

mod read;
mod replace;

use crate::registry::ResourceType;
use crate::resource::Resource;
use crate::value::Value;
use std::fmt;
use std::sync::Arc;

/// What [`ResourceType::ingest`] accepts beyond the letter of RFC 7643. Each field is one named leniency; all are off by
/// default.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct IngestOptions {
    /// `"True"`, `"false"`… for a boolean.
    pub boolean_strings: bool,
    /// One object where a list of objects is declared.
    pub object_for_list: bool,
    /// A bare string where a complex attribute with `value` is declared (`"manager": "ann@x.test"`), or a list of one.
    pub string_for_complex: bool,
    /// Text that cannot be a URI where a reference is declared (RFC 7643 §2.3.7): kept instead of refused.
    pub text_for_reference: bool,
    /// `""` means unassigned, for attributes that are not required.
    pub empty_string_unassigns: bool,
    /// Refuse unknown attributes and schema URIs instead of dropping and reporting them.
    pub refuse_unknown: bool,
}

/// The name of the operation, for docs: see [`ResourceType::ingest`].
pub type Ingest = Ingested;

/// What an ingest found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ingested {
    /// The canonical document, without `id` unless it was there before.
    pub resource: Resource,
    /// The values of relations that live only as edges (`members`), by relation name, as sent; a relation that the
    /// document does not mention is not in the list.
    pub relations: Vec<(String, Vec<Value>)>,
    /// Values of attributes that are never stored in the document (`password`), by path.
    pub hidden: Vec<(String, Value)>,
    /// Paths that were dropped because nothing declares them.
    pub unknown: Vec<String>,
    /// Names of the leniencies that were used: `boolean-string`, `object-for-list`…
    pub leniencies: Vec<&'static str>,
}

/// One thing wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where: an attribute path such as `name.givenName` or `emails[1].value`.
    pub path: String,
    /// What kind of thing.
    pub kind: ViolationKind,
    /// For the customer's administrator: what was wrong and what would be right.
    pub detail: String,
}

/// The kinds of [`Violation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ViolationKind {
    /// The document's structure: not an object, `schemas` missing or wrong (`invalidSyntax`).
    Structure,
    /// A required attribute is missing (`invalidValue`).
    Required,
    /// A value of the wrong type or form (`invalidValue`).
    Value,
    /// A read-only or immutable attribute would change (`mutability`).
    Mutability,
    /// An attribute nothing declares, where that is refused (`invalidSyntax`).
    Unknown,
}

/// Everything wrong with a document, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations(pub Vec<Violation>);

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, violation) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{}", violation.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// The most violations that are reported for one document; a document with more is wrong throughout.
pub const MAX_VIOLATIONS: usize = 100;

impl ResourceType {
    /// Makes a [`Resource`] of a client's document (POST, PUT). What is read-only, `id` included, is left out of it; the
    /// caller sets the id.
    ///
    /// Ingesting what came out once more changes nothing.
    ///
    /// # Errors
    /// Every violation found, each with its path; at most [`MAX_VIOLATIONS`].
    pub fn ingest(self: &Arc<Self>, document: Value, options: &IngestOptions) -> Result<Ingested, Violations> {
        read::ingest(self, document, options)
    }

    /// Checks a document that was changed in place (PATCH) as a whole: required attributes, types, one primary. What
    /// lives outside the document (relations that are edges, hidden values) is not looked for.
    ///
    /// # Errors
    /// Every violation found; at most [`MAX_VIOLATIONS`].
    pub fn validate(&self, resource: &Resource) -> Result<(), Violations> {
        read::validate(self, resource)
    }

    /// Prepares a replacement (PUT): keeps `id` and what is read-only, keeps immutable values that were left out,
    /// refuses others that changed. Lists are compared without order, strings as their `caseExact` says.
    ///
    /// # Errors
    /// Immutable attributes whose value differs.
    pub fn carry_over(&self, before: &Resource, after: &mut Resource) -> Result<(), Violations> {
        replace::carry_over(self, before, after)
    }
}
