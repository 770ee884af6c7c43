//! The promise of the README's first command: a small binary that starts at once and shows a company being provisioned.

use crate::error::{Doing, Error, Result};
use crate::process::Context;
use crate::server::{self, Server};
use std::time::{Duration, Instant};

/// The release binary must stay below this, stripped.
const SIZE_LIMIT: u64 = 25 * 1024 * 1024;

/// How long the whole demo may take, on a machine that is busy.
const DEMO_LIMIT: Duration = Duration::from_secs(180);

pub(crate) fn run(context: &Context) -> Result {
    let binary = server::build(context)?;
    let size = std::fs::metadata(&binary).doing("measure the binary")?.len();
    let megabytes = |bytes: u64| format!("{:.1} MiB", bytes as f64 / 1_048_576.0);
    println!("the binary has {}", megabytes(size));
    if size >= SIZE_LIMIT {
        return Err(Error::new(format!("the binary has {}, the limit is {}", megabytes(size), megabytes(SIZE_LIMIT))));
    }

    let directory = context.scratch("demo")?;
    let database = format!("sqlite:{}", directory.join("serve.db").display());
    let start = Instant::now();
    let server = Server::start(context, &binary, &directory, &database)?;
    let (status, answer) = server.get("/healthz", None)?;
    let first_answer = start.elapsed();
    if status != 200 {
        return Err(Error::new(format!("GET /healthz should answer 200, and answered: {answer}")));
    }
    // Printed, not judged: the machine may be busy with something else.
    println!(
        "on an empty database it listens after {} ms and has answered its first request after {} ms",
        server.started_in.as_millis(),
        first_answer.as_millis()
    );
    drop(server);

    let start = Instant::now();
    let printed = server::command(&binary, &directory, &["demo", "--once", "--listen", "127.0.0.1:0"], DEMO_LIMIT)?;
    for line in printed.lines() {
        println!("  | {line}");
    }
    println!("the whole demo took {} ms", start.elapsed().as_millis());
    Ok(())
}
