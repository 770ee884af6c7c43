//! The parser: the grammar of RFC 7644 Figure 1 without left recursion, by recursive descent over the words in [`lex`].
//! Length, depth and number of terms are charged as it goes, so that neither stack nor time depends on the sender.
//!
//! Beyond the letter it accepts what cannot be mistaken: several spaces, none before a quoted string or around brackets
//! and parentheses, and `path[…].sub op literal`, which resolution refuses unless it is asked for.

mod lex;

use crate::ast::{AttrPath, ElementSub, Filter, Literal, Operator};
use crate::error::{ParseError, ParseErrorKind};
use crate::limits::Limits;
use crate::path::PatchPath;
use std::ops::Range;

/// The most that an error keeps of an input that is too long, in bytes.
const KEPT: usize = 256;

pub(crate) fn filter(text: &str, limits: &Limits) -> Result<Filter, ParseError> {
    let mut parser = Parser::new(text, limits)?;
    if parser.rest.is_empty() {
        return Err(parser.error(ParseErrorKind::Empty, 0..text.len()));
    }
    let filter = parser.alternatives(Place::Top)?;
    if parser.rest.is_empty() { Ok(filter) } else { Err(parser.expected("\"and\", \"or\" or the end")) }
}

pub(crate) fn path(text: &str, limits: &Limits) -> Result<PatchPath, ParseError> {
    let mut parser = Parser::new(text, limits)?;
    let attribute = parser.attr_path()?;
    let mut path = PatchPath { attribute, filter: None, sub_attribute: None };
    parser.skip_spaces();
    if parser.eat("[") {
        parser.skip_spaces();
        let index = lex::word(parser.rest);
        if index.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(parser.error_here(ParseErrorKind::Index, index.len()));
        }
        let inner = parser.alternatives(Place::Brackets).map_err(|error| inside(error, text))?;
        if !parser.rest.is_empty() && !parser.rest.starts_with(']') {
            let error = parser.expected("\"and\", \"or\" or \"]\"");
            return Err(inside(error, text));
        }
        if !parser.eat("]") {
            return Err(parser.expected("\"]\""));
        }
        path.filter = Some(inner);
        if parser.eat(".") {
            path.sub_attribute = Some(parser.sub_name()?);
        }
        parser.skip_spaces();
    }
    if parser.rest.is_empty() { Ok(path) } else { Err(parser.expected("the end of the path")) }
}

/// An error between brackets that are closed further on belongs to the filter, any other to the path.
fn inside(mut error: ParseError, text: &str) -> ParseError {
    error.in_brackets = text.get(error.span.start..).is_some_and(|rest| rest.contains(']'));
    error
}

/// Where a filter stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Top,
    Brackets,
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    limits: &'a Limits,
    depth: usize,
    terms: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, limits: &'a Limits) -> Result<Self, ParseError> {
        let mut parser = Self { text, rest: text, limits, depth: 0, terms: 0 };
        if text.len() > limits.length {
            let kept = text.char_indices().map(|(at, _)| at).take_while(|&at| at <= KEPT).last().unwrap_or(0);
            parser.text = text.get(..kept).unwrap_or("");
            return Err(parser.error(ParseErrorKind::Limit { limit: limits.length, unit: "bytes" }, kept..kept));
        }
        parser.skip_spaces();
        Ok(parser)
    }

    // --- errors

    fn error(&self, kind: ParseErrorKind, span: Range<usize>) -> ParseError {
        ParseError { kind, span, input: self.text.to_owned(), in_brackets: false }
    }

    /// An error at the next `length` bytes.
    fn error_here(&self, kind: ParseErrorKind, length: usize) -> ParseError {
        let start = self.text.len() - self.rest.len();
        self.error(kind, start..start + length)
    }

    fn expected(&self, what: &'static str) -> ParseError {
        self.error_here(ParseErrorKind::Expected(what), lex::word(self.rest).len())
    }

    // --- words

    fn skip_spaces(&mut self) {
        self.rest = lex::spaces(self.rest);
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A keyword after perhaps some spaces; nothing is taken when it is not there.
    fn eat_keyword(&mut self, word: &'static str) -> bool {
        match lex::keyword(word, lex::spaces(self.rest)) {
            Some(rest) => {
                self.rest = lex::spaces(rest);
                true
            }
            None => false,
        }
    }

    fn attr_path(&mut self) -> Result<AttrPath, ParseError> {
        let text = lex::word(self.rest);
        if !lex::is_attr_path(text) {
            return Err(self.expected("an attribute name such as userName or name.familyName"));
        }
        self.rest = self.rest.strip_prefix(text).unwrap_or_default();
        Ok(AttrPath::new(text))
    }

    fn sub_name(&mut self) -> Result<String, ParseError> {
        match lex::name(self.rest) {
            Ok((rest, name)) => {
                self.rest = rest;
                Ok(name.to_owned())
            }
            Err(_) => Err(self.expected("a sub-attribute name")),
        }
    }

    // --- grammar

    /// `andExp *( "or" andExp )`, up to something that is no part of it.
    fn alternatives(&mut self, place: Place) -> Result<Filter, ParseError> {
        let mut parts = Vec::new();
        loop {
            match self.conjunction(place)? {
                Filter::Or(inner) => parts.extend(inner),
                other => parts.push(other),
            }
            if !self.eat_keyword("or") {
                self.skip_spaces();
                return Ok(single(parts, Filter::Or));
            }
        }
    }

    /// `term *( "and" term )`.
    fn conjunction(&mut self, place: Place) -> Result<Filter, ParseError> {
        let mut parts = Vec::new();
        loop {
            match self.term(place)? {
                Filter::And(inner) => parts.extend(inner),
                other => parts.push(other),
            }
            if !self.eat_keyword("and") {
                return Ok(single(parts, Filter::And));
            }
        }
    }

    fn term(&mut self, place: Place) -> Result<Filter, ParseError> {
        self.skip_spaces();
        if let Some(group) = lex::not_group(self.rest) {
            self.rest = group;
            return Ok(Filter::Not(Box::new(self.group(place)?)));
        }
        if self.rest.starts_with('(') {
            return self.group(place);
        }
        self.terms += 1;
        if self.terms > self.limits.terms {
            return Err(self.error_here(ParseErrorKind::Limit { limit: self.limits.terms, unit: "comparisons" }, 0));
        }
        if self.rest.is_empty() {
            return Err(self.expected("a comparison such as userName eq \"ann\""));
        }
        let path = self.attr_path()?;
        if !lex::spaces(self.rest).starts_with('[') {
            let comparison = self.comparison().map_err(|error| match &error.kind {
                ParseErrorKind::UnknownOperator(_) if path.text.eq_ignore_ascii_case("not") => ParseError {
                    kind: ParseErrorKind::Expected("parentheses after \"not\", as in not (title pr),"),
                    ..error
                },
                _ => error,
            })?;
            return Ok(match comparison {
                None => Filter::Present(path),
                Some((operator, literal)) => Filter::Compare(path, operator, literal),
            });
        }
        self.skip_spaces();
        if place == Place::Brackets {
            return Err(self.expected("an operator (brackets do not go inside brackets)"));
        }
        self.element(path)
    }

    fn group(&mut self, place: Place) -> Result<Filter, ParseError> {
        self.nested("(", |parser| {
            let inner = parser.alternatives(place)?;
            if parser.eat(")") { Ok(inner) } else { Err(parser.expected("\"and\", \"or\" or \")\"")) }
        })
    }

    fn element(&mut self, path: AttrPath) -> Result<Filter, ParseError> {
        let filter = self.nested("[", |parser| {
            let inner = parser.alternatives(Place::Brackets)?;
            if parser.eat("]") { Ok(inner) } else { Err(parser.expected("\"and\", \"or\" or \"]\"")) }
        })?;
        if !self.eat(".") {
            return Ok(Filter::Element(path, Box::new(filter)));
        }
        let sub_attribute = self.sub_name()?;
        let comparison = self.comparison()?;
        Ok(Filter::ElementSub(Box::new(ElementSub { path, filter, sub_attribute, comparison })))
    }

    fn nested<T>(
        &mut self,
        open: &str,
        inner: impl FnOnce(&mut Self) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        if self.depth >= self.limits.depth {
            let kind = ParseErrorKind::Limit { limit: self.limits.depth, unit: "levels of nesting" };
            return Err(self.error_here(kind, open.len()));
        }
        self.eat(open);
        self.depth += 1;
        let result = inner(self)?;
        self.depth -= 1;
        Ok(result)
    }

    /// `SP "pr"`, which is `None`, or `SP op SP literal`.
    fn comparison(&mut self) -> Result<Option<(Operator, Literal)>, ParseError> {
        const OPERATOR: &str = "an operator: eq, ne, co, sw, ew, gt, ge, lt, le or pr";
        const LITERAL: &str = "a value: text in double quotes, a number, true, false or null";
        if !self.rest.starts_with(' ') {
            return Err(self.expected(OPERATOR));
        }
        self.skip_spaces();
        let word = lex::word(self.rest);
        if let Some(rest) = lex::keyword("pr", self.rest) {
            self.rest = rest;
            return Ok(None);
        }
        let Some(operator) = Operator::from_word(word) else {
            if word.is_empty() {
                return Err(self.expected(OPERATOR));
            }
            return Err(self.error_here(ParseErrorKind::UnknownOperator(word.to_owned()), word.len()));
        };
        self.rest = self.rest.strip_prefix(word).unwrap_or_default();
        if !self.rest.starts_with([' ', '"']) {
            return Err(self.expected(LITERAL));
        }
        self.skip_spaces();
        let Some((rest, literal)) = lex::literal(self.rest) else {
            return Err(self.expected(LITERAL));
        };
        self.rest = rest;
        Ok(Some((operator, literal)))
    }
}

/// The only part, or all of them together.
fn single(mut parts: Vec<Filter>, together: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            together(parts)
        }
        None => together(parts),
    }
}
