//! The words of the grammar, with nom: paths, keywords, literals (RFC 7644 Figure 1, RFC 8259 for literals). Each takes
//! the rest of the input and gives what is left after it; none recurses.

use crate::ast::Literal;
use nom::branch::alt;
use nom::bytes::complete::{tag_no_case, take_while, take_while1};
use nom::character::complete::{char, digit0, digit1, one_of, satisfy};
use nom::combinator::{not, opt, peek, recognize};
use nom::{IResult, Parser};
use scimstack_schema::Value;

type Lexed<'a, T> = IResult<&'a str, T>;

/// Any number of spaces.
pub(super) fn spaces(input: &str) -> &str {
    input.trim_start_matches(' ')
}

/// What may stand right after a word: nothing, a space, a bracket or a parenthesis.
fn boundary(input: &str) -> Lexed<'_, ()> {
    not(satisfy(|c| !matches!(c, ' ' | '(' | ')' | '[' | ']'))).parse(input)
}

/// A keyword in any case, not merely the beginning of a longer word.
pub(super) fn keyword<'a>(word: &'static str, input: &'a str) -> Option<&'a str> {
    let (rest, _) = tag_no_case::<_, _, nom::error::Error<&str>>(word).parse(input).ok()?;
    boundary(rest).ok()?;
    Some(rest)
}

/// `not` where it is the keyword, that is before a parenthesis; the rest begins at the parenthesis.
pub(super) fn not_group(input: &str) -> Option<&str> {
    let rest = spaces(keyword("not", input)?);
    rest.starts_with('(').then_some(rest)
}

/// The characters up to the next delimiter, perhaps none: what a reader would call the word at this place.
pub(super) fn word(input: &str) -> &str {
    let parsed: Lexed<'_, &str> = take_while(|c| !matches!(c, ' ' | '(' | ')' | '[' | ']' | '"')).parse(input);
    parsed.map_or("", |(_, word)| word)
}

/// `ALPHA *( ALPHA / DIGIT / "-" / "_" / "$" )`, or `$ref`.
pub(super) fn name(input: &str) -> Lexed<'_, &str> {
    let tail = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$');
    let ordinary = recognize((satisfy(|c| c.is_ascii_alphabetic()), take_while(tail)));
    let reference = recognize((tag_no_case("$ref"), not(peek(satisfy(tail)))));
    alt((ordinary, reference)).parse(input)
}

/// True when `text` is an `attrPath`: perhaps a URI and a colon, a name, perhaps a dot and a name.
pub(super) fn is_attr_path(text: &str) -> bool {
    let (uri, tail) = match text.rsplit_once(':') {
        Some((uri, tail)) => (Some(uri), tail),
        None => (None, text),
    };
    let uri_is_fine = uri.is_none_or(|uri| {
        uri.starts_with(|c: char| c.is_ascii_alphabetic())
            && uri.chars().all(|c| c.is_ascii_alphanumeric() || "-._~:/?#@!$&*+,;=%".contains(c))
    });
    let parsed: Lexed<'_, _> = (name, opt((char('.'), name))).parse(tail);
    uri_is_fine && matches!(parsed, Ok(("", _)))
}

/// A literal, and what is left. `None` when there is none.
pub(super) fn literal(input: &str) -> Option<(&str, Literal)> {
    if input.starts_with('"') {
        let (rest, raw) = quoted(input).ok()?;
        boundary(rest).ok()?;
        return serde_json::from_str(raw).ok().map(|text| (rest, Literal::String(text)));
    }
    let (rest, word): (&str, &str) =
        take_while1::<_, _, nom::error::Error<&str>>(|c| !matches!(c, ' ' | '(' | ')' | '[' | ']'))
            .parse(input)
            .ok()?;
    let literal = match word {
        "null" => Literal::Null,
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        _ => match (number(word), Value::parse(word.as_bytes())) {
            (Ok(("", _)), Ok(Value::Number(number))) => Literal::Number(number),
            _ => return None,
        },
    };
    Some((rest, literal))
}

/// From one quotation mark to the next that no backslash escapes, both included.
fn quoted(input: &str) -> Lexed<'_, &str> {
    let plain = take_while1(|c| !matches!(c, '"' | '\\'));
    let escaped = recognize((char('\\'), satisfy(|_| true)));
    recognize((char('"'), nom::multi::fold_many0(alt((plain, escaped)), || (), |(), _| ()), char('"'))).parse(input)
}

/// A JSON number.
fn number(input: &str) -> Lexed<'_, &str> {
    let whole = alt((recognize(char('0')), recognize((one_of("123456789"), digit0))));
    let fraction = opt((char('.'), digit1));
    let exponent = opt((one_of("eE"), opt(one_of("+-")), digit1));
    recognize((opt(char('-')), whole, fraction, exponent)).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_grammar() {
        for good in ["a", "userName", "x509Certificates", "a-b_c$d", "$ref", "name.givenName", "members.$ref"] {
            assert!(is_attr_path(good), "{good}");
        }
        for bad in ["", ".", "a.", ".a", "a..b", "a.b.c", "0", "1a", "$", "$refs", "_a", "-a", "ä", "a b", "a:", ":a"]
        {
            assert!(!is_attr_path(bad), "{bad}");
        }
    }

    #[test]
    fn uris_may_hold_dots_colons_and_digits() {
        for good in ["urn:ietf:params:scim:schemas:core:2.0:User:name.givenName", "urn:x:1.0:a", "https://a.test/s:a.b"]
        {
            assert!(is_attr_path(good), "{good}");
        }
        assert!(!is_attr_path("urn:x y:a") && !is_attr_path("urn:'x':a"));
    }

    #[test]
    fn literals_are_json() {
        for good in [r#""""#, r#""\"""#, r#""\\""#, r#""😀""#, "0", "-0.5", "1e2", "1.0E+3", "true", "null"] {
            assert!(matches!(literal(good), Some(("", _))), "{good}");
        }
        let bad =
            [r#"""#, r#""\""#, r#""\x""#, r#""\uD83D""#, "\"\n\"", "01", "+1", ".5", "1.", "True", "NULL", "'a'", "a"];
        for bad in bad {
            assert!(literal(bad).is_none(), "{bad}");
        }
        assert_eq!(literal(r#""\uD83D\uDE00""#), Some(("", Literal::String("\u{1f600}".to_owned()))));
    }
}
