//! `demo`: the server with a sample company, provisioned over HTTP by a simulated provider while one watches. What is on the
//! terminal is in `terminal`, what is counted at the end in `figures`; the provider itself is `idp_simulator`.

mod figures;
mod terminal;

use crate::cli::DemoArgs;
use crate::commands::print;
use crate::commands::serve::{log_to_stderr, stop_signal};
use crate::database::Database;
use crate::error::{Error, chain};
use crate::key_source::Networks;
use crate::serve::{Config, FIRST_TENANT, Running, start};
use crate::state::scim_base_url;
use figures::Figures;
use idp_simulator::{Company, ManagerBy, Mapping, Profile, Report, Scenario, Simulator, Step};
use scimstack_client::ReqwestTransport;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Instant;
use tempfile::TempDir;
use terminal::Terminal;

/// The company is the same every time.
const SEED: u64 = 1;

/// Every so many people sign in, so that there are active and unclaimed ones.
const SIGN_IN_EVERY: usize = 3;

/// Runs the demo: 0, or 1 when anything failed.
///
/// # Errors
/// A database that cannot be opened, an address that cannot be listened on, and the like.
pub async fn run(args: DemoArgs) -> Result<ExitCode, Error> {
    // A line for each of some five hundred requests would hide the demo; who wants them asks for them.
    if std::env::var_os("RUST_LOG").is_some() {
        log_to_stderr();
    }
    let (database, temporary) = database(args.database)?;
    let retention_days = crate::retention::DAYS;
    let issuers = Networks::Public;
    let config = Config { listen: args.listen, database, public_url: None, retention_days, metrics: None, issuers };
    let running = start(config).await?;
    print(&format!("listening on http://{}", running.local_addr));
    let show = async {
        let failures = show(&running, temporary.is_some(), args.profile).await?;
        if !args.once {
            print(match &temporary {
                Some(_) => "Ctrl-C ends the demo and removes its database.",
                None => "Ctrl-C ends the demo; its database is kept.",
            });
            std::future::pending::<()>().await;
        }
        Ok::<_, Error>(failures)
    };
    // Whoever ends it early has not seen it fail.
    let failures = tokio::select! {
        failures = Box::pin(show) => failures?,
        stopped = stop_signal() => stopped.map(|()| 0)?,
    };
    running.stop().await?;
    if let Some(directory) = temporary {
        directory.close()?;
    }
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The database named, or a new one in a directory that goes away with the demo.
fn database(named: Option<Database>) -> Result<(Database, Option<TempDir>), Error> {
    match named {
        Some(database) => Ok((database, None)),
        None => {
            let directory = tempfile::Builder::new().prefix("haystack-demo-").tempdir()?;
            Ok((Database::File(directory.path().join("haystack.db")), Some(directory)))
        }
    }
}

/// Provisions the company unless it is there, and says how that went and where to look; the number of failures comes back.
async fn show(running: &Running, is_new: bool, profile: Profile) -> Result<usize, Error> {
    let tenant = running.state.admin.tenant(FIRST_TENANT).await?.id;
    let token = match &running.first_start {
        Some(first) => first.token.clone(),
        None => running.state.admin.create_token(tenant, "default", "demo", None).await?.1.reveal().to_owned(),
    };
    let mut failures = Vec::new();
    if is_new || Figures::read(running, tenant).await?.people() == 0 {
        let begun = Instant::now();
        let report = provision(running, &token, profile).await?;
        terminal::provisioned(profile, &report, begun.elapsed());
        failures.extend(report.failures);
    } else {
        print("the company is there already; another --database shows how it comes");
    }
    let figures = Figures::read(running, tenant).await?;
    failures.extend(figures.failures());
    terminal::summary(&figures);
    for failure in &failures {
        print(&format!("failed: {failure}"));
    }
    terminal::where_to_look(running, &token);
    Ok(failures.len())
}

/// The simulated year; in it, some people sign in as soon as they can.
async fn provision(running: &Running, token: &str, profile: Profile) -> Result<Report, Error> {
    let base = scim_base_url(&format!("http://{}", reachable(running.local_addr)), FIRST_TENANT);
    let simulator = ReqwestTransport::new().and_then(|transport| Simulator::playing(profile, transport, &base, token));
    let mut mapping = Mapping::of(profile);
    if mapping.manager() == ManagerBy::Id {
        // As the guide for this server has it.
        mapping = mapping.with_manager(ManagerBy::ExternalId);
    }
    let mut simulator = simulator.map_err(|error| Error::new(chain(&error)))?.with_mapping(mapping);
    let mut scenario = Scenario::new(Company::sample(SEED), SEED);
    let steps = Step::of(profile);
    let mut terminal = Terminal::new(&steps);
    let mut refused = Vec::new();
    for step in steps {
        scenario.perform(step, &mut simulator, &mut |progress| terminal.show(progress)).await;
        if step == Step::TestConnector && !scenario.report().is_ok() {
            break;
        }
        if step == Step::Create {
            for person in scenario.company().people().step_by(SIGN_IN_EVERY) {
                if let Err(error) = running.state.engine.sign_in(FIRST_TENANT, &person.login).await {
                    refused.push(format!("{} cannot sign in: {}", person.login, chain(&error)));
                }
            }
        }
    }
    let mut report = scenario.into_report();
    report.failures.extend(refused);
    Ok(report)
}

/// Where this process reaches itself, also when it listens on every address.
fn reachable(listening: SocketAddr) -> SocketAddr {
    match listening.ip() {
        ip if ip.is_unspecified() => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), listening.port()),
        _ => listening,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_every_address_is_reached_on_this_machine() {
        for (listening, reached) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "127.0.0.1:80"),
            ("10.0.0.1:80", "10.0.0.1:80"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(reachable(listening.parse().unwrap()).to_string(), reached);
        }
    }

    #[test]
    fn a_database_of_its_own_goes_away() {
        let (database, directory) = database(None).unwrap();
        let path = directory.as_ref().unwrap().path().to_owned();
        assert_eq!(database, Database::File(path.join("haystack.db")));
        assert!(path.is_dir());
        drop(directory);
        assert!(!path.exists());
    }
}
