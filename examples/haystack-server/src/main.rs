//! The `haystack-server` command: parses its line, runs it, says what went wrong.

use clap::Parser;
use haystack_server::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match haystack_server::cli::run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("haystack-server: {error}");
            error.exit_code()
        }
    }
}
