//! Either provisioning or an HRIS integration, never both.

use crate::world::{World, assign_all};
use idp_simulator::{Company, Profile};
use scimstack_server::admin::AdminError;

#[tokio::test]
async fn people_come_either_from_an_hris_integration_or_by_provisioning_and_going_back_loses_nobody() {
    let world = World::new().await;
    let (company, everyone) = (Company::with_people(1, 6), (0..6).collect::<Vec<_>>());
    let provider = world.provider(Profile::OktaAppWizard);
    assign_all(&provider, &company, &everyone).await;

    // While provisioning is on, the integration cannot be.
    let admin = world.admin();
    let set_hris = async |on: bool| {
        let mut settings = admin.tenant("acme").await.unwrap().policy;
        settings.hris = on;
        admin.set_tenant_policy(world.tenant, settings).await
    };
    let Err(AdminError::Invalid(why)) = set_hris(true).await else { panic!("both are on") };
    assert!(why.contains("\"default\""), "{why}");

    // And the other way round.
    world.set_policy(|policy| policy.enabled = false).await;
    set_hris(true).await.unwrap();
    let mut policy = admin.connection(world.tenant, "default").await.unwrap().policy;
    policy.enabled = true;
    assert!(matches!(admin.set_connection(world.tenant, policy).await, Err(AdminError::Invalid(_))));
    let (status, error) = world.ask("GET", "/Users?count=1", "").await;
    assert_eq!(status, 403);
    assert!(error["detail"].as_str().unwrap().contains("HRIS"), "{error}");

    set_hris(false).await.unwrap();
    world.set_policy(|policy| policy.enabled = true).await;
    assert_eq!(world.total("/Users").await, 6);
}
