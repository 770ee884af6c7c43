//! PUT (RFC 7644 §3.5.1): 200 with the whole resource. A PUT that changes nothing leaves version and time alone.

use super::call::{Call, Loaded};
use super::commit::{self, Committed};
use super::document::Content;
use super::failure::{Failure, Outcome, busy, in_use};
use super::log::{Entry, same_object};
use super::project::{self, View};
use super::relations::{self, RelationChange};
use super::respond::Reply;
use super::{document, judge, manual, read};
use scimstack_protocol::Change;
use scimstack_schema::{Relation, Resource, ResourceType, Value};
use scimstack_store::{Expect, Key, Op, Record};
use std::sync::Arc;

/// Replaces a resource.
pub(crate) async fn replace(
    call: &Call<'_>,
    resource_type: &Arc<ResourceType>,
    id: &str,
    body: Content,
    entry: &mut Entry,
) -> Outcome<Reply> {
    let projection = call.projection()?;
    let key = call.key(resource_type, id)?;
    entry.resource_id = Some(id.to_owned());
    let sent = document::ingest(call, resource_type, body, entry)?;
    for _ in 0..call.limits().attempts {
        let loaded = call.load_to_write(resource_type, &key).await?;
        let mut after = sent.resource.clone();
        keep_active(&loaded.resource, &mut after);
        resource_type.carry_over(&loaded.resource, &mut after).map_err(|violations| Failure::from(&violations))?;
        after.set_id(id);
        let relations = relations::replacements(call, resource_type, &complete(resource_type, &sent.relations))?;
        let update = Update { key: &key, loaded: &loaded, after, relations };
        match update.apply(call, resource_type, entry, 200).await? {
            Some(written) => {
                let stored = match written {
                    Written::Nothing => loaded.stored,
                    Written::Record(record, version) => {
                        commit::after(call, resource_type, &key, Some((*record, version))).await?
                    }
                    Written::Edges(_) => commit::after(call, resource_type, &key, None).await?,
                };
                let view = View::after_write(projection, project::paths(&sent.resource));
                return read::show(call, resource_type, &stored, &view).await;
            }
            None => continue,
        }
    }
    Err(busy().into())
}

/// A PUT that leaves `active` out does not switch a person on or off.
fn keep_active(before: &Resource, after: &mut Resource) {
    let declared = after.resource_type().schema.attribute("active").is_some();
    if let (true, None, Some(active @ Value::Bool(_))) =
        (declared, after.root().get("active"), before.root().get("active"))
    {
        after.root_mut().insert("active", active.clone());
    }
}

/// The relations as a PUT means them: those it leaves out are empty, but for those that are not its to change.
fn complete(resource_type: &ResourceType, sent: &[(String, Vec<Value>)]) -> Vec<(String, Vec<Value>)> {
    let mut all = sent.to_vec();
    let written = |relation: &&Relation| relation.edges_only && !relation.path.attribute.is_read_only();
    for relation in resource_type.relations.iter().filter(written) {
        if !all.iter().any(|(name, _)| *name == relation.name) {
            all.push((relation.name.clone(), Vec::new()));
        }
    }
    all
}

/// A stored resource and what it is to become (PUT, PATCH).
pub(crate) struct Update<'a> {
    pub(crate) key: &'a Key,
    pub(crate) loaded: &'a Loaded,
    pub(crate) after: Resource,
    pub(crate) relations: Vec<RelationChange>,
}

/// What an update wrote.
pub(crate) enum Written {
    /// Nothing had to change.
    Nothing,
    /// The document, with its version.
    Record(Box<Record>, u64),
    /// Edges only, with the version.
    Edges(u64),
}

impl Update<'_> {
    /// Judges and commits the difference; `None` when someone else has written meanwhile.
    pub(crate) async fn apply(
        self,
        call: &Call<'_>,
        resource_type: &Arc<ResourceType>,
        entry: &mut Entry,
        status: u16,
    ) -> Outcome<Option<Written>> {
        let Self { key, loaded, mut after, mut relations } = self;
        manual::keep(call, &loaded.resource, &mut after, entry);
        manual::keep_relations(call, resource_type, &mut relations, entry);
        let mut conflict: Option<Loaded> = None;
        for _ in 0..2 {
            let change = Change::Update { after: &after };
            let accept = judge::judge(call, &change, resource_type, Some(loaded), conflict.as_ref()).await?;
            if let Some(holder) = &conflict {
                return Err(in_use(&format!("a unique attribute (held by {})", holder.stored.key.id)).into());
            }
            let resource = accept.resource.clone().unwrap_or_else(|| after.clone());
            let is_same =
                same_object(resource.root(), loaded.resource.root()) && accept.private == loaded.stored.private;
            if is_same && !relations.is_empty() {
                judge::judge(call, &Change::Relate, resource_type, Some(loaded), None).await?;
            }
            if is_same && relations.is_empty() && accept.effects.is_empty() {
                commit::record_dropped(call, entry, status).await;
                return Ok(Some(Written::Nothing));
            }
            entry.names(resource.root());
            entry.changed.clear();
            entry.difference(Some(&loaded.resource), &resource);
            for relation in &relations {
                entry.changed(&relation.relation);
            }
            let record = (!is_same)
                .then(|| judge::record(&resource, &accept, &accept.manager_by, loaded.stored.core.created, call.now));
            let mut ops = operations(call, key, loaded, record.clone(), &relations);
            ops.extend(judge::effects(call, &accept, key, judge::name(&resource)).await?);
            match commit::commit(call, ops, entry, status).await? {
                Committed::Done(receipt) if !commit::changed(&receipt) => return Ok(Some(Written::Nothing)),
                Committed::Done(receipt) => {
                    let version = commit::version(&receipt).ok_or_else(commit::no_version)?;
                    return Ok(Some(match record {
                        Some(record) => Written::Record(Box::new(record), version),
                        None => Written::Edges(version),
                    }));
                }
                Committed::Stale if call.preconditions.if_match.is_some() => {
                    // The version the client named was there a moment ago, and is not any more.
                    call.load_to_write(resource_type, key).await?;
                    return Ok(None);
                }
                Committed::Stale => return Ok(None),
                Committed::Conflict { path, holder } => match commit::holder(call, resource_type, holder).await? {
                    Some(holder) => conflict = Some(holder),
                    None => return Err(in_use(&path).into()),
                },
            }
        }
        Err(busy().into())
    }
}

fn operations(
    call: &Call<'_>,
    key: &Key,
    loaded: &Loaded,
    record: Option<Record>,
    relations: &[RelationChange],
) -> Vec<Op> {
    let mut ops = Vec::new();
    // Members alone change without a look at the rest, unless the client asks for a version.
    let mut expect = match call.preconditions.if_match {
        Some(_) => Expect::Version(loaded.stored.version),
        None => Expect::Any,
    };
    if let Some(record) = record {
        ops.push(Op::Replace { key: key.clone(), expect: Expect::Version(loaded.stored.version), record });
        expect = Expect::Any;
    }
    for change in relations {
        ops.push(Op::Relate {
            source: key.clone(),
            relation: change.relation.clone(),
            expect: std::mem::replace(&mut expect, Expect::Any),
            change: change.change.clone(),
        });
    }
    ops
}
