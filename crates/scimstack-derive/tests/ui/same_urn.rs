//! Two schemas of a resource type have different URIs.

use scimstack_derive::{ScimExtension, ScimResource};

#[derive(ScimExtension)]
#[scim(urn = "urn:example:badge")]
struct Badge {}

#[derive(ScimExtension)]
#[scim(urn = "urn:example:BADGE")]
struct Pass {}

#[derive(ScimExtension)]
#[scim(urn = "urn:example:device")]
struct Device2 {}

#[derive(ScimResource)]
#[scim(urn = "urn:example:device", endpoint = "/Devices", extension(Pass), extension(Device2))]
struct Device {
    #[scim(extension)]
    badge: Option<Badge>,
}

fn main() {}
