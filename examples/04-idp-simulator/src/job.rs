//! Many conversations at the same time by one clock: some run, some wait, and when nothing else is to be done the clock goes
//! on to the next one that is due. What becomes of a conversation that failed is the provider's affair: a task that an
//! administrator tries again, escrow, or the next synchronisation.

use futures_util::stream::{FuturesUnordered, StreamExt};
use scimstack_client::Client;
use scimstack_client::connector::{self, Progress};
use scimstack_provisioning::connector::{
    Aftercare, Conversation, Escrow, Failure, Method, Pace, Quarantine, Step, Synced,
};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A day, in seconds.
const DAY: u64 = 24 * 3_600;

/// A conversation that can begin anew.
pub(crate) trait Talk: Conversation + Send {
    /// Itself as it is now.
    fn copied(&self) -> Box<dyn Talk>;
}

impl<T: Conversation + Clone + Send + 'static> Talk for T {
    fn copied(&self) -> Box<dyn Talk> {
        Box::new(self.clone())
    }
}

/// A thing to be done, by a number of the caller's.
pub(crate) struct Task {
    pub(crate) number: usize,
    fresh: Box<dyn Talk>,
    running: Option<Box<dyn Talk>>,
    escrow: Escrow,
    /// Whether it says who belongs to whom.
    is_reference: bool,
}

impl Task {
    pub(crate) fn new(number: usize, conversation: impl Talk + 'static) -> Self {
        Self { number, fresh: Box::new(conversation), running: None, escrow: Escrow::default(), is_reference: false }
    }

    pub(crate) fn reference(mut self) -> Self {
        self.is_reference = true;
        self
    }
}

/// How a wait becomes real, if it does; see [`crate::Simulator::with_pause`].
pub(crate) type Pause = Arc<dyn Fn(u64) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The work of one provider at one server.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) aftercare: Aftercare,
    /// How many conversations run at the same time.
    pub(crate) concurrency: usize,
    /// How often an administrator, or a synchronisation, tries again what failed.
    pub(crate) rounds: u32,
    pub(crate) pause: Pause,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Seconds since the beginning, most of them skipped.
    now: u64,
    retries: u64,
    /// Failures by what became of them: tasks, escrows.
    setbacks: u64,
    quarantine: Quarantine,
    quarantined: u64,
}

/// How a [`crate::Simulator`] got along with what went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setbacks {
    /// Waits within conversations, after which a request was sent again.
    pub retries: u64,
    /// Conversations that failed and were begun anew: by an administrator, from escrow, or by the next synchronisation.
    pub restarts: u64,
    /// How often the job was in quarantine.
    pub quarantines: u64,
    /// The time that all of it took by the provider's clock, in seconds; waits are skipped.
    pub seconds: u64,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("aftercare", &self.aftercare).field("state", &*self.state()).finish_non_exhaustive()
    }
}

/// Waits in the order of their time, then in the order they began.
type Waiting = BinaryHeap<Reverse<(u64, u64)>>;

impl Job {
    pub(crate) fn new(aftercare: Aftercare) -> Self {
        let pause: Pause = Arc::new(|_| Box::pin(std::future::ready(())));
        Self { aftercare, concurrency: 4, rounds: 0, pause, state: Arc::default() }
    }

    pub(crate) fn setbacks(&self) -> Setbacks {
        let state = self.state();
        Setbacks {
            retries: state.retries,
            restarts: state.setbacks,
            quarantines: state.quarantined,
            seconds: state.now,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does all of it. `done` is told of each that has ended, once, in the order they end.
    pub(crate) async fn run(
        &self,
        client: &Client,
        tasks: impl Iterator<Item = Task>,
        mut done: impl FnMut(usize, Result<Synced, Failure>),
    ) {
        let mut failed = self.round(client, tasks, self.rounds > 0, &mut done).await;
        for round in (0..self.rounds).rev() {
            if failed.is_empty() {
                return;
            }
            self.state().setbacks += failed.len() as u64;
            failed = self.round(client, failed.into_iter(), round > 0, &mut done).await;
        }
    }

    /// Each task until it has ended; those that failed come back when they `return`, else their failures are final.
    async fn round(
        &self,
        client: &Client,
        mut tasks: impl Iterator<Item = Task>,
        returns: bool,
        done: &mut impl FnMut(usize, Result<Synced, Failure>),
    ) -> Vec<Task> {
        let mut failed = Vec::new();
        let mut running = FuturesUnordered::new();
        let mut waiting = Waiting::new();
        let mut parked: BTreeMap<u64, Task> = BTreeMap::new();
        let mut ticket = 0;
        loop {
            let (pace, now) = self.pace();
            let slots = match pace {
                Pace::Normal => self.concurrency.max(1),
                // One is tried, to see whether the server has recovered.
                Pace::Daily | Pace::Disabled => 1,
            };
            while running.len() < slots {
                let next = match waiting.peek() {
                    Some(Reverse((due, number))) if *due <= now => {
                        let task = parked.remove(number);
                        waiting.pop();
                        task
                    }
                    _ => tasks.next(),
                };
                let Some(mut task) = next else { break };
                if pace == Pace::Disabled {
                    if let Step::Send(request) = task.fresh.poll_request() {
                        let why = "the job is disabled after four weeks in quarantine";
                        done(task.number, Err(Failure::new(&request, why)));
                    }
                    continue;
                }
                if pace == Pace::Daily {
                    self.go_on_to(now + DAY).await;
                }
                running.push(advance(client, task));
            }
            match running.next().await {
                Some((task, Progress::Wait(seconds))) => {
                    let due = {
                        let mut state = self.state();
                        state.retries += 1;
                        state.now + u64::from(seconds)
                    };
                    park(&mut waiting, &mut parked, &mut ticket, due, task);
                }
                Some((task, Progress::Ended(Ok(synced)))) => {
                    self.state().quarantine.handle_success();
                    done(task.number, Ok(synced));
                }
                Some((mut task, Progress::Ended(Err(failure)))) => match self.aftercare {
                    Aftercare::Escrow => {
                        self.note(&task, &failure);
                        match task.escrow.handle_failure() {
                            Some(wait) => {
                                let due = {
                                    let mut state = self.state();
                                    state.setbacks += 1;
                                    state.now + u64::from(wait)
                                };
                                task.running = None;
                                park(&mut waiting, &mut parked, &mut ticket, due, task);
                            }
                            None => done(task.number, Err(failure)),
                        }
                    }
                    Aftercare::Task | Aftercare::NextSync if returns => {
                        task.running = None;
                        failed.push(task);
                    }
                    _ => done(task.number, Err(failure)),
                },
                None => match waiting.peek() {
                    Some(Reverse((due, _))) => self.go_on_to(*due).await,
                    None => break,
                },
            }
        }
        failed
    }

    fn pace(&self) -> (Pace, u64) {
        let state = self.state();
        // Only Entra's jobs are put into quarantine.
        let pace = match self.aftercare {
            Aftercare::Escrow => state.quarantine.poll_pace(state.now),
            _ => Pace::Normal,
        };
        (pace, state.now)
    }

    /// Counts a failure towards quarantine.
    fn note(&self, task: &Task, failure: &Failure) {
        let mut state = self.state();
        let (now, before) = (state.now, state.quarantine.poll_pace(state.now));
        // An empty list is 200; a look-up answered with 404 is no SCIM server.
        let collection = format!("{} /", Method::Get.as_str());
        let is_look_up = failure.request.strip_prefix(&collection).is_some_and(|path| !path.contains('/'));
        if is_look_up && failure.status == Some(404) {
            state.quarantine.handle_incompatible(now);
        }
        state.quarantine.handle_failure(failure.status, task.is_reference, now);
        if before == Pace::Normal && state.quarantine.poll_pace(now) != Pace::Normal {
            state.quarantined += 1;
        }
    }

    /// The clock shows a later time.
    async fn go_on_to(&self, time: u64) {
        let seconds = {
            let mut state = self.state();
            let seconds = time.saturating_sub(state.now);
            state.now = state.now.max(time);
            seconds
        };
        (self.pause)(seconds).await;
    }
}

fn park(waiting: &mut Waiting, parked: &mut BTreeMap<u64, Task>, ticket: &mut u64, due: u64, task: Task) {
    *ticket += 1;
    waiting.push(Reverse((due, *ticket)));
    parked.insert(*ticket, task);
}

/// Carries a task on until it waits or ends.
async fn advance(client: &Client, mut task: Task) -> (Task, Progress) {
    let mut conversation = match task.running.take() {
        Some(mut conversation) => {
            conversation.handle_timeout();
            conversation
        }
        None => task.fresh.copied(),
    };
    let progress = connector::advance(client, &mut *conversation).await;
    task.running = Some(conversation);
    (task, progress)
}
