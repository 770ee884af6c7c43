//! The whole year against the engine in memory; and against servers that do one thing wrong, each found.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use bytes::Bytes;
use http::{Method, Request, Response};
use idp_simulator::{Company, Profile, Progress, Report, Scenario, Simulator, Step};
use scimstack_client::BoxError;
use scimstack_provisioning::connector::Retry;
use scimstack_schema::Value;
use support::{BASE, answer, server, transport};

async fn run(simulator: &mut Simulator, people: usize) -> (Report, Vec<Progress>) {
    let mut seen = Vec::new();
    let report =
        Scenario::new(Company::with_people(1, people), 1).run(simulator, &mut |progress| seen.push(progress)).await;
    (report, seen)
}

#[tokio::test]
async fn a_year_goes_well() {
    let (engine, token) = server().await;
    let mut simulator = Simulator::new(transport(engine), BASE, &token).unwrap();
    let (report, seen) = run(&mut simulator, 60).await;
    assert_eq!(report.failures, [""; 0]);
    assert_eq!((report.users, report.created, report.linked), (60, 60, 0));
    assert_eq!((report.updated, report.deactivated, report.reactivated), (7, 3, 1));
    assert_eq!(report.groups, 8);
    let agreement = &report.agreement;
    assert_eq!((agreement.people, agreement.managers, agreement.groups, agreement.others), (60, 59, 8, 0));
    assert_eq!(agreement.memberships, report.memberships);
    assert!(report.before_manager > 10, "{}", report.before_manager);
    let begun = seen.iter().filter(|progress| matches!(progress, Progress::Begun(..))).count();
    assert_eq!(begun, Step::of(Profile::OktaAppWizard).len());
    let created = seen.iter().filter(|progress| **progress == Progress::Done(Step::Create)).count();
    assert_eq!(created, 60);

    // The same year again finds everyone.
    let (again, _) = run(&mut simulator, 60).await;
    assert_eq!((again.created, again.linked), (1, 59), "the renamed one is new to a provider that has forgotten");
}

/// Runs a year against a server that does `wrong` to what it is told, or to what it says.
async fn failures(
    wrong: impl Fn(Request<Bytes>) -> Option<Request<Bytes>> + Send + Sync + Clone + 'static,
) -> Vec<String> {
    failures_of(Profile::OktaAppWizard, 20_000, wrong).await
}

/// The same with another provider, and groups that are large from so many members on.
async fn failures_of(
    profile: Profile,
    large: usize,
    wrong: impl Fn(Request<Bytes>) -> Option<Request<Bytes>> + Send + Sync + Clone + 'static,
) -> Vec<String> {
    let (engine, token) = server().await;
    let transport = move |request: Request<Bytes>| {
        let (engine, wrong) = (engine.clone(), wrong.clone());
        async move {
            match wrong(request) {
                Some(request) => Ok(answer(&engine, request).await),
                None => Ok(Response::builder().status(500).body(Bytes::from(r#"{"detail":"out of order"}"#))?),
            }
        }
    };
    let mut simulator = Simulator::playing(profile, transport, BASE, &token).unwrap();
    let scenario = Scenario::new(Company::with_people(1, 12), 1).with_largest_group(large);
    scenario.run(&mut simulator, &mut |_| {}).await.failures
}

fn edit(request: Request<Bytes>, change: impl Fn(&mut Value)) -> Request<Bytes> {
    request.map(|body| match Value::parse(&body) {
        Ok(mut value) => {
            change(&mut value);
            value.to_bytes().into()
        }
        Err(_) => body,
    })
}

#[tokio::test]
async fn a_server_that_loses_an_attribute_is_found_out() {
    let failures = failures(|request| {
        Some(edit(request, |value| {
            if let Some(object) = value.as_object_mut() {
                object.remove("title");
            }
        }))
    })
    .await;
    assert_eq!(failures.len(), 12, "{failures:?}");
    assert!(failures.iter().all(|failure| failure.ends_with(": title is missing")), "{failures:?}");
}

#[tokio::test]
async fn a_server_that_loses_members_is_found_out() {
    let failures = failures(|request| {
        Some(edit(request, |value| {
            if let Some(Value::Array(members)) = value.as_object_mut().and_then(|object| object.get_mut("members")) {
                members.pop();
            }
        }))
    })
    .await;
    assert!(
        failures.iter().any(|failure| failure == "group Everyone: 1 members are missing, 0 too many"),
        "{failures:?}"
    );
}

#[tokio::test]
async fn a_large_group_is_compared_on_its_people() {
    assert_eq!(failures_of(Profile::OktaAppWizard, 3, Some).await, [""; 0]);
    let failures = failures_of(Profile::OktaAppWizard, 3, |request| {
        Some(edit(request, |value| {
            if let Some(Value::Array(members)) = value.as_object_mut().and_then(|object| object.get_mut("members")) {
                members.pop();
            }
        }))
    })
    .await;
    let found = |what: &str| failures.iter().any(|failure| failure == what);
    assert!(found("group Everyone: 1 members are missing, 0 too many"), "{failures:?}");
    assert!(failures.iter().all(|failure| failure.starts_with("group ")), "{failures:?}");
}

#[tokio::test]
async fn a_server_that_deletes_nobody_is_found_out() {
    let failures = failures_of(Profile::Entra, 20_000, |request| {
        let is_deletion = request.method() == Method::DELETE;
        let (mut parts, body) = request.into_parts();
        if is_deletion {
            // It answers 200 all the same.
            parts.method = Method::GET;
        }
        Some(Request::from_parts(parts, body))
    })
    .await;
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(failures[0].ends_with(" was deleted, and is there"), "{failures:?}");
}

#[tokio::test]
async fn a_manager_who_is_another_is_found_out() {
    let failures = failures_of(Profile::Entra, 20_000, |request| {
        Some(edit(request, |value| {
            let operations = value.as_object_mut().and_then(|object| object.get_mut("Operations"));
            let Some(Value::Array(operations)) = operations else { return };
            for operation in operations {
                let is_manager = operation.get("path").is_some_and(|path| path.to_string().contains(":manager"));
                if let (true, Some(operation)) = (is_manager, operation.as_object_mut()) {
                    operation.insert("value", "somebody-else");
                }
            }
        }))
    })
    .await;
    let wrong = failures.iter().filter(|failure| failure.ends_with("User.manager.value is not what was sent")).count();
    // One has been deleted, and one has no manager.
    assert_eq!((wrong, failures.len()), (10, 10), "{failures:?}");
}

#[tokio::test]
async fn what_is_there_twice_is_found_out() {
    let (engine, token) = server().await;
    let transport = move |request: Request<Bytes>| {
        let engine = engine.clone();
        async move {
            if request.method() == Method::POST {
                let (parts, body) = request.clone().into_parts();
                let again = edit(Request::from_parts(parts, body), |value| {
                    let object = value.as_object_mut().unwrap();
                    if let Some(Value::String(name)) = object.get_mut("userName") {
                        *name = format!("second-{name}").into();
                    }
                });
                answer(&engine, again).await;
            }
            Ok(answer(&engine, request).await)
        }
    };
    let mut simulator = Simulator::new(transport, BASE, &token).unwrap();
    let failures = run(&mut simulator, 12).await.0.failures;
    let people =
        failures.iter().filter(|failure| failure.contains("@acme.example is there a second time, as ")).count();
    let groups = failures.iter().filter(|failure| failure.starts_with("group ")).count();
    assert_eq!((people, groups, failures.len()), (12, 8, 20), "{failures:?}");
}

#[tokio::test]
async fn a_server_that_refuses_is_quoted() {
    let failures = failures(|request| (request.method() != Method::POST).then_some(request)).await;
    let refused = failures.iter().filter(|failure| failure.ends_with("POST /Users: out of order")).count();
    assert_eq!(refused, 12, "{failures:?}");
}

#[tokio::test]
async fn a_switch_that_is_off_is_reported_in_the_servers_words() {
    let (engine, token) = server().await;
    let admin = engine.admin().clone();
    let tenant = admin.tenant("acme").await.unwrap();
    let mut policy = admin.connection(tenant.id, "default").await.unwrap().policy;
    policy.push_groups = false;
    admin.set_connection(tenant.id, policy).await.unwrap();
    let mut simulator = Simulator::new(transport(engine), BASE, &token).unwrap();
    let (report, _) = run(&mut simulator, 12).await;
    assert_eq!((report.users, report.groups, report.failures.len()), (12, 0, 8));
    assert!(report.failures[0].starts_with("group Everyone: POST /Groups: Push Groups is switched off"), "{report:?}");
}

#[tokio::test]
async fn nothing_is_tried_with_a_token_that_does_not_work() {
    let (engine, _) = server().await;
    let mut simulator = Simulator::new(transport(engine), BASE, "wrong").unwrap();
    let (report, seen) = run(&mut simulator, 12).await;
    assert_eq!((report.requests, report.users), (1, 0));
    assert!(report.failures[0].contains("status 401"), "{report:?}");
    assert_eq!(seen.len(), 3);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_reported() {
    let transport = |_: Request<Bytes>| async { Err(BoxError::from("no route to host")) };
    let mut simulator = Simulator::new(transport, BASE, "t").unwrap().with_retry(Retry::default().with_attempts(1));
    let (report, _) = run(&mut simulator, 12).await;
    assert_eq!(report.failures, ["the server did not answer: no route to host"]);
}

#[tokio::test]
async fn requests_look_like_okta() {
    let transport = |request: Request<Bytes>| async move {
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("user-agent").unwrap(), "Okta SCIM Client 1.0.0");
        assert_eq!(header("accept").unwrap(), "application/scim+json");
        assert_eq!(header("accept-charset").unwrap(), "utf-8");
        assert_eq!(header("authorization").unwrap(), "Bearer t");
        let body = match (request.method(), request.uri().query()) {
            (&Method::GET, query) => {
                assert_eq!(header("content-type"), None);
                let filter = "filter=userName%20eq%20%22";
                assert!(query.unwrap().starts_with(filter) && query.unwrap().ends_with("%22&startIndex=1&count=100"));
                r#"{"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}"#
            }
            _ => {
                assert_eq!(header("content-type").unwrap(), "application/scim+json; charset=utf-8");
                let sent = Value::parse(request.body()).unwrap();
                assert_eq!(sent.get("groups").unwrap().to_string(), "[]");
                assert_eq!(sent.get("password").unwrap().as_str().unwrap().len(), 8);
                assert_eq!(sent.get("schemas").unwrap().as_array().unwrap().len(), 3);
                r#"{"id":"7"}"#
            }
        };
        Ok(Response::new(Bytes::from(body)))
    };
    let simulator = Simulator::new(transport, BASE, "t").unwrap();
    let company = Company::sample(1);
    let person = company.person(1).unwrap();
    assert_eq!(simulator.assign(&company, &person).await.unwrap().id, "7");
    assert_eq!(simulator.requests(), 2);
}

#[tokio::test]
async fn entra_is_quarantined_by_a_token_that_does_not_work_and_disabled_after_four_weeks() {
    let (engine, _) = server().await;
    let mut entra = Simulator::playing(Profile::Entra, transport(engine), BASE, "wrong").unwrap();
    let mut scenario = Scenario::new(Company::with_people(1, 12), 1);
    scenario.perform(Step::Create, &mut entra, &mut |_| {}).await;
    let report = scenario.report();
    assert_eq!((report.users, report.failures.len()), (0, 12), "{report:?}");
    let disabled = report.failures.iter().filter(|why| why.contains("disabled after four weeks")).count();
    assert!(disabled > 0, "{:?}", report.failures);
    let weeks = report.setbacks.seconds / (7 * 24 * 3_600);
    assert_eq!((report.setbacks.quarantines, weeks), (1, 4), "{:?}", report.setbacks);
    assert!(report.requests < 60, "once a day, not without end: {}", report.requests);
}

#[tokio::test]
async fn requests_look_like_entra() {
    let transport = |request: Request<Bytes>| async move {
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("user-agent").unwrap(), "Microsoft Azure AD SCIM provisioning 1.0.0");
        let body = match (request.method(), request.uri().query().unwrap_or_default()) {
            (&Method::GET, query) => {
                assert!(query.starts_with("filter=userName+eq+%22"), "{query}");
                assert!(query.ends_with("%22&aadOptscim062020"), "{query}");
                r#"{"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}"#
            }
            (_, query) => {
                assert_eq!(query, "aadOptscim062020");
                assert_eq!(header("content-type").unwrap(), "application/scim+json; charset=utf-8");
                let sent = Value::parse(request.body()).unwrap();
                assert_eq!(sent.get("schemas").unwrap().as_array().unwrap().len(), 2, "no schema of one's own");
                assert_eq!(sent.get("meta").unwrap().to_string(), r#"{"resourceType":"User"}"#);
                r#"{"id":"7"}"#
            }
        };
        Ok(Response::new(Bytes::from(body)))
    };
    let entra = Simulator::playing(Profile::EntraCompliant, transport, BASE, "t").unwrap();
    let company = Company::sample(1);
    assert_eq!(entra.assign(&company, &company.person(1).unwrap()).await.unwrap().id, "7");
}

#[tokio::test]
async fn who_sends_no_known_agent_sends_none() {
    let transport = |request: Request<Bytes>| async move {
        assert!(request.headers().get("user-agent").is_none());
        assert_eq!(request.headers()["accept"], "application/json");
        Ok(Response::builder().status(404).body(Bytes::new())?)
    };
    let onelogin = Simulator::playing(Profile::OneLogin, transport, BASE, "t").unwrap();
    let company = Company::sample(1);
    let failure = onelogin.assign(&company, &company.person(1).unwrap()).await.unwrap_err();
    assert_eq!(failure.status, Some(404), "of the POST: a look-up answered with 404 found nobody");
}
