//! The ledger in figures: how much of each document is met, and what is not. Owns what `cargo xtask clauses` prints.

use super::ledger::{Clause, DOCUMENTS, Ledger, Place, Status, Strength};
use std::fmt::Write as _;

/// How many clauses there are of each kind.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    by_status: [usize; Status::ALL.len()],
    without_test: usize,
}

impl Count {
    fn of<'a>(clauses: impl Iterator<Item = &'a Clause>) -> Self {
        let mut count = Self::default();
        for clause in clauses {
            for (number, status) in count.by_status.iter_mut().zip(Status::ALL) {
                *number += usize::from(status == clause.status);
            }
            count.without_test += usize::from(clause.tests.is_empty());
        }
        count
    }

    fn row(&self, heading: &str) -> String {
        let all: usize = self.by_status.iter().sum();
        let mut row = format!("{heading:<16}{all:>9}");
        for number in self.by_status.iter().chain([&self.without_test]) {
            let _ = write!(row, "{:>10}", if *number == 0 { "·".to_owned() } else { number.to_string() });
        }
        row
    }

    /// The share of what is met among what is ours.
    fn share(&self) -> String {
        let [met, partly, missing, _] = self.by_status;
        let ours = met + partly + missing;
        match ours {
            0 => "nothing to do".to_owned(),
            ours => format!("{met} of {ours} are met, {:.1} %", 100.0 * met as f64 / ours as f64),
        }
    }
}

/// The whole table, then what is not met.
pub(crate) fn coverage(ledger: &Ledger) -> String {
    let placed: Vec<(Place, &Clause)> =
        ledger.clauses.iter().filter_map(|clause| Some((Place::parse(&clause.id)?, clause))).collect();
    let mut text = String::new();
    for (at, document) in DOCUMENTS.iter().enumerate() {
        let rows: Vec<&(Place, &Clause)> = placed.iter().filter(|(place, _)| place.document == at).collect();
        let _ = writeln!(
            text,
            "{:<16}{:>9}{:>10}{:>10}{:>10}{:>10}{:>10}   {}",
            format!("RFC {}", document.rfc),
            "clauses",
            "met",
            "partly",
            "missing",
            "not ours",
            "untested",
            document.title
        );
        for group in rows.chunk_by(|(one, _), (other, _)| one.group() == other.group()) {
            let heading = group.first().map_or_else(String::new, |(place, _)| format!("  §{}", place.group()));
            let _ = writeln!(text, "{}", Count::of(group.iter().map(|(_, clause)| *clause)).row(&heading));
        }
        let total = Count::of(rows.iter().map(|(_, clause)| *clause));
        let _ = writeln!(text, "{}\n  {}\n", total.row("  all"), total.share());
    }
    let total = Count::of(ledger.clauses.iter());
    let _ = writeln!(text, "{}\n  {}", total.row("together"), total.share());
    for strength in Strength::ALL {
        let count = Count::of(ledger.clauses.iter().filter(|clause| clause.level.strength() == strength));
        let _ = writeln!(text, "  {strength}: {}", count.share());
    }
    text.push('\n');
    text + &missing(ledger)
}

/// What is not met, and why.
pub(crate) fn missing(ledger: &Ledger) -> String {
    let mut text = String::new();
    for status in Status::ALL.into_iter().filter(|status| *status != Status::Met) {
        for clause in ledger.clauses.iter().filter(|clause| clause.status == status) {
            let Clause { id, rfc, level, binds, says, .. } = clause;
            let reason = clause.reason.as_deref().unwrap_or("no reason is given");
            let _ = writeln!(text, "{status}: {id}, RFC {rfc}, {binds} {level}: {says}\n    {reason}");
        }
    }
    if text.is_empty() {
        text.push_str("Every clause is met.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(rows: &[(&str, &str)]) -> Ledger {
        let rows = rows.iter().map(|(id, status)| {
            format!(
                "[[clause]]\nid = \"{id}\"\nrfc = \"7644 §1\"\nlevel = \"MUST\"\nbinds = \"server\"\n\
                 says = \"{id} is asked for.\"\nstatus = \"{status}\"\nreason = \"{id} is hard\"\n"
            )
        });
        Ledger::parse(&rows.collect::<String>()).unwrap()
    }

    #[test]
    fn the_table_counts_by_document_and_group() {
        let rows = [
            ("P-3.4.1-01", "met"),
            ("P-3.4.2-01", "met"),
            ("P-3.4.2.2-01", "partly"),
            ("P-3.5-01", "not ours"),
            ("S-2-01", "missing"),
        ];
        let text = coverage(&ledger(&rows));
        let line = |start: &str| -> Vec<&str> {
            let line = text.lines().find(|line| line.trim_start().starts_with(start)).unwrap_or_default();
            line.split_whitespace().collect()
        };
        assert_eq!(line("§3.4"), ["§3.4", "3", "2", "1", "·", "·", "3"], "{text}");
        assert_eq!(line("§3.5"), ["§3.5", "1", "·", "·", "·", "1", "1"]);
        assert_eq!(line("together"), ["together", "5", "2", "1", "1", "1", "5"]);
        assert!(
            text.contains("  2 of 3 are met, 66.7 %") && text.contains("REQUIRED: 2 of 4 are met, 50.0 %"),
            "{text}"
        );
        assert!(text.contains("  nothing to do"), "RFC 9865 has no clause here: {text}");
    }

    #[test]
    fn what_is_not_met_is_told_with_its_reason() {
        let rows = [("P-1-01", "met"), ("P-1-02", "missing"), ("P-1-03", "partly"), ("P-1-04", "not ours")];
        assert_eq!(
            missing(&ledger(&rows)).lines().collect::<Vec<_>>(),
            [
                "partly: P-1-03, RFC 7644 §1, server MUST: P-1-03 is asked for.",
                "    P-1-03 is hard",
                "missing: P-1-02, RFC 7644 §1, server MUST: P-1-02 is asked for.",
                "    P-1-02 is hard",
                "not ours: P-1-04, RFC 7644 §1, server MUST: P-1-04 is asked for.",
                "    P-1-04 is hard",
            ]
        );
        assert_eq!(missing(&ledger(&rows[..1])), "Every clause is met.\n");
    }
}
