//! The simple data types of RFC 7643 §2.3 that Rust, jiff and this crate have types for.

use super::error::TypedError;
use super::field::AttributeValue;
use crate::attribute::Type;
use crate::time::Timestamp;
use crate::value::Value;

impl AttributeValue for String {
    const TYPE: Type = Type::String;

    fn from_value(value: &Value) -> Result<Self, TypedError> {
        let text = value.as_str().ok_or_else(|| TypedError::wrong_type(Self::expected(), value))?;
        Ok(text.to_owned())
    }

    fn to_value(&self) -> Value {
        Value::from(self.as_str())
    }
}

impl AttributeValue for bool {
    const TYPE: Type = Type::Boolean;

    fn from_value(value: &Value) -> Result<Self, TypedError> {
        value.as_bool().ok_or_else(|| TypedError::wrong_value(Self::expected(), value))
    }

    fn to_value(&self) -> Value {
        Value::from(*self)
    }
}

macro_rules! integers {
    ($($integer:ty)+) => {$(
        impl AttributeValue for $integer {
            const TYPE: Type = Type::Integer;

            fn expected() -> String {
                format!("a whole number from {} to {}", <$integer>::MIN, <$integer>::MAX)
            }

            fn from_value(value: &Value) -> Result<Self, TypedError> {
                let number = match value {
                    Value::Number(number) => number.as_i64().and_then(|number| Self::try_from(number).ok()),
                    _ => None,
                };
                number.ok_or_else(|| TypedError::wrong_value(Self::expected(), value))
            }

            fn to_value(&self) -> Value {
                Value::from(i64::from(*self))
            }
        }
    )+};
}

integers!(i8 i16 i32 i64 u8 u16 u32);

/// JSON has no form for NaN and the infinities: they are left out.
impl AttributeValue for f64 {
    const TYPE: Type = Type::Decimal;

    fn from_value(value: &Value) -> Result<Self, TypedError> {
        match value {
            Value::Number(number) if number.as_f64().is_finite() => Ok(number.as_f64()),
            Value::Number(_) => {
                Err(TypedError::wrong_value(format!("a number from {:e} to {:e}", Self::MIN, Self::MAX), value))
            }
            other => Err(TypedError::wrong_value(Self::expected(), other)),
        }
    }

    fn to_value(&self) -> Value {
        serde_json::Number::from_f64(*self).map_or(Value::Null, |number| serde_json::Value::Number(number).into())
    }
}

/// What is finer than a microsecond is kept where the document's text has it.
impl AttributeValue for jiff::Timestamp {
    const TYPE: Type = Type::DateTime;

    fn from_value(value: &Value) -> Result<Self, TypedError> {
        let wrong = || TypedError::wrong_value(Self::expected(), value);
        let text = value.as_str().ok_or_else(wrong)?;
        let at = Timestamp::parse_date_time(text).ok_or_else(wrong)?;
        // The same instant to the nanosecond, for the forms that jiff reads too; it has six digits in years before the
        // common era.
        let six_digits = text.strip_prefix('-').map(|rest| format!("-00{rest}"));
        if let Ok(exact) = six_digits.as_deref().unwrap_or(text).parse::<Self>() {
            return Ok(exact);
        }
        Self::from_microsecond(at.as_micros()).map_err(|_| wrong())
    }

    fn to_value(&self) -> Value {
        let text = self.to_string();
        Value::from(text.strip_prefix("-00").map_or_else(|| text.clone(), |rest| format!("-{rest}")))
    }
}

impl AttributeValue for Timestamp {
    const TYPE: Type = Type::DateTime;

    fn from_value(value: &Value) -> Result<Self, TypedError> {
        let at = value.as_str().and_then(Self::parse_date_time);
        at.ok_or_else(|| TypedError::wrong_value(Self::expected(), value))
    }

    fn to_value(&self) -> Value {
        jiff::Timestamp::from_microsecond(self.as_micros())
            .map_or_else(|_| Value::from(self.to_string()), |at| at.to_value())
    }
}

#[cfg(test)]
mod tests {
    use super::{AttributeValue, Timestamp, Value};

    #[test]
    fn date_times_are_written_as_xsd_has_them() {
        // Years before the common era have four digits there and six in jiff; the fraction once got lost between them.
        for (text, same) in [
            ("-0001-12-31T23:59:59.000000001Z", "-0001-12-31T23:59:59.000000001Z"),
            ("2026-03-01T24:00:00", "2026-03-02T00:00:00Z"),
            ("2026-03-01T10:00:00.5+02:00", "2026-03-01T08:00:00.5Z"),
        ] {
            let at = jiff::Timestamp::from_value(&Value::from(text)).unwrap();
            assert_eq!(at.to_value(), Value::from(same), "{text}");
        }
        assert_eq!(Timestamp::from_micros(1_500_000).to_value(), Value::from("1970-01-01T00:00:01.5Z"));
        assert_eq!(Timestamp::from_micros(i64::MAX).to_value(), Value::from("9999-12-31T23:59:59.999Z"));
        for text in ["2026-03-01", "2026-03-01T10:00:00Z[UTC]", "now"] {
            assert!(jiff::Timestamp::from_value(&Value::from(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_that_means_the_same_stays_as_it_is_written() {
        for (stands, written) in [("1.50", "1.50"), ("15e-1", "15e-1"), ("2", "1.5")] {
            let mut value = Value::parse(stands.as_bytes()).unwrap();
            1.5.write_over(&mut value);
            assert_eq!(value.to_string(), written);
        }
    }

    #[test]
    fn numbers_without_a_json_form_are_left_out() {
        assert_eq!(f64::NAN.to_value(), Value::Null);
        assert_eq!(f64::INFINITY.to_value(), Value::Null);
        let error = f64::from_value(&Value::parse(b"1e999").unwrap()).unwrap_err();
        assert!(error.to_string().contains("not 1e999"), "{error}");
    }
}
