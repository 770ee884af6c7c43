//! Groups and their members, and other lists whose values are ids (RFC 7643 §2.3.7, §4.2; RFC 7644 §3.5.2.1).

use crate::attribute::{Attribute, member};
use crate::check::table;
use crate::service::Kind;
use crate::stop::{OrNotApplicable as _, Result, applies, ensure};
use crate::target::Ask;
use crate::world::{Made, World, quoted};
use serde_json::{Value, json};

table! { "members";
    Must each on_create "members-on-create" ["S-4.2-03"]
        "Keep the members that a new group is made with.";
    Must each added "members-are-added" ["P-3.5.2.1-06" "S-4.2-03"]
        "Let an add to members append one, and keep those that are there.";
    Must each removed "members-are-removed-by-value" ["P-3.5.2.2-04"]
        "Let a remove of members[value eq …] take that member, and keep the others.";
    Must each removed_nobody "members-remove-of-nobody-succeeds" ["P-3.5.2.2-08"]
        "Let a remove of a member who is none succeed and change nothing.";
    Must each emptied "members-can-be-emptied" ["P-3.5.2.2-03"]
        "Let a remove of members take all of them.";
    Must each replaced "members-are-replaced" ["P-3.5.2.3-02" "P-3.5.1-04"]
        "Put the members of a PUT in place of all that were there.";
    Should each once "members-are-in-it-once" ["P-3.5.2.1-08"]
        "Keep a member who is added twice once.";
    Must each reference "member-references-lead-there" ["S-4.2-03" "S-2.3.7-05" "S-2.3.7-02"]
        "Give with a member, where there is a $ref, the address of the resource whose id is its value.";
    Must each groups_of_user "groups-of-a-user-follow" ["S-4.1.2-21" "S-4.1.2-19"]
        "Show with a user, in groups, the groups that it is a member of.";
    Must each deleted_member "members-who-are-deleted-go" ["P-3.6-03"]
        "Show no member that was deleted.";
    Must each by_member "filter-by-member" ["P-3.4.2.2-19"]
        "Find a group by members.value.";
    Must each without_members "members-can-be-left-out" ["P-3.9-04" "P-3.4.2.5-03"]
        "Leave members out with excludedAttributes=members.";
}

/// The list of members, and the type of resource that can be one.
fn setting<'a>(w: &'a World<'_>, kind: &'a Kind) -> Result<(&'a Attribute, &'a Kind)> {
    let members = kind.members().or_not_applicable("the type has no list of members")?;
    let types = members.sub("$ref").map(|sub| sub.reference_types.clone()).unwrap_or_default();
    let is_meant = |other: &&Kind| other.name != kind.name && types.iter().any(|t| t.eq_ignore_ascii_case(&other.name));
    let target = w.service.kinds.iter().find(is_meant);
    Ok((members, target.or_not_applicable("no resource type is named as that of a member")?))
}

/// A group with as many members.
async fn group<'a>(w: &'a World<'_>, kind: &'a Kind, many: usize) -> Result<(&'a Attribute, Made, Vec<Made>)> {
    let (members, target) = setting(w, kind)?;
    let mut people = Vec::new();
    for _ in 0..many {
        people.push(w.make(target).await?);
    }
    let mut document = kind.minimal(&w.name());
    let values: Vec<Value> = people.iter().map(|made| json!({"value": made.id})).collect();
    if !values.is_empty() {
        members.set(&mut document, Value::Array(values));
    }
    Ok((members, w.make_of(kind, document).await?, people))
}

fn values(members: &Attribute, shown: &Value) -> Vec<String> {
    let list = members.find(shown).and_then(Value::as_array).into_iter().flatten();
    let mut values: Vec<String> =
        list.filter_map(|value| member(value, "value")?.as_str().map(ToOwned::to_owned)).collect();
    values.sort();
    values
}

async fn holds(w: &World<'_>, members: &Attribute, group: &Made, expected: &[&Made]) -> Result {
    let found = values(members, &w.read(group).await?);
    let mut expected: Vec<String> = expected.iter().map(|made| made.id.clone()).collect();
    expected.sort();
    ensure!(found == expected, "{} should be {expected:?}, and are {found:?}", members.path());
    Ok(())
}

async fn change(w: &World<'_>, group: &Made, operation: Value) -> Result {
    w.service.needs("patch")?;
    let answer = w.patch(&group.path, json!([operation])).await?;
    ensure!(answer.is_success(), "the PATCH was answered with {}", answer.status);
    Ok(())
}

async fn on_create(w: &World<'_>, kind: &Kind) -> Result {
    let (members, group, people) = group(w, kind, 2).await?;
    holds(w, members, &group, &people.iter().collect::<Vec<_>>()).await
}

async fn added(w: &World<'_>, kind: &Kind) -> Result {
    let (members, group, mut people) = group(w, kind, 1).await?;
    let (_, target) = setting(w, kind)?;
    people.push(w.make(target).await?);
    let new = people.last().map(|made| made.id.clone());
    change(w, &group, json!({"op": "add", "path": members.path(), "value": [{"value": new}]})).await?;
    holds(w, members, &group, &people.iter().collect::<Vec<_>>()).await
}

async fn removed(w: &World<'_>, kind: &Kind) -> Result {
    let (members, group, people) = group(w, kind, 2).await?;
    let [first, second] = people.as_slice() else { return Ok(()) };
    let path = format!("{}[value eq {}]", members.path(), quoted(&first.id));
    change(w, &group, json!({"op": "remove", "path": path})).await?;
    holds(w, members, &group, &[second]).await
}

async fn removed_nobody(w: &World<'_>, kind: &Kind) -> Result {
    let (members, group, people) = group(w, kind, 1).await?;
    let path = format!("{}[value eq \"scimcheck-nobody\"]", members.path());
    change(w, &group, json!({"op": "remove", "path": path})).await?;
    holds(w, members, &group, &people.iter().collect::<Vec<_>>()).await
}

async fn emptied(w: &World<'_>, kind: &Kind) -> Result {
    let (members, group, _) = group(w, kind, 2).await?;
    change(w, &group, json!({"op": "remove", "path": members.path()})).await?;
    holds(w, members, &group, &[]).await
}

async fn replaced(w: &World<'_>, kind: &Kind) -> Result {
    let (members, group, people) = group(w, kind, 2).await?;
    let mut document = group.sent.clone();
    let last = people.last();
    members.set(&mut document, json!([{"value": last.map(|made| made.id.clone())}]));
    let answer = w.put(&group.path, &Value::Object(document)).await?;
    applies!(answer.is_success(), "the PUT was refused; see replace-200");
    holds(w, members, &group, &last.into_iter().collect::<Vec<_>>()).await
}

async fn once(w: &World<'_>, kind: &Kind) -> Result {
    let (members, group, people) = group(w, kind, 1).await?;
    let id = people.first().map(|made| made.id.clone());
    change(w, &group, json!({"op": "add", "path": members.path(), "value": [{"value": id}]})).await?;
    holds(w, members, &group, &people.iter().collect::<Vec<_>>()).await
}

async fn reference(w: &World<'_>, kind: &Kind) -> Result {
    let (members, group, people) = group(w, kind, 1).await?;
    let shown = w.read(&group).await?;
    let first = members.find(&shown).and_then(Value::as_array).and_then(|list| list.first()).cloned();
    let reference = first.as_ref().and_then(|value| member(value, "$ref")).and_then(Value::as_str);
    let reference = reference.or_not_applicable("members have no $ref")?;
    let expected = people.first().map(|made| made.path.clone()).unwrap_or_default();
    ensure!(reference.ends_with(&expected), "the $ref is {reference}, and does not end in {expected}");
    Ok(())
}

async fn groups_of_user(w: &World<'_>, kind: &Kind) -> Result {
    let (_, target) = setting(w, kind)?;
    let groups = target.attributes.iter().find(|a| a.is_named("groups") && a.urn.is_none() && a.sub("value").is_some());
    let groups = groups.or_not_applicable("the members' type has no groups")?;
    let (_, group, people) = group(w, kind, 1).await?;
    let Some(person) = people.first() else { return Ok(()) };
    let found = values(groups, &w.read(person).await?);
    ensure!(found == [group.id.as_str()], "the groups of a member should be {}, and are {found:?}", group.id);
    Ok(())
}

async fn deleted_member(w: &World<'_>, kind: &Kind) -> Result {
    let (members, group, people) = group(w, kind, 2).await?;
    let [first, second] = people.as_slice() else { return Ok(()) };
    let answer = w.delete(&first.path).await?;
    applies!(answer.is_success(), "the server does not delete members");
    holds(w, members, &group, &[second]).await
}

async fn by_member(w: &World<'_>, kind: &Kind) -> Result {
    w.service.needs("filter")?;
    let (members, group, people) = group(w, kind, 1).await?;
    let id = people.first().map(|made| made.id.clone()).unwrap_or_default();
    let found = w.found(kind, &format!("{}.value eq {}", members.path(), quoted(&id))).await?;
    ensure!(found == [group.id.as_str()], "by its member {} should be found, and {found:?} is", group.id);
    Ok(())
}

async fn without_members(w: &World<'_>, kind: &Kind) -> Result {
    let (members, group, _) = group(w, kind, 1).await?;
    let answer = w.ask(Ask::new("GET", format!("{}?excludedAttributes={}", group.path, members.path()))).await?;
    ensure!(members.find(&answer.json).is_none(), "{} is shown, and was excluded", members.path());
    Ok(())
}
