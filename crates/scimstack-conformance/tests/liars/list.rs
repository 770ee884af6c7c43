//! Lies told about lists and their pages, by index and by cursor.

use crate::traffic::{Ask, Reply};
use crate::{Lie, deed, lie, prove};
use serde_json::json;

fn counts(a: &Ask<'_>, count: &str) -> bool {
    a.lists() && a.has("count", count)
}

pub(crate) fn lies() -> Vec<Lie> {
    vec![
        lie("list-is-a-list-response", |a, r| {
            if counts(a, "1") && a.param("filter").is_none() {
                r.drop("/schemas");
            }
        }),
        lie("list-has-resources", |a, r| {
            let is_search = a.path == "/Widgets/.search" && a.body.as_object().is_some_and(|body| body.len() == 2);
            let is_query = a.lists() && a.query.split('&').count() == 1;
            if (is_search || is_query) && a.family() == 2 {
                r.list().truncate(1);
            }
        }),
        lie("list-shows-whole-resources", |a, r| {
            if a.lists() && a.query.split('&').count() == 1 && a.family() == 1 && !r.list().is_empty() {
                r.list()[0]["meta"].take();
                r.list()[0].as_object_mut().unwrap().remove("meta");
            }
        }),
        lie("page-says-where-it-is", |a, r| {
            if counts(a, "1") && a.has("startIndex", "2") {
                r.drop("/itemsPerPage");
            }
        }),
        lie("page-counts-all-matches", |a, r| {
            if counts(a, "1") && a.family() == 3 && a.param("startIndex").is_none() {
                r.set("/totalResults", json!(1));
            }
        }),
        lie("count-is-a-limit", |a, r| {
            if counts(a, "2") && a.family() == 3 && a.param("cursor").is_none() {
                r.push("another");
            }
        }),
        lie("pages-show-everything-once", |a, r| {
            if a.has("startIndex", "3") {
                r.list().clear();
            }
        }),
        lie("count-zero-only-counts", |a, r| {
            if counts(a, "0") && a.param("filter").is_none() {
                r.push("another");
            }
        }),
        lie("negative-count-is-zero", |a, r| {
            if counts(a, "-2") {
                r.push("another");
            }
        }),
        deed("start-below-one-is-one", |a| a.has("startIndex", "-3").then(|| Reply::refused(400))),
        lie("start-past-the-end-is-empty", |a, r| {
            if a.has("startIndex", "100") {
                r.set("/totalResults", json!(0));
            }
        }),
        lie("max-results-is-kept", |a, r| {
            if counts(a, "1000000") {
                r.set("/itemsPerPage", json!(1_000_000));
            }
        }),
        deed("count-that-is-no-number-is-400", |a| counts(a, "scimcheck").then(|| Reply::done(200))),
    ]
}

/// A first page by cursor of three resources, in no order.
fn first_of_three(a: &Ask<'_>) -> bool {
    a.lists() && a.has("cursor", "") && a.has("count", "2") && a.family() == 3 && a.param("sortBy").is_none()
}

pub(crate) fn cursors() -> Vec<Lie> {
    vec![
        lie("cursor-shows-everything-once", |a, r| {
            if a.lists() && a.param("cursor").is_some_and(|cursor| !cursor.is_empty()) && a.param("sortBy").is_none() {
                r.drop("/nextCursor");
            }
        }),
        lie("cursor-count-is-a-limit", |a, r| {
            if first_of_three(a) {
                r.push("another");
            }
        }),
        lie("cursor-first-page-has-no-previous", |a, r| {
            if first_of_three(a) {
                r.set("/previousCursor", json!("x"));
            }
        }),
        lie("cursors-are-unreserved", |a, r| {
            if first_of_three(a) {
                r.set("/nextCursor", json!("a/b+c"));
            }
        }),
        lie("cursor-count-zero-only-counts", |a, r| {
            if a.param("cursor").is_some() && counts(a, "0") {
                r.push("another");
            }
        }),
        lie("cursor-negative-count-is-zero", |a, r| {
            if a.param("cursor").is_some() && counts(a, "-1") {
                r.push("another");
            }
        }),
        lie("cursor-without-count", |a, r| {
            if a.lists() && a.has("cursor", "") && a.param("count").is_none() {
                r.list().clear();
            }
        }),
        lie("forged-cursor-is-invalid-cursor", |a, r| {
            if a.has("cursor", "scimcheck-no-such-cursor") {
                r.drop("/scimType");
            }
        }),
        lie("cursor-pages-are-sorted", |a, r| {
            if a.has("cursor", "") && a.param("sortBy").is_some() {
                r.reverse();
            }
        }),
        deed("cursor-in-a-search", |a| a.body.get("cursor").is_some().then(|| Reply::refused(400))),
        lie("index-stays-the-default", |a, r| {
            if counts(a, "2") && a.family() == 3 && a.param("cursor").is_none() && a.param("startIndex").is_none() {
                r.set("/nextCursor", json!("x"));
            }
        }),
    ]
}

#[test]
fn a_server_whose_pages_are_wrong_is_found_out() {
    prove(&lies());
}

#[test]
fn a_server_whose_cursors_are_wrong_is_found_out() {
    prove(&cursors());
}
