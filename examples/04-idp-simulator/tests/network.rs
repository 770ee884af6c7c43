//! A provider that crashes, on a network that loses, delays, doubles and refuses: it starts again from nothing but what it
//! had written down, and once the faults stop, provider and server agree.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use http::Request;
use idp_simulator::{Company, Faults, ManagerBy, Mapping, Profile, Simulator};
use proptest::prelude::*;
use scimstack_client::Transport;
use scimstack_provisioning::connector::{DesiredGroup, Fill, GroupChange, Member};
use scimstack_schema::Value;
use scimstack_server::Engine;
use std::collections::BTreeSet;
use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use support::{BASE, answer, server, transport};
use tokio::sync::Notify;

/// The people of a small world: the first of a company.
const PEOPLE: usize = 4;

const TEAM: &str = "Team";

/// What changes at the company.
#[derive(Clone, Debug)]
enum Change {
    Title(usize),
    Move(usize, usize),
    Rename(usize),
    Leave(usize),
    Return(usize),
    Join(usize),
    Part(usize),
}

/// When the provider's process ends: before or after the server does what is asked with that request.
#[derive(Clone, Copy, Debug)]
struct Crash {
    request: i64,
    after: bool,
}

/// A transport that never comes back from one request.
struct Ending {
    left: AtomicI64,
    after: bool,
    ended: Notify,
}

impl Ending {
    fn new(crash: Option<Crash>) -> Arc<Self> {
        let (left, after) = crash.map_or((-1, false), |crash| (crash.request, crash.after));
        Arc::new(Self { left: AtomicI64::new(left), after, ended: Notify::new() })
    }

    fn around(self: &Arc<Self>, faults: &Faults) -> impl Transport + 'static {
        let (ending, faults) = (self.clone(), faults.clone());
        move |request: Request<Bytes>| {
            let (ending, faults) = (ending.clone(), faults.clone());
            async move {
                if ending.left.fetch_sub(1, Ordering::SeqCst) != 0 {
                    return faults.send(request).await;
                }
                if ending.after {
                    let _ = faults.send(request).await;
                }
                ending.ended.notify_one();
                pending().await
            }
        }
    }
}

/// What the provider has written down: it survives a crash.
#[derive(Debug)]
struct Notes {
    profile: Profile,
    company: Company,
    links: Vec<Option<String>>,
    group: Option<String>,
    /// Who should be in the group.
    team: BTreeSet<usize>,
    /// Who may be in it at the server: noted before a request adds them, struck out after one removed them.
    maybe: BTreeSet<usize>,
}

impl Notes {
    fn new(profile: Profile, seed: u64) -> Self {
        let company = Company::with_people(seed, 10);
        let links = vec![None; PEOPLE];
        Self { profile, company, links, group: None, team: (0..2).collect(), maybe: BTreeSet::new() }
    }

    fn apply(&mut self, change: &Change) {
        match *change {
            Change::Title(place) => self.company.change(place, |person| person.title.push('!')),
            Change::Move(place, above) if above < place => self.company.move_to(place, above),
            Change::Move(..) => {}
            Change::Rename(place) => {
                self.company.change(place, |person| person.login = format!("new-{}", person.login))
            }
            Change::Leave(place) => self.company.change(place, |person| person.assigned = false),
            Change::Return(place) => self.company.change(place, |person| person.assigned = true),
            Change::Join(place) => {
                self.team.insert(place);
            }
            Change::Part(place) => {
                self.team.remove(&place);
            }
        }
    }

    /// Brings the server to what is wanted, one thing after the other.
    async fn synchronize(&mut self, provider: &Simulator) {
        for place in 0..PEOPLE {
            let person = self.company.person(place).unwrap();
            let company = &self.company;
            let synced = match self.links[place].clone() {
                None if person.assigned => provider.assign(company, &person).await,
                None => continue,
                Some(id) if person.assigned => provider.update(company, &id, &person).await,
                // The profile may have changed since the last time; who leaves leaves with the newest one.
                Some(id) => match provider.update(company, &id, &person).await {
                    Ok(_) => provider.deactivate(company, &id, &person).await,
                    error => error,
                },
            };
            self.links[place] = Some(synced.unwrap().id);
        }
        if provider.mapping().manager() == ManagerBy::Id {
            for place in 0..PEOPLE {
                let above = self.company.manager(place).and_then(|above| self.links[above].as_deref());
                if let (Some(id), Some(above)) = (self.links[place].as_deref(), above) {
                    provider.refer(id, above).await.unwrap();
                }
            }
        }
        if self.profile.manner().groups.pushed {
            self.synchronize_group(provider).await;
        }
    }

    async fn synchronize_group(&mut self, provider: &Simulator) {
        let member = |place: &usize| Member {
            value: self.links[*place].clone().unwrap(),
            display: self.company.person(*place).unwrap().display_name(),
        };
        let desired = DesiredGroup::new(TEAM, self.team.iter().map(member).collect());
        if self.profile.manner().groups.fill != Fill::Add {
            let synced = match &self.group {
                None => provider.push_group(desired).await,
                Some(id) => provider.update_group(id, desired).await,
            };
            self.group = Some(synced.unwrap().id);
            return;
        }
        let id = match &self.group {
            Some(id) => id.clone(),
            None => provider.push_group(DesiredGroup::new(TEAM, Vec::new())).await.unwrap().id,
        };
        let gone: BTreeSet<usize> = self.maybe.difference(&self.team).copied().collect();
        let change = GroupChange {
            display_name: None,
            add: self.team.iter().map(member).collect(),
            remove: gone.iter().map(member).collect(),
        };
        self.group = Some(id.clone());
        self.maybe.extend(self.team.iter().copied());
        if !(change.add.is_empty() && change.remove.is_empty()) {
            provider.change_group(&id, change).await.unwrap();
        }
        self.maybe.retain(|place| !gone.contains(place));
    }
}

/// Runs it until it ends or crashes; whether it has ended.
async fn until_crash(ending: &Ending, work: impl Future<Output = ()>) -> bool {
    tokio::select! {
        () = work => true,
        () = ending.ended.notified() => false,
    }
}

struct World {
    engine: Arc<Engine>,
    token: String,
    faults: Faults,
    notes: Notes,
    requests: i64,
}

impl World {
    async fn new(profile: Profile, seed: u64, rate: f64) -> Self {
        let (engine, token) = server().await;
        let faults = Faults::new(transport(engine.clone()), rate, seed);
        Self { engine, token, faults, notes: Notes::new(profile, seed), requests: 0 }
    }

    /// The process starts, with what was written down, and works until it has nothing left to do; when it crashes it starts
    /// again.
    async fn synchronize(&mut self, mut crash: Option<Crash>) {
        loop {
            let ending = Ending::new(crash.take());
            let profile = self.notes.profile;
            let provider = Simulator::playing(profile, ending.around(&self.faults), BASE, &self.token).unwrap();
            let provider = provider.with_mapping(Mapping::of(profile)).with_rounds(60);
            let ended = until_crash(&ending, self.notes.synchronize(&provider)).await;
            self.requests += i64::try_from(provider.requests()).unwrap();
            if ended {
                return;
            }
        }
    }

    async fn ask(&self, path: &str) -> Value {
        let request = Request::get(format!("{BASE}{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .body(Bytes::new())
            .unwrap();
        Value::parse(answer(&self.engine, request).await.body()).unwrap()
    }

    async fn total(&self, endpoint: &str) -> usize {
        let list = self.ask(&format!("{endpoint}?count=0")).await;
        list.get("totalResults").unwrap().to_string().parse().unwrap()
    }

    /// Nobody twice, everyone as they are meant, the group with its members.
    async fn agrees(&self) {
        self.faults.stop().await;
        let notes = &self.notes;
        let mapping = Mapping::of(notes.profile);
        assert_eq!(self.total("/Users").await, notes.links.iter().flatten().count(), "{notes:?}");
        for (place, id) in notes.links.iter().enumerate() {
            let Some(id) = id else { continue };
            let person = notes.company.person(place).unwrap();
            let shown = self.ask(&format!("/Users/{id}")).await;
            let mut meant: Vec<(String, Value)> = Vec::new();
            flatten("", &mapping.document(&notes.company, &person).into(), &mut meant);
            if let (ManagerBy::Id, Some(above)) = (mapping.manager(), notes.company.manager(place)) {
                let above = notes.links[above].clone().unwrap();
                flatten("", &mapping.reference(&above).into(), &mut meant);
            }
            let mut has: Vec<(String, Value)> = Vec::new();
            flatten("", &shown, &mut has);
            for one in meant {
                assert!(has.contains(&one), "{} should have {one:?}: {shown}", person.login);
            }
        }
        if notes.profile.manner().groups.pushed {
            assert_eq!(self.total("/Groups").await, 1, "{notes:?}");
            let shown = self.ask(&format!("/Groups/{}", notes.group.as_ref().unwrap())).await;
            let members = shown.get("members").and_then(Value::as_array).unwrap_or_default();
            let has: BTreeSet<&str> =
                members.iter().map(|member| member.get("value").unwrap().as_str().unwrap()).collect();
            let meant: BTreeSet<&str> =
                notes.team.iter().map(|place| notes.links[*place].as_deref().unwrap()).collect();
            assert_eq!(has, meant, "{notes:?}");
        }
    }
}

/// Everything a document says, by path; places in lists do not matter here.
fn flatten(path: &str, value: &Value, out: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| flatten(&format!("{path}/{name}"), value, out)),
        Value::Array(list) => list.iter().for_each(|value| flatten(path, value, out)),
        value => out.push((path.to_owned(), value.clone())),
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A first day, then a change of everything that can change.
fn story() -> Vec<Change> {
    vec![
        Change::Title(1),
        Change::Rename(0),
        Change::Leave(2),
        Change::Join(3),
        Change::Part(0),
        Change::Move(3, 0),
        Change::Return(2),
    ]
}

/// The story with a crash in one of its chapters, or without; how many requests each chapter takes comes back.
async fn told(profile: Profile, crash: Option<(usize, Crash)>) -> Vec<i64> {
    let mut world = World::new(profile, 3, 0.0).await;
    let changes = story();
    let mut lengths = Vec::new();
    for (chapter, changes) in [&changes[..0], &changes[..6], &changes[6..]].into_iter().enumerate() {
        changes.iter().for_each(|change| world.notes.apply(change));
        let before = world.requests;
        world.synchronize(crash.filter(|(at, _)| *at == chapter).map(|(_, crash)| crash)).await;
        lengths.push(world.requests - before);
    }
    world.agrees().await;
    lengths
}

/// Every request of the story is one to crash at, before and after the server has done it.
fn crashes_everywhere(profile: Profile) {
    block_on(async {
        for (chapter, length) in told(profile, None).await.into_iter().enumerate() {
            assert!(length >= 4, "{profile}: {length}");
            for request in 0..length {
                for after in [false, true] {
                    told(profile, Some((chapter, Crash { request, after }))).await;
                }
            }
        }
    });
}

macro_rules! crashes_everywhere {
    ($($name:ident: $profile:ident;)*) => { $(
        #[test]
        fn $name() {
            crashes_everywhere(Profile::$profile);
        }
    )* };
}

crashes_everywhere! {
    oktas_wizard_goes_on_from_its_notes_wherever_it_crashes: OktaAppWizard;
    oktas_catalogue_goes_on_from_its_notes_wherever_it_crashes: OktaCatalogue;
    entra_goes_on_from_its_notes_wherever_it_crashes: Entra;
    entra_with_its_flag_goes_on_from_its_notes_wherever_it_crashes: EntraCompliant;
    onelogin_goes_on_from_its_notes_wherever_it_crashes: OneLogin;
    jumpcloud_goes_on_from_its_notes_wherever_it_crashes: JumpCloud;
    authentik_goes_on_from_its_notes_wherever_it_crashes: Authentik;
    keycloak_goes_on_from_its_notes_wherever_it_crashes: Keycloak;
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let place = || 0..PEOPLE;
    let change = prop_oneof![
        place().prop_map(Change::Title),
        (place(), place()).prop_map(|(place, above)| Change::Move(place, above)),
        place().prop_map(Change::Rename),
        place().prop_map(Change::Leave),
        place().prop_map(Change::Return),
        place().prop_map(Change::Join),
        place().prop_map(Change::Part),
    ];
    prop::collection::vec(change, 0..8)
}

fn crashes() -> impl Strategy<Value = Option<Crash>> {
    prop::option::of((0..30_i64, any::<bool>()).prop_map(|(request, after)| Crash { request, after }))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_on_the_way_both_agree_once_it_stops(
        profile in prop::sample::select(Profile::ALL.to_vec()),
        seed in any::<u64>(),
        rate in 0.0..0.5_f64,
        first in crashes(),
        story in prop::collection::vec((changes(), crashes()), 0..4),
    ) {
        block_on(async {
            let mut world = World::new(profile, seed, rate).await;
            world.synchronize(first).await;
            for (changes, crash) in story {
                changes.iter().for_each(|change| world.notes.apply(change));
                world.synchronize(crash).await;
            }
            world.agrees().await;
        });
    }
}
