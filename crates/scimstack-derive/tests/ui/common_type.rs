//! The common attributes have the types that RFC 7643 §3.1 gives them.

use scimstack_derive::ScimResource;

#[derive(ScimResource)]
#[scim(urn = "urn:example:a", endpoint = "/As")]
struct A {
    #[scim(common)]
    id: Option<i64>,
    #[scim(common)]
    external_id: Vec<String>,
    #[scim(common)]
    meta: Option<String>,
}

fn main() {}
