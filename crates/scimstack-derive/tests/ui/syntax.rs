//! Options that are written in another form than theirs.

use scimstack_derive::{ScimExtension, ScimResource};

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a", name = "")]
struct A {
    #[scim(name = 3)]
    one: String,
    #[scim(description)]
    two: String,
    #[scim(case_exact = "yes")]
    three: String,
    #[scim(canonical = "x")]
    four: String,
    #[scim(canonical())]
    five: String,
    #[scim(canonical("x", "x"))]
    six: String,
    #[scim(reference_types(User))]
    seven: String,
}

#[derive(ScimExtension)]
#[scim(urn = "urn:example:b", crate = "not a path")]
struct B {}

#[derive(ScimResource)]
#[scim(urn = "urn:example:c", endpoint = "/Cs", extension = "A")]
struct C {}

#[derive(ScimResource)]
#[scim(urn = "urn:example:d", endpoint = "/Ds", extension(A, optional))]
struct D {}

fn main() {}
