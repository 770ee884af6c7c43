//! `scim`: a command line for any SCIM 2.0 server. Here are the command's shape and its exit codes; what each command does
//! is a file in `commands/`, how a server is found in `connection`, what is printed in `output`.

mod commands;
mod config;
mod connection;
mod document;
mod failure;
mod output;
mod progress;
mod reference;
mod token;

use clap::Parser;
use connection::Connection;
use std::process::ExitCode;

/// What stands below the help.
const AFTER: &str = "\
Which server: --server NAME (see `scim server add`), or --url and --token, or SCIM_URL and SCIM_TOKEN; else the default of \
the configuration.

Exit codes:
  0  done
  1  the server refused, a check of a MUST failed, `diff --exit-code` found a difference, or `sync` would change too much
  2  the command, the configuration or a file is wrong
  3  the server could not be reached, or did not answer
  4  the server does not let the client in (401), or there is no access token
  5  of several things some were not done";

/// A command line for any SCIM 2.0 server
#[derive(Debug, Parser)]
#[command(name = "scim", version, about, after_help = AFTER, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("scim: the runtime cannot start: {error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(Box::pin(cli.command.run(&cli.connection))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let text = failure.to_string();
            if !text.is_empty() {
                eprintln!("scim: {}", output::plain(&text));
            }
            ExitCode::from(failure.code())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
