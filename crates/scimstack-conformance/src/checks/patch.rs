//! Changing single values and objects by PATCH (RFC 7644 §3.5.2). Lists are next door, and what has to be refused.

use crate::attribute::{Attribute, Type, member};
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, Stop, applies, ensure};
use crate::target::Ask;
use crate::world::{Made, PATCH, World};
use serde_json::{Value, json};

table! { "patch";
    Should each is_there "patch-is-there" ["P-3.5-02"]
        "Support PATCH, and say so in the configuration.";
    Must each status "patch-200-or-204" ["P-3.5.2-21"]
        "Answer a PATCH that succeeds with 200 and the resource, or with 204 and nothing.";
    Must each with_attributes "patch-with-attributes-has-a-body" ["P-3.5.2-23"]
        "Answer a PATCH that names attributes in its URL with 200 and a body.";
    Must each add_without_path "patch-add-without-path" ["P-3.5.2.1-03"]
        "Do an add without a path on the resource itself, attribute by attribute.";
    Must each add_single "patch-add-gives-a-value" ["P-3.5.2.1-04"]
        "Let an add give a value to an attribute that has none, whatever its type.";
    Must each add_again "patch-add-replaces-a-single-value" ["P-3.5.2.1-07"]
        "Let an add to a single value replace it.";
    Should each add_same "patch-add-of-the-same-succeeds" ["P-3.5.2.1-08"]
        "Let an add of what is there already succeed.";
    Must each add_same_time "patch-add-of-the-same-is-no-change" ["P-3.5.2.1-09"]
        "Leave meta.lastModified when an add changes nothing.";
    Must each replace_single "patch-replace-changes-a-value" ["P-3.5.2.3-02"]
        "Let a replace change a single value, whatever its type.";
    Must each replace_without_path "patch-replace-without-path" ["P-3.5.2.3-02" "P-3.5.2.1-03"]
        "Do a replace without a path on the resource itself, and leave what it does not name.";
    Must each replace_missing "patch-replace-of-nothing-adds" ["P-3.5.2.3-03"]
        "Let a replace of an attribute without a value give it one.";
    Must each sub_attribute "patch-replace-of-a-sub-attribute" ["P-3.5.2.3-05" "P-3.5.2-08"]
        "Let a replace of a sub-attribute change it and leave its neighbours.";
    Must each object_merges "patch-replace-of-an-object-merges" ["P-3.5.2.3-05"]
        "Let a replace of an object set the sub-attributes it names, and leave the others.";
    Must each remove_single "patch-remove-takes-a-value" ["P-3.5.2.2-02"]
        "Let a remove of a single value leave its attribute without one, whatever its type.";
    Must each remove_sub "patch-remove-of-a-sub-attribute" ["P-3.5.2.2-02" "P-3.5.2-08"]
        "Let a remove of a sub-attribute take it and leave its neighbours.";
    Must each extension "patch-of-an-extension" ["P-3.10-03" "P-3.5.2-13"]
        "Read a path that begins with the URI of an extension.";
    Must each path_without_case "patch-paths-have-no-case" ["P-3.5.2-13" "S-2.1-03"]
        "Read the names in a path without regard to case.";
    Deviation each op_without_case "patch-operations-have-no-case" ["P-3.5.2-13"]
        "Take Add, Replace and Remove for add, replace and remove; Microsoft Entra ID sends them so.";
    Must each in_order "patch-operations-are-done-in-order" ["P-3.5.2-16"]
        "Do the operations of a PATCH one after the other, each on what the former ones left.";
    Must each active "patch-of-active" ["P-3.5.2.3-02"]
        "Let a replace of active switch it off and on.";
    Must each keeps_others "patch-leaves-the-rest" ["P-3.5.2.3-02"]
        "Leave alone what a PATCH does not name.";
    Must each read_back "patch-answer-is-what-is-stored" ["P-3.1-05" "P-3.5.2-21"]
        "Show in the answer to a PATCH, where it has a body, what a GET shows afterwards.";
}

/// The attributes that PATCH is tried on: one of each type and place, so that a run stays short.
fn various(kind: &Kind) -> Vec<&Attribute> {
    let mut seen: Vec<(Type, bool)> = Vec::new();
    let singles = kind.plain().filter(|a| !a.multi);
    singles
        .filter(|a| {
            !seen.contains(&(a.kind, a.urn.is_some())) && {
                seen.push((a.kind, a.urn.is_some()));
                true
            }
        })
        .collect()
}

pub(super) fn text(kind: &Kind) -> Result<&Attribute> {
    kind.text().or_not_applicable("the type has no free text")
}

/// A resource with a sample of the attribute in it.
pub(super) async fn having(w: &World<'_>, kind: &Kind, attribute: &Attribute) -> Result<Made> {
    w.service.needs("patch")?;
    w.make_having(kind, &[attribute]).await
}

pub(super) async fn plain(w: &World<'_>, kind: &Kind) -> Result<Made> {
    w.service.needs("patch")?;
    w.make(kind).await
}

fn shows(attribute: &Attribute, expected: &Value, shown: &Value, after: &str) -> Result {
    let found = attribute.find(shown);
    let is_right = found.is_some_and(|found| attribute.is_same(expected, found));
    ensure!(is_right, "after {after}, {} should be {expected} and is {found:?}", attribute.path());
    Ok(())
}

async fn is_there(w: &World<'_>, kind: &Kind) -> Result {
    let made = w.make(kind).await?;
    ensure!(w.service.supports("patch"), "the configuration does not say that PATCH is supported");
    let key = text(kind).or_else(|_| kind.key().or_not_applicable("the type has no text"))?;
    let answer = w.patch(&made.path, json!([{"op": "replace", "path": key.path(), "value": made.key}])).await?;
    ensure!(!matches!(answer.status, 405 | 501), "PATCH was answered with {}", answer.status);
    Ok(())
}

async fn status(w: &World<'_>, kind: &Kind) -> Result {
    let (made, text) = (plain(w, kind).await?, text(kind)?);
    let answer = w.patch(&made.path, json!([{"op": "replace", "path": text.path(), "value": "Scimcheck"}])).await?;
    match answer.status {
        200 => ensure!(answer.has_schema(&kind.schema), "the answer is 200 and not the resource"),
        204 => ensure!(answer.body.is_empty(), "the answer is 204 and has a body"),
        other => return Err(Stop::Failed(format!("expected 200 or 204, got {other}"))),
    }
    Ok(())
}

async fn with_attributes(w: &World<'_>, kind: &Kind) -> Result {
    let (made, text) = (plain(w, kind).await?, text(kind)?);
    let body = json!({"schemas": [PATCH], "Operations": [{"op": "add", "path": text.path(), "value": "Scimcheck"}]});
    let path = format!("{}?attributes={}", made.path, text.path());
    let answer = w.ask(Ask::new("PATCH", path).json(&body)).await?;
    ensure!(answer.status == 200, "expected 200, got {}", answer.status);
    ensure!(text.find(&answer.json) == Some(&json!("Scimcheck")), "the answer does not show {}", text.path());
    Ok(())
}

async fn add_without_path(w: &World<'_>, kind: &Kind) -> Result {
    let (made, text) = (plain(w, kind).await?, text(kind)?);
    let mut value = serde_json::Map::new();
    text.set(&mut value, json!("Scimcheck added"));
    let shown = w.patched(&made, json!([{"op": "add", "value": value}])).await?;
    shows(text, &json!("Scimcheck added"), &shown, "an add without a path")
}

async fn add_single(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("patch")?;
    let attributes = various(kind);
    applies!(!attributes.is_empty(), "the type has no attribute that is free to change");
    for attribute in attributes {
        let made = w.make(kind).await?;
        let value = attribute.sample(0, &made.key).unwrap_or_default();
        let shown = w.patched(&made, json!([{"op": "add", "path": attribute.path(), "value": value}])).await?;
        shows(attribute, &value, &shown, "an add")?;
    }
    Ok(())
}

async fn add_again(w: &World<'_>, kind: &Kind) -> Result {
    let text = text(kind)?;
    let made = having(w, kind, text).await?;
    let shown = w.patched(&made, json!([{"op": "add", "path": text.path(), "value": "Scimcheck other"}])).await?;
    shows(text, &json!("Scimcheck other"), &shown, "an add to a value")
}

async fn add_same(w: &World<'_>, kind: &Kind) -> Result {
    let text = text(kind)?;
    let made = having(w, kind, text).await?;
    let value = text.find(&Value::Object(made.sent.clone())).cloned().unwrap_or_default();
    let answer = w.patch(&made.path, json!([{"op": "add", "path": text.path(), "value": value}])).await?;
    ensure!(answer.is_success(), "an add of what is there was answered with {}", answer.status);
    Ok(())
}

async fn add_same_time(w: &World<'_>, kind: &Kind) -> Result {
    let text = text(kind)?;
    let made = having(w, kind, text).await?;
    let value = text.find(&Value::Object(made.sent.clone())).cloned().unwrap_or_default();
    let before = w.read(&made).await?;
    let answer = w.patch(&made.path, json!([{"op": "add", "path": text.path(), "value": value}])).await?;
    applies!(answer.is_success(), "the add is refused; see patch-add-of-the-same-succeeds");
    let after = w.read(&made).await?;
    let time = |shown: &Value| shown.pointer("/meta/lastModified").cloned();
    ensure!(time(&before) == time(&after), "meta.lastModified was {:?}, and is {:?}", time(&before), time(&after));
    Ok(())
}

async fn replace_single(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("patch")?;
    let attributes = various(kind);
    applies!(!attributes.is_empty(), "the type has no attribute that is free to change");
    for attribute in attributes {
        let made = w.make_having(kind, &[attribute]).await?;
        let value = attribute.sample(1, &made.key).unwrap_or_default();
        let shown = w.patched(&made, json!([{"op": "replace", "path": attribute.path(), "value": value}])).await?;
        shows(attribute, &value, &shown, "a replace")?;
    }
    Ok(())
}

async fn replace_without_path(w: &World<'_>, kind: &Kind) -> Result {
    let text = text(kind)?;
    let made = having(w, kind, text).await?;
    let mut value = serde_json::Map::new();
    text.set(&mut value, json!("Scimcheck replaced"));
    let shown = w.patched(&made, json!([{"op": "replace", "value": value}])).await?;
    shows(text, &json!("Scimcheck replaced"), &shown, "a replace without a path")?;
    let key = kind.key().and_then(|key| key.find(&shown)).and_then(Value::as_str);
    ensure!(key == Some(&made.key), "a replace without a path has changed what it does not name");
    Ok(())
}

async fn replace_missing(w: &World<'_>, kind: &Kind) -> Result {
    let (made, text) = (plain(w, kind).await?, text(kind)?);
    let shown = w.patched(&made, json!([{"op": "replace", "path": text.path(), "value": "Scimcheck new"}])).await?;
    shows(text, &json!("Scimcheck new"), &shown, "a replace of nothing")
}

fn object(kind: &Kind) -> Result<(&Attribute, &Attribute, &Attribute)> {
    kind.object().or_not_applicable("the type has no object with two texts in it")
}

/// The two texts of an object after an operation.
async fn object_after(
    w: &World<'_>,
    kind: &Kind,
    operation: impl Fn(&str, &str) -> Value + Send,
) -> Result<[Option<Value>; 3]> {
    let (object, one, other) = object(kind)?;
    let made = having(w, kind, object).await?;
    let sent = object.find(&Value::Object(made.sent.clone())).and_then(|o| member(o, &other.name)).cloned();
    let shown = w.patched(&made, json!([operation(&object.path(), &one.name)])).await?;
    let of = |name: &str| object.find(&shown).and_then(|object| member(object, name)).cloned();
    Ok([of(&one.name), of(&other.name), sent])
}

async fn sub_attribute(w: &World<'_>, kind: &Kind) -> Result {
    let change =
        |object: &str, one: &str| json!({"op": "replace", "path": format!("{object}.{one}"), "value": "Scimcheck"});
    let [one, other, sent] = object_after(w, kind, change).await?;
    ensure!(one == Some(json!("Scimcheck")), "the sub-attribute is {one:?}");
    ensure!(other == sent, "its neighbour was {sent:?}, and is {other:?}");
    Ok(())
}

async fn object_merges(w: &World<'_>, kind: &Kind) -> Result {
    let change = |object: &str, one: &str| json!({"op": "replace", "path": object, "value": {one: "Scimcheck"}});
    let [one, other, sent] = object_after(w, kind, change).await?;
    ensure!(one == Some(json!("Scimcheck")), "the sub-attribute that is named is {one:?}");
    ensure!(other == sent, "the sub-attribute that is not named was {sent:?}, and is {other:?}");
    Ok(())
}

async fn remove_single(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("patch")?;
    // A server may give a Boolean its default.
    let attributes: Vec<_> = various(kind).into_iter().filter(|a| a.kind != Type::Boolean).collect();
    applies!(!attributes.is_empty(), "the type has no attribute that is free to change");
    for attribute in attributes {
        let made = w.make_having(kind, &[attribute]).await?;
        let shown = w.patched(&made, json!([{"op": "remove", "path": attribute.path()}])).await?;
        ensure!(attribute.find(&shown).is_none(), "after a remove, {} is still there", attribute.path());
    }
    Ok(())
}

async fn remove_sub(w: &World<'_>, kind: &Kind) -> Result {
    let change = |object: &str, one: &str| json!({"op": "remove", "path": format!("{object}.{one}")});
    let [one, other, sent] = object_after(w, kind, change).await?;
    ensure!(one.is_none(), "the sub-attribute is still {one:?}");
    ensure!(other == sent, "its neighbour was {sent:?}, and is {other:?}");
    Ok(())
}

async fn extension(w: &World<'_>, kind: &Kind) -> Result {
    let is_text = |a: &&Attribute| a.urn.is_some() && !a.multi && a.kind == Type::String;
    let text = kind.plain().find(is_text).or_not_applicable("the type has no extension with a text")?;
    let made = plain(w, kind).await?;
    let value = text.sample(1, &made.key).unwrap_or_default();
    let shown = w.patched(&made, json!([{"op": "add", "path": text.path(), "value": value}])).await?;
    shows(text, &value, &shown, "an add by the long name")?;
    let shown = w.patched(&made, json!([{"op": "remove", "path": text.path()}])).await?;
    ensure!(text.find(&shown).is_none(), "{} is still there after a remove", text.path());
    Ok(())
}

async fn path_without_case(w: &World<'_>, kind: &Kind) -> Result {
    let (made, text) = (plain(w, kind).await?, text(kind)?);
    let path = text.path().to_ascii_uppercase();
    let shown = w.patched(&made, json!([{"op": "add", "path": path, "value": "Scimcheck"}])).await?;
    shows(text, &json!("Scimcheck"), &shown, "an add by a path in capitals")
}

async fn op_without_case(w: &World<'_>, kind: &Kind) -> Result {
    let (made, text) = (plain(w, kind).await?, text(kind)?);
    let shown = w.patched(&made, json!([{"op": "Add", "path": text.path(), "value": "Scimcheck"}])).await?;
    shows(text, &json!("Scimcheck"), &shown, "an Add")
}

async fn in_order(w: &World<'_>, kind: &Kind) -> Result {
    let (made, text) = (plain(w, kind).await?, text(kind)?);
    let operations = json!([
        {"op": "add", "path": text.path(), "value": "Scimcheck first"},
        {"op": "remove", "path": text.path()},
        {"op": "add", "path": text.path(), "value": "Scimcheck last"},
    ]);
    let shown = w.patched(&made, operations).await?;
    shows(text, &json!("Scimcheck last"), &shown, "three operations in a row")
}

async fn active(w: &World<'_>, kind: &Kind) -> Result {
    let active = kind.attributes.iter().find(|a| a.is_switch() && a.is_writable());
    let active = active.or_not_applicable("the type has no active")?;
    let made = having(w, kind, active).await?;
    for value in [false, true] {
        let shown = w.patched(&made, json!([{"op": "replace", "path": "active", "value": value}])).await?;
        shows(active, &json!(value), &shown, "a replace of active")?;
    }
    Ok(())
}

async fn keeps_others(w: &World<'_>, kind: &Kind) -> Result {
    let text = text(kind)?;
    let second = kind.second_text().or_not_applicable("the type has no second free text")?;
    w.service.needs("patch")?;
    let made = w.make_having(kind, &[text, second]).await?;
    let shown = w.patched(&made, json!([{"op": "replace", "path": text.path(), "value": "Scimcheck"}])).await?;
    let sent = second.find(&Value::Object(made.sent.clone())).cloned().unwrap_or_default();
    shows(second, &sent, &shown, "a replace of something else")
}

async fn read_back(w: &World<'_>, kind: &Kind) -> Result {
    let (made, text) = (plain(w, kind).await?, text(kind)?);
    let answer = w.patch(&made.path, json!([{"op": "add", "path": text.path(), "value": "Scimcheck"}])).await?;
    applies!(answer.status == 200, "the answer to a PATCH has no body");
    let shown = w.read(&made).await?;
    for name in ["id", "meta", text.name.as_str()] {
        let (told, is) = (member(&answer.json, name), member(&shown, name));
        ensure!(told == is, "{name} is {told:?} in the answer, and {is:?} in a GET");
    }
    Ok(())
}
