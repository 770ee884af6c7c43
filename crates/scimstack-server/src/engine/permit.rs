//! Whether a token's scopes allow what a request is about: one place for requests that come by themselves and for the
//! operations of a bulk request.

use super::call::Call;
use super::failure::{Challenge, Failure, Outcome};
use super::target::{Target, Verb};
use scimstack_protocol::ScimError;
use scimstack_schema::ResourceType;
use std::sync::Arc;

/// Refuses what the token may not do.
///
/// # Errors
/// 403, with `insufficient_scope` in the challenge (RFC 6750 §3.1).
pub(crate) fn permit(call: &Call<'_>, target: &Target<'_>, verb: &Verb) -> Outcome<()> {
    let scopes = call.principal.scopes;
    let (resource_type, writes) = match target {
        Target::Search(resource_type) => (resource_type, false),
        Target::Collection(resource_type) | Target::Resource(resource_type, _) | Target::Me(resource_type, _) => {
            (resource_type, matches!(verb, Verb::Post | Verb::Put | Verb::Patch | Verb::Delete))
        }
        // Every type that may be read; and each operation by itself.
        Target::Root | Target::RootSearch | Target::Bulk => return Ok(()),
        Target::Schemas(_) | Target::ResourceTypes(_) | Target::Missing(_) => return Ok(()),
    };
    let name = &*resource_type.name;
    let is_allowed = if writes { scopes.may_write(name) } else { scopes.may_read(name) };
    if is_allowed {
        return Ok(());
    }
    let what = if writes { "change" } else { "read" };
    let error = ScimError::forbidden(format!(
        "The token may not {what} resources of the type {name}: it was made for \"{scopes}\". An administrator can make one \
         that may."
    ));
    Err(Failure { challenge: Some(Challenge::InsufficientScope), ..error.into() })
}

/// The types whose resources the token may find.
pub(crate) fn readable(call: &Call<'_>) -> Vec<Arc<ResourceType>> {
    let scopes = call.principal.scopes;
    call.registry().resource_types().iter().filter(|found| scopes.may_read(&found.name)).cloned().collect()
}
