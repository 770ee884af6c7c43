//! What an answer says, read leniently: servers and the proxies before them answer in many ways.

use super::{Failure, Manner, Method, Request};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use scimstack_schema::{Object, Value, value};

/// What stands in a path segment as it is.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// How much of an answer that is no SCIM error goes into a failure's detail, in characters.
const EXCERPT: usize = 200;

/// Resources on a page.
pub(super) const PAGE: usize = 100;

/// `GET endpoint?filter=attribute eq "value"&startIndex=1&count=100`, the page where the manner says so.
pub(super) fn look_up(endpoint: &str, attribute: &str, wanted: &str, manner: &Manner) -> Request {
    let mut filter = format!("{attribute} eq ").into_bytes();
    value::write_string(wanted, &mut filter);
    let mut query = vec![("filter".to_owned(), String::from_utf8_lossy(&filter).into_owned())];
    if manner.pages_look_up {
        query.extend(page(1));
    }
    Request { method: Method::Get, path: endpoint.to_owned(), query, body: None }
}

/// `GET endpoint?startIndex=start&count=100`, or without the count.
pub(super) fn list(endpoint: &str, start: usize, counted: bool) -> Request {
    let mut query = page(start).to_vec();
    query.truncate(if counted { 2 } else { 1 });
    Request { method: Method::Get, path: endpoint.to_owned(), query, body: None }
}

fn page(start: usize) -> [(String, String); 2] {
    [("startIndex".to_owned(), start.to_string()), ("count".to_owned(), PAGE.to_string())]
}

/// Whoever on the page from `start` on has the wanted value in any case, as many as there are; and where the next page
/// begins, if there is one.
pub(super) fn on_page(
    body: &[u8],
    start: usize,
    attribute: &str,
    wanted: &str,
) -> Result<(Vec<Object>, Option<usize>), String> {
    let total = match parse(body)?.get("totalResults") {
        Some(Value::Number(total)) => total.as_i64().and_then(|total| usize::try_from(total).ok()),
        _ => None,
    };
    let mut found = resources(body)?;
    let next = start + found.len();
    let goes_on = !found.is_empty() && total.is_none_or(|total| next <= total);
    found.retain(|one| one.get(attribute).and_then(Value::as_str).is_some_and(|has| has.eq_ignore_ascii_case(wanted)));
    Ok((found, goes_on.then_some(next)))
}

/// A request about one resource.
pub(super) fn about(method: Method, endpoint: &str, id: &str, body: Option<Value>) -> Request {
    let path = format!("{endpoint}/{}", utf8_percent_encode(id, SEGMENT));
    Request { method, path, query: Vec::new(), body }
}

/// A creation.
pub(super) fn create(endpoint: &str, body: Value) -> Request {
    Request { method: Method::Post, path: endpoint.to_owned(), query: Vec::new(), body: Some(body) }
}

/// The resources of a list answer; older servers write `resources`.
pub(super) fn resources(body: &[u8]) -> Result<Vec<Object>, String> {
    match parse(body)? {
        Value::Object(mut list) => match list.remove("Resources") {
            Some(Value::Array(found)) => {
                let objects = found.into_iter().filter_map(|value| match value {
                    Value::Object(object) => Some(object),
                    _ => None,
                });
                Ok(objects.collect())
            }
            _ => Ok(Vec::new()),
        },
        other => Err(format!("a list response was expected, not {}", other.kind())),
    }
}

/// The resource of an answer; it must have an id.
pub(super) fn resource(body: &[u8]) -> Result<(String, Object), String> {
    match parse(body)? {
        Value::Object(object) => match id_of(&object) {
            Some(id) => Ok((id, object)),
            None => Err("the resource in the answer has no \"id\"".to_owned()),
        },
        other => Err(format!("a resource was expected, not {}", other.kind())),
    }
}

/// The `id` of a resource.
pub(super) fn id_of(object: &Object) -> Option<String> {
    object.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned)
}

fn parse(body: &[u8]) -> Result<Value, String> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err("the answer is empty".to_owned());
    }
    Value::parse(body).map_err(|error| format!("the answer is no JSON: {error}"))
}

/// What an answer says is wrong: SCIM's `detail`, else an excerpt.
pub(super) fn failure(request: &Request, status: u16, body: &[u8]) -> Failure {
    let detail = Value::parse(body)
        .ok()
        .and_then(|value| value.get("detail").and_then(Value::as_str).map(str::to_owned))
        .unwrap_or_else(|| {
            let text = String::from_utf8_lossy(body);
            match text.trim() {
                "" => format!("status {status} without a body"),
                text => format!("status {status}: {}", text.chars().take(EXCERPT).collect::<String>()),
            }
        });
    Failure { request: request.to_string(), status: Some(status), detail }
}

/// A request that never got an answer that settles it.
pub(super) fn given_up(request: &Request, status: Option<u16>) -> Failure {
    let detail = match status {
        Some(status) => format!("given up: every attempt was answered {status}"),
        None => "given up: no attempt was answered".to_owned(),
    };
    Failure { request: request.to_string(), status, detail }
}
