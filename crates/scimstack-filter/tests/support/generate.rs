//! Random filters, resources and operations, from pools small enough that values meet.

use proptest::prelude::*;
use proptest::sample::select;
use scimstack_filter::ast::ElementSub;
use scimstack_filter::{AttrPath, Filter, Literal, Operator};
use scimstack_schema::{Attribute, IngestOptions, Resource, ResourceType, Type, Value};
use std::sync::Arc;

const TEXTS: [&str; 9] = ["a", "A", "b", "work", "home", "Øre", "øre", "", "a b"];
const INSTANTS: [&str; 3] = ["2026-01-01T10:00:00Z", "2026-01-01T11:00:00+01:00", "2026-05-01T00:00:00"];
const BINARIES: [&str; 3] = ["aGk=", "aGk", "QUJD"];

// --- filters

/// Any filter in the parser's form, whether or not its attributes exist.
pub(crate) fn any_filter() -> impl Strategy<Value = Filter> {
    let element = (any_path(), any_plain_filter(), prop::option::of(any_comparison()));
    let element = element.prop_map(|(path, filter, sub)| match sub {
        None => Filter::Element(path, Box::new(filter)),
        Some(comparison) => {
            let sub_attribute = "value".to_owned();
            Filter::ElementSub(Box::new(ElementSub { path, filter, sub_attribute, comparison }))
        }
    });
    composed(prop_oneof![3 => any_term(), 1 => element].boxed())
}

/// As [`any_filter`], without brackets.
pub(crate) fn any_plain_filter() -> impl Strategy<Value = Filter> {
    composed(any_term().boxed())
}

fn any_path() -> impl Strategy<Value = AttrPath> {
    select(vec!["a", "userName", "not", "and", "name.givenName", "urn:x:1.0:a.b", "$ref", "x-y_z$"])
        .prop_map(AttrPath::new)
}

fn any_term() -> impl Strategy<Value = Filter> {
    (any_path(), any_comparison()).prop_map(|(path, comparison)| match comparison {
        None => Filter::Present(path),
        Some((operator, literal)) => Filter::Compare(path, operator, literal),
    })
}

fn any_comparison() -> impl Strategy<Value = Option<(Operator, Literal)>> {
    let number = select(vec!["0", "-1", "1.50", "1e9", "-0.1E-2"]);
    let number = number.prop_map(|text| match Value::parse(text.as_bytes()) {
        Ok(Value::Number(number)) => Literal::Number(number),
        other => panic!("{other:?}"),
    });
    let literal = prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        any::<String>().prop_map(Literal::String),
        number,
    ];
    prop::option::of((select(Operator::ALL.to_vec()), literal))
}

/// `and`, `or` and `not` over the terms.
fn composed(term: BoxedStrategy<Filter>) -> BoxedStrategy<Filter> {
    term.prop_recursive(3, 12, 3, |inner| {
        let some = prop::collection::vec(inner.clone(), 2..4);
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

/// A filter that resolves against `resource_type` under the strictest reading.
pub(crate) fn fitting_filter(resource_type: &Arc<ResourceType>) -> BoxedStrategy<Filter> {
    let mut terms = Vec::new();
    let mut elements = Vec::new();
    for (prefix, attribute) in attributes(resource_type) {
        let path = format!("{prefix}{}", attribute.name);
        terms.push(tests(&path, &attribute));
        for sub in attribute.sub_attributes.iter().filter(|sub| !sub.is_hidden()) {
            terms.push(tests(&format!("{path}.{}", sub.name), sub));
        }
        let inner: Vec<_> = match attribute.r#type {
            Type::Complex => attribute.sub_attributes.iter().map(|sub| tests(&sub.name, sub)).collect(),
            _ if attribute.multi_valued => vec![tests("value", &attribute)],
            _ => continue,
        };
        let inner = composed(proptest::strategy::Union::new(inner).boxed());
        elements.push(inner.prop_map(move |inner| Filter::Element(AttrPath::new(&*path), Box::new(inner))).boxed());
    }
    let term = prop_oneof![
        3 => proptest::strategy::Union::new(terms),
        2 => proptest::strategy::Union::new(elements),
    ];
    composed(term.boxed())
}

/// The attributes a client may name, with the prefix of their path.
fn attributes(resource_type: &ResourceType) -> Vec<(String, Arc<Attribute>)> {
    let base = resource_type.schema.attributes.iter().map(|attribute| (String::new(), attribute.clone()));
    let extensions = resource_type.extensions.iter().flat_map(|extension| {
        let prefix = format!("{}:", extension.schema.id);
        extension.schema.attributes.iter().map(move |attribute| (prefix.clone(), attribute.clone()))
    });
    base.chain(extensions).filter(|(_, attribute)| !attribute.is_hidden()).collect()
}

fn tests(path: &str, attribute: &Attribute) -> BoxedStrategy<Filter> {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    let path = AttrPath::new(path);
    let present = Just(Filter::Present(path.clone()));
    let compared = match attribute.r#type {
        Type::Complex => attribute.sub_attribute("value").filter(|_| attribute.multi_valued).map(|sub| &**sub),
        _ => Some(attribute),
    };
    let Some(compared) = compared else { return present.boxed() };
    let text =
        |texts: &[&'static str]| select(texts.to_vec()).prop_map(|text| Literal::String(text.to_owned())).boxed();
    let (operators, literal): (&[Operator], _) = match compared.r#type {
        Type::Boolean => (&[Eq, Ne], any::<bool>().prop_map(Literal::Bool).boxed()),
        Type::Binary => (&[Eq, Ne], text(&BINARIES)),
        Type::DateTime => (&[Eq, Ne, Gt, Ge, Lt, Le], text(&INSTANTS)),
        Type::Integer | Type::Decimal => {
            (&[Eq, Ne, Gt, Ge, Lt, Le], (-2_i64..3).prop_map(|n| Literal::Number(n.into())).boxed())
        }
        _ => (&[Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le], text(&TEXTS)),
    };
    let (by_null, by_value) = (path.clone(), path);
    prop_oneof![
        1 => present,
        1 => select(vec![Eq, Ne]).prop_map(move |op| Filter::Compare(by_null.clone(), op, Literal::Null)),
        4 => (select(operators.to_vec()), literal).prop_map(move |(op, literal)| Filter::Compare(by_value.clone(), op, literal)),
    ]
    .boxed()
}

// --- resources

/// A resource that shows as its document.
#[derive(Clone)]
pub(crate) struct Shown(pub(crate) Resource);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0.to_bytes()))
    }
}

/// A resource as an ingest makes it.
pub(crate) fn any_resource(resource_type: &Arc<ResourceType>) -> BoxedStrategy<Shown> {
    let mut members = Vec::new();
    for (prefix, attribute) in attributes(resource_type) {
        if attribute.is_read_only() {
            continue;
        }
        let name = attribute.name.to_string();
        let value = any_value(&attribute);
        let value =
            if attribute.required { value.prop_map(Some).boxed() } else { prop::option::weighted(0.3, value).boxed() };
        members.push(value.prop_map(move |value| value.map(|value| (prefix.clone(), name.clone(), value))).boxed());
    }
    let resource_type = resource_type.clone();
    members
        .prop_map(move |members| {
            let mut document = scimstack_schema::Object::new();
            document.insert("schemas", vec![resource_type.schema.id.as_str()]);
            for (prefix, name, value) in members.into_iter().flatten() {
                let container = match prefix.strip_suffix(':') {
                    Some(uri) => document.entry(uri).as_object_mut().unwrap(),
                    None => &mut document,
                };
                container.insert(name, value);
            }
            Shown(resource_type.ingest(document.into(), &IngestOptions::default()).unwrap().resource)
        })
        .boxed()
}

fn any_value(attribute: &Attribute) -> BoxedStrategy<Value> {
    if !attribute.multi_valued {
        return any_element(attribute);
    }
    prop::collection::vec(any_element(attribute), 0..4)
        .prop_map(|mut elements| {
            let mut seen = false;
            for element in &mut elements {
                if element.get("primary").and_then(Value::as_bool) == Some(true) {
                    if seen && let Some(object) = element.as_object_mut() {
                        object.insert("primary", false);
                    }
                    seen = true;
                }
            }
            Value::Array(elements)
        })
        .boxed()
}

fn any_element(attribute: &Attribute) -> BoxedStrategy<Value> {
    if attribute.r#type == Type::Complex {
        let subs: Vec<_> = attribute
            .sub_attributes
            .iter()
            .map(|sub| {
                let name = sub.name.to_string();
                prop::option::of(any_value(sub)).prop_map(move |value| value.map(|value| (name.clone(), value)))
            })
            .collect();
        return subs.prop_map(|subs| Value::Object(subs.into_iter().flatten().collect())).boxed();
    }
    let required = attribute.required;
    let text = |texts: &[&'static str]| {
        let texts: Vec<_> = texts.iter().filter(|text| !required || !text.is_empty()).copied().collect();
        select(texts).prop_map(Value::from).boxed()
    };
    match attribute.r#type {
        Type::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Type::Integer | Type::Decimal => (-2_i64..3).prop_map(Value::from).boxed(),
        Type::DateTime => text(&INSTANTS),
        Type::Binary => text(&BINARIES),
        _ => text(&TEXTS),
    }
}

// --- operations

/// One operation as JSON: often one that makes sense, sometimes not.
pub(crate) fn any_operation(resource_type: &Arc<ResourceType>) -> BoxedStrategy<(String, Value)> {
    let mut choices = Vec::new();
    for (prefix, attribute) in attributes(resource_type) {
        let path = format!("{prefix}{}", attribute.name);
        choices.push((Just(path.clone()), any_value(&attribute)).boxed());
        choices.push((Just(path.clone()), any_element(&attribute)).boxed());
        for sub in &attribute.sub_attributes {
            choices.push((Just(format!("{path}.{}", sub.name)), any_value(sub)).boxed());
            for filter in [r#"type eq "work""#, "value pr", "primary eq true", r#"value eq "a" and type ne "b""#] {
                choices.push((Just(format!("{path}[{filter}].{}", sub.name)), any_value(sub)).boxed());
                choices.push((Just(format!("{path}[{filter}]")), any_element(&attribute)).boxed());
            }
        }
    }
    for path in ["id", "schemas", "meta.created", "shoe", "emails[", "emails[0]", ""] {
        choices.push((Just(path.to_owned()), any::<bool>().prop_map(Value::from)).boxed());
    }
    let targets = proptest::strategy::Union::new(choices);
    let wild = select(vec!["null", "[]", "{}", "[null]", "\"\"", "5", "[[1]]", "{\"value\":{\"value\":\"a\"}}"])
        .prop_map(|text| Value::parse(text.as_bytes()).unwrap());
    (select(vec!["add", "remove", "replace"]), targets, prop::option::weighted(0.1, wild), 0..10_u8)
        .prop_map(|(op, (path, value), wild, shape)| {
            let value = wild.unwrap_or(value);
            let mut members = scimstack_schema::Object::new();
            members.insert("op", op);
            match (shape, op) {
                (0, "add" | "replace") => {
                    members.insert("value", Value::Object([(path.clone(), value)].into_iter().collect()));
                }
                (1.., "remove") => {
                    members.insert("path", path.as_str());
                }
                _ => {
                    members.insert("path", path.as_str());
                    members.insert("value", value);
                }
            }
            (path, members.into())
        })
        .boxed()
}
