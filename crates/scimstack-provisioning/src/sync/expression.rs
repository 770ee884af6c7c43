//! What a value is made of: fields of the source, constants, and a few ways to put them together. It is data; how it is
//! written down is in `read`, which attribute it goes to in `mapping`.
//!
//! ```
//! use scimstack_provisioning::sync::Expression;
//! use scimstack_schema::Value;
//!
//! let read = |text: &str| Value::parse(text.as_bytes()).unwrap();
//! let name = Expression::from_value(&read(r#"{"join": ["first", "last"], "with": " "}"#)).unwrap();
//! let row = read(r#"{"first": "Ann", "last": "Lee"}"#);
//! assert_eq!(name.value(row.as_object().unwrap()), Value::from("Ann Lee"));
//! ```

mod read;

use scimstack_schema::{Object, Value};
use std::borrow::Cow;

pub use read::ExpressionError;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A field of the source, by its name; of nested documents, by its path with dots.
    Field(String),
    /// Always the same.
    Constant(Value),
    /// The first of these that is not empty.
    First(Vec<Expression>),
    /// The texts of those that are not empty, with something between them.
    Join {
        /// The parts.
        parts: Vec<Expression>,
        /// What stands between two of them.
        with: String,
    },
    /// In lower case.
    Lower(Box<Expression>),
    /// In upper case.
    Upper(Box<Expression>),
    /// Without white space around it.
    Trim(Box<Expression>),
    /// A text taken apart, or each text of a list: the list of the parts that are not empty.
    Split {
        /// The text.
        of: Box<Expression>,
        /// What stands between two parts.
        by: String,
    },
    /// One or the other.
    If {
        /// Which.
        when: Condition,
        /// When it holds.
        then: Box<Expression>,
        /// When it does not; without it, nothing.
        otherwise: Option<Box<Expression>>,
    },
}

/// What is asked of a row of the source.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The field's text is one of these, without case.
    Is(String, Vec<String>),
    /// The field is empty, or is not there.
    Empty(String),
    /// It does not hold.
    Not(Box<Condition>),
    /// All hold.
    All(Vec<Condition>),
    /// One of them holds.
    Any(Vec<Condition>),
}

impl Expression {
    /// The value for a row; `null` when it is empty.
    #[must_use]
    pub fn value(&self, row: &Object) -> Value {
        let value = match self {
            Self::Field(name) => field(row, name).cloned().unwrap_or_default(),
            Self::Constant(value) => value.clone(),
            Self::First(of) => of.iter().map(|one| one.value(row)).find(|value| !is_empty(value)).unwrap_or_default(),
            Self::Join { parts, with } => {
                let values: Vec<Value> = parts.iter().map(|part| part.value(row)).collect();
                let texts: Vec<Cow<'_, str>> = values.iter().filter_map(text).filter(|text| !text.is_empty()).collect();
                Value::from(texts.join(with))
            }
            Self::Lower(of) => each(of.value(row), &|text| text.to_lowercase()),
            Self::Upper(of) => each(of.value(row), &|text| text.to_uppercase()),
            Self::Trim(of) => each(of.value(row), &|text| text.trim().to_owned()),
            Self::Split { of, by } => {
                let whole = match of.value(row) {
                    Value::Array(elements) => elements,
                    one => vec![one],
                };
                let parts = |one: Value| match text(&one) {
                    Some(text) => {
                        let parts = text.split(by.as_str()).map(str::trim).filter(|part| !part.is_empty());
                        parts.map(Value::from).collect()
                    }
                    None => vec![one],
                };
                Value::Array(whole.into_iter().flat_map(parts).filter(|part| !part.is_unassigned()).collect())
            }
            Self::If { when, then, otherwise } => match (when.holds(row), otherwise) {
                (true, _) => then.value(row),
                (false, Some(otherwise)) => otherwise.value(row),
                (false, None) => Value::Null,
            },
        };
        if is_empty(&value) { Value::Null } else { value }
    }

    /// The fields that are read.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Field(name) => found.push(name),
            Self::Constant(_) => {}
            Self::First(of) | Self::Join { parts: of, .. } => of.iter().for_each(|one| one.collect(found)),
            Self::Lower(of) | Self::Upper(of) | Self::Trim(of) | Self::Split { of, .. } => of.collect(found),
            Self::If { when, then, otherwise } => {
                when.collect(found);
                then.collect(found);
                otherwise.iter().for_each(|one| one.collect(found));
            }
        }
    }
}

impl Condition {
    /// Whether it holds for a row.
    #[must_use]
    pub fn holds(&self, row: &Object) -> bool {
        match self {
            Self::Is(name, wanted) => {
                let found = field(row, name).and_then(text).unwrap_or_default();
                let found = found.trim().to_lowercase();
                wanted.iter().any(|wanted| wanted.trim().to_lowercase() == found)
            }
            Self::Empty(name) => field(row, name).is_none_or(is_empty),
            Self::Not(of) => !of.holds(row),
            Self::All(of) => of.iter().all(|one| one.holds(row)),
            Self::Any(of) => of.iter().any(|one| one.holds(row)),
        }
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Is(name, _) | Self::Empty(name) => found.push(name),
            Self::Not(of) => of.collect(found),
            Self::All(of) | Self::Any(of) => of.iter().for_each(|one| one.collect(found)),
        }
    }
}

/// Nothing, or nothing that can be seen.
pub(super) fn is_empty(value: &Value) -> bool {
    value.is_unassigned() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// A simple value as text.
pub(super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text.as_str())),
        Value::Number(number) => Some(Cow::Borrowed(number.as_str())),
        Value::Bool(truth) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
        _ => None,
    }
}

/// The field of that name, else what the name leads to as a path.
fn field<'a>(row: &'a Object, name: &str) -> Option<&'a Value> {
    row.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        field(row.get(first)?.as_object()?, rest)
    })
}

/// Changes a text, or each text of a list; other values stay as they are.
fn each(value: Value, change: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::from(change(&text)),
        Value::Array(elements) => Value::Array(elements.into_iter().map(|element| each(element, change)).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn values_are_made_of_fields() {
        let row = value(
            r#"{"first":"Ann","last":"Lee","mail":" Ann@X.test ","none":"","n":7,"on":true,"tags":"a; b;;c","list":["x;y","z",{"value":"w"},null],"name":{"x":"deep"}}"#,
        );
        for (expression, expected) in [
            (r#""first""#, r#""Ann""#),
            (r#""absent""#, "null"),
            (r#""none""#, "null"),
            (r#""n""#, "7"),
            (r#""name.x""#, r#""deep""#),
            (r#"{"value":false}"#, "false"),
            (r#"{"first":["none","absent","last"]}"#, r#""Lee""#),
            (r#"{"join":["first","none","n","on"],"with":"-"}"#, r#""Ann-7-true""#),
            (r#"{"join":["none"]}"#, "null"),
            (r#"{"lower":{"trim":"mail"}}"#, r#""ann@x.test""#),
            (r#"{"upper":"first"}"#, r#""ANN""#),
            (r#"{"upper":{"split":"tags","by":";"}}"#, r#"["A","B","C"]"#),
            (r#"{"split":"list","by":";"}"#, r#"["x","y","z",{"value":"w"}]"#),
            (r#"{"split":"absent","by":";"}"#, "null"),
            (r#"{"if":{"field":"first","is":["bob","ANN"]},"then":{"value":1},"else":{"value":2}}"#, "1"),
            (r#"{"if":{"field":"none","empty":false},"then":"last"}"#, "null"),
            (r#"{"if":{"all":[{"field":"on","is":true},{"not":{"field":"n","is":8}}]},"then":"last"}"#, r#""Lee""#),
            (r#"{"if":{"any":[{"field":"n","is":6},{"field":"absent","empty":true}]},"then":"n"}"#, "7"),
        ] {
            let made = Expression::from_value(&value(expression)).unwrap();
            assert_eq!(made.value(row.as_object().unwrap()).to_string(), expected, "{expression}");
        }
    }
}
