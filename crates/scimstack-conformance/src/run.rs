//! Runs the checks against a server and cleans up after each; and finds what an earlier run has left behind.

use crate::check::{Check, Runs, checks};
use crate::options::{NAME_PREFIX, Options};
use crate::report::{Outcome, Report, Verdict};
use crate::service::{Kind, Service, list};
use crate::session::Session;
use crate::stop::{Result, Stop};
use crate::target::{Answer, Ask, Target, Transport, encode};
use crate::world::World;

/// The pages of leftovers that are asked for, so that a server which deletes nothing ends the search, too.
const MOST_PAGES: usize = 100;

/// Runs the checks against a server. What is made on the way is deleted after each check, also when the run is stopped by
/// [`crate::Cancel`]; a future that is dropped cannot clean up, and [`cleanup`] removes what it left.
pub async fn run(transport: &dyn Transport, target: &Target, options: &Options) -> Report {
    let session = Session::new(transport, target, options);
    let service = Service::discover(&session).await;
    session.take_broken();
    let mut report = Report::new(&service);
    let kinds = service.kinds.iter().filter(|kind| options.wants_type(&kind.name)).count();
    let each = if service.kinds.is_empty() { 1 } else { kinds };
    let count = |check: &Check| if matches!(check.runs, Runs::Once(_)) { 1 } else { each };
    let total = checks().filter(|check| options.wants(check.id)).map(count).sum();
    let add = |report: &mut Report, outcome: Outcome| {
        options.tell(report.outcomes.len() + 1, total, &outcome);
        report.outcomes.push(outcome);
    };
    for check in checks().filter(|check| options.wants(check.id)) {
        match check.runs {
            Runs::Once(run) => {
                session.begin();
                let ended = run(&World { session: &session, service: &service }).await;
                add(&mut report, outcome(check, None, ended, &session).await);
            }
            Runs::Each(_) if service.kinds.is_empty() => {
                let ended = Err(Stop::Untested("the server names no resource type".to_owned()));
                add(&mut report, outcome(check, None, ended, &session).await);
            }
            Runs::Each(run) => {
                for kind in service.kinds.iter().filter(|kind| options.wants_type(&kind.name)) {
                    session.begin();
                    let ended = run(&World { session: &session, service: &service }, kind).await;
                    add(&mut report, outcome(check, Some(kind), ended, &session).await);
                }
            }
        }
    }
    report.requests = session.requests();
    report.left = session.left();
    report.stopped = options.cancel.is_cancelled();
    report
}

async fn outcome(check: &'static Check, kind: Option<&Kind>, ended: Result, session: &Session<'_>) -> Outcome {
    let exchange = session.last().filter(|_| ended.is_err());
    // What a check has failed for is told once.
    if matches!(ended, Err(Stop::Failed(_))) {
        session.forget_broken();
    }
    session.clean().await;
    let verdict = match ended {
        Ok(()) => Verdict::Passed,
        Err(Stop::Failed(text)) => Verdict::Failed(session.without_token(&text)),
        Err(Stop::NotApplicable(text)) => Verdict::NotApplicable(text),
        Err(Stop::Untested(text)) => Verdict::Untested(text),
    };
    let exchange = exchange.filter(|_| matches!(verdict, Verdict::Failed(_) | Verdict::Untested(_)));
    Outcome { check, subject: kind.map(|kind| kind.name.clone()), verdict, exchange }
}

/// Deletes what runs of this suite have left behind: every resource whose name begins with [`NAME_PREFIX`], and nothing
/// else. Says, for each that cannot be deleted, why; and how many were found.
///
/// # Errors
/// In words, when the resource types or an endpoint cannot be read.
pub async fn cleanup(
    transport: &dyn Transport,
    target: &Target,
    options: &Options,
) -> std::result::Result<(usize, Vec<String>), String> {
    let session = Session::new(transport, target, options);
    let service = Service::discover(&session).await;
    if service.kinds.is_empty() {
        return Err("the server's resource types cannot be read".to_owned());
    }
    let mut found = 0;
    for kind in &service.kinds {
        let Some(key) = kind.key() else { continue };
        let filter = encode(&format!("{} sw \"{NAME_PREFIX}\"", key.path()));
        let path = format!("{}?filter={filter}&count=100", kind.endpoint);
        let mut before: Vec<String> = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer = session.ask_quietly(Ask::new("GET", &path)).await?;
            if answer.status != 200 {
                return Err(format!("{path} was answered with {}", answer.status));
            }
            let ours = ours(kind, &answer);
            // What is found a second time could not be deleted.
            if ours.is_empty() || ours == before {
                break;
            }
            for path in &ours {
                session.remove(path).await;
            }
            found += ours.len();
            before = ours;
        }
    }
    Ok((found, session.left()))
}

/// The paths of what the suite has made: a server that ignores the filter gets nothing deleted that is not ours.
fn ours(kind: &Kind, answer: &Answer) -> Vec<String> {
    let is_ours = |resource: &&serde_json::Value| {
        let name = kind.key().and_then(|key| key.find(resource)).and_then(serde_json::Value::as_str);
        name.is_some_and(|name| name.to_ascii_lowercase().starts_with(NAME_PREFIX))
    };
    let ids = list(&answer.json).filter(is_ours).filter_map(|resource| resource.get("id")?.as_str());
    ids.map(|id| format!("{}/{id}", kind.endpoint)).collect()
}
