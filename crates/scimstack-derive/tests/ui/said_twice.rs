//! Options that stand there more than once.

use scimstack_derive::{ScimExtension, ScimResource};

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a", urn = "urn:example:b")]
struct A {
    #[scim(name = "x", name = "y")]
    one: String,
    #[scim(required)]
    #[scim(required = false)]
    two: Option<String>,
}

#[derive(ScimResource)]
#[scim(urn = "urn:example:b", endpoint = "/Bs")]
struct B {
    #[scim(common, common)]
    id: Option<String>,
    #[scim(common, skip)]
    external_id: Option<String>,
}

fn main() {}
