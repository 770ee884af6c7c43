//! What is printed: tables for people, JSON for programs. What a server says is printed without control characters, so that
//! it cannot move a terminal's cursor.

use crate::failure::{Result, usage};
use clap::{Args, ValueEnum};
use scimstack_schema::{Object, ResourceType, Value};
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::sync::Arc;

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// One JSON document, indented
    Json,
    /// One JSON document a line
    Jsonl,
}

/// How results are printed.
#[derive(Args, Clone, Debug)]
pub(crate) struct Output {
    /// How results are printed
    #[arg(long, short = 'o', value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

/// What of a resource stands in a table.
#[derive(Args, Clone, Debug)]
pub(crate) struct Columns {
    /// The table's columns, as attribute paths separated by commas
    #[arg(long, value_name = "PATHS", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
}

/// Writes to the standard output. A reader that has gone away, as `head` does, is no error.
pub(crate) fn print(text: &str) -> Result {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(usage(format!("cannot print: {error}"))),
        _ => Ok(()),
    }
}

/// Asks on the terminal; without one, the answer has to be on the command line.
pub(crate) fn confirmed(question: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(usage("there is no terminal to ask on; give --yes"));
    }
    eprint!("{} [y/N] ", plain(question));
    let mut answer = String::new();
    let asked = std::io::stderr().flush().and_then(|()| std::io::stdin().read_line(&mut answer));
    asked.map_err(|error| usage(format!("cannot ask: {error}")))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Text without control characters, except line ends.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// Indented JSON, with its line end.
pub(crate) fn pretty(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
    format!("{text}\n")
}

/// One resource.
pub(crate) fn resource(object: &Object, format: Format) -> Result {
    let value = Value::from(object.clone());
    match format {
        Format::Json => print(&pretty(&value)),
        Format::Jsonl => print(&format!("{value}\n")),
        Format::Table => {
            let mut rows = Vec::new();
            flatten("", object, &mut rows);
            let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
            let lines = rows.iter().map(|(name, value)| format!("{name:<width$}  {}\n", cell(value)));
            print(&lines.collect::<String>())
        }
    }
}

/// Each attribute and sub-attribute with its value.
fn flatten(before: &str, object: &Object, rows: &mut Vec<(String, String)>) {
    for (name, value) in object.iter() {
        let separator = if before.starts_with("urn:") && !before.ends_with('.') { ":" } else { "." };
        let path = if before.is_empty() { name.to_owned() } else { format!("{before}{separator}{name}") };
        match value {
            Value::Object(inner) => flatten(&path, inner, rows),
            Value::Array(elements) => {
                for element in elements {
                    rows.push((path.clone(), element_text(element)));
                }
            }
            other => rows.push((path, text(other))),
        }
    }
}

/// An element of a list in one line: its value, and what else it says.
fn element_text(element: &Value) -> String {
    let Value::Object(object) = element else { return text(element) };
    let main = object.get("value").map(text);
    let others = object.iter().filter(|(name, value)| {
        !name.eq_ignore_ascii_case("value") && !name.eq_ignore_ascii_case("$ref") && !value.is_unassigned()
    });
    let others: Vec<String> = others.map(|(name, value)| format!("{name}={}", text(value))).collect();
    match (main, others.is_empty()) {
        (Some(main), true) => main,
        (Some(main), false) => format!("{main} ({})", others.join(", ")),
        (None, _) => others.join(", "),
    }
}

/// A value as a table shows it.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.as_str().to_owned(),
        Value::Array(elements) => elements.iter().map(main).collect::<Vec<_>>().join(", "),
        Value::Object(_) => main(value),
        other => other.to_string(),
    }
}

/// What an element is about: its value, its name, else all of it.
fn main(element: &Value) -> String {
    let told = ["value", "formatted", "display", "displayName"].into_iter().find_map(|name| element.get(name));
    match (element, told) {
        (Value::Object(_), Some(told)) => text(told),
        (Value::Object(_), None) => element.to_string(),
        _ => text(element),
    }
}

/// One line of a table: no line ends.
fn cell(text: &str) -> String {
    plain(text).replace('\n', " ")
}

/// A table with a heading.
pub(crate) fn table(heading: &[String], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|text| cell(text)).collect()).collect();
    let mut widths: Vec<usize> = heading.iter().map(|name| name.chars().count()).collect();
    for row in &rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.chars().count());
        }
    }
    let line = |row: &[String]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    let heading: Vec<String> = heading.iter().map(|name| name.to_uppercase()).collect();
    std::iter::once(line(&heading)).chain(rows.iter().map(|row| line(row))).collect()
}

/// The columns of a table of resources.
pub(crate) struct Table {
    columns: Vec<String>,
    resource_type: Option<Arc<ResourceType>>,
}

impl Table {
    /// The columns that are asked for, else what a type is best known by.
    pub(crate) fn new(asked: &[String], endpoint: &str, resource_type: Option<Arc<ResourceType>>) -> Self {
        let usual: &[&str] = match endpoint {
            "/Users" => &["id", "userName", "displayName", "active", "emails"],
            "/Groups" => &["id", "displayName"],
            "/Schemas" => &["id", "name"],
            "/ResourceTypes" => &["id", "endpoint", "schema"],
            _ => &[],
        };
        let columns = match (asked, usual) {
            ([_, ..], _) => asked.iter().map(|path| path.trim().to_owned()).collect(),
            (_, [_, ..]) => usual.iter().map(|path| (*path).to_owned()).collect(),
            _ => Self::of_type(resource_type.as_deref()),
        };
        Self { columns, resource_type }
    }

    /// The id, and the first single values a type has.
    fn of_type(resource_type: Option<&ResourceType>) -> Vec<String> {
        let simple = |attribute: &&Arc<scimstack_schema::Attribute>| {
            !attribute.multi_valued && attribute.sub_attributes.is_empty() && !attribute.is_hidden()
        };
        let attributes = resource_type.map(|found| found.schema.attributes.as_slice()).unwrap_or_default();
        let named = attributes.iter().filter(simple).take(4).map(|attribute| attribute.name.to_string());
        std::iter::once("id".to_owned()).chain(named).collect()
    }

    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// A resource as a row.
    pub(crate) fn row(&self, object: &Object) -> Vec<String> {
        self.columns.iter().map(|path| self.value(object, path)).collect()
    }

    fn value(&self, object: &Object, path: &str) -> String {
        let (extension, rest) = match self.resource_type.as_ref().and_then(|found| found.resolve(path)) {
            Some(resolved) => {
                let sub = resolved.sub_attribute.as_ref().map(|sub| format!(".{}", sub.name)).unwrap_or_default();
                (resolved.extension.clone(), format!("{}{sub}", resolved.attribute.name))
            }
            None => (None, path.to_owned()),
        };
        let found = match extension {
            Some(uri) => object.get(uri.as_str()).and_then(Value::as_object).map(|inner| reach(inner, &rest)),
            None => Some(reach(object, &rest)),
        };
        found.unwrap_or_default()
    }
}

/// The value at a dotted path; of lists, that of each element.
fn reach(object: &Object, path: &str) -> String {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(value) = object.get(name) else { return String::new() };
    match (value, rest) {
        (value, None) => text(value),
        (Value::Object(inner), Some(rest)) => reach(inner, rest),
        (Value::Array(elements), Some(rest)) => {
            let found = elements.iter().filter_map(|element| Some(reach(element.as_object()?, rest)));
            found.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object {
        Value::parse(text.as_bytes()).unwrap().as_object().unwrap().clone()
    }

    #[test]
    fn a_table_has_columns_of_equal_width_and_no_control_characters() {
        let user = scimstack_schema::Registry::core().resource_type("User").cloned();
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let asked = ["userName", "emails.type", "name.familyName", &format!("{enterprise}:department"), "nothing"];
        let table_of = Table::new(&asked.map(str::to_owned), "/Users", user);
        let row = table_of.row(&object(&format!(
            r#"{{"userName":"\u001b[2Jann","emails":[{{"value":"a","type":"work"}},{{"value":"b","type":"home"}}],
                "name":{{"familyName":"Ü\n"}},"{enterprise}":{{"department":"Sales"}}}}"#
        )));
        assert_eq!(row[1..], ["work, home", "Ü\n", "Sales", ""]);
        let text = table(&["userName".to_owned(), "x".to_owned()], &[row[..2].to_vec()]);
        assert_eq!(text, "USERNAME  X\n\u{fffd}[2Jann   work, home\n");
    }

    #[test]
    fn lists_show_what_their_elements_are_about() {
        for (value, shown) in [
            (r#"[{"value":"a","type":"work"},{"value":"b"}]"#, "a, b"),
            (r#"["a","b"]"#, "a, b"),
            (r#"[{"display":"A"}]"#, "A"),
            (r#"{"formatted":"Ann Lee","familyName":"Lee"}"#, "Ann Lee"),
            (r#"{"x":1}"#, r#"{"x":1}"#),
            ("true", "true"),
            ("null", ""),
        ] {
            assert_eq!(text(&Value::parse(value.as_bytes()).unwrap()), shown);
        }
    }
}
