//! Characteristics that the field's type does not have.

use scimstack_derive::{ScimComplex, ScimExtension};
use scimstack_schema::typed::{Binary, Reference};

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a")]
struct A {
    #[scim(case_exact)]
    floor: i64,
    #[scim(case_exact = false)]
    link: Reference,
    #[scim(uniqueness = "server")]
    active: bool,
    #[scim(uniqueness = "global")]
    key: Binary,
    #[scim(uniqueness = "server")]
    place: Option<Place>,
    #[scim(canonical("1", "2"))]
    level: u8,
    #[scim(reference_types("User"))]
    owner: String,
}

#[derive(ScimComplex)]
struct Place {
    building: String,
}

fn main() {}
