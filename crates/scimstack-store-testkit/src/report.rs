//! What a run of the kit found.

use std::fmt;

/// What a run of the kit found, check by check, in the kit's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The names of the checks the store passed.
    pub passed: Vec<&'static str>,
    /// The checks it failed.
    pub failed: Vec<Failure>,
    /// The checks it did not have to pass.
    pub skipped: Vec<Skip>,
}

/// A check that a store failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The check.
    pub name: &'static str,
    /// What was expected and what was found.
    pub message: String,
}

/// A check that was not run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skip {
    /// The check.
    pub name: &'static str,
    /// The capability the store does not declare.
    pub capability: &'static str,
}

impl Report {
    /// True when no check failed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.failed.is_empty()
    }

    /// Panics with the whole report when a check failed, or when none was run.
    ///
    /// # Panics
    /// When the store failed.
    #[track_caller]
    pub fn assert_ok(&self) {
        assert!(self.is_ok(), "the store does not keep its promises\n{self}");
        assert!(!self.passed.is_empty(), "no check was run");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failed {
            writeln!(f, "FAILED  {}: {}", failure.name, failure.message)?;
        }
        for skip in &self.skipped {
            writeln!(f, "skipped {} (not promised: {})", skip.name, skip.capability)?;
        }
        write!(f, "{} passed, {} failed, {} skipped", self.passed.len(), self.failed.len(), self.skipped.len())
    }
}
