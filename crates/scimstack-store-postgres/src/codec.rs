//! Short binary texts of our own: cursors, receipts, and the list of what is indexed of a record. Numbers are written as
//! LEB128, texts with their length before them. Reading never trusts what it reads.

/// Writes fields one after another.
#[derive(Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// A writer that begins with a mark of what is written.
    pub(crate) fn new(mark: u8) -> Self {
        Self { bytes: vec![mark] }
    }

    pub(crate) fn number(&mut self, mut number: u64) -> &mut Self {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
        self
    }

    pub(crate) fn signed(&mut self, number: i64) -> &mut Self {
        self.number(number.cast_unsigned())
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    pub(crate) fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.number(1).text(text),
            None => self.number(0),
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads what a [`Writer`] wrote. `None` says that it is something else.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader of bytes that must begin with `mark`.
    pub(crate) fn new(bytes: &'a [u8], mark: u8) -> Option<Self> {
        let (&first, rest) = bytes.split_first()?;
        (first == mark).then_some(Self { rest })
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        self.number().map(u64::cast_signed)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(text).ok()
    }

    pub(crate) fn optional(&mut self) -> Option<Option<&'a str>> {
        match self.number()? {
            0 => Some(None),
            1 => self.text().map(Some),
            _ => None,
        }
    }

    /// As many as were announced, each read by `read`.
    pub(crate) fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        // Each takes at least one byte: a wrong count cannot make us reserve much.
        let mut list = Vec::with_capacity(usize::try_from(count).ok()?.min(self.rest.len()));
        for _ in 0..count {
            list.push(read(self)?);
        }
        Some(list)
    }

    /// `Some` when everything was read.
    pub(crate) fn end(&self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(number: u64, signed: i64, text: String, optional: Option<String>) {
            let mut writer = Writer::new(b'x');
            writer.number(number).signed(signed).text(&text).optional(optional.as_deref());
            let bytes = writer.finish();
            let mut reader = Reader::new(&bytes, b'x').unwrap();
            prop_assert_eq!(reader.number(), Some(number));
            prop_assert_eq!(reader.signed(), Some(signed));
            prop_assert_eq!(reader.text(), Some(text.as_str()));
            prop_assert_eq!(reader.optional(), Some(optional.as_deref()));
            prop_assert_eq!(reader.end(), Some(()));
            prop_assert!(Reader::new(&bytes, b'y').is_none());
        }

        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Some(mut reader) = Reader::new(&bytes, 0) {
                while reader.list(|r| r.optional().map(|o| o.map(str::len))).is_some() && reader.end().is_none() {}
            }
        }
    }
}
