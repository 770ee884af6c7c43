//! Too much at once: rates, and tokens that change.

use crate::world::{BASE, World, assign_all};
use bytes::Bytes;
use http::{Request, Response};
use idp_simulator::{Company, Profile, Scenario, Simulator, Step};
use scimstack_client::Transport;
use scimstack_server::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Answers the first request with 429 and a time to come back.
fn busy_once(inner: impl Transport + 'static) -> impl Transport + 'static {
    let (inner, asked): (Arc<dyn Transport>, _) = (Arc::new(inner), Arc::new(AtomicU32::new(0)));
    move |request: Request<Bytes>| {
        let (inner, asked) = (inner.clone(), asked.clone());
        async move {
            match asked.fetch_add(1, Ordering::SeqCst) {
                0 => Ok(Response::builder().status(429).header("retry-after", "120").body(Bytes::new())?),
                _ => inner.send(request).await,
            }
        }
    }
}

#[tokio::test]
async fn okta_waits_as_long_as_it_is_told_and_entra_as_long_as_it_likes() {
    for (profile, seconds) in [(Profile::OktaAppWizard, 120), (Profile::Entra, 6 * 3_600)] {
        let world = World::new().await;
        let provider = Simulator::playing(profile, busy_once(world.transport()), BASE, &world.token).unwrap();
        let company = Company::with_people(1, 10);
        provider.assign(&company, &company.person(1).unwrap()).await.unwrap();
        assert_eq!(provider.setbacks().seconds, seconds, "{profile}");
    }
}

#[tokio::test]
async fn a_workspace_with_a_rate_limit_gets_everyone_from_okta_and_from_entra() {
    for profile in [Profile::OktaAppWizard, Profile::Entra] {
        let mut limits = Limits::default();
        limits.tenant_rate = Some(2);
        let world = World::with(limits).await;
        let mut provider = world.provider(profile);
        let mut scenario = Scenario::new(Company::with_people(1, 30), 1);
        scenario.perform(Step::Create, &mut provider, &mut |_| {}).await;
        let report = scenario.report();
        assert_eq!((report.users, report.failures.len()), (30, 0), "{profile}: {report:?}");
        assert!(report.traffic.statuses[&429] > 0, "{profile}: {report:?}");
        let (retries, restarts) = (report.setbacks.retries, report.setbacks.restarts);
        match profile {
            Profile::Entra => assert!(retries == 0 && restarts > 0, "{report:?}"),
            _ => assert!(retries > 0 && restarts == 0, "no task for a person: {report:?}"),
        }
        assert_eq!(report.setbacks.quarantines, 0);
    }
}

#[tokio::test]
async fn a_token_is_rotated_while_both_work_and_nothing_is_refused() {
    let world = World::new().await;
    let company = Company::with_people(1, 12);
    let old = world.provider(Profile::Entra);
    let mut ids = assign_all(&old, &company, &[0, 1, 2, 3]).await;
    let tokens = world.admin().tokens(Some(world.tenant)).await.unwrap();
    let (_, secret) = world.admin().create_token(world.tenant, "default", "new", None).await.unwrap();
    let new = Simulator::playing(Profile::Entra, world.transport(), BASE, secret.reveal()).unwrap();
    for (place, id) in ids.iter_mut().enumerate().take(8).skip(4) {
        let provider = if place % 2 == 0 { &old } else { &new };
        *id = provider.assign(&company, &company.person(place).unwrap()).await.unwrap().id;
    }
    world.admin().revoke_token(&tokens[0].id).await.unwrap();
    for (place, id) in ids.iter().enumerate().take(8) {
        new.update(&company, id, &company.person(place).unwrap()).await.unwrap();
    }
    for provider in [&old, &new] {
        assert_eq!(provider.setbacks().quarantines, 0);
        assert!(!provider.traffic().statuses.contains_key(&401), "{:?}", provider.traffic());
    }
    let (status, error) = world.ask("GET", "/Users?count=1", "").await;
    assert_eq!(status, 401, "the old one opens nothing any more: {error}");
    assert!(error["detail"].as_str().is_some());
}
