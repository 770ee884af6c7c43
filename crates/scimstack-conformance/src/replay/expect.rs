//! What an answer has to be: its status, what it shows at which path, its headers. One complaint at most, in words.

use super::conversation::words;
use super::words::{Words, look, placeholders};
use crate::target::Answer;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The statuses that are right, one or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "OneOrMore")]
pub struct Statuses(pub Vec<u16>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(u16),
    More(Vec<u16>),
}

impl From<OneOrMore> for Statuses {
    fn from(found: OneOrMore) -> Self {
        match found {
            OneOrMore::One(status) => Self(vec![status]),
            OneOrMore::More(statuses) => Self(statuses),
        }
    }
}

impl Statuses {
    pub(super) fn complaint(&self, status: u16) -> Option<String> {
        if self.0.contains(&status) {
            return None;
        }
        let wanted: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        Some(format!("expected {}, got {status}", wanted.join(" or ")))
    }
}

/// What is expected, by path. A plain value is what has to stand there; `{"present": true}`, `{"absent": true}`,
/// `{"unassigned": true}` (absent, null or empty), `{"count": 2}`, `{"least": 1}`, `{"number": true}`,
/// `{"caseless": "Ann"}`, `{"begins": "x"}`, `{"ends": "x"}`, `{"any": ["x", "y"]}`, `{"not": "x"}` and
/// `{"has": "x"}` (a list with this element) say something of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Shows(pub Map<String, Value>);

impl Shows {
    /// What is wrong with the expectations themselves.
    pub(super) fn fault(&self) -> Option<String> {
        self.0.iter().find_map(|(path, wanted)| {
            if !path.is_empty() && !path.starts_with('/') {
                return Some(format!("\"{path}\" is no path; it begins with a slash"));
            }
            Wanted::read(wanted).is_none().then(|| format!("{wanted} is no expectation"))
        })
    }

    pub(super) fn words(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (path, wanted) in &self.0 {
            found.extend(placeholders(path));
            words(wanted, &mut found);
        }
        found
    }

    /// What of the body is not as expected.
    ///
    /// # Errors
    /// The name of a placeholder that stands for nothing.
    pub(super) fn complaint(&self, body: &Value, known: &Words) -> Result<Option<String>, String> {
        for (path, wanted) in &self.0 {
            let (path, wanted) = (known.text(path, false)?, known.value(wanted)?);
            let complaint = Wanted::read(&wanted).and_then(|wanted| wanted.complaint(look(body, &path)));
            if let Some(complaint) = complaint {
                return Ok(Some(format!("{}: {complaint}", if path.is_empty() { "the body" } else { &path })));
            }
        }
        Ok(None)
    }

    /// What of the headers is not as expected; a media type is compared without its parameters.
    pub(super) fn headers(&self, answer: &Answer, known: &Words) -> Result<Option<String>, String> {
        for (path, wanted) in &self.0 {
            let name = path.trim_start_matches('/');
            let wanted = known.value(wanted)?;
            let found = match name {
                "content-type" => Some(answer.media_type()).filter(|text| !text.is_empty()),
                name => answer.header(name).map(ToOwned::to_owned),
            };
            let found = found.map(Value::from);
            if let Some(complaint) = Wanted::read(&wanted).and_then(|wanted| wanted.complaint(found.as_ref())) {
                return Ok(Some(format!("the header {name}: {complaint}")));
            }
        }
        Ok(None)
    }
}

/// One expectation.
enum Wanted<'w> {
    Is(&'w Value),
    Present,
    Absent,
    Unassigned,
    Number,
    Count(u64),
    Least(u64),
    Caseless(&'w str),
    Begins(&'w str),
    Ends(&'w str),
    Any(&'w [Value]),
    Not(&'w Value),
    Has(&'w Value),
}

impl<'w> Wanted<'w> {
    fn read(wanted: &'w Value) -> Option<Self> {
        let Value::Object(members) = wanted else { return Some(Self::Is(wanted)) };
        let mut members = members.iter();
        let (Some((name, value)), None) = (members.next(), members.next()) else { return None };
        let yes = |wanted: Self| (value == &Value::Bool(true)).then_some(wanted);
        match name.as_str() {
            "present" => yes(Self::Present),
            "absent" => yes(Self::Absent),
            "unassigned" => yes(Self::Unassigned),
            "number" => yes(Self::Number),
            "count" => value.as_u64().map(Self::Count),
            "least" => value.as_u64().map(Self::Least),
            "caseless" => value.as_str().map(Self::Caseless),
            "begins" => value.as_str().map(Self::Begins),
            "ends" => value.as_str().map(Self::Ends),
            "any" => value.as_array().map(|values| Self::Any(values)),
            "not" => Some(Self::Not(value)),
            "has" => Some(Self::Has(value)),
            _ => None,
        }
    }

    fn complaint(&self, found: Option<&Value>) -> Option<String> {
        let text = found.and_then(Value::as_str);
        let count = found.and_then(Value::as_array).map_or(0, Vec::len) as u64;
        let is_empty = found.is_none_or(|value| match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(elements) => elements.is_empty(),
            Value::Object(members) => members.is_empty(),
            _ => false,
        });
        let (is_right, wanted) = match self {
            Self::Is(wanted) => (found == Some(*wanted), format!("expected {wanted}")),
            Self::Present => (!is_empty, "expected a value".to_owned()),
            Self::Absent => (found.is_none(), "expected nothing, not even an empty value".to_owned()),
            Self::Unassigned => (is_empty, "expected no value".to_owned()),
            Self::Number => (found.is_some_and(Value::is_u64), "expected a whole number, not in quotes".to_owned()),
            Self::Count(wanted) => (count == *wanted, format!("expected {wanted} elements")),
            Self::Least(wanted) => (count >= *wanted, format!("expected at least {wanted} elements")),
            Self::Caseless(wanted) => {
                (text.is_some_and(|t| t.eq_ignore_ascii_case(wanted)), format!("expected \"{wanted}\" in any case"))
            }
            Self::Begins(wanted) => (
                text.is_some_and(|t| t.starts_with(wanted)),
                format!("expected something that begins with \"{wanted}\""),
            ),
            Self::Ends(wanted) => {
                (text.is_some_and(|t| t.ends_with(wanted)), format!("expected something that ends with \"{wanted}\""))
            }
            Self::Any(wanted) => {
                let all: Vec<String> = wanted.iter().map(ToString::to_string).collect();
                (found.is_some_and(|value| wanted.contains(value)), format!("expected {}", all.join(" or ")))
            }
            Self::Not(refused) => (found != Some(*refused), format!("expected anything but {refused}")),
            Self::Has(wanted) => {
                let elements = found.and_then(Value::as_array);
                (elements.is_some_and(|all| all.contains(wanted)), format!("expected a list with {wanted}"))
            }
        };
        (!is_right).then(|| format!("{wanted}, found {}", found.map_or("nothing".to_owned(), short)))
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// What is wrong with the form of an answer, whatever it says: no provider takes a 200 or 201 without a document, and all
/// show the `detail` of an error to an administrator (A-33, F.1).
pub(super) fn form_complaint(answer: &Answer) -> Option<String> {
    if matches!(answer.status, 200 | 201) && !answer.json.is_object() {
        return Some(format!("the answer {} has no JSON object as its body", answer.status));
    }
    if answer.status < 400 {
        return None;
    }
    if !answer.has_schema("urn:ietf:params:scim:api:messages:2.0:Error") {
        return Some("the error has no SCIM body: its schemas lack the Error URN".to_owned());
    }
    let status = answer.json.get("status");
    if status != Some(&Value::from(answer.status.to_string())) {
        return Some(format!("the error's status is no \"{}\"", answer.status));
    }
    answer.text("/detail").is_none_or(str::is_empty).then(|| "the error has no detail for the administrator".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn is(wanted: Value, found: Option<Value>) -> bool {
        Wanted::read(&wanted).unwrap().complaint(found.as_ref()).is_none()
    }

    #[test]
    fn every_expectation_accepts_what_it_says_and_nothing_else() {
        for (wanted, right, wrong) in [
            (json!("a"), Some(json!("a")), Some(json!("A"))),
            (json!({"present": true}), Some(json!(0)), Some(json!(""))),
            (json!({"absent": true}), None, Some(json!([]))),
            (json!({"unassigned": true}), Some(json!({})), Some(json!({"value": ""}))),
            (json!({"number": true}), Some(json!(0)), Some(json!("0"))),
            (json!({"count": 0}), None, Some(json!([1]))),
            (json!({"least": 1}), Some(json!([1, 2])), Some(json!([]))),
            (json!({"caseless": "Ann"}), Some(json!("aNN")), Some(json!("bob"))),
            (json!({"begins": "a"}), Some(json!("ab")), Some(json!("ba"))),
            (json!({"ends": "a"}), Some(json!("ba")), None),
            (json!({"any": [1, "x"]}), Some(json!("x")), Some(json!(2))),
            (json!({"not": true}), Some(json!(false)), Some(json!(true))),
            (json!({"has": "x"}), Some(json!(["y", "x"])), Some(json!("x"))),
        ] {
            assert!(is(wanted.clone(), right), "{wanted}");
            assert!(!is(wanted.clone(), wrong), "{wanted}");
        }
        for nothing in [json!({}), json!({"present": false}), json!({"count": 1, "least": 1}), json!({"caseless": 1})] {
            assert!(Wanted::read(&nothing).is_none(), "{nothing}");
        }
    }
}
