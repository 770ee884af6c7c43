//! RFC 9865: lists page after page by cursor, and what a cursor is bound to.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use support::{Setting, World};

over_every_store! {
    pages_follow_each_other_to_the_end in Setting::directory();
    a_full_last_page_has_no_next in Setting::directory();
    who_comes_between_is_seen_once_or_not_at_all in Setting::directory();
    a_cursor_belongs_to_its_query in Setting::directory();
    a_cursor_grows_old in Setting::directory();
    a_search_has_cursors_too in Setting::directory();
    counting_alone_needs_no_cursor in Setting::directory();
}

fn walk(w: &World, query: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = w.get(&format!("/Users?cursor={cursor}&{query}")).send().expect(200);
        let page = answer.json();
        assert_eq!(page.get("startIndex"), None);
        let names = page["Resources"].as_array().unwrap().iter().map(|r| r["userName"].as_str().unwrap().to_owned());
        pages.push(names.collect::<Vec<_>>());
        assert_eq!(page["itemsPerPage"], pages.last().unwrap().len());
        match page["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return pages,
        }
    }
}

fn people(w: &World, names: &[&str]) {
    for name in names {
        w.user(name);
    }
}

fn pages_follow_each_other_to_the_end(w: &World) {
    people(w, &["c", "a", "e", "b", "d"]);
    assert_eq!(walk(w, "count=2&sortBy=userName"), [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
    assert_eq!(walk(w, "count=2&sortBy=userName&sortOrder=descending"), [vec!["e", "d"], vec!["c", "b"], vec!["a"]]);
    assert_eq!(walk(w, "count=3&filter=userName gt \"b\"&sortBy=userName"), [vec!["c", "d", "e"]]);
    assert_eq!(walk(w, "count=2").concat().len(), 5);
    let first = w.get("/Users?cursor&count=2").send().expect(200).json();
    assert_eq!(first["totalResults"], 5);
}

fn a_full_last_page_has_no_next(w: &World) {
    people(w, &["a", "b", "c", "d"]);
    assert_eq!(walk(w, "count=2&sortBy=userName"), [vec!["a", "b"], vec!["c", "d"]]);
    assert_eq!(walk(w, "count=2&filter=userName eq \"x\""), [Vec::<String>::new()]);
}

fn who_comes_between_is_seen_once_or_not_at_all(w: &World) {
    people(w, &["a", "b", "c", "d"]);
    let query = "count=2&sortBy=userName";
    let first = w.get(&format!("/Users?cursor&{query}")).send().expect(200).json();
    people(w, &["bb", "aa"]);
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = w.get(&format!("/Users?cursor={cursor}&{query}")).send().expect(200).json();
    let names: Vec<&str> =
        second["Resources"].as_array().unwrap().iter().map(|r| r["userName"].as_str().unwrap()).collect();
    assert_eq!(names, ["bb", "c"]);
}

fn a_cursor_belongs_to_its_query(w: &World) {
    people(w, &["a", "b", "c"]);
    let first = w.get("/Users?cursor=&count=1&sortBy=userName").send().expect(200).json();
    let cursor = first["nextCursor"].as_str().unwrap();
    for (query, scim_type) in [
        ("count=1&sortBy=displayName", "invalidCursor"),
        ("count=1&sortBy=userName&filter=userName pr", "invalidCursor"),
        ("count=1&sortBy=userName&attributes=userName", "invalidCursor"),
        ("count=2&sortBy=userName", "invalidCount"),
    ] {
        w.get(&format!("/Users?cursor={cursor}&{query}")).send().refused(400, scim_type);
    }
    w.get(&format!("/Groups?cursor={cursor}&count=1&sortBy=userName")).send().refused(400, "invalidCursor");
    w.get("/Users?cursor=nonsense&count=1&sortBy=userName").send().refused(400, "invalidCursor");
    w.get(&format!("/Users?cursor={cursor}&count=1&sortBy=userName&startIndex=2")).send().refused(400, "invalidValue");
    assert_eq!(w.get(&format!("/Users?cursor={cursor}&sortBy=userName")).send().expect(200).ids().len(), 1);
}

fn a_cursor_grows_old(w: &World) {
    people(w, &["a", "b"]);
    let first = w.get("/Users?cursor&count=1").send().expect(200).json();
    let next = format!("/Users?cursor={}&count=1", first["nextCursor"].as_str().unwrap());
    w.clock.pass_seconds(3_600);
    w.get(&next).send().expect(200);
    w.clock.pass_seconds(1);
    w.get(&next).send().refused(400, "expiredCursor");
}

fn a_search_has_cursors_too(w: &World) {
    people(w, &["a", "b", "c"]);
    let first = w.post("/Users/.search", r#"{"cursor":"","count":2,"sortBy":"userName"}"#).send().expect(200).json();
    let body = format!(r#"{{"cursor":{},"count":2,"sortBy":"userName"}}"#, first["nextCursor"]);
    let second = w.post("/Users/.search", body).send().expect(200).json();
    assert_eq!((second["Resources"][0]["userName"].as_str(), second.get("nextCursor")), (Some("c"), None));
}

fn counting_alone_needs_no_cursor(w: &World) {
    people(w, &["a", "b"]);
    let answer = w.get("/Users?cursor&count=0").send().expect(200).json();
    assert_eq!((&answer["totalResults"], answer.get("nextCursor")), (&2.into(), None));
    assert_eq!(answer["Resources"], serde_json::json!([]));
}
