//! What has to be done at the target: the smallest set of changes, each with its reason, and what cannot be decided.
//!
//! First every resource of the target is shown to a [`Planner`], then every row of the source; neither is kept. A plan
//! names rows and resources by their numbers: whoever carries it out reads the source once more.
//!
//! ```
//! use scimstack_provisioning::sync::{Action, Checked, Mapping, PlanOptions, Planner};
//! use scimstack_schema::{Registry, Value};
//! use std::sync::Arc;
//!
//! let mapping = Mapping::parse(br#"{"people": {"match": ["userName"], "rules": [
//!     {"to": "userName", "from": "mail"}, {"to": "title", "from": "job"}
//! ]}}"#)?;
//! let user = Registry::core().resource_type("User").unwrap().clone();
//! let checked = Arc::new(Checked::new(&mapping.people.unwrap(), &user).unwrap());
//! let object = |text: &str| Value::parse(text.as_bytes()).unwrap().as_object().unwrap().clone();
//!
//! let mut planner = Planner::new(checked, PlanOptions::default());
//! planner.handle_target(&object(r#"{"id": "7", "userName": "ann", "title": "Clerk"}"#));
//! planner.handle_source(2, &object(r#"{"mail": "Ann", "job": "Head"}"#), None);
//! planner.handle_source(3, &object(r#"{"mail": "bob", "job": "Clerk"}"#), None);
//! let plan = planner.finish();
//! let said: Vec<String> = plan.changes().map(|change| change.to_string()).collect();
//! assert_eq!(said, ["~ Users/7 (ann): userName, title", "+ line 3"]);
//! # Ok::<(), scimstack_provisioning::sync::MappingError>(())
//! ```

use super::check::{Checked, Desired};
use super::compare::{Rules, hash};
use super::links::{Links, Rows};
use super::matching::{Found, Index, Table};
use super::members::{Delta, Sets, ids};
use scimstack_schema::{Object, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How many notes are kept; all are counted.
const NOTES: usize = 1_000;

/// What becomes of resources that no row of the source names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// They are left as they are.
    #[default]
    Leave,
    /// People are deactivated; groups are left.
    Deactivate,
    /// They are deleted.
    Delete,
}

/// How a plan is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanOptions {
    /// What becomes of resources that no row of the source names.
    pub missing: Missing,
    /// Takes a resource that is found by a weaker attribute although a surer one says that it is another.
    pub relink: bool,
    /// Makes people who are inactive from the beginning.
    pub create_inactive: bool,
}

impl PlanOptions {
    /// With this for resources that no row names.
    #[must_use]
    pub fn with_missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// Whether surer attributes that disagree are overwritten.
    #[must_use]
    pub fn with_relink(mut self, relink: bool) -> Self {
        self.relink = relink;
        self
    }

    /// Whether people who are inactive from the beginning are made.
    #[must_use]
    pub fn with_create_inactive(mut self, create: bool) -> Self {
        self.create_inactive = create;
        self
    }
}

/// What is done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// It is made.
    Create,
    /// Attributes or members of it are changed.
    Update,
    /// Nobody names the person any more: `active` becomes false.
    Deactivate,
    /// Nobody names it any more: it is deleted.
    Delete,
}

/// One change of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) action: Action,
    pub(super) row: Option<u32>,
    pub(super) target: Option<u32>,
    pub(super) rules: Rules,
    pub(super) added: u32,
    pub(super) removed: u32,
    /// Of everything that is wanted of the resource.
    pub(super) hash: u64,
}

/// How many of each there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Rows of the source.
    pub rows: u64,
    /// Resources of the target.
    pub target: u64,
    /// To be made.
    pub created: u64,
    /// To be changed, those who are deactivated by it not counted.
    pub updated: u64,
    /// To be deactivated: because a row says so, or no row names them.
    pub deactivated: u64,
    /// To be deleted.
    pub deleted: u64,
    /// As they are wanted.
    pub unchanged: u64,
    /// Memberships to be added.
    pub members_added: u64,
    /// Memberships to be taken away.
    pub members_removed: u64,
    /// Inactive people who are not there, and stay so.
    pub left_out: u64,
    /// Resources that no row names.
    pub extra: u64,
    /// Memberships at the target.
    pub members: u64,
    /// Names of people (managers) that lead to nobody at the target yet: they are sent once these are there.
    pub waiting: u64,
    /// Rows that cannot be used, match several resources, or are there twice; names of members that lead nowhere.
    pub notes: u64,
}

/// What cannot be decided, and is left to people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// The row of the source.
    pub row: u32,
    /// What it is about, in words.
    pub text: String,
}

/// Makes a [`Plan`].
#[derive(Debug)]
pub struct Planner {
    checked: Arc<Checked>,
    options: PlanOptions,
    table: Table,
    is_open: bool,
    sets: Sets,
    /// Which row has a resource.
    claims: Vec<Claim>,
    rows: Rows,
    /// Keys that two rows must not share.
    strong: Index,
    twice: HashSet<u32>,
    steps: Vec<Step>,
    notes: Vec<Note>,
    counts: Counts,
    unusable: u64,
    scratch: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    Nobody,
    Row(u32),
    /// Rows that cannot be told apart.
    Contested,
}

/// What has to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) checked: Arc<Checked>,
    pub(super) table: Arc<Table>,
    pub(super) rows: Arc<Rows>,
    /// In the order of the rows; those without a row last.
    pub(super) steps: Vec<Step>,
    pub(super) extra: Vec<u32>,
    notes: Vec<Note>,
    counts: Counts,
    withheld: bool,
}

impl Planner {
    /// A planner for resources of one type.
    #[must_use]
    pub fn new(checked: Arc<Checked>, options: PlanOptions) -> Self {
        Self {
            checked,
            options,
            table: Table::default(),
            is_open: true,
            sets: Sets::default(),
            claims: Vec::new(),
            rows: Rows::default(),
            strong: Index::default(),
            twice: HashSet::new(),
            steps: Vec::new(),
            notes: Vec::new(),
            counts: Counts::default(),
            unusable: 0,
            scratch: Vec::new(),
        }
    }

    /// A resource of the target, before the first row; its number. One without an id is passed over.
    pub fn handle_target(&mut self, document: &Object) -> Option<u32> {
        let id = document.get("id").and_then(Value::as_str).filter(|id| !id.is_empty() && self.is_open)?;
        let at = self.table.push(id, document, &self.checked, &mut self.scratch);
        self.claims.push(Claim::Nobody);
        self.counts.target += 1;
        if self.checked.has_members() {
            self.sets.set(at, ids(document));
        }
        Some(at)
    }

    /// The members of a group, for targets that do not show them in lists.
    pub fn handle_members<'a>(&mut self, group: u32, ids: impl IntoIterator<Item = &'a str>) {
        self.sets.set(group, ids.into_iter());
    }

    /// A row of the source, under the number that messages name it by; of groups, with the people they are made of.
    pub fn handle_source(&mut self, row: u32, record: &Object, people: Option<&Links>) {
        if std::mem::take(&mut self.is_open) {
            self.table.close();
        }
        self.counts.rows += 1;
        let mut desired = match self.checked.desired(record) {
            Ok(desired) => desired,
            Err(problem) => {
                self.unusable += 1;
                return self.note(row, problem.to_string());
            }
        };
        self.counts.waiting += self.table.resolve(&self.checked, &mut desired);
        self.remember(row, &desired);
        let found = self.table.find(&self.checked, &desired, self.options.relink);
        let at = match found {
            Found::None => None,
            Found::One(at) => Some(at),
            Found::Many { rule } => return self.ambiguous(row, rule, &desired),
            Found::Other { rule, at } => {
                self.contest(at);
                let path = self.checked.paths().nth(rule).unwrap_or_default();
                let text = format!(
                    "{}: {}/{} has this {path}, and belongs to another by what is surer",
                    self.checked.label(&desired),
                    self.checked.endpoint(),
                    self.table.id(at)
                );
                return self.note(row, text);
            }
        };
        let names = self.checked.members(record);
        let delta = people.map(|people| self.sets.delta(at, &names, people)).unwrap_or_default();
        if delta.unresolved > 0 {
            let label = self.checked.label(&desired);
            self.note(row, format!("{label}: {} of its members cannot be told", delta.unresolved));
        }
        match at {
            None => self.create(row, &desired, delta),
            Some(at) => self.compare(row, at, &desired, delta),
        }
    }

    fn remember(&mut self, row: u32, desired: &Desired) {
        for (position, (rule, key)) in self.checked.keys_of(desired).enumerate() {
            self.rows.index.push(key, row);
            let unique = self.checked.rules.get(rule).map(|rule| rule.place.leaf().uniqueness);
            if position == 0 || unique.is_some_and(|unique| unique != scimstack_schema::Uniqueness::None) {
                self.strong.push(key, row);
            }
        }
    }

    fn create(&mut self, row: u32, desired: &Desired, delta: Delta) {
        if self.checked.wants_inactive(desired) && !self.options.create_inactive {
            self.counts.left_out += 1;
            self.rows.left_out.insert(row);
            return;
        }
        let (_, hash) = self.difference(None, desired, delta);
        let (added, removed) = (delta.added, 0);
        self.steps.push(Step { action: Action::Create, row: Some(row), target: None, rules: 0, added, removed, hash });
    }

    fn compare(&mut self, row: u32, at: u32, desired: &Desired, delta: Delta) {
        match self.claims.get(at as usize) {
            Some(Claim::Nobody) => self.claim(at, Claim::Row(row)),
            Some(&Claim::Row(other)) => {
                self.twice.extend([row, other]);
                self.contest(at);
            }
            _ => {
                self.twice.insert(row);
            }
        }
        let (rules, hash) = self.difference(Some(at), desired, delta);
        if rules == 0 && delta.added == 0 && delta.removed == 0 {
            self.counts.unchanged += 1;
            return;
        }
        let (action, row, target) = (Action::Update, Some(row), Some(at));
        let (added, removed) = (delta.added, delta.removed);
        self.steps.push(Step { action, row, target, rules, added, removed, hash });
    }

    /// Which rules differ, and the hash of everything that is wanted.
    fn difference(&mut self, at: Option<u32>, desired: &Desired, delta: Delta) -> (Rules, u64) {
        let wanted = self.checked.wanted(desired, &mut self.scratch);
        let is = at.map(|at| self.table.fingerprints(at)).unwrap_or_default();
        let mut rules = 0;
        for (at, (wanted, is)) in wanted.iter().zip(is).enumerate() {
            if wanted.is_some_and(|wanted| wanted != *is) {
                rules |= 1 << at;
            }
        }
        (rules, wanted_hash(&wanted, delta.hash, &mut self.scratch))
    }

    fn claim(&mut self, at: u32, claim: Claim) {
        if let Some(held) = self.claims.get_mut(at as usize) {
            *held = claim;
        }
    }

    fn contest(&mut self, at: u32) {
        self.claim(at, Claim::Contested);
    }

    fn ambiguous(&mut self, row: u32, rule: usize, desired: &Desired) {
        let key = desired.text(rule).and_then(|text| self.checked.key(rule, text));
        let all: Vec<u32> = key.map(|key| self.table.all(key).collect()).unwrap_or_default();
        for &at in &all {
            self.contest(at);
        }
        let path = self.checked.paths().nth(rule).unwrap_or_default();
        let ids: Vec<String> = all.iter().take(3).map(|&at| self.table.id(at).to_owned()).collect();
        let label = self.checked.label(desired);
        let text = format!("{label}: {} have this {path}: {}", all.len(), ids.join(", "));
        self.note(row, text);
    }

    fn note(&mut self, row: u32, text: String) {
        self.counts.notes += 1;
        if self.notes.len() < NOTES {
            self.notes.push(Note { row, text });
        }
    }

    /// The plan.
    #[must_use]
    pub fn finish(mut self) -> Plan {
        if self.is_open {
            self.table.close();
        }
        self.rows.index.close();
        self.strong.close();
        let mut twice = std::mem::take(&mut self.twice);
        twice.extend(self.strong.shared().flatten());
        let mut named: Vec<u32> = twice.iter().copied().collect();
        named.sort_unstable();
        for row in named {
            self.note(row, "another row of the source is the same person or group".to_owned());
        }
        self.steps.retain(|step| step.row.is_none_or(|row| !twice.contains(&row)));
        let mut extra = Vec::new();
        for (at, claim) in (0_u32..).zip(&self.claims) {
            match claim {
                Claim::Nobody => extra.push(at),
                Claim::Row(row) if !twice.contains(row) => {
                    self.rows.claims.insert(*row, at);
                }
                _ => {}
            }
        }
        self.counts.extra = extra.len() as u64;
        self.counts.members = self.sets.count();
        // Who is in a row that cannot be read must not be taken for somebody who has left.
        let withheld = self.unusable > 0 && self.options.missing != Missing::Leave && !extra.is_empty();
        if !withheld {
            let left: Vec<Step> = extra.iter().filter_map(|&at| self.leave(at)).collect();
            self.steps.extend(left);
        }
        self.steps.sort_by_key(|step| step.row.unwrap_or(u32::MAX));
        let creates = self.steps.iter().filter(|step| step.action == Action::Create);
        self.rows.coming = creates.filter_map(|step| step.row).collect();
        for step in &self.steps {
            count(&mut self.counts, step, &self.checked, &self.table);
        }
        Plan {
            checked: self.checked,
            table: Arc::new(self.table),
            rows: Arc::new(self.rows),
            steps: self.steps,
            extra,
            notes: self.notes,
            counts: self.counts,
            withheld,
        }
    }

    /// What becomes of a resource that no row names.
    fn leave(&self, at: u32) -> Option<Step> {
        let action = match self.options.missing {
            Missing::Leave => return None,
            Missing::Deactivate if self.checked.active.is_none() || !self.table.is_active(at) => return None,
            Missing::Deactivate => Action::Deactivate,
            Missing::Delete => Action::Delete,
        };
        Some(Step { action, row: None, target: Some(at), rules: 0, added: 0, removed: 0, hash: action as u64 })
    }
}

/// Of everything that is wanted of a resource.
pub(super) fn wanted_hash(wanted: &[Option<u32>], members: u64, scratch: &mut Vec<u8>) -> u64 {
    scratch.clear();
    for print in wanted {
        let (some, print) = (u8::from(print.is_some()), print.unwrap_or_default());
        scratch.push(some);
        scratch.extend(print.to_le_bytes());
    }
    scratch.extend(members.to_le_bytes());
    hash(scratch)
}

fn count(counts: &mut Counts, step: &Step, checked: &Checked, table: &Table) {
    let turns_active = checked.active_rule.is_some_and(|rule| step.rules & (1 << rule) != 0);
    let leaves = turns_active && step.target.is_some_and(|at| table.is_active(at));
    match step.action {
        Action::Create => counts.created += 1,
        Action::Update if leaves => counts.deactivated += 1,
        Action::Update => counts.updated += 1,
        Action::Deactivate => counts.deactivated += 1,
        Action::Delete => counts.deleted += 1,
    }
    counts.members_added += u64::from(step.added);
    counts.members_removed += u64::from(step.removed);
}

impl Plan {
    /// How many of each there are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What cannot be decided; the first thousand.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Resources that no row names are left alone because rows could not be read.
    #[must_use]
    pub fn is_withheld(&self) -> bool {
        self.withheld
    }

    /// Nothing has to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// What the mapping is.
    #[must_use]
    pub fn checked(&self) -> &Arc<Checked> {
        &self.checked
    }

    /// The people, to be named by groups.
    #[must_use]
    pub fn links(&self) -> Links {
        Links {
            checked: self.checked.clone(),
            table: self.table.clone(),
            rows: self.rows.clone(),
            made: HashMap::new(),
        }
    }

    /// What this plan is, as a number: plans of the same changes have the same.
    #[must_use]
    pub fn id(&self) -> u64 {
        let mut all = Vec::with_capacity(self.steps.len() * 16);
        for step in &self.steps {
            all.extend(step.hash.to_le_bytes());
            all.extend(step.row.unwrap_or(u32::MAX).to_le_bytes());
            all.extend(step.target.map(|at| hash(self.table.id(at).as_bytes())).unwrap_or_default().to_le_bytes());
        }
        hash(&all)
    }
}
