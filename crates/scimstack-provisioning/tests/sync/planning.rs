//! What is planned: who is who, and what is left to people.

use crate::target::object;
use crate::world::{World, person, team};
use scimstack_provisioning::sync::{
    Action, Brake, Checked, Drift, Mapping, Missing, PlanOptions, Planner, Side, TargetProfile,
};
use scimstack_schema::{Object, Registry, Value};
use std::sync::Arc;

fn world() -> World {
    World::new(TargetProfile::default())
}

fn user(number: &str, name: &str) -> Object {
    let mut user = object(&format!(r#"{{"userName":"{name}","active":true}}"#));
    if !number.is_empty() {
        user.insert("externalId", number);
    }
    user
}

#[test]
fn whoever_matches_several_is_reported_and_never_guessed() {
    let mut world = world();
    world.options = PlanOptions::default().with_missing(Missing::Delete);
    world.target.put("/Users", user("1", "a"));
    world.target.put("/Users", user("1", "b"));
    let plan = world.plan("User", &[person(1, "", false)], None);
    assert!(plan.is_empty(), "neither is changed, and neither is deleted");
    assert_eq!(plan.notes()[0].text, "p1@x.test: 2 have this externalId: id-1, id-2");
}

#[test]
fn a_name_that_belongs_to_another_number_is_taken_over_only_when_that_is_asked_for() {
    let mut world = world();
    world.target.put("/Users", user("99", "p1@x.test"));
    let plan = world.plan("User", &[person(1, "", false)], None);
    assert!(plan.is_empty());
    assert!(plan.notes()[0].text.contains("belongs to another"), "{:?}", plan.notes());
    world.options = PlanOptions::default().with_relink(true);
    let plan = world.plan("User", &[person(1, "", false)], None);
    let change = plan.changes().next().unwrap();
    assert_eq!(change.action(), Action::Update);
    assert!(change.attributes().contains(&"externalId".to_owned()));
}

#[test]
fn whoever_has_no_number_yet_is_found_by_name_whatever_its_case() {
    let mut world = world();
    world.target.put("/Users", user("", "P1@X.test"));
    let plan = world.plan("User", &[person(1, "", false)], None);
    let change = plan.changes().next().unwrap();
    assert_eq!(change.id(), Some("id-1"));
    assert_eq!(change.attributes(), ["externalId", "userName", "name.givenName", "emails[type eq \"work\"].value"]);
}

#[test]
fn rows_that_are_the_same_person_are_both_left_alone() {
    let mut world = world();
    world.target.put("/Users", user("1", "p1@x.test"));
    let mut other = person(2, "", false);
    other.insert("mail", "P1@x.test");
    let rows = [person(1, "Head", false), other, person(1, "Clerk", false), person(3, "", false)];
    let plan = world.plan("User", &rows, None);
    let said: Vec<String> = plan.changes().map(|change| change.to_string()).collect();
    assert_eq!(said, ["+ line 5"]);
    assert_eq!(plan.notes().len(), 4, "{:?}", plan.notes());
}

#[test]
fn nobody_is_missing_while_a_row_cannot_be_read() {
    let mut world = world();
    world.options = PlanOptions::default().with_missing(Missing::Deactivate);
    world.target.put("/Users", user("1", "p1@x.test"));
    let plan = world.plan("User", &[object(r#"{"number":"2"}"#)], None);
    assert!(plan.is_empty() && plan.is_withheld());
    assert_eq!(plan.notes()[0].text, "userName: it is required, and empty");
    let plan = world.plan("User", &[], None);
    assert_eq!(plan.changes().map(|change| change.action()).collect::<Vec<_>>(), [Action::Deactivate]);
}

#[test]
fn nobody_is_touched_who_is_not_in_the_source_unless_that_is_asked_for() {
    let mut world = world();
    world.target.put("/Users", user("1", "p1@x.test"));
    let plan = world.plan("User", &[], None);
    assert!(plan.is_empty());
    assert_eq!(plan.counts().extra, 1);
}

#[test]
fn an_export_that_lost_its_rows_is_stopped() {
    let mut world = world();
    world.options = PlanOptions::default().with_missing(Missing::Deactivate);
    for number in 0..100 {
        world.target.put("/Users", user(&number.to_string(), &format!("p{number}@x.test")));
    }
    let rows: Vec<Object> = (0..60).map(|number| person(number, "", false)).collect();
    let stopped = Brake::default().check(&world.plan("User", &rows, None).counts()).unwrap_err();
    assert_eq!(stopped.to_string(), "40 of 100 would be deactivated or deleted, and 20% may be");
    // Also when the rows themselves say that everybody has left.
    let rows: Vec<Object> = (0..100).map(|number| person(number, "", number < 30)).collect();
    let stopped = Brake::default().check(&world.plan("User", &rows, None).counts()).unwrap_err();
    assert_eq!((stopped.what, stopped.count), ("deactivated or deleted", 30));
}

#[test]
fn a_group_is_a_difference_of_members() {
    let mut world = world();
    let people: Vec<Object> = (0..4).map(|number| person(number, "", false)).collect();
    world.converge(&people, &[team("T", [0, 1])]);
    let links = world.plan("User", &people, None).links();
    let plan = world.plan("Group", &[team("T", [1, 2, 3, 77])], Some(&links));
    let change = plan.changes().next().unwrap();
    assert_eq!(change.to_string(), "~ Groups/id-5 (T): 2 members more, 1 members less");
    assert_eq!(
        change.to_value().to_string(),
        r#"{"action":"update","type":"Groups","line":2,"id":"id-5","name":"T","membersAdded":2,"membersRemoved":1}"#
    );
    assert_eq!(plan.notes()[0].text, "T: 1 of its members cannot be told");
    assert_eq!((plan.counts().members, plan.counts().members_removed), (2, 1));
}

#[test]
fn a_person_is_named_by_anything_they_are_matched_by() {
    let mut world = world();
    let people = [person(0, "", false)];
    world.converge(&people, &[object(r#"{"team":"T","people":"P0@X.test"}"#)]);
    assert_eq!(world.target.groups.values().next().unwrap().members.len(), 1);
}

#[test]
fn a_manager_is_sent_as_an_id_once_there_is_one() {
    let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";
    let mapping = format!(
        r#"{{"people":{{"match":["userName"],"rules":[{{"to":"userName","from":"mail"}},{{"to":"{manager}","from":"boss","person":true}}]}}}}"#
    );
    let part = Mapping::parse(mapping.as_bytes()).unwrap().people.unwrap();
    let checked = Checked::new(&part, Registry::core().resource_type("User").unwrap()).unwrap();
    let checked = Arc::new(checked);
    let rows = [object(r#"{"mail":"ann","boss":"BOB"}"#), object(r#"{"mail":"bob","boss":""}"#)];
    let plan = |target: &[&str]| {
        let mut planner = Planner::new(checked.clone(), PlanOptions::default());
        target.iter().for_each(|document| _ = planner.handle_target(&object(document)));
        (2..).zip(&rows).for_each(|(at, row)| planner.handle_source(at, row, None));
        planner.finish()
    };
    let first = plan(&[]);
    assert_eq!((first.counts().created, first.counts().waiting), (2, 1));
    let second = plan(&[r#"{"id":"7","userName":"ann"}"#, r#"{"id":"8","userName":"bob"}"#]);
    let said: Vec<String> = second.changes().map(|change| change.to_string()).collect();
    assert_eq!((said, second.counts().waiting), (vec![format!("~ Users/7 (ann): {manager}")], 0));
    second.item(&second.changes().next().unwrap(), Some(&rows[0]), None).unwrap();
    let uri = manager.trim_end_matches(":manager.value");
    let ann = format!(r#"{{"id":"7","userName":"ann","{uri}":{{"manager":{{"value":"8","displayName":"Bob"}}}}}}"#);
    assert!(plan(&[&ann, r#"{"id":"8","userName":"bob"}"#]).is_empty());
}

#[test]
fn drift_says_which_side_has_changed() {
    let mut world = world();
    let people =
        [person(0, "Clerk", false), person(1, "Clerk", false), person(2, "Clerk", false), person(3, "", false)];
    world.converge(&people, &[]);
    let set = |world: &mut World, number: &str, title: &str| {
        let mut users = world.target.users.values_mut();
        let kept = users.find(|kept| kept.document.get("externalId") == Some(&Value::from(number))).unwrap();
        kept.document.insert("title", title);
    };
    set(&mut world, "0", "Boss");
    set(&mut world, "2", "Boss");
    world.target.users.retain(|_, kept| kept.document.get("externalId") != Some(&Value::from("3")));
    let wanted = [person(0, "Clerk", false), person(1, "Head", false), person(2, "Head", false), person(3, "", false)];
    let (plan, ledger) = (world.plan("User", &wanted, None), world.ledger());
    let report = plan.drift(&ledger);
    let side = |row: u32| match report.of_row(row, &wanted[row as usize - 2]) {
        Some(Drift::Changed { attributes, .. }) => attributes,
        other => panic!("{other:?}"),
    };
    assert_eq!(side(2), [("title".to_owned(), Side::Target)]);
    assert_eq!(side(3), [("title".to_owned(), Side::Source)]);
    assert_eq!(side(4), [("title".to_owned(), Side::Both)]);
    assert!(matches!(report.of_row(5, &wanted[3]), Some(Drift::Missing { was: Some(_), .. })));
    let plan = world.plan("User", &wanted[..1], None);
    assert!(plan.drift(&ledger).extra().all(|drift| drift.to_string().ends_with("it was sent from here")));
}
