//! Texts that are alike: those of one list mostly have the same members in the same order, and differ in simple values
//! only. What was found out about the members of one then holds for the others: it is enough to see that they have the
//! same text between the values (RFC 7644 §3.9).
//! Left out: the look at one text by itself ([`super::text`]).

use super::text::{Reader, TextMember, TextProjection};
use crate::uri::SchemaUri;
use std::ops::Range;

/// What is said of a member of a text that is shown whole; see [`TextShapes::leaves`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// It stays as it is, whatever its value.
    Stays,
    /// It stays as it is in this text; a text that is alike is to be looked at, too.
    StaysHere,
    /// The text is not shown as it is.
    Goes,
}

/// A look at several texts with one projection, which remembers what texts that are alike have in common.
///
/// ```
/// use scimstack_schema::projection::Look;
/// use scimstack_schema::{Projection, Registry};
///
/// let registry = Registry::core();
/// let texts = Projection::all().of_texts(registry.resource_type("User").unwrap(), &[]);
/// let mut shapes = texts.shapes();
/// assert!(shapes.leaves(r#"{"userName":"ann","active":true}"#, |_| Look::Stays));
/// assert!(shapes.leaves(r#"{"userName":"bob","active":false}"#, |_| Look::Stays));
/// assert!(!shapes.leaves(r#"{"password":"secret"}"#, |_| Look::Stays));
/// ```
pub struct TextShapes<'t, 'a> {
    texts: &'t TextProjection<'a>,
    /// The one that was met last is the first.
    known: Vec<Shape<'a>>,
    hits: usize,
    misses: usize,
    /// Where the values of the text end that is looked at.
    ends: Vec<usize>,
}

/// So many shapes are remembered.
const KNOWN: usize = 4;

/// Where so many more texts are like none than are, they are looked at by themselves.
const MISSES: usize = 8;

/// What texts have in common.
struct Shape<'a> {
    /// One of them.
    text: String,
    /// Where its simple values are, those of strings between their marks.
    values: Vec<Range<usize>>,
    /// Members that are to be looked at in each.
    members: Vec<Member<'a>>,
}

struct Member<'a> {
    extension: Option<&'a SchemaUri>,
    name: &'a str,
    start: Place,
    end: Place,
}

/// A place in all texts of a shape: so many values before it, and bytes since the last of them.
#[derive(Clone, Copy)]
struct Place {
    values: usize,
    bytes: usize,
}

impl<'a> TextProjection<'a> {
    /// For several texts, many of which may be alike.
    #[must_use]
    pub fn shapes(&self) -> TextShapes<'_, 'a> {
        TextShapes { texts: self, known: Vec::new(), hits: 0, misses: 0, ends: Vec::new() }
    }
}

impl<'a> TextShapes<'_, 'a> {
    /// [`TextProjection::leaves`]. What `look` says of a member goes by its extension and name, unless it says
    /// [`Look::StaysHere`] of it.
    pub fn leaves(&mut self, text: &str, mut look: impl FnMut(TextMember<'a>) -> Look) -> bool {
        if self.misses > self.hits + MISSES {
            return self.texts.leaves(text, |member| look(member) != Look::Goes);
        }
        let mut found = None;
        for (n, shape) in self.known.iter().enumerate() {
            if shape.fits(text, &mut self.ends).is_some() {
                found = Some(n);
                break;
            }
        }
        let Some(n) = found else { return self.learn(text, look) };
        self.hits += 1;
        self.known.swap(0, n);
        let Some(shape) = self.known.first() else { return false };
        shape.members.iter().all(|member| {
            let (start, end) = (member.start.within(&self.ends), member.end.within(&self.ends));
            look(TextMember { extension: member.extension, name: member.name, value: start..end }) != Look::Goes
        })
    }

    fn learn(&mut self, text: &str, mut look: impl FnMut(TextMember<'a>) -> Look) -> bool {
        self.misses += 1;
        let mut reader = Reader::noting(text);
        let mut asked = Vec::new();
        let leaves = self.texts.reads(&mut reader, |member| {
            let (extension, name, value) = (member.extension, member.name, member.value.clone());
            let said = look(member);
            if said == Look::StaysHere {
                asked.push((extension, name, value));
            }
            said != Look::Goes
        });
        if leaves {
            let values = reader.noted();
            let member = |(extension, name, value): (_, _, Range<usize>)| {
                let (start, end) = (Place::of(value.start, &values), Place::of(value.end, &values));
                Member { extension, name, start, end }
            };
            let members = asked.into_iter().map(member).collect();
            self.known.truncate(KNOWN - 1);
            self.known.insert(0, Shape { text: text.to_owned(), values, members });
        }
        leaves
    }
}

impl Shape<'_> {
    /// Whether a text is alike, and where its values end.
    fn fits(&self, text: &str, ends: &mut Vec<usize>) -> Option<()> {
        ends.clear();
        let mut reader = Reader::new(text);
        let mut done = 0;
        for value in &self.values {
            let between = self.text.as_bytes().get(done..value.start)?;
            reader.over(between)?;
            // Nothing but a string has a mark before it.
            match between.last() {
                Some(b'"') => reader.up_to_mark()?,
                _ => reader.plain()?,
            }
            ends.push(reader.at());
            done = value.end;
        }
        reader.over(self.text.as_bytes().get(done..)?)?;
        reader.is_at_end().then_some(())
    }
}

impl Place {
    fn of(at: usize, values: &[Range<usize>]) -> Self {
        let before = values.partition_point(|value| value.end <= at);
        let last = before.checked_sub(1).and_then(|last| values.get(last)).map_or(0, |value| value.end);
        Self { values: before, bytes: at - last }
    }

    fn within(self, ends: &[usize]) -> usize {
        self.values.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or(0) + self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Projection, Registry};

    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    /// What was looked at, and the answer, which has to be that of a look at each text by itself.
    fn looked(texts: &[String]) -> Vec<Vec<String>> {
        let registry = Registry::core();
        let projection = Projection::all().of_texts(registry.resource_type("User").unwrap(), &[]);
        let mut shapes = projection.shapes();
        let mut looked = Vec::new();
        for text in texts {
            let is_asked = |name: &str| matches!(name, "id" | "active" | "manager");
            let (mut all, mut some, mut seen) = (Vec::new(), Vec::new(), Vec::new());
            let show = |member: &TextMember<'_>| {
                (member.extension.is_some(), member.name.to_owned(), text.get(member.value.clone()).unwrap().to_owned())
            };
            let alone = projection.leaves(text, |member| {
                all.extend(is_asked(member.name).then(|| show(&member)));
                member.name != "nickName"
            });
            let found = shapes.leaves(text, |member| {
                seen.push(member.name.to_owned());
                some.extend(is_asked(member.name).then(|| show(&member)));
                match member.name {
                    "nickName" => Look::Goes,
                    name if is_asked(name) => Look::StaysHere,
                    _ => Look::Stays,
                }
            });
            assert_eq!(found, alone, "{text}");
            assert!(!found || some == all, "{text}: {some:?} {all:?}");
            looked.push(seen);
        }
        looked
    }

    fn user(id: &str, name: &str, active: &str, manager: &str) -> String {
        format!(
            r#"{{"id":"{id}","userName":"{name}","emails":[{{"value":"{name}@x","primary":{active}}}],"active":{active},"{ENTERPRISE}":{{"manager":{{"value":"{manager}"}}}}}}"#
        )
    }

    #[test]
    fn of_texts_that_are_alike_only_what_depends_on_values_is_looked_at_again() {
        let texts = [
            user("u1", "ann", "true", "b"),
            user("u22", r#"a\"}\\"#, "false", ""),
            user("", "é", "1.5E+3", r#"\\"#),
            user("u1", "", "null", "x"),
        ];
        let looked = looked(&texts);
        assert_eq!(looked[0], ["id", "userName", "emails", "active", "manager"]);
        for again in &looked[1..] {
            assert_eq!(*again, ["id", "active", "manager"]);
        }
    }

    #[test]
    fn what_is_nearly_alike_is_looked_at_by_itself() {
        let first = user("u1", "ann", "true", "b");
        for other in [
            first.replace("\"emails\"", "\"phoneNumbers\""),
            first.replace("\"emails\"", "\"password\""),
            first.replace("\"ann\"", "17"),
            first.replace("true", "\"true\""),
            first.replace("true", ""),
            first.replace("true", "[]"),
            first.replace("\"ann\"", "{\"a\":\"ann\"}"),
            first.replace("\"u1\",", "\"u1\",\"nickName\":\"n\","),
            first.replace(r#""u1""#, r#""u1","id":"u2""#),
            first.replace('b', "b\\\""),
            first.replace('b', "b\\"),
            format!("{first} "),
            format!("{first}}}"),
        ] {
            looked(&[first.clone(), other.clone(), first.clone(), other]);
        }
        for cut in (0..first.len()).filter_map(|end| first.get(..end)) {
            looked(&[first.clone(), cut.to_owned()]);
        }
    }

    #[test]
    fn texts_of_many_shapes_are_looked_at_by_themselves_in_the_end() {
        let registry = Registry::core();
        let projection = Projection::all().of_texts(registry.resource_type("User").unwrap(), &[]);
        let mut shapes = projection.shapes();
        for n in 0..40 {
            let text = format!(r#"{{"emails":[{}{{"value":"b"}}]}}"#, r#"{"value":"a"},"#.repeat(n));
            assert!(shapes.leaves(&text, |_| Look::Stays));
            assert!(shapes.known.len() <= KNOWN);
        }
        assert_eq!((shapes.hits, shapes.misses), (0, MISSES + 1));
    }
}
