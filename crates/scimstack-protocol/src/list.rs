//! List queries and answers (RFC 7644 §3.4.2, §3.4.3; RFC 9865): what a client asks for in a URL or a SearchRequest, and
//! the envelope of the answer.
//!
//! ```
//! use scimstack_protocol::{ListQuery, ListResponse};
//!
//! let query = ListQuery::from_query_pairs([("filter", "userName pr"), ("startIndex", "-3"), ("count", "10")]).unwrap();
//! assert_eq!((query.start_index, query.count), (Some(1), Some(10)));
//!
//! let mut answer = Vec::new();
//! let envelope = ListResponse { total_results: Some(1), start_index: 1, items_per_page: 1 };
//! envelope.write(&[br#"{"id":"1"}"#.as_slice()], &mut answer);
//! assert_eq!(
//!     String::from_utf8(answer).unwrap(),
//!     r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":1,"startIndex":1,"itemsPerPage":1,"Resources":[{"id":"1"}]}"#,
//! );
//! ```

use crate::error::{ScimError, ScimType};
use scimstack_schema::value::write_string;
use scimstack_schema::{Projection, Value};
use std::collections::BTreeSet;

/// The schema of list answers.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The schema of searches sent by POST.
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// The parameters of a list request, from a URL or a SearchRequest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListQuery {
    /// `filter`
    pub filter: Option<String>,
    /// `sortBy`
    pub sort_by: Option<String>,
    /// `sortOrder=descending`
    pub descending: bool,
    /// `startIndex`, at least 1.
    pub start_index: Option<u64>,
    /// `count`, at least 0.
    pub count: Option<u32>,
    /// `cursor`; an empty string starts.
    pub cursor: Option<String>,
    /// `attributes` and `excludedAttributes`.
    pub projection: scimstack_schema::Projection,
}

/// The envelope of a list answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListResponse {
    /// `totalResults`; may be unknown on a page that was asked for by cursor (RFC 9865 §2), and only there.
    pub total_results: Option<u64>,
    /// `startIndex`
    pub start_index: u64,
    /// `itemsPerPage`
    pub items_per_page: u64,
}

const PARAMETERS: [&str; 8] =
    ["filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", "attributes", "excludedAttributes"];

/// The known parameter that `name` is, whatever its case.
fn parameter(name: &str) -> Option<&'static str> {
    PARAMETERS.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

impl ListQuery {
    /// From the parameters of a URL, decoded. Unknown ones are ignored.
    ///
    /// # Errors
    /// 400 `invalidValue`: a known parameter twice, a number that is none, both `attributes` and `excludedAttributes`;
    /// beside a cursor, `invalidCount` for a `count` that is no number (RFC 9865 §2.1).
    pub fn from_query_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ScimError> {
        let (mut query, mut count) = (Self::default(), Ok(None));
        let mut seen = BTreeSet::new();
        for (name, value) in pairs {
            let Some(name) = parameter(name) else { continue };
            if !seen.insert(name) {
                return Err(ScimError::invalid_value(format!("The parameter {name} is given twice; give it once.")));
            }
            match name {
                "startIndex" => query.set_start_index(whole_number(name, value)?),
                "count" => count = whole_number(name, value),
                "attributes" => query.projection.attributes = names(value.split(',')),
                "excludedAttributes" => query.projection.excluded = names(value.split(',')),
                _ => query.set_text(name, value)?,
            }
        }
        query.checked(count)
    }

    /// From a SearchRequest (RFC 7644 §3.4.3). Unknown members are ignored, `null` is as if absent.
    ///
    /// # Errors
    /// 400 `invalidSyntax` for what is no SearchRequest, 400 `invalidValue` for members with wrong values; `invalidCount`
    /// as in [`ListQuery::from_query_pairs`].
    pub fn from_search_request(body: &Value) -> Result<Self, ScimError> {
        let Some(object) = body.as_object() else {
            return Err(ScimError::invalid_syntax(format!(
                "A search is a JSON object with the schema {SEARCH_REQUEST}, but the body is {}.",
                body.kind()
            )));
        };
        if let Some(schemas) = object.get("schemas").filter(|schemas| !schemas.is_unassigned()) {
            let is_search = |schema: &Value| schema.as_str().is_some_and(|s| s.eq_ignore_ascii_case(SEARCH_REQUEST));
            if !schemas.as_array().is_some_and(|schemas| schemas.iter().any(is_search)) {
                return Err(ScimError::invalid_syntax(format!(
                    "The schemas of a search must contain {SEARCH_REQUEST}."
                )));
            }
        }
        let (mut query, mut count) = (Self::default(), Ok(None));
        for (name, value) in object.iter() {
            let (Some(name), false) = (parameter(name), matches!(value, Value::Null)) else {
                continue;
            };
            match (name, value) {
                ("startIndex", Value::Number(n)) => query.set_start_index(whole_number(name, n.as_str())?),
                ("count", Value::Number(n)) => count = whole_number(name, n.as_str()),
                ("count", _) => count = Err(not_a_number(name, &value.to_string())),
                ("startIndex", _) => return Err(not_a_number(name, &value.to_string())),
                ("attributes", _) => query.projection.attributes = name_list(name, value)?,
                ("excludedAttributes", _) => query.projection.excluded = name_list(name, value)?,
                (_, Value::String(text)) => query.set_text(name, text)?,
                _ => {
                    return Err(ScimError::invalid_value(format!("{name} must be a string, not {}.", value.kind())));
                }
            }
        }
        query.checked(count)
    }

    fn set_text(&mut self, name: &str, value: &str) -> Result<(), ScimError> {
        let given = (!value.trim().is_empty()).then(|| value.to_owned());
        match name {
            "filter" => self.filter = given,
            "sortBy" => self.sort_by = given.map(|path| path.trim().to_owned()),
            "cursor" => self.cursor = Some(value.to_owned()),
            _ => {
                self.descending = match value.trim().to_ascii_lowercase().as_str() {
                    "" | "ascending" => false,
                    "descending" => true,
                    _ => {
                        return Err(ScimError::invalid_value(format!(
                            "sortOrder is \"{value}\"; it must be ascending or descending."
                        )));
                    }
                }
            }
        }
        Ok(())
    }

    fn set_start_index(&mut self, n: Option<i128>) {
        self.start_index = n.map(|n| u64::try_from(n.max(1)).unwrap_or(u64::MAX));
    }

    /// With its `count`, whose error depends on whether there is a cursor.
    fn checked(mut self, count: Result<Option<i128>, ScimError>) -> Result<Self, ScimError> {
        let count = count.map_err(|error| match self.cursor {
            Some(_) => ScimError { scim_type: Some(ScimType::InvalidCount), ..error },
            None => error,
        })?;
        self.count = count.map(|n| u32::try_from(n.max(0)).unwrap_or(u32::MAX));
        check_projection(&self.projection)?;
        Ok(self)
    }
}

/// Refuses `attributes` beside `excludedAttributes` (RFC 7644 §3.9).
///
/// # Errors
/// 400 `invalidValue`.
pub fn check_projection(projection: &Projection) -> Result<(), ScimError> {
    if projection.attributes.is_empty() || projection.excluded.is_empty() {
        return Ok(());
    }
    Err(ScimError::invalid_value("attributes and excludedAttributes exclude each other; give one of them."))
}

fn not_a_number(name: &str, value: &str) -> ScimError {
    let value: String = value.chars().take(40).collect();
    ScimError::invalid_value(format!("{name} is {value:?}; it must be a whole number such as 10."))
}

/// A whole number; `None` when there is nothing.
fn whole_number(name: &str, text: &str) -> Result<Option<i128>, ScimError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(not_a_number(name, text));
    }
    let n: i128 = digits.parse().unwrap_or(i128::MAX);
    Ok(Some(if digits.len() < text.len() { -n } else { n }))
}

fn names<'a>(parts: impl Iterator<Item = &'a str>) -> Vec<String> {
    parts.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn name_list(name: &str, value: &Value) -> Result<Vec<String>, ScimError> {
    let wrong = || ScimError::invalid_value(format!("{name} must be a list of attribute names, not {}.", value.kind()));
    match value {
        Value::String(text) => Ok(names(text.split(','))),
        Value::Array(elements) => {
            let texts: Option<Vec<&str>> = elements.iter().map(Value::as_str).collect();
            Ok(names(texts.ok_or_else(wrong)?.into_iter()))
        }
        _ => Err(wrong()),
    }
}

impl ListResponse {
    /// Appends the message up to and with the bracket that opens `Resources`.
    pub fn open(&self, out: &mut Vec<u8>) {
        self.open_counted(out);
        let Self { start_index, items_per_page, .. } = self;
        let head = format!(r#""startIndex":{start_index},"itemsPerPage":{items_per_page},"Resources":["#);
        out.extend_from_slice(head.as_bytes());
    }

    /// What comes first: schemas, and the total when it is known.
    fn open_counted(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!(r#"{{"schemas":["{LIST_RESPONSE}"],"#).as_bytes());
        if let Some(total) = self.total_results {
            out.extend_from_slice(format!(r#""totalResults":{total},"#).as_bytes());
        }
    }

    /// [`ListResponse::open`] for a page that was asked for by cursor (RFC 9865 §2): where the next one starts in place of
    /// `startIndex`.
    pub fn open_at_cursor(&self, next: Option<&str>, out: &mut Vec<u8>) {
        self.open_counted(out);
        out.extend_from_slice(format!(r#""itemsPerPage":{},"#, self.items_per_page).as_bytes());
        if let Some(next) = next {
            out.extend_from_slice(b"\"nextCursor\":");
            write_string(next, out);
            out.push(b',');
        }
        out.extend_from_slice(b"\"Resources\":[");
    }

    /// Appends what closes an opened message.
    pub fn close(out: &mut Vec<u8>) {
        out.extend_from_slice(b"]}");
    }

    /// Appends the whole message with these resources, each a JSON object.
    pub fn write(&self, resources: &[impl AsRef<[u8]>], out: &mut Vec<u8>) {
        self.open(out);
        for (i, resource) in resources.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            out.extend_from_slice(resource.as_ref());
        }
        Self::close(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(body: &str) -> Result<ListQuery, ScimError> {
        ListQuery::from_search_request(&Value::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn numbers_below_their_range_are_brought_into_it() {
        for (start, count, expected) in [
            ("1", "2", (Some(1), Some(2))),
            ("0", "0", (Some(1), Some(0))),
            ("-7", "-1", (Some(1), Some(0))),
            ("", " ", (None, None)),
            ("99999999999999999999999999999999999999999999", "99999999999", (Some(u64::MAX), Some(u32::MAX))),
        ] {
            let query = ListQuery::from_query_pairs([("startIndex", start), ("count", count)]).unwrap();
            assert_eq!((query.start_index, query.count), expected, "{start} {count}");
        }
    }

    #[test]
    fn what_is_no_parameter_value_is_refused() {
        for pairs in [
            vec![("count", "abc")],
            vec![("startIndex", "1.5")],
            vec![("count", "1"), ("count", "1")],
            vec![("filter", "a pr"), ("FILTER", "b pr")],
            vec![("sortOrder", "upward")],
            vec![("attributes", "userName"), ("excludedAttributes", "emails")],
        ] {
            let error = ListQuery::from_query_pairs(pairs.clone()).unwrap_err();
            assert_eq!((error.status, error.scim_type), (400, Some(ScimType::InvalidValue)), "{pairs:?}");
        }
        for pairs in [[("count", "abc"), ("cursor", "")], [("cursor", "x"), ("count", "1.5")]] {
            let error = ListQuery::from_query_pairs(pairs).unwrap_err();
            assert_eq!((error.status, error.scim_type), (400, Some(ScimType::InvalidCount)), "{pairs:?}");
        }
        let error = search(r#"{"cursor":"","count":"1"}"#).unwrap_err();
        assert_eq!(error.scim_type, Some(ScimType::InvalidCount));
    }

    #[test]
    fn unknown_parameters_and_empty_ones_do_nothing() {
        let query =
            ListQuery::from_query_pairs([("aadOptscim062020", ""), ("x", "1"), ("x", "2"), ("attributes", " , ")]);
        assert_eq!(query.unwrap(), ListQuery::default());
    }

    #[test]
    fn a_search_says_the_same_as_a_url() {
        let body = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"displayName sw \"A\"",
            "attributes":["displayName"," userName "],"sortBy":"displayName","sortOrder":"descending","startIndex":0,"count":2,
            "cursor":null}"#;
        let pairs = [
            ("filter", "displayName sw \"A\""),
            ("attributes", "displayName,userName"),
            ("sortBy", "displayName"),
            ("sortOrder", "Descending"),
            ("startIndex", "0"),
            ("count", "2"),
        ];
        assert_eq!(search(body), ListQuery::from_query_pairs(pairs));
    }

    #[test]
    fn what_is_no_search_is_refused() {
        for (body, scim_type) in [
            ("[]", ScimType::InvalidSyntax),
            (r#"{"schemas":["urn:x"]}"#, ScimType::InvalidSyntax),
            (r#"{"count":"2"}"#, ScimType::InvalidValue),
            (r#"{"count":2.5}"#, ScimType::InvalidValue),
            (r#"{"filter":1}"#, ScimType::InvalidValue),
            (r#"{"attributes":[1]}"#, ScimType::InvalidValue),
        ] {
            assert_eq!(search(body).unwrap_err().scim_type, Some(scim_type), "{body}");
        }
    }

    #[test]
    fn a_page_by_cursor_has_no_start_index() {
        let page = ListResponse { total_results: Some(7), start_index: 1, items_per_page: 0 };
        for (next, part) in [(None, ""), (Some("a\"b"), r#""nextCursor":"a\"b","#)] {
            let mut out = Vec::new();
            page.open_at_cursor(next, &mut out);
            ListResponse::close(&mut out);
            assert_eq!(
                String::from_utf8(out).unwrap(),
                format!(
                    r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":7,"itemsPerPage":0,{part}"Resources":[]}}"#
                )
            );
        }
    }

    #[test]
    fn a_total_that_is_not_known_is_left_out() {
        let mut out = Vec::new();
        ListResponse { total_results: None, start_index: 1, items_per_page: 0 }.open_at_cursor(None, &mut out);
        ListResponse::close(&mut out);
        assert!(!String::from_utf8(out).unwrap().contains("totalResults"));
    }

    #[test]
    fn an_empty_answer_has_its_list() {
        let mut out = Vec::new();
        ListResponse { total_results: Some(0), start_index: 1, items_per_page: 0 }.write(&[] as &[&[u8]], &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with(r#""totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}"#), "{text}");
    }
}
