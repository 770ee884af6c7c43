//! Counting instructions with valgrind: this program again, with few and with many parses; the difference is the parses
//! alone. Unlike times, the counts do not depend on what else the machine does.

use crate::contender::Contender;
use std::error::Error;
use std::process::Command;

const FEW: u64 = 20;
const MANY: u64 = 220;

/// Instructions for parsing once, for each contender that accepts `text`; `None` is one that does not.
pub(crate) fn count(contenders: &[Contender], case: &str, text: &str) -> Result<Vec<Option<f64>>, Box<dyn Error>> {
    let one = |contender: &Contender| {
        if !contender.accepts(text) {
            return Ok(None);
        }
        let more = collected(contender.name, case, MANY)?.saturating_sub(collected(contender.name, case, FEW)?);
        Ok(Some(more as f64 / (MANY - FEW) as f64))
    };
    contenders.iter().map(one).collect()
}

/// What callgrind counts in `--once NAME CASE TIMES`.
fn collected(name: &str, case: &str, times: u64) -> Result<u64, Box<dyn Error>> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["--once", name, case, &times.to_string()])
        .output()
        .map_err(|error| format!("valgrind does not start: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("valgrind failed:\n{said}").into());
    }
    let count = said.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, count)| count.trim());
    Ok(count.ok_or_else(|| format!("valgrind counted nothing:\n{said}"))?.parse()?)
}
