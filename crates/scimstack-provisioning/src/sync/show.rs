//! Plans for people and programs: one change a line, or one a document; never values, which may be personal.

use super::plan::{Action, Counts, Plan, Step};
use scimstack_schema::{Number, Object, Value};
use std::fmt;

/// A change of a plan, to be shown.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    plan: &'a Plan,
    pub(super) step: Step,
}

impl Action {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Deactivate => "deactivate",
            Self::Delete => "delete",
        }
    }
}

impl Plan {
    /// The changes, in the order of the source; what concerns no row comes last.
    pub fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        self.steps.iter().map(|&step| Change { plan: self, step })
    }
}

impl<'a> Change<'a> {
    pub(super) fn of(plan: &'a Plan, step: Step) -> Self {
        Self { plan, step }
    }
}

impl<'a> Change<'a> {
    /// What is done.
    #[must_use]
    pub fn action(&self) -> Action {
        self.step.action
    }

    /// The row of the source.
    #[must_use]
    pub fn row(&self) -> Option<u32> {
        self.step.row
    }

    /// The resource of the target.
    #[must_use]
    pub fn id(&self) -> Option<&'a str> {
        self.step.target.map(|at| self.plan.table.id(at))
    }

    /// What the resource is called at the target.
    #[must_use]
    pub fn label(&self) -> Option<&'a str> {
        self.step.target.map(|at| self.plan.table.label(at))
    }

    /// The attributes that differ.
    #[must_use]
    pub fn attributes(&self) -> Vec<String> {
        self.plan.checked.names(self.step.rules)
    }

    /// How many members come, and how many go.
    #[must_use]
    pub fn members(&self) -> (u32, u32) {
        (self.step.added, self.step.removed)
    }

    /// The change as a document.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut out = Object::from_iter([("action", Value::from(self.action().as_str()))]);
        let endpoint = self.plan.checked.endpoint();
        out.insert("type", endpoint.trim_start_matches('/'));
        if let Some(row) = self.row() {
            out.insert("line", i64::from(row));
        }
        if let Some(id) = self.id() {
            out.insert("id", id);
            out.insert("name", self.label().unwrap_or_default());
        }
        if self.step.rules != 0 {
            out.insert("attributes", self.attributes());
        }
        for (name, count) in [("membersAdded", self.step.added), ("membersRemoved", self.step.removed)] {
            if count > 0 {
                out.insert(name, i64::from(count));
            }
        }
        out.into()
    }
}

impl fmt::Display for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.action() {
            Action::Create => '+',
            Action::Update => '~',
            Action::Deactivate | Action::Delete => '-',
        };
        write!(f, "{sign} ")?;
        match (self.id(), self.row()) {
            (Some(id), _) => {
                write!(
                    f,
                    "{}/{id} ({})",
                    self.plan.checked.endpoint().trim_start_matches('/'),
                    self.label().unwrap_or_default()
                )?;
            }
            (None, row) => write!(f, "line {}", row.unwrap_or_default())?,
        }
        let mut said: Vec<String> = self.attributes();
        let (added, removed) = self.members();
        said.extend((added > 0).then(|| format!("{added} members more")));
        said.extend((removed > 0).then(|| format!("{removed} members less")));
        match self.action() {
            Action::Deactivate => said.push("deactivate".to_owned()),
            Action::Delete => said.push("delete".to_owned()),
            _ => {}
        }
        if said.is_empty() { Ok(()) } else { write!(f, ": {}", said.join(", ")) }
    }
}

impl Counts {
    /// The counts by name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u64); 14] {
        [
            ("rows", self.rows),
            ("target", self.target),
            ("created", self.created),
            ("updated", self.updated),
            ("deactivated", self.deactivated),
            ("deleted", self.deleted),
            ("unchanged", self.unchanged),
            ("membersAdded", self.members_added),
            ("membersRemoved", self.members_removed),
            ("leftOut", self.left_out),
            ("extra", self.extra),
            ("members", self.members),
            ("waiting", self.waiting),
            ("notes", self.notes),
        ]
    }

    /// The counts as a document.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let number = |count: u64| Number::from(i64::try_from(count).unwrap_or(i64::MAX));
        self.named().into_iter().map(|(name, count)| (name, number(count))).collect::<Object>().into()
    }
}

impl fmt::Display for Counts {
    /// In one line: what is done, then what is not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} to create, {} to update, {} to deactivate, {} to delete, {} as they should be",
            self.created, self.updated, self.deactivated, self.deleted, self.unchanged
        )?;
        for (count, what) in [
            (self.members_added, "memberships to add"),
            (self.members_removed, "memberships to take away"),
            (self.left_out, "inactive and not there"),
            (self.extra, "at the target alone"),
            (self.waiting, "references to people who are not there yet"),
            (self.notes, "to be looked at"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}
