//! The reference store: in memory, plans nothing, scans everything. What it answers is right by being simple, so that it
//! can be the oracle other stores are compared with. It keeps no index and ignores [`crate::Query::budget`]; a tenant of
//! a few ten thousand resources is what it is good for.

mod commit;
mod links;
mod read;
mod state;

use crate::changeset::{ChangeSet, Receipt};
use crate::edge::{EdgePage, EdgeQuery};
use crate::feed::{ChangePage, FeedQuery};
use crate::key::{Key, Kind, ResourceId, Scope};
use crate::query::{Explanation, Page, Query, Want};
use crate::record::Stored;
use crate::store::{Capabilities, Store, StoreError};
use async_trait::async_trait;
use state::State;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A store in memory. Not durable; for tests and short-lived servers.
///
/// ```
/// use scimstack_schema::Timestamp;
/// use scimstack_store::{Actor, ChangeSet, Core, Key, MemoryStore, Op, Record, ResourceId, Scope, Store, TenantId, Want};
///
/// # futures_executor::block_on(async {
/// let store = MemoryStore::new();
/// let scope = Scope::Tenant(TenantId::new(1).unwrap());
/// let ann = Key::new("User", ResourceId::new("u1").unwrap());
/// let record = Record::new(Core::default(), r#"{"id":"u1","userName":"ann@x.test"}"#);
/// let changes = ChangeSet::new(Timestamp::from_seconds(0), Actor("system".into()), "request-1");
/// store.commit(scope, changes.with(Op::Create { key: ann.clone(), record })).await.unwrap();
/// let stored = store.read(scope, &ann, Want::ALL).await.unwrap().unwrap();
/// assert_eq!(stored.version.0, 1);
/// # });
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The state; also after a writer has panicked.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::FULL.with_durable(false)
    }

    async fn read(&self, scope: Scope, key: &Key, want: Want) -> Result<Option<Stored>, StoreError> {
        let state = self.state();
        Ok(state.space(scope).and_then(|space| space.stored(key, want)))
    }

    async fn query(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        read::query(self.state().space(scope), query)
    }

    async fn edges(&self, scope: Scope, query: &EdgeQuery) -> Result<EdgePage, StoreError> {
        read::edges(self.state().space(scope), query)
    }

    async fn commit(&self, scope: Scope, changes: ChangeSet) -> Result<Receipt, StoreError> {
        commit::commit(&mut self.state(), scope, changes)
    }

    async fn explain(&self, scope: Scope, query: &Query) -> Result<Explanation, StoreError> {
        Ok(read::explain(self.state().space(scope), query))
    }

    async fn outdated(
        &self,
        scope: Scope,
        kind: &Kind,
        declaration: &str,
        after: Option<&ResourceId>,
        limit: u32,
    ) -> Result<Vec<Stored>, StoreError> {
        Ok(read::outdated(self.state().space(scope), kind, declaration, after, limit))
    }

    async fn changes(&self, query: &FeedQuery) -> Result<ChangePage, StoreError> {
        read::changes(&self.state(), query)
    }
}
