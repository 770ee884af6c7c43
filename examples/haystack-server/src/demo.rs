//! `demo`: the server with a sample company. (Being written.)

use crate::cli::DemoArgs;
use crate::error::Error;
use std::process::ExitCode;

/// Runs the demo.
///
/// # Errors
/// What went wrong.
pub async fn run(_: DemoArgs) -> Result<ExitCode, Error> {
    Err(Error::new("the demo is being written"))
}
