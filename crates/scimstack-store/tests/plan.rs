//! The planner: which driver a filter gets, in words too, and the law that a driver's candidates are a superset of the
//! matches (just the matches, when the plan is exact).
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, which may panic")]

use bytes::Bytes;
use proptest::prelude::*;
use scimstack_filter::{Filter, ResolveOptions, Resolved};
use scimstack_schema::{Attribute, Registry, Resource, ResourceType, Timestamp, Type};
use scimstack_store::plan::{self, Driver, Ordered, Plan};
use scimstack_store::{Edge, Key, Kind, Record, ResourceId, Stored, Version};
use std::sync::Arc;

const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";
const EXTERNAL: &str = "urn:ietf:params:scim:schemas:extension:haystack:1.0:User:managerExternalId";

fn resource_type(name: &str) -> Arc<ResourceType> {
    // With an index on what the standard's own registry does not index: numbers, instants, a list of plain values.
    let extension = scimstack_schema::Schema::new("urn:example:more", "More")
        .with_attribute(Attribute::new("level", Type::Integer))
        .with_attribute(Attribute::new("since", Type::DateTime))
        .with_attribute(Attribute::new("key", Type::Binary))
        .with_attribute(Attribute::new("tags", Type::String).with_multi_valued(true))
        .with_attribute(Attribute::new("code", Type::String).with_case_exact(true));
    let mut builder = Registry::haystack().to_builder().extension("User", extension, false).unwrap();
    for path in ["level", "since", "key", "tags", "code"] {
        builder = builder.indexed("User", &format!("urn:example:more:{path}")).unwrap();
    }
    for path in ["active", "emails.primary", "title"] {
        builder = builder.indexed("User", path).unwrap();
    }
    for path in ["title", "urn:example:more:tags", "urn:example:more:code"] {
        builder = builder.searched("User", path).unwrap();
    }
    builder = builder.found_without("User", &["title"]).unwrap();
    builder = builder.found_without("User", &["urn:example:more:code"]).unwrap();
    builder.build().unwrap().resource_type(name).unwrap().clone()
}

fn resolve(kind: &str, text: &str) -> Resolved {
    Filter::parse(text).unwrap().resolve(&resource_type(kind), ResolveOptions::default()).unwrap()
}

fn planned(kind: &str, text: &str) -> Plan {
    plan::plan(&resource_type(kind), Some(&resolve(kind, text)))
}

#[test]
fn the_driver_is_the_cheapest_conjunct() {
    let exact = "which are the matches";
    let checked = "each then checked against the filter";
    for (kind, filter, expected) in [
        ("User", r#"id eq "X1""#, format!(r#"User: the one with id "X1", {exact}"#)),
        ("User", r#"userName eq "Ann""#, format!(r#"User: the one with the unique name "ann", {exact}"#)),
        ("User", r#"externalId eq "E-1""#, format!(r#"User: those with externalId "E-1", {exact}"#)),
        ("User", r#"displayName eq "Ann""#, format!(r#"User: those with displayName "ann", {exact}"#)),
        ("Group", r#"displayName eq "All""#, format!(r#"Group: those with displayName "all", {exact}"#)),
        ("User", r#"title eq "Boss""#, format!(r#"User: those in the index of title under "boss", {exact}"#)),
        (
            "User",
            r#"urn:example:more:tags eq "A""#,
            format!(r#"User: those in the index of urn:example:more:tags under "a", {exact}"#),
        ),
        (
            "User",
            r#"urn:example:more:code eq "A""#,
            format!(r#"User: those in the index of urn:example:more:code under "A", {exact}"#),
        ),
        (
            "User",
            r#"emails.value eq "A@x""#,
            format!(r#"User: those in the index of emails.value under "a@x", {exact}"#),
        ),
        ("User", r#"emails eq "A@x""#, format!(r#"User: those in the index of emails.value under "a@x", {exact}"#)),
        (
            "User",
            r#"emails[value eq "a@x"]"#,
            format!(r#"User: those in the index of emails.value under "a@x", {exact}"#),
        ),
        (
            "User",
            r#"emails[type eq "Work" and value eq "a@x"]"#,
            format!(r#"User: those in the index of emails.value under "a@x", type "work", {exact}"#),
        ),
        (
            "User",
            r#"emails[type eq "work" and value eq "a@x" and display pr]"#,
            format!(r#"User: those in the index of emails.value under "a@x", type "work", {checked}"#),
        ),
        // Elsewhere the type says nothing about the same element.
        (
            "User",
            r#"emails.type eq "work" and emails.value eq "a@x""#,
            format!(r#"User: those in the index of emails.value under "a@x", {checked}"#),
        ),
        (
            "User",
            "urn:example:more:level eq 7",
            format!("User: those in the index of urn:example:more:level under \"c01c000000000000\", {checked}"),
        ),
        ("User", "active eq true", format!(r#"User: those in the index of active under "1", {checked}"#)),
        // Who has no value may be counted as false.
        ("User", "emails[primary eq false]", format!("User: every one, {checked}")),
        ("User", r#"urn:example:more:key eq "QQ==""#, format!("User: every one, {checked}")),
        ("Group", r#"members.value eq "u1""#, format!(r#"Group: those with "u1" among their members, {checked}"#)),
        ("Group", r#"members eq "u1""#, format!(r#"Group: those with "u1" among their members, {checked}"#)),
        (
            "Group",
            r#"members[type eq "User" and value eq "u1"]"#,
            format!(r#"Group: those with "u1" among their members, {checked}"#),
        ),
        ("Group", r#"members.value eq "é""#, format!("Group: every one, {checked}")),
        ("User", r#"groups.value eq "g1""#, format!(r#"User: the members of "g1", {checked}"#)),
        // The order of preference.
        (
            "User",
            r#"title eq "x" and displayName eq "d" and externalId eq "e" and userName eq "u" and id eq "i""#,
            format!(r#"User: the one with id "i", {checked}"#),
        ),
        (
            "User",
            r#"title eq "x" and displayName eq "d" and externalId eq "e" and userName eq "u""#,
            format!(r#"User: the one with the unique name "u", {checked}"#),
        ),
        (
            "User",
            r#"title eq "x" and groups.value eq "g" and externalId eq "e""#,
            format!(r#"User: those with externalId "e", {checked}"#),
        ),
        ("User", r#"title eq "x" and groups.value eq "g""#, format!(r#"User: the members of "g", {checked}"#)),
        (
            "User",
            r#"displayName eq "d" and title eq "x""#,
            format!(r#"User: those in the index of title under "x", {checked}"#),
        ),
        (
            "User",
            r#"active pr and (displayName eq "d" and nickName pr)"#,
            format!(r#"User: those with displayName "d", {checked}"#),
        ),
        ("User", r#"id eq "a" and id eq "b""#, format!(r#"User: the one with id "a", {checked}"#)),
        // Alternatives, when each can drive.
        (
            "User",
            r#"userName eq "a" or externalId eq "b""#,
            format!(r#"User: the one with the unique name "a", or those with externalId "b", {exact}"#),
        ),
        (
            "User",
            r#"userName eq "a" or title eq "b" and active pr"#,
            format!(r#"User: the one with the unique name "a", or those in the index of title under "b", {checked}"#),
        ),
        ("User", r#"userName eq "a" or nickName eq "b""#, format!("User: every one, {checked}")),
        // Orders.
        (
            "User",
            r#"userName sw "a""#,
            format!(r#"User: those in the order of the unique name from "a" before "b", {exact}"#),
        ),
        (
            "User",
            r#"externalId sw "A""#,
            format!(r#"User: those in the order of externalId from "A" before "B", {exact}"#),
        ),
        ("User", r#"title ge "x""#, format!(r#"User: those in the order of title from "x", {exact}"#)),
        ("User", r#"title gt "x""#, format!(r#"User: those in the order of title from "x\0", {exact}"#)),
        (
            "User",
            r#"title ge "b" and title lt "d" and title lt "c""#,
            format!(r#"User: those in the order of title from "b" before "c", {exact}"#),
        ),
        // One address may be after the one, and another before the other.
        (
            "User",
            r#"emails.value ge "b" and emails.value lt "c""#,
            format!(r#"User: those in the order of emails.value from "b", {checked}"#),
        ),
        (
            "User",
            r#"emails[type eq "work" and value sw "b"]"#,
            format!(r#"User: those in the order of emails.value from "b" before "c", {checked}"#),
        ),
        (
            "User",
            r#"meta.lastModified gt "1970-01-01T00:00:02Z""#,
            format!(r#"User: those in the order of meta.lastModified from "80000000001e8868", {exact}"#),
        ),
        (
            "User",
            r#"meta.created eq "1970-01-01T00:00:02Z""#,
            format!(
                r#"User: those in the order of meta.created from "80000000001e8480" before "80000000001e8868", {exact}"#
            ),
        ),
        (
            "Group",
            r#"displayName sw "a""#,
            format!(r#"Group: those in the order of displayName from "a" before "b", {exact}"#),
        ),
        ("User", "userName sw \"\"", format!(r#"User: those in the order of the unique name from "", {exact}"#)),
        // Equality is preferred to beginnings, and those to bounds.
        (
            "User",
            r#"userName sw "a" and title eq "x""#,
            format!(r#"User: those in the index of title under "x", {checked}"#),
        ),
        (
            "User",
            r#"meta.created gt "2026-01-01T00:00:00Z" and title sw "x""#,
            format!(r#"User: those in the order of title from "x" before "y", {checked}"#),
        ),
        // Parts of texts, of three characters or more; after whatever narrows more, before bounds.
        ("User", r#"userName co "Ann""#, format!(r#"User: those with "ann" in a text that is searched, {checked}"#)),
        (
            "User",
            r#"emails[type eq "work" and value ew "@X.test"]"#,
            format!(r#"User: those with "@x.test" in a text that is searched, {checked}"#),
        ),
        (
            "Group",
            r#"displayName co "Öst""#,
            format!(r#"Group: those with "öst" in a text that is searched, {checked}"#),
        ),
        (
            "User",
            r#"urn:example:more:code co "ABC" and meta.created gt "2026-01-01T00:00:00Z""#,
            format!(r#"User: those with "ABC" in a text that is searched, {checked}"#),
        ),
        (
            "User",
            r#"title co "boss" and userName sw "a""#,
            format!(r#"User: those in the order of the unique name from "a" before "b", {checked}"#),
        ),
        (
            "User",
            r#"userName co "ann" or emails.value ew "ann""#,
            format!(
                r#"User: those with "ann" in a text that is searched, or those with "ann" in a text that is searched, {checked}"#
            ),
        ),
        ("User", r#"nickName co "ann""#, format!("User: every one, {checked}")),
        // What is missing: when all of a set is asked for; more of it narrows more.
        ("User", format!("not ({MANAGER} pr)").as_str(), format!("User: those without {MANAGER}, {exact}")),
        (
            "User",
            format!("not ({EXTERNAL} pr) and not ({MANAGER} pr)").as_str(),
            format!("User: those without {MANAGER} and {EXTERNAL}, {exact}"),
        ),
        (
            "User",
            format!("not ({EXTERNAL} pr) and not ({MANAGER} pr) and nickName eq \"x\"").as_str(),
            format!("User: those without {MANAGER} and {EXTERNAL}, {checked}"),
        ),
        ("User", format!("not ({EXTERNAL} pr)").as_str(), format!("User: every one, {checked}")),
        ("User", format!("not ({MANAGER} pr or {EXTERNAL} pr)").as_str(), format!("User: every one, {checked}")),
        ("User", "not (title pr)", format!("User: those without title, {checked}")),
        // What cannot drive.
        ("User", r#"not (userName eq "a")"#, format!("User: every one, {checked}")),
        ("User", r#"userName ne "a""#, format!("User: every one, {checked}")),
        ("User", r#"userName co "a""#, format!("User: every one, {checked}")),
        ("User", "title pr", format!("User: every one, {checked}")),
        ("User", r#"id eq "é""#, format!("User: every one, {checked}")),
        ("User", r#"nickName eq "x""#, format!("User: every one, {checked}")),
        ("User", "meta.version pr", format!("User: every one, {checked}")),
    ] {
        assert_eq!(plan::explain(&planned(kind, filter), &Kind::from(kind)), expected, "{filter}");
    }
}

#[test]
fn no_filter_matches_every_one_and_an_empty_choice_none() {
    let user = resource_type("User");
    let explained = |filter: Option<&Resolved>| plan::explain(&plan::plan(&user, filter), &Kind::from("User"));
    let by_name = resolve("User", r#"userName eq "ann""#);
    assert_eq!(explained(None), "User: every one, which are the matches");
    assert_eq!(explained(Some(&Resolved::And(vec![]))), "User: every one, which are the matches");
    assert_eq!(explained(Some(&Resolved::Or(vec![]))), "User: nothing can match");
    assert_eq!(explained(Some(&Resolved::And(vec![by_name.clone(), Resolved::Or(vec![])]))), "User: nothing can match");
    let one = Resolved::And(vec![Resolved::Or(vec![by_name])]);
    assert_eq!(explained(Some(&one)), r#"User: the one with the unique name "ann", which are the matches"#);
}

#[test]
fn keys_that_may_be_cut_are_not_exact() {
    for (length, exact) in [(252, true), (253, false), (256, false), (300, false)] {
        let value = "x".repeat(length);
        for path in ["displayName", "title", "emails.value"] {
            let plan = planned("User", &format!(r#"{path} eq "{value}""#));
            assert_eq!(plan.exact, exact, "{path} of {length}");
        }
        // These are kept whole.
        for path in ["userName", "externalId"] {
            assert!(planned("User", &format!(r#"{path} eq "{value}""#)).exact, "{path} of {length}");
        }
    }
}

/// A record as stored, and the edges around it.
#[derive(Debug)]
struct World {
    stored: Stored,
    record: Record,
    edges: Vec<Edge>,
}

fn world(id: &str, document: &str, groups: &[&str]) -> World {
    let user = resource_type("User");
    let mut resource = Resource::from_stored(user, document.as_bytes()).unwrap();
    resource.set_id(id);
    let now = Timestamp::from_seconds(1_767_225_600);
    let record = plan::record(&resource, Bytes::new(), now, now);
    let key = Key::new("User", ResourceId::new(id).unwrap());
    let edge = |group: &&str| Edge {
        source: Key::new("Group", ResourceId::new(group).unwrap()),
        target: Some(key.clone()),
        raw: id.to_owned(),
        data: Bytes::new(),
        peer: None,
    };
    let stored = Stored::new(key.clone(), Version(1), record.core.clone(), record.doc.clone(), Bytes::new(), 0);
    World { stored, edges: groups.iter().map(edge).collect(), record }
}

/// What a back end would find by the driver, said as plainly as possible.
fn admits(driver: &Driver, world: &World) -> bool {
    match driver {
        Driver::Nothing => false,
        Driver::Id(id) => world.stored.key.id.as_str() == id,
        Driver::Unique(value) => world.record.core.unique.as_ref() == Some(value),
        Driver::ExternalId(value) => world.record.core.external_id.as_ref() == Some(value),
        Driver::SortName(value) => world.record.core.sort_name.as_ref() == Some(value),
        Driver::Index { path, value, kind } => world
            .record
            .index
            .entries
            .iter()
            .any(|entry| entry.path == *path && entry.value == *value && (kind.is_none() || entry.kind == *kind)),
        Driver::EdgesFrom { relation, source } => {
            relation == "members" && world.edges.iter().any(|edge| edge.source.id.as_str() == source)
        }
        Driver::Range { of, from, to } => {
            let is_within =
                |key: &str| from.as_deref().is_none_or(|from| key >= from) && to.as_deref().is_none_or(|to| key < to);
            let core = &world.record.core;
            let is_column_within = |column: &Option<String>| column.as_deref().is_some_and(is_within);
            let instant = |at: Timestamp| format!("{:016x}", at.as_micros().cast_unsigned() ^ 1 << 63);
            match of {
                Ordered::Unique => is_column_within(&core.unique),
                Ordered::ExternalId => is_column_within(&core.external_id),
                Ordered::SortName => is_column_within(&core.sort_name),
                Ordered::Created => is_within(&instant(core.created)),
                Ordered::Modified => is_within(&instant(core.modified)),
                Ordered::Index(path) => {
                    world.record.index.entries.iter().any(|entry| entry.path == *path && is_within(&entry.value))
                }
                other => panic!("nothing is known of {other:?}"),
            }
        }
        Driver::Inactive => world.record.core.active == Some(false),
        Driver::Containing(part) => world.record.index.texts.iter().any(|text| text.contains(part.as_str())),
        Driver::Any(drivers) => drivers.iter().any(|driver| admits(driver, world)),
        Driver::All => true,
        other => panic!("users are not found by {other:?}"),
    }
}

fn matches(filter: &Resolved, world: &World) -> bool {
    let user = resource_type("User");
    let needs = plan::needs_edges(&user, Some(filter));
    let edges: Vec<_> = needs.into_iter().map(|need| (need, world.edges.clone())).collect();
    filter.matches(&plan::complete_with_edges(&world.stored, &user, &edges).unwrap())
}

prop_compose! {
    fn worlds()(
        id in "[ab]",
        name in "[aAbé]{1,2}",
        external in proptest::option::of("[aAé]{1,2}"),
        display in proptest::option::of(text()),
        title in proptest::option::of(text()),
        active in proptest::option::of(any::<bool>()),
        emails in proptest::collection::vec((text(), proptest::option::of("(?i)work|home"), proptest::option::of(any::<bool>())), 0..3),
        tags in proptest::collection::vec(text(), 0..3),
        level in proptest::option::of(-1_i64..2),
        since in proptest::option::of("2026-01-0[12]T00:00:00(Z|\\+01:00)"),
        code in proptest::option::of("[aA]"),
        groups in proptest::collection::vec("[gh]", 0..3),
    ) -> World {
        let mut parts = vec![format!(r#""userName":"{name}""#)];
        let text = |name: &str, value: Option<String>| value.map(|value| format!(r#""{name}":"{value}""#));
        parts.extend(text("externalId", external));
        parts.extend(text("displayName", display));
        parts.extend(text("title", title));
        parts.extend(active.map(|active| format!(r#""active":{active}"#)));
        let emails: Vec<_> = emails.into_iter().map(|(value, kind, primary)| {
            let mut parts = vec![format!(r#""value":"{value}""#)];
            parts.extend(text("type", kind));
            parts.extend(primary.map(|primary| format!(r#""primary":{primary}"#)));
            format!("{{{}}}", parts.join(","))
        }).collect();
        parts.push(format!(r#""emails":[{}]"#, emails.join(",")));
        let tags: Vec<_> = tags.iter().map(|tag| format!(r#""{tag}""#)).collect();
        let mut more = vec![format!(r#""tags":[{}]"#, tags.join(","))];
        more.extend(level.map(|level| format!(r#""level":{level}"#)));
        more.extend(text("since", since));
        more.extend(text("code", code));
        parts.push(format!(r#""urn:example:more":{{{}}}"#, more.join(",")));
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        world(&id, &format!("{{{}}}", parts.join(",")), &groups)
    }
}

/// Short texts that often are equal, some but for their case, and long ones that are equal at first.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[aAé]{0,2}", 2 => "[aA]{3,5}", 1 => (250_usize..260).prop_map(|n| "x".repeat(n)), 1 => (126_usize..130).prop_map(|n| "é".repeat(n))]
}

fn filters() -> impl Strategy<Value = String> {
    let operator = || proptest::sample::select(&["eq", "eq", "eq", "sw", "gt", "ge", "lt", "le", "co", "ew"][..]);
    let quoted = move |path: &'static str, texts: BoxedStrategy<String>| {
        (operator(), texts).prop_map(move |(operator, text)| format!(r#"{path} {operator} "{text}""#)).boxed()
    };
    let by_order = |path: &'static str, values: BoxedStrategy<String>| {
        let operator = proptest::sample::select(&["eq", "gt", "ge", "lt", "le"][..]);
        (operator, values).prop_map(move |(operator, value)| format!("{path} {operator} {value}")).boxed()
    };
    let instant = r#""(2025-12-31T23:59:59[.]999Z|2026-01-01T00:00:00(Z|[.]000001Z|[.]001Z|[+]01:00))""#;
    let more = |path: &str| -> &'static str { format!("urn:example:more:{path}").leak() };
    let term = proptest::strategy::Union::new([
        quoted("id", "[abé]".boxed()),
        quoted("userName", "[aAbé]{1,2}".boxed()),
        quoted("externalId", "[aAé]{1,2}".boxed()),
        quoted("displayName", text().boxed()),
        quoted("title", text().boxed()),
        quoted("emails.value", text().boxed()),
        quoted("emails.type", "(?i)work|home".boxed()),
        quoted("groups.value", "[gh]".boxed()),
        quoted(more("tags"), text().boxed()),
        quoted(more("code"), "[aA]".boxed()),
        by_order(more("since"), r#""2026-01-0[12]T00:00:00(Z|[+]01:00)""#.boxed()),
        by_order(more("level"), (-1_i64..2).prop_map(|n| n.to_string()).boxed()),
        by_order("meta.created", instant.boxed()),
        by_order("meta.lastModified", instant.boxed()),
        any::<bool>().prop_map(|b| format!("active eq {b}")).boxed(),
        any::<bool>().prop_map(|b| format!("emails.primary eq {b}")).boxed(),
        (text(), "(?i)work|home").prop_map(|(v, t)| format!(r#"emails[type eq "{t}" and value eq "{v}"]"#)).boxed(),
        (text(), any::<bool>()).prop_map(|(v, b)| format!(r#"emails[value eq "{v}" and primary eq {b}]"#)).boxed(),
        Just("title pr".to_owned()).boxed(),
        Just("not (title pr)".to_owned()).boxed(),
        Just("not (urn:example:more:code pr)".to_owned()).boxed(),
    ]);
    term.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) or ({b})")),
            1 => inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

#[test]
fn an_index_that_does_not_hold_every_record_is_not_used() {
    let (user, filter) = (resource_type("User"), resolve("User", r#"title eq "x" or title co "boss""#));
    let before = Registry::haystack().resource_type("User").unwrap().index_declaration().clone();
    let own = user.index_declaration().clone();
    let planned = |found: &[&Arc<str>]| {
        let coverage = plan::Coverage::of(&user, found.iter().map(|&declaration| declaration.clone()));
        plan::plan_within(&user, Some(&filter), &coverage)
    };
    assert!(planned(&[&own]).uses_indexes());
    assert_eq!(planned(&[&own, &before]).driver, Driver::All);
    // One that a record has under every declaration can be used.
    let emails = resolve("User", r#"emails.value eq "a@x" and emails.value co "a@x""#);
    let plan = plan::plan_within(&user, Some(&emails), &plan::Coverage::of(&user, [before]));
    assert!(matches!(plan.driver, Driver::Index { .. }), "{plan:?}");
    // A record that was written without any.
    let plan = plan::plan_within(&user, Some(&emails), &plan::Coverage::of(&user, ["".into()]));
    assert_eq!(plan.driver, Driver::All);
}

proptest! {
    #[test]
    fn candidates_are_a_superset_of_the_matches(world in worlds(), text in filters()) {
        let filter = resolve("User", &text);
        let plan = plan::plan(&resource_type("User"), Some(&filter));
        let (admitted, matching) = (admits(&plan.driver, &world), matches(&filter, &world));
        prop_assert!(admitted || !matching, "{text} matches, but is not found by {plan:?}");
        if plan.exact {
            prop_assert_eq!(admitted, matching, "{} by {:?}", text, plan);
        }
    }
}
