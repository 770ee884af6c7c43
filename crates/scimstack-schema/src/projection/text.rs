//! Stored text that may be shown as it is: one look at the JSON text of a resource finds whether a projection would leave
//! all of it, so that no tree is built only to be written again (RFC 7644 §3.9).
//! Left out: many texts that are alike ([`super::shape`]), what is to be added to the text, and the trees of all texts that are not shown whole.

use super::{FIXED, Projection, Wish, find, is_usual};
use crate::attribute::{Attribute, Type};
use crate::registry::ResourceType;
use crate::uri::SchemaUri;
use crate::value::MAX_DEPTH;
use std::ops::Range;
use std::sync::Arc;

/// A projection made ready for the texts of one resource type; see [`Projection::of_texts`].
pub struct TextProjection<'a> {
    resource_type: &'a ResourceType,
    wish: Wish<'a>,
}

/// A top-level member, or a member of an extension, of a text that is shown whole.
#[derive(Debug)]
#[non_exhaustive]
pub struct TextMember<'a> {
    /// The extension it is in.
    pub extension: Option<&'a SchemaUri>,
    /// What it is a value of: its name as the schema spells it, or `schemas` or `id`.
    pub name: &'a str,
    /// Where its value is in the text, in bytes.
    pub value: Range<usize>,
}

impl Projection {
    /// Makes the projection ready for the texts of a resource type. `written` is that of
    /// [`Projection::apply_after_write`].
    ///
    /// ```
    /// use scimstack_schema::{Projection, Registry};
    ///
    /// let registry = Registry::core();
    /// let user = registry.resource_type("User").unwrap();
    /// let text = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann"}"#;
    /// assert!(Projection::all().of_texts(user, &[]).leaves(text, |_| true));
    /// let less = Projection::from_query(None, Some("userName")).unwrap();
    /// assert!(!less.of_texts(user, &[]).leaves(text, |_| true));
    /// ```
    #[must_use]
    pub fn of_texts<'a>(&self, resource_type: &'a ResourceType, written: &[String]) -> TextProjection<'a> {
        TextProjection { resource_type, wish: Wish::new(self, resource_type, written) }
    }
}

impl<'a> TextProjection<'a> {
    /// Whether the projection takes nothing out of a document: then its text is what the answer shows. `text` has to be
    /// one that [`crate::Value::parse`] accepts, as stored documents are. Every member is shown to `look`, in order;
    /// false from it ends the look and is the answer. False is always a safe answer: then build the tree.
    #[must_use]
    pub fn leaves(&self, text: &str, look: impl FnMut(TextMember<'a>) -> bool) -> bool {
        self.reads(&mut Reader::new(text), look)
    }

    /// [`TextProjection::leaves`] of what the reader has.
    pub(super) fn reads(&self, reader: &mut Reader<'_>, mut look: impl FnMut(TextMember<'a>) -> bool) -> bool {
        let mut names = Names::of(&self.resource_type.schema.attributes);
        let found = reader.object(|reader, name| {
            if let Some(name) = FIXED.into_iter().find(|fixed| name.eq_ignore_ascii_case(fixed.as_bytes())) {
                let value = reader.skipped()?;
                return look(TextMember { extension: None, name, value }).then_some(());
            }
            if let Some(attribute) = names.exactly(name) {
                return self.member(reader, None, attribute, &mut look);
            }
            let name = std::str::from_utf8(name).ok()?;
            if let Some(extension) = self.resource_type.extension(name) {
                let schema = &extension.schema;
                let mut names = Names::of(&schema.attributes);
                return reader.object(|reader, name| {
                    let attribute = names.find(name)?;
                    self.member(reader, Some(&schema.id), attribute, &mut look)
                });
            }
            self.member(reader, None, find(self.resource_type, name)?, &mut look)
        });
        found.is_some() && reader.is_at_end()
    }

    /// Whether any of a top-level attribute is shown, as [`Projection::shows`].
    #[must_use]
    pub fn shows(&self, name: &str) -> bool {
        self.wish.shows(name)
    }

    /// Whether all of a complex attribute of the base schema, or of those every resource has, is shown: then a value of it
    /// may be written as it is.
    #[must_use]
    pub fn shows_whole(&self, name: &str) -> bool {
        find(self.resource_type, name).is_some_and(|attribute| {
            let part = self.wish.part(None, attribute);
            !attribute.sub_attributes.is_empty() && attribute.sub_attributes.iter().all(|sub| part.shows_sub(sub))
        })
    }

    /// Goes over the value of an attribute; `None` when not all of it is shown.
    fn member(
        &self,
        reader: &mut Reader<'_>,
        extension: Option<&'a SchemaUri>,
        attribute: &'a Attribute,
        look: &mut impl FnMut(TextMember<'a>) -> bool,
    ) -> Option<()> {
        let start = reader.at;
        // Nearly always nothing in particular was asked for, and then every attribute speaks for itself.
        let part = (!self.wish.is_usual()).then(|| self.wish.part(extension, attribute));
        let shows_sub = |sub: &Attribute| match &part {
            Some(part) => part.shows_sub(sub),
            None => is_usual(attribute) && is_usual(sub),
        };
        if attribute.r#type != Type::Complex {
            part.as_ref().map_or_else(|| is_usual(attribute), |part| part.usual).then_some(())?;
            reader.skip(0)?;
        } else if reader.byte() == b'[' {
            // A list without elements is shown when any element would be.
            attribute.sub_attributes.iter().any(|sub| shows_sub(sub)).then_some(())?;
            reader.list(|reader| reader.complex(attribute, &shows_sub))?;
        } else {
            reader.complex(attribute, &shows_sub)?;
        }
        look(TextMember { extension, name: &attribute.name, value: start..reader.at }).then_some(())
    }
}

/// Attributes of one parent, found by name. Documents mostly have them in the order of their schema, so that the next one
/// is looked for behind the last.
struct Names<'a> {
    attributes: &'a [Arc<Attribute>],
    next: usize,
}

impl<'a> Names<'a> {
    fn of(attributes: &'a [Arc<Attribute>]) -> Self {
        Self { attributes, next: 0 }
    }

    /// The attribute whose name is spelled so.
    fn exactly(&mut self, name: &[u8]) -> Option<&'a Attribute> {
        let is_it = |attribute: &&Arc<Attribute>| attribute.name.as_bytes() == name;
        if let Some(attribute) = self.attributes.get(self.next).filter(is_it) {
            self.next += 1;
            return Some(attribute);
        }
        let at = self.attributes.iter().position(|attribute| is_it(&attribute))?;
        self.next = at + 1;
        self.attributes.get(at).map(|attribute| &**attribute)
    }

    /// The attribute called so, whatever its case.
    fn find(&mut self, name: &[u8]) -> Option<&'a Attribute> {
        self.exactly(name).or_else(|| {
            let mut all = self.attributes.iter();
            all.find(|attribute| attribute.name.as_bytes().eq_ignore_ascii_case(name)).map(|attribute| &**attribute)
        })
    }
}

/// A JSON text, and how far it has been read. At its end the next byte is 0. What is no compact JSON is `None`.
pub(super) struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the simple values are that were gone over, when that is to be known.
    values: Option<Vec<Range<usize>>>,
}

/// The first quotation mark or backslash. Most strings are short, so that eight bytes at a time are faster than a search
/// made for long ones.
fn end_of_plain(text: &[u8]) -> Option<usize> {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // The high bit of every byte that is zero; of later ones perhaps, too.
    let zeros = |bytes: u64| bytes.wrapping_sub(LOW) & !bytes & HIGH;
    let (chunks, rest) = text.as_chunks::<8>();
    for (n, chunk) in chunks.iter().enumerate() {
        let bytes = u64::from_le_bytes(*chunk);
        let found = zeros(bytes ^ (LOW * u64::from(b'"'))) | zeros(bytes ^ (LOW * u64::from(b'\\')));
        if found != 0 {
            return Some(8 * n + found.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(text.len() - rest.len() + at)
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0, values: None }
    }

    /// One that notes where simple values are: those of strings between their marks.
    pub(super) fn noting(text: &'a str) -> Self {
        Self { values: Some(Vec::new()), ..Self::new(text) }
    }

    /// What was noted, in order.
    pub(super) fn noted(self) -> Vec<Range<usize>> {
        self.values.unwrap_or_default()
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn note(&mut self, value: Range<usize>) {
        if let Some(values) = &mut self.values {
            values.push(value);
        }
    }

    /// Goes over a text that comes next.
    pub(super) fn over(&mut self, text: &[u8]) -> Option<()> {
        let is_next = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(text));
        is_next.then(|| self.at += text.len())
    }

    /// Whether all has been read.
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    fn byte(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.byte() == byte).then(|| self.at += 1)
    }

    /// A string from its opening quotation mark on: what is between the marks, escapes as they are.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.take(b'"')?;
        let start = self.at;
        self.up_to_mark()?;
        self.at += 1;
        self.text.get(start..self.at - 1)
    }

    /// From within a string to its closing quotation mark.
    pub(super) fn up_to_mark(&mut self) -> Option<()> {
        loop {
            self.at += end_of_plain(self.text.get(self.at..)?)?;
            if self.byte() == b'"' {
                return Some(());
            }
            self.at += 2;
        }
    }

    /// Goes over a number or a word.
    pub(super) fn plain(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.byte(), b'0'..=b'9' | b'a'..=b'z' | b'+' | b'-' | b'.' | b'E') {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// An object with at least one member; `each` is given a name that is spelled without escapes, and reads the value.
    fn object(&mut self, mut each: impl FnMut(&mut Self, &'a [u8]) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        loop {
            // An escaped name is none that a schema declares.
            let name = self.string()?;
            self.take(b':')?;
            each(self, name)?;
            if self.byte() != b',' {
                return self.take(b'}');
            }
            self.at += 1;
        }
    }

    fn list(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(b'[')?;
        if self.byte() == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            each(self)?;
            if self.byte() != b',' {
                return self.take(b']');
            }
            self.at += 1;
        }
    }

    /// One complex value, all of whose sub-attributes are shown.
    fn complex(&mut self, attribute: &Attribute, shows_sub: &impl Fn(&Attribute) -> bool) -> Option<()> {
        let mut names = Names::of(&attribute.sub_attributes);
        self.object(|reader, name| {
            shows_sub(names.find(name)?).then_some(())?;
            reader.skip(0)
        })
    }

    /// Goes over any value.
    fn skip(&mut self, depth: usize) -> Option<()> {
        match self.byte() {
            b'"' => {
                let start = self.at + 1;
                self.string()?;
                self.note(start..self.at - 1);
                Some(())
            }
            b'{' | b'[' if depth >= MAX_DEPTH => None,
            b'{' if self.text.get(self.at + 1) == Some(&b'}') => {
                self.at += 2;
                Some(())
            }
            b'{' => self.object(|reader, _| reader.skip(depth + 1)),
            b'[' => self.list(|reader| reader.skip(depth + 1)),
            _ => {
                let start = self.at;
                self.plain()?;
                self.note(start..self.at);
                Some(())
            }
        }
    }

    /// Goes over any value; where it was.
    fn skipped(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.skip(0)?;
        Some(start..self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Registry, Value};

    /// Whether the text is shown whole, which has to be what the tree says.
    fn whole(projection: &Projection, written: &[String], text: &str) -> bool {
        let registry = Registry::core();
        let user = registry.resource_type("User").unwrap();
        let found = projection.of_texts(user, written).leaves(text, |_| true);
        let before = Value::parse(text.as_bytes()).unwrap();
        let mut after = before.clone();
        projection.apply_after_write(user, after.as_object_mut().unwrap(), written);
        assert!(!found || before == after, "{text} is not shown whole, but {after}");
        found
    }

    #[test]
    fn a_text_is_left_when_all_of_it_is_declared_and_shown() {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        for (text, expected) in [
            (r#"{"schemas":[],"id":"u1","userName":"ann"}"#.to_owned(), true),
            (
                r#"{"userName":"a\"}\\","name":{"givenName":"{"},"active":true,"emails":[{"value":"x"},{"type":"y"}]}"#
                    .into(),
                true,
            ),
            (format!(r#"{{"{enterprise}":{{"department":"R","manager":{{"value":"b"}}}}}}"#), true),
            (r#"{"USERNAME":"ann","emails":[]}"#.into(), true),
            (r#"{"userName":"ann","password":"secret"}"#.into(), false),
            (r#"{"userName":"ann","shoeSize":44}"#.into(), false),
            (r#"{"userName":"ann","urn:example:none":{"a":1}}"#.into(), false),
            (r#"{"name":{"givenName":"Ann","shoeSize":44}}"#.into(), false),
            (r#"{"name":{}}"#.into(), false),
            (r#"{"name":null}"#.into(), false),
            (r#"{"emails":[{}]}"#.into(), false),
            (r#"{"emails":["ann@example.com"]}"#.into(), false),
            (format!(r#"{{"{enterprise}":{{}}}}"#), false),
            (format!(r#"{{"{enterprise}":{{"shoeSize":44}}}}"#), false),
            (r#"{"user\u004eame":"ann"}"#.into(), false),
        ] {
            assert_eq!(whole(&Projection::all(), &[], &text), expected, "{text}");
        }
    }

    #[test]
    fn the_end_of_a_string_is_found_wherever_it_is() {
        for mark in ['"', '\\'] {
            for before in ["", "a", "é", "1234567", "12345678", "!#!#!#!#!#!#!#", "\u{7f}\u{80}\u{a2}\u{dc}\u{1}"] {
                for after in ["", "x", "\"\\\"", "#!]#!]#!]#!]"] {
                    let text = format!("{before}{mark}{after}");
                    assert_eq!(end_of_plain(text.as_bytes()), Some(before.len()), "{text:?}");
                }
                assert_eq!(end_of_plain(before.as_bytes()), None, "{before:?}");
            }
        }
    }

    #[test]
    fn what_is_asked_for_decides() {
        let text = r#"{"schemas":[],"id":"u1","userName":"ann","name":{"givenName":"Ann","familyName":"Lee"}}"#;
        for (attributes, excluded, expected) in [
            (Some("userName,name"), None, true),
            (Some("userName"), None, false),
            (Some("userName,name.givenName"), None, false),
            (None, Some("members,emails"), true),
            (None, Some("name.familyName"), false),
        ] {
            let projection = Projection::from_query(attributes, excluded).unwrap();
            assert_eq!(whole(&projection, &[], text), expected, "{attributes:?} {excluded:?}");
        }
    }

    #[test]
    fn members_are_shown_with_their_places_and_may_be_refused() {
        let registry = Registry::core();
        let user = registry.resource_type("User").unwrap();
        let text = r#"{"id":"u1","USERNAME":"ann","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"b"}}}"#;
        let projection = Projection::all();
        let texts = projection.of_texts(user, &[]);
        let mut seen = Vec::new();
        assert!(texts.leaves(text, |member| {
            seen.push((member.extension.is_some(), member.name.to_owned(), text.get(member.value).unwrap()));
            true
        }));
        assert_eq!(
            seen,
            [
                (false, "id".to_owned(), r#""u1""#),
                (false, "userName".to_owned(), r#""ann""#),
                (true, "manager".to_owned(), r#"{"value":"b"}"#)
            ]
        );
        assert!(!texts.leaves(text, |member| member.name != "manager"));
    }

    #[test]
    fn what_is_no_json_object_is_not_left() {
        let registry = Registry::core();
        let user = registry.resource_type("User").unwrap();
        let (projection, nested) = (Projection::all(), format!(r#"{{"userName":{}"#, "[".repeat(100_000)));
        for text in ["", "{", "{}", "[]", "null", r#"{"userName"}"#, r#"{"userName":}"#, r#"{"userName":"a}"#, &nested]
        {
            assert!(!projection.of_texts(user, &[]).leaves(text, |_| true), "{text:.40}");
        }
        let good = r#"{"userName":"é\\","emails":[{"value":"x"}]}"#;
        for cut in (0..good.len()).filter_map(|end| good.get(..end)) {
            assert!(!projection.of_texts(user, &[]).leaves(cut, |_| true), "{cut}");
        }
    }
}
