//! Laws, on generated filters, resources and PATCHes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected is to fail"
)]

#[path = "../support/generate.rs"]
mod generate;
#[path = "../support/mod.rs"]
mod support;

use generate::{Shown, any_filter, any_operation, any_plain_filter, any_resource, fitting_filter};
use proptest::prelude::*;
use scimstack_filter::{Filter, Patch, PatchOptions, PatchPath, ResolveOptions};
use scimstack_schema::{Resource, ResourceType, Value};
use std::sync::Arc;
use support::{device, naive, same, same_value, user};

/// The top-level member of a document that a path is about.
fn member(resource_type: &ResourceType, path: &str) -> String {
    let uri = resource_type
        .extensions
        .iter()
        .map(|extension| extension.schema.id.to_string())
        .find(|uri| path.starts_with(uri));
    uri.unwrap_or_else(|| path.split(['.', '[']).next().unwrap_or(path).to_owned())
}

fn lenient() -> PatchOptions {
    PatchOptions::default().with_upsert_on_replace(true).with_empty_string_unassigns(true).with_short_manager(true)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// parse(print(f)) = f
    #[test]
    fn what_is_printed_parses_to_the_same(filter in any_filter()) {
        let printed = filter.to_string();
        prop_assert_eq!(Filter::parse(&printed).map_err(|error| error.render()), Ok(filter), "{}", printed);
    }

    /// parse(print(p)) = p, for paths.
    #[test]
    fn a_path_that_is_printed_parses_to_the_same(filter in any_plain_filter(), sub in prop::option::of(Just("value"))) {
        let path = PatchPath {
            attribute: scimstack_filter::AttrPath::new("emails"),
            filter: Some(filter),
            sub_attribute: sub.map(str::to_owned),
        };
        prop_assert_eq!(PatchPath::parse(&path.to_string()).map_err(|error| error.render()), Ok(path));
    }

    /// No text makes the parsers do anything but answer, and the place of an error is in the text.
    #[test]
    fn any_text_has_an_answer(text in r#"([a-z]{1,3}|[()\[\]. "\\]|eq|pr|and|or|not|\PC){0,12}"#) {
        for error in [Filter::parse(&text).err(), PatchPath::parse(&text).err()].into_iter().flatten() {
            prop_assert!(error.span.end <= text.len());
            prop_assert!(error.render().lines().count() == 3);
        }
    }

    /// eval(f, d) = naive(f, d)
    #[test]
    fn evaluation_agrees_with_the_naive_one(
        (filter, Shown(resource)) in (fitting_filter(&user()), any_resource(&user())),
        (other, Shown(device)) in (fitting_filter(&device()), any_resource(&device())),
    ) {
        for (filter, resource) in [(filter, resource), (other, device)] {
            let resolved = filter.resolve(resource.resource_type(), ResolveOptions::default());
            prop_assert!(resolved.is_ok(), "{}: {:?}", filter, resolved);
            let document = Value::Object(resource.root().clone());
            let expected = naive::evaluate(&filter, resource.resource_type(), &document);
            prop_assert_eq!(resolved.unwrap().matches(resource.root()), expected, "{} on {}", filter, document);
        }
    }

    /// apply(diff(a, b), a) = b, with every leniency off.
    #[test]
    fn a_difference_makes_the_one_of_the_other(
        users in (any_resource(&user()), any_resource(&user())),
        devices in (any_resource(&device()), any_resource(&device())),
    ) {
        for (Shown(before), Shown(after)) in [users, devices] {
            let patch = Patch::diff(&before, &after);
            let mut changed = before.clone();
            let outcome = patch.apply(&mut changed, &PatchOptions::strict());
            prop_assert!(outcome.is_ok(), "{}: {:?}", patch.to_value(), outcome);
            prop_assert!(same(&changed, &after), "{}", patch.to_value());
            prop_assert_eq!(patch.operations.is_empty(), same(&before, &after));
            let outcome = outcome.unwrap();
            prop_assert!(outcome.leniencies.is_empty() && outcome.unknown.is_empty());
        }
    }

    /// A PATCH changes nothing but what it names, leaves a valid resource, or fails and leaves everything.
    #[test]
    fn a_patch_touches_only_what_it_names(
        Shown(resource) in any_resource(&user()),
        operations in prop::collection::vec(any_operation(&user()), 1..4),
        Shown(other) in any_resource(&device()),
        others in prop::collection::vec(any_operation(&device()), 1..4),
        strict in any::<bool>(),
    ) {
        let options = if strict { PatchOptions::strict() } else { lenient() };
        for (resource, operations) in [(resource, operations), (other, others)] {
            touches_only_what_it_names(&resource, &operations, &options)?;
        }
    }

    /// Applying an operation again changes nothing more, unless it goes by a filter, which may match other values then.
    #[test]
    fn an_operation_by_name_is_idempotent(Shown(resource) in any_resource(&user()), (path, operation) in any_operation(&user())) {
        if !path.contains('[') {
            let text = operation.to_string();
            let mut once = resource;
            if support::apply(&mut once, &text, &PatchOptions::strict()).is_ok() {
                let again = support::apply(&mut once, &text, &PatchOptions::strict());
                prop_assert!(again.as_ref().is_ok_and(|outcome| !outcome.changed), "{}: {:?}", text, again);
            }
        }
    }
}

fn touches_only_what_it_names(
    resource: &Resource,
    operations: &[(String, Value)],
    options: &PatchOptions,
) -> Result<(), TestCaseError> {
    let resource_type: &Arc<ResourceType> = resource.resource_type();
    let text: Vec<String> = operations.iter().map(|(_, operation)| operation.to_string()).collect();
    let text = text.join(",");
    let mut after = resource.clone();
    if support::apply(&mut after, &text, options).is_err() {
        return Ok(());
    }
    let named: Vec<String> = operations.iter().map(|(path, _)| member(resource_type, path)).collect();
    let is_named = |name: &str| name == "schemas" || named.iter().any(|named| named.eq_ignore_ascii_case(name));
    for (name, value) in resource.root().iter().filter(|(name, _)| !is_named(name)) {
        let kept = after.root().get(name).is_some_and(|now| same_value(now, value));
        prop_assert!(kept || named.iter().any(|name| name == "schemas"), "{name} after {text}");
    }
    let valid = resource_type.validate(&after);
    prop_assert!(valid.is_ok(), "{valid:?} after {text} on {:?}", resource.root());
    Ok(())
}
