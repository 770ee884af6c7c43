//! The canonical printer: one space between words, operators and keywords in lower case, parentheses only where
//! precedence needs them. Paths are printed as they were sent.

use crate::ast::{AttrPath, Filter, Literal, Operator};
use crate::path::PatchPath;
use scimstack_schema::value::write_string;
use std::fmt;

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => join(f, parts, " and ", |part| matches!(part, Self::Or(_))),
            Self::Or(parts) => join(f, parts, " or ", |_| false),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Compare(path, operator, literal) => write!(f, "{path} {operator} {literal}"),
            Self::Element(path, inner) => write!(f, "{path}[{inner}]"),
            Self::ElementSub(sub) => {
                write!(f, "{}[{}].{}", sub.path, sub.filter, sub.sub_attribute)?;
                match &sub.comparison {
                    None => f.write_str(" pr"),
                    Some((operator, literal)) => write!(f, " {operator} {literal}"),
                }
            }
        }
    }
}

fn join(f: &mut fmt::Formatter<'_>, parts: &[Filter], word: &str, wrap: fn(&Filter) -> bool) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str(word)?;
        }
        if wrap(part) {
            write!(f, "({part})")?;
        } else {
            write!(f, "{part}")?;
        }
    }
    Ok(())
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Number(number) => f.write_str(number.as_str()),
            Self::String(text) => {
                let mut quoted = Vec::with_capacity(text.len() + 2);
                write_string(text, &mut quoted);
                f.write_str(&String::from_utf8_lossy(&quoted))
            }
        }
    }
}

impl fmt::Display for PatchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.attribute)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        if let Some(sub) = &self.sub_attribute {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}
