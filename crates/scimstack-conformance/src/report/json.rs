//! The report for programs. Its form is documented in the crate's README and changes only by addition.

use super::{Outcome, Report};
use serde_json::{Value, json};

impl Report {
    /// The report as JSON: `{"summary": {…}, "resourceTypes": […], "left": […], "outcomes": […]}`; the README has the form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let types = self.resource_types.iter().map(|(name, endpoint)| json!({"name": name, "endpoint": endpoint}));
        json!({
            "summary": {
                "conformant": self.is_conformant(),
                "stopped": self.stopped,
                "requests": self.requests,
                "passed": self.count("passed"),
                "failed": self.count("failed"),
                "notApplicable": self.count("not applicable"),
                "untested": self.count("untested"),
            },
            "resourceTypes": types.collect::<Vec<_>>(),
            "left": self.left,
            "outcomes": self.outcomes.iter().map(entry).collect::<Vec<_>>(),
        })
    }
}

fn entry(outcome: &Outcome) -> Value {
    let check = outcome.check;
    let exchange = outcome.exchange.as_ref().map(|e| json!({"sent": e.sent, "seen": e.seen}));
    json!({
        "id": check.id,
        "subject": outcome.subject,
        "theme": check.theme,
        "level": check.level.word(),
        "clauses": check.clauses,
        "sections": check.sections(),
        "demand": check.demand,
        "verdict": outcome.verdict.word(),
        "detail": outcome.verdict.detail(),
        "exchange": exchange,
    })
}
