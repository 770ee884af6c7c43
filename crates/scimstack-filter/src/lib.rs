//! The SCIM 2.0 filter, attribute-path and PATCH languages (RFC 7644 §3.4.2.2, §3.5.2, §3.10).
//!
//! Two trees: [`Filter`] is what was written, [`Resolved`] is what it means against a resource type. Evaluation, query
//! planning and PATCH see only the second. Nothing here knows about HTTP, storage or async.

pub mod ast;
pub mod error;
pub mod limits;
pub mod patch;
pub mod path;
pub mod resolve;
#[cfg(feature = "proptest")]
pub mod strategies;

mod eval;
mod parse;
mod print;

pub use ast::{AttrPath, Filter, Literal, Operator};
pub use error::{ParseError, ResolveError};
pub use limits::Limits;
pub use patch::{MemberDelta, Op, Patch, PatchError, PatchOptions, PatchOutcome};
pub use path::PatchPath;
pub use resolve::{Operand, ResolveOptions, Resolved, Test};
