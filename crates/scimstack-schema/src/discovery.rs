//! The standard's schemas and resource types as data, and discovery documents made from a registry
//! (RFC 7643 §5 to §8, RFC 7644 §4, RFC 9865 §4). Every registry is built from the JSON in `schemas/`, so what is
//! published is what is enforced.
//!
//! ```
//! use scimstack_schema::{Registry, discovery};
//!
//! let registry = Registry::core();
//! let user = discovery::resource_type_document(registry.resource_type("User").unwrap(), "https://idp.test/scim/v2");
//! assert_eq!(user.get("endpoint").unwrap().as_str(), Some("/Users"));
//! let location = user.get("meta").unwrap().get("location").unwrap();
//! assert_eq!(location.as_str(), Some("https://idp.test/scim/v2/ResourceTypes/User"));
//! ```

use crate::registry::{Registry, RegistryBuilder, RegistryError, ResourceType};
use crate::relation::ReferenceKey::{Email, ExternalId, Id, UserName};
use crate::schema::Schema;
use crate::uri::{ENTERPRISE_USER, HAYSTACK_USER, RESOURCE_TYPE};
use crate::value::{Object, Value};
use std::sync::{Arc, LazyLock};

static CORE: LazyLock<Registry> = LazyLock::new(|| embedded(build_core()));
static HAYSTACK: LazyLock<Registry> = LazyLock::new(|| embedded(build_haystack()));
static DISCOVERY: LazyLock<Vec<Schema>> = LazyLock::new(|| {
    [
        include_str!("../schemas/service_provider_config.json"),
        include_str!("../schemas/resource_type.json"),
        include_str!("../schemas/schema.json"),
    ]
    .map(|text| embedded(read(text)))
    .into()
});

/// The embedded registry of RFC 7643's own types.
pub(crate) fn core_registry() -> Registry {
    CORE.clone()
}

/// [`core_registry`] with the Haystack extension.
pub(crate) fn haystack_registry() -> Registry {
    HAYSTACK.clone()
}

/// The schemas of the discovery documents themselves: ServiceProviderConfig, ResourceType, Schema.
///
/// They are for showing: `Schema` nests complex attributes, which no other schema may.
#[must_use]
pub fn discovery_schemas() -> &'static [Schema] {
    &DISCOVERY
}

/// The ResourceType resource, with `meta.location` under `base` (no trailing slash).
#[must_use]
pub fn resource_type_document(resource_type: &ResourceType, base: &str) -> Value {
    let mut out = Object::new();
    out.insert("schemas", vec![RESOURCE_TYPE]);
    out.insert("id", &*resource_type.name);
    out.insert("name", &*resource_type.name);
    if !resource_type.description.is_empty() {
        out.insert("description", resource_type.description.as_str());
    }
    out.insert("endpoint", format!("/{}", resource_type.endpoint.trim_start_matches('/')));
    out.insert("schema", resource_type.schema.id.as_str());
    if !resource_type.extensions.is_empty() {
        let extension = |extension: &crate::registry::Extension| -> Object {
            [("schema", Value::from(extension.schema.id.as_str())), ("required", extension.required.into())]
                .into_iter()
                .collect()
        };
        out.insert("schemaExtensions", resource_type.extensions.iter().map(extension).collect::<Vec<_>>());
    }
    out.insert("meta", meta("ResourceType", format!("{base}/ResourceTypes/{}", resource_type.name)));
    out.into()
}

/// The Schema resource, with `meta.location` under `base` (no trailing slash).
#[must_use]
pub fn schema_document(schema: &Schema, base: &str) -> Value {
    let mut document = schema.to_json();
    if let Some(object) = document.as_object_mut() {
        object.insert("meta", meta("Schema", format!("{base}/Schemas/{}", schema.id)));
    }
    document
}

fn meta(resource_type: &str, location: String) -> Object {
    [("resourceType", resource_type.to_owned()), ("location", location)].into_iter().collect()
}

pub(crate) fn read(text: &str) -> Result<Schema, RegistryError> {
    let document = Value::parse(text.as_bytes())
        .map_err(|e| RegistryError::Schema { schema: "(embedded)".to_owned(), problem: e.to_string() })?;
    Schema::from_json(&document)
}

/// What was built from the crate's own data, which the crate's tests read.
pub(crate) fn embedded<T>(built: Result<T, RegistryError>) -> T {
    #[expect(clippy::expect_used, reason = "the data is part of the crate, and its tests build every registry from it")]
    built.expect("the embedded schemas are sound")
}

fn build_core() -> Result<Registry, RegistryError> {
    core_builder(&["User", "Group"])?.build()
}

/// `User` and `Group`, whose members may be of these resource types.
pub(crate) fn core_builder(members: &[&str]) -> Result<RegistryBuilder, RegistryError> {
    let by_unique_key = &[Id, UserName, ExternalId];
    let manager = format!("{ENTERPRISE_USER}:manager.value");
    let mut group = read(include_str!("../schemas/group.json"))?;
    for attribute in &mut group.attributes {
        for sub in Arc::make_mut(attribute).sub_attributes.iter_mut().map(Arc::make_mut) {
            let names = || members.iter().map(|&name| name.to_owned()).collect();
            match &*sub.name {
                "$ref" => sub.reference_types = names(),
                "type" => sub.canonical_values = Some(names()),
                _ => {}
            }
        }
    }
    Registry::builder()
        .resource_type("User", "/Users", "People with an account", read(include_str!("../schemas/user.json"))?)
        .extension("User", read(include_str!("../schemas/enterprise_user.json"))?, false)?
        .indexed("User", "emails.value")?
        .indexed("User", "name.familyName")?
        .indexed("User", "name.givenName")?
        .indexed("User", &format!("{ENTERPRISE_USER}:department"))?
        .indexed("User", &format!("{ENTERPRISE_USER}:employeeNumber"))?
        .searched("User", "userName")?
        .searched("User", "displayName")?
        .searched("User", "emails.value")?
        .found_without("User", &[&manager])?
        .relation("User", "manager", &manager, &[Id, UserName, ExternalId, Email], &["User"])?
        .resource_type("Group", "/Groups", "Sets of users and groups", group)
        .searched("Group", "displayName")?
        .relation("Group", "members", "members.value", by_unique_key, members)
}

fn build_haystack() -> Result<Registry, RegistryError> {
    let path = format!("{HAYSTACK_USER}:managerExternalId");
    let manager = format!("{ENTERPRISE_USER}:manager.value");
    CORE.to_builder()
        .extension("User", read(include_str!("../schemas/haystack_user.json"))?, false)?
        .found_without("User", &[&manager, &path])?
        .relation("User", "managerExternalId", &path, &[ExternalId, Id, UserName, Email], &["User"])?
        .build()
}
