//! Consumers of the change feed: several workers share one, each batch is lent to one of them at a time, and how far they
//! have come survives them all.
//!
//! A consumer is a record of kind [`KIND`] in the scope whose feed it reads, written with [`Expect::Version`] and nothing
//! else: every store that keeps the contract has consumers. Delivery is at least once: a worker that acknowledges too late
//! finds that its lease is lost, and another has had the same batch since. Time comes in with each call.
//!
//! What it costs: a batch is two small changesets, one to lend and one to acknowledge. They stand in the feed like any
//! other change; consumers pass over them, and nothing is written when there is nothing else to read, so that they do not
//! keep each other busy. Which of many tenants have something to read, one reading of [`FeedScope::All`] tells.
//!
//! Left out: what is done with the changes, and when to ask again.
//!
//! ```
//! use scimstack_schema::Timestamp;
//! use scimstack_store::{Actor, ChangeSet, Consumer, MemoryStore, Next, Op, ResourceId, Scope, Store};
//!
//! # futures_executor::block_on(async {
//! let store = MemoryStore::new();
//! let (scope, now) = (Scope::from_number(1), Timestamp::from_seconds(1_767_225_600));
//! let welcome = Op::Emit { topic: "outbox".into(), id: "welcome-u1".into(), key: None, payload: "{}".into() };
//! store.commit(scope, ChangeSet::new(now, Actor("system".into()), "request-1").with(welcome)).await?;
//!
//! let mailer = Consumer::new(ResourceId::new("mailer").unwrap(), scope).with_topic("outbox");
//! let Next::Batch(batch) = mailer.next(&store, "worker-1", now).await? else { panic!("there is one") };
//! assert!(matches!(mailer.next(&store, "worker-2", now).await?, Next::Leased { .. }));
//! for change in batch.changes() {
//!     // … deliver it under change.event_id …
//! }
//! mailer.acknowledge(&store, &batch, batch.end(), now).await?;
//! assert!(matches!(mailer.next(&store, "worker-2", now).await?, Next::Nothing));
//! # Ok::<(), scimstack_store::ConsumerError>(())
//! # }).unwrap();
//! ```

use crate::changeset::{Actor, ChangeSet, Expect, Op};
use crate::feed::{Change, FeedQuery, FeedScope, Position};
use crate::key::{Key, ResourceId, Scope, Version};
use crate::query::Want;
use crate::record::{Core, Record, Stored};
use crate::store::{Store, StoreError};
use scimstack_schema::{Object, Timestamp, Value};

/// The kind of the records that say how far consumers have come.
pub const KIND: &str = "FeedConsumer";

/// How often a worker tries again when another was faster.
const ATTEMPTS: usize = 8;

/// A named reader of one scope's feed. All workers with the same name and scope share it, and have to agree on its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    name: ResourceId,
    scope: Scope,
    topic: Option<String>,
    batch: usize,
    lease_micros: i64,
}

/// What there is for a worker to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// These changes, until the lease ends.
    Batch(Batch),
    /// Another worker is at it.
    Leased {
        /// When its lease ends.
        until: Timestamp,
    },
    /// Everything has been read.
    Nothing,
}

/// Changes lent to one worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    changes: Vec<Change>,
    state: State,
    until: Timestamp,
    end: Position,
    version: Version,
}

impl Batch {
    /// The changes, in the order of the feed; at least one.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Where it ends: what to acknowledge when all of it is done.
    #[must_use]
    pub fn end(&self) -> Position {
        self.end
    }

    /// When the lease ends.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.until
    }
}

/// Why a consumer did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsumerError {
    /// The lease ended, and another worker took the batch or finished it. What was done may be done twice.
    #[error("the lease on the batch is lost to another worker")]
    LeaseLost,
    /// The position is not in the batch.
    #[error("position {0} is not in the batch")]
    NotInBatch(Position),
    /// The consumer's record cannot be read.
    #[error("the record of consumer {0} is damaged")]
    Damaged(ResourceId),
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Consumer {
    /// A consumer of everything in a scope's feed, from the oldest change that is kept, 100 changes at a time, with leases of a minute.
    #[must_use]
    pub fn new(name: ResourceId, scope: Scope) -> Self {
        Self { name, scope, topic: None, batch: 100, lease_micros: 60_000_000 }
    }

    /// Only events of this topic.
    #[must_use]
    pub fn with_topic(mut self, topic: impl Into<String>) -> Self {
        self.topic = Some(topic.into());
        self
    }

    /// At most so many changes at a time; at least one.
    #[must_use]
    pub fn with_batch(mut self, changes: usize) -> Self {
        self.batch = changes.max(1);
        self
    }

    /// How long a batch is lent.
    #[must_use]
    pub fn with_lease_seconds(mut self, seconds: u32) -> Self {
        self.lease_micros = i64::from(seconds) * 1_000_000;
        self
    }

    /// Up to where everything is acknowledged.
    ///
    /// # Errors
    /// The store's.
    pub async fn position(&self, store: &dyn Store) -> Result<Position, ConsumerError> {
        Ok(self.state(store).await?.map_or(Position::default(), |(state, _)| state.position))
    }

    /// Lends the next batch to `worker`: the changes after what is acknowledged, or the batch of a lease that has ended.
    ///
    /// # Errors
    /// The store's. After [`StoreError::InDoubt`] the batch may be lent to nobody until the lease ends.
    pub async fn next(&self, store: &dyn Store, worker: &str, now: Timestamp) -> Result<Next, ConsumerError> {
        let mut until = now;
        for _ in 0..ATTEMPTS {
            let current = self.state(store).await?;
            let (mut state, version) = match current {
                Some((state, version)) => (state, Some(version)),
                None => (State::default(), None),
            };
            let lost = state.lease.take();
            if let Some(lease) = lost.as_ref().filter(|lease| lease.until > now) {
                return Ok(Next::Leased { until: lease.until });
            }
            let limit = lost.as_ref().map_or(self.batch, |lease| lease.count);
            let Some((after, page)) = self.read_on(store, state.position, limit).await? else {
                return Ok(Next::Nothing);
            };
            let Some(end) = page.last().map(|change| change.position) else { return Ok(Next::Nothing) };
            until = Timestamp::from_micros(now.as_micros().saturating_add(self.lease_micros));
            // What was passed over needs no acknowledgement of its own.
            state.position = after;
            state.lease = Some(Lease { until, count: page.len() });
            match self.write(store, &state, version, worker, now).await {
                Ok(version) => {
                    let changes = page.into_iter().filter(is_news).collect();
                    return Ok(Next::Batch(Batch { changes, state, until, end, version }));
                }
                Err(error) if is_race(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Next::Leased { until })
    }

    /// Says that everything up to `position` is done. What is left of the batch is lent to whoever asks next.
    ///
    /// # Errors
    /// [`ConsumerError::LeaseLost`] when another worker has been lent the batch since; a position outside the batch; and
    /// the store's. After [`StoreError::InDoubt`] it may be asked again: a lost lease then means that it was done, or that
    /// another worker does it again.
    pub async fn acknowledge(
        &self,
        store: &dyn Store,
        batch: &Batch,
        position: Position,
        now: Timestamp,
    ) -> Result<(), ConsumerError> {
        if position <= batch.state.position || position > batch.end {
            return Err(ConsumerError::NotInBatch(position));
        }
        let state = State { position, lease: None };
        self.write_leased(store, &state, batch, now).await?;
        Ok(())
    }

    /// Begins the lease anew, for a batch that takes long.
    ///
    /// # Errors
    /// As [`Consumer::acknowledge`].
    pub async fn renew(&self, store: &dyn Store, batch: &mut Batch, now: Timestamp) -> Result<(), ConsumerError> {
        let until = Timestamp::from_micros(now.as_micros().saturating_add(self.lease_micros));
        let mut state = batch.state.clone();
        state.lease = state.lease.map(|lease| Lease { until, ..lease });
        batch.version = self.write_leased(store, &state, batch, now).await?;
        (batch.state, batch.until) = (state, until);
        Ok(())
    }

    /// The next page with any news in it, and the position it comes after.
    async fn read_on(
        &self,
        store: &dyn Store,
        mut after: Position,
        limit: usize,
    ) -> Result<Option<(Position, Vec<Change>)>, StoreError> {
        let mut query = FeedQuery::new(FeedScope::One(self.scope), limit);
        query.topic.clone_from(&self.topic);
        loop {
            // Who has read nothing yet begins with what there is.
            query.after = Some(after).filter(|after| *after != Position::default());
            let page = store.changes(&query).await?;
            if page.changes.iter().any(is_news) {
                return Ok(Some((after, page.changes)));
            }
            match page.changes.last().filter(|_| page.more) {
                Some(last) => after = last.position,
                None => return Ok(None),
            }
        }
    }

    fn key(&self) -> Key {
        Key::new(KIND, self.name.clone())
    }

    async fn state(&self, store: &dyn Store) -> Result<Option<(State, Version)>, ConsumerError> {
        let Some(stored) = store.read(self.scope, &self.key(), Want::ALL).await? else { return Ok(None) };
        let state = State::of(&stored).ok_or_else(|| ConsumerError::Damaged(self.name.clone()))?;
        Ok(Some((state, stored.version)))
    }

    async fn write_leased(
        &self,
        store: &dyn Store,
        state: &State,
        batch: &Batch,
        now: Timestamp,
    ) -> Result<Version, ConsumerError> {
        self.write(store, state, Some(batch.version), "acknowledged", now).await.map_err(|error| match error {
            error if is_race(&error) => ConsumerError::LeaseLost,
            error => error.into(),
        })
    }

    /// Writes the state, when nobody has since it was read.
    async fn write(
        &self,
        store: &dyn Store,
        state: &State,
        version: Option<Version>,
        why: &str,
        now: Timestamp,
    ) -> Result<Version, StoreError> {
        let core = Core { created: now, modified: now, ..Core::default() };
        let record = Record::new(core, state.document(&self.name));
        let key = self.key();
        let op = match version {
            Some(version) => Op::Replace { key, expect: Expect::Version(version), record },
            None => Op::Create { key, record },
        };
        let changes = ChangeSet::new(now, Actor(format!("consumer:{}", self.name)), why).with(op);
        let receipt = store.commit(self.scope, changes).await?;
        Ok(receipt.ops.first().and_then(|op| op.version).unwrap_or(Version(1)))
    }
}

/// Whether a change is anything but a consumer's own.
fn is_news(change: &Change) -> bool {
    change.key.as_ref().is_none_or(|key| key.kind.as_str() != KIND)
}

/// Whether another worker was faster.
fn is_race(error: &StoreError) -> bool {
    matches!(error, StoreError::Exists { .. } | StoreError::VersionMismatch { .. } | StoreError::NotFound { .. })
}

/// How far a consumer is.
#[derive(Clone, Debug, Default, PartialEq)]
struct State {
    position: Position,
    lease: Option<Lease>,
}

/// A stretch of the feed that is lent.
#[derive(Clone, Debug, PartialEq)]
struct Lease {
    until: Timestamp,
    /// How many changes of the feed it has, so that who takes it over gets the same.
    count: usize,
}

impl State {
    fn document(&self, name: &ResourceId) -> Vec<u8> {
        let mut document = Object::new();
        document.insert("id", name.as_str());
        document.insert("position", self.position.to_string());
        if let Some(lease) = &self.lease {
            document.insert("leasedUntil", lease.until.as_micros().to_string());
            document.insert("leased", lease.count.to_string());
        }
        Value::Object(document).to_bytes()
    }

    fn of(stored: &Stored) -> Option<Self> {
        let document = Value::parse(&stored.doc).ok()?;
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        let (transaction, sequence) = text("position")?.split_once('.')?;
        let position = Position { transaction: transaction.parse().ok()?, sequence: sequence.parse().ok()? };
        let lease = match (text("leasedUntil"), text("leased")) {
            (Some(until), Some(count)) => {
                Some(Lease { until: Timestamp::from_micros(until.parse().ok()?), count: count.parse().ok()? })
            }
            _ => None,
        };
        Some(Self { position, lease })
    }
}
