//! How an expression is written down, in JSON or TOML: a text is a field, everything else a table with one verb.

use super::{Condition, Expression, text};
use scimstack_schema::{Object, Value};

/// How deep expressions may stand in one another.
const DEPTH: usize = 16;

/// Why something is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ExpressionError(pub(crate) String);

type Result<T> = std::result::Result<T, ExpressionError>;

fn wrong<T>(why: impl Into<String>) -> Result<T> {
    Err(ExpressionError(why.into()))
}

impl Expression {
    /// Reads an expression:
    ///
    /// | written | is |
    /// |---|---|
    /// | `"mail"` | the field `mail` |
    /// | `{"value": true}` | always `true` |
    /// | `{"first": [E, …]}` | the first that is not empty |
    /// | `{"join": [E, …], "with": " "}` | the texts, with a space between them |
    /// | `{"lower": E}`, `{"upper": E}`, `{"trim": E}` | the text, changed |
    /// | `{"split": E, "by": ";"}` | a list |
    /// | `{"if": C, "then": E, "else": E}` | one or the other |
    ///
    /// A condition is `{"field": "status", "is": "active"}` (or a list of texts), `{"field": "left", "empty": true}`,
    /// `{"not": C}`, `{"all": [C, …]}` or `{"any": [C, …]}`.
    ///
    /// # Errors
    /// What is none of these.
    ///
    /// # Limits
    /// Sixteen expressions in one another.
    pub fn from_value(value: &Value) -> Result<Self> {
        expression(value, DEPTH)
    }

    /// The expression as it is written.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let list = |of: &[Self]| Value::Array(of.iter().map(Self::to_value).collect());
        let table = |members: Vec<(&str, Value)>| Value::Object(members.into_iter().collect());
        match self {
            Self::Field(name) => name.as_str().into(),
            Self::Constant(value) => table(vec![("value", value.clone())]),
            Self::First(of) => table(vec![("first", list(of))]),
            Self::Join { parts, with } => table(vec![("join", list(parts)), ("with", with.as_str().into())]),
            Self::Lower(of) => table(vec![("lower", of.to_value())]),
            Self::Upper(of) => table(vec![("upper", of.to_value())]),
            Self::Trim(of) => table(vec![("trim", of.to_value())]),
            Self::Split { of, by } => table(vec![("split", of.to_value()), ("by", by.as_str().into())]),
            Self::If { when, then, otherwise } => {
                let mut members = vec![("if", when.to_value()), ("then", then.to_value())];
                members.extend(otherwise.iter().map(|otherwise| ("else", otherwise.to_value())));
                table(members)
            }
        }
    }
}

impl Condition {
    fn to_value(&self) -> Value {
        let list = |of: &[Self]| Value::Array(of.iter().map(Self::to_value).collect());
        match self {
            Self::Is(field, wanted) => {
                let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
                Object::from_iter([("field", Value::from(field.as_str())), ("is", Value::from(wanted))]).into()
            }
            Self::Empty(field) => {
                Object::from_iter([("field", Value::from(field.as_str())), ("empty", Value::from(true))]).into()
            }
            Self::Not(of) => Object::from_iter([("not", of.to_value())]).into(),
            Self::All(of) => Object::from_iter([("all", list(of))]).into(),
            Self::Any(of) => Object::from_iter([("any", list(of))]).into(),
        }
    }
}

/// The members of a table; any other is refused.
fn only(table: &Object, known: &[&str]) -> Result<()> {
    match table.iter().find(|(name, _)| !known.contains(name)) {
        Some((name, _)) => wrong(format!("{name:?} is not known here; there is {}", known.join(", "))),
        None => Ok(()),
    }
}

fn expression(value: &Value, depth: usize) -> Result<Expression> {
    let Some(depth) = depth.checked_sub(1) else { return wrong(format!("it is more than {DEPTH} deep")) };
    let table = match value {
        Value::String(name) if !name.is_empty() => return Ok(Expression::Field(name.as_str().to_owned())),
        Value::Object(table) => table,
        other => return wrong(format!("a field's name or a table is expected, not {}", other.kind())),
    };
    let one = |value: &Value| Ok(Box::new(expression(value, depth)?));
    let many = |value: &Value| match value {
        Value::Array(elements) if !elements.is_empty() => elements.iter().map(|one| expression(one, depth)).collect(),
        _ => wrong("a list of at least one is expected"),
    };
    if let Some(constant) = table.get("value") {
        only(table, &["value"])?;
        return Ok(Expression::Constant(constant.clone()));
    }
    if let Some(of) = table.get("first") {
        only(table, &["first"])?;
        return Ok(Expression::First(many(of)?));
    }
    if let Some(of) = table.get("join") {
        only(table, &["join", "with"])?;
        let with = match table.get("with") {
            None => String::new(),
            Some(with) => with.as_str().map(str::to_owned).map_or_else(|| wrong("\"with\" is to be a text"), Ok)?,
        };
        return Ok(Expression::Join { parts: many(of)?, with });
    }
    for (verb, make) in [
        ("lower", Expression::Lower as fn(Box<Expression>) -> Expression),
        ("upper", Expression::Upper),
        ("trim", Expression::Trim),
    ] {
        if let Some(of) = table.get(verb) {
            only(table, &[verb])?;
            return Ok(make(one(of)?));
        }
    }
    if let Some(of) = table.get("split") {
        only(table, &["split", "by"])?;
        return match table.get("by").and_then(Value::as_str) {
            Some(by) if !by.is_empty() => Ok(Expression::Split { of: one(of)?, by: by.to_owned() }),
            _ => wrong("\"split\" needs \"by\", the text between two parts"),
        };
    }
    if let Some(when) = table.get("if") {
        only(table, &["if", "then", "else"])?;
        let Some(then) = table.get("then") else { return wrong("\"if\" needs \"then\"") };
        let otherwise = table.get("else").map(one).transpose()?;
        return Ok(Expression::If { when: condition(when, depth)?, then: one(then)?, otherwise });
    }
    wrong("a table has one of: value, first, join, lower, upper, trim, split, if")
}

fn condition(value: &Value, depth: usize) -> Result<Condition> {
    let Some(depth) = depth.checked_sub(1) else { return wrong(format!("it is more than {DEPTH} deep")) };
    let Value::Object(table) = value else {
        return wrong(format!("a condition is a table, not {}", value.kind()));
    };
    let many = |value: &Value| match value {
        Value::Array(elements) if !elements.is_empty() => elements.iter().map(|one| condition(one, depth)).collect(),
        _ => wrong("a list of at least one condition is expected"),
    };
    if let Some(of) = table.get("not") {
        only(table, &["not"])?;
        return Ok(Condition::Not(Box::new(condition(of, depth)?)));
    }
    if let Some(of) = table.get("all") {
        only(table, &["all"])?;
        return Ok(Condition::All(many(of)?));
    }
    if let Some(of) = table.get("any") {
        only(table, &["any"])?;
        return Ok(Condition::Any(many(of)?));
    }
    let Some(field) = table.get("field").and_then(Value::as_str).filter(|name| !name.is_empty()) else {
        return wrong("a condition has one of: field, not, all, any");
    };
    let field = field.to_owned();
    if let Some(wanted) = table.get("is") {
        only(table, &["field", "is"])?;
        let words = match wanted {
            Value::Array(words) => words.as_slice(),
            one => std::slice::from_ref(one),
        };
        let words = words.iter().map(|word| match text(word) {
            Some(word) => Ok(word.into_owned()),
            None => wrong(format!("\"is\" compares with texts, not with {}", word.kind())),
        });
        return Ok(Condition::Is(field, words.collect::<Result<_>>()?));
    }
    match table.get("empty") {
        Some(Value::Bool(true)) => only(table, &["field", "empty"]).map(|()| Condition::Empty(field)),
        Some(Value::Bool(false)) => {
            only(table, &["field", "empty"]).map(|()| Condition::Not(Box::new(Condition::Empty(field))))
        }
        _ => wrong("a condition on a field has \"is\", or \"empty\" with true or false"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_expression_is_refused_with_a_reason() {
        for (text, why) in [
            ("7", "a number"),
            (r#""""#, "a string"),
            ("{}", "one of: value, first"),
            (r#"{"value":1,"else":2}"#, r#""else" is not known here; there is value"#),
            (r#"{"first":[]}"#, "at least one"),
            (r#"{"split":"x"}"#, r#"needs "by""#),
            (r#"{"join":["x"],"with":1}"#, r#""with""#),
            (r#"{"if":{"field":"x","is":"y"}}"#, r#"needs "then""#),
            (r#"{"if":"x","then":"y"}"#, "a condition is a table"),
            (r#"{"if":{"field":"x"},"then":"y"}"#, r#"has "is""#),
            (r#"{"if":{"field":"x","is":[{}]},"then":"y"}"#, "an object"),
            (r#"{"if":{"x":1},"then":"y"}"#, "one of: field, not"),
        ] {
            let error = Expression::from_value(&Value::parse(text.as_bytes()).unwrap()).unwrap_err();
            assert!(error.to_string().contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn an_expression_that_is_too_deep_is_refused() {
        let nested = |n| format!("{}\"x\"{}", r#"{"trim":"#.repeat(n), "}".repeat(n));
        let read = |n| Expression::from_value(&Value::parse(nested(n).as_bytes()).unwrap());
        assert!(read(DEPTH - 1).is_ok());
        assert!(read(DEPTH).unwrap_err().to_string().contains("deep"));
    }
}
