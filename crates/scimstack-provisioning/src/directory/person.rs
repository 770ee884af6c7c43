//! The machine of one person: its states, what moves it, and the effects that come out. How a request is read is in
//! [`super::difference`], how the machine is kept as bytes in [`super::record`].

use super::difference::Update;
use super::refusal::{Deed, Refusal};
use scimstack_protocol::{ConnectionPolicy, Dialect, Effect, EffectKind, Notify, TenantPolicy};
use scimstack_schema::fold::fold;
use scimstack_schema::{Object, Timestamp};
use std::collections::VecDeque;

/// How long a person who may have been made for a connection test is left alone.
const TEST_PERSON_SECONDS: i64 = 600;

/// How many former user names a person keeps; the oldest is forgotten first.
pub const MAX_FORMER_USER_NAMES: usize = 5;

/// Where a person stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PersonState {
    /// Provisioned, has never signed in.
    Unclaimed,
    /// Has signed in at least once.
    Active,
    /// May not sign in and is not shown; remembers where to return to.
    Deactivated {
        /// True when the state before was [`PersonState::Active`], false when it was [`PersonState::Unclaimed`].
        claimed: bool,
    },
    /// Gone; a later create makes someone new.
    Deleted,
}

impl PersonState {
    /// Whether the person is shown and may sign in: what SCIM calls `active`.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, Self::Unclaimed | Self::Active)
    }

    /// The word for people: `Unclaimed`, `Active`, `Deactivated`, `Deleted`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unclaimed => "Unclaimed",
            Self::Active => "Active",
            Self::Deactivated { .. } => "Deactivated",
            Self::Deleted => "Deleted",
        }
    }
}

impl std::fmt::Display for PersonState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What administrators decided, as far as the machine asks.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    pub(super) connection: &'a ConnectionPolicy,
    pub(super) notify: Notify,
    pub(super) starts: Option<Timestamp>,
    pub(super) application: bool,
}

impl<'a> Rules<'a> {
    /// The rules of one connection of a tenant.
    #[must_use]
    pub fn new(connection: &'a ConnectionPolicy, tenant: &TenantPolicy) -> Self {
        Self { connection, notify: tenant.notify, starts: None, application: false }
    }

    /// For what the application does itself: nobody comes to belong to a connection by it.
    #[must_use]
    pub fn by_application(mut self, application: bool) -> Self {
        self.application = application;
        self
    }

    /// The connection that comes to own whoever it touches.
    fn owner(self) -> Option<String> {
        (!self.application).then(|| self.connection.name.clone())
    }

    /// For a person who starts at this time: nothing is sent to them before.
    #[must_use]
    pub fn starting(mut self, starts: Option<Timestamp>) -> Self {
        self.starts = starts;
        self
    }

    /// When a first message may be sent to someone who has been here since `since`.
    fn welcome_from(self, since: Timestamp) -> Timestamp {
        let unless_told = if self.connection.dialect == Dialect::Jumpcloud { TEST_PERSON_SECONDS } else { 0 };
        let delay = self.connection.welcome_delay.map_or(unless_told, i64::from);
        let arrived = since.plus_seconds(delay);
        self.starts.map_or(arrived, |starts| starts.max(arrived))
    }
}

/// What an input did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing differs.
    Unchanged,
    /// Attributes differ; the state is the same.
    Updated,
    /// The person left.
    Deactivated,
    /// The person came back.
    Reactivated,
    /// The person is gone.
    Deleted,
    /// The first sign-in.
    Claimed,
    /// The first message is sent.
    Welcomed,
    /// The person belongs to a connection from now on.
    Adopted,
}

/// The machine of one person.
///
/// Equality is that of what is kept ([`Person::encode`]); effects that were not polled yet do not count. After a refusal
/// the person is as before.
#[derive(Clone, Debug)]
pub struct Person {
    pub(super) state: PersonState,
    /// When the state was entered.
    pub(super) since: Timestamp,
    pub(super) claimed_at: Option<Timestamp>,
    pub(super) welcomed: bool,
    /// The first message waits until then.
    pub(super) welcome_at: Option<Timestamp>,
    /// Oldest first.
    pub(super) former_user_names: Vec<String>,
    /// The connection that owns the person.
    pub(super) connection: Option<String>,
    /// How often the person left, came back or was deleted; part of the effects' ids.
    pub(super) transitions: u64,
    /// What a later version of this crate has written besides.
    pub(super) unknown: Object,
    effects: VecDeque<Effect>,
}

impl PartialEq for Person {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            state,
            since,
            claimed_at,
            welcomed,
            welcome_at,
            former_user_names,
            connection,
            transitions,
            unknown,
            effects: _,
        } = self;
        *state == other.state
            && *since == other.since
            && *claimed_at == other.claimed_at
            && *welcomed == other.welcomed
            && *welcome_at == other.welcome_at
            && *former_user_names == other.former_user_names
            && *connection == other.connection
            && *transitions == other.transitions
            && *unknown == other.unknown
    }
}

impl Person {
    /// Someone whose record says nothing: made before there was a lifecycle, or by another one.
    pub(super) fn unrecorded(active: bool) -> Self {
        Self {
            state: if active { PersonState::Unclaimed } else { PersonState::Deactivated { claimed: false } },
            since: Timestamp::default(),
            claimed_at: None,
            welcomed: false,
            welcome_at: None,
            former_user_names: Vec::new(),
            connection: None,
            transitions: 0,
            unknown: Object::new(),
            effects: VecDeque::new(),
        }
    }

    /// A person is created, with `active` as sent (true when it was not).
    ///
    /// # Errors
    /// [`Refusal::Switches`].
    pub fn handle_create(rules: Rules<'_>, active: bool, now: Timestamp) -> Result<Self, Refusal> {
        Refusal::unless_allowed(rules.connection, &[Deed::Create])?;
        let mut person = Self::unrecorded(active);
        person.since = now;
        person.connection = rules.owner();
        if active {
            person.welcome(rules, now);
        }
        Ok(person)
    }

    /// The person is changed.
    ///
    /// # Errors
    /// [`Refusal::Switches`], [`Refusal::Deleted`].
    pub fn handle_update(&mut self, rules: Rules<'_>, update: &Update, now: Timestamp) -> Result<Outcome, Refusal> {
        let turn = self.turn(update)?;
        let mut deeds = Vec::new();
        match turn {
            Some(true) => deeds.push(Deed::Reactivate),
            Some(false) => deeds.push(Deed::Deactivate),
            None => {}
        }
        if !update.attributes.is_empty() {
            deeds.push(Deed::Update { attributes: update.attributes.clone() });
        }
        Refusal::unless_allowed(rules.connection, &deeds)?;
        self.rename(update);
        if self.connection.is_none() && !deeds.is_empty() {
            // Whoever has the id knows whom it means.
            self.connection = rules.owner();
        }
        Ok(match turn {
            Some(true) => {
                self.reactivate(rules, now);
                Outcome::Reactivated
            }
            Some(false) => {
                self.leave(
                    PersonState::Deactivated { claimed: self.state == PersonState::Active },
                    update.reports,
                    now,
                );
                Outcome::Deactivated
            }
            None if update.attributes.is_empty() => Outcome::Unchanged,
            None => {
                if self.welcome_at.is_some() {
                    // The start may have moved.
                    self.welcome(rules, now);
                }
                Outcome::Updated
            }
        })
    }

    /// A create named this person, who is deactivated, by the externalId on record: the same person returns. With
    /// `active: false` the profile is renewed and nothing else.
    ///
    /// # Errors
    /// [`Refusal::Switches`], [`Refusal::Deleted`].
    pub fn handle_return(&mut self, rules: Rules<'_>, update: &Update, now: Timestamp) -> Result<Outcome, Refusal> {
        let turn = self.turn(update)?;
        Refusal::unless_allowed(rules.connection, &[Deed::Reactivate])?;
        self.rename(update);
        self.connection = rules.owner();
        if turn == Some(true) {
            self.reactivate(rules, now);
            return Ok(Outcome::Reactivated);
        }
        Ok(Outcome::Updated)
    }

    /// The connection gets a person whom the application has made, in the state they are in. With `active: false` they leave
    /// at the same time.
    ///
    /// # Errors
    /// [`Refusal::Switches`], [`Refusal::Deleted`].
    pub fn handle_adoption(&mut self, rules: Rules<'_>, update: &Update, now: Timestamp) -> Result<Outcome, Refusal> {
        let turn = self.turn(update)?;
        let mut deeds = vec![Deed::Create];
        deeds.extend(turn.filter(|active| !active).map(|_| Deed::Deactivate));
        Refusal::unless_allowed(rules.connection, &deeds)?;
        self.rename(update);
        self.connection = rules.owner();
        if turn == Some(false) {
            let claimed = self.state == PersonState::Active;
            self.leave(PersonState::Deactivated { claimed }, update.reports, now);
            return Ok(Outcome::Deactivated);
        }
        Ok(Outcome::Adopted)
    }

    /// The person is deleted, to whom `reports` people report.
    ///
    /// # Errors
    /// [`Refusal::Switches`], [`Refusal::Deleted`].
    pub fn handle_delete(&mut self, rules: Rules<'_>, reports: u64, now: Timestamp) -> Result<Outcome, Refusal> {
        if self.state == PersonState::Deleted {
            return Err(Refusal::Deleted);
        }
        Refusal::unless_allowed(rules.connection, &[Deed::Delete])?;
        self.leave(PersonState::Deleted, reports, now);
        Ok(Outcome::Deleted)
    }

    /// The person signed in.
    ///
    /// # Errors
    /// [`Refusal::SignIn`] while deactivated, [`Refusal::Deleted`].
    pub fn handle_sign_in(&mut self, now: Timestamp) -> Result<Outcome, Refusal> {
        match self.state {
            PersonState::Unclaimed => {
                self.state = PersonState::Active;
                self.since = now;
                self.claimed_at = Some(now);
                self.welcome_at = None;
                Ok(Outcome::Claimed)
            }
            PersonState::Active => Ok(Outcome::Unchanged),
            PersonState::Deactivated { .. } => Err(Refusal::SignIn),
            PersonState::Deleted => Err(Refusal::Deleted),
        }
    }

    /// A time has come that [`Person::welcome_at`] named: the first message is sent, unless the person starts later by now,
    /// or nobody new is to be notified any more.
    ///
    /// # Errors
    /// [`Refusal::Deleted`].
    pub fn handle_due(&mut self, rules: Rules<'_>, now: Timestamp) -> Result<Outcome, Refusal> {
        if self.state == PersonState::Deleted {
            return Err(Refusal::Deleted);
        }
        let Some(at) = self.welcome_at.filter(|at| *at <= now) else {
            return Ok(Outcome::Unchanged);
        };
        self.welcome_at = None;
        // How long after the arrival is settled; the start may have moved.
        self.welcome_not_before(rules, rules.starts.unwrap_or(at), now);
        Ok(if self.welcomed { Outcome::Welcomed } else { Outcome::Updated })
    }

    /// An administrator wants everyone welcomed who never was: those who are here, have never signed in and have started.
    /// Who starts later waits until then.
    ///
    /// # Errors
    /// [`Refusal::NobodyIsNotified`] while Security Settings keep messages from those who never signed in;
    /// [`Refusal::Deleted`].
    pub fn handle_welcome(&mut self, rules: Rules<'_>, now: Timestamp) -> Result<Outcome, Refusal> {
        if rules.notify != Notify::Everyone {
            return Err(Refusal::NobodyIsNotified);
        }
        match self.state {
            PersonState::Deleted => Err(Refusal::Deleted),
            PersonState::Unclaimed if !self.welcomed => {
                let waited = self.welcome_at.take();
                self.welcome(rules, now);
                Ok(match (self.welcomed, waited == self.welcome_at) {
                    (true, _) => Outcome::Welcomed,
                    (false, true) => Outcome::Unchanged,
                    (false, false) => Outcome::Updated,
                })
            }
            _ => Ok(Outcome::Unchanged),
        }
    }

    /// The next thing that is to happen elsewhere. `{id}` in its id stands for the resource's id.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Where the person stands.
    #[must_use]
    pub fn state(&self) -> PersonState {
        self.state
    }

    /// Since when.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// When the person first signed in.
    #[must_use]
    pub fn claimed_at(&self) -> Option<Timestamp> {
        self.claimed_at
    }

    /// Whether a first message was sent.
    #[must_use]
    pub fn is_welcomed(&self) -> bool {
        self.welcomed
    }

    /// When the first message is to be sent that waits: [`Person::handle_due`] is asked then.
    #[must_use]
    pub fn welcome_at(&self) -> Option<Timestamp> {
        self.welcome_at
    }

    /// User names the person had before, oldest first, at most [`MAX_FORMER_USER_NAMES`].
    #[must_use]
    pub fn former_user_names(&self) -> &[String] {
        &self.former_user_names
    }

    /// The connection that owns the person: it created them, brought them back, adopted them or changed them first. `None`
    /// for someone the application has made.
    #[must_use]
    pub fn connection(&self) -> Option<&str> {
        self.connection.as_deref()
    }

    /// Whether `active` turns, and to what.
    fn turn(&self, update: &Update) -> Result<Option<bool>, Refusal> {
        if self.state == PersonState::Deleted {
            return Err(Refusal::Deleted);
        }
        Ok(update.active.filter(|&active| active != self.state.is_active()))
    }

    fn rename(&mut self, update: &Update) {
        let Some((from, to)) = &update.renamed else { return };
        let same = |a: &str, b: &str| fold(a) == fold(b);
        if same(from, to) {
            return;
        }
        self.former_user_names.retain(|name| !same(name, from) && !same(name, to));
        self.former_user_names.push(from.clone());
        let too_many = self.former_user_names.len().saturating_sub(MAX_FORMER_USER_NAMES);
        self.former_user_names.drain(..too_many);
    }

    fn reactivate(&mut self, rules: Rules<'_>, now: Timestamp) {
        let first_time = self.transitions == 0;
        let claimed = matches!(self.state, PersonState::Deactivated { claimed: true });
        self.state = if claimed { PersonState::Active } else { PersonState::Unclaimed };
        self.since = now;
        self.transitions += 1;
        self.emit("reactivate", EffectKind::Show, "Show in the directory and in search: the person is back.".into());
        if first_time && !claimed {
            self.welcome(rules, now);
        }
    }

    fn leave(&mut self, to: PersonState, reports: u64, now: Timestamp) {
        let was_active = self.state.is_active();
        self.state = to;
        self.since = now;
        self.welcome_at = None;
        self.transitions += 1;
        if !was_active {
            return;
        }
        let (event, what) = match to {
            PersonState::Deleted => ("delete", "deleted"),
            _ => ("deactivate", "deactivated"),
        };
        self.emit(
            event,
            EffectKind::RevokeSessions,
            format!("End all sessions, tokens and magic links: the person was {what}."),
        );
        self.emit(event, EffectKind::Hide, format!("Take out of the directory and of search: the person was {what}."));
        if reports > 0 {
            let who = if reports == 1 { "1 person reports".to_owned() } else { format!("{reports} people report") };
            self.emit(event, EffectKind::FlagReports, format!("{who} to someone who was {what}."));
        }
    }

    /// Sends the first message, now or when it may be sent.
    fn welcome(&mut self, rules: Rules<'_>, now: Timestamp) {
        self.welcome_not_before(rules, rules.welcome_from(self.since), now);
    }

    fn welcome_not_before(&mut self, rules: Rules<'_>, from: Timestamp, now: Timestamp) {
        if rules.notify != Notify::Everyone || self.welcomed {
            self.welcome_at = None;
            return;
        }
        if from > now {
            self.welcome_at = Some(from);
            return;
        }
        self.welcome_at = None;
        self.welcomed = true;
        self.effects.push_back(Effect::new(
            "welcome:{id}",
            EffectKind::Welcome,
            "Send the first message: the person was given an account.",
        ));
    }

    fn emit(&mut self, event: &str, kind: EffectKind, text: String) {
        let id = format!("{event}:{{id}}:{}:{}", self.transitions, kind.as_str());
        self.effects.push_back(Effect::new(id, kind, text));
    }

    pub(super) fn from_record(
        state: PersonState,
        since: Timestamp,
        claimed_at: Option<Timestamp>,
        welcomed: bool,
        transitions: u64,
    ) -> Self {
        Self { state, since, claimed_at, welcomed, transitions, ..Self::unrecorded(true) }
    }
}
