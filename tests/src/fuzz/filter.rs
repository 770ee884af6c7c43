//! Filters: `parse(print(f)) = f`, `not f` is true exactly where `f` is false, and no filter whatever makes resolving or
//! evaluating it panic (RFC 7644 §3.4.2.2).

use super::{Outcome, documents};
use scimstack_filter::{Filter, Limits, ParseError, ResolveOptions};

pub(super) fn run(data: &[u8]) -> Outcome {
    let Ok(text) = std::str::from_utf8(data) else {
        return Outcome::Refused;
    };
    let filter = match Filter::parse(text) {
        Ok(filter) => filter,
        Err(error) => {
            assert_points_into(&error, text);
            return Outcome::Refused;
        }
    };

    let printed = filter.to_string();
    // Printing may add the spaces that were left out, and so exceed the length allowed.
    let mut limits = Limits::default();
    limits.length = limits.length.max(printed.len());
    let again = Filter::parse_with(&printed, &limits)
        .unwrap_or_else(|error| panic!("what was printed cannot be parsed: {error}: {printed}"));
    assert_eq!(again, filter, "what was printed is another filter: {printed}");
    assert_eq!(again.to_string(), printed, "what was printed is printed otherwise");

    let negated = Filter::Not(Box::new(filter.clone()));
    let lenient =
        ResolveOptions::default().with_boolean_strings(true).with_entra_paths(true).with_unknown_is_absent(true);
    for resource_type in documents::resource_types() {
        for options in [ResolveOptions::default(), lenient] {
            let (resolved, refused) = match filter.resolve(resource_type, options) {
                Ok(resolved) => (resolved, negated.resolve(resource_type, options)),
                Err(error) => {
                    assert!(!error.to_string().is_empty(), "a filter is refused without a word");
                    continue;
                }
            };
            let not = refused.unwrap_or_else(|error| panic!("`not` of a good filter is refused: {error}: {printed}"));
            for document in documents::samples() {
                let holds = resolved.matches(document.root());
                assert_ne!(holds, not.matches(document.root()), "a filter and its negation agree: {printed}");
            }
        }
    }
    Outcome::Accepted
}

/// A parse error points into the text, and can be shown with a caret.
pub(super) fn assert_points_into(error: &ParseError, text: &str) {
    assert!(error.span.start <= error.span.end && error.span.end <= text.len(), "the error points outside: {error:?}");
    assert!(!error.render().is_empty() && !error.to_string().is_empty(), "an error without a word: {error:?}");
}
