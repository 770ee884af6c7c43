//! What can go wrong, by whose fault it is, and the lenient reading of what a server says about it (RFC 7644 §3.12).

use crate::transport::BoxError;
use scimstack_schema::Value;
use std::fmt;

/// How much of an answer that is no SCIM error is kept, in characters.
const EXCERPT: usize = 200;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The base URL is no absolute URL, the token no header value, and the like.
    #[error("{0}")]
    Setup(String),
    /// There was no answer; the request may have arrived all the same.
    #[error("the server did not answer")]
    Transport(#[source] BoxError),
    /// The server refused.
    #[error("{0}")]
    Refused(Refusal),
    /// The status is good, and the body is not what it has to be.
    #[error("the server's answer cannot be read: {0}")]
    Answer(String),
}

/// A refusal, as the server put it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status, which counts even if the body says another.
    pub status: u16,
    /// `scimType`, as sent.
    pub scim_type: Option<String>,
    /// `detail`; without a SCIM error, the beginning of the body.
    pub detail: Option<String>,
    /// Seconds, when the header `Retry-After` holds a number.
    pub retry_after: Option<u32>,
}

impl Error {
    /// The status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            _ => None,
        }
    }

    /// Seconds the server asks to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }
}

impl Refusal {
    /// Reads an answer: a SCIM error, an error in an `Errors` list (SCIM 1.1), or whatever else it is.
    pub(crate) fn read(status: u16, body: &[u8], retry_after: Option<u32>) -> Self {
        let value = Value::parse(body).unwrap_or_default();
        let listed = value.get("Errors").and_then(Value::as_array).and_then(<[Value]>::first);
        let error = listed.unwrap_or(&value);
        let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
        let detail = text("detail").or_else(|| text("description")).or_else(|| text("message"));
        Self { status, scim_type: text("scimType"), detail: detail.or_else(|| excerpt(body)), retry_after }
    }
}

fn excerpt(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(EXCERPT).collect())
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server refused with status {}", self.status)?;
        if let Some(scim_type) = &self.scim_type {
            write!(f, " ({scim_type})")?;
        }
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_in_whatever_form_it_comes() {
        let scim = |status| {
            format!(
                r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"uniqueness","detail":"taken","status":{status}}}"#
            )
        };
        for (body, scim_type, detail) in [
            (scim("\"409\""), Some("uniqueness"), Some("taken")),
            (scim("409"), Some("uniqueness"), Some("taken")),
            (r#"{"Errors":[{"description":"taken","code":"409"}]}"#.to_owned(), None, Some("taken")),
            (r#"{"message":"taken"}"#.to_owned(), None, Some("taken")),
            ("<html>no</html>\n".to_owned(), None, Some("<html>no</html>")),
            (String::new(), None, None),
        ] {
            let refusal = Refusal::read(409, body.as_bytes(), None);
            assert_eq!((refusal.scim_type.as_deref(), refusal.detail.as_deref()), (scim_type, detail), "{body}");
            assert_eq!(refusal.status, 409);
        }
    }

    #[test]
    fn a_page_of_html_is_cut_short() {
        let refusal = Refusal::read(502, "ä".repeat(1_000).as_bytes(), Some(3));
        assert_eq!(refusal.detail.unwrap().chars().count(), EXCERPT);
        assert_eq!(refusal.retry_after, Some(3));
    }
}
