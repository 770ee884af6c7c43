//! Lies told when resources are replaced and deleted, about what has to be unique, what a schema says, and hostile input.

use crate::traffic::{Reply, is_of};
use crate::{Lie, deed, lie, prove};
use serde_json::{Value, json};

pub(crate) fn lies() -> Vec<Lie> {
    let mut lies = unique();
    lies.extend(schema());
    lies.extend(replace());
    lies.extend(delete());
    lies
}

fn in_capitals(body: &Value) -> bool {
    body["name"].as_str().is_some_and(|name| name == name.to_uppercase())
}

fn unique() -> Vec<Lie> {
    vec![
        lie("conflict-is-409", |a, r| {
            if a.creates() && r.status == 409 && !in_capitals(&a.body) {
                r.status(400);
            }
        }),
        lie("conflict-is-uniqueness", |a, r| {
            if a.creates() && r.status == 409 {
                r.drop("/scimType");
            }
        }),
        lie("conflict-regards-no-case", |a, r| {
            if a.creates() && r.status == 409 && in_capitals(&a.body) {
                *r = Reply::done(200);
            }
        }),
        lie("conflict-on-replace-is-409", |a, r| {
            if a.one("PUT") && r.status == 409 {
                r.status(400);
            }
        }),
        lie("conflict-on-patch-is-409", |a, r| {
            if a.one("PATCH") && r.status == 409 {
                r.status(400);
            }
        }),
        deed("own-value-is-no-conflict", |a| {
            (a.one("PUT") && a.made_of(&[]) && is_of(&a.body, &["externalId"])).then(|| Reply::refused(409))
        }),
    ]
}

fn schema() -> Vec<Lie> {
    vec![
        lie("never-returned-is-never-returned", |a, r| {
            if a.one("GET") && a.made_of(&["pin"]) {
                r.set("/pin", json!("1234"));
            }
        }),
        lie("write-only-is-not-returned", |a, r| {
            if a.one("GET") && a.made_of(&["secret"]) {
                r.set("/secret", json!("1234"));
            }
        })
        .also(&["never-returned-is-never-returned"]),
        lie("returned-on-request-is-not-shown-by-default", |a, r| {
            if a.reads() && a.made_of(&["cost"]) {
                r.set("/cost", json!("1"));
            }
        }),
        lie("returned-on-request-is-shown-on-request", |a, r| {
            if a.one("GET") && a.has("attributes", "cost") {
                r.drop("/cost");
            }
        }),
        lie("always-returned-is-always-returned", |a, r| {
            if a.one("GET") && a.made_of(&["label", "note"]) && a.has("attributes", "note") {
                r.drop("/label");
            }
        }),
        lie("immutable-is-not-changed", |a, r| {
            if a.one("PUT") && r.json["scimType"] == "mutability" {
                r.drop("/scimType");
            }
        }),
        deed("immutable-takes-its-first-value", |a| {
            if a.one("PUT") && a.made_of(&[]) {
                a.without_if("/serial");
            }
            None
        }),
        deed("immutable-is-not-patched", |a| a.patches("replace", "serial").then(|| Reply::done(204))),
        deed("active-can-be-switched", |a| (a.one("PUT") && a.body["active"] == false).then(|| Reply::done(200)))
            .of("User"),
    ]
}

fn replace() -> Vec<Lie> {
    vec![
        lie("replace-200", |a, r| {
            if a.one("PUT") && r.status == 200 && a.query.is_empty() {
                r.status(202);
            }
        }),
        deed("replace-takes-new-values", |a| (a.one("PUT") && a.says("Scimcheck replaced")).then(|| Reply::done(200))),
        deed("replace-takes-new-lists", |a| (a.one("PUT") && a.made_of(&["tags"])).then(|| Reply::done(200))),
        deed("replace-drops-what-is-left-out", |a| {
            (a.one("PUT") && a.made().get("note").is_some() && is_of(&a.body, &["name"])).then(|| Reply::done(200))
        }),
        lie("replace-keeps-id-and-created", |a, r| {
            if a.one("PUT") {
                r.set("/meta/created", json!("2020-01-01T00:00:00Z"));
            }
        }),
        deed("replace-ignores-read-only", |a| {
            (a.one("PUT") && a.says("1999-01-02T03:04:05Z")).then(|| Reply::refused(400))
        }),
        lie("replace-of-nothing-is-404", |a, r| {
            if a.unknown("PUT") {
                r.status(400);
            }
        }),
        deed("replace-without-required-is-refused", |a| {
            (a.one("PUT") && a.body.is_object() && a.body.get("name").is_none()).then(|| Reply::done(200))
        }),
        lie("last-modified-does-not-go-back", |a, r| {
            if a.reads() && r.json["note"] == "Scimcheck modified" {
                r.set("/meta/lastModified", json!("1999-01-01T00:00:00Z"));
            }
        }),
        deed("replace-with-nothing-unassigns", |a| {
            (a.one("PUT") && a.body.get("note") == Some(&Value::Null)).then(|| Reply::done(200))
        }),
    ]
}

fn delete() -> Vec<Lie> {
    vec![
        lie("delete-204", |a, r| {
            if a.one("DELETE") && r.status == 204 {
                r.status = 200;
            }
        }),
        lie("deleted-is-404", |a, r| {
            if a.one("PUT") && r.status == 404 && !a.unknown("PUT") {
                r.status(410);
            }
        }),
        lie("deleted-is-in-no-list", |a, r| {
            let filter = a.filter();
            let name = filter.strip_prefix("name eq \"").and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
            if a.lists() && a.was_named(name) && r.list().is_empty() {
                r.push("deleted");
            }
        }),
        deed("deleted-frees-its-name", |a| {
            let name = a.body["name"].as_str().unwrap_or_default().to_owned();
            (a.creates() && a.was_deleted(&name)).then(|| Reply::refused(409))
        }),
        lie("delete-of-nothing-is-404", |a, r| {
            if a.unknown("DELETE") {
                *r = Reply::done(204);
            }
        }),
    ]
}

pub(crate) fn hostile() -> Vec<Lie> {
    vec![
        lie("hostile-deep-json", |a, r| {
            if a.says("[[[[[[") {
                r.status(500);
            }
        }),
        lie("hostile-nul-in-text", |a, r| {
            if a.says("scim\\u0000check") {
                r.status(500);
            }
        }),
        lie("hostile-huge-numbers", |a, r| {
            if a.says("99999999999999999999") {
                r.status(500);
            }
        }),
        lie("hostile-bytes-that-are-no-utf-8", |a, r| {
            if std::str::from_utf8(&a.raw).is_err() {
                r.status(500);
            }
        }),
        lie("hostile-names-twice", |a, r| {
            if a.says("\"externalId\":\"a\"") {
                r.status(500);
            }
        }),
        lie("hostile-long-text", |a, r| {
            if a.creates() && a.says(&"x".repeat(50_000)) {
                r.status(500);
            }
        }),
        lie("hostile-deep-filter", |a, r| {
            if a.filter().starts_with("((((((") {
                r.status(500);
            }
        }),
        lie("hostile-long-filter", |a, r| {
            if a.filter().len() > 3_000 {
                r.status(500);
            }
        }),
        lie("hostile-huge-paging", |a, r| {
            if a.has("count", "99999999999999999999") {
                r.status(500);
            }
        }),
        deed("hostile-empty-body", |a| (a.creates() && a.raw.is_empty()).then(|| Reply::done(200))),
        lie("hostile-broken-percent-encoding", |a, r| {
            if a.path.contains("%FF") {
                r.status(500);
            }
        }),
        deed("hostile-ids", |a| a.path.contains("%2Fb").then(|| Reply::done(200))),
        lie("hostile-patch-path", |a, r| {
            if a.method == "PATCH" && a.says("xxxxxxxxxxxxxxxx") {
                r.status(500);
            }
        }),
        deed("no-server-errors", |a| {
            let is_name = a.value().as_str().is_some_and(|value| value.starts_with("scimcheck-"));
            (a.patches("replace", "note") && is_name).then(|| Reply::refused(500))
        }),
    ]
}

#[test]
fn a_server_that_gives_unique_values_twice_is_found_out() {
    prove(&unique());
}

#[test]
fn a_server_that_breaks_its_own_schema_is_found_out() {
    prove(&schema());
}

#[test]
fn a_server_that_replaces_wrongly_is_found_out() {
    prove(&replace());
}

#[test]
fn a_server_that_deletes_wrongly_is_found_out() {
    prove(&delete());
}

#[test]
fn a_server_that_breaks_down_is_found_out() {
    prove(&hostile());
}
