//! The pass itself: a document against the attributes its resource type declares.

use super::{IngestOptions, Ingested, MAX_VIOLATIONS, Violation, ViolationKind, Violations};
use crate::attribute::{Attribute, Type};
use crate::registry::{ResourceType, common_attributes};
use crate::relation::Relation;
use crate::resource::Resource;
use crate::time::Timestamp;
use crate::uri::{SchemaUri, is_reference};
use crate::value::{FEW, Object, Text, Value, distinct};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

pub(super) fn ingest(
    resource_type: &Arc<ResourceType>,
    document: Value,
    options: &IngestOptions,
) -> Result<Ingested, Violations> {
    let mut reader = Reader::new(resource_type, options, Purpose::Ingest);
    let object = match document {
        Value::Object(object) => object,
        other => {
            let detail = format!("The body must be a JSON object, but it is {}.", other.kind());
            reader.violation(String::new(), ViolationKind::Structure, detail);
            return Err(Violations(reader.violations));
        }
    };
    let root = reader.document(object);
    if !reader.violations.is_empty() {
        return Err(Violations(reader.violations));
    }
    let mut resource = Resource::from_canonical(resource_type.clone(), root);
    resource.normalize();
    Ok(Ingested {
        resource,
        relations: reader.relations,
        hidden: reader.hidden,
        unknown: reader.unknown,
        leniencies: reader.leniencies,
    })
}

pub(super) fn validate(resource_type: &ResourceType, resource: &Resource) -> Result<(), Violations> {
    let options = IngestOptions::default();
    let mut reader = Reader::new(resource_type, &options, Purpose::Validate);
    reader.document(resource.root().clone());
    if reader.violations.is_empty() { Ok(()) } else { Err(Violations(reader.violations)) }
}

/// What the pass is for. Both judge values alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// A document from a client.
    Ingest,
    /// A document from here, where relations and hidden values are already elsewhere and nothing is unknown or, if a
    /// schema changed since, nobody's fault.
    Validate,
}

/// Where a value stands. Written out only when somebody is told.
struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Extension(&'a str),
    Name(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    fn name(parent: Option<&'a At<'a>>, name: &'a str) -> Self {
        Self { parent, step: Step::Name(name) }
    }

    /// The path without positions in lists: the same for every element.
    fn without_positions(&self) -> String {
        let mut path = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut path, false);
        path
    }

    fn write(&self, out: &mut dyn fmt::Write, positions: bool) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.write(out, positions)?;
        }
        match (self.step, self.parent) {
            (Step::Extension(uri), _) => write!(out, "{uri}"),
            (Step::Index(i), _) if positions => write!(out, "[{i}]"),
            (Step::Index(_), _) => Ok(()),
            (Step::Name(name), Some(At { step: Step::Extension(_), .. })) => write!(out, ":{name}"),
            (Step::Name(name), Some(_)) => write!(out, ".{name}"),
            (Step::Name(name), None) => write!(out, "{name}"),
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, true)
    }
}

/// What became of a value.
enum Read {
    Value(Value),
    /// Unassigned (RFC 7643 §2.5).
    Nothing,
    /// Already complained about.
    Wrong,
}

/// Some attributes of an object, and which of them were mentioned without leaving a value in it.
#[derive(Default)]
struct Part {
    object: Object,
    elsewhere: Vec<Arc<str>>,
    wrong: bool,
}

impl Part {
    /// Of an object with so many members.
    fn of(members: usize) -> Self {
        Self { object: Object::with_capacity(members), ..Self::default() }
    }

    fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some() || self.elsewhere.iter().any(|other| **other == *name)
    }

    fn is_empty(&self) -> bool {
        self.object.is_empty() && self.elsewhere.is_empty()
    }
}

struct Reader<'a> {
    resource_type: &'a ResourceType,
    options: &'a IngestOptions,
    purpose: Purpose,
    violations: Vec<Violation>,
    relations: Vec<(String, Vec<Value>)>,
    hidden: Vec<(String, Value)>,
    unknown: Vec<String>,
    seen_unknown: HashSet<String>,
    leniencies: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    fn new(resource_type: &'a ResourceType, options: &'a IngestOptions, purpose: Purpose) -> Self {
        Self {
            resource_type,
            options,
            purpose,
            violations: Vec::new(),
            relations: Vec::new(),
            hidden: Vec::new(),
            unknown: Vec::new(),
            seen_unknown: HashSet::new(),
            leniencies: Vec::new(),
        }
    }

    fn violation(&mut self, path: String, kind: ViolationKind, detail: String) {
        if self.violations.len() < MAX_VIOLATIONS {
            self.violations.push(Violation { path, kind, detail });
        }
    }

    fn wrong(&mut self, at: &At<'_>, what: &str) -> Read {
        self.violation(at.to_string(), ViolationKind::Value, format!("{at} {what}."));
        Read::Wrong
    }

    fn lenient(&mut self, name: &'static str) {
        if !self.leniencies.contains(&name) {
            self.leniencies.push(name);
        }
    }

    fn unknown(&mut self, path: String, detail: impl FnOnce(&str) -> String) {
        if self.purpose == Purpose::Validate || !self.seen_unknown.insert(path.clone()) {
            return;
        }
        if self.options.refuse_unknown {
            let detail = detail(&path);
            self.violation(path, ViolationKind::Unknown, detail);
        } else {
            self.unknown.push(path);
        }
    }

    /// A whole document: `schemas`, the attributes of the base schema and the common ones, the extensions.
    fn document(&mut self, object: Object) -> Object {
        let resource_type = self.resource_type;
        let listed = match self.purpose {
            Purpose::Ingest => self.schemas(object.get("schemas")),
            Purpose::Validate => None,
        };
        let mut part = Part::of(object.len());
        let mut extensions: Vec<(SchemaUri, Part)> = Vec::new();
        for (name, value) in object {
            if name.eq_ignore_ascii_case("schemas") {
                continue;
            }
            if let Some(extension) = resource_type.extension(&name) {
                let uri = extension.schema.id.as_str();
                let at = At { parent: None, step: Step::Extension(uri) };
                match value {
                    value if value.is_unassigned() => {}
                    Value::Object(object) => {
                        let is_listed = listed.as_ref().is_none_or(|l| l.iter().any(|u| u.eq_ignore_ascii_case(uri)));
                        if self.options.refuse_unknown && !is_listed {
                            let detail =
                                format!("schemas must contain {uri}, because the document has its attributes.");
                            self.violation("schemas".to_owned(), ViolationKind::Structure, detail);
                        }
                        let id = &extension.schema.id;
                        let mut inner = Part::of(object.len());
                        for (name, value) in object {
                            self.member(&[&extension.schema.attributes], Some(id), Some(&at), name, value, &mut inner);
                        }
                        extensions.push((id.clone(), inner));
                    }
                    other => {
                        let found = other.kind();
                        self.wrong(
                            &at,
                            &format!("must be an object that holds the extension's attributes, not {found}"),
                        );
                        extensions.push((extension.schema.id.clone(), Part { wrong: true, ..Part::default() }));
                    }
                }
                continue;
            }
            let declared = [resource_type.schema.attributes.as_slice(), common_attributes()];
            self.member(&declared, None, None, name, value, &mut part);
        }
        self.require(&resource_type.schema.attributes, &part, None, None);
        for extension in &resource_type.extensions {
            let uri = extension.schema.id.as_str();
            let at = At { parent: None, step: Step::Extension(uri) };
            let found = extensions.iter().find(|(id, _)| *id == extension.schema.id).map(|(_, part)| part);
            match found {
                Some(inner) if inner.wrong && inner.is_empty() => {}
                Some(inner) if !inner.is_empty() => {
                    self.require(&extension.schema.attributes, inner, Some(&extension.schema.id), Some(&at));
                }
                _ if extension.required => {
                    let name = &resource_type.name;
                    let detail = format!("{uri} is required: every {name} must carry this extension.");
                    self.violation(uri.to_owned(), ViolationKind::Required, detail);
                }
                _ => {}
            }
        }
        let mut root = part.object;
        for (uri, inner) in extensions {
            if !inner.object.is_empty() {
                root.push(uri.to_text(), inner.object.into());
            }
        }
        root
    }

    /// Judges `schemas` (RFC 7643 §3); gives what it lists, `None` when there is nothing to go by.
    fn schemas(&mut self, value: Option<&Value>) -> Option<Vec<Text>> {
        let base = self.resource_type.schema.id.clone();
        let structure = |reader: &mut Self, detail: String| {
            reader.violation("schemas".to_owned(), ViolationKind::Structure, detail);
            None
        };
        let elements = match value {
            None => return structure(self, format!("schemas is missing: send an array that contains {base}.")),
            Some(value) if value.is_unassigned() => {
                return structure(self, format!("schemas is empty: send an array that contains {base}."));
            }
            Some(Value::Array(elements)) => elements,
            Some(other) => {
                let found = other.kind();
                return structure(self, format!("schemas must be an array of URIs with {base} in it, not {found}."));
            }
        };
        let mut listed: Vec<Text> = Vec::with_capacity(elements.len());
        for (i, element) in elements.iter().enumerate() {
            let Value::String(uri) = element else {
                let found = element.kind();
                return structure(self, format!("schemas must hold URIs as strings; schemas[{i}] is {found}."));
            };
            listed.push(uri.clone());
        }
        if let Some(uri) = first_twice(&listed) {
            return structure(self, format!("schemas lists {uri} twice; list every schema once."));
        }
        if !listed.iter().any(|uri| base.matches(uri)) {
            let name = &self.resource_type.name;
            return structure(self, format!("schemas must contain {base}, the schema of a {name}."));
        }
        for uri in &listed {
            if !base.matches(uri) && self.resource_type.extension(uri).is_none() {
                let name = self.resource_type.name.clone();
                self.unknown(uri.into(), |uri| format!("schemas lists {uri}, which is no schema of a {name} here."));
            }
        }
        Some(listed)
    }

    /// One member of an object, into `part`.
    fn member(
        &mut self,
        declared: &[&[Arc<Attribute>]],
        extension: Option<&SchemaUri>,
        parent: Option<&At<'_>>,
        name: Text,
        value: Value,
        part: &mut Part,
    ) {
        let Some(attribute) = declared.iter().copied().flatten().find(|a| a.name.eq_ignore_ascii_case(&name)) else {
            let path = At::name(parent, &name).without_positions();
            let of = self.resource_type.name.clone();
            self.unknown(path, |path| format!("{path} is no attribute of a {of} here; leave it out or declare it."));
            return;
        };
        let at = At::name(parent, &attribute.name);
        if attribute.is_read_only() {
            return;
        }
        let is_top = parent.is_none_or(|at| matches!(at.step, Step::Extension(_)));
        if is_top && let Some(relation) = self.edges_only(extension, attribute) {
            if self.purpose == Purpose::Ingest {
                match self.edges(relation, value, &at) {
                    Some(values) => {
                        if !values.is_empty() {
                            part.elsewhere.push(attribute.name.clone());
                        }
                        self.relations.push((relation.name.clone(), values));
                    }
                    None => {
                        part.elsewhere.push(attribute.name.clone());
                        part.wrong = true;
                    }
                }
            }
            return;
        }
        match self.value(attribute, value, &at) {
            Read::Nothing => {}
            Read::Wrong => {
                part.elsewhere.push(attribute.name.clone());
                part.wrong = true;
            }
            Read::Value(value) if attribute.is_hidden() => {
                part.elsewhere.push(attribute.name.clone());
                self.hidden.push((at.to_string(), value));
            }
            Read::Value(value) => {
                let name = if *name == *attribute.name { name } else { Text::from(&attribute.name) };
                part.object.push(name, value);
            }
        }
    }

    fn edges_only(&self, extension: Option<&SchemaUri>, attribute: &Attribute) -> Option<&'a Relation> {
        self.resource_type
            .relations
            .iter()
            .find(|r| r.edges_only && r.path.extension.as_ref() == extension && r.path.attribute.name == attribute.name)
    }

    /// The values of a relation that is kept as edges; `None` when something was wrong.
    fn edges(&mut self, relation: &Relation, value: Value, at: &At<'_>) -> Option<Vec<Value>> {
        let attribute = &relation.path.attribute;
        let elements = self.elements(attribute, value, at)?;
        let mut values = Vec::with_capacity(elements.len());
        let mut wrong = false;
        for (i, element) in elements.into_iter().enumerate() {
            let at = At { parent: Some(at), step: Step::Index(i) };
            if element == Value::Null {
                continue;
            }
            let element = match element {
                // An empty object names nobody; `single` would pass over it.
                Value::Object(object) if object.is_empty() => Read::Nothing,
                other => self.single(attribute, other, &at),
            };
            let element = match element {
                Read::Value(element) => element,
                Read::Nothing => Value::Null,
                Read::Wrong => {
                    wrong = true;
                    continue;
                }
            };
            let (key, path) = match &relation.path.sub_attribute {
                Some(sub) => (element.get(&sub.name), At::name(Some(&at), &sub.name)),
                None => (Some(&element), At { parent: at.parent, step: at.step }),
            };
            if key.and_then(Value::as_str).is_none_or(str::is_empty) {
                self.wrong(&path, "must name a resource: send a string that is not empty");
                wrong = true;
                continue;
            }
            values.push(element);
        }
        (!wrong).then_some(values)
    }

    /// Complains about what is required and not in `part`.
    fn require(
        &mut self,
        declared: &[Arc<Attribute>],
        part: &Part,
        extension: Option<&SchemaUri>,
        parent: Option<&At<'_>>,
    ) {
        let is_top = parent.is_none_or(|at| matches!(at.step, Step::Extension(_)));
        for attribute in declared {
            if !attribute.required || attribute.is_read_only() || part.has(&attribute.name) {
                continue;
            }
            let kept_elsewhere = attribute.is_hidden() || (is_top && self.edges_only(extension, attribute).is_some());
            if self.purpose == Purpose::Validate && kept_elsewhere {
                continue;
            }
            let at = At::name(parent, &attribute.name);
            let wanted = match attribute.r#type {
                _ if attribute.multi_valued => "an array with at least one value",
                Type::String | Type::Reference => "a string that is not empty",
                Type::Boolean => "true or false",
                Type::Decimal => "a number",
                Type::Integer => "a whole number",
                Type::DateTime => "a date and time such as 2026-03-01T10:00:00Z",
                Type::Binary => "base64 text",
                Type::Complex => "an object",
            };
            let detail = format!("{at} is required: send {wanted}.");
            self.violation(at.to_string(), ViolationKind::Required, detail);
        }
    }

    /// The value of an attribute, list or not.
    fn value(&mut self, attribute: &Attribute, value: Value, at: &At<'_>) -> Read {
        if value.is_unassigned() {
            return Read::Nothing;
        }
        if attribute.multi_valued {
            return self.list(attribute, value, at);
        }
        match value {
            Value::Array(mut elements)
                if self.options.string_for_complex && attribute.r#type == Type::Complex && elements.len() == 1 =>
            {
                self.lenient("string-for-complex");
                match elements.pop() {
                    Some(element) if !element.is_unassigned() => self.single(attribute, element, at),
                    _ => Read::Nothing,
                }
            }
            Value::Array(_) => self.wrong(at, "has one value, but an array was sent; send the value alone"),
            single => self.single(attribute, single, at),
        }
    }

    /// The elements of a list as they were sent; `None` when it is no list.
    fn elements(&mut self, attribute: &Attribute, value: Value, at: &At<'_>) -> Option<Vec<Value>> {
        let is_complex = attribute.r#type == Type::Complex;
        match value {
            value if value.is_unassigned() => Some(Vec::new()),
            Value::Array(elements) => Some(elements),
            value @ Value::Object(_) if is_complex && self.options.object_for_list => {
                self.lenient("object-for-list");
                Some(vec![value])
            }
            value @ Value::String(_)
                if is_complex && self.options.object_for_list && self.options.string_for_complex =>
            {
                self.lenient("object-for-list");
                Some(vec![value])
            }
            other => {
                let found = other.kind();
                self.wrong(at, &format!("has any number of values: send an array, not {found}"));
                None
            }
        }
    }

    fn list(&mut self, attribute: &Attribute, value: Value, at: &At<'_>) -> Read {
        let Some(elements) = self.elements(attribute, value, at) else {
            return Read::Wrong;
        };
        let mut values = Vec::with_capacity(elements.len());
        let mut wrong = false;
        for (i, element) in elements.into_iter().enumerate() {
            if element.is_unassigned() {
                continue;
            }
            let at = At { parent: Some(at), step: Step::Index(i) };
            match self.single(attribute, element, &at) {
                Read::Value(value) => values.push(value),
                Read::Nothing => {}
                Read::Wrong => wrong = true,
            }
        }
        if attribute.r#type == Type::Complex {
            distinct(&mut values);
            let primaries = values.iter().filter(|v| v.get("primary").and_then(Value::as_bool) == Some(true)).count();
            if primaries > 1 && attribute.sub_attribute("primary").is_some() {
                self.wrong(at, &format!("has {primaries} primary values; set primary to true on one of them at most"));
                wrong = true;
            }
        }
        match values {
            _ if wrong => Read::Wrong,
            values if values.is_empty() => Read::Nothing,
            values => Read::Value(Value::Array(values)),
        }
    }

    /// One value of an attribute.
    fn single(&mut self, attribute: &Attribute, value: Value, at: &At<'_>) -> Read {
        match attribute.r#type {
            Type::Complex => self.complex(attribute, value, at),
            _ => self.simple(attribute, value, at),
        }
    }

    fn complex(&mut self, attribute: &Attribute, value: Value, at: &At<'_>) -> Read {
        let lenient = self.options.string_for_complex && attribute.sub_attribute("value").is_some();
        let object = match value {
            Value::Object(object) => object,
            Value::String(text) if lenient => {
                self.lenient("string-for-complex");
                if text.is_empty() {
                    return Read::Nothing;
                }
                Object::from_iter([("value", text)])
            }
            other => {
                let names: Vec<&str> = attribute.sub_attributes.iter().map(|sub| &*sub.name).collect();
                let (found, names) = (other.kind(), names.join(", "));
                return self.wrong(at, &format!("must be an object (with any of {names}), not {found}"));
            }
        };
        let mut part = Part::of(object.len());
        for (name, value) in object {
            // A reference to nobody, as `""` is one.
            if lenient && !attribute.multi_valued && name.eq_ignore_ascii_case("value") && value.as_str() == Some("") {
                self.lenient("string-for-complex");
                continue;
            }
            self.member(&[&attribute.sub_attributes], None, Some(at), name, value, &mut part);
        }
        if !part.is_empty() {
            self.require(&attribute.sub_attributes, &part, None, Some(at));
        }
        match part {
            part if part.wrong => Read::Wrong,
            part if part.object.is_empty() => Read::Nothing,
            part => Read::Value(part.object.into()),
        }
    }

    fn simple(&mut self, attribute: &Attribute, value: Value, at: &At<'_>) -> Read {
        if value.as_str() == Some("") {
            if attribute.required {
                return Read::Nothing;
            }
            if self.options.empty_string_unassigns {
                self.lenient("empty-string");
                return Read::Nothing;
            }
        }
        let wanted = match (attribute.r#type, &value) {
            (Type::String, Value::String(_)) | (Type::Boolean, Value::Bool(_)) | (Type::Decimal, Value::Number(_)) => {
                return Read::Value(value);
            }
            // What is stored has been judged when it came, by what was asked of it then.
            (Type::Reference, Value::String(text)) if self.purpose == Purpose::Validate || is_reference(text) => {
                return Read::Value(value);
            }
            (Type::Reference, Value::String(_)) if self.options.text_for_reference => {
                self.lenient("text-for-reference");
                return Read::Value(value);
            }
            (Type::Boolean, Value::String(text)) if self.options.boolean_strings && boolean(text).is_some() => {
                self.lenient("boolean-string");
                return Read::Value(Value::Bool(text.eq_ignore_ascii_case("true")));
            }
            (Type::Integer, Value::Number(number)) if number.is_integer() => return Read::Value(value),
            (Type::DateTime, Value::String(text)) if Timestamp::parse_date_time(text).is_some() => {
                return Read::Value(value);
            }
            (Type::Binary, Value::String(text)) if is_base64(text) => return Read::Value(value),
            (Type::String | Type::Complex, _) => "a string",
            (Type::Reference, _) => "a URI, in which for instance a blank is written %20",
            (Type::Boolean, _) => "true or false, without quotes",
            (Type::Decimal, _) => "a number",
            (Type::Integer, _) => "a whole number, without fraction and exponent",
            (Type::DateTime, _) => "a string that holds a date and time such as 2026-03-01T10:00:00Z",
            (Type::Binary, _) => "a string in base64",
        };
        let found = match &value {
            // Short texts help to see what went wrong; of hidden attributes nothing is ever repeated.
            Value::String(text)
                if !matches!(attribute.r#type, Type::String | Type::Binary | Type::Complex)
                    && !attribute.is_hidden()
                    && text.chars().count() <= 40 =>
            {
                format!("the string {value}")
            }
            Value::Number(number) if attribute.r#type == Type::Integer && !attribute.is_hidden() => {
                format!("{:.40}", number.as_str())
            }
            other => other.kind().to_owned(),
        };
        self.wrong(at, &format!("must be {wanted}, not {found}"))
    }
}

fn boolean(text: &str) -> Option<bool> {
    [("true", true), ("false", false)].into_iter().find(|(word, _)| text.eq_ignore_ascii_case(word)).map(|(_, b)| b)
}

/// The standard alphabet, padding as it should be or not at all (RFC 4648 §4).
fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let padding = text.len() - data.len();
    data.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
        && data.len() % 4 != 1
        && (padding == 0 || (padding <= 2 && text.len().is_multiple_of(4)))
}

/// The first URI that an earlier one spells too, without case.
fn first_twice(uris: &[Text]) -> Option<&Text> {
    if uris.len() <= FEW {
        let again = |(at, uri): &(usize, &Text)| uris.iter().take(*at).any(|other| other.eq_ignore_ascii_case(uri));
        return uris.iter().enumerate().find(again).map(|(_, uri)| uri);
    }
    let mut seen = HashSet::with_capacity(uris.len());
    uris.iter().find(|uri| !seen.insert(uri.to_ascii_lowercase()))
}
