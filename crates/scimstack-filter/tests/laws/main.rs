//! Laws as equations, on generated filters, resources and PATCHes: of the core types, of one with every kind of
//! attribute, and of types made at run time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected is to fail"
)]

#[path = "../support/mod.rs"]
mod support;

mod differences;
mod filters;
mod patches;
mod providers;

use proptest::prelude::*;
use scimstack_filter::PatchOptions;
use scimstack_schema::{Resource, ResourceType, strategies};
use std::fmt;
use std::sync::Arc;

/// A resource, or more of them, that shows as its document.
#[derive(Clone)]
pub(crate) struct Shown(pub(crate) Resource);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(&self.0))
    }
}

pub(crate) fn text_of(resource: &Resource) -> String {
    String::from_utf8(resource.to_bytes()).unwrap()
}

/// A user, a device, or a thing of a type made at run time.
pub(crate) fn any_type() -> BoxedStrategy<Arc<ResourceType>> {
    prop_oneof![
        2 => Just(support::user()),
        1 => Just(support::group()),
        1 => Just(support::device()),
        2 => strategies::resource_type(),
    ]
    .boxed()
}

/// A resource of any type.
pub(crate) fn any_resource() -> BoxedStrategy<Shown> {
    any_type().prop_flat_map(|r#type| strategies::resource(&r#type)).prop_map(Shown).boxed()
}

/// A resource of any type, and something drawn for it.
pub(crate) fn with_resource<T: fmt::Debug>(
    draw: impl Fn(&Resource) -> BoxedStrategy<T> + 'static,
) -> impl Strategy<Value = (Shown, T)> {
    any_resource().prop_flat_map(move |shown| {
        let drawn = draw(&shown.0);
        (Just(shown), drawn)
    })
}

/// A resource of any type, and an edited copy.
pub(crate) fn edited() -> BoxedStrategy<(Shown, Shown)> {
    let pair = any_type().prop_flat_map(|r#type| strategies::edited(&r#type));
    pair.prop_map(|(before, after)| (Shown(before), Shown(after))).boxed()
}

/// Everything that is ever accepted.
pub(crate) fn lenient() -> PatchOptions {
    PatchOptions::default().with_upsert_on_replace(true).with_empty_string_unassigns(true).with_short_manager(true)
}
