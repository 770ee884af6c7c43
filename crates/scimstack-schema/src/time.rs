//! Instants, as the library sees them: microseconds since 1970 UTC. Nothing here reads a clock.

use std::fmt;

/// An instant, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970 UTC.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From seconds since 1970 UTC.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970 UTC.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This instant moved by `seconds`.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Reads an xsd:dateTime (RFC 7643 §2.3.5): `2026-03-01T10:00:00Z`, any offset up to ±14:00, fractions, `24:00:00`;
    /// without a zone it is read as UTC. `None` when it is no dateTime (a date alone is none).
    #[must_use]
    pub fn parse_date_time(text: &str) -> Option<Self> {
        let (text, next_day) = match text.get(11..19) {
            Some("24:00:00") => (format!("{}00:00:00{}", text.get(..11)?, text.get(19..)?), true),
            _ => (text.to_owned(), false),
        };
        let bytes = text.as_bytes();
        if bytes.get(10) != Some(&b'T') || bytes.get(17..19)? > b"59".as_slice() || text.contains('[') {
            return None;
        }
        let zone = text
            .get(19..)?
            .trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        let instant: jiff::Timestamp = match zone {
            "" => format!("{text}Z").parse().ok()?,
            "Z" => text.parse().ok()?,
            _ if offset_is_valid(zone) => text.parse().ok()?,
            _ => return None,
        };
        let at = Self(instant.as_microsecond());
        Some(if next_day { at.plus_seconds(86_400) } else { at })
    }
}

/// `+hh:mm` or `-hh:mm`, at most 14:00.
fn offset_is_valid(zone: &str) -> bool {
    let bytes = zone.as_bytes();
    let [b'+' | b'-', h1, h2, b':', m1, m2] = bytes else {
        return false;
    };
    if ![h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let hours = (h1 - b'0') * 10 + (h2 - b'0');
    let minutes = (m1 - b'0') * 10 + (m2 - b'0');
    minutes < 60 && (hours < 14 || (hours == 14 && minutes == 0))
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds: `2026-03-01T10:00:00.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => write!(f, "{at:.3}"),
            Err(_) => f.write_str("9999-12-31T23:59:59.999Z"),
        }
    }
}
