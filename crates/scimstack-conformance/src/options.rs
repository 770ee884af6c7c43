//! How a run is done: what is left out, how fast, how much, and how it is stopped. Owns no behaviour.

use crate::report::Outcome;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How everything that the suite makes is named at its beginning, so that leftovers can be found and removed.
pub const NAME_PREFIX: &str = "scimcheck-";

/// Stops a run early: no further check begins, and what was made is deleted.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Stops the run.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// How many outcomes there are, how many there will be, and the newest.
type Tell = dyn Fn(usize, usize, &Outcome) + Send + Sync;

/// Who is told how a run comes along.
#[derive(Clone)]
pub(crate) struct Observer(Arc<Tell>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// How a run is done.
///
/// ```
/// let options = scimstack_conformance::Options::default().read_only(true).only("filter-");
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) read_only: bool,
    pub(crate) only: Vec<String>,
    pub(crate) types: Vec<String>,
    pub(crate) interval: Duration,
    pub(crate) max_requests: usize,
    pub(crate) run: Option<String>,
    pub(crate) cancel: Cancel,
    pub(crate) observer: Option<Observer>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            read_only: false,
            only: Vec::new(),
            types: Vec::new(),
            interval: Duration::ZERO,
            max_requests: 20_000,
            run: None,
            cancel: Cancel::default(),
            observer: None,
        }
    }
}

impl Options {
    /// Only GET and HEAD are sent; checks that would have to write are reported as not tested.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Only checks whose id contains this text run; asked more than once, any of the texts will do.
    #[must_use]
    pub fn only(mut self, pattern: impl Into<String>) -> Self {
        self.only.push(pattern.into());
        self
    }

    /// Only resource types of this name are tested; asked more than once, any of the names will do. The others are still
    /// used where a check needs them, as users are for the members of a group.
    #[must_use]
    pub fn resource_type(mut self, name: impl Into<String>) -> Self {
        self.types.push(name.into());
        self
    }

    /// This much time passes between two requests ([`crate::Transport::pause`]).
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// At most so many requests are sent, those for cleaning up not counted; 20 000 unless said.
    #[must_use]
    pub fn max_requests(mut self, most: usize) -> Self {
        self.max_requests = most;
        self
    }

    /// What tells the names of this run from those of another; letters, digits and hyphens of it are used.
    #[must_use]
    pub fn run_name(mut self, run: impl Into<String>) -> Self {
        let run: String = run.into();
        self.run = Some(run.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect());
        self
    }

    /// Stops when this is cancelled.
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// Tells `observer` each outcome as it comes: how many there are by now, how many there will be, and the outcome.
    #[must_use]
    pub fn observe(mut self, observer: impl Fn(usize, usize, &Outcome) + Send + Sync + 'static) -> Self {
        self.observer = Some(Observer(Arc::new(observer)));
        self
    }

    pub(crate) fn tell(&self, done: usize, total: usize, outcome: &Outcome) {
        if let Some(Observer(tell)) = &self.observer {
            tell(done, total, outcome);
        }
    }

    pub(crate) fn wants(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| id.contains(part.as_str()))
    }

    pub(crate) fn wants_type(&self, name: &str) -> bool {
        self.types.is_empty() || self.types.iter().any(|other| other.eq_ignore_ascii_case(name))
    }
}
