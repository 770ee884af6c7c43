//! The report for people: what failed, by how binding it is, with what to do; then what was not tested, and the counts.

use super::{Outcome, Report, Verdict};
use crate::check::Level;
use std::fmt;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for level in Level::ALL {
            let own: Vec<&Outcome> = self.failures().filter(|outcome| outcome.check.level == level).collect();
            if own.is_empty() {
                continue;
            }
            writeln!(f, "{} ({})", heading(level), own.len())?;
            for outcome in own {
                writeln!(f, "\n  {} ({})", outcome.name(), outcome.check.sections().join(", "))?;
                writeln!(f, "    {}", outcome.verdict.detail())?;
                writeln!(f, "    what to do: {}", outcome.check.demand)?;
                if let Some(exchange) = &outcome.exchange {
                    writeln!(f, "    sent: {}\n    seen: {}", exchange.sent, exchange.seen)?;
                }
            }
            writeln!(f)?;
        }
        self.quiet(f, "Not tested", "untested")?;
        self.quiet(f, "Not applicable", "not applicable")?;
        self.counts(f)?;
        if !self.left.is_empty() {
            writeln!(f, "\nMade and not deleted ({}); remove these by hand:", self.left.len())?;
            for left in &self.left {
                writeln!(f, "  {left}")?;
            }
        }
        let verdict = match self.is_conformant() {
            true => "conformant",
            false if self.stopped => "stopped early, and not judged",
            false => "not conformant",
        };
        write!(f, "{verdict}: {} outcomes, {} requests", self.outcomes.len(), self.requests)
    }
}

fn heading(level: Level) -> &'static str {
    match level {
        Level::Must => "FAILED: the standard demands it",
        Level::Should => "Failed: the standard recommends it",
        Level::May => "Not done: the standard permits it",
        Level::Deviation => "Deviations: the standard leaves it open, clients rely on it",
    }
}

impl Report {
    fn quiet(&self, f: &mut fmt::Formatter<'_>, heading: &str, word: &str) -> fmt::Result {
        let own: Vec<&Outcome> = self.outcomes.iter().filter(|outcome| outcome.verdict.word() == word).collect();
        if own.is_empty() {
            return Ok(());
        }
        writeln!(f, "{heading} ({})", own.len())?;
        for outcome in own {
            writeln!(f, "  {}: {}", outcome.name(), outcome.verdict.detail())?;
        }
        writeln!(f)
    }

    /// A line for each theme.
    fn counts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut themes: Vec<&str> = Vec::new();
        for outcome in &self.outcomes {
            if !themes.contains(&outcome.check.theme) {
                themes.push(outcome.check.theme);
            }
        }
        writeln!(f, "{:<12}{:>8}{:>8}{:>8}{:>10}", "", "passed", "failed", "n/a", "untested")?;
        for theme in themes {
            let own = || self.outcomes.iter().filter(|outcome| outcome.check.theme == theme);
            let of = |word: &str| own().filter(|outcome| outcome.verdict.word() == word).count();
            let passed = own().filter(|outcome| outcome.verdict == Verdict::Passed).count();
            let (failed, na, untested) = (of("failed"), of("not applicable"), of("untested"));
            writeln!(f, "{theme:<12}{passed:>8}{failed:>8}{na:>8}{untested:>10}")?;
        }
        Ok(())
    }
}
