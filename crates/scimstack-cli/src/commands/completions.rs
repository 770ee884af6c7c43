//! `scim completions`: a script for a shell.

use crate::Cli;
use crate::failure::Result;
use crate::output;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

/// Prints a script that completes this command's words in a shell
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "scim", &mut script);
        output::print(&String::from_utf8_lossy(&script))
    }
}
