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

use super::check::Checked;
use super::compare::{Rules, hash};
use super::links::{Links, Rows};
use super::matching::Table;
use std::collections::HashMap;
use std::sync::Arc;

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

/// What has to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) checked: Arc<Checked>,
    pub(super) table: Arc<Table>,
    pub(super) rows: Arc<Rows>,
    /// In the order of the rows; those without a row last.
    pub(super) steps: Vec<Step>,
    pub(super) extra: Vec<u32>,
    pub(super) notes: Vec<Note>,
    pub(super) counts: Counts,
    pub(super) withheld: bool,
    pub(super) relinks: bool,
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
