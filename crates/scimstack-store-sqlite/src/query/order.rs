//! The order of matches: by sort key, those without one last, then by id, then by kind; and places in it, which are also
//! the cursors (RFC 7644 §3.4.2.3, §3.4.2.4).

use crate::codec::{Reader, Writer};
use bytes::Bytes;
use scimstack_schema::{Attribute, Object, ResourceType, Type};
use scimstack_store::plan::{sort_key, unique_attribute};
use scimstack_store::{Key, Kind, Sort, Stored};
use std::cmp::Ordering;

/// A column that has the sort key of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// No sort key, or none that any record has: by id.
    Id,
    Unique,
    SortName,
    Created,
    Modified,
}

impl Column {
    /// The column that has what `sort` asks for; `None` when only documents have it.
    pub(super) fn of(sort: Option<&Sort>, resource_type: &ResourceType) -> Option<Self> {
        let Some(sort) = sort else { return Some(Self::Id) };
        let path = &sort.path;
        if resource_type.resolve(&path.to_string()).is_none() {
            return Some(Self::Id);
        }
        if path.extension.is_some() {
            return None;
        }
        match (&*path.attribute.name, path.sub_attribute.as_ref().map(|sub| &*sub.name)) {
            ("id", None) => Some(Self::Id),
            ("meta", Some("created")) => Some(Self::Created),
            ("meta", Some("lastModified")) => Some(Self::Modified),
            ("displayName", None) if is_sort_name(&path.attribute) => Some(Self::SortName),
            (name, None) if unique_attribute(resource_type).is_some_and(|unique| *unique.name == *name) => {
                Some(Self::Unique)
            }
            _ => None,
        }
    }

    /// Its name, unless it is the id.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Id => None,
            Self::Unique => Some("uniq"),
            Self::SortName => Some("sort_name"),
            Self::Created => Some("created"),
            Self::Modified => Some("modified"),
        }
    }

    /// Whether it holds instants, and never nothing.
    pub(super) fn is_instant(self) -> bool {
        matches!(self, Self::Created | Self::Modified)
    }

    /// The sort key, from a record's columns.
    fn value(self, stored: &Stored) -> Option<String> {
        match self {
            Self::Id => None,
            Self::Unique => stored.core.unique.clone(),
            Self::SortName => stored.core.sort_name.clone(),
            Self::Created => Some(instant_key(stored.core.created.as_micros())),
            Self::Modified => Some(instant_key(stored.core.modified.as_micros())),
        }
    }
}

/// Whether the column `sort_name` has the attribute's key.
fn is_sort_name(attribute: &Attribute) -> bool {
    attribute.r#type == Type::String && !attribute.multi_valued && !attribute.case_exact
}

/// Sixteen hexadecimal digits in the order of time.
pub(super) fn instant_key(micros: i64) -> String {
    format!("{:016x}", micros.cast_unsigned() ^ 1 << 63)
}

/// The instant of a key.
pub(super) fn instant_of(key: &str) -> Option<i64> {
    let ordered = u64::from_str_radix(key, 16).ok()?;
    Some((ordered ^ 1 << 63).cast_signed())
}

/// A place in the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) value: Option<String>,
    pub(super) id: String,
    pub(super) kind: Kind,
}

const CURSOR: u8 = b'q';

impl Place {
    /// The place of a record.
    pub(super) fn of(sort: Option<&Sort>, column: Option<Column>, stored: &Stored, document: Option<&Object>) -> Self {
        let value = match column {
            Some(column) => column.value(stored),
            None => sort.zip(document).and_then(|(sort, document)| sort_key(&sort.path, stored, document)),
        };
        let Key { kind, id } = &stored.key;
        Self { value, id: id.to_string(), kind: kind.clone() }
    }

    pub(super) fn cmp(&self, other: &Self, descending: bool) -> Ordering {
        let by_value = match (&self.value, &other.value) {
            (Some(one), Some(other)) => one.cmp(other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        let order = by_value.then_with(|| self.id.cmp(&other.id)).then_with(|| self.kind.cmp(&other.kind));
        if descending { order.reverse() } else { order }
    }

    /// The cursor of what comes after this place. It names the order, against mix-ups.
    pub(super) fn encode(&self, sort: Option<&Sort>) -> Bytes {
        let mut out = Writer::new(CURSOR);
        out.text(&order_name(sort)).optional(self.value.as_deref()).text(&self.id).text(self.kind.as_str());
        out.finish().into()
    }

    /// The place of a cursor; `None` when it is none of this order.
    pub(super) fn decode(bytes: &[u8], sort: Option<&Sort>) -> Option<Self> {
        let mut reader = Reader::new(bytes, CURSOR)?;
        let of_this_order = reader.text()? == order_name(sort);
        let place = Self {
            value: reader.optional()?.map(str::to_owned),
            id: reader.text()?.to_owned(),
            kind: reader.text()?.into(),
        };
        reader.end()?;
        of_this_order.then_some(place)
    }
}

fn order_name(sort: Option<&Sort>) -> String {
    match sort {
        Some(sort) if sort.descending => format!("-{}", sort.path),
        Some(sort) => format!("+{}", sort.path),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_of_instants_are_in_the_order_of_time(one: i64, other: i64) {
            prop_assert_eq!(instant_key(one).cmp(&instant_key(other)), one.cmp(&other));
            prop_assert_eq!(instant_of(&instant_key(one)), Some(one));
        }

        #[test]
        fn a_cursor_is_read_in_its_order_only(value: Option<String>, id: String, kind: String) {
            let place = Place { value, id, kind: kind.as_str().into() };
            let registry = scimstack_schema::Registry::core();
            let path = registry.resource_type("User").unwrap().resolve("userName").unwrap();
            let sort = Sort { path, descending: true };
            let cursor = place.encode(Some(&sort));
            prop_assert_eq!(Place::decode(&cursor, Some(&sort)), Some(place));
            prop_assert_eq!(Place::decode(&cursor, None), None);
            let other = Sort { descending: false, ..sort };
            prop_assert_eq!(Place::decode(&cursor, Some(&other)), None);
        }
    }

    #[test]
    fn without_a_value_is_last_and_descending_is_backwards() {
        let place = |value: Option<&str>, id: &str| Place {
            value: value.map(str::to_owned),
            id: id.to_owned(),
            kind: "User".into(),
        };
        let ordered = [place(Some("a"), "2"), place(Some("b"), "1"), place(Some("b"), "2"), place(None, "0")];
        for pair in ordered.windows(2) {
            assert_eq!(pair[0].cmp(&pair[1], false), Ordering::Less);
            assert_eq!(pair[0].cmp(&pair[1], true), Ordering::Greater);
        }
    }
}
