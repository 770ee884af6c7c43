//! Extensions of a resource type are extensions.

use scimstack_derive::{ScimComplex, ScimResource};

#[derive(ScimComplex)]
struct Badge {
    number: String,
}

#[derive(ScimResource)]
#[scim(urn = "urn:example:a", endpoint = "/As")]
struct A {
    #[scim(extension)]
    badge: Option<Badge>,
}

#[derive(ScimResource)]
#[scim(urn = "urn:example:b", endpoint = "/Bs", extension(Badge))]
struct B {}

fn main() {}
