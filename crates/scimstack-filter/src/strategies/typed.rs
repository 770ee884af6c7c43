//! Filters that resolve: attributes that exist, operators and literals that fit, values that are there (RFC 7644
//! §3.4.2.2, RFC 7643 §2.3).

use super::filter::{composed, literal_of};
use crate::ast::{AttrPath, Filter, Literal, Operator};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use scimstack_schema::registry::common_attributes;
use scimstack_schema::strategies::{Choices, choices, element};
use scimstack_schema::{Attribute, Resource, ResourceType, Type, Value};
use std::sync::Arc;

/// A filter that resolves for `resource_type` under the strictest reading.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_filter::{ResolveOptions, strategies};
/// use scimstack_schema::Registry;
/// let registry = Registry::haystack();
/// let user = registry.resource_type("User").unwrap();
/// proptest!(ProptestConfig::with_cases(16), |(filter in strategies::fitting_filter(user))| {
///     prop_assert!(filter.resolve(user, ResolveOptions::default()).is_ok());
/// });
/// ```
pub fn fitting_filter(resource_type: &Arc<ResourceType>) -> BoxedStrategy<Filter> {
    Typed { resource_type, resource: None }.filter()
}

/// As [`fitting_filter`], about this resource: most values are its own, or parts of them in another case, so that the
/// filter matches about as often as not.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_filter::{ResolveOptions, strategies};
/// use scimstack_schema::{Registry, Resource};
/// let registry = Registry::core();
/// let user = registry.resource_type("User").unwrap();
/// let ann = Resource::from_stored(user.clone(), br#"{"userName": "ann", "active": true}"#).unwrap();
/// proptest!(ProptestConfig::with_cases(16), |(filter in strategies::filter_about(&ann))| {
///     prop_assert!(filter.resolve(user, ResolveOptions::default()).is_ok());
/// });
/// ```
pub fn filter_about(resource: &Resource) -> BoxedStrategy<Filter> {
    Typed { resource_type: resource.resource_type(), resource: Some(resource) }.filter()
}

/// The attributes a client may name, with the prefix of their path.
pub(super) fn attributes(resource_type: &ResourceType) -> Vec<(String, Arc<Attribute>)> {
    let base = resource_type.schema.attributes.iter().map(|attribute| (String::new(), attribute.clone()));
    let extensions = resource_type.extensions.iter().flat_map(|extension| {
        let prefix = format!("{}:", extension.schema.id);
        extension.schema.attributes.iter().map(move |attribute| (prefix.clone(), attribute.clone()))
    });
    base.chain(extensions).filter(|(_, attribute)| !attribute.is_hidden()).collect()
}

struct Typed<'a> {
    resource_type: &'a Arc<ResourceType>,
    resource: Option<&'a Resource>,
}

impl Typed<'_> {
    fn filter(&self) -> BoxedStrategy<Filter> {
        let mut terms = Vec::new();
        let mut elements = Vec::new();
        let common = common_attributes().iter().map(|attribute| (String::new(), attribute.clone()));
        // What the resource has is asked for more often.
        for (prefix, attribute) in attributes(self.resource_type).into_iter().chain(common) {
            let path = format!("{prefix}{}", attribute.name);
            let weight = if self.values(&path).is_empty() { 1 } else { 6 };
            terms.push((weight, self.tests(&path, &path, &attribute)));
            for sub in attribute.sub_attributes.iter().filter(|sub| !sub.is_hidden()) {
                let path = format!("{path}.{}", sub.name);
                terms.push((weight, self.tests(&path, &path, sub)));
            }
            let inner: Vec<_> = match attribute.r#type {
                Type::Complex => {
                    let subs = attribute.sub_attributes.iter().filter(|sub| !sub.is_hidden());
                    subs.map(|sub| self.tests(&sub.name, &format!("{path}.{}", sub.name), sub)).collect()
                }
                _ if attribute.multi_valued => vec![self.tests("value", &path, &attribute)],
                _ => continue,
            };
            if inner.is_empty() {
                continue;
            }
            let inner = composed(Union::new(inner).boxed());
            let brackets = inner.prop_map(move |inner| Filter::Element(AttrPath::new(&*path), Box::new(inner)));
            elements.push((weight, brackets.boxed()));
        }
        let terms = Union::new_weighted(terms).boxed();
        if elements.is_empty() {
            return composed(terms);
        }
        composed(prop_oneof![3 => terms, 2 => Union::new_weighted(elements)].boxed())
    }

    /// The values that the resource has at a path.
    fn values(&self, path: &str) -> Vec<Value> {
        let Some(resolved) = self.resource_type.resolve(path) else { return Vec::new() };
        let values = self.resource.map(|resource| resource.values(&resolved)).unwrap_or_default();
        values.into_iter().filter(|value| !matches!(value, Value::Array(_) | Value::Object(_))).cloned().collect()
    }

    /// Tests of what `written` names: presence, `null`, and comparisons that fit. `path` is the same from the top.
    fn tests(&self, written: &str, path: &str, attribute: &Attribute) -> BoxedStrategy<Filter> {
        use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
        let written = written.to_owned();
        let spell = move |mut choices: Choices| {
            AttrPath::new(match choices.below(5) {
                3 => written.to_ascii_uppercase(),
                4 => written.to_ascii_lowercase(),
                _ => written.clone(),
            })
        };
        let written = choices(1).prop_map(spell).boxed();
        let present = written.clone().prop_map(Filter::Present);
        let (compared, path) = match attribute.r#type {
            Type::Complex => {
                let sub = attribute.sub_attribute("value").filter(|sub| attribute.multi_valued && !sub.is_hidden());
                (sub.map(|sub| &**sub), format!("{path}.value"))
            }
            _ => (Some(attribute), path.to_owned()),
        };
        let Some(compared) = compared else { return present.boxed() };
        let operators: &[Operator] = match compared.r#type {
            Type::Boolean | Type::Binary => &[Eq, Ne],
            Type::DateTime | Type::Integer | Type::Decimal => &[Eq, Ne, Gt, Ge, Lt, Le],
            _ => &[Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le],
        };
        let any = element(compared);
        let own = self.values(&path);
        let is_text = matches!(compared.r#type, Type::String | Type::Reference);
        let value = match own.is_empty() {
            true => any,
            false => {
                let own = (select(own), choices(3));
                let own = own.prop_map(move |(value, choices)| if is_text { part_of(value, choices) } else { value });
                prop_oneof![3 => own, 1 => any].boxed()
            }
        };
        let literal = value.prop_filter_map("a simple value", |value| literal_of(&value));
        let compare =
            |(path, operator, literal): (AttrPath, Operator, Literal)| Filter::Compare(path, operator, literal);
        prop_oneof![
            1 => present,
            1 => (written.clone(), select(vec![Eq, Ne]), Just(Literal::Null)).prop_map(compare),
            6 => (written, select(operators), literal).prop_map(compare),
        ]
        .boxed()
    }
}

/// A text, or the beginning or end of it, perhaps in another case.
fn part_of(value: Value, mut choices: Choices) -> Value {
    let Some(text) = value.as_str() else { return value };
    let (shape, case) = (choices.below(4), choices.below(4));
    let at = choices.below(text.chars().count().min(200) + 1);
    let part: String = match shape {
        2 => text.chars().take(at).collect(),
        3 => text.chars().skip(at).collect(),
        _ => text.to_owned(),
    };
    Value::from(match case {
        2 => part.to_uppercase(),
        3 => part.to_lowercase(),
        _ => part,
    })
}
