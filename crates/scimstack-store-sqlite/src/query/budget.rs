//! What a query may cost: how many candidates are looked at one by one, and how many of their edges; and how much of that
//! its caller's thread may be kept for.

use crate::fault::Fault;
use scimstack_store::plan::unique_attribute;
use scimstack_store::{StoreError, Target};
use std::cell::Cell;

/// Edges, and entries of an index, are smaller than documents: so many count as one.
const EDGES_PER_CANDIDATE: u64 = 10;

/// How many candidates may be looked at on the caller's thread, and documents read for a page: below a millisecond.
const BRIEF: u64 = 256;
/// How many entries of an index may be counted or passed over there.
const BRIEF_ENTRIES: u64 = 10_000;

/// On whose time a query runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Its caller's, who must not wait: what takes longer stops with [`Fault::TakesLong`].
    Brief,
    /// Its own.
    Long,
}

/// What is left to spend.
pub(super) struct Budget {
    pace: Pace,
    whole: u64,
    candidates: Cell<u64>,
    edges: Cell<u64>,
}

impl Budget {
    pub(super) fn new(budget: u64, pace: Pace) -> Self {
        Self {
            pace,
            whole: budget,
            candidates: Cell::new(budget),
            edges: Cell::new(budget.saturating_mul(EDGES_PER_CANDIDATE)),
        }
    }

    /// How many candidates may still be looked at.
    pub(super) fn left(&self) -> u64 {
        self.candidates.get()
    }

    /// One more than may be looked at, here or at all: who finds so many need not look for more.
    pub(super) fn reach(&self) -> u64 {
        let left = match self.pace {
            Pace::Brief => self.left().min(BRIEF),
            Pace::Long => self.left(),
        };
        left.saturating_add(1)
    }

    /// Stops a brief query that has so many candidates.
    pub(super) fn briefly(&self, candidates: u64) -> Result<(), Fault> {
        self.brief(candidates, BRIEF)
    }

    /// How many were looked at.
    pub(super) fn spent(&self) -> u64 {
        self.whole - self.candidates.get()
    }

    /// How many entries of an index are counted where counting is to be cheap.
    pub(super) fn cheap(&self) -> u64 {
        self.whole.saturating_mul(EDGES_PER_CANDIDATE)
    }

    /// How many of their edges may still be looked at.
    pub(super) fn edges_left(&self) -> usize {
        usize::try_from(self.edges.get()).unwrap_or(usize::MAX)
    }

    /// Refuses when so many more candidates cannot be looked at.
    pub(super) fn covers(&self, candidates: u64, target: &Target) -> Result<(), Fault> {
        if candidates > self.candidates.get() {
            return Err(self.too_expensive(target).into());
        }
        self.brief(self.spent() + candidates, BRIEF)
    }

    /// Stops a brief query that is to read so many documents for its page, passing over so many entries before it.
    pub(super) fn page(&self, documents: u64, passed_over: u64) -> Result<(), Fault> {
        self.brief(documents, BRIEF)?;
        self.brief(passed_over, BRIEF_ENTRIES)
    }

    /// How many entries of an index are counted before [`Budget::counted`] is asked.
    pub(super) fn countable(&self) -> Option<u64> {
        (self.pace == Pace::Brief).then_some(BRIEF_ENTRIES + 1)
    }

    /// Stops a brief query that has so many entries to count.
    pub(super) fn counted(&self, entries: u64) -> Result<u64, Fault> {
        self.brief(entries, BRIEF_ENTRIES).map(|()| entries)
    }

    fn brief(&self, amount: u64, most: u64) -> Result<(), Fault> {
        match self.pace {
            Pace::Brief if amount > most => Err(Fault::TakesLong),
            _ => Ok(()),
        }
    }

    /// Spends on candidates.
    pub(super) fn spend(&self, candidates: u64, target: &Target) -> Result<(), Fault> {
        self.covers(candidates, target)?;
        self.candidates.set(self.candidates.get() - candidates);
        Ok(())
    }

    /// Spends on edges.
    pub(super) fn spend_edges(&self, edges: usize, target: &Target) -> Result<(), Fault> {
        let left = self.edges.get().checked_sub(edges as u64).ok_or_else(|| self.too_expensive(target))?;
        self.edges.set(left);
        self.brief(self.cheap() - left, BRIEF_ENTRIES)
    }

    fn too_expensive(&self, target: &Target) -> StoreError {
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
        StoreError::TooExpensive { budget: self.whole, advice }
    }
}
