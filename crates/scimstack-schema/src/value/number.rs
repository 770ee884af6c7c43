//! JSON numbers, kept as their text.

use super::Text;
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON number, kept as it was written: `1.10` stays `1.10`. Equality is equality of text; compare amounts with
/// [`Number::as_f64`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Number(Text);

impl Number {
    /// From text known to be a JSON number.
    pub(super) fn of(text: impl Into<Text>) -> Self {
        Self(text.into())
    }

    /// From a JSON number's text (RFC 8259 §6); `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('-').unwrap_or(text);
        rest = match rest.strip_prefix('0') {
            Some(fraction) => fraction,
            None => past_digits(rest)?,
        };
        if let Some(fraction) = rest.strip_prefix('.') {
            rest = past_digits(fraction)?;
        }
        if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
            rest = past_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))?;
        }
        rest.is_empty().then(|| Self::of(text))
    }

    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest double.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The whole number, when it is written as one and fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// True when written without fraction and exponent.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        !self.0.contains(['.', 'e', 'E'])
    }
}

impl From<i64> for Number {
    fn from(n: i64) -> Self {
        Self(n.to_string().into())
    }
}

impl Serialize for Number {
    /// As it was written: to serde_json, any number; to other formats, whole numbers.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_i64() {
            Some(whole) if whole.to_string() == *self.0 => serializer.serialize_i64(whole),
            _ => RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer),
        }
    }
}

/// What comes after at least one digit.
fn past_digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}
