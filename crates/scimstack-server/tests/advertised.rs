//! What `ServiceProviderConfig` says is supported is used here, and what it says is not is refused or ignored as the RFC has it
//! (RFC 7643 §5, RFC 9865 §4). A member that nobody uses is found.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use support::{Setting, USER, World};

over_every_store! {
    what_is_advertised_works in Setting::directory().limits(crate::small);
    what_is_switched_off_is_not_advertised_and_refused in Setting::directory().limits(|limits| limits.bulk_operations = 0);
}

/// Limits that can be passed without much ado.
fn small(limits: &mut scimstack_server::Limits) {
    (limits.bulk_operations, limits.bulk_body) = (2, 2_000);
    (limits.max_page, limits.default_page, limits.cursor_lifetime) = (3, 2, 60);
}

fn config(w: &World) -> Value {
    w.get("/ServiceProviderConfig").send().expect(200).json()
}

fn bulk(operations: usize, padding: usize) -> String {
    let operation = json!({"method": "DELETE", "path": "/Users/none"});
    let operations = vec![operation; operations];
    let schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
    format!("{}{}", json!({"schemas": [schema], "Operations": operations}), " ".repeat(padding))
}

fn what_is_advertised_works(w: &World) {
    let names: Vec<String> = ["a", "b", "c", "d", "e"].map(|name| w.user(name)).into();
    let config = config(w);
    for (name, said) in config.as_object().unwrap() {
        match name.as_str() {
            "patch" => {
                assert_eq!(said["supported"], true);
                w.patch(&format!("/Users/{}", names[0]), r#"[{"op":"add","path":"title","value":"x"}]"#)
                    .send()
                    .expect(200);
            }
            "bulk" => {
                assert_eq!(said["supported"], true);
                let most = usize::try_from(said["maxOperations"].as_u64().unwrap()).unwrap();
                let bytes = usize::try_from(said["maxPayloadSize"].as_u64().unwrap()).unwrap();
                w.post("/Bulk", bulk(most, 0)).send().expect(200);
                w.post("/Bulk", bulk(most + 1, 0)).send().expect(413);
                let whole = bulk(1, 0).len();
                w.post("/Bulk", bulk(1, bytes - whole)).send().expect(200);
                w.post("/Bulk", bulk(1, bytes + 1 - whole)).send().expect(413);
            }
            "filter" => {
                assert_eq!(said["supported"], true);
                let most = said["maxResults"].as_u64().unwrap();
                let found = w.get("/Users?filter=userName pr&count=100").send().expect(200).json();
                assert_eq!((&found["itemsPerPage"], &found["totalResults"]), (&json!(most), &json!(names.len())));
            }
            "changePassword" => {
                assert_eq!(said["supported"], false);
                // It is swallowed, and changes nothing.
                let patch = r#"[{"op":"replace","path":"password","value":"hunter2"}]"#;
                let path = format!("/Users/{}", names[1]);
                let before = w.get(&path).send().expect(200).json();
                w.patch(&path, patch).send().expect(200);
                assert_eq!(w.get(&path).send().expect(200).json(), before);
            }
            "sort" => {
                assert_eq!(said["supported"], true);
                let down = w.get("/Users?sortBy=userName&sortOrder=descending&count=3").send().expect(200).ids();
                assert_eq!(down, [&*names[4], &names[3], &names[2]]);
            }
            "etag" => {
                assert_eq!(said["supported"], true);
                let path = format!("/Users/{}", names[2]);
                let tag = w.get(&path).send().expect(200).etag();
                w.get(&path).header("if-none-match", &tag).send().expect(304);
                let put = format!(r#"{{"schemas":["{USER}"],"userName":"c","title":"y"}}"#);
                w.put(&path, put.clone()).header("if-match", "W/\"999\"").send().expect(412);
                w.put(&path, put).header("if-match", &tag).send().expect(200);
            }
            "pagination" => pagination(w, said, names.len()),
            "authenticationSchemes" => {
                for scheme in said.as_array().unwrap() {
                    let header = match scheme["type"].as_str().unwrap() {
                        "oauthbearertoken" => format!("Bearer {}", w.token),
                        "httpbasic" => format!("Basic {}", BASE64_STANDARD.encode(format!("any:{}", w.token))),
                        other => panic!("nobody uses {other}"),
                    };
                    w.get("/Users").header("authorization", &header).send().expect(200);
                }
            }
            "schemas" => assert!(said[0].as_str().unwrap().ends_with(":ServiceProviderConfig")),
            "meta" => {
                let location = said["location"].as_str().unwrap().strip_prefix("https://idp.test").unwrap();
                w.raw(http::Method::GET, location).send().expect(200);
            }
            other => panic!("nobody uses {other}"),
        }
    }
}

fn pagination(w: &World, said: &Value, users: usize) {
    let number = |name: &str| said[name].as_u64().unwrap();
    assert_eq!(
        (&said["index"], &said["cursor"], &said["defaultPaginationMethod"]),
        (&json!(true), &json!(true), &json!("index"))
    );
    let first = w.get("/Users").send().expect(200).json();
    assert_eq!(first["itemsPerPage"], json!(number("defaultPageSize")));
    assert!(first.get("nextCursor").is_none(), "by index, when nobody says otherwise");
    let last = w.get(&format!("/Users?startIndex={users}&count=100")).send().expect(200).json();
    assert_eq!((&last["startIndex"], &last["itemsPerPage"]), (&json!(users), &json!(1)));
    let page = w.get("/Users?cursor&count=100").send().expect(200).json();
    assert_eq!(page["Resources"].as_array().unwrap().len() as u64, number("maxPageSize"));
    let next = format!("/Users?cursor={}&count=100", page["nextCursor"].as_str().unwrap());
    w.get(&next).send().expect(200);
    w.clock.pass_seconds(i64::try_from(number("cursorTimeout")).unwrap() + 1);
    w.get(&next).send().refused(400, "expiredCursor");
}

fn what_is_switched_off_is_not_advertised_and_refused(w: &World) {
    let said = config(w)["bulk"].clone();
    assert_eq!(said, json!({"supported": false, "maxOperations": 0, "maxPayloadSize": 0}));
    w.post("/Bulk", bulk(1, 0)).send().expect(501);
}
