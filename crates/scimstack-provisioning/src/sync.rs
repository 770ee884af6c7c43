//! The sending side at large: everybody a source names, brought to a target with as few requests as possible
//! (RFC 7644 §3.3 to §3.6, §3.14).
//!
//! A [`Mapping`] says which field becomes which attribute, and is [`Checked`] against the target's schemas. A [`Planner`]
//! is shown the target and the source, and makes a [`Plan`], which a [`Brake`] may stop. A [`Run`] carries it out, as the
//! [`TargetProfile`] allows, and writes down what it does: the [`Ledger`] of what was written lets the next one go on, and shows
//! in a [`DriftReport`] who has changed what since.
//! Nothing here reads files, sends anything or knows what time it is.
//!
//! | what is decided | by |
//! |---|---|
//! | which field becomes which attribute | [`Mapping`], [`Expression`]; held against schemas by [`Checked`] |
//! | who is who, and what has to be done | [`Planner`], [`Plan`] |
//! | whether that is too much | [`Brake`] |
//! | which request comes next, and when | [`Run`], by the [`TargetProfile`] and its [`Patience`] |
//! | what was done, what may have been, what is set aside | [`Entry`], [`Ledger`], [`Aside`] |
//! | whose ids groups name | [`Links`] |
//! | what has changed since, and where | [`DriftReport`] |
//!
//! # Limits
//! Of a resource and its row about 270 bytes are kept together, with ten rules; a mapping has at most [`MAX_RULES`] rules.
//!
//! # Example
//! ```
//! use scimstack_provisioning::sync::{Brake, Checked, Limit, Mapping, Missing, PlanOptions, Planner};
//! use scimstack_schema::{Registry, Value};
//! use std::sync::Arc;
//!
//! let mapping = Mapping::parse(br#"{"people": {"match": ["userName"], "rules": [{"to": "userName", "from": "mail"}]}}"#)?;
//! let user = Registry::core().resource_type("User").unwrap().clone();
//! let checked = Arc::new(Checked::new(&mapping.people.unwrap(), &user).unwrap());
//! let object = |text: &str| Value::parse(text.as_bytes()).unwrap().as_object().unwrap().clone();
//!
//! let mut planner = Planner::new(checked, PlanOptions::default().with_missing(Missing::Deactivate));
//! planner.handle_target(&object(r#"{"id": "7", "userName": "ann", "active": true}"#));
//! planner.handle_target(&object(r#"{"id": "8", "userName": "bob", "active": true}"#));
//! planner.handle_source(2, &object(r#"{"mail": "ann"}"#), None);
//! let plan = planner.finish();
//! assert_eq!(plan.changes().next().unwrap().to_string(), "- Users/8 (bob): deactivate");
//!
//! let stopped = Brake::default().with_removals(Limit::Count(0)).check(&plan.counts()).unwrap_err();
//! assert_eq!(stopped.to_string(), "1 of 2 would be deactivated or deleted, and 0 may be");
//! # Ok::<(), scimstack_provisioning::sync::MappingError>(())
//! ```

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
