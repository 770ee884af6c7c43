//! The last day: signed out, hidden, and the reports flagged.

use crate::world::{World, assign_all, manager};
use idp_simulator::{Company, Profile};

#[tokio::test]
async fn a_leaver_cannot_sign_in_is_hidden_and_the_reports_are_flagged() {
    let world = World::new().await;
    let okta = world.provider(Profile::OktaAppWizard);
    let company = Company::with_people(3, 20);
    let ids = assign_all(&okta, &company, &(0..20).collect::<Vec<_>>()).await;
    let boss = 1;
    let reports: Vec<usize> = (0..20).filter(|place| company.manager(*place) == Some(boss)).collect();
    assert!(!reports.is_empty());
    let person = company.person(boss).unwrap();
    world.engine.sign_in("acme", &person.login).await.unwrap();

    let requests = okta.requests();
    okta.deactivate(&company, &ids[boss], &person).await.unwrap();
    assert_eq!(okta.requests() - requests, 2, "GET and PUT");
    assert_eq!(world.user(&ids[boss]).await["active"], false, "still to be read");
    assert!(world.engine.sign_in("acme", &person.login).await.is_err());
    assert_eq!(world.told_about(&ids[boss]).await, ["sessions.revoke", "directory.hide", "reports.flag"]);
    for report in reports {
        let shown = world.user(&ids[report]).await;
        assert_eq!(manager(&shown).as_deref(), Some(ids[boss].as_str()), "the link stays");
    }

    okta.deactivate(&company, &ids[boss], &person).await.unwrap();
    assert_eq!(world.told_about(&ids[boss]).await.len(), 3, "nobody leaves twice");
}
