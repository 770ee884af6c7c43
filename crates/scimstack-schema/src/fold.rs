//! The one case folding of the workspace: what compares equal "without case" compares equal by [`fold`].
//!
//! Full-width and half-width letters become the usual ones, then NFC, Unicode default case folding, and NFC again; no
//! locale. Filters, uniqueness, sort keys and references all use it, so that every store agrees. These are the width, case
//! and normalization rules of the PRECIS profile of user names (RFC 7644 §5, RFC 8265 §3.3); what that profile would refuse
//! is compared all the same.
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
/// assert_eq!(fold("\u{ff21}nn"), "ann");
/// ```
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    let composed: String = text.chars().map(usual_width).nfc().collect();
    Cow::Owned(caseless::default_case_fold_str(&composed).nfc().collect())
}

/// The letter of usual width that a full-width or half-width one is a form of (RFC 8265 §3.3).
fn usual_width(c: char) -> char {
    let shifted = |to: u32, from: u32| char::from_u32(u32::from(c) - from + to).unwrap_or(c);
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => shifted(0x21, 0xff01),
        '\u{ff5f}' | '\u{ff60}' => shifted(0x2985, 0xff5f),
        // Half-width katakana: each decomposes to one letter or one combining mark.
        '\u{ff61}'..='\u{ff9f}' => {
            let mut usual = c;
            unicode_normalization::char::decompose_compatible(c, |letter| usual = letter);
            usual
        }
        '\u{ffa0}' => '\u{3164}',
        '\u{ffa1}'..='\u{ffbe}' => shifted(0x3131, 0xffa1),
        '\u{ffc2}'..='\u{ffc7}' => shifted(0x314f, 0xffc2),
        '\u{ffca}'..='\u{ffcf}' => shifted(0x3155, 0xffca),
        '\u{ffd2}'..='\u{ffd7}' => shifted(0x315b, 0xffd2),
        '\u{ffda}'..='\u{ffdc}' => shifted(0x3161, 0xffda),
        '\u{ffe0}' => '\u{a2}',
        '\u{ffe1}' => '\u{a3}',
        '\u{ffe2}' => '\u{ac}',
        '\u{ffe3}' => '\u{af}',
        '\u{ffe4}' => '\u{a6}',
        '\u{ffe5}' => '\u{a5}',
        '\u{ffe6}' => '\u{20a9}',
        '\u{ffe8}' => '\u{2502}',
        '\u{ffe9}'..='\u{ffec}' => shifted(0x2190, 0xffe9),
        '\u{ffed}' => '\u{25a0}',
        '\u{ffee}' => '\u{25cb}',
        other => other,
    }
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
