//! RFC 7644 §5, §7.8, §3.8: text beyond ASCII comes back as it was sent, and is prepared before it is compared.

use crate::support::{Setting, USER, World};
use bytes::Bytes;
use serde_json::json;

over_every_store! {
    text_comes_back_as_it_was_sent in Setting::directory();
    a_body_that_is_not_utf_8_is_refused in Setting::directory();
    user_names_are_prepared_before_they_are_compared in Setting::directory();
    filters_find_text_in_every_normal_form in Setting::directory();
}

const TEXTS: [&str; 5] = ["Ørsted", "\u{c5}sa", "A\u{30a}sa", "東京 \u{1f600}", "\"\\\u{7}\u{2028}"];

fn text_comes_back_as_it_was_sent(w: &World) {
    for (n, text) in TEXTS.iter().enumerate() {
        let body = json!({"schemas": [USER], "userName": format!("u{n}"), "displayName": text}).to_string();
        for media_type in ["application/scim+json", "application/scim+json; charset=utf-8"] {
            let id = w.post("/Users", body.as_str()).header("content-type", media_type).send().expect(201).id();
            let path = format!("/Users/{id}");
            let found = w.get(&path).send().expect(200);
            assert_eq!(found.json()["displayName"], *text, "{media_type}");
            w.delete(&path).send().expect(204);
        }
    }
    let escaped = format!(r#"{{"schemas":["{USER}"],"userName":"e","displayName":"\u00d8rsted \ud83d\ude00"}}"#);
    assert_eq!(w.post("/Users", escaped).send().expect(201).json()["displayName"], "Ørsted \u{1f600}");
}

fn a_body_that_is_not_utf_8_is_refused(w: &World) {
    let latin = [format!(r#"{{"schemas":["{USER}"],"userName":"#).as_bytes(), b"\"\xd8rsted\"}"].concat();
    let request = http::Request::post("/t/acme/api/scim/v2/Users")
        .header("authorization", format!("Bearer {}", w.token))
        .body(Bytes::from(latin))
        .unwrap();
    let response = futures_executor::block_on(w.engine.handle(request));
    assert_eq!(response.status(), 400);
    assert_eq!(w.get("/Users").send().expect(200).json()["totalResults"], 0);
}

fn user_names_are_prepared_before_they_are_compared(w: &World) {
    w.user("\u{c5}sa");
    for twin in ["\u{c5}sa", "A\u{30a}sa", "\u{212b}sa", "\u{e5}SA"] {
        let body = json!({"schemas": [USER], "userName": twin}).to_string();
        w.post("/Users", body).send().refused(409, "uniqueness");
    }
    w.user("asa");
    for twin in ["\u{ff21}\u{ff33}\u{ff21}", "\u{ff41}sa"] {
        let body = json!({"schemas": [USER], "userName": twin}).to_string();
        w.post("/Users", body).send().refused(409, "uniqueness");
    }
}

fn filters_find_text_in_every_normal_form(w: &World) {
    let body = json!({
        "schemas": [USER], "userName": "\u{e9}mile", "externalId": "Cafe\u{301}",
        "emails": [{"value": "\u{e9}@x.test"}],
    });
    let id = w.post("/Users", body.to_string()).send().expect(201).id();
    for filter in [
        "userName eq \"E\u{301}MILE\"",
        "userName sw \"e\u{301}\"",
        "externalId eq \"Caf\u{e9}\"",
        "externalId co \"f\u{e9}\"",
        "emails[value eq \"e\u{301}@x.test\"]",
    ] {
        let search = json!({ "filter": filter }).to_string();
        assert_eq!(w.get(&format!("/Users?filter={filter}")).send().expect(200).ids(), [id.as_str()], "{filter}");
        assert_eq!(w.post("/Users/.search", search).send().expect(200).ids(), [id.as_str()], "{filter}");
    }
    let other_case = "/Users?filter=externalId eq \"CAF\u{c9}\"";
    assert_eq!(w.get(other_case).send().expect(200).ids().len(), 0, "an external id is compared with case");
}
