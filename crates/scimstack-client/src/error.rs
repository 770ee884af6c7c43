//! What can go wrong, by whose fault it is, and the lenient reading of what a server says about it (RFC 7644 §3.12).

use crate::secret::scrub;
use crate::transport::{BoxError, NotSent};
use http::HeaderValue;
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
    /// What is to be shown to be let in could not be had; nothing was asked of the server.
    #[error("there is no access token")]
    Authorization(#[source] Box<Error>),
    /// A list that does not end: the same cursor or the same page again and again.
    #[error("the server's pages lead nowhere: {0}")]
    Paging(String),
}

/// What an error means for the program, by RFC 7644 §3.12 and RFC 9110 §15.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The call itself is wrong; nothing was sent.
    Setup,
    /// No connection to the server.
    Unreachable,
    /// Sent, and no answer: it may have been done.
    Lost,
    /// 401, or no access token to show.
    Unauthorized,
    /// 403
    Forbidden,
    /// 404 or 410
    NotFound,
    /// 409: `uniqueness`, or another conflict.
    Conflict,
    /// 412: the resource has changed since the version that was named.
    VersionMismatch,
    /// 429, or 503.
    Busy,
    /// Another 4xx: the server does not accept the request.
    Rejected,
    /// Another status; 5xx is the server's own failure.
    Failed,
    /// An answer that cannot be read, or pages that lead nowhere.
    Answer,
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
    /// What the error means for the program.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Setup(_) => ErrorKind::Setup,
            Self::Transport(error) if error.is::<NotSent>() => ErrorKind::Unreachable,
            Self::Transport(_) => ErrorKind::Lost,
            Self::Refused(refusal) => refusal.kind(),
            Self::Authorization(cause) => match cause.kind() {
                kind @ (ErrorKind::Unreachable | ErrorKind::Lost | ErrorKind::Busy | ErrorKind::Setup) => kind,
                _ => ErrorKind::Unauthorized,
            },
            Self::Answer(_) | Self::Paging(_) => ErrorKind::Answer,
        }
    }

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
    /// What the status means for the program.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.status {
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Forbidden,
            404 | 410 => ErrorKind::NotFound,
            409 => ErrorKind::Conflict,
            412 => ErrorKind::VersionMismatch,
            429 | 503 => ErrorKind::Busy,
            400..500 => ErrorKind::Rejected,
            _ => ErrorKind::Failed,
        }
    }

    /// Without what the request's `Authorization` held, should the server have repeated it.
    pub(crate) fn without(mut self, shown: Option<&HeaderValue>) -> Self {
        self.detail = self.detail.map(|text| scrub(text, shown));
        self.scim_type = self.scim_type.map(|text| scrub(text, shown));
        self
    }

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
