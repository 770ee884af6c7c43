//! RFC 7644 §3.4.2.3, §3.4.2.4: in which order a list is, and what it says of its pages.

use crate::support::{Setting, USER, World};

over_every_store! {
    text_is_ordered_without_case_and_without_locale in Setting::rfc();
    exact_text_is_ordered_with_its_case in Setting::rfc();
    several_values_are_ordered_by_the_primary_or_the_first in Setting::rfc();
    who_has_no_value_is_last_or_first in Setting::rfc();
    a_complex_attribute_has_no_order_of_its_own in Setting::rfc();
    the_last_page_tells_what_is_left in Setting::rfc();
}

/// Makes users with these attributes; the names are told apart by their letters.
fn people(w: &World, attributes: &[(&str, &str)]) {
    for (name, rest) in attributes {
        w.post("/Users", format!(r#"{{"schemas":["{USER}"],"userName":"{name}"{rest}}}"#)).send().expect(201);
    }
}

#[track_caller]
fn order(w: &World, query: &str) -> String {
    let list = w.get(&format!("/Users?{query}")).send().expect(200).json();
    let names =
        list["Resources"].as_array().unwrap().iter().map(|found| found["userName"].as_str().unwrap().to_owned());
    names.collect::<Vec<_>>().join(" ")
}

fn text_is_ordered_without_case_and_without_locale(w: &World) {
    people(w, &[("bob", ""), ("Zoe", ""), ("ärmel", ""), ("carol", ""), ("Alice", "")]);
    assert_eq!(order(w, "sortBy=userName"), "Alice bob carol Zoe ärmel");
    assert_eq!(order(w, "sortBy=userName&sortOrder=ascending"), "Alice bob carol Zoe ärmel");
    assert_eq!(order(w, "sortBy=userName&sortOrder=descending"), "ärmel Zoe carol bob Alice");
}

fn exact_text_is_ordered_with_its_case(w: &World) {
    let id = |id: &str| format!(r#","externalId":"{id}""#);
    people(w, &[("lowerb", &id("b")), ("uppera", &id("A")), ("lowera", &id("a")), ("upperb", &id("B"))]);
    assert_eq!(order(w, "sortBy=externalId"), "uppera upperb lowera lowerb");
}

fn several_values_are_ordered_by_the_primary_or_the_first(w: &World) {
    people(
        w,
        &[
            ("primary", r#","emails":[{"value":"a@x.test"},{"value":"z@x.test","primary":true}]"#),
            ("only", r#","emails":[{"value":"m@x.test"}]"#),
            ("first", r#","emails":[{"value":"n@x.test","primary":false},{"value":"a@x.test"}]"#),
            ("none", ""),
        ],
    );
    assert_eq!(order(w, "sortBy=emails"), "only first primary none");
    assert_eq!(order(w, "sortBy=emails.value"), "only first primary none");
    assert_eq!(order(w, "sortBy=emails&sortOrder=descending"), "none primary first only");
}

fn who_has_no_value_is_last_or_first(w: &World) {
    people(w, &[("without", ""), ("cook", r#","title":"cook""#), ("without2", ""), ("boss", r#","title":"Boss""#)]);
    assert_eq!(order(w, "sortBy=title"), "boss cook without without2");
    assert!(order(w, "sortBy=title&sortOrder=descending").ends_with(" cook boss"));
}

fn a_complex_attribute_has_no_order_of_its_own(w: &World) {
    people(w, &[("b", r#","name":{"familyName":"b"}"#), ("a", r#","name":{"familyName":"a"}"#)]);
    w.get("/Users?sortBy=name").send().refused(400, "invalidPath");
    assert_eq!(order(w, "sortBy=name.familyName"), "a b");
}

fn the_last_page_tells_what_is_left(w: &World) {
    people(w, &[("a", ""), ("b", ""), ("c", ""), ("d", ""), ("e", "")]);
    for (query, start, names) in [
        ("startIndex=1&count=2", 1, "a b"),
        ("startIndex=3&count=2", 3, "c d"),
        ("startIndex=5&count=2", 5, "e"),
        ("startIndex=7&count=2", 7, ""),
    ] {
        let path = format!("sortBy=userName&{query}");
        assert_eq!(order(w, &path), names, "{query}");
        let items = names.split_whitespace().count();
        let page = w.get(&format!("/Users?{path}")).send().expect(200);
        let expected = serde_json::json!({"totalResults": 5, "startIndex": start, "itemsPerPage": items});
        page.shows(&expected.to_string());
    }
}
