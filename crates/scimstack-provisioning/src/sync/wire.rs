//! Requests as they are sent, and what answers say, read leniently (RFC 7644 §3.3 to §3.6, §3.12, §3.14).

use crate::connector::Failure;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use scimstack_filter::{Op, Patch, patch::OpKind};
use scimstack_schema::value::write_string;
use scimstack_schema::{Object, Value};
use std::fmt;

/// What stands in a path segment as it is (RFC 3986 §2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How much of an answer that is no SCIM error is kept, in characters.
const EXCERPT: usize = 200;

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Verb {
    /// The method on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether something may be different afterwards.
    #[must_use]
    pub const fn writes(self) -> bool {
        !matches!(self, Self::Get)
    }
}

/// A request, its path relative to the base URL and encoded, its parameters not encoded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Request {
    /// The method.
    pub verb: Verb,
    /// The path: `/Users/7`.
    pub path: String,
    /// The parameters, in order.
    pub query: Vec<(&'static str, String)>,
    /// The body.
    pub body: Option<Value>,
    /// The version it is bound to, as `If-Match`.
    pub if_match: Option<String>,
}

impl fmt::Display for Request {
    /// Method and path, without parameters and body: nothing personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb.as_str(), self.path)
    }
}

/// An answer to a request.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Response<'a> {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
    /// `ETag`.
    pub etag: Option<&'a str>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
}

impl<'a> Response<'a> {
    /// An answer with a status and a body.
    #[must_use]
    pub fn new(status: u16, body: &'a [u8]) -> Self {
        Self { status, body, etag: None, retry_after: None }
    }

    /// With the header `ETag`.
    #[must_use]
    pub fn with_etag(mut self, etag: Option<&'a str>) -> Self {
        self.etag = etag;
        self
    }

    /// With the header `Retry-After`.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: Option<u32>) -> Self {
        self.retry_after = seconds;
        self
    }
}

impl Request {
    fn new(verb: Verb, path: String) -> Self {
        Self { verb, path, query: Vec::new(), body: None, if_match: None }
    }

    /// `GET endpoint?filter=path eq "text"`.
    pub(super) fn look_up(endpoint: &str, path: &str, text: &str, groups: bool) -> Self {
        let mut filter = format!("{path} eq ").into_bytes();
        write_string(text, &mut filter);
        let mut request = Self::new(Verb::Get, endpoint.to_owned());
        request.query.push(("filter", String::from_utf8_lossy(&filter).into_owned()));
        if groups {
            request.query.push(("excludedAttributes", "members".to_owned()));
        }
        request
    }

    pub(super) fn create(endpoint: &str, document: Object) -> Self {
        Self { body: Some(document.into()), ..Self::new(Verb::Post, endpoint.to_owned()) }
    }

    pub(super) fn about(verb: Verb, endpoint: &str, id: &str) -> Self {
        Self::new(verb, format!("{endpoint}/{}", utf8_percent_encode(id, SEGMENT)))
    }

    pub(super) fn with_body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) fn with_if_match(mut self, version: Option<String>) -> Self {
        self.if_match = version;
        self
    }
}

/// The resources of a list, also of one that says `resources`.
pub(super) fn resources(body: &[u8]) -> Result<Vec<Object>, String> {
    let Value::Object(mut list) = parse(body)? else { return Err("a list was expected".to_owned()) };
    let Some(Value::Array(found)) = list.remove("Resources") else { return Ok(Vec::new()) };
    let objects = found.into_iter().filter_map(|value| match value {
        Value::Object(object) => Some(object),
        _ => None,
    });
    Ok(objects.collect())
}

/// A resource with its id.
pub(super) fn resource(body: &[u8]) -> Result<(String, Object), String> {
    let Value::Object(object) = parse(body)? else { return Err("a resource was expected".to_owned()) };
    match id(&object) {
        Some(id) => Ok((id.to_owned(), object)),
        None => Err("the resource in the answer has no \"id\"".to_owned()),
    }
}

/// The id of a resource.
pub(super) fn id(object: &Object) -> Option<&str> {
    object.get("id").and_then(Value::as_str).filter(|id| !id.is_empty())
}

/// The version of a resource: the header's, else the document's.
pub(super) fn version(answer: &Response<'_>, object: &Object) -> Option<String> {
    let shown = object.get("meta").and_then(|meta| meta.get("version")?.as_str());
    answer.etag.or(shown).filter(|version| !version.is_empty()).map(str::to_owned)
}

fn parse(body: &[u8]) -> Result<Value, String> {
    Value::parse(body).map_err(|error| format!("the answer cannot be read: {error}"))
}

/// What an answer to `GET /Users/7` says is wrong: SCIM's `detail`, else its beginning.
pub(super) fn failure(request: &str, answer: &Response<'_>) -> Failure {
    let value = Value::parse(answer.body).unwrap_or_default();
    let told = value.get("detail").and_then(Value::as_str).map(str::to_owned);
    let text = String::from_utf8_lossy(answer.body);
    let detail = told.unwrap_or_else(|| match text.trim() {
        "" => format!("status {} without a body", answer.status),
        text => format!("status {}: {}", answer.status, text.chars().take(EXCERPT).collect::<String>()),
    });
    Failure { request: request.to_owned(), status: Some(answer.status), detail }
}

/// A PATCH message.
pub(super) fn message(operations: Vec<Op>) -> Value {
    Patch { operations }.to_value()
}

/// Adds members.
pub(super) fn add_members(ids: &[String]) -> Op {
    Op { kind: OpKind::Add, path: Some("members".to_owned()), value: Some(member_list(ids)) }
}

/// Takes the listed members out.
pub(super) fn remove_listed(ids: &[String]) -> Op {
    Op { kind: OpKind::Remove, path: Some("members".to_owned()), value: Some(member_list(ids)) }
}

/// Takes one member out.
pub(super) fn remove_member(id: &str) -> Op {
    let mut path = b"members[value eq ".to_vec();
    write_string(id, &mut path);
    path.push(b']');
    let path = Some(String::from_utf8_lossy(&path).into_owned());
    Op { kind: OpKind::Remove, path, value: None }
}

/// Members as a group's document has them.
pub(super) fn member_list(ids: &[String]) -> Value {
    Value::Array(ids.iter().map(|id| Object::from_iter([("value", id.as_str())]).into()).collect())
}
