//! A filter in all the ways it can be written: blanks, the case of keywords, parentheses that change nothing (RFC 7644
//! §3.4.2.2, Figure 1).

use super::filter::filter;
use crate::ast::{Filter, Literal, Operator};
use proptest::prelude::*;
use scimstack_schema::strategies::{Choices, choices};

/// A filter and one of its spellings.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_filter::{Filter, strategies};
/// proptest!(ProptestConfig::with_cases(16), |((text, filter) in strategies::filter_text())| {
///     prop_assert_eq!(Filter::parse(&text), Ok(filter));
/// });
/// ```
pub fn filter_text() -> BoxedStrategy<(String, Filter)> {
    filter().prop_flat_map(|filter| (spelled(&filter), Just(filter))).boxed()
}

/// A spelling of this filter, which is in the parser's form.
///
/// ```
/// use proptest::prelude::*;
/// use scimstack_filter::{Filter, strategies};
/// let filter = Filter::parse(r#"title pr and not (active eq true)"#).unwrap();
/// proptest!(ProptestConfig::with_cases(16), |(text in strategies::spelled(&filter))| {
///     prop_assert_eq!(Filter::parse(&text).unwrap().to_string(), filter.to_string());
/// });
/// ```
pub fn spelled(filter: &Filter) -> BoxedStrategy<String> {
    let filter = filter.clone();
    choices(60)
        .prop_map(move |choices| {
            let mut pen = Pen { choices, text: String::new() };
            pen.blanks();
            pen.filter(&filter);
            pen.blanks();
            pen.text
        })
        .boxed()
}

struct Pen {
    choices: Choices,
    text: String,
}

impl Pen {
    /// None, one or two blanks, where none are needed.
    fn blanks(&mut self) {
        let count = self.choices.below(4) % 3;
        self.text.extend(std::iter::repeat_n(' ', count));
    }

    /// At least one blank.
    fn blank(&mut self) {
        self.text.push(' ');
        self.blanks();
    }

    fn word(&mut self, word: &str) {
        for letter in word.chars() {
            let letter = if self.choices.once_in(4) { letter.to_ascii_uppercase() } else { letter };
            self.text.push(letter);
        }
    }

    fn closed(&mut self, filter: &Filter) {
        self.text.push('(');
        self.blanks();
        self.filter(filter);
        self.blanks();
        self.text.push(')');
    }

    fn filter(&mut self, filter: &Filter) {
        if self.choices.once_in(8) {
            return self.closed(filter);
        }
        match filter {
            Filter::And(parts) => self.joined(parts, "and", |part| matches!(part, Filter::Or(_))),
            Filter::Or(parts) => self.joined(parts, "or", |_| false),
            Filter::Not(inner) => {
                self.word("not");
                self.blanks();
                self.closed(inner);
            }
            Filter::Present(path) => {
                self.text.push_str(&path.text);
                self.comparison(None);
            }
            Filter::Compare(path, operator, literal) => {
                self.text.push_str(&path.text);
                self.comparison(Some((*operator, literal)));
            }
            Filter::Element(path, inner) => self.brackets(&path.text, inner),
            Filter::ElementSub(sub) => {
                self.brackets(&sub.path.text, &sub.filter);
                self.text.push('.');
                self.text.push_str(&sub.sub_attribute);
                self.comparison(sub.comparison.as_ref().map(|(operator, literal)| (*operator, literal)));
            }
        }
    }

    fn joined(&mut self, parts: &[Filter], word: &str, needs: fn(&Filter) -> bool) {
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                self.blank();
                self.word(word);
                self.blank();
            }
            if needs(part) { self.closed(part) } else { self.filter(part) }
        }
    }

    fn brackets(&mut self, path: &str, inner: &Filter) {
        self.text.push_str(path);
        self.text.push('[');
        self.blanks();
        self.filter(inner);
        self.blanks();
        self.text.push(']');
    }

    fn comparison(&mut self, comparison: Option<(Operator, &Literal)>) {
        self.blank();
        match comparison {
            None => self.word("pr"),
            Some((operator, literal)) => {
                self.word(operator.as_str());
                self.blank();
                self.text.push_str(&literal.to_string());
            }
        }
    }
}
