//! The list of the people an identity provider is going to push: CSV, or JSON objects on lines of their own, whichever it
//! begins with. Left out: who of those who are here is meant ([`scimstack_server::Engine::adopt`]).

use scimstack_server::RosterEntry;
use serde_json::Value;

/// Reads a list.
///
/// # Errors
/// What is wrong with it, and in which line.
pub(crate) fn parse(text: &str) -> Result<Vec<RosterEntry>, String> {
    // Spreadsheets begin a file with a mark of their own.
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') { json_lines(text) } else { csv(text) }
}

fn entry(value: impl Fn(&str) -> Option<String>) -> RosterEntry {
    let text = |name: &str| value(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let mut entry = RosterEntry::default();
    (entry.external_id, entry.user_name, entry.email) = (text("externalId"), text("userName"), text("email"));
    entry
}

fn json_lines(text: &str) -> Result<Vec<RosterEntry>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            let value: Value = serde_json::from_str(line).map_err(|e| format!("line {}: {e}", at + 1))?;
            let object = value.as_object().ok_or_else(|| format!("line {}: no JSON object", at + 1))?;
            Ok(entry(|name| {
                let (_, value) = object.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
                value.as_str().map(str::to_owned)
            }))
        })
        .collect()
}

fn csv(text: &str) -> Result<Vec<RosterEntry>, String> {
    let mut rows = rows(text)?.into_iter();
    let head = rows.next().unwrap_or_default();
    let column = |name: &str| head.iter().position(|known| known.trim().eq_ignore_ascii_case(name));
    let columns = ["externalId", "userName", "email"].map(|name| (name, column(name)));
    if columns.iter().all(|(_, at)| at.is_none()) {
        return Err("the first line names none of the columns userName, externalId and email".to_owned());
    }
    let rows = rows.filter(|row| row.iter().any(|cell| !cell.trim().is_empty()));
    Ok(rows
        .map(|row| {
            entry(|name| {
                let (_, at) = columns.iter().find(|(known, _)| *known == name)?;
                row.get((*at)?).cloned()
            })
        })
        .collect())
}

/// The cells of CSV: commas between them, in quotes where they hold commas, quotes (doubled) or line ends.
fn rows(text: &str) -> Result<Vec<Vec<String>>, String> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if cell.is_empty() => is_quoted = true,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted && characters.peek() == Some(&'\n') => {}
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    if is_quoted {
        return Err("a quotation mark is not closed".to_owned());
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(external_id: &str, user_name: &str, email: &str) -> RosterEntry {
        let values = [("externalId", external_id), ("userName", user_name), ("email", email)];
        entry(|name| values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_list_is_csv_with_named_columns_in_any_order() {
        let text = "Email,department,USERNAME,externalId\r\n\"a\"\"b@x.test\",\"R, D\",ann,1\r\n\r\n,x,bob\n,\"two\nlines\",cid,3";
        let expected = [line("1", "ann", "a\"b@x.test"), line("", "bob", ""), line("3", "cid", "")];
        assert_eq!(csv(text).unwrap(), expected);
        assert!(csv("name,id\nann,1").unwrap_err().contains("userName"));
        assert!(csv("userName\n\"ann").unwrap_err().contains("not closed"));
    }

    #[test]
    fn a_list_is_json_objects_on_lines() {
        let text = "{\"username\":\"ann\",\"externalId\":\"1\"}\n\n{\"email\":\"b@x.test\",\"other\":[1]}\n";
        assert_eq!(json_lines(text).unwrap(), [line("1", "ann", ""), line("", "", "b@x.test")]);
        assert!(json_lines("{}\n[]").unwrap_err().contains("line 2"));
    }
}
