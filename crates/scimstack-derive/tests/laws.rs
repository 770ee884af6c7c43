//! Laws of derived types, over arbitrary values: `from(to(x)) = x`; members that are no field stay; what is written is
//! what the schema allows.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use proptest::prelude::*;
use scimstack_derive::{ScimComplex, ScimEnum, ScimExtension, ScimResource};
use scimstack_schema::typed::{Binary, Reference, RegistryBuilderExt, ScimEnum, ScimResource};
use scimstack_schema::{IngestOptions, Object, Registry, Resource, ResourceType, Timestamp, Value};
use std::sync::Arc;

/// Every data type, in every way a field can hold it.
#[derive(ScimResource, Clone, Debug, PartialEq)]
#[scim(urn = "urn:example:params:scim:schemas:core:1.0:Sample", endpoint = "/Samples")]
struct Sample {
    #[scim(common)]
    external_id: Option<String>,
    text: String,
    maybe_text: Option<String>,
    texts: Vec<String>,
    flag: Option<bool>,
    #[scim(default)]
    plain_flag: bool,
    tiny: Option<i8>,
    small: Option<u16>,
    large: i64,
    many: Vec<u32>,
    decimal: Option<f64>,
    exact_time: Option<jiff::Timestamp>,
    time: Option<Timestamp>,
    bytes: Option<Binary>,
    link: Option<Reference>,
    colour: Option<Colour>,
    colours: Vec<Colour>,
    part: Option<Part>,
    parts: Vec<Part>,
    #[scim(extension)]
    more: Option<More>,
}

#[derive(ScimEnum, Clone, Debug, PartialEq)]
#[scim(rename_all = "kebab-case")]
enum Colour {
    Red,
    LightBlue,
    #[scim(other)]
    Other(String),
}

#[derive(ScimComplex, Clone, Debug, PartialEq)]
struct Part {
    number: u32,
    names: Vec<String>,
    weight: Option<f64>,
}

#[derive(ScimExtension, Clone, Debug, PartialEq)]
#[scim(urn = "urn:example:params:scim:schemas:extension:more:1.0:Sample")]
struct More {
    count: i32,
    part: Option<Part>,
}

fn samples() -> Arc<ResourceType> {
    let registry = Registry::core().to_builder().with_resource::<Sample>().unwrap().build().unwrap();
    registry.resource_type("Sample").unwrap().clone()
}

fn decimal() -> impl Strategy<Value = f64> {
    proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO
}

fn colour() -> impl Strategy<Value = Colour> {
    let other = "[a-z -]{1,8}".prop_filter_map("known", |text| {
        let is_known = Colour::VALUES.iter().any(|known| known.eq_ignore_ascii_case(&text));
        (!is_known).then_some(Colour::Other(text))
    });
    prop_oneof![Just(Colour::Red), Just(Colour::LightBlue), other]
}

fn part() -> impl Strategy<Value = Part> {
    (any::<u32>(), proptest::collection::vec("[a-z]{1,3}", 0..3), proptest::option::of(decimal()))
        .prop_map(|(number, names, weight)| Part { number, names, weight })
}

/// The whole calendar that jiff has, to the nanosecond.
fn exact_time() -> impl Strategy<Value = jiff::Timestamp> {
    let (first, last) = (jiff::Timestamp::MIN.as_second(), jiff::Timestamp::MAX.as_second());
    (first + 1..last, 0..1_000_000_000).prop_map(|(second, nano)| jiff::Timestamp::new(second, nano).unwrap())
}

fn sample() -> impl Strategy<Value = Sample> {
    let texts = (
        proptest::option::of("[a-z]{1,4}"),
        "\\PC{1,8}",
        proptest::option::of("\\PC{0,8}"),
        proptest::collection::vec("\\PC{0,3}", 0..4),
    );
    let flags = (any::<Option<bool>>(), any::<bool>());
    let numbers = (
        any::<Option<i8>>(),
        any::<Option<u16>>(),
        any::<i64>(),
        proptest::collection::vec(any::<u32>(), 0..4),
        proptest::option::of(decimal()),
    );
    let times = (proptest::option::of(exact_time()), proptest::option::of(exact_time()));
    let others = (
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..8)),
        proptest::option::of("[a-z/:]{0,8}"),
        proptest::option::of(colour()),
        proptest::collection::vec(colour(), 0..3),
    );
    let parts = (
        proptest::option::of(part()),
        proptest::collection::vec(part(), 0..4),
        proptest::option::of((any::<i32>(), proptest::option::of(part()))),
    );
    (texts, flags, numbers, times, others, parts).prop_map(|(texts, flags, numbers, times, others, parts)| Sample {
        external_id: texts.0,
        text: texts.1,
        maybe_text: texts.2,
        texts: texts.3,
        flag: flags.0,
        plain_flag: flags.1,
        tiny: numbers.0,
        small: numbers.1,
        large: numbers.2,
        many: numbers.3,
        decimal: numbers.4,
        exact_time: times.0,
        time: times.1.map(|at| Timestamp::from_micros(at.as_microsecond())),
        bytes: others.0.map(Binary),
        link: others.1.map(Reference),
        colour: others.2,
        colours: others.3,
        part: parts.0,
        parts: parts.1,
        more: parts.2.map(|(count, part)| More { count, part }),
    })
}

/// A member that no schema here declares, in every object of `value`.
fn strew(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (_, inner) in object.iter_mut() {
                strew(inner);
            }
            object.insert("unknownMember", "kept");
        }
        Value::Array(elements) => elements.iter_mut().for_each(strew),
        _ => {}
    }
}

proptest! {
    #[test]
    fn from_document_of_to_document_is_the_same(sample in sample()) {
        let document = sample.to_document();
        let parsed = Value::parse(&document.to_bytes()).unwrap();
        prop_assert_eq!(&Sample::from_document(&document).unwrap(), &sample);
        prop_assert_eq!(&Sample::from_document(&parsed).unwrap(), &sample);
    }

    #[test]
    fn from_resource_of_to_resource_is_the_same(sample in sample()) {
        let resource = sample.to_resource(&samples()).unwrap();
        prop_assert_eq!(Sample::from_resource(&resource).unwrap(), sample);
    }

    #[test]
    fn what_is_written_is_what_the_schema_allows(sample in sample()) {
        let resource = sample.to_resource(&samples()).unwrap();
        samples().validate(&resource).unwrap();
        for bytes in [resource.to_bytes(), sample.to_document().to_bytes()] {
            let mut options = IngestOptions::default();
            options.refuse_unknown = true;
            let found = samples().ingest(Value::parse(&bytes).unwrap(), &options).unwrap();
            prop_assert_eq!(found.unknown, Vec::<String>::new());
            let same_parts = Sample { parts: Vec::new(), ..sample.clone() };
            let back = Sample::from_resource(&found.resource).unwrap();
            prop_assert_eq!(Sample { parts: Vec::new(), ..back }, same_parts, "but for equal elements, which collapse");
        }
    }

    #[test]
    fn writing_what_was_read_changes_nothing(sample in sample()) {
        let mut document = sample.to_document();
        strew(&mut document);
        let before: Object = document.as_object().unwrap().clone();
        let mut after = before.clone();
        Sample::from_document(&document).unwrap().write_to(&mut after);
        prop_assert_eq!(Value::from(after).to_string(), Value::from(before).to_string());
    }

    #[test]
    fn the_last_written_is_what_is_read(old in sample(), new in sample()) {
        let mut resource: Resource = old.to_resource(&samples()).unwrap();
        new.set_on(&mut resource).unwrap();
        prop_assert_eq!(&Sample::from_resource(&resource).unwrap(), &new);
        let plain = Sample { plain_flag: true, ..new };
        let mut resource: Resource = old.to_resource(&samples()).unwrap();
        plain.set_on(&mut resource).unwrap();
        let fresh = plain.to_resource(&samples()).unwrap();
        prop_assert_eq!(Sample::from_resource(&resource).unwrap(), Sample::from_resource(&fresh).unwrap());
    }
}

#[test]
fn the_schemas_pass_their_own_check() {
    for schema in [Sample::schema(), <More as scimstack_schema::typed::ScimExtension>::schema()] {
        schema.check().unwrap();
        let same = scimstack_schema::Schema::from_json(&schema.to_json()).unwrap();
        assert_eq!(same, schema);
    }
}
