//! Laws: a plan that was carried out leaves nothing to plan; nothing equal is sent; mishaps change neither.

use crate::target::object;
use crate::world::{Fault, World, person, team};
use proptest::prelude::*;
use scimstack_provisioning::sync::{Expression, Mapping, Missing, PlanOptions, TargetProfile, Verb, Write};
use scimstack_schema::{Object, Value};
use std::collections::{BTreeMap, BTreeSet};

fn profiles() -> impl Strategy<Value = TargetProfile> {
    let generic = TargetProfile::default().with_members_per_request(2);
    prop_oneof![
        Just(generic.clone()),
        Just(generic.clone().with_concurrency(1)),
        Just(generic.within(None, None, Some(false)).with_concurrency(3)),
        Just(TargetProfile::named("entra").unwrap().with_members_per_request(3)),
        Just(TargetProfile::default().with_write(Write::Put)),
        Just(TargetProfile::default().with_per_minute(600, 2)),
    ]
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let fault = prop_oneof![
        4 => Just(Fault::None),
        1 => Just(Fault::AnswerLost),
        1 => Just(Fault::Lost),
        1 => Just(Fault::Busy),
        1 => Just(Fault::FailsAfter),
        1 => Just(Fault::Fails),
        1 => Just(Fault::Unavailable),
        1 => Just(Fault::Meddled),
        1 => Just(Fault::Preceded),
        1 => Just(Fault::CrashBefore),
        1 => Just(Fault::CrashAfter),
    ];
    prop::collection::vec(fault, 0..40)
}

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// People: number, job, left; and groups by their members' numbers.
type Source = (Vec<(u8, bool)>, Vec<BTreeSet<u32>>);

fn sources() -> impl Strategy<Value = Source> {
    (
        prop::collection::vec((0_u8..3, prop::bool::weighted(0.2)), 0..8),
        prop::collection::vec(prop::collection::btree_set(0_u32..8, 0..6), 0..3),
    )
}

fn rows(source: &Source) -> (Vec<Object>, Vec<Object>) {
    let people =
        (0_u32..).zip(&source.0).map(|(n, (job, left))| person(n, ["", "Clerk", "Head"][usize::from(*job)], *left));
    let groups = source.1.iter().enumerate().map(|(n, members)| team(&format!("T{n}"), members.iter().copied()));
    (people.collect(), groups.collect())
}

/// What stands at the target is what the source says.
fn holds(world: &World, people: &[Object], groups: &[Object]) {
    // Groups may name whoever is at the target.
    let number =
        |kept: &crate::target::Kept| kept.document.get("externalId").and_then(Value::as_str).unwrap().to_owned();
    let numbers: BTreeMap<String, String> =
        world.target.users.iter().map(|(id, kept)| (number(kept), id.clone())).collect();
    for row in people {
        let number = row.get("number").and_then(Value::as_str).unwrap();
        let found: Vec<_> = world
            .target
            .users
            .iter()
            .filter(|(_, kept)| kept.document.get("externalId").and_then(Value::as_str) == Some(number))
            .collect();
        let left = row.get("left").and_then(Value::as_str) != Some("");
        match found.as_slice() {
            [] => assert!(left, "{row:?} is missing"),
            [(_, kept)] => {
                let shown = |name: &str| kept.document.get(name).cloned().unwrap_or_default();
                let job = row.get("job").cloned().unwrap();
                assert_eq!(shown("title"), if job == Value::from("") { Value::Null } else { job });
                assert_eq!(shown("active"), Value::from(!left));
                let boss = row.get("boss").and_then(Value::as_str).and_then(|boss| numbers.get(boss));
                let manager = shown(ENTERPRISE).get("manager").and_then(|manager| manager.get("value")).cloned();
                assert_eq!(manager, boss.map(|boss| Value::from(boss.as_str())), "{number}");
                assert_eq!(shown("userName"), Value::from(format!("p{number}@x.test")));
            }
            many => panic!("{} have {row:?}", many.len()),
        }
    }
    for row in groups {
        let name = row.get("team").and_then(Value::as_str).unwrap();
        let mut found = world
            .target
            .groups
            .values()
            .filter(|kept| kept.document.get("displayName").and_then(Value::as_str) == Some(name));
        let group = found.next().unwrap();
        assert!(found.next().is_none(), "{name} is there twice");
        let wanted = row
            .get("people")
            .and_then(Value::as_str)
            .unwrap()
            .split(';')
            .filter_map(|number| numbers.get(number).cloned());
        assert_eq!(group.members, wanted.collect::<BTreeSet<_>>(), "{name}");
    }
}

fn settled(world: &World, people: &[Object], groups: &[Object]) {
    let plan = world.plan("User", people, None);
    assert_eq!(plan.changes().map(|change| change.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
    let plan = world.plan("Group", groups, Some(&plan.links()));
    assert_eq!(plan.changes().map(|change| change.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn whatever_happens_the_target_comes_to_what_is_wanted_and_nobody_is_made_twice(
        first in sources(), second in sources(), profile in profiles(), faults in faults(), order in any::<u64>(),
    ) {
        let mut world = World::new(profile).with_managers();
        world.order = order;
        for source in [&first, &second] {
            let (people, groups) = rows(source);
            world.faults.extend(faults.iter().copied());
            world.converge(&people, &groups);
            holds(&world, &people, &groups);
            settled(&world, &people, &groups);
        }
        let twice: Vec<_> = world.target.made.iter().filter(|(_, times)| **times > 1).collect();
        prop_assert!(twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn only_what_differs_is_sent(first in sources(), second in sources(), profile in profiles()) {
        let mut world = World::new(profile);
        let (people, groups) = rows(&first);
        world.converge(&people, &groups);
        let before = world.target.users.clone();
        world.target.writes.clear();
        let (people, groups) = rows(&second);
        world.converge(&people, &groups);
        for request in world.target.writes.iter().filter(|request| request.verb == Verb::Patch && request.path.starts_with("/Users")) {
            let id = request.path.rsplit('/').next().unwrap();
            let after = world.target.users[id].document.clone();
            let operations = request.body.as_ref().and_then(|body| body.get("Operations")).and_then(Value::as_array).unwrap();
            for operation in operations {
                let path = operation.get("path").and_then(Value::as_str).unwrap();
                prop_assert!(["title", "active"].contains(&path), "{path}");
                prop_assert_ne!(before[id].document.get(path), after.get(path), "{}", path);
            }
        }
        // One request for each who differs, and none for the others.
        let paths: Vec<&String> = world.target.writes.iter().filter(|request| request.verb != Verb::Post).filter(|request| request.path.starts_with("/Users")).map(|request| &request.path).collect();
        prop_assert_eq!(paths.iter().collect::<BTreeSet<_>>().len(), paths.len());
    }

    #[test]
    fn whoever_is_missing_is_deactivated_when_that_is_asked_for(first in sources(), keep in 0_usize..8) {
        let mut world = World::new(TargetProfile::default());
        let (people, _) = rows(&first);
        world.converge(&people, &[]);
        world.options = PlanOptions::default().with_missing(Missing::Deactivate);
        let kept = &people[..keep.min(people.len())];
        world.converge(kept, &[]);
        settled(&world, kept, &[]);
        for (n, user) in world.target.users.values().enumerate() {
            let number: usize = user.document.get("externalId").and_then(Value::as_str).unwrap().parse().unwrap();
            let stays = number < kept.len() && user.document.get("active") == Some(&Value::from(true));
            let gone = number >= kept.len() || kept[number].get("left").and_then(Value::as_str) == Some("yes");
            prop_assert!(stays != gone, "{}: {:?}", n, user);
        }
    }

    #[test]
    fn a_mapping_that_is_printed_is_read_again(mapping in mappings()) {
        let printed = mapping.to_value();
        prop_assert_eq!(&Mapping::from_value(&printed).unwrap(), &mapping);
        prop_assert_eq!(Mapping::parse(&printed.to_bytes()).unwrap(), mapping);
    }

    #[test]
    fn no_mapping_makes_the_parser_panic(text in "[\\[\\]{}\":,a-z0-9 ]{0,80}", at in 0_usize..400, to in any::<u8>()) {
        let _ = Mapping::parse(text.as_bytes());
        let mut bytes = crate::world::MAPPING.as_bytes().to_vec();
        if let Some(byte) = bytes.get_mut(at) {
            *byte = to;
        }
        if let Ok(mapping) = Mapping::parse(&bytes) {
            let row = object(r#"{"mail":"a","number":1,"people":["x",{}]}"#);
            for part in [mapping.people, mapping.groups].into_iter().flatten() {
                for rule in &part.rules {
                    let _ = rule.value(&row);
                }
            }
        }
    }
}

fn conditions() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        ("[a-z]{1,4}", "[a-z]{0,4}").prop_map(|(field, is)| object(&format!(r#"{{"field":"{field}","is":["{is}"]}}"#))),
        "[a-z]{1,4}".prop_map(|field| object(&format!(r#"{{"field":"{field}","empty":true}}"#))),
    ];
    leaf.prop_map(Value::from).prop_recursive(2, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|of| Object::from_iter([("not", of)]).into()),
            prop::collection::vec(inner.clone(), 1..3)
                .prop_map(|of| Object::from_iter([("all", Value::Array(of))]).into()),
            prop::collection::vec(inner, 1..3).prop_map(|of| Object::from_iter([("any", Value::Array(of))]).into()),
        ]
    })
}

fn expressions() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        "[a-z.]{1,6}".prop_map(Value::from),
        any::<bool>().prop_map(|truth| Object::from_iter([("value", truth)]).into()),
    ];
    let written = leaf.prop_recursive(3, 12, 3, |inner| {
        let list = prop::collection::vec(inner.clone(), 1..3).prop_map(Value::Array);
        prop_oneof![
            list.clone().prop_map(|of| Object::from_iter([("first", of)]).into()),
            (list, "[ -]{0,2}").prop_map(|(of, with)| Object::from_iter([("join", of), ("with", with.into())]).into()),
            ("lower|upper|trim", inner.clone()).prop_map(|(verb, of)| Object::from_iter([(verb, of)]).into()),
            inner.clone().prop_map(|of| Object::from_iter([("split", of), ("by", ";".into())]).into()),
            (conditions(), inner.clone(), inner).prop_map(|(when, then, or)| {
                Object::from_iter([("if", when), ("then", then), ("else", or)]).into()
            }),
        ]
    });
    written.prop_map(|value: Value| Expression::from_value(&value).unwrap())
}

fn mappings() -> impl Strategy<Value = Mapping> {
    let rule = (expressions(), any::<bool>(), any::<bool>(), any::<(bool, bool)>(), prop::option::of("[a-z]{1,3}"))
        .prop_map(|(from, create, keep, ignore_case, default)| {
            let mut rule = scimstack_provisioning::sync::Rule::new("title", from);
            rule.default = default.map(Value::from);
            (rule.ignore_case, rule.person) = ignore_case;
            if create {
                rule.when = scimstack_provisioning::sync::When::Create;
            }
            if keep {
                rule.empty = scimstack_provisioning::sync::Empty::Keep;
            }
            rule
        });
    let part = (prop::collection::vec(rule, 1..4), prop::option::of(expressions()))
        .prop_map(|(rules, members)| {
            let mut part = scimstack_provisioning::sync::Part::default();
            (part.matched_by, part.rules, part.members) = (vec!["title".to_owned()], rules, members);
            part
        })
        .boxed();
    (part.clone(), prop::option::of(part)).prop_map(|(groups, people)| {
        let people = people.map(|mut people| {
            people.members = None;
            people
        });
        let mut mapping = Mapping::default();
        (mapping.groups, mapping.people) = (Some(groups), people);
        mapping
    })
}
