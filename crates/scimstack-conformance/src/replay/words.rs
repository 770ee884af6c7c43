//! Placeholders in conversations: `{run}`, `{ann}` and the names of schemas, and the values they stand for. Also paths into
//! documents: `/emails[type=work]/value`, `/{enterprise}/manager`.

use crate::target::encode;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What every conversation may name.
pub(super) const GIVEN: &[(&str, &str)] = &[
    ("user", "urn:ietf:params:scim:schemas:core:2.0:User"),
    ("group", "urn:ietf:params:scim:schemas:core:2.0:Group"),
    ("enterprise", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
    ("haystack", "urn:ietf:params:scim:schemas:extension:haystack:1.0:User"),
    ("list", "urn:ietf:params:scim:api:messages:2.0:ListResponse"),
];

/// The names in braces: lower-case letters, digits, `.` and `-`. Other braces are text.
pub(super) fn placeholders(text: &str) -> Vec<String> {
    pieces(text).into_iter().filter_map(|piece| if let Piece::Name(name) = piece { Some(name) } else { None }).collect()
}

enum Piece {
    Text(String),
    Name(String),
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        plain.push_str(before);
        match after.split_once('}').filter(|(name, _)| is_name(name)) {
            Some((name, after)) => {
                found.push(Piece::Text(std::mem::take(&mut plain)));
                found.push(Piece::Name(name.to_owned()));
                rest = after;
            }
            None => {
                plain.push('{');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    found.push(Piece::Text(plain));
    found.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    found
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
}

/// What the placeholders stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(BTreeMap<String, Value>);

impl Words {
    pub(super) fn new(run: &str, base: &str) -> Self {
        let given = GIVEN.iter().map(|(name, text)| (*name, *text)).chain([("run", run), ("base", base)]);
        Self(given.map(|(name, text)| (name.to_owned(), Value::from(text))).collect())
    }

    pub(super) fn keep(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// What a name stands for; the name itself when it stands for nothing.
    pub(super) fn get(&self, name: &str) -> Result<&Value, String> {
        self.0.get(name).ok_or_else(|| name.to_owned())
    }

    /// A text with its placeholders filled, percent-encoded where it is for an address.
    pub(super) fn text(&self, text: &str, address: bool) -> Result<String, String> {
        let mut out = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => out.push_str(&text),
                Piece::Name(name) => {
                    let word = match self.get(&name)? {
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    out.push_str(&if address { encode(&word) } else { word });
                }
            }
        }
        Ok(out)
    }

    /// A value with its placeholders filled; a text that is one placeholder becomes what it stands for.
    pub(super) fn value(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => match pieces(text).as_slice() {
                [Piece::Name(name)] => self.get(name)?.clone(),
                _ => Value::String(self.text(text, false)?),
            },
            Value::Array(elements) => {
                Value::Array(elements.iter().map(|element| self.value(element)).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => Value::Object(self.map(members)?),
            other => other.clone(),
        })
    }

    pub(super) fn map(&self, members: &Map<String, Value>) -> Result<Map<String, Value>, String> {
        members.iter().map(|(name, value)| Ok((self.text(name, false)?, self.value(value)?))).collect()
    }
}

/// What stands at a path: names and positions between slashes, and after a name `[name=text]` for the first element that
/// has it, letters compared without case. The empty path is the whole.
pub(super) fn look<'v>(whole: &'v Value, path: &str) -> Option<&'v Value> {
    let mut at = whole;
    for step in path.strip_prefix('/').into_iter().flat_map(|path| path.split('/')) {
        let (name, selection) = match step.strip_suffix(']').and_then(|step| step.split_once('[')) {
            Some((name, selection)) => (name, selection.split_once('=')),
            None => (step, None),
        };
        at = match at {
            Value::Array(elements) => elements.get(name.parse::<usize>().ok()?)?,
            other => other.get(name)?,
        };
        if let Some((name, wanted)) = selection {
            let is = |value: &Value| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(wanted));
            let has = |element: &&Value| element.get(name).is_some_and(is);
            at = at.as_array()?.iter().find(has)?;
        }
    }
    Some(at)
}

/// Sets what stands at a path of names; objects on the way are made.
pub(super) fn set(whole: &mut Value, path: &str, value: Option<Value>) {
    let Some((parents, last)) = path.rsplit_once('/') else { return };
    let mut at = whole;
    for name in parents.split('/').filter(|name| !name.is_empty()) {
        let Some(object) = at.as_object_mut() else { return };
        at = object.entry(name).or_insert_with(|| Value::Object(Map::new()));
    }
    let Some(object) = at.as_object_mut() else { return };
    match value {
        Some(value) => object.insert(last.to_owned(), value),
        None => object.remove(last),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn braces_that_name_nothing_are_text() {
        assert_eq!(placeholders(r#"{run}-{"id":"{ann.id}"} {Ann} {"#), ["run", "ann.id"]);
        let mut words = Words::new("r", "http://x");
        words.keep("n", json!(7));
        assert_eq!(words.text("{run} {\"a\":{n}}", false).unwrap(), "r {\"a\":7}");
        assert_eq!(words.value(&json!({"{run}": ["{n}", "{n}."]})).unwrap(), json!({"r": [7, "7."]}));
        assert_eq!(words.value(&json!("{ann}")).unwrap_err(), "ann");
        assert_eq!(
            words.text("/Users/{user}", true).unwrap(),
            "/Users/urn%3Aietf%3Aparams%3Ascim%3Aschemas%3Acore%3A2.0%3AUser"
        );
    }

    #[test]
    fn paths_lead_through_names_positions_and_selections() {
        let mut whole = json!({"emails": [{"type": "home"}, {"type": "Work", "value": "x"}], "n": {"a": 1}});
        assert_eq!(look(&whole, "/emails[type=work]/value"), Some(&json!("x")));
        assert_eq!(look(&whole, "/emails/0/type"), Some(&json!("home")));
        assert_eq!(look(&whole, ""), Some(&whole));
        assert_eq!(look(&whole, "/emails[type=other]/value"), None);
        set(&mut whole, "/n/a", None);
        set(&mut whole, "/new/b", Some(json!(2)));
        set(&mut whole, "/emails", Some(json!([])));
        assert_eq!(whole, json!({"emails": [], "n": {}, "new": {"b": 2}}));
    }
}
