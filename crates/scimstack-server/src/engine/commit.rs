//! Writes: one atomic changeset for each request, with its preconditions, its effects and its entry in the log
//! (RFC 7644 §3.14). An outcome that is not known is asked for again under the request's id.

use super::call::{Call, Loaded};
use super::failure::{Failure, Outcome, internal};
use super::log::Entry;
use super::relations::RelationChange;
use super::turn::writes_state;
use scimstack_protocol::ScimError;
use scimstack_schema::ResourceType;
use scimstack_store::{ChangeSet, Expect, Key, Op, OpReceipt, Receipt, StoreError, Stored, Want};
use std::sync::Arc;

/// How often an outcome that is not known is asked for.
const IN_DOUBT: u32 = 3;

/// What became of a changeset.
pub(crate) enum Committed {
    /// It is done.
    Done(Receipt),
    /// Someone else has written meanwhile.
    Stale,
    /// A unique value is in use.
    Conflict {
        /// The attribute.
        path: String,
        /// Who has it.
        holder: Option<Key>,
    },
}

/// Commits operations and the request's log entry; `status` is what the client will be told.
pub(crate) async fn commit(call: &Call<'_>, mut ops: Vec<Op>, entry: &Entry, status: u16) -> Outcome<Committed> {
    ops.push(entry.event(call, Ok(status)));
    let beside: Vec<bool> = ops.iter().map(writes_state).collect();
    match write(call, ops).await {
        Ok(receipt) => Ok(Committed::Done(receipt)),
        Err(StoreError::Exists { op } | StoreError::NotFound { op }) if beside.get(op) == Some(&true) => {
            Ok(Committed::Stale)
        }
        Err(StoreError::VersionMismatch { .. }) => Ok(Committed::Stale),
        Err(StoreError::Conflict { path, holder, .. }) => Ok(Committed::Conflict { path, holder }),
        Err(error) => Err(error.into()),
    }
}

/// Records a refused write in the log; an accepted one has its entry in its changeset. The refusal is what matters to the
/// client, so failing to record it is not told.
pub(crate) async fn record_refusal(call: &Call<'_>, entry: Option<&Entry>, refusal: Option<&Failure>) {
    if let (Some(entry), Some(failure)) = (entry, refusal) {
        let _ = write(call, vec![entry.event(call, Err(&failure.error))]).await;
    }
}

/// Records an accepted write that has changed nothing, when something of it was dropped: an administrator who has mistyped
/// the name of an attribute finds it in the log. Failing to record it is not told, as nothing was done.
pub(crate) async fn record_dropped(call: &Call<'_>, entry: &Entry, status: u16) {
    if !entry.unknown.is_empty() {
        let _ = write(call, vec![entry.event(call, Ok(status))]).await;
    }
}

/// Takes a resource back that this request has made; the log says why.
pub(crate) async fn take_back(call: &Call<'_>, key: &Key, entry: &Entry, error: &ScimError) -> Outcome<()> {
    let delete = Op::Delete { key: key.clone(), expect: Expect::Any };
    match write(call, vec![delete, entry.event(call, Err(error))]).await {
        // Someone else was faster.
        Ok(_) | Err(StoreError::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Commits that a connection is on hold; `false` when someone else has written its state meanwhile.
pub(crate) async fn held(call: &Call<'_>, ops: Vec<Op>) -> Outcome<bool> {
    match write_under(call, format!("{}:held", call.id), ops).await {
        Ok(_) => Ok(true),
        Err(StoreError::Exists { .. } | StoreError::NotFound { .. } | StoreError::VersionMismatch { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn write(call: &Call<'_>, ops: Vec<Op>) -> Result<Receipt, StoreError> {
    write_under(call, call.id.clone(), ops).await
}

async fn write_under(call: &Call<'_>, key: String, ops: Vec<Op>) -> Result<Receipt, StoreError> {
    let mut changes = ChangeSet::new(call.now, call.actor(), call.id.as_str());
    changes.idempotency_key = Some(key);
    changes.ops = ops;
    for _ in 1..IN_DOUBT {
        match call.store().commit(call.scope(), changes.clone()).await {
            Err(StoreError::InDoubt(_)) => {}
            outcome => return outcome,
        }
    }
    call.store().commit(call.scope(), changes).await
}

/// The operations that change edges of `source`.
pub(crate) fn relate(source: &Key, expect: Expect, changes: Vec<RelationChange>) -> impl Iterator<Item = Op> {
    changes.into_iter().map(move |change| Op::Relate {
        source: source.clone(),
        relation: change.relation,
        expect,
        change: change.change,
    })
}

/// Whether any operation on a record changed something.
pub(crate) fn changed(receipt: &Receipt) -> bool {
    receipt.ops.iter().any(|op| op.changed && op.version.is_some())
}

/// The version of the record after the last operation on it.
pub(crate) fn version(receipt: &Receipt) -> Option<u64> {
    let last: Option<&OpReceipt> = receipt.ops.iter().rev().find(|op| op.version.is_some());
    last.and_then(|op| op.version).map(|version| version.0)
}

/// A record as it is after this request's commit.
///
/// Without edges, or when it is not shown, it is known without being read again.
pub(crate) async fn after(
    call: &Call<'_>,
    resource_type: &Arc<ResourceType>,
    key: &Key,
    written: Option<(scimstack_store::Record, u64)>,
) -> Outcome<Stored> {
    if let Some((record, version)) = written
        && (call.part.is_some() || !has_edges(resource_type))
    {
        let version = scimstack_store::Version(version);
        return Ok(Stored::new(key.clone(), version, record.core, record.doc, record.private, 0));
    }
    let read = call.store().read(call.scope(), key, Want::ALL).await?;
    read.ok_or_else(|| Failure::no_resource(&resource_type.name, key.id.as_str()))
}

/// Whether resources of this type have members.
pub(crate) fn has_edges(resource_type: &ResourceType) -> bool {
    resource_type.relations.iter().any(|relation| relation.edges_only)
}

/// The resource that holds a value this request wants.
pub(crate) async fn holder(
    call: &Call<'_>,
    resource_type: &Arc<ResourceType>,
    holder: Option<Key>,
) -> Outcome<Option<Loaded>> {
    match holder {
        Some(key) if key.kind.as_str() == &*resource_type.name => call.load(resource_type, &key).await,
        _ => Ok(None),
    }
}

/// A receipt that says nothing of the record that was written.
pub(crate) fn no_version() -> Failure {
    internal().into()
}
