//! Which field of the source becomes which attribute, as data. What the attributes are is the target's to say: `check`
//! holds a mapping against its schemas.
//!
//! ```
//! use scimstack_provisioning::sync::Mapping;
//!
//! let mapping = Mapping::parse(br#"{
//!     "people": {
//!         "match": ["externalId", "userName"],
//!         "rules": [
//!             {"to": "externalId", "from": "employee"},
//!             {"to": "userName", "from": {"lower": "mail"}},
//!             {"to": "emails[type eq \"work\"].value", "from": "mail"},
//!             {"to": "title", "from": "job", "default": "Employee"},
//!             {"to": "active", "from": {"value": true}}
//!         ]
//!     },
//!     "groups": {
//!         "match": ["displayName"],
//!         "rules": [{"to": "displayName", "from": "team"}],
//!         "members": {"split": "people", "by": ";"}
//!     }
//! }"#)?;
//! assert_eq!(mapping.people.unwrap().rules.len(), 5);
//! # Ok::<(), scimstack_provisioning::sync::MappingError>(())
//! ```

use super::expression::{Expression, ExpressionError};
use scimstack_schema::{Object, Value};

/// The most rules a part may have.
pub const MAX_RULES: usize = 128;

/// A mapping: how people are made, how groups.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// For people.
    pub people: Option<Part>,
    /// For groups.
    pub groups: Option<Part>,
}

/// How resources of one type are made of the rows of a source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// The attributes by which a row finds its resource at the target, the surest first.
    pub matched_by: Vec<String>,
    /// The attributes.
    pub rules: Vec<Rule>,
    /// Of groups: who belongs to them, a list of texts by which people are matched.
    pub members: Option<Expression>,
}

/// Where one attribute comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The attribute: `userName`, `name.givenName`, `emails[type eq "work"].value`, `urn:…:User:department`.
    pub to: String,
    /// Its value.
    pub from: Expression,
    /// The value when that is empty.
    pub default: Option<Value>,
    /// When it is sent.
    pub when: When,
    /// What an empty value does.
    pub empty: Empty,
    /// Values that differ in their case alone are the same: for targets that change it.
    pub ignore_case: bool,
    /// The value names a person, by anything people are matched by; the target is sent that person's id (`manager.value`).
    pub person: bool,
}

/// When an attribute is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// Whenever it differs.
    #[default]
    Always,
    /// When a resource is made, and never again.
    Create,
}

/// What an empty value does to an attribute that has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Empty {
    /// Takes it away.
    #[default]
    Clear,
    /// Leaves it.
    Keep,
}

/// Why something is no mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {why}")]
#[non_exhaustive]
pub struct MappingError {
    /// Where: `people`, `people, rule 3 (userName)`.
    pub place: String,
    /// What is wrong.
    pub why: String,
}

impl MappingError {
    fn new(place: impl Into<String>, why: impl Into<String>) -> Self {
        Self { place: place.into(), why: why.into() }
    }
}

type Result<T> = std::result::Result<T, MappingError>;

impl Mapping {
    /// Reads a mapping from JSON.
    ///
    /// # Errors
    /// What is no JSON or no mapping.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let value = Value::parse(json).map_err(|error| MappingError::new("the mapping", error.to_string()))?;
        Self::from_value(&value)
    }

    /// Reads a mapping; from other formats, such as TOML, it comes by serde.
    ///
    /// # Errors
    /// What is no mapping, by its rule.
    pub fn from_value(value: &Value) -> Result<Self> {
        let table = table(value, "the mapping", &["people", "groups"])?;
        let part = |name: &str| table.get(name).map(|part| Part::read(part, name)).transpose();
        let mapping = Self { people: part("people")?, groups: part("groups")? };
        match (&mapping.people, &mapping.groups) {
            (None, None) => Err(MappingError::new("the mapping", "it has neither \"people\" nor \"groups\"")),
            (Some(people), _) if people.members.is_some() => {
                Err(MappingError::new("people", "\"members\" belongs to groups"))
            }
            _ => Ok(mapping),
        }
    }

    /// The mapping as it is written.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let parts = [("people", &self.people), ("groups", &self.groups)];
        Value::Object(parts.into_iter().filter_map(|(name, part)| Some((name, part.as_ref()?.to_value()))).collect())
    }
}

impl Part {
    /// Every field goes to the attribute of its name; a field `members` says who belongs to a group.
    #[must_use]
    pub fn of_fields<'a>(fields: impl IntoIterator<Item = &'a str>, matched_by: &[&str]) -> Self {
        let (members, others): (Vec<&str>, Vec<&str>) =
            fields.into_iter().partition(|field| field.eq_ignore_ascii_case("members"));
        let matched_by =
            matched_by.iter().filter(|wanted| others.iter().any(|field| field.eq_ignore_ascii_case(wanted)));
        let split =
            |of: &&str| Expression::Split { of: Box::new(Expression::Field((*of).to_owned())), by: ";".to_owned() };
        Self {
            matched_by: matched_by.map(|name| (*name).to_owned()).collect(),
            rules: others.iter().map(|field| Rule::new(*field, Expression::Field((*field).to_owned()))).collect(),
            members: members.first().map(split),
        }
    }

    /// The fields of the source that are read.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        self.rules.iter().map(|rule| &rule.from).chain(&self.members).flat_map(Expression::fields).collect()
    }

    fn read(value: &Value, name: &str) -> Result<Self> {
        let table = table(value, name, &["match", "rules", "members"])?;
        let list = |member: &str| table.get(member).and_then(Value::as_array).filter(|list| !list.is_empty());
        let matched_by = match list("match") {
            Some(names) => names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>(),
            None => None,
        };
        let Some(matched_by) = matched_by else {
            return Err(MappingError::new(name, "\"match\" is to be a list of attributes, the surest first"));
        };
        let Some(rules) = list("rules") else {
            return Err(MappingError::new(name, "\"rules\" is to be a list of at least one rule"));
        };
        if rules.len() > MAX_RULES {
            return Err(MappingError::new(name, format!("it has {} rules, and {MAX_RULES} are the most", rules.len())));
        }
        let rules = rules.iter().enumerate().map(|(at, rule)| Rule::read(rule, name, at + 1)).collect::<Result<_>>()?;
        let members = table.get("members").map(Expression::from_value).transpose();
        let members = members.map_err(|error| MappingError::new(format!("{name}, members"), error.to_string()))?;
        Ok(Self { matched_by, rules, members })
    }

    fn to_value(&self) -> Value {
        let matched_by: Vec<&str> = self.matched_by.iter().map(String::as_str).collect();
        let mut table = Object::from_iter([("match", Value::from(matched_by))]);
        table.insert("rules", Value::Array(self.rules.iter().map(Rule::to_value).collect()));
        if let Some(members) = &self.members {
            table.insert("members", members.to_value());
        }
        table.into()
    }
}

impl Rule {
    /// A rule for an attribute, sent whenever it differs.
    #[must_use]
    pub fn new(to: impl Into<String>, from: Expression) -> Self {
        Self {
            to: to.into(),
            from,
            default: None,
            when: When::default(),
            empty: Empty::default(),
            ignore_case: false,
            person: false,
        }
    }

    /// The value for a row; `null` when it is empty.
    #[must_use]
    pub fn value(&self, row: &Object) -> Value {
        match (self.from.value(row), &self.default) {
            (Value::Null, Some(default)) => default.clone(),
            (value, _) => value,
        }
    }

    fn read(value: &Value, part: &str, number: usize) -> Result<Self> {
        let place = format!("{part}, rule {number}");
        let table = table(value, &place, &["to", "from", "default", "on", "empty", "ignoreCase", "person"])?;
        let Some(to) = table.get("to").and_then(Value::as_str).filter(|to| !to.is_empty()) else {
            return Err(MappingError::new(place, "\"to\" is to be an attribute"));
        };
        let place = format!("{place} ({to})");
        let wrong = |why: String| MappingError::new(place.as_str(), why);
        let Some(from) = table.get("from") else { return Err(wrong("\"from\" is missing".to_owned())) };
        let from = Expression::from_value(from).map_err(|ExpressionError(why)| wrong(why))?;
        let word = |name: &str, words: [&str; 2]| match table.get(name) {
            None => Ok(false),
            Some(Value::String(text)) if *text == words[0] => Ok(false),
            Some(Value::String(text)) if *text == words[1] => Ok(true),
            Some(_) => Err(wrong(format!("{name:?} is {:?} or {:?}", words[0], words[1]))),
        };
        let truth = |name: &str| match table.get(name) {
            None => Ok(false),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(_) => Err(wrong(format!("{name:?} is true or false"))),
        };
        Ok(Self {
            to: to.to_owned(),
            from,
            default: table.get("default").cloned(),
            when: if word("on", ["always", "create"])? { When::Create } else { When::Always },
            empty: if word("empty", ["clear", "keep"])? { Empty::Keep } else { Empty::Clear },
            ignore_case: truth("ignoreCase")?,
            person: truth("person")?,
        })
    }

    fn to_value(&self) -> Value {
        let mut table = Object::from_iter([("to", Value::from(self.to.as_str())), ("from", self.from.to_value())]);
        if let Some(default) = &self.default {
            table.insert("default", default.clone());
        }
        if self.when == When::Create {
            table.insert("on", "create");
        }
        if self.empty == Empty::Keep {
            table.insert("empty", "keep");
        }
        for (name, is) in [("ignoreCase", self.ignore_case), ("person", self.person)] {
            if is {
                table.insert(name, true);
            }
        }
        table.into()
    }
}

/// A table with no other members than these.
fn table<'a>(value: &'a Value, place: &str, known: &[&str]) -> Result<&'a Object> {
    let Value::Object(table) = value else {
        return Err(MappingError::new(place, format!("a table is expected, not {}", value.kind())));
    };
    match table.iter().find(|(name, _)| !known.contains(name)) {
        Some((name, _)) => {
            Err(MappingError::new(place, format!("{name:?} is not known here; there is {}", known.join(", "))))
        }
        None => Ok(table),
    }
}

impl<'de> serde::Deserialize<'de> for Mapping {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        // Whatever the format: a mapping's numbers need no more than serde_json's values keep.
        let value = Value::from(serde_json::Value::deserialize(deserializer)?);
        Self::from_value(&value).map_err(serde::de::Error::custom)
    }
}

impl serde::Serialize for Mapping {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_mapping_is_refused_by_its_rule() {
        let part = |rules: &str| format!(r#"{{"people":{{"match":["userName"],"rules":[{rules}]}}}}"#);
        for (text, place, why) in [
            ("{".to_owned(), "the mapping", "EOF"),
            ("[]".to_owned(), "the mapping", "an array"),
            ("{}".to_owned(), "the mapping", "neither"),
            (r#"{"persons":{}}"#.to_owned(), "the mapping", "people, groups"),
            (r#"{"people":{"rules":[]}}"#.to_owned(), "people", "\"match\""),
            (r#"{"people":{"match":[1],"rules":[]}}"#.to_owned(), "people", "\"match\""),
            (part(""), "people", "at least one rule"),
            (part(r#"{"from":"x"}"#), "people, rule 1", "\"to\""),
            (part(r#"{"to":"userName"}"#), "people, rule 1 (userName)", "\"from\" is missing"),
            (part(r#"{"to":"title","from":{"loud":"x"}}"#), "people, rule 1 (title)", "one of: value"),
            (part(r#"{"to":"title","from":"x","on":"update"}"#), "people, rule 1 (title)", "\"create\""),
            (part(r#"{"to":"title","from":"x","ignoreCase":1}"#), "people, rule 1 (title)", "true or false"),
            (
                r#"{"people":{"match":["userName"],"rules":[{"to":"userName","from":"x"}],"members":"m"}}"#.to_owned(),
                "people",
                "belongs to groups",
            ),
        ] {
            let error = Mapping::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.place, place, "{text}");
            assert!(error.why.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn fields_can_map_to_themselves() {
        let part = Part::of_fields(["userName", "name.givenName", "Members"], &["externalId", "userName"]);
        assert_eq!(part.matched_by, ["userName"]);
        assert_eq!(part.fields(), ["userName", "name.givenName", "Members"]);
        assert_eq!(part.rules.len(), 2);
    }
}
