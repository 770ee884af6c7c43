//! RFC 7643 as a client sees it: what the server gives to every resource, what it says of itself, what it never keeps.
//! How documents are judged is proven beside the schema model itself.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use futures_executor::block_on;
use http::Method;
use scimstack_schema::uri::HAYSTACK_USER;
use scimstack_schema::{Attribute, Registry, Schema, Type, Uniqueness};
use scimstack_store::{FeedQuery, FeedScope, Key, ResourceId, Scope, Want};
use serde_json::Value;
use std::collections::BTreeSet;
use support::{BASE, ENTERPRISE, Setting, USER, World};

over_every_store! {
    every_reference_that_is_shown_can_be_read in Setting::directory();
    every_type_gets_its_id_and_meta_from_the_server in Setting::rfc().registry(super::with_teams());
    ids_are_unique_over_all_types_and_never_given_again in Setting::directory();
    the_server_gives_nobody_an_external_id in Setting::directory();
    a_location_is_the_one_address_of_a_resource in Setting::directory();
    passwords_are_in_no_record_and_no_change in Setting::directory();
    the_configuration_has_all_that_is_required in Setting::directory();
    discovery_is_read_only in Setting::directory();
    every_schema_that_is_in_use_is_published in Setting::directory();
    unique_values_are_given_once_in_each_tenant in Setting::rfc().registry(super::with_badges());
    case_exact_decides_what_a_filter_finds in Setting::rfc().registry(super::with_badges());
    references_and_binaries_differ_by_case in Setting::directory();
}

const TEAM: &str = "urn:example:params:scim:schemas:Team";
const BADGE: &str = "urn:example:params:scim:schemas:extension:badge:1.0:User";

/// The core types and one of a customer's own.
fn with_teams() -> Registry {
    let team = Schema::new(TEAM, "Team").with_attribute(Attribute::new("colour", Type::String));
    Registry::core().to_builder().resource_type("Team", "/Teams", "Teams", team).build().unwrap()
}

/// Users with two unique values, and two that differ in `caseExact` only.
fn with_badges() -> Registry {
    let text = |name: &str| Attribute::new(name, Type::String);
    let badge = Schema::new(BADGE, "Badge")
        .with_attribute(text("server").with_uniqueness(Uniqueness::Server))
        .with_attribute(text("global").with_uniqueness(Uniqueness::Global))
        .with_attribute(text("exact").with_case_exact(true))
        .with_attribute(text("folded"));
    Registry::core().to_builder().extension("User", badge, false).unwrap().build().unwrap()
}

/// Every `$ref` and `location` in a document.
fn references(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match (name.as_str(), value) {
                    ("$ref" | "location", Value::String(uri)) => {
                        out.insert(uri.clone());
                    }
                    _ => references(value, out),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| references(element, out)),
        _ => {}
    }
}

fn every_reference_that_is_shown_can_be_read(w: &World) {
    let boss = w.user("boss");
    // What a client says of the address is not shown: whoever the value names has another.
    let manager = format!(r#"{{"value":"{boss}","$ref":"{BASE}/Users/nobody"}}"#);
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"ann","{ENTERPRISE}":{{"manager":{manager}}}}}"#);
    let ann = w.post("/Users", body).send().expect(201).id();
    let waits = manager.replace(&boss, "somebody who comes later").replace("nobody", "no-one");
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"cy","{ENTERPRISE}":{{"manager":{waits}}}}}"#);
    w.post("/Users", body).send().expect(201);
    let inner = w.group("Inner", &[&ann]);
    w.group("Outer", &[&inner, &boss]);
    let mut found = BTreeSet::new();
    for path in ["", "/Users", "/Groups", "/Schemas", "/ResourceTypes", "/ServiceProviderConfig"] {
        references(&w.get(path).send().expect(200).json(), &mut found);
    }
    for end in [format!("/Users/{boss}"), format!("/Users/{ann}"), format!("/Groups/{inner}")] {
        assert!(found.contains(&format!("{BASE}{end}")), "{end} in {found:?}");
    }
    for uri in found {
        // Absolute, and below the base URL as any endpoint is.
        let path = uri.strip_prefix(BASE).unwrap_or_else(|| panic!("{uri}"));
        w.get(path).send().expect(200);
    }
}

fn every_type_gets_its_id_and_meta_from_the_server(w: &World) {
    let body = format!(r#"{{"schemas":["{TEAM}"],"id":"mine","colour":"red","externalId":"T-1"}}"#);
    let team = w.post("/Teams", body).send().expect(201);
    let id = team.id();
    assert_ne!(id, "mine");
    let expected = format!(
        r#"{{"schemas":["{TEAM}"],"id":"{id}","externalId":"T-1","colour":"red","meta":{{"resourceType":"Team",
        "created":"2026-01-01T00:00:00.000Z","lastModified":"2026-01-01T00:00:00.000Z",
        "location":"{BASE}/Teams/{id}","version":"W/\"1\""}}}}"#
    );
    team.shows(&expected);
    for filter in [format!("id eq \"{id}\""), "externalId eq \"T-1\"".to_owned(), "meta.created pr".to_owned()] {
        assert_eq!(w.get(&format!("/Teams?filter={filter}")).send().expect(200).ids(), [id.as_str()], "{filter}");
    }
    let path = format!("/Teams/{id}");
    let answers = [
        w.get(&path).send(),
        w.put(&path, format!(r#"{{"schemas":["{TEAM}"],"colour":"blue"}}"#)).send(),
        w.patch(&path, r#"[{"op":"replace","path":"colour","value":"green"}]"#).send(),
        w.get(&format!("{path}?excludedAttributes=id")).send(),
    ];
    for answer in answers {
        assert_eq!(answer.expect(200).id(), id);
    }
}

fn ids_are_unique_over_all_types_and_never_given_again(w: &World) {
    let mut seen = BTreeSet::new();
    for n in 0..20 {
        let user = w.user(&format!("p{n}"));
        let group = w.group(&format!("G{n}"), &[&user]);
        for (path, id) in [(format!("/Users/{user}"), user), (format!("/Groups/{group}"), group)] {
            let plain = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b) || b == b'-';
            assert!(id.bytes().all(plain), "{id} can hold no word such as bulkId");
            assert!(seen.insert(id), "{path}");
            w.delete(&path).send().expect(204);
        }
    }
    for n in 0..20 {
        assert!(seen.insert(w.user(&format!("p{n}"))));
    }
}

fn the_server_gives_nobody_an_external_id(w: &World) {
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"ann"}}"#);
    let made = w.post("/Users", body.as_str()).send().expect(201);
    let path = format!("/Users/{}", made.id());
    let mut answers = vec![made];
    answers.push(w.put(&path, body.replace('}', r#","title":"t"}"#)).send());
    answers.push(w.patch(&path, r#"[{"op":"replace","path":"title","value":"u"}]"#).send());
    block_on(w.engine.sign_in("acme", "ann")).unwrap();
    answers.push(w.get(&path).send());
    for answer in answers {
        assert_eq!(answer.json().get("externalId"), None, "{}", answer.text());
    }
    let set = r#"[{"op":"add","path":"externalId","value":"As-Sent"}]"#;
    w.patch(&path, set).send().expect(200).shows(r#"{"externalId":"As-Sent"}"#);
}

fn a_location_is_the_one_address_of_a_resource(w: &World) {
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"ann"}}"#);
    let made = w.post("/Users", body).send().expect(201);
    let path = format!("/Users/{}", made.id());
    let location = format!("{BASE}{path}");
    assert_eq!(made.header("location"), Some(location.as_str()));
    let read = w.get(&format!("{path}?attributes=meta")).send();
    let patched = w.patch(&path, r#"[{"op":"add","path":"title","value":"t"}]"#).send();
    for answer in [made, read, patched] {
        assert_eq!(answer.json()["meta"]["location"], location);
        assert!(answer.header("content-location").is_none_or(|header| header == location));
        assert_eq!(answer.json()["meta"]["version"], answer.etag());
    }
}

/// RFC 7643 §9.2
fn passwords_are_in_no_record_and_no_change(w: &World) {
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"ann","password":"geheim-1"}}"#);
    let ann = w.post("/Users", body.as_str()).send().expect(201).id();
    let path = format!("/Users/{ann}");
    w.put(&path, body.replace("geheim-1", "geheim-2")).send().expect(200);
    for (op, password) in [("add", "geheim-3"), ("replace", "geheim-4")] {
        let operations = format!(
            r#"[{{"op":"{op}","path":"password","value":"{password}"}},{{"op":"{op}","path":"title","value":"{op}"}}]"#
        );
        w.patch(&path, &operations).send().expect(200);
    }
    let store = w.engine.admin().store();
    let key = Key::new("User", ResourceId::new(&ann).unwrap());
    let record = block_on(store.read(Scope::Tenant(w.tenant), &key, Want::ALL)).unwrap().unwrap();
    let feed = block_on(store.changes(&FeedQuery::new(FeedScope::All, 1_000))).unwrap();
    assert!(!feed.more && feed.changes.iter().any(|change| change.before.is_some()));
    for text in [format!("{record:?}"), format!("{:?}", feed.changes)] {
        assert!(!text.contains("geheim"), "{text}");
    }
}

fn the_configuration_has_all_that_is_required(w: &World) {
    let config = w.get("/ServiceProviderConfig").send().expect(200).json();
    for (part, name) in [
        ("patch", "supported"),
        ("bulk", "supported"),
        ("filter", "supported"),
        ("changePassword", "supported"),
        ("sort", "supported"),
        ("etag", "supported"),
    ] {
        assert!(config[part][name].is_boolean(), "{part}.{name} in {config}");
    }
    for (part, name) in [("bulk", "maxOperations"), ("bulk", "maxPayloadSize"), ("filter", "maxResults")] {
        assert!(config[part][name].is_u64(), "{part}.{name} in {config}");
    }
    assert!(config["filter"]["maxResults"].as_u64().is_some_and(|most| most > 0));
    let kinds = ["oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"];
    let schemes = config["authenticationSchemes"].as_array().unwrap();
    assert!(!schemes.is_empty());
    for scheme in schemes {
        assert!(kinds.contains(&scheme["type"].as_str().unwrap()), "{scheme}");
        assert!(["name", "description"].iter().all(|name| scheme[*name].as_str().is_some_and(|text| !text.is_empty())));
    }
    assert!(!config.to_string().contains("null"), "what is not set is left out: {config}");
}

fn discovery_is_read_only(w: &World) {
    let schema = format!("/Schemas/{USER}");
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas", &schema] {
        let before = w.get(path).send().expect(200).json();
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            w.call(method, path).body(before.to_string()).send().expect(405);
        }
        assert_eq!(w.get(path).send().expect(200).json(), before);
    }
}

fn every_schema_that_is_in_use_is_published(w: &World) {
    let listed = w.get("/Schemas").send().expect(200).json();
    let listed = listed["Resources"].as_array().unwrap();
    for schema in listed {
        let id = schema["id"].as_str().unwrap();
        assert_eq!(&w.get(&format!("/Schemas/{id}")).send().expect(200).json(), schema);
        for text in ["name", "description"] {
            assert!(schema[text].as_str().is_some_and(|text| !text.is_empty()), "{text} of {id}");
        }
    }
    let types = w.get("/ResourceTypes").send().expect(200).json();
    let mut uris = Vec::new();
    for resource_type in types["Resources"].as_array().unwrap() {
        for required in ["name", "description", "endpoint", "schema"] {
            assert!(resource_type[required].as_str().is_some_and(|text| !text.is_empty()), "{resource_type}");
        }
        uris.push(resource_type["schema"].clone());
        for extension in resource_type["schemaExtensions"].as_array().into_iter().flatten() {
            assert!(extension["required"].is_boolean(), "{extension}");
            uris.push(extension["schema"].clone());
        }
    }
    assert!(uris.iter().any(|uri| uri == HAYSTACK_USER));
    for uri in uris {
        assert_eq!(listed.iter().filter(|schema| schema["id"] == uri).count(), 1, "{uri}");
    }
}

fn badge(name: &str, values: &str) -> String {
    format!(r#"{{"schemas":["{USER}","{BADGE}"],"userName":"{name}","{BADGE}":{{{values}}}}}"#)
}

fn unique_values_are_given_once_in_each_tenant(w: &World) {
    let admin = w.engine.admin();
    let other = block_on(admin.create_tenant("umbrella")).unwrap();
    let (_, secret) = block_on(admin.create_token(other.id, "default", "test", None)).unwrap();
    for attribute in ["server", "global"] {
        let taken = format!(r#""{attribute}":"B-7""#);
        let holder = w.post("/Users", badge(&format!("holder-{attribute}"), &taken)).send().expect(201).id();
        let same = format!(r#""{attribute}":"b-7""#);
        w.post("/Users", badge("second", &same)).send().refused(409, "uniqueness");
        let path = format!("/Users/{}", w.user(&format!("third-{attribute}")));
        w.put(&path, badge(&format!("third-{attribute}"), &same)).send().refused(409, "uniqueness");
        let set = format!(r#"[{{"op":"add","path":"{BADGE}:{attribute}","value":"B-7"}}]"#);
        w.patch(&path, &set).send().refused(409, "uniqueness");
        w.put(&format!("/Users/{holder}"), badge(&format!("holder-{attribute}"), &same)).send().expect(200);
        let elsewhere = w.raw(Method::POST, "/t/umbrella/api/scim/v2/Users").body(badge(attribute, &taken));
        elsewhere.header("authorization", &format!("Bearer {}", secret.reveal())).send().expect(201);
    }
}

fn case_exact_decides_what_a_filter_finds(w: &World) {
    let made = w.post("/Users", badge("ann", r#""exact":"AbC","folded":"AbC""#)).send().expect(201);
    assert_eq!(made.json()[BADGE], serde_json::json!({"exact": "AbC", "folded": "AbC"}), "both keep their case");
    let id = made.id();
    for (filter, is_found) in [
        ("exact eq \"AbC\"", true),
        ("exact eq \"abc\"", false),
        ("exact ne \"abc\"", true),
        ("exact sw \"ab\"", false),
        ("exact co \"bC\"", true),
        ("exact ew \"c\"", false),
        ("folded eq \"abc\"", true),
        ("folded ne \"ABC\"", false),
        ("folded sw \"ab\"", true),
        ("folded co \"BC\"", true),
        ("folded ew \"c\"", true),
    ] {
        let found = w.get(&format!("/Users?filter={BADGE}:{filter}")).send().expect(200).ids();
        assert_eq!(found.contains(&id), is_found, "{filter}");
    }
}

fn references_and_binaries_differ_by_case(w: &World) {
    let body = format!(
        r#"{{"schemas":["{USER}"],"userName":"ann","profileUrl":"https://x.test/Ann","x509Certificates":[{{"value":"QUJD"}}]}}"#
    );
    let id = w.post("/Users", body).send().expect(201).id();
    for (filter, is_found) in [
        ("profileUrl eq \"https://x.test/Ann\"", true),
        ("profileUrl eq \"https://x.test/ann\"", false),
        ("profileUrl ew \"/Ann\"", true),
        ("profileUrl ew \"/ANN\"", false),
        ("x509Certificates.value eq \"QUJD\"", true),
        ("x509Certificates.value eq \"qujd\"", false),
    ] {
        let found = w.get(&format!("/Users?filter={filter}")).send().expect(200).ids();
        assert_eq!(found.contains(&id), is_found, "{filter}");
    }
}
