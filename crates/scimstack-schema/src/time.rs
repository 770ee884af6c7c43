//! Instants, as the library sees them: microseconds since 1970 UTC. Nothing here reads a clock.
//!
//! ```
//! use scimstack_schema::Timestamp;
//!
//! let at = Timestamp::parse_date_time("2026-03-01T11:00:00.25+01:00").unwrap();
//! assert_eq!(at.to_string(), "2026-03-01T10:00:00.250Z");
//! assert!(at.plus_seconds(60) > at);
//! assert_eq!(Timestamp::parse_date_time("2026-03-01"), None);
//! ```

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

    /// Reads an xsd:dateTime (RFC 7643 §2.3.5): `2026-03-01T10:00:00Z`, any offset up to ±14:00, fractions of any length
    /// (cut to microseconds), `24:00:00`, years before the common era (`-0044`); without a zone it is read as UTC. `None`
    /// when it is no dateTime (a date alone is none), or lies beyond the years -9999 to 9999.
    #[must_use]
    pub fn parse_date_time(text: &str) -> Option<Self> {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => ("-00", rest),
            None => ("", text),
        };
        let (day, rest) = rest.split_once('T')?;
        let (clock, rest) = (rest.get(..8)?, rest.get(8..)?);
        if !has_form(day, "dddd-dd-dd") || !has_form(clock, "dd:dd:dd") || clock.ends_with(":60") {
            return None;
        }
        let (fraction, zone) = match rest.strip_prefix('.') {
            Some(rest) => {
                let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                (rest.strip_suffix(zone).filter(|digits| !digits.is_empty())?, zone)
            }
            None => ("", rest),
        };
        if !(matches!(zone, "" | "Z") || is_offset(zone)) {
            return None;
        }
        let is_midnight = clock == "24:00:00";
        if is_midnight && fraction.contains(|c| c != '0') {
            return None;
        }
        let clock = if is_midnight { "00:00:00" } else { clock };
        let zone = if zone.is_empty() { "Z" } else { zone };
        let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
        let instant: jiff::Timestamp = format!("{sign}{day}T{clock}.{micros}{zone}").parse().ok()?;
        let at = Self(instant.as_microsecond());
        Some(if is_midnight { at.plus_seconds(86_400) } else { at })
    }
}

/// Whether `text` is digits where `form` has a `d`, and otherwise as `form` is.
fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(b, f)| if f == b'd' { b.is_ascii_digit() } else { b == f })
}

/// `+hh:mm` or `-hh:mm`, at most 14:00.
fn is_offset(zone: &str) -> bool {
    let Some(time) = zone.strip_prefix(['+', '-']) else {
        return false;
    };
    has_form(time, "dd:dd") && (time <= "14:00") && !matches!(time.as_bytes().get(3), Some(b'6'..=b'9'))
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds: `2026-03-01T10:00:00.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => {
                let at = jiff::tz::Offset::UTC.to_datetime(at);
                if at.year() < 0 {
                    return write!(f, "{at:.3}Z");
                }
                // Every answer has some of these, and a page of people hundreds.
                let mut text = *b"0000-00-00T00:00:00.000Z";
                let milliseconds = at.subsec_nanosecond() / 1_000_000;
                for (end, number) in [
                    (4, i32::from(at.year())),
                    (7, i32::from(at.month())),
                    (10, i32::from(at.day())),
                    (13, i32::from(at.hour())),
                    (16, i32::from(at.minute())),
                    (19, i32::from(at.second())),
                    (23, milliseconds),
                ] {
                    write_digits(&mut text, end, number);
                }
                f.write_str(std::str::from_utf8(&text).unwrap_or_default())
            }
            Err(_) if self.0 < 0 => f.write_str("-009999-01-01T00:00:00.000Z"),
            Err(_) => f.write_str("9999-12-31T23:59:59.999Z"),
        }
    }
}

/// Writes a number over the digits before `end`, from the last one on.
fn write_digits(text: &mut [u8], end: usize, mut number: i32) {
    for digit in text.iter_mut().take(end).rev() {
        if number == 0 {
            break;
        }
        *digit = b'0' + (number % 10).unsigned_abs() as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    fn shown(text: &str) -> Option<String> {
        Timestamp::parse_date_time(text).map(|at| at.to_string())
    }

    #[test]
    fn every_form_of_xsd_date_time_is_read() {
        for (text, same) in [
            ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00.000Z"),
            ("2026-03-01T10:00:00", "2026-03-01T10:00:00.000Z"),
            ("2026-03-01T24:00:00Z", "2026-03-02T00:00:00.000Z"),
            ("2026-12-31T24:00:00.000-01:00", "2027-01-01T01:00:00.000Z"),
            ("2026-03-01T10:00:00.123456789+14:00", "2026-02-28T20:00:00.123Z"),
            ("2026-03-01T10:00:00.12345678901234567890Z", "2026-03-01T10:00:00.123Z"),
            ("2026-03-01T10:00:00-00:30", "2026-03-01T10:30:00.000Z"),
            ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z"),
            ("1901-01-01T00:00:00Z", "1901-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(same), "{text}");
        }
        let ides = Timestamp::parse_date_time("-0044-03-15T00:00:00").unwrap();
        assert!(ides < Timestamp::parse_date_time("0001-01-01T00:00:00Z").unwrap());
    }

    #[test]
    fn what_is_no_date_time_is_not_read() {
        for text in [
            "",
            "2026-03-01",
            "2026-03-01 10:00:00Z",
            "2026-03-01t10:00:00z",
            "2026-03-01T10:00Z",
            "2026-03-01T10:00:60Z",
            "2026-03-01T24:00:00.5Z",
            "2026-03-01T24:30:00Z",
            "2026-02-29T10:00:00Z",
            "2026-13-01T10:00:00Z",
            "2026-03-01T10:00:00+14:30",
            "2026-03-01T10:00:00+01:60",
            "2026-03-01T10:00:00+0100",
            "2026-03-01T10:00:00+01",
            "2026-03-01T10:00:00.Z",
            "2026-03-01T10:00:00,5Z",
            "2026-03-01T10:00:00Z[UTC]",
            "2026-03-01T10:00:00ZZ",
            "20260301T100000Z",
            "+2026-03-01T10:00:00Z",
            " 2026-03-01T10:00:00Z",
            "\u{662}026-03-01T10:00:00Z",
            "2026-03-01T10:00:0\u{e9}",
        ] {
            assert_eq!(shown(text), None, "{text:?}");
        }
    }

    #[test]
    fn instants_beyond_the_calendar_are_shown_as_its_ends() {
        assert_eq!(Timestamp::from_micros(i64::MIN).to_string(), "-009999-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_micros(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    }

    proptest::proptest! {
        #[test]
        fn an_instant_is_shown_in_the_form_of_rfc_3339(micros in -377_705_023_201_000_000_i64..=253_402_207_200_999_999) {
            let at = jiff::Timestamp::from_microsecond(micros).unwrap();
            proptest::prop_assert_eq!(Timestamp::from_micros(micros).to_string(), format!("{at:.3}"));
        }
    }
}
