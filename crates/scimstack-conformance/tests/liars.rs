//! Servers that are wrong, to prove that the checks notice.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use async_trait::async_trait;
use bytes::Bytes;
use scimstack_conformance::{CHECKS, Target, Transport, TransportError, Verdict, run};

/// Answers every request alike.
struct Always(u16, &'static str);

#[async_trait]
impl Transport for Always {
    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        Ok(http::Response::builder().status(self.0).body(Bytes::from_static(self.1.as_bytes())).unwrap())
    }
}

/// Answers nothing.
struct Dead;

#[async_trait]
impl Transport for Dead {
    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        Err(TransportError("connection refused".to_owned()))
    }
}

fn passed(transport: &impl Transport) -> Vec<&'static str> {
    let report = futures_executor::block_on(run(transport, &Target::new("http://localhost", "t")));
    assert_eq!(report.outcomes.len(), CHECKS.len());
    report.outcomes.iter().filter(|o| o.verdict == Verdict::Passed).map(|o| o.name).collect()
}

#[test]
fn a_server_that_does_not_answer_passes_nothing() {
    assert_eq!(passed(&Dead), [""; 0]);
}

#[test]
fn a_server_that_says_yes_to_everything_passes_nothing() {
    assert_eq!(passed(&Always(200, "{}")), [""; 0]);
}

#[test]
fn a_server_that_shows_the_same_user_for_everything_passes_only_what_is_true_of_that_user() {
    let same = r#"{"id":"1","schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]}"#;
    let true_of_it = ["an_id_sent_by_the_client_is_ignored", "a_password_is_never_returned"];
    assert_eq!(passed(&Always(200, same)), true_of_it);
}

#[test]
fn a_server_that_refuses_everything_in_html_passes_only_the_wrong_token() {
    assert_eq!(passed(&Always(401, "<html>")), ["a_wrong_token_is_401"]);
    assert_eq!(passed(&Always(500, "<html>")), [""; 0]);
}

#[test]
fn a_report_says_what_was_expected_and_what_came() {
    let report = futures_executor::block_on(run(&Always(500, ""), &Target::new("http://localhost", "t")));
    assert!(!report.is_conformant());
    assert!(report.to_string().contains("expected status 200, got 500"), "{report}");
    let json = report.to_json();
    assert_eq!(json[0]["clause"], "RFC 7644 §4");
    assert_eq!(json[0]["verdict"], "failed");
}

/// Answers discovery and bulk requests from a table, and says nothing good of the rest.
struct Bulk {
    config: &'static str,
    status: u16,
    bulk: &'static str,
    group: &'static str,
}

#[async_trait]
impl Transport for Bulk {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let (status, body) = match request.uri().path() {
            "/ServiceProviderConfig" => (200, self.config),
            "/ResourceTypes" => (200, r#"{"Resources":[{"endpoint":"/Groups"}]}"#),
            "/Bulk" => (self.status, self.bulk),
            "/Groups/g" => (200, self.group),
            _ => (204, ""),
        };
        Ok(http::Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap())
    }
}

#[test]
fn a_server_whose_bulk_is_wrong_in_one_way_is_found_out() {
    const DONE: &str = "bulk_is_done_when_it_is_advertised_and_501_otherwise";
    const ID: &str = "a_bulk_id_is_replaced_by_the_id_of_what_was_made";
    const LIMIT: &str = "a_bulk_request_past_the_published_limit_is_413";
    let with = r#"{"bulk":{"supported":true,"maxOperations":2}}"#;
    let huge = r#"{"bulk":{"supported":true,"maxOperations":4000000000}}"#;
    let without = r#"{"bulk":{"supported":false,"maxOperations":0}}"#;
    let error = |status: &'static str| match status {
        "501" => r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"501"}"#,
        _ => r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"413"}"#,
    };
    let good = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],"Operations":[
        {"method":"POST","bulkId":"a","location":"/Groups/g","status":"201"},
        {"method":"DELETE","location":"/Users/u","status":"404","response":{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"]}}]}"#;
    let number = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],"Operations":[
        {"method":"POST","bulkId":"a","location":"/Groups/g","status":201},
        {"method":"DELETE","location":"/Users/u","status":"404","response":{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"]}}]}"#;
    let (member, raw) = (r#"{"members":[{"value":"u"}]}"#, r#"{"members":[{"value":"bulkId:user"}]}"#);
    for (config, status, bulk, group, expected) in [
        (huge, 200, good, member, vec![DONE, ID, LIMIT]),
        (with, 200, good, member, vec![DONE, ID]),
        (with, 200, good, raw, vec![DONE]),
        (with, 200, number, raw, vec![]),
        (with, 413, error("413"), raw, vec![LIMIT]),
        (without, 501, error("501"), raw, vec![DONE, ID, LIMIT]),
        (without, 200, good, member, vec![ID, LIMIT]),
        (with, 501, error("501"), member, vec![]),
        ("{}", 200, good, member, vec![]),
    ] {
        let found = passed(&Bulk { config, status, bulk, group });
        let found: Vec<&str> = found.into_iter().filter(|name| name.contains("bulk")).collect();
        assert_eq!(found, expected, "{config} {status} {bulk} {group}");
    }
}
