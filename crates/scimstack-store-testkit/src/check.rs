//! The list of checks and the run over it.

use crate::report::{Failure, Report, Skip};
use crate::world::{Outcome, World};
use scimstack_store::{Capabilities, Store};
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

/// One promise of the contract, and how it is checked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Check {
    /// What a store does that passes, as a sentence; unique in the kit.
    pub name: &'static str,
    /// The capabilities without which it need not.
    pub needs: &'static [Need],
    run: fn(World) -> Running,
}

/// A capability that a check is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Need {
    /// [`Capabilities::atomic`]
    Atomic,
    /// [`Capabilities::race_free_unique`]
    RaceFreeUnique,
    /// [`Capabilities::feed`]
    Feed,
    /// [`Capabilities::edges`]
    Edges,
}

impl Need {
    fn is_met_by(self, capabilities: Capabilities) -> bool {
        match self {
            Self::Atomic => capabilities.atomic,
            Self::RaceFreeUnique => capabilities.race_free_unique,
            Self::Feed => capabilities.feed,
            Self::Edges => capabilities.edges,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Atomic => "atomic",
            Self::RaceFreeUnique => "race_free_unique",
            Self::Feed => "feed",
            Self::Edges => "edges",
        }
    }
}

pub(crate) type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

impl Check {
    pub(crate) const fn new(name: &'static str, needs: &'static [Need], run: fn(World) -> Running) -> Self {
        Self { name, needs, run }
    }
}

/// All checks, in the order they are run.
#[must_use]
pub fn checks() -> Vec<Check> {
    crate::checks::all()
}

/// Runs every check, each on a store of its own, which `factory` makes: empty, and shared with nobody.
///
/// ```
/// use scimstack_store::MemoryStore;
///
/// let report = futures_executor::block_on(scimstack_store_testkit::run(|| async { MemoryStore::new() }));
/// assert!(report.is_ok(), "{report}");
/// ```
pub async fn run<F, Fut, S>(factory: F) -> Report
where
    F: FnMut() -> Fut,
    Fut: Future<Output = S>,
    S: Store,
{
    run_only(factory, |_| true).await
}

/// As [`run`], with the checks for which `wanted` is true.
pub async fn run_only<F, Fut, S>(mut factory: F, wanted: impl Fn(&Check) -> bool) -> Report
where
    F: FnMut() -> Fut,
    Fut: Future<Output = S>,
    S: Store,
{
    let mut report = Report::default();
    for check in checks().into_iter().filter(|check| wanted(check)) {
        let store = Arc::new(factory().await);
        let capabilities = store.capabilities();
        if let Some(missing) = check.needs.iter().find(|need| !need.is_met_by(capabilities)) {
            report.skipped.push(Skip { name: check.name, capability: missing.name() });
            continue;
        }
        match (check.run)(World::new(store)).await {
            Ok(()) => report.passed.push(check.name),
            Err(broken) => report.failed.push(Failure { name: check.name, message: broken.0 }),
        }
    }
    report
}

/// More of what the kit's last check does: for each seed a random history, done to the store and to one in memory, which
/// have to agree on every answer and on all there is to be seen. For runs that may take long.
///
/// # Errors
/// The first difference, in words: the history, the step, what was done last, what was expected and what was found.
///
/// ```
/// use scimstack_store::MemoryStore;
///
/// let compared = scimstack_store_testkit::compare(MemoryStore::new(), 0..3);
/// futures_executor::block_on(compared).unwrap();
/// ```
pub async fn compare<S: Store>(store: S, seeds: Range<u32>) -> Result<(), String> {
    crate::checks::history::compare(World::new(Arc::new(store)), seeds).await.map_err(|broken| broken.0)
}
