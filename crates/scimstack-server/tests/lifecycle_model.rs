//! The lifecycle through the whole engine, against a model of a few lines: random sequences of what a provider, the
//! application, administrators and time do, on every store. After each step the directory is what the model says, and the
//! outbox keeps its laws: nobody is welcomed twice, nobody is active whom the provider says inactive, ids stay, no more
//! leave than may, and no effect without its change.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use futures_executor::block_on;
use proptest::prelude::*;
use scimstack_protocol::Notify;
use scimstack_server::Identity;
use std::collections::{HashMap, HashSet};
use support::{Setting, USER, World};

const MOST: usize = 2;
const WINDOW: i64 = 3_600;
const PEOPLE: usize = 3;
const HAYSTACK: &str = "urn:ietf:params:scim:schemas:extension:haystack:1.0:User";

#[derive(Clone, Debug)]
enum Step {
    Create(usize, bool),
    Hire(usize),
    Put(usize, Option<bool>),
    Patch(usize, bool),
    Delete(usize),
    SignIn(usize),
    Invite(usize),
    Adopt(usize),
    Pass(i64),
    Due,
    Welcome,
    Gate(Notify),
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..PEOPLE;
    prop_oneof![
        4 => (who.clone(), any::<bool>()).prop_map(|(p, active)| Step::Create(p, active)),
        2 => who.clone().prop_map(Step::Hire),
        3 => (who.clone(), any::<Option<bool>>()).prop_map(|(p, active)| Step::Put(p, active)),
        5 => (who.clone(), any::<bool>()).prop_map(|(p, active)| Step::Patch(p, active)),
        2 => who.clone().prop_map(Step::Delete),
        2 => who.clone().prop_map(Step::SignIn),
        1 => who.clone().prop_map(Step::Invite),
        1 => who.prop_map(Step::Adopt),
        // Longer than a sixtieth of the window, which the guard may wait longer than the model.
        3 => (61_i64..100_000).prop_map(Step::Pass),
        2 => Just(Step::Due),
        1 => Just(Step::Welcome),
        1 => prop_oneof![Just(Notify::Everyone), Just(Notify::SignedIn), Just(Notify::Nobody)].prop_map(Step::Gate),
        1 => Just(Step::Release),
    ]
}

/// What is expected of a person.
#[derive(Clone, Debug)]
struct Expected {
    id: String,
    active: bool,
    has_signed_in: bool,
    is_owned: bool,
    /// Whether the externalId is on record.
    is_known: bool,
}

#[derive(Default)]
struct Model {
    people: HashMap<usize, Expected>,
    /// When people left, since the last release.
    gone: Vec<i64>,
    held: bool,
    holds: usize,
    now: i64,
    ids: HashSet<String>,
    effects: usize,
}

impl Model {
    /// Whether one more may leave.
    fn may_leave(&mut self) -> bool {
        let recent = self.gone.iter().filter(|at| **at > self.now - WINDOW).count();
        if !self.held && recent >= MOST {
            self.held = true;
            self.holds += 1;
        }
        !self.held
    }

    /// The status of a change of `active`, or a deletion (`None`).
    fn leaves(&mut self, p: usize, active: Option<bool>, done: u16) -> u16 {
        let Some(person) = self.people.get(&p).cloned() else { return 404 };
        let departs = active.is_none() || (active == Some(false) && person.active);
        if departs && !self.may_leave() {
            return 429;
        }
        if departs {
            self.gone.push(self.now);
        }
        done
    }
}

fn person(p: usize, active: Option<bool>, more: &str) -> String {
    let active = active.map(|active| format!(r#","active":{active}"#)).unwrap_or_default();
    format!(r#"{{"schemas":["{USER}"],"userName":"p{p}","externalId":"x{p}"{active}{more}}}"#)
}

fn path(model: &Model, p: usize) -> String {
    format!("/Users/{}", model.people.get(&p).map_or("nobody", |person| person.id.as_str()))
}

/// A create of the provider.
fn create(w: &World, model: &mut Model, p: usize, active: bool, more: &str) {
    let answer = w.post("/Users", person(p, Some(active), more)).send();
    let here = model.people.get(&p).cloned();
    let expected = match &here {
        None => 201,
        // Back by the externalId on record; what the application made has none.
        Some(person) if !person.active && person.is_known => 201,
        Some(person) if person.active && !person.is_owned && !person.has_signed_in => {
            model.leaves(p, Some(active), 201)
        }
        Some(_) => 409,
    };
    let answer = answer.expect(expected);
    if expected != 201 {
        return;
    }
    let id = answer.id();
    match here {
        None => {
            assert!(model.ids.insert(id.clone()), "an id is used again");
            model.people.insert(p, Expected { id, active, has_signed_in: false, is_owned: true, is_known: true });
        }
        Some(_) => {
            let known = model.people.get_mut(&p).unwrap();
            assert_eq!(known.id, id, "the same person");
            (known.active, known.is_owned, known.is_known) = (active, true, true);
        }
    }
}

fn invite(w: &World, model: &mut Model, p: usize) {
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"p{p}"}}"#);
    let mut request = http::Request::post("/t/acme/api/scim/v2/Users").body(body.into()).unwrap();
    request.extensions_mut().insert(Identity::application("acme", "test"));
    let (parts, body) = block_on(w.engine.handle(request)).into_parts();
    assert_eq!(parts.status.as_u16(), if model.people.contains_key(&p) { 409 } else { 201 });
    if parts.status.as_u16() == 201 {
        let shown: serde_json::Value = serde_json::from_slice(&block_on(body.collect()).unwrap()).unwrap();
        let id = shown["id"].as_str().unwrap().to_owned();
        assert!(model.ids.insert(id.clone()), "an id is used again");
        model.people.insert(p, Expected { id, active: true, has_signed_in: false, is_owned: false, is_known: false });
    }
}

fn notify(w: &World) -> Notify {
    block_on(w.engine.admin().tenant("acme")).unwrap().policy.notify
}

fn take(w: &World, model: &mut Model, step: &Step) {
    match *step {
        Step::Create(p, active) => create(w, model, p, active, ""),
        Step::Hire(p) => create(w, model, p, true, &format!(r#","{HAYSTACK}":{{"joinDate":"2026-01-02"}}"#)),
        Step::Put(p, active) => {
            let expected = match active {
                Some(_) => model.leaves(p, active, 200),
                None if model.people.contains_key(&p) => 200,
                None => 404,
            };
            w.put(&path(model, p), person(p, active, r#","title":"put""#)).send().expect(expected);
            touched(model, p, active.filter(|_| expected == 200), expected == 200);
            if let Some(person) = model.people.get_mut(&p).filter(|_| expected == 200) {
                person.is_known = true;
            }
        }
        Step::Patch(p, active) => {
            let expected = model.leaves(p, Some(active), 200);
            let body = format!(r#"[{{"op":"replace","path":"active","value":{active}}}]"#);
            w.patch(&path(model, p), &body).send().expect(expected);
            let differs = model.people.get(&p).is_some_and(|person| person.active != active);
            touched(model, p, Some(active).filter(|_| expected == 200), expected == 200 && differs);
        }
        Step::Delete(p) => {
            let expected = model.leaves(p, None, 204);
            w.delete(&path(model, p)).send().expect(expected);
            if expected == 204 {
                model.people.remove(&p);
            }
        }
        Step::SignIn(p) => {
            let done = block_on(w.engine.sign_in("acme", &format!("p{p}")));
            let may = model.people.get(&p).is_some_and(|person| person.active);
            assert_eq!(done.is_ok(), may, "{done:?}");
            if let Some(person) = model.people.get_mut(&p).filter(|_| may) {
                person.has_signed_in = true;
            }
        }
        Step::Invite(p) => invite(w, model, p),
        Step::Adopt(p) => {
            let entry = scimstack_server::RosterEntry::default().with_user_name(format!("p{p}"));
            let entry = entry.with_external_id(format!("x{p}"));
            block_on(w.engine.adopt("acme", "default", vec![entry], true)).unwrap();
            if let Some(person) = model.people.get_mut(&p) {
                (person.is_owned, person.is_known) = (true, true);
            }
        }
        Step::Pass(seconds) => {
            w.clock.pass_seconds(seconds);
            model.now += seconds;
        }
        Step::Due => {
            block_on(w.engine.do_what_is_due("acme")).unwrap();
        }
        Step::Welcome => {
            let done = block_on(w.engine.welcome("acme"));
            assert!(done.is_ok() || notify(w) != Notify::Everyone, "{done:?}");
        }
        Step::Gate(notify) => {
            let mut policy = block_on(w.engine.admin().tenant("acme")).unwrap().policy;
            policy.notify = notify;
            block_on(w.engine.admin().set_tenant_policy(w.tenant, policy)).unwrap();
        }
        Step::Release => {
            // An administrator takes a moment.
            w.clock.pass_seconds(1);
            model.now += 1;
            for hold in block_on(w.engine.admin().holds(Some(w.tenant))).unwrap() {
                block_on(w.engine.admin().release_hold(&hold.id)).unwrap();
                (model.held, model.gone) = (false, Vec::new());
            }
        }
    }
}

/// A connection has changed somebody.
fn touched(model: &mut Model, p: usize, active: Option<bool>, owns: bool) {
    if let Some(person) = model.people.get_mut(&p) {
        person.active = active.unwrap_or(person.active);
        person.is_owned |= owns;
    }
}

/// The directory is what the model says, and the outbox keeps its laws.
fn check(w: &World, model: &mut Model, step: &Step, before: &[(String, u64)]) {
    let now = shown(w);
    for person in model.people.values() {
        let shown = w.get(&format!("/Users/{}", person.id)).send().expect(200).json();
        assert_eq!(shown["active"], person.active, "{step:?}: {person:?}");
    }
    assert_eq!(now.len(), model.people.len(), "{step:?}");
    let outbox = w.events("outbox");
    let (mut welcomed, mut ids, mut held) = (HashSet::new(), HashSet::new(), 0);
    for event in &outbox {
        assert!(ids.insert(event["id"].as_str().unwrap().to_owned()), "an effect twice: {event}");
        match event["kind"].as_str().unwrap() {
            "notify.welcome" => assert!(welcomed.insert(event["resourceId"].clone()), "welcomed twice: {event}"),
            "connection.held" => held += 1,
            _ => {}
        }
    }
    assert_eq!(held, model.holds, "administrators are told once: {step:?}");
    let holds = block_on(w.engine.admin().holds(Some(w.tenant))).unwrap().len();
    assert_eq!(holds, usize::from(model.held), "{step:?}");
    for event in &outbox[model.effects..] {
        if event["kind"] == "connection.held" {
            continue;
        }
        let id = event["resourceId"].as_str().unwrap();
        let old = before.iter().find(|(known, _)| known == id);
        let new = now.iter().find(|(known, _)| known == id);
        assert_ne!(old, new, "an effect without its change: {event}");
        if event["kind"] == "notify.welcome" {
            assert_eq!(notify(w), Notify::Everyone, "{event}");
        }
    }
    model.effects = outbox.len();
}

/// Everyone with their version.
fn shown(w: &World) -> Vec<(String, u64)> {
    let list = w.get("/Users?attributes=userName,meta").send().expect(200).json();
    let people = list["Resources"].as_array().into_iter().flatten();
    let version = |person: &serde_json::Value| {
        let tag = person["meta"]["version"].as_str().unwrap().to_owned();
        tag.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
    };
    people.map(|person| (person["id"].as_str().unwrap().to_owned(), version(person))).collect()
}

fn run(w: &World, steps: &[Step]) {
    let mut model = Model::default();
    for step in steps {
        let before = shown(w);
        take(w, &mut model, step);
        check(w, &mut model, step, &before);
    }
}

fn guarded() -> Setting {
    Setting::directory().policy(|policy| {
        policy.max_deactivations = MOST as u32;
        policy.deactivation_window = WINDOW as u32;
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_memory_it_is_what_the_model_says(steps in prop::collection::vec(step(), 1..40)) {
        run(&guarded().in_memory(), &steps);
    }

    #[test]
    fn in_sqlite_it_is_what_the_model_says(steps in prop::collection::vec(step(), 1..40)) {
        run(&guarded().in_sqlite(), &steps);
    }
}
