//! RFC 9865: lists page after page by cursor, and what a cursor is bound to.

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
use scimstack_protocol::ConnectionPolicy;
use support::{Setting, USER, World};

over_every_store! {
    pages_follow_each_other_to_the_end in Setting::directory();
    a_full_last_page_has_no_next in Setting::directory();
    who_comes_between_is_seen_once_or_not_at_all in Setting::directory();
    a_cursor_belongs_to_its_query in Setting::directory();
    a_cursor_grows_old in Setting::directory();
    a_search_has_cursors_too in Setting::directory();
    counting_alone_needs_no_cursor in Setting::directory();
    cursors_need_no_encoding in Setting::directory();
    no_page_tells_of_one_before_it in Setting::directory();
    bad_parameters_are_refused_with_an_error in Setting::directory();
    lists_are_paged_by_index_unless_a_cursor_is_sent in Setting::directory();
    paging_is_declared_and_its_schema_published in Setting::directory();
    another_tenants_cursor_is_like_no_cursor_at_all in Setting::directory();
    every_page_is_authorised_anew in Setting::directory();
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
    let fewer_than_none = w.get("/Users?cursor&count=-3").send().expect(200).json();
    assert_eq!(fewer_than_none, answer);
}

fn cursors_need_no_encoding(w: &World) {
    people(w, &["a", "b", "\u{f8} & co"]);
    let mut page = w.get("/Users?cursor&count=1&sortBy=userName").send().expect(200).json();
    for _ in 0..2 {
        let cursor = page["nextCursor"].as_str().unwrap().to_owned();
        assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)), "{cursor}");
        for other in [format!("{cursor}/"), format!("{cursor}="), format!("{cursor} "), format!("{cursor}\u{0}")] {
            w.get(&format!("/Users?cursor={other}&count=1&sortBy=userName")).send().refused(400, "invalidCursor");
        }
        page = w.get(&format!("/Users?cursor={cursor}&count=1&sortBy=userName")).send().expect(200).json();
    }
    assert_eq!(page.get("nextCursor"), None);
}

fn no_page_tells_of_one_before_it(w: &World) {
    people(w, &["a", "b", "c"]);
    let first = w.get("/Users?cursor&count=1").send().expect(200).json();
    let second = w.get(&format!("/Users?cursor={}", first["nextCursor"].as_str().unwrap())).send().expect(200).json();
    assert!(second["nextCursor"].is_string());
    for page in [first, second] {
        assert_eq!(page.get("previousCursor"), None);
    }
}

fn bad_parameters_are_refused_with_an_error(w: &World) {
    people(w, &["a", "b"]);
    let first = w.get("/Users?cursor&count=1").send().expect(200).json();
    let cursor = first["nextCursor"].as_str().unwrap();
    for query in ["count=1&count=1", "count=1&cursor=x"] {
        w.get(&format!("/Users?cursor={cursor}&{query}")).send().refused(400, "invalidValue");
    }
    for query in ["count=abc", "count=1.5"] {
        w.get(&format!("/Users?cursor={cursor}&{query}")).send().refused(400, "invalidCount");
    }
    w.post("/Users/.search", r#"{"cursor":"","count":"1"}"#).send().refused(400, "invalidCount");
    for cursor in ["%00", "\u{0}", "null", "-1"] {
        w.get(&format!("/Users?cursor={cursor}&count=1")).send().refused(400, "invalidCursor");
    }
    for body in [r#"{"cursor":5}"#, r#"{"cursor":"","startIndex":1}"#] {
        w.post("/Users/.search", body).send().refused(400, "invalidValue");
    }
}

fn lists_are_paged_by_index_unless_a_cursor_is_sent(w: &World) {
    people(w, &["a", "b", "c"]);
    for query in ["", "?count=1", "?startIndex=2&count=1"] {
        let page = w.get(&format!("/Users{query}")).send().expect(200).json();
        assert!(page["startIndex"].is_u64() && page["itemsPerPage"].is_u64(), "{query}: {page}");
        assert_eq!(page.get("nextCursor"), None, "{query}");
    }
    let config = w.get("/ServiceProviderConfig").send().expect(200).json();
    assert_eq!(config["pagination"]["defaultPaginationMethod"], "index");
}

fn paging_is_declared_and_its_schema_published(w: &World) {
    let config = w.get("/ServiceProviderConfig").send().expect(200).json();
    let declared = config["pagination"].as_object().unwrap();
    assert!(declared["cursor"].is_boolean() && declared["index"].is_boolean(), "{declared:?}");
    for size in ["defaultPageSize", "maxPageSize", "cursorTimeout"] {
        assert!(declared[size].as_u64().is_some_and(|size| size > 0), "{size} in {declared:?}");
    }
    let schema =
        w.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig").send().expect(200).json();
    let attributes = schema["attributes"].as_array().unwrap();
    let pagination = attributes.iter().find(|attribute| attribute["name"] == "pagination").unwrap();
    let names: Vec<&str> =
        pagination["subAttributes"].as_array().unwrap().iter().map(|sub| sub["name"].as_str().unwrap()).collect();
    assert!(declared.keys().all(|name| names.contains(&name.as_str())), "{names:?}");
}

fn another_tenants_cursor_is_like_no_cursor_at_all(w: &World) {
    people(w, &["a", "b", "c"]);
    let admin = w.engine.admin();
    let other = block_on(admin.create_tenant("umbrella")).unwrap();
    let (_, secret) = block_on(admin.create_token(other.id, "default", "test", None)).unwrap();
    let at_other = |method, query: &str, body: String| {
        let call = w.raw(method, &format!("/t/umbrella/api/scim/v2/Users{query}"));
        call.header("authorization", &format!("Bearer {}", secret.reveal())).body(body).send()
    };
    for name in ["x", "y"] {
        at_other(Method::POST, "", format!(r#"{{"schemas":["{USER}"],"userName":"{name}"}}"#)).expect(201);
    }
    let theirs = at_other(Method::GET, "?cursor&count=1", String::new()).expect(200).json();
    let theirs = theirs["nextCursor"].as_str().unwrap();
    let ours = w.get("/Users?cursor&count=1").send().expect(200).json();
    let ours = ours["nextCursor"].as_str().unwrap();
    let refused = |cursor: &str| {
        let answer = w.get(&format!("/Users?cursor={cursor}&count=1")).send().refused(400, "invalidCursor");
        answer.text().to_owned()
    };
    // A page that is another's, one that never was, and one of another query are told in the same words.
    assert_eq!(refused(theirs), refused("nonsense"));
    let of_another_query = w.get(&format!("/Users?cursor={ours}&count=1&sortBy=title")).send();
    assert_eq!(of_another_query.refused(400, "invalidCursor").text(), refused(theirs));
    at_other(Method::GET, &format!("?cursor={ours}&count=1"), String::new()).refused(400, "invalidCursor");
}

fn every_page_is_authorised_anew(w: &World) {
    people(w, &["a", "b", "c"]);
    let admin = w.engine.admin();
    let (token, secret) = block_on(admin.create_token(w.tenant, "default", "short", None)).unwrap();
    let page = |cursor: &str| {
        let call = w.raw(Method::GET, &format!("/t/acme/api/scim/v2/Users?cursor={cursor}&count=1"));
        call.header("authorization", &format!("Bearer {}", secret.reveal())).send()
    };
    let first = page("").expect(200).json();
    let cursor = first["nextCursor"].as_str().unwrap();
    page(cursor).expect(200);
    let switched = |enabled| {
        let mut policy = ConnectionPolicy::default();
        policy.enabled = enabled;
        block_on(admin.set_connection(w.tenant, policy)).unwrap();
    };
    switched(false);
    page(cursor).expect(403);
    switched(true);
    page(cursor).expect(200);
    block_on(admin.revoke_token(&token.id)).unwrap();
    page(cursor).expect(401);
    let gone = w.get(&format!("/Users?cursor={cursor}&count=1")).send().expect(200).ids().remove(0);
    w.delete(&format!("/Users/{gone}")).send().expect(204);
    let next = w.get(&format!("/Users?cursor={cursor}&count=1")).send().expect(200);
    assert!(!next.ids().contains(&gone), "a page shows what is there when it is asked for");
    assert_eq!(next.json()["totalResults"], 2);
}
