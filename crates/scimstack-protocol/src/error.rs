//! SCIM errors: one status and at most one `scimType` each, with a `detail` for the customer's administrator
//! (RFC 7644 §3.12, RFC 9865 §3). What the parsing layers report becomes one here, in one table.
//!
//! ```
//! use scimstack_protocol::ScimError;
//!
//! let error = ScimError::uniqueness("userName \"ann@x.test\" is in use");
//! assert_eq!(error.status, 409);
//! assert_eq!(
//!     String::from_utf8(error.to_json()).unwrap(),
//!     r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"userName \"ann@x.test\" is in use"}"#,
//! );
//! ```

use scimstack_filter::patch::PatchErrorKind;
use scimstack_filter::{ParseError, PatchError, ResolveError};
use scimstack_schema::{Object, Value, ViolationKind, Violations};

/// The schema of error messages.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// `scimType` (RFC 7644 Table 9, RFC 9865 Table 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScimType {
    /// `invalidFilter`
    InvalidFilter,
    /// `tooMany`
    TooMany,
    /// `uniqueness`
    Uniqueness,
    /// `mutability`
    Mutability,
    /// `invalidSyntax`
    InvalidSyntax,
    /// `invalidPath`
    InvalidPath,
    /// `noTarget`
    NoTarget,
    /// `invalidValue`
    InvalidValue,
    /// `invalidVers`
    InvalidVers,
    /// `sensitive`
    Sensitive,
    /// `invalidCursor`
    InvalidCursor,
    /// `expiredCursor`
    ExpiredCursor,
    /// `invalidCount`
    InvalidCount,
}

/// An error a client is told about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {detail}")]
#[non_exhaustive]
pub struct ScimError {
    /// The HTTP status.
    pub status: u16,
    /// The `scimType`, where the standard has one.
    pub scim_type: Option<ScimType>,
    /// What was wrong, where, and what would be right.
    pub detail: String,
    /// Seconds for `Retry-After`.
    pub retry_after: Option<u32>,
}

impl ScimType {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::InvalidFilter,
        Self::TooMany,
        Self::Uniqueness,
        Self::Mutability,
        Self::InvalidSyntax,
        Self::InvalidPath,
        Self::NoTarget,
        Self::InvalidValue,
        Self::InvalidVers,
        Self::Sensitive,
        Self::InvalidCursor,
        Self::ExpiredCursor,
        Self::InvalidCount,
    ];

    /// The keyword on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }

    /// The status it comes with (RFC 7644 Tables 8 and 9).
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Uniqueness => 409,
            Self::Sensitive => 403,
            _ => 400,
        }
    }
}

impl ScimError {
    /// An error without `scimType`.
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into(), retry_after: None }
    }

    /// An error with the status its `scimType` has.
    pub fn of(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self { status: scim_type.status(), scim_type: Some(scim_type), detail: detail.into(), retry_after: None }
    }

    /// 409 `uniqueness`.
    pub fn uniqueness(detail: impl Into<String>) -> Self {
        Self::of(ScimType::Uniqueness, detail)
    }

    /// 400 `invalidValue`.
    pub fn invalid_value(detail: impl Into<String>) -> Self {
        Self::of(ScimType::InvalidValue, detail)
    }

    /// 400 `invalidSyntax`.
    pub fn invalid_syntax(detail: impl Into<String>) -> Self {
        Self::of(ScimType::InvalidSyntax, detail)
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(403, detail)
    }

    /// 400 `invalidFilter`.
    pub fn invalid_filter(detail: impl Into<String>) -> Self {
        Self::of(ScimType::InvalidFilter, detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, detail)
    }

    /// With `Retry-After`, in seconds.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The Error message (RFC 7644 §3.12) as JSON; `status` is a string.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut message = Object::new();
        message.insert("schemas", vec![ERROR]);
        message.insert("status", self.status.to_string());
        if let Some(scim_type) = self.scim_type {
            message.insert("scimType", scim_type.as_str());
        }
        message.insert("detail", self.detail.as_str());
        Value::Object(message).to_bytes()
    }
}

/// The `scimType` of what is wrong with a document.
fn of_violation(kind: ViolationKind) -> ScimType {
    match kind {
        ViolationKind::Structure | ViolationKind::Unknown => ScimType::InvalidSyntax,
        ViolationKind::Mutability => ScimType::Mutability,
        _ => ScimType::InvalidValue,
    }
}

/// The `scimType` of what is wrong with a PATCH.
fn of_patch(kind: PatchErrorKind) -> ScimType {
    match kind {
        PatchErrorKind::InvalidPath => ScimType::InvalidPath,
        PatchErrorKind::InvalidFilter => ScimType::InvalidFilter,
        PatchErrorKind::NoTarget => ScimType::NoTarget,
        PatchErrorKind::InvalidValue => ScimType::InvalidValue,
        PatchErrorKind::Mutability => ScimType::Mutability,
        PatchErrorKind::TooMany => ScimType::TooMany,
        _ => ScimType::InvalidSyntax,
    }
}

impl From<&Violations> for ScimError {
    /// The first violation decides the type, the detail lists all.
    fn from(violations: &Violations) -> Self {
        let kind = violations.0.first().map_or(ViolationKind::Structure, |first| first.kind);
        Self::of(of_violation(kind), violations.to_string())
    }
}

impl From<&PatchError> for ScimError {
    fn from(error: &PatchError) -> Self {
        Self::of(of_patch(error.kind), error.detail.as_str())
    }
}

impl From<&ParseError> for ScimError {
    fn from(error: &ParseError) -> Self {
        Self::of(ScimType::InvalidFilter, format!("The filter cannot be read: {}", error.render()))
    }
}

impl From<&ResolveError> for ScimError {
    fn from(error: &ResolveError) -> Self {
        Self::of(ScimType::InvalidFilter, format!("The filter cannot be used: {error}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scimstack_filter::Filter;
    use scimstack_schema::Violation;

    fn violation(kind: ViolationKind, detail: &str) -> Violation {
        Violation { path: "x".to_owned(), kind, detail: detail.to_owned() }
    }

    #[test]
    fn every_scim_type_has_one_status_and_one_spelling() {
        let mut seen = std::collections::BTreeSet::new();
        for (scim_type, status, word) in [
            (ScimType::InvalidFilter, 400, "invalidFilter"),
            (ScimType::TooMany, 400, "tooMany"),
            (ScimType::Uniqueness, 409, "uniqueness"),
            (ScimType::Mutability, 400, "mutability"),
            (ScimType::InvalidSyntax, 400, "invalidSyntax"),
            (ScimType::InvalidPath, 400, "invalidPath"),
            (ScimType::NoTarget, 400, "noTarget"),
            (ScimType::InvalidValue, 400, "invalidValue"),
            (ScimType::InvalidVers, 400, "invalidVers"),
            (ScimType::Sensitive, 403, "sensitive"),
            (ScimType::InvalidCursor, 400, "invalidCursor"),
            (ScimType::ExpiredCursor, 400, "expiredCursor"),
            (ScimType::InvalidCount, 400, "invalidCount"),
        ] {
            assert_eq!((scim_type.status(), scim_type.as_str()), (status, word));
            seen.insert(word);
        }
        assert_eq!(seen.len(), ScimType::ALL.len());
    }

    #[test]
    fn every_kind_of_violation_has_its_type() {
        for (kind, word) in [
            (ViolationKind::Structure, "invalidSyntax"),
            (ViolationKind::Unknown, "invalidSyntax"),
            (ViolationKind::Required, "invalidValue"),
            (ViolationKind::Value, "invalidValue"),
            (ViolationKind::Mutability, "mutability"),
        ] {
            let error = ScimError::from(&Violations(vec![violation(kind, "a is wrong.")]));
            assert_eq!((error.status, error.scim_type.unwrap().as_str()), (400, word));
        }
    }

    #[test]
    fn the_first_violation_decides_and_all_are_listed() {
        let both = Violations(vec![
            violation(ViolationKind::Required, "userName is missing."),
            violation(ViolationKind::Unknown, "shoeSize is not known."),
        ]);
        let error = ScimError::from(&both);
        assert_eq!(error.scim_type, Some(ScimType::InvalidValue));
        assert_eq!(error.detail, "userName is missing. shoeSize is not known.");
    }

    #[test]
    fn every_kind_of_patch_error_has_the_type_of_its_name() {
        for (kind, word) in [
            (PatchErrorKind::InvalidSyntax, "invalidSyntax"),
            (PatchErrorKind::InvalidPath, "invalidPath"),
            (PatchErrorKind::InvalidFilter, "invalidFilter"),
            (PatchErrorKind::NoTarget, "noTarget"),
            (PatchErrorKind::InvalidValue, "invalidValue"),
            (PatchErrorKind::Mutability, "mutability"),
            (PatchErrorKind::TooMany, "tooMany"),
        ] {
            assert_eq!(of_patch(kind).as_str(), word);
        }
    }

    #[test]
    fn a_filter_that_cannot_be_read_points_at_the_place() {
        let error = ScimError::from(&Filter::parse("title regex \"a\"").unwrap_err());
        assert_eq!(error.scim_type, Some(ScimType::InvalidFilter));
        assert!(error.detail.contains("regex") && error.detail.contains("position 7"), "{}", error.detail);
    }

    #[test]
    fn the_message_has_status_as_text_and_no_empty_type() {
        let error = ScimError::not_found("There is no User with this id.");
        assert_eq!(
            String::from_utf8(error.to_json()).unwrap(),
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404","detail":"There is no User with this id."}"#
        );
    }
}
