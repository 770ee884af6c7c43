//! From the bytes of a request to a document (RFC 7644 §3.8, RFC 7643 §3): media type, JSON, the dialect's rewrites,
//! ingest. What was used and what was dropped goes into the log.

use super::call::Call;
use super::failure::{Failure, Outcome};
use super::log::Entry;
use super::{dialect, relations};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use scimstack_protocol::ScimError;
use scimstack_schema::{Ingested, ResourceType, Value};
use std::sync::Arc;

/// Refuses a body that says it is no JSON. Without a media type it is taken for JSON.
///
/// # Errors
/// 415.
pub(crate) fn check_media_type(headers: &HeaderMap) -> Result<(), ScimError> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let text = value.to_str().unwrap_or("(unreadable)");
    let name = text.split(';').next().unwrap_or_default().trim();
    let known = ["application/scim+json", "application/json", "text/json"];
    if name.is_empty() || known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let name: String = name.chars().take(64).collect();
    Err(ScimError::new(415, format!("The body is sent as {name}; send JSON, as application/scim+json.")))
}

/// What a request carries: the bytes of a body, or the `data` of a bulk operation.
pub(crate) enum Content {
    Bytes(Bytes),
    Value(Value),
}

impl Content {
    /// The JSON.
    ///
    /// # Errors
    /// 400 `invalidSyntax`.
    pub(crate) fn parse(self) -> Result<Value, ScimError> {
        match self {
            Self::Bytes(bytes) => parse(&bytes),
            Self::Value(value) => Ok(value),
        }
    }
}

/// Reads the JSON of a body.
///
/// # Errors
/// 400 `invalidSyntax`.
fn parse(body: &[u8]) -> Result<Value, ScimError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ScimError::invalid_syntax("The body is empty; send a JSON object."));
    }
    Value::parse(body).map_err(|error| ScimError::invalid_syntax(format!("The body is not acceptable JSON: {error}.")))
}

/// Makes a resource of a body (POST, PUT).
pub(crate) fn ingest(
    call: &Call<'_>,
    resource_type: &Arc<ResourceType>,
    body: Content,
    entry: &mut Entry,
) -> Outcome<Ingested> {
    let mut document = body.parse()?;
    if let Some(object) = document.as_object() {
        entry.names(object);
    }
    entry.leniencies(&call.profile.rewrite(resource_type, &mut document));
    let ingested = resource_type.ingest(document, &call.profile.ingest);
    let mut ingested = ingested.map_err(|violations| Failure::from(&violations))?;
    entry.leniencies(&ingested.leniencies);
    dialect::dropped(entry, std::mem::take(&mut ingested.unknown));
    relations::forget_addresses(&mut ingested.resource);
    Ok(ingested)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_accepted_under_all_its_names() {
        for (media_type, status) in [
            (None, None),
            (Some("application/scim+json; charset=utf-8"), None),
            (Some("Application/JSON"), None),
            (Some("text/json;charset=UTF-8"), None),
            (Some("text/plain"), Some(415)),
            (Some("application/x-www-form-urlencoded"), Some(415)),
            (Some("application/jsonx"), Some(415)),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(media_type) = media_type {
                headers.insert(CONTENT_TYPE, media_type.parse().unwrap());
            }
            assert_eq!(check_media_type(&headers).err().map(|error| error.status), status, "{media_type:?}");
        }
    }

    #[test]
    fn an_empty_body_is_no_json() {
        for body in [b"".as_slice(), b" \n", b"{", b"\xff"] {
            assert_eq!(parse(body).unwrap_err().status, 400);
        }
    }
}
