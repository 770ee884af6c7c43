//! `scim check`: the conformance suite against a server, or what identity providers send, replayed; with reports.

use crate::connection::{Connection, Reached};
use crate::failure::{Failure, Result, usage};
use crate::output;
use crate::progress::Progress;
use bytes::Bytes;
use clap::Args;
use scimstack_client::{Authorization as _, Transport as _};
use scimstack_conformance::{
    Cancel, Conversation, Expect, Options, Replay, ReplayOptions, Report, Target, Transport, TransportError, checks,
    cleanup, conversations, replay, replays_to_json, replays_to_junit, run,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Judges the server by the RFCs
#[derive(Args, Debug)]
#[command(after_help = "\
Run it on a tenant made for tests: it makes and deletes some hundreds of resources. Ctrl-C ends the run early and deletes \
what was made; a second one does not wait for that.

Exit codes: 0 no check of a MUST and no step failed; 1 one did; 2 the run was stopped; 3 the server cannot be tested")]
pub(crate) struct Check {
    /// The base URL, when it is not given otherwise
    base: Option<String>,
    /// Sends only GET and HEAD; what has to write is reported as not tested
    #[arg(long)]
    read_only: bool,
    /// Only checks whose id contains this text; may be given more than once
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,
    /// Only this resource type; may be given more than once
    #[arg(long = "type", value_name = "NAME")]
    kind: Vec<String>,
    /// Writes the report as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes the report as JUnit's XML, too
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// At most N requests a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// At most N requests
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    max_requests: usize,
    /// Replays what these identity providers send, in place of the checks: okta,entra or all
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = named)]
    replay: Vec<Replayed>,
    /// With --replay: judges by the letter of the RFCs, by which departures are refused
    #[arg(long, requires = "replay")]
    letter: bool,
    /// Deletes what earlier runs have left behind, and does nothing else
    #[arg(long)]
    cleanup: bool,
    /// Lists the checks and the conversations, and asks no server
    #[arg(long)]
    list: bool,
}

/// What is to be replayed.
#[derive(Clone, Debug)]
enum Replayed {
    All,
    One(&'static str),
}

fn named(name: &str) -> std::result::Result<Replayed, String> {
    let found = conversations().iter().find(|one| one.provider == name);
    match (name, found) {
        ("all", _) => Ok(Replayed::All),
        (_, Some(one)) => Ok(Replayed::One(&one.provider)),
        _ => Err("there is no such conversation; --list names them".to_owned()),
    }
}

/// The client's transport, for the suite, which knows nothing of the client.
struct Wire(scimstack_client::ReqwestTransport);

#[async_trait::async_trait]
impl Transport for Wire {
    async fn send(&self, request: http::Request<Bytes>) -> std::result::Result<http::Response<Bytes>, TransportError> {
        self.0.send(request).await.map_err(|error| {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            TransportError(format!("{error}{cause}"))
        })
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

impl Check {
    pub(crate) async fn run(self, connection: &Connection) -> Result {
        if self.list {
            let lines = checks().map(|check| format!("{:<44}{:<11}{}\n", check.id, check.level.word(), check.demand));
            let replays =
                conversations().iter().map(|one| format!("{:<44}{:<11}{}\n", one.provider, "replay", one.title));
            return output::print(&lines.chain(["\n".to_owned()]).chain(replays).collect::<String>());
        }
        let Reached { url, transport, authorization } = connection.reach(self.base.as_deref())?;
        let value = authorization.value().await;
        let value = value.map_err(|error| scimstack_client::Error::Authorization(Box::new(error)))?;
        let shown = value.as_ref().and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let token = shown.ok_or_else(|| usage("there is no token: give --token, set SCIM_TOKEN or name a --server"))?;
        let (wire, target) = (Wire(transport), Target::new(url, token));
        if self.cleanup {
            return tidy(&wire, &target, &self.options()).await;
        }
        let cancel = Cancel::default();
        stop_on_ctrl_c(cancel.clone());
        if !self.replay.is_empty() {
            return self.replay(&wire, &target, self.options().cancel(cancel)).await;
        }
        let progress = Arc::new(Progress::new(None, "checks"));
        let bar = progress.clone();
        let options = self.options().cancel(cancel).observe(move |done, total, outcome| {
            bar.length(total as u64);
            bar.at(done as u64);
            bar.message(outcome.name());
        });
        let report = run(&wire, &target, &options).await;
        drop(options);
        drop(progress);
        output::print(&format!("{report}\n"))?;
        self.judge(&report)
    }

    fn options(&self) -> Options {
        let mut options = Options::default().read_only(self.read_only).max_requests(self.max_requests);
        for pattern in &self.only {
            options = options.only(pattern);
        }
        for name in &self.kind {
            options = options.resource_type(name);
        }
        match self.rate {
            Some(rate) => options.interval(Duration::from_secs(1) / rate),
            None => options,
        }
    }

    /// Replays the conversations that were asked for, one after the other.
    async fn replay(&self, wire: &Wire, target: &Target, options: Options) -> Result {
        let expect = if self.letter { Expect::Letter } else { Expect::Provider };
        let options = ReplayOptions::from(options).expect(expect);
        let all = self.replay.iter().any(|asked| matches!(asked, Replayed::All));
        let asked = |one: &&Conversation| {
            all || self.replay.iter().any(|asked| matches!(asked, Replayed::One(name) if *name == one.provider))
        };
        let mut replays: Vec<Replay> = Vec::new();
        for one in conversations().iter().filter(asked) {
            let played = replay(wire, target, one, &options).await;
            output::print(&format!("{played}\n\n"))?;
            let stopped = played.stopped;
            replays.push(played);
            if stopped {
                break;
            }
        }
        self.write(&format!("{:#}\n", replays_to_json(&replays)), &replays_to_junit(&replays))?;
        match replays.iter().all(Replay::is_faithful) {
            true => Ok(()),
            false if replays.iter().any(|played| played.stopped) => Err(usage("the run was stopped")),
            false => Err(Failure::No("the server does not answer as the provider needs it".to_owned())),
        }
    }

    /// Writes the files that were asked for.
    fn write(&self, json: &str, junit: &str) -> Result {
        let write = |path: &Path, text: &str| {
            std::fs::write(path, text).map_err(|error| usage(format!("cannot write {}: {error}", path.display())))
        };
        if let Some(path) = &self.json {
            write(path, json)?;
        }
        if let Some(path) = &self.junit {
            write(path, junit)?;
        }
        Ok(())
    }

    /// Writes the files that were asked for; then the verdict.
    fn judge(&self, report: &Report) -> Result {
        self.write(&format!("{:#}\n", report.to_json()), &report.to_junit())?;
        match report.is_conformant() {
            true => Ok(()),
            false if report.stopped => Err(usage("the run was stopped")),
            false if report.resource_types.is_empty() => Err(Failure::Unreachable(
                "the server's resource types cannot be read: is this its base URL?".to_owned(),
            )),
            false => Err(Failure::No("the server does not do what it must".to_owned())),
        }
    }
}

/// The first Ctrl-C ends the run and cleans up; the second ends the process.
fn stop_on_ctrl_c(cancel: Cancel) {
    tokio::spawn(async move {
        for again in [false, true] {
            if tokio::signal::ctrl_c().await.is_err() {
                return;
            }
            if again {
                std::process::exit(2);
            }
            eprintln!("scim: stopping; what was made is being deleted");
            cancel.cancel();
        }
    });
}

async fn tidy(wire: &Wire, target: &Target, options: &Options) -> Result {
    let (found, left) = cleanup(wire, target, options).await.map_err(Failure::Unreachable)?;
    let lines: String = left.iter().map(|left| format!("  {}\n", output::plain(left))).collect();
    output::print(&format!("{found} leftovers found, {} of them could not be deleted\n{lines}", left.len()))?;
    if left.is_empty() { Ok(()) } else { Err(Failure::Partly(String::new())) }
}
