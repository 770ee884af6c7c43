//! URIs that are no URNs, each for another reason.

use scimstack_derive::{ScimExtension, ScimResource};

#[derive(ScimExtension)]
#[scim(urn = "https://example.com/badge")]
struct A {}

#[derive(ScimExtension)]
#[scim(urn = "urn:badge")]
struct B {}

#[derive(ScimExtension)]
#[scim(urn = "urn:x:badge")]
struct C {}

#[derive(ScimExtension)]
#[scim(urn = "urn:example:params:scim:schemas:extension:")]
struct D {}

#[derive(ScimResource)]
#[scim(urn = "urn:example:my device", endpoint = "/Devices")]
struct E {}

fn main() {}
