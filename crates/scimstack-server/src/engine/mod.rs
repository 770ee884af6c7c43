//! The engine: one request in, one response out (RFC 7644). A request goes one way through the modules here, each the
//! owner of one step:
//!
//! `route` → `authenticate` → `dialect` → `target` → `document` → one of `create`, `read`, `list`, `replace`, `modify`,
//! `delete`, `discovery` → `judge` → `commit` → `project` → `respond`. Each operation of a `bulk` request goes the same way
//! from `target` on.
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

mod adoption;
mod authenticate;
mod authenticator;
mod bulk;
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
mod gate;
mod grant;
mod identity;
mod judge;
mod limits;
mod list;
mod log;
mod manual;
mod me;
mod memberships;
mod modify;
mod observe;
mod permit;
mod project;
mod read;
mod relations;
mod reminders;
mod replace;
mod respond;
mod route;
mod service;
mod sign_in;
mod target;
mod throttle;
mod turn;
mod unasked;

pub use adoption::{Adoption, Found, Here, RosterEntry};
pub use authenticator::{Authenticator, Verdict};
pub use failure::Fault;
pub use identity::Identity;
pub use judge::OUTBOX_TOPIC;
pub use limits::Limits;
pub use log::LOG_TOPIC;
pub use observe::describe_metrics;
pub use service::ScimService;
pub use sign_in::{SIGN_IN_TOPIC, SignInError};
pub use throttle::ClientAddress;
pub use unasked::{UnaskedError, Welcomed};

use crate::admin::{Admin, Subject};
use crate::body::Body;
use crate::environment::Environment;
use bytes::Bytes;
use call::Call;
use document::Content;
use failure::{Failure, Outcome};
use gate::Gate;
use http::header::{IF_MATCH, IF_NONE_MATCH, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method};
use observe::{Seen, Watch};
use respond::Reply;
use scimstack_protocol::{Decide, Preconditions, ScimError};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use target::{Target, Verb, allowed, options};
use throttle::Throttle;
use tracing::Instrument;
use turn::Turns;

/// How long a body is, in bytes, that is read and judged aside: some milliseconds of work.
const LARGE: usize = 256 * 1024;

/// A SCIM service for all tenants of a store.
pub struct Engine {
    admin: Admin,
    decide: Arc<dyn Decide>,
    public_url: Option<String>,
    limits: Limits,
    authenticators: Vec<Arc<dyn Authenticator>>,
    throttle: Throttle,
    gate: Gate,
    turns: Turns,
    metrics_by_tenant: bool,
}

/// Collects what an [`Engine`] needs.
pub struct EngineBuilder {
    admin: Admin,
    decide: Arc<dyn Decide>,
    public_url: Option<String>,
    limits: Limits,
    authenticators: Vec<Arc<dyn Authenticator>>,
    metrics_by_tenant: bool,
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
            authenticators: Vec::new(),
            metrics_by_tenant: true,
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
        self.serve(&id, &parts, read).await
    }

    /// Answers a request whose body is read only once it is known who asks, up to the limit that it is given.
    pub(crate) async fn serve<R, F>(&self, id: &str, parts: &Parts, read: R) -> http::Response<Body>
    where
        R: FnOnce(usize) -> F + Send,
        F: Future<Output = Result<Bytes, ScimError>> + Send,
    {
        let mut watch = Watch::new(self, id, &parts.method);
        let span = watch.span.clone();
        let outcome = Box::pin(self.answer(id, parts, read, &mut watch)).instrument(span).await;
        watch.answered(self, &outcome);
        respond::respond(outcome, id, respond::media_type(&parts.headers), parts.method == Method::HEAD)
    }

    async fn answer<R, F>(&self, id: &str, parts: &Parts, read: R, watch: &mut Watch) -> Outcome<Reply>
    where
        R: FnOnce(usize) -> F + Send,
        F: Future<Output = Result<Bytes, ScimError>> + Send,
    {
        let route = route::route(parts)?;
        let base = route.base_url(parts, self.public_url.as_deref());
        let segments: Vec<&str> = route.segments.iter().map(|segment| &**segment).collect();
        if let ["ServiceProviderConfig"] = segments.as_slice() {
            watch.asked("discovery", None);
            return match allowed(&parts.method, "GET, HEAD, OPTIONS")? {
                Verb::Options(allow) => Ok(options(allow)),
                _ => Ok(discovery::service_provider_config(&self.limits, &base)),
            };
        }
        let principal = authenticate::authenticate(self, &route.tenant, parts).await?;
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
            subject: parts.extensions.get::<Subject>().or(principal.subject.as_ref()),
            part: None,
            seen: Seen::default(),
        };
        watch.knows(&call);
        let _pass = self.gate.enter(principal.tenant.id, &self.limits, call.now).await?;
        let target = Target::of(&segments, &call)
            .ok_or_else(|| Failure::no_endpoint(&segments.join("/"), &principal.registry))?;
        watch.asked(target.operation(&parts.method), target.resource_type());
        let mut entry = target.entry(&parts.method);
        let bare: &[_] = if authenticate::is_bare(&parts.headers) { &["bare-token"] } else { &[] };
        for names in [&route.leniencies, bare] {
            match &mut entry {
                Some(entry) => entry.leniencies(names),
                None => call.seen.lenient(names),
            }
        }
        let outcome = run(&call, target, parts, read, entry.as_mut()).await;
        commit::record_refusal(&call, entry.as_ref(), outcome.as_ref().err()).await;
        watch.done(call.seen, entry);
        outcome
    }
}

/// The values of a header that may stand several times.
fn joined(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    if !headers.contains_key(&name) {
        return None;
    }
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

pub(crate) fn too_large(limit: usize) -> ScimError {
    ScimError::new(413, format!("The body is longer than the {limit} bytes that are accepted; send less at once."))
}

async fn run<R, F>(
    call: &Call<'_>,
    target: Target<'_>,
    parts: &Parts,
    read: R,
    entry: Option<&mut log::Entry>,
) -> Outcome<Reply>
where
    R: FnOnce(usize) -> F + Send,
    F: Future<Output = Result<Bytes, ScimError>> + Send,
{
    let verb = match allowed(&parts.method, target.allow())? {
        Verb::Options(allow) => return Ok(options(allow)),
        verb => verb,
    };
    permit::permit(call, &target, &verb)?;
    let body = match &verb {
        Verb::Post | Verb::Put | Verb::Patch => {
            document::check_media_type(&parts.headers)?;
            let body = read(target.body_limit(call.limits())).await;
            body.map_err(|error| target.too_large(call.limits(), error))?
        }
        _ => Bytes::new(),
    };
    let is_large = body.len() >= LARGE;
    let answer = target.answer(call, verb, Content::Bytes(body), entry);
    if is_large { aside(call.engine.admin.environment(), answer).await } else { answer.await }
}

/// Takes every step of an answer where it keeps nobody waiting.
async fn aside<T>(environment: &Arc<dyn Environment>, answer: impl Future<Output = T>) -> T {
    let mut answer = pin!(answer);
    poll_fn(|context| {
        let mut step = Poll::Pending;
        environment.work(&mut || {
            if step.is_pending() {
                step = answer.as_mut().poll(context);
            }
        });
        step
    })
    .await
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

    /// One more way of telling who asks, beside the server's own tokens; they are asked in the order they were added.
    #[must_use]
    pub fn authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.authenticators.push(authenticator);
        self
    }

    /// Whether metrics have a label with the tenant's name. Without it it says `all`: for servers with so many tenants that
    /// a series for each is too much.
    #[must_use]
    pub fn metrics_by_tenant(mut self, by_tenant: bool) -> Self {
        self.metrics_by_tenant = by_tenant;
        self
    }

    /// The engine.
    #[must_use]
    pub fn build(self) -> Engine {
        let Self { admin, decide, public_url, limits, authenticators, metrics_by_tenant } = self;
        let (throttle, gate, turns) = (Throttle::default(), Gate::default(), Turns::default());
        Engine { admin, decide, public_url, limits, authenticators, throttle, gate, turns, metrics_by_tenant }
    }
}
