//! Bringing records into indexes that were declared after they were written, a few at a time, while the store is in use.
//! Left out: when to do it, and for whom: the host's.
//!
//! A store uses an index only when every record of the kind was indexed under a declaration that has it
//! ([`crate::plan::Coverage`]); until then it answers as if the index were not declared. [`reindex`] does one step; a host
//! takes steps until none are left, after every change of what is declared and whenever it starts.
//!
//! ```
//! use scimstack_schema::{Registry, Timestamp};
//! use scimstack_store::{Actor, ChangeSet, Core, Key, MemoryStore, Op, Record, ResourceId, Scope, Store, reindex};
//!
//! # futures_executor::block_on(async {
//! let store = MemoryStore::new();
//! let scope = Scope::from_number(1);
//! let ann = Key::new("User", ResourceId::new("u1").unwrap());
//! let record = Record::new(Core::default(), r#"{"id":"u1","userName":"ann@x.test"}"#);
//! let now = Timestamp::from_seconds(0);
//! let changes = ChangeSet::new(now, Actor("system".into()), "request-1").with(Op::Create { key: ann, record });
//! store.commit(scope, changes).await.unwrap();
//!
//! let user = Registry::core().resource_type("User").unwrap().clone();
//! let (mut after, mut done) = (None, 0);
//! while let Some(step) = reindex(&store, scope, &user, after.as_ref(), 100, now).await.unwrap() {
//!     done += step.done;
//!     after = Some(step.last);
//! }
//! assert_eq!(done, 1);
//! # });
//! ```

use crate::changeset::{Actor, ChangeSet, Op};
use crate::key::{Kind, ResourceId, Scope};
use crate::plan;
use crate::store::{Store, StoreError};
use scimstack_schema::{Resource, ResourceType, Timestamp};
use std::sync::Arc;

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reindexed {
    /// How many records were indexed anew. Others were written by someone else in the meantime.
    pub done: u64,
    /// The last record that was looked at: where the next step goes on.
    pub last: ResourceId,
}

/// Indexes up to `limit` records as their type declares, of those that are not, after `after` in the order of ids. `None`
/// when there are none: when `after` is `None` too, every index holds every record.
///
/// # Errors
/// The store's. A document that cannot be read as a resource of the type is [`StoreError::Internal`].
pub async fn reindex(
    store: &dyn Store,
    scope: Scope,
    resource_type: &Arc<ResourceType>,
    after: Option<&ResourceId>,
    limit: u32,
    now: Timestamp,
) -> Result<Option<Reindexed>, StoreError> {
    let kind = Kind::from(&*resource_type.name);
    let outdated = store.outdated(scope, &kind, resource_type.index_declaration(), after, limit).await?;
    let Some(last) = outdated.last().map(|stored| stored.key.id.clone()) else { return Ok(None) };
    let mut changes = ChangeSet::new(now, Actor("system".to_owned()), "reindex");
    for stored in outdated {
        let resource = Resource::from_stored(resource_type.clone(), &stored.doc);
        let resource = resource.map_err(|error| StoreError::Internal(Box::new(error)))?;
        changes.ops.push(Op::Reindex { key: stored.key, version: stored.version, index: plan::index(&resource) });
    }
    let receipt = store.commit(scope, changes).await?;
    let done = receipt.ops.iter().filter(|op| op.changed).count() as u64;
    Ok(Some(Reindexed { done, last }))
}
