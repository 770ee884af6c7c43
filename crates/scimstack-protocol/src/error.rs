//! SCIM errors: one status and at most one `scimType` each, with a `detail` for the customer's administrator
//! (RFC 7644 §3.12, RFC 9865 §3).

use scimstack_filter::{ParseError, PatchError, ResolveError};
use scimstack_schema::Violations;

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
        todo!()
    }
}

impl From<&Violations> for ScimError {
    fn from(_: &Violations) -> Self {
        todo!()
    }
}

impl From<&PatchError> for ScimError {
    fn from(_: &PatchError) -> Self {
        todo!()
    }
}

impl From<&ParseError> for ScimError {
    fn from(_: &ParseError) -> Self {
        todo!()
    }
}

impl From<&ResolveError> for ScimError {
    fn from(_: &ResolveError) -> Self {
        todo!()
    }
}
