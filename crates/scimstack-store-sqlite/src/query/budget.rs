//! What a query may cost: how many candidates are looked at one by one, and how many of their edges.

use scimstack_store::plan::unique_attribute;
use scimstack_store::{StoreError, Target};
use std::cell::Cell;

/// Edges, and entries of an index, are smaller than documents: so many count as one.
const EDGES_PER_CANDIDATE: u64 = 10;

/// What is left to spend.
pub(super) struct Budget {
    whole: u64,
    candidates: Cell<u64>,
    edges: Cell<u64>,
}

impl Budget {
    pub(super) fn new(budget: u64) -> Self {
        Self {
            whole: budget,
            candidates: Cell::new(budget),
            edges: Cell::new(budget.saturating_mul(EDGES_PER_CANDIDATE)),
        }
    }

    /// How many candidates may still be looked at.
    pub(super) fn left(&self) -> u64 {
        self.candidates.get()
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
    pub(super) fn covers(&self, candidates: u64, target: &Target) -> Result<(), StoreError> {
        match candidates <= self.candidates.get() {
            true => Ok(()),
            false => Err(self.too_expensive(target)),
        }
    }

    /// Spends on candidates.
    pub(super) fn spend(&self, candidates: u64, target: &Target) -> Result<(), StoreError> {
        self.covers(candidates, target)?;
        self.candidates.set(self.candidates.get() - candidates);
        Ok(())
    }

    /// Spends on edges.
    pub(super) fn spend_edges(&self, edges: usize, target: &Target) -> Result<(), StoreError> {
        let left = self.edges.get().checked_sub(edges as u64);
        self.edges.set(left.ok_or_else(|| self.too_expensive(target))?);
        Ok(())
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
