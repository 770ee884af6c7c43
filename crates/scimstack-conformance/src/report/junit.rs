//! The report for build servers: JUnit's XML, a `testsuite` for each theme, a `testcase` for each outcome. Only failed
//! checks of a MUST are failures there; the others that failed are skipped tests with their message.

use super::{Outcome, Report, Verdict};
use crate::check::Level;
use std::fmt::Write as _;

impl Report {
    /// The report as JUnit's XML.
    #[must_use]
    pub fn to_junit(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let all: Vec<&Outcome> = self.outcomes.iter().collect();
        let mut themes: Vec<&str> = Vec::new();
        for outcome in &all {
            if !themes.contains(&outcome.check.theme) {
                themes.push(outcome.check.theme);
            }
        }
        let head = counts(&all);
        // Writing to a String cannot fail.
        let _ = writeln!(out, "<testsuites name=\"scimstack-conformance\" {head}>");
        for theme in themes {
            let own: Vec<&Outcome> = all.iter().copied().filter(|outcome| outcome.check.theme == theme).collect();
            let _ = writeln!(out, "  <testsuite name=\"{}\" {}>", escaped(theme), counts(&own));
            for outcome in own {
                case(&mut out, outcome);
            }
            out.push_str("  </testsuite>\n");
        }
        out.push_str("</testsuites>\n");
        out
    }
}

fn is_failure(outcome: &Outcome) -> bool {
    outcome.is_failure() && outcome.check.level == Level::Must
}

fn counts(outcomes: &[&Outcome]) -> String {
    let failures = outcomes.iter().filter(|outcome| is_failure(outcome)).count();
    let skipped = outcomes.iter().filter(|o| o.verdict != Verdict::Passed && !is_failure(o)).count();
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"", outcomes.len())
}

fn case(out: &mut String, outcome: &Outcome) {
    let (check, detail) = (outcome.check, outcome.verdict.detail());
    let class = format!("{}.{}", check.theme, check.level.word());
    let _ =
        write!(out, "    <testcase classname=\"{}\" name=\"{}\" time=\"0\"", escaped(&class), escaped(&outcome.name()));
    if outcome.verdict == Verdict::Passed {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    if is_failure(outcome) {
        let kind = escaped(&check.sections().join(", "));
        let _ = write!(out, "      <failure message=\"{}\" type=\"{kind}\">", escaped(detail));
        out.push_str(&escaped(check.demand));
        if let Some(exchange) = &outcome.exchange {
            let _ = write!(out, "\nsent: {}\nseen: {}", escaped(&exchange.sent), escaped(&exchange.seen));
        }
        out.push_str("</failure>\n");
    } else {
        let message = format!("{} ({}): {detail}", outcome.verdict.word(), check.level.word());
        let _ = writeln!(out, "      <skipped message=\"{}\"/>", escaped(&message));
    }
    out.push_str("    </testcase>\n");
}

/// Text as XML 1.0 can have it: markup escaped, line ends kept, and what no XML may hold replaced.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_xml_cannot_hold_is_escaped_or_replaced() {
        assert_eq!(escaped("a<b & \"c\"\u{0}\n'"), "a&lt;b &amp; &quot;c&quot;\u{fffd}&#10;&apos;");
    }
}
