//! The difference of two resources as a PATCH.

use super::Patch;
use scimstack_schema::Resource;

pub(super) fn diff(_before: &Resource, _after: &Resource) -> Patch {
    todo!()
}
