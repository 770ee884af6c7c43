//! Types that no attribute has.

use scimstack_derive::ScimExtension;

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a")]
struct A {
    address: std::net::IpAddr,
}

#[derive(ScimExtension)]
#[scim(urn = "urn:example:b")]
struct B {
    count: Option<u64>,
}

#[derive(ScimExtension)]
#[scim(urn = "urn:example:c")]
struct C {
    doors: Option<Vec<String>>,
}

fn main() {}
