//! Lies told about what is shown, about versions, and about members.

use crate::traffic::{Ask, Reply};
use crate::{Lie, deed, lie, prove};
use serde_json::json;

/// A GET of a resource with two texts that asks for the first.
fn asks(a: &Ask<'_>, parameter: &str, value: &str) -> bool {
    a.one("GET") && a.made_of(&["note", "remark"]) && a.has(parameter, value)
}

pub(crate) fn lies() -> Vec<Lie> {
    vec![
        lie("attributes-shows-what-is-named", |a, r| {
            if asks(a, "attributes", "note") {
                r.drop("/note");
            }
        }),
        lie("attributes-hides-the-rest", |a, r| {
            if asks(a, "attributes", "note") {
                r.set("/remark", json!("shown"));
            }
        }),
        lie("excluded-attributes-hides-what-is-named", |a, r| {
            if asks(a, "excludedAttributes", "note") {
                r.set("/note", json!("shown"));
            }
        }),
        lie("excluded-attributes-shows-the-rest", |a, r| {
            if asks(a, "excludedAttributes", "note") {
                r.drop("/remark");
            }
        }),
        lie("excluded-attributes-never-hides-id", |a, r| {
            if a.has("excludedAttributes", "id,meta") {
                r.drop("/id");
            }
        }),
        lie("attributes-takes-a-list", |a, r| {
            if asks(a, "attributes", "note,remark") {
                r.drop("/remark");
            }
        }),
        lie("attributes-names-sub-attributes", |a, r| {
            if a.has("attributes", "size.wide") {
                r.set("/size/high", json!("shown"));
            }
        }),
        lie("attributes-has-no-case", |a, r| {
            if asks(a, "attributes", "NOTE") {
                r.drop("/note");
            }
        }),
        lie("attributes-takes-long-names", |a, r| {
            if a.one("GET") && a.param("attributes").is_some_and(|value| value.starts_with("urn:")) {
                r.drop("/note");
            }
        }),
        lie("attributes-on-create", |a, r| {
            if a.creates() && a.param("attributes").is_some() {
                r.set("/remark", json!("shown"));
            }
        }),
        lie("attributes-on-replace", |a, r| {
            if a.one("PUT") && a.param("attributes").is_some() {
                r.set("/remark", json!("shown"));
            }
        }),
        lie("attributes-on-a-list", |a, r| {
            if a.lists() && a.param("attributes").is_some() {
                r.set("/Resources/0/remark", json!("shown"));
            }
        }),
        lie("excluded-attributes-on-a-list", |a, r| {
            if a.lists() && a.param("excludedAttributes").is_some() {
                r.set("/Resources/0/note", json!("shown"));
            }
        }),
    ]
}

pub(crate) fn versions() -> Vec<Lie> {
    vec![
        lie("etag-in-the-header", |a, r| {
            if a.one("GET") {
                r.header("etag", "");
            }
        }),
        lie("etag-in-meta-version", |a, r| {
            if a.reads() && r.json["note"] != "Scimcheck" {
                r.set("/meta/version", json!("W/\"another\""));
            }
        }),
        lie("etag-is-quoted", |a, r| {
            if a.reads() && r.is_success() && r.json["note"] != "Scimcheck" {
                let bare = r.headers["etag"].to_str().unwrap().replace('"', "");
                r.header("etag", &bare);
                r.set("/meta/version", json!(bare));
            }
        })
        .and_before(|a| {
            for name in ["if-match", "if-none-match"] {
                if let Some(bare) = a.header(name).strip_prefix("W/").filter(|bare| !bare.contains('"')) {
                    let quoted = format!("W/\"{bare}\"").parse().unwrap();
                    a.headers.insert(name, quoted);
                }
            }
            None
        }),
        lie("etag-changes", |a, r| {
            if a.reads() && a.kept("etag").is_none() && r.is_success() {
                a.keep("etag", json!(r.headers["etag"].to_str().unwrap()));
            }
            if a.reads() && r.json["note"] == "Scimcheck changed" {
                let before = a.kept("etag").unwrap();
                r.header("etag", before.as_str().unwrap());
            }
        }),
        lie("if-none-match-is-304", |_, r| {
            if r.status == 304 {
                *r = Reply::done(200);
            }
        }),
        lie("if-none-match-of-another-is-200", |a, r| {
            if a.header("if-none-match") == "W/\"scimcheck\"" {
                r.status = 304;
            }
        }),
        lie("if-match-on-put-is-412", |a, r| {
            if a.one("PUT") && r.status == 412 {
                r.status(428);
            }
        }),
        lie("if-match-on-patch-is-412", |a, r| {
            if a.one("PATCH") && r.status == 412 {
                r.status(428);
            }
        }),
        lie("if-match-on-delete-is-412", |a, r| {
            if a.one("DELETE") && r.status == 412 {
                r.status(428);
            }
        }),
        lie("if-match-of-the-version-succeeds", |a, r| {
            if a.one("PUT") && !a.header("if-match").is_empty() && r.is_success() {
                *r = Reply::refused(412);
            }
        }),
    ]
}

/// How many members the group was made with.
fn had(a: &Ask<'_>) -> usize {
    a.made()["members"].as_array().map_or(0, Vec::len)
}

/// Whether the PATCH adds somebody who was a member from the start.
fn adds_again(a: &Ask<'_>) -> bool {
    a.patches("add", "members") && a.made()["members"][0]["value"] == a.value()[0]["value"]
}

pub(crate) fn members() -> Vec<Lie> {
    let lies = vec![
        lie("members-on-create", |a, r| {
            if a.reads() && a.kept("touched").is_none() && r.json["members"].as_array().is_some_and(|m| m.len() == 2) {
                r.drop("/members/1");
            }
        }),
        deed("members-are-added", |a| (a.patches("add", "members") && !adds_again(a)).then(|| Reply::done(204))),
        deed("members-are-removed-by-value", |a| {
            let is_meant = a.at().starts_with("members[value eq") && !a.at().contains("scimcheck-nobody");
            is_meant.then(|| Reply::done(204))
        }),
        deed("members-remove-of-nobody-succeeds", |a| a.at().contains("scimcheck-nobody").then(|| Reply::refused(404))),
        deed("members-can-be-emptied", |a| a.patches("remove", "members").then(|| Reply::done(204))),
        deed("members-are-replaced", |a| (a.one("PUT") && had(a) == 2).then(|| Reply::done(200))),
        lie("members-are-in-it-once", |a, r| {
            if adds_again(a) {
                a.keep("again", json!(true));
            }
            if a.reads() && a.kept("again").is_some() {
                let twice = r.json["members"][0].clone();
                r.json["members"].as_array_mut().unwrap().push(twice);
            }
        }),
        lie("member-references-lead-there", |a, r| {
            if a.reads() && r.json["members"][0]["$ref"].is_string() {
                r.set("/members/0/$ref", json!("https://idp.test/elsewhere"));
            }
        }),
        lie("groups-of-a-user-follow", |a, r| {
            if a.reads() && a.path.starts_with("/Users/") {
                r.drop("/groups");
            }
        }),
        deed("members-who-are-deleted-go", |a| {
            (a.one("DELETE") && a.path.starts_with("/Users/")).then(|| Reply::done(204))
        }),
        lie("filter-by-member", |a, r| {
            if a.filter().starts_with("members.value eq") {
                r.nothing();
            }
        }),
        lie("members-can-be-left-out", |a, r| {
            if a.one("GET") && a.has("excludedAttributes", "members") {
                r.set("/members", json!([{"value": "shown"}]));
            }
        }),
    ];
    lies.into_iter().map(|lie| lie.of("Group")).collect()
}

#[test]
fn a_server_that_shows_too_much_or_too_little_is_found_out() {
    prove(&lies());
}

#[test]
fn a_server_whose_versions_are_wrong_is_found_out() {
    prove(&versions());
}

#[test]
fn a_server_whose_members_are_wrong_is_found_out() {
    prove(&members());
}
