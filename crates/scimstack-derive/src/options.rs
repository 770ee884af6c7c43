//! The grammar of `#[scim(…)]`: options that are flags, have a value or a list, each at most once; what is not known is
//! refused with what is. Which options there are is said by [`container`], [`field`] and [`variant`].

pub(crate) mod container;
pub(crate) mod field;
pub(crate) mod variant;

use crate::names::nearest;
use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::parse::Parse;
use syn::spanned::Spanned as _;
use syn::{Attribute, Error, Expr, Lit, LitBool, LitStr, Meta, Result, Token};

/// What an option says, and where.
#[derive(Clone)]
pub(crate) struct Given<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// All that is wrong, to be reported at once.
#[derive(Default)]
pub(crate) struct Problems(Option<Error>);

impl Problems {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn add(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(Error::new(span, message));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// Reads every `#[scim(…)]` among `attributes`, option by option.
pub(super) fn each_option(
    attributes: &[Attribute],
    problems: &mut Problems,
    mut read: impl FnMut(&ParseNestedMeta<'_>) -> Result<()>,
) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("scim")) {
        if let Err(error) = attribute.parse_nested_meta(|meta| read(&meta)) {
            problems.push(error);
        }
    }
}

/// The option's name.
pub(super) fn name_of(meta: &ParseNestedMeta<'_>) -> String {
    let words: Vec<String> = meta.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    words.join("::")
}

/// Keeps what an option says, once.
pub(super) fn keep<T>(slot: &mut Option<Given<T>>, meta: &ParseNestedMeta<'_>, value: T) -> Result<()> {
    if slot.is_some() {
        return Err(meta.error(format!("`{}` is said twice", name_of(meta))));
    }
    *slot = Some(Given { value, span: meta.path.span() });
    Ok(())
}

/// `option = "text"`, which must not be empty.
pub(super) fn text(meta: &ParseNestedMeta<'_>) -> Result<Given<String>> {
    let literal: LitStr = meta
        .value()
        .and_then(|value| value.parse())
        .map_err(|error| Error::new(error.span(), format!("expected a text: `{} = \"…\"`", name_of(meta))))?;
    match literal.value() {
        empty if empty.trim().is_empty() => Err(Error::new(literal.span(), "this text must not be empty")),
        value => Ok(Given { value, span: literal.span() }),
    }
}

/// `option = "word"`, one of `allowed`.
pub(super) fn keyword(meta: &ParseNestedMeta<'_>, allowed: &'static [&'static str]) -> Result<Given<&'static str>> {
    let given = text(meta)?;
    if let Some(word) = allowed.iter().find(|word| **word == given.value) {
        return Ok(Given { value: word, span: given.span });
    }
    let meant = nearest(&given.value, allowed).map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
    let message = format!("`{}` is one of {}, not `{}`{meant}", name_of(meta), listed(allowed), given.value);
    Err(Error::new(given.span, message))
}

/// `option`, `option = true` or `option = false`.
pub(super) fn flag(meta: &ParseNestedMeta<'_>) -> Result<bool> {
    if !meta.input.peek(Token![=]) {
        return Ok(true);
    }
    let literal: LitBool = meta.value()?.parse().map_err(|error| {
        Error::new(error.span(), format!("expected `{0}`, `{0} = true` or `{0} = false`", name_of(meta)))
    })?;
    Ok(literal.value())
}

/// `option("a", "b")`, at least one, none twice.
pub(super) fn texts(meta: &ParseNestedMeta<'_>) -> Result<Vec<String>> {
    let wanted = || format!("expected a list of texts: `{}(\"…\", \"…\")`", name_of(meta));
    let inside;
    if !meta.input.peek(syn::token::Paren) {
        return Err(meta.error(wanted()));
    }
    syn::parenthesized!(inside in meta.input);
    let list = inside
        .parse_terminated(<LitStr as Parse>::parse, Token![,])
        .map_err(|error| Error::new(error.span(), wanted()))?;
    let mut values: Vec<String> = Vec::new();
    for literal in &list {
        let value = literal.value();
        if value.is_empty() {
            return Err(Error::new(literal.span(), "this text must not be empty"));
        }
        if values.contains(&value) {
            return Err(Error::new(literal.span(), format!("`{value}` stands in this list twice")));
        }
        values.push(value);
    }
    if values.is_empty() { Err(meta.error(wanted())) } else { Ok(values) }
}

/// For an option that is not one of `known`.
pub(super) fn unknown(meta: &ParseNestedMeta<'_>, of: &str, known: &[&str]) -> Error {
    let name = name_of(meta);
    let meant = nearest(&name, known).map(|word| format!(", did you mean `{word}`?")).unwrap_or_default();
    meta.error(format!("{of} has no option `{name}`{meant}\nits options are {}", listed(known)))
}

/// `a`, `b` and `c`.
fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.join(", "),
    }
}

/// The doc comment: its first paragraph, lines joined.
pub(crate) fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    // A block comment is one attribute of many lines.
    let text = lines.collect::<Vec<_>>().join("\n");
    let lines = text.lines().map(|line| line.trim().trim_start_matches('*').trim());
    let paragraph = lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}
