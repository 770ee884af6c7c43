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

/// A value in a JSON text: its own text, from its first byte to its last. Text that is no JSON gives wrong answers, but
/// each step goes forward, so that it gives one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(past(text, is_blank))
    }

    /// What is in the object or list, when this is one.
    fn inside(self, open: char) -> Inside<'a> {
        Inside(self.0.strip_prefix(open).unwrap_or_default())
    }

    /// The string, when this is one.
    fn text(self) -> Option<Cow<'a, str>> {
        match self.0.strip_prefix('"')?.strip_suffix('"')? {
            plain if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
            _ => serde_json::from_str(self.0).ok().map(Cow::Owned),
        }
    }

    /// Whether this is a member's name, and `name` without ASCII case.
    fn spells(self, name: &str) -> bool {
        let literal = self.0.as_bytes();
        if literal.len() == name.len() + 2 {
            return literal.get(1..=name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()));
        }
        // An escaped name is longer than what it spells.
        literal.len() > name.len() + 2 && self.0.contains('\\') && {
            self.text().is_some_and(|found| found.eq_ignore_ascii_case(name))
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// What comes after the bytes, all ASCII, that `skip` is true of.
fn past(text: &str, skip: fn(u8) -> bool) -> &str {
    let length = text.bytes().take_while(|byte| skip(*byte)).count();
    text.get(length..).unwrap_or_default()
}

/// What is left of an object or a list after its opening bracket: one after the other, the values in it, of which in an
/// object every other one is a name.
#[derive(Clone, Copy)]
struct Inside<'a>(&'a str);

impl<'a> Iterator for Inside<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        let text = past(self.0, |byte| is_blank(byte) || byte == b',' || byte == b':');
        if matches!(text.as_bytes().first(), None | Some(b'}' | b']')) {
            self.0 = "";
            return None;
        }
        let (value, rest) = text.split_at_checked(end(text.as_bytes())).unwrap_or((text, ""));
        self.0 = rest;
        Some(Json(value))
    }
}

impl<'a> Node<'a> for Json<'a> {
    fn member(self, name: &str) -> Option<Self> {
        let mut inside = self.inside('{');
        loop {
            let (key, value) = (inside.next()?, inside.next()?);
            if key.spells(name) {
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
        std::iter::from_fn(move || inside.nth(1))
    }

    fn kind(self) -> Kind<'a> {
        match self.0.as_bytes().first() {
            Some(b'"') => self.text().map_or(Kind::Null, Kind::Text),
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::List,
            Some(b't') => Kind::Bool(true),
            Some(b'f') => Kind::Bool(false),
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number(self.0),
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
