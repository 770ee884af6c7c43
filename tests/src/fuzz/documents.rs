//! The documents that filters are evaluated on and PATCH bodies applied to, and what holds of every document.

use scimstack_schema::{IngestOptions, Registry, Resource, ResourceType, Value};
use std::sync::{Arc, LazyLock};

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::haystack);

const ANN: &str = r#"{
    "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    ],
    "id": "u1", "externalId": "E-7", "userName": "ann@x.test",
    "name": {"givenName": "Ann", "familyName": "Øre"}, "nickName": "An", "active": true,
    "emails": [
        {"value": "ann@x.test", "type": "work", "primary": true},
        {"value": "ann@home.test", "type": "home", "display": "At home"}
    ],
    "roles": [{"value": "r0", "primary": true}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "007", "manager": {"value": "u9"}}
}"#;

const BO: &str = r#"{
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "u2", "userName": "bo@x.test"
}"#;

const TOOLS: &str = r#"{
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g1", "displayName": "Tools"
}"#;

/// The resource types of the registry that everything is judged by.
pub(super) fn resource_types() -> &'static [Arc<ResourceType>] {
    REGISTRY.resource_types()
}

static SAMPLES: LazyLock<Vec<Resource>> = LazyLock::new(|| {
    let sample = |name: &str, text: &str| {
        let resource_type = REGISTRY.resource_type(name).expect("the registry has the type").clone();
        let mut resource = Resource::from_stored(resource_type, text.as_bytes()).expect("the sample is JSON");
        resource.normalize();
        resource
    };
    vec![sample("User", ANN), sample("User", BO), sample("Group", TOOLS)]
});

/// A user with much, a user with little, a group.
pub(super) fn samples() -> &'static [Resource] {
    &SAMPLES
}

/// What holds of every resource however it was made.
pub(super) fn assert_canonical(resource: &Resource, made_by: &str) {
    let bytes = resource.to_bytes();
    let text = String::from_utf8_lossy(&bytes);
    let read = Resource::from_stored(resource.resource_type().clone(), &bytes)
        .unwrap_or_else(|error| panic!("what {made_by} made cannot be read back: {error}: {text}"));
    assert!(&read == resource, "what {made_by} made is read back as another document: {text}");
    let mut tidied = resource.clone();
    tidied.normalize();
    assert_eq!(String::from_utf8_lossy(&tidied.to_bytes()), text, "what {made_by} made is not in order");
    let violations = resource.resource_type().validate(resource);
    assert!(violations.is_ok(), "what {made_by} made is not valid: {violations:?}: {text}");
    assert_ingest_changes_nothing(resource, made_by);
}

/// A client that sends back what it was shown changes nothing, and needs no leniency for it.
fn assert_ingest_changes_nothing(resource: &Resource, made_by: &str) {
    let mut strict = IngestOptions::default();
    strict.refuse_unknown = true;
    let text = String::from_utf8_lossy(&resource.to_bytes()).into_owned();
    let canonical = Value::parse(text.as_bytes()).expect("a document can be read back");
    let mut again = resource.resource_type().ingest(canonical, &strict).unwrap_or_else(|violations| {
        panic!("what {made_by} made is refused when it is sent back: {violations}: {text}");
    });
    if let Some(id) = resource.id() {
        again.resource.set_id(id);
    }
    let sent_back = String::from_utf8_lossy(&again.resource.to_bytes()).into_owned();
    assert!(&again.resource == resource, "what {made_by} made becomes, when it is sent back, {sent_back}, from {text}");
    assert_eq!(again.hidden, [], "what is never stored was in a document: {text}");
    assert_eq!(again.leniencies, Vec::<&str>::new(), "a document that was made needs leniency: {text}");
}

/// JSON that reads back as itself.
pub(super) fn assert_round_trip(value: &Value) {
    let bytes = value.to_bytes();
    let read = Value::parse(&bytes);
    let text = String::from_utf8_lossy(&bytes);
    assert_eq!(read.as_ref().ok(), Some(value), "printed JSON is read back otherwise: {text}");
}
