//! Values that may be given once (RFC 7644 §3.3, RFC 7643 §7).

use crate::attribute::{Attribute, Type};
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, ensure};
use crate::target::Answer;
use crate::world::{Made, World, members};
use serde_json::{Value, json};

table! { "unique";
    Must each conflict "conflict-is-409" ["P-3.3-08" "S-4.1.1-02" "S-7-21"]
        "Answer a creation whose unique value another resource has with 409.";
    Must each conflict_type "conflict-is-uniqueness" ["P-3.3-08" "P-3.12-11"]
        "Give the error for a value that is taken the scimType uniqueness.";
    Must each without_case "conflict-regards-no-case" ["P-7.8-01" "P-5-01" "S-4.1.1-02"]
        "Take two values that differ in case only for the same, unless the schema says that case matters.";
    Must each on_replace "conflict-on-replace-is-409" ["S-4.1.1-02" "S-7-21"]
        "Answer a PUT that would give a resource the unique value of another with 409.";
    Must each on_patch "conflict-on-patch-is-409" ["S-4.1.1-02" "S-7-21"]
        "Answer a PATCH that would give a resource the unique value of another with 409.";
    Must each own_value "own-value-is-no-conflict" ["P-3.5.1-04"]
        "Let a resource keep its own unique value in a PUT.";
}

fn unique(kind: &Kind) -> Result<&Attribute> {
    let of_key = kind.key().filter(|key| key.uniqueness != "none");
    let any = |a: &&Attribute| a.uniqueness != "none" && a.is_plain() && !a.multi && a.kind == Type::String;
    of_key.or_else(|| kind.attributes.iter().find(any)).or_not_applicable("no value of the type has to be unique")
}

/// A resource, and the value of it that no other may have.
async fn first<'k>(w: &World<'_>, kind: &'k Kind) -> Result<(&'k Attribute, Made, Value)> {
    let attribute = unique(kind)?;
    let made = w
        .make_having(kind, if attribute.path() == key_path(kind) { &[] } else { std::slice::from_ref(&attribute) })
        .await?;
    let value = attribute.find(&Value::Object(made.sent.clone())).cloned().unwrap_or_default();
    Ok((attribute, made, value))
}

fn key_path(kind: &Kind) -> String {
    kind.key().map(Attribute::path).unwrap_or_default()
}

/// The answer to making a second resource with this value.
async fn again(w: &World<'_>, kind: &Kind, attribute: &Attribute, value: Value) -> Result<Answer> {
    let mut document = kind.minimal(&w.name());
    attribute.set(&mut document, value);
    w.post(&kind.endpoint, &Value::Object(document)).await
}

async fn conflict(w: &World<'_>, kind: &Kind) -> Result {
    let (attribute, _, value) = first(w, kind).await?;
    let answer = again(w, kind, attribute, value).await?;
    ensure!(answer.status == 409, "the same {} again was answered with {}", attribute.path(), answer.status);
    Ok(())
}

async fn conflict_type(w: &World<'_>, kind: &Kind) -> Result {
    let (attribute, _, value) = first(w, kind).await?;
    let answer = again(w, kind, attribute, value).await?;
    let word = answer.text("/scimType");
    ensure!(word == Some("uniqueness"), "expected the scimType uniqueness, got {word:?}");
    Ok(())
}

async fn without_case(w: &World<'_>, kind: &Kind) -> Result {
    let (attribute, _, value) = first(w, kind).await?;
    let insensitive =
        (!attribute.case_exact).then_some(()).or_not_applicable("case matters in the value that is unique");
    insensitive?;
    let value = value.as_str().unwrap_or_default().to_uppercase();
    let answer = again(w, kind, attribute, json!(value)).await?;
    ensure!(answer.status == 409, "the same {} in capitals was answered with {}", attribute.path(), answer.status);
    Ok(())
}

async fn on_replace(w: &World<'_>, kind: &Kind) -> Result {
    let (attribute, _, value) = first(w, kind).await?;
    let other = w.make(kind).await?;
    let mut document = other.sent.clone();
    attribute.set(&mut document, value);
    let answer = w.put(&other.path, &Value::Object(document)).await?;
    ensure!(answer.status == 409, "expected 409, got {}", answer.status);
    Ok(())
}

async fn on_patch(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("patch")?;
    let (attribute, _, value) = first(w, kind).await?;
    let other = w.make(kind).await?;
    let operations = json!([{"op": "replace", "path": attribute.path(), "value": value}]);
    let answer = w.patch(&other.path, operations).await?;
    ensure!(answer.status == 409, "expected 409, got {}", answer.status);
    Ok(())
}

async fn own_value(w: &World<'_>, kind: &Kind) -> Result {
    let (_, made, _) = first(w, kind).await?;
    let mut document = made.sent.clone();
    document.extend(members(json!({"externalId": w.name()})));
    let answer = w.put(&made.path, &Value::Object(document)).await?;
    ensure!(answer.status != 409, "a PUT with its own value was answered with 409");
    Ok(())
}
