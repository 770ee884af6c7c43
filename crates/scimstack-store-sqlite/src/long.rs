//! Reads that take long have threads of their own, so that whoever asks for little never waits for whoever asks for much.
//! The scopes that wait take turns, and those of one scope are answered in the order they came. Which reads take long is
//! decided where they are read ([`crate::query`]).

use crate::fault::Stopped;
use crate::oneshot;
use scimstack_store::{Scope, StoreError};
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

type Job = Box<dyn FnOnce() + Send>;

/// The threads. Dropped, they answer what is queued and end by themselves.
pub(crate) struct LongReads {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
}

/// What waits. A scope is in `turns` once, as long as it has jobs.
#[derive(Default)]
struct Queue {
    turns: VecDeque<Scope>,
    jobs: HashMap<Scope, VecDeque<Job>>,
    /// Nothing more is taken.
    closed: bool,
}

impl Queue {
    fn push(&mut self, scope: Scope, job: Job) {
        let jobs = self.jobs.entry(scope).or_default();
        if jobs.is_empty() {
            self.turns.push_back(scope);
        }
        jobs.push_back(job);
    }

    fn pop(&mut self) -> Option<Job> {
        let scope = self.turns.pop_front()?;
        let jobs = self.jobs.get_mut(&scope)?;
        let job = jobs.pop_front();
        if jobs.is_empty() {
            self.jobs.remove(&scope);
        } else {
            self.turns.push_back(scope);
        }
        job
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut queue = self.queue();
        loop {
            if let Some(job) = queue.pop() {
                drop(queue);
                // A panic drops the job's end of its channel, which tells whoever waits.
                let _ = catch_unwind(AssertUnwindSafe(job));
                queue = self.queue();
            } else if queue.closed {
                return;
            } else {
                queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

impl LongReads {
    /// Starts so many threads, at least one.
    pub(crate) fn start(threads: usize) -> std::io::Result<Self> {
        let long = Self { shared: Arc::new(Shared::default()) };
        for _ in 0..threads.max(1) {
            let shared = long.shared.clone();
            let thread = std::thread::Builder::new().name("scimstack-sqlite-reader".to_owned());
            thread.spawn(move || shared.work())?;
        }
        Ok(long)
    }

    /// Queues a read of a scope. When nobody waits for it any more by the time it is its turn, it is left out.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        scope: Scope,
        read: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, receiver) = oneshot::channel();
        let job = Box::new(move || {
            if answer.is_awaited() {
                answer.send(read());
            }
        });
        self.shared.queue().push(scope, job);
        self.shared.arrived.notify_one();
        receiver.await.unwrap_or(Err(Stopped("the thread that reads has stumbled").into()))
    }
}

impl Drop for LongReads {
    fn drop(&mut self) {
        self.shared.queue().closed = true;
        self.shared.arrived.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_executor::block_on;
    use futures_util::FutureExt;
    use scimstack_store::TenantId;

    fn scope(number: u32) -> Scope {
        Scope::Tenant(TenantId::new(number).unwrap())
    }

    #[test]
    fn scopes_take_turns_and_each_is_served_in_order() {
        let mut queue = Queue::default();
        let done = Arc::new(Mutex::new(Vec::new()));
        for (number, name) in [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (2, "b2"), (3, "c1")] {
            let done = done.clone();
            queue.push(scope(number), Box::new(move || done.lock().unwrap().push(name)));
        }
        while let Some(job) = queue.pop() {
            job();
        }
        assert_eq!(*done.lock().unwrap(), ["a1", "b1", "c1", "a2", "b2", "a3"]);
        assert!(queue.jobs.is_empty() && queue.turns.is_empty());
    }

    #[test]
    fn a_read_that_panics_is_an_error_to_its_caller_alone() {
        let long = LongReads::start(1).unwrap();
        let stumbled: Result<u8, _> = block_on(long.run(scope(1), || std::panic::panic_any("on purpose")));
        assert!(matches!(stumbled, Err(StoreError::Unavailable(_))), "{stumbled:?}");
        assert_eq!(block_on(long.run(scope(1), || Ok(7))).unwrap(), 7);
    }

    #[test]
    fn a_read_nobody_waits_for_is_left_out() {
        let long = LongReads::start(1).unwrap();
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let ran = Arc::new(Mutex::new(false));
        let mut first = Box::pin(long.run(scope(1), move || {
            let _ = gate.recv();
            Ok(())
        }));
        assert!((&mut first).now_or_never().is_none());
        let of_second = ran.clone();
        let mut second = Box::pin(long.run(scope(1), move || {
            *of_second.lock().unwrap() = true;
            Ok(())
        }));
        assert!((&mut second).now_or_never().is_none());
        drop(second);
        go.send(()).unwrap();
        block_on(first).unwrap();
        block_on(long.run(scope(1), || Ok(()))).unwrap();
        assert!(!*ran.lock().unwrap());
    }
}
