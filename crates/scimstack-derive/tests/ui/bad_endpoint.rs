//! Endpoints that are none, or are somebody else's.

use scimstack_derive::ScimResource;

#[derive(ScimResource)]
#[scim(urn = "urn:example:a", endpoint = "Devices")]
struct A {}

#[derive(ScimResource)]
#[scim(urn = "urn:example:b", endpoint = "/v2/Devices")]
struct B {}

#[derive(ScimResource)]
#[scim(urn = "urn:example:c", endpoint = "/Schemas")]
struct C {}

fn main() {}
