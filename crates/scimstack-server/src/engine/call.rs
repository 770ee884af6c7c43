//! One request, once it is known who asks: what every operation needs.

use super::dialect::Profile;
use super::failure::{Failure, Outcome};
use super::observe::Seen;
use super::route::Parameter;
use super::{Engine, Limits};
use crate::admin::{Principal, Subject};
use scimstack_protocol::list::check_projection;
use scimstack_protocol::{ETag, ListQuery, Preconditions};
use scimstack_schema::{Projection, Registry, Resource, ResourceType, Timestamp};
use scimstack_store::{Actor, Key, ResourceId, Scope, Store, Stored, Want};
use std::collections::HashSet;
use std::sync::Arc;

/// A request and who it comes from.
pub(crate) struct Call<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) principal: &'a Principal,
    pub(crate) profile: &'a Profile,
    /// The base URL, without a trailing slash.
    pub(crate) base: Arc<str>,
    /// The request's id.
    pub(crate) id: String,
    pub(crate) now: Timestamp,
    /// The query's parameters, decoded.
    pub(crate) query: &'a [Parameter<'a>],
    pub(crate) preconditions: Preconditions,
    /// Whose resource `/Me` is.
    pub(crate) subject: Option<&'a Subject>,
    /// Set for an operation of a bulk request.
    pub(crate) part: Option<Part>,
    /// What a query cost, and how it was read.
    pub(crate) seen: Seen,
}

/// What makes an operation of a bulk request another than the same request alone: its answer shows no resource, and it
/// may name resources that the same request is about to make.
#[derive(Clone, Default)]
pub(crate) struct Part {
    /// The ids of resources that refer to each other and are being made.
    pub(crate) arriving: Arc<HashSet<String>>,
    /// The id of the resource it makes, which is one of these.
    pub(crate) id: Option<String>,
}

/// A stored resource, read.
pub(crate) struct Loaded {
    pub(crate) stored: Stored,
    pub(crate) resource: Resource,
}

impl Call<'_> {
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        self.engine.admin.store()
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.engine.limits
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.principal.registry
    }

    pub(crate) fn scope(&self) -> Scope {
        Scope::Tenant(self.principal.tenant.id)
    }

    /// Whether a resource with this id is not there yet and will be.
    pub(crate) fn is_arriving(&self, id: &str) -> bool {
        self.part.as_ref().is_some_and(|part| part.arriving.contains(id))
    }

    pub(crate) fn actor(&self) -> Actor {
        match self.principal.is_application() {
            true => Actor("application".to_owned()),
            false => Actor(format!("connection:{}", self.principal.connection.policy.name)),
        }
    }

    /// The parameters of a list request.
    pub(crate) fn list_query(&self) -> Outcome<ListQuery> {
        Ok(ListQuery::from_query_pairs(self.pairs())?)
    }

    /// What the answer is to show, when it is one resource.
    pub(crate) fn projection(&self) -> Outcome<Projection> {
        let shown =
            |name: &str| ["attributes", "excludedAttributes"].iter().any(|known| known.eq_ignore_ascii_case(name));
        let query = ListQuery::from_query_pairs(self.pairs().filter(|(name, _)| shown(name)))?;
        check_projection(&query.projection)?;
        Ok(query.projection)
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The key of a resource; an id that none can have is not found.
    pub(crate) fn key(&self, resource_type: &ResourceType, id: &str) -> Outcome<Key> {
        let id = ResourceId::new(id).ok_or_else(|| Failure::no_resource(&resource_type.name, id))?;
        Ok(Key::new(&*resource_type.name, id))
    }

    /// Reads a resource.
    pub(crate) async fn load(&self, resource_type: &Arc<ResourceType>, key: &Key) -> Outcome<Option<Loaded>> {
        let Some(stored) = self.store().read(self.scope(), key, Want::ALL).await? else {
            return Ok(None);
        };
        let resource = Resource::from_stored(resource_type.clone(), &stored.doc)?;
        Ok(Some(Loaded { stored, resource }))
    }

    /// Reads a resource that is to be written, and checks what the client expects of it.
    pub(crate) async fn load_to_write(&self, resource_type: &Arc<ResourceType>, key: &Key) -> Outcome<Loaded> {
        let found = self.load(resource_type, key).await?;
        let loaded = found.ok_or_else(|| Failure::no_resource(&resource_type.name, key.id.as_str()))?;
        let tag = ETag(loaded.stored.version.0);
        if !self.preconditions.allow_write(tag) {
            return Err(Failure::precondition(tag));
        }
        Ok(loaded)
    }

    /// The address of a resource.
    pub(crate) fn location(&self, resource_type: &ResourceType, id: &str) -> String {
        location(&self.base, resource_type, id)
    }
}

/// The address of a resource below a base URL.
pub(crate) fn location(base: &str, resource_type: &ResourceType, id: &str) -> String {
    let endpoint = resource_type.endpoint.trim_start_matches('/');
    let mut location = String::with_capacity(base.len() + endpoint.len() + id.len() + 2);
    for part in [base, "/", endpoint, "/"] {
        location.push_str(part);
    }
    location.extend(percent_encoding::utf8_percent_encode(id, PATH_SEGMENT));
    location
}

/// What cannot stand in a segment of a path.
const PATH_SEGMENT: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@').remove(b':');
