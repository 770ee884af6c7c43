//! Filters as trees, whether or not what they name exists (RFC 7644 §3.4.2.2).

use crate::ast::{AttrPath, ElementSub, Filter, Literal, Operator};
use proptest::prelude::*;
use proptest::sample::select;
use scimstack_schema::{Value, strategies};

/// Any filter in the parser's form, the ones with a sub-attribute after the brackets among them.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_filter::{Filter, strategies};
/// proptest!(ProptestConfig::with_cases(16), |(filter in strategies::filter())| {
///     prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
/// });
/// ```
pub fn filter() -> BoxedStrategy<Filter> {
    let element = (path(), plain(), proptest::option::of(comparison()));
    let element = element.prop_map(|(path, filter, after)| match after {
        None => Filter::Element(path, Box::new(filter)),
        Some(comparison) => {
            let sub_attribute = "value".into();
            Filter::ElementSub(Box::new(ElementSub { path, filter, sub_attribute, comparison }))
        }
    });
    composed(prop_oneof![3 => term(), 1 => element].boxed())
}

/// As [`filter`], without brackets.
pub(super) fn plain() -> BoxedStrategy<Filter> {
    composed(term())
}

pub(super) fn path() -> BoxedStrategy<AttrPath> {
    let some = ["a", "userName", "not", "and", "pr", "eq", "true", "name.givenName", "urn:x:1.0:a.b", "$ref", "x-y_z$"];
    select(some.to_vec()).prop_map(AttrPath::new).boxed()
}

fn term() -> BoxedStrategy<Filter> {
    (path(), comparison())
        .prop_map(|(path, comparison)| match comparison {
            None => Filter::Present(path),
            Some((operator, literal)) => Filter::Compare(path, operator, literal),
        })
        .boxed()
}

/// Operator and literal; `None` is `pr`.
fn comparison() -> BoxedStrategy<Option<(Operator, Literal)>> {
    proptest::option::of((select(Operator::ALL.to_vec()), literal())).boxed()
}

/// Any literal: `null`, booleans, numbers however they are written, texts.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_filter::strategies;
/// use scimstack_schema::Value;
/// proptest!(ProptestConfig::with_cases(16), |(literal in strategies::literal())| {
///     prop_assert!(Value::parse(literal.to_string().as_bytes()).is_ok());
/// });
/// ```
pub fn literal() -> BoxedStrategy<Literal> {
    let number = select(vec!["0", "-1", "1.50", "1e9", "-0.1E-2", "-0", "123456789012345678901234567890"]);
    let number = number.prop_filter_map("a JSON number", |text| literal_of(&Value::parse(text.as_bytes()).ok()?));
    prop_oneof![
        1 => Just(Literal::Null),
        1 => any::<bool>().prop_map(Literal::Bool),
        3 => strategies::text().prop_map(|text| Literal::String(text.into())),
        1 => number,
    ]
    .boxed()
}

/// The literal that is written like this value.
pub(super) fn literal_of(value: &Value) -> Option<Literal> {
    match value {
        Value::Null => Some(Literal::Null),
        Value::Bool(boolean) => Some(Literal::Bool(*boolean)),
        Value::Number(number) => Some(Literal::Number(number.clone())),
        Value::String(text) => Some(Literal::String(text.as_str().into())),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// `and`, `or` and `not` over the terms.
pub(super) fn composed(term: BoxedStrategy<Filter>) -> BoxedStrategy<Filter> {
    term.prop_recursive(3, 12, 3, |inner| {
        let some = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            some.clone().prop_map(|parts| joined(parts, true)),
            some.prop_map(|parts| joined(parts, false)),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
    .boxed()
}

/// The parts as one filter in the parser's form: none of its own kind within.
fn joined(parts: Vec<Filter>, and: bool) -> Filter {
    let mut flat = Vec::new();
    for part in parts {
        match part {
            Filter::And(inner) if and => flat.extend(inner),
            Filter::Or(inner) if !and => flat.extend(inner),
            other => flat.push(other),
        }
    }
    if and { Filter::And(flat) } else { Filter::Or(flat) }
}
