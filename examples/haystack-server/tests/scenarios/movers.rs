//! Another department, another manager, another name.

use crate::world::{ENTERPRISE, World, assign_all, manager};
use idp_simulator::{Company, Profile};

#[tokio::test]
async fn a_mover_has_another_department_and_manager_and_the_log_names_what_changed_and_no_values() {
    let world = World::new().await;
    let okta = world.provider(Profile::OktaAppWizard);
    let mut company = Company::with_people(1, 30);
    let ids = assign_all(&okta, &company, &(0..30).collect::<Vec<_>>()).await;
    let mover = *company.without_reports().last().unwrap();
    let group = okta.push_group(crate::groups::group("People Team", &company, &ids, &[mover])).await.unwrap().id;
    let before = world.user(&ids[mover]).await;

    company.move_to(mover, 1);
    let person = company.person(mover).unwrap();
    assert_ne!(before[ENTERPRISE]["department"], person.department.as_str());
    okta.update(&company, &ids[mover], &person).await.unwrap();
    let after = world.user(&ids[mover]).await;
    assert_eq!(after[ENTERPRISE]["department"], person.department.as_str());
    assert_eq!(manager(&after).as_deref(), Some(ids[1].as_str()));

    let entry = world.log().await.pop().unwrap();
    assert_eq!((&entry["method"], &entry["resourceId"]), (&"PUT".into(), &ids[mover].as_str().into()));
    let changed: Vec<&str> = entry["changed"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(changed.iter().any(|name| name.ends_with("department")), "{changed:?}");
    assert!(changed.iter().any(|name| name.contains("manager")), "{changed:?}");
    assert_eq!(changed.len(), 2, "{changed:?}");
    let text = entry.to_string();
    let boss = company.person(1).unwrap().login;
    assert!(!text.contains(&person.department) && !text.contains(&boss), "{text}");

    let renamed = crate::groups::group("People & Culture", &company, &ids, &[mover]);
    okta.update_group(&group, renamed).await.unwrap();
    let (_, shown) = world.ask("GET", &format!("/Groups/{group}"), "").await;
    assert_eq!(shown["displayName"], "People & Culture");
    assert_eq!(world.members(&group).await, [ids[mover].clone()]);

    // The same once more is no change, and no entry.
    let entries = world.log().await.len();
    okta.update(&company, &ids[mover], &person).await.unwrap();
    assert_eq!(world.log().await.len(), entries);
}

#[tokio::test]
async fn a_manager_who_gets_another_login_keeps_the_reports_that_name_the_old_one() {
    let world = World::new().await;
    let okta = world.provider(Profile::OktaAppWizard);
    let mut company = Company::with_people(2, 20);
    let ids = assign_all(&okta, &company, &(0..19).collect::<Vec<_>>()).await;
    let report = (2..19).find(|place| company.manager(*place) == Some(1)).unwrap();
    let old = company.person(1).unwrap().login;

    company.change(1, |person| person.login = "renamed@acme.example".to_owned());
    okta.update(&company, &ids[1], &company.person(1).unwrap()).await.unwrap();
    assert_eq!(world.user(&ids[1]).await["userName"], "renamed@acme.example");
    let shown = world.user(&ids[report]).await;
    assert_eq!(shown[ENTERPRISE]["manager"]["value"], old.as_str(), "what was sent is shown as it was sent");
    assert_eq!(manager(&shown).as_deref(), Some(ids[1].as_str()));

    // Whoever arrives with the old login still finds the manager.
    company.change(19, |person| {
        person.manager = Some(1);
        person.manager_login = Some(old.clone());
    });
    let late = okta.assign(&company, &company.person(19).unwrap()).await.unwrap().id;
    assert_eq!(manager(&world.user(&late).await).as_deref(), Some(ids[1].as_str()));

    // One day Okta sends the new one.
    company.change(report, |person| person.manager_login = Some("renamed@acme.example".to_owned()));
    okta.update(&company, &ids[report], &company.person(report).unwrap()).await.unwrap();
    let shown = world.user(&ids[report]).await;
    assert_eq!(shown[ENTERPRISE]["manager"]["value"], "renamed@acme.example");
    assert_eq!(manager(&shown).as_deref(), Some(ids[1].as_str()));
}
