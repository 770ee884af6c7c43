//! `idp-simulator --url BASE --token T`: provisions a sample company at a SCIM server, and says how the server did.

use clap::Parser;
use idp_simulator::{Company, Progress, Scenario, Simulator};
use scimstack_client::ReqwestTransport;
use std::process::ExitCode;

/// Plays Okta's app-integration wizard against a SCIM server.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The server's SCIM base URL, http only
    #[arg(long)]
    url: String,
    /// A bearer token
    #[arg(long, env = "SCIM_TOKEN", hide_env_values = true)]
    token: String,
    /// How many people the company has, at least 10
    #[arg(long, default_value_t = 60)]
    people: usize,
    /// Another seed makes another company
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let transport = ReqwestTransport::new();
    let simulator = transport.and_then(|transport| Simulator::new(transport, &arguments.url, &arguments.token));
    let simulator = match simulator {
        Ok(simulator) => simulator,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let company = Company::with_people(arguments.seed, arguments.people);
    let mut progress = |progress: Progress| match progress {
        Progress::Begun(step, things) => println!("{} ({things})", step.title()),
        Progress::Failed(why) => println!("  failed: {why}"),
        _ => {}
    };
    let report = Scenario::new(company, arguments.seed).run(&simulator, &mut progress).await;
    println!(
        "{} requests; {} people ({} created, {} linked), {} updated, {} deactivated, {} brought back; {} groups with {} \
         memberships; {} failures",
        report.requests,
        report.users,
        report.created,
        report.linked,
        report.updated,
        report.deactivated,
        report.reactivated,
        report.groups,
        report.memberships,
        report.failures.len()
    );
    if report.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
