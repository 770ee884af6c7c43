//! Big and broken input: a server refuses it or takes it, but is not at fault (RFC 7644 §3.12; 5xx would be its fault).

use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, ensure};
use crate::target::{Answer, Ask};
use crate::world::{World, quoted};
use serde_json::{Value, json};

table! { "hostile";
    Should each deep_json "hostile-deep-json" ["P-3.12-05"]
        "Refuse JSON that is thousands of levels deep with a status of 4xx.";
    Should each nul "hostile-nul-in-text" ["P-3.12-05"]
        "Take or refuse a NUL in a text, without a status of 5xx.";
    Should each huge_number "hostile-huge-numbers" ["P-3.12-05" "S-2.3.4-01"]
        "Take or refuse numbers of hundreds of digits, without a status of 5xx.";
    Must each bad_utf8 "hostile-bytes-that-are-no-utf-8" ["P-3.8-01"]
        "Refuse a body that is not UTF-8 with a status of 4xx.";
    Should each duplicate_names "hostile-names-twice" ["P-3.12-05"]
        "Take or refuse a document that has a name twice, without a status of 5xx.";
    Should each long_text "hostile-long-text" ["P-3.12-05"]
        "Take or refuse a text of a hundred thousand letters, without a status of 5xx.";
    Should each deep_filter "hostile-deep-filter" ["P-3.4.2.2-17" "P-3.12-05"]
        "Take or refuse a filter with hundreds of parentheses, without a status of 5xx.";
    Should each long_filter "hostile-long-filter" ["P-3.12-05"]
        "Take or refuse a filter with hundreds of conditions, without a status of 5xx.";
    Should each huge_count "hostile-huge-paging" ["P-3.12-05"]
        "Take or refuse a count and a startIndex of twenty digits, without a status of 5xx.";
    Should each empty_body "hostile-empty-body" ["P-3.12-05"]
        "Refuse a POST without a body with a status of 4xx.";
    Should each bad_escape "hostile-broken-percent-encoding" ["P-3.12-05"]
        "Take or refuse a URL with bytes that are no UTF-8, without a status of 5xx.";
    Should each strange_id "hostile-ids" ["P-3.12-05" "P-3.4.1-01"]
        "Answer GET of an id with slashes, quotes or dots in it with a status of 4xx.";
    Must each deep_path "hostile-patch-path" ["P-3.5.2-12"]
        "Refuse a path of thousands of letters in a PATCH with a status of 4xx.";
    Should once no_server_errors "no-server-errors" ["P-3.12-05" "P-3.12-08"]
        "Answer none of the suite's requests with a status of 5xx but 501.";
}

fn refused(answer: &Answer) -> Result {
    ensure!(answer.is_refusal(), "expected a status of 4xx, got {}", answer.status);
    Ok(())
}

fn survived(answer: &Answer) -> Result {
    ensure!(answer.status < 500, "expected no status of 5xx, got {}", answer.status);
    Ok(())
}

async fn raw(w: &World<'_>, kind: &Kind, body: impl Into<bytes::Bytes>) -> Result<Answer> {
    w.ask(Ask::new("POST", &kind.endpoint).body("application/scim+json", body)).await
}

/// The smallest document, without its last brace.
fn open(w: &World<'_>, kind: &Kind) -> String {
    let mut text = Value::Object(kind.minimal(&w.name())).to_string();
    text.pop();
    text
}

async fn deep_json(w: &World<'_>, kind: &Kind) -> Result {
    let depth = 20_000;
    let body = format!("{},\"scimcheck\":{}{}}}", open(w, kind), "[".repeat(depth), "]".repeat(depth));
    refused(&raw(w, kind, body).await?)
}

async fn nul(w: &World<'_>, kind: &Kind) -> Result {
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let mut document = kind.minimal(&w.name());
    text.set(&mut document, json!("scim\u{0}check"));
    survived(&w.post(&kind.endpoint, &Value::Object(document)).await?)
}

async fn huge_number(w: &World<'_>, kind: &Kind) -> Result {
    for number in ["9".repeat(400), "1e999999".to_owned(), format!("-0.{}1", "0".repeat(400))] {
        survived(&raw(w, kind, format!("{},\"scimcheck\":{number}}}", open(w, kind))).await?)?;
    }
    Ok(())
}

async fn bad_utf8(w: &World<'_>, kind: &Kind) -> Result {
    let mut body = open(w, kind).into_bytes();
    body.extend_from_slice(b",\"scimcheck\":\"\xff\xfe\"}");
    refused(&raw(w, kind, body).await?)
}

async fn duplicate_names(w: &World<'_>, kind: &Kind) -> Result {
    let body = format!("{},\"externalId\":\"a\",\"externalId\":\"b\"}}", open(w, kind));
    survived(&raw(w, kind, body).await?)
}

async fn long_text(w: &World<'_>, kind: &Kind) -> Result {
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let mut document = kind.minimal(&w.name());
    text.set(&mut document, json!("x".repeat(100_000)));
    survived(&w.post(&kind.endpoint, &Value::Object(document)).await?)
}

async fn deep_filter(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let filter = format!("{}id pr{}", "(".repeat(500), ")".repeat(500));
    survived(&w.query(kind, &[("filter", &filter)]).await?)
}

async fn long_filter(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let filter = vec![format!("id eq {}", quoted("x")); 300].join(" or ");
    survived(&w.query(kind, &[("filter", &filter)]).await?)
}

async fn huge_count(w: &World<'_>, kind: &Kind) -> Result {
    for (name, value) in [("count", "99999999999999999999"), ("startIndex", "99999999999999999999")] {
        survived(&w.query(kind, &[(name, value)]).await?)?;
    }
    Ok(())
}

async fn empty_body(w: &World<'_>, kind: &Kind) -> Result {
    refused(&raw(w, kind, "").await?)
}

async fn bad_escape(w: &World<'_>, kind: &Kind) -> Result {
    survived(&w.get(format!("{}?filter=%FF%FE", kind.endpoint)).await?)?;
    survived(&w.get(format!("{}/%FF%FE", kind.endpoint)).await?)
}

async fn strange_id(w: &World<'_>, kind: &Kind) -> Result {
    for id in ["a%2Fb", "%22%27%3B--", "%2E%2E%2F%2E%2E", "x%00y"] {
        refused(&w.get(format!("{}/{id}", kind.endpoint)).await?)?;
    }
    Ok(())
}

async fn deep_path(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("patch")?;
    let made = w.make(kind).await?;
    let path = format!("{}[{}", "x".repeat(5_000), "(".repeat(5_000));
    refused(&w.patch(&made.path, json!([{"op": "add", "path": path, "value": "x"}])).await?)
}

async fn no_server_errors(w: &World<'_>) -> Result {
    let mut broken = w.session.take_broken();
    let many = broken.len();
    broken.truncate(3);
    ensure!(many == 0, "{many} requests were; {}", broken.join("; "));
    Ok(())
}
