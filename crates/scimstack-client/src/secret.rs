//! Texts that are shown to nobody: tokens and client secrets. They can be taken out with [`Secret::reveal`] alone, and are
//! overwritten in memory when they are dropped. Copies that a transport makes to send them are the transport's.
//!
//! ```
//! let token = scimstack_client::Secret::from("s3cret");
//! assert_eq!(format!("{token:?}"), "Secret(…)");
//! assert_eq!(token.reveal(), "s3cret");
//! ```

use crate::error::Error;
use http::HeaderValue;
use std::fmt;
use zeroize::Zeroizing;

/// A secret text. There is no `==`: whoever compares secrets does it in constant time.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text, for the one place that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `Bearer …` (RFC 6750 §2.1), marked as sensitive.
    pub(crate) fn bearer(&self) -> Result<HeaderValue, Error> {
        header("Bearer", self.reveal())
            .ok_or_else(|| Error::Setup("the token has characters that cannot stand in a header".to_owned()))
    }
}

/// `scheme credentials` as a header's value that is never shown.
pub(crate) fn header(scheme: &str, credentials: &str) -> Option<HeaderValue> {
    let text = Zeroizing::new(format!("{scheme} {credentials}"));
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// `text` without what `header` carries, so that a server which repeats a token does not get it into an error.
pub(crate) fn scrub(text: String, header: Option<&HeaderValue>) -> String {
    let Some(value) = header.and_then(|value| value.to_str().ok()) else { return text };
    let credentials = value.split_once(' ').map_or(value, |(_, credentials)| credentials).trim();
    if credentials.is_empty() { text } else { text.replace(credentials, "…") }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<&String> for Secret {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<&Secret> for Secret {
    fn from(secret: &Secret) -> Self {
        secret.clone()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_header_carries_is_taken_out_of_a_text() {
        let value = Secret::from("s3cret").bearer().unwrap();
        assert_eq!(scrub("no: Bearer s3cret (s3cret)".to_owned(), Some(&value)), "no: Bearer … (…)");
        assert_eq!(scrub("plain".to_owned(), Some(&value)), "plain");
        assert_eq!(scrub("plain".to_owned(), None), "plain");
        let empty = header("Bearer", "").unwrap();
        assert_eq!(scrub("plain".to_owned(), Some(&empty)), "plain");
        assert!(!format!("{value:?}").contains("s3cret"));
    }
}
