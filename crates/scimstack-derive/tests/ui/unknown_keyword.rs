//! Keywords that RFC 7643 §7 does not have.

use scimstack_derive::{ScimEnum, ScimExtension};

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a")]
struct A {
    #[scim(mutability = "readonly")]
    one: Option<String>,
    #[scim(returned = "sometimes")]
    two: Option<String>,
    #[scim(uniqueness = "sever")]
    three: Option<String>,
}

#[derive(ScimEnum)]
#[scim(rename_all = "camel-case")]
enum B {
    One,
}

fn main() {}
