//! The tables that `scim sync` reads: CSV (RFC 4180) and JSON lines, a row at a time, as often as they are needed.

use super::csv::{Csv, Record};
use crate::failure::{Result, usage};
use scimstack_provisioning::sync::Part;
use scimstack_schema::{Object, Value};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Lines};
use std::iter::Peekable;
use std::path::{Path, PathBuf};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Fields between commas, their names in the first row
    Csv,
    /// One JSON document a line
    Jsonl,
}

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    path: PathBuf,
    kind: Kind,
    delimiter: u8,
    /// Nested documents are made flat: without a mapping, each field is an attribute's path.
    flat: bool,
    /// Of groups: the fields that name members. Rows that are otherwise the same are one group.
    member_fields: Vec<String>,
}

impl Source {
    /// A table in a file; how it is written is said by its name, unless it is told.
    pub(crate) fn new(path: &Path, told: Option<Kind>, delimiter: char) -> Result<Self> {
        let name = path.extension().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
        let kind = match (told, name.as_str()) {
            (Some(kind), _) => kind,
            (None, "csv" | "tsv") => Kind::Csv,
            (None, "jsonl" | "ndjson") => Kind::Jsonl,
            _ => {
                let path = path.display();
                return Err(usage(format!(
                    "{path}: is it CSV or JSON lines? Give --format, or call it .csv or .jsonl"
                )));
            }
        };
        let delimiter = if name == "tsv" && delimiter == ',' { '\t' } else { delimiter };
        let delimiter = u8::try_from(delimiter).map_err(|_| usage("--delimiter is one simple character"))?;
        let source = Self { path: path.to_owned(), kind, delimiter, flat: false, member_fields: Vec::new() };
        source.file()?;
        Ok(source)
    }

    /// What it is called in messages.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// The mapping by which every field goes to the attribute of its name.
    pub(crate) fn own_part(&mut self, matched_by: &[&str]) -> Result<Part> {
        self.flat = true;
        let mut fields: Vec<String> = Vec::new();
        match self.kind {
            Kind::Csv => fields = self.header()?,
            Kind::Jsonl => {
                for row in self.rows()? {
                    for (name, _) in row?.1.iter() {
                        if !fields.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                            fields.push(name.to_owned());
                        }
                    }
                }
            }
        }
        Ok(Part::of_fields(fields.iter().map(String::as_str), matched_by))
    }

    /// Holds a mapping against the fields there are, and takes its rows of members together.
    pub(crate) fn with_part(mut self, part: &Part) -> Result<Self> {
        if self.kind == Kind::Csv {
            let header = self.header()?;
            let known = |field: &str| header.iter().any(|known| known.eq_ignore_ascii_case(field));
            if let Some(absent) = part.fields().into_iter().find(|field| !known(field)) {
                let (name, fields) = (self.name(), header.join(", "));
                return Err(usage(format!("the mapping reads {absent:?}, and {name} has only {fields}")));
            }
            let members = part.members.iter().flat_map(|members| members.fields());
            self.member_fields = members.map(str::to_owned).collect();
        }
        Ok(self)
    }

    fn file(&self) -> Result<File> {
        File::open(&self.path).map_err(|error| usage(format!("{}: {error}", self.name())))
    }

    /// The records, the names of the fields first.
    fn records(&self) -> Result<Csv<BufReader<File>>> {
        Ok(Csv::new(BufReader::new(self.file()?), self.delimiter))
    }

    fn header(&self) -> Result<Vec<String>> {
        let first = self.records()?.next().transpose().map_err(|why| usage(format!("{}: {why}", self.name())))?;
        let mut fields: Vec<String> = Vec::new();
        for name in first.unwrap_or_default().1 {
            let name = name.trim();
            if name.is_empty() || fields.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                return Err(usage(format!("{}: the field {name:?} is there twice, or has no name", self.name())));
            }
            fields.push(name.to_owned());
        }
        Ok(fields)
    }

    /// The rows, each with the line it begins on.
    pub(crate) fn rows(&self) -> Result<Rows> {
        let name = self.name();
        let lines = match self.kind {
            Kind::Jsonl => Inner::Jsonl { lines: BufReader::new(self.file()?).lines(), at: 0, flat: self.flat },
            Kind::Csv => {
                let header = self.header()?;
                let mut records = self.records()?;
                records.next();
                Inner::Csv { header, records: Box::new(records.peekable()), member_fields: self.member_fields.clone() }
            }
        };
        Ok(Rows { name, inner: lines })
    }
}

/// The rows of a table.
pub(crate) struct Rows {
    name: String,
    inner: Inner,
}

enum Inner {
    Csv { header: Vec<String>, records: Box<Peekable<Csv<BufReader<File>>>>, member_fields: Vec<String> },
    Jsonl { lines: Lines<BufReader<File>>, at: u32, flat: bool },
}

impl Iterator for Rows {
    type Item = Result<(u32, Object)>;

    fn next(&mut self) -> Option<Self::Item> {
        let name = &self.name;
        match &mut self.inner {
            Inner::Jsonl { lines, at, flat } => loop {
                *at += 1;
                let line = match lines.next()? {
                    Ok(line) if line.trim().is_empty() => continue,
                    Ok(line) => line,
                    Err(error) => return Some(Err(usage(format!("{name}: {error}")))),
                };
                let wrong = |why: String| usage(format!("{name}: line {at}: {why}"));
                return Some(match Value::parse(line.trim_start_matches('\u{feff}').as_bytes()) {
                    Ok(Value::Object(row)) if *flat => Ok((*at, flattened(row))),
                    Ok(Value::Object(row)) => Ok((*at, row)),
                    Ok(other) => Err(wrong(format!("it is to be a JSON object, and is {}", other.kind()))),
                    Err(error) => Err(wrong(format!("it is no JSON: {error}"))),
                });
            },
            Inner::Csv { header, records, member_fields } => {
                let wrong = |why: String| usage(format!("{name}: {why}"));
                let (line, first) = match records.next()? {
                    Ok(record) => record,
                    Err(why) => return Some(Err(wrong(why))),
                };
                if first.len() != header.len() {
                    let (has, wants) = (first.len(), header.len());
                    return Some(Err(wrong(format!(
                        "line {line}: it has {has} fields, and the first line has {wants}"
                    ))));
                }
                let mut row: Object = header.iter().map(String::as_str).zip(first.iter().map(String::as_str)).collect();
                let is_member = |at: usize| {
                    header
                        .get(at)
                        .is_some_and(|name| member_fields.iter().any(|field| field.eq_ignore_ascii_case(name)))
                };
                while !member_fields.is_empty() {
                    let same = |(_, other): &Record| {
                        let mut pairs = other.iter().zip(&first).enumerate();
                        other.len() == first.len() && pairs.all(|(at, (other, own))| is_member(at) || other == own)
                    };
                    let Some(Ok((_, next))) = records.next_if(|next| next.as_ref().is_ok_and(same)) else { break };
                    for (at, value) in next.iter().enumerate().filter(|(at, _)| is_member(*at)) {
                        if let Some(held) = header.get(at).and_then(|name| row.get_mut(name)) {
                            add(held, value);
                        }
                    }
                }
                Some(Ok((line, row)))
            }
        }
    }
}

/// One more value of a field.
fn add(held: &mut Value, value: &str) {
    match held {
        Value::Array(list) => list.push(value.into()),
        one => *one = Value::Array(vec![std::mem::take(one), value.into()]),
    }
}

/// Members of nested documents by their paths; what the server alone sets is left out.
fn flattened(row: Object) -> Object {
    let mut flat = Object::new();
    for (name, value) in row {
        match value {
            _ if ["schemas", "id", "meta"].iter().any(|known| name.eq_ignore_ascii_case(known)) => {}
            Value::Object(inner) => {
                let separator = if name.starts_with("urn:") { ':' } else { '.' };
                for (sub, value) in inner {
                    flat.insert(format!("{name}{separator}{sub}"), value);
                }
            }
            other => {
                flat.insert(name, other);
            }
        }
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn source(name: &str, text: &str) -> (tempfile::TempDir, Source) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        let source = Source::new(&path, None, ',').unwrap();
        (folder, source)
    }

    fn rows(source: &Source) -> Vec<String> {
        let row = |row: Result<(u32, Object)>| match row {
            Ok((line, row)) => format!("{line} {}", Value::from(row)),
            Err(failure) => failure.to_string().rsplit(": ").next().unwrap().to_owned(),
        };
        source.rows().unwrap().map(row).collect()
    }

    #[test]
    fn a_table_is_read_with_quotes_marks_and_line_ends_of_every_kind() {
        let (_folder, source) = source("people.csv", "\u{feff}mail,name\r\nann,\"Lee, \"\"A\"\"\nx\"\r\n\r\nbob,Ö\n");
        assert_eq!(rows(&source), [r#"2 {"mail":"ann","name":"Lee, \"A\"\nx"}"#, r#"5 {"mail":"bob","name":"Ö"}"#]);
    }

    #[test]
    fn a_row_that_is_too_short_is_an_error_and_no_person_less() {
        let (_folder, source) = source("people.csv", "mail,name\nann\n");
        assert_eq!(rows(&source), ["it has 1 fields, and the first line has 2"]);
    }

    #[test]
    fn documents_are_read_a_line_at_a_time_and_made_flat_without_a_mapping() {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let text = format!(
            "{{\"userName\":\"a\",\"name\":{{\"givenName\":\"A\"}}}}\n\n{{\"id\":\"7\",\"{enterprise}\":{{\"department\":\"x\"}}}}\n"
        );
        let (_folder, mut source) = source("people.jsonl", &text);
        let part = source.own_part(&["externalId", "userName"]).unwrap();
        assert_eq!(part.fields(), ["userName", "name.givenName", &format!("{enterprise}:department")]);
        assert_eq!(rows(&source)[1], format!(r#"3 {{"{enterprise}:department":"x"}}"#));
        let (_folder, source) = self::source("people.jsonl", "[]\n{\n");
        assert_eq!(rows(&source)[0], "it is to be a JSON object, and is an array");
    }

    #[test]
    fn rows_of_one_group_that_follow_each_other_are_one() {
        let (_folder, mut source) = source("groups.csv", "team,members\nA,1\nA,2;3\nB,4\nA,5\n");
        let part = source.own_part(&["displayName"]).unwrap();
        let source = source.with_part(&part).unwrap();
        assert_eq!(
            rows(&source),
            [
                r#"2 {"team":"A","members":["1","2;3"]}"#,
                r#"4 {"team":"B","members":"4"}"#,
                r#"5 {"team":"A","members":"5"}"#
            ]
        );
    }
}
