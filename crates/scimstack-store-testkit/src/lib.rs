//! What every scimstack store must do, as a kit of checks: one for each promise of [`scimstack_store::Store`].
//!
//! Each check gets a fresh store, and knows of it only what the trait shows. What it expects is said independently of the
//! filter evaluator and of the planner: by predicates over the people it made. A check is skipped only when the store
//! declares ([`Capabilities`](scimstack_store::Capabilities)) that it does not promise what is checked. The kit itself is
//! proven by stores that lie in one way each.
//!
//! Left out: what needs a second process or a lost connection (durability, in-doubt commits); a back end tests those
//! itself.
//!
//! The kit brings no runtime: everything runs on the executor that polls [`run`].
//!
//! ```
//! use scimstack_store::MemoryStore;
//!
//! // The whole kit is `run`; while working on one thing, a part of it is enough.
//! let store = || async { MemoryStore::new() };
//! let about_edges = scimstack_store_testkit::run_only(store, |check| check.name.contains("edges"));
//! let report = futures_executor::block_on(about_edges);
//! report.assert_ok();
//! assert!(report.skipped.is_empty());
//! ```

mod check;
mod checks;
#[cfg(feature = "proptest")]
mod differential;
mod people;
mod report;
mod world;

pub use check::{Check, Need, checks, compare, run, run_only};
#[cfg(feature = "proptest")]
pub use differential::agrees_with_memory;
pub use report::{Failure, Report, Skip};
