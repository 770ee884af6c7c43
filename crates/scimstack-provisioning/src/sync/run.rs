//! Carries a plan out: up to so many requests at a time, answers in any order, nothing done twice.
//!
//! Poll it, do the [`Next`] step, tell it the result. An [`Entry`] it hands out has to be on the disk before the next step
//! is taken: that is what makes a run that was cut off go on where it was.
//!
//! | answer | what follows |
//! |---|---|
//! | 429, 503 with `Retry-After` | everybody waits, fewer requests at a time; nothing was done, the same again |
//! | 408, 5xx, none | after a while, the resource is looked at before anything is sent again |
//! | 401 | the whole run stops |
//! | 403 | the run stops when it is the first answer, or the third of them in a row; else as any refusal |
//! | fifty times in a row nothing, or 5xx; from the beginning nothing, as often as one request is tried | the run stops: the target is down |
//! | any refusal, or the last attempt | the item is set aside with the reason, the rest goes on |
//!
//! ```
//! use scimstack_provisioning::sync::{Checked, Mapping, Next, Planner, PlanOptions, Response, Run, TargetProfile};
//! use scimstack_schema::{Registry, Timestamp, Value};
//! use std::sync::Arc;
//!
//! # let mapping = Mapping::parse(br#"{"people": {"match": ["userName"], "rules": [{"to": "userName", "from": "mail"}]}}"#)?;
//! # let user = Registry::core().resource_type("User").unwrap().clone();
//! # let checked = Arc::new(Checked::new(&mapping.people.unwrap(), &user).unwrap());
//! let row = Value::parse(br#"{"mail": "ann"}"#).unwrap().as_object().unwrap().clone();
//! let mut planner = Planner::new(checked, PlanOptions::default());
//! planner.handle_source(2, &row, None);
//! let plan = planner.finish();
//!
//! let mut run = Run::new(&plan, TargetProfile::default(), 1);
//! let now = Timestamp::from_seconds(1_800_000_000);
//! let mut said = Vec::new();
//! loop {
//!     match run.poll(now) {
//!         Next::Record(entry) => said.push(entry.line()),
//!         Next::Item => match plan.changes().next().filter(|_| run.is_new()) {
//!             Some(change) => run.handle_item(plan.item(&change, Some(&row), None).unwrap(), now),
//!             None => run.handle_end(),
//!         },
//!         Next::Send { ticket, request } => {
//!             said.push(request.to_string());
//!             run.handle_answer(ticket, &Response::new(201, br#"{"id": "7", "userName": "ann"}"#), now);
//!         }
//!         Next::Settled(settled) => assert_eq!(settled.id.as_deref(), Some("7")),
//!         Next::Done => break,
//!         Next::Wait(_) | Next::Stopped(_) => unreachable!(),
//!     }
//! }
//! assert!(said[1].contains("intent") && said[2] == "POST /Users" && said[3].contains("outcome"));
//! # Ok::<(), scimstack_provisioning::sync::MappingError>(())
//! ```

use super::check::Checked;
use super::job::{Deed, Item, Job, Part, Turn};
use super::journal::{Aside, Entry};
use super::ledger::Ledger;
use super::plan::{Action, Plan};
use super::target::TargetProfile;
use super::throttle::Throttle;
use super::wire::{self, Request, Response, Verb};
use crate::connector::Failure;
use scimstack_schema::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Answers of 403 in a row that stop a run.
const FORBIDDEN: u32 = 3;

/// Requests in a row without an answer that says what was done, after which a target is taken for dead.
const DEAD: u32 = 50;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Write this down; it has to last before the next step is taken.
    Record(Entry),
    /// Send this, and call [`Run::handle_answer`] or [`Run::handle_lost`] with the ticket. Others may go on meanwhile.
    Send {
        /// Which request it is.
        ticket: u64,
        /// What to send.
        request: Request,
    },
    /// Give another item with [`Run::handle_item`], or say with [`Run::handle_end`] that there is none.
    Item,
    /// Wait for an answer; at the latest until this time.
    Wait(Option<Timestamp>),
    /// An item has come to its end, or is set aside.
    Settled(Settled),
    /// All have.
    Done,
    /// The target lets nobody in; nothing more is sent.
    Stopped(Failure),
}

/// The end of an item.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settled {
    /// What it is called.
    pub label: String,
    /// The row of the source.
    pub row: Option<u32>,
    /// What was to be done.
    pub action: Action,
    /// The resource.
    pub id: Option<String>,
    /// What has come of it.
    pub outcome: Outcome,
}

/// What has come of an item.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was done.
    Done(Deed),
    /// It was done in the run before, which was cut off.
    DoneBefore,
    /// It is set aside: now, or still.
    Aside {
        /// Why.
        failure: Failure,
        /// When it is tried again.
        next: Option<Timestamp>,
        /// It was not even tried this time.
        still: bool,
    },
}

/// Carries out a plan.
#[derive(Debug)]
pub struct Run {
    checked: Arc<Checked>,
    profile: Arc<TargetProfile>,
    plan: u64,
    ledger: Arc<Ledger>,
    throttle: Throttle,
    slots: BTreeMap<u64, Slot>,
    next_ticket: u64,
    under_way: usize,
    out: VecDeque<Next>,
    state: State,
    /// Whether anything was ever let through, and how many 403 came since.
    let_in: bool,
    forbidden: u32,
    /// Requests in a row that nobody answered.
    silent: u32,
}

#[derive(Debug)]
struct Slot {
    job: Job,
    at: Standing,
    /// Attempts since something was last achieved.
    tried: u32,
    /// The request that comes next; when it changes something, its intent has been written.
    request: Option<Request>,
    /// The request that is under way.
    sent: Sent,
}

/// A request that was sent, as far as it is still needed.
#[derive(Clone, Debug)]
struct Sent {
    verb: Verb,
    /// `PATCH /Users/7`
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Ready,
    Waits(Timestamp),
    UnderWay,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    New,
    Open,
    /// No more items come.
    Closing,
    Stopped(Failure),
    Ended,
}

impl Run {
    /// A run of a plan. `seed` is any number: with it, waits of several clients are spread.
    #[must_use]
    pub fn new(plan: &Plan, profile: TargetProfile, seed: u64) -> Self {
        Self {
            checked: plan.checked().clone(),
            throttle: Throttle::new(&profile, seed),
            profile: Arc::new(profile),
            plan: plan.id(),
            ledger: Arc::default(),
            slots: BTreeMap::new(),
            next_ticket: 0,
            under_way: 0,
            out: VecDeque::new(),
            state: State::New,
            let_in: false,
            forbidden: 0,
            silent: 0,
        }
    }

    /// With what is known from before.
    #[must_use]
    pub fn with_ledger(mut self, ledger: impl Into<Arc<Ledger>>) -> Self {
        self.ledger = ledger.into();
        self
    }

    /// What is known from before.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// No item has been taken yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.next_ticket == 0
    }

    /// What is to be done next.
    pub fn poll(&mut self, now: Timestamp) -> Next {
        if self.state == State::New {
            self.state = State::Open;
            return Next::Record(Entry::Begin { plan: self.plan, at: now });
        }
        if let Some(next) = self.out.pop_front() {
            return next;
        }
        if let State::Stopped(failure) = &self.state {
            return if self.under_way > 0 { Next::Wait(None) } else { Next::Stopped(failure.clone()) };
        }
        let opens = self.throttle.opens(now);
        let may_send = self.under_way < self.throttle.window() && opens <= now;
        if may_send && let Some(next) = self.send(now) {
            return next;
        }
        if self.state == State::Open && self.slots.len() < self.throttle.window() {
            return Next::Item;
        }
        if self.slots.is_empty() && self.state == State::Closing {
            self.state = State::Ended;
            return Next::Record(Entry::End { at: now });
        }
        if self.state == State::Ended {
            return Next::Done;
        }
        let waits = self.slots.values().filter_map(|slot| match slot.at {
            Standing::Waits(until) => Some(until.max(opens)),
            Standing::Ready => Some(opens),
            Standing::UnderWay => None,
        });
        // With a full window only an answer helps.
        Next::Wait(waits.min().filter(|_| self.under_way < self.throttle.window()))
    }

    /// The request of the first item that can go on; before one that changes something, the intent.
    fn send(&mut self, now: Timestamp) -> Option<Next> {
        let ready = |slot: &Slot| match slot.at {
            Standing::Ready => true,
            Standing::Waits(until) => until <= now,
            Standing::UnderWay => false,
        };
        let (&ticket, slot) = self.slots.iter_mut().find(|(_, slot)| ready(slot))?;
        let request = match slot.request.take() {
            Some(request) => request,
            None => {
                let request = slot.job.request();
                if request.verb.writes() {
                    let (item, id, verb) = (slot.job.item.name.clone(), slot.job.id.clone(), request.verb);
                    slot.request = Some(request);
                    return Some(Next::Record(Entry::Intent { item, verb, id }));
                }
                request
            }
        };
        slot.sent = Sent { verb: request.verb, name: request.to_string() };
        slot.at = Standing::UnderWay;
        self.under_way += 1;
        self.throttle.handle_sent(now);
        Some(Next::Send { ticket, request })
    }

    /// The item that was asked for.
    pub fn handle_item(&mut self, mut item: Item, now: Timestamp) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        if self.ledger.is_done(&item.name, item.hash, self.plan) {
            let id = self.ledger.id(&item.name).map(str::to_owned);
            return self.settle(&item, id, Outcome::DoneBefore);
        }
        if let Some(aside) = self.ledger.aside(&item.name).filter(|aside| aside.holds(item.hash, now)) {
            let (next, still) = (aside.next, true);
            let (request, detail) = (item.action.as_str().to_owned(), aside.reason.clone());
            let failure = Failure { request, status: aside.status, detail };
            let id = item.id.clone();
            return self.settle(&item, id, Outcome::Aside { failure, next, still });
        }
        let is_open = self.ledger.is_open(&item.name);
        if item.id.is_none() {
            item.id = self.ledger.id(&item.name).map(str::to_owned);
        }
        if item.sent.is_empty() {
            item.sent = self.ledger.members(&item.name);
        }
        let sent = Sent { verb: Verb::Get, name: String::new() };
        let job = Job::new(item, self.checked.clone(), self.profile.clone(), is_open);
        self.slots.insert(ticket, Slot { job, at: Standing::Ready, tried: 0, request: None, sent });
    }

    /// There are no more items.
    pub fn handle_end(&mut self) {
        if self.state == State::Open {
            self.state = State::Closing;
        }
    }

    /// A request was answered.
    pub fn handle_answer(&mut self, ticket: u64, answer: &Response<'_>, now: Timestamp) {
        let Some((request, moved)) = self.returned(ticket) else { return };
        match answer.status {
            401 => self.refused(ticket, &request, answer, true, now),
            403 => {
                self.forbidden += 1;
                let stops = !self.let_in || self.forbidden >= FORBIDDEN;
                self.refused(ticket, &request, answer, stops, now);
            }
            429 => self.busy(ticket, &request, answer, now),
            503 if answer.retry_after.is_some() => self.busy(ticket, &request, answer, now),
            408 | 500 | 502..=504 => {
                self.let_in = true;
                self.unknown(ticket, &request, Some(answer), now);
            }
            status => {
                (self.let_in, self.forbidden, self.silent) = (true, 0, 0);
                self.throttle.handle_good();
                let Some(slot) = self.slots.get_mut(&ticket) else { return };
                if request.verb.writes() && (200..300).contains(&status) {
                    slot.tried = 0;
                }
                let turn = slot.job.handle_answer(&request.name, answer);
                let was_done = (200..300).contains(&status);
                self.note(ticket, &request, Some(status), moved.filter(|_| was_done));
                self.turn(ticket, turn, now);
            }
        }
    }

    /// A request had no answer: it may have arrived.
    pub fn handle_lost(&mut self, ticket: u64, now: Timestamp) {
        if let Some((request, _)) = self.returned(ticket) {
            self.unknown(ticket, &request, None, now);
        }
    }

    /// A request could not be made, or sent: it has not arrived.
    pub fn handle_unsent(&mut self, ticket: u64, why: &str, now: Timestamp) {
        let Some((request, _)) = self.returned(ticket) else { return };
        self.note(ticket, &request, Some(0), None);
        let failure = Failure { request: request.name.clone(), status: None, detail: why.to_owned() };
        if self.is_dead(&failure) {
            return;
        }
        self.again(ticket, None, failure, now);
    }

    /// The request that has come back, and the members it moved.
    fn returned(&mut self, ticket: u64) -> Option<(Sent, Option<Part>)> {
        let slot = self.slots.get_mut(&ticket).filter(|slot| slot.at == Standing::UnderWay)?;
        self.under_way = self.under_way.saturating_sub(1);
        slot.at = Standing::Ready;
        Some((slot.sent.clone(), slot.job.moved().cloned()))
    }

    /// Writes down what came of a request that was to change something.
    fn note(&mut self, ticket: u64, request: &Sent, status: Option<u16>, moved: Option<Part>) {
        let Some(slot) = self.slots.get_mut(&ticket).filter(|_| request.verb.writes()) else { return };
        let (item, id) = (slot.job.item.name.clone(), slot.job.id.clone());
        let Part { add: added, remove: removed } = moved.unwrap_or_default();
        self.out.push_back(Next::Record(Entry::Outcome { item, status, id, added, removed }));
    }

    fn refused(&mut self, ticket: u64, request: &Sent, answer: &Response<'_>, stops: bool, now: Timestamp) {
        self.note(ticket, request, Some(answer.status), None);
        let failure = wire::failure(&request.name, answer);
        if stops {
            if !matches!(self.state, State::Stopped(_)) {
                self.state = State::Stopped(failure);
            }
            self.slots.remove(&ticket);
        } else {
            self.aside(ticket, failure, now);
        }
    }

    /// Nothing was done: everybody waits, then the same again.
    fn busy(&mut self, ticket: u64, request: &Sent, answer: &Response<'_>, now: Timestamp) {
        self.note(ticket, request, Some(answer.status), None);
        let tried = self.slots.get(&ticket).map_or(0, |slot| slot.tried) + 1;
        let chance = self.throttle.chance();
        self.throttle.handle_busy(self.profile.patience.wait(tried, answer.retry_after, chance), now);
        self.again(ticket, answer.retry_after, wire::failure(&request.name, answer), now);
    }

    /// Nobody knows whether it was done.
    fn unknown(&mut self, ticket: u64, request: &Sent, answer: Option<&Response<'_>>, now: Timestamp) {
        self.note(ticket, request, None, None);
        let failure = match answer {
            Some(answer) => wire::failure(&request.name, answer),
            None => Failure { request: request.name.clone(), status: None, detail: "no answer came".to_owned() },
        };
        let asked = answer.and_then(|answer| answer.retry_after);
        if self.is_dead(&failure) {
            return;
        }
        // A product that does not try again still has to find out what it has done.
        if answer.is_some() && !self.profile.patience.retries_errors && !request.verb.writes() {
            return self.aside(ticket, failure, now);
        }
        let Some(slot) = self.slots.get_mut(&ticket) else { return };
        match slot.job.handle_lost(&request.name) {
            Turn::Next => self.again(ticket, asked, failure, now),
            turn => self.turn(ticket, turn, now),
        }
    }

    /// Whether nobody has answered for so long that the run stops; the item keeps its intent, and is looked at next time.
    fn is_dead(&mut self, failure: &Failure) -> bool {
        self.silent += 1;
        // One that has never answered is given no more attempts than one request is.
        let most = if self.let_in { DEAD } else { DEAD.min(self.profile.patience.attempts) };
        if self.silent >= most && !matches!(self.state, State::Stopped(_)) {
            self.state = State::Stopped(failure.clone());
        }
        matches!(self.state, State::Stopped(_))
    }

    /// Later, unless it has been often enough.
    fn again(&mut self, ticket: u64, asked: Option<u32>, failure: Failure, now: Timestamp) {
        let chance = self.throttle.chance();
        let Some(slot) = self.slots.get_mut(&ticket) else { return };
        slot.tried += 1;
        if slot.tried >= self.profile.patience.attempts {
            return self.aside(ticket, failure, now);
        }
        let wait = self.profile.patience.wait(slot.tried, asked, chance);
        slot.at = Standing::Waits(Timestamp::from_micros(now.as_micros().saturating_add(wait)));
    }

    fn turn(&mut self, ticket: u64, turn: Turn, now: Timestamp) {
        match turn {
            Turn::Next => {}
            Turn::Failed(failure) => self.aside(ticket, failure, now),
            Turn::Done(deed) => {
                let Some(Slot { job, .. }) = self.slots.remove(&ticket) else { return };
                let gone = matches!(deed, Deed::Deleted | Deed::Gone);
                let (id, item) = (job.id.filter(|_| !gone), job.item);
                self.out.push_back(Next::Record(Entry::Settled {
                    item: item.name.clone(),
                    id: id.clone(),
                    deed,
                    hash: item.hash,
                    fingerprints: item.fingerprints.clone(),
                }));
                self.settle(&item, id, Outcome::Done(deed));
            }
        }
    }

    /// Sets an item aside.
    fn aside(&mut self, ticket: u64, failure: Failure, now: Timestamp) {
        let Some(Slot { job, .. }) = self.slots.remove(&ticket) else { return };
        let item = job.item;
        let before = self.ledger.aside(&item.name).filter(|aside| aside.hash == item.hash);
        let (times, first) = before.map_or((1, now), |before| (before.times.saturating_add(1), before.first));
        let next = self.profile.patience.next(times, first, now);
        self.out.push_back(Next::Record(Entry::Aside(Aside {
            item: item.name.clone(),
            reason: failure.detail.clone(),
            status: failure.status,
            times,
            first,
            next,
            hash: item.hash,
        })));
        self.settle(&item, job.id, Outcome::Aside { failure, next, still: false });
    }

    fn settle(&mut self, item: &Item, id: Option<String>, outcome: Outcome) {
        let (label, row, action) = (item.label.clone(), item.row, item.action);
        self.out.push_back(Next::Settled(Settled { label, row, action, id, outcome }));
    }
}
