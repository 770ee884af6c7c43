//! What a variant of an enum can be, and what it cannot.

use scimstack_derive::ScimEnum;

#[derive(ScimEnum)]
struct A {
    one: String,
}

#[derive(ScimEnum)]
enum B {
    One(u8),
    Two { x: u8 },
    #[scim(name = "ONE")]
    Three,
    #[scim(name = "")]
    Four,
}

#[derive(ScimEnum)]
enum C {
    One,
    #[scim(other)]
    Other,
    #[scim(other, name = "rest")]
    Rest(String),
}

#[derive(ScimEnum)]
enum D {}

fn main() {}
