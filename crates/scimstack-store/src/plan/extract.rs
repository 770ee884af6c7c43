//! What is stored of a resource besides its document: columns, index entries, unique values, names and references. Reads
//! the resource through its type's declarations only (RFC 7643 §2.2, §7).

use crate::record::{Core, Index, IndexEntry, Name, Record, Reference, ReferenceRule, UniqueValue, normalize_name};
use bytes::Bytes;
use scimstack_filter::Operand;
use scimstack_schema::fold::{exact, fold, truncate_key};
use scimstack_schema::{
    Attribute, ReferenceKey, ResolvedPath, Resource, ResourceType, SchemaUri, Timestamp, Type, Uniqueness, Value,
};
use std::borrow::Cow;
use std::sync::Arc;

/// The order-preserving key of a value in the index: text folded (or exact), numbers and instants so that byte order is
/// their order, booleans `0` and `1`. Cut to 256 bytes; `None` for what is not indexed (complex and binary values, values
/// that do not fit the type).
#[must_use]
pub fn index_key(path: &ResolvedPath, value: &Value) -> Option<String> {
    let leaf = path.leaf();
    match (leaf.r#type, value) {
        (Type::String | Type::Reference, Value::String(text)) => Some(truncate_key(&text_key(leaf, text)).to_owned()),
        (Type::Boolean, Value::Bool(b)) => Some(u8::from(*b).to_string()),
        (Type::Decimal | Type::Integer, Value::Number(number)) => number_key(number.as_f64()),
        (Type::DateTime, Value::String(text)) => Timestamp::parse_date_time(text).map(instant_key),
        _ => None,
    }
}

/// The key under which values equal to `operand` stand in the index: [`index_key`] for the right side of a comparison.
#[must_use]
pub fn operand_key(path: &ResolvedPath, operand: &Operand) -> Option<String> {
    match (path.leaf().r#type, operand) {
        (Type::String | Type::Reference, Operand::Text(text)) => Some(truncate_key(text).to_owned()),
        (Type::Boolean, Operand::Bool(b)) => Some(u8::from(*b).to_string()),
        (Type::Decimal | Type::Integer, Operand::Number(number)) => number_key(*number),
        (Type::DateTime, Operand::Instant(at)) => Some(instant_key(*at)),
        _ => None,
    }
}

/// The attribute whose folded value is [`Core::unique`]: the first single-valued text of the base schema that is declared
/// unique and compares without case (`userName`). Others that are declared unique become [`Record::unique`].
#[must_use]
pub fn unique_attribute(resource_type: &ResourceType) -> Option<&Arc<Attribute>> {
    resource_type.schema.attributes.iter().find(|attribute| {
        is_unique(attribute) && attribute.r#type == Type::String && !attribute.multi_valued && !attribute.case_exact
    })
}

/// What is to be stored of `resource`: columns, index entries, unique values, names and references, as its resource type
/// declares them. `created` and `modified` go into the columns. Names that the document does not show (former user names)
/// are added by the caller.
#[must_use]
pub fn record(resource: &Resource, private: Bytes, created: Timestamp, modified: Timestamp) -> Record {
    let resource_type = resource.resource_type();
    let text = |name: &str| resource.root().get(name).and_then(Value::as_str).filter(|_| has(resource_type, name));
    let unique = unique_attribute(resource_type).and_then(|attribute| text(&attribute.name));
    let display_name = text("displayName");
    let sort_name = display_name
        .filter(|_| resource_type.schema.attribute("displayName").is_some_and(|a| super::is_sort_name(a)))
        .map(|name| truncate_key(&fold(name)).to_owned());
    let core = Core {
        unique: unique.map(|name| fold(name).into_owned()),
        external_id: resource.external_id().map(|id| exact(id).into_owned()),
        sort_name,
        display: display_name.or(unique).map(str::to_owned),
        active: resource.root().get("active").and_then(Value::as_bool),
        created,
        modified,
    };
    let (unique, mut names) = unique_values(resource);
    names.extend(emails(resource));
    names.sort();
    names.dedup();
    Record {
        core,
        doc: resource.to_bytes().into(),
        private,
        index: index(resource),
        unique,
        names,
        references: references(resource),
    }
}

fn has(resource_type: &ResourceType, name: &str) -> bool {
    resource_type.schema.attribute(name).is_some()
}

fn is_unique(attribute: &Attribute) -> bool {
    attribute.uniqueness != Uniqueness::None
}

fn text_key(leaf: &Attribute, text: &str) -> String {
    if leaf.case_exact { exact(text).into_owned() } else { fold(text).into_owned() }
}

/// Sixteen hexadecimal digits in the order of the numbers.
fn number_key(number: f64) -> Option<String> {
    if number.is_nan() {
        return None;
    }
    // Minus zero is zero. Negative numbers have all bits turned, so that larger ones come first.
    let bits = (number + 0.0).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    Some(format!("{ordered:016x}"))
}

/// Sixteen hexadecimal digits in the order of time.
pub(super) fn instant_key(at: Timestamp) -> String {
    format!("{:016x}", at.as_micros().cast_unsigned() ^ 1 << 63)
}

/// One value that a path reaches.
struct Reached<'a> {
    element: u32,
    kind: Option<&'a str>,
    value: &'a Value,
}

fn reach<'a>(resource: &'a Resource, path: &'a ResolvedPath) -> Vec<Reached<'a>> {
    let mut found = Vec::new();
    let mut push = |element: usize, kind, value: &'a Value| {
        let element = u32::try_from(element).unwrap_or(u32::MAX);
        match value {
            Value::Array(inner) => found.extend(inner.iter().map(|value| Reached { element, kind, value })),
            _ => found.push(Reached { element, kind, value }),
        }
    };
    match (resource.value(path), &path.sub_attribute) {
        (None, _) => {}
        (Some(Value::Array(elements)), Some(sub)) if path.attribute.multi_valued => {
            for (at, element) in elements.iter().enumerate() {
                if let Some(value) = element.get(&sub.name) {
                    push(at, element.get("type").and_then(Value::as_str), value);
                }
            }
        }
        (Some(Value::Array(elements)), None) => {
            for (at, value) in elements.iter().enumerate() {
                push(at, None, value);
            }
        }
        (Some(value), _) => push(0, None, value),
    }
    found
}

/// What `resource` has in the indexes that its type declares.
#[must_use]
pub fn index(resource: &Resource) -> Index {
    let declaration = resource.resource_type().index_declaration().clone();
    Index { declaration, entries: index_entries(resource), texts: texts(resource) }
}

/// A text in the form in which the parts of texts are looked for: NUL, which ends a text for some databases, is another
/// control character. Two that compare equal have the same; what is found may be more than what matches.
#[must_use]
pub fn part_key(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{1}")) } else { Cow::Borrowed(text) }
}

fn texts(resource: &Resource) -> Vec<String> {
    let mut texts = Vec::new();
    for path in &resource.resource_type().searched {
        let values = reach(resource, path).into_iter().filter_map(|reached| reached.value.as_str());
        texts.extend(values.map(|text| part_key(&text_key(path.leaf(), text)).into_owned()));
    }
    texts.sort();
    texts.dedup();
    texts
}

fn index_entries(resource: &Resource) -> Vec<IndexEntry> {
    let mut entries = Vec::new();
    for path in &resource.resource_type().indexed {
        let name = path.to_string();
        for reached in reach(resource, path) {
            if let Some(value) = index_key(path, reached.value) {
                let kind = reached.kind.map(|kind| fold(kind).into_owned());
                entries.push(IndexEntry { path: name.clone(), value, element: reached.element, kind });
            }
        }
    }
    for paths in &resource.resource_type().without {
        if !paths.iter().any(|path| reach(resource, path).iter().any(|reached| is_something(reached.value))) {
            let path = ResourceType::without_line(paths);
            entries.push(IndexEntry { path, value: WITHOUT.to_owned(), element: 0, kind: None });
        }
    }
    entries.sort();
    entries.dedup();
    entries
}

/// The key under which records stand in an index of what they have nothing at.
pub(super) const WITHOUT: &str = "-";

/// Less than what `pr` asks, so that whoever has nothing is in the index.
fn is_something(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
        _ => false,
    }
}

/// Unique values besides [`Core::unique`]; those of the base schema's own text attributes are names too.
fn unique_values(resource: &Resource) -> (Vec<UniqueValue>, Vec<Name>) {
    let resource_type = resource.resource_type();
    let own = unique_attribute(resource_type);
    let base = resource_type.schema.attributes.iter().map(|attribute| (None, attribute));
    let extensions = resource_type.extensions.iter().flat_map(|extension| {
        extension.schema.attributes.iter().map(|attribute| (Some(extension.schema.id.clone()), attribute))
    });
    let (mut values, mut names) = (Vec::new(), Vec::new());
    for (extension, attribute) in base.chain(extensions) {
        let is_own = extension.is_none() && own.is_some_and(|own| own.name == attribute.name);
        if is_own || (extension.is_none() && matches!(&*attribute.name, "id" | "schemas" | "meta")) {
            continue;
        }
        for path in unique_paths(extension, attribute) {
            for reached in reach(resource, &path) {
                let Some(value) = unique_key(&path, reached.value) else {
                    continue;
                };
                if path.extension.is_none() && path.sub_attribute.is_none() && path.attribute.r#type == Type::String {
                    let value = normalize_name(ReferenceKey::UserName, reached.value.as_str().unwrap_or_default());
                    names.push(Name { key: ReferenceKey::UserName, value });
                }
                values.push(UniqueValue { path: path.to_string(), value });
            }
        }
    }
    values.sort();
    values.dedup();
    (values, names)
}

fn unique_paths(extension: Option<SchemaUri>, attribute: &Arc<Attribute>) -> Vec<ResolvedPath> {
    let path =
        |sub_attribute| ResolvedPath { extension: extension.clone(), attribute: attribute.clone(), sub_attribute };
    if attribute.r#type == Type::Complex {
        return attribute
            .sub_attributes
            .iter()
            .filter(|sub| is_unique(sub))
            .map(|sub| path(Some(sub.clone())))
            .collect();
    }
    if is_unique(attribute) { vec![path(None)] } else { Vec::new() }
}

/// As [`index_key`], whole.
fn unique_key(path: &ResolvedPath, value: &Value) -> Option<String> {
    match (path.leaf().r#type, value) {
        (Type::String | Type::Reference | Type::Binary, Value::String(text)) => Some(text_key(path.leaf(), text)),
        _ => index_key(path, value),
    }
}

fn emails(resource: &Resource) -> Vec<Name> {
    let declared =
        resource.resource_type().schema.attribute("emails").is_some_and(|a| a.sub_attribute("value").is_some());
    let elements = resource.root().get("emails").and_then(Value::as_array).filter(|_| declared).unwrap_or_default();
    elements
        .iter()
        .filter_map(|element| element.get("value")?.as_str())
        .map(|email| normalize_name(ReferenceKey::Email, email))
        .filter(|email| !email.is_empty())
        .map(|value| Name { key: ReferenceKey::Email, value })
        .collect()
}

fn references(resource: &Resource) -> Vec<Reference> {
    let relations = resource.resource_type().relations.iter().filter(|relation| !relation.edges_only);
    relations
        .filter_map(|relation| {
            let raw = resource.value(&relation.path)?.as_str().filter(|raw| !raw.trim().is_empty())?;
            Some(Reference { rule: Arc::new(ReferenceRule::of(relation)), raw: raw.into() })
        })
        .collect()
}
