//! The values of a list, each once.

use super::{Value, write_string};
use std::collections::HashSet;

/// Up to so many values, comparing each with each is cheaper than a set of them.
pub(crate) const FEW: usize = 8;

/// Takes out the values that are equal to an earlier one. The members of objects have no order; text is compared as it is
/// spelled.
///
/// ```
/// use scimstack_schema::value::{Value, distinct};
/// let sent = Value::parse(br#"[{"value":"a","type":"work"},{"type":"work","value":"a"},{"value":"A"}]"#).unwrap();
/// let Value::Array(mut emails) = sent else { unreachable!() };
/// distinct(&mut emails);
/// assert_eq!(emails.len(), 2);
/// ```
pub fn distinct(values: &mut Vec<Value>) {
    if values.len() > FEW {
        let mut seen = HashSet::with_capacity(values.len());
        values.retain(|value| seen.insert(key(value)));
        return;
    }
    let mut at = 1;
    while let Some(value) = values.get(at) {
        match values.iter().take(at).any(|earlier| earlier == value) {
            true => drop(values.remove(at)),
            false => at += 1,
        }
    }
}

/// The same bytes for equal values.
fn key(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write_key(value, &mut out);
    out
}

fn write_key(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(object) => {
            let mut members: Vec<(&str, &Value)> = object.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push(b'{');
            for (name, value) in members {
                write_string(name, out);
                write_key(value, out);
            }
            out.push(b'}');
        }
        Value::Array(elements) => {
            out.push(b'[');
            for element in elements {
                write_key(element, out);
                out.push(b',');
            }
            out.push(b']');
        }
        other => other.write(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_and_many_are_told_apart_by_the_same_rule() {
        let parse = |text: &str| Value::parse(text.as_bytes()).unwrap();
        let values = [
            r#"{"a":1,"b":[{"c":1,"d":2}]}"#,
            r#"{"b":[{"d":2,"c":1}],"a":1}"#,
            r#"{"a":1,"b":[{"c":1},{"d":2}]}"#,
            r#"{"a":"1"}"#,
            r#"{"a":1.0}"#,
            r#"[[1],[2]]"#,
            r#"[[1,2]]"#,
        ];
        let mut few: Vec<Value> = values.iter().map(|text| parse(text)).collect();
        let mut many: Vec<Value> = few.iter().cycle().take(3 * few.len()).cloned().collect();
        distinct(&mut few);
        distinct(&mut many);
        assert_eq!(few, many);
        assert_eq!(few.len(), 6);
    }
}
