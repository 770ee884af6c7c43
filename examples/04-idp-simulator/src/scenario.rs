//! A year at a company, step by step, and how the server did. The steps are the same for every provider, and what they send
//! is not.

use crate::company::{Company, Team};
use crate::dice::Dice;
use crate::faults::Faults;
use crate::job::{Setbacks, Task};
use crate::mapping::ManagerBy;
use crate::meter::Traffic;
use crate::simulator::Simulator;
use crate::verify::{self, Agreement, Meant, WantedGroup};
use scimstack_provisioning::connector::{
    CreatedWith, DesiredGroup, Failure, Fill, GroupChange, GroupSync, Member, Profile, Synced, Synchronized,
};
use std::collections::HashSet;

/// The steps, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Test the connector.
    TestConnector,
    /// Create everyone, reports before their managers as likely as after them.
    Create,
    /// Push the groups.
    PushGroups,
    /// Promotions, moves to another department, other managers.
    Update,
    /// Some people leave, one of them a manager.
    Deactivate,
    /// One of them comes back.
    Reactivate,
    /// A manager gets another name and login; nobody tells the reports.
    Rename,
    /// Who has left for good is deleted, by providers that delete.
    Delete,
    /// Read everything back and compare.
    Verify,
}

impl Step {
    /// All steps, of any provider.
    pub const ALL: [Self; 9] = [
        Self::TestConnector,
        Self::Create,
        Self::PushGroups,
        Self::Update,
        Self::Deactivate,
        Self::Reactivate,
        Self::Rename,
        Self::Delete,
        Self::Verify,
    ];

    /// The steps of one provider: OneLogin pushes no groups, Okta deletes nobody.
    #[must_use]
    pub fn of(profile: Profile) -> Vec<Self> {
        let mut steps = Self::ALL.to_vec();
        steps.retain(|step| match step {
            Self::PushGroups => profile.manner().groups.pushed,
            Self::Delete => profile.deletes(),
            _ => true,
        });
        steps
    }

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::TestConnector => "test the connector",
            Self::Create => "create people, in random order",
            Self::PushGroups => "push groups",
            Self::Update => "update titles, departments and managers",
            Self::Deactivate => "deactivate people",
            Self::Reactivate => "bring one of them back",
            Self::Rename => "rename a manager",
            Self::Delete => "delete who has left for good",
            Self::Verify => "read everything back and compare",
        }
    }
}

/// What is happening.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// A step begins, with so many things to do.
    Begun(Step, usize),
    /// One thing of a step is done, well or not.
    Done(Step),
    /// It did not go well.
    Failed(String),
}

/// How it went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Requests sent.
    pub requests: u64,
    /// What was sent and how it was answered.
    pub traffic: Traffic,
    /// What went wrong and was got over.
    pub setbacks: Setbacks,
    /// People created.
    pub created: usize,
    /// People found and linked instead.
    pub linked: usize,
    /// Profiles updated, renames included.
    pub updated: usize,
    /// People deactivated.
    pub deactivated: usize,
    /// People brought back.
    pub reactivated: usize,
    /// People deleted.
    pub deleted: usize,
    /// People linked at the end.
    pub users: usize,
    /// Groups linked at the end.
    pub groups: usize,
    /// Memberships in them.
    pub memberships: usize,
    /// People created before the manager they name.
    pub before_manager: usize,
    /// What was compared at the end.
    pub agreement: Agreement,
    /// What failed, and what the server shows otherwise than it was told; each with what to do it for.
    pub failures: Vec<String>,
}

impl Report {
    /// Whether everything went well.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.failures.is_empty()
    }
}

/// The year, and how far it is.
#[derive(Debug)]
pub struct Scenario {
    company: Company,
    dice: Dice,
    /// By place in the company: the id at the server.
    links: Vec<Option<Box<str>>>,
    deleted: HashSet<usize>,
    groups: Vec<(Team, String)>,
    left: Vec<usize>,
    faults: Option<Faults>,
    large: usize,
    report: Report,
}

type Callback<'a> = &'a mut (dyn FnMut(Progress) + Send);

/// How it went with one thing.
type Outcome = (usize, Result<(Box<str>, Synchronized), Failure>);

impl Scenario {
    /// A year at this company.
    #[must_use]
    pub fn new(company: Company, seed: u64) -> Self {
        let links = vec![None; company.len()];
        Self {
            company,
            dice: Dice::new(seed ^ 0x5ce9_a210),
            links,
            deleted: HashSet::new(),
            groups: Vec::new(),
            left: Vec::new(),
            faults: None,
            large: verify::LARGE,
            report: Report::default(),
        }
    }

    /// With a network that fails until everything is done and is read back.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = Some(faults);
        self
    }

    /// With another bound on the groups whose members are read back in one answer; those of larger ones are found on each
    /// person, in whose `groups` a server shows them. 20,000 unless it is said.
    #[must_use]
    pub fn with_largest_group(mut self, members: usize) -> Self {
        self.large = members;
        self
    }

    /// All steps. After a connector that does not work nothing else is tried.
    pub async fn run(mut self, simulator: &mut Simulator, progress: Callback<'_>) -> Report {
        for step in Step::of(simulator.profile()) {
            self.perform(step, simulator, progress).await;
            if step == Step::TestConnector && !self.report.is_ok() {
                break;
            }
        }
        self.into_report()
    }

    /// One step; they build on each other, in their order.
    pub async fn perform(&mut self, step: Step, simulator: &mut Simulator, progress: Callback<'_>) {
        match step {
            Step::TestConnector => {
                progress(Progress::Begun(step, 1));
                if let Err(why) = self.test(simulator).await {
                    self.fail(why, progress);
                }
                progress(Progress::Done(step));
            }
            Step::Create => self.create(simulator, progress).await,
            Step::PushGroups => self.push_groups(step, simulator, progress).await,
            Step::Update => self.update(simulator, progress).await,
            Step::Deactivate => self.deactivate(simulator, progress).await,
            Step::Reactivate => self.reactivate(simulator, progress).await,
            Step::Rename => self.rename(simulator, progress).await,
            Step::Delete => self.delete(simulator, progress).await,
            Step::Verify => self.verify(simulator, progress).await,
        }
        self.report.requests = simulator.requests();
        self.report.traffic = simulator.traffic();
        self.report.setbacks = simulator.setbacks();
    }

    /// The company as it is now.
    #[must_use]
    pub fn company(&self) -> &Company {
        &self.company
    }

    /// The id at the server of someone, by place.
    #[must_use]
    pub fn link(&self, place: usize) -> Option<&str> {
        self.links.get(place)?.as_deref()
    }

    /// How it went so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut report = self.report.clone();
        report.users = self.links.iter().flatten().count();
        report.groups = self.groups.len();
        let linked = |place: &&usize| self.link(**place).is_some();
        report.memberships = self.groups.iter().map(|(team, _)| team.people.iter().filter(linked).count()).sum();
        report
    }

    /// How it went.
    #[must_use]
    pub fn into_report(self) -> Report {
        self.report()
    }

    /// A person sits at the screen: with faults in between the button is pressed again.
    async fn test(&self, simulator: &mut Simulator) -> Result<(), String> {
        let mut result = simulator.test_connector().await;
        for _ in 0..self.faults.as_ref().map_or(0, |_| 20) {
            if result.is_ok() {
                break;
            }
            result = simulator.test_connector().await;
        }
        result
    }

    async fn create(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        let order = self.dice.shuffled(self.company.len());
        progress(Progress::Begun(Step::Create, order.len()));
        let mut there = vec![false; self.company.len()];
        let mut before_manager = 0;
        let company = &self.company;
        let tasks = order.into_iter().filter_map(|place| {
            let person = company.person(place)?;
            Some(Task::new(place, simulator.assignment(company, &person)))
        });
        let mut ended = Vec::new();
        let done = |place: usize, result: Result<Synced, Failure>| {
            if let Some(there) = there.get_mut(place) {
                *there = result.is_ok();
            }
            if company.manager(place).is_some_and(|manager| there.get(manager) == Some(&false)) {
                before_manager += 1;
            }
            keep(&mut ended, place, result);
            progress(Progress::Done(Step::Create));
        };
        simulator.run(tasks, done).await;
        self.report.before_manager += before_manager;
        for (place, result) in ended {
            match &result {
                Ok((_, Synchronized::Created)) => self.report.created += 1,
                Ok(_) => self.report.linked += 1,
                Err(_) => {}
            }
            self.note(place, result, progress);
        }
        let everyone: Vec<usize> = (0..self.company.len()).collect();
        self.refer(&everyone, simulator, progress).await;
    }

    /// The second pass of who names managers by their ids: when both are there.
    async fn refer(&mut self, places: &[usize], simulator: &Simulator, progress: Callback<'_>) {
        if simulator.mapping().manager() != ManagerBy::Id {
            return;
        }
        let tasks = places.iter().filter_map(|place| {
            let (id, manager) = (self.link(*place)?, self.link(self.company.manager(*place)?)?);
            Some(Task::new(*place, simulator.reference_of(id, manager)).reference())
        });
        let mut failed = Vec::new();
        let done = |place: usize, result: Result<Synced, Failure>| {
            if let Err(failure) = result {
                failed.push((place, failure));
            }
        };
        simulator.run(tasks, done).await;
        for (place, failure) in failed {
            self.note(place, Err(failure), progress);
        }
    }

    async fn push_groups(&mut self, step: Step, simulator: &Simulator, progress: Callback<'_>) {
        let teams = self.company.teams();
        progress(Progress::Begun(step, teams.len()));
        // Who adds members by requests of their own pushes the group without them first.
        let adds = simulator.groups().fill == Fill::Add && simulator.groups().created != CreatedWith::Members;
        let tasks = teams.iter().enumerate().map(|(i, team)| {
            let mut group = self.desired(team);
            if adds {
                group.members.clear();
            }
            Task::new(i, simulator.talk_of_group(GroupSync::push(group)))
        });
        let mut ended = Vec::new();
        let done = |i: usize, result: Result<Synced, Failure>| {
            keep(&mut ended, i, result);
            progress(Progress::Done(step));
        };
        simulator.run(tasks, done).await;
        ended.sort_by_key(|(i, _)| *i);
        for (i, result) in ended {
            let Some(team) = teams.get(i) else { continue };
            match result {
                Ok((id, _)) => {
                    let people = if adds { Vec::new() } else { team.people.clone() };
                    self.groups.push((Team { name: team.name.clone(), people }, id.into_string()));
                }
                Err(failure) => self.fail(format!("group {}: {failure}", team.name), progress),
            }
        }
        if adds {
            self.push_changes(simulator, progress).await;
        }
    }

    /// Pushes the groups whose members are others now: whole, or who comes and goes, several requests about one group at the
    /// same time.
    async fn push_changes(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        let now = self.company.teams();
        let manner = simulator.groups();
        let mut tasks = Vec::new();
        for (i, (team, id)) in self.groups.iter().enumerate() {
            let Some(changed) = now.iter().find(|now| now.name == team.name && *now != team) else { continue };
            if manner.fill.is_whole() {
                let sync = GroupSync::update(id.as_str(), self.desired(changed));
                tasks.push(Task::new(i, simulator.talk_of_group(sync)));
                continue;
            }
            let moves: Vec<(bool, usize)> = difference(&changed.people, &team.people)
                .into_iter()
                .map(|place| (true, place))
                .chain(difference(&team.people, &changed.people).into_iter().map(|place| (false, place)))
                .collect();
            for some in moves.chunks(manner.batch.max(1)) {
                let members = |comes: bool| {
                    let of = some.iter().filter(move |(kind, _)| *kind == comes);
                    of.filter_map(|(_, place)| self.member(*place)).collect::<Vec<_>>()
                };
                let change = GroupChange { display_name: None, add: members(true), remove: members(false) };
                if !(change.add.is_empty() && change.remove.is_empty()) {
                    tasks.push(Task::new(i, simulator.talk_of_group(GroupSync::change(id.as_str(), change))));
                }
            }
        }
        let mut failed = Vec::new();
        let done = |i: usize, result: Result<Synced, Failure>| {
            if let Err(failure) = result {
                failed.push((i, failure));
            }
        };
        simulator.run(tasks.into_iter(), done).await;
        for (i, failure) in failed {
            let name = self.groups.get(i).map(|(team, _)| team.name.clone()).unwrap_or_default();
            self.fail(format!("group {name}: {failure}"), progress);
        }
        for (team, _) in &mut self.groups {
            if let Some(changed) = now.iter().find(|now| now.name == team.name) {
                team.people.clone_from(&changed.people);
            }
        }
    }

    async fn update(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        let chosen = self.choose((self.company.len() / 20).max(6));
        progress(Progress::Begun(Step::Update, chosen.len()));
        let mut leads: Vec<usize> = self.company.managers().into_iter().collect();
        leads.sort_unstable();
        for (i, place) in chosen.iter().copied().enumerate() {
            if i % 3 == 0 {
                self.company.change(place, |person| person.title = format!("Principal {}", person.title));
            } else {
                let own = self.company.manager(place);
                let mut manager = self.dice.one_of(&leads);
                while Some(manager) == own {
                    manager = self.dice.one_of(&leads);
                }
                self.company.move_to(place, manager);
            }
        }
        self.push(Step::Update, &chosen, simulator, progress).await;
        self.refer(&chosen, simulator, progress).await;
        self.push_changes(simulator, progress).await;
    }

    async fn deactivate(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        let mut leaving = self.choose((self.company.len() / 50).max(2));
        // A manager of people who manage nobody: the last one there is.
        leaving.extend(self.company.managers().into_iter().max());
        progress(Progress::Begun(Step::Deactivate, leaving.len()));
        for place in &leaving {
            self.company.change(*place, |person| person.assigned = false);
        }
        let tasks = leaving.iter().filter_map(|place| {
            let (id, person) = (self.link(*place)?, self.company.person(*place)?);
            Some(Task::new(*place, simulator.deactivation(&self.company, id, &person)))
        });
        let mut ended = Vec::new();
        let done = |place: usize, result: Result<Synced, Failure>| {
            keep(&mut ended, place, result);
            progress(Progress::Done(Step::Deactivate));
        };
        simulator.run(tasks, done).await;
        self.report.deactivated += ended.iter().filter(|(_, result)| result.is_ok()).count();
        self.left
            .extend(leaving.into_iter().filter(|place| ended.iter().any(|(ended, r)| ended == place && r.is_ok())));
        for (place, result) in ended {
            self.note(place, result, progress);
        }
        self.push_changes(simulator, progress).await;
    }

    async fn reactivate(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        let returning: Vec<usize> = self.left.drain(..self.left.len().min(1)).collect();
        progress(Progress::Begun(Step::Reactivate, returning.len()));
        for place in returning {
            self.company.change(place, |person| person.assigned = true);
            let Some(person) = self.company.person(place) else { continue };
            let before = self.link(place).map(str::to_owned);
            // The provider has forgotten the link, and looks for the person again.
            let result = simulator.assign(&self.company, &person).await;
            match &result {
                Ok(synced) if before.as_deref() != Some(synced.id.as_str()) => {
                    let why = format!("{} came back under another id", person.login);
                    self.fail(why, progress);
                }
                Ok(_) => self.report.reactivated += 1,
                Err(_) => {}
            }
            self.note(place, result.map(|synced| (synced.id.into(), synced.deed)), progress);
            progress(Progress::Done(Step::Reactivate));
        }
        self.push_changes(simulator, progress).await;
    }

    async fn rename(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        // The head of the first department: many are below.
        let place = 1;
        progress(Progress::Begun(Step::Rename, 1));
        self.company.change(place, |person| {
            let slug = person.login.split('@').next().unwrap_or_default().to_owned();
            person.family_name = format!("{}-Sundqvist", person.family_name);
            person.login = format!("{slug}-sundqvist@acme.example");
        });
        self.push(Step::Rename, &[place], simulator, progress).await;
    }

    async fn delete(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        // A manager stays: whoever is deleted is nobody's manager any more, and the reports are another story.
        let managers = self.company.managers();
        let gone: Vec<usize> = self.left.iter().copied().filter(|place| !managers.contains(place)).collect();
        progress(Progress::Begun(Step::Delete, gone.len()));
        let tasks = gone.iter().filter_map(|place| Some(Task::new(*place, simulator.deletion(self.link(*place)?))));
        let mut ended = Vec::new();
        let done = |place: usize, result: Result<Synced, Failure>| {
            keep(&mut ended, place, result);
            progress(Progress::Done(Step::Delete));
        };
        simulator.run(tasks, done).await;
        for (place, result) in ended {
            match result {
                Ok(_) => {
                    self.report.deleted += 1;
                    self.deleted.insert(place);
                    if let Some(link) = self.links.get_mut(place) {
                        *link = None;
                    }
                }
                Err(failure) => self.note(place, Err(failure), progress),
            }
        }
    }

    async fn verify(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        progress(Progress::Begun(Step::Verify, 1));
        if let Some(faults) = &self.faults {
            faults.stop().await;
        }
        let groups = self.groups.iter().map(|(team, id)| WantedGroup { id, name: &team.name, people: &team.people });
        let meant = Meant {
            company: &self.company,
            mapping: simulator.mapping(),
            links: &self.links,
            deleted: &self.deleted,
            groups: groups.collect(),
            large: self.large,
        };
        let agreement = verify::agreement(simulator.client(), &meant).await;
        for difference in &agreement.differences {
            self.fail(difference.clone(), progress);
        }
        self.report.agreement = agreement;
        progress(Progress::Done(Step::Verify));
    }

    /// Pushes profiles.
    async fn push(&mut self, step: Step, places: &[usize], simulator: &Simulator, progress: Callback<'_>) {
        let tasks = places.iter().filter_map(|place| {
            let (id, person) = (self.link(*place)?, self.company.person(*place)?);
            Some(Task::new(*place, simulator.update_of(&self.company, id, &person)))
        });
        let mut ended = Vec::new();
        let done = |place: usize, result: Result<Synced, Failure>| {
            keep(&mut ended, place, result);
            progress(Progress::Done(step));
        };
        simulator.run(tasks, done).await;
        for (place, result) in ended {
            self.report.updated += usize::from(result.is_ok());
            self.note(place, result, progress);
        }
    }

    /// Some people who are assigned, linked, and have nobody below them.
    fn choose(&mut self, how_many: usize) -> Vec<usize> {
        let without_reports = self.company.without_reports();
        let order = self.dice.shuffled(without_reports.len());
        let assigned = |place: &usize| self.company.person(*place).is_some_and(|person| person.assigned);
        order
            .into_iter()
            .filter_map(|i| without_reports.get(i).copied())
            .filter(|place| self.link(*place).is_some() && assigned(place))
            .take(how_many)
            .collect()
    }

    /// Notes how it went with someone.
    fn note(&mut self, place: usize, result: Result<(Box<str>, Synchronized), Failure>, progress: Callback<'_>) {
        match result {
            Ok((id, _)) => {
                if let Some(link) = self.links.get_mut(place) {
                    *link = Some(id);
                }
            }
            Err(failure) => {
                let login = self.company.person(place).map(|person| person.login).unwrap_or_default();
                self.fail(format!("{login}: {failure}"), progress);
            }
        }
    }

    fn fail(&mut self, why: String, progress: Callback<'_>) {
        self.report.failures.push(why.clone());
        progress(Progress::Failed(why));
    }

    /// A team with those of its people who are at the server.
    fn desired(&self, team: &Team) -> DesiredGroup {
        let members = team.people.iter().filter_map(|place| self.member(*place)).collect();
        DesiredGroup::new(team.name.as_str(), members)
    }

    fn member(&self, place: usize) -> Option<Member> {
        let value = self.link(place)?.to_owned();
        Some(Member { value, display: self.company.person(place)?.display_name() })
    }
}

/// Keeps what is needed of a result.
fn keep(ended: &mut Vec<Outcome>, number: usize, result: Result<Synced, Failure>) {
    ended.push((number, result.map(|synced| (synced.id.into(), synced.deed))));
}

/// Who is in the first and not in the second; both are in order.
fn difference(first: &[usize], second: &[usize]) -> Vec<usize> {
    first.iter().copied().filter(|place| second.binary_search(place).is_err()).collect()
}
