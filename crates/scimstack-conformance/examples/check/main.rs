//! Checks a SCIM server from the command line, or replays conversations of identity providers against it. Owns the
//! arguments, the files that reports go to and the exit code: 0 when no check of a MUST and no step failed, 1 when one did, 2
//! when the command is wrong, the server cannot be tested at all, or the run was stopped.

mod transport;

use scimstack_conformance::{
    Cancel, Conversation, Expect, Options, Replay, ReplayOptions, Report, Target, checks, cleanup, conversation,
    conversations, replay, replays_to_json, replays_to_junit, run,
};
use std::process::ExitCode;
use std::time::Duration;

const HELP: &str = "\
usage: check URL [--token TOKEN] [options]

  --token TOKEN       the bearer token; without it, the environment's SCIM_TOKEN
  --read-only         send only GET and HEAD
  --only PATTERN      only checks whose id contains this text; may be given more than once
  --type NAME         only this resource type; may be given more than once
  --json FILE         write the report as JSON
  --junit FILE        write the report as JUnit's XML
  --rate N            at most N requests a second
  --max-requests N    at most N requests (20000)
  --timeout SECONDS   for one request with its answer (30)
  --replay NAMES      replay what these identity providers send, instead of the checks: okta,entra or all
  --letter            with --replay: judge by the letter of the RFCs, by which departures are refused
  --cleanup           delete what earlier runs have left behind, and do nothing else
  --list              list the checks and the conversations, and ask no server

exit code: 0 no check of a MUST and no step failed; 1 one did; 2 the command is wrong, the server cannot be tested, or the run was
           stopped
Ctrl-C ends the run early and deletes what was made; a second one does not wait for that.
";

/// What the command line says.
#[derive(Default)]
struct Arguments {
    url: Option<String>,
    token: Option<String>,
    json: Option<String>,
    junit: Option<String>,
    timeout: Option<u64>,
    replay: Vec<&'static Conversation>,
    letter: bool,
    cleanup: bool,
    list: bool,
    options: Options,
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut found = Arguments::default();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        let number =
            |text: String| text.parse::<u64>().ok().filter(|n| *n > 0).ok_or_else(|| format!("{text} is no number"));
        let options = found.options.clone();
        match word.as_str() {
            "--token" => found.token = Some(value()?),
            "--json" => found.json = Some(value()?),
            "--junit" => found.junit = Some(value()?),
            "--read-only" => found.options = options.read_only(true),
            "--only" => found.options = options.only(value()?),
            "--type" => found.options = options.resource_type(value()?),
            "--rate" => {
                found.options =
                    options.interval(Duration::from_secs(1) / u32::try_from(number(value()?)?).unwrap_or(u32::MAX))
            }
            "--max-requests" => {
                found.options = options.max_requests(usize::try_from(number(value()?)?).unwrap_or(usize::MAX))
            }
            "--timeout" => found.timeout = Some(number(value()?)?),
            "--replay" => found.replay = named(&value()?)?,
            "--letter" => found.letter = true,
            "--cleanup" => found.cleanup = true,
            "--list" => found.list = true,
            other if other.starts_with('-') => return Err(format!("there is no option {other}")),
            _ if found.url.is_none() => found.url = Some(word),
            other => return Err(format!("{other} is one address too many")),
        }
    }
    if found.letter && found.replay.is_empty() {
        return Err("--letter is for --replay".to_owned());
    }
    Ok(found)
}

/// The conversations of a list of names.
fn named(names: &str) -> Result<Vec<&'static Conversation>, String> {
    if names == "all" {
        return Ok(conversations().iter().collect());
    }
    let find = |name: &str| conversation(name).ok_or_else(|| format!("there is no conversation {name}; see --list"));
    names.split(',').map(find).collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let found = match parse(std::env::args().skip(1)) {
        Ok(found) => found,
        Err(error) => return wrong(&error),
    };
    if found.list {
        for check in checks() {
            println!("{:<44}{:<11}{}", check.id, check.level.word(), check.demand);
        }
        println!();
        for one in conversations() {
            println!("{:<44}{:<11}{}", one.provider, "replay", one.title);
        }
        return ExitCode::SUCCESS;
    }
    let Some(url) = &found.url else { return wrong("the server's base URL is missing") };
    let Some(token) = found.token.clone().or_else(|| std::env::var("SCIM_TOKEN").ok()) else {
        return wrong("there is no token: give --token or set SCIM_TOKEN");
    };
    let transport = match transport::Http::new(url, Duration::from_secs(found.timeout.unwrap_or(30))) {
        Ok(transport) => transport,
        Err(error) => return wrong(&error),
    };
    let target = Target::new(url, token);
    if found.cleanup {
        return tidy(&transport, &target, &found.options).await;
    }
    let cancel = Cancel::default();
    stop_on_ctrl_c(cancel.clone());
    let options = found.options.clone().cancel(cancel);
    if !found.replay.is_empty() {
        return replayed(&transport, &target, &found, options).await;
    }
    let report = run(&transport, &target, &options).await;
    println!("{report}");
    write(&found, &report)
}

async fn replayed(transport: &transport::Http, target: &Target, found: &Arguments, options: Options) -> ExitCode {
    let expect = if found.letter { Expect::Letter } else { Expect::Provider };
    let options = ReplayOptions::from(options).expect(expect);
    let mut replays: Vec<Replay> = Vec::new();
    for one in &found.replay {
        let played = replay(transport, target, one, &options).await;
        println!("{played}\n");
        let stopped = played.stopped;
        replays.push(played);
        if stopped {
            break;
        }
    }
    let json = found.json.as_ref().map(|path| (path, format!("{:#}\n", replays_to_json(&replays))));
    let junit = found.junit.as_ref().map(|path| (path, replays_to_junit(&replays)));
    if let Err(code) = files(json.into_iter().chain(junit)) {
        return code;
    }
    match replays.iter().all(Replay::is_faithful) {
        true => ExitCode::SUCCESS,
        false if replays.iter().any(|played| played.stopped) => ExitCode::from(2),
        false => ExitCode::FAILURE,
    }
}

fn wrong(error: &str) -> ExitCode {
    eprintln!("check: {error}\n\n{HELP}");
    ExitCode::from(2)
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
            eprintln!("stopping; what was made is being deleted");
            cancel.cancel();
        }
    });
}

async fn tidy(transport: &transport::Http, target: &Target, options: &Options) -> ExitCode {
    match cleanup(transport, target, options).await {
        Ok((found, left)) => {
            println!("{found} leftovers found, {} of them could not be deleted", left.len());
            left.iter().for_each(|left| println!("  {left}"));
            if left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("check: {error}");
            ExitCode::from(2)
        }
    }
}

/// Writes the files that were asked for; the exit code.
fn write(found: &Arguments, report: &Report) -> ExitCode {
    let json = found.json.as_ref().map(|path| (path, format!("{:#}\n", report.to_json())));
    let junit = found.junit.as_ref().map(|path| (path, report.to_junit()));
    if let Err(code) = files(json.into_iter().chain(junit)) {
        return code;
    }
    match report.is_conformant() {
        true => ExitCode::SUCCESS,
        false if report.stopped || report.resource_types.is_empty() => ExitCode::from(2),
        false => ExitCode::FAILURE,
    }
}

/// Writes files; the exit code when one cannot be written.
fn files<'f>(files: impl Iterator<Item = (&'f String, String)>) -> Result<(), ExitCode> {
    for (path, text) in files {
        if let Err(error) = std::fs::write(path, text) {
            eprintln!("check: cannot write {path}: {error}");
            return Err(ExitCode::from(2));
        }
    }
    Ok(())
}
