//! A year at a company, in eight steps, and how the server did.

use crate::company::{Company, Team};
use crate::dice::Dice;
use crate::simulator::Simulator;
use crate::verify::{self, Pushed};
use futures_util::stream::{self, StreamExt};
use scimstack_provisioning::connector::{DesiredGroup, Failure, Member, Synced, Synchronized};

/// How many people are provisioned at the same time: Okta works in parallel, in no order.
const PARALLEL: usize = 4;

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
    /// Three people leave, one of them a manager.
    Deactivate,
    /// One of them comes back.
    Reactivate,
    /// A manager gets another name and login; nobody tells the reports.
    Rename,
    /// Read everything back and compare.
    Verify,
}

impl Step {
    /// All steps.
    pub const ALL: [Self; 8] = [
        Self::TestConnector,
        Self::Create,
        Self::PushGroups,
        Self::Update,
        Self::Deactivate,
        Self::Reactivate,
        Self::Rename,
        Self::Verify,
    ];

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::TestConnector => "test the connector",
            Self::Create => "create people, in random order",
            Self::PushGroups => "push groups",
            Self::Update => "update titles, departments and managers",
            Self::Deactivate => "deactivate three people",
            Self::Reactivate => "bring one of them back",
            Self::Rename => "rename a manager",
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
    /// People linked at the end.
    pub users: usize,
    /// Groups linked at the end.
    pub groups: usize,
    /// Memberships in them.
    pub memberships: usize,
    /// People created before the manager they name.
    pub before_manager: usize,
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
#[derive(Clone, Debug)]
pub struct Scenario {
    company: Company,
    dice: Dice,
    /// By place in the company: the id at the server and what was sent last.
    links: Vec<Option<Pushed>>,
    groups: Vec<(Team, String)>,
    left: Vec<usize>,
    report: Report,
}

type Callback<'a> = &'a mut (dyn FnMut(Progress) + Send);

impl Scenario {
    /// A year at this company.
    #[must_use]
    pub fn new(company: Company, seed: u64) -> Self {
        let links = vec![None; company.people().len()];
        Self {
            company,
            dice: Dice::new(seed ^ 0x5ce9_a210),
            links,
            groups: Vec::new(),
            left: Vec::new(),
            report: Report::default(),
        }
    }

    /// All steps. After a connector that does not work nothing else is tried.
    pub async fn run(mut self, simulator: &Simulator, progress: Callback<'_>) -> Report {
        for step in Step::ALL {
            self.perform(step, simulator, progress).await;
            if step == Step::TestConnector && !self.report.is_ok() {
                break;
            }
        }
        self.into_report()
    }

    /// One step; they build on each other, in their order.
    pub async fn perform(&mut self, step: Step, simulator: &Simulator, progress: Callback<'_>) {
        match step {
            Step::TestConnector => {
                progress(Progress::Begun(step, 1));
                if let Err(why) = simulator.test_connector().await {
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
            Step::Verify => {
                progress(Progress::Begun(step, 1));
                let people: Vec<&Pushed> = self.links.iter().flatten().collect();
                for difference in verify::differences(simulator.client(), &people, &self.wanted_groups()).await {
                    self.report.failures.push(difference.clone());
                    progress(Progress::Failed(difference));
                }
                progress(Progress::Done(step));
            }
        }
        self.report.requests = simulator.requests();
    }

    /// The company as it is now.
    #[must_use]
    pub fn company(&self) -> &Company {
        &self.company
    }

    /// How it went so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut report = self.report.clone();
        report.users = self.links.iter().flatten().count();
        report.groups = self.groups.len();
        report.memberships = self.wanted_groups().iter().map(|group| group.members.len()).sum();
        report
    }

    /// How it went.
    #[must_use]
    pub fn into_report(self) -> Report {
        self.report()
    }

    async fn create(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        let order = self.dice.shuffled(self.company.people().len());
        progress(Progress::Begun(Step::Create, order.len()));
        let company = self.company.clone();
        let mut results = stream::iter(order)
            .map(|place| {
                let person = company.people().get(place);
                async move {
                    match person {
                        Some(person) => Some((place, simulator.assign(person).await)),
                        None => None,
                    }
                }
            })
            .buffer_unordered(PARALLEL);
        while let Some(result) = results.next().await {
            let Some((place, result)) = result else { continue };
            let manager = company.people().get(place).and_then(|person| person.manager);
            if manager.is_some_and(|manager| self.links.get(manager).is_none_or(Option::is_none)) {
                self.report.before_manager += 1;
            }
            match result.as_ref().map(|synced| synced.deed) {
                Ok(Synchronized::Created) => self.report.created += 1,
                Ok(_) => self.report.linked += 1,
                Err(_) => {}
            }
            self.note(place, result, progress);
            progress(Progress::Done(Step::Create));
        }
    }

    async fn push_groups(&mut self, step: Step, simulator: &Simulator, progress: Callback<'_>) {
        let teams = self.company.teams();
        progress(Progress::Begun(step, teams.len()));
        for team in teams {
            match simulator.push_group(self.desired(&team)).await {
                Ok(synced) => self.groups.push((team, synced.id)),
                Err(failure) => self.fail(format!("group {}: {failure}", team.name), progress),
            }
            progress(Progress::Done(step));
        }
    }

    /// Pushes the groups whose members are others now.
    async fn push_changes(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        let now = self.company.teams();
        for i in 0..self.groups.len() {
            let Some((team, id)) = self.groups.get(i).cloned() else { continue };
            let Some(changed) = now.iter().find(|now| now.name == team.name && **now != team) else { continue };
            match simulator.update_group(&id, self.desired(changed)).await {
                Ok(_) => {
                    if let Some(group) = self.groups.get_mut(i) {
                        group.0 = changed.clone();
                    }
                }
                Err(failure) => self.fail(format!("group {}: {failure}", team.name), progress),
            }
        }
    }

    async fn update(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        let chosen = self.choose(6);
        progress(Progress::Begun(Step::Update, chosen.len()));
        let mut leads: Vec<usize> = self.company.managers().into_iter().collect();
        leads.sort_unstable();
        for (i, place) in chosen.into_iter().enumerate() {
            if i % 3 == 0 {
                if let Some(person) = self.company.person_mut(place) {
                    person.title = format!("Principal {}", person.title);
                }
            } else {
                let own = self.company.people().get(place).and_then(|person| person.manager);
                let others: Vec<usize> = leads.iter().copied().filter(|lead| Some(*lead) != own).collect();
                let manager = self.dice.one_of(&others);
                self.company.move_to(place, manager);
            }
            self.push(place, simulator, progress).await;
            progress(Progress::Done(Step::Update));
        }
        self.push_changes(simulator, progress).await;
    }

    async fn deactivate(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        let mut leaving = self.choose(2);
        // A manager of people who manage nobody: the last one there is.
        leaving.extend(self.company.managers().into_iter().max());
        progress(Progress::Begun(Step::Deactivate, leaving.len()));
        for place in leaving {
            let Some(id) = self.links.get(place).and_then(Option::as_ref).map(|link| link.id.clone()) else {
                progress(Progress::Done(Step::Deactivate));
                continue;
            };
            if let Some(person) = self.company.person_mut(place) {
                person.assigned = false;
            }
            let result = simulator.deactivate(&id).await;
            if result.is_ok() {
                self.report.deactivated += 1;
                self.left.push(place);
            }
            self.note(place, result, progress);
            progress(Progress::Done(Step::Deactivate));
        }
        self.push_changes(simulator, progress).await;
    }

    async fn reactivate(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        let returning: Vec<usize> = self.left.first().copied().into_iter().collect();
        progress(Progress::Begun(Step::Reactivate, returning.len()));
        for place in returning {
            if let Some(person) = self.company.person_mut(place) {
                person.assigned = true;
            }
            let Some(person) = self.company.people().get(place) else { continue };
            let before = self.links.get(place).and_then(Option::as_ref).map(|link| link.id.clone());
            // Okta has forgotten the link, and looks for the person again.
            let result = simulator.assign(person).await;
            match &result {
                Ok(synced) if before.as_deref() != Some(synced.id.as_str()) => {
                    let why = format!("{} came back under another id", person.login);
                    self.fail(why, progress);
                }
                Ok(_) => self.report.reactivated += 1,
                Err(_) => {}
            }
            self.note(place, result, progress);
            progress(Progress::Done(Step::Reactivate));
        }
        self.push_changes(simulator, progress).await;
    }

    async fn rename(&mut self, simulator: &Simulator, progress: Callback<'_>) {
        // The head of the first department: many are below.
        let place = 1;
        progress(Progress::Begun(Step::Rename, 1));
        if let Some(person) = self.company.person_mut(place) {
            let slug = person.login.split('@').next().unwrap_or_default().to_owned();
            person.family_name = format!("{}-Sundqvist", person.family_name);
            person.login = format!("{slug}-sundqvist@acme.example");
        }
        self.push(place, simulator, progress).await;
        progress(Progress::Done(Step::Rename));
    }

    /// Pushes someone's profile.
    async fn push(&mut self, place: usize, simulator: &Simulator, progress: Callback<'_>) {
        let (Some(person), Some(Some(link))) = (self.company.people().get(place), self.links.get(place)) else {
            return;
        };
        let result = simulator.update(&link.id, person).await;
        self.report.updated += usize::from(result.is_ok());
        self.note(place, result, progress);
    }

    /// Some people who are assigned, linked, and have nobody below them.
    fn choose(&mut self, how_many: usize) -> Vec<usize> {
        let without_reports = self.company.without_reports();
        let order = self.dice.shuffled(without_reports.len());
        let linked = |place: &usize| self.links.get(*place).is_some_and(Option::is_some);
        let assigned = |place: &usize| self.company.people().get(*place).is_some_and(|person| person.assigned);
        order
            .into_iter()
            .filter_map(|i| without_reports.get(i).copied())
            .filter(|place| linked(place) && assigned(place))
            .take(how_many)
            .collect()
    }

    /// Notes how it went with someone: what the server has to show from now on.
    fn note(&mut self, place: usize, result: Result<Synced, Failure>, progress: Callback<'_>) {
        let Some(person) = self.company.people().get(place) else { return };
        match result {
            Ok(synced) => {
                if let Some(link) = self.links.get_mut(place) {
                    *link = Some(Pushed { id: synced.id, login: person.login.clone(), document: person.document() });
                }
            }
            Err(failure) => self.fail(format!("{}: {failure}", person.login), progress),
        }
    }

    fn fail(&mut self, why: String, progress: Callback<'_>) {
        self.report.failures.push(why.clone());
        progress(Progress::Failed(why));
    }

    /// A team with those of its people who are at the server.
    fn desired(&self, team: &Team) -> DesiredGroup {
        let member = |place: &usize| {
            let link = self.links.get(*place)?.as_ref()?;
            let person = self.company.people().get(*place)?;
            Some(Member { value: link.id.clone(), display: person.display_name() })
        };
        DesiredGroup::new(team.name.as_str(), team.people.iter().filter_map(member).collect())
    }

    fn wanted_groups(&self) -> Vec<verify::WantedGroup> {
        let wanted = |(team, id): &(Team, String)| verify::WantedGroup {
            id: id.clone(),
            name: team.name.clone(),
            members: self.desired(team).members.into_iter().map(|member| member.value).collect(),
        };
        self.groups.iter().map(wanted).collect()
    }
}
