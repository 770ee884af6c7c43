//! What a host sees of the engine: a span and a line for each request, counters and histograms. Names are stable; nothing
//! secret or personal is in any of them: tenants and connections by their names, resources not at all.
//!
//! # Spans and events (`tracing`)
//! A span `scim.request` (target `scimstack_server`) with `request_id`, `method`, and, once known, `tenant`, `connection`,
//! `dialect`, `operation`, `resource_type`; at its end an event "request" with `status`, `scim_type`, `plan`, `looked_at`,
//! `leniencies` (what was accepted beyond the letter, by the names of `spec/dialects.md`) and `micros`: `info`, or `error` with the cause where the server is to blame. `operation` is one of `create`, `read`,
//! `replace`, `modify`, `delete`, `list`, `search`, `bulk`, `discovery`, `options`, `none`.
//!
//! # Metrics (`metrics`)
//! | name | kind | labels |
//! |---|---|---|
//! | `scim_requests_total` | counter | `tenant`, `operation`, `resource_type`, `dialect`, `outcome`, `status` |
//! | `scim_request_seconds` | histogram | `tenant`, `operation`, `dialect`, `outcome`, `plan` |
//! | `scim_query_looked_at` | histogram | `tenant`, `resource_type` |
//! | `scim_leniencies_total` | counter | `dialect`, `leniency` |
//! | `scim_panics_total` | counter | |
//!
//! `outcome` is `ok`, `refused` (4xx) or `failed` (5xx). `plan` is `index` for a query that an index answered, `residual` for
//! one that looked at resources one by one, `none` for what is no query. `tenant` is `none` until it is known who asks, so
//! that nobody can make labels up.

use super::call::Call;
use super::failure::Fault;
use super::respond::Reply;
use super::{Engine, Failure, log};
use metrics::{SharedString, counter, describe_counter, describe_histogram, histogram};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tracing::Span;
use tracing::field::Empty;

/// In place of a number of resources, where there was no query.
const NO_QUERY: u64 = u64::MAX;

const NONE: &str = "none";

/// Tells the recorder what the metrics mean: for a host to call once, after it has installed its recorder.
///
/// ```
/// // With no recorder installed this does nothing.
/// scimstack_server::describe_metrics();
/// ```
pub fn describe_metrics() {
    describe_counter!("scim_requests_total", "Requests answered.");
    describe_histogram!("scim_request_seconds", metrics::Unit::Seconds, "Time from a request's arrival to its answer.");
    describe_histogram!("scim_query_looked_at", "Resources a query looked at one by one, because no index answers it.");
    describe_counter!("scim_leniencies_total", "Requests accepted beyond the letter of the RFCs, by leniency.");
    describe_counter!("scim_panics_total", "Requests that ended in a panic.");
}

/// What is seen of a request that only reads, for whoever watches; said by the steps that know.
#[derive(Debug)]
pub(crate) struct Seen {
    looked_at: AtomicU64,
    leniencies: Mutex<Vec<&'static str>>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { looked_at: AtomicU64::new(NO_QUERY), leniencies: Mutex::default() }
    }
}

impl Seen {
    /// So many resources a query looked at one by one.
    pub(crate) fn looked_at(&self, resources: u64) {
        self.looked_at.store(resources, Ordering::Relaxed);
    }

    /// This was read leniently.
    pub(crate) fn lenient(&self, names: &[&'static str]) {
        if names.is_empty() {
            return;
        }
        let mut leniencies = self.leniencies.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            if !leniencies.contains(name) {
                leniencies.push(name);
            }
        }
    }
}

/// One request, watched from its arrival to its answer.
pub(crate) struct Watch {
    pub(crate) span: Span,
    begun: Duration,
    tenant: SharedString,
    dialect: &'static str,
    operation: &'static str,
    resource_type: SharedString,
    looked_at: Option<u64>,
    leniencies: Vec<&'static str>,
}

impl Watch {
    pub(crate) fn new(engine: &Engine, id: &str, method: &http::Method) -> Self {
        let span = tracing::info_span!(
            "scim.request",
            request_id = id,
            method = method.as_str(),
            tenant = Empty,
            connection = Empty,
            dialect = Empty,
            operation = Empty,
            resource_type = Empty,
        );
        Self {
            span,
            begun: engine.admin.environment().monotonic(),
            tenant: SharedString::const_str(NONE),
            dialect: NONE,
            operation: NONE,
            resource_type: SharedString::const_str(NONE),
            looked_at: None,
            leniencies: Vec::new(),
        }
    }

    /// It is known who asks.
    pub(crate) fn knows(&mut self, call: &Call<'_>) {
        let principal = call.principal;
        self.tenant = principal.label.clone().into();
        self.dialect = call.profile.name;
        self.span.record("tenant", principal.tenant.name.as_str());
        self.span.record("connection", principal.connection.policy.name.as_str());
        self.span.record("dialect", call.profile.name);
    }

    /// It is known what is asked.
    pub(crate) fn asked(&mut self, operation: &'static str, resource_type: Option<&Arc<str>>) {
        self.operation = operation;
        self.span.record("operation", operation);
        if let Some(resource_type) = resource_type {
            self.resource_type = resource_type.clone().into();
            self.span.record("resource_type", &**resource_type);
        }
    }

    /// It was done.
    pub(crate) fn done(&mut self, seen: Seen, entry: Option<log::Entry>) {
        self.looked_at = Some(seen.looked_at.into_inner()).filter(|&resources| resources != NO_QUERY);
        self.leniencies = match entry {
            Some(entry) => entry.leniencies,
            None => seen.leniencies.into_inner().unwrap_or_else(PoisonError::into_inner),
        };
        for leniency in &self.leniencies {
            counter!("scim_leniencies_total", "dialect" => self.dialect, "leniency" => *leniency).increment(1);
        }
    }

    /// It is answered.
    pub(crate) fn answered(self, engine: &Engine, outcome: &Result<Reply, Failure>) {
        let (status, scim_type, fault) = match outcome {
            Ok(reply) => (reply.status, None, reply.fault.as_ref()),
            Err(failure) => (failure.error.status, failure.error.scim_type, failure.fault.as_ref()),
        };
        let elapsed = engine.admin.environment().monotonic().saturating_sub(self.begun);
        let outcome = match status {
            500.. => "failed",
            400.. => "refused",
            _ => "ok",
        };
        let plan = match self.looked_at {
            None => NONE,
            Some(0) => "index",
            Some(_) => "residual",
        };
        let scim_type = scim_type.map_or(NONE, |scim_type| scim_type.as_str());
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let looked_at = self.looked_at.unwrap_or(0);
        let leniencies = &self.leniencies;
        self.span.in_scope(|| match fault {
            Some(fault) => {
                let cause = cause(fault);
                tracing::error!(status, scim_type, plan, looked_at, ?leniencies, micros, cause, "request");
            }
            None => tracing::info!(status, scim_type, plan, looked_at, ?leniencies, micros, "request"),
        });
        let tenant = if engine.metrics_by_tenant { self.tenant } else { SharedString::const_str("all") };
        counter!(
            "scim_requests_total", "tenant" => tenant.clone(), "operation" => self.operation,
            "resource_type" => self.resource_type.clone(), "dialect" => self.dialect, "outcome" => outcome,
            "status" => number(status),
        )
        .increment(1);
        histogram!(
            "scim_request_seconds", "tenant" => tenant.clone(), "operation" => self.operation, "dialect" => self.dialect,
            "outcome" => outcome, "plan" => plan,
        )
        .record(elapsed.as_secs_f64());
        if let Some(looked_at) = self.looked_at {
            let looked_at = u32::try_from(looked_at).map_or(f64::INFINITY, f64::from);
            histogram!("scim_query_looked_at", "tenant" => tenant, "resource_type" => self.resource_type)
                .record(looked_at);
        }
    }
}

/// A status as a label.
fn number(status: u16) -> SharedString {
    SharedString::const_str(match status {
        200 => "200",
        201 => "201",
        204 => "204",
        304 => "304",
        400 => "400",
        401 => "401",
        404 => "404",
        409 => "409",
        _ => return status.to_string().into(),
    })
}

/// An answer was a panic's.
pub(crate) fn panicked(id: &str) {
    counter!("scim_panics_total").increment(1);
    tracing::error!(request_id = id, "a request ended in a panic");
}

/// An error with what caused it; of each the first line: what a database adds below may name values.
fn cause(fault: &Fault) -> String {
    let mut text = String::new();
    let mut error: Option<&dyn std::error::Error> = Some(fault.error());
    while let Some(at) = error {
        let line = at.to_string();
        let line = line.lines().next().unwrap_or_default();
        if !text.ends_with(line) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(line);
        }
        error = at.source().map(|source| source as &dyn std::error::Error);
    }
    text
}
