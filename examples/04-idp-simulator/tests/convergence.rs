//! Every provider through a year on a network that fails: once the faults stop, provider and server agree on everyone.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use idp_simulator::{Company, Fault, Faults, ManagerBy, Mapping, Profile, Report, Scenario, Simulator};
use support::{BASE, server, transport};

/// How many people; a group is more than one PATCH of theirs.
const PEOPLE: usize = 150;

async fn year(profile: Profile, mapping: Mapping, rate: f64, seed: u64) -> (Report, Faults) {
    let (engine, token) = server().await;
    let faults = Faults::new(transport(engine), rate, seed);
    let mut simulator =
        Simulator::playing(profile, faults.clone(), BASE, &token).unwrap().with_mapping(mapping).with_rounds(25);
    let scenario = Scenario::new(Company::with_people(seed, PEOPLE), seed).with_faults(faults.clone());
    (scenario.run(&mut simulator, &mut |_| {}).await, faults)
}

/// A year with a fifth of all requests going wrong.
async fn converges(profile: Profile, mapping: Mapping) -> Report {
    let (report, faults) = year(profile, mapping, 0.2, 7).await;
    assert_eq!(report.failures, [""; 0], "{profile}: {report:?}");
    let counts = faults.counts();
    for fault in Fault::ALL {
        assert!(counts.get(&fault).is_some_and(|count| *count > 0), "{profile}: {counts:?}");
    }
    let agreement = &report.agreement;
    assert_eq!(agreement.people, PEOPLE - report.deleted);
    assert_eq!((report.users, report.reactivated, agreement.others), (agreement.people, 1, 0), "{profile}");
    let pushed = profile.manner().groups.pushed;
    assert_eq!(agreement.groups, if pushed { 8 } else { 0 }, "{profile}");
    assert_eq!(agreement.memberships, report.memberships);
    assert_eq!(report.deleted > 0, profile.deletes(), "{profile}");
    let managers = if mapping.manager() == ManagerBy::Nobody { 0 } else { agreement.people - 1 };
    assert_eq!(agreement.managers, managers, "{profile}");
    report
}

async fn converges_by_default(profile: Profile) -> Report {
    converges(profile, Mapping::of(profile)).await
}

#[tokio::test]
async fn oktas_wizard_and_the_server_agree_after_faults() {
    let report = converges_by_default(Profile::OktaAppWizard).await;
    assert!(report.setbacks.restarts > 0, "tasks an administrator tried again");
    assert!(report.traffic.statuses[&429] > 0 && report.setbacks.retries > 0);
}

#[tokio::test]
async fn oktas_catalogue_and_the_server_agree_after_faults() {
    converges_by_default(Profile::OktaCatalogue).await;
}

#[tokio::test]
async fn entra_and_the_server_agree_after_faults_and_escrow() {
    let report = converges_by_default(Profile::Entra).await;
    assert_eq!(report.setbacks.retries, 0, "nothing is repeated at once");
    assert!(report.setbacks.restarts > 0 && report.setbacks.seconds >= 6 * 3_600, "{:?}", report.setbacks);
}

#[tokio::test]
async fn entra_with_its_flag_and_the_server_agree_after_faults() {
    converges_by_default(Profile::EntraCompliant).await;
}

#[tokio::test]
async fn entra_with_managers_by_external_id_and_the_server_agree_after_faults() {
    converges(Profile::Entra, Mapping::of(Profile::Entra).with_manager(ManagerBy::ExternalId)).await;
}

#[tokio::test]
async fn onelogin_and_the_server_agree_after_faults() {
    converges_by_default(Profile::OneLogin).await;
}

#[tokio::test]
async fn jumpcloud_and_the_server_agree_after_faults_and_nothing_is_left_of_its_test() {
    converges_by_default(Profile::JumpCloud).await;
}

#[tokio::test]
async fn authentik_and_the_server_agree_after_faults() {
    converges_by_default(Profile::Authentik).await;
}

#[tokio::test]
async fn keycloak_and_the_server_agree_after_faults() {
    converges_by_default(Profile::Keycloak).await;
}

#[tokio::test]
async fn a_provider_that_is_never_tried_again_by_anybody_does_not_pass_for_agreement() {
    let (engine, token) = server().await;
    let faults = Faults::new(transport(engine), 0.2, 3).only(&[Fault::ServerError]);
    let mut simulator = Simulator::new(faults.clone(), BASE, &token).unwrap();
    let scenario = Scenario::new(Company::with_people(3, 40), 3).with_faults(faults);
    let report = scenario.run(&mut simulator, &mut |_| {}).await;
    assert!(report.failures.iter().any(|failure| failure.ends_with("out of order")), "{report:?}");
    assert!(!report.is_ok());
}
