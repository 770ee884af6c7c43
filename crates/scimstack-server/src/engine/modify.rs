//! PATCH (RFC 7644 §3.5.2): all operations or none. One that concerns members alone goes to the store as a difference,
//! without looking at who is a member. 200 with the resource; for resources with members 204, unless the request says
//! which attributes it wants to see.

use super::call::{Call, Loaded};
use super::commit::{self, Committed};
use super::document::Content;
use super::failure::{Failure, Outcome, busy};
use super::log::Entry;
use super::project::View;
use super::replace::{Update, Written};
use super::respond::Reply;
use super::{dialect, judge, manual, read, relations};
use scimstack_filter::{Patch, PatchError, PatchOutcome};
use scimstack_protocol::{Change, ScimError};
use scimstack_schema::{Projection, ResourceType};
use scimstack_store::{Expect, Key, Stored};
use std::sync::Arc;

/// Changes a resource.
pub(crate) async fn modify(
    call: &Call<'_>,
    resource_type: &Arc<ResourceType>,
    id: &str,
    body: Content,
    entry: &mut Entry,
) -> Outcome<Reply> {
    let projection = call.projection()?;
    let key = call.key(resource_type, id)?;
    entry.resource_id = Some(id.to_owned());
    let options = &call.profile.patch;
    let (patch, used) = Patch::read(body.parse()?, options).map_err(refused)?;
    entry.leniencies(&used);
    let answer = Answer { resource_type, key: &key, status: status(resource_type, &projection), projection };
    let delta = patch.as_relation_delta(resource_type, options).map_err(refused)?;
    for _ in 0..call.limits().attempts {
        let loaded = call.load_to_write(resource_type, &key).await?;
        entry.names(loaded.resource.root());
        let written = match &delta {
            Some(outcome) => relate(call, &answer, &loaded, outcome, entry).await?,
            None => change(call, &answer, &loaded, &patch, entry).await?,
        };
        if let Some(written) = written {
            return answer.reply(call, loaded.stored, written, entry.changed.clone()).await;
        }
    }
    Err(busy().into())
}

fn refused(error: PatchError) -> Failure {
    ScimError::from(&error).into()
}

fn status(resource_type: &ResourceType, projection: &Projection) -> u16 {
    if commit::has_edges(resource_type) && projection.is_default() { 204 } else { 200 }
}

/// How a PATCH is answered.
struct Answer<'a> {
    resource_type: &'a Arc<ResourceType>,
    key: &'a Key,
    status: u16,
    projection: Projection,
}

impl Answer<'_> {
    async fn reply(self, call: &Call<'_>, before: Stored, written: Written, changed: Vec<String>) -> Outcome<Reply> {
        let version = match &written {
            Written::Nothing => before.version.0,
            Written::Record(_, version) | Written::Edges(version) => *version,
        };
        if self.status == 204 {
            return Ok(Reply::empty(204).with_etag(version));
        }
        let stored = match written {
            Written::Nothing => before,
            Written::Record(record, version) => {
                commit::after(call, self.resource_type, self.key, Some((*record, version))).await?
            }
            Written::Edges(_) => commit::after(call, self.resource_type, self.key, None).await?,
        };
        read::show(call, self.resource_type, &stored, &View::after_write(self.projection, changed)).await
    }
}

/// Members alone: a difference, unconditional unless the client asks for a version.
async fn relate(
    call: &Call<'_>,
    answer: &Answer<'_>,
    loaded: &Loaded,
    outcome: &PatchOutcome,
    entry: &mut Entry,
) -> Outcome<Option<Written>> {
    entry.leniencies(&outcome.leniencies);
    dialect::dropped(entry, outcome.unknown.clone());
    let mut changes = relations::deltas(call, answer.resource_type, &outcome.relations)?;
    manual::keep_relations(call, answer.resource_type, &mut changes, entry);
    if changes.is_empty() {
        commit::record_dropped(call, entry, answer.status).await;
        return Ok(Some(Written::Nothing));
    }
    let accept = judge::judge(call, &Change::Relate, answer.resource_type, Some(loaded), None).await?;
    for change in &changes {
        entry.changed(&change.relation);
    }
    let expect = match call.preconditions.if_match {
        Some(_) => Expect::Version(loaded.stored.version),
        None => Expect::Any,
    };
    let mut ops: Vec<_> = commit::relate(answer.key, expect, changes).collect();
    ops.extend(judge::effects(call, &accept, answer.key, judge::name(&loaded.resource)).await?);
    match commit::commit(call, ops, entry, answer.status).await? {
        Committed::Done(receipt) if !commit::changed(&receipt) => Ok(Some(Written::Nothing)),
        Committed::Done(receipt) => Ok(commit::version(&receipt).map(Written::Edges)),
        Committed::Stale | Committed::Conflict { .. } => Ok(None),
    }
}

/// The document, and perhaps members too.
async fn change(
    call: &Call<'_>,
    answer: &Answer<'_>,
    loaded: &Loaded,
    patch: &Patch,
    entry: &mut Entry,
) -> Outcome<Option<Written>> {
    let mut after = loaded.resource.clone();
    let outcome = patch.apply(&mut after, &call.profile.patch).map_err(refused)?;
    entry.leniencies(&outcome.leniencies);
    dialect::dropped(entry, outcome.unknown);
    relations::forget_addresses(&mut after);
    answer.resource_type.validate(&after).map_err(|violations| Failure::from(&violations))?;
    let relations = relations::deltas(call, answer.resource_type, &outcome.relations)?;
    let update = Update { key: answer.key, loaded, after, relations };
    update.apply(call, answer.resource_type, entry, answer.status).await
}
