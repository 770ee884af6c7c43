//! Microsoft Entra ID: managers both ways, and errors that quarantine nobody.

use crate::groups::{group, member};
use crate::world::{ENTERPRISE, HAYSTACK, World, assign_all, manager};
use idp_simulator::{Company, ManagerBy, Mapping, Profile, Scenario, Step};
use scimstack_provisioning::connector::GroupChange;

#[tokio::test]
async fn entra_names_managers_by_external_id_or_by_id_and_either_way_the_org_chart_is_complete() {
    for by in [ManagerBy::ExternalId, ManagerBy::Id] {
        let world = World::new().await;
        let mapping = Mapping::of(Profile::Entra).with_manager(by);
        let mut entra = world.provider(Profile::Entra).with_mapping(mapping);
        let mut scenario = Scenario::new(Company::with_people(6, 25), 6);
        for step in [Step::TestConnector, Step::Create, Step::Update, Step::Verify] {
            scenario.perform(step, &mut entra, &mut |_| {}).await;
        }
        let report = scenario.report();
        assert_eq!(report.failures, [""; 0]);
        assert!(report.before_manager > 0);
        let mut named = 0;
        for place in 1..25 {
            let user = world.user(scenario.link(place).unwrap()).await;
            let above = scenario.company().manager(place).unwrap();
            let boss = world.user(scenario.link(above).unwrap()).await;
            match by {
                ManagerBy::ExternalId => {
                    assert_eq!(user[HAYSTACK]["managerExternalId"], boss["externalId"]);
                    assert!(user[ENTERPRISE].get("manager").is_none(), "the default mapping is removed: {user}");
                }
                _ => {
                    assert_eq!(user[ENTERPRISE]["manager"]["value"], boss["id"]);
                    assert_eq!(manager(&user).as_deref(), boss["id"].as_str());
                }
            }
            named += 1;
        }
        assert_eq!(named, 24);
        if by == ManagerBy::ExternalId {
            // The references have people at their ends: a boss who leaves has reports to be flagged.
            let boss = scenario.company().manager(24).unwrap();
            let person = scenario.company().person(boss).unwrap();
            let id = scenario.link(boss).unwrap();
            entra.deactivate(scenario.company(), id, &person).await.unwrap();
            let told = world.told_about(id).await;
            assert!(told.contains(&"reports.flag".to_owned()), "{told:?}");
        }
    }
}

#[tokio::test]
async fn what_entra_asks_in_vain_does_not_quarantine_it() {
    let world = World::new().await;
    let mut entra = world.provider(Profile::Entra);
    entra.test_connector().await.unwrap();
    let company = Company::with_people(6, 10);
    let person = company.person(2).unwrap();
    // Gone at the server: looked for again, and made anew.
    let made = entra.update(&company, "01234567-89ab-7def-8123-456789abcdef", &person).await.unwrap();
    // Deleted twice: done.
    entra.delete(&made.id).await.unwrap();
    entra.delete(&made.id).await.unwrap();
    // A manager who is not there: kept as sent, and no error.
    let id = entra.assign(&company, &person).await.unwrap().id;
    assert_ne!(id, made.id, "a deleted person is not brought back");
    entra.refer(&id, "XYMKVVRYDIOO").await.unwrap();
    assert_eq!(world.user(&id).await[ENTERPRISE]["manager"]["value"], "XYMKVVRYDIOO");
    assert_eq!((entra.setbacks().quarantines, entra.setbacks().restarts), (0, 0));
    let statuses: Vec<u16> = entra.traffic().statuses.into_keys().collect();
    assert_eq!(statuses, [200, 201, 204, 404]);
}

#[tokio::test]
async fn a_connection_that_is_switched_off_quarantines_entra_and_switched_on_again_it_recovers() {
    let world = World::new().await;
    world.set_policy(|policy| policy.enabled = false).await;
    let entra = world.provider(Profile::Entra);
    let company = Company::with_people(6, 10);
    let person = company.person(2).unwrap();
    let admin = world.admin().clone();
    let tenant = world.tenant;
    let first = entra.clone().with_pause(move |_| {
        let admin = admin.clone();
        async move {
            let mut policy = admin.connection(tenant, "default").await.unwrap().policy;
            policy.enabled = true;
            admin.set_connection(tenant, policy).await.unwrap();
        }
    });
    first.assign(&company, &person).await.unwrap();
    assert_eq!((first.setbacks().quarantines, first.setbacks().restarts), (1, 1));
    assert!(first.setbacks().seconds >= 6 * 3_600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_requests_about_one_group_at_the_same_time_lose_nobody() {
    let world = World::new().await;
    let entra = world.provider(Profile::Entra);
    let company = Company::with_people(6, 40);
    let ids = assign_all(&entra, &company, &(0..40).collect::<Vec<_>>()).await;
    let group = entra.push_group(group("Everyone", &company, &ids, &[0])).await.unwrap().id;
    // In each round five requests bring in seven people each; in the next one, five take out three of them.
    let places = |request: usize| 1 + request * 7..8 + request * 7;
    for round in 0..2 {
        let mut running = tokio::task::JoinSet::new();
        for request in 0..5 {
            let members = places(request).map(|place| member(&company, &ids, place));
            let mut change = GroupChange::default();
            match round {
                0 => change.add = members.collect(),
                _ => change.remove = members.take(3).collect(),
            }
            let (entra, group) = (entra.clone(), group.clone());
            running.spawn(async move { entra.change_group(&group, change).await });
        }
        while let Some(done) = running.join_next().await {
            done.unwrap().unwrap();
        }
        assert_eq!(world.members(&group).await.len(), if round == 0 { 36 } else { 21 });
    }
    let mut left: Vec<String> =
        (0..5).flat_map(|request| places(request).skip(3)).map(|place| ids[place].clone()).collect();
    left.push(ids[0].clone());
    left.sort();
    assert_eq!(world.members(&group).await, left);
    assert_eq!(entra.setbacks().restarts, 0, "none had to be tried again");
}
