//! Names that attributes cannot have.

use scimstack_derive::{ScimComplex, ScimExtension};

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a")]
struct A {
    #[scim(name = "2nd")]
    one: String,
    #[scim(name = "first name")]
    two: String,
    größe: String,
    #[scim(name = "$ref")]
    reference: String,
}

#[derive(ScimComplex)]
struct B {
    #[scim(name = "$REF")]
    reference: String,
}

fn main() {}
