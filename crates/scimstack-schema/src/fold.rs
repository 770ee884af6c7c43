//! The one case folding of the workspace: what compares equal "without case" compares equal by [`fold`].
//!
//! NFC, then Unicode default case folding, then NFC again; no locale. Filters, uniqueness, sort keys and references all
//! use it, so that every store agrees. The PRECIS profile of user names (RFC 7643 §4.1.1) is approximated by it.
//!
//! ```
//! use scimstack_schema::fold::{exact, fold};
//!
//! assert_eq!(fold("Ann"), fold("ANN"));
//! assert_ne!(exact("Ann"), exact("ANN"));
//! assert_eq!(exact("A\u{30a}sa"), exact("\u{c5}sa"));
//! ```

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// The key under which two strings that differ only by case are equal.
///
/// ```
/// use scimstack_schema::fold::fold;
/// assert_eq!(fold("ANN@x.Test"), "ann@x.test");
/// assert_eq!(fold("\u{d8}re"), fold("\u{f8}RE"));
/// assert_eq!(fold("stra\u{df}e"), fold("STRASSE"));
/// ```
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    let composed: String = text.nfc().collect();
    Cow::Owned(caseless::default_case_fold_str(&composed).nfc().collect())
}

/// The key of a case-exact string: NFC only (RFC 7644 §7.8).
#[must_use]
pub fn exact(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || unicode_normalization::is_nfc(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfc().collect())
}

/// The longest sort or index key kept, in bytes; longer keys are cut at a character boundary, so that whoever uses one
/// must look at the document again before trusting equality.
pub const MAX_KEY_BYTES: usize = 256;

/// `key` cut to [`MAX_KEY_BYTES`] at a character boundary.
#[must_use]
pub fn truncate_key(key: &str) -> &str {
    if key.len() <= MAX_KEY_BYTES {
        return key;
    }
    let mut end = MAX_KEY_BYTES;
    while !key.is_char_boundary(end) {
        end -= 1;
    }
    key.get(..end).unwrap_or(key)
}
