//! Changing lists by PATCH, with and without value paths (RFC 7644 §3.5.2). The list is one of objects with a `value` and a
//! `type`, as `emails` is.

use super::patch::having;
use crate::attribute::{Attribute, member};
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, applies, ensure};
use crate::world::{Made, World, quoted};
use serde_json::{Value, json};

table! { "patch-list";
    Must each appends "patch-add-appends" ["P-3.5.2.1-06"]
        "Let an add to a list append its values, and keep those that are there.";
    Must each appends_one "patch-add-appends-one" ["P-3.5.2.1-06"]
        "Let an add whose value is one object append it to the list.";
    Must each replaces "patch-replace-of-a-list" ["P-3.5.2.3-02"]
        "Let a replace of a list put the new values in place of all that were there.";
    Must each replaces_matches "patch-replace-of-a-value" ["P-3.5.2.3-06"]
        "Let a replace through a value path change the values that match, and leave the others.";
    Must each replaces_sub "patch-replace-in-a-value" ["P-3.5.2.3-07" "P-3.5.2-08"]
        "Let a replace of a sub-attribute through a value path change it in every match, and nothing else.";
    Must each no_match "patch-replace-without-match-is-no-target" ["P-3.5.2.3-08" "P-3.5.2-12"]
        "Refuse a replace through a value path that matches nothing with 400 and the scimType noTarget.";
    Must each removes_all "patch-remove-of-a-list" ["P-3.5.2.2-03"]
        "Let a remove of a list take all its values.";
    Must each removes_match "patch-remove-of-a-value" ["P-3.5.2.2-04"]
        "Let a remove through a value path take the values that match, and leave the others.";
    Must each removes_sub "patch-remove-in-a-value" ["P-3.5.2.2-05"]
        "Let a remove of a sub-attribute through a value path take it from the values that match.";
    Must each removes_last "patch-remove-of-the-last-value" ["P-3.5.2.2-04" "P-3.5.2.2-06"]
        "Leave a list without values unassigned when the last one is removed.";
    Must each primary_moves "patch-primary-moves" ["P-3.5.2-17" "S-2.4-03"]
        "Take the flag primary from all other values when a value becomes primary.";
    Must each whole_value_filter "patch-value-path-by-value" ["P-3.5.2-08" "P-3.5.2.2-04"]
        "Read any filter on sub-attributes in a value path, and among them one on value.";
}

/// A resource whose list has two values; the list.
async fn listed<'k>(w: &World<'_>, kind: &'k Kind) -> Result<(&'k Attribute, Made, [Value; 2])> {
    let list = kind.list().or_not_applicable("the type has no list of objects with value and type")?;
    let made = having(w, kind, list).await?;
    let mut values =
        list.find(&Value::Object(made.sent.clone())).and_then(Value::as_array).cloned().unwrap_or_default();
    let (second, first) = (values.pop().unwrap_or_default(), values.pop().unwrap_or_default());
    Ok((list, made, [first, second]))
}

fn text(value: &Value, name: &str) -> String {
    member(value, name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// `emails[type eq "work"]` for one of the values.
fn by_type(list: &Attribute, value: &Value) -> String {
    format!("{}[type eq {}]", list.path(), quoted(&text(value, "type")))
}

fn holds(list: &Attribute, shown: &Value, expected: &[&Value]) -> Result {
    let found = list.find(shown).and_then(Value::as_array).cloned().unwrap_or_default();
    let is_there = expected.iter().all(|value| found.iter().any(|found| list.is_same_one(value, found)));
    ensure!(
        is_there && found.len() == expected.len(),
        "{} should hold {} and holds {}",
        list.path(),
        Value::from(expected.iter().map(|v| (*v).clone()).collect::<Vec<_>>()),
        Value::from(found)
    );
    Ok(())
}

/// A third value, that is not primary.
fn third(list: &Attribute, made: &Made) -> Value {
    let mut value = list.one(5, &made.key, &list.name).unwrap_or_default();
    if let Some(value) = value.as_object_mut() {
        value.remove("primary");
    }
    value
}

async fn appends(w: &World<'_>, kind: &Kind) -> Result {
    let (list, made, [one, two]) = listed(w, kind).await?;
    let new = third(list, &made);
    let shown = w.patched(&made, json!([{"op": "add", "path": list.path(), "value": [new]}])).await?;
    holds(list, &shown, &[&one, &two, &new])
}

async fn appends_one(w: &World<'_>, kind: &Kind) -> Result {
    let (list, made, [one, two]) = listed(w, kind).await?;
    let new = third(list, &made);
    let shown = w.patched(&made, json!([{"op": "add", "path": list.path(), "value": new}])).await?;
    holds(list, &shown, &[&one, &two, &new])
}

async fn replaces(w: &World<'_>, kind: &Kind) -> Result {
    let (list, made, _) = listed(w, kind).await?;
    let new = third(list, &made);
    let shown = w.patched(&made, json!([{"op": "replace", "path": list.path(), "value": [new]}])).await?;
    holds(list, &shown, &[&new])
}

async fn replaces_matches(w: &World<'_>, kind: &Kind) -> Result {
    let (list, made, [one, two]) = listed(w, kind).await?;
    let mut new = third(list, &made);
    if let Some(new) = new.as_object_mut() {
        new.insert("type".to_owned(), json!(text(&two, "type")));
    }
    let shown = w.patched(&made, json!([{"op": "replace", "path": by_type(list, &two), "value": new}])).await?;
    holds(list, &shown, &[&one, &new])
}

async fn replaces_sub(w: &World<'_>, kind: &Kind) -> Result {
    let (list, made, [one, mut two]) = listed(w, kind).await?;
    let path = format!("{}.value", by_type(list, &two));
    let value = text(&third(list, &made), "value");
    let shown = w.patched(&made, json!([{"op": "replace", "path": path, "value": value}])).await?;
    if let Some(two) = two.as_object_mut() {
        two.insert("value".to_owned(), json!(value));
    }
    holds(list, &shown, &[&one, &two])
}

async fn no_match(w: &World<'_>, kind: &Kind) -> Result {
    let (list, made, _) = listed(w, kind).await?;
    let path = format!("{}[value eq \"scimcheck-nothing\"].value", list.path());
    let value = text(&third(list, &made), "value");
    let answer = w.patch(&made.path, json!([{"op": "replace", "path": path, "value": value}])).await?;
    let word = answer.text("/scimType");
    let is_right = answer.status == 400 && word == Some("noTarget");
    ensure!(is_right, "expected 400 noTarget, got {} with the scimType {word:?}", answer.status);
    Ok(())
}

async fn removes_all(w: &World<'_>, kind: &Kind) -> Result {
    let (list, made, _) = listed(w, kind).await?;
    let shown = w.patched(&made, json!([{"op": "remove", "path": list.path()}])).await?;
    ensure!(list.find(&shown).is_none(), "{} still has values", list.path());
    Ok(())
}

async fn removes_match(w: &World<'_>, kind: &Kind) -> Result {
    let (list, made, [one, two]) = listed(w, kind).await?;
    let shown = w.patched(&made, json!([{"op": "remove", "path": by_type(list, &two)}])).await?;
    holds(list, &shown, &[&one])
}

async fn removes_sub(w: &World<'_>, kind: &Kind) -> Result {
    let (list, made, [one, mut two]) = listed(w, kind).await?;
    let display = list.sub("display").filter(|sub| sub.mutability == "readwrite");
    display.or_not_applicable("the values of the list have no display that clients write")?;
    let path = format!("{}.display", by_type(list, &two));
    let shown = w.patched(&made, json!([{"op": "remove", "path": path}])).await?;
    if let Some(two) = two.as_object_mut() {
        two.remove("display");
    }
    holds(list, &shown, &[&one, &two])?;
    let values = list.find(&shown).and_then(Value::as_array).cloned().unwrap_or_default();
    let left = values.iter().filter(|value| member(value, "display").is_some()).count();
    ensure!(left == 1, "{left} values have a display, and one should have");
    Ok(())
}

async fn removes_last(w: &World<'_>, kind: &Kind) -> Result {
    let (list, made, [one, two]) = listed(w, kind).await?;
    let operations = json!([
        {"op": "remove", "path": by_type(list, &two)},
        {"op": "remove", "path": by_type(list, &one)},
    ]);
    let shown = w.patched(&made, operations).await?;
    ensure!(list.find(&shown).is_none(), "{} still has values", list.path());
    Ok(())
}

async fn primary_moves(w: &World<'_>, kind: &Kind) -> Result {
    let (list, made, [_, two]) = listed(w, kind).await?;
    applies!(list.sub("primary").is_some(), "the values of the list have no primary");
    let path = format!("{}.primary", by_type(list, &two));
    let shown = w.patched(&made, json!([{"op": "replace", "path": path, "value": true}])).await?;
    let values = list.find(&shown).and_then(Value::as_array).cloned().unwrap_or_default();
    let primary: Vec<String> = values
        .iter()
        .filter(|value| member(value, "primary") == Some(&json!(true)))
        .map(|value| text(value, "type"))
        .collect();
    ensure!(primary == [text(&two, "type")], "primary are the values of the types {primary:?}");
    Ok(())
}

async fn whole_value_filter(w: &World<'_>, kind: &Kind) -> Result {
    let (list, made, [one, two]) = listed(w, kind).await?;
    let filter = format!("value eq {} or value eq \"scimcheck-nothing\"", quoted(&text(&two, "value")));
    let shown = w.patched(&made, json!([{"op": "remove", "path": format!("{}[{filter}]", list.path())}])).await?;
    holds(list, &shown, &[&one])
}
