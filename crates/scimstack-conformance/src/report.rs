//! What came out: one outcome for each check, as text or JSON.

use serde_json::{Value, json};
use std::fmt;

/// How binding a check's clause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Level {
    /// MUST, SHALL, REQUIRED.
    Must,
    /// SHOULD, RECOMMENDED.
    Should,
}

/// A check's result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// As the clause says.
    Passed,
    /// Not as the clause says: what was expected and what came.
    Failed(String),
    /// The server says that it does not support what the check needs.
    Skipped(String),
}

/// One check's outcome.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The check's name.
    pub name: &'static str,
    /// The clause: `RFC 7644 §3.3`.
    pub clause: &'static str,
    /// How binding it is.
    pub level: Level,
    /// The result.
    pub verdict: Verdict,
}

/// All outcomes.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order the checks ran.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// True when no check of a MUST failed.
    #[must_use]
    pub fn is_conformant(&self) -> bool {
        !self.outcomes.iter().any(|o| o.level == Level::Must && matches!(o.verdict, Verdict::Failed(_)))
    }

    /// The outcomes that are failures.
    pub fn failures(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|o| matches!(o.verdict, Verdict::Failed(_)))
    }

    /// The report as JSON: an array of `{name, clause, level, verdict, detail}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let entry = |o: &Outcome| {
            let (verdict, detail) = match &o.verdict {
                Verdict::Passed => ("passed", ""),
                Verdict::Failed(text) => ("failed", text.as_str()),
                Verdict::Skipped(text) => ("skipped", text.as_str()),
            };
            let level = if o.level == Level::Must { "must" } else { "should" };
            json!({"name": o.name, "clause": o.clause, "level": level, "verdict": verdict, "detail": detail})
        };
        Value::Array(self.outcomes.iter().map(entry).collect())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in &self.outcomes {
            let (mark, detail) = match &outcome.verdict {
                Verdict::Passed => ("ok  ", ""),
                Verdict::Failed(text) if outcome.level == Level::Must => ("FAIL", text.as_str()),
                Verdict::Failed(text) => ("warn", text.as_str()),
                Verdict::Skipped(text) => ("skip", text.as_str()),
            };
            write!(f, "{mark}  {} ({})", outcome.name, outcome.clause)?;
            if !detail.is_empty() {
                write!(f, ": {detail}")?;
            }
            writeln!(f)?;
        }
        let failed = self.failures().count();
        write!(f, "{} checks, {failed} failed", self.outcomes.len())
    }
}
