//! Plans carried out over a transport: requests at the same time, versions, waits, and the ends that a run can have.

#![cfg(feature = "connector")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod script;

use scimstack_client::connector::sync::{self, Journal, Steps, SyncError};
use scimstack_client::{BoxError, NotSent};
use scimstack_provisioning::sync::{
    Checked, Deed, Entry, Item, Mapping, Outcome, Plan, PlanOptions, Planner, Run, Settled, TargetProfile,
};
use scimstack_schema::{Object, Registry, Value};
use script::{Clock, Reply, Server};
use std::collections::VecDeque;
use std::sync::Arc;

fn object(text: &str) -> Object {
    Value::parse(text.as_bytes()).unwrap().as_object().unwrap().clone()
}

fn row(name: &str, title: &str) -> Object {
    object(&format!(r#"{{"mail":"{name}","job":"{title}"}}"#))
}

/// The items of a plan, and their ends.
struct Items {
    left: VecDeque<Item>,
    ends: Vec<Settled>,
}

impl Steps for Items {
    fn item(&mut self) -> Result<Option<Item>, BoxError> {
        Ok(self.left.pop_front())
    }

    fn settled(&mut self, settled: Settled) {
        self.ends.push(settled);
    }
}

fn plan(target: &[&str], rows: &[Object]) -> (Plan, Items) {
    let mapping = r#"{"people": {"match": ["userName"], "rules": [{"to": "userName", "from": "mail"}, {"to": "title", "from": "job"}]}}"#;
    let part = Mapping::parse(mapping.as_bytes()).unwrap().people.unwrap();
    let checked = Checked::new(&part, Registry::core().resource_type("User").unwrap()).unwrap();
    let mut planner = Planner::new(Arc::new(checked), PlanOptions::default());
    for document in target {
        planner.handle_target(&object(document));
    }
    for (at, row) in (0..).zip(rows) {
        planner.handle_source(at, row, None);
    }
    let plan = planner.finish();
    let item = |change: scimstack_provisioning::sync::Change<'_>| {
        let row = change.row().and_then(|row| rows.get(row as usize));
        plan.item(&change, row, None).unwrap()
    };
    let left = plan.changes().map(item).collect();
    (plan, Items { left, ends: Vec::new() })
}

fn carry_out(
    server: &Server,
    plan: &Plan,
    items: &mut Items,
    profile: TargetProfile,
) -> (Result<(), SyncError>, Vec<Entry>) {
    let mut journal = Vec::new();
    let mut run = Run::new(plan, profile, 1);
    let (client, clock) = (server.client(), Clock::default());
    let ended = futures_executor::block_on(sync::run(&client, &clock, &mut run, &mut journal, items));
    (ended, journal)
}

fn reply(status: u16, body: &str) -> Reply {
    Ok((status, Vec::new(), body.to_owned()))
}

#[test]
fn a_change_is_bound_to_the_version_that_was_read() {
    let (plan, mut items) = plan(&[r#"{"id":"7","userName":"ann","title":"Clerk"}"#], &[row("ann", "Head")]);
    let server = Server::new(|n, _| match n {
        0 => {
            Ok((200, vec![("etag", "W/\"1\"".to_owned())], r#"{"id":"7","userName":"ann","title":"Clerk"}"#.to_owned()))
        }
        1 => reply(412, "{}"),
        2 => {
            Ok((200, vec![("etag", "W/\"2\"".to_owned())], r#"{"id":"7","userName":"ann","title":"Boss"}"#.to_owned()))
        }
        _ => reply(204, ""),
    });
    let (ended, _) = carry_out(&server, &plan, &mut items, TargetProfile::default());
    ended.unwrap();
    let asked = server.asked();
    let lines: Vec<String> = asked.iter().map(script::Asked::line).collect();
    assert_eq!(lines, ["GET /Users/7", "PATCH /Users/7", "GET /Users/7", "PATCH /Users/7"]);
    assert_eq!((asked[1].header("if-match"), asked[3].header("if-match")), (Some("W/\"1\""), Some("W/\"2\"")));
    assert_eq!(
        asked[3].body,
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"title","value":"Head"}]}"#
    );
    assert_eq!(items.ends[0].outcome, Outcome::Done(Deed::Updated));
}

#[test]
fn a_busy_target_is_left_alone_as_long_as_it_says() {
    let (plan, mut items) = plan(&[], &[row("ann", "x")]);
    let server = Server::of(vec![
        Ok((429, vec![("retry-after", "7".to_owned())], String::new())),
        Ok((
            503,
            vec![
                ("retry-after", "Thu, 01 Jan 1970 00:00:40 GMT".to_owned()),
                ("date", "Thu, 01 Jan 1970 00:00:10 GMT".to_owned()),
            ],
            String::new(),
        )),
        reply(201, r#"{"id":"1","userName":"ann"}"#),
    ]);
    let clock = Clock::default();
    let mut run = Run::new(&plan, TargetProfile::default(), 1);
    let mut journal: Vec<Entry> = Vec::new();
    futures_executor::block_on(sync::run(&server.client(), &clock, &mut run, &mut journal, &mut items)).unwrap();
    assert!(clock.slept().iter().sum::<f64>() >= 37.0, "{:?}", clock.slept());
    assert_eq!(items.ends[0].outcome, Outcome::Done(Deed::Created));
}

#[test]
fn a_target_that_lets_nobody_in_is_asked_once() {
    for (status, said) in [(401, "who are you"), (403, "not you")] {
        let (plan, mut items) = plan(&[], &[row("ann", ""), row("bob", ""), row("cy", "")]);
        let server = Server::new(move |_, _| reply(status, &format!(r#"{{"detail":"{said}"}}"#)));
        let (ended, _) = carry_out(&server, &plan, &mut items, TargetProfile::default().with_concurrency(1));
        let Err(SyncError::Stopped(failure)) = ended else { panic!("{ended:?}") };
        assert_eq!((failure.status, failure.detail.as_str()), (Some(status), said));
        assert_eq!(server.asked().len(), 1);
    }
}

#[test]
fn a_target_that_cannot_be_reached_ends_the_run_and_nobody_is_set_aside_for_it() {
    let rows: Vec<Object> = (0..100).map(|n| row(&format!("p{n}"), "")).collect();
    let (plan, mut items) = plan(&[], &rows);
    let server = Server::new(|_, _| Err(NotSent("no route".into()).into()));
    let (ended, journal) = carry_out(&server, &plan, &mut items, TargetProfile::default().with_concurrency(60));
    assert!(matches!(ended, Err(SyncError::Stopped(_))), "{ended:?}");
    assert!(!journal.iter().any(|entry| matches!(entry, Entry::Aside(_))));
    assert!(server.asked().len() < 100);
}

#[test]
fn a_lost_answer_to_a_creation_is_looked_for_before_it_is_sent_again() {
    let (plan, mut items) = plan(&[], &[row("ann", "Head")]);
    let server = Server::of(vec![
        Err("reset".into()),
        reply(200, r#"{"totalResults":1,"Resources":[{"id":"9","userName":"Ann"},{"id":"8","userName":"bob"}]}"#),
        reply(200, r#"{"id":"9","userName":"ann","title":"Head"}"#),
    ]);
    let (ended, _) = carry_out(&server, &plan, &mut items, TargetProfile::default());
    ended.unwrap();
    let lines: Vec<String> = server.asked().iter().map(script::Asked::line).collect();
    assert_eq!(lines, ["POST /Users", "GET /Users?filter=userName%20eq%20%22ann%22", "GET /Users/9"]);
    assert_eq!((items.ends[0].id.as_deref(), &items.ends[0].outcome), (Some("9"), &Outcome::Done(Deed::Unchanged)));
}

/// A disk that is full.
struct Full;

impl Journal for Full {
    fn append(&mut self, _: &Entry) -> Result<(), BoxError> {
        Err("no space left".into())
    }
}

#[test]
fn nothing_is_sent_that_could_not_be_written_down() {
    let (plan, mut items) = plan(&[], &[row("ann", "")]);
    let server = Server::new(|_, _| reply(201, r#"{"id":"1"}"#));
    let mut run = Run::new(&plan, TargetProfile::default(), 1);
    let (client, clock) = (server.client(), Clock::default());
    let ended = futures_executor::block_on(sync::run(&client, &clock, &mut run, &mut Full, &mut items));
    assert!(matches!(ended, Err(SyncError::Journal(_))));
    assert_eq!(server.asked().len(), 0);
}
