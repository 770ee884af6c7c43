//! CSV (RFC 4180), a record at a time: fields in quotes with delimiters, line ends and doubled quotes in them, lines that end
//! in CR LF or LF. Empty lines are passed over. What is not well formed is an error, and never a person less.

use std::io::BufRead;

/// The longest record, in bytes: a quote that is never closed is not to swallow the whole file.
const LONGEST: usize = 1 << 20;

/// Reads records.
pub(super) struct Csv<R> {
    input: R,
    delimiter: u8,
    line: u32,
}

/// A record, and the line it begins on.
pub(super) type Record = (u32, Vec<String>);

/// Where a field stands.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Start,
    Plain,
    Quoted,
    /// After a quote within quotes: the end, or a quote.
    Quote,
}

impl<R: BufRead> Csv<R> {
    pub(super) fn new(input: R, delimiter: u8) -> Self {
        Self { input, delimiter, line: 0 }
    }

    /// One physical line with its end; false at the end of the file.
    fn more(&mut self, bytes: &mut Vec<u8>) -> Result<bool, String> {
        self.line += 1;
        self.input.read_until(b'\n', bytes).map(|read| read > 0).map_err(|error| error.to_string())
    }

    fn record(&mut self) -> Result<Option<Record>, String> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            if !self.more(&mut bytes)? {
                return Ok(None);
            }
            if self.line == 1 && bytes.starts_with("\u{feff}".as_bytes()) {
                bytes.drain(..3);
            }
            if !matches!(bytes.as_slice(), b"\n" | b"\r\n" | b"\r") {
                break;
            }
        }
        let began = self.line;
        let at = |why: String| format!("line {began}: {why}");
        let (mut fields, mut field, mut state) = (Vec::new(), Vec::new(), State::Start);
        loop {
            let ended = match bytes.as_slice() {
                [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] => line.len(),
                line => line.len(),
            };
            for &byte in bytes.get(..ended).unwrap_or_default() {
                state = match (state, byte) {
                    (State::Start, b'"') => State::Quoted,
                    (State::Quoted, b'"') => State::Quote,
                    (State::Quote, b'"') => {
                        field.push(b'"');
                        State::Quoted
                    }
                    (State::Start | State::Plain | State::Quote, byte) if byte == self.delimiter => {
                        fields.push(text(&mut field).map_err(at)?);
                        State::Start
                    }
                    (State::Quote, _) => return Err(at("something follows a field in quotes".to_owned())),
                    (State::Quoted, byte) => {
                        field.push(byte);
                        State::Quoted
                    }
                    (State::Start | State::Plain, byte) => {
                        field.push(byte);
                        State::Plain
                    }
                };
            }
            if state != State::Quoted {
                break;
            }
            field.extend_from_slice(bytes.get(ended..).unwrap_or_default());
            bytes.clear();
            if field.len() > LONGEST || !self.more(&mut bytes)? {
                return Err(at("a quote is not closed".to_owned()));
            }
        }
        fields.push(text(&mut field).map_err(at)?);
        Ok(Some((began, fields)))
    }
}

fn text(field: &mut Vec<u8>) -> Result<String, String> {
    String::from_utf8(std::mem::take(field)).map_err(|_| "it is not in UTF-8".to_owned())
}

impl<R: BufRead> Iterator for Csv<R> {
    type Item = Result<Record, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.record().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<Result<Record, String>> {
        Csv::new(text, b',').collect()
    }

    fn record(line: u32, fields: &[&str]) -> Result<Record, String> {
        Ok((line, fields.iter().map(|field| (*field).to_owned()).collect()))
    }

    #[test]
    fn records_are_read_as_they_are_written_everywhere() {
        assert_eq!(
            all(b"\xef\xbb\xbfa,b\r\n\r\n1,\r\n\"x, \"\"y\"\"\r\nz\",\"\"\n\nlast,d\"d"),
            [
                record(1, &["a", "b"]),
                record(3, &["1", ""]),
                record(4, &["x, \"y\"\r\nz", ""]),
                record(7, &["last", "d\"d"])
            ]
        );
        assert_eq!(all(b""), []);
        assert_eq!(all(b"a"), [record(1, &["a"])]);
        assert_eq!(Csv::new(&b"a\tb,c\n"[..], b'\t').next(), Some(record(1, &["a", "b,c"])));
    }

    #[test]
    fn what_is_not_well_formed_says_on_which_line() {
        assert_eq!(all(b"a\n\"b\nc")[1], Err("line 2: a quote is not closed".to_owned()));
        assert_eq!(all(b"a\n\"b\"c\n")[1], Err("line 2: something follows a field in quotes".to_owned()));
        assert_eq!(all(b"a\n\xff\n")[1], Err("line 2: it is not in UTF-8".to_owned()));
    }
}
