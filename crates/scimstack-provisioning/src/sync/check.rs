//! A mapping held against the target's schemas (RFC 7643 §7): what is unknown, read-only, of another type or missing is
//! said by its rule before anything is sent.
//!
//! ```
//! use scimstack_provisioning::sync::{Checked, Mapping};
//! use scimstack_schema::Registry;
//!
//! let mapping = Mapping::parse(br#"{"people": {"match": ["userName"], "rules": [{"to": "titel", "from": "job"}]}}"#)?;
//! let user = Registry::core().resource_type("User").unwrap().clone();
//! let problems = Checked::new(mapping.people.as_ref().unwrap(), &user).unwrap_err();
//! let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
//! assert_eq!(said[0], "rule 1 (titel): the target's schemas have no such attribute of User");
//! assert_eq!(said[1], "match: userName is not mapped by any rule");
//! # Ok::<(), scimstack_provisioning::sync::MappingError>(())
//! ```

use super::expression::{Expression, is_empty};
use super::mapping::{Empty, Part, Rule, When};
use super::place::Place;
use scimstack_schema::registry::common_attributes;
use scimstack_schema::{Mutability, Object, ResourceType, Returned, Value};
use std::fmt;
use std::sync::Arc;

/// What is wrong with a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The rule's number, from 1; `None` when it is no single rule.
    pub rule: Option<usize>,
    /// What it is about: the attribute of the rule, `match`, `members`.
    pub about: String,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule {
            Some(rule) => write!(f, "rule {rule} ({}): {}", self.about, self.why),
            None => write!(f, "{}: {}", self.about, self.why),
        }
    }
}

/// A part of a mapping that fits the target.
#[derive(Clone, Debug)]
pub struct Checked {
    pub(super) resource_type: Arc<ResourceType>,
    pub(super) rules: Vec<CheckedRule>,
    /// The rules by which resources are matched, the surest first.
    pub(super) matched_by: Vec<usize>,
    pub(super) members: Option<Expression>,
    /// Where `active` stands, when the type has it.
    pub(super) active: Option<Place>,
    /// The rule for `active`.
    pub(super) active_rule: Option<usize>,
}

/// A rule, and where its attribute stands.
#[derive(Clone, Debug)]
pub(super) struct CheckedRule {
    pub(super) rule: Rule,
    pub(super) place: Place,
    required: bool,
}

/// What a row of the source wants a resource to be, rule by rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    /// `None` leaves the attribute as it is; `null` takes it away.
    pub(super) values: Vec<Option<Value>>,
}

/// Why a row of the source cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{attribute}: {why}")]
#[non_exhaustive]
pub struct RowProblem {
    /// The attribute.
    pub attribute: String,
    /// What is wrong with its value.
    pub why: String,
}

impl Checked {
    /// Holds a part of a mapping against a resource type of the target.
    ///
    /// # Errors
    /// Everything that is wrong, by its rule.
    pub fn new(part: &Part, resource_type: &Arc<ResourceType>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut rules: Vec<CheckedRule> = Vec::new();
        for (at, rule) in part.rules.iter().enumerate() {
            let wrong = |why: String| Problem { rule: Some(at + 1), about: rule.to.clone(), why };
            let place = match Place::resolve(&rule.to, resource_type) {
                Ok(place) => place,
                Err(why) => {
                    problems.push(wrong(why));
                    continue;
                }
            };
            problems.extend(objection(rule, &place, resource_type).map(wrong));
            if let Some(earlier) = rules.iter().find(|earlier| earlier.place.overlaps(&place)) {
                problems.push(wrong(format!("{} is mapped by an earlier rule", earlier.rule.to)));
            }
            let required = place.leaf().required && place.extension.is_none();
            rules.push(CheckedRule { rule: rule.clone(), place, required });
        }
        let general = |about: &str, why: String| Problem { rule: None, about: about.to_owned(), why };
        let mut matched_by = Vec::new();
        for path in &part.matched_by {
            let found = rules.iter().position(|rule| rule.rule.to.eq_ignore_ascii_case(path));
            match found.and_then(|at| rules.get(at).map(|rule| (at, rule))) {
                None => problems.push(general("match", format!("{path} is not mapped by any rule"))),
                Some((_, rule)) if rule.place.is_list() => {
                    problems.push(general("match", format!("{path} is a list; one value is needed")));
                }
                Some((_, rule)) if rule.rule.person => {
                    problems.push(general("match", format!("{path} names another person")));
                }
                Some((_, rule)) if rule.rule.when == When::Create => {
                    problems.push(general("match", format!("{path} is sent on creation alone")));
                }
                Some((at, _)) => matched_by.push(at),
            }
        }
        if part.matched_by.is_empty() {
            problems.push(general("match", "there is no attribute to match by".to_owned()));
        }
        let attributes = resource_type.schema.attributes.iter().chain(common_attributes());
        for attribute in attributes.filter(|attribute| attribute.required && !attribute.is_read_only()) {
            let is_mapped = rules.iter().any(|rule| {
                rule.place.extension.is_none() && rule.place.attribute.name.eq_ignore_ascii_case(&attribute.name)
            });
            if !is_mapped && &*attribute.name != "schemas" {
                let why = "the target requires it, and no rule maps it".to_owned();
                problems.push(general(&attribute.name, why));
            }
        }
        if part.members.is_some() && resource_type.schema.attribute("members").is_none() {
            problems.push(general("members", format!("a {} has no members", resource_type.name)));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let active_rule = rules.iter().position(|rule| rule.rule.to.eq_ignore_ascii_case("active"));
        Ok(Self {
            resource_type: resource_type.clone(),
            matched_by,
            members: part.members.clone(),
            active: Place::resolve("active", resource_type).ok(),
            active_rule,
            rules,
        })
    }

    /// The endpoint of the resources: `/Users`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.resource_type.endpoint
    }

    /// The attribute paths, in the order of the rules.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.rule.to.as_str())
    }

    /// Whether the members of groups are mapped.
    #[must_use]
    pub fn has_members(&self) -> bool {
        self.members.is_some()
    }

    /// What a row of the source wants.
    ///
    /// # Errors
    /// A value that is none of its attribute, one that is required and empty, or nothing to match by.
    pub fn desired(&self, row: &Object) -> Result<Desired, RowProblem> {
        let mut values = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            let wrong = |why: String| RowProblem { attribute: rule.rule.to.clone(), why };
            let value = rule.place.convert(rule.rule.value(row)).map_err(wrong)?;
            let value = if is_empty(&value) { Value::Null } else { value };
            values.push(match (&value, rule.rule.empty) {
                (Value::Null, _) if rule.required => return Err(wrong("it is required, and empty".to_owned())),
                (Value::Null, Empty::Keep) => None,
                _ => Some(value),
            });
        }
        let desired = Desired { values };
        if self.matched_by.iter().all(|&rule| desired.text(rule).is_none()) {
            let attribute = self.matched_by.first().and_then(|&rule| self.rules.get(rule));
            let attribute = attribute.map(|rule| rule.rule.to.clone()).unwrap_or_default();
            return Err(RowProblem { attribute, why: "there is nothing to match by".to_owned() });
        }
        Ok(desired)
    }

    /// The texts by which people are named that belong to a group.
    #[must_use]
    pub fn members(&self, row: &Object) -> Vec<String> {
        let value = self.members.as_ref().map(|members| members.value(row)).unwrap_or_default();
        let one = |value: &Value| {
            let value = value.get("value").unwrap_or(value);
            super::expression::text(value).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        match &value {
            Value::Array(elements) => elements.iter().filter_map(one).collect(),
            single => one(single).into_iter().collect(),
        }
    }

    /// How a row is called in messages: the first of what it is matched by.
    #[must_use]
    pub fn label(&self, desired: &Desired) -> String {
        let mut named = self.matched_by.iter().rev().filter_map(|&rule| desired.text(rule));
        named.next().unwrap_or_default().to_owned()
    }

    /// How a resource of the target is called in messages.
    pub(super) fn label_of<'a>(&self, document: &'a Object) -> &'a str {
        let mut named =
            self.matched_by.iter().rev().filter_map(|&rule| self.rules.get(rule)?.place.read(document)?.as_str());
        named.next().unwrap_or_default()
    }
}

impl Desired {
    /// A single text.
    pub(super) fn text(&self, rule: usize) -> Option<&str> {
        self.values.get(rule)?.as_ref()?.as_str()
    }

    /// The value of a rule; `None` leaves the attribute as it is.
    pub(super) fn value(&self, rule: usize) -> Option<&Value> {
        self.values.get(rule)?.as_ref()
    }
}

/// What speaks against a rule by itself.
fn objection(rule: &Rule, place: &Place, resource_type: &ResourceType) -> Option<String> {
    if &*place.attribute.name == "members" && resource_type.schema.attribute("members").is_some() {
        return Some("who belongs to a group is said by \"members\", beside the rules".to_owned());
    }
    if &*place.attribute.name == "schemas" && place.extension.is_none() {
        return Some("it is filled in".to_owned());
    }
    if rule.person && (place.is_list() || resource_type.schema.attribute("userName").is_none()) {
        return Some("\"person\" is for one person, named by a person".to_owned());
    }
    match place.mutability() {
        Mutability::ReadOnly => return Some("it is read-only at the target".to_owned()),
        Mutability::WriteOnly if rule.when == When::Always => {
            return Some("it is never shown, so that a difference cannot be seen; add \"on\": \"create\"".to_owned());
        }
        Mutability::Immutable if rule.when == When::Always => {
            return Some("it cannot be changed later; add \"on\": \"create\"".to_owned());
        }
        _ => {}
    }
    if place.leaf().returned == Returned::Never && rule.when == When::Always {
        return Some("it is never shown, so that a difference cannot be seen; add \"on\": \"create\"".to_owned());
    }
    let constant = match &rule.from {
        Expression::Constant(value) => Some(value),
        _ => None,
    };
    constant.into_iter().chain(&rule.default).find_map(|value| place.convert(value.clone()).err())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Mapping;
    use scimstack_schema::Registry;

    fn check(part: &str, kind: &str) -> Result<Checked, Vec<String>> {
        let mapping = Mapping::parse(format!(r#"{{"groups":{part}}}"#).as_bytes()).unwrap();
        let registry = Registry::core();
        let found = Checked::new(&mapping.groups.unwrap(), registry.resource_type(kind).unwrap());
        found.map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_mapping_that_does_not_fit_the_target_is_refused_rule_by_rule() {
        let user = |rules: &str| format!(r#"{{"match":["userName"],"rules":[{{"to":"userName","from":"u"}}{rules}]}}"#);
        for (part, kind, said) in [
            (user(r#",{"to":"id","from":"x"}"#), "User", "rule 2 (id): it is read-only at the target"),
            (user(r#",{"to":"meta.created","from":"x"}"#), "User", "rule 2 (meta.created): it is read-only"),
            (user(r#",{"to":"groups","from":"x"}"#), "User", "rule 2 (groups): it is read-only"),
            (user(r#",{"to":"active","from":{"value":"maybe"}}"#), "User", "\"maybe\" is no value of type boolean"),
            (user(r#",{"to":"active","from":"x","default":{}}"#), "User", "{} is no value of type boolean"),
            (user(r#",{"to":"password","from":"x"}"#), "User", "rule 2 (password): it is never shown"),
            (user(r#",{"to":"USERNAME","from":"x"}"#), "User", "userName is mapped by an earlier rule"),
            (
                user(r#",{"to":"emails","from":"x"},{"to":"emails[type eq \"work\"].value","from":"x"}"#),
                "User",
                "rule 3 (emails[type eq \"work\"].value): emails is mapped by an earlier rule",
            ),
            (
                r#"{"match":["title"],"rules":[{"to":"title","from":"u"}]}"#.to_owned(),
                "User",
                "userName: the target requires it",
            ),
            (
                r#"{"match":["displayName"],"rules":[{"to":"displayName","from":"u"},{"to":"members","from":"m"}]}"#
                    .to_owned(),
                "Group",
                "rule 2 (members): who belongs to a group",
            ),
            (
                r#"{"match":["userName"],"rules":[{"to":"userName","from":"u"}],"members":"m"}"#.to_owned(),
                "User",
                "members: a User has no members",
            ),
        ] {
            let problems = check(&part, kind).unwrap_err();
            assert!(problems.iter().any(|problem| problem.contains(said)), "{part}: {problems:?}");
        }
        check(&user(r#",{"to":"password","from":"x","on":"create"}"#), "User").unwrap();
    }

    #[test]
    fn a_row_that_cannot_be_used_says_which_attribute_is_wrong() {
        let part = r#"{"match":["externalId"],"rules":[{"to":"userName","from":"u"},{"to":"externalId","from":"e"},
            {"to":"active","from":"a"}]}"#;
        let checked = check(part, "User").unwrap();
        let said = |row: &str| {
            let row = Value::parse(row.as_bytes()).unwrap();
            checked.desired(row.as_object().unwrap()).map_err(|problem| problem.to_string())
        };
        assert_eq!(said(r#"{"u":" ","e":"1"}"#).unwrap_err(), "userName: it is required, and empty");
        assert_eq!(said(r#"{"u":"ann"}"#).unwrap_err(), "externalId: there is nothing to match by");
        assert!(said(r#"{"u":"ann","e":"1","a":"x"}"#).unwrap_err().starts_with("active: \"x\" is no value"));
        assert!(said(r#"{"u":"ann","e":"1","a":"no"}"#).is_ok());
    }
}
