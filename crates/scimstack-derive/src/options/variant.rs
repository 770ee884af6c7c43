//! `#[scim(…)]` on a variant of an enum.

use super::{Given, Problems, each_option, flag, keep, text, unknown};
use syn::Variant;

/// What is said of a variant.
#[derive(Default)]
pub(crate) struct VariantOptions {
    /// The value on the wire.
    pub(crate) name: Option<Given<String>>,
    /// Takes every value that no other variant has.
    pub(crate) other: Option<Given<bool>>,
}

impl VariantOptions {
    pub(crate) fn read(variant: &Variant, problems: &mut Problems) -> Self {
        let mut options = Self::default();
        each_option(&variant.attrs, problems, |meta| match super::name_of(meta).as_str() {
            "name" => {
                let name = text(meta)?;
                keep(&mut options.name, meta, name.value)
            }
            "other" => {
                let other = flag(meta)?;
                keep(&mut options.other, meta, other)
            }
            _ => Err(unknown(meta, "a variant", &["name", "other"])),
        });
        options
    }
}
