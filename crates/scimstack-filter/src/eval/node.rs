//! What evaluation looks at: a document as a tree of [`Value`]s, or as the JSON text it is stored in ([`Json`]), which is
//! read in place and only as far as the filter needs. Both give the same answers, because only this differs.

use scimstack_schema::Value;
use std::borrow::Cow;

/// A value of a document, however it is kept.
pub(crate) trait Node<'a>: Copy {
    /// The member called `name` without ASCII case, when this is an object.
    fn member(self, name: &str) -> Option<Self>;
    /// The elements of a list; any other value is a list of itself.
    fn elements(self) -> impl Iterator<Item = Self> + use<'a, Self>;
    /// The values of an object's members; nothing for other values.
    fn members(self) -> impl Iterator<Item = Self> + use<'a, Self>;
    /// What it is.
    fn kind(self) -> Kind<'a>;
}

/// A value as comparisons see it.
pub(crate) enum Kind<'a> {
    Null,
    Bool(bool),
    /// A number's text.
    Number(&'a str),
    Text(Cow<'a, str>),
    List,
    Object,
}

impl<'a> Node<'a> for &'a Value {
    fn member(self, name: &str) -> Option<Self> {
        self.get(name)
    }

    fn elements(self) -> impl Iterator<Item = Self> + use<'a> {
        match self {
            Value::Array(elements) => elements.iter(),
            single => std::slice::from_ref(single).iter(),
        }
    }

    fn members(self) -> impl Iterator<Item = Self> + use<'a> {
        self.as_object().into_iter().flat_map(|object| object.iter().map(|(_, value)| value))
    }

    fn kind(self) -> Kind<'a> {
        match self {
            Value::Null => Kind::Null,
            Value::Bool(b) => Kind::Bool(*b),
            Value::Number(number) => Kind::Number(number.as_str()),
            Value::String(text) => Kind::Text(Cow::Borrowed(text.as_str())),
            Value::Array(_) => Kind::List,
            Value::Object(_) => Kind::Object,
        }
    }
}

/// A value in a JSON text: the text from its first byte on. Text that is no JSON gives wrong answers, but each step goes
/// forward, so that it gives one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text.trim_start_matches(BLANKS))
    }

    /// What is in the object or list, when this is one.
    fn inside(self, open: char) -> Inside<'a> {
        Inside(self.0.strip_prefix(open).unwrap_or_default())
    }

    fn text(self) -> Option<Cow<'a, str>> {
        let literal = self.0.get(..string_end(self.0.as_bytes()))?;
        match literal.strip_prefix('"')?.strip_suffix('"')? {
            plain if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
            _ => serde_json::from_str(literal).ok().map(Cow::Owned),
        }
    }
}

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// What is left of an object or a list after its opening bracket.
#[derive(Clone, Copy)]
struct Inside<'a>(&'a str);

impl<'a> Inside<'a> {
    /// The next value; nothing at the closing bracket or the end of the text.
    fn value(&mut self) -> Option<Json<'a>> {
        self.0 = self.0.trim_start_matches([',', ':', ' ', '\t', '\r', '\n']);
        if self.0.is_empty() || self.0.starts_with(['}', ']']) {
            return None;
        }
        let value = Json(self.0);
        self.0 = self.0.get(end(self.0.as_bytes())..).unwrap_or_default();
        Some(value)
    }
}

impl<'a> Iterator for Inside<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        self.value()
    }
}

impl<'a> Node<'a> for Json<'a> {
    fn member(self, name: &str) -> Option<Self> {
        let mut inside = self.inside('{');
        loop {
            let key = inside.value()?;
            let is_it = match key.0.as_bytes().get(1..=name.len() + 1).and_then(<[u8]>::split_last) {
                Some((b'"', found)) => found.eq_ignore_ascii_case(name.as_bytes()),
                // An escaped name can be longer than what it spells.
                _ => key.text().is_some_and(|key| key.eq_ignore_ascii_case(name)),
            };
            let value = inside.value()?;
            if is_it {
                return Some(value);
            }
        }
    }

    fn elements(self) -> impl Iterator<Item = Self> + use<'a> {
        let single = if self.0.starts_with('[') { None } else { Some(self) };
        single.into_iter().chain(self.inside('['))
    }

    fn members(self) -> impl Iterator<Item = Self> + use<'a> {
        let mut inside = self.inside('{');
        std::iter::from_fn(move || inside.value().and_then(|_| inside.value()))
    }

    fn kind(self) -> Kind<'a> {
        match self.0.as_bytes().first() {
            Some(b'"') => self.text().map_or(Kind::Null, Kind::Text),
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::List,
            Some(b't') => Kind::Bool(true),
            Some(b'f') => Kind::Bool(false),
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number(self.0.get(..word_end(self.0.as_bytes())).unwrap_or_default()),
        }
    }
}

/// The length of the value at the beginning of `text`; at least 1 unless the text is empty.
fn end(text: &[u8]) -> usize {
    match text.first() {
        Some(b'"') => string_end(text),
        Some(b'{' | b'[') => {
            let (mut at, mut depth) = (0, 0_usize);
            while let Some(byte) = text.get(at) {
                match byte {
                    b'"' => {
                        at += string_end(text.get(at..).unwrap_or_default());
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    break;
                }
            }
            at
        }
        _ => word_end(text),
    }
}

/// The length of the string at the beginning of `text`, quotation marks included.
fn string_end(text: &[u8]) -> usize {
    let mut at = 1;
    loop {
        match text.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return text.len(),
        }
    }
}

/// The length of a number or of `true`, `false`, `null`.
fn word_end(text: &[u8]) -> usize {
    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
    text.iter().position(ends).unwrap_or(text.len()).max(1)
}
