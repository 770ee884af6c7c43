//! How requests are refused (RFC 7644 §3.12).

use crate::check::table;
use crate::service::Kind;
use crate::stop::{Result, ensure};
use crate::target::{Answer, Ask};
use crate::world::{ERROR, NOBODY, World};
use serde_json::Value;

/// The words of RFC 7644 §3.12 and RFC 9865 §2.1.
const TYPES: [&str; 14] = [
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
    "invalidCursor",
    "expiredCursor",
    "invalidCount",
    "expired",
];

table! { "errors";
    Must each unknown_id "unknown-id-is-404" ["P-3.4.1-01"]
        "Answer GET of an id that was never given with 404.";
    Should once unknown_endpoint "unknown-endpoint-is-404" ["P-3.12-05"]
        "Answer GET of an endpoint that does not exist with 404.";
    Must each error_body "errors-are-scim-errors" ["P-3.12-01" "P-3.1-02"]
        "Give an error a JSON body that names the schema of an error message.";
    Must each error_status "errors-repeat-their-status" ["P-3.12-02" "P-3.2-07" "P-3.2-06"]
        "Repeat the status of an error in its body, as text.";
    Should each error_media_type "errors-are-scim-json" ["P-8.1-01"]
        "Send the body of an error as application/scim+json.";
    Should each error_detail "errors-have-a-detail" ["P-3.12-05"]
        "Say in the detail of an error, for a person to read, what was wrong.";
    Must each broken_json "broken-json-is-400" ["P-3.8-01" "P-3.12-05"]
        "Answer a body that is no JSON with 400.";
    Should each broken_json_type "broken-json-is-invalid-syntax" ["P-3.12-05" "P-3.12-11"]
        "Give the error for a body that is no JSON the scimType invalidSyntax.";
    Must each broken_json_known_type "error-types-are-known" ["P-3.12-11"]
        "Use as scimType only the words that the standard has.";
    Should each array_body "array-as-body-is-400" ["P-3.12-05"]
        "Answer a body that is a JSON array with 400.";
}

async fn unknown(w: &World<'_>, kind: &Kind) -> Result<Answer> {
    w.get(format!("{}/{NOBODY}", kind.endpoint)).await
}

async fn broken(w: &World<'_>, kind: &Kind) -> Result<Answer> {
    w.ask(Ask::new("POST", &kind.endpoint).body("application/scim+json", "{\"schemas\": [")).await
}

async fn unknown_id(w: &World<'_>, kind: &Kind) -> Result {
    let answer = unknown(w, kind).await?;
    ensure!(answer.status == 404, "expected 404, got {}", answer.status);
    Ok(())
}

async fn unknown_endpoint(w: &World<'_>) -> Result {
    let answer = w.get("/ScimcheckNoSuchThings").await?;
    ensure!(answer.status == 404, "expected 404, got {}", answer.status);
    Ok(())
}

async fn error_body(w: &World<'_>, kind: &Kind) -> Result {
    let answer = unknown(w, kind).await?;
    ensure!(answer.json.is_object(), "the body is no JSON object");
    ensure!(answer.has_schema(ERROR), "the body does not name the schema of an error");
    Ok(())
}

async fn error_status(w: &World<'_>, kind: &Kind) -> Result {
    let answer = unknown(w, kind).await?;
    let said = answer.json.get("status");
    let is_right = said.and_then(Value::as_str) == Some(&answer.status.to_string());
    ensure!(is_right, "the status is {}, and in the body {said:?}", answer.status);
    Ok(())
}

async fn error_media_type(w: &World<'_>, kind: &Kind) -> Result {
    let media_type = unknown(w, kind).await?.media_type();
    ensure!(media_type == "application/scim+json", "the media type of the error is {media_type:?}");
    Ok(())
}

async fn error_detail(w: &World<'_>, kind: &Kind) -> Result {
    let answer = unknown(w, kind).await?;
    ensure!(answer.text("/detail").is_some_and(|detail| detail.len() > 3), "the error has no detail");
    Ok(())
}

async fn broken_json(w: &World<'_>, kind: &Kind) -> Result {
    let answer = broken(w, kind).await?;
    ensure!(answer.status == 400, "expected 400, got {}", answer.status);
    Ok(())
}

async fn broken_json_type(w: &World<'_>, kind: &Kind) -> Result {
    let answer = broken(w, kind).await?;
    let word = answer.text("/scimType");
    ensure!(word == Some("invalidSyntax"), "expected the scimType invalidSyntax, got {word:?}");
    Ok(())
}

async fn broken_json_known_type(w: &World<'_>, kind: &Kind) -> Result {
    let filter = "userName%20scimcheck%20%22a%22";
    let refused = w.get(format!("{}?filter={filter}", kind.endpoint)).await?;
    for answer in [refused, unknown(w, kind).await?] {
        let Some(word) = answer.json.get("scimType").filter(|word| !word.is_null()) else { continue };
        ensure!(word.as_str().is_some_and(|word| TYPES.contains(&word)), "an error has the scimType {word}");
    }
    Ok(())
}

async fn array_body(w: &World<'_>, kind: &Kind) -> Result {
    let answer = w.ask(Ask::new("POST", &kind.endpoint).body("application/scim+json", "[]")).await?;
    ensure!(answer.status == 400, "expected 400, got {}", answer.status);
    Ok(())
}
