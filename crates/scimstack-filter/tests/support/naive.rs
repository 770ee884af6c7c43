//! A second evaluator, written from the rules and not from the first one: it collects all the values a comparison is
//! about as serde_json values, and then asks. Slow and plain.

use scimstack_filter::{Filter, Literal, Operator};
use scimstack_schema::fold::{exact, fold};
use scimstack_schema::{Attribute, ResourceType, Timestamp, Type, Value};
use serde_json::Value as Json;

/// What `filter` says of `document`. The filter must be one that resolves.
pub(crate) fn evaluate(filter: &Filter, resource_type: &ResourceType, document: &Value) -> bool {
    let document = json(document);
    Naive { resource_type, element: None }.evaluate(filter, &document)
}

/// The document as serde_json has it. Numbers are read by the standard library: serde_json's own reading of a long
/// fraction may be the neighbour of the nearest double.
fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Number(number) => Json::from(number.as_str().parse::<f64>().unwrap()),
        Value::String(text) => Json::String(text.as_str().to_owned()),
        Value::Array(elements) => elements.iter().map(json).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.to_owned(), json(value))).collect(),
    }
}

struct Naive<'a> {
    resource_type: &'a ResourceType,
    /// Inside brackets: the attribute before them, and there the document is one of its elements.
    element: Option<&'a Attribute>,
}

/// What the values are wanted for.
#[derive(Clone, Copy, PartialEq)]
enum Want {
    /// Complex values as they are.
    Whole,
    /// Of complex values in lists, the `value` of each.
    Present,
    /// The same, and `false` where an element does not say whether it is primary.
    Compared,
}

impl Naive<'_> {
    fn evaluate(&self, filter: &Filter, document: &Json) -> bool {
        match filter {
            Filter::And(parts) => parts.iter().filter(|part| self.evaluate(part, document)).count() == parts.len(),
            Filter::Or(parts) => parts.iter().filter(|part| self.evaluate(part, document)).count() > 0,
            Filter::Not(inner) => !self.evaluate(inner, document),
            Filter::Present(path) => self.values(&path.text, document, Want::Whole).1.iter().any(full),
            Filter::Compare(path, operator, literal) => {
                let want = if *literal == Literal::Null { Want::Present } else { Want::Compared };
                let (attribute, values) = self.values(&path.text, document, want);
                let agrees = |value: &Json, operator| compare(&attribute, value, operator, literal);
                match (operator, literal) {
                    (Operator::Eq, Literal::Null) => !values.iter().any(full),
                    (Operator::Ne, Literal::Null) => values.iter().any(full),
                    (Operator::Ne, _) => values.is_empty() || values.iter().any(|value| !agrees(value, Operator::Eq)),
                    _ => values.iter().any(|value| agrees(value, *operator)),
                }
            }
            Filter::Element(path, inner) => {
                let resolved = self.resource_type.resolve(&path.text).unwrap();
                let inside = Naive { resource_type: self.resource_type, element: Some(&resolved.attribute) };
                let (_, elements) = self.values(&path.text, document, Want::Whole);
                elements.iter().filter(|element| full(element)).any(|element| inside.evaluate(inner, element))
            }
            Filter::ElementSub(_) => panic!("not in the grammar"),
        }
    }

    /// The attribute a path ends in, and its values.
    fn values(&self, path: &str, document: &Json, want: Want) -> (Attribute, Vec<Json>) {
        let (attribute, mut sub, top) = match self.element {
            Some(attribute) => {
                (attribute.clone(), attribute.sub_attribute(path).map(|sub| (**sub).clone()), document.clone())
            }
            None => {
                let resolved = self.resource_type.resolve(path).unwrap();
                let container = match &resolved.extension {
                    Some(uri) => member(document, uri.as_str()),
                    None => document.clone(),
                };
                let top = member(&container, &resolved.attribute.name);
                ((*resolved.attribute).clone(), resolved.sub_attribute.map(|sub| (*sub).clone()), top)
            }
        };
        if sub.is_none() && attribute.r#type == Type::Complex && attribute.multi_valued && want != Want::Whole {
            sub = attribute.sub_attribute("value").map(|sub| (**sub).clone());
        }
        let elements = list(top);
        let Some(sub) = sub else { return (attribute, elements) };
        let mut values = Vec::new();
        for element in &elements {
            let found = list(member(element, &sub.name));
            if found.is_empty()
                && *sub.name == *"primary"
                && attribute.multi_valued
                && want == Want::Compared
                && full(element)
            {
                values.push(Json::Bool(false));
            }
            values.extend(found);
        }
        (sub, values)
    }
}

fn member(object: &Json, name: &str) -> Json {
    object
        .as_object()
        .and_then(|members| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)))
        .map_or(Json::Null, |(_, value)| value.clone())
}

fn list(value: Json) -> Vec<Json> {
    match value {
        Json::Null => Vec::new(),
        Json::Array(elements) => elements,
        other => vec![other],
    }
}

fn full(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(elements) => elements.iter().any(full),
        Json::Object(members) => members.values().any(full),
        _ => true,
    }
}

fn compare(attribute: &Attribute, value: &Json, operator: Operator, literal: &Literal) -> bool {
    match (value, literal) {
        (Json::Bool(left), Literal::Bool(right)) => left == right,
        (Json::Number(left), Literal::Number(right)) => ordered(left.as_f64().unwrap(), operator, right.as_f64()),
        (Json::String(left), Literal::String(right)) if attribute.r#type == Type::DateTime => {
            ordered(Timestamp::parse_date_time(left), operator, Timestamp::parse_date_time(right))
        }
        (Json::String(left), Literal::String(right)) if attribute.r#type == Type::Binary => {
            decoded(left) == decoded(right)
        }
        (Json::String(left), Literal::String(right)) => {
            let key = |text: &str| {
                if attribute.case_exact { exact(text).into_owned() } else { fold(text).into_owned() }
            };
            let (left, right) = (key(left), key(right));
            match operator {
                Operator::Co => left.contains(&right),
                Operator::Sw => left.starts_with(&right),
                Operator::Ew => left.ends_with(&right),
                _ => ordered(left, operator, right),
            }
        }
        _ => false,
    }
}

fn ordered<T: PartialOrd>(left: T, operator: Operator, right: T) -> bool {
    match operator {
        Operator::Eq => left == right,
        Operator::Ne => left != right,
        Operator::Gt => left > right,
        Operator::Ge => left >= right,
        Operator::Lt => left < right,
        Operator::Le => left <= right,
        _ => false,
    }
}

/// The whole bytes of base64 in either alphabet.
fn decoded(text: &str) -> Vec<u8> {
    let digits = text.trim_end_matches('=').chars().map(|digit| match digit {
        'A'..='Z' => digit as u32 - 'A' as u32,
        'a'..='z' => digit as u32 - 'a' as u32 + 26,
        '0'..='9' => digit as u32 - '0' as u32 + 52,
        '+' | '-' => 62,
        _ => 63,
    });
    let bits: Vec<u32> = digits.flat_map(|digit| (0..6).rev().map(move |at| digit >> at & 1)).collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | *bit as u8)).collect()
}
