//! The messages RFC 7644 and RFC 9865 print: searches are read as what they ask for, lists, errors and bulk
//! answers are written as they stand there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected is to fail"
)]

use scimstack_protocol::bulk::{BulkRequest, BulkResult, write_response};
use scimstack_protocol::{ETag, ListQuery, ListResponse, ScimError, ScimType};
use scimstack_schema::{Registry, Value};
use std::collections::BTreeMap;

/// The text of a file in `spec/examples`.
macro_rules! example {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/examples/", $name))
    };
}

fn json(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The members of a message, whatever their order.
fn members(message: &Value) -> BTreeMap<&str, &Value> {
    message.as_object().unwrap().iter().collect()
}

fn number(message: &Value, name: &str) -> Option<u64> {
    message.get(name).map(|value| value.to_string().parse().unwrap())
}

fn resources(message: &Value) -> Vec<Vec<u8>> {
    message.get("Resources").unwrap().as_array().unwrap().iter().map(Value::to_bytes).collect()
}

#[test]
fn the_printed_searches_are_read_as_what_they_ask_for() {
    let by_index = json(example!("rfc7644/3.4.3-search-request.json"));
    let by_cursor = json(example!("rfc9865/3-search-request.json"));
    let query = ListQuery::from_search_request(&by_index).unwrap();
    assert_eq!(query.filter.as_deref(), Some("displayName sw \"smith\""));
    assert_eq!((query.start_index, query.count, query.cursor.as_deref()), (Some(1), Some(10), None));
    assert_eq!(query.projection.attributes, ["displayName", "userName"]);
    let cursor = ListQuery::from_search_request(&by_cursor).unwrap();
    assert_eq!((cursor.start_index, cursor.count, cursor.cursor.as_deref()), (None, Some(10), Some("")));
    assert_eq!((cursor.filter, cursor.projection), (query.filter, query.projection));
    // RFC 9865 §2: the same page, asked for in the URL.
    let pairs = [
        ("filter", "displayName sw \"smith\""),
        ("cursor", ""),
        ("count", "10"),
        ("attributes", "displayName,userName"),
    ];
    assert_eq!(ListQuery::from_query_pairs(pairs).unwrap(), ListQuery::from_search_request(&by_cursor).unwrap());
}

#[test]
fn lists_are_written_as_printed() {
    for text in [
        example!("rfc7644/3.4.2-list-response.json"),
        example!("rfc7644/3.4.3-search-response.json"),
        example!("rfc7644/3.7.1-list-response.json"),
        example!("rfc7644/4-resource-types.json"),
    ] {
        let printed = json(text);
        let list = ListResponse {
            total_results: number(&printed, "totalResults"),
            start_index: number(&printed, "startIndex").unwrap_or(1),
            items_per_page: number(&printed, "itemsPerPage").unwrap_or(2),
        };
        let mut out = Vec::new();
        list.write(&resources(&printed), &mut out);
        let mut written = Value::parse(&out).unwrap();
        // Two of the examples leave out what counts pages; we never do.
        for name in ["startIndex", "itemsPerPage"] {
            if printed.get(name).is_none() {
                assert!(written.as_object_mut().unwrap().remove(name).is_some());
            }
        }
        assert_eq!(members(&written), members(&printed));
    }
}

#[test]
fn pages_by_cursor_are_written_as_printed_but_for_the_way_back() {
    for text in [
        example!("rfc9865/2-first-page.json"),
        example!("rfc9865/2-next-page.json"),
        example!("rfc9865/2.3-cursor-only-page.json"),
        example!("rfc9865/3-search-response.json"),
    ] {
        let printed = json(text);
        let list = ListResponse {
            total_results: number(&printed, "totalResults"),
            start_index: 1,
            items_per_page: number(&printed, "itemsPerPage").unwrap(),
        };
        let mut out = Vec::new();
        list.open_at_cursor(printed.get("nextCursor").unwrap().as_str(), &mut out);
        ListResponse::close(&mut out);
        let written = Value::parse(&out).unwrap();
        let mut expected = members(&printed);
        // `previousCursor` is OPTIONAL (RFC 9865 §2), and we have none.
        expected.remove("previousCursor");
        assert_eq!(members(&written), expected);
    }
}

/// The error that a printed message is, written by us and compared.
fn assert_error(printed: &Value) -> ScimError {
    let status: u16 = printed.get("status").unwrap().as_str().unwrap().parse().unwrap();
    let mut error = ScimError::new(status, printed.get("detail").unwrap().as_str().unwrap());
    if let Some(keyword) = printed.get("scimType") {
        let found = ScimType::ALL.into_iter().find(|scim_type| Some(scim_type.as_str()) == keyword.as_str());
        error = ScimError::of(found.unwrap_or_else(|| panic!("{keyword} is no scimType")), error.detail);
        assert_eq!(error.status, status, "{keyword}");
    }
    assert_eq!(members(&Value::parse(&error.to_json()).unwrap()), members(printed));
    error
}

#[test]
fn errors_are_written_as_printed_and_have_the_status_of_their_type() {
    for (text, status, scim_type) in [
        (example!("rfc7644/3.7.4-error.json"), 413, None),
        (example!("rfc7644/3.12-error-not-found.json"), 404, None),
        (example!("rfc7644/3.12-error-mutability.json"), 400, Some(ScimType::Mutability)),
        (example!("rfc7644/7.5.2-error.json"), 403, Some(ScimType::Sensitive)),
    ] {
        let error = assert_error(&json(text));
        assert_eq!((error.status, error.scim_type), (status, scim_type));
    }
}

#[test]
fn the_results_in_bulk_answers_fit_their_requests_and_carry_errors_of_ours() {
    let first = example!("rfc7644/3.7.3-bulk-request.json");
    let mut errors = Vec::new();
    for (request, response) in [
        (example!("rfc7644/3.7.2-bulk-request-group.json"), example!("rfc7644/3.7.2-bulk-response-group.json")),
        (first, example!("rfc7644/3.7.3-bulk-response.json")),
        (first, example!("rfc7644/3.7.3-bulk-response-first-error.json")),
        (first, example!("rfc7644/3.7.3-bulk-response-errors.json")),
    ] {
        let (request, response) = (json(request), json(response));
        let operations = |message: &Value| message.get("Operations").unwrap().as_array().unwrap().to_vec();
        for (asked, answered) in operations(&request).iter().zip(operations(&response)) {
            assert_eq!((asked.get("method"), asked.get("bulkId")), (answered.get("method"), answered.get("bulkId")));
            let path = asked.get("path").unwrap().as_str().unwrap().to_owned();
            let endpoint = path.trim_start_matches('/').split('/').next().unwrap();
            assert!(Registry::core().resource_type_at(endpoint).is_some(), "{path}");
            let status: u16 = answered.get("status").unwrap().as_str().unwrap().parse().unwrap();
            if let Some(location) = answered.get("location") {
                assert!(location.as_str().unwrap().contains(&path), "{location}");
            }
            let read = BulkRequest::from_value(request.clone()).unwrap();
            assert!(read.operations.iter().all(|operation| operation.fault.is_none()), "{read:?}");
            match answered.get("response") {
                Some(error) => {
                    let error = assert_error(error);
                    assert_eq!(error.status, status);
                    errors.push(status);
                }
                None => assert!((200..300).contains(&status), "{status}"),
            }
        }
    }
    assert_eq!(errors, [400, 400, 412, 412, 404]);
}

#[test]
fn bulk_answers_are_written_as_printed() {
    for text in [
        example!("rfc7644/3.7.2-bulk-response-group.json"),
        example!("rfc7644/3.7.3-bulk-response.json"),
        example!("rfc7644/3.7.3-bulk-response-first-error.json"),
        example!("rfc7644/3.7.3-bulk-response-errors.json"),
    ] {
        let mut printed = json(text);
        let mut results = Vec::new();
        let Some(Value::Array(operations)) = printed.as_object_mut().unwrap().get_mut("Operations") else {
            panic!("{text}");
        };
        for operation in operations {
            let object = operation.as_object_mut().unwrap();
            let text = |name: &str| object.get(name).map(|value| value.as_str().unwrap().to_owned());
            let status: u16 = text("status").unwrap().parse().unwrap();
            let outcome = match object.get("response") {
                Some(error) => Err(assert_error(error)),
                None => Ok(status),
            };
            results.push(BulkResult {
                method: text("method").unwrap(),
                bulk_id: text("bulkId"),
                location: text("location"),
                // Versions are numbers here; the printed ones are not.
                version: text("version").map(|_| ETag(7)),
                outcome,
            });
            if let Some(version) = object.get_mut("version") {
                *version = Value::from("W/\"7\"");
            }
        }
        let written = Value::parse(&write_response(&results)).unwrap();
        assert_eq!(members(&written).keys().collect::<Vec<_>>(), members(&printed).keys().collect::<Vec<_>>());
        assert_eq!(written.get("schemas"), printed.get("schemas"));
        let operations = |message: &Value| message.get("Operations").unwrap().as_array().unwrap().to_vec();
        for (written, printed) in operations(&written).iter().zip(operations(&printed)) {
            let (mut written, mut printed) = (members(written), members(&printed));
            assert_eq!(
                written.remove("response").map(|error| members(error)),
                printed.remove("response").map(|error| members(error))
            );
            assert_eq!(written, printed);
        }
    }
}
