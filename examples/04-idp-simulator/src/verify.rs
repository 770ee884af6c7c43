//! Reads everything back and compares: whatever was sent must be shown, and nobody else's members.

use crate::simulator::with_cause;
use scimstack_client::{Client, ListQuery};
use scimstack_schema::{Object, Value};
use std::collections::{BTreeSet, HashMap};

/// Someone at the server, with what was sent last.
#[derive(Clone, Debug)]
pub(crate) struct Pushed {
    pub(crate) id: String,
    pub(crate) login: String,
    pub(crate) document: Object,
}

/// A group as it has to be.
pub(crate) struct WantedGroup {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) members: BTreeSet<String>,
}

/// Everything that is otherwise than it should be, a sentence each.
pub(crate) async fn differences(client: &Client, people: &[&Pushed], groups: &[WantedGroup]) -> Vec<String> {
    let mut out = Vec::new();
    let mut query = ListQuery::default();
    query.count = Some(100);
    let shown = match client.endpoint::<Object>("/Users").list_all(query).collect().await {
        Ok(shown) => shown,
        Err(error) => return vec![format!("the people cannot be read back: {}", with_cause(&error))],
    };
    let mut by_id: HashMap<&str, &Object> = HashMap::with_capacity(shown.len());
    for object in &shown {
        if let Some(id) = text(object, "id")
            && by_id.insert(id, object).is_some()
        {
            out.push(format!("the list of people has {id} twice"));
        }
    }
    for person in people {
        match by_id.get(person.id.as_str()) {
            None => out.push(format!("{} is not in the list of people", person.login)),
            Some(shown) => {
                let mut paths = Vec::new();
                missing(&person.document, shown, "", &mut paths);
                out.extend(paths.into_iter().map(|path| format!("{}: {path}", person.login)));
            }
        }
    }
    for group in groups {
        match client.endpoint::<Object>("/Groups").get(&group.id).await {
            Ok(shown) => {
                if text(&shown, "displayName") != Some(&group.name) {
                    out.push(format!("group {} is called {:?}", group.name, text(&shown, "displayName")));
                }
                let members = shown.get("members").and_then(Value::as_array).unwrap_or_default();
                let found: BTreeSet<String> =
                    members.iter().filter_map(|member| Some(member.get("value")?.as_str()?.to_owned())).collect();
                let (too_few, too_many) =
                    (group.members.difference(&found).count(), found.difference(&group.members).count());
                if too_few + too_many > 0 {
                    out.push(format!("group {}: {too_few} members are missing, {too_many} too many", group.name));
                }
            }
            Err(error) => out.push(format!("group {} cannot be read back: {}", group.name, with_cause(&error))),
        }
    }
    out
}

fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// Where `shown` lacks what `sent` has.
fn missing(sent: &Object, shown: &Object, prefix: &str, out: &mut Vec<String>) {
    for (name, value) in sent.iter() {
        let path = format!("{prefix}{name}");
        match (value, shown.get(name)) {
            (Value::Object(sent), Some(Value::Object(shown))) => missing(sent, shown, &format!("{path}."), out),
            (Value::Array(sent), Some(Value::Array(shown))) => {
                let matched = |element: &Value| shown.iter().any(|shown| contains(shown, element));
                if sent.len() != shown.len() || !sent.iter().all(matched) {
                    out.push(format!("{path} is not what was sent"));
                }
            }
            (value, Some(shown)) if value == shown => {}
            (_, Some(_)) => out.push(format!("{path} is not what was sent")),
            (_, None) => out.push(format!("{path} is missing")),
        }
    }
}

/// Whether an element has at least what was sent.
fn contains(shown: &Value, sent: &Value) -> bool {
    match (shown, sent) {
        (Value::Object(shown), Value::Object(sent)) => {
            let mut lacks = Vec::new();
            missing(sent, shown, "", &mut lacks);
            lacks.is_empty()
        }
        (shown, sent) => shown == sent,
    }
}
