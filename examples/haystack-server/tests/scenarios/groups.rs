//! Groups that are pushed: linked by name, filled, changed, unlinked, deleted.

use crate::world::{World, assign_all};
use idp_simulator::{Company, Profile};
use scimstack_provisioning::connector::{DesiredGroup, GroupChange, Member, Synchronized};

pub(crate) fn member(company: &Company, ids: &[String], place: usize) -> Member {
    Member { value: ids[place].clone(), display: company.person(place).unwrap().display_name() }
}

/// A group with these people in it.
pub(crate) fn group(name: &str, company: &Company, ids: &[String], places: &[usize]) -> DesiredGroup {
    DesiredGroup::new(name, places.iter().map(|place| member(company, ids, *place)).collect())
}

fn sorted(ids: &[String], places: &[usize]) -> Vec<String> {
    let mut out: Vec<String> = places.iter().map(|place| ids[*place].clone()).collect();
    out.sort();
    out
}

#[tokio::test]
async fn a_pushed_group_is_linked_filled_changed_unlinked_and_deleted() {
    let world = World::new().await;
    let okta = world.provider(Profile::OktaAppWizard);
    let company = Company::with_people(1, 12);
    let mut ids = assign_all(&okta, &company, &(0..10).collect::<Vec<_>>()).await;

    // A page of the department is there already, and is found by its name.
    let body = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Marketing"}"#;
    let (status, there) = world.ask("POST", "/Groups", body).await;
    assert_eq!(status, 201, "{there}");
    let linked = okta.push_group(group("Marketing", &company, &ids, &[1, 2])).await.unwrap();
    assert_eq!((linked.id.as_str(), linked.deed), (there["id"].as_str().unwrap(), Synchronized::Updated));
    assert_eq!(world.members(&linked.id).await, sorted(&ids, &[1, 2]));

    let made = okta.push_group(group("Sales", &company, &ids, &[3, 4])).await.unwrap();
    assert_eq!(made.deed, Synchronized::Created);
    assert_eq!(world.total("/Groups").await, 2);

    // Someone who is not there yet, by login: the membership waits.
    let late = company.person(10).unwrap();
    let mut waits = group("Sales", &company, &ids, &[3, 4]);
    waits.members.push(Member { value: late.login.clone(), display: late.display_name() });
    okta.update_group(&made.id, waits).await.unwrap();
    ids[10] = okta.assign(&company, &late).await.unwrap().id;
    let (_, shown) = world.ask("GET", &format!("/Users/{}", ids[10]), "").await;
    let groups: Vec<&str> =
        shown["groups"].as_array().unwrap().iter().map(|group| group["value"].as_str().unwrap()).collect();
    assert_eq!(groups, [made.id.as_str()]);

    // Whole, and the catalogue's client by differences.
    okta.update_group(&made.id, group("Sales", &company, &ids, &[3, 4, 5])).await.unwrap();
    assert_eq!(world.members(&made.id).await, sorted(&ids, &[3, 4, 5]));
    let catalogue = world.provider(Profile::OktaCatalogue);
    let change = GroupChange {
        display_name: None,
        add: vec![member(&company, &ids, 6), member(&company, &ids, 5)],
        remove: vec![member(&company, &ids, 3)],
    };
    catalogue.change_group(&made.id, change).await.unwrap();
    assert_eq!(world.members(&made.id).await, sorted(&ids, &[4, 5, 6]));

    // Left in the workspace, a group that is unlinked is not asked about any more; deleted, its people stay.
    okta.delete_group(&made.id).await.unwrap();
    assert_eq!((world.total("/Groups").await, world.total("/Users").await), (1, 11));
    assert_eq!(world.members(&linked.id).await, sorted(&ids, &[1, 2]));
    let (_, shown) = world.ask("GET", &format!("/Users/{}", ids[10]), "").await;
    assert!(shown["groups"].as_array().is_none_or(Vec::is_empty), "{shown}");
}
