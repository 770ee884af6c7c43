//! `cargo xtask clauses`: the ledger of what the RFCs demand and which tests prove it. The form of the ledger is
//! [`ledger`], what must be true of it [`check`] (with [`sources`], which knows a test when it sees one), what is printed
//! [`table`]. The tests at the end hold the repository's own ledger to it.

mod check;
mod ledger;
mod sources;
mod table;

use crate::error::{Doing, Error, Result};
use crate::process;
use ledger::Ledger;

/// The sections of the documents, as the check of citations knows them.
const SECTIONS: &str = "tests/data/rfc-sections.txt";

/// Prints the table, or only what is not met. A ledger with something wrong in it is printed all the same, and is an error.
pub(crate) fn run(only_missing: bool) -> Result {
    let ledger = read()?;
    match only_missing {
        true => print!("{}", table::missing(&ledger)),
        false => print!("{}", table::coverage(&ledger)),
    }
    let found = complaints(&ledger)?;
    match found.is_empty() {
        true => Ok(()),
        false => Err(Error::new(format!("{} is not in order:\n{}", ledger::PATH, found.join("\n")))),
    }
}

fn read() -> Result<Ledger> {
    Ledger::parse(&file(ledger::PATH)?)
}

fn complaints(ledger: &Ledger) -> Result<Vec<String>> {
    Ok(check::complaints(ledger, &file(SECTIONS)?, &|path| file(path).ok()))
}

fn file(path: &str) -> Result<String> {
    std::fs::read_to_string(process::root()?.join(path)).doing(format_args!("read {path}"))
}

#[cfg(test)]
mod tests {
    use super::ledger::{DOCUMENTS, Place, Strength};
    use super::*;

    /// How many clauses of each document the ledger has: those with MUST, SHALL or REQUIRED, those with SHOULD or
    /// RECOMMENDED, and those told without a key word. A row that is dropped has to be dropped here too.
    const COUNTS: [(&str, [usize; 3]); 3] = [("7644", [115, 27, 39]), ("7643", [77, 16, 34]), ("9865", [10, 3, 11])];

    #[test]
    fn the_ledger_is_in_order() {
        let found = complaints(&read().unwrap()).unwrap();
        assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    }

    #[test]
    fn no_clause_has_gone() {
        let ledger = read().unwrap();
        let counted: Vec<(&str, [usize; 3])> = DOCUMENTS
            .iter()
            .enumerate()
            .map(|(at, document)| {
                let of = |strength: Strength| {
                    let own = ledger.clauses.iter().filter(|clause| clause.level.strength() == strength);
                    own.filter(|clause| Place::parse(&clause.id).is_some_and(|place| place.document == at)).count()
                };
                (document.rfc, [of(Strength::Must), of(Strength::Should), of(Strength::Text)])
            })
            .collect();
        assert_eq!(counted, COUNTS);
    }
}
