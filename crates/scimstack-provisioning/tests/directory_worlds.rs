//! Every small world: all sequences of events over one person, with the switches in several positions, against the table
//! of states written down a second time, and the laws that hold in all of them. (The directory lifecycle; RFC 7643
//! §4.1.1 `active`.)
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in its helpers"
)]

use scimstack_protocol::{ConnectionPolicy, EffectKind, Notify, TenantPolicy};
use scimstack_provisioning::directory::{Outcome, Person, PersonState, Refusal, Rules, Update};
use scimstack_schema::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Create {
        active: bool,
    },
    Active,
    Inactive,
    Title,
    /// Attributes and `active: false` in one request.
    TitleAndInactive,
    Return {
        active: bool,
    },
    Delete,
    SignIn,
}

const EVENTS: [Event; 10] = [
    Event::Create { active: true },
    Event::Create { active: false },
    Event::Active,
    Event::Inactive,
    Event::Title,
    Event::TitleAndInactive,
    Event::Return { active: true },
    Event::Return { active: false },
    Event::Delete,
    Event::SignIn,
];

/// The table of the module's documentation, all switches on: where an event leads, or the status of the refusal.
#[rustfmt::skip]
fn table(state: Option<PersonState>, event: Event) -> Result<PersonState, u16> {
    use Event::{Active, Create, Delete, Inactive, Return, SignIn, Title, TitleAndInactive};
    use PersonState::{Active as Claimed, Deactivated, Deleted, Unclaimed};
    let was = |claimed| if claimed { Claimed } else { Unclaimed };
    match (state, event) {
        (None | Some(Deleted), Create { active: true })  => Ok(Unclaimed),
        (None | Some(Deleted), Create { active: false }) => Ok(Deactivated { claimed: false }),
        (None | Some(Deleted), _)                        => Err(404),
        (Some(_), Create { .. })                         => Err(409),
        (Some(Unclaimed), Inactive | TitleAndInactive)   => Ok(Deactivated { claimed: false }),
        (Some(Claimed), Inactive | TitleAndInactive)     => Ok(Deactivated { claimed: true }),
        (Some(Deactivated { claimed }), Active)          => Ok(was(claimed)),
        (Some(Deactivated { claimed }), Return { active: true }) => Ok(was(claimed)),
        (Some(Unclaimed | Claimed), Return { .. })       => Err(409),
        (Some(_), Delete)                                => Ok(Deleted),
        (Some(Unclaimed), SignIn)                        => Ok(Claimed),
        (Some(Deactivated { .. }), SignIn)               => Err(403),
        (Some(state), Active | Inactive | Title | TitleAndInactive | Return { .. } | SignIn) => Ok(state),
    }
}

/// One directory with one place in it, and what was heard from the outbox.
#[derive(Clone, Default)]
struct World {
    person: Option<Person>,
    /// As the outbox has it: what was created visible, minus hidden, plus shown.
    visible: bool,
    welcomes: u32,
    lives: u32,
    effect_ids: Vec<String>,
}

struct Setting {
    connection: ConnectionPolicy,
    tenant: TenantPolicy,
}

impl Setting {
    fn rules(&self) -> Rules<'_> {
        Rules::new(&self.connection, &self.tenant)
    }

    fn is_open(&self) -> bool {
        self.connection.create_users && self.connection.update_attributes && self.connection.deactivate_users
    }
}

fn setting(notify: Notify, create: bool, update: bool, deactivate: bool) -> Setting {
    let mut connection = ConnectionPolicy::default();
    connection.create_users = create;
    connection.update_attributes = update;
    connection.deactivate_users = deactivate;
    let mut tenant = TenantPolicy::default();
    tenant.notify = notify;
    Setting { connection, tenant }
}

/// Does what an engine does: routes the event to the machine. The status is that of the refusal.
fn happen(world: &mut World, event: Event, setting: &Setting, now: Timestamp) -> Result<Outcome, u16> {
    let rules = setting.rules();
    let status = |refusal: Refusal| refusal.status();
    let live =
        world.person.take_if(|person| person.state() == PersonState::Deleted).is_none() && world.person.is_some();
    if let Event::Create { active } = event {
        if live {
            return Err(409);
        }
        let person = Person::handle_create(rules, active, now).map_err(status)?;
        world.visible = active;
        world.lives += 1;
        world.person = Some(person);
        return Ok(Outcome::Updated);
    }
    let Some(person) = &mut world.person else {
        return Err(404);
    };
    let title = Update::default().with_attribute("title").with_reports(1);
    match event {
        Event::Active => person.handle_update(rules, &Update::default().with_active(true), now),
        Event::Inactive => person.handle_update(rules, &Update::default().with_active(false), now),
        Event::Title => person.handle_update(rules, &title, now),
        Event::TitleAndInactive => person.handle_update(rules, &title.with_active(false), now),
        Event::Return { active } if !person.state().is_active() => {
            person.handle_return(rules, &title.with_active(active), now)
        }
        Event::Return { .. } => return Err(409),
        Event::Delete => person.handle_delete(rules, 2, now),
        Event::SignIn => person.handle_sign_in(now),
        Event::Create { .. } => unreachable!("handled above"),
    }
    .map_err(status)
}

/// Polls the effects and checks every law that holds between two events.
fn check(world: &mut World, before: &World, event: Event, setting: &Setting, result: Result<Outcome, u16>) {
    let context = || format!("{event:?} after {:?}: {result:?}", before.person);
    let mut effects = Vec::new();
    if let Some(person) = &mut world.person {
        effects.extend(std::iter::from_fn(|| person.poll_effect()));
    }
    let state_before = before.person.as_ref().map(Person::state);
    let state = world.person.as_ref().map(Person::state);
    if result.is_err() {
        assert!(effects.is_empty(), "a refusal has no effect: {}", context());
        let gone = state_before == Some(PersonState::Deleted);
        assert!(gone || world.person == before.person, "a refusal changes nothing: {}", context());
    }
    if setting.is_open() {
        let expected = table(state_before, event);
        assert_eq!(result.map(|_| state), expected.map(Some), "{}", context());
    }
    for effect in effects {
        let id = format!("{}/{}", world.lives, effect.id);
        assert!(!world.effect_ids.contains(&id), "twice {id}: {}", context());
        world.effect_ids.push(id);
        match effect.kind {
            EffectKind::Welcome => {
                assert!(state.is_some_and(PersonState::is_active), "welcomed while inactive: {}", context());
                assert_eq!(setting.tenant.notify, Notify::Everyone, "{}", context());
                world.welcomes += 1;
            }
            EffectKind::Hide => world.visible = false,
            EffectKind::Show => world.visible = true,
            EffectKind::RevokeSessions | EffectKind::FlagReports => {
                assert!(!state.is_some_and(PersonState::is_active), "{}", context());
            }
            _ => panic!("an unknown effect: {}", context()),
        }
    }
    assert!(world.welcomes <= world.lives, "welcomed twice: {}", context());
    if let Some(person) = &world.person {
        assert_eq!(world.visible, person.state().is_active(), "visible is not active: {}", context());
        if before.person.as_ref() != Some(person) {
            let kept = Person::decode(&person.encode()).unwrap();
            assert_eq!(&kept, person, "what is kept is everything: {}", context());
        }
        assert_eq!(
            person.claimed_at().is_some(),
            matches!(person.state(), PersonState::Active | PersonState::Deactivated { claimed: true })
                || (person.state() == PersonState::Deleted && person.claimed_at().is_some()),
            "{}",
            context()
        );
    }
}

/// Every sequence of at most `depth` further events; the settings alternate with the step, and all start positions are
/// tried. The number of worlds visited comes back.
fn explore(world: &World, settings: &[&Setting], depth: usize) -> u64 {
    let Some(rest) = depth.checked_sub(1) else { return 0 };
    let mut visited = 0;
    for event in EVENTS {
        let setting = settings[depth % settings.len()];
        let mut next = world.clone();
        let result = happen(&mut next, event, setting, Timestamp::from_seconds(1_000 - depth as i64));
        check(&mut next, world, event, setting, result);
        visited += 1 + explore(&next, settings, rest);
    }
    visited
}

#[test]
fn all_sequences_of_six_events_follow_the_table() {
    let everyone = setting(Notify::Everyone, true, true, true);
    let visited = explore(&World::default(), &[&everyone], 6);
    assert_eq!(visited, (1..=6).map(|n| 10_u64.pow(n)).sum::<u64>());
}

#[test]
fn all_sequences_keep_the_laws_while_switches_go_on_and_off() {
    let open = setting(Notify::Everyone, true, true, true);
    let quiet = setting(Notify::SignedIn, true, true, true);
    for create in [false, true] {
        for update in [false, true] {
            for deactivate in [false, true] {
                let other = setting(Notify::Everyone, create, update, deactivate);
                explore(&World::default(), &[&open, &other], 4);
                explore(&World::default(), &[&other, &open, &quiet], 4);
            }
        }
    }
}

#[test]
fn a_state_returns_to_the_one_before_however_often() {
    let open = setting(Notify::SignedIn, true, true, true);
    let now = Timestamp::from_seconds(7);
    for claimed in [false, true] {
        let mut person = Person::handle_create(open.rules(), true, now).unwrap();
        if claimed {
            person.handle_sign_in(now).unwrap();
        }
        let before = person.state();
        for _ in 0..5 {
            person.handle_update(open.rules(), &Update::default().with_active(false), now).unwrap();
            assert_eq!(person.state(), PersonState::Deactivated { claimed });
            person.handle_update(open.rules(), &Update::default().with_active(true), now).unwrap();
            assert_eq!(person.state(), before);
        }
        assert_eq!(person.claimed_at(), claimed.then_some(now));
    }
}

#[test]
fn someone_created_inactive_is_welcomed_on_the_first_day_and_on_no_other() {
    let everyone = setting(Notify::Everyone, true, true, true);
    let now = Timestamp::from_seconds(7);
    let mut person = Person::handle_create(everyone.rules(), false, now).unwrap();
    assert_eq!(person.poll_effect(), None);
    let mut kinds = Vec::new();
    for active in [true, false, true, false, true] {
        person.handle_update(everyone.rules(), &Update::default().with_active(active), now).unwrap();
        kinds.extend(std::iter::from_fn(|| person.poll_effect()).map(|effect| effect.kind));
    }
    use EffectKind::{Hide, RevokeSessions, Show, Welcome};
    assert_eq!(kinds, [Show, Welcome, RevokeSessions, Hide, Show, RevokeSessions, Hide, Show]);
}

#[test]
fn someone_never_welcomed_is_not_welcomed_for_coming_back() {
    let quiet = setting(Notify::SignedIn, true, true, true);
    let everyone = setting(Notify::Everyone, true, true, true);
    let now = Timestamp::from_seconds(7);
    let mut person = Person::handle_create(quiet.rules(), true, now).unwrap();
    person.handle_update(quiet.rules(), &Update::default().with_active(false), now).unwrap();
    person.handle_update(everyone.rules(), &Update::default().with_active(true), now).unwrap();
    assert!(std::iter::from_fn(|| person.poll_effect()).all(|effect| effect.kind != EffectKind::Welcome));
}

#[test]
fn former_user_names_are_the_last_five_and_never_the_present_one() {
    let open = setting(Notify::SignedIn, true, true, true);
    let now = Timestamp::from_seconds(7);
    let mut person = Person::handle_create(open.rules(), true, now).unwrap();
    let names = ["a", "b", "c", "d", "e", "f", "g", "C", "c"];
    for pair in names.windows(2) {
        let update = Update::default().with_user_name(pair[0], pair[1]);
        person.handle_update(open.rules(), &update, now).unwrap();
    }
    assert_eq!(person.former_user_names(), ["b", "d", "e", "f", "g"]);
}

#[test]
fn someone_deleted_refuses_everything() {
    let open = setting(Notify::Everyone, true, true, true);
    let now = Timestamp::from_seconds(7);
    let mut person = Person::handle_create(open.rules(), true, now).unwrap();
    person.handle_delete(open.rules(), 0, now).unwrap();
    let gone = person.clone();
    let update = Update::default().with_active(true).with_attribute("title");
    assert_eq!(person.handle_update(open.rules(), &update, now), Err(Refusal::Deleted));
    assert_eq!(person.handle_return(open.rules(), &update, now), Err(Refusal::Deleted));
    assert_eq!(person.handle_delete(open.rules(), 0, now), Err(Refusal::Deleted));
    assert_eq!(person.handle_sign_in(now), Err(Refusal::Deleted));
    assert_eq!((person.state(), Refusal::Deleted.status()), (PersonState::Deleted, 404));
    assert_eq!(person, gone);
}
