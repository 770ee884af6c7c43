//! Where an attribute stands in documents of one resource type: how it is found, set, taken away and compared
//! (RFC 7643 §2, paths of RFC 7644 §3.5.2).

use super::expression::text;
use scimstack_filter::{Filter, Literal, Operator, PatchPath};
use scimstack_schema::fold::fold;
use scimstack_schema::value::Text;
use scimstack_schema::{Attribute, Mutability, Number, Object, ResourceType, SchemaUri, Timestamp, Type, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// One attribute of a resource type.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) extension: Option<SchemaUri>,
    pub(super) attribute: Arc<Attribute>,
    /// Which element of a list: the one with this sub-attribute and value.
    choice: Option<(Text, Value)>,
    sub: Option<Arc<Attribute>>,
}

impl Place {
    /// What a path means.
    pub(super) fn resolve(path: &str, resource_type: &ResourceType) -> Result<Self, String> {
        let parsed = PatchPath::parse(path).map_err(|error| format!("it is no path: {error}"))?;
        let Some(found) = resource_type.resolve(&parsed.attribute.text) else {
            return Err(format!("the target's schemas have no such attribute of {}", resource_type.name));
        };
        let choice = match parsed.filter {
            None => None,
            Some(Filter::Compare(of, Operator::Eq, literal)) if found.attribute.multi_valued => {
                if found.attribute.sub_attribute(&of.text).is_none() {
                    return Err(format!("{} has no {}", found.attribute.name, of.text));
                }
                Some((of.text, literal_value(literal)))
            }
            Some(_) => return Err("which element is meant is said as [type eq \"work\"]".to_owned()),
        };
        let sub = match (&parsed.sub_attribute, found.sub_attribute) {
            (Some(name), _) => match found.attribute.sub_attribute(name) {
                Some(sub) => Some(sub.clone()),
                None => return Err(format!("{} has no {name}", found.attribute.name)),
            },
            (None, sub) => sub,
        };
        match (&choice, &sub) {
            (None, Some(_)) if found.attribute.multi_valued => Err(format!(
                "{} is a list: say which element, as in {}[type eq \"work\"]",
                found.attribute.name, found.attribute.name
            )),
            (Some(_), None) => Err("a sub-attribute is to follow the brackets, such as .value".to_owned()),
            _ => Ok(Self { extension: found.extension, attribute: found.attribute, choice, sub }),
        }
    }

    /// The definition of what stands there.
    pub(super) fn leaf(&self) -> &Attribute {
        self.sub.as_ref().unwrap_or(&self.attribute)
    }

    /// Whether a list stands there.
    pub(super) fn is_list(&self) -> bool {
        self.sub.as_ref().map_or(self.attribute.multi_valued, |sub| sub.multi_valued)
    }

    /// Whether a client can set it whenever it likes.
    pub(super) fn mutability(&self) -> Mutability {
        match (self.attribute.mutability, self.leaf().mutability) {
            (Mutability::ReadWrite, own) => own,
            (of_all, _) => of_all,
        }
    }

    /// Whether both stand in the same place, or one holds the other.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let same = self.extension == other.extension && self.attribute.name == other.attribute.name;
        let apart = |a: &Option<Arc<Attribute>>, b: &Option<Arc<Attribute>>| match (a, b) {
            (Some(a), Some(b)) => a.name != b.name,
            _ => false,
        };
        same && match (&self.choice, &other.choice) {
            (Some(a), Some(b)) if a != b => false,
            _ => !apart(&self.sub, &other.sub),
        }
    }

    /// The value in a document.
    pub(super) fn read<'a>(&self, document: &'a Object) -> Option<&'a Value> {
        let holder = match &self.extension {
            Some(uri) => document.get(uri.as_str())?.as_object()?,
            None => document,
        };
        let value = holder.get(&self.attribute.name)?;
        let value = match &self.choice {
            Some(_) => value.as_array()?.iter().find(|element| self.is_chosen(element))?,
            None => value,
        };
        match &self.sub {
            Some(sub) => value.as_object()?.get(&sub.name),
            None => Some(value),
        }
    }

    fn is_chosen(&self, element: &Value) -> bool {
        let Some((name, wanted)) = &self.choice else { return true };
        match (element.get(name), wanted) {
            (Some(Value::String(text)), Value::String(wanted)) => text.eq_ignore_ascii_case(wanted),
            (Some(found), wanted) => found == wanted,
            (None, _) => false,
        }
    }

    /// Sets the value in a document; `null` takes it away, with what is empty then.
    pub(super) fn write(&self, document: &mut Object, value: Value) {
        match &self.extension {
            Some(uri) if value.is_unassigned() && document.get(uri.as_str()).is_none() => {}
            Some(uri) => {
                if let Value::Object(holder) = document.entry(uri.as_str()) {
                    self.write_in(holder, value);
                    if holder.is_empty() {
                        document.remove(uri.as_str());
                    }
                }
            }
            None => self.write_in(document, value),
        }
    }

    fn write_in(&self, holder: &mut Object, value: Value) {
        let name = &*self.attribute.name;
        let (clears, absent) = (value.is_unassigned(), holder.get(name).is_none());
        match (&self.choice, &self.sub) {
            _ if clears && absent => {}
            (None, None) if clears => {
                holder.remove(name);
            }
            (None, None) => {
                holder.insert(name, value);
            }
            (None, Some(sub)) => {
                if !matches!(holder.get(name), Some(Value::Object(_))) {
                    holder.insert(name, Object::new());
                }
                if let Value::Object(inner) = holder.entry(name) {
                    set(inner, &sub.name, value);
                    if inner.is_empty() {
                        holder.remove(name);
                    }
                }
            }
            (Some((by, wanted)), sub) => {
                if !matches!(holder.get(name), Some(Value::Array(_))) {
                    holder.insert(name, Value::Array(Vec::new()));
                }
                let Value::Array(elements) = holder.entry(name) else { return };
                let sub = sub.as_ref().map_or("value", |sub| &*sub.name);
                match elements.iter_mut().find(|element| self.is_chosen(element)) {
                    Some(Value::Object(element)) => set(element, sub, value),
                    _ if clears => {}
                    _ => {
                        let mut element = Object::new();
                        element.insert(by.clone(), wanted.clone());
                        element.insert(sub, value);
                        elements.push(element.into());
                    }
                }
                if clears {
                    // What only said which element it was says nothing without a value.
                    elements.retain(|element| !self.is_chosen(element) || !is_hollow(element, by));
                }
                if elements.is_empty() {
                    holder.remove(name);
                }
            }
        }
    }

    /// A value of the source as the attribute's type has it.
    pub(super) fn convert(&self, value: Value) -> Result<Value, String> {
        let leaf = self.leaf();
        if !self.is_list() {
            return one(leaf, value);
        }
        match value {
            Value::Null => Ok(Value::Null),
            Value::Array(elements) => {
                let elements = elements.into_iter().map(|element| one(leaf, element)).collect::<Result<_, _>>()?;
                Ok(Value::Array(elements))
            }
            single => Ok(Value::Array(vec![one(leaf, single)?])),
        }
    }

    /// The value as it is compared: instants, truths and numbers by what they mean, objects without what a server adds, lists
    /// in no order (RFC 7643 §2.4).
    pub(super) fn canonical<'a>(&self, value: &'a Value, ignore_case: bool) -> Cow<'a, Value> {
        let leaf = self.leaf();
        match value {
            Value::Array(elements) if self.is_list() => {
                let each = elements.iter().map(|element| canonical(leaf, element, ignore_case).into_owned());
                let mut elements: Vec<Value> = each.collect();
                elements.sort_by_cached_key(Value::to_bytes);
                Cow::Owned(Value::Array(elements))
            }
            other => canonical(leaf, other, ignore_case),
        }
    }
}

fn set(object: &mut Object, name: &str, value: Value) {
    if value.is_unassigned() {
        object.remove(name);
    } else {
        object.insert(name, value);
    }
}

/// An element that says no more than which one it is.
fn is_hollow(element: &Value, by: &str) -> bool {
    element.as_object().is_some_and(|element| {
        element.iter().all(|(name, value)| {
            value.is_unassigned()
                || [by, "type", "primary", "display"].iter().any(|known| name.eq_ignore_ascii_case(known))
        })
    })
}

fn literal_value(literal: Literal) -> Value {
    match literal {
        Literal::String(text) => Value::String(text),
        Literal::Bool(truth) => Value::Bool(truth),
        Literal::Number(number) => Value::Number(number),
        Literal::Null => Value::Null,
    }
}

/// One value as a type has it.
fn one(attribute: &Attribute, value: Value) -> Result<Value, String> {
    let kind = attribute.r#type;
    let wrong = |value: &Value| Err(format!("{value} is no value of type {}", kind.as_str()));
    match (kind, &value) {
        (_, Value::Null) => Ok(value),
        (Type::Complex, Value::Object(_)) | (Type::Boolean, Value::Bool(_)) => Ok(value),
        (Type::Boolean, Value::String(text)) => match truth(text) {
            Some(truth) => Ok(truth.into()),
            None => wrong(&value),
        },
        (Type::Integer, Value::Number(number)) if number.is_integer() => Ok(value),
        (Type::Decimal, Value::Number(_)) => Ok(value),
        (Type::Integer | Type::Decimal, Value::String(text)) => match Number::parse(text.trim()) {
            Some(number) if kind == Type::Decimal || number.is_integer() => Ok(number.into()),
            _ => wrong(&value),
        },
        (Type::DateTime, Value::String(text)) if Timestamp::parse_date_time(text).is_none() => wrong(&value),
        (Type::String | Type::Reference | Type::Binary | Type::DateTime, other) => match text(other) {
            Some(Cow::Owned(text)) => Ok(text.into()),
            Some(Cow::Borrowed(text)) => Ok(text.into()),
            None => wrong(&value),
        },
        _ => wrong(&value),
    }
}

/// A truth, as tables write it.
fn truth(text: &str) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
    match text {
        _ if is(["true", "yes", "1"]) => Some(true),
        _ if is(["false", "no", "0"]) => Some(false),
        _ => None,
    }
}

fn canonical<'a>(attribute: &Attribute, value: &'a Value, ignore_case: bool) -> Cow<'a, Value> {
    match (attribute.r#type, value) {
        (Type::Boolean, Value::String(text)) => truth(text).map_or(Cow::Borrowed(value), |is| Cow::Owned(is.into())),
        (Type::DateTime, Value::String(text)) => match Timestamp::parse_date_time(text) {
            Some(at) => Cow::Owned(at.as_micros().into()),
            None => Cow::Borrowed(value),
        },
        (_, Value::Number(number)) => match number.as_i64() {
            Some(whole) => Cow::Owned(whole.into()),
            None => Cow::Borrowed(value),
        },
        (_, Value::String(text)) if ignore_case => Cow::Owned(Value::from(fold(text).as_ref())),
        (_, Value::String(text)) if text.is_empty() => Cow::Owned(Value::Null),
        (_, Value::Object(object)) => Cow::Owned(members(attribute, object, ignore_case)),
        _ if value.is_unassigned() => Cow::Owned(Value::Null),
        _ => Cow::Borrowed(value),
    }
}

/// An object's members in the order of their names, without what only the server sets and what says nothing.
fn members(attribute: &Attribute, object: &Object, ignore_case: bool) -> Value {
    let mut kept: Vec<(String, Value)> = Vec::new();
    for (name, value) in object.iter() {
        let sub = attribute.sub_attribute(name);
        let is_servers = sub.is_some_and(|sub| sub.is_read_only()) || name.eq_ignore_ascii_case("$ref");
        let is_usual = name.eq_ignore_ascii_case("primary") && value.as_bool() == Some(false);
        let value = match sub {
            Some(sub) => canonical(sub, value, ignore_case).into_owned(),
            None => value.clone(),
        };
        if !is_servers && !is_usual && !value.is_unassigned() {
            kept.push((name.to_ascii_lowercase(), value));
        }
    }
    kept.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Object(kept.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use scimstack_schema::Registry;

    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    fn place(path: &str) -> Place {
        Place::resolve(path, Registry::core().resource_type("User").unwrap()).unwrap()
    }

    fn object(text: &str) -> Object {
        Value::parse(text.as_bytes()).unwrap().as_object().unwrap().clone()
    }

    #[test]
    fn a_value_is_set_where_it_is_read_and_leaves_nothing_behind_when_it_goes() {
        for path in [
            "userName",
            "name.givenName",
            r#"emails[type eq "work"].value"#,
            &format!("{ENTERPRISE}:department"),
            &format!("{ENTERPRISE}:manager.value"),
        ] {
            let place = place(path);
            let before = object(r#"{"title":"Head"}"#);
            let mut document = before.clone();
            place.write(&mut document, "x".into());
            assert_eq!(place.read(&document), Some(&Value::from("x")), "{path}");
            place.write(&mut document, Value::Null);
            assert_eq!(document, before, "{path}");
        }
    }

    #[test]
    fn other_elements_of_a_list_are_left_alone() {
        let mut document =
            object(r#"{"emails":[{"value":"home","type":"home"},{"type":"Work","value":"a","primary":true}]}"#);
        let work = place(r#"emails[type eq "work"].value"#);
        work.write(&mut document, "b".into());
        assert_eq!(
            Value::from(document.clone()).to_string(),
            r#"{"emails":[{"value":"home","type":"home"},{"type":"Work","value":"b","primary":true}]}"#
        );
        work.write(&mut document, Value::Null);
        assert_eq!(Value::from(document).to_string(), r#"{"emails":[{"value":"home","type":"home"}]}"#);
    }

    #[test]
    fn paths_that_lead_nowhere_are_refused() {
        let registry = Registry::core();
        let user = registry.resource_type("User").unwrap();
        for (path, why) in [
            ("user name", "no path"),
            ("userNme", "no such attribute of User"),
            ("emails.value", "say which element"),
            (r#"emails[type eq "work"]"#, "sub-attribute"),
            (r#"emails[type sw "w"].value"#, "[type eq"),
            (r#"emails[kind eq "work"].value"#, "has no kind"),
            (r#"emails[type eq "work"].worth"#, "has no worth"),
        ] {
            let error = Place::resolve(path, user).unwrap_err();
            assert!(error.contains(why), "{path}: {error}");
        }
    }

    #[test]
    fn values_become_what_the_type_is() {
        for (path, given, made) in [
            ("active", r#""Yes""#, Some("true")),
            ("active", r#""0""#, Some("false")),
            ("active", r#""perhaps""#, None),
            ("title", "7", Some(r#""7""#)),
            ("title", "{}", None),
            ("emails", r#"{"value":"a"}"#, Some(r#"[{"value":"a"}]"#)),
            ("emails", r#""a""#, None),
            ("name", r#"{"givenName":"A"}"#, Some(r#"{"givenName":"A"}"#)),
        ] {
            let converted = place(path).convert(Value::parse(given.as_bytes()).unwrap());
            assert_eq!(converted.ok().map(|value| value.to_string()).as_deref(), made, "{path} {given}");
        }
    }

    #[test]
    fn what_a_server_adds_makes_no_difference() {
        let emails = place("emails");
        let sent = object(r#"{"v":[{"value":"a","type":"work"},{"value":"b"}]}"#);
        let shown = object(r#"{"v":[{"value":"b"},{"type":"work","primary":false,"value":"a","display":null}]}"#);
        let canonical = |of: &Object| emails.canonical(of.get("v").unwrap(), false).into_owned();
        assert_eq!(canonical(&sent), canonical(&shown));
        let active = place("active");
        assert_eq!(*active.canonical(&"True".into(), false), Value::from(true));
        assert_ne!(*place("title").canonical(&"a".into(), false), Value::from("A"));
        assert_eq!(*place("title").canonical(&"Ä".into(), true), Value::from("ä"));
    }
}
