//! The sending side at large: everybody a source names, brought to a target with as few requests as possible
//! (RFC 7644 §3.3 to §3.6, §3.14).
//!
//! A [`Mapping`] says which field becomes which attribute, and is [`Checked`] against the target's schemas. A [`Planner`]
//! is shown the target and the source, and makes a [`Plan`], which a [`Brake`] may stop.
//! Nothing here reads files, sends anything or knows what time it is.

mod brake;
mod check;
mod compare;
mod expression;
mod links;
mod mapping;
mod matching;
mod members;
mod place;
mod plan;
mod show;

pub use brake::{Brake, Braked, FEW, Limit, LimitError};
pub use check::{Checked, Desired, Problem, RowProblem};
pub use expression::{Condition, Expression, ExpressionError};
pub use links::{Link, Links};
pub use mapping::{Empty, MAX_RULES, Mapping, MappingError, Part, Rule, When};
pub use plan::{Action, Counts, Missing, Note, Plan, PlanOptions, Planner};
pub use show::Change;
