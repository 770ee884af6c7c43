//! PATCH: all or nothing, nothing beyond what is named, the truth about what changed, and the same again changes nothing.

use crate::{Shown, any_type, lenient, support, text_of, with_resource};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use scimstack_filter::patch::{Op, OpKind};
use scimstack_filter::{Patch, PatchOptions, strategies};
use scimstack_schema::{Resource, ResourceType, ViolationKind};
use support::{same, same_value};

/// The top-level member of a document that a path is about.
fn member(resource_type: &ResourceType, path: &str) -> String {
    let uri = resource_type
        .extensions
        .iter()
        .map(|extension| extension.schema.id.to_string())
        .filter(|uri| path.get(..uri.len()).is_some_and(|head| head.eq_ignore_ascii_case(uri)))
        .max_by_key(String::len);
    uri.unwrap_or_else(|| path.split(['.', '[']).next().unwrap_or(path).to_owned())
}

/// A resource of any type, and operations that may make no sense for it.
fn wild() -> BoxedStrategy<(Shown, Vec<(String, Op)>)> {
    let drawn = any_type().prop_flat_map(|r#type| {
        let operations = proptest::collection::vec(strategies::wild_operation(&r#type), 1..4);
        (scimstack_schema::strategies::resource(&r#type), operations)
    });
    drawn.prop_map(|(resource, operations)| (Shown(resource), operations)).boxed()
}

fn assert_touches_only_what_is_named(
    resource: &Resource,
    named: &[(String, Op)],
    options: &PatchOptions,
) -> Result<(), TestCaseError> {
    let resource_type = resource.resource_type();
    let patch = Patch { operations: named.iter().map(|(_, operation)| operation.clone()).collect() };
    let mut after = resource.clone();
    match patch.apply(&mut after, options) {
        Err(error) => {
            prop_assert!(!error.detail.is_empty());
            prop_assert_eq!(text_of(&after), text_of(resource), "{} failed", patch.to_value());
        }
        Ok(outcome) => {
            prop_assert_eq!(outcome.changed, !same(&after, resource), "{}", patch.to_value());
            let named: Vec<String> = named.iter().map(|(path, _)| member(resource_type, path)).collect();
            let is_named = |name: &str| name == "schemas" || named.iter().any(|named| named.eq_ignore_ascii_case(name));
            for (name, value) in resource.root().iter().filter(|(name, _)| !is_named(name)) {
                let kept = after.root().get(name).is_some_and(|now| same_value(now, value));
                // An extension that `schemas` lists no more is gone.
                let unlisted = named.iter().any(|named| named == "schemas");
                prop_assert!(kept || unlisted, "{} after {}", name, patch.to_value());
            }
            for (name, _) in after.root().iter().filter(|(name, _)| !is_named(name)) {
                prop_assert!(resource.root().get(name).is_some(), "{} out of nowhere, {}", name, patch.to_value());
            }
            // What is required of the whole is judged by who asked for the PATCH.
            let violations = resource_type.validate(&after).err().map(|violations| violations.0).unwrap_or_default();
            let wrong = violations.iter().any(|violation| violation.kind != ViolationKind::Required);
            prop_assert!(!wrong, "{:?} after {} on {}", violations, patch.to_value(), text_of(resource));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// A PATCH changes nothing but what it names, leaves every value of its type, or fails and leaves everything.
    #[test]
    fn a_patch_touches_only_what_it_names((Shown(resource), operations) in wild(), strict in any::<bool>()) {
        let options = if strict { PatchOptions::strict() } else { lenient() };
        assert_touches_only_what_is_named(&resource, &operations, &options)?;
    }

    /// What makes sense is applied, and read back as it was printed.
    #[test]
    fn an_operation_that_makes_sense_is_applied((Shown(resource), operation) in with_resource(strategies::operation)) {
        let patch = Patch { operations: vec![operation] };
        let mut after = resource.clone();
        let outcome = patch.apply(&mut after, &PatchOptions::strict());
        prop_assert!(outcome.is_ok(), "{}: {:?} on {}", patch.to_value(), outcome, text_of(&resource));
        prop_assert!(resource.resource_type().validate(&after).is_ok(), "{}", text_of(&after));
        prop_assert_eq!(Patch::from_value(patch.to_value(), &PatchOptions::strict()).unwrap(), patch);
    }

    /// apply(p, apply(p, r)) = apply(p, r), for one operation that goes by no filter (which may match other values then).
    #[test]
    fn an_operation_by_name_is_idempotent(
        (Shown(resource), operation) in with_resource(strategies::operation),
        (Shown(other), wild) in wild(),
    ) {
        for (mut once, operation) in [(resource, operation), (other, wild[0].1.clone())] {
            if operation.path.as_ref().is_some_and(|path| path.contains('[')) {
                continue;
            }
            let patch = Patch { operations: vec![operation] };
            if patch.apply(&mut once, &PatchOptions::strict()).is_ok() {
                let shown = text_of(&once);
                let again = patch.apply(&mut once, &PatchOptions::strict());
                prop_assert!(again.as_ref().is_ok_and(|outcome| !outcome.changed), "{}: {:?}", patch.to_value(), again);
                prop_assert_eq!(text_of(&once), shown, "unchanged, yet another text: {}", patch.to_value());
            }
        }
    }

    /// Putting every attribute where it is changes nothing, and says so.
    #[test]
    fn replacing_each_value_by_itself_is_no_change((Shown(resource), _) in with_resource(|_| Just(()).boxed())) {
        let mut operations = Vec::new();
        for (name, value) in resource.root().iter().filter(|(name, _)| *name != "schemas" && *name != "id") {
            let declared = resource.resource_type().schema.attribute(name);
            // One that cannot be set twice is sent back like the others.
            operations.push(Op { kind: OpKind::Replace, path: Some(name.to_owned()), value: Some(value.clone()) });
            if declared.is_some_and(|attribute| !attribute.multi_valued) {
                operations.push(Op { kind: OpKind::Add, path: Some(name.to_owned()), value: Some(value.clone()) });
            }
        }
        for kind in [OpKind::Replace, OpKind::Add] {
            operations.push(Op { kind, path: None, value: Some(resource.root().clone().into()) });
        }
        for operation in operations {
            let patch = Patch { operations: vec![operation] };
            let mut after = resource.clone();
            let outcome = patch.apply(&mut after, &PatchOptions::strict());
            prop_assert!(outcome.as_ref().is_ok_and(|outcome| !outcome.changed), "{}: {:?}", patch.to_value(), outcome);
            prop_assert_eq!(text_of(&after), text_of(&resource), "{}", patch.to_value());
        }
    }
}

#[test]
fn most_patches_for_a_resource_can_be_applied_and_most_change_something() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let drawn = with_resource(strategies::patch);
    let (mut applied, mut changed) = (0, 0);
    for _ in 0..300 {
        let (Shown(mut resource), patch) = drawn.new_tree(&mut runner).unwrap().current();
        if let Ok(outcome) = patch.apply(&mut resource, &PatchOptions::strict()) {
            applied += 1;
            changed += i32::from(outcome.changed || !outcome.relations.is_empty());
        }
    }
    assert!(applied > 240 && changed > 180, "of 300, {applied} are applied and {changed} change something");
}
