//! JSON values as SCIM needs them: members in the order they came, numbers as they were written, names found without
//! case. Read and written here and nowhere else; independent of serde_json's `preserve_order` and `arbitrary_precision`.
//!
//! ```
//! use scimstack_schema::value::Value;
//! let value = Value::parse(br#"{"b": 1.10, "a": [true, null]}"#).unwrap();
//! assert_eq!(value.to_string(), r#"{"b":1.10,"a":[true,null]}"#);
//! assert_eq!(value.get("B").unwrap().to_string(), "1.10");
//! ```

use serde::de::Deserializer;
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
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
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object.
    Object(Object),
}

/// A JSON number, kept as it was written: `1.10` stays `1.10`. Equality is equality of text; compare amounts with
/// [`Number::as_f64`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Number(Box<str>);

/// A JSON object: members in order. Member names are unique when it came from [`Value::parse`] (without case).
///
/// Objects with the same members are equal in whatever order these come.
#[derive(Clone, Debug, Default)]
pub struct Object {
    members: Vec<(String, Value)>,
}

/// Why bytes are no acceptable JSON.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// Not JSON at all, or not UTF-8.
    #[error("{0}")]
    Syntax(String),
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("arrays and objects are nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// A member that occurs twice in one object (names compare without case).
    #[error("the member \"{0}\" occurs twice in one object (names are compared without case)")]
    Duplicate(String),
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
            Self::Number(number) => out.extend_from_slice(number.0.as_bytes()),
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
    // Writing a string to a Vec cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// Reads text that serde_json has found to be one JSON value. Each byte is looked at once more, however deep it lies.
fn from_raw(raw: &str) -> Result<Value, JsonError> {
    Reader { rest: raw }.value(0)
}

/// What is left of a valid JSON text.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        self.rest.bytes().next()
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Takes `close`, or the comma before another element.
    fn ends(&mut self, close: u8) -> bool {
        match self.peek() {
            Some(b',') => {
                self.take(1);
                false
            }
            Some(other) if other != close => false,
            _ => {
                self.take(1);
                true
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        match self.peek() {
            Some(b'n') => {
                self.take(4);
                Ok(Value::Null)
            }
            Some(b't') => {
                self.take(4);
                Ok(Value::Bool(true))
            }
            Some(b'f') => {
                self.take(5);
                Ok(Value::Bool(false))
            }
            Some(b'"') => self.string().map(Value::String),
            Some(b'[' | b'{') if depth >= MAX_DEPTH => Err(JsonError::TooDeep),
            Some(b'[') => {
                self.take(1);
                let mut elements = Vec::new();
                while !self.ends(b']') {
                    elements.push(self.value(depth + 1)?);
                }
                Ok(Value::Array(elements))
            }
            Some(b'{') => {
                self.take(1);
                let mut members = Vec::new();
                while !self.ends(b'}') {
                    self.peek();
                    let name = self.string()?;
                    self.peek();
                    self.take(1);
                    members.push((name, self.value(depth + 1)?));
                }
                match first_duplicate(&members) {
                    Some(name) => Err(JsonError::Duplicate(name)),
                    None => Ok(Value::Object(Object { members })),
                }
            }
            _ => {
                let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
                let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
                match self.take(end) {
                    "" => Err(JsonError::Syntax("expected a value".to_owned())),
                    number => Ok(Value::Number(Number(number.into()))),
                }
            }
        }
    }

    /// A string from its opening quote on.
    fn string(&mut self) -> Result<String, JsonError> {
        let inside = self.rest.as_bytes().get(1..).unwrap_or_default();
        let stop = inside.iter().position(|&byte| matches!(byte, b'"' | b'\\')).unwrap_or(inside.len());
        if inside.get(stop) != Some(&b'\\') {
            let literal = self.take(stop + 2);
            return Ok(literal.get(1..=stop).unwrap_or_default().to_owned());
        }
        let mut escaped = false;
        let end = inside.iter().position(|&byte| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        });
        let literal = self.take(end.unwrap_or(inside.len()) + 2);
        serde_json::from_str(literal).map_err(|e| JsonError::Syntax(e.to_string()))
    }
}

fn first_duplicate(members: &[(String, Value)]) -> Option<String> {
    if members.len() <= 8 {
        let mut rest = members;
        while let Some(((name, _), tail)) = rest.split_first() {
            if tail.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                return Some(name.clone());
            }
            rest = tail;
        }
        return None;
    }
    let mut seen = std::collections::HashSet::with_capacity(members.len());
    members.iter().map(|(name, _)| name).find(|name| !seen.insert(name.to_ascii_lowercase())).cloned()
}

impl Number {
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

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        let names_in_step = self.iter().zip(other.iter()).all(|((a, _), (b, _))| a == b);
        if names_in_step {
            return self.members == other.members;
        }
        let mut ours: Vec<&(String, Value)> = self.members.iter().collect();
        let mut theirs: Vec<&(String, Value)> = other.members.iter().collect();
        ours.sort_by_key(|(name, _)| name);
        theirs.sort_by_key(|(name, _)| name);
        ours == theirs
    }
}

impl Object {
    /// An object without members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// True without members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// The member called `name` without ASCII case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    /// The member called `name` without ASCII case, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.members.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    /// Sets a member: in its place when it is there (keeping its spelling), else at the end. The old value comes back.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let name = name.into();
        let value = value.into();
        match self.get_mut(&name) {
            Some(old) => Some(std::mem::replace(old, value)),
            None => {
                self.members.push((name, value));
                None
            }
        }
    }

    /// The member called `name`, made as an empty object when it is not there.
    pub fn entry(&mut self, name: &str) -> &mut Value {
        let at = match self.members.iter().position(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some(at) => at,
            None => {
                self.members.push((name.to_owned(), Value::Object(Object::new())));
                self.members.len() - 1
            }
        };
        #[allow(clippy::indexing_slicing, reason = "the position was found or made in the lines above")]
        &mut self.members[at].1
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.members.iter().position(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(self.members.remove(at).1)
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The members in order, values to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.members.iter_mut().map(|(name, value)| (name.as_str(), value))
    }

    /// Keeps the members for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        self.members.retain_mut(|(name, value)| keep(name, value));
    }

    /// Appends the compact JSON text.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (i, (name, value)) in self.members.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            write_string(name, out);
            out.push(b':');
            value.write(out);
        }
        out.push(b'}');
    }
}

impl IntoIterator for Object {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

impl<N: Into<String>, V: Into<Value>> FromIterator<(N, V)> for Object {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(members: I) -> Self {
        let mut object = Self::new();
        for (name, value) in members {
            object.insert(name, value);
        }
        object
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
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
            serde_json::Value::Number(n) => Self::Number(Number(n.to_string().into())),
            serde_json::Value::String(s) => Self::String(s),
            serde_json::Value::Array(a) => Self::Array(a.into_iter().map(Into::into).collect()),
            serde_json::Value::Object(o) => Self::Object(o.into_iter().collect()),
        }
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
