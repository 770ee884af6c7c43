//! The representation of resources (RFC 7643 §3, RFC 7644 §3.9): what is stored, what lives as edges, `meta` with the
//! address the client uses, and of all that what the request asks to see.
//!
//! The members of a few small groups are put together in memory. Beyond [`super::Limits::eager_edges`] an answer is
//! streamed: it is a list of [`Piece`]s, and edges are read when their turn comes.

use super::call::Call;
use super::draft::{Draft, Drafts};
use super::failure::Outcome;
use super::{memberships, relations};
use crate::body::{Body, BodyError};
use bytes::Bytes;
use futures_util::stream;
use scimstack_schema::value::JsonError;
use scimstack_schema::{Object, Projection, Registry, Relation, Resource, ResourceType, Type, Value};
use scimstack_store::{Anchor, Edge, EdgeQuery, Key, Scope, Store, StoreError, StoreExt, Stored};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Edges read at once.
const CHUNK: usize = 1_000;

/// What an answer shows.
#[derive(Clone, Default)]
pub(crate) struct View {
    /// What the request asks to see.
    pub(crate) projection: Projection,
    /// The attributes this request has set: those returned on request are shown after a write of them.
    pub(crate) written: Vec<String>,
}

impl View {
    /// What a read shows.
    pub(crate) fn of(projection: Projection) -> Self {
        Self { projection, written: Vec::new() }
    }

    /// What the answer to a write shows.
    pub(crate) fn after_write(projection: Projection, written: Vec<String>) -> Self {
        Self { projection, written }
    }
}

/// The paths of the attributes a document holds.
pub(crate) fn paths(resource: &Resource) -> Vec<String> {
    let mut paths = Vec::new();
    for (name, value) in resource.root().iter() {
        match value {
            Value::Object(extension) if name.contains(':') => {
                paths.extend(extension.iter().map(|(attribute, _)| format!("{name}:{attribute}")));
            }
            _ => paths.push(name.to_owned()),
        }
    }
    paths
}

/// A part of an answer.
pub(crate) enum Piece {
    /// JSON text.
    Text(Vec<u8>),
    /// The elements of a relation, separated by commas, still to be read.
    Edges(Box<Elements>),
}

/// Elements still to be read.
pub(crate) struct Elements {
    resource_type: Arc<ResourceType>,
    relation: Relation,
    source: Key,
    projection: Projection,
}

/// The answer made of pieces.
pub(crate) fn body(call: &Call<'_>, pieces: Vec<Piece>) -> Body {
    if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
        let mut texts = pieces.into_iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text),
            Piece::Edges(_) => None,
        });
        // Nearly always there is one, which is the answer without another copy.
        let mut whole = texts.next().unwrap_or_default();
        texts.for_each(|text| whole.extend_from_slice(&text));
        return Body::from(Bytes::from(whole));
    }
    let reader = Reader {
        store: call.store().clone(),
        scope: call.scope(),
        registry: call.registry().clone(),
        base: call.base.clone(),
        pieces: pieces.into(),
        after: None,
        is_first: true,
    };
    Body::from_stream(stream::try_unfold(reader, Reader::next))
}

/// The representations of stored resources of one type, in their order.
pub(crate) async fn represent(
    call: &Call<'_>,
    resource_type: &Arc<ResourceType>,
    stored: &[Stored],
    view: &View,
) -> Outcome<Vec<Vec<Piece>>> {
    let projection = &view.projection;
    let drafts = Drafts::new(&call.base, resource_type, view);
    let mut documents = drafts.drafts(stored)?;
    fill_references(call, resource_type, stored, &mut documents).await?;
    if drafts.shows_groups() && !stored.is_empty() {
        let mut memberships = memberships::read(call, stored.iter().map(|one| &one.key)).await?;
        let mut groups = Vec::new();
        for (at, document) in documents.iter_mut().enumerate() {
            groups.clear();
            memberships.write(call, at, &mut groups);
            if !groups.is_empty() {
                document.add("groups", &groups)?;
            }
        }
    }
    let late = fill_relations(call, &drafts, stored, &mut documents).await?;
    let written = documents.into_iter().zip(stored).zip(late);
    Ok(written
        .map(|((mut document, one), late)| {
            projection.apply_after_write(resource_type, &mut document.tree, &view.written);
            write(resource_type, one, document, late, projection)
        })
        .collect())
}

/// A document's text; relations that are read later stand at its end.
fn write(
    resource_type: &Arc<ResourceType>,
    stored: &Stored,
    document: Draft<'_>,
    late: Vec<Relation>,
    projection: &Projection,
) -> Vec<Piece> {
    let mut text = document.write();
    let mut pieces = Vec::new();
    for relation in late {
        // The brace that closes the document comes after the last relation.
        text.pop();
        text.extend_from_slice(if text == b"{" { b"\"" } else { b",\"" });
        text.extend_from_slice(relation.path.attribute.name.as_bytes());
        text.extend_from_slice(b"\":[");
        pieces.push(Piece::Text(std::mem::take(&mut text)));
        pieces.push(Piece::Edges(Box::new(Elements {
            resource_type: resource_type.clone(),
            relation,
            source: stored.key.clone(),
            projection: projection.clone(),
        })));
        text.extend_from_slice(b"]}");
    }
    pieces.push(Piece::Text(text));
    pieces
}

/// Puts the elements of edges-only relations into documents; the relations of each that are to be streamed come back.
async fn fill_relations(
    call: &Call<'_>,
    drafts: &Drafts<'_>,
    stored: &[Stored],
    documents: &mut [Draft<'_>],
) -> Outcome<Vec<Vec<Relation>>> {
    let mut late = vec![Vec::new(); stored.len()];
    for relation in drafts.resource_type().relations.iter().filter(|relation| relation.edges_only) {
        let attribute = &relation.path.attribute;
        let in_extension = relation.path.extension.is_some();
        if !in_extension && !drafts.shows(&attribute.name) {
            continue;
        }
        let mut left = call.limits().eager_edges;
        let mut sources = Vec::new();
        for (one, late) in stored.iter().zip(&mut late) {
            if in_extension || one.edge_count <= left {
                left = left.saturating_sub(one.edge_count);
                if one.edge_count > 0 {
                    sources.push(one.key.clone());
                }
            } else {
                late.push(relation.clone());
            }
        }
        let mut elements: HashMap<Key, Vec<Value>> = HashMap::new();
        for edge in edges_from(call, &relation.name, sources, true).await? {
            let element = relations::element(relation, &edge, call.registry(), &call.base)?;
            elements.entry(edge.source).or_default().push(element);
        }
        for ((one, document), late) in stored.iter().zip(&mut *documents).zip(&late) {
            if late.iter().any(|other| other.name == relation.name) {
                continue;
            }
            let elements = Value::Array(elements.remove(&one.key).unwrap_or_default());
            match &relation.path.extension {
                None => {
                    document.tree.insert(&*attribute.name, elements);
                }
                Some(uri) if !elements.is_unassigned() => {
                    if let Some(extension) = document.tree.entry(uri.as_str()).as_object_mut() {
                        extension.insert(&*attribute.name, elements);
                    }
                }
                Some(_) => {}
            }
        }
    }
    Ok(late)
}

/// Adds to single-valued relations (`manager`) what is known of the target: its address, and how it is shown.
async fn fill_references(
    call: &Call<'_>,
    resource_type: &Arc<ResourceType>,
    stored: &[Stored],
    documents: &mut [Draft<'_>],
) -> Outcome<()> {
    for relation in resource_type.relations.iter().filter(|relation| !relation.edges_only) {
        let attribute = &relation.path.attribute;
        if attribute.r#type != Type::Complex {
            continue;
        }
        let with_value = stored.iter().zip(&mut *documents);
        let sources: Vec<Key> = with_value
            .filter_map(|(one, document)| holder(relation, &mut document.tree).is_some().then(|| one.key.clone()))
            .collect();
        let edges = edges_from(call, &relation.name, sources, false).await?;
        let targets: HashMap<&Key, &Edge> = edges.iter().map(|edge| (&edge.source, edge)).collect();
        for (one, document) in stored.iter().zip(&mut *documents) {
            let Some(edge) = targets.get(&one.key) else { continue };
            let Some(target) = &edge.target else { continue };
            let Some(holder) = holder(relation, &mut document.tree) else {
                continue;
            };
            let shown = [
                (
                    "$ref",
                    call.registry().resource_type(target.kind.as_str()).map(|t| call.location(t, target.id.as_str())),
                ),
                ("displayName", edge.peer.as_ref().and_then(|peer| peer.display.clone())),
            ];
            for (name, value) in shown {
                if let (Some(_), None, Some(value)) = (attribute.sub_attribute(name), holder.get(name), value) {
                    holder.insert(name, value);
                }
            }
        }
    }
    Ok(())
}

/// The complex value that holds a single-valued relation.
fn holder<'a>(relation: &Relation, document: &'a mut Object) -> Option<&'a mut Object> {
    let container = match &relation.path.extension {
        Some(uri) => document.get_mut(uri.as_str())?.as_object_mut()?,
        None => document,
    };
    container.get_mut(&relation.path.attribute.name)?.as_object_mut()
}

/// All edges of a relation that start at one of these.
async fn edges_from(call: &Call<'_>, relation: &str, sources: Vec<Key>, pending: bool) -> Outcome<Vec<Edge>> {
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let query = EdgeQuery {
        relation: relation.to_owned(),
        anchor: Anchor::Sources(sources),
        pending,
        peer: !pending,
        values: pending,
        after: None,
        limit: CHUNK,
    };
    Ok(call.store().all_edges(call.scope(), query).await?)
}

/// Reads the pieces of an answer one after another.
struct Reader {
    store: Arc<dyn Store>,
    scope: Scope,
    registry: Registry,
    base: Arc<str>,
    pieces: VecDeque<Piece>,
    /// Where the first piece goes on, when it is edges.
    after: Option<Bytes>,
    /// Whether the next element is the first of its list.
    is_first: bool,
}

impl Reader {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, BodyError> {
        let Some(piece) = self.pieces.pop_front() else {
            return Ok(None);
        };
        let elements = match piece {
            Piece::Text(text) => return Ok(Some((text.into(), self))),
            Piece::Edges(elements) => elements,
        };
        let query = EdgeQuery {
            relation: elements.relation.name.clone(),
            anchor: Anchor::Sources(vec![elements.source.clone()]),
            pending: true,
            peer: false,
            values: true,
            after: self.after.take(),
            limit: CHUNK,
        };
        let page = self.store.edges(self.scope, &query).await?;
        let text = self.text(&elements, &page.edges).map_err(|error| StoreError::Internal(Box::new(error)))?;
        if page.next.is_some() {
            self.after = page.next;
            self.pieces.push_front(Piece::Edges(elements));
        } else {
            self.is_first = true;
        }
        Ok(Some((text.into(), self)))
    }

    fn text(&mut self, elements: &Elements, edges: &[Edge]) -> Result<Vec<u8>, JsonError> {
        let name = &*elements.relation.path.attribute.name;
        let values: Vec<Value> = edges
            .iter()
            .map(|edge| relations::element(&elements.relation, edge, &self.registry, &self.base))
            .collect::<Result<_, _>>()?;
        let mut document = Object::new();
        document.insert(name, values);
        elements.projection.apply(&elements.resource_type, &mut document);
        let mut text = Vec::new();
        for value in document.get(name).and_then(Value::as_array).unwrap_or_default() {
            if !std::mem::replace(&mut self.is_first, false) {
                text.push(b',');
            }
            value.write(&mut text);
        }
        Ok(text)
    }
}
