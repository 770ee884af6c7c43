//! What is indexed of a record, kept beside it in short form: the rows to delete when the record changes are known from
//! it exactly, so that no index from records to their rows has to be kept.

use crate::codec::{Reader, Writer};
use crate::dict::Num;
use crate::fault::Damaged;
use scimstack_schema::ReferenceKey;

/// The rows of `av`, `uniq_val` and `name`, and the references, of one record. All lists are sorted and without
/// repetition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entries {
    /// What `index` and `texts` were made under; 0 when that is not known.
    pub(crate) declared: Num,
    pub(crate) index: Vec<IndexRow>,
    pub(crate) unique: Vec<UniqueRow>,
    pub(crate) names: Vec<NameRow>,
    pub(crate) references: Vec<ReferenceRow>,
    /// The texts it is found by parts of.
    pub(crate) texts: Vec<String>,
}

/// A row of the attribute index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct IndexRow {
    pub(crate) path: Num,
    pub(crate) value: String,
    pub(crate) element: u32,
    pub(crate) kind: Option<String>,
}

/// A value that may occur once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UniqueRow {
    pub(crate) path: Num,
    pub(crate) value: String,
}

/// A name by which references find the record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NameRow {
    pub(crate) key: i64,
    pub(crate) value: String,
}

/// A reference that belongs to the record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReferenceRow {
    pub(crate) relation: Num,
    pub(crate) raw: String,
    pub(crate) spec: Num,
}

/// The number a kind of name is kept under.
pub(crate) fn key_number(key: ReferenceKey) -> i64 {
    match key {
        ReferenceKey::Id => 0,
        ReferenceKey::UserName => 1,
        ReferenceKey::ExternalId => 2,
        ReferenceKey::Email => 3,
    }
}

const MARK: u8 = b'F';

/// Of records that were written by the first versions, without declaration and texts.
const MARK_BEFORE: u8 = b'E';

impl Entries {
    /// Puts the lists in order.
    pub(crate) fn sort(&mut self) {
        self.index.sort();
        // The element's type is no part of a row's key.
        self.index
            .dedup_by(|next, kept| (next.path, &next.value, next.element) == (kept.path, &kept.value, kept.element));
        self.unique.sort();
        self.unique.dedup();
        self.names.sort();
        self.names.dedup();
        self.references.sort();
    }

    /// The short form.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(MARK);
        out.signed(self.declared).number(self.texts.len() as u64);
        for text in &self.texts {
            out.text(text);
        }
        out.number(self.index.len() as u64);
        for row in &self.index {
            out.signed(row.path).text(&row.value).number(u64::from(row.element)).optional(row.kind.as_deref());
        }
        out.number(self.unique.len() as u64);
        for row in &self.unique {
            out.signed(row.path).text(&row.value);
        }
        out.number(self.names.len() as u64);
        for row in &self.names {
            out.signed(row.key).text(&row.value);
        }
        out.number(self.references.len() as u64);
        for row in &self.references {
            out.signed(row.relation).text(&row.raw).signed(row.spec);
        }
        out.finish()
    }

    /// Of the short form, what it was made under.
    pub(crate) fn declared(bytes: &[u8]) -> Option<Num> {
        match Reader::new(bytes, MARK) {
            Some(mut reader) => reader.signed(),
            None => Reader::new(bytes, MARK_BEFORE).map(|_| 0),
        }
    }

    /// From the short form.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        Self::read(bytes).ok_or(Damaged("a list of index entries that cannot be read"))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (mut reader, declared, texts) = match Reader::new(bytes, MARK) {
            Some(mut reader) => {
                let declared = reader.signed()?;
                let texts = reader.list(|r| Some(r.text()?.to_owned()))?;
                (reader, declared, texts)
            }
            None => (Reader::new(bytes, MARK_BEFORE)?, 0, Vec::new()),
        };
        let entries = Self {
            declared,
            texts,
            index: reader.list(|r| {
                Some(IndexRow {
                    path: r.signed()?,
                    value: r.text()?.to_owned(),
                    element: u32::try_from(r.number()?).ok()?,
                    kind: r.optional()?.map(str::to_owned),
                })
            })?,
            unique: reader.list(|r| Some(UniqueRow { path: r.signed()?, value: r.text()?.to_owned() }))?,
            names: reader.list(|r| Some(NameRow { key: r.signed()?, value: r.text()?.to_owned() }))?,
            references: reader
                .list(|r| Some(ReferenceRow { relation: r.signed()?, raw: r.text()?.to_owned(), spec: r.signed()? }))?,
        };
        reader.end()?;
        Some(entries)
    }
}

/// What is in only one of two sorted lists: gone, and new.
pub(crate) fn difference<'a, T: Ord>(before: &'a [T], after: &'a [T]) -> (Vec<&'a T>, Vec<&'a T>) {
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    loop {
        match (before.peek(), after.peek()) {
            (Some(old), Some(now)) => match old.cmp(now) {
                std::cmp::Ordering::Less => gone.extend(before.next()),
                std::cmp::Ordering::Greater => new.extend(after.next()),
                std::cmp::Ordering::Equal => {
                    before.next();
                    after.next();
                }
            },
            _ => {
                gone.extend(before);
                new.extend(after);
                return (gone, new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn entries() -> impl Strategy<Value = Entries> {
        let index = (1..9i64, ".{0,4}", 0..3u32, proptest::option::of("[a-z]{1,4}"));
        let index = index.prop_map(|(path, value, element, kind)| IndexRow { path, value, element, kind });
        let unique = (1..9i64, ".{0,4}").prop_map(|(path, value)| UniqueRow { path, value });
        let names = (0..4i64, ".{0,4}").prop_map(|(key, value)| NameRow { key, value });
        let references =
            (1..9i64, ".{0,4}", 1..9i64).prop_map(|(relation, raw, spec)| ReferenceRow { relation, raw, spec });
        use proptest::collection::vec;
        let lists = (vec(index, 0..5), vec(unique, 0..5), vec(names, 0..5), vec(references, 0..5), vec(".{0,4}", 0..3));
        (0..9i64, lists).prop_map(|(declared, (index, unique, names, references, texts))| {
            let mut entries = Entries { declared, index, unique, names, references, texts };
            entries.sort();
            entries
        })
    }

    #[test]
    fn what_the_first_versions_kept_is_read() {
        let mut bytes = Entries::default().encode();
        // Without declaration and texts, which are two bytes here.
        bytes.splice(..3, [MARK_BEFORE]);
        assert_eq!(Entries::decode(&bytes).unwrap(), Entries::default());
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_is_read(entries in entries()) {
            prop_assert_eq!(Entries::decode(&entries.encode()).unwrap(), entries);
        }

        #[test]
        fn cut_off_lists_are_damaged(entries in entries(), keep in 0.0..1.0f64) {
            let bytes = entries.encode();
            let cut = (bytes.len() as f64 * keep) as usize;
            prop_assert!(Entries::decode(&bytes[..cut]).is_err());
        }

        #[test]
        fn the_difference_is_that_of_sets(before: BTreeSet<u8>, after: BTreeSet<u8>) {
            let (one, other): (Vec<u8>, Vec<u8>) = (before.iter().copied().collect(), after.iter().copied().collect());
            let (gone, new) = difference(&one, &other);
            prop_assert!(gone.into_iter().eq(before.difference(&after)));
            prop_assert!(new.into_iter().eq(after.difference(&before)));
        }
    }
}
