//! Lies about what the server is, and about HTTP and errors.

use crate::traffic::Reply;
use crate::{Lie, deed, lie, prove};
use serde_json::json;

const CONFIG: &str = "/ServiceProviderConfig";

pub(crate) fn lies() -> Vec<Lie> {
    vec![
        lie("config-is-served", |a, r| {
            if a.is("GET", CONFIG) {
                r.drop("/schemas");
            }
        }),
        lie("config-names-features", |a, r| {
            if a.is("GET", CONFIG) {
                r.drop("/changePassword");
            }
        }),
        lie("config-names-schemes", |a, r| {
            if a.is("GET", CONFIG) {
                r.drop("/authenticationSchemes/0/description");
            }
        }),
        deed("config-is-public", |a| {
            (a.is("GET", CONFIG) && a.header("authorization").is_empty()).then(|| Reply::refused(401))
        }),
        lie("config-says-how-it-pages", |a, r| {
            if a.is("GET", CONFIG) {
                r.drop("/pagination");
            }
        }),
        lie("config-pagination-is-whole", |a, r| {
            if a.is("GET", CONFIG) {
                r.drop("/pagination/cursor");
            }
        }),
        deed("config-is-read-only", |a| a.is("POST", CONFIG).then(|| Reply::done(200))),
        lie("resource-types-are-listed", |a, r| {
            if a.is("GET", "/ResourceTypes") {
                r.set("/totalResults", json!(99));
            }
        }),
        lie("resource-types-are-whole", |a, r| {
            if a.is("GET", "/ResourceTypes") {
                r.drop("/Resources/0/schemaExtensions/0/required");
            }
        }),
        deed("resource-type-by-name", |a| a.path.starts_with("/ResourceTypes/").then(|| Reply::refused(404))),
        deed("unknown-resource-type-is-404", |a| a.path.contains("ScimcheckNoSuchType").then(|| Reply::done(200))),
        deed("resource-types-are-read-only", |a| a.is("POST", "/ResourceTypes").then(|| Reply::done(200))),
        lie("schemas-are-listed", |a, r| {
            if a.is("GET", "/Schemas") && r.status == 200 {
                r.list().retain(|schema| !schema["id"].as_str().unwrap().ends_with("Widget"));
                let many = r.list().len();
                r.set("/totalResults", json!(many));
            }
        }),
        lie("schema-by-uri", |a, r| {
            if a.path.starts_with("/Schemas/") && r.status == 200 {
                r.set("/id", json!("urn:another"));
            }
        }),
        deed("unknown-schema-is-404", |a| a.path.contains("urn:scimcheck").then(|| Reply::done(200))),
        lie("schemas-are-well-formed", |a, r| {
            if a.is("GET", "/Schemas") && r.status == 200 {
                let bad = json!({"name": "bad name", "type": "complex", "mutability": "readOnly"});
                r.list()[0]["attributes"].as_array_mut().unwrap().push(bad);
            }
        }),
        lie("message-schemas-are-not-listed", |a, r| {
            if a.is("GET", "/Schemas") && r.status == 200 {
                r.push("urn:ietf:params:scim:api:messages:2.0:PatchOp");
                let many = r.list().len();
                r.set("/totalResults", json!(many));
            }
        }),
        deed("discovery-refuses-filters", |a| {
            (a.path == "/Schemas" && a.param("filter").is_some()).then(|| Reply::done(200))
        }),
        lie("discovery-ignores-pages", |a, r| {
            if a.path == "/Schemas" && a.param("count").is_some() {
                r.list().truncate(1);
            }
        }),
        lie("me-works-or-is-501", |a, r| {
            if a.path == "/Me" {
                r.status(418);
            }
        }),
        lie("me-error-is-a-scim-error", |a, r| {
            if a.path == "/Me" {
                r.drop("/schemas");
            }
        }),
        deed("me-names-the-permanent-address", |a| {
            (a.path == "/Me").then(|| {
                let mut reply = Reply::done(200);
                reply.json = json!({"id": "1", "meta": {"location": "https://idp.test/Users/2"}});
                reply
            })
        }),
    ]
}

pub(crate) fn http() -> Vec<Lie> {
    vec![
        deed("unauthenticated-is-401", |a| {
            (a.lists() && a.header("authorization").is_empty()).then(|| Reply::done(200))
        }),
        deed("wrong-token-is-401", |a| a.header("authorization").contains("no-such-token").then(|| Reply::done(200))),
        lie("unauthenticated-names-schemes", |a, r| {
            if a.header("authorization").is_empty() {
                r.header("www-authenticate", "");
            }
        }),
        lie("unauthenticated-has-an-error", |a, r| {
            if a.header("authorization").is_empty() && r.status == 401 {
                r.json = json!({});
            }
        }),
        lie("accept-scim-json", |a, r| {
            if a.path == "/ResourceTypes" && a.header("accept") == "application/scim+json" {
                r.header("content-type", "application/json");
            }
        }),
        lie("accept-json", |a, r| {
            if a.header("accept") == "application/json" {
                r.header("content-type", "text/html");
            }
        }),
        lie("accept-nothing-in-particular", |a, r| {
            if a.header("accept").is_empty() {
                r.header("content-type", "application/json");
            }
        }),
        deed("plain-json-body", |a| (a.header("content-type") == "application/json").then(|| Reply::refused(415))),
        deed("other-media-type-is-refused", |a| (a.header("content-type") == "text/csv").then(|| Reply::done(200))),
        lie("text-is-utf-8", |a, r| {
            if a.reads() && r.json["note"].as_str().is_some_and(|note| note.contains("Grüße")) {
                r.set("/note", json!("Gr??e"));
            }
        }),
        deed("unknown-parameters-are-ignored", |a| a.param("scimcheck").is_some().then(|| Reply::refused(400))),
        lie("urls-are-decoded-once", |a, r| {
            if a.filter().contains("%25") {
                r.nothing();
            }
        }),
        lie("head-is-like-get", |a, r| {
            if a.method == "HEAD" {
                r.status(404);
            }
        }),
        lie("options-is-answered", |a, r| {
            if a.method == "OPTIONS" {
                r.status(301);
            }
        }),
        deed("put-on-endpoint-is-refused", |a| a.is("PUT", "/Widgets").then(|| Reply::done(200))),
        lie("locations-are-below-the-base-url", |a, r| {
            if a.creates() && r.is_success() {
                let elsewhere = format!("https://idp.test/Widgets/{}", r.json["id"].as_str().unwrap());
                r.header("location", &elsewhere);
                r.set("/meta/location", json!(elsewhere));
            }
        }),
        lie("unknown-id-is-404", |a, r| {
            if a.unknown("GET") {
                r.status(400);
            }
        }),
        deed("unknown-endpoint-is-404", |a| a.path.contains("ScimcheckNoSuchThings").then(|| Reply::done(200))),
        lie("errors-are-scim-errors", |a, r| {
            if a.unknown("GET") {
                r.drop("/schemas");
            }
        }),
        lie("errors-repeat-their-status", |a, r| {
            if a.unknown("GET") {
                r.set("/status", json!(404));
            }
        }),
        lie("errors-are-scim-json", |a, r| {
            if a.unknown("GET") {
                r.header("content-type", "application/json");
            }
        }),
        lie("errors-have-a-detail", |a, r| {
            if a.unknown("GET") {
                r.drop("/detail");
            }
        }),
        lie("broken-json-is-400", |a, r| {
            if a.raw == "{\"schemas\": [" {
                r.status(422);
            }
        }),
        lie("broken-json-is-invalid-syntax", |a, r| {
            if a.raw == "{\"schemas\": [" {
                r.drop("/scimType");
            }
        }),
        lie("error-types-are-known", |a, r| {
            if a.unknown("GET") {
                r.set("/scimType", json!("notFound"));
            }
        }),
        lie("array-as-body-is-400", |a, r| {
            if a.raw == "[]" {
                r.status(422);
            }
        }),
    ]
}

#[test]
fn a_server_that_lies_about_itself_is_found_out() {
    prove(&lies());
}

#[test]
fn a_server_whose_http_is_wrong_is_found_out() {
    prove(&http());
}
