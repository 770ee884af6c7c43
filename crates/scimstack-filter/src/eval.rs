//! Evaluation of a resolved filter on a document (RFC 7644 §3.4.2.2): any value of a multi-valued attribute suffices,
//! `ne` is true of what has no value, `primary` that is missing is false.

use crate::ast::Operator;
use crate::resolve::{Operand, Resolved, Test, decode_base64};
use scimstack_schema::fold::{exact, fold};
use scimstack_schema::{Attribute, Object, ResolvedPath, Timestamp, Type, Value};
use std::cmp::Ordering;

pub(crate) fn matches(filter: &Resolved, document: &Object) -> bool {
    evaluate(filter, Context::Document(document))
}

/// Whether one element of the attribute before the brackets satisfies what is in them.
pub(crate) fn matches_element(filter: &Resolved, element: &Value) -> bool {
    evaluate(filter, Context::Element(element))
}

/// What the paths of a filter begin at.
#[derive(Clone, Copy)]
enum Context<'a> {
    Document(&'a Object),
    Element(&'a Value),
}

fn evaluate(filter: &Resolved, context: Context<'_>) -> bool {
    match filter {
        Resolved::And(parts) => parts.iter().all(|part| evaluate(part, context)),
        Resolved::Or(parts) => parts.iter().any(|part| evaluate(part, context)),
        Resolved::Not(inner) => !evaluate(inner, context),
        Resolved::Test(test) => holds(test, context),
        Resolved::Element(path, inner) => elements(attribute_value(path, context))
            .iter()
            .filter(|element| is_present(element))
            .any(|element| evaluate(inner, Context::Element(element))),
    }
}

fn holds(test: &Test, context: Context<'_>) -> bool {
    let elements = elements(attribute_value(&test.path, context));
    let sub = test.path.sub_attribute.as_deref();
    let present = || values(elements, sub).any(is_present);
    match (test.operator, &test.operand) {
        (None, _) | (Some(Operator::Ne), Operand::Null) => present(),
        (Some(_), Operand::Null) => !present(),
        (Some(Operator::Ne), operand) => {
            let mut none = true;
            for value in defaulted(elements, &test.path).filter(|value| is_assigned(value)) {
                if !compare(value, Operator::Eq, operand, test.path.leaf()) {
                    return true;
                }
                none = false;
            }
            none
        }
        (Some(operator), operand) => {
            defaulted(elements, &test.path).any(|value| compare(value, operator, operand, test.path.leaf()))
        }
    }
}

/// The value of the attribute, whole; in brackets it is the one element.
fn attribute_value<'a>(path: &ResolvedPath, context: Context<'a>) -> Option<&'a Value> {
    match context {
        Context::Element(element) => Some(element),
        Context::Document(document) => {
            let container = match &path.extension {
                Some(uri) => document.get(uri.as_str())?.as_object()?,
                None => document,
            };
            container.get(&path.attribute.name)
        }
    }
}

/// A list's elements, a single value as a list of one.
fn elements(value: Option<&Value>) -> &[Value] {
    match value {
        None => &[],
        Some(Value::Array(elements)) => elements,
        Some(single) => std::slice::from_ref(single),
    }
}

/// The single values a test is about: the elements, or the named sub-attribute of each.
fn values<'a>(elements: &'a [Value], sub: Option<&'a Attribute>) -> impl Iterator<Item = &'a Value> {
    elements.iter().flat_map(move |element| match sub {
        None => std::slice::from_ref(element),
        Some(sub) => self::elements(element.get(&sub.name)),
    })
}

/// As [`values`], with `false` for each element that does not say whether it is primary (RFC 7643 §2.4).
fn defaulted<'a>(elements: &'a [Value], path: &'a ResolvedPath) -> impl Iterator<Item = &'a Value> {
    static FALSE: Value = Value::Bool(false);
    let sub = path.sub_attribute.as_deref();
    let primary = path.attribute.multi_valued
        && sub.is_some_and(|sub| sub.r#type == Type::Boolean && sub.name.eq_ignore_ascii_case("primary"));
    let missing = elements
        .iter()
        .filter(move |element| primary && is_present(element) && !element.get("primary").is_some_and(is_assigned));
    values(elements, sub).chain(missing.map(|_| &FALSE))
}

/// Neither `null` nor an empty list or object.
fn is_assigned(value: &Value) -> bool {
    !value.is_unassigned()
}

/// What `pr` asks: not empty, and in objects and lists something that is not (RFC 7644 Table 3).
fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => elements.iter().any(is_present),
        Value::Object(object) => object.iter().any(|(_, value)| is_present(value)),
    }
}

fn compare(value: &Value, operator: Operator, operand: &Operand, attribute: &Attribute) -> bool {
    match (value, operand) {
        (Value::Bool(left), Operand::Bool(right)) => by_order(left.cmp(right), operator),
        (Value::Number(left), Operand::Number(right)) => {
            left.as_f64().partial_cmp(right).is_some_and(|order| by_order(order, operator))
        }
        (Value::String(left), Operand::Instant(right)) => {
            Timestamp::parse_date_time(left).is_some_and(|left| by_order(left.cmp(right), operator))
        }
        (Value::String(left), Operand::Bytes(right)) => {
            decode_base64(left).is_some_and(|left| by_order(left.cmp(right), operator))
        }
        (Value::String(left), Operand::Text(right)) if attribute.case_exact => text(&exact(left), operator, right),
        (Value::String(left), Operand::Text(right)) if left.is_ascii() => {
            ascii(left.as_bytes(), operator, right.as_bytes())
        }
        (Value::String(left), Operand::Text(right)) => text(&fold(left), operator, right),
        _ => false,
    }
}

fn by_order(order: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::Ne => order.is_ne(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        Operator::Lt => order.is_lt(),
        Operator::Le => order.is_le(),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}

fn text(left: &str, operator: Operator, right: &str) -> bool {
    match operator {
        Operator::Co => left.contains(right),
        Operator::Sw => left.starts_with(right),
        Operator::Ew => left.ends_with(right),
        _ => by_order(left.cmp(right), operator),
    }
}

/// As [`text`] on the folded `left`, which is ASCII, without making it: `right` is folded already.
fn ascii(left: &[u8], operator: Operator, right: &[u8]) -> bool {
    match operator {
        Operator::Eq => left.eq_ignore_ascii_case(right),
        Operator::Co => right.is_empty() || left.windows(right.len()).any(|part| part.eq_ignore_ascii_case(right)),
        Operator::Sw => left.get(..right.len()).is_some_and(|part| part.eq_ignore_ascii_case(right)),
        Operator::Ew => left
            .len()
            .checked_sub(right.len())
            .and_then(|at| left.get(at..))
            .is_some_and(|part| part.eq_ignore_ascii_case(right)),
        _ => by_order(left.iter().map(u8::to_ascii_lowercase).cmp(right.iter().copied()), operator),
    }
}
