//! JSON values as SCIM needs them: members in the order they came, numbers as they were written, names found without
//! case. Read and written here and nowhere else; independent of serde_json's `preserve_order` and `arbitrary_precision`.
//!
//! ```
//! use scimstack_schema::value::Value;
//! let value = Value::parse(br#"{"b": 1.10, "a": [true, null]}"#).unwrap();
//! assert_eq!(value.to_string(), r#"{"b":1.10,"a":[true,null]}"#);
//! assert_eq!(value.get("B").unwrap().to_string(), "1.10");
//! ```

mod distinct;
mod number;
mod object;
mod read;
mod text;

pub(crate) use distinct::FEW;
pub use distinct::distinct;
pub use number::Number;
pub use object::Object;
pub use read::JsonError;
pub use text::Text;

use read::from_raw;
use serde::de::Deserializer;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// The deepest nesting of arrays and objects that [`Value::parse`] accepts.
pub const MAX_DEPTH: usize = 32;

/// A JSON value.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, kept as its text.
    Number(Number),
    /// A string.
    String(Text),
    /// An array.
    Array(Vec<Value>),
    /// An object.
    Object(Object),
}

impl Value {
    /// Reads one JSON value.
    ///
    /// # Errors
    /// Bytes that are not JSON, nest deeper than [`MAX_DEPTH`], or name a member twice in one object.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let raw: &RawValue = serde_json::from_slice(bytes).map_err(|e| JsonError::Syntax(e.to_string()))?;
        from_raw(raw.get())
    }

    /// The member called `name` without case, when this is an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object()?.get(name)
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The elements of an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The object, to change.
    pub fn as_object_mut(&mut self) -> Option<&mut Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// True for what RFC 7643 §2.5 calls unassigned: `null`, `[]` and `{}`.
    #[must_use]
    pub fn is_unassigned(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Array(elements) => elements.is_empty(),
            Self::Object(object) => object.is_empty(),
            _ => false,
        }
    }

    /// The name of the JSON type, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The compact JSON text, as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        self.write(&mut out);
        out
    }

    /// Appends the compact JSON text.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Number(number) => out.extend_from_slice(number.as_str().as_bytes()),
            Self::String(text) => write_string(text, out),
            Self::Array(elements) => {
                out.push(b'[');
                for (i, element) in elements.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    element.write(out);
                }
                out.push(b']');
            }
            Self::Object(object) => object.write(out),
        }
    }
}

/// Appends `text` as a JSON string.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    // Without a way out of the loop, many bytes are looked at in one step.
    let is_special = |byte: u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
    if !text.bytes().fold(false, |found, byte| found | is_special(byte)) {
        out.reserve(text.len() + 2);
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    // Writing a string to a Vec cannot fail.
    let _ = serde_json::to_writer(out, text);
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::String(text)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Number(n.into())
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    fn from(elements: Vec<V>) -> Self {
        Self::Array(elements.into_iter().map(Into::into).collect())
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(b) => Self::Bool(b),
            serde_json::Value::Number(n) => Self::Number(Number::of(n.to_string())),
            serde_json::Value::String(s) => Self::String(s.into()),
            serde_json::Value::Array(a) => Self::Array(a.into_iter().map(Into::into).collect()),
            serde_json::Value::Object(o) => Self::Object(o.into_iter().collect()),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(b) => serializer.serialize_bool(*b),
            Self::Number(n) => n.serialize(serializer),
            Self::String(s) => serializer.serialize_str(s),
            Self::Array(a) => {
                let mut seq = serializer.serialize_seq(Some(a.len()))?;
                for element in a {
                    seq.serialize_element(element)?;
                }
                seq.end()
            }
            Self::Object(o) => {
                let mut map = serializer.serialize_map(Some(o.len()))?;
                for (name, value) in o.iter() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// From serde_json's own deserializer, so that numbers stay as they are written; not from under `#[serde(flatten)]` or
/// an untagged enum, which keep values in a form of their own.
impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: Box<RawValue> = serde::Deserialize::deserialize(deserializer)?;
        from_raw(raw.get()).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_written_as_it_was() {
        for text in [r#"{"a":1.10,"b":[1e2,-0,"\"\\é"],"c":{},"d":null}"#, "12345678901234567890.123456789", r#""x""#]
        {
            assert_eq!(Value::parse(text.as_bytes()).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_serde_json_makes_of_a_value_is_what_we_write() {
        let text = r#"{"b":1.10,"a":[1e2,-0,-7,12345678901234567890.123456789],"c":null,"d":true}"#;
        let value = Value::parse(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), text);
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), value);
        assert_eq!(
            Value::from(serde_json::json!({"x": [1, "y", null, false]})).to_string(),
            r#"{"x":[1,"y",null,false]}"#
        );
    }

    #[test]
    fn objects_are_equal_in_any_order_but_only_with_equal_members() {
        let equal = |a: &str, b: &str| Value::parse(a.as_bytes()).unwrap() == Value::parse(b.as_bytes()).unwrap();
        assert!(equal(r#"{"a":1,"b":{"c":2,"d":3}}"#, r#"{"b":{"d":3,"c":2},"a":1}"#));
        assert!(!equal(r#"{"a":1,"b":2}"#, r#"{"b":1,"a":2}"#));
        assert!(!equal(r#"{"a":1}"#, r#"{"a":1,"b":2}"#));
        assert!(!equal(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#));
        assert!(!equal(r#"{"a":1}"#, r#"{"A":1}"#));
    }

    #[test]
    fn blanks_escapes_and_empty_parts_are_read_as_json_has_them() {
        for (text, written) in [
            (" [ ] ", "[]"),
            ("\r\n{\t}\n", "{}"),
            (
                r#" { "a" : [ 1 , -2.5e+7 , { } , [ ] , null ] , "b\"" : "\\" } "#,
                r#"{"a":[1,-2.5e+7,{},[],null],"b\"":"\\"}"#,
            ),
            (r#""\u00d8\ud83d\ude00\/\b""#, "\"\u{d8}\u{1f600}/\\b\""),
            (r#"["","\\\"]",",","}"]"#, r#"["","\\\"]",",","}"]"#),
            ("\"\u{d8}\u{1f600}\"", "\"\u{d8}\u{1f600}\""),
            (" true ", "true"),
        ] {
            assert_eq!(Value::parse(text.as_bytes()).unwrap().to_string(), written, "{text}");
        }
        assert!(matches!(Value::parse(br#""\ud83d""#), Err(JsonError::Syntax(_))));
        assert!(matches!(Value::parse(br#"{"a":"\ude00x"}"#), Err(JsonError::Syntax(_))));
    }

    #[test]
    fn bad_json_is_refused() {
        let cut = [
            "",
            " ",
            "{",
            "[",
            "\"",
            "[1,]",
            "[1 2]",
            "[,1]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{\"a\" 1}",
            "{1:1}",
            "tru",
            "nul",
            "True",
        ];
        let other = [
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "+1",
            "NaN",
            "\u{feff}{}",
            "{} {}",
            "1 1",
            "'a'",
            "\"\t\"",
            "\"\\x\"",
            "\u{a0}1",
        ];
        for text in cut.into_iter().chain(other) {
            assert!(matches!(Value::parse(text.as_bytes()), Err(JsonError::Syntax(_))), "{text}");
        }
        assert!(matches!(Value::parse(b"\"\xff\""), Err(JsonError::Syntax(_))));
    }

    #[test]
    fn members_that_differ_by_case_only_are_duplicates() {
        assert!(matches!(Value::parse(br#"{"a":1,"A":2}"#), Err(JsonError::Duplicate(_))));
        let many = format!("{{{}}}", (0..20).map(|i| format!("\"k{}\":1", i % 19)).collect::<Vec<_>>().join(","));
        assert!(matches!(Value::parse(many.as_bytes()), Err(JsonError::Duplicate(_))));
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(Value::parse(deep.as_bytes()).is_err());
        let fine = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
        assert!(Value::parse(fine.as_bytes()).is_ok());
    }
}
