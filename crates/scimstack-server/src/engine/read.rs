//! GET of one resource (RFC 7644 §3.4.1), with 304 for what the client has (§3.14).

use super::call::Call;
use super::failure::{Failure, Outcome};
use super::project::{self, View};
use super::respond::Reply;
use scimstack_protocol::ETag;
use scimstack_schema::ResourceType;
use scimstack_store::{Stored, Want};
use std::sync::Arc;

/// Shows a resource.
pub(crate) async fn read(call: &Call<'_>, resource_type: &Arc<ResourceType>, id: &str) -> Outcome<Reply> {
    let projection = call.projection()?;
    let key = call.key(resource_type, id)?;
    let stored = call.store().read(call.scope(), &key, Want::DOCUMENT).await?;
    let stored = stored.ok_or_else(|| Failure::no_resource(&resource_type.name, id))?;
    if call.preconditions.is_unmodified(ETag(stored.version.0)) {
        return Ok(Reply::empty(304).with_etag(stored.version.0));
    }
    show(call, resource_type, &stored, &View::of(projection)).await
}

/// 200 with a resource; in a bulk request without.
pub(crate) async fn show(
    call: &Call<'_>,
    resource_type: &Arc<ResourceType>,
    stored: &Stored,
    view: &View,
) -> Outcome<Reply> {
    if call.part.is_some() {
        return Ok(Reply::empty(200).with_etag(stored.version.0));
    }
    let mut shown = project::represent(call, resource_type, std::slice::from_ref(stored), view).await?;
    let body = project::body(call, shown.pop().unwrap_or_default());
    Ok(Reply::ok(body).with_etag(stored.version.0))
}
