//! `cargo xtask`: the repository's own chores, first of all `cargo xtask test`, the whole proof in one command.
//!
//! Owns the order of the steps and the command line. The steps themselves are in [`steps`] (cargo's own checks),
//! [`deny`], [`demo`], [`console`], [`conformance`] and [`peers`]; running programs is [`process`], finding or installing them is [`tools`].
//! The ledger of the RFCs' clauses is [`clauses`].

mod clauses;
mod conformance;
mod console;
mod demo;
mod deny;
mod error;
mod peers;
mod process;
mod server;
mod steps;
mod tools;

use error::{Error, Result};
use process::Context;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// One step of `cargo xtask test`.
struct Step {
    name: &'static str,
    /// What it does, in plain words.
    what: &'static str,
    run: fn(&Context) -> Result,
}

/// The steps, in the order they run: the quick and the likely to fail first.
const STEPS: &[Step] = &[
    Step { name: "fmt", what: "the formatting is rustfmt's", run: steps::fmt },
    Step { name: "clippy", what: "no lint fires anywhere", run: steps::clippy },
    Step { name: "test", what: "every test of every package, all features on", run: steps::test },
    Step { name: "doctest", what: "every example in the documentation compiles and runs", run: steps::doctest },
    Step { name: "doc", what: "the documentation builds, its links lead somewhere", run: steps::doc },
    Step { name: "features", what: "serde_json's global features change nothing", run: steps::features },
    Step {
        name: "fuzz-smoke",
        what: "the fuzz targets over their seeds and many mutations of them",
        run: steps::fuzz_smoke,
    },
    Step { name: "deny", what: "licences, sources and duplicates of the dependencies (cargo-deny)", run: deny::run },
    Step { name: "demo", what: "the release binary: its size, its start, and the whole demo once", run: demo::run },
    Step { name: "console", what: "the Admin Console, every page, in a real browser", run: console::run },
    Step {
        name: "conformance",
        what: "our conformance suite's command against the release binary",
        run: conformance::run,
    },
    Step { name: "peers", what: "scim2-tester and scim2-cli against the release binary", run: peers::run },
];

const HELP: &str = "\
cargo xtask test            run every step, stop at the first that fails
cargo xtask test --list     name the steps
cargo xtask test STEP...    run only these, in the order given
cargo xtask clauses         what the RFCs demand, clause by clause: how much of it is met, and what is not
cargo xtask clauses --missing   only what is not met, and why

What a step needs and cannot find is installed below the target directory (target/tools) or, for a missing part of
the Rust toolchain, by rustup. What cannot be installed is an error that says what is missing: no step is skipped.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["test", "--list"] => {
            list();
            Ok(())
        }
        ["test", names @ ..] => test(names),
        ["clauses"] => clauses::run(false),
        ["clauses", "--missing"] => clauses::run(true),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        [other, ..] => Err(Error::new(format!("there is no command \"{other}\"\n\n{HELP}"))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    for step in STEPS {
        println!("{:<12}{}", step.name, step.what);
    }
}

fn test(names: &[&str]) -> Result {
    let chosen = choose(names)?;
    let context = Context::find()?;
    let mut times = Vec::with_capacity(chosen.len());
    let start = Instant::now();
    for step in chosen {
        println!("\n== step: {}: {}", step.name, step.what);
        let began = Instant::now();
        let outcome = (step.run)(&context);
        let took = began.elapsed();
        match outcome {
            Ok(()) => println!("== step: {}: ok, {}", step.name, seconds(took)),
            Err(error) => {
                println!("== step: {}: FAILED after {}", step.name, seconds(took));
                return Err(Error::new(format!(
                    "step {} failed: {error}\nTo run it alone: cargo xtask test {}",
                    step.name, step.name
                )));
            }
        }
        times.push((step.name, took));
    }
    println!("\n== all steps passed, {}", seconds(start.elapsed()));
    for (name, took) in times {
        println!("   {name:<12}{:>9}", seconds(took));
    }
    Ok(())
}

fn choose(names: &[&str]) -> Result<Vec<&'static Step>> {
    if names.is_empty() {
        return Ok(STEPS.iter().collect());
    }
    names
        .iter()
        .map(|name| {
            STEPS.iter().find(|step| step.name == *name).ok_or_else(|| {
                let known: Vec<_> = STEPS.iter().map(|step| step.name).collect();
                Error::new(format!("there is no step \"{name}\"; the steps are: {}", known.join(", ")))
            })
        })
        .collect()
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_names_mean_every_step_in_order() {
        let names: Vec<_> = choose(&[]).unwrap().iter().map(|step| step.name).collect();
        assert_eq!(names.first(), Some(&"fmt"));
        assert_eq!(names.len(), STEPS.len());
    }

    #[test]
    fn named_steps_run_in_the_order_given() {
        let names: Vec<_> = choose(&["deny", "fmt"]).unwrap().iter().map(|step| step.name).collect();
        assert_eq!(names, ["deny", "fmt"]);
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_list_of_steps() {
        let message = choose(&["fmt", "lint"]).err().unwrap().to_string();
        assert!(message.contains("\"lint\"") && message.contains("clippy"), "{message}");
    }

    #[test]
    fn no_two_steps_share_a_name() {
        for (i, step) in STEPS.iter().enumerate() {
            assert!(STEPS.iter().skip(i + 1).all(|other| other.name != step.name), "{}", step.name);
        }
    }
}
