//! What the schema says of an attribute holds: readOnly, immutable, writeOnly; returned never, always, request
//! (RFC 7643 §7).

use crate::attribute::{Attribute, Type, member};
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, applies, ensure};
use crate::world::{Made, World};
use serde_json::{Value, json};

table! { "schema";
    Must each never "never-returned-is-never-returned" ["S-7-18" "S-4.1.1-19" "S-4.1.1-13"]
        "Show an attribute that is returned never in no answer, not even when it is asked for.";
    Must each write_only "write-only-is-not-returned" ["S-7-17"]
        "Show an attribute that is write-only in no answer.";
    Must each on_request "returned-on-request-is-not-shown-by-default" ["S-7-18" "P-3.4-02"]
        "Show an attribute that is returned on request only when it is asked for.";
    Must each when_requested "returned-on-request-is-shown-on-request" ["S-7-18" "P-3.9-03"]
        "Show an attribute that is returned on request when it is asked for.";
    Must each always "always-returned-is-always-returned" ["S-7-18" "P-3.4.2.5-05"]
        "Show an attribute that is returned always also when others are asked for.";
    Should each immutable_changed "immutable-is-not-changed" ["P-3.5.1-09"]
        "Refuse a PUT that changes an immutable attribute with 400 and the scimType mutability.";
    Must each immutable_first "immutable-takes-its-first-value" ["P-3.5.1-10"]
        "Let a PUT give an immutable attribute without a value its first one.";
    Must each immutable_patch "immutable-is-not-patched" ["P-3.5.2-12" "P-3.5.2-20"]
        "Refuse a PATCH that changes an immutable attribute.";
    Must each active "active-can-be-switched" ["P-3.5.1-04" "P-3.1-05"]
        "Let a client set active to false, and show it so.";
}

/// A resource with a value for the attribute, and that value.
async fn with(w: &World<'_>, kind: &Kind, attribute: &Attribute) -> Result<(Made, Value)> {
    let made = w.make_having(kind, &[attribute]).await?;
    let value = attribute.find(&Value::Object(made.sent.clone())).cloned().unwrap_or_default();
    Ok((made, value))
}

async fn hidden(w: &World<'_>, kind: &Kind, attribute: &Attribute) -> Result {
    let (made, _) = with(w, kind, attribute).await?;
    let asked = w.get(format!("{}?attributes={}", made.path, attribute.path())).await?;
    let read = w.get(&made.path).await?;
    for (what, answer) in [("the creation", &made.answer), ("a GET", &read), ("a GET that asked for it", &asked)] {
        ensure!(attribute.find(&answer.json).is_none(), "{} is in the answer to {what}", attribute.path());
    }
    Ok(())
}

async fn never(w: &World<'_>, kind: &Kind) -> Result {
    let attributes: Vec<_> = kind.writable().filter(|a| a.returned == "never").collect();
    applies!(!attributes.is_empty(), "no attribute is returned never");
    for attribute in attributes {
        hidden(w, kind, attribute).await?;
    }
    Ok(())
}

async fn write_only(w: &World<'_>, kind: &Kind) -> Result {
    let attribute = kind.writable().find(|a| a.mutability == "writeonly").or_not_applicable("nothing is write-only")?;
    hidden(w, kind, attribute).await
}

fn requested(kind: &Kind) -> Result<&Attribute> {
    let is_meant = |a: &&Attribute| a.returned == "request" && a.mutability != "writeonly";
    kind.writable().find(is_meant).or_not_applicable("no attribute is returned on request")
}

async fn on_request(w: &World<'_>, kind: &Kind) -> Result {
    let attribute = requested(kind)?;
    let (made, _) = with(w, kind, attribute).await?;
    let shown = w.read(&made).await?;
    ensure!(attribute.find(&shown).is_none(), "{} is shown, and was not asked for", attribute.path());
    Ok(())
}

async fn when_requested(w: &World<'_>, kind: &Kind) -> Result {
    let attribute = requested(kind)?;
    let (made, _) = with(w, kind, attribute).await?;
    let answer = w.get(format!("{}?attributes={}", made.path, attribute.path())).await?;
    ensure!(attribute.find(&answer.json).is_some(), "{} was asked for, and is not shown", attribute.path());
    Ok(())
}

async fn always(w: &World<'_>, kind: &Kind) -> Result {
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let shown: Vec<_> = kind.writable().filter(|a| a.returned == "always" && a.urn.is_none()).collect();
    let wanted: Vec<_> = shown.iter().copied().chain([text]).collect();
    let made = w.make_having(kind, &wanted).await?;
    let answer = w.get(format!("{}?attributes={}", made.path, text.path())).await?;
    ensure!(member(&answer.json, "id").is_some(), "id is not shown when {} is asked for", text.path());
    for attribute in shown {
        ensure!(
            attribute.find(&answer.json).is_some(),
            "{} is not shown when {} is asked for",
            attribute.path(),
            text.path()
        );
    }
    Ok(())
}

fn immutable(kind: &Kind) -> Result<&Attribute> {
    let is_meant = |a: &&Attribute| a.mutability == "immutable" && a.comes_back();
    kind.writable().find(is_meant).or_not_applicable("no attribute is immutable")
}

async fn immutable_changed(w: &World<'_>, kind: &Kind) -> Result {
    let attribute = immutable(kind)?;
    let (made, _) = with(w, kind, attribute).await?;
    let mut document = made.sent.clone();
    attribute.set(&mut document, attribute.sample(1, &made.key).unwrap_or_default());
    let answer = w.put(&made.path, &Value::Object(document)).await?;
    let word = answer.text("/scimType");
    let is_right = answer.status == 400 && word == Some("mutability");
    ensure!(is_right, "another {} was answered with {} and the scimType {word:?}", attribute.path(), answer.status);
    Ok(())
}

async fn immutable_first(w: &World<'_>, kind: &Kind) -> Result {
    let attribute = immutable(kind)?;
    applies!(!attribute.required, "the immutable attribute is required, and has a value from the start");
    let made = w.make(kind).await?;
    let mut document = made.sent.clone();
    let value = attribute.sample(0, &made.key).unwrap_or_default();
    attribute.set(&mut document, value.clone());
    let answer = w.put(&made.path, &Value::Object(document)).await?;
    let shown = w.read(&made).await?;
    let is_taken = attribute.find(&shown).is_some_and(|found| attribute.is_same(&value, found));
    ensure!(is_taken, "the first {} was answered with {} and is not taken", attribute.path(), answer.status);
    Ok(())
}

async fn immutable_patch(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("patch")?;
    let attribute = immutable(kind)?;
    let (made, value) = with(w, kind, attribute).await?;
    let other = attribute.sample(1, &made.key).unwrap_or_default();
    let answer = w.patch(&made.path, json!([{"op": "replace", "path": attribute.path(), "value": other}])).await?;
    ensure!(answer.is_refusal(), "another {} was answered with {}", attribute.path(), answer.status);
    let shown = w.read(&made).await?;
    let is_kept = attribute.find(&shown).is_some_and(|found| attribute.is_same(&value, found));
    ensure!(is_kept, "{} has changed", attribute.path());
    Ok(())
}

async fn active(w: &World<'_>, kind: &Kind) -> Result {
    let active = kind.attributes.iter().find(|a| a.is_switch() && a.kind == Type::Boolean && a.is_writable());
    let active = active.or_not_applicable("the type has no active")?;
    let made = w.make_having(kind, &[active]).await?;
    let mut document = made.sent.clone();
    active.set(&mut document, json!(false));
    let answer = w.put(&made.path, &Value::Object(document)).await?;
    let shown = w.read(&made).await?;
    let found = active.find(&shown);
    ensure!(
        found == Some(&json!(false)),
        "a PUT with active false was answered with {}, and active is {found:?}",
        answer.status
    );
    Ok(())
}
