//! What came out: one outcome for each check and resource type. How it is written is next door: [`text`](self) for people,
//! JSON, JUnit.

mod json;
mod junit;
mod text;

pub(crate) use junit::escaped;

use crate::check::{Check, Level};
use crate::service::Service;

/// A check's result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// As the clause says.
    Passed,
    /// Not as the clause says: what was expected and what came.
    Failed(String),
    /// The server does not say that it has what the check is about.
    NotApplicable(String),
    /// Something the check needs did not work, or was not allowed.
    Untested(String),
}

impl Verdict {
    /// `passed`, `failed`, `not applicable`, `untested`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::NotApplicable(_) => "not applicable",
            Self::Untested(_) => "untested",
        }
    }

    /// Why it is not `passed`.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Passed => "",
            Self::Failed(text) | Self::NotApplicable(text) | Self::Untested(text) => text,
        }
    }
}

/// A request and its answer, as a report shows them: without the token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// Method, path and body.
    pub sent: String,
    /// Status and body, or why there was none.
    pub seen: String,
}

/// One check's outcome on the server or on one of its resource types.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The check.
    pub check: &'static Check,
    /// The resource type, when the check is done for each.
    pub subject: Option<String>,
    /// The result.
    pub verdict: Verdict,
    /// The last exchange, of a check that did not pass.
    pub exchange: Option<Exchange>,
}

impl Outcome {
    /// The check's id, with the resource type: `create-201 [User]`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.subject {
            Some(subject) => format!("{} [{subject}]", self.check.id),
            None => self.check.id.to_owned(),
        }
    }

    /// Whether the check failed.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_))
    }
}

/// All outcomes.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// In the order the checks ran.
    pub outcomes: Vec<Outcome>,
    /// The resource types that the server names, and their endpoints.
    pub resource_types: Vec<(String, String)>,
    /// How many requests the checks have sent.
    pub requests: usize,
    /// What was made and could not be deleted: the path, and why.
    pub left: Vec<String>,
    /// Whether the run was stopped early.
    pub stopped: bool,
}

impl Report {
    pub(crate) fn new(service: &Service) -> Self {
        let resource_types = service.kinds.iter().map(|kind| (kind.name.clone(), kind.endpoint.clone())).collect();
        Self { resource_types, ..Self::default() }
    }

    /// True when the run came to its end, no check of a MUST failed, and at least one passed.
    #[must_use]
    pub fn is_conformant(&self) -> bool {
        let is_must = |o: &&Outcome| o.check.level == Level::Must;
        let mut binding = self.outcomes.iter().filter(is_must);
        !self.stopped && !self.failures().any(|o| is_must(&o)) && binding.any(|o| o.verdict == Verdict::Passed)
    }

    /// The outcomes that are failures.
    pub fn failures(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| outcome.is_failure())
    }

    fn count(&self, word: &str) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.verdict.word() == word).count()
    }
}
