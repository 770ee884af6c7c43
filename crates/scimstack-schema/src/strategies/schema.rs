//! Schema definitions of every shape, and registries of them (RFC 7643 §2.2, §7).

use crate::attribute::{Attribute, Mutability, Returned, Type, Uniqueness};
use crate::registry::{Registry, ResourceType, common_attributes};
use crate::schema::Schema;
use crate::uri::SchemaUri;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::sync::Arc;

const SIMPLE: &[Type] =
    &[Type::String, Type::Boolean, Type::Decimal, Type::Integer, Type::DateTime, Type::Binary, Type::Reference];

/// Names that have a meaning among the sub-attributes of a list, with their type (RFC 7643 §2.4).
const STANDARD: &[(&str, Type)] =
    &[("value", Type::String), ("primary", Type::Boolean), ("type", Type::String), ("$ref", Type::Reference)];

/// The definition of an attribute, complex ones among them, that keeps the duties of who writes one.
///
/// What no response shows is never required: a document that was stored could not be sent back. For the same reason a
/// complex attribute is only required if one of its sub-attributes is.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::{Schema, Type, strategies};
/// proptest!(ProptestConfig::with_cases(16), |(attribute in strategies::attribute())| {
///     prop_assert_eq!(attribute.r#type == Type::Complex, !attribute.sub_attributes.is_empty());
///     prop_assert!(Schema::new("urn:x:y", "Y").with_attribute(attribute).check().is_ok());
/// });
/// ```
pub fn attribute() -> BoxedStrategy<Attribute> {
    let sub = prop_oneof![
        1 => (name(), select(SIMPLE)).prop_map(|(name, r#type)| (name, r#type)),
        1 => select(STANDARD).prop_map(|(name, r#type)| (name.to_owned(), r#type)),
    ];
    let sub = (sub, characteristics()).prop_map(|((name, r#type), drawn)| drawn.of(&name, r#type));
    let complex = (name(), proptest::collection::vec(sub, 1..5), characteristics())
        .prop_map(|(name, subs, drawn)| complex(drawn.of(&name, Type::Complex).with_sub_attributes(distinct(subs))));
    let simple = (name(), select(SIMPLE), characteristics()).prop_map(|(name, r#type, drawn)| drawn.of(&name, r#type));
    prop_oneof![2 => simple, 1 => complex].boxed()
}

/// A complex attribute that is required only if one of its sub-attributes is, which a client can write and see.
fn complex(mut attribute: Attribute) -> Attribute {
    let certain = |sub: &Arc<Attribute>| sub.required && !sub.is_read_only();
    attribute.required = attribute.required && attribute.sub_attributes.iter().any(certain);
    attribute
}

fn name() -> BoxedStrategy<String> {
    let short = ["a", "b", "label", "Label", "size", "seen", "blob", "tags", "x-y_z", "not", "and", "pr", "valueOf"];
    prop_oneof![2 => select(short.to_vec()).prop_map(ToOwned::to_owned), 1 => "[xX][a-zA-Z0-9_$-]{1,8}"].boxed()
}

/// Those whose name no earlier one has.
fn distinct(attributes: Vec<Attribute>) -> Vec<Attribute> {
    let mut kept: Vec<Attribute> = Vec::with_capacity(attributes.len());
    for attribute in attributes {
        if !kept.iter().any(|other| other.name.eq_ignore_ascii_case(&attribute.name)) {
            kept.push(attribute);
        }
    }
    kept
}

/// What is said of an attribute besides its name and type.
#[derive(Clone, Debug)]
struct Characteristics {
    description: String,
    multi_valued: bool,
    required: bool,
    case_exact: bool,
    mutability: Mutability,
    returned: Returned,
    uniqueness: Uniqueness,
    suggested: Option<Vec<String>>,
}

fn characteristics() -> BoxedStrategy<Characteristics> {
    use Mutability::{Immutable, ReadOnly, ReadWrite, WriteOnly};
    let mutability = prop_oneof![6 => Just(ReadWrite), 1 => Just(Immutable), 1 => Just(ReadOnly), 1 => Just(WriteOnly)];
    let returned = prop_oneof![
        6 => Just(Returned::Default),
        1 => Just(Returned::Always),
        1 => Just(Returned::Request),
        1 => Just(Returned::Never),
    ];
    let uniqueness = select(vec![Uniqueness::None, Uniqueness::Server, Uniqueness::Global]);
    let flag = proptest::bool::weighted;
    let suggested = select(vec![vec!["work", "home"], vec!["a", "b", "A"]]);
    let suggested = suggested.prop_map(|texts| texts.into_iter().map(ToOwned::to_owned).collect());
    let suggested = proptest::option::weighted(0.2, suggested);
    let texts = select(vec!["", "What it is."]).prop_map(ToOwned::to_owned);
    (texts, flag(0.4), flag(0.15), any::<bool>(), mutability, returned, uniqueness, suggested)
        .prop_map(|(description, multi_valued, required, case_exact, mutability, returned, uniqueness, suggested)| {
            Characteristics {
                description,
                multi_valued,
                required,
                case_exact,
                mutability,
                returned,
                uniqueness,
                suggested,
            }
        })
        .boxed()
}

impl Characteristics {
    fn of(self, name: &str, r#type: Type) -> Attribute {
        // In lists their names have a meaning, which is one of single values.
        let is_single = STANDARD.iter().any(|(standard, _)| *standard == name);
        let mut attribute = Attribute::new(name, r#type)
            .with_description(self.description)
            .with_multi_valued(self.multi_valued && !is_single)
            .with_mutability(self.mutability)
            .with_returned(self.returned);
        attribute.required = self.required && !attribute.is_hidden();
        if r#type.has_case() && r#type == Type::String {
            attribute.case_exact = self.case_exact;
            attribute.canonical_values = self.suggested;
        }
        if r#type == Type::Reference {
            attribute.reference_types = vec!["uri".to_owned()];
        }
        if r#type.has_uniqueness() {
            attribute.uniqueness = self.uniqueness;
        }
        attribute
    }
}

/// A schema under this URI: up to seven attributes, one of them a plain text that any client may write.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::{Schema, strategies};
/// proptest!(ProptestConfig::with_cases(16), |(schema in strategies::schema("urn:example:thing:1.0:Thing"))| {
///     prop_assert!(schema.check().is_ok());
///     prop_assert_eq!(Schema::from_json(&schema.to_json()).unwrap(), schema);
/// });
/// ```
pub fn schema(id: impl Into<SchemaUri>) -> BoxedStrategy<Schema> {
    let id = id.into();
    (proptest::collection::vec(attribute(), 0..7), any::<Index>())
        .prop_map(move |(attributes, at)| {
            let is_common = |attribute: &Attribute| {
                common_attributes().iter().any(|common| common.name.eq_ignore_ascii_case(&attribute.name))
            };
            let mut attributes = distinct(attributes);
            attributes.retain(|attribute| !is_common(attribute) && &*attribute.name != "plain");
            let at = at.index(attributes.len() + 1);
            attributes.insert(at, Attribute::new("plain", Type::String));
            attributes.into_iter().fold(Schema::new(id.clone(), "Thing"), Schema::with_attribute)
        })
        .boxed()
}

/// A registry of one resource type, `Thing` at `/Things`, with no, one or two extensions, perhaps required ones; the URI
/// of one begins with the URI of the other.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::strategies;
/// proptest!(ProptestConfig::with_cases(8), |(registry in strategies::registry())| {
///     prop_assert!(registry.resource_type_at("/Things").is_some());
///     prop_assert!(registry.to_builder().build().is_ok());
/// });
/// ```
pub fn registry() -> BoxedStrategy<Registry> {
    let uris = ["urn:example:extra:1.0:Thing", "urn:example:extra:1.0:Thing:more"];
    let extensions = uris.map(|uri| proptest::option::of((schema(uri), proptest::bool::weighted(0.3))));
    (schema("urn:example:thing:1.0:Thing"), extensions)
        .prop_filter_map("a registry can be built", |(base, extensions)| {
            let mut builder = Registry::builder().resource_type("Thing", "/Things", "", base);
            for (schema, required) in extensions.into_iter().flatten() {
                let schema = if required { with_plain_required(schema) } else { schema };
                builder = builder.extension("Thing", schema, required).ok()?;
            }
            builder.build().ok()
        })
        .boxed()
}

/// The schema with something to send in any case.
fn with_plain_required(mut schema: Schema) -> Schema {
    for attribute in schema.attributes.iter_mut().filter(|attribute| &*attribute.name == "plain") {
        *attribute = Arc::new(Attribute::new("plain", Type::String).with_required(true));
    }
    schema
}

/// The resource type of a [`registry`].
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::strategies;
/// let any = strategies::resource_type().prop_flat_map(|thing| strategies::resource(&thing));
/// proptest!(ProptestConfig::with_cases(8), |(thing in any)| {
///     prop_assert!(thing.resource_type().validate(&thing).is_ok());
/// });
/// ```
pub fn resource_type() -> BoxedStrategy<Arc<ResourceType>> {
    registry()
        .prop_filter_map("the type of the registry", |registry| registry.resource_types().first().cloned())
        .boxed()
}
