//! RFC 7644 §3.4.2, §3.4.3: lists, filters, order, pages, searches.

use crate::support::{Setting, USER, World};

over_every_store! {
    an_empty_list_is_a_list in Setting::directory();
    pages_hold_together in Setting::directory();
    page_parameters_are_brought_into_range in Setting::directory();
    bad_parameters_are_refused in Setting::directory();
    filters_find_what_they_say in Setting::directory();
    filters_that_mean_nothing_are_refused in Setting::directory();
    the_order_is_the_one_asked_for in Setting::directory();
    a_search_is_a_list in Setting::directory();
    the_root_lists_everything in Setting::directory();
    inactive_people_are_listed in Setting::directory();
    members_and_groups_can_be_asked_for in Setting::directory();
}

fn an_empty_list_is_a_list(w: &World) {
    for path in ["/Users", "/Groups", "/Users?filter=userName eq \"nobody\"", "/Users?startIndex=1&count=2"] {
        let answer = w.get(path).send().expect(200);
        assert_eq!(
            answer.text(),
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}"#
        );
    }
}

fn people(w: &World) -> Vec<String> {
    [("ann", r#","title":"Chef""#), ("bob", r#","title":"boss""#), ("cem", "")]
        .iter()
        .map(|(name, title)| {
            let body = format!(
                r#"{{"schemas":["{USER}"],"userName":"{name}@x.test","externalId":"{name}-1"{title},
                "name":{{"familyName":"Of {name}"}},"emails":[{{"value":"{name}@work.test","type":"work"}},
                {{"value":"{name}@home.test","type":"home","primary":true}}]}}"#
            );
            w.clock.pass_seconds(10);
            w.post("/Users", body).send().expect(201).id()
        })
        .collect()
}

fn pages_hold_together(w: &World) {
    let ids: Vec<String> = (0..7).map(|n| w.user(&format!("p{n}"))).collect();
    let mut seen = Vec::new();
    for start in [1, 4, 7] {
        let page = w.get(&format!("/Users?startIndex={start}&count=3")).send().expect(200);
        page_is(&page.json(), 7, start, if start == 7 { 1 } else { 3 });
        seen.extend(page.ids());
    }
    let mut expected = ids;
    expected.sort();
    let mut sorted = seen.clone();
    sorted.sort();
    assert_eq!(sorted, expected);
    let all = w.get("/Users?startIndex=1&count=100").send().expect(200);
    assert_eq!(all.ids(), seen, "the order does not depend on the page");
}

#[track_caller]
fn page_is(page: &serde_json::Value, total: u64, start: u64, items: u64) {
    let found = (&page["totalResults"], &page["startIndex"], &page["itemsPerPage"]);
    assert_eq!(found, (&total.into(), &start.into(), &items.into()));
    assert_eq!(page["Resources"].as_array().unwrap().len() as u64, items);
}

fn page_parameters_are_brought_into_range(w: &World) {
    for n in 0..3 {
        w.user(&format!("p{n}"));
    }
    for (query, start, items) in [
        ("startIndex=-3&count=2", 1, 2),
        ("startIndex=0", 1, 3),
        ("count=0", 1, 0),
        ("count=-1", 1, 0),
        ("count=1000000", 1, 3),
        ("startIndex=99", 99, 0),
        ("startIndex=3&count=5", 3, 1),
        ("STARTINDEX=2&Count=1", 2, 1),
    ] {
        page_is(&w.get(&format!("/Users?{query}")).send().expect(200).json(), 3, start, items);
    }
}

fn bad_parameters_are_refused(w: &World) {
    for query in [
        "count=abc",
        "startIndex=1.5",
        "count=1&count=1",
        "attributes=userName&excludedAttributes=emails",
        "sortBy=userName&sortOrder=up",
    ] {
        w.get(&format!("/Users?{query}")).send().refused(400, "invalidValue");
    }
}

fn filters_find_what_they_say(w: &World) {
    let ids = people(w);
    let names = ["ann", "bob", "cem"];
    for (filter, expected) in [
        (r#"userName eq "ANN@X.test""#, "ann"),
        (r#"userName Eq "ann@x.test""#, "ann"),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "b""#, "bob"),
        (r#"externalId eq "cem-1""#, "cem"),
        (r#"externalId eq "CEM-1""#, ""),
        (r#"title pr"#, "ann bob"),
        (r#"not (title pr)"#, "cem"),
        (r#"title eq "boss" or title eq "CHEF""#, "ann bob"),
        (r#"emails[type eq "work" and value co "bob"]"#, "bob"),
        (r#"emails[type eq "work"].value eq "bob@work.test""#, "bob"),
        (r#"emails co "home.test" and name.familyName eq "of ann""#, "ann"),
        (r#"emails[type eq "home" and value co "work.test"]"#, ""),
        (r#"meta.lastModified gt "2026-01-01T00:00:10Z""#, "bob cem"),
        (r#"meta.resourceType eq "User" and active eq true"#, "ann bob cem"),
        (r#"active eq false"#, ""),
        (r#"userName eq "a\"b""#, ""),
    ] {
        let answer = w.get(&format!("/Users?filter={filter}")).send().expect(200);
        let found: Vec<&str> =
            names.iter().zip(&ids).filter(|(_, id)| answer.ids().contains(id)).map(|(name, _)| *name).collect();
        assert_eq!(found.join(" "), expected, "{filter}");
        assert_eq!(answer.json()["totalResults"], found.len(), "{filter}");
    }
    let by_id = format!("/Users?filter=id eq \"{}\"", ids[1]);
    assert_eq!(w.get(&by_id).send().expect(200).ids(), [ids[1].as_str()]);
}

fn filters_that_mean_nothing_are_refused(w: &World) {
    people(w);
    for filter in [
        "userName",
        "userName eq",
        "userName is \"a\"",
        "userName eq jyoung",
        "userName eq \"a",
        "shoeSize eq 42",
        "active gt true",
        "userName eq 1",
        "()",
        "emails[",
        "meta.created gt \"yesterday\"",
    ] {
        let answer = w.get(&format!("/Users?filter={filter}")).send().refused(400, "invalidFilter");
        assert!(answer.json().get("Resources").is_none(), "{filter}");
    }
    w.get("/Users?filter=password eq \"x\"").send().refused(403, "sensitive");
    let body = r#"{"filter":"password eq \"x\""}"#;
    w.post("/Users/.search", body).send().refused(400, "invalidFilter");
}

fn the_order_is_the_one_asked_for(w: &World) {
    let ids = people(w);
    for (query, order) in [
        ("sortBy=title", [1, 0, 2]),
        ("sortBy=title&sortOrder=descending", [2, 0, 1]),
        ("sortBy=userName&sortOrder=descending", [2, 1, 0]),
        ("sortBy=NAME.familyName", [0, 1, 2]),
        ("sortBy=meta.created&sortOrder=descending", [2, 1, 0]),
        ("sortBy=emails&sortOrder=ascending", [0, 1, 2]),
        ("sortBy=shoeSize", [0, 1, 2]),
    ] {
        let expected: Vec<&String> = order.iter().map(|&at| &ids[at]).collect();
        let found = w.get(&format!("/Users?{query}")).send().expect(200).ids();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
    }
}

fn a_search_is_a_list(w: &World) {
    let ids = people(w);
    let body = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"userName sw \"a\"",
        "attributes":["userName"],"count":2}"#;
    let answer = w.post("/Users/.search?filter=nonsense", body).send().expect(200);
    assert_eq!(
        answer.json()["Resources"],
        serde_json::json!([{"schemas": [USER], "id": ids[0], "userName": "ann@x.test"}])
    );
    w.post("/Users/.search", "[]").send().refused(400, "invalidSyntax");
    w.get("/Users/.search").send().expect(405);
}

fn the_root_lists_everything(w: &World) {
    let ann = w.user("ann");
    let group = w.group("Aces", &[]);
    let mut all = w.get("").send().expect(200).ids();
    all.sort();
    let mut expected = vec![ann.clone(), group.clone()];
    expected.sort();
    assert_eq!(all, expected);
    assert_eq!(w.get("/?filter=displayName eq \"aces\"").send().expect(200).ids(), [group.as_str()]);
    assert_eq!(w.get("/?filter=meta.resourceType eq \"User\"").send().expect(200).ids(), [ann.as_str()]);
    let body = r#"{"filter":"userName pr or displayName pr","sortBy":"displayName"}"#;
    assert_eq!(w.post("/.search", body).send().expect(200).ids(), [group, ann]);
    w.get("/?filter=userName gt true").send().refused(400, "invalidFilter");
    for filter in ["shoeSize pr", "userName pr or shoeSize pr", "emails[shoeSize eq 42]"] {
        w.get(&format!("/?filter={filter}")).send().refused(400, "invalidFilter");
    }
    assert_eq!(w.get("/?filter=emails[type eq \"work\"] or displayName pr").send().expect(200).ids().len(), 1);
}

fn inactive_people_are_listed(w: &World) {
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"gone","active":false}}"#);
    let gone = w.post("/Users", body).send().expect(201).id();
    assert_eq!(w.get("/Users").send().expect(200).ids(), [gone.as_str()]);
    assert_eq!(w.get("/Users?filter=userName eq \"gone\"").send().expect(200).ids(), [gone.as_str()]);
    w.get(&format!("/Users/{gone}")).send().expect(200).shows(r#"{"active":false}"#);
}

fn members_and_groups_can_be_asked_for(w: &World) {
    let (ann, bob) = (w.user("ann"), w.user("bob"));
    let group = w.group("G", &[&ann]);
    for (path, expected) in [
        (format!("/Groups?filter=members eq \"{ann}\""), vec![group.as_str()]),
        (format!("/Groups?filter=members[value eq \"{bob}\"]"), vec![]),
        (format!("/Groups?filter=id eq \"{group}\" and members eq \"{ann}\""), vec![group.as_str()]),
        (format!("/Users?filter=groups.value eq \"{group}\""), vec![ann.as_str()]),
    ] {
        assert_eq!(w.get(&path).send().expect(200).ids(), expected, "{path}");
    }
}

#[test]
fn a_page_is_never_longer_than_the_server_allows() {
    let w = Setting::directory()
        .limits(|limits| {
            limits.default_page = 2;
            limits.max_page = 3;
        })
        .in_memory();
    for n in 0..5 {
        w.user(&format!("p{n}"));
    }
    for (query, items) in [("", 2), ("?count=3", 3), ("?count=5", 3), ("?cursor&count=5", 3), ("?cursor", 2)] {
        let page = w.get(&format!("/Users{query}")).send().expect(200);
        assert_eq!((page.ids().len(), &page.json()["totalResults"]), (items, &5.into()), "{query}");
    }
    let config = w.get("/ServiceProviderConfig").send().expect(200).json();
    assert_eq!((&config["pagination"]["defaultPageSize"], &config["filter"]["maxResults"]), (&2.into(), &3.into()));
}
