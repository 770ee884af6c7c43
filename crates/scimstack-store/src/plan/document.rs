//! The document a filter is evaluated on: what is stored, with `meta`, and with what lives as edges where the filter
//! mentions it (`members` of a group, the derived `groups` of a user; RFC 7643 §4.1.2, §4.2).

use super::extract::{index_key, instant_key};
use crate::edge::Edge;
use crate::record::Stored;
use scimstack_filter::Resolved;
use scimstack_schema::value::JsonError;
use scimstack_schema::{Attribute, Mutability, Object, ResolvedPath, ResourceType, SchemaUri, Type, Value};

/// The relation that a user's read-only `groups` is read from, backward.
pub(crate) const GROUPS_FROM: &str = "members";

/// Edges that have to be read before a filter can be evaluated on a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EdgeNeed {
    /// The relation to read.
    pub relation: String,
    /// False: the edges that start at the record. True: those that end there, with [`crate::EdgeQuery::peer`].
    pub backward: bool,
    /// The extension the attribute belongs to.
    pub extension: Option<SchemaUri>,
    /// The attribute the edges are shown as.
    pub attribute: String,
}

/// The complete document filters are evaluated on: what is stored, with `id` and `meta`.
///
/// # Errors
/// A stored document that is no JSON object.
pub fn complete(stored: &Stored, resource_type: &ResourceType) -> Result<Object, JsonError> {
    let mut document = match Value::parse(&stored.doc)? {
        Value::Object(document) => document,
        other => return Err(JsonError::Syntax(format!("expected an object, found {}", other.kind()))),
    };
    document.insert("id", stored.key.id.as_str());
    document.insert("meta", meta(stored, resource_type));
    Ok(document)
}

/// The `meta` of a stored resource (RFC 7643 §3.1), without its `location`.
#[must_use]
pub fn meta(stored: &Stored, resource_type: &ResourceType) -> Object {
    let mut meta = Object::new();
    meta.insert("resourceType", &*resource_type.name);
    meta.insert("created", stored.core.created.to_string());
    meta.insert("lastModified", stored.core.modified.to_string());
    meta.insert("version", format!("W/\"{}\"", stored.version));
    meta
}

/// Which edges `filter` asks about: empty for nearly every filter, and then [`complete`] is enough.
#[must_use]
pub fn needs_edges(resource_type: &ResourceType, filter: Option<&Resolved>) -> Vec<EdgeNeed> {
    let mut needs = Vec::new();
    let Some(filter) = filter else { return needs };
    for relation in resource_type.relations.iter().filter(|relation| relation.edges_only) {
        if mentions(filter, &|path| same_attribute(path, &relation.path)) {
            needs.push(EdgeNeed {
                relation: relation.name.clone(),
                backward: false,
                extension: relation.path.extension.clone(),
                attribute: relation.path.attribute.name.to_string(),
            });
        }
    }
    if mentions(filter, &|path| path.extension.is_none() && derives_groups(resource_type, &path.attribute)) {
        needs.push(EdgeNeed {
            relation: GROUPS_FROM.to_owned(),
            backward: true,
            extension: None,
            attribute: "groups".to_owned(),
        });
    }
    needs
}

/// [`complete`], with the edges that [`needs_edges`] named, each need with all its edges.
///
/// A forward edge shows as `value` (the target's id, or the raw value while it is pending), the sub-attributes that came
/// with it, and the target's kind as `type` when none came. A backward one shows as `value`, `display` and
/// `"type": "direct"`.
///
/// # Errors
/// A stored document, or an edge's data, that is no JSON object.
pub fn complete_with_edges(
    stored: &Stored,
    resource_type: &ResourceType,
    edges: &[(EdgeNeed, Vec<Edge>)],
) -> Result<Object, JsonError> {
    let mut document = complete(stored, resource_type)?;
    for (need, edges) in edges {
        let show = if need.backward { backward } else { forward };
        let elements = edges.iter().map(|edge| show(edge).map(Value::Object)).collect::<Result<Vec<_>, _>>()?;
        if elements.is_empty() {
            continue;
        }
        let container = match &need.extension {
            Some(uri) => document.entry(uri.as_str()).as_object_mut(),
            None => Some(&mut document),
        };
        if let Some(container) = container {
            container.insert(need.attribute.as_str(), Value::Array(elements));
        }
    }
    Ok(document)
}

/// Whether `attribute` of the base schema is the `groups` that is derived from memberships.
pub(crate) fn derives_groups(resource_type: &ResourceType, attribute: &Attribute) -> bool {
    &*attribute.name == "groups"
        && attribute.multi_valued
        && attribute.r#type == Type::Complex
        && attribute.mutability == Mutability::ReadOnly
        && resource_type.schema.attribute("groups").is_some()
}

fn forward(edge: &Edge) -> Result<Object, JsonError> {
    let mut element = Object::new();
    element.insert("value", edge.target.as_ref().map_or(edge.raw.as_str(), |target| target.id.as_str()));
    if !edge.data.is_empty() {
        match Value::parse(&edge.data)? {
            Value::Object(data) => {
                for (name, value) in data {
                    if !name.eq_ignore_ascii_case("value") {
                        element.insert(name, value);
                    }
                }
            }
            other => return Err(JsonError::Syntax(format!("expected an object, found {}", other.kind()))),
        }
    }
    if let Some(target) = &edge.target
        && element.get("type").is_none()
    {
        element.insert("type", target.kind.as_str());
    }
    Ok(element)
}

fn backward(edge: &Edge) -> Result<Object, JsonError> {
    let mut element = Object::new();
    element.insert("value", edge.source.id.as_str());
    if let Some(display) = edge.peer.as_ref().and_then(|peer| peer.display.as_deref()) {
        element.insert("display", display);
    }
    element.insert("type", "direct");
    Ok(element)
}

fn same_attribute(path: &ResolvedPath, other: &ResolvedPath) -> bool {
    path.extension == other.extension && path.attribute.name == other.attribute.name
}

fn mentions(filter: &Resolved, is_it: &dyn Fn(&ResolvedPath) -> bool) -> bool {
    match filter {
        Resolved::And(inner) | Resolved::Or(inner) => inner.iter().any(|filter| mentions(filter, is_it)),
        Resolved::Not(inner) => mentions(inner, is_it),
        Resolved::Test(test) => is_it(&test.path),
        Resolved::Element(path, inner) => is_it(path) || mentions(inner, is_it),
    }
}

/// What a record is sorted by (RFC 7644 §3.4.2.3): the [`crate::plan::index_key`] of the value at `path`; of a list, the
/// primary element's, else the first's. `None` sorts last. `meta.created` and `meta.lastModified` are taken from the
/// columns, where they are not rounded for people. What lives as edges is not sorted by.
#[must_use]
pub fn sort_key(path: &ResolvedPath, stored: &Stored, document: &Object) -> Option<String> {
    if path.extension.is_none() && &*path.attribute.name == "meta" {
        match path.sub_attribute.as_ref().map(|sub| &*sub.name) {
            Some("created") => return Some(instant_key(stored.core.created)),
            Some("lastModified") => return Some(instant_key(stored.core.modified)),
            _ => {}
        }
    }
    let container = match &path.extension {
        Some(uri) => document.get(uri.as_str())?.as_object()?,
        None => document,
    };
    let value = match container.get(&path.attribute.name)? {
        Value::Array(elements) => {
            let is_primary = |element: &&Value| element.get("primary").and_then(Value::as_bool) == Some(true);
            elements.iter().find(is_primary).or_else(|| elements.first())?
        }
        value => value,
    };
    if path.attribute.r#type != Type::Complex {
        return index_key(path, value);
    }
    let sub = path.sub_attribute.as_ref().or_else(|| path.attribute.sub_attribute("value"))?;
    let path = ResolvedPath { sub_attribute: Some(sub.clone()), ..path.clone() };
    match value.get(&sub.name)? {
        Value::Array(inner) => index_key(&path, inner.first()?),
        value => index_key(&path, value),
    }
}
