//! What the pages read: people, groups, managers, the log, out of the store; and the console's own little state. No HTML.

use super::page::Failure;
use super::signed_in::SignedIn;
use crate::key_source::Networks;
use crate::state::AppState;
use axum::http::{HeaderMap, header};
use scimstack_filter::{Filter, ResolveOptions};
use scimstack_provisioning::directory::{Person, PersonState};
use scimstack_schema::{Resource, ResourceType, Timestamp, Value};
use scimstack_server::{Admin, Engine};
use scimstack_store::{
    Anchor, Edge, EdgeQuery, FeedQuery, FeedScope, Key, Kind, Page, Paging, Query, ResourceId, Scope, Sort, Store,
    Stored, Target, TenantId, Total, Want,
};
use std::sync::{Arc, Mutex, PoisonError};

/// The two relations a manager comes by, the stronger first.
pub(super) const MANAGER_RELATIONS: [&str; 2] = ["manager", "managerExternalId"];
/// Requests of the provisioning log that are recent, and how many are read at once.
const RECENT: usize = 5_000;
const LOG_PAGE: usize = 500;
/// Lines on one page of a list.
pub(super) const PAGE: u32 = 50;

/// What every page works with.
pub(super) struct Console {
    pub(super) admin: Admin,
    pub(super) engine: Arc<Engine>,
    /// Where the keys of trusted issuers may be.
    pub(super) issuers: Networks,
    store: Arc<dyn Store>,
    public_url: Option<String>,
    failures: Mutex<Vec<Timestamp>>,
    signed_in: SignedIn,
}

/// A page of people or groups.
pub(super) struct Listing {
    pub(super) items: Vec<Stored>,
    pub(super) total: u64,
    pub(super) more_than_total: bool,
}

/// The numbers of the overview.
#[derive(Default)]
pub(super) struct PeopleCounts {
    pub(super) people: u64,
    pub(super) active: u64,
    pub(super) unclaimed: u64,
    pub(super) deactivated: u64,
    pub(super) groups: u64,
}

/// One line of the provisioning log.
pub(super) struct LogEntry {
    pub(super) when: Timestamp,
    pub(super) subject: String,
    pub(super) what: String,
    pub(super) status: i64,
    pub(super) scim_type: String,
    pub(super) detail: String,
    pub(super) connection: String,
    pub(super) leniencies: Vec<String>,
    pub(super) unknown: Vec<String>,
}

impl Console {
    pub(super) fn new(state: AppState) -> Self {
        let AppState { admin, engine, public_url, issuers, .. } = state;
        let store = admin.store().clone();
        Self {
            admin,
            engine,
            issuers,
            store,
            public_url,
            failures: Mutex::new(Vec::new()),
            signed_in: SignedIn::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.admin.environment().now()
    }

    pub(super) async fn session_key(&self) -> Result<[u8; 32], Failure> {
        Ok(self.admin.secret("console").await?)
    }

    /// Failed log-ins in the last `window` seconds.
    pub(super) fn failures(&self, now: Timestamp, window: i64) -> usize {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|at| at.plus_seconds(window) > now);
        failures.len()
    }

    pub(super) fn note_failure(&self, now: Timestamp) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(now);
    }

    /// Whether browsers reach this server by https.
    pub(super) fn is_https(&self, headers: &HeaderMap) -> bool {
        let forwarded = headers.get("x-forwarded-proto").and_then(|v| v.to_str().ok());
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https:")) || forwarded == Some("https")
    }

    /// The SCIM base URL of a tenant, as the identity provider is to be given it.
    pub(super) fn base_url(&self, headers: &HeaderMap, tenant: &str) -> String {
        format!("{}/t/{tenant}/api/scim/v2", self.origin(headers))
    }

    /// Where the server is reached, without a trailing slash.
    pub(super) fn origin(&self, headers: &HeaderMap) -> String {
        let origin = self.public_url.clone().unwrap_or_else(|| {
            let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or("localhost");
            format!("{}://{host}", if self.is_https(headers) { "https" } else { "http" })
        });
        origin.trim_end_matches('/').to_owned()
    }

    async fn resource_type(&self, tenant: TenantId, name: &str) -> Result<Arc<ResourceType>, Failure> {
        let registry = self.admin.registry(tenant).await?;
        registry
            .resource_type(name)
            .cloned()
            .ok_or_else(|| Failure::not_found(format!("There is no resource type {name}.")))
    }

    /// People or groups that match a filter, a page of them, by `sort`.
    pub(super) async fn list(
        &self,
        tenant: TenantId,
        kind: &str,
        filter: Option<&str>,
        sort: &str,
        page: u64,
        count: u32,
    ) -> Result<Listing, Failure> {
        let resource_type = self.resource_type(tenant, kind).await?;
        let filter = match filter {
            Some(text) => {
                let bad = |e: &dyn std::fmt::Display| Failure::new(axum::http::StatusCode::BAD_REQUEST, e.to_string());
                let parsed = Filter::parse(text).map_err(|e| bad(&e))?;
                Some(Arc::new(parsed.resolve(&resource_type, ResolveOptions::default()).map_err(|e| bad(&e))?))
            }
            None => None,
        };
        let sort = resource_type.resolve(sort).map(|path| Sort { path, descending: false });
        let mut query = Query::new(Target { kind: Kind::new(kind), resource_type, filter }, count);
        query.sort = sort;
        query.page =
            Paging::Index { start: page.saturating_sub(1).saturating_mul(u64::from(count)).saturating_add(1), count };
        let Page { items, total, .. } = self.store.query(Scope::Tenant(tenant), &query).await?;
        let (total, more_than_total) = match total {
            Total::Exact(n) => (n, false),
            Total::AtLeast(n) => (n, true),
            Total::Unknown => (items.len() as u64, true),
        };
        Ok(Listing { items, total, more_than_total })
    }

    /// The overview's numbers, counted by indexes but for who has signed in ([`SignedIn`]).
    pub(super) async fn counts(&self, tenant: TenantId) -> Result<PeopleCounts, Failure> {
        let people = self.list(tenant, "User", None, "id", 1, 0).await?.total;
        let deactivated = self.list(tenant, "User", Some("active eq false"), "id", 1, 0).await?.total;
        let groups = self.list(tenant, "Group", None, "id", 1, 0).await?.total;
        let user = self.resource_type(tenant, "User").await?;
        let (active, _) = self.signed_in.count(&*self.store, tenant, &user).await?;
        // Each is counted at a moment of its own.
        let unclaimed = people.saturating_sub(deactivated).saturating_sub(active);
        Ok(PeopleCounts { people, active, unclaimed, deactivated, groups })
    }

    /// One person or group with its document.
    pub(super) async fn read(&self, tenant: TenantId, kind: &str, id: &str) -> Result<(Stored, Resource), Failure> {
        let missing =
            || Failure::not_found(format!("There is no such {}.", if kind == "User" { "person" } else { "group" }));
        let id = ResourceId::new(id).ok_or_else(missing)?;
        let key = Key::new(kind, id);
        let stored = self.store.read(Scope::Tenant(tenant), &key, Want::ALL).await?.ok_or_else(missing)?;
        let resource_type = self.resource_type(tenant, kind).await?;
        let resource = Resource::from_stored(resource_type, &stored.doc)
            .map_err(|e| Failure::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))?;
        Ok((stored, resource))
    }

    /// Edges of a relation, a page of at most `limit`.
    pub(super) async fn edges(
        &self,
        tenant: TenantId,
        relation: &str,
        anchor: Anchor,
        limit: usize,
    ) -> Result<Vec<Edge>, Failure> {
        let pending = !matches!(anchor, Anchor::Targets(_));
        let query =
            EdgeQuery { relation: relation.to_owned(), anchor, pending, peer: true, values: true, after: None, limit };
        Ok(self.store.edges(Scope::Tenant(tenant), &query).await?.edges)
    }

    /// The latest entries of the provisioning log, newest first, of the last [`RECENT`] requests.
    pub(super) async fn recent_log(
        &self,
        tenant: TenantId,
        errors: bool,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Failure> {
        self.log_within(tenant, errors, limit, RECENT).await
    }

    /// The same, of the last `within` requests.
    pub(super) async fn log_within(
        &self,
        tenant: TenantId,
        errors: bool,
        limit: usize,
        within: usize,
    ) -> Result<Vec<LogEntry>, Failure> {
        let mut query = FeedQuery::new(FeedScope::One(Scope::Tenant(tenant)), LOG_PAGE);
        query.topic = Some("log".to_owned());
        query.newest_first = true;
        let mut entries = Vec::new();
        for _ in 0..within.div_ceil(LOG_PAGE) {
            let page = self.store.changes(&query).await?;
            query.after = page.changes.last().map(|change| change.position);
            for change in &page.changes {
                let Ok(event) = Value::parse(&change.payload) else { continue };
                let entry = log_entry(&event, change.at);
                if !errors || entry.status >= 400 {
                    entries.push(entry);
                }
                if entries.len() == limit {
                    return Ok(entries);
                }
            }
            if !page.more {
                break;
            }
        }
        Ok(entries)
    }

    /// What happened to one record, newest first: when, who, what.
    pub(super) async fn history(&self, tenant: TenantId, key: &Key) -> Result<Vec<scimstack_store::Change>, Failure> {
        let mut query = FeedQuery::new(FeedScope::One(Scope::Tenant(tenant)), 50);
        query.key = Some(key.clone());
        query.newest_first = true;
        Ok(self.store.changes(&query).await?.changes)
    }
}

fn log_entry(event: &Value, at: Timestamp) -> LogEntry {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = |name: &str| -> Vec<String> {
        let elements = event.get(name).and_then(Value::as_array).unwrap_or_default();
        elements.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
    };
    let status = match event.get("status") {
        Some(Value::Number(n)) => n.as_i64().unwrap_or(0),
        Some(Value::String(s)) => s.parse().unwrap_or(0),
        _ => 0,
    };
    let subject = Some(text("subject")).filter(|s| !s.is_empty()).unwrap_or_else(|| text("resourceId"));
    LogEntry {
        when: at,
        subject: if subject.is_empty() { "(unknown)".to_owned() } else { subject },
        what: format!("{} {}", text("method"), text("resourceType")),
        status,
        scim_type: text("scimType"),
        detail: text("detail"),
        connection: text("connection"),
        leniencies: list("leniencies"),
        unknown: list("unknown"),
    }
}

/// The lifecycle's state of a person.
pub(super) fn state(stored: &Stored) -> PersonState {
    Person::decode(&stored.private).map_or(PersonState::Unclaimed, |person| person.state())
}

/// A state as pages show it.
pub(super) fn state_name(state: PersonState) -> &'static str {
    match state {
        PersonState::Active => "Active",
        PersonState::Deactivated { .. } => "Deactivated",
        PersonState::Deleted => "Deleted",
        _ => "Unclaimed",
    }
}

/// How a person is called: the display name, else given and family name, else the user name.
pub(super) fn name_of(resource: &Resource) -> String {
    let root = resource.root();
    let text =
        |name: &str| root.get(name).and_then(Value::as_str).filter(|s| !s.trim().is_empty()).map(ToOwned::to_owned);
    let parts = root.get("name").map(|name| {
        let part = |p: &str| name.get(p).and_then(Value::as_str).unwrap_or_default();
        format!("{} {}", part("givenName"), part("familyName")).trim().to_owned()
    });
    let parts = parts.filter(|s| !s.is_empty());
    text("displayName").or(parts).or_else(|| text("userName")).unwrap_or_else(|| "(no name)".to_owned())
}

/// The initials shown where there is no photo.
pub(super) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}
