//! Lies told when resources are made and read, and about their values.

use crate::traffic::{Reply, is_of};
use crate::{Lie, deed, lie, prove};
use serde_json::{Value, json};

pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

pub(crate) fn lies() -> Vec<Lie> {
    let mut lies = making();
    lies.extend(reading());
    lies.extend(values());
    lies
}

fn making() -> Vec<Lie> {
    vec![
        deed("create-minimal", |a| {
            (a.creates() && is_of(&a.body, &[]) && !is_nameless(&a.body)).then(|| Reply::refused(400))
        }),
        deed("create-full", |a| {
            (a.creates() && a.body.get("secret").is_some() && a.body.get("tags").is_some()).then(|| Reply::refused(400))
        }),
        lie("create-201", |a, r| {
            if a.creates() && r.is_success() {
                r.status(200);
            }
        }),
        lie("create-location", |a, r| {
            if a.creates() {
                r.header("location", "");
            }
        }),
        lie("create-meta-location", |a, r| {
            if a.creates() {
                r.drop("/meta/location");
            }
        }),
        lie("create-meta-resource-type", |a, r| {
            if a.creates() {
                r.set("/meta/resourceType", json!("Thing"));
            }
        }),
        lie("create-returns-the-resource", |a, r| {
            if a.creates() && r.is_success() {
                r.drop("/schemas");
            }
        }),
        lie("create-meta-times", |a, r| {
            if a.creates() {
                r.set("/meta/created", json!("2020-01-01"));
            }
        }),
        lie("id-is-the-servers", |a, r| {
            if a.creates() && r.is_success() && a.body.get("id").is_some() {
                r.set("/id", a.body["id"].clone());
            }
        }),
        lie("ids-are-not-empty-and-differ", |a, r| {
            if a.reads() && a.made_of(&[]) && a.kept("touched").is_none() && r.is_success() {
                r.set("/id", json!("always-the-same"));
            }
        })
        .also(&["read-200", "if-none-match-of-another-is-200", "replace-keeps-id-and-created"]),
        lie("ids-do-not-contain-bulkid", |a, r| {
            let text =
                r.json.to_string().replace("\"id\":\"", "\"id\":\"bulkid-").replace("/Widgets/", "/Widgets/bulkid-");
            let is_of_widgets = !a.path.starts_with("/Schemas") && !a.path.starts_with("/Resource");
            if is_of_widgets && r.json.is_object() && !text.contains("BulkRequest") {
                r.json = serde_json::from_str(&text).unwrap();
            }
            if let Some(location) = r.headers.get("location").map(|value| value.to_str().unwrap().to_owned()) {
                r.header("location", &location.replace("/Widgets/", "/Widgets/bulkid-"));
            }
        })
        .and_before(|a| {
            a.path = a.path.replace("bulkid-", "");
            a.query = a.query.replace("bulkid-", "");
            if a.says("bulkid-") {
                a.send(serde_json::from_str(&a.body.to_string().replace("bulkid-", "")).unwrap());
            }
            None
        }),
        lie("meta-of-a-client-is-ignored", |a, r| {
            if a.reads() && a.made().get("meta").is_some() {
                r.set("/meta", a.made()["meta"].clone());
            }
        }),
        lie("read-only-is-ignored-on-create", |a, r| {
            if a.creates() && a.body.get("batch").is_some() {
                r.set("/batch", a.body["batch"].clone());
            }
        }),
        lie("external-id-comes-back", |a, r| {
            if a.reads() && a.made_of(&["externalId"]) {
                r.drop("/externalId");
            }
        }),
        lie("external-id-is-not-invented", |a, r| {
            if a.reads() && r.json.get("externalId").is_none() {
                r.set("/externalId", json!("invented"));
            }
        }),
        deed("missing-required-is-refused", |a| (a.creates() && is_nameless(&a.body)).then(|| Reply::done(200))),
        lie("missing-required-is-invalid-value", |a, r| {
            if a.creates() && is_nameless(&a.body) {
                r.drop("/scimType");
            }
        }),
        lie("wrong-type-is-400", |a, r| {
            if a.creates() && a.says("{\"scimcheck\":[1]}") {
                r.status(422);
            }
        }),
        deed("missing-schemas-are-refused", |a| {
            (a.creates() && a.body.is_object() && a.body.get("schemas").is_none()).then(|| Reply::done(200))
        }),
        deed("foreign-schemas-are-refused", |a| a.says("urn:scimcheck:no:such:schema").then(|| Reply::done(200))),
        deed("names-have-no-case", |a| {
            if a.creates() {
                a.without_if("/NOTE");
            }
            None
        }),
        deed("null-and-empty-lists-are-nothing", |a| {
            (a.creates() && a.body.get("note") == Some(&Value::Null)).then(|| Reply::refused(400))
        }),
    ]
}

fn is_nameless(body: &Value) -> bool {
    body.is_object() && body.get("name").is_none() && body.get("schemas").is_some()
}

fn reading() -> Vec<Lie> {
    vec![
        lie("read-200", |a, r| {
            if a.reads() && r.status == 200 && a.header("if-none-match").is_empty() {
                r.status = 203;
            }
        }),
        lie("read-shows-what-was-made", |a, r| {
            if a.reads() && a.made_of(&["note", "remark", "count", "weight"]) {
                r.set("/weight", json!(7.25));
            }
        }),
        lie("resources-name-their-schemas", |a, r| {
            if a.reads() && r.is_success() {
                r.drop("/schemas");
            }
        }),
        lie("schemas-are-of-the-type-and-once", |a, r| {
            if a.reads() && r.is_success() {
                let again = r.json["schemas"][0].clone();
                r.json["schemas"].as_array_mut().unwrap().push(again);
            }
        }),
        lie("schemas-have-no-order", |a, r| {
            if a.creates() && a.body["schemas"][0] == ENTERPRISE {
                *r = Reply::refused(400);
            }
        })
        .of("User"),
        lie("meta-is-in-every-resource", |a, r| {
            if a.reads() && r.json["note"] != "Scimcheck" {
                r.drop("/meta/resourceType");
            }
        }),
        lie("content-location-is-meta-location", |a, r| {
            if a.reads() {
                r.header("content-location", "https://idp.test/elsewhere");
            }
        }),
        lie("extensions-have-their-container", |a, r| {
            let extension = &a.made()[ENTERPRISE];
            if a.reads() && extension.as_object().is_some_and(|e| e.len() == 1) && a.kept("touched").is_none() {
                r.drop(&format!("/{}", ENTERPRISE.replace('/', "~1")));
            }
        })
        .of("User"),
    ]
}

fn values() -> Vec<Lie> {
    vec![
        lie("strings-come-back", |a, r| {
            if a.reads() && a.made_of(&["note", "remark", "label"]) {
                r.set("/remark", json!("x"));
            }
        }),
        lie("case-exact-strings-keep-their-case", |a, r| {
            if a.reads() && a.made_of(&["code", "serial", "externalId"]) {
                r.set("/code", json!("check code 0"));
            }
        }),
        lie("booleans-come-back", |a, r| {
            if a.reads() && a.made_of(&["fragile"]) && r.json["fragile"] == true {
                r.set("/fragile", json!("true"));
            }
        }),
        lie("integers-come-back", |a, r| {
            if a.reads() && a.made_of(&["count"]) && r.json["count"] == 40 {
                r.set("/count", json!("40"));
            }
        }),
        lie("decimals-come-back", |a, r| {
            if a.reads() && a.made_of(&["weight"]) && r.json["weight"] == 0.5 {
                r.set("/weight", json!(0));
            }
        }),
        lie("times-come-back", |a, r| {
            if a.reads() && a.made_of(&["builtAt"]) && r.json["builtAt"] == "2024-01-05T10:20:30Z" {
                r.set("/builtAt", json!("2024-01-05T00:00:00Z"));
            }
        }),
        lie("binaries-come-back", |a, r| {
            if a.reads() && a.made_of(&["blob"]) && r.json["blob"] == "c2NpbWNoZWNrIDA=" {
                r.set("/blob", json!("AAAA"));
            }
        }),
        lie("references-come-back", |a, r| {
            if a.reads() && a.made_of(&["manual"]) && r.json["manual"] == "https://example.com/manual/0" {
                r.set("/manual", json!("https://example.com/"));
            }
        }),
        lie("complex-values-come-back", |a, r| {
            if a.reads()
                && a.made_of(&["size"])
                && r.json["size"] == json!({"wide": "Check wide 0", "high": "Check high 0"})
            {
                r.drop("/size/high");
            }
        }),
        lie("lists-come-back", |a, r| {
            if a.reads() && a.made_of(&["tags", "notes"]) {
                r.drop("/notes/1");
            }
        }),
        lie("extension-values-come-back", |a, r| {
            if a.reads() && a.made()[ENTERPRISE].as_object().is_some_and(|e| e.len() > 1) {
                r.drop(&format!("/{ENTERPRISE}/department"));
            }
        })
        .of("User"),
        lie("two-primary-values-are-not-kept", |a, r| {
            let tags = a.body["tags"].as_array().cloned().unwrap_or_default();
            if a.creates() && tags.len() == 2 && tags.iter().all(|tag| tag["primary"] == true) {
                *r = Reply::done(200);
                r.json = a.body.clone();
            }
        }),
        lie("wrong-times-are-refused", |a, r| {
            if a.creates() && a.body["builtAt"] == "2024-01-05" {
                r.status(422);
            }
        }),
        lie("wrong-binaries-are-refused", |a, r| {
            if a.creates() && a.body["blob"] == "not*base64" {
                r.status(422);
            }
        }),
    ]
}

#[test]
fn a_server_that_is_wrong_when_it_makes_resources_is_found_out() {
    prove(&making());
}

#[test]
fn a_server_that_shows_resources_wrongly_is_found_out() {
    prove(&reading());
}

#[test]
fn a_server_that_loses_values_is_found_out() {
    prove(&values());
}
