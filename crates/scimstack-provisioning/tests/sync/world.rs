//! A source, a target, and whoever brings the one to the other, with mishaps on the way.

use crate::target::{Answer, Target, object};
use scimstack_provisioning::sync::{
    Checked, Entry, Ledger, Links, Mapping, Next, Outcome, Plan, PlanOptions, Planner, Request, Response, Run, Settled,
    TargetProfile,
};
use scimstack_schema::{Object, Registry, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;

pub(crate) const MAPPING: &str = r#"{
    "people": {"match": ["externalId", "userName"], "rules": [
        {"to": "externalId", "from": "number"},
        {"to": "userName", "from": {"lower": "mail"}},
        {"to": "name.givenName", "from": "first"},
        {"to": "emails[type eq \"work\"].value", "from": "mail"},
        {"to": "title", "from": "job"},
        {"to": "active", "from": {"if": {"field": "left", "empty": true}, "then": {"value": true}, "else": {"value": false}}}
    ]},
    "groups": {"match": ["displayName"], "rules": [{"to": "displayName", "from": "team"}],
        "members": {"split": "people", "by": ";"}}
}"#;

/// The attribute of a manager.
pub(crate) const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    None,
    /// It arrives, and its answer does not.
    AnswerLost,
    /// It does not arrive.
    Lost,
    Busy,
    /// It is done, and the answer is 500.
    FailsAfter,
    /// It is not done, and the answer is 500.
    Fails,
    Unavailable,
    /// Somebody else changes the resource before.
    Meddled,
    /// Somebody else makes the same person before.
    Preceded,
    /// The program dies; the request has not left.
    CrashBefore,
    /// The program dies; the request has arrived.
    CrashAfter,
}

/// Everything there is.
pub(crate) struct World {
    pub(crate) target: Target,
    pub(crate) profile: TargetProfile,
    pub(crate) journal: Vec<Entry>,
    pub(crate) faults: VecDeque<Fault>,
    /// Which of the requests under way is answered next.
    pub(crate) order: u64,
    pub(crate) now: Timestamp,
    pub(crate) settled: Vec<Settled>,
    pub(crate) options: PlanOptions,
    pub(crate) mapping: String,
    /// How many requests were under way at once.
    pub(crate) most: usize,
}

/// How a run ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Ended {
    Done,
    Crashed,
    Stopped(Option<u16>),
}

impl World {
    pub(crate) fn new(profile: TargetProfile) -> Self {
        Self {
            target: Target::new(),
            profile,
            journal: Vec::new(),
            faults: VecDeque::new(),
            order: 1,
            now: Timestamp::from_seconds(1_800_000_000),
            settled: Vec::new(),
            options: PlanOptions::default(),
            mapping: MAPPING.to_owned(),
            most: 0,
        }
    }

    /// Everybody's manager is who has the number before.
    pub(crate) fn with_managers(mut self) -> Self {
        let rule = format!(r#""rules": [{{"to": "{MANAGER}", "from": "boss", "person": true}},"#);
        self.mapping = MAPPING.replacen("\"rules\": [", &rule, 1);
        self
    }

    pub(crate) fn checked(&self, kind: &str) -> Arc<Checked> {
        let mapping = Mapping::parse(self.mapping.as_bytes()).unwrap();
        let part = if kind == "Group" { mapping.groups } else { mapping.people };
        Arc::new(Checked::new(&part.unwrap(), Registry::core().resource_type(kind).unwrap()).unwrap())
    }

    pub(crate) fn plan(&self, kind: &str, rows: &[Object], people: Option<&Links>) -> Plan {
        let mut planner = Planner::new(self.checked(kind), self.options);
        for document in self.target.documents(if kind == "Group" { "/Groups" } else { "/Users" }) {
            planner.handle_target(&document);
        }
        for (at, row) in (2..).zip(rows) {
            planner.handle_source(at, row, people);
        }
        planner.finish()
    }

    pub(crate) fn ledger(&self) -> Ledger {
        let mut ledger = Ledger::default();
        for entry in &self.journal {
            // As it is on the disk.
            ledger.handle_entry(&Entry::parse(&entry.line()).unwrap());
        }
        ledger
    }

    /// Carries a plan out, until it ends one way or another.
    pub(crate) fn execute(&mut self, plan: &Plan, rows: &[Object], links: Option<&mut Links>) -> Ended {
        let mut run = Run::new(plan, self.profile.clone(), self.order).with_ledger(self.ledger());
        self.drive(&mut run, plan, rows, links)
    }

    pub(crate) fn drive(&mut self, run: &mut Run, plan: &Plan, rows: &[Object], links: Option<&mut Links>) -> Ended {
        let mut changes = plan.changes().collect::<Vec<_>>().into_iter();
        let mut under_way: Vec<(u64, Request)> = Vec::new();
        let people = links.as_deref().cloned();
        let mut made = Vec::new();
        let ended = loop {
            match run.poll(self.now) {
                Next::Record(entry) => self.journal.push(entry),
                Next::Item => match changes.next() {
                    Some(change) => {
                        let row = change.row().and_then(|row| rows.get(row as usize - 2));
                        run.handle_item(plan.item(&change, row, people.as_ref()).unwrap(), self.now);
                    }
                    None => run.handle_end(),
                },
                Next::Send { ticket, request } => {
                    under_way.push((ticket, request));
                    self.most = self.most.max(under_way.len());
                }
                Next::Settled(settled) => {
                    if let (Some(row), Some(id)) = (settled.row, &settled.id) {
                        made.push((row, id.clone()));
                    }
                    self.settled.push(settled);
                }
                Next::Wait(until) => {
                    if under_way.is_empty() {
                        self.now = until.unwrap();
                        continue;
                    }
                    self.order =
                        self.order.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let at = (self.order >> 33) as usize % under_way.len();
                    let (ticket, request) = under_way.remove(at);
                    if let Some(crash) = self.answer(run, ticket, &request) {
                        // What else is on its way arrives, or does not.
                        for (n, (_, request)) in under_way.iter().enumerate() {
                            if (self.order >> n) & 1 == 1 {
                                self.target.handle(request);
                            }
                        }
                        break crash;
                    }
                }
                Next::Done => break Ended::Done,
                Next::Stopped(failure) => break Ended::Stopped(failure.status),
            }
            self.now = Timestamp::from_micros(self.now.as_micros() + 1);
        };
        if let Some(links) = links {
            made.iter().for_each(|(row, id)| links.handle_made(*row, id));
        }
        ended
    }

    fn answer(&mut self, run: &mut Run, ticket: u64, request: &Request) -> Option<Ended> {
        let fault = self.faults.pop_front().unwrap_or(Fault::None);
        let mut give = |status: u16, body: &[u8], etag: Option<&str>, retry_after: Option<u32>, now: Timestamp| {
            let answer = Response::new(status, body).with_etag(etag).with_retry_after(retry_after);
            run.handle_answer(ticket, &answer, now);
        };
        match fault {
            Fault::Busy => give(429, b"", None, Some(3), self.now),
            Fault::Unavailable => give(503, b"", None, Some(2), self.now),
            Fault::Fails => give(500, b"oops", None, None, self.now),
            Fault::FailsAfter => {
                self.target.handle(request);
                give(500, b"oops", None, None, self.now);
            }
            Fault::AnswerLost => {
                self.target.handle(request);
                run.handle_lost(ticket, self.now);
            }
            Fault::Lost => run.handle_lost(ticket, self.now),
            Fault::CrashBefore => return Some(Ended::Crashed),
            Fault::CrashAfter => {
                self.target.handle(request);
                return Some(Ended::Crashed);
            }
            Fault::None | Fault::Meddled | Fault::Preceded => {
                if fault == Fault::Meddled && request.verb.writes() {
                    self.target.meddle(&request.path);
                }
                if fault == Fault::Preceded && request.verb == scimstack_provisioning::sync::Verb::Post {
                    // Somebody else's request of the same content.
                    let before = self.target.made.clone();
                    self.target.handle(request);
                    self.target.made = before;
                }
                let Answer { status, body, etag } = self.target.handle(request);
                give(status, &body, etag.as_deref(), None, self.now);
            }
        }
        None
    }

    /// Plans and carries out, people first, as often as the program dies; then once more without mishaps.
    pub(crate) fn converge(&mut self, people: &[Object], groups: &[Object]) {
        for _ in 0..40 {
            let plan = self.plan("User", people, None);
            let mut links = plan.links();
            if self.execute(&plan, people, Some(&mut links)) != Ended::Done {
                continue;
            }
            let waits = plan.counts().waiting > 0 && plan.counts().created > 0;
            let plan = self.plan("Group", groups, Some(&links));
            let ended = self.execute(&plan, groups, Some(&mut links.clone()));
            if ended == Ended::Done && !self.has_aside() && !waits {
                return self.faults.clear();
            }
            // What is set aside has its time.
            self.now = self.now.plus_seconds(2 * 86_400);
            self.settled.clear();
        }
        panic!("it does not converge");
    }

    fn has_aside(&self) -> bool {
        self.settled.iter().any(|settled| matches!(settled.outcome, Outcome::Aside { .. }))
    }
}

/// A person of the source.
pub(crate) fn person(number: u32, job: &str, left: bool) -> Object {
    object(&format!(
        r#"{{"number":"{number}","mail":"P{number}@x.test","first":"P","job":"{job}","left":"{}","boss":"{}"}}"#,
        if left { "yes" } else { "" },
        number.checked_sub(1).map(|boss| boss.to_string()).unwrap_or_default()
    ))
}

/// A group of the source.
pub(crate) fn team(name: &str, people: impl IntoIterator<Item = u32>) -> Object {
    let people: Vec<String> = people.into_iter().map(|number| number.to_string()).collect();
    object(&format!(r#"{{"team":"{name}","people":"{}"}}"#, people.join(";")))
}
