//! What requests need of the system's records, kept in memory: a hot request reads nothing from the store to be
//! authenticated. Everything is forgotten as soon as the system's feed has moved; it is asked at most every
//! [`ASK_EVERY_MICROS`], so that a change made by another process is seen within a second.

use super::Admin;
use super::issuers::Issuer;
use super::model::{AdminError, Connection, Hold, Tenant, Token};
use super::tokens::Known;
use scimstack_schema::{Registry, Timestamp};
use scimstack_store::{FeedQuery, FeedScope, Position, Scope, TenantId};
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How long a look at the feed is good for.
const ASK_EVERY_MICROS: i64 = 250_000;

/// The hash of a token.
pub(super) type Hash = [u8; 32];

/// What is remembered. Only what exists: nobody can fill it with guesses.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) tenants: HashMap<String, Arc<Tenant>>,
    pub(super) connections: HashMap<(TenantId, String), Arc<Connection>>,
    pub(super) tokens: HashMap<Hash, Arc<Known>>,
    pub(super) tokens_by_id: HashMap<String, Arc<Token>>,
    pub(super) issuers: HashMap<TenantId, Arc<[Issuer]>>,
    pub(super) registries: HashMap<TenantId, Registry>,
    /// Those of connections that see less of it.
    pub(super) restricted: HashMap<(TenantId, String), Registry>,
    pub(super) holds: HashMap<TenantId, Arc<[Hold]>>,
    pub(super) secrets: HashMap<String, [u8; 32]>,
}

#[derive(Default)]
pub(super) struct Cache {
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    entries: Entries,
    /// Goes up whenever entries are forgotten: what was read before is not remembered afterwards.
    generation: u64,
    asked: Option<Timestamp>,
    /// The end of the feed when it was asked.
    seen: Option<Position>,
}

impl State {
    fn forget(&mut self) {
        self.entries = Entries::default();
        self.generation = self.generation.wrapping_add(1);
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        // A clock that was put back makes it due.
        self.asked
            .is_some_and(|asked| (0..ASK_EVERY_MICROS).contains(&now.as_micros().saturating_sub(asked.as_micros())))
    }
}

impl Cache {
    pub(super) fn forget(&self) {
        self.write().forget();
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admin {
    /// What is remembered, or else what `load` reads; that is then remembered, unless something changed meanwhile.
    pub(super) async fn cached<T: Clone>(
        &self,
        get: impl Fn(&Entries) -> Option<T>,
        load: impl Future<Output = Result<Option<T>, AdminError>>,
        put: impl FnOnce(&mut Entries, T),
    ) -> Result<Option<T>, AdminError> {
        self.refresh().await?;
        let generation = {
            let state = self.cache.read();
            if let Some(found) = get(&state.entries) {
                return Ok(Some(found));
            }
            state.generation
        };
        let Some(found) = load.await? else { return Ok(None) };
        let mut state = self.cache.write();
        if state.generation == generation {
            put(&mut state.entries, found.clone());
        }
        Ok(Some(found))
    }

    /// Forgets everything when the feed has moved. While one caller asks, others go on with what is there.
    async fn refresh(&self) -> Result<(), AdminError> {
        let now = self.environment.now();
        if self.cache.read().is_fresh(now) {
            return Ok(());
        }
        {
            let mut state = self.cache.write();
            if state.is_fresh(now) {
                return Ok(());
            }
            state.asked = Some(now);
        }
        match self.end_of_feed().await {
            Ok(end) => {
                let mut state = self.cache.write();
                if end.is_none() || state.seen != end {
                    state.seen = end;
                    state.forget();
                }
                Ok(())
            }
            Err(error) => {
                let mut state = self.cache.write();
                state.asked = None;
                state.forget();
                Err(error)
            }
        }
    }

    /// Where the system's feed ends; `None` when the store has no feed, so that nothing stays.
    async fn end_of_feed(&self) -> Result<Option<Position>, AdminError> {
        if !self.store.capabilities().feed {
            return Ok(None);
        }
        let mut query = FeedQuery::new(FeedScope::One(Scope::System), 1);
        query.newest_first = true;
        let page = self.store.changes(&query).await?;
        Ok(Some(page.changes.first().map(|change| change.position).unwrap_or_default()))
    }
}
