//! The one thread that writes. Changesets queue up; those that are waiting are done in one transaction, each inside its own
//! savepoint, and one write to the disk makes all of them durable. A changeset that fails is taken back alone.

use crate::commit;
use crate::dict::{Dict, Interning};
use crate::fault::{Cause, Fault, Stopped};
use crate::oneshot;
use crate::parts;
use rusqlite::Connection;
use scimstack_store::{ChangeSet, Receipt, Scope, StoreError};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The most changesets in one transaction.
const BATCH: usize = 512;

type Answer = Result<Receipt, StoreError>;

/// A changeset that waits to be done.
struct Job {
    scope: Scope,
    changes: ChangeSet,
    answer: oneshot::Sender<Answer>,
}

/// The writer. Dropped, it does what is queued and ends.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    #[cfg(test)]
    probe: probe::Probe,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Nothing more is taken.
    closed: bool,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next changesets, at least one; `None` when there will be no more.
    fn next(&self) -> Option<Vec<Job>> {
        let mut queue = self.queue();
        loop {
            if !queue.jobs.is_empty() {
                let count = queue.jobs.len().min(BATCH);
                return Some(queue.jobs.drain(..count).collect());
            }
            if queue.closed {
                return None;
            }
            queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(connection: Arc<Mutex<Connection>>, dict: Arc<Dict>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        let thread = std::thread::Builder::new()
            .name("scimstack-sqlite-writer".to_owned())
            .spawn(move || run(&of_thread, &connection, dict))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Queues a changeset. It is done whole or not at all, whether or not the answer is waited for.
    pub(crate) fn commit(&self, scope: Scope, changes: ChangeSet) -> impl Future<Output = Answer> + Send + use<> {
        let (answer, receiver) = oneshot::channel();
        {
            let mut queue = self.shared.queue();
            if !queue.closed {
                queue.jobs.push_back(Job { scope, changes, answer });
            }
            // Else the answer's sender is dropped here, which says so.
        }
        self.shared.arrived.notify_one();
        async move { receiver.await.unwrap_or(Err(Stopped("the writer has stopped").into())) }
    }

    #[cfg(test)]
    pub(crate) fn probe(&self) -> &probe::Probe {
        &self.shared.probe
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.queue().closed = true;
        self.shared.arrived.notify_one();
        if let Some(thread) = self.thread.take() {
            // The thread itself may drop the store, when what it woke does.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// Whatever ends the thread, nobody is left waiting.
struct Closing<'s>(&'s Shared);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        let left: Vec<Job> = {
            let mut queue = self.0.queue();
            queue.closed = true;
            queue.jobs.drain(..).collect()
        };
        drop(left);
    }
}

fn run(shared: &Shared, connection: &Mutex<Connection>, dict: Arc<Dict>) {
    let _closing = Closing(shared);
    let mut dict = Interning::new(dict);
    while let Some(jobs) = shared.next() {
        let done = {
            let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            #[cfg(test)]
            let work = shared.probe.begin(&connection);
            // A panic answers everybody, because it drops the jobs; the transaction is taken back and work goes on.
            let done = catch_unwind(AssertUnwindSafe(|| {
                #[cfg(test)]
                shared.probe.stumble();
                batch(&connection, &mut dict, jobs)
            }));
            if !connection.is_autocommit() {
                let _ = connection.execute_batch("ROLLBACK");
            }
            #[cfg(test)]
            shared.probe.end(&connection, work);
            done.unwrap_or_default()
        };
        // After the lock is given back: who is woken may want to read.
        let told = done.into_iter().map(|(answer, job)| {
            job.answer.send(answer);
            job.changes
        });
        // What was written goes when all are told: freeing it takes a while if it is long.
        drop(told.collect::<Vec<_>>());
        settle(&connection.lock().unwrap_or_else(PoisonError::into_inner));
    }
    let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = connection.execute_batch("PRAGMA optimize");
    let _ = connection.execute_batch(FORGET_SMALL);
}

/// What is known of tables that were nearly empty, which SQLite would go by until they are looked at again: with a handful
/// of records it goes through all of them for each that an index found, and then there are many. Without it SQLite takes
/// tables for large.
pub(crate) const FORGET_SMALL: &str = "DELETE FROM sqlite_stat1 WHERE CAST(stat AS INTEGER) < 1000";

/// Takes into the index of parts what is due, when that is enough to be worth while. Nobody waits for it, and what cannot
/// be done now is done later.
fn settle(connection: &Connection) {
    let settled = parts::due(connection).and_then(|due| {
        if due < parts::AT_ONCE {
            return Ok(());
        }
        connection.execute_batch("BEGIN IMMEDIATE")?;
        parts::settle(connection)?;
        connection.execute_batch("COMMIT")
    });
    if settled.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
}

type Answers = Vec<(Answer, Job)>;

/// Does some changesets in one transaction.
fn batch(connection: &Connection, dict: &mut Interning, jobs: Vec<Job>) -> Answers {
    let mut answers = Vec::with_capacity(jobs.len());
    let mut jobs = jobs;
    // Once round, except when SQLite gives up the whole transaction because of one of them: then again without that one.
    while !jobs.is_empty() {
        if let Err(error) = begin(connection, dict) {
            let cause = Cause::new(error);
            answers.extend(jobs.into_iter().map(|job| (Err(cause.clone().into_error()), job)));
            break;
        }
        let mut results = Vec::with_capacity(jobs.len());
        if let [job] = &jobs[..] {
            // Alone, the transaction can be taken back for it: a savepoint would copy every page it changes.
            results.push(commit::apply(connection, dict, job.scope, &job.changes));
            if results.iter().any(Result::is_err) && !connection.is_autocommit() {
                let _ = connection.execute_batch("ROLLBACK");
            }
        } else {
            for job in &jobs {
                results.push(one(connection, dict, job));
                if connection.is_autocommit() {
                    break;
                }
            }
        }
        if connection.is_autocommit() {
            // The last one did it.
            let culprit = results.len().saturating_sub(1);
            if let Some(Err(fault)) = results.pop() {
                answers.push((Err(fault.into()), jobs.remove(culprit)));
                continue;
            }
        }
        match connection.execute_batch("COMMIT") {
            Ok(()) => {
                let done = results.into_iter().zip(jobs);
                answers.extend(done.map(|(result, job)| (result.map_err(StoreError::from), job)));
            }
            Err(error) => {
                let cause = Cause::new(error);
                for (result, job) in results.into_iter().zip(jobs) {
                    // What was refused stays refused; what seemed done is not.
                    let answer = result.map_err(StoreError::from).and_then(|_| Err(cause.clone().into_commit_error()));
                    answers.push((answer, job));
                }
            }
        }
        break;
    }
    answers
}

fn begin(connection: &Connection, dict: &mut Interning) -> rusqlite::Result<()> {
    // In memory, a reader that panicked may have left its own open.
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let begun = dict.begin(connection);
    if begun.is_err() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    begun
}

/// Does one changeset among others, or takes back what it did.
fn one(connection: &Connection, dict: &mut Interning, job: &Job) -> Result<Receipt, Fault> {
    crate::sql::run(connection, "SAVEPOINT one", [])?;
    let mark = dict.mark();
    let result = commit::apply(connection, dict, job.scope, &job.changes);
    if result.is_err() {
        dict.roll_back(mark);
        if !connection.is_autocommit() {
            crate::sql::run(connection, "ROLLBACK TO one", [])?;
        }
    }
    if !connection.is_autocommit() {
        crate::sql::run(connection, "RELEASE one", [])?;
    }
    result
}

/// What tests ask of the writer.
#[cfg(test)]
pub(crate) mod probe {
    use crate::sql::seen;
    use rusqlite::Connection;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    #[derive(Default)]
    pub(crate) struct Probe {
        stumble: AtomicBool,
        statements: AtomicU64,
        rows: AtomicU64,
        batches: AtomicU64,
    }

    impl Probe {
        /// Makes the next batch panic.
        pub(crate) fn stumble_next(&self) {
            self.stumble.store(true, Ordering::SeqCst);
        }

        pub(super) fn stumble(&self) {
            assert!(!self.stumble.swap(false, Ordering::SeqCst), "told to");
        }

        pub(super) fn begin(&self, connection: &Connection) -> (u64, u64) {
            (seen::run_here(), connection.total_changes())
        }

        pub(super) fn end(&self, connection: &Connection, (statements, rows): (u64, u64)) {
            self.statements.fetch_add(seen::run_here() - statements, Ordering::SeqCst);
            self.rows.fetch_add(connection.total_changes() - rows, Ordering::SeqCst);
            self.batches.fetch_add(1, Ordering::SeqCst);
        }

        /// Statements run, rows changed and batches done since the last time.
        pub(crate) fn take(&self) -> (u64, u64, u64) {
            let take = |counter: &AtomicU64| counter.swap(0, Ordering::SeqCst);
            (take(&self.statements), take(&self.rows), take(&self.batches))
        }
    }
}
