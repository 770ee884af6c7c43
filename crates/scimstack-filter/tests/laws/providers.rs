//! PATCH bodies in the manner of identity providers mean what a careful client says with other words.

use crate::{Shown, text_of, with_resource};
use proptest::prelude::*;
use scimstack_filter::{Patch, PatchOptions, strategies};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// apply(sent, r) = apply(clean, r)
    #[test]
    fn a_provider_means_what_a_careful_client_says((Shown(resource), patch) in with_resource(strategies::provider_patch)) {
        let options = PatchOptions::default();
        let (mut theirs, mut ours) = (resource.clone(), resource.clone());
        let shown = patch.sent.to_string();
        let sent = Patch::from_value(patch.sent, &options).unwrap();
        match (sent.apply(&mut theirs, &options), patch.clean.apply(&mut ours, &options)) {
            (Ok(sent), Ok(clean)) => {
                prop_assert_eq!(text_of(&theirs), text_of(&ours), "{} on {}", shown, text_of(&resource));
                prop_assert_eq!((sent.changed, sent.relations), (clean.changed, clean.relations));
            }
            (Err(sent), Err(clean)) => prop_assert_eq!(sent.kind, clean.kind, "{}", shown),
            (sent, clean) => prop_assert!(false, "{:?}, but {:?}: {}", sent, clean, shown),
        }
    }
}
