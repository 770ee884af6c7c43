//! A store that is watched: what it is asked and hands out is counted, or goes wrong on purpose.

use async_trait::async_trait;
use scimstack_store::{
    Capabilities, ChangePage, ChangeSet, EdgePage, EdgeQuery, Explanation, FeedQuery, Key, Kind, MemoryStore, Page,
    Query, Receipt, ResourceId, Scope, Store, StoreError, Stored, Want,
};
use std::sync::Arc;

/// Who watches. What is not said otherwise is asked of the store behind.
#[async_trait]
pub(crate) trait Watch: Send + Sync + 'static {
    /// Before anything is asked that a request may ask; an error is the answer.
    fn asked(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn query(&self, store: &dyn Store, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        store.query(scope, query).await
    }

    async fn edges(&self, store: &dyn Store, scope: Scope, query: &EdgeQuery) -> Result<EdgePage, StoreError> {
        store.edges(scope, query).await
    }

    async fn commit(&self, store: &dyn Store, scope: Scope, changes: ChangeSet) -> Result<Receipt, StoreError> {
        store.commit(scope, changes).await
    }
}

/// A store, and who watches it.
pub(crate) struct Watched<W> {
    store: Box<dyn Store>,
    pub(crate) watch: W,
}

impl<W: Watch> Watched<W> {
    pub(crate) fn new(store: impl Store, watch: W) -> Arc<Self> {
        Arc::new(Self { store: Box::new(store), watch })
    }

    pub(crate) fn in_memory(watch: W) -> Arc<Self> {
        Self::new(MemoryStore::new(), watch)
    }
}

#[async_trait]
impl<W: Watch> Store for Watched<W> {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    async fn read(&self, scope: Scope, key: &Key, want: Want) -> Result<Option<Stored>, StoreError> {
        self.watch.asked()?;
        self.store.read(scope, key, want).await
    }

    async fn query(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        self.watch.asked()?;
        self.watch.query(&*self.store, scope, query).await
    }

    async fn edges(&self, scope: Scope, query: &EdgeQuery) -> Result<EdgePage, StoreError> {
        self.watch.asked()?;
        self.watch.edges(&*self.store, scope, query).await
    }

    async fn commit(&self, scope: Scope, changes: ChangeSet) -> Result<Receipt, StoreError> {
        self.watch.asked()?;
        self.watch.commit(&*self.store, scope, changes).await
    }

    async fn explain(&self, scope: Scope, query: &Query) -> Result<Explanation, StoreError> {
        self.store.explain(scope, query).await
    }

    async fn outdated(
        &self,
        scope: Scope,
        kind: &Kind,
        declaration: &str,
        after: Option<&ResourceId>,
        limit: u32,
    ) -> Result<Vec<Stored>, StoreError> {
        self.store.outdated(scope, kind, declaration, after, limit).await
    }

    async fn changes(&self, query: &FeedQuery) -> Result<ChangePage, StoreError> {
        self.watch.asked()?;
        self.store.changes(query).await
    }
}
