//! Versions as entity tags, and the preconditions made of them (RFC 7644 §3.14).

/// An entity tag made of a version counter: `W/"3"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ETag(pub u64);

/// `If-Match` and `If-None-Match` of a request, parsed; compared weakly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// `If-Match`: any of these; `*` is any version.
    pub if_match: Option<Tags>,
    /// `If-None-Match`: none of these.
    pub if_none_match: Option<Tags>,
}

/// The tags of a precondition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tags {
    /// `*`
    Any,
    /// Opaque parts, without quotes and `W/`.
    List(Vec<String>),
}
