//! Names that two fields of a struct have, whatever their case.

use scimstack_derive::{ScimComplex, ScimExtension};

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a")]
struct A {
    badge_number: String,
    #[scim(name = "badgeNumber")]
    other: String,
}

#[derive(ScimComplex)]
struct B {
    badge_number: String,
    badgenumber: String,
}

fn main() {}
