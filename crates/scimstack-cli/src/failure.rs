//! Why a command fails, in plain words, and the exit code that says so. No message holds a token: the client's errors do not.

use http::StatusCode;
use scimstack_client::{Error, ErrorKind, Refusal};
use std::error::Error as _;
use std::fmt;

/// Why a command fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line, the configuration or a file.
    Usage(String),
    /// The server, or the way to it.
    Client(Error),
    /// Everything was done, and the answer is no: a check failed, there are differences.
    No(String),
    /// The server cannot be judged.
    Unreachable(String),
    /// The server does not let the client in.
    Closed(String),
    /// Of several things some were not done.
    Partly(String),
}

pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

/// What the command line, the configuration or a file has wrong.
pub(crate) fn usage(message: impl Into<String>) -> Failure {
    Failure::Usage(message.into())
}

impl Failure {
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Client(error) => match error.kind() {
                ErrorKind::Setup => 2,
                ErrorKind::Unreachable | ErrorKind::Lost => 3,
                ErrorKind::Unauthorized => 4,
                _ => 1,
            },
            Self::No(_) => 1,
            Self::Unreachable(_) => 3,
            Self::Closed(_) => 4,
            Self::Partly(_) => 5,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Client(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::No(text) | Self::Unreachable(text) | Self::Closed(text) | Self::Partly(text) => {
                f.write_str(text)
            }
            Self::Client(Error::Refused(refusal)) => f.write_str(&refused(refusal)),
            Self::Client(error) => {
                write!(f, "{error}")?;
                let mut cause = error.source();
                while let Some(error) = cause {
                    write!(f, ": {error}")?;
                    cause = error.source();
                }
                Ok(())
            }
        }
    }
}

/// A refusal in words: what it means, what the server said, what to do.
pub(crate) fn refused(refusal: &Refusal) -> String {
    let status = refusal.status;
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let mut text = format!("the server refused: {status} {reason}").trim_end().to_owned();
    if let Some(scim_type) = &refusal.scim_type {
        text.push_str(&format!(" ({scim_type})"));
    }
    if let Some(detail) = &refusal.detail {
        text.push_str(&format!(": {detail}"));
    }
    let hint = match refusal.kind() {
        ErrorKind::Unauthorized => "the token is missing, wrong or expired",
        ErrorKind::NotFound => "there is nothing at this address",
        ErrorKind::VersionMismatch => "it has changed since that version; read it again",
        ErrorKind::Busy => "the server is busy",
        _ => return text,
    };
    text.push_str(&format!("\n  {hint}"));
    if let Some(seconds) = refusal.retry_after {
        text.push_str(&format!(" (it asks to come back in {seconds} seconds)"));
    }
    text
}
