//! Options that do not exist, with what was probably meant.

use scimstack_derive::{ScimComplex, ScimEnum, ScimExtension, ScimResource};

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a", nmae = "A")]
struct A {
    #[scim(retruned = "never")]
    one: Option<String>,
    #[scim(caseExact)]
    two: String,
    #[scim(banana)]
    three: String,
    #[scim(serde::rename = "x")]
    four: String,
}

#[derive(ScimResource)]
#[scim(urn = "urn:example:b", end_point = "/Bs", endpoint = "/Bs")]
struct B {
    #[scim(comon)]
    id: Option<String>,
}

#[derive(ScimComplex)]
#[scim(urn = "urn:example:c")]
struct C {
    one: String,
}

#[derive(ScimEnum)]
#[scim(rename = "lowercase")]
enum D {
    #[scim(alias = "other")]
    One,
}

fn main() {}
