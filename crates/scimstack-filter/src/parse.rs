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
use scimstack_schema::value::Text;
use std::ops::Range;

/// The most that an error keeps of an input that is too long, in bytes.
const KEPT: usize = 256;

/// Errors are rare and large: inside the parser they go by reference.
type Parsed<T> = Result<T, Box<ParseError>>;

pub(crate) fn filter(text: &str, limits: &Limits) -> Result<Filter, ParseError> {
    whole_filter(text, limits).map_err(|error| *error)
}

fn whole_filter(text: &str, limits: &Limits) -> Parsed<Filter> {
    let mut parser = Parser::new(text, limits)?;
    if parser.at_end() {
        return Err(parser.error(ParseErrorKind::Empty, 0..text.len()));
    }
    let mut filter = NOTHING;
    parser.alternatives(Place::Top, &mut filter)?;
    if parser.at_end() { Ok(filter) } else { Err(parser.expected("\"and\", \"or\" or the end")) }
}

pub(crate) fn path(text: &str, limits: &Limits) -> Result<PatchPath, ParseError> {
    whole_path(text, limits).map_err(|error| *error)
}

fn whole_path(text: &str, limits: &Limits) -> Parsed<PatchPath> {
    let mut parser = Parser::new(text, limits)?;
    let attribute = parser.attr_path()?;
    let mut path = PatchPath { attribute, filter: None, sub_attribute: None };
    parser.skip_spaces();
    if parser.eat(b'[') {
        parser.skip_spaces();
        let index = lex::word(parser.rest());
        if index.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(parser.error_here(ParseErrorKind::Index, index.len()));
        }
        let mut inner = NOTHING;
        parser.alternatives(Place::Brackets, &mut inner).map_err(|error| inside(error, text))?;
        if !parser.at_end() && parser.byte() != b']' {
            let error = parser.expected("\"and\", \"or\" or \"]\"");
            return Err(inside(error, text));
        }
        if !parser.eat(b']') {
            return Err(parser.expected("\"]\""));
        }
        path.filter = Some(inner);
        if parser.eat(b'.') {
            path.sub_attribute = Some(parser.sub_name()?);
        }
        parser.skip_spaces();
    }
    if parser.at_end() { Ok(path) } else { Err(parser.expected("the end of the path")) }
}

/// An error between brackets that are closed further on belongs to the filter, any other to the path.
fn inside(mut error: Box<ParseError>, text: &str) -> Box<ParseError> {
    error.in_brackets = text.get(error.span.start..).is_some_and(|rest| rest.contains(']'));
    error
}

/// What stands where a filter is yet to be read.
const NOTHING: Filter = Filter::And(Vec::new());

/// Where a filter stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Top,
    Brackets,
}

/// What joins two terms.
#[derive(Clone, Copy, PartialEq)]
enum Connective {
    And,
    Or,
}

struct Parser<'a> {
    text: &'a str,
    /// How many bytes of it have been read; always at a character's beginning.
    at: usize,
    limits: &'a Limits,
    depth: usize,
    terms: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, limits: &'a Limits) -> Parsed<Self> {
        let mut parser = Self { text, at: 0, limits, depth: 0, terms: 0 };
        if text.len() > limits.length {
            let kept = text.char_indices().map(|(at, _)| at).take_while(|&at| at <= KEPT).last().unwrap_or(0);
            parser.text = text.get(..kept).unwrap_or("");
            return Err(parser.error(ParseErrorKind::Limit { limit: limits.length, unit: "bytes" }, kept..kept));
        }
        parser.skip_spaces();
        Ok(parser)
    }

    // --- errors

    #[cold]
    fn error(&self, kind: ParseErrorKind, span: Range<usize>) -> Box<ParseError> {
        Box::new(ParseError { kind, span, input: self.text.to_owned(), in_brackets: false })
    }

    /// An error at the next `length` bytes.
    #[cold]
    fn error_here(&self, kind: ParseErrorKind, length: usize) -> Box<ParseError> {
        self.error(kind, self.at..self.at + length)
    }

    #[cold]
    fn expected(&self, what: &'static str) -> Box<ParseError> {
        self.error_here(ParseErrorKind::Expected(what), lex::word(self.rest()).len())
    }

    // --- words

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next byte; 0 at the end.
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    fn skip_spaces(&mut self) {
        while self.byte() == b' ' {
            self.at += 1;
        }
    }

    fn eat(&mut self, token: u8) -> bool {
        let there = self.byte() == token;
        self.at += usize::from(there);
        there
    }

    /// The word between two terms, when it is there, with the spaces around it.
    #[inline]
    fn connective(&mut self) -> Option<Connective> {
        self.skip_spaces();
        let (connective, length) = match self.byte() {
            b'a' | b'A' if lex::keyword("and", self.rest()) => (Connective::And, 3),
            b'o' | b'O' if lex::keyword("or", self.rest()) => (Connective::Or, 2),
            _ => return None,
        };
        self.at += length;
        self.skip_spaces();
        Some(connective)
    }

    #[inline]
    fn attr_path(&mut self) -> Parsed<AttrPath> {
        match lex::attr_path(self.rest()) {
            Some(path) => {
                self.at += path.len();
                Ok(AttrPath::new(path))
            }
            None => Err(self.expected("an attribute name such as userName or name.familyName")),
        }
    }

    fn sub_name(&mut self) -> Parsed<Text> {
        match lex::name(self.rest()) {
            0 => Err(self.expected("a sub-attribute name")),
            length => {
                let name = self.rest().get(..length).unwrap_or_default();
                self.at += length;
                Ok(name.into())
            }
        }
    }

    // --- grammar

    /// `term *( "and" term ) *( "or" term *( "and" term ) )`, up to something that is no part of it. What is read is
    /// written where it stays: trees are large, and moving them up through each level costs more than reading them.
    fn alternatives(&mut self, place: Place, into: &mut Filter) -> Parsed<()> {
        self.skip_spaces();
        self.term(place, into)?;
        self.alternatives_from(place, into)
    }

    /// The same, when its first term has been read into `into`.
    #[inline]
    fn alternatives_from(&mut self, place: Place, into: &mut Filter) -> Parsed<()> {
        match self.connective() {
            None => Ok(()),
            Some(next) => self.joined(next, place, into),
        }
    }

    /// The same, when there is more than one term.
    fn joined(&mut self, next: Connective, place: Place, into: &mut Filter) -> Parsed<()> {
        let mut alternatives = Vec::new();
        let mut next = Some(next);
        loop {
            if next == Some(Connective::And) {
                next = self.conjunction(place, into)?;
            }
            if next.is_none() && alternatives.is_empty() {
                return Ok(());
            }
            push_or(&mut alternatives, std::mem::replace(into, NOTHING));
            if next.is_none() {
                *into = Filter::Or(alternatives);
                return Ok(());
            }
            self.term(place, into)?;
            next = self.connective();
        }
    }

    /// `"and" term *( "and" term )` after the term in `into`, the first `and` being read; what comes next.
    fn conjunction(&mut self, place: Place, into: &mut Filter) -> Parsed<Option<Connective>> {
        let mut parts = Vec::with_capacity(4);
        push_and(&mut parts, std::mem::replace(into, NOTHING));
        loop {
            self.term(place, into)?;
            push_and(&mut parts, std::mem::replace(into, NOTHING));
            let next = self.connective();
            if next != Some(Connective::And) {
                *into = Filter::And(parts);
                return Ok(next);
            }
        }
    }

    /// One term; spaces before it have been read.
    #[inline]
    fn term(&mut self, place: Place, into: &mut Filter) -> Parsed<()> {
        if self.byte() == b'(' {
            return self.group(place, into);
        }
        if matches!(self.byte(), b'n' | b'N')
            && let Some(length) = lex::not_group(self.rest())
        {
            self.at += length;
            let mut inner = Box::new(NOTHING);
            self.group(place, &mut inner)?;
            *into = Filter::Not(inner);
            return Ok(());
        }
        self.terms += 1;
        if self.terms > self.limits.terms {
            return Err(self.error_here(ParseErrorKind::Limit { limit: self.limits.terms, unit: "comparisons" }, 0));
        }
        if self.at_end() {
            return Err(self.expected("a comparison such as userName eq \"ann\""));
        }
        let path = self.attr_path()?;
        let path_end = self.at;
        self.skip_spaces();
        if self.byte() == b'[' {
            if place == Place::Brackets {
                return Err(self.expected("an operator (brackets do not go inside brackets)"));
            }
            return self.element(path, into);
        }
        self.at = path_end;
        match self.comparison() {
            Ok(None) => *into = Filter::Present(path),
            Ok(Some((operator, literal))) => *into = Filter::Compare(path, operator, literal),
            Err(mut error) => {
                if matches!(error.kind, ParseErrorKind::UnknownOperator(_)) && path.text.eq_ignore_ascii_case("not") {
                    error.kind = ParseErrorKind::Expected("parentheses after \"not\", as in not (title pr),");
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Parentheses. Those that open one right after the other are taken together: each that closes makes what has been
    /// read the first term of the next.
    fn group(&mut self, place: Place, into: &mut Filter) -> Parsed<()> {
        let outside = self.depth;
        while self.byte() == b'(' {
            self.deeper(1)?;
            self.skip_spaces();
        }
        self.alternatives(place, into)?;
        loop {
            if !self.eat(b')') {
                return Err(self.expected("\"and\", \"or\" or \")\""));
            }
            self.depth -= 1;
            if self.depth == outside {
                return Ok(());
            }
            self.skip_spaces();
            if self.byte() != b')' {
                self.alternatives_from(place, into)?;
            }
        }
    }

    fn element(&mut self, path: AttrPath, into: &mut Filter) -> Parsed<()> {
        self.deeper(1)?;
        let mut filter = Box::new(NOTHING);
        self.alternatives(Place::Brackets, &mut filter)?;
        if !self.eat(b']') {
            return Err(self.expected("\"and\", \"or\" or \"]\""));
        }
        self.depth -= 1;
        *into = if self.eat(b'.') {
            let sub_attribute = self.sub_name()?;
            let comparison = self.comparison()?;
            Filter::ElementSub(Box::new(ElementSub { path, filter: *filter, sub_attribute, comparison }))
        } else {
            Filter::Element(path, filter)
        };
        Ok(())
    }

    /// Takes an opening bracket or parenthesis of `length` bytes, if it is not too deep.
    fn deeper(&mut self, length: usize) -> Parsed<()> {
        let limit = self.limits.depth.min(Limits::MAX_DEPTH);
        if self.depth >= limit {
            let kind = ParseErrorKind::Limit { limit, unit: "levels of nesting" };
            return Err(self.error_here(kind, length));
        }
        self.at += length;
        self.depth += 1;
        Ok(())
    }

    /// `SP "pr"`, which is `None`, or `SP op SP literal`.
    #[inline(always)] // what it returns is large, and goes straight into the tree
    fn comparison(&mut self) -> Parsed<Option<(Operator, Literal)>> {
        const OPERATOR: &str = "an operator: eq, ne, co, sw, ew, gt, ge, lt, le or pr";
        const LITERAL: &str = "a value: text in double quotes, a number, true, false or null";
        if self.byte() != b' ' {
            return Err(self.expected(OPERATOR));
        }
        self.skip_spaces();
        let Some(operator) = lex::operator(self.rest()) else {
            if lex::keyword("pr", self.rest()) {
                self.at += 2;
                return Ok(None);
            }
            return Err(match lex::word(self.rest()) {
                "" => self.expected(OPERATOR),
                word => self.error_here(ParseErrorKind::UnknownOperator(word.to_owned()), word.len()),
            });
        };
        self.at += operator.as_str().len();
        if !matches!(self.byte(), b' ' | b'"') {
            return Err(self.expected(LITERAL));
        }
        self.skip_spaces();
        match lex::literal(self.rest()) {
            Some((length, literal)) => {
                self.at += length;
                Ok(Some((operator, literal)))
            }
            None => Err(self.expected(LITERAL)),
        }
    }
}

/// Alternatives of an alternative are its own.
fn push_or(parts: &mut Vec<Filter>, part: Filter) {
    match part {
        Filter::Or(inner) if parts.is_empty() => *parts = inner,
        Filter::Or(inner) => parts.extend(inner),
        other => parts.push(other),
    }
}

fn push_and(parts: &mut Vec<Filter>, part: Filter) {
    match part {
        Filter::And(inner) if parts.is_empty() => *parts = inner,
        Filter::And(inner) => parts.extend(inner),
        other => parts.push(other),
    }
}
