//! One request, once it is known who asks: what every operation needs.

use super::dialect::Profile;
use super::failure::{Failure, Outcome};
use super::{Engine, Limits};
use crate::admin::Principal;
use scimstack_protocol::list::check_projection;
use scimstack_protocol::{ETag, ListQuery, Preconditions};
use scimstack_schema::{Projection, Registry, Resource, ResourceType, Timestamp};
use scimstack_store::{Actor, Key, ResourceId, Scope, Store, Stored, Want};
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
    pub(crate) query: &'a [(String, String)],
    pub(crate) preconditions: Preconditions,
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

    pub(crate) fn actor(&self) -> Actor {
        Actor(format!("connection:{}", self.principal.connection.policy.name))
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
        self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()))
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
    let id = percent_encoding::utf8_percent_encode(id, PATH_SEGMENT);
    format!("{base}/{}/{id}", resource_type.endpoint.trim_start_matches('/'))
}

/// What cannot stand in a segment of a path.
const PATH_SEGMENT: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@').remove(b':');
