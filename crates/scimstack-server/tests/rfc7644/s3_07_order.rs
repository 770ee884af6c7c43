//! RFC 7644 §3.7: whatever is done at once or in another order, a bulk request ends as its operations sent one by one do.

use crate::s3_07_bulk::{bulk, group, patch, send, statuses, user};
use crate::support::{Setting, USER, World};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// An operation; numbers name what the request makes, by its place among the creates of its kind.
#[derive(Clone, Debug)]
enum Step {
    User { name: u8 },
    Group { members: Vec<u8> },
    Title { user: u8, title: u8 },
    Rename { user: u8, name: u8 },
    Join { group: u8, user: u8 },
    Leave { group: u8, user: u8 },
    DeleteUser { user: u8 },
    DeleteGroup { group: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let few = 0..6_u8;
    prop_oneof![
        5 => few.clone().prop_map(|name| Step::User { name }),
        3 => proptest::collection::vec(few.clone(), 0..3).prop_map(|members| Step::Group { members }),
        2 => (few.clone(), few.clone()).prop_map(|(user, title)| Step::Title { user, title }),
        2 => (few.clone(), few.clone()).prop_map(|(user, name)| Step::Rename { user, name }),
        2 => (few.clone(), few.clone()).prop_map(|(group, user)| Step::Join { group, user }),
        1 => (few.clone(), few.clone()).prop_map(|(group, user)| Step::Leave { group, user }),
        1 => few.clone().prop_map(|user| Step::DeleteUser { user }),
        1 => few.prop_map(|group| Step::DeleteGroup { group }),
    ]
}

/// The operations as JSON, with references that go backward only, so that their own order is the order to compare with.
fn operations(steps: &[Step]) -> Vec<String> {
    let (mut users, mut groups) = (0_u8, 0_u8);
    let mut written = Vec::new();
    for step in steps {
        let u = |n: u8| (users > 0).then(|| format!("u{}", n % users.max(1)));
        let g = |n: u8| (groups > 0).then(|| format!("g{}", n % groups.max(1)));
        let operation = match step {
            Step::User { name } => {
                users += 1;
                Some(user(&format!("u{}", users - 1), &format!("name{name}")))
            }
            Step::Group { members } => {
                let members: Vec<String> =
                    members.iter().filter_map(|n| u(*n)).map(|id| format!("bulkId:{id}")).collect();
                groups += 1;
                let members: Vec<&str> = members.iter().map(String::as_str).collect();
                Some(group(&format!("g{}", groups - 1), &members))
            }
            Step::Title { user, title } => u(*user).map(|id| {
                patch(&format!("/Users/bulkId:{id}"), &format!(r#"[{{"op":"add","path":"title","value":"t{title}"}}]"#))
            }),
            Step::Rename { user, name } => u(*user).map(|id| {
                format!(r#"{{"method":"PUT","path":"/Users/bulkId:{id}","data":{{"schemas":["{USER}"],"userName":"name{name}"}}}}"#)
            }),
            Step::Join { group, user } => g(*group).zip(u(*user)).map(|(g, u)| {
                let operation = format!(r#"[{{"op":"add","path":"members","value":[{{"value":"bulkId:{u}"}}]}}]"#);
                patch(&format!("/Groups/bulkId:{g}"), &operation)
            }),
            Step::Leave { group, user } => g(*group).zip(u(*user)).map(|(g, u)| {
                let operation = format!(r#"[{{"op":"remove","path":"members[value eq \"bulkId:{u}\"]"}}]"#);
                patch(&format!("/Groups/bulkId:{g}"), &operation)
            }),
            Step::DeleteUser { user } => {
                u(*user).map(|id| format!(r#"{{"method":"DELETE","path":"/Users/bulkId:{id}"}}"#))
            }
            Step::DeleteGroup { group } => {
                g(*group).map(|id| format!(r#"{{"method":"DELETE","path":"/Groups/bulkId:{id}"}}"#))
            }
        };
        written.extend(operation);
    }
    written
}

/// The operations as requests of their own, with ids in the places of bulkIds.
fn one_by_one(w: &World, operations: &[String]) -> (Vec<String>, HashMap<String, String>) {
    let mut made: HashMap<String, String> = HashMap::new();
    let mut statuses = Vec::new();
    for text in operations {
        let operation: Value = serde_json::from_str(text).unwrap();
        let bulk_id = operation["bulkId"].as_str().unwrap_or_default().to_owned();
        let mut text = text.clone();
        for (bulk_id, id) in &made {
            text = text.replace(&format!("bulkId:{bulk_id}"), id);
        }
        if text.contains("bulkId:") {
            statuses.push("409".to_owned());
            continue;
        }
        let operation: Value = serde_json::from_str(&text).unwrap();
        let method = http::Method::from_bytes(operation["method"].as_str().unwrap().as_bytes()).unwrap();
        let body = operation.get("data").map(Value::to_string).unwrap_or_default();
        let answer = w.call(method, operation["path"].as_str().unwrap()).body(body).send();
        if answer.status == 201 {
            made.insert(bulk_id, answer.id());
        }
        statuses.push(answer.status.to_string());
    }
    (statuses, made)
}

/// Everything there is, without what differs from run to run: ids are written as the bulkIds they were made for.
fn state(w: &World, made: &HashMap<String, String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for endpoint in ["/Users", "/Groups"] {
        let mut text = w.get(&format!("{endpoint}?count=1000")).send().expect(200).text().to_owned();
        for (bulk_id, id) in made {
            text = text.replace(id.as_str(), bulk_id);
        }
        let list: Value = serde_json::from_str(&text).unwrap();
        for resource in list["Resources"].as_array().unwrap() {
            let mut resource = resource.clone();
            for name in ["members", "groups"] {
                if let Some(list) = resource.get_mut(name).and_then(Value::as_array_mut) {
                    list.sort_by_key(Value::to_string);
                }
            }
            found.insert(resource.to_string());
        }
    }
    found
}

fn made_by(answer: &Value) -> HashMap<String, String> {
    let operations = answer["Operations"].as_array().unwrap().iter().filter(|one| one["status"] == "201");
    operations
        .map(|one| {
            let id = one["location"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            (one["bulkId"].as_str().unwrap().to_owned(), id)
        })
        .collect()
}

/// With `failOnErrors`, the request ends as the operations up to the last of so many errors, and no further.
fn assert_same_until(make: impl Fn() -> World, operations: &[String], most: usize) {
    let (together, apart, whole) = (make(), make(), make());
    let answer = send(&together, &format!(r#""failOnErrors":{most},"#), &operations.join(","));
    let (all, _) = one_by_one(&whole, operations);
    let errors = all.iter().enumerate().filter(|(_, status)| !status.starts_with('2'));
    let end = errors.map(|(at, _)| at + 1).nth(most - 1).unwrap_or(all.len());
    let (expected, made) = one_by_one(&apart, &operations[..end]);
    assert_eq!(statuses(&answer), expected, "{most}: {operations:#?}");
    assert_eq!(state(&together, &made_by(&answer.json())), state(&apart, &made), "{most}: {operations:#?}");
}

fn assert_same(make: impl Fn() -> World, operations: &[String]) {
    let (together, apart) = (make(), make());
    let answer = bulk(&together, &operations.join(","));
    let (expected, made) = one_by_one(&apart, operations);
    assert_eq!(statuses(&answer), expected, "{operations:#?}");
    assert_eq!(state(&together, &made_by(&answer.json())), state(&apart, &made), "{operations:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bulk_request_ends_as_its_operations_one_by_one(steps in proptest::collection::vec(step(), 0..24)) {
        assert_same(|| Setting::rfc().in_memory(), &operations(&steps));
    }

    #[test]
    fn creates_in_any_order_end_as_in_the_order_of_their_references(
        steps in proptest::collection::vec(step(), 0..24),
        keys in proptest::collection::vec(any::<u16>(), 24),
    ) {
        // Names of their own, so that the order does not decide who gets one; creates only.
        let steps: Vec<Step> = steps
            .into_iter()
            .enumerate()
            .filter_map(|(n, step)| match step {
                Step::User { .. } => Some(Step::User { name: u8::try_from(n).unwrap() }),
                Step::Group { .. } => Some(step),
                _ => None,
            })
            .collect();
        let in_order = operations(&steps);
        let mut shuffled: Vec<(u16, String)> = keys.into_iter().zip(in_order.clone()).collect();
        shuffled.sort();
        let shuffled: Vec<String> = shuffled.into_iter().map(|(_, operation)| operation).collect();
        let (together, apart) = (Setting::rfc().in_memory(), Setting::rfc().in_memory());
        let answer = bulk(&together, &shuffled.join(","));
        prop_assert!(statuses(&answer).iter().all(|status| status == "201"), "{shuffled:#?}");
        let (_, made) = one_by_one(&apart, &in_order);
        prop_assert_eq!(state(&together, &made_by(&answer.json())), state(&apart, &made));
    }
}

proptest! {
    // SQLite writes what is under way at once in one transaction.
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_that_groups_writes_ends_the_same(steps in proptest::collection::vec(step(), 0..24)) {
        assert_same(|| Setting::rfc().in_sqlite(), &operations(&steps));
    }

    #[test]
    fn after_so_many_errors_a_request_ends_as_one_by_one(
        steps in proptest::collection::vec(step(), 0..24),
        most in 1..5_usize,
    ) {
        assert_same_until(|| Setting::rfc().in_sqlite(), &operations(&steps), most);
    }
}
