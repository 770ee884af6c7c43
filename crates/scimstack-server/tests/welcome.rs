//! The first message: to whom, when, and once. Who starts later, who was only a test, who was here before the gate was
//! opened; and what follows people through leaving and coming back.

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
use scimstack_protocol::Notify;
use scimstack_server::UnaskedError;
use scimstack_store::{MemoryStore, Page, Query, Scope, Store, StoreError};
use scimstack_store_sqlite::SqliteStore;
use std::sync::atomic::{AtomicU64, Ordering};
use support::watched::{Watch, Watched};
use support::{Setting, USER, World};

const HAYSTACK: &str = "urn:ietf:params:scim:schemas:extension:haystack:1.0:User";
const LEAVE: &str = r#"[{"op":"replace","path":"active","value":false}]"#;
const RETURN: &str = r#"[{"op":"replace","path":"active","value":true}]"#;
const DAY: i64 = 24 * 60 * 60;

over_every_store! {
    who_starts_later_is_welcomed_on_the_day in Setting::directory();
    the_day_may_move_and_the_welcome_moves_with_it in Setting::directory();
    who_leaves_or_signs_in_before_the_day_gets_no_welcome in Setting::directory();
    a_gate_that_was_closed_meanwhile_stays_closed in Setting::directory();
    a_person_made_for_a_connection_test_is_never_written_to in Setting::directory().dialect(scimstack_protocol::Dialect::Jumpcloud);
    opening_the_gate_later_welcomes_those_who_are_here_once in Setting::directory();
    a_person_who_comes_back_is_the_same_in_the_same_groups_and_not_welcomed_again in Setting::directory();
    a_person_deleted_and_made_again_is_someone_new in Setting::directory();
}

fn notify(w: &World, notify: Notify) {
    let mut policy = block_on(w.engine.admin().tenant("acme")).unwrap().policy;
    policy.notify = notify;
    block_on(w.engine.admin().set_tenant_policy(w.tenant, policy)).unwrap();
}

/// Whom the outbox has welcomed, in order.
fn welcomed(w: &World) -> Vec<String> {
    let events = w.events("outbox").into_iter().filter(|event| event["kind"] == "notify.welcome");
    events.map(|event| event["userName"].as_str().unwrap().to_owned()).collect()
}

/// The path of a person who starts on a day (the clock stands at 2026-01-01).
fn hire(w: &World, name: &str, day: &str) -> String {
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"{name}","{HAYSTACK}":{{"joinDate":"{day}"}}}}"#);
    format!("/Users/{}", w.post("/Users", body).send().expect(201).id())
}

fn due(w: &World) -> u64 {
    block_on(w.engine.do_what_is_due("acme")).unwrap()
}

fn reminders(w: &World) -> usize {
    let user = block_on(w.engine.admin().registry(w.tenant)).unwrap().resource_type("User").unwrap().clone();
    let kind = scimstack_store::Kind::from("Reminder");
    let target = scimstack_store::Target { kind, resource_type: user, filter: None };
    let query = scimstack_store::Query::new(target, 100);
    let scope = scimstack_store::Scope::Tenant(w.tenant);
    block_on(w.engine.admin().store().query(scope, &query)).unwrap().items.len()
}

fn who_starts_later_is_welcomed_on_the_day(w: &World) {
    notify(w, Notify::Everyone);
    hire(w, "past", "2025-12-01");
    hire(w, "nonsense", "soon");
    hire(w, "future", "2026-01-10");
    hire(w, "further", "2026-02-01T09:00:00+01:00");
    assert_eq!(welcomed(w), ["past", "nonsense"]);
    assert_eq!((due(w), reminders(w)), (0, 2));
    w.clock.pass_seconds(9 * DAY - 1);
    assert_eq!((due(w), welcomed(w).len()), (0, 2));
    w.clock.pass_seconds(1);
    assert_eq!((due(w), due(w)), (1, 0));
    assert_eq!(welcomed(w), ["past", "nonsense", "future"]);
    w.clock.pass_seconds(60 * DAY);
    assert_eq!((due(w), due(w), reminders(w)), (1, 0, 0));
    assert_eq!(welcomed(w), ["past", "nonsense", "future", "further"]);
}

fn the_day_may_move_and_the_welcome_moves_with_it(w: &World) {
    notify(w, Notify::Everyone);
    let (ann, bob, cid) = (hire(w, "ann", "2026-01-10"), hire(w, "bob", "2026-01-10"), hire(w, "cid", "2026-02-10"));
    let to = |day: &str| format!(r#"[{{"op":"replace","path":"{HAYSTACK}:joinDate","value":"{day}"}}]"#);
    w.patch(&ann, &to("2026-01-20")).send().expect(200);
    w.patch(&bob, &to("2025-01-20")).send().expect(200);
    w.patch(&cid, &to("2026-01-05")).send().expect(200);
    assert_eq!(welcomed(w), ["bob"]);
    w.clock.pass_seconds(5 * DAY);
    assert_eq!(
        (due(w), welcomed(w)),
        (1, vec!["bob".to_owned(), "cid".to_owned()]),
        "a day that is earlier than it was"
    );
    w.clock.pass_seconds(10 * DAY);
    assert_eq!((due(w), welcomed(w).len()), (0, 2));
    w.clock.pass_seconds(5 * DAY);
    assert_eq!((due(w), welcomed(w)), (1, vec!["bob".to_owned(), "cid".to_owned(), "ann".to_owned()]));
}

fn who_leaves_or_signs_in_before_the_day_gets_no_welcome(w: &World) {
    notify(w, Notify::Everyone);
    let (ann, bob, _cid) = (hire(w, "ann", "2026-01-10"), hire(w, "bob", "2026-01-10"), hire(w, "cid", "2026-01-10"));
    w.patch(&ann, LEAVE).send().expect(200);
    w.delete(&bob).send().expect(204);
    block_on(w.engine.sign_in("acme", "cid")).unwrap();
    w.clock.pass_seconds(30 * DAY);
    assert_eq!((due(w), welcomed(w).len(), reminders(w)), (0, 0, 0));
    w.patch(&ann, RETURN).send().expect(200);
    assert_eq!((due(w), welcomed(w).len()), (0, 0), "coming back is no reason to be welcomed");
}

fn a_gate_that_was_closed_meanwhile_stays_closed(w: &World) {
    notify(w, Notify::Everyone);
    hire(w, "ann", "2026-01-10");
    notify(w, Notify::Nobody);
    w.clock.pass_seconds(30 * DAY);
    assert_eq!((due(w), welcomed(w).len(), reminders(w)), (0, 0, 0));
    notify(w, Notify::Everyone);
    assert_eq!(block_on(w.engine.welcome("acme")).unwrap().now, 1);
}

fn a_person_made_for_a_connection_test_is_never_written_to(w: &World) {
    notify(w, Notify::Everyone);
    for _ in 0..2 {
        // What the connection test does, each time it is pressed.
        let test = format!("/Users/{}", w.user("administrator@x.test"));
        let group = w.group("test", &[test.trim_start_matches("/Users/")]);
        w.delete(&format!("/Groups/{group}")).send().expect(204);
        w.delete(&test).send().expect(204);
    }
    w.user("ann@x.test");
    assert!(welcomed(w).is_empty());
    w.clock.pass_seconds(600);
    assert_eq!(due(w), 1);
    assert_eq!(welcomed(w), ["ann@x.test"]);
}

fn opening_the_gate_later_welcomes_those_who_are_here_once(w: &World) {
    for n in 0..20 {
        w.user(&format!("p{n:02}"));
    }
    let (left, back) = (format!("/Users/{}", w.user("left")), format!("/Users/{}", w.user("back")));
    w.patch(&left, LEAVE).send().expect(200);
    w.patch(&back, LEAVE).send().expect(200);
    w.patch(&back, RETURN).send().expect(200);
    w.user("claimed");
    block_on(w.engine.sign_in("acme", "claimed")).unwrap();
    hire(w, "future", "2026-01-10");
    for closed in [Notify::Nobody, Notify::SignedIn] {
        notify(w, closed);
        let Err(UnaskedError::Refused(error)) = block_on(w.engine.welcome("acme")) else { panic!("welcomed") };
        assert!(error.detail.contains("Security Settings"), "{}", error.detail);
    }
    notify(w, Notify::Everyone);
    let first = block_on(w.engine.welcome("acme")).unwrap();
    assert_eq!((first.seen, first.now, first.later), (24, 21, 1));
    let again = block_on(w.engine.welcome("acme")).unwrap();
    assert_eq!((again.seen, again.now, again.later), (24, 0, 0));
    let mut names = welcomed(w);
    names.sort();
    assert_eq!((names.len(), names[0].as_str()), (21, "back"));
    assert!(!names.iter().any(|name| ["left", "claimed", "future"].contains(&name.as_str())), "{names:?}");
    w.clock.pass_seconds(9 * DAY);
    assert_eq!((due(w), welcomed(w).len()), (1, 22));
}

fn a_person_who_comes_back_is_the_same_in_the_same_groups_and_not_welcomed_again(w: &World) {
    notify(w, Notify::Everyone);
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"ann","externalId":"00u1"}}"#);
    let ann = w.post("/Users", body.clone()).send().expect(201).id();
    let group = w.group("G", &[&ann]);
    let report = format!(
        r#"{{"schemas":["{USER}"],"userName":"bob","{}":{{"manager":{{"value":"ann"}}}}}}"#,
        support::ENTERPRISE
    );
    let bob = w.post("/Users", report).send().expect(201).id();
    let path = format!("/Users/{ann}");
    w.patch(&path, LEAVE).send().expect(200);
    assert_eq!(w.members(&group), [ann.as_str()]);
    assert_eq!(w.post("/Users", body).send().expect(201).id(), ann, "the same externalId brings the same person back");
    w.patch(&path, LEAVE).send().expect(200);
    w.patch(&path, RETURN).send().expect(200);
    assert_eq!(w.members(&group), [ann.as_str()]);
    let shown = w.get(&format!("/Users/{bob}")).send().expect(200).json();
    assert!(shown[support::ENTERPRISE]["manager"]["$ref"].as_str().unwrap().ends_with(&ann), "{shown}");
    assert_eq!(welcomed(w), ["ann", "bob"]);
    assert_eq!(w.events("outbox").iter().filter(|event| event["kind"] == "reports.flag").count(), 2);
}

fn a_person_deleted_and_made_again_is_someone_new(w: &World) {
    notify(w, Notify::Everyone);
    let ann = w.user("ann");
    let group = w.group("G", &[&ann]);
    w.delete(&format!("/Users/{ann}")).send().expect(204);
    w.get(&format!("/Users/{ann}")).send().expect(404);
    assert!(w.members(&group).is_empty());
    let again = w.user("ann");
    assert_ne!(again, ann);
    assert_eq!(welcomed(w), ["ann", "ann"], "someone new is welcomed");
    block_on(w.engine.sign_in("acme", "ann")).unwrap();
}

/// Counts the reminders that a store hands out, and what it looks at one by one to find them.
#[derive(Default)]
struct Reminded {
    read: AtomicU64,
    looked_at: AtomicU64,
}

#[async_trait]
impl Watch for Reminded {
    async fn query(&self, store: &dyn Store, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let page = store.query(scope, query).await?;
        if query.targets.iter().any(|target| target.kind.as_str() == "Reminder") {
            self.read.fetch_add(page.items.len() as u64, Ordering::SeqCst);
            self.looked_at.fetch_add(page.looked_at, Ordering::SeqCst);
        }
        Ok(page)
    }
}

/// Of runs over a thousand reminders, before one is due, when it is and when it was done: how many something became of,
/// how many were read and how many looked at.
fn what_is_read(store: impl Store) -> [(u64, u64, u64); 3] {
    let store = Watched::new(store, Reminded::default());
    let w = Setting::directory().over(store.clone());
    notify(&w, Notify::Everyone);
    for n in 0..1_000 {
        hire(&w, &format!("p{n:03}"), &format!("20{}-01-10", 99 - n % 70));
    }
    hire(&w, "now", "2026-01-02");
    w.clock.pass_seconds(60);
    let run = || {
        let done = due(&w);
        (done, store.watch.read.swap(0, Ordering::SeqCst), store.watch.looked_at.swap(0, Ordering::SeqCst))
    };
    let before = run();
    w.clock.pass_seconds(DAY);
    [before, run(), run()]
}

#[test]
fn what_is_not_due_is_not_read() {
    let [before, on_the_day, after] = what_is_read(SqliteStore::in_memory().unwrap());
    assert_eq!((before, on_the_day, after), ((0, 0, 0), (1, 1, 0), (0, 0, 0)));
    let [before, on_the_day, after] = what_is_read(MemoryStore::new()).map(|(done, read, _)| (done, read));
    assert_eq!((before, on_the_day, after), ((0, 0), (1, 1), (0, 0)), "this one has no indexes");
}
