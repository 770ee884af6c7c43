//! `scimstack-filter`'s parser beside those of `scim-kit`, `scim_proto` and `scim_v2` and beside a floor, in one run.
//!
//! Without arguments: by the clock. `--instructions`: counted by valgrind. `--once NAME CASE TIMES`: that contender parses
//! that case so often, and nothing else, for a profiler. It fails when a target is missed.

mod case;
mod clock;
mod contender;
mod instructions;
mod table;

use case::CASES;
use contender::CONTENDERS;
use std::error::Error;
use std::process::ExitCode;
use table::Row;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => Ok(by_the_clock()),
        ["--instructions"] => by_instructions(),
        ["--once", name, case, times] => once(name, case, times.parse()?),
        _ => Err("no arguments, --instructions, or --once NAME CASE TIMES".into()),
    }
}

fn by_the_clock() -> ExitCode {
    let times: Vec<_> = CASES.iter().map(|case| (case.name, clock::measure(&CONTENDERS, case.text))).collect();
    let rows = |pick: fn(clock::Time) -> f64| -> Vec<Row> {
        let row = |(case, times): &(&'static str, Vec<Option<clock::Time>>)| Row {
            case,
            costs: times.iter().map(|time| time.map(pick)).collect(),
        };
        times.iter().map(row).collect()
    };
    println!("{}", table::markdown(&rows(|time| time.median), "ns, median"));
    // Other work on the machine only ever adds to a time, so the least is nearest to the parser's own.
    let least = rows(|time| time.least);
    println!("{}", table::markdown(&least, "ns, least"));
    verdict(&least, true)
}

fn by_instructions() -> Result<ExitCode, Box<dyn Error>> {
    let mut rows = Vec::new();
    for case in &CASES {
        rows.push(Row { case: case.name, costs: instructions::count(&CONTENDERS, case.name, case.text)? });
    }
    println!("{}", table::markdown(&rows, "instructions"));
    Ok(verdict(&rows, false))
}

fn verdict(rows: &[Row], in_floors: bool) -> ExitCode {
    let missed: Vec<_> = rows.iter().flat_map(|row| row.missed(in_floors)).collect();
    for one in &missed {
        println!("missed: {one}");
    }
    if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn once(name: &str, case: &str, times: u64) -> Result<ExitCode, Box<dyn Error>> {
    let contender = CONTENDERS.iter().find(|contender| contender.name == name).ok_or("no such contender")?;
    let case = CASES.iter().find(|one| one.name == case).ok_or("no such case")?;
    if (contender.run)(case.text, times) != times {
        return Err(format!("{name} cannot parse {}", case.text).into());
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::{CASES, CONTENDERS};

    /// A misspelt case would otherwise stand in the table as a peer's weakness.
    #[test]
    fn each_peer_refuses_what_the_table_says_it_cannot_parse_and_nothing_else() {
        let refused: Vec<_> = CASES
            .iter()
            .flat_map(|case| CONTENDERS.iter().map(move |contender| (contender, case)))
            .filter(|(contender, case)| !contender.accepts(case.text))
            .map(|(contender, case)| (contender.name, case.name))
            .collect();
        assert_eq!(refused, [("scim-kit", "value path"), ("scim-kit", "URN"), ("scim_proto", "URN")]);
    }
}
