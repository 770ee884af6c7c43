//! The bare server: what somebody would write by hand who needs these requests and nothing else, on axum.
//!
//! It does what cannot be left out. The SHA-256 of the bearer token is looked up in a map. JSON is read and written with
//! `serde_json`; a new user has to have a `userName`. What is written is written as durably and in the same rows: document,
//! columns and index rows, edges, the change with the document before it, the entry of the provisioning log and the receipt
//! under the request's id, in one transaction. Answers have the same members in the same words, `meta` and `groups` through
//! nesting among them, and the parent compares them before anything is measured. Statements are those of the store, prepared
//! once, except that who is a member of what is joined with the groups' names.
//!
//! It does not do the rest: there are no schemas, dialects, limits, filters but `userName eq`, projections but of members,
//! operations but the two, preconditions or lifecycle; names are folded by `to_lowercase`; values that others wait for are
//! not looked for, and neither is a receipt from before; constants stand for what the server works out of each request
//! for its log, and for the packed list of index rows. Statements run where the request does, one transaction for each.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use scimstack_schema::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// A resource as it is stored, with the groups it is in.
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    pub(crate) doc: Vec<u8>,
    pub(crate) groups: Vec<Group>,
}

/// A group somebody is in.
#[derive(Clone)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) display: Option<String>,
    pub(crate) direct: bool,
}

/// A user to be made, in rows.
pub(crate) struct New {
    pub(crate) id: String,
    pub(crate) doc: Vec<u8>,
    pub(crate) unique: String,
    pub(crate) external_id: Option<String>,
    pub(crate) sort_name: Option<String>,
    pub(crate) display: Option<String>,
    pub(crate) active: bool,
    /// Path, value, element, type.
    pub(crate) entries: Vec<(&'static str, String, i64, Option<String>)>,
    /// Addresses of mail, by which references find the user.
    pub(crate) names: Vec<String>,
    /// What parts are looked for in.
    pub(crate) texts: String,
    pub(crate) request: Written,
}

/// What is written beside the rows of the resource: what a log has of the request.
pub(crate) struct Written {
    pub(crate) at: i64,
    pub(crate) request_id: String,
    /// The entry of the provisioning log.
    pub(crate) event: String,
}

/// The statements.
pub(crate) trait Rows: Send + Sync + 'static {
    fn user(&self, id: &str) -> impl Future<Output = Option<Found>> + Send;
    /// Members are not read.
    fn group(&self, id: &str) -> impl Future<Output = Option<Found>> + Send;
    fn by_name(&self, name: &str) -> impl Future<Output = Option<Found>> + Send;
    /// So many users in the order of their ids, and how many there are.
    fn page(&self, skipped: i64, count: i64) -> impl Future<Output = (Vec<Found>, i64)> + Send;
    fn create(&self, new: New) -> impl Future<Output = ()> + Send;
    /// Sets the title.
    fn patch(&self, id: &str, title: &str, request: Written) -> impl Future<Output = Option<Found>> + Send;
    /// The group's version then.
    fn add_member(&self, group: &str, user: &str, request: Written) -> impl Future<Output = Option<i64>> + Send;
}

/// What stands in the log as who did it.
pub(crate) const ACTOR: &str = "connection:default";
/// What the lifecycle keeps of a new user.
pub(crate) const PRIVATE: &[u8] = br#"{"v":1,"state":"unclaimed","since":1760000000000000}"#;
/// What is remembered of three operations under a request's id.
pub(crate) const RECEIPT: &[u8] = b"R\x02\x01\x01\x01\x00";

struct Bare<R> {
    rows: R,
    tokens: HashMap<[u8; 32], &'static str>,
}

type Bares<R> = State<Arc<Bare<R>>>;

pub(crate) fn router<R: Rows>(rows: R, token: &str) -> Router {
    let tokens = HashMap::from([(Sha256::digest(token).into(), "default")]);
    let base = crate::client::BASE;
    Router::new()
        .route(&format!("{base}/Users"), get(list::<R>).post(create::<R>))
        .route(&format!("{base}/Users/{{id}}"), get(user::<R>).patch(set_title::<R>))
        .route(&format!("{base}/Groups/{{id}}"), get(group::<R>).patch(add_member::<R>))
        .with_state(Arc::new(Bare { rows, tokens }))
}

impl<R> Bare<R> {
    /// The address below which the client finds everything, if its token is good.
    fn base(&self, headers: &HeaderMap) -> Result<String, StatusCode> {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let token = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let token: [u8; 32] = Sha256::digest(token.ok_or(StatusCode::UNAUTHORIZED)?).into();
        self.tokens.get(&token).ok_or(StatusCode::UNAUTHORIZED)?;
        Ok(format!("http://{}{}", text(header::HOST).unwrap_or_default(), crate::client::BASE))
    }
}

async fn user<R: Rows>(
    State(bare): Bares<R>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let base = bare.base(&headers)?;
    let found = bare.rows.user(&id).await.ok_or(StatusCode::NOT_FOUND)?;
    Ok(one(&found, &base, "User", StatusCode::OK))
}

async fn group<R: Rows>(
    State(bare): Bares<R>,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let base = bare.base(&headers)?;
    if query.get("excludedAttributes").is_none_or(|excluded| excluded != "members") {
        return Err(StatusCode::NOT_IMPLEMENTED);
    }
    let found = bare.rows.group(&id).await.ok_or(StatusCode::NOT_FOUND)?;
    Ok(one(&found, &base, "Group", StatusCode::OK))
}

async fn list<R: Rows>(
    State(bare): Bares<R>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let base = bare.base(&headers)?;
    let number = |name: &str, default: i64| query.get(name).map_or(Some(default), |text| text.parse().ok());
    let start = number("startIndex", 1).ok_or(StatusCode::BAD_REQUEST)?.max(1);
    let count = number("count", 100).ok_or(StatusCode::BAD_REQUEST)?.clamp(0, 1_000);
    let (found, total) = match query.get("filter") {
        None => bare.rows.page(start - 1, count).await,
        Some(filter) => {
            let name = filter.strip_prefix("userName eq \"").and_then(|rest| rest.strip_suffix('"'));
            let name = name.ok_or(StatusCode::BAD_REQUEST)?.to_lowercase();
            let found: Vec<Found> = bare.rows.by_name(&name).await.into_iter().collect();
            let total = found.len() as i64;
            (found, total)
        }
    };
    let mut body = format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":{total},"startIndex":{start},"itemsPerPage":{},"Resources":["#,
        found.len()
    )
    .into_bytes();
    body.reserve(found.iter().map(|one| one.doc.len() + 1_024).sum());
    for (n, one) in found.iter().enumerate() {
        if n > 0 {
            body.push(b',');
        }
        write(one, &base, "User", &mut body);
    }
    body.extend_from_slice(b"]}");
    Ok((headers_of(None), body).into_response())
}

async fn create<R: Rows>(State(bare): Bares<R>, headers: HeaderMap, body: Bytes) -> Result<Response, StatusCode> {
    let base = bare.base(&headers)?;
    let document: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let new = New::of(document).ok_or(StatusCode::BAD_REQUEST)?;
    let (id, created, doc) = (new.id.clone(), new.request.at, new.doc.clone());
    bare.rows.create(new).await;
    let found = Found { id, version: 1, created, modified: created, doc, groups: Vec::new() };
    let mut response = one(&found, &base, "User", StatusCode::CREATED);
    let location = HeaderValue::try_from(format!("{base}/Users/{}", found.id)).unwrap();
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// The one operation of a PATCH: its `op`, `path` and `value`.
fn operation(body: &[u8]) -> Option<(String, String, Value)> {
    let mut body: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let Value::Array(operations) = body.remove("Operations")? else { return None };
    let [Value::Object(operation)] = <[Value; 1]>::try_from(operations).ok()? else { return None };
    let mut operation = operation;
    let (Value::String(op), Value::String(path)) = (operation.remove("op")?, operation.remove("path")?) else {
        return None;
    };
    Some((op, path, operation.remove("value")?))
}

async fn set_title<R: Rows>(
    State(bare): Bares<R>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let base = bare.base(&headers)?;
    let (op, path, value) = operation(&body).ok_or(StatusCode::BAD_REQUEST)?;
    let (true, Value::String(title)) = (op == "replace" && path == "title", value) else {
        return Err(StatusCode::NOT_IMPLEMENTED);
    };
    let request = Written::new("PATCH", "User", &id, "user@example.test", 200, r#""title""#);
    let found = bare.rows.patch(&id, &title, request).await.ok_or(StatusCode::NOT_FOUND)?;
    Ok(one(&found, &base, "User", StatusCode::OK))
}

async fn add_member<R: Rows>(
    State(bare): Bares<R>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    bare.base(&headers)?;
    let (op, path, value) = operation(&body).ok_or(StatusCode::BAD_REQUEST)?;
    let (true, [member]) = (op == "add" && path == "members", value.as_array().map_or(&[][..], Vec::as_slice)) else {
        return Err(StatusCode::NOT_IMPLEMENTED);
    };
    let member = member.get("value").and_then(Value::as_str).ok_or(StatusCode::BAD_REQUEST)?;
    let request = Written::new("PATCH", "Group", &id, &id, 204, r#""members""#);
    let version = bare.rows.add_member(&id, member, request).await.ok_or(StatusCode::NOT_FOUND)?;
    let tag = HeaderValue::try_from(format!("W/\"{version}\"")).unwrap();
    Ok((StatusCode::NO_CONTENT, [(header::ETAG, tag)]).into_response())
}

fn headers_of(version: Option<i64>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    if let Some(version) = version {
        headers.insert(header::ETAG, HeaderValue::try_from(format!("W/\"{version}\"")).unwrap());
    }
    headers
}

fn one(found: &Found, base: &str, kind: &str, status: StatusCode) -> Response {
    let mut body = Vec::with_capacity(found.doc.len() + 1_024);
    write(found, base, kind, &mut body);
    (status, headers_of(Some(found.version)), body).into_response()
}

/// The document as it is stored, and what the server knows beside it.
fn write(found: &Found, base: &str, kind: &str, out: &mut Vec<u8>) {
    use std::io::Write as _;
    out.extend_from_slice(&found.doc[..found.doc.len() - 1]);
    let (created, modified) = (Timestamp::from_micros(found.created), Timestamp::from_micros(found.modified));
    let (id, version) = (&found.id, found.version);
    let _ = write!(
        out,
        r#","meta":{{"resourceType":"{kind}","created":"{created}","lastModified":"{modified}","version":"W/\"{version}\"","location":"{base}/{kind}s/{id}"}}"#,
    );
    for (n, group) in found.groups.iter().enumerate() {
        let id = &group.id;
        out.extend_from_slice(if n == 0 { b",\"groups\":[" } else { b"," });
        let _ = write!(out, r#"{{"value":"{id}","$ref":"{base}/Groups/{id}","#);
        if let Some(display) = &group.display {
            out.extend_from_slice(b"\"display\":");
            let _ = serde_json::to_writer(&mut *out, display);
            out.push(b',');
        }
        let _ = write!(out, r#""type":"{}"}}"#, if group.direct { "direct" } else { "indirect" });
    }
    if !found.groups.is_empty() {
        out.push(b']');
    }
    out.push(b'}');
}

/// A new UUID of version 7.
fn new_id(at: i64) -> String {
    let mut random = [0_u8; 10];
    getrandom::fill(&mut random).unwrap();
    uuid::Builder::from_unix_timestamp_millis(at.unsigned_abs() / 1_000, &random).into_uuid().to_string()
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

impl Written {
    fn new(method: &str, kind: &str, id: &str, subject: &str, status: u16, changed: &str) -> Self {
        let at = now();
        let time = Timestamp::from_micros(at);
        let mut event = String::with_capacity(512);
        let _ = write!(
            event,
            r#"{{"at":"{time}","connection":"default","dialect":"generic","userAgent":"other","method":"{method}","resourceType":"{kind}","resourceId":"{id}","subject":"{subject}","status":{status},"changed":[{changed}],"leniencies":[],"unknown":[]}}"#,
        );
        Self { at, request_id: new_id(at), event }
    }
}

/// What a new user of the benchmark has.
const CHANGED: &str = r#""externalId","userName","name","displayName","nickName","active","title","userType","preferredLanguage","locale","timezone","profileUrl","emails","phoneNumbers","photos","addresses","roles","employeeNumber","costCenter","organization","division","department""#;

impl New {
    /// `None` without a `userName`.
    fn of(mut document: Map<String, Value>) -> Option<Self> {
        const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let user_name = document.get("userName")?.as_str().filter(|name| !name.is_empty())?.to_owned();
        let id = new_id(now());
        let request = Written::new("POST", "User", &id, &user_name, 201, CHANGED);
        let active = document.entry("active").or_insert(Value::Bool(true)).as_bool()?;
        document.insert("id".to_owned(), Value::String(id.clone()));
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let display = text(document.get("displayName"));
        let unique = user_name.to_lowercase();
        let mut texts = vec![unique.clone()];
        texts.extend(display.as_ref().map(|name| name.to_lowercase()));
        let (mut entries, mut names) = (Vec::new(), Vec::new());
        for (n, mail) in document.get("emails").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let Some(value) = mail.get("value").and_then(Value::as_str) else { continue };
            let value = value.to_lowercase();
            texts.push(value.clone());
            names.push(value.clone());
            entries.push(("emails.value", value, n as i64, text(mail.get("type"))));
        }
        let (name, enterprise) = (document.get("name"), document.get(ENTERPRISE));
        for (path, container, member) in [
            ("name.familyName", name, "familyName"),
            ("name.givenName", name, "givenName"),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", enterprise, "department"),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber", enterprise, "employeeNumber"),
        ] {
            if let Some(value) = container.and_then(|container| container.get(member)).and_then(Value::as_str) {
                entries.push((path, value.to_lowercase(), 0, None));
            }
        }
        Some(Self {
            doc: serde_json::to_vec(&document).ok()?,
            id,
            unique,
            external_id: text(document.get("externalId")),
            sort_name: display.as_ref().map(|name| name.to_lowercase()),
            display,
            active,
            entries,
            names,
            texts: texts.join("\n"),
            request,
        })
    }
}

/// The document with another title.
pub(crate) fn with_title(doc: &[u8], title: &str) -> Vec<u8> {
    let mut document: Map<String, Value> = serde_json::from_slice(doc).unwrap();
    document.insert("title".to_owned(), Value::String(title.to_owned()));
    serde_json::to_vec(&document).unwrap()
}

/// What the feed has of an edge that came.
pub(crate) fn related(user: &str) -> String {
    format!(r#"{{"relation":"members","added":["{user}"],"removed":[]}}"#)
}
