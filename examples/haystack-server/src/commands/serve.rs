//! `serve`: the server in the foreground, until SIGTERM or Ctrl-C.

use super::print;
use crate::cli::ServeArgs;
use crate::error::Error;
use crate::serve::{Config, FIRST_ADMINISTRATOR, FIRST_TENANT, Running, start};
use std::process::ExitCode;

pub(crate) async fn run(args: ServeArgs) -> Result<ExitCode, Error> {
    log_to_stderr();
    // From here on a signal stops the server cleanly, however early it comes.
    let stop = stop_signal();
    let config = Config {
        listen: args.listen,
        database: args.database.database,
        public_url: args.public_url,
        retention_days: args.retention_days,
        metrics: args.metrics,
        issuers: args.issuers.networks(),
    };
    let running = start(config).await?;
    greet(&running);
    stop.await?;
    running.stop().await?;
    Ok(ExitCode::SUCCESS)
}

/// Structured logs, by `RUST_LOG`.
pub(crate) fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process keeps the first's logs.
    let _ = subscriber.with_ansi(false).try_init();
}

/// Where everything is; and, at the first start, the secrets.
pub(crate) fn greet(running: &Running) {
    print(&format!("listening on http://{}", running.local_addr));
    print(&format!("Admin Console   {}/console", running.state.origin()));
    print(&format!("SCIM base URL   {}", running.state.scim_base_url(FIRST_TENANT)));
    if let Some(metrics) = running.metrics {
        print(&format!("metrics         http://{metrics}/metrics"));
    }
    if let Some(first) = &running.first_start {
        print(&format!("bearer token    {}", first.token));
        print(&format!("administrator   {FIRST_ADMINISTRATOR}"));
        print(&format!("password        {}", first.password));
        print("Token and password are shown only this once.");
    }
}

/// Until SIGTERM or Ctrl-C, counted from this call on.
#[cfg(unix)]
pub(crate) fn stop_signal() -> impl Future<Output = Result<(), Error>> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = signal(SignalKind::terminate()).and_then(|term| Ok((term, signal(SignalKind::interrupt())?)));
    async move {
        let (mut terminate, mut interrupt) = signals?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    }
}

/// Until Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn stop_signal() -> Result<(), Error> {
    Ok(tokio::signal::ctrl_c().await?)
}
