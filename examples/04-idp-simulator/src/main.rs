//! `idp-simulator URL --token T`: provisions a company at a SCIM server as an identity provider would, with faults if wanted,
//! and says whether both agree at the end.

use clap::Parser;
use idp_simulator::{Company, Fault, Faults, ManagerBy, Mapping, Profile, Progress, Report, Scenario, Simulator, Step};
use scimstack_client::{Error, ReqwestTransport};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How often what failed is tried again while the network fails.
const ROUNDS: u32 = 25;

/// So many failures are shown; more are counted.
const SHOWN: usize = 20;

/// Plays an identity provider against a SCIM server.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The server's SCIM base URL
    url: String,
    /// A bearer token
    #[arg(long, env = "SCIM_TOKEN", hide_env_values = true)]
    token: String,
    /// okta-app-wizard, okta-catalogue, entra, entra-compliant, onelogin, jumpcloud, authentik or keycloak
    #[arg(long, default_value_t = Profile::OktaAppWizard)]
    profile: Profile,
    /// How many people the company has, at least 10
    #[arg(long, default_value_t = 60)]
    people: usize,
    /// Another seed makes another company, another order and other faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many requests go wrong: 5%, or 0.05
    #[arg(long, default_value = "0", value_parser = share)]
    faults: f64,
    /// How many conversations are held at the same time
    #[arg(long, default_value_t = 4)]
    concurrency: usize,
    /// Entra only: managers by `managerExternalId` of the Haystack extension, not by id
    #[arg(long)]
    manager_external_id: bool,
    /// Waits are skipped; of each, this many seconds are really waited, at most
    #[arg(long, default_value_t = 1)]
    longest_wait: u64,
}

/// A share of the whole.
fn share(text: &str) -> Result<f64, String> {
    let (number, whole) = match text.strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text, 1.0),
    };
    let share = number.trim().parse::<f64>().map_err(|error| error.to_string())? / whole;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("it has to be from 0% to 100%".to_owned()) }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match play(&arguments).await {
        Ok(report) if report.is_ok() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

async fn play(arguments: &Arguments) -> Result<Report, Error> {
    let faults = Faults::new(ReqwestTransport::new()?, arguments.faults, arguments.seed);
    let longest = arguments.longest_wait;
    let mut mapping = Mapping::of(arguments.profile);
    if arguments.manager_external_id && mapping.manager() == ManagerBy::Id {
        mapping = mapping.with_manager(ManagerBy::ExternalId);
    }
    let mut simulator = Simulator::playing(arguments.profile, faults.clone(), &arguments.url, &arguments.token)?
        .with_mapping(mapping)
        .with_concurrency(arguments.concurrency)
        .with_rounds(if arguments.faults > 0.0 { ROUNDS } else { 0 })
        .with_pause(move |seconds| tokio::time::sleep(Duration::from_secs(seconds.min(longest))));
    let company = Company::with_people(arguments.seed, arguments.people);
    let mut scenario = Scenario::new(company, arguments.seed).with_faults(faults.clone());
    println!("{}: {} people, seed {}", arguments.profile, scenario.company().len(), arguments.seed);
    let mut shown = 0;
    for step in Step::of(arguments.profile) {
        let begun = Instant::now();
        let mut things = 0;
        let mut progress = |progress: Progress| match progress {
            Progress::Begun(_, many) => things = many,
            Progress::Failed(why) => {
                shown += 1;
                if shown <= SHOWN {
                    println!("  failed: {why}");
                }
            }
            _ => {}
        };
        scenario.perform(step, &mut simulator, &mut progress).await;
        let took = begun.elapsed().as_secs_f64();
        println!("{:<40} {things:>8} in {took:.1} s, {:.0} a second", step.title(), things as f64 / took.max(1e-6));
        if step == Step::TestConnector && !scenario.report().is_ok() {
            break;
        }
    }
    let report = scenario.into_report();
    summary(&report, &faults);
    Ok(report)
}

fn summary(report: &Report, faults: &Faults) {
    let traffic = &report.traffic;
    let statuses: Vec<String> = traffic.statuses.iter().map(|(status, many)| format!("{many} × {status}")).collect();
    println!("requests   {}: {}; {} without an answer", traffic.requests, statuses.join(", "), traffic.lost);
    println!("answers    half within {:?}, 99 of 100 within {:?}", traffic.p50, traffic.p99);
    let counts = faults.counts();
    if !counts.is_empty() {
        let counts: Vec<String> =
            Fault::ALL.iter().filter_map(|fault| Some(format!("{} {}", counts.get(fault)?, fault.name()))).collect();
        println!("faults     {}", counts.join(", "));
    }
    let setbacks = &report.setbacks;
    println!(
        "got over   {} repeated after a wait, {} begun anew, {} times in quarantine; {:.1} hours by the provider's clock",
        setbacks.retries,
        setbacks.restarts,
        setbacks.quarantines,
        setbacks.seconds as f64 / 3_600.0
    );
    println!(
        "people     {}: {} created, {} linked, {} updated, {} deactivated, {} brought back, {} deleted",
        report.users,
        report.created,
        report.linked,
        report.updated,
        report.deactivated,
        report.reactivated,
        report.deleted
    );
    println!("groups     {} with {} memberships", report.groups, report.memberships);
    let agreement = &report.agreement;
    println!(
        "compared   {} people with {} attributes and {} managers, {} groups with {} memberships; {} others are there",
        agreement.people,
        agreement.attributes,
        agreement.managers,
        agreement.groups,
        agreement.memberships,
        agreement.others
    );
    match (report.failures.len(), agreement.differing) {
        (0, 0) => println!("agreement  yes"),
        (failures, differing) => println!("agreement  no: {failures} failures, of them {differing} differences"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_in_percent_or_not() {
        assert_eq!(share("5%"), Ok(0.05));
        assert_eq!(share("0.25"), Ok(0.25));
        assert!(share("101%").is_err() && share("-1").is_err() && share("some").is_err());
    }
}
