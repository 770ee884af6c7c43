//! Makes plans: is shown every resource of the target, then every row of the source, keeps a few numbers of each, and
//! says at the end what has to be done. What a plan is stands in `plan`.

use super::check::{Checked, Desired};
use super::compare::Rules;
use super::links::{Links, Rows};
use super::matching::{Found, Index, Table};
use super::members::{Delta, Sets, ids};
use super::plan::{Action, Counts, Missing, Note, Plan, PlanOptions, Step, wanted_hash};
use scimstack_schema::{Object, Uniqueness, Value};
use std::collections::HashSet;
use std::sync::Arc;

/// How many notes are kept; all are counted.
const NOTES: usize = 1_000;

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
            if position == 0 || unique.is_some_and(|unique| unique != Uniqueness::None) {
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
            relinks: self.options.relink,
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
