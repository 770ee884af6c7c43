//! Every small world of two people and one connection, through the engine's hook: provider, application, administrators and
//! time, in every order. What must hold in all of them is a table ([`LAWS`]). `directory_worlds.rs` has the states of one
//! person. (The directory lifecycle; RFC 7643 §4.1.1 `active`.)
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in its helpers"
)]

use scimstack_protocol::{
    Accept, Before, Change, ConnectionPolicy, Decide, Decision, EffectKind, Facts, Notify, TenantPolicy,
};
use scimstack_provisioning::directory::{Lifecycle, Person, PersonState};
use scimstack_schema::{Registry, Resource, ResourceType, Timestamp};
use std::sync::{Arc, LazyLock};

static USER: LazyLock<Arc<ResourceType>> =
    LazyLock::new(|| Registry::haystack().resource_type("User").unwrap().clone());

/// At most one person leaves within this.
const WINDOW: i64 = 100;
const MOST: usize = 1;
/// The day somebody starts who starts later, and how far the clock moves at once.
const START: i64 = 86_400;
const STEP: i64 = START / 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// The provider creates, with `active`, perhaps for a later day.
    Create(usize, bool),
    Hire(usize),
    Active(usize, bool),
    Title(usize),
    Delete(usize),
    /// The application makes a person.
    Invite(usize),
    SignIn(usize),
    Due(usize),
    /// Administrators.
    Adopt(usize, bool),
    Welcome(usize),
    Release,
    Gate(Notify),
    Pass,
}

fn events() -> Vec<Event> {
    let mut events = vec![Event::Release, Event::Gate(Notify::Everyone), Event::Gate(Notify::Nobody), Event::Pass];
    for p in 0..2 {
        events.extend([
            Event::Create(p, true),
            Event::Hire(p),
            Event::Active(p, true),
            Event::Active(p, false),
            Event::Delete(p),
            Event::Invite(p),
            Event::SignIn(p),
            Event::Due(p),
            Event::Adopt(p, true),
            Event::Welcome(p),
        ]);
    }
    // The second person does only what counts together with the first.
    events.retain(|event| !matches!(event, Event::Due(1) | Event::Adopt(1, _) | Event::Welcome(1) | Event::Hire(1)));
    events.extend([Event::Create(0, false), Event::Title(0), Event::Adopt(0, false)]);
    events
}

/// A person as stored, and what is known of this life of theirs.
#[derive(Clone, Debug)]
struct Life {
    document: Resource,
    private: Vec<u8>,
    number: usize,
    /// What was said last of `active`, by whoever may say so.
    last_word: bool,
    has_signed_in: bool,
    welcomes: usize,
    remind: Option<Timestamp>,
}

impl Life {
    fn person(&self) -> Person {
        Person::decode(&self.private).unwrap()
    }
}

#[derive(Clone)]
struct World {
    people: [Option<Life>; 2],
    lives: usize,
    departures: Vec<u8>,
    /// When people left, since the last release.
    gone: Vec<i64>,
    told: usize,
    holds: usize,
    notify: Notify,
    now: i64,
    effect_ids: Vec<String>,
}

/// What one event did.
struct Seen<'a> {
    before: &'a World,
    after: &'a World,
    event: Event,
    accept: Option<&'a Accept>,
    status: u16,
    of: Option<usize>,
}

impl Seen<'_> {
    fn both(&self) -> Option<(&Life, &Life)> {
        let p = self.of?;
        Some((self.before.people[p].as_ref()?, self.after.people[p].as_ref()?))
    }

    fn emitted(&self, kind: EffectKind) -> usize {
        let effects = self.accept.map(|accept| &accept.effects[..]).unwrap_or_default();
        effects.iter().filter(|effect| effect.kind == kind).count()
    }

    fn lives(&self) -> impl Iterator<Item = &Life> {
        self.after.people.iter().flatten()
    }
}

/// A law: in words, and whether it holds.
type Law = (&'static str, fn(&Seen<'_>) -> bool);

/// What holds in every world.
#[rustfmt::skip]
const LAWS: &[Law] = &[
    ("nobody is welcomed twice in a life", |seen| seen.lives().all(|life| life.welcomes <= 1)),
    ("nobody is welcomed while the gate is closed", |seen| {
        seen.emitted(EffectKind::Welcome) == 0 || seen.after.notify == Notify::Everyone
    }),
    ("nobody is welcomed who is inactive or has signed in", |seen| {
        seen.emitted(EffectKind::Welcome) == 0
            || seen.of.and_then(|p| seen.after.people[p].as_ref()).is_some_and(|life| life.person().state() == PersonState::Unclaimed)
    }),
    ("nobody is welcomed before the day they start", |seen| {
        seen.emitted(EffectKind::Welcome) == 0
            || seen.after.now >= START
            || seen.of.and_then(|p| seen.after.people[p].as_ref()).is_none_or(|life| life.document.root().get(HAYSTACK).is_none())
    }),
    ("nobody is active whom the last word says inactive, nor the other way round", |seen| {
        seen.lives().all(|life| life.person().state().is_active() == life.last_word)
    }),
    ("the id never changes in a life", |seen| seen.both().is_none_or(|(old, new)| old.number == new.number)),
    ("whoever has signed in has for ever", |seen| {
        seen.lives().all(|life| life.has_signed_in == life.person().claimed_at().is_some())
    }),
    ("no effect without a change", |seen| {
        seen.accept.is_none_or(|accept| accept.effects.is_empty())
            || seen.both().is_none_or(|(old, new)| old.private != new.private)
    }),
    ("a refusal changes nothing of anyone", |seen| {
        seen.status < 400 || seen.before.people.iter().zip(&seen.after.people).all(|(old, new)| {
            old.as_ref().map(|life| &life.private) == new.as_ref().map(|life| &life.private)
        })
    }),
    ("no more people leave than may", |seen| {
        seen.after.gone.iter().filter(|at| **at > seen.after.now - WINDOW).count() <= MOST
    }),
    ("administrators are told once for each hold", |seen| seen.after.told == seen.after.holds),
    ("a person of a connection stays its own", |seen| {
        seen.both().is_none_or(|(old, new)| old.person().connection().is_none() || old.person().connection() == new.person().connection())
    }),
    ("a create takes over no account", |seen| {
        !matches!(seen.event, Event::Create(..) | Event::Hire(_)) || seen.both().is_none_or(|(old, new)| {
            !(old.has_signed_in && old.person().connection().is_none()) || new.person().connection().is_none()
        })
    }),
    ("whom nobody reminds of does not wait", |seen| {
        seen.lives().all(|life| life.person().welcome_at().is_none_or(|at| life.remind.is_some_and(|set| set <= at)))
    }),
    ("an effect has an id of its own", |seen| {
        let ids = &seen.after.effect_ids;
        ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id))
    }),
];

const HAYSTACK: &str = "urn:ietf:params:scim:schemas:extension:haystack:1.0:User";

fn document(p: usize, active: Option<bool>, title: bool, joins: bool, external_id: bool) -> Resource {
    let mut json = format!(r#"{{"userName":"p{p}""#);
    if external_id {
        json.push_str(&format!(r#","externalId":"x{p}""#));
    }
    if let Some(active) = active {
        json.push_str(&format!(r#","active":{active}"#));
    }
    if title {
        json.push_str(r#","title":"t""#);
    }
    if joins {
        json.push_str(&format!(r#","{HAYSTACK}":{{"joinDate":"1970-01-02"}}"#));
    }
    json.push('}');
    Resource::from_stored(USER.clone(), json.as_bytes()).unwrap()
}

fn policy() -> ConnectionPolicy {
    let mut connection = ConnectionPolicy::default();
    connection.max_deactivations = MOST as u32;
    connection.deactivation_window = WINDOW as u32;
    connection
}

impl World {
    fn new(notify: Notify) -> Self {
        Self {
            people: [None, None],
            lives: 0,
            departures: Vec::new(),
            gone: Vec::new(),
            told: 0,
            holds: 0,
            notify,
            now: 0,
            effect_ids: Vec::new(),
        }
    }

    fn ask(&self, p: usize, change: &Change<'_>, conflict: bool, application: bool) -> Decision {
        let (connection, mut tenant) = (policy(), TenantPolicy::default());
        tenant.notify = self.notify;
        let mut facts = Facts::new(&USER, &connection, &tenant, Timestamp::from_seconds(self.now));
        let stored = self.people[p].as_ref();
        let stored = stored.map(|life| Before { id: "7", resource: &life.document, private: &life.private });
        (facts.before, facts.conflict) = if conflict { (None, stored) } else { (stored, None) };
        facts.application = application;
        facts.connection_state = if Lifecycle.wants(change).connection_state { &self.departures } else { &[] };
        Lifecycle.decide(change, &facts)
    }

    /// Does what an engine does; the status, what was accepted, and about whom.
    fn happen(&mut self, event: Event) -> (u16, Option<Accept>, Option<usize>) {
        let none = (204, None, None);
        match event {
            Event::Release => {
                (self.departures, self.gone) = (Vec::new(), Vec::new());
                return none;
            }
            Event::Gate(notify) => {
                self.notify = notify;
                return none;
            }
            Event::Pass => {
                self.now += STEP;
                return none;
            }
            _ => {}
        }
        let (p, after, application) = match event {
            Event::Create(p, active) => (p, Some(document(p, Some(active), false, false, true)), false),
            Event::Hire(p) => (p, Some(document(p, Some(true), false, true, true)), false),
            Event::Invite(p) => (p, Some(document(p, Some(true), false, false, false)), true),
            Event::Active(p, _) | Event::Title(p) | Event::Adopt(p, _) => {
                let Some(life) = &self.people[p] else { return (404, None, Some(p)) };
                let mut after = life.document.clone();
                match event {
                    Event::Active(_, active) => {
                        after.root_mut().insert("active", active);
                    }
                    Event::Title(_) => {
                        after.root_mut().insert("title", "changed");
                    }
                    _ => {
                        after.root_mut().insert("externalId", format!("x{p}"));
                    }
                }
                (p, Some(after), false)
            }
            Event::Delete(p) | Event::SignIn(p) | Event::Due(p) | Event::Welcome(p) => (p, None, false),
            Event::Release | Event::Gate(_) | Event::Pass => return none,
        };
        let is_create = matches!(event, Event::Create(..) | Event::Hire(_) | Event::Invite(_));
        let exists = self.people[p].is_some();
        if !is_create && !exists {
            return (404, None, Some(p));
        }
        let change = match (event, &after) {
            (Event::Adopt(_, by_email), Some(after)) => Change::Adopt { after, by_email },
            (_, Some(after)) if is_create => Change::Create { after },
            (_, Some(after)) => Change::Update { after },
            (Event::Delete(_), _) => Change::Delete,
            (Event::SignIn(_), _) => Change::SignIn,
            (Event::Due(_), _) => Change::Due,
            _ => Change::Welcome,
        };
        match self.ask(p, &change, is_create && exists, application) {
            Decision::Refuse(error) => (error.status, None, Some(p)),
            Decision::Hold(hold) => {
                self.told += hold.effects.len();
                if let Some(state) = hold.connection_state {
                    self.departures = state;
                    self.holds += 1;
                }
                (429, None, Some(p))
            }
            Decision::Accept(accept) => {
                assert!(!(is_create && exists) || accept.adopt_conflict, "a second of the same name: {event:?}");
                self.keep(p, event, after, &accept);
                (200, Some(accept), Some(p))
            }
            other => panic!("{other:?}"),
        }
    }

    fn keep(&mut self, p: usize, event: Event, after: Option<Resource>, accept: &Accept) {
        if let Some(state) = &accept.connection_state {
            self.departures.clone_from(state);
            self.gone.push(self.now);
        }
        for effect in &accept.effects {
            let life = self.people[p].as_ref().map_or(self.lives, |life| life.number);
            self.effect_ids.push(effect.id.replace("{id}", &life.to_string()));
        }
        if event == Event::Delete(p) {
            self.people[p] = None;
            return;
        }
        let welcomes = accept.effects.iter().filter(|effect| effect.kind == EffectKind::Welcome).count();
        let resource = accept.resource.clone().or(after);
        let life = match &mut self.people[p] {
            Some(life) => life,
            slot => {
                let number = self.lives;
                self.lives += 1;
                let document = resource.clone().unwrap();
                slot.insert(Life {
                    document,
                    private: Vec::new(),
                    number,
                    last_word: true,
                    has_signed_in: false,
                    welcomes: 0,
                    remind: None,
                })
            }
        };
        life.document = resource.unwrap_or_else(|| life.document.clone());
        life.private.clone_from(&accept.private);
        life.last_word = match event {
            Event::Create(_, active) | Event::Active(_, active) => active,
            Event::Hire(_) | Event::Invite(_) => true,
            _ => life.last_word,
        };
        life.has_signed_in |= matches!(event, Event::SignIn(_));
        life.welcomes += welcomes;
        life.remind = accept.remind.or(life.remind);
    }
}

/// Every sequence of at most `depth` further events; how many were tried comes back.
fn explore(world: &World, events: &[Event], depth: usize, path: &mut Vec<Event>) -> u64 {
    let Some(rest) = depth.checked_sub(1) else { return 0 };
    let mut tried = 0;
    for &event in events {
        let mut next = world.clone();
        path.push(event);
        let (status, accept, of) = next.happen(event);
        let seen = Seen { before: world, after: &next, event, accept: accept.as_ref(), status, of };
        for (law, holds) in LAWS {
            assert!(holds(&seen), "{law}: {path:?} ({status})");
        }
        // What changed nothing leads to no world that is not visited anyway.
        let is_new = status < 400 || next.holds > world.holds;
        tried += 1 + if is_new { explore(&next, events, rest, path) } else { 0 };
        path.pop();
    }
    tried
}

#[test]
fn every_small_world_keeps_the_laws() {
    let events = events();
    for notify in [Notify::Everyone, Notify::SignedIn] {
        let tried = explore(&World::new(notify), &events, 4, &mut Vec::new());
        assert!(tried > 40_000, "{tried}");
    }
}

#[test]
fn one_person_lives_through_more_than_that() {
    let mut events = events();
    events.retain(|event| !format!("{event:?}").contains("(1"));
    events.retain(|event| !matches!(event, Event::Release | Event::Title(_) | Event::Adopt(_, false)));
    assert!(explore(&World::new(Notify::Everyone), &events, 5, &mut Vec::new()) > 40_000);
}

#[test]
fn worlds_in_which_both_leave_again_and_again_keep_the_laws() {
    let events = [
        Event::Create(0, true),
        Event::Create(1, true),
        Event::Active(0, false),
        Event::Active(0, true),
        Event::Active(1, false),
        Event::Delete(1),
        Event::Release,
        Event::Pass,
    ];
    explore(&World::new(Notify::Everyone), &events, 6, &mut Vec::new());
}

#[test]
fn the_laws_are_not_true_of_everything() {
    // Each of some broken worlds is noticed by the law that is meant.
    let mut good = World::new(Notify::Everyone);
    good.happen(Event::Create(0, true));
    let broken = |change: fn(&mut World)| {
        let mut world = good.clone();
        change(&mut world);
        let seen = Seen { before: &good, after: &world, event: Event::Pass, accept: None, status: 200, of: Some(0) };
        LAWS.iter().filter(|(_, holds)| !holds(&seen)).map(|(law, _)| *law).collect::<Vec<_>>()
    };
    assert!(broken(|_| {}).is_empty());
    for (change, law) in [
        (
            (|world| world.people[0].as_mut().unwrap().welcomes = 2) as fn(&mut World),
            "nobody is welcomed twice in a life",
        ),
        (
            |world| world.people[0].as_mut().unwrap().last_word = false,
            "nobody is active whom the last word says inactive, nor the other way round",
        ),
        (|world| world.people[0].as_mut().unwrap().number = 9, "the id never changes in a life"),
        (|world| world.gone = vec![0, 0], "no more people leave than may"),
        (|world| world.told = 1, "administrators are told once for each hold"),
        (|world| world.people[0].as_mut().unwrap().has_signed_in = true, "whoever has signed in has for ever"),
        (|world| world.effect_ids = vec!["a".into(), "a".into()], "an effect has an id of its own"),
    ] {
        assert_eq!(broken(change), [law]);
    }
}
