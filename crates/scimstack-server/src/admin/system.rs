//! The system registry: the server's own records as resource types, so that stores index, find and log them as any other.
//! Their schemas are private and never published.

use scimstack_schema::{Attribute, Registry, RegistryError, Schema, Type, Uniqueness};
use std::sync::LazyLock;

pub(super) const TENANT: &str = "Tenant";
pub(super) const CONNECTION: &str = "Connection";
pub(super) const TOKEN: &str = "Token";
pub(super) const SCHEMA: &str = "Schema";
pub(super) const ADMINISTRATOR: &str = "Administrator";
pub(super) const HOLD: &str = "Hold";
pub(super) const INDEX: &str = "Index";
pub(super) const SECRET: &str = "Secret";
pub(super) const ISSUER: &str = "Issuer";

/// Kinds whose records belong to a tenant; they are indexed by it.
const OWNED: [&str; 6] = [CONNECTION, TOKEN, SCHEMA, INDEX, HOLD, ISSUER];

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the schemas are written below, and the tests here build the registry")]
    build().expect("the system schemas are sound")
});

pub(super) fn registry() -> &'static Registry {
    &REGISTRY
}

fn build() -> Result<Registry, RegistryError> {
    let mut builder = Registry::builder();
    for (kind, attributes) in [
        (TENANT, vec![unique("name"), policy(&["notify", "locked", "hris"])]),
        (
            CONNECTION,
            vec![
                unique("key"),
                tenant(),
                policy(&[
                    "name",
                    "enabled",
                    "createUsers",
                    "updateAttributes",
                    "deactivateUsers",
                    "pushGroups",
                    "reactivateOnCreate",
                    "maxDeactivations",
                    "deactivationWindow",
                    "welcomeDelay",
                    "unknownMembers",
                    "managerBy",
                    "dialect",
                    "readOnly",
                    "hidden",
                    "manual",
                    "adoptInvited",
                ]),
            ],
        ),
        (
            TOKEN,
            vec![
                unique("hash"),
                tenant(),
                text("connection"),
                text("label"),
                text("hint"),
                text("subjectType"),
                text("subject"),
                text("scopes"),
                text("use"),
                Attribute::new("expires", Type::DateTime),
                Attribute::new("revoked", Type::DateTime),
            ],
        ),
        (SCHEMA, vec![unique("key"), tenant(), text("resourceType"), text("definition")]),
        (INDEX, vec![unique("key"), tenant(), text("resourceType"), text("path"), text("of")]),
        (ADMINISTRATOR, vec![unique("name")]),
        (HOLD, vec![unique("key"), tenant(), text("connection"), text("reason")]),
        (SECRET, vec![unique("name")]),
        (
            ISSUER,
            vec![
                unique("key"),
                tenant(),
                text("connection"),
                text("issuer"),
                text("audience"),
                text("subject"),
                text("keys"),
                text("scopes"),
            ],
        ),
    ] {
        let schema = attributes
            .into_iter()
            .fold(Schema::new(format!("urn:scimstack:system:1.0:{kind}").as_str(), kind), Schema::with_attribute);
        builder = builder.resource_type(kind, &format!("/{kind}"), "", schema);
    }
    for kind in OWNED {
        builder = builder.indexed(kind, "tenant")?;
    }
    builder.build()
}

fn text(name: &str) -> Attribute {
    Attribute::new(name, Type::String).with_case_exact(true)
}

/// What names the record among those of its kind; without case.
fn unique(name: &str) -> Attribute {
    Attribute::new(name, Type::String).with_required(true).with_uniqueness(Uniqueness::Server)
}

fn tenant() -> Attribute {
    Attribute::new("tenant", Type::Integer).with_required(true)
}

/// Switches as an object, each of whatever type it is.
fn policy(names: &[&str]) -> Attribute {
    Attribute::new("policy", Type::Complex).with_sub_attributes(names.iter().map(|name| text(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scimstack_protocol::{ConnectionPolicy, TenantPolicy};

    #[test]
    fn every_kind_is_found_by_one_unique_value() {
        let registry = build().unwrap();
        for kind in [TENANT, CONNECTION, TOKEN, SCHEMA, INDEX, ADMINISTRATOR, HOLD, SECRET, ISSUER] {
            let resource_type = registry.resource_type(kind).unwrap();
            assert!(scimstack_store::plan::unique_attribute(resource_type).is_some(), "{kind}");
            assert_eq!(resource_type.indexed.len(), usize::from(OWNED.contains(&kind)), "{kind}");
        }
    }

    #[test]
    fn the_declared_switches_are_those_of_the_policies() {
        for (kind, policy) in [
            (TENANT, serde_json::to_value(TenantPolicy::default()).unwrap()),
            (CONNECTION, serde_json::to_value(ConnectionPolicy::default()).unwrap()),
        ] {
            let declared = registry().resource_type(kind).unwrap().resolve("policy").unwrap();
            let mut declared: Vec<_> = declared.attribute.sub_attributes.iter().map(|sub| &*sub.name).collect();
            let mut serialised: Vec<_> = policy.as_object().unwrap().keys().map(String::as_str).collect();
            declared.sort_unstable();
            serialised.sort_unstable();
            assert_eq!(declared, serialised);
        }
    }
}
