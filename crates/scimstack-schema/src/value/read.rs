//! From bytes to a value: serde_json judges whether it is JSON, this builds the tree from text known to be good.

use super::{MAX_DEPTH, Number, Object, Text, Value};

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

/// Reads text that serde_json has found to be one JSON value. Each byte is looked at once more, however deep it lies.
pub(super) fn from_raw(raw: &str) -> Result<Value, JsonError> {
    Reader { text: raw, at: 0 }.value(0)
}

/// A valid JSON text, and how far it has been read. At its end the next byte is 0.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// The next byte that is no blank.
    fn peek(&mut self) -> u8 {
        while matches!(self.byte(), b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
        self.byte()
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Takes `close`, or the comma before another element.
    fn ends(&mut self, close: u8) -> bool {
        let next = self.peek();
        let more = next != close && next != 0;
        if !more || next == b',' {
            self.at += 1;
        }
        !more
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        match self.peek() {
            b'"' => self.string().map(Value::String),
            b'[' | b'{' if depth >= MAX_DEPTH => Err(JsonError::TooDeep),
            b'{' => {
                self.at += 1;
                let mut members = Vec::new();
                while !self.ends(b'}') {
                    self.peek();
                    let name = self.string()?;
                    self.peek();
                    self.at += 1;
                    members.push((name, self.value(depth + 1)?));
                }
                match first_duplicate(&members) {
                    Some(name) => Err(JsonError::Duplicate(name)),
                    None => Ok(Value::Object(Object { members })),
                }
            }
            b'[' => {
                self.at += 1;
                let mut elements = Vec::new();
                while !self.ends(b']') {
                    elements.push(self.value(depth + 1)?);
                }
                Ok(Value::Array(elements))
            }
            b'n' => {
                self.at += 4;
                Ok(Value::Null)
            }
            b't' => {
                self.at += 4;
                Ok(Value::Bool(true))
            }
            b'f' => {
                self.at += 5;
                Ok(Value::Bool(false))
            }
            _ => {
                let start = self.at;
                while matches!(self.byte(), b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E') {
                    self.at += 1;
                }
                match self.since(start) {
                    "" => Err(JsonError::Syntax("expected a value".to_owned())),
                    number => Ok(Value::Number(Number::of(number))),
                }
            }
        }
    }

    /// A string from its opening quote on.
    fn string(&mut self) -> Result<Text, JsonError> {
        let start = self.at;
        self.at += 1;
        let mut escapes = false;
        loop {
            match self.byte() {
                b'"' | 0 => break,
                b'\\' => {
                    escapes = true;
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
        self.at += 1;
        if escapes {
            let text: String = serde_json::from_str(self.since(start)).map_err(|e| JsonError::Syntax(e.to_string()))?;
            return Ok(text.into());
        }
        Ok(self.text.get(start + 1..self.at - 1).unwrap_or_default().into())
    }
}

fn first_duplicate(members: &[(Text, Value)]) -> Option<String> {
    if members.len() <= 8 {
        let mut rest = members;
        while let Some(((name, _), tail)) = rest.split_first() {
            if tail.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                return Some(name.into());
            }
            rest = tail;
        }
        return None;
    }
    let mut seen = std::collections::HashSet::with_capacity(members.len());
    members.iter().map(|(name, _)| name).find(|name| !seen.insert(name.to_ascii_lowercase())).map(String::from)
}
