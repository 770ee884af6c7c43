//! Versions as entity tags, and the preconditions made of them (RFC 7644 §3.14, RFC 9110 §13.1).
//!
//! SCIM prints weak tags and compares them in `If-Match` all the same, so every comparison here is weak: the opaque
//! parts are equal.
//!
//! ```
//! use scimstack_protocol::{ETag, Preconditions};
//!
//! let asked = Preconditions::from_headers(Some(r#"W/"2", "3""#), None);
//! assert!(asked.allow_write(ETag(3)));
//! assert!(!asked.allow_write(ETag(4)));
//! assert_eq!(ETag(3).to_string(), r#"W/"3""#);
//! ```

use std::fmt;
use std::str::FromStr;

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

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "W/\"{}\"", self.0)
    }
}

/// A text that is no entity tag of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an entity tag looks like W/\"3\"")]
pub struct NotATag;

impl FromStr for ETag {
    type Err = NotATag;

    /// Reads `W/"3"` or `"3"`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Tags::parse(text) {
            Tags::List(tags) => match tags.as_slice() {
                [tag] if text.contains('"') => tag.parse().map(Self).map_err(|_| NotATag),
                _ => Err(NotATag),
            },
            Tags::Any => Err(NotATag),
        }
    }
}

impl Tags {
    /// Reads a header's value. What is not quoted is taken as it stands, up to the next comma.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.trim() == "*" {
            return Self::Any;
        }
        let mut tags = Vec::new();
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                return Self::List(tags);
            }
            let unmarked = rest.strip_prefix("W/").or_else(|| rest.strip_prefix("w/")).unwrap_or(rest);
            let (tag, tail) = match unmarked.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => unmarked.split_once(',').unwrap_or((unmarked, "")),
            };
            tags.push(tag.trim_end().to_owned());
            rest = tail;
        }
    }

    /// Whether the tag is among these.
    #[must_use]
    pub fn contain(&self, tag: ETag) -> bool {
        match self {
            Self::Any => true,
            Self::List(tags) => tags.iter().any(|other| other.parse() == Ok(tag.0)),
        }
    }
}

impl Preconditions {
    /// From the values of the two headers; an empty one says nothing.
    #[must_use]
    pub fn from_headers(if_match: Option<&str>, if_none_match: Option<&str>) -> Self {
        let tags = |text: Option<&str>| text.filter(|text| !text.trim().is_empty()).map(Tags::parse);
        Self { if_match: tags(if_match), if_none_match: tags(if_none_match) }
    }

    /// Whether a write may go on for a resource that exists with this tag; if not, the answer is 412.
    #[must_use]
    pub fn allow_write(&self, tag: ETag) -> bool {
        self.if_match.as_ref().is_none_or(|tags| tags.contain(tag))
            && self.if_none_match.as_ref().is_none_or(|tags| !tags.contain(tag))
    }

    /// Whether the client has this version already; then a read is answered 304.
    #[must_use]
    pub fn is_unmodified(&self, tag: ETag) -> bool {
        self.if_none_match.as_ref().is_some_and(|tags| tags.contain(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_lists_of_tags() {
        for (text, tags) in [
            (r#"W/"3""#, vec!["3"]),
            (r#""3""#, vec!["3"]),
            (r#" W/"1" , "2",W/"x,y" "#, vec!["1", "2", "x,y"]),
            ("3, 4", vec!["3", "4"]),
            (r#"W/"3"#, vec!["3"]),
            (",,", vec![]),
        ] {
            assert_eq!(Tags::parse(text), Tags::List(tags.into_iter().map(str::to_owned).collect()), "{text}");
        }
        assert_eq!(Tags::parse(" * "), Tags::Any);
    }

    #[test]
    fn a_printed_tag_is_read_back() {
        for version in [1, 42, u64::MAX] {
            assert_eq!(ETag(version).to_string().parse(), Ok(ETag(version)));
        }
        for text in ["", "*", "3", "W/\"\"", "W/\"x\"", "\"1\",\"2\""] {
            assert_eq!(text.parse::<ETag>(), Err(NotATag), "{text}");
        }
    }

    #[test]
    fn without_headers_everything_goes_on() {
        let none = Preconditions::from_headers(None, Some(" "));
        assert!(none.allow_write(ETag(1)) && !none.is_unmodified(ETag(1)));
    }

    #[test]
    fn if_none_match_stops_reads_and_writes_of_what_is_there() {
        let star = Preconditions::from_headers(None, Some("*"));
        assert!(star.is_unmodified(ETag(1)) && !star.allow_write(ETag(1)));
        let two = Preconditions::from_headers(None, Some("W/\"2\""));
        assert!(two.is_unmodified(ETag(2)) && !two.is_unmodified(ETag(3)) && two.allow_write(ETag(3)));
    }
}
