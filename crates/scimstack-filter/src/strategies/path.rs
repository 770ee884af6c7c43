//! PATCH paths as they are written (RFC 7644 §3.5.2).

use super::filter::{path, plain};
use crate::path::PatchPath;
use proptest::prelude::*;

/// Any path that can be printed, whether or not what it names exists.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_filter::{PatchPath, strategies};
/// proptest!(ProptestConfig::with_cases(16), |(path in strategies::patch_path())| {
///     prop_assert_eq!(PatchPath::parse(&path.to_string()), Ok(path));
/// });
/// ```
pub fn patch_path() -> BoxedStrategy<PatchPath> {
    (path(), proptest::option::of((plain(), proptest::option::of(Just("value")))))
        .prop_map(|(attribute, brackets)| {
            let (filter, sub) = brackets.unzip();
            PatchPath { attribute, filter, sub_attribute: sub.flatten().map(Into::into) }
        })
        .boxed()
}
