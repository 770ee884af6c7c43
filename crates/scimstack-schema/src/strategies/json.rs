//! JSON that means nothing in particular, and the texts that all strategies share (RFC 8259).

use crate::uri::SchemaUri;
use crate::value::{Number, Object, Value};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

/// Texts that meet each other: in other case, composed otherwise, empty, in need of escapes.
const TEXTS: &[&str] = &[
    "a",
    "A",
    "b",
    "work",
    "Work",
    "home",
    "a b",
    "ann@x.test",
    "ANN@x.test",
    "Øre",
    "øre",
    "\u{c5}sa",
    "A\u{30a}sa",
    "stra\u{df}e",
    "STRASSE",
    "",
    "\"\\",
    "\u{1}\n",
    "\u{1f600}",
    "true",
    "0",
    "urn:x:y",
];

/// Names that some reader looks for, and some that none does.
const NAMES: &[&str] = &[
    "schemas",
    "id",
    "ID",
    "externalId",
    "meta",
    "userName",
    "username",
    "name",
    "displayName",
    "active",
    "emails",
    "members",
    "value",
    "primary",
    "type",
    "$ref",
    "Operations",
    "op",
    "path",
    "x",
    "",
    "a.b",
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
];

/// Text: half of the time from a small pool, so that two of them may be equal, or equal but for case.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::fold::fold;
/// use scimstack_schema::strategies::text;
/// proptest!(ProptestConfig::with_cases(16), |(text in text())| {
///     prop_assert!(fold(&text.to_ascii_uppercase()) == fold(&text));
/// });
/// ```
pub fn text() -> BoxedStrategy<String> {
    prop_oneof![
        4 => select(TEXTS).prop_map(ToOwned::to_owned),
        2 => "[a-zA-Z0-9@. -]{1,12}",
        1 => "\\PC{1,6}",
        1 => any::<String>(),
    ]
    .boxed()
}

/// A JSON number: small, large, with a fraction, with an exponent.
pub(super) fn number() -> BoxedStrategy<Number> {
    prop_oneof![(-3_i64..4).prop_map(Number::from), any::<i64>().prop_map(Number::from), decimal()].boxed()
}

/// A number with fraction or exponent.
pub(super) fn decimal() -> BoxedStrategy<Number> {
    let text = prop_oneof!["-?(0|[1-9][0-9]{0,20})\\.[0-9]{1,9}", "-?[1-9]e[0-9]", "[1-9]\\.[0-9]E-[0-9]", "-?0"];
    text.prop_filter_map("a JSON number", |text| match Value::parse(text.as_bytes()) {
        Ok(Value::Number(number)) => Some(number),
        _ => None,
    })
    .boxed()
}

/// Any JSON: names that readers look for, no name twice, up to four levels deep.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::Value;
/// use scimstack_schema::strategies::json;
/// proptest!(ProptestConfig::with_cases(16), |(value in json())| {
///     prop_assert_eq!(Value::parse(&value.to_bytes()).unwrap(), value);
/// });
/// ```
pub fn json() -> BoxedStrategy<Value> {
    let leaf = Union::new([
        Just(Value::Null).boxed(),
        any::<bool>().prop_map(Value::from).boxed(),
        number().prop_map(Value::Number).boxed(),
        text().prop_map(Value::from).boxed(),
        select(NAMES).prop_map(Value::from).boxed(),
    ]);
    let name = prop_oneof![4 => select(NAMES).prop_map(ToOwned::to_owned), 1 => text()];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let member = (name.clone(), inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::Array),
            proptest::collection::vec(member, 0..6).prop_map(object),
        ]
    })
    .boxed()
}

/// The members as an object; of those with one name the last.
fn object(members: Vec<(String, Value)>) -> Value {
    let mut object = Object::new();
    for (name, value) in members {
        object.insert(name, value);
    }
    object.into()
}

/// An id that suits a resource.
pub(super) fn id() -> BoxedStrategy<String> {
    "[a-z0-9]{1,6}".boxed()
}

/// Addresses, absolute and relative.
pub(super) fn reference() -> BoxedStrategy<String> {
    let some = ["https://x.test/v2/Users/u1", "https://x.test/V2/Users/u1", "../Groups/g1", "urn:x:y", "/Users/u%201"];
    prop_oneof![3 => select(some.to_vec()).prop_map(ToOwned::to_owned), 1 => "[a-z0-9/._~?#-]{0,12}"].boxed()
}

/// The URIs a client may list that nobody knows.
pub(super) const FOREIGN: &[&str] = &["urn:example:foreign:1.0:Thing", "urn:ietf:params:scim:schemas:core:2.0:Unheard"];

/// Whether `uri` is one of [`FOREIGN`], in case somebody declares it.
pub(super) fn is_foreign(uri: &SchemaUri) -> bool {
    FOREIGN.iter().any(|foreign| uri.matches(foreign))
}
