//! Reporting lines and memberships as an application asks for them, and what becomes of references when people come, are
//! renamed, leave and go. (RFC 7643 §4.3 `manager`, §4.2 `members`.)

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use async_trait::async_trait;
use futures_executor::block_on;
use scimstack_protocol::ManagerKey;
use scimstack_server::org::{LineEnd, Manager, Org, Trouble};
use scimstack_store::{EdgePage, EdgeQuery, Key, ResourceId, Scope, Store, StoreError, Total};
use std::sync::atomic::{AtomicUsize, Ordering};
use support::watched::{Watch, Watched};
use support::{ENTERPRISE, GROUP, Setting, USER, World};

const HAYSTACK: &str = "urn:ietf:params:scim:schemas:extension:haystack:1.0:User";

over_every_store! {
    a_line_goes_up_to_the_top_and_once_round_a_circle in Setting::directory();
    direct_reports_come_in_pages_each_once in Setting::directory();
    everyone_below_comes_level_by_level in Setting::directory();
    a_manager_is_looked_for_by_the_keys_of_the_connection in Setting::directory();
    the_keys_of_the_connection_outlive_a_sign_in_and_an_edit in Setting::directory();
    what_is_wrong_with_managers_is_told_by_name in Setting::directory();
    the_top_is_whoever_has_nobody_above_them in Setting::directory();
    references_follow_people_who_come_go_and_are_renamed in Setting::directory();
    a_group_holds_whoever_is_in_the_groups_within_it in Setting::directory();
}

fn key(id: &str) -> Key {
    Key::new("User", ResourceId::new(id).unwrap())
}

fn group_key(id: &str) -> Key {
    Key::new("Group", ResourceId::new(id).unwrap())
}

fn org(w: &World) -> Org {
    w.engine.admin().org(w.tenant)
}

/// A person who reports to someone, by the enterprise extension.
fn report(w: &World, name: &str, manager: &str) -> String {
    let body =
        format!(r#"{{"schemas":["{USER}"],"userName":"{name}","{ENTERPRISE}":{{"manager":{{"value":"{manager}"}}}}}}"#);
    w.post("/Users", body).send().expect(201).id()
}

/// By the product's extension.
fn external_report(w: &World, name: &str, external_id: &str, manager: &str) -> String {
    let body = format!(
        r#"{{"schemas":["{USER}"],"userName":"{name}","externalId":"{external_id}",
            "{HAYSTACK}":{{"managerExternalId":"{manager}"}}}}"#
    );
    w.post("/Users", body).send().expect(201).id()
}

/// The names of a line, and how it ends.
fn line(w: &World, id: &str) -> (Vec<String>, LineEnd) {
    let line = block_on(org(w).line(&key(id), 50)).unwrap();
    (line.people.into_iter().map(|person| person.name.unwrap()).collect(), line.end)
}

fn manager(w: &World, id: &str) -> Manager {
    block_on(org(w).managers(&[key(id)])).unwrap().pop().unwrap()
}

fn known(w: &World, id: &str) -> Option<String> {
    match manager(w, id) {
        Manager::Known(person) => Some(person.key.id.to_string()),
        _ => None,
    }
}

fn reports(w: &World, id: &str, limit: usize) -> Vec<String> {
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = block_on(org(w).reports(&key(id), after, limit)).unwrap();
        assert!(page.people.len() <= limit);
        names.extend(page.people.into_iter().map(|person| person.name.unwrap()));
        after = page.next;
        if after.is_none() {
            names.sort();
            return names;
        }
    }
}

fn a_line_goes_up_to_the_top_and_once_round_a_circle(w: &World) {
    let boss = w.user("boss");
    report(w, "mid", "boss");
    let low = report(w, "low", "mid");
    assert_eq!(line(w, &low), (vec!["mid".to_owned(), "boss".to_owned()], LineEnd::Top));
    assert_eq!(line(w, &boss), (Vec::new(), LineEnd::Top));
    let cut = block_on(org(w).line(&key(&low), 1)).unwrap();
    assert_eq!((cut.people.len(), cut.end), (1, LineEnd::Cut));
    let waits = report(w, "waits", "nobody");
    assert_eq!(line(w, &waits), (Vec::new(), LineEnd::Waiting("nobody".to_owned())));
    let alone = report(w, "alone", "alone");
    assert_eq!((manager(w, &alone), line(w, &alone).1), (Manager::Themself, LineEnd::Top));

    let to_low = format!(r#"[{{"op":"add","path":"{ENTERPRISE}:manager","value":{{"value":"low"}}}}]"#);
    w.patch(&format!("/Users/{boss}"), &to_low).send().expect(200);
    let (people, end) = line(w, &low);
    assert_eq!((people.len(), end), (2, LineEnd::Circle(key(&low))));
    let circles = block_on(org(w).circles()).unwrap();
    assert_eq!((circles.len(), circles[0].len()), (1, 3));
    assert!(circles[0].contains(&key(&boss)) && circles[0][0] == *circles[0].iter().min().unwrap());
    let below = block_on(org(w).below(&key(&low), 50, 100)).unwrap();
    assert_eq!((below.levels.iter().map(Vec::len).sum::<usize>(), below.more), (2, false));
}

fn direct_reports_come_in_pages_each_once(w: &World) {
    let boss = external_report(w, "boss", "x-boss", "");
    let other = w.user("other");
    for n in 0..7 {
        report(w, &format!("m{n}"), "boss");
        external_report(w, &format!("x{n}"), &format!("x-{n}"), "x-boss");
    }
    // Both name somebody: the stronger counts. The stronger names nobody who is here: the weaker does.
    let both = |name: &str, manager: &str| {
        let body = format!(
            r#"{{"schemas":["{USER}"],"userName":"{name}","{ENTERPRISE}":{{"manager":{{"value":"{manager}"}}}},
                "{HAYSTACK}":{{"managerExternalId":"x-boss"}}}}"#
        );
        w.post("/Users", body).send().expect(201).id()
    };
    both("same", "boss");
    both("elsewhere", "other");
    both("pending", "nobody");
    let expected: Vec<String> = (0..7)
        .map(|n| format!("m{n}"))
        .chain(["pending".to_owned(), "same".to_owned()])
        .chain((0..7).map(|n| format!("x{n}")))
        .collect();
    for limit in [1, 3, 100] {
        assert_eq!(reports(w, &boss, limit), expected, "{limit}");
    }
    assert_eq!(reports(w, &other, 10), ["elsewhere"]);
    assert!(block_on(org(w).reports(&key(&boss), Some(bytes::Bytes::from_static(b"\x09x")), 1)).is_err());
}

fn everyone_below_comes_level_by_level(w: &World) {
    let boss = w.user("boss");
    for a in 0..3 {
        report(w, &format!("a{a}"), "boss");
        for b in 0..3 {
            report(w, &format!("b{a}{b}"), &format!("a{a}"));
            report(w, &format!("c{a}{b}"), &format!("b{a}{b}"));
        }
    }
    let below = |levels, most| block_on(org(w).below(&key(&boss), levels, most)).unwrap();
    let sizes = |below: &scimstack_server::org::Below| below.levels.iter().map(Vec::len).collect::<Vec<_>>();
    let all = below(10, 1_000);
    assert_eq!((sizes(&all), all.more), (vec![3, 9, 9], false));
    let two = below(2, 1_000);
    assert_eq!((sizes(&two), two.more), (vec![3, 9], true));
    let few = below(10, 5);
    assert_eq!((sizes(&few).iter().sum::<usize>(), few.more), (5, true));
    let (person, manager) = &all.levels[1][0];
    let name = person.name.as_deref().unwrap();
    let boss_of = all.levels[0].iter().find(|(person, _)| person.key == *manager).unwrap();
    assert_eq!(boss_of.0.name.as_deref().unwrap(), format!("a{}", name.chars().nth(1).unwrap()));
    let exact = below(10, 21);
    assert_eq!((sizes(&exact).iter().sum::<usize>(), exact.more), (21, false));
}

fn keys(w: &World, keys: &[ManagerKey]) {
    let mut policy = block_on(w.engine.admin().connection(w.tenant, "default")).unwrap().policy;
    policy.manager_by = keys.to_vec();
    block_on(w.engine.admin().set_connection(w.tenant, policy)).unwrap();
}

fn a_manager_is_looked_for_by_the_keys_of_the_connection(w: &World) {
    // One name is the user name of one person and the address of another.
    let by_name = w.user("boss@x.test");
    let body =
        format!(r#"{{"schemas":["{USER}"],"userName":"b","externalId":"e7","emails":[{{"value":"boss@x.test"}}]}}"#);
    let by_email = w.post("/Users", body).send().expect(201).id();
    assert_eq!(known(w, &report(w, "r1", "boss@x.test")), Some(by_name.clone()), "as the schema declares it");
    keys(w, &[ManagerKey::Email, ManagerKey::UserName]);
    assert_eq!(known(w, &report(w, "r2", "boss@x.test")), Some(by_email.clone()));
    assert_eq!(known(w, &report(w, "r3", "b")), Some(by_email.clone()));
    let by_id = report(w, "r4", &by_name);
    assert_eq!(manager(w, &by_id), Manager::Waiting(by_name.clone()), "ids do not count here");
    keys(w, &[ManagerKey::ExternalId]);
    assert_eq!(known(w, &report(w, "r5", "e7")), Some(by_email));
    assert_eq!(known(w, &report(w, "r6", "boss@x.test")), None);
    keys(w, &[]);
    assert_eq!(known(w, &report(w, "r7", &by_name)), Some(by_name.clone()));
    // A change of the person is looked for by what counts now.
    w.patch(&format!("/Users/{by_id}"), r#"[{"op":"add","path":"title","value":"x"}]"#).send().expect(200);
    assert_eq!(known(w, &by_id), Some(by_name));
}

fn the_keys_of_the_connection_outlive_a_sign_in_and_an_edit(w: &World) {
    keys(w, &[ManagerKey::Email]);
    let ann = report(w, "ann", "boss@x.test");
    block_on(w.engine.sign_in("acme", "ann")).unwrap();
    let patch = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations":[{"op":"add","path":"nickName","value":"Annie"}]}"#;
    let mut request = http::Request::patch(format!("/t/acme/api/scim/v2/Users/{ann}")).body(patch.into()).unwrap();
    request.extensions_mut().insert(scimstack_server::Identity::application("acme", "test"));
    assert_eq!(block_on(w.engine.handle(request)).status(), 200);
    w.user("boss@x.test");
    assert_eq!(manager(w, &ann), Manager::Waiting("boss@x.test".to_owned()), "a user name does not count");
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"b","emails":[{{"value":"boss@x.test"}}]}}"#);
    let boss = w.post("/Users", body).send().expect(201).id();
    assert_eq!(known(w, &ann), Some(boss));
}

fn what_is_wrong_with_managers_is_told_by_name(w: &World) {
    let email = |name: &str| {
        let body = format!(r#"{{"schemas":["{USER}"],"userName":"{name}","emails":[{{"value":"shared@x.test"}}]}}"#);
        w.post("/Users", body).send().expect(201).id()
    };
    email("one");
    email("two");
    let left = w.user("left");
    report(w, "fine", "one");
    let expected = [
        (report(w, "a", "nobody"), Trouble::Nobody),
        (report(w, "b", "shared@x.test"), Trouble::Ambiguous),
        (report(w, "c", "c"), Trouble::Themself),
        (report(w, "d", "left"), Trouble::Inactive),
    ];
    keys(w, &[ManagerKey::ExternalId]);
    let other = report(w, "e", "one");
    w.patch(&format!("/Users/{left}"), r#"[{"op":"replace","path":"active","value":false}]"#).send().expect(200);
    let mut expected: Vec<(Key, Trouble)> = expected.iter().map(|(id, trouble)| (key(id), *trouble)).collect();
    expected.push((key(&other), Trouble::OtherKey));
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    for looked_at in [1, 2, 100] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = block_on(org(w).troubles(after, looked_at)).unwrap();
            found.extend(page.people.into_iter().map(|person| (person.key, person.trouble)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(found, expected, "{looked_at}");
    }
}

/// Everyone at the top, by name, and why.
fn top(w: &World, limit: u32) -> Vec<(String, Manager)> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = block_on(org(w).top(after, limit)).unwrap();
        assert!(page.people.len() <= limit as usize);
        found.extend(page.people.into_iter().map(|head| (head.person.name.unwrap(), head.manager)));
        after = page.next;
        if after.is_none() {
            found.sort_by(|a, b| a.0.cmp(&b.0));
            return found;
        }
    }
}

fn the_top_is_whoever_has_nobody_above_them(w: &World) {
    let boss = w.user("boss");
    let alone = w.user("alone");
    let gone = w.user("gone");
    let own = report(w, "own", "own");
    report(w, "low", "boss");
    report(w, "lower", "own");
    let waits = report(w, "waits", "nobody");
    external_report(w, "external", "x-1", "x-nobody");
    external_report(w, "fine", "x-2", "x-1");
    // The stronger waits and the weaker leads somewhere; both wait: once.
    let both = |name: &str, external_id: &str| {
        let body = format!(
            r#"{{"schemas":["{USER}"],"userName":"{name}","{ENTERPRISE}":{{"manager":{{"value":"nobody"}}}},
                "{HAYSTACK}":{{"managerExternalId":"{external_id}"}}}}"#
        );
        w.post("/Users", body).send().expect(201).id()
    };
    both("known", "x-1");
    both("unknown", "x-9");
    w.patch(&format!("/Users/{gone}"), r#"[{"op":"replace","path":"active","value":false}]"#).send().expect(200);
    let waiting = |raw: &str| Manager::Waiting(raw.to_owned());
    let mut expected = vec![
        ("alone", Manager::None),
        ("boss", Manager::None),
        ("external", waiting("x-nobody")),
        ("gone", Manager::None),
        ("own", Manager::Themself),
        ("unknown", waiting("nobody")),
        ("waits", waiting("nobody")),
    ];
    let named = |all: &[(&str, Manager)]| {
        all.iter().map(|(name, manager)| ((*name).to_owned(), manager.clone())).collect::<Vec<_>>()
    };
    for limit in [1, 2, 100] {
        assert_eq!(top(w, limit), named(&expected), "{limit}");
    }
    assert_eq!(block_on(org(w).waiting(100)).unwrap(), (3, false));
    assert_eq!(block_on(org(w).waiting(2)).unwrap(), (2, true));
    assert_eq!(block_on(org(w).people()).unwrap(), Total::Exact(11));
    assert!(block_on(org(w).top(Some(bytes::Bytes::from_static(b"\x09x")), 1)).is_err());

    let counts = |most| block_on(org(w).report_counts(&[key(&boss), key(&own), key(&alone)], most)).unwrap();
    assert_eq!((counts(100).counts, counts(100).more), (vec![1, 1, 0], false));
    assert!(counts(1).more);

    // Whoever gets a manager is not at the top any more; whose manager goes is.
    let path = format!("/Users/{waits}");
    let to =
        |manager: &str| format!(r#"[{{"op":"add","path":"{ENTERPRISE}:manager","value":{{"value":"{manager}"}}}}]"#);
    w.patch(&path, &to("boss")).send().expect(200);
    w.patch(&format!("/Users/{alone}"), &to("boss")).send().expect(200);
    expected.retain(|(name, _)| !matches!(*name, "waits" | "alone"));
    assert_eq!(top(w, 100), named(&expected));
    w.patch(&path, &format!(r#"[{{"op":"remove","path":"{ENTERPRISE}:manager"}}]"#)).send().expect(200);
    expected.push(("waits", Manager::None));
    assert_eq!(top(w, 100), named(&expected));
}

fn references_follow_people_who_come_go_and_are_renamed(w: &World) {
    let ann = report(w, "ann", "boss@x.test");
    assert_eq!(manager(w, &ann), Manager::Waiting("boss@x.test".to_owned()));
    let boss = w.user("boss@x.test");
    assert_eq!(known(w, &ann), Some(boss.clone()), "created");

    let path = format!("/Users/{boss}");
    let rename = |to: &str| format!(r#"[{{"op":"replace","path":"userName","value":"{to}"}}]"#);
    w.patch(&path, &rename("chief@x.test")).send().expect(200);
    assert_eq!(known(w, &ann), Some(boss.clone()), "renamed");
    let bob = report(w, "bob", "boss@x.test");
    assert_eq!(known(w, &bob), Some(boss.clone()), "by the former name, until the provider sends the new one");
    let body =
        format!(r#"{{"schemas":["{USER}"],"userName":"bob","{ENTERPRISE}":{{"manager":{{"value":"chief@x.test"}}}}}}"#);
    w.put(&format!("/Users/{bob}"), body).send().expect(200);
    assert_eq!(known(w, &bob), Some(boss));

    w.patch(&path, r#"[{"op":"replace","path":"active","value":false}]"#).send().expect(200);
    assert!(matches!(manager(w, &ann), Manager::Known(person) if !person.active), "kept, and marked");
    w.patch(&path, r#"[{"op":"replace","path":"active","value":true}]"#).send().expect(200);
    assert!(matches!(manager(w, &ann), Manager::Known(person) if person.active));

    w.delete(&path).send().expect(204);
    assert_eq!(manager(w, &ann), Manager::Waiting("boss@x.test".to_owned()), "deleted");
    assert_eq!(manager(w, &bob), Manager::Waiting("chief@x.test".to_owned()));
    let again = w.user("chief@x.test");
    assert_eq!((known(w, &ann), known(w, &bob)), (None, Some(again)));
}

fn a_group_holds_whoever_is_in_the_groups_within_it(w: &World) {
    let (ann, bob, cid) = (w.user("ann"), w.user("bob"), w.user("cid"));
    let inner = w.group("inner", &[&cid, &ann]);
    let middle = w.group("middle", &[&bob, &inner]);
    let outer = w.group("outer", &[&ann, &middle]);
    // A circle.
    let to_outer = format!(r#"[{{"op":"add","path":"members","value":[{{"value":"{outer}"}}]}}]"#);
    w.patch(&format!("/Groups/{inner}"), &to_outer).send().expect(204);
    let members = |most| block_on(org(w).members(&group_key(&outer), most)).unwrap();
    let (all, more) = members(100);
    let mut found: Vec<(String, String)> =
        all.iter().map(|member| (member.name.clone().unwrap(), member.of.id.to_string())).collect();
    found.sort();
    let pair = |name: &str, of: &str| (name.to_owned(), of.to_owned());
    let expected = [
        pair("ann", &outer),
        pair("bob", &middle),
        pair("cid", &inner),
        pair("inner", &middle),
        pair("middle", &outer),
    ];
    assert_eq!((found, more), (expected.to_vec(), false));
    let (few, more) = members(2);
    assert_eq!((few.len(), more), (2, true));

    let (groups, more) = block_on(org(w).groups(&key(&cid), 100)).unwrap();
    let found: Vec<(String, bool)> = groups.into_iter().map(|group| (group.name.unwrap(), group.direct)).collect();
    let expected = [("inner".to_owned(), true), ("middle".to_owned(), false), ("outer".to_owned(), false)];
    assert_eq!((found, more), (expected.to_vec(), false));
    w.put(&format!("/Groups/{middle}"), format!(r#"{{"schemas":["{GROUP}"],"displayName":"middle"}}"#))
        .send()
        .expect(200);
    assert_eq!(members(100).0.len(), 2);
}

/// Counts what is asked of a store, in edges and look-ups.
#[derive(Default)]
struct Asked(AtomicUsize);

#[async_trait]
impl Watch for Asked {
    async fn edges(&self, store: &dyn Store, scope: Scope, query: &EdgeQuery) -> Result<EdgePage, StoreError> {
        let page = store.edges(scope, query).await?;
        self.0.fetch_add(1 + page.edges.len(), Ordering::SeqCst);
        Ok(page)
    }
}

#[test]
fn what_a_call_reads_does_not_grow_with_the_company() {
    let costs = |others: usize| {
        let store = Watched::in_memory(Asked::default());
        let w = Setting::directory().over(store.clone());
        let boss = w.user("boss");
        report(&w, "mid", "boss");
        let low = report(&w, "low", "mid");
        let inner = w.group("inner", &[&low]);
        let outer = w.group("outer", &[&inner]);
        w.user("elsewhere");
        for n in 0..others {
            let id = report(&w, &format!("o{n}"), "elsewhere");
            w.group(&format!("g{n}"), &[&id]);
        }
        let org = org(&w);
        let cost = |ask: &dyn Fn()| {
            let before = store.watch.0.load(Ordering::SeqCst);
            ask();
            store.watch.0.load(Ordering::SeqCst) - before
        };
        [
            cost(&|| drop(block_on(org.line(&key(&low), 50)).unwrap())),
            cost(&|| drop(block_on(org.reports(&key(&boss), None, 100)).unwrap())),
            cost(&|| drop(block_on(org.below(&key(&boss), 50, 1_000)).unwrap())),
            cost(&|| drop(block_on(org.members(&group_key(&outer), 1_000)).unwrap())),
            cost(&|| drop(block_on(org.groups(&key(&low), 1_000)).unwrap())),
            cost(&|| drop(block_on(org.troubles(None, 3)).unwrap())),
            cost(&|| drop(block_on(org.top(None, 50)).unwrap())),
            cost(&|| drop(block_on(org.top(Some(bytes::Bytes::from_static(b"\x01")), 50)).unwrap())),
            cost(&|| drop(block_on(org.report_counts(&[key(&boss), key(&low)], 1_000)).unwrap())),
            cost(&|| assert_eq!(block_on(org.waiting(1_000)).unwrap(), (0, false))),
        ]
    };
    assert_eq!(costs(5), costs(100));
}
