//! The first day, and coming back.

use crate::world::{World, manager};
use idp_simulator::{Company, Profile, Scenario, Step};
use scimstack_protocol::Notify;

#[tokio::test]
async fn behind_a_closed_gate_fifty_people_arrive_from_okta_without_a_mail_and_the_org_chart_is_complete() {
    let world = World::new().await;
    world.set_notify(Notify::Nobody).await;
    let mut okta = world.provider(Profile::OktaAppWizard);
    okta.test_connector().await.unwrap();
    assert_eq!(world.total("/Users").await, 0, "an import finds nobody");

    let mut scenario = Scenario::new(Company::with_people(4, 50), 4);
    scenario.perform(Step::Create, &mut okta, &mut |_| {}).await;
    let report = scenario.report();
    assert_eq!((report.created, report.failures.len()), (50, 0), "{report:?}");
    assert!(report.before_manager >= 12, "many arrive before the manager they name: {}", report.before_manager);
    assert_eq!(world.welcomes().await, 0);

    for place in 0..50 {
        let user = world.user(scenario.link(place).unwrap()).await;
        let above = scenario.company().manager(place).map(|above| scenario.link(above).unwrap().to_owned());
        assert_eq!(manager(&user), above, "{user}");
    }

    world.set_notify(Notify::Everyone).await;
    let mut other = Company::with_people(5, 10);
    other.change(3, |person| person.login = "joiner@acme.example".to_owned());
    let joiner = okta.assign(&other, &other.person(3).unwrap()).await.unwrap();
    assert_eq!(world.told_about(&joiner.id).await, ["notify.welcome"], "the gate is open");
}

#[tokio::test]
async fn whoever_comes_back_is_the_same_person_in_the_same_groups_and_is_not_welcomed_again() {
    let world = World::new().await;
    world.set_notify(Notify::Everyone).await;
    let okta = world.provider(Profile::OktaAppWizard);
    let company = Company::with_people(1, 10);
    let ids = crate::world::assign_all(&okta, &company, &(0..10).collect::<Vec<_>>()).await;
    let group = okta.push_group(crate::groups::group("Sales", &company, &ids, &[4, 5])).await.unwrap().id;
    let person = company.person(5).unwrap();
    world.engine.sign_in("acme", &person.login).await.unwrap();

    okta.deactivate(&company, &ids[5], &person).await.unwrap();
    assert!(world.engine.sign_in("acme", &person.login).await.is_err());
    assert_eq!(world.members(&group).await.len(), 2, "memberships wait for the person");

    // Okta has forgotten the link: the filter finds whoever is inactive.
    let requests = okta.requests();
    let back = okta.assign(&company, &person).await.unwrap();
    assert_eq!(okta.requests() - requests, 3, "look-up, GET, PUT");
    assert_eq!(back.id, ids[5]);
    assert_eq!(world.user(&ids[5]).await["active"], true);
    assert_eq!(world.members(&group).await.len(), 2);
    world.engine.sign_in("acme", &person.login).await.unwrap();
    let told = world.told_about(&ids[5]).await;
    assert_eq!(told.iter().filter(|kind| *kind == "notify.welcome").count(), 1, "{told:?}");
    assert_eq!(told.last().map(String::as_str), Some("directory.show"));
}
