//! Discovery (RFC 7644 §4, RFC 7643 §5 to §8): made from what is enforced, so that it cannot say what is not so.

use super::failure::{Failure, Outcome};
use super::respond::Reply;
use super::{Limits, call::Call};
use bytes::Bytes;
use scimstack_protocol::provider::{Features, Pagination};
use scimstack_protocol::{ListResponse, ScimError};
use scimstack_schema::discovery::{discovery_schemas, resource_type_document, schema_document};
use scimstack_schema::{Schema, Value};

/// The service provider's configuration; the same for every tenant, and readable without a token.
pub(crate) fn service_provider_config(limits: &Limits, base: &str) -> Reply {
    let pagination = Pagination {
        default_page: limits.default_page,
        max_page: limits.max_page,
        cursor_timeout: Some(limits.cursor_lifetime),
    };
    let mut features = Features::new(limits.max_page, pagination);
    features.bulk = (limits.bulk_operations > 0).then_some((limits.bulk_operations, limits.bulk_body as u64));
    let document = features.to_value(&format!("{base}/ServiceProviderConfig"));
    Reply::ok(Bytes::from(document.to_bytes()))
}

/// All schemas, or one.
pub(crate) fn schemas(call: &Call<'_>, urn: Option<&str>) -> Outcome<Reply> {
    let registry = call.registry();
    let all = || registry.schemas().iter().map(|schema| &**schema).chain(discovery_schemas());
    match urn {
        None => list(call, all().map(|schema| schema_document(schema, &call.base)).collect()),
        Some(urn) => {
            let found: Option<&Schema> = all().find(|schema| schema.id.matches(urn));
            let schema = found.ok_or_else(|| Failure::no_resource("Schema", urn))?;
            Ok(Reply::ok(Bytes::from(schema_document(schema, &call.base).to_bytes())))
        }
    }
}

/// All resource types, or one.
pub(crate) fn resource_types(call: &Call<'_>, name: Option<&str>) -> Outcome<Reply> {
    let registry = call.registry();
    match name {
        None => list(call, registry.resource_types().iter().map(|t| resource_type_document(t, &call.base)).collect()),
        Some(name) => {
            let found = registry.resource_type(name).ok_or_else(|| Failure::no_resource("ResourceType", name))?;
            Ok(Reply::ok(Bytes::from(resource_type_document(found, &call.base).to_bytes())))
        }
    }
}

/// Everything on one page, whatever the page asked for; filters are refused (RFC 7644 §4).
fn list(call: &Call<'_>, documents: Vec<Value>) -> Outcome<Reply> {
    if call.query.iter().any(|(name, _)| name.eq_ignore_ascii_case("filter")) {
        return Err(ScimError::forbidden("Schemas and resource types cannot be filtered; read them all.").into());
    }
    let count = documents.len() as u64;
    let texts: Vec<Vec<u8>> = documents.iter().map(Value::to_bytes).collect();
    let mut out = Vec::new();
    ListResponse { total_results: Some(count), start_index: 1, items_per_page: count }.write(&texts, &mut out);
    Ok(Reply::ok(Bytes::from(out)))
}
