//! The sending side at large: everybody a source names, brought to a target with as few requests as possible
//! (RFC 7644 §3.3 to §3.6, §3.14).
//!
//! A [`Mapping`] says which field becomes which attribute, and is [`Checked`] against the target's schemas. A [`Planner`]
//! is shown the target and the source, and makes a [`Plan`], which a [`Brake`] may stop. A [`Run`] carries it out, as the
//! [`TargetProfile`] allows, and writes down what it does: the [`Ledger`] of what was written lets the next one go on, and shows
//! in a [`DriftReport`] who has changed what since.
//! Nothing here reads files, sends anything or knows what time it is.

mod brake;
mod check;
mod compare;
mod drift;
mod expression;
mod feed;
mod job;
mod journal;
mod ledger;
mod links;
mod mapping;
mod matching;
mod members;
mod place;
mod plan;
mod planner;
mod run;
mod show;
mod target;
mod throttle;
mod wire;

pub use brake::{Brake, Braked, FEW, Limit, LimitError};
pub use check::{Checked, Desired, Problem, RowProblem};
pub use drift::{Drift, DriftReport, Side};
pub use expression::{Condition, Expression, ExpressionError};
pub use feed::Stale;
pub use job::{Deed, Item};
pub use journal::{Aside, Entry, EntryError};
pub use ledger::Ledger;
pub use links::{Link, Links};
pub use mapping::{Empty, MAX_RULES, Mapping, MappingError, Part, Rule, When};
pub use plan::{Action, Counts, Missing, Note, Plan, PlanOptions};
pub use planner::Planner;
pub use run::{Next, Outcome, Run, Settled};
pub use show::Change;
pub use target::{MembersShown, Patience, Removal, TargetProfile, Write};
pub use wire::{Request, Response, Verb};
