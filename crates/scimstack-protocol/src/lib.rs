//! The messages of the SCIM protocol as types (RFC 7644): errors with `scimType`, list queries and answers,
//! bulk messages, preconditions; the policy of a connection; and [`decide`], the hook between the engine and a lifecycle.
//!
//! Nothing here knows HTTP types or storage.

pub mod bulk;
pub mod decide;
pub mod error;
pub mod etag;
pub mod list;
pub mod policy;
pub mod provider;

pub use decide::{Accept, Before, Change, Counts, Decide, Decision, Effect, EffectKind, Facts, FactsWanted, Hold};
pub use error::{ScimError, ScimType};
pub use etag::{ETag, Preconditions};
pub use list::{ListQuery, ListResponse};
pub use policy::{AdoptInvited, ConnectionPolicy, Dialect, ManagerKey, Notify, TenantPolicy, UnknownMembers};
