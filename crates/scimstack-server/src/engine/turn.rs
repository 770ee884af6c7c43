//! The lifecycle's state for a connection: a record of the tenant's scope, read before a change that asks for it and
//! committed with that change, by compare-and-set. Changes that need it take turns within a process, so that they do not
//! tread on each other; between processes the record's version decides.
//! Left out: what the state means (a lifecycle's business).

use super::call::Call;
use super::failure::{Failure, Outcome, internal};
use super::reminders::REMINDER;
use crate::admin::{CONNECTION_STATE, connection_state_key};
use bytes::Bytes;
use futures_util::lock::{Mutex, OwnedMutexGuard};
use scimstack_schema::Timestamp;
use scimstack_store::{Core, Expect, Key, Op, Record, Version, Want};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// Connections share these; two that share one only wait for each other.
const LANES: usize = 64;

/// The lanes in which changes wait for their turn.
pub(crate) struct Turns {
    lanes: Vec<Arc<Mutex<()>>>,
    hash: RandomState,
}

impl Default for Turns {
    fn default() -> Self {
        Self { lanes: (0..LANES).map(|_| Arc::default()).collect(), hash: RandomState::new() }
    }
}

/// The turn of one change: as long as it lives, no other of this process has the same connection's state.
pub(crate) struct Turn {
    key: Key,
    version: Option<Version>,
    pub(crate) state: Bytes,
    _lane: Option<OwnedMutexGuard<()>>,
}

impl Turn {
    /// Waits for it, and reads the state.
    pub(crate) async fn take(call: &Call<'_>) -> Outcome<Self> {
        let (tenant, connection) = (call.principal.tenant.id, &call.principal.connection.policy.name);
        let turns = &call.engine.turns;
        let hash = usize::try_from(turns.hash.hash_one((tenant, connection)) % LANES as u64).unwrap_or_default();
        let lane = match turns.lanes.get(hash) {
            Some(lane) => Some(lane.clone().lock_owned().await),
            None => None,
        };
        let key = connection_state_key(connection).ok_or_else(|| Failure::from(internal()))?;
        let stored = call.store().read(call.scope(), &key, Want::ALL).await?;
        let (version, state) = stored.map_or((None, Bytes::new()), |stored| (Some(stored.version), stored.doc));
        Ok(Self { key, version, state, _lane: lane })
    }

    /// Writes the state, unless someone else has since it was read.
    pub(crate) fn write(&self, state: &[u8], now: Timestamp) -> Op {
        let core = Core { created: now, modified: now, ..Core::default() };
        let (key, record) = (self.key.clone(), Record::new(core, state.to_vec()));
        match self.version {
            Some(version) => Op::Replace { key, expect: Expect::Version(version), record },
            None => Op::Create { key, record },
        }
    }

    /// Whether the connection still has a state at all.
    pub(crate) async fn is_kept(&self, call: &Call<'_>) -> Outcome<bool> {
        Ok(call.store().read(call.scope(), &self.key, Want::HEAD).await?.is_some())
    }
}

/// Whether an operation writes such a state, or a reminder: if it fails, someone else was faster.
pub(crate) fn writes_state(op: &Op) -> bool {
    matches!(op, Op::Create { key, .. } | Op::Replace { key, .. } if is_kept_beside(key))
}

fn is_kept_beside(key: &Key) -> bool {
    [CONNECTION_STATE, REMINDER].contains(&key.kind.as_str())
}
