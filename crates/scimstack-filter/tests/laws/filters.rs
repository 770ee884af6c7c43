//! Filters: print and parse are each other's inverse however a filter is spelled, and evaluation agrees with a slow and
//! plain evaluator.

use crate::{Shown, support::naive, with_resource};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use scimstack_filter::{Filter, PatchPath, ResolveOptions, strategies};
use scimstack_schema::Value;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// parse(print(f)) = f, and print(parse(print(f))) = print(f)
    #[test]
    fn what_is_printed_parses_to_the_same(filter in strategies::filter()) {
        let printed = filter.to_string();
        let again = Filter::parse(&printed).map_err(|error| error.render());
        prop_assert_eq!(again.as_ref().map(ToString::to_string), Ok(printed.clone()));
        prop_assert_eq!(again, Ok(filter), "{}", printed);
    }

    /// parse(spelled(f)) = f: blanks, the case of keywords and idle parentheses say nothing.
    #[test]
    fn every_spelling_parses_to_the_same((text, filter) in strategies::filter_text()) {
        prop_assert_eq!(Filter::parse(&text).map_err(|error| error.render()), Ok(filter), "{}", text);
    }

    /// parse(print(p)) = p, for paths.
    #[test]
    fn a_path_that_is_printed_parses_to_the_same(path in strategies::patch_path()) {
        prop_assert_eq!(PatchPath::parse(&path.to_string()).map_err(|error| error.render()), Ok(path));
    }

    /// No text makes the parsers do anything but answer, and the place of an error is in the text.
    #[test]
    fn any_text_has_an_answer(text in r#"([a-z]{1,3}|[()\[\]. "\\]|eq|pr|and|or|not|\PC){0,12}"#) {
        for error in [Filter::parse(&text).err(), PatchPath::parse(&text).err()].into_iter().flatten() {
            prop_assert!(error.span.end <= text.len());
            prop_assert!(error.render().lines().count() == 3);
        }
    }

    /// eval(f, d) = naive(f, d)
    #[test]
    fn evaluation_agrees_with_the_naive_one((Shown(resource), filter) in with_resource(strategies::filter_about)) {
        let resolved = filter.resolve(resource.resource_type(), ResolveOptions::default());
        prop_assert!(resolved.is_ok(), "{}: {:?}", filter, resolved);
        let document = Value::Object(resource.root().clone());
        let expected = naive::evaluate(&filter, resource.resource_type(), &document);
        prop_assert_eq!(resolved.unwrap().matches(resource.root()), expected, "{} on {}", filter, document);
    }

    /// eval(f, text(d)) = eval(f, d), however the text is spelled; and of text cut anywhere there is some answer.
    #[test]
    fn the_stored_text_gives_the_answer_of_the_tree((Shown(resource), filter) in with_resource(strategies::filter_about)) {
        let resolved = filter.resolve(resource.resource_type(), ResolveOptions::default()).unwrap();
        let expected = resolved.matches(resource.root());
        let compact = crate::text_of(&resource);
        prop_assert_eq!(resolved.matches_json(&compact), expected, "{} on {}", filter, compact);
        let mut spelled = String::new();
        spell(&Value::Object(resource.root().clone()), &mut spelled);
        prop_assert_eq!(resolved.matches_json(&spelled), expected, "{} on {}", filter, spelled);
        for (at, _) in compact.char_indices().step_by(7) {
            let (head, tail) = compact.split_at(at);
            let _any = (resolved.matches_json(head), resolved.matches_json(tail));
        }
    }

    /// resolve(parse(print(f))) = resolve(f)
    #[test]
    fn a_filter_means_the_same_after_it_was_printed((Shown(resource), filter) in with_resource(strategies::filter_about)) {
        let resource_type = resource.resource_type();
        let again = Filter::parse(&filter.to_string()).unwrap();
        let options = ResolveOptions::default();
        prop_assert_eq!(again.resolve(resource_type, options).unwrap(), filter.resolve(resource_type, options).unwrap());
    }
}

#[test]
fn filters_about_a_resource_match_it_about_as_often_as_not() {
    let mut runner = TestRunner::deterministic();
    let drawn = with_resource(strategies::filter_about);
    let matched = (0..600).filter(|_| {
        let (Shown(resource), filter) = drawn.new_tree(&mut runner).unwrap().current();
        let resolved = filter.resolve(resource.resource_type(), ResolveOptions::default()).unwrap();
        resolved.matches(resource.root())
    });
    let matched = matched.count();
    assert!((200..400).contains(&matched), "{matched} of 600 match");
}

/// The same JSON with blanks wherever they may be and every character escaped.
fn spell(value: &Value, out: &mut String) {
    let escaped = |text: &str, out: &mut String| {
        out.push('"');
        out.extend(text.encode_utf16().map(|unit| format!("\\u{unit:04X}")));
        out.push_str("\" \n");
    };
    match value {
        Value::String(text) => escaped(text, out),
        Value::Array(elements) => {
            out.push_str("[ ");
            for (at, element) in elements.iter().enumerate() {
                out.push_str(if at > 0 { " ,\t" } else { "" });
                spell(element, out);
            }
            out.push_str(" ] ");
        }
        Value::Object(object) => {
            out.push_str(" {\r\n");
            for (at, (name, value)) in object.iter().enumerate() {
                out.push_str(if at > 0 { " ,\t" } else { "" });
                escaped(name, out);
                out.push_str(" : ");
                spell(value, out);
            }
            out.push_str(" } ");
        }
        other => out.push_str(&other.to_string()),
    }
}
