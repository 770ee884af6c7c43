//! Filters and documents, each beside its floor: the least work that any implementation has to do on the same bytes.
//! Read ratios, not nanoseconds.

#![allow(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

use divan::{Bencher, black_box};
use scimstack_filter::{Filter, Patch, PatchOptions, ResolveOptions};
use scimstack_schema::{IngestOptions, Projection, Registry, Resource, Value};

fn main() {
    divan::main();
}

const FILTERS: [&str; 3] = [
    r#"userName eq "ann@example.com""#,
    r#"emails[type eq "work" and value co "@example.com"]"#,
    r#"(a eq 1 or b eq 2) and not (c eq 3) or d eq 4 and e eq 5 or f eq 6 and (g eq 7 or h eq 8)"#,
];

/// About the last member of [`USER`].
const LAST: &str = r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "bo@example.com""#;

const USER: &str = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
"userName":"ann@example.com","name":{"givenName":"Ann","familyName":"Example"},"displayName":"Ann Example","active":true,
"emails":[{"value":"ann@example.com","type":"work","primary":true},{"value":"ann@home.example","type":"home"}],
"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Research","employeeNumber":"007",
"manager":{"value":"bo@example.com"}}}"#;

/// Floor of parsing: every byte looked at once, one allocation.
#[divan::bench(args = FILTERS)]
fn floor_one_pass_and_one_allocation(bencher: Bencher<'_, '_>, text: &str) {
    bencher.bench(|| {
        let sum = black_box(text).bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        Box::new(sum)
    });
}

#[divan::bench(args = FILTERS)]
fn filter_parse(bencher: Bencher<'_, '_>, text: &str) {
    bencher.bench(|| Filter::parse(black_box(text)).unwrap());
}

/// Floor of evaluation: the comparison written by hand, with the same folding.
#[divan::bench]
fn floor_user_name_compared_by_hand(bencher: Bencher<'_, '_>) {
    let user = Value::parse(USER.as_bytes()).unwrap();
    let object = user.as_object().unwrap();
    bencher.bench(|| {
        let name = black_box(object).get("userName").and_then(Value::as_str);
        name.is_some_and(|name| scimstack_schema::fold::fold(name) == "ann@example.com")
    });
}

#[divan::bench]
fn filter_matches_user_name(bencher: Bencher<'_, '_>) {
    let registry = Registry::core();
    let resource_type = registry.resource_type("User").unwrap();
    let resolved = Filter::parse(FILTERS[0]).unwrap().resolve(resource_type, ResolveOptions::default()).unwrap();
    let user = Value::parse(USER.as_bytes()).unwrap();
    let object = user.as_object().unwrap();
    bencher.bench(|| resolved.matches(black_box(object)));
}

/// Floor of evaluation on text: the same bytes gone through and forgotten.
#[divan::bench]
fn floor_ignored_any(bencher: Bencher<'_, '_>) {
    bencher.bench(|| serde_json::from_str::<serde::de::IgnoredAny>(black_box(USER)).unwrap());
}

#[divan::bench(args = [FILTERS[0], FILTERS[1], LAST])]
fn filter_matches_text(bencher: Bencher<'_, '_>, filter: &str) {
    let registry = Registry::core();
    let resource_type = registry.resource_type("User").unwrap();
    let resolved = Filter::parse(filter).unwrap().resolve(resource_type, ResolveOptions::default()).unwrap();
    assert!(resolved.matches_json(USER));
    bencher.bench(|| resolved.matches_json(black_box(USER)));
}

/// Floor of ingest: the same bytes to a `serde_json::Value`.
#[divan::bench]
fn floor_serde_json_value(bencher: Bencher<'_, '_>) {
    bencher.bench(|| serde_json::from_str::<serde_json::Value>(black_box(USER)).unwrap());
}

#[divan::bench]
fn document_parse(bencher: Bencher<'_, '_>) {
    bencher.bench(|| Value::parse(black_box(USER).as_bytes()).unwrap());
}

#[divan::bench]
fn document_ingest(bencher: Bencher<'_, '_>) {
    let registry = Registry::core();
    let resource_type = registry.resource_type("User").unwrap();
    let options = IngestOptions::default();
    bencher.bench(|| resource_type.ingest(Value::parse(black_box(USER).as_bytes()).unwrap(), &options).unwrap());
}

/// A user as the server has it before a PATCH.
fn stored_user() -> Resource {
    let registry = Registry::core();
    let user = Value::parse(USER.as_bytes()).unwrap();
    registry.resource_type("User").unwrap().ingest(user, &IngestOptions::default()).unwrap().resource
}

/// Floor of showing what is stored: its bytes copied.
#[divan::bench]
fn floor_copy_of_the_bytes(bencher: Bencher<'_, '_>) {
    let stored = stored_user().to_bytes();
    bencher.bench(|| black_box(&stored).clone());
}

/// The same, after a look whether all of them may be shown.
#[divan::bench]
fn stored_text_shown(bencher: Bencher<'_, '_>) {
    let user = stored_user();
    let stored = String::from_utf8(user.to_bytes()).unwrap();
    let projection = Projection::all();
    let texts = projection.of_texts(user.resource_type(), &[]);
    bencher.bench(|| {
        let text = black_box(&stored);
        assert!(texts.leaves(text, |_| true));
        text.clone()
    });
}

/// The same by way of a tree, as for a projection that leaves something out.
#[divan::bench]
fn stored_tree_shown(bencher: Bencher<'_, '_>) {
    let user = stored_user();
    let stored = user.to_bytes();
    bencher.bench(|| {
        let mut document = Value::parse(black_box(&stored)).unwrap();
        Projection::all().apply(user.resource_type(), document.as_object_mut().unwrap());
        let mut out = Vec::with_capacity(1_024);
        document.write(&mut out);
        out
    });
}

/// Floor of a PATCH: the document copied and one member set.
#[divan::bench]
fn floor_clone_and_insert(bencher: Bencher<'_, '_>) {
    let user = stored_user();
    bencher.bench(|| {
        let mut root = black_box(&user).root().clone();
        root.insert("displayName", "Ann B. Example");
        root
    });
}

/// One operation each, on a copy of the user.
#[divan::bench(args = [
    r#"{"op":"replace","path":"displayName","value":"Ann B. Example"}"#,
    r#"{"op":"replace","path":"emails[type eq \"work\"].value","value":"ann.b@example.com"}"#,
    r#"{"op":"replace","value":{"displayName":"Ann B. Example","title":"Dr","name.givenName":"Anna"}}"#,
])]
fn patch_apply(bencher: Bencher<'_, '_>, operation: &str) {
    let user = stored_user();
    let body = format!(r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{operation}]}}"#);
    let options = PatchOptions::default();
    let patch = Patch::from_value(Value::parse(body.as_bytes()).unwrap(), &options).unwrap();
    bencher.bench(|| {
        let mut user = black_box(&user).clone();
        assert!(patch.apply(&mut user, &options).unwrap().changed);
        user
    });
}
