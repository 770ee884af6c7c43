//! Replacing a resource by PUT (RFC 7644 §3.5.1).

use crate::attribute::member;
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, applies, ensure};
use crate::world::{Made, NOBODY, World, members};
use serde_json::{Value, json};

table! { "replace";
    Must each status_200 "replace-200" ["P-3.5.1-13" "P-3.5-01"]
        "Answer a PUT that succeeds with 200 and the whole resource.";
    Must each takes_values "replace-takes-new-values" ["P-3.5.1-04"]
        "Put the values of the body in place of the stored ones.";
    Must each takes_lists "replace-takes-new-lists" ["P-3.5.1-04"]
        "Put the lists of the body in place of the stored ones, none of whose values stay.";
    May each drops_values "replace-drops-what-is-left-out" ["P-3.5.1-04"]
        "Take the value of an attribute that a PUT leaves out.";
    Must each keeps_identity "replace-keeps-id-and-created" ["S-3.1-07" "S-3.1-17"]
        "Keep id and meta.created when a resource is replaced.";
    Must each ignores_read_only "replace-ignores-read-only" ["P-3.5.1-11" "S-3.1-15"]
        "Ignore id and meta in the body of a PUT.";
    Must each unknown "replace-of-nothing-is-404" ["P-3.5.1-02" "P-3.2-04"]
        "Answer PUT of an id that was never given with 404, and make nothing.";
    Must each required "replace-without-required-is-refused" ["S-1.1-01"]
        "Refuse a PUT whose body lacks a required attribute, and leave the resource as it was.";
    Must each modified "last-modified-does-not-go-back" ["S-3.1-18"]
        "Set meta.lastModified to the time of the last change.";
    Must each empty_unassigns "replace-with-nothing-unassigns" ["S-2.5-01" "S-2.5-02"]
        "Take the value of an attribute that a PUT sets to null or to an empty list.";
}

/// A resource with a text and a list, as far as the type has them.
async fn filled(w: &World<'_>, kind: &Kind) -> Result<Made> {
    let attributes: Vec<_> = kind.text().into_iter().chain(kind.list()).collect();
    w.make_having(kind, &attributes).await
}

async fn status_200(w: &World<'_>, kind: &Kind) -> Result {
    let made = filled(w, kind).await?;
    let answer = w.put(&made.path, &Value::Object(made.sent.clone())).await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    let is_whole = answer.has_schema(&kind.schema) && member(&answer.json, "id").is_some();
    ensure!(is_whole, "the answer is not the resource");
    Ok(())
}

async fn takes_values(w: &World<'_>, kind: &Kind) -> Result {
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let made = filled(w, kind).await?;
    let mut document = made.sent.clone();
    text.set(&mut document, json!("Scimcheck replaced"));
    w.put(&made.path, &Value::Object(document)).await?;
    let shown = w.read(&made).await?;
    let found = text.find(&shown);
    ensure!(found == Some(&json!("Scimcheck replaced")), "{} is {found:?} after the PUT", text.path());
    Ok(())
}

async fn takes_lists(w: &World<'_>, kind: &Kind) -> Result {
    let list = kind.list().or_not_applicable("the type has no list of objects with value and type")?;
    let made = w.make_having(kind, &[list]).await?;
    let mut document = made.sent.clone();
    let value = list.one(4, &made.key, &list.name).unwrap_or_default();
    list.set(&mut document, json!([value]));
    w.put(&made.path, &Value::Object(document)).await?;
    let shown = w.read(&made).await?;
    let is_same = list.find(&shown).is_some_and(|found| list.is_same(&json!([value]), found));
    ensure!(is_same, "{} should be only {value}, and is {:?}", list.path(), list.find(&shown));
    Ok(())
}

async fn drops_values(w: &World<'_>, kind: &Kind) -> Result {
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let made = filled(w, kind).await?;
    let mut document = kind.minimal(&w.name());
    if let (Some(key), value) = (kind.key(), Value::String(made.key.clone())) {
        key.set(&mut document, value);
    }
    let answer = w.put(&made.path, &Value::Object(document)).await?;
    applies!(answer.is_success(), "the PUT was refused");
    let shown = w.read(&made).await?;
    ensure!(text.find(&shown).is_none(), "{} was left out, and is still there", text.path());
    Ok(())
}

async fn keeps_identity(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    let before = w.read(&made).await?;
    let answer = w.put(&made.path, &Value::Object(made.sent.clone())).await?;
    applies!(answer.json.is_object(), "the answer has no body");
    for at in ["/id", "/meta/created"] {
        let (old, new) = (before.pointer(at), answer.json.pointer(at));
        ensure!(old == new, "{at} was {old:?} and is {new:?} in the answer");
    }
    Ok(())
}

async fn ignores_read_only(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    let mut document = made.sent.clone();
    document.extend(members(
        json!({"id": w.name(), "meta": {"resourceType": "Scimcheck", "created": "1999-01-02T03:04:05Z"}}),
    ));
    let answer = w.put(&made.path, &Value::Object(document)).await?;
    ensure!(answer.is_success(), "a PUT with another id and meta was answered with {}", answer.status);
    let shown = w.read(&made).await?;
    ensure!(member(&shown, "id").and_then(Value::as_str) == Some(&made.id), "the id has changed");
    ensure!(shown.pointer("/meta/created") != Some(&json!("1999-01-02T03:04:05Z")), "meta.created has changed");
    Ok(())
}

async fn unknown(w: &World<'_>, kind: &Kind) -> Result {
    let document = Value::Object(kind.minimal(&w.name()));
    let answer = w.put(&format!("{}/{NOBODY}", kind.endpoint), &document).await?;
    ensure!(answer.status == 404, "expected 404, got {}", answer.status);
    Ok(())
}

async fn required(w: &World<'_>, kind: &Kind) -> Result {
    let required = kind.attributes.iter().find(|a| a.required && a.is_writable() && a.urn.is_none());
    let required = required.or_not_applicable("the schema requires nothing")?;
    let made = w.make(kind).await?;
    let mut document = made.sent.clone();
    document.remove(&required.name);
    let answer = w.put(&made.path, &Value::Object(document)).await?;
    ensure!(answer.is_refusal(), "a PUT without {} was answered with {}", required.path(), answer.status);
    Ok(())
}

async fn modified(w: &World<'_>, kind: &Kind) -> Result {
    let text = kind.text().or_not_applicable("the type has no free text")?;
    let made = w.make(kind).await?;
    let time =
        |shown: &Value, name: &str| shown.pointer(&format!("/meta/{name}")).and_then(Value::as_str).map(str::to_owned);
    let before = w.read(&made).await?;
    let mut document = made.sent.clone();
    text.set(&mut document, json!("Scimcheck modified"));
    w.put(&made.path, &Value::Object(document)).await?;
    let after = w.read(&made).await?;
    let (was, is) = (time(&before, "lastModified"), time(&after, "lastModified"));
    applies!(was.is_some(), "meta.lastModified is not shown");
    // Times of one server, in one spelling, are in order as texts.
    ensure!(is >= was, "meta.lastModified was {was:?} before the change, and is {is:?}");
    Ok(())
}

async fn empty_unassigns(w: &World<'_>, kind: &Kind) -> Result {
    let made = filled(w, kind).await?;
    let mut document = made.sent.clone();
    let attributes: Vec<_> = kind.text().into_iter().chain(kind.list()).collect();
    applies!(!attributes.is_empty(), "the type has neither a free text nor a list");
    for attribute in &attributes {
        attribute.set(&mut document, if attribute.multi { json!([]) } else { Value::Null });
    }
    let answer = w.put(&made.path, &Value::Object(document)).await?;
    ensure!(answer.is_success(), "null and an empty list were answered with {}", answer.status);
    let shown = w.read(&made).await?;
    for attribute in attributes {
        ensure!(attribute.find(&shown).is_none(), "{} still has a value", attribute.path());
    }
    Ok(())
}
