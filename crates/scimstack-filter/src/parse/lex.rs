//! The words of the grammar: paths, keywords, literals (RFC 7644 Figure 1, RFC 8259 for literals). Each looks at the
//! beginning of what is left of the input and says how much of it is the word; none recurses. Nearly every byte is looked
//! at once, by its class; nom reads numbers and strings with escapes.

use crate::ast::{Literal, Operator};
use nom::branch::alt;
use nom::bytes::complete::take_while1;
use nom::character::complete::{char, satisfy};
use nom::combinator::recognize;
use nom::{IResult, Parser};
use scimstack_schema::value::{Number, Text};

type Lexed<'a, T> = IResult<&'a str, T>;

/// May follow the first letter of a name.
const NAME: u8 = 1;
/// May stand in the URI before a name.
const URI: u8 = 2;
/// Ends a word.
const END: u8 = 4;
/// In a string, ends what stands for itself.
const SPECIAL: u8 = 8;

/// What each byte may be; those of characters beyond ASCII may be nothing.
#[allow(clippy::indexing_slicing, reason = "in a constant there is no other way, and the compiler checks it")]
static CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        class[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'$' => NAME | URI,
            b'.' | b'~' | b':' | b'/' | b'?' | b'#' | b'@' | b'!' | b'&' | b'*' | b'+' | b',' | b';' | b'=' | b'%' => {
                URI
            }
            b'"' => END | SPECIAL,
            b' ' | b'(' | b')' | b'[' | b']' => END,
            b'\\' | 0..b' ' => SPECIAL,
            _ => 0,
        };
        byte += 1;
    }
    class
};

fn class(byte: u8) -> u8 {
    CLASS.get(usize::from(byte)).copied().unwrap_or(0)
}

/// How many bytes there are at the beginning of these classes.
#[inline]
fn run(input: &str, of: impl Fn(u8) -> bool) -> usize {
    input.bytes().position(|byte| !of(class(byte))).unwrap_or(input.len())
}

/// Whether a word may end before this byte.
fn is_boundary(byte: Option<&u8>) -> bool {
    matches!(byte, None | Some(b' ' | b'(' | b')' | b'[' | b']'))
}

/// Whether a keyword is next, in any case, and not merely the beginning of a longer word.
pub(super) fn keyword(word: &'static str, input: &str) -> bool {
    let input = input.as_bytes();
    input.get(..word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
        && is_boundary(input.get(word.len()))
}

/// `not` where it is the keyword, that is before a parenthesis: how far that is.
pub(super) fn not_group(input: &str) -> Option<usize> {
    if !keyword("not", input) {
        return None;
    }
    let length = 3 + input.bytes().skip(3).take_while(|byte| *byte == b' ').count();
    (input.as_bytes().get(length) == Some(&b'(')).then_some(length)
}

/// The characters up to the next delimiter, perhaps none: what a reader would call the word at this place.
pub(super) fn word(input: &str) -> &str {
    let length = run(input, |class| class & END == 0);
    input.get(..length).unwrap_or_default()
}

/// The operator that the word is.
#[inline]
pub(super) fn operator(input: &str) -> Option<Operator> {
    match *input.as_bytes() {
        [first, second, end, ..] if class(end) & END != 0 => Operator::of(first, second),
        [first, second] => Operator::of(first, second),
        _ => None,
    }
}

/// The length of `ALPHA *( ALPHA / DIGIT / "-" / "_" / "$" )`, or of `$ref`; 0 when neither is there.
#[inline]
pub(super) fn name(input: &str) -> usize {
    let length = run(input, |class| class & NAME != 0);
    match input.as_bytes().first() {
        Some(first) if first.is_ascii_alphabetic() => length,
        Some(b'$') if input.get(..length).is_some_and(|name| name.eq_ignore_ascii_case("$ref")) => length,
        _ => 0,
    }
}

/// The word, when it is an `attrPath`: perhaps a URI and a colon, a name, perhaps a dot and a name.
#[inline]
pub(super) fn attr_path(input: &str) -> Option<&str> {
    let length = name(input);
    match input.as_bytes().get(length) {
        Some(byte) if class(*byte) & END == 0 => qualified(input),
        _ => input.get(..length).filter(|_| length > 0),
    }
}

/// The same, when it is no single name.
fn qualified(input: &str) -> Option<&str> {
    let (mut length, mut uri, mut classes) = (0, 0, NAME | URI);
    for byte in input.bytes() {
        let class = class(byte);
        if class & END != 0 {
            break;
        }
        // What stands before a colon is of the URI.
        if byte == b':' {
            if classes & URI == 0 {
                return None;
            }
            uri = length + 1;
        }
        classes &= class;
        length += 1;
    }
    let path = input.get(..length)?;
    let tail = path.get(uri..)?;
    if uri > 0 && !(path.starts_with(|c: char| c.is_ascii_alphabetic())) {
        return None;
    }
    let end = name(tail);
    let fits = end > 0
        && match tail.get(end..)?.strip_prefix('.') {
            Some(sub) => !sub.is_empty() && name(sub) == sub.len(),
            None => end == tail.len(),
        };
    fits.then_some(path)
}

/// A literal and its length. `None` when there is none.
#[inline]
pub(super) fn literal(input: &str) -> Option<(usize, Literal)> {
    if input.starts_with('"') {
        let (length, text) = string(input)?;
        return is_boundary(input.as_bytes().get(length)).then_some((length, Literal::String(text)));
    }
    let length = input.bytes().take_while(|byte| !is_boundary(Some(byte))).count();
    let literal = match input.get(..length)? {
        "null" => Literal::Null,
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        word => Literal::Number(Number::parse(word)?),
    };
    Some((length, literal))
}

/// A JSON string, decoded, and its length with the quotation marks.
#[inline]
fn string(input: &str) -> Option<(usize, Text)> {
    let inside = input.get(1..)?;
    let length = run(inside, |class| class & SPECIAL == 0);
    if inside.as_bytes().get(length) == Some(&b'"') {
        return Some((length + 2, inside.get(..length)?.into()));
    }
    let (_, raw) = quoted(input).ok()?;
    let text: String = serde_json::from_str(raw).ok()?;
    Some((raw.len(), text.into()))
}

/// From one quotation mark to the next that no backslash escapes, both included.
fn quoted(input: &str) -> Lexed<'_, &str> {
    let plain = take_while1(|c| !matches!(c, '"' | '\\'));
    let escaped = recognize((char('\\'), satisfy(|_| true)));
    recognize((char('"'), nom::multi::fold_many0(alt((plain, escaped)), || (), |(), _| ()), char('"'))).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_grammar() {
        for good in ["a", "userName", "x509Certificates", "a-b_c$d", "$ref", "name.givenName", "members.$ref"] {
            assert_eq!(attr_path(good), Some(good));
        }
        for bad in ["", ".", "a.", ".a", "a..b", "a.b.c", "0", "1a", "$", "$refs", "_a", "-a", "ä", "a b", "a:", ":a"]
        {
            assert_ne!(attr_path(bad), Some(bad));
        }
    }

    #[test]
    fn uris_may_hold_dots_colons_and_digits() {
        for good in ["urn:ietf:params:scim:schemas:core:2.0:User:name.givenName", "urn:x:1.0:a", "https://a.test/s:a.b"]
        {
            assert_eq!(attr_path(good), Some(good));
        }
        assert!(attr_path("urn:x y:a") == Some("urn:x") && attr_path("urn:'x':a").is_none());
    }

    #[test]
    fn literals_are_json() {
        for good in [r#""""#, r#""\"""#, r#""\\""#, r#""😀""#, "0", "-0.5", "1e2", "1.0E+3", "true", "null"] {
            assert!(matches!(literal(good), Some((length, _)) if length == good.len()), "{good}");
        }
        let bad =
            [r#"""#, r#""\""#, r#""\x""#, r#""\uD83D""#, "\"\n\"", "01", "+1", ".5", "1.", "True", "NULL", "'a'", "a"];
        for bad in bad {
            assert!(literal(bad).is_none(), "{bad}");
        }
        assert_eq!(literal(r#""\uD83D\uDE00""#), Some((14, Literal::String("\u{1f600}".into()))));
    }
}
