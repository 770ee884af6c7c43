//! Everyone is to leave at once, by mistake.

use crate::world::{World, assign_all};
use idp_simulator::{Company, Profile};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[tokio::test]
async fn when_everyone_is_to_leave_the_provider_is_held_until_an_administrator_lets_it_go_on() {
    // Okta waits as long as it is told, then twice as long; Entra comes back after six hours and after twelve.
    for (profile, seconds) in [(Profile::OktaAppWizard, 900), (Profile::Entra, 18 * 3_600)] {
        let world = World::new().await;
        world
            .set_policy(|policy| {
                policy.max_deactivations = 3;
                policy.deactivation_window = 7 * 24 * 3_600;
            })
            .await;
        let company = Company::with_people(1, 12);
        let ids = assign_all(&world.provider(profile), &company, &(0..12).collect::<Vec<_>>()).await;
        // The administrator looks when the provider has waited twice.
        let (admin, tenant) = (world.admin().clone(), world.tenant);
        let waits = Arc::new(AtomicU32::new(0));
        let (waited, clock) = (waits.clone(), world.clock.clone());
        let provider = world.provider(profile).with_pause(move |seconds| {
            clock.pass_seconds(seconds);
            let (admin, turn) = (admin.clone(), waited.fetch_add(1, Ordering::SeqCst));
            async move {
                if turn == 1 {
                    let holds = admin.holds(Some(tenant)).await.unwrap();
                    assert_eq!(holds.len(), 1);
                    admin.release_hold(&holds[0].id).await.unwrap();
                }
            }
        });
        for (place, id) in ids.iter().enumerate().take(6) {
            provider.deactivate(&company, id, &company.person(place).unwrap()).await.unwrap();
        }
        assert_eq!(waits.load(Ordering::SeqCst), 2, "{profile}: the fourth waited, and was held once more");
        assert_eq!(provider.setbacks().seconds, seconds, "{profile}");
        assert_eq!(provider.setbacks().quarantines, 0, "{profile}: 429 is no reason for it");
        for (place, id) in ids.iter().enumerate() {
            assert_eq!(world.user(id).await["active"], place >= 6, "{profile}: {place}");
        }
        assert!(world.admin().holds(Some(world.tenant)).await.unwrap().is_empty());
    }
}
