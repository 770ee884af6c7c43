//! `/Me`: the resource of whom a request is authenticated for, under another name (RFC 7644 §3.11). It is answered
//! directly, and says where the resource has its permanent address. Which resource that is, a token says or the host
//! ([`crate::Subject`]); a token that stands for a connection alone has none, and is answered with 501.

use super::call::Call;
use super::create;
use super::document::Content;
use super::failure::Outcome;
use super::log::Entry;
use super::respond::Reply;
use scimstack_protocol::ScimError;
use scimstack_schema::ResourceType;
use scimstack_store::Want;
use std::sync::Arc;

/// Makes the subject's own resource, of the subject's type and under the subject's id.
pub(crate) async fn create(
    call: &Call<'_>,
    resource_type: &Arc<ResourceType>,
    id: &str,
    body: Content,
    entry: &mut Entry,
) -> Outcome<Reply> {
    let key = call.key(resource_type, id)?;
    if call.store().read(call.scope(), &key, Want::HEAD).await?.is_some() {
        return Err(ScimError::uniqueness(format!(
            "There is a {} for you already, at {}; change it with PUT or PATCH.",
            resource_type.name,
            call.location(resource_type, id)
        ))
        .into());
    }
    create::create(call, resource_type, Some(id), body, entry).await
}

/// An answer about the subject's resource, with the address it has for everyone.
pub(crate) fn at_its_address(call: &Call<'_>, resource_type: &ResourceType, id: &str, reply: Reply) -> Reply {
    let location = call.location(resource_type, id);
    Reply { content_location: reply.body.is_some().then(|| location.clone()), location: Some(location), ..reply }
}
