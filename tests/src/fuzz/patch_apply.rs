//! A resource and a PATCH together, `{"resource": …, "patch": …}`: what an ingest made is changed under every leniency
//! alone and under all of them; the laws are those of [`super::patch`], and `as_relation_delta` says what applying does
//! (RFC 7644 §3.5.2).

use super::{Outcome, documents, patch};
use scimstack_filter::{Patch, PatchOptions};
use scimstack_schema::{IngestOptions, Resource, Value};

pub(super) fn run(data: &[u8]) -> Outcome {
    let Ok(input) = Value::parse(data) else {
        return Outcome::Refused;
    };
    let (Some(document), Some(body)) = (input.get("resource"), input.get("patch")) else {
        return Outcome::Refused;
    };
    let mut accepted = false;
    for before in resources(document) {
        for options in readings() {
            let Ok(patch) = Patch::from_value(body.clone(), &options) else { continue };
            accepted |= patch::apply(&patch, &before, &options);
            assert_delta(&patch, &before, &options);
        }
    }
    if accepted { Outcome::Accepted } else { Outcome::Refused }
}

/// What the document is as a resource of each type.
fn resources(document: &Value) -> Vec<Resource> {
    let mut everything = IngestOptions::default();
    everything.boolean_strings = true;
    everything.object_for_list = true;
    everything.string_for_complex = true;
    let made = documents::resource_types().iter().filter_map(|resource_type| {
        let mut resource = resource_type.ingest(document.clone(), &everything).ok()?.resource;
        resource.set_id(document.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()).unwrap_or("u1"));
        Some(resource)
    });
    made.collect()
}

/// The letter, each leniency alone, the default, everything; and everything where unknown attributes are refused.
fn readings() -> Vec<PatchOptions> {
    let strict = PatchOptions::strict;
    let everything =
        PatchOptions::default().with_upsert_on_replace(true).with_empty_string_unassigns(true).with_short_manager(true);
    vec![
        strict(),
        strict().with_missing_schemas(true),
        strict().with_boolean_strings(true),
        strict().with_unwrap_single(true),
        strict().with_string_for_complex(true),
        strict().with_upsert_on_add(true),
        strict().with_upsert_on_replace(true),
        strict().with_remove_listed(true),
        strict().with_empty_string_unassigns(true),
        strict().with_keys_are_paths(true),
        strict().with_short_manager(true),
        strict().with_refuse_unknown(true),
        PatchOptions::default(),
        everything.clone(),
        everything.with_refuse_unknown(true),
    ]
}

/// A PATCH of relations alone does what it says without looking at the resource, and leaves the document.
fn assert_delta(patch: &Patch, before: &Resource, options: &PatchOptions) {
    let Ok(Some(delta)) = patch.as_relation_delta(before.resource_type(), options) else { return };
    let mut after = before.clone();
    let applied = patch.apply(&mut after, options);
    let shown = patch.to_value();
    let applied = applied.unwrap_or_else(|error| panic!("a delta of relations cannot be applied: {error}: {shown}"));
    assert_eq!(applied.relations, delta.relations, "a delta of relations is not what applying does: {shown}");
    assert!(&after == before, "a delta of relations changes the document: {shown}");
}
