//! Commits: begun, locked, committed. The changesets of a scope wait in line, and those that wait while a transaction is
//! made share the next one. When it cannot be made as a whole, each is done alone, so that what one of them did wrong is
//! its own affair.
//!
//! A transaction is begun again when it lost against another, and when its connection was lost before the commit was asked
//! for. When the answer to the commit was lost, only an idempotency key makes it safe to ask again: with one, the next
//! transaction finds what the lost one did, or does it.

use crate::commit::{self, Pace};
use crate::fault::Fault;
use crate::sql::Writing;
use crate::statistics::{Statistics, analyze};
use deadpool_postgres::Pool;
use futures_util::future;
use scimstack_store::{ChangeSet, EdgeChange, Op, Receipt, Scope, StoreError};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// How often a transaction is begun.
const ATTEMPTS: u32 = 5;

/// How long the second attempt waits; each further one four times as long: 850 milliseconds for all.
const PAUSE: Duration = Duration::from_millis(10);

/// The most changesets that share a transaction, and the most that they may weigh together: what has to be done again when
/// one of them is refused.
const MOST: usize = 64;
const HEAVIEST: usize = 512;

/// A changeset in line.
struct Waiting {
    changes: ChangeSet,
    answer: oneshot::Sender<Result<Receipt, StoreError>>,
}

/// What waits, by scope. A scope is in it while somebody is at work on it.
pub(crate) struct Writers {
    pool: Pool,
    lines: Mutex<HashMap<Scope, VecDeque<Waiting>>>,
    statistics: Statistics,
}

impl Writers {
    pub(crate) fn new(pool: Pool) -> Self {
        Self { pool, lines: Mutex::default(), statistics: Statistics::default() }
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Scope, VecDeque<Waiting>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits in `runtime`, also when this future is dropped.
    pub(crate) async fn commit(
        self: &Arc<Self>,
        runtime: &Handle,
        scope: Scope,
        changes: ChangeSet,
    ) -> Result<Receipt, StoreError> {
        let (answer, receipt) = oneshot::channel();
        let waiting = Waiting { changes, answer };
        let is_first = {
            let mut lines = self.lines();
            let is_first = !lines.contains_key(&scope);
            lines.entry(scope).or_default().push_back(waiting);
            is_first
        };
        if is_first {
            let turn = Turn { writers: Arc::clone(self), scope, is_over: false };
            runtime.spawn(turn.work());
        }
        match receipt.await {
            Ok(done) => done,
            // The runtime went down meanwhile, or the task panicked.
            Err(lost) => Err(StoreError::InDoubt(Box::new(lost))),
        }
    }
}

/// The one task that is at work on a scope.
struct Turn {
    writers: Arc<Writers>,
    scope: Scope,
    is_over: bool,
}

impl Turn {
    async fn work(mut self) {
        while let Some(batch) = self.next() {
            let (changesets, answers): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|waiting| (waiting.changes, waiting.answer)).unzip();
            let done = together(&self.writers.pool, self.scope, &changesets).await;
            if self.writers.statistics.note(changesets.iter().map(weight).sum::<usize>() as u64) {
                let pool = self.writers.pool.clone();
                tokio::spawn(async move { analyze(&pool).await });
            }
            for (answer, done) in answers.into_iter().zip(done) {
                // Who asked may have gone.
                let _ = answer.send(done);
            }
        }
    }

    /// What the next transaction is to do; `None` when nothing waits, and this turn is over.
    fn next(&mut self) -> Option<Vec<Waiting>> {
        let mut lines = self.writers.lines();
        let line = lines.get_mut(&self.scope)?;
        let batch: Vec<Waiting> = line.drain(..share(line)).collect();
        if batch.is_empty() {
            lines.remove(&self.scope);
            self.is_over = true;
            return None;
        }
        Some(batch)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // It was ended in the middle. Whoever waits is told so, and the next to come begins anew.
        if !self.is_over {
            self.writers.lines().remove(&self.scope);
        }
    }
}

/// How many at the head of a line share a transaction.
fn share(line: &VecDeque<Waiting>) -> usize {
    let mut keys = HashSet::new();
    let (mut count, mut heavy) = (0, 0);
    for waiting in line.iter().take(MOST) {
        heavy += weight(&waiting.changes);
        // The second of two with one key has to see what the first did.
        let is_repeated = waiting.changes.idempotency_key.as_ref().is_some_and(|key| !keys.insert(key));
        if count > 0 && (heavy > HEAVIEST || is_repeated) {
            break;
        }
        count += 1;
    }
    count
}

fn weight(changes: &ChangeSet) -> usize {
    let of = |op: &Op| match op {
        Op::Relate { change: EdgeChange { replace, steps }, .. } => steps.len() + replace.as_ref().map_or(0, Vec::len),
        Op::Prune(_) => HEAVIEST,
        _ => 1,
    };
    changes.ops.iter().map(of).sum()
}

/// Commits changesets in one transaction, or each in its own.
async fn together(pool: &Pool, scope: Scope, changesets: &[ChangeSet]) -> Vec<Result<Receipt, StoreError>> {
    let fault = match Box::pin(persist(pool, scope, changesets, Pace::Together)).await {
        Ok(receipts) => return receipts.into_iter().map(Ok).collect(),
        Err(fault) => fault,
    };
    let is_alone = changesets.len() == 1;
    let is_refused =
        matches!(fault, Fault::Apart) || !is_alone && matches!(fault, Fault::Refused(_) | Fault::Postgres(_));
    if is_refused && !fault.is_no_answer() {
        let mut done = Vec::with_capacity(changesets.len());
        for changes in changesets {
            done.push(Box::pin(alone(pool, scope, changes)).await);
        }
        return done;
    }
    if is_alone {
        return vec![Err(fault.into())];
    }
    let is_in_doubt = fault.is_in_doubt();
    let shared: Arc<StoreError> = Arc::new(fault.into());
    let mut done = Vec::with_capacity(changesets.len());
    for changes in changesets {
        done.push(match &*shared {
            StoreError::InDoubt(_) if is_in_doubt && changes.idempotency_key.is_some() => {
                Box::pin(alone(pool, scope, changes)).await
            }
            StoreError::InDoubt(_) => Err(StoreError::InDoubt(Box::new(Arc::clone(&shared)))),
            StoreError::Unavailable(_) => Err(StoreError::Unavailable(Box::new(Arc::clone(&shared)))),
            _ => Err(StoreError::Internal(Box::new(Arc::clone(&shared)))),
        });
    }
    done
}

/// Commits one changeset, operation after operation.
async fn alone(pool: &Pool, scope: Scope, changes: &ChangeSet) -> Result<Receipt, StoreError> {
    let mut receipts = persist(pool, scope, std::slice::from_ref(changes), Pace::Apart).await?;
    receipts.pop().ok_or_else(|| StoreError::Internal("a commit without a receipt".into()))
}

/// Commits changesets in one transaction, begun again as long as that is safe.
async fn persist(pool: &Pool, scope: Scope, changesets: &[ChangeSet], pace: Pace) -> Result<Vec<Receipt>, Fault> {
    let mut doubt: Option<Fault> = None;
    let (mut attempt, mut pause) = (1, PAUSE);
    loop {
        let fault = match Box::pin(once(pool, scope, changesets, pace)).await {
            Ok(receipts) => return Ok(receipts),
            Err(fault) => fault,
        };
        let is_safe = match fault.is_in_doubt() {
            true => changesets.iter().all(|changes| changes.idempotency_key.is_some()),
            // The server that was there a moment ago is given time to come back.
            false => fault.is_passing() || fault.is_of_connection() || attempt > 1 && fault.is_no_answer(),
        };
        if !is_safe || attempt == ATTEMPTS {
            // That it cannot be reached now does not say what became of the commit before.
            return Err(match doubt {
                Some(doubt) if fault.is_no_answer() => doubt,
                _ => fault,
            });
        }
        if fault.is_in_doubt() {
            doubt = Some(fault);
        }
        tokio::time::sleep(pause).await;
        attempt += 1;
        pause *= 4;
    }
}

async fn once(pool: &Pool, scope: Scope, changesets: &[ChangeSet], pace: Pace) -> Result<Vec<Receipt>, Fault> {
    let writing = Writing::new(pool.get().await?, scope);
    let done = match writing.transaction() {
        Some(transaction) => {
            // In this order on the wire; the answer to the first is not waited for before the others are sent.
            let asked = commit::begin(&transaction, scope, changesets, pace);
            let (begun, asked) = future::join(writing.begin(), asked).await;
            begun?;
            match asked {
                Ok(begun) => Box::pin(commit::apply(&writing, &transaction, scope, changesets, begun, pace)).await,
                Err(fault) => Err(fault),
            }
        }
        None => Ok(Vec::new()),
    };
    match &done {
        Ok(_) => writing.back(),
        // The connection goes with it.
        Err(fault) if fault.is_of_connection() => drop(writing),
        Err(_) => writing.roll_back().await,
    }
    done
}
