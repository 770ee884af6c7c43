//! Names: what Rust's become on the wire, what may be one, and which was probably meant.

/// A field's name in camelCase, as attributes are spelled (RFC 7643 §2.1): `badge_number` is `badgeNumber`.
pub(crate) fn camel_case(snake: &str) -> String {
    let mut words = snake.split('_').filter(|word| !word.is_empty());
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        name.push_str(&capitalized(word));
    }
    name
}

/// The word with its first letter as a capital.
pub(crate) fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

/// The ways to spell an enum's variants as values, by the name of the way.
pub(crate) const CASES: &[&str] =
    &["camelCase", "PascalCase", "lowercase", "UPPERCASE", "snake_case", "SCREAMING_SNAKE_CASE", "kebab-case"];

/// A variant's name (`OnCall`) in one of [`CASES`].
pub(crate) fn variant_name(variant: &str, case: &str) -> String {
    let words = words_of(variant);
    match case {
        "PascalCase" => variant.to_owned(),
        "lowercase" => variant.to_lowercase(),
        "UPPERCASE" => variant.to_uppercase(),
        "snake_case" => words.join("_"),
        "SCREAMING_SNAKE_CASE" => words.join("_").to_uppercase(),
        "kebab-case" => words.join("-"),
        _ => camel_case(&words.join("_")),
    }
}

/// The words of a name in PascalCase, in small letters.
fn words_of(pascal: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for c in pascal.chars().filter(|c| *c != '_') {
        match words.last_mut() {
            Some(word) if !c.is_uppercase() => word.push(c),
            _ => words.push(c.to_lowercase().collect()),
        }
    }
    words
}

/// Whether `name` can name an attribute (RFC 7643 §2.1). `$ref` is for sub-attributes, and is looked at elsewhere.
pub(crate) fn is_attribute_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'$'))
}

/// What is wrong with a schema's URN, in words that say what would be right: its namespace and what follows have the form
/// that URNs have, and not any URI's.
pub(crate) fn urn_problem(urn: &str) -> Option<String> {
    const EXAMPLE: &str = "urn:example:params:scim:schemas:extension:badge:1.0:User";
    let Some(rest) = urn.get(..4).filter(|head| head.eq_ignore_ascii_case("urn:")).and(urn.get(4..)) else {
        return Some(format!("a schema's URN begins with `urn:`, as in `{EXAMPLE}`"));
    };
    let Some((space, specific)) = rest.split_once(':') else {
        return Some(format!("a URN is `urn:`, a namespace, a colon and a name, as in `{EXAMPLE}`"));
    };
    let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let is_space = (2..=32).contains(&space.len())
        && space.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && is_edge(space.chars().next())
        && is_edge(space.chars().last());
    if !is_space {
        return Some(format!(
            "`{space}` is no namespace of a URN: 2 to 32 letters, digits and hyphens, as in `{EXAMPLE}`"
        ));
    }
    if specific.is_empty() || specific.ends_with(':') {
        return Some(format!("the URN ends before its last part, as `User` is in `{EXAMPLE}`"));
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/%".contains(c);
    specific
        .chars()
        .find(|c| !is_allowed(*c))
        .map(|c| format!("{c:?} cannot be part of a URN; write it in letters, digits and `-._:`"))
}

/// What is wrong with a resource type's endpoint (RFC 7643 §6, RFC 7644 §3.2).
pub(crate) fn endpoint_problem(endpoint: &str) -> Option<String> {
    const TAKEN: &[&str] = &["ServiceProviderConfig", "ResourceTypes", "Schemas", "Bulk", "Me", ".search"];
    let Some(segment) = endpoint.strip_prefix('/').filter(|segment| !segment.is_empty()) else {
        return Some("an endpoint is a slash and a name, as in `/Devices`".to_owned());
    };
    if !segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)) {
        return Some(
            "an endpoint is one slash and one path segment of letters, digits and `-._~`, as in `/Devices`".to_owned(),
        );
    }
    TAKEN
        .contains(&segment)
        .then(|| format!("`{endpoint}` is an endpoint that RFC 7644 §3.2 gives a meaning of its own"))
}

/// The one of `known` that was probably meant by `word`.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let squeezed = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    let word = squeezed(word);
    let limit = 1 + word.chars().count() / 4;
    known
        .iter()
        .map(|other| (distance(&word, &squeezed(other)), *other))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

/// How many letters to change, add or take out (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        let mut left = i + 1;
        for (y, pair) in b.iter().zip(row.windows(2)) {
            let (&[diagonal, above], &y) = (pair, y) else { continue };
            left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_camel_case() {
        for (field, name) in [("user_name", "userName"), ("x509_certificates", "x509Certificates"), ("a", "a")] {
            assert_eq!(camel_case(field), name);
        }
    }

    #[test]
    fn variants_are_spelled_as_they_are_told() {
        let spelled: Vec<_> = CASES.iter().map(|case| variant_name("OnCall2", case)).collect();
        assert_eq!(spelled, ["onCall2", "OnCall2", "oncall2", "ONCALL2", "on_call2", "ON_CALL2", "on-call2"]);
    }

    #[test]
    fn urns_are_judged() {
        for urn in ["urn:example:a", "URN:ietf:params:scim:schemas:core:2.0:User", "urn:a-1:x/y%20z"] {
            assert_eq!(urn_problem(urn), None, "{urn}");
        }
        for urn in ["", "example:a", "https://x.test", "urn:", "urn:example", "urn:e:a", "urn:-ab:a", "urn:example:"] {
            assert!(urn_problem(urn).is_some(), "{urn}");
        }
        for urn in ["urn:example:a:", "urn:example:a b", "urn:example:a#b", "urn:example:\u{e9}", "ur\u{e9}:example:a"]
        {
            assert!(urn_problem(urn).is_some(), "{urn}");
        }
    }

    #[test]
    fn endpoints_are_judged() {
        assert_eq!(endpoint_problem("/Devices"), None);
        for endpoint in
            ["", "/", "Devices", "/Devices/", "/a/b", "/De vices", "/Devices?x", "/Schemas", "/Me", "/.search"]
        {
            assert!(endpoint_problem(endpoint).is_some(), "{endpoint}");
        }
    }

    #[test]
    fn what_was_probably_meant_is_found() {
        let known = ["name", "case_exact", "returned", "required"];
        assert_eq!(nearest("retruned", &known), Some("returned"));
        assert_eq!(nearest("caseExact", &known), Some("case_exact"));
        assert_eq!(nearest("nmae", &known), Some("name"));
        assert_eq!(nearest("banana", &known), None);
    }
}
