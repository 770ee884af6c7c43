//! The engine: one request in, one response out (RFC 7644). A request goes one way through the modules here, each the
//! owner of one step:
//!
//! `route` → `authenticate` → `dialect` → `document` → one of `create`, `read`, `list`, `replace`, `modify`, `delete`,
//! `discovery` → `judge` → `commit` → `project` → `respond`.
//!
//! ```
//! # futures_executor::block_on(async {
//! use bytes::Bytes;
//! use scimstack_schema::{Registry, Timestamp};
//! use scimstack_server::{Admin, Engine, Environment};
//! use scimstack_store::MemoryStore;
//! use std::sync::Arc;
//!
//! struct Fixed;
//! impl Environment for Fixed {
//!     fn now(&self) -> Timestamp {
//!         Timestamp::from_seconds(1_760_000_000)
//!     }
//!     fn fill_random(&self, bytes: &mut [u8]) {
//!         bytes.fill(7);
//!     }
//! }
//!
//! let admin = Admin::new(Arc::new(MemoryStore::new()), Arc::new(Fixed), Registry::core());
//! let engine = Engine::builder(admin).build();
//! let request = http::Request::get("/t/acme/api/scim/v2/ServiceProviderConfig").body(Bytes::new()).unwrap();
//! let response = engine.handle(request).await;
//! assert_eq!(response.status(), 200);
//! # });
//! ```

mod authenticate;
mod call;
mod commit;
mod create;
mod cursor;
mod delete;
mod dialect;
mod discovery;
mod document;
mod draft;
mod failure;
mod judge;
mod limits;
mod list;
mod log;
mod memberships;
mod modify;
mod project;
mod read;
mod relations;
mod replace;
mod respond;
mod route;
mod service;
mod sign_in;

pub use failure::Fault;
pub use judge::OUTBOX_TOPIC;
pub use limits::Limits;
pub use log::LOG_TOPIC;
pub use service::ScimService;
pub use sign_in::{SIGN_IN_TOPIC, SignInError};

use crate::admin::Admin;
use crate::body::Body;
use bytes::Bytes;
use call::Call;
use failure::{Failure, Outcome};
use http::header::{IF_MATCH, IF_NONE_MATCH, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method};
use log::Entry;
use respond::Reply;
use scimstack_protocol::{Decide, Preconditions, ScimError};
use scimstack_schema::{Registry, ResourceType};
use std::sync::Arc;

/// A SCIM service for all tenants of a store.
pub struct Engine {
    admin: Admin,
    decide: Arc<dyn Decide>,
    public_url: Option<String>,
    limits: Limits,
}

/// Collects what an [`Engine`] needs.
pub struct EngineBuilder {
    admin: Admin,
    decide: Arc<dyn Decide>,
    public_url: Option<String>,
    limits: Limits,
}

impl Engine {
    /// An engine over the server's records, with the lifecycle that accepts everything.
    #[must_use]
    pub fn builder(admin: Admin) -> EngineBuilder {
        EngineBuilder {
            admin,
            decide: Arc::new(scimstack_protocol::decide::AcceptAll),
            public_url: None,
            limits: Limits::default(),
        }
    }

    /// The server's own records.
    #[must_use]
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Answers a request. Paths: `{prefix}/t/{tenant}/api/scim/v2/…`, or `/api/scim/v2/…` on host `{tenant}.…`.
    /// Never fails: errors are SCIM errors, panics are caught by the [`ScimService`] around it.
    pub async fn handle(&self, request: http::Request<Bytes>) -> http::Response<Body> {
        let (parts, body) = request.into_parts();
        let id = self.admin.environment().new_id();
        let read =
            move |limit: usize| std::future::ready(if body.len() > limit { Err(too_large(limit)) } else { Ok(body) });
        self.serve(id, &parts, read).await
    }

    /// Answers a request whose body is read only once it is known who asks, up to the limit that it is given.
    pub(crate) async fn serve<R, F>(&self, id: String, parts: &Parts, read: R) -> http::Response<Body>
    where
        R: FnOnce(usize) -> F + Send,
        F: Future<Output = Result<Bytes, ScimError>> + Send,
    {
        let outcome = Box::pin(self.answer(&id, parts, read)).await;
        respond::respond(outcome, &id, respond::media_type(&parts.headers), parts.method == Method::HEAD)
    }

    async fn answer<R, F>(&self, id: &str, parts: &Parts, read: R) -> Outcome<Reply>
    where
        R: FnOnce(usize) -> F + Send,
        F: Future<Output = Result<Bytes, ScimError>> + Send,
    {
        let route = route::route(parts)?;
        let base = route.base_url(parts, self.public_url.as_deref());
        let segments: Vec<&str> = route.segments.iter().map(String::as_str).collect();
        if let ["ServiceProviderConfig"] = segments.as_slice() {
            return match allowed(&parts.method, "GET, HEAD, OPTIONS")? {
                Verb::Options(allow) => Ok(options(allow)),
                _ => Ok(discovery::service_provider_config(&self.limits, &base)),
            };
        }
        let principal = authenticate::authenticate(&self.admin, &route.tenant, &parts.headers).await?;
        let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let profile = dialect::profile(principal.connection.policy.dialect, user_agent, self.limits.filter);
        let call = Call {
            engine: self,
            principal: &principal,
            profile: &profile,
            base: base.into(),
            id: id.to_owned(),
            now: self.admin.environment().now(),
            query: &route.query,
            preconditions: Preconditions::from_headers(
                joined(&parts.headers, IF_MATCH).as_deref(),
                joined(&parts.headers, IF_NONE_MATCH).as_deref(),
            ),
        };
        let target = Target::of(&segments, &principal.registry)
            .ok_or_else(|| Failure::no_endpoint(&segments.join("/"), &principal.registry))?;
        let mut entry = target.entry(&parts.method);
        if let (Some(entry), true) = (&mut entry, route.stray_flag) {
            entry.leniencies(&["stray-flag"]);
        }
        let outcome = Box::pin(run(&call, target, parts, read, entry.as_mut())).await;
        if let (Some(entry), Err(failure)) = (&entry, &outcome) {
            commit::record_refusal(&call, entry, &failure.error).await;
        }
        outcome
    }
}

/// The values of a header that may stand several times.
fn joined(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

pub(crate) fn too_large(limit: usize) -> ScimError {
    ScimError::new(413, format!("The body is longer than the {limit} bytes that are accepted; send less at once."))
}

/// What a request is about.
enum Target<'a> {
    Schemas(Option<&'a str>),
    ResourceTypes(Option<&'a str>),
    /// Every resource.
    Root,
    RootSearch,
    Collection(&'a Arc<ResourceType>),
    Search(&'a Arc<ResourceType>),
    Resource(&'a Arc<ResourceType>, &'a str),
    /// An endpoint of the standard that this server does not have.
    Missing(&'static str),
}

impl<'a> Target<'a> {
    fn of(segments: &[&'a str], registry: &'a Registry) -> Option<Self> {
        Some(match segments {
            [] => Self::Root,
            [".search"] => Self::RootSearch,
            ["Schemas"] => Self::Schemas(None),
            ["Schemas", urn] => Self::Schemas(Some(urn)),
            ["ResourceTypes"] => Self::ResourceTypes(None),
            ["ResourceTypes", name] => Self::ResourceTypes(Some(name)),
            // RFC 7644 §3.11, §3.7
            ["Me", ..] => Self::Missing("/Me: a token stands for a connection, not for a person"),
            ["Bulk"] => Self::Missing("/Bulk: send the operations one by one"),
            [endpoint] => Self::Collection(registry.resource_type_at(endpoint)?),
            [endpoint, ".search"] => Self::Search(registry.resource_type_at(endpoint)?),
            [endpoint, id] => Self::Resource(registry.resource_type_at(endpoint)?, id),
            _ => return None,
        })
    }

    fn allow(&self) -> &'static str {
        match self {
            Self::Schemas(_) | Self::ResourceTypes(_) | Self::Root => "GET, HEAD, OPTIONS",
            Self::RootSearch | Self::Search(_) => "POST, OPTIONS",
            Self::Collection(_) => "GET, HEAD, POST, OPTIONS",
            Self::Resource(..) => "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
            Self::Missing(_) => "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        }
    }

    /// The log entry of a request that would write.
    fn entry(&self, method: &Method) -> Option<Entry> {
        let (resource_type, id) = match self {
            Self::Collection(resource_type) => (resource_type, None),
            Self::Resource(resource_type, id) => (resource_type, Some((*id).to_owned())),
            _ => return None,
        };
        let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method);
        writes.then(|| Entry {
            method: method.to_string(),
            resource_type: resource_type.name.to_string(),
            resource_id: id,
            ..Entry::default()
        })
    }
}

/// A method that is possible.
enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Options(&'static str),
}

fn allowed(method: &Method, allow: &'static str) -> Outcome<Verb> {
    if !allow.split(", ").any(|name| name == method.as_str()) {
        return Err(Failure::method(method, allow));
    }
    Ok(match *method {
        Method::POST => Verb::Post,
        Method::PUT => Verb::Put,
        Method::PATCH => Verb::Patch,
        Method::DELETE => Verb::Delete,
        Method::OPTIONS => Verb::Options(allow),
        _ => Verb::Get,
    })
}

fn options(allow: &'static str) -> Reply {
    Reply { allow: Some(allow), ..Reply::empty(204) }
}

async fn run<R, F>(
    call: &Call<'_>,
    target: Target<'_>,
    parts: &Parts,
    read: R,
    entry: Option<&mut Entry>,
) -> Outcome<Reply>
where
    R: FnOnce(usize) -> F + Send,
    F: Future<Output = Result<Bytes, ScimError>> + Send,
{
    let verb = match allowed(&parts.method, target.allow())? {
        Verb::Options(allow) => return Ok(options(allow)),
        verb => verb,
    };
    let body = match &verb {
        Verb::Post | Verb::Put | Verb::Patch => {
            document::check_media_type(&parts.headers)?;
            read(body_limit(call.limits(), &target)).await?
        }
        _ => Bytes::new(),
    };
    let mut unlogged = Entry::default();
    let entry = entry.unwrap_or(&mut unlogged);
    let types = call.registry().resource_types();
    match (target, verb) {
        (Target::Missing(what), _) => Err(ScimError::new(501, format!("This server has no {what}.")).into()),
        (Target::Schemas(urn), _) => discovery::schemas(call, urn),
        (Target::ResourceTypes(name), _) => discovery::resource_types(call, name),
        (Target::Root, _) => Box::pin(list::list(call, types)).await,
        (Target::RootSearch, _) => Box::pin(list::search(call, types, &body)).await,
        (Target::Search(t), _) => Box::pin(list::search(call, std::slice::from_ref(t), &body)).await,
        (Target::Collection(t), Verb::Post) => Box::pin(create::create(call, t, &body, entry)).await,
        (Target::Collection(t), _) => Box::pin(list::list(call, std::slice::from_ref(t))).await,
        (Target::Resource(t, id), Verb::Put) => Box::pin(replace::replace(call, t, id, &body, entry)).await,
        (Target::Resource(t, id), Verb::Patch) => Box::pin(modify::modify(call, t, id, &body, entry)).await,
        (Target::Resource(t, id), Verb::Delete) => Box::pin(delete::delete(call, t, id, entry)).await,
        (Target::Resource(t, id), _) => Box::pin(read::read(call, t, id)).await,
    }
}

fn body_limit(limits: &Limits, target: &Target<'_>) -> usize {
    match target {
        Target::Collection(t) | Target::Resource(t, _) if commit::has_edges(t) => limits.group_body,
        _ => limits.body,
    }
}

impl EngineBuilder {
    /// The lifecycle.
    #[must_use]
    pub fn decide(mut self, decide: Arc<dyn Decide>) -> Self {
        self.decide = decide;
        self
    }

    /// Where clients reach the server, without a trailing slash; else the request's own Host is used.
    #[must_use]
    pub fn public_url(mut self, url: Option<String>) -> Self {
        self.public_url = url;
        self
    }

    /// How much a request may ask for.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The engine.
    #[must_use]
    pub fn build(self) -> Engine {
        Engine { admin: self.admin, decide: self.decide, public_url: self.public_url, limits: self.limits }
    }
}
