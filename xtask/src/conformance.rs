//! Our own conformance suite, by its command `scim check`, against the release binary: over a real socket, and with its reports read
//! again. What the suite demands is its own business; here every check has to pass, those of a SHOULD included.

use crate::error::{Doing, Error, Result};
use crate::peers::Tenant;
use crate::process::Context;
use serde_json::Value;

/// What our server does not pass, and why. A check that is listed and passes is an error, too.
const EXPECTED: &[(&str, &str)] = &[];

pub(crate) fn run(context: &Context) -> Result {
    let tenant = Tenant::start(context, "conformance")?;
    let (json, junit) = (tenant.directory.join("report.json"), tenant.directory.join("report.xml"));
    let mut command = context.cargo(&["run", "--package", "scimstack-cli", "--bin", "scim", "--", "check"]);
    command.arg(&tenant.url).arg("--json").arg(&json).arg("--junit").arg(&junit);
    tenant.judge(context, "the conformance suite", command)?;
    let report = std::fs::read_to_string(&json).doing(format_args!("read {}", json.display()))?;
    let report: Value = serde_json::from_str(&report).doing(format_args!("read {}", json.display()))?;
    let xml = std::fs::read_to_string(&junit).doing(format_args!("read {}", junit.display()))?;
    if !xml.contains("</testsuites>") {
        return Err(Error::new("the report for build servers is not whole"));
    }
    let found = complaints(&report, EXPECTED);
    match found.is_empty() {
        true => Ok(()),
        false => Err(Error::new(found.join("\n"))),
    }
}

/// What failed and is not expected to, what is and did not, what was not tested, and what was left behind.
fn complaints(report: &Value, expected: &[(&str, &str)]) -> Vec<String> {
    let outcomes = report.get("outcomes").and_then(Value::as_array).cloned().unwrap_or_default();
    let ids = |verdict: &str| -> Vec<String> {
        let own = outcomes.iter().filter(|outcome| outcome.get("verdict").and_then(Value::as_str) == Some(verdict));
        own.filter_map(|outcome| outcome.get("id")?.as_str().map(str::to_owned)).collect()
    };
    let (failed, passed) = (ids("failed"), ids("passed"));
    let mut found = Vec::new();
    let unexpected = failed.iter().filter(|id| !expected.iter().any(|(known, _)| known == id));
    found.extend(unexpected.map(|id| format!("{id} failed")));
    let better = expected.iter().filter(|(id, _)| !failed.iter().any(|other| other == id));
    found.extend(better.map(|(id, reason)| format!("{id} passes, and is listed as failing ({reason})")));
    found.extend(ids("untested").iter().map(|id| format!("{id} was not tested")));
    let left = report.get("left").and_then(Value::as_array).map_or(0, Vec::len);
    if left > 0 {
        found.push(format!("{left} resources were left behind"));
    }
    if passed.len() < 300 {
        found.push(format!("only {} outcomes passed: is the server described wrongly?", passed.len()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::complaints;
    use serde_json::{Value, json};

    fn report(more: &[(&str, &str)], left: &[&str]) -> Value {
        let passed = (0..300).map(|n| (format!("check-{n}"), "passed".to_owned()));
        let more = more.iter().map(|(id, verdict)| ((*id).to_owned(), (*verdict).to_owned()));
        let outcomes: Vec<Value> =
            passed.chain(more).map(|(id, verdict)| json!({"id": id, "verdict": verdict})).collect();
        json!({"outcomes": outcomes, "left": left})
    }

    #[test]
    fn a_report_without_failures_is_in_order() {
        assert_eq!(complaints(&report(&[("a", "not applicable")], &[]), &[]), [""; 0]);
        assert_eq!(complaints(&report(&[("a", "failed")], &[]), &[("a", "known")]), [""; 0]);
    }

    #[test]
    fn whatever_is_not_as_expected_is_told() {
        for (report, expected) in [
            (report(&[("a", "failed")], &[]), [].as_slice()),
            (report(&[("a", "passed")], &[]), &[("a", "known")]),
            (report(&[("a", "untested")], &[]), &[]),
            (report(&[], &["/Users/1"]), &[]),
            (json!({"outcomes": [], "left": []}), &[]),
        ] {
            assert_eq!(complaints(&report, expected).len(), 1);
        }
    }
}
