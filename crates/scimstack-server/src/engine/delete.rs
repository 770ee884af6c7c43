//! DELETE (RFC 7644 §3.6): 204, and 404 from then on.

use super::call::Call;
use super::commit::{self, Committed};
use super::failure::{Outcome, busy};
use super::judge;
use super::log::Entry;
use super::respond::Reply;
use scimstack_protocol::Change;
use scimstack_schema::ResourceType;
use scimstack_store::{Expect, Op};
use std::sync::Arc;

/// Deletes a resource.
pub(crate) async fn delete(
    call: &Call<'_>,
    resource_type: &Arc<ResourceType>,
    id: &str,
    entry: &mut Entry,
) -> Outcome<Reply> {
    let key = call.key(resource_type, id)?;
    entry.resource_id = Some(id.to_owned());
    for _ in 0..call.limits().attempts {
        let loaded = call.load_to_write(resource_type, &key).await?;
        entry.names(loaded.resource.root());
        let accept = judge::judge(call, &Change::Delete, resource_type, Some(&loaded), None).await?;
        let mut ops = vec![Op::Delete { key: key.clone(), expect: Expect::Version(loaded.stored.version) }];
        ops.extend(judge::effects(call, &accept, &key, judge::name(&loaded.resource)).await?);
        if let Committed::Done(_) = commit::commit(call, ops, entry, 204).await? {
            return Ok(Reply::empty(204));
        }
    }
    Err(busy().into())
}
