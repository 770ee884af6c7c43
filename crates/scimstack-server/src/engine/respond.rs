//! From what a step found out to an HTTP response: media type, headers, error messages (RFC 7644 §3.8, §3.12, §3.14).

use super::failure::{Challenge, Failure, Fault};
use crate::body::Body;
use http::header::{
    ACCEPT, ALLOW, CONTENT_LOCATION, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use http::{Response, StatusCode};
use scimstack_protocol::{ETag, ScimError};

const SCIM: &str = "application/scim+json";
const JSON: &str = "application/json";
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The answer of an operation.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) etag: Option<ETag>,
    pub(crate) location: Option<String>,
    pub(crate) content_location: Option<String>,
    pub(crate) allow: Option<&'static str>,
    pub(crate) body: Option<Body>,
    /// What failed inside on the way to a good answer, for the host alone.
    pub(crate) fault: Option<Fault>,
}

impl Reply {
    /// An answer without content.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, etag: None, location: None, content_location: None, allow: None, body: None, fault: None }
    }

    /// 200 with content.
    pub(crate) fn ok(body: impl Into<Body>) -> Self {
        Self { body: Some(body.into()), ..Self::empty(200) }
    }

    /// With an entity tag.
    pub(crate) fn with_etag(mut self, version: u64) -> Self {
        self.etag = Some(ETag(version));
        self
    }
}

/// The media type of the answer: SCIM's own, unless the client accepts plain JSON only.
pub(crate) fn media_type(headers: &HeaderMap) -> &'static str {
    if headers.get(ACCEPT).is_none_or(|value| value == SCIM) {
        return SCIM;
    }
    let values =
        || headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let types = || values().map(|range| range.split(';').next().unwrap_or_default().trim());
    let any = |wanted: &[&str]| types().any(|name| wanted.iter().any(|w| w.eq_ignore_ascii_case(name)));
    if any(&[JSON]) && !any(&[SCIM, "*/*", "application/*"]) { JSON } else { SCIM }
}

/// The response to a request.
pub(crate) fn respond(
    outcome: Result<Reply, Failure>,
    id: &str,
    media_type: &'static str,
    is_head: bool,
) -> Response<Body> {
    let (mut reply, failure) = match outcome {
        Ok(reply) => (reply, None),
        Err(failure) => (of_failure(&failure, id), Some(failure)),
    };
    let has_content = reply.body.is_some();
    let body = reply.body.take().filter(|_| !is_head).unwrap_or_else(Body::empty);
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.reserve(4);
    let mut set = |name: HeaderName, value: Option<HeaderValue>| {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    };
    let text = |value: String| HeaderValue::try_from(value).ok();
    set(REQUEST_ID, HeaderValue::from_str(id).ok());
    set(CONTENT_TYPE, has_content.then_some(HeaderValue::from_static(media_type)));
    set(ETAG, reply.etag.and_then(|tag| text(["W/\"", &tag.0.to_string(), "\""].concat())));
    set(LOCATION, reply.location.and_then(text));
    set(CONTENT_LOCATION, reply.content_location.and_then(text));
    set(ALLOW, reply.allow.map(HeaderValue::from_static));
    let mut fault = reply.fault;
    if let Some(failure) = failure {
        set(RETRY_AFTER, failure.error.retry_after.map(HeaderValue::from));
        let challenge = failure.challenge.map(|challenge| match challenge {
            Challenge::Missing => "Bearer realm=\"scim\"",
            Challenge::InvalidToken => "Bearer realm=\"scim\", error=\"invalid_token\"",
            Challenge::InsufficientScope => "Bearer realm=\"scim\", error=\"insufficient_scope\"",
        });
        set(WWW_AUTHENTICATE, challenge.map(HeaderValue::from_static));
        fault = failure.fault;
    }
    if let Some(fault) = fault {
        response.extensions_mut().insert(fault);
    }
    response
}

fn of_failure(failure: &Failure, id: &str) -> Reply {
    let error = told(&failure.error, id);
    let body = Body::from(bytes::Bytes::from(error.to_json()));
    Reply { body: Some(body), allow: failure.allow, ..Reply::empty(error.status) }
}

/// An error as a client is told: where the server is to blame, with what to look for in its log.
pub(crate) fn told(error: &ScimError, id: &str) -> ScimError {
    let mut error = error.clone();
    if error.status == 500 {
        error.detail = format!("{} Its log has more under the request id {id}.", error.detail);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_json_is_sent_only_to_who_accepts_nothing_better() {
        for (accept, expected) in [
            (None, SCIM),
            (Some("application/scim+json"), SCIM),
            (Some("application/scim+json; charset=utf-8"), SCIM),
            (Some("application/json"), JSON),
            (Some("Application/JSON;q=0.9"), JSON),
            (Some("application/json, application/scim+json"), SCIM),
            (Some("application/json, */*"), SCIM),
            (Some("text/html"), SCIM),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(media_type(&headers), expected, "{accept:?}");
        }
    }
}
