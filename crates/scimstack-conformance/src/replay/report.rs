//! What came of a replay: one result for each step; as text, as JSON, as JUnit's XML.

use super::{Expect, Step};
use crate::report::{Exchange, Verdict, escaped};
use serde_json::{Value, json};
use std::fmt::{self, Write as _};

/// A step's result.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Played {
    /// The step's id.
    pub step: String,
    /// What the provider does there.
    pub does: String,
    /// The facts and rows it rests on.
    pub facts: Vec<String>,
    /// Why a server that does not know the provider need not pass it.
    pub own: Option<String>,
    /// The result.
    pub verdict: Verdict,
    /// The last exchange, of a step that failed.
    pub exchange: Option<Exchange>,
}

impl Played {
    pub(super) fn new(step: &Step, verdict: Verdict, exchange: Option<Exchange>) -> Self {
        let facts = step.facts.iter().chain(&step.rows).cloned().collect();
        Self { step: step.id.clone(), does: step.does.clone(), facts, own: step.own.clone(), verdict, exchange }
    }
}

/// What came of a conversation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Replay {
    /// The conversation.
    pub provider: String,
    /// Which product in which configuration.
    pub title: String,
    /// By what it was judged.
    pub expect: Expect,
    /// In order.
    pub steps: Vec<Played>,
    /// How many requests were sent.
    pub requests: usize,
    /// What was made and could not be deleted: the path, and why.
    pub left: Vec<String>,
    /// Whether it was stopped early.
    pub stopped: bool,
}

impl Replay {
    /// Whether it came to its end as it should: no step failed, none went untested, and one passed.
    #[must_use]
    pub fn is_faithful(&self) -> bool {
        let untested = self.steps.iter().any(|played| matches!(played.verdict, Verdict::Untested(_)));
        !self.stopped && !untested && self.failures().next().is_none() && self.count("passed") > 0
    }

    /// The steps that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Played> {
        self.steps.iter().filter(|played| matches!(played.verdict, Verdict::Failed(_)))
    }

    fn count(&self, word: &str) -> usize {
        self.steps.iter().filter(|played| played.verdict.word() == word).count()
    }

    fn by(&self) -> &'static str {
        match self.expect {
            Expect::Provider => "provider",
            Expect::Letter => "letter",
        }
    }

    /// The replay as JSON; the README has the form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "provider": self.provider,
            "title": self.title,
            "expect": self.by(),
            "summary": {
                "faithful": self.is_faithful(),
                "stopped": self.stopped,
                "requests": self.requests,
                "passed": self.count("passed"),
                "failed": self.count("failed"),
                "notApplicable": self.count("not applicable"),
                "untested": self.count("untested"),
            },
            "left": self.left,
            "steps": self.steps.iter().map(entry).collect::<Vec<_>>(),
        })
    }

    /// The replay as JUnit's XML.
    #[must_use]
    pub fn to_junit(&self) -> String {
        replays_to_junit(std::slice::from_ref(self))
    }
}

fn entry(played: &Played) -> Value {
    json!({
        "id": played.step,
        "does": played.does,
        "facts": played.facts,
        "own": played.own,
        "verdict": played.verdict.word(),
        "detail": played.verdict.detail(),
        "exchange": played.exchange.as_ref().map(|e| json!({"sent": e.sent, "seen": e.seen})),
    })
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}, judged by the {}", self.provider, self.title, self.by())?;
        for played in self.steps.iter().filter(|played| played.verdict != Verdict::Passed) {
            writeln!(f, "  {} ({}) {}", played.step, played.facts.join(", "), played.verdict.word())?;
            writeln!(f, "    {}", played.verdict.detail())?;
            if let (Some(own), Verdict::Failed(_)) = (&played.own, &played.verdict) {
                writeln!(f, "    no fault of a server that does not know the provider: {own}")?;
            }
            if let Some(exchange) = &played.exchange {
                writeln!(f, "    sent: {}\n    seen: {}", exchange.sent, exchange.seen)?;
            }
        }
        for left in &self.left {
            writeln!(f, "  made and not deleted: {left}")?;
        }
        let verdict = match self.is_faithful() {
            true => "faithful",
            false if self.stopped => "stopped early, and not judged",
            false => "not faithful",
        };
        let passed = self.count("passed");
        write!(f, "  {verdict}: {passed} of {} steps passed, {} requests", self.steps.len(), self.requests)
    }
}

/// Several replays as one JSON document: `{"replays": […]}`.
///
/// ```
/// assert_eq!(scimstack_conformance::replays_to_json(&[]).to_string(), r#"{"replays":[]}"#);
/// ```
#[must_use]
pub fn replays_to_json(replays: &[Replay]) -> Value {
    json!({"replays": replays.iter().map(Replay::to_json).collect::<Vec<_>>()})
}

/// Several replays as JUnit's XML: a `testsuite` for each, a `testcase` for each step. What did not pass and did not fail is
/// skipped.
///
/// ```
/// assert!(scimstack_conformance::replays_to_junit(&[]).contains("<testsuites"));
/// ```
#[must_use]
pub fn replays_to_junit(replays: &[Replay]) -> String {
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"scimstack-conformance\">\n");
    for replay in replays {
        let name = escaped(&format!("{}.{}", replay.provider, replay.by()));
        let (all, failed) = (replay.steps.len(), replay.count("failed"));
        let skipped = all - failed - replay.count("passed");
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{all}\" failures=\"{failed}\" errors=\"0\" skipped=\"{skipped}\">"
        );
        replay.steps.iter().for_each(|played| case(&mut out, &name, played));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, class: &str, played: &Played) {
    let _ = write!(out, "    <testcase classname=\"{class}\" name=\"{}\" time=\"0\"", escaped(&played.step));
    let detail = escaped(played.verdict.detail());
    match &played.verdict {
        Verdict::Passed => out.push_str("/>\n"),
        Verdict::Failed(_) => {
            let kind = escaped(&played.facts.join(", "));
            let _ = write!(out, ">\n      <failure message=\"{detail}\" type=\"{kind}\">{}", escaped(&played.does));
            if let Some(exchange) = &played.exchange {
                let _ = write!(out, "\nsent: {}\nseen: {}", escaped(&exchange.sent), escaped(&exchange.seen));
            }
            out.push_str("</failure>\n    </testcase>\n");
        }
        other => {
            let message = format!("{}: {detail}", other.word());
            let _ = writeln!(out, ">\n      <skipped message=\"{message}\"/>\n    </testcase>");
        }
    }
}
