//! What a query may cost: how many candidates are looked at one by one, and how many of their edges; and how much of that
//! is so little that nobody else need fear to wait for it.

use super::unique_attribute;
use crate::{StoreError, Target};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Edges, and entries of an index, are smaller than documents: so many count as one.
const EDGES_PER_CANDIDATE: u64 = 10;

/// How many candidates a brief query may look at, and documents it may read for a page: some hundreds of microseconds.
const BRIEF: u64 = 256;
/// How many entries of an index it may count or pass over.
const BRIEF_ENTRIES: u64 = 10_000;

/// Where a query runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pace {
    /// Where others wait for their turn (a thread, a connection): what takes longer stops with [`OverBudget::TakesLong`],
    /// to be begun anew elsewhere.
    Brief,
    /// Where what takes long has a place of its own.
    Long,
}

/// Why a query stops.
#[derive(Debug)]
pub enum OverBudget {
    /// It costs more than any query may: [`StoreError::TooExpensive`].
    Refused(StoreError),
    /// It costs more than a brief one may.
    TakesLong,
}

/// What a query has left to spend. One query counts at a time; atomics because its future may move between threads.
///
/// ```
/// use scimstack_schema::Registry;
/// use scimstack_store::Target;
/// use scimstack_store::plan::{Budget, OverBudget, Pace};
///
/// let registry = Registry::core();
/// let resource_type = registry.resource_type("User").unwrap().clone();
/// let target = Target { kind: "User".into(), resource_type, filter: None };
/// let budget = Budget::new(1_000, Pace::Brief);
/// assert!(budget.spend(200, &target).is_ok());
/// assert!(matches!(budget.spend(200, &target), Err(OverBudget::TakesLong)));
/// assert!(matches!(budget.spend(900, &target), Err(OverBudget::Refused(_))));
/// assert_eq!(budget.spent(), 200);
/// ```
#[derive(Debug)]
pub struct Budget {
    pace: Pace,
    whole: u64,
    candidates: AtomicU64,
    edges: AtomicU64,
}

impl Budget {
    /// So many candidates.
    #[must_use]
    pub fn new(budget: u64, pace: Pace) -> Self {
        Self {
            pace,
            whole: budget,
            candidates: AtomicU64::new(budget),
            edges: AtomicU64::new(budget.saturating_mul(EDGES_PER_CANDIDATE)),
        }
    }

    /// How many candidates may still be looked at.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.candidates.load(Relaxed)
    }

    /// One more than may be looked at, here or at all: who finds so many need not look for more.
    #[must_use]
    pub fn reach(&self) -> u64 {
        let left = match self.pace {
            Pace::Brief => self.left().min(BRIEF),
            Pace::Long => self.left(),
        };
        left.saturating_add(1)
    }

    /// Stops a brief query that has so many candidates.
    ///
    /// # Errors
    /// [`OverBudget::TakesLong`].
    pub fn briefly(&self, candidates: u64) -> Result<(), OverBudget> {
        self.brief(candidates, BRIEF)
    }

    /// How many were looked at.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.whole - self.candidates.load(Relaxed)
    }

    /// How many entries of an index are counted where counting is to be cheap.
    #[must_use]
    pub fn cheap(&self) -> u64 {
        self.whole.saturating_mul(EDGES_PER_CANDIDATE)
    }

    /// How many of their edges may still be looked at.
    #[must_use]
    pub fn edges_left(&self) -> usize {
        usize::try_from(self.edges.load(Relaxed)).unwrap_or(usize::MAX)
    }

    /// Refuses when so many more candidates cannot be looked at.
    ///
    /// # Errors
    /// [`OverBudget`].
    pub fn covers(&self, candidates: u64, target: &Target) -> Result<(), OverBudget> {
        if candidates > self.candidates.load(Relaxed) {
            return Err(self.too_expensive(target));
        }
        self.brief(self.spent() + candidates, BRIEF)
    }

    /// How many documents of a page are looked for before [`Budget::page`] is asked; [`u64::MAX`] where it never objects.
    #[must_use]
    pub fn readable(&self) -> u64 {
        match self.pace {
            Pace::Brief => BRIEF + 1,
            Pace::Long => u64::MAX,
        }
    }

    /// Stops a brief query that is to read so many documents for its page, passing over so many entries before it. What
    /// is there counts, not what was asked for.
    ///
    /// # Errors
    /// [`OverBudget::TakesLong`].
    pub fn page(&self, documents: u64, passed_over: u64) -> Result<(), OverBudget> {
        self.brief(documents, BRIEF)?;
        self.brief(passed_over, BRIEF_ENTRIES)
    }

    /// How many entries of an index are counted before [`Budget::counted`] is asked.
    #[must_use]
    pub fn countable(&self) -> Option<u64> {
        (self.pace == Pace::Brief).then_some(BRIEF_ENTRIES + 1)
    }

    /// Stops a brief query that has so many entries to count.
    ///
    /// # Errors
    /// [`OverBudget::TakesLong`].
    pub fn counted(&self, entries: u64) -> Result<u64, OverBudget> {
        self.brief(entries, BRIEF_ENTRIES).map(|()| entries)
    }

    fn brief(&self, amount: u64, most: u64) -> Result<(), OverBudget> {
        match self.pace {
            Pace::Brief if amount > most => Err(OverBudget::TakesLong),
            _ => Ok(()),
        }
    }

    /// Spends on candidates.
    ///
    /// # Errors
    /// [`OverBudget`].
    pub fn spend(&self, candidates: u64, target: &Target) -> Result<(), OverBudget> {
        self.covers(candidates, target)?;
        self.candidates.fetch_sub(candidates, Relaxed);
        Ok(())
    }

    /// Spends on edges.
    ///
    /// # Errors
    /// [`OverBudget`].
    pub fn spend_edges(&self, edges: usize, target: &Target) -> Result<(), OverBudget> {
        let left = self.edges.load(Relaxed).checked_sub(edges as u64).ok_or_else(|| self.too_expensive(target))?;
        self.edges.store(left, Relaxed);
        self.brief(self.cheap() - left, BRIEF_ENTRIES)
    }

    fn too_expensive(&self, target: &Target) -> OverBudget {
        let resource_type = &target.resource_type;
        let mut paths: Vec<String> = vec!["id".to_owned()];
        paths.extend(unique_attribute(resource_type).map(|unique| unique.name.to_string()));
        paths.push("externalId".to_owned());
        paths.extend(resource_type.indexed.iter().map(ToString::to_string));
        paths.dedup();
        let (endpoint, paths) = (&resource_type.endpoint, paths.join(", "));
        let advice = format!(
            "narrow the filter on {endpoint} with an eq comparison of one of: {paths}; or have the attributes you filter \
             and sort by indexed"
        );
        OverBudget::Refused(StoreError::TooExpensive { budget: self.whole, advice })
    }
}
