//! Texts as PostgreSQL can hold them, and nowhere else: it knows no NUL in a text, and no key longer than a third of a page.
//!
//! U+0000 is written as U+0001 U+0001, and U+0001 as U+0001 U+0002; this keeps the order of texts by their bytes. The key
//! of a text that is too long for an index is its beginning, U+0001 U+0003, and its SHA-256.

use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write as _;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// Texts of up to so many bytes are their own keys. Two of them and two ids are well below what an index takes.
const LONGEST_KEY: usize = 600;

/// A text as it is stored. All text columns are bound and read as this.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Packed(String);

impl Packed {
    /// A text to be stored.
    pub(crate) fn of(text: &str) -> Self {
        if !text.contains(['\0', '\u{1}']) {
            return Self(text.to_owned());
        }
        let mut packed = String::with_capacity(text.len() + 8);
        for character in text.chars() {
            match character {
                '\0' => packed.push_str("\u{1}\u{1}"),
                '\u{1}' => packed.push_str("\u{1}\u{2}"),
                other => packed.push(other),
            }
        }
        Self(packed)
    }

    /// What stands for a text of any length in keys: the same for the same text only.
    pub(crate) fn key(text: &str) -> Self {
        let Self(mut packed) = Self::of(text);
        if packed.len() > LONGEST_KEY {
            let digest = Sha256::digest(packed.as_bytes());
            // The mark and the digest take 66 bytes.
            let end = (0..=LONGEST_KEY - 66).rev().find(|at| packed.is_char_boundary(*at)).unwrap_or(0);
            packed.truncate(end);
            packed.push_str("\u{1}\u{3}");
            for byte in digest {
                // Writing to a string does not fail.
                let _ = write!(packed, "{byte:02x}");
            }
        }
        Self(packed)
    }

    /// One that was packed before, from a cursor.
    pub(crate) fn again(packed: &str) -> Option<Self> {
        (!packed.contains('\0')).then(|| Self(packed.to_owned()))
    }

    /// As it is stored.
    pub(crate) fn as_packed(&self) -> &str {
        &self.0
    }

    /// The text that was packed; of a key, only when that is not cut.
    pub(crate) fn open(&self) -> String {
        opened(&self.0).into_owned()
    }

    /// [`Packed::open`], where the packed text is not needed any more.
    pub(crate) fn into_text(self) -> String {
        match opened(&self.0) {
            Cow::Borrowed(_) => self.0,
            Cow::Owned(text) => text,
        }
    }
}

/// The text that was packed into this one.
pub(crate) fn opened(packed: &str) -> Cow<'_, str> {
    if !packed.contains('\u{1}') {
        return Cow::Borrowed(packed);
    }
    let mut text = String::with_capacity(packed.len());
    let mut characters = packed.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\u{1}' => match characters.next() {
                Some('\u{1}') => '\0',
                _ => '\u{1}',
            },
            other => other,
        });
    }
    Cow::Owned(text)
}

impl ToSql for Packed {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.to_sql(ty, out)
    }

    fn accepts(ty: &Type) -> bool {
        <String as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Packed {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        String::from_sql(ty, raw).map(Self)
    }

    fn accepts(ty: &Type) -> bool {
        <String as FromSql<'_>>::accepts(ty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_packed_text_has_no_nul_and_is_what_was_packed(text in "[\u{0}-\u{3}a-cé]{0,8}") {
            let packed = Packed::of(&text);
            prop_assert!(!packed.as_packed().contains('\0'));
            prop_assert_eq!(&packed.open(), &text);
            prop_assert_eq!(packed.into_text(), text);
        }

        #[test]
        fn packed_texts_are_in_the_order_of_the_texts(one in "[\u{0}-\u{3}a]{0,6}", other in "[\u{0}-\u{3}a]{0,6}") {
            prop_assert_eq!(Packed::of(&one).cmp(&Packed::of(&other)), one.cmp(&other));
        }
    }

    #[test]
    fn keys_of_long_texts_are_short_and_differ() {
        let (one, other) = (format!("{}1", "é".repeat(5_000)), format!("{}2", "é".repeat(5_000)));
        assert!(Packed::key(&one).as_packed().len() <= LONGEST_KEY);
        assert_ne!(Packed::key(&one), Packed::key(&other));
        assert_eq!(Packed::key(&one), Packed::key(&one));
        assert_eq!(Packed::key("short"), Packed::of("short"));
        // No text is another's key.
        assert_ne!(Packed::of(Packed::key(&one).as_packed()), Packed::key(&one));
    }
}
