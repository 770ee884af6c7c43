//! Servers that are wrong altogether.

use async_trait::async_trait;
use bytes::Bytes;
use scimstack_conformance::{Options, Report, Target, Transport, TransportError, Verdict, run};

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

fn report(transport: &impl Transport) -> Report {
    futures_executor::block_on(run(transport, &Target::new("http://localhost", "secret-token"), &Options::default()))
}

fn passed(report: &Report) -> Vec<&'static str> {
    report.outcomes.iter().filter(|o| o.verdict == Verdict::Passed).map(|o| o.check.id).collect()
}

#[test]
fn a_server_that_does_not_answer_passes_nothing() {
    let report = report(&Dead);
    // Nothing was answered, and so nothing with a status of 5xx.
    assert_eq!(passed(&report), ["no-server-errors"]);
    assert!(!report.is_conformant());
}

#[test]
fn a_server_that_says_yes_to_everything_passes_next_to_nothing() {
    let report = report(&Always(200, "{}"));
    assert_eq!(passed(&report), ["options-is-answered", "no-server-errors"]);
    assert!(!report.is_conformant());
}

#[test]
fn a_server_that_refuses_everything_in_html_is_not_conformant() {
    for status in [401, 500] {
        assert!(!report(&Always(status, "<html>")).is_conformant());
    }
}

#[test]
fn a_report_says_what_was_expected_and_what_came_and_not_the_token() {
    let report = report(&Always(500, "secret-token <a>"));
    let text = report.to_string();
    assert!(text.contains("expected 200, got 500"), "{text}");
    assert!(text.contains("sent: GET /ServiceProviderConfig"), "{text}");
    let (json, junit) = (report.to_json(), report.to_junit());
    assert_eq!(json["outcomes"][0]["id"], "config-is-served");
    assert_eq!(json["outcomes"][0]["verdict"], "failed");
    assert_eq!(json["outcomes"][0]["sections"][0], "RFC 7644 §4");
    assert!(junit.contains("<testcase classname=\"discovery.must\" name=\"config-is-served\""), "{junit}");
    assert!(junit.contains("seen: 500 … &lt;a&gt;"), "{junit}");
    for report in [&text, &json.to_string(), &junit] {
        assert!(!report.contains("secret-token"));
    }
}
