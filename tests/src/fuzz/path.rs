//! PATCH paths: `parse(print(p)) = p`, and whatever a path names, an operation on it gives a document that is in order or
//! an error that changes nothing (RFC 7644 §3.5.2).

use super::{Outcome, filter, patch};
use scimstack_filter::patch::{Op, OpKind};
use scimstack_filter::{Limits, Patch, PatchPath};
use scimstack_schema::Value;

/// Values that fit some attribute each.
const VALUES: &[&str] = &[
    r#""ann""#,
    "true",
    "1",
    "null",
    "[]",
    r#"{"value": "x", "type": "work"}"#,
    r#"[{"value": "x", "primary": true}, {"value": "y"}]"#,
    r#""2026-01-01T10:00:00Z""#,
    r#"{"givenName": "Anna", "department": "Tools"}"#,
];

pub(super) fn run(data: &[u8]) -> Outcome {
    let Ok(text) = std::str::from_utf8(data) else {
        return Outcome::Refused;
    };
    let path = match PatchPath::parse(text) {
        Ok(path) => path,
        Err(error) => {
            filter::assert_points_into(&error, text);
            return Outcome::Refused;
        }
    };
    let printed = path.to_string();
    let mut limits = Limits::default();
    limits.length = limits.length.max(printed.len());
    let again = PatchPath::parse_with(&printed, &limits)
        .unwrap_or_else(|error| panic!("what was printed cannot be parsed: {error}: {printed}"));
    assert_eq!(again, path, "what was printed is another path: {printed}");

    let operation = |kind, value| Op { kind, path: Some(text.to_owned()), value };
    let mut operations = vec![operation(OpKind::Remove, None)];
    for value in VALUES {
        let value = Value::parse(value.as_bytes()).expect("the value is JSON");
        for kind in [OpKind::Add, OpKind::Replace, OpKind::Remove] {
            operations.push(operation(kind, Some(value.clone())));
        }
    }
    for operation in operations {
        patch::apply_everywhere(&Patch { operations: vec![operation] });
    }
    Outcome::Accepted
}
