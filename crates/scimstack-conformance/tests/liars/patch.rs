//! Lies told when resources are changed by PATCH.

use crate::create::ENTERPRISE;
use crate::traffic::Reply;
use crate::{Lie, deed, lie, prove};
use serde_json::json;

/// Says that it is done, and does nothing.
fn idle(is_meant: bool) -> Option<Reply> {
    is_meant.then(|| Reply::done(204))
}

fn refused(is_meant: bool) -> Option<Reply> {
    is_meant.then(|| Reply::refused(400))
}

pub(crate) fn lies() -> Vec<Lie> {
    let mut lies = values();
    lies.extend(refusals());
    lies
}

fn values() -> Vec<Lie> {
    vec![
        lie("patch-is-there", |a, r| {
            if a.is("GET", "/ServiceProviderConfig") {
                r.set("/patch/supported", json!(false));
            }
        }),
        lie("patch-200-or-204", |a, r| {
            if a.patches("replace", "note") && a.value() == "Scimcheck" && a.made_of(&[]) {
                r.status(202);
            }
        }),
        lie("patch-with-attributes-has-a-body", |a, r| {
            if a.method == "PATCH" && a.param("attributes").is_some() {
                r.status = 204;
            }
        }),
        deed("patch-add-without-path", |a| refused(a.patches("add", ""))),
        deed("patch-add-gives-a-value", |a| {
            idle(a.patches("add", "note") && a.value() == "Check note 0" && a.made_of(&[]))
        }),
        deed("patch-add-replaces-a-single-value", |a| idle(a.value() == "Scimcheck other")),
        deed("patch-add-of-the-same-succeeds", |a| {
            refused(a.patches("add", "note") && a.value() == "Check note 0" && a.made_of(&["note"]))
        }),
        lie("patch-add-of-the-same-is-no-change", |a, r| {
            if a.patches("add", "note") && a.value() == "Check note 0" && a.made_of(&["note"]) {
                a.keep("again", json!(true));
            }
            if a.reads() && a.kept("again").is_some() {
                r.set("/meta/lastModified", json!("2099-01-01T00:00:00Z"));
            }
        }),
        deed("patch-replace-changes-a-value", |a| idle(a.patches("replace", "note") && a.value() == "Check note 1")),
        deed("patch-replace-without-path", |a| refused(a.patches("replace", "") && a.says("Scimcheck replaced"))),
        deed("patch-replace-of-nothing-adds", |a| refused(a.value() == "Scimcheck new")),
        deed("patch-replace-of-a-sub-attribute", |a| idle(a.patches("replace", "size.wide"))),
        deed("patch-replace-of-an-object-merges", |a| {
            idle(a.patches("replace", "size") && a.value() == json!({"wide": "Scimcheck"}))
        }),
        deed("patch-remove-takes-a-value", |a| idle(a.patches("remove", "note"))),
        deed("patch-remove-of-a-sub-attribute", |a| idle(a.patches("remove", "size.wide"))),
        deed("patch-of-an-extension", |a| {
            let is_own = a.at().starts_with(ENTERPRISE) && a.patches_any("remove");
            idle(is_own && a.made_of(&[]))
        })
        .of("User"),
        deed("patch-paths-have-no-case", |a| refused(a.patches("add", "NOTE"))),
        deed("patch-operations-have-no-case", |a| refused(a.patches_any("Add"))),
        deed("patch-operations-are-done-in-order", |a| idle(a.says("Scimcheck first"))),
        deed("patch-of-active", |a| idle(a.patches("replace", "active"))).of("User"),
        lie("patch-leaves-the-rest", |a, r| {
            if a.reads() && a.made_of(&["note", "remark"]) && r.json["note"] == "Scimcheck" {
                r.drop("/remark");
            }
        }),
        lie("patch-answer-is-what-is-stored", |a, r| {
            if a.patches("add", "note") && a.value() == "Scimcheck" && a.query.is_empty() {
                r.set("/note", json!("another"));
            }
        }),
    ]
}

pub(crate) fn lists() -> Vec<Lie> {
    vec![
        deed("patch-add-appends", |a| idle(a.patches("add", "tags") && a.value().is_array())),
        deed("patch-add-appends-one", |a| idle(a.patches("add", "tags") && a.value().is_object())),
        deed("patch-replace-of-a-list", |a| idle(a.patches("replace", "tags"))),
        deed("patch-replace-of-a-value", |a| idle(a.patches_any("replace") && a.at().ends_with(']'))),
        deed("patch-replace-in-a-value", |a| idle(a.patches_any("replace") && a.at().ends_with("\"home\"].value"))),
        lie("patch-replace-without-match-is-no-target", |a, r| {
            if a.patches_any("replace") && a.at().contains("scimcheck-nothing") {
                r.drop("/scimType");
            }
        }),
        deed("patch-remove-of-a-list", |a| idle(a.patches("remove", "tags"))),
        deed("patch-remove-of-a-value", |a| {
            idle(a.patches("remove", "tags[type eq \"home\"]") && a.operations().len() == 1)
        }),
        deed("patch-remove-in-a-value", |a| idle(a.patches_any("remove") && a.at().ends_with("].display"))),
        deed("patch-remove-of-the-last-value", |a| idle(a.patches_any("remove") && a.operations().len() == 2)),
        deed("patch-primary-moves", |a| idle(a.at().ends_with("].primary"))),
        deed("patch-value-path-by-value", |a| idle(a.patches_any("remove") && a.at().contains(" or value eq"))),
    ]
}

fn refusals() -> Vec<Lie> {
    vec![
        lie("patch-of-read-only-is-mutability", |a, r| {
            if a.patches("replace", "id") && a.value() != "scimcheck" {
                r.drop("/scimType");
            }
        }),
        lie("patch-remove-without-path-is-no-target", |a, r| {
            if a.patches("remove", "") {
                r.drop("/scimType");
            }
        }),
        lie("patch-remove-of-required-is-refused", |a, r| {
            if a.patches("remove", "name") {
                r.status(403);
            }
        }),
        lie("patch-remove-of-required-is-mutability", |a, r| {
            if a.patches("remove", "name") {
                r.drop("/scimType");
            }
        }),
        lie("patch-with-a-broken-path-is-invalid-path", |a, r| {
            if a.at().contains("scim[check") {
                r.drop("/scimType");
            }
        }),
        deed("patch-with-an-unknown-operation-is-400", |a| idle(a.patches_any("scimcheck"))),
        lie("patch-with-a-wrong-type-is-400", |a, r| {
            if a.method == "PATCH" && a.says("{\"scimcheck\":[1]}") {
                r.status(422);
            }
        }),
        deed("patch-is-done-whole-or-not-at-all", |a| {
            if a.says("Scimcheck half") {
                a.without("/Operations/1");
            }
            None
        }),
        lie("patch-error-is-a-scim-error", |a, r| {
            if a.patches("replace", "id") && a.value() == "scimcheck" {
                r.drop("/schemas");
            }
        }),
        lie("patch-of-nothing-is-404", |a, r| {
            if a.unknown("PATCH") {
                r.status(400);
            }
        }),
        deed("patch-without-operations-is-400", |a| idle(a.method == "PATCH" && a.body.get("Operations").is_none())),
    ]
}

#[test]
fn a_server_that_patches_values_wrongly_is_found_out() {
    prove(&values());
}

#[test]
fn a_server_that_patches_lists_wrongly_is_found_out() {
    prove(&lists());
}

#[test]
fn a_server_that_takes_wrong_patches_is_found_out() {
    prove(&refusals());
}
