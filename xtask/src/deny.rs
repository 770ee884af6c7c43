//! Licences, sources and duplicates of the dependencies, by `deny.toml`.

use crate::error::Result;
use crate::process::Context;
use crate::tools;

pub(crate) fn run(context: &Context) -> Result {
    let deny = tools::cargo_deny(context)?;
    // Advisories need a database that changes by itself: they are for a scheduled job, not for a test of this commit.
    let mut command = context.program(deny);
    command.args(["--all-features", "--locked", "check", "bans", "licenses", "sources"]);
    context.run(command)
}
