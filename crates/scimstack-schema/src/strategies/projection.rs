//! What clients ask to see of a resource (RFC 7644 §3.9).

use super::choices::choices;
use crate::projection::Projection;
use crate::registry::{ResourceType, common_attributes};
use proptest::prelude::*;
use proptest::sample::subsequence;

/// A wish that names attributes, sub-attributes and extensions of `resource_type` in any case, and things it lacks: in
/// `attributes` or in `excludedAttributes`, or nothing at all.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::{Registry, strategies};
/// let registry = Registry::core();
/// let user = registry.resource_type("User").unwrap();
/// proptest!(ProptestConfig::with_cases(16), |(wish in strategies::projection(user))| {
///     prop_assert!(wish.attributes.is_empty() || wish.excluded.is_empty());
/// });
/// ```
pub fn projection(resource_type: &ResourceType) -> BoxedStrategy<Projection> {
    let mut paths = vec!["shoeSize".to_owned(), "urn:example:foreign:1.0:Thing".to_owned(), "a.b.c".to_owned()];
    let base =
        resource_type.schema.attributes.iter().chain(common_attributes()).map(|attribute| (String::new(), attribute));
    let extensions = resource_type.extensions.iter().flat_map(|extension| {
        let prefix = format!("{}:", extension.schema.id);
        extension.schema.attributes.iter().map(move |attribute| (prefix.clone(), attribute))
    });
    for (prefix, attribute) in base.chain(extensions) {
        paths.push(format!("{prefix}{}", attribute.name));
        paths.extend(attribute.sub_attributes.iter().map(|sub| format!("{prefix}{}.{}", attribute.name, sub.name)));
    }
    paths.extend(resource_type.extensions.iter().map(|extension| extension.schema.id.to_string()));
    let most = paths.len().min(5);
    (subsequence(paths, 0..=most), choices(5), any::<bool>())
        .prop_map(|(names, mut choices, only)| {
            let spelled = names.into_iter().map(|name| match choices.below(4) {
                2 => name.to_ascii_lowercase(),
                3 => name.to_ascii_uppercase(),
                _ => name,
            });
            let spelled = spelled.collect();
            match only {
                true => Projection { attributes: spelled, excluded: Vec::new() },
                false => Projection { attributes: Vec::new(), excluded: spelled },
            }
        })
        .boxed()
}
