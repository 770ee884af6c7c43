//! Too much at once: rates, tokens that change, and people who would all leave.

use crate::world::{BASE, World, assign_all};
use bytes::Bytes;
use http::{Request, Response};
use idp_simulator::{Company, Profile, Scenario, Simulator, Step};
use scimstack_client::Transport;
use scimstack_protocol::{Change, Decide, Decision, Facts, FactsWanted};
use scimstack_provisioning::directory::Lifecycle;
use scimstack_server::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

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
        let world = World::with(Lifecycle, limits).await;
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

/// The lifecycle, which lets so many people leave and no more until an administrator has said so.
struct Guarded {
    leave: AtomicU32,
    released: Arc<AtomicBool>,
}

impl Decide for Guarded {
    fn wants(&self, change: &Change<'_>) -> FactsWanted {
        Lifecycle.wants(change)
    }

    fn decide(&self, change: &Change<'_>, facts: &Facts<'_>) -> Decision {
        let leaves = match change {
            Change::Update { after } => after.root().get("active").and_then(|active| active.as_bool()) == Some(false),
            _ => false,
        };
        let goes = || self.leave.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if leaves && !self.released.load(Ordering::SeqCst) && !goes() {
            return Decision::Hold { retry_after: 300, reason: "Too many people would leave.".to_owned() };
        }
        Lifecycle.decide(change, facts)
    }
}

#[tokio::test]
async fn when_everyone_is_to_leave_okta_is_held_until_an_administrator_lets_it_go_on() {
    let released = Arc::new(AtomicBool::new(false));
    let guard = Guarded { leave: AtomicU32::new(3), released: released.clone() };
    let world = World::with(guard, Limits::default()).await;
    let company = Company::with_people(1, 12);
    let ids = assign_all(&world.provider(Profile::OktaAppWizard), &company, &(0..12).collect::<Vec<_>>()).await;
    // The administrator looks when the provider has waited twice.
    let (admin, tenant) = (world.admin().clone(), world.tenant);
    let waits = Arc::new(AtomicU32::new(0));
    let waited = waits.clone();
    let okta = world.provider(Profile::OktaAppWizard).with_pause(move |_| {
        let (admin, released, turn) = (admin.clone(), released.clone(), waited.fetch_add(1, Ordering::SeqCst));
        async move {
            if turn == 1 {
                let holds = admin.holds(Some(tenant)).await.unwrap();
                assert_eq!((holds.len(), holds[0].reason.as_str()), (1, "Too many people would leave."));
                admin.release_hold(&holds[0].id).await.unwrap();
                released.store(true, Ordering::SeqCst);
            }
        }
    });
    for (place, id) in ids.iter().enumerate().take(6) {
        okta.deactivate(&company, id, &company.person(place).unwrap()).await.unwrap();
    }
    assert_eq!(waits.load(Ordering::SeqCst), 2, "the fourth waited, and was held once more");
    assert_eq!(okta.setbacks().seconds, 900, "300 seconds, then twice as long: {:?}", okta.setbacks());
    for (place, id) in ids.iter().enumerate() {
        assert_eq!(world.user(id).await["active"], place >= 6, "{place}");
    }
    assert_eq!(okta.setbacks().restarts, 0, "429 is waited for, and is no task");
    assert!(world.admin().holds(Some(world.tenant)).await.unwrap().is_empty());
}
