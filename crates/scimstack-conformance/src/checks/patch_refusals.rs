//! PATCH requests that have to be refused, and leave everything as it was (RFC 7644 §3.5.2).

use super::patch::{having, plain, text};
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, ensure};
use crate::target::{Answer, Ask};
use crate::world::{ERROR, NOBODY, World};
use serde_json::{Value, json};

table! { "patch-refused";
    Must each read_only "patch-of-read-only-is-mutability" ["P-3.5.2-12" "P-3.5.2.2-07" "S-3.1-10"]
        "Refuse a PATCH of id with 400 and the scimType mutability.";
    Must each no_target "patch-remove-without-path-is-no-target" ["P-3.5.2.2-01"]
        "Refuse a remove without a path with 400 and the scimType noTarget.";
    Must each required "patch-remove-of-required-is-refused" ["P-3.5.2.2-07"]
        "Refuse a remove of a required attribute with 400.";
    Must each required_type "patch-remove-of-required-is-mutability" ["P-3.5.2.2-07"]
        "Give the error for removing a required attribute the scimType mutability.";
    Should each broken_path "patch-with-a-broken-path-is-invalid-path" ["P-3.5.2-12" "P-3.12-05" "P-3.12-11"]
        "Refuse a path that cannot be read with 400 and the scimType invalidPath.";
    Must each unknown_op "patch-with-an-unknown-operation-is-400" ["P-3.5.2-12" "P-3.5.2-20"]
        "Refuse an operation that is neither add, remove nor replace with 400.";
    Must each wrong_value "patch-with-a-wrong-type-is-400" ["P-3.5.2-12" "S-2.3-02"]
        "Refuse a value whose type is not that of its attribute with 400.";
    Must each atomic "patch-is-done-whole-or-not-at-all" ["P-3.5.2-18" "P-3.5.2-19"]
        "Leave the resource as it was when one operation of a PATCH fails.";
    Must each error_body "patch-error-is-a-scim-error" ["P-3.5.2-20" "P-3.12-01"]
        "Answer a PATCH that fails with an error message.";
    Must each unknown_id "patch-of-nothing-is-404" ["P-3.6-02"]
        "Answer PATCH of an id that was never given with 404.";
    Should each no_operations "patch-without-operations-is-400" ["P-3.12-05"]
        "Answer a PATCH without Operations with 400.";
}

fn is(answer: &Answer, status: u16, word: &str) -> Result {
    let found = answer.text("/scimType");
    let is_right = answer.status == status && found == Some(word);
    ensure!(is_right, "expected {status} {word}, got {} with the scimType {found:?}", answer.status);
    Ok(())
}

async fn read_only(w: &World<'_>, kind: &Kind) -> Result {
    let made = plain(w, kind).await?;
    let answer = w.patch(&made.path, json!([{"op": "replace", "path": "id", "value": w.name()}])).await?;
    is(&answer, 400, "mutability")
}

async fn no_target(w: &World<'_>, kind: &Kind) -> Result {
    let made = plain(w, kind).await?;
    is(&w.patch(&made.path, json!([{"op": "remove"}])).await?, 400, "noTarget")
}

async fn removal_of_required(w: &World<'_>, kind: &Kind) -> Result<Answer> {
    let required = kind.attributes.iter().find(|a| a.required && a.is_writable() && a.urn.is_none());
    let required = required.or_not_applicable("the schema requires nothing")?;
    let made = plain(w, kind).await?;
    w.patch(&made.path, json!([{"op": "remove", "path": required.path()}])).await
}

async fn required(w: &World<'_>, kind: &Kind) -> Result {
    let answer = removal_of_required(w, kind).await?;
    ensure!(answer.status == 400, "expected 400, got {}", answer.status);
    Ok(())
}

async fn required_type(w: &World<'_>, kind: &Kind) -> Result {
    let answer = removal_of_required(w, kind).await?;
    let word = answer.text("/scimType");
    ensure!(word == Some("mutability"), "expected the scimType mutability, got {word:?}");
    Ok(())
}

async fn broken_path(w: &World<'_>, kind: &Kind) -> Result {
    let made = plain(w, kind).await?;
    let answer = w.patch(&made.path, json!([{"op": "add", "path": "scim[check eq", "value": "x"}])).await?;
    is(&answer, 400, "invalidPath")
}

async fn unknown_op(w: &World<'_>, kind: &Kind) -> Result {
    let (made, text) = (plain(w, kind).await?, text(kind)?);
    let answer = w.patch(&made.path, json!([{"op": "scimcheck", "path": text.path(), "value": "x"}])).await?;
    ensure!(answer.status == 400, "expected 400, got {}", answer.status);
    Ok(())
}

async fn wrong_value(w: &World<'_>, kind: &Kind) -> Result {
    let (made, text) = (plain(w, kind).await?, text(kind)?);
    let operations = json!([{"op": "replace", "path": text.path(), "value": {"scimcheck": [1]}}]);
    let answer = w.patch(&made.path, operations).await?;
    ensure!(answer.status == 400, "an object for {} was answered with {}", text.path(), answer.status);
    Ok(())
}

async fn atomic(w: &World<'_>, kind: &Kind) -> Result {
    let text = text(kind)?;
    let made = having(w, kind, text).await?;
    let sent = text.find(&Value::Object(made.sent.clone())).cloned();
    let operations = json!([
        {"op": "replace", "path": text.path(), "value": "Scimcheck half"},
        {"op": "replace", "path": "id", "value": "scimcheck"},
    ]);
    w.patch(&made.path, operations).await?;
    let shown = w.read(&made).await?;
    let found = text.find(&shown).cloned();
    ensure!(found == sent, "{} was {sent:?} before a PATCH whose last operation fails, and is {found:?}", text.path());
    Ok(())
}

async fn error_body(w: &World<'_>, kind: &Kind) -> Result {
    let made = plain(w, kind).await?;
    let answer = w.patch(&made.path, json!([{"op": "replace", "path": "id", "value": "scimcheck"}])).await?;
    ensure!(answer.has_schema(ERROR), "the body does not name the schema of an error");
    Ok(())
}

async fn unknown_id(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("patch")?;
    let text = text(kind)?;
    let path = format!("{}/{NOBODY}", kind.endpoint);
    let answer = w.patch(&path, json!([{"op": "replace", "path": text.path(), "value": "x"}])).await?;
    ensure!(answer.status == 404, "expected 404, got {}", answer.status);
    Ok(())
}

async fn no_operations(w: &World<'_>, kind: &Kind) -> Result {
    let made = plain(w, kind).await?;
    let answer = w.ask(Ask::new("PATCH", &made.path).json(&json!({"schemas": [crate::world::PATCH]}))).await?;
    ensure!(answer.status == 400, "expected 400, got {}", answer.status);
    Ok(())
}
