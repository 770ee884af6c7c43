//! Documents of a resource type as a careful client sends them, and the resources they become (RFC 7643 §3).

use super::json::{id, text};
use super::value::members;
use crate::ingest::IngestOptions;
use crate::registry::ResourceType;
use crate::resource::Resource;
use crate::value::{Object, Value};
use proptest::prelude::*;
use std::sync::Arc;

/// A document that [`ResourceType::ingest`] accepts under the strictest reading: names as registered, every value of its
/// type, nothing read-only, nothing unassigned, `schemas` in order.
///
/// A type that asks for what no client can send, such as a required extension of read-only attributes, has none: then the
/// ingest refuses what is drawn here.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::{IngestOptions, Registry, strategies};
/// let registry = Registry::core();
/// let group = registry.resource_type("Group").unwrap();
/// proptest!(ProptestConfig::with_cases(16), |(document in strategies::document(group))| {
///     let found = group.ingest(document, &IngestOptions::default()).unwrap();
///     prop_assert!(found.unknown.is_empty() && found.leniencies.is_empty());
/// });
/// ```
pub fn document(resource_type: &Arc<ResourceType>) -> BoxedStrategy<Value> {
    let extensions: Vec<_> = resource_type
        .extensions
        .iter()
        .map(|extension| {
            let (required, drawn) = (extension.required, members(&extension.schema.attributes, 0.4));
            (any::<bool>(), drawn).prop_map(move |(shown, drawn)| (shown || required).then_some(drawn))
        })
        .collect();
    let resource_type = resource_type.clone();
    let own = members(&resource_type.schema.attributes, 0.3);
    (own, extensions, proptest::option::weighted(0.3, text()))
        .prop_map(move |(own, extensions, external_id)| assemble(&resource_type, own, extensions, external_id))
        .boxed()
}

fn assemble(
    resource_type: &ResourceType,
    mut own: Object,
    extensions: Vec<Option<Object>>,
    external_id: Option<String>,
) -> Value {
    name_targets(resource_type, &mut own);
    let mut schemas = vec![Value::from(resource_type.schema.id.as_str())];
    let mut parts = Object::new();
    for (declared, drawn) in resource_type.extensions.iter().zip(extensions) {
        if let Some(object) = drawn.filter(|object| !object.is_empty()) {
            let uri = declared.schema.id.as_str();
            schemas.push(Value::from(uri));
            parts.insert(uri, object);
        }
    }
    let mut root = Object::new();
    root.insert("schemas", Value::Array(schemas));
    if let Some(external_id) = external_id {
        root.insert("externalId", external_id);
    }
    for (name, value) in own.into_iter().chain(parts) {
        root.insert(name, value);
    }
    root.into()
}

/// Gives every value of a relation of the base schema that lives as edges the name of somebody.
fn name_targets(resource_type: &ResourceType, own: &mut Object) {
    for relation in resource_type.relations.iter().filter(|relation| relation.edges_only) {
        let Some(Value::Array(elements)) = own.get_mut(&relation.path.attribute.name) else { continue };
        for element in elements {
            let target = match (&relation.path.sub_attribute, element) {
                (Some(sub), Value::Object(object)) => object.entry(&sub.name),
                (_, element) => element,
            };
            if target.as_str().is_none_or(str::is_empty) {
                *target = Value::from("u1");
            }
        }
    }
}

/// A resource, as an ingest makes it, with an id.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_schema::{Registry, strategies};
/// let registry = Registry::core();
/// let user = registry.resource_type("User").unwrap();
/// proptest!(ProptestConfig::with_cases(16), |(ann in strategies::resource(user))| {
///     prop_assert!(ann.id().is_some() && ann.root().get("userName").is_some());
///     prop_assert!(user.validate(&ann).is_ok());
/// });
/// ```
pub fn resource(resource_type: &Arc<ResourceType>) -> BoxedStrategy<Resource> {
    let drawn = (document(resource_type), id());
    let resource_type = resource_type.clone();
    drawn
        .prop_filter_map("a document that can be sent", move |(document, id)| made_of(&resource_type, document, &id))
        .boxed()
}

/// The resource that `document` makes.
pub(super) fn made_of(resource_type: &Arc<ResourceType>, document: Value, id: &str) -> Option<Resource> {
    let mut resource = resource_type.ingest(document, &IngestOptions::default()).ok()?.resource;
    resource.set_id(id);
    Some(resource)
}
