//! `Patch::diff`: it leads from one document to the other under the strictest reading, and says no more than it must.

use crate::{Shown, any_type, edited, support, text_of};
use proptest::prelude::*;
use scimstack_filter::{Patch, PatchOptions, PatchPath};
use scimstack_schema::{Resource, strategies};
use support::{same, same_value};

/// Two resources of one type that have nothing to do with each other, or where the second is the first, edited. What is
/// immutable has no value in the first, or keeps it.
fn pairs() -> BoxedStrategy<(Shown, Shown)> {
    let known = prop_oneof![Just(support::user()), Just(support::device())];
    let others = known.prop_flat_map(|r#type| (strategies::resource(&r#type), strategies::resource(&r#type)));
    let others = others.prop_map(|(before, mut after)| {
        after.set_id(before.id().unwrap());
        (Shown(before), Shown(after))
    });
    prop_oneof![1 => others, 3 => edited()].boxed()
}

/// The value an operation's path is about, without brackets and sub-attribute.
fn top<'a>(resource: &'a Resource, path: &str) -> Option<&'a scimstack_schema::Value> {
    let path = PatchPath::parse(path).unwrap();
    let mut resolved = resource.resource_type().resolve(&path.attribute.text).unwrap();
    if resolved.attribute.multi_valued {
        resolved.sub_attribute = None;
    }
    resource.value(&resolved).filter(|value| !value.is_unassigned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// apply(diff(a, b), a) = b, with every leniency off.
    #[test]
    fn a_difference_makes_the_one_of_the_other((Shown(before), Shown(after)) in pairs()) {
        let patch = Patch::diff(&before, &after);
        let mut changed = before.clone();
        let outcome = patch.apply(&mut changed, &PatchOptions::strict());
        prop_assert!(outcome.is_ok(), "{}: {:?}", patch.to_value(), outcome);
        prop_assert!(same(&changed, &after), "{} leads to {}", patch.to_value(), text_of(&changed));
        let outcome = outcome.unwrap();
        prop_assert!(outcome.leniencies.is_empty() && outcome.unknown.is_empty());
        prop_assert_eq!(outcome.changed, !same(&before, &after));
    }

    /// diff(a, b) is empty exactly when a = b.
    #[test]
    fn there_is_a_difference_only_where_something_differs((Shown(before), Shown(after)) in pairs()) {
        prop_assert!(Patch::diff(&before, &before).operations.is_empty());
        prop_assert_eq!(Patch::diff(&before, &after).operations.is_empty(), same(&before, &after));
    }

    /// No operation is about a value that is the same in both.
    #[test]
    fn a_difference_names_only_what_differs((Shown(before), Shown(after)) in pairs()) {
        let patch = Patch::diff(&before, &after);
        for operation in &patch.operations {
            let path = operation.path.as_deref().expect("a difference names what it changes");
            let equal = match (top(&before, path), top(&after, path)) {
                (Some(was), Some(is)) => same_value(was, is),
                (was, is) => was.is_none() && is.is_none(),
            };
            prop_assert!(!equal, "{} is the same in both: {}", path, patch.to_value());
        }
    }

    /// What is said is read: parse(print(diff)) = diff, and it is no longer than both documents.
    #[test]
    fn a_difference_can_be_sent((Shown(before), Shown(after)) in pairs()) {
        let patch = Patch::diff(&before, &after);
        if !patch.operations.is_empty() {
            prop_assert_eq!(Patch::from_value(patch.to_value(), &PatchOptions::strict()).unwrap(), patch);
        }
    }
}

#[test]
fn pairs_of_resources_are_often_equal_and_often_not() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let drawn = any_type().prop_flat_map(|r#type| strategies::edited(&r#type));
    let equal = (0..300).filter(|_| {
        let (before, after) = drawn.new_tree(&mut runner).unwrap().current();
        same(&before, &after)
    });
    let equal = equal.count();
    assert!((5..150).contains(&equal), "{equal} of 300 pairs are equal");
}
