//! Short words for what every test does: ingest a document of raw JSON, look at what came out.

use scimstack_schema::{IngestOptions, Ingested, Registry, ResourceType, Value, Violation, ViolationKind};
use std::sync::Arc;

pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(crate) const HAYSTACK: &str = "urn:ietf:params:scim:schemas:extension:haystack:1.0:User";

pub(crate) fn json(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e}: {text}"))
}

pub(crate) fn user_type() -> Arc<ResourceType> {
    Registry::haystack().resource_type("User").unwrap().clone()
}

pub(crate) fn group_type() -> Arc<ResourceType> {
    Registry::haystack().resource_type("Group").unwrap().clone()
}

pub(crate) fn strict() -> IngestOptions {
    IngestOptions::default()
}

/// Every leniency that reads more than the letter.
pub(crate) fn lenient() -> IngestOptions {
    let mut options = IngestOptions::default();
    options.boolean_strings = true;
    options.object_for_list = true;
    options.string_for_complex = true;
    options.empty_string_unassigns = true;
    options
}

pub(crate) fn refusing() -> IngestOptions {
    let mut options = IngestOptions::default();
    options.refuse_unknown = true;
    options
}

/// `members` of a user document beside its `schemas` and `userName`.
pub(crate) fn user_with(members: &str) -> Value {
    json(&format!(r#"{{"schemas":["{USER}","{ENTERPRISE}","{HAYSTACK}"],"userName":"ann@x.test",{members}}}"#))
}

pub(crate) fn ingest(r#type: &Arc<ResourceType>, document: Value, options: &IngestOptions) -> Ingested {
    match r#type.ingest(document, options) {
        Ok(found) => found,
        Err(violations) => panic!("{violations}"),
    }
}

pub(crate) fn refusals(r#type: &Arc<ResourceType>, document: Value, options: &IngestOptions) -> Vec<Violation> {
    match r#type.ingest(document, options) {
        Ok(found) => panic!("accepted: {}", String::from_utf8(found.resource.to_bytes()).unwrap()),
        Err(violations) => violations.0,
    }
}

/// Path and kind of every violation.
pub(crate) fn kinds(violations: &[Violation]) -> Vec<(&str, ViolationKind)> {
    violations.iter().map(|v| (v.path.as_str(), v.kind)).collect()
}

/// What a user document with `members` keeps of them, as JSON, `schemas` and `userName` left out.
pub(crate) fn kept(members: &str, options: &IngestOptions) -> String {
    let mut root = ingest(&user_type(), user_with(members), options).resource.root().clone();
    root.remove("schemas");
    root.remove("userName");
    Value::from(root).to_string()
}
