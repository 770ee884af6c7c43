//! Values of one attribute: of its type, of its sub-attributes, as many as it may have (RFC 7643 §2.3, §2.4).

use super::json::{decimal, number, reference, text};
use crate::attribute::{Attribute, Type};
use crate::value::{Object, Value};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::sync::Arc;

const INSTANTS: &[&str] =
    &["2026-01-01T10:00:00Z", "2026-01-01T11:00:00+01:00", "2026-05-01T00:00:00", "2026-01-01T10:00:00.000001Z"];
const BINARIES: &[&str] = &["aGk=", "aGk", "QUJD", "++//"];

/// A value that an ingest accepts for `attribute`, and that is assigned unless no client can write anything in it: a list
/// when it is multi-valued, with one primary at most.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::{Attribute, Type, Value, strategies};
/// let tags = Attribute::new("tags", Type::String).with_multi_valued(true);
/// proptest!(ProptestConfig::with_cases(16), |(tags in strategies::value(&tags))| {
///     prop_assert!(tags.as_array().unwrap().iter().all(|tag| tag.as_str().is_some()));
/// });
/// ```
pub fn value(attribute: &Attribute) -> BoxedStrategy<Value> {
    if !attribute.multi_valued {
        return element(attribute);
    }
    proptest::collection::vec(element(attribute), 1..4)
        .prop_map(|mut elements| {
            one_primary(&mut elements);
            Value::Array(elements)
        })
        .boxed()
}

/// A single value: one element when `attribute` is multi-valued.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::{Attribute, Timestamp, Type, strategies};
/// let seen = Attribute::new("seen", Type::DateTime);
/// proptest!(ProptestConfig::with_cases(16), |(seen in strategies::element(&seen))| {
///     prop_assert!(Timestamp::parse_date_time(seen.as_str().unwrap()).is_some());
/// });
/// ```
pub fn element(attribute: &Attribute) -> BoxedStrategy<Value> {
    let required = attribute.required;
    // A text that is required is not empty; this one is base64 too.
    let filled = move |text: String| if required && text.is_empty() { "QUJD".to_owned() } else { text };
    let strings = |texts: BoxedStrategy<String>| texts.prop_map(filled).prop_map(Value::from).boxed();
    let pool = |texts: &'static [&'static str]| select(texts).prop_map(ToOwned::to_owned);
    match attribute.r#type {
        Type::String => match attribute.canonical_values.clone().filter(|values| !values.is_empty()) {
            Some(suggested) => strings(prop_oneof![2 => select(suggested), 1 => text()].boxed()),
            None => strings(text()),
        },
        Type::Reference => strings(reference()),
        Type::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Type::Integer => prop_oneof![(-3_i64..4), any::<i64>()].prop_map(Value::from).boxed(),
        Type::Decimal => prop_oneof![decimal(), number()].prop_map(Value::Number).boxed(),
        Type::DateTime => {
            let any = "20[0-9]{2}-0[1-9]-1[0-9]T1[0-9]:00:00(\\.[0-9]{1,9})?(Z|\\+01:00|)";
            strings(prop_oneof![pool(INSTANTS), any].boxed())
        }
        Type::Binary => strings(prop_oneof![pool(BINARIES), "([A-Za-z0-9+/]{4}){0,3}([A-Za-z0-9+/]{3}=?)?"].boxed()),
        Type::Complex => members(&attribute.sub_attributes, 0.5).prop_map(Value::from).boxed(),
    }
}

/// An object with the required ones of some attributes, with each other one by `chance`, and with one in any case; none
/// that is read-only.
pub(super) fn members(attributes: &[Arc<Attribute>], chance: f64) -> BoxedStrategy<Object> {
    let writable: Vec<_> = attributes.iter().filter(|attribute| !attribute.is_read_only()).collect();
    let each: Vec<_> = writable
        .iter()
        .map(|attribute| {
            let (name, required) = (attribute.name.to_string(), attribute.required);
            let shown = proptest::bool::weighted(chance).prop_map(move |shown| shown || required);
            (Just(name), shown, value(attribute))
        })
        .collect();
    let count = each.len();
    (each, any::<Index>())
        .prop_map(move |(each, forced)| {
            let forced =
                if each.iter().any(|(_, shown, _)| *shown) || count == 0 { None } else { Some(forced.index(count)) };
            let members = each.into_iter().enumerate();
            let shown = members.filter(|(at, (_, shown, _))| *shown || forced == Some(*at));
            shown.map(|(_, (name, _, value))| (name, value)).collect()
        })
        .boxed()
}

/// Leaves `primary` true in the first element that has it so.
pub(super) fn one_primary(elements: &mut [Value]) {
    let mut seen = false;
    for object in elements.iter_mut().filter_map(Value::as_object_mut) {
        if object.get("primary").and_then(Value::as_bool) == Some(true) && std::mem::replace(&mut seen, true) {
            object.insert("primary", false);
        }
    }
}
