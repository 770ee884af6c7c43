//! The guard against mass deactivation: so many people leave within a while, and no more until an administrator decides,
//! whoever sends it, at once or in turn, from one server or several.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use futures_executor::block_on;
use scimstack_provisioning::directory::Lifecycle;
use scimstack_schema::Registry;
use scimstack_server::admin::AdminError;
use scimstack_server::{Admin, Engine};
use std::sync::Arc;
use support::{Setting, USER, World};

const LEAVE: &str = r#"[{"op":"replace","path":"active","value":false}]"#;
const RETURN: &str = r#"[{"op":"replace","path":"active","value":true}]"#;

/// At most three within an hour.
fn guarded() -> Setting {
    Setting::directory().policy(|policy| policy.max_deactivations = 3)
}

over_every_store! {
    the_next_one_waits_for_an_administrator in super::guarded();
    everything_else_goes_on_while_departures_are_held in super::guarded();
    whoever_left_an_hour_ago_does_not_count in super::guarded();
    what_was_refused_or_changed_nothing_does_not_count in super::guarded();
    administrators_are_told_once_for_each_hold in super::guarded();
    a_bulk_request_counts_each_operation in super::guarded();
    without_a_limit_everybody_may_leave_at_once in Setting::directory();
    many_at_once_do_not_slip_past in Setting::directory().policy(|policy| policy.max_deactivations = 10);
    several_servers_count_together in Setting::directory().policy(|policy| policy.max_deactivations = 10);
    a_server_that_stopped_after_the_hold_was_decided_is_made_up_for in super::guarded();
}

fn people(w: &World, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("/Users/{}", w.user(&format!("p{n}@x.test")))).collect()
}

fn active(w: &World, people: &[String]) -> usize {
    people.iter().filter(|path| w.get(path).send().expect(200).json()["active"] == true).count()
}

fn held(w: &World) -> Vec<serde_json::Value> {
    w.events("outbox").into_iter().filter(|event| event["kind"] == "connection.held").collect()
}

fn release(w: &World) {
    let holds = block_on(w.engine.admin().holds(Some(w.tenant))).unwrap();
    assert_eq!(holds.len(), 1);
    block_on(w.engine.admin().release_hold(&holds[0].id)).unwrap();
    let again = block_on(w.engine.admin().release_hold(&holds[0].id));
    assert!(matches!(again, Err(AdminError::NotFound(_))), "{again:?}");
}

fn the_next_one_waits_for_an_administrator(w: &World) {
    let people = people(w, 6);
    w.patch(&people[0], LEAVE).send().expect(200);
    let replaced = format!(r#"{{"schemas":["{USER}"],"userName":"p1@x.test","active":false}}"#);
    w.put(&people[1], replaced).send().expect(200);
    w.delete(&people[2]).send().expect(204);
    for _ in 0..2 {
        let answer = w.patch(&people[3], LEAVE).send().expect(429);
        assert_eq!(answer.header("retry-after"), Some("300"));
        for part in ["more than 3 people", "3600 seconds", "connection default", "administrator", "goes on"] {
            assert!(answer.text().contains(part), "{part}: {}", answer.text());
        }
        w.delete(&people[4]).send().expect(429);
    }
    assert_eq!(active(w, &people[3..]), 3);
    let holds = block_on(w.engine.admin().holds(Some(w.tenant))).unwrap();
    assert_eq!((holds.len(), holds[0].connection.as_str()), (1, "default"));

    w.clock.pass_seconds(1_000_000);
    w.patch(&people[3], LEAVE).send().expect(429);
    release(w);
    for path in &people[3..6] {
        w.delete(path).send().expect(204);
    }
    let late = format!("/Users/{}", w.user("late@x.test"));
    w.delete(&late).send().expect(429);
}

fn everything_else_goes_on_while_departures_are_held(w: &World) {
    let people = people(w, 5);
    for (at, path) in people.iter().enumerate() {
        w.patch(path, LEAVE).send().expect(if at < 3 { 200 } else { 429 });
    }
    w.user("joiner@x.test");
    w.patch(&people[4], r#"[{"op":"replace","path":"title","value":"mover"}]"#).send().expect(200);
    w.patch(&people[0], RETURN).send().expect(200);
    w.patch(&people[1], LEAVE).send().expect(200);
    let group = w.group("G", &[people[3].trim_start_matches("/Users/")]);
    w.delete(&format!("/Groups/{group}")).send().expect(204);
    // Held whole, with the attributes that came along.
    let both = r#"[{"op":"replace","path":"title","value":"x"},{"op":"replace","path":"active","value":false}]"#;
    w.patch(&people[4], both).send().expect(429);
    w.get(&people[4]).send().expect(200).shows(r#"{"title":"mover","active":true}"#);
}

fn whoever_left_an_hour_ago_does_not_count(w: &World) {
    for path in people(w, 9) {
        w.patch(&path, LEAVE).send().expect(200);
        w.clock.pass_seconds(20 * 60);
    }
    assert!(held(w).is_empty());
}

fn what_was_refused_or_changed_nothing_does_not_count(w: &World) {
    let people = people(w, 4);
    for _ in 0..5 {
        w.patch(&people[0], LEAVE).send().expect(200);
        w.patch(&people[1], r#"[{"op":"replace","path":"active","value":"perhaps"}]"#).send().expect(400);
        w.delete("/Users/nobody").send().expect(404);
        w.patch(&people[1], LEAVE).header("if-match", "W/\"77\"").send().expect(412);
    }
    let mut policy = block_on(w.engine.admin().connection(w.tenant, "default")).unwrap().policy;
    policy.deactivate_users = false;
    block_on(w.engine.admin().set_connection(w.tenant, policy.clone())).unwrap();
    for _ in 0..5 {
        w.delete(&people[2]).send().expect(403);
    }
    policy.deactivate_users = true;
    block_on(w.engine.admin().set_connection(w.tenant, policy)).unwrap();
    for path in &people[1..3] {
        w.patch(path, LEAVE).send().expect(200);
    }
    w.patch(&people[3], LEAVE).send().expect(429);
}

fn administrators_are_told_once_for_each_hold(w: &World) {
    let people = people(w, 12);
    for round in 0..2 {
        for (at, path) in people[round * 5..round * 5 + 5].iter().enumerate() {
            w.patch(path, LEAVE).send().expect(if at < 3 { 200 } else { 429 });
        }
        let told = held(w);
        assert_eq!(told.len(), round + 1);
        let last = &told[round];
        assert_eq!((&last["connection"], &last["resourceId"]), (&"default".into(), &serde_json::Value::Null));
        assert!(last["text"].as_str().unwrap().contains("more than 3 people"), "{last}");
        let refused = w.events("log").into_iter().filter(|entry| entry["status"] == 429).count();
        assert_eq!(refused, 2 * (round + 1));
        w.clock.pass_seconds(60);
        release(w);
    }
}

fn a_bulk_request_counts_each_operation(w: &World) {
    let people = people(w, 5);
    let operations: Vec<String> =
        people.iter().map(|path| format!(r#"{{"method":"DELETE","path":"{path}"}}"#)).collect();
    let body = format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{}]}}"#,
        operations.join(",")
    );
    let answer = w.post("/Bulk", body).send().expect(200).json();
    let statuses: Vec<&str> =
        answer["Operations"].as_array().unwrap().iter().map(|done| done["status"].as_str().unwrap()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == "204").count(), 3, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == "429").count(), 2, "{statuses:?}");
    assert_eq!(held(w).len(), 1);
}

fn without_a_limit_everybody_may_leave_at_once(w: &World) {
    for path in people(w, 30) {
        w.delete(&path).send().expect(204);
    }
    assert!(held(w).is_empty());
}

/// Everyone leaves at the same time, by several servers; the number of those who are gone, and of those who wait.
fn all_leave(servers: &[&World], people: &[String]) -> (usize, usize) {
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let leaving: Vec<_> = people
            .iter()
            .enumerate()
            .map(|(at, path)| {
                let server = servers[at % servers.len()];
                scope.spawn(move || {
                    // Servers that tread on each other too often ask for the request again (409).
                    loop {
                        match server.patch(path, LEAVE).send().status {
                            409 => {}
                            status => return status,
                        }
                    }
                })
            })
            .collect();
        leaving.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!(count(200) + count(429), people.len(), "{statuses:?}");
    (count(200), count(429))
}

fn many_at_once_do_not_slip_past(w: &World) {
    let people = people(w, 40);
    assert_eq!(all_leave(&[w], &people), (10, 30));
    assert_eq!((active(w, &people), held(w).len()), (30, 1));
}

/// Another server on the same database.
fn another(w: &World) -> World {
    let admin = Admin::new(w.engine.admin().store().clone(), w.clock.clone(), Registry::haystack());
    let engine = Engine::builder(admin).decide(Arc::new(Lifecycle)).build();
    World { engine: Arc::new(engine), clock: w.clock.clone(), tenant: w.tenant, token: w.token.clone() }
}

fn several_servers_count_together(w: &World) {
    let people = people(w, 40);
    let (second, third) = (another(w), another(w));
    assert_eq!(all_leave(&[w, &second, &third], &people), (10, 30));
    assert_eq!((active(w, &people), held(w).len()), (30, 1));
    assert_eq!(block_on(w.engine.admin().holds(Some(w.tenant))).unwrap().len(), 1);
}

fn a_server_that_stopped_after_the_hold_was_decided_is_made_up_for(w: &World) {
    let people = people(w, 5);
    for path in &people {
        w.patch(path, LEAVE).send();
    }
    // As if the server had stopped before the hold was listed: it is listed with the next request that waits.
    let holds = block_on(w.engine.admin().holds(Some(w.tenant))).unwrap();
    let key = scimstack_store::Key::new("Hold", scimstack_store::ResourceId::new(&holds[0].id).unwrap());
    let (now, actor) = (scimstack_schema::Timestamp::default(), scimstack_store::Actor("test".to_owned()));
    let gone = scimstack_store::Op::Delete { key, expect: scimstack_store::Expect::Any };
    let changes = scimstack_store::ChangeSet::new(now, actor, "gone").with(gone);
    block_on(w.engine.admin().store().commit(scimstack_store::Scope::System, changes)).unwrap();
    assert!(block_on(w.engine.admin().holds(Some(w.tenant))).unwrap().is_empty());
    w.patch(&people[4], LEAVE).send().expect(429);
    release(w);
    assert_eq!(held(w).len(), 1);
    w.patch(&people[4], LEAVE).send().expect(200);
}
