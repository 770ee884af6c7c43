//! Filtering: grammar, resolution, comparison.

use crate::support::{ANN, ENT, device, json, naive, object, user};
use scimstack_filter::error::ParseErrorKind;
use scimstack_filter::{Filter, Limits, Operand, ResolveError, ResolveOptions, Resolved};
use scimstack_schema::Value;

fn says(filter: &str, options: ResolveOptions, document: &str) -> Result<bool, String> {
    let parsed = Filter::parse(filter).map_err(|error| error.to_string())?;
    let resolved = parsed.resolve(&user(), options).map_err(|error| error.to_string())?;
    Ok(resolved.matches(&object(document)))
}

fn strict(filter: &str) -> Result<bool, String> {
    says(filter, ResolveOptions::default(), ANN)
}

fn refusal(filter: &str) -> String {
    strict(filter).expect_err(filter)
}

#[test]
fn every_vector_has_its_result() {
    let vectors = include_str!("../vectors/filters.txt");
    let mut count = 0;
    for line in vectors.lines().filter(|line| !line.starts_with('#')) {
        let (expected, rest) = line.split_once(' ').unwrap();
        let filter = rest.trim_start().trim_start_matches("? ").trim_start().replace("ent:", ENT);
        let found = strict(&filter);
        let name = match &found {
            Ok(true) => "true",
            Ok(false) => "false",
            Err(_) => "invalidFilter",
        };
        assert_eq!(name, expected, "{filter}: {found:?}");
        if found.is_ok() {
            let parsed = Filter::parse(&filter).unwrap();
            assert_eq!(Filter::parse(&parsed.to_string()).unwrap(), parsed, "{filter}");
            assert_eq!(naive::evaluate(&parsed, &user(), &json(ANN)), found == Ok(true), "naive: {filter}");
        }
        count += 1;
    }
    assert_eq!(count, 70);
}

// --- grammar

#[test]
fn printing_is_canonical() {
    for (written, printed) in [
        (
            "title pr OR active EQ true AND NOT(userType eq \"x\")",
            "title pr or active eq true and not (userType eq \"x\")",
        ),
        ("((title pr))", "title pr"),
        ("(title pr or nickName pr) and active eq true", "(title pr or nickName pr) and active eq true"),
        ("title pr or (nickName pr and active eq true)", "title pr or nickName pr and active eq true"),
        ("title pr and (nickName pr and active eq true)", "title pr and nickName pr and active eq true"),
        ("not((title pr))", "not (title pr)"),
        ("emails [ type eq \"work\" ]", "emails[type eq \"work\"]"),
        ("emails[type eq \"work\"].value eq \"a\"", "emails[type eq \"work\"].value eq \"a\""),
        ("nickName eq \"say \\\"hi\\\" \\u00f8\"", "nickName eq \"say \\\"hi\\\" ø\""),
        ("age gt 1.50e3", "age gt 1.50e3"),
        ("(title pr)and(nickName pr)", "title pr and nickName pr"),
    ] {
        assert_eq!(Filter::parse(written).unwrap().to_string(), printed);
    }
}

#[test]
fn precedence_is_not_and_or() {
    let bound = |filter: &str| Filter::parse(filter).unwrap();
    assert_eq!(
        bound("title pr or active eq true and not (userType eq \"x\")"),
        bound("title pr or (active eq true and (not (userType eq \"x\")))"),
    );
    assert_ne!(bound("a pr or b pr and c pr"), bound("(a pr or b pr) and c pr"));
}

#[test]
fn not_is_a_name_unless_a_parenthesis_follows() {
    assert!(matches!(Filter::parse("not pr"), Ok(Filter::Present(path)) if path.text == "not"));
    assert!(matches!(Filter::parse("NOT (a pr)"), Ok(Filter::Not(_))));
    assert!(matches!(Filter::parse("nothing pr"), Ok(Filter::Present(_))));
    assert!(Filter::parse("not title pr").unwrap_err().to_string().contains("not (title pr)"));
}

#[test]
fn reference_is_a_name_in_spite_of_its_dollar() {
    for filter in ["members.$ref ew \"/Users/u1\"", "members[$ref pr]"] {
        assert!(Filter::parse(filter).is_ok(), "{filter}");
    }
}

#[test]
fn text_that_is_no_filter_is_refused_where_it_goes_wrong() {
    for (filter, position) in [
        ("", 1),
        ("   ", 1),
        ("userName", 9),
        ("userName eq", 12),
        ("userName eq x", 13),
        ("userName eq 'x'", 13),
        ("userName eq \"x", 13),
        ("userName eq \"x\"and title pr", 13),
        ("userName eq 01", 13),
        ("userName eqq \"x\"", 10),
        ("øre eq \"x\" and", 1),
        ("a eq \"ø\" and", 13),
        ("userName pr title pr", 13),
        ("(userName pr", 13),
        ("userName pr)", 12),
        ("emails[type eq \"x\"", 19),
        ("emails[]", 8),
        ("emails[a[b pr]]", 9),
        ("a.b.c pr", 1),
        ("a..b pr", 1),
        ("emails[type pr].", 17),
        ("and pr and", 11),
        ("title pr\tand nickName pr", 7),
    ] {
        let error = Filter::parse(filter).expect_err(filter);
        assert_eq!(error.position(), position, "{filter}: {error}");
    }
}

#[test]
fn an_unknown_operator_is_named() {
    let error = Filter::parse("userName regex \"a\"").unwrap_err();
    assert!(matches!(&error.kind, ParseErrorKind::UnknownOperator(word) if word == "regex"));
    assert!(error.to_string().contains("regex") && error.to_string().contains("sw"));
}

#[test]
fn the_caret_stands_under_the_place() {
    let rendered = Filter::parse("name.familyName eq \"Øre\" nad active pr").unwrap_err().render();
    let lines: Vec<&str> = rendered.lines().collect();
    let text_at = lines[1].chars().position(|c| c == 'n').unwrap() + "name.familyName eq \"Øre\" ".chars().count();
    assert_eq!(lines[2].chars().position(|c| c == '^'), Some(text_at), "{rendered}");
    assert_eq!(lines[2].matches('^').count(), 3);
}

#[test]
fn a_long_filter_is_shown_around_the_place() {
    let filter = format!("{} and userName zz \"b\"", vec!["title pr"; 40].join(" and "));
    let rendered = Filter::parse(&filter).unwrap_err().render();
    let lines: Vec<&str> = rendered.lines().collect();
    assert!(lines[1].chars().count() < 90, "{rendered}");
    let under = lines[2].chars().position(|c| c == '^').unwrap();
    assert_eq!(lines[1].chars().skip(under).take(2).collect::<String>(), "zz");
}

#[test]
fn limits_are_errors_and_no_crash() {
    let kind = |filter: String, limits: &Limits| match Filter::parse_with(&filter, limits).unwrap_err().kind {
        ParseErrorKind::Limit { limit, unit } => (limit, unit),
        other => panic!("{other}"),
    };
    let defaults = Limits::default();
    let roomy = {
        let mut limits = Limits::default();
        limits.length = 10_000_000;
        limits
    };
    assert_eq!(kind("(".repeat(10_000), &defaults), (64, "levels of nesting"));
    assert_eq!(kind("not (".repeat(3_000), &defaults), (64, "levels of nesting"));
    assert_eq!(kind("(".repeat(1_000_000), &roomy), (64, "levels of nesting"));
    assert_eq!(kind("emails[".to_owned() + &"(".repeat(100), &defaults), (64, "levels of nesting"));
    let bottomless = roomy.with_depth(usize::MAX).with_terms(usize::MAX);
    for open in ["(", "not (", "title pr and (", "title pr or not (("] {
        assert_eq!(kind(open.repeat(100_000), &bottomless).1, "levels of nesting", "{open}");
    }
    let deepest = "not (".repeat(256) + "title pr" + &")".repeat(256);
    let parsed = Filter::parse_with(&deepest, &bottomless).unwrap();
    assert_eq!(parsed.to_string(), deepest);
    assert!(parsed.resolve(&user(), ResolveOptions::default()).is_ok());
    assert_eq!(kind(vec!["title pr"; 100_000].join(" and "), &defaults), (16_384, "bytes"));
    assert_eq!(kind(vec!["title pr"; 100_000].join(" and "), &roomy), (256, "comparisons"));
    assert!(Filter::parse(&("(".repeat(64) + "a pr" + &")".repeat(64))).is_ok());
    assert!(Filter::parse(&vec!["title pr"; 256].join(" or ")).is_ok());
    let error = Filter::parse(&"ø".repeat(20_000)).unwrap_err();
    assert!(error.input.len() <= 256 && error.render().contains("16384 bytes"), "{}", error.render());
}

#[test]
fn text_that_is_no_document_gets_some_answer() {
    for filter in ["emails pr", "emails[type pr]", "emails.value ne \"x\"", "name.givenName eq \"x\"", "title eq null"]
    {
        let filter = Filter::parse(filter).unwrap().resolve(&user(), ResolveOptions::default()).unwrap();
        for deep in ["[", "{\"a\":", "[[],", "{\"emails\":[{\"value\":"] {
            let _any = filter.matches_json(&format!("{{\"emails\":{}", deep.repeat(20_000)));
            let _any = filter.matches_json(&deep.repeat(20_000));
        }
        for odd in [
            "",
            " ",
            "{",
            "}",
            "\"",
            "{\"",
            "{\"emails\"",
            "{\"emails\":",
            "{\"title\":\"\\",
            "{\"title\":\"\\u12\"}",
            "nul",
            "ø{",
        ] {
            let _any = filter.matches_json(odd);
        }
    }
}

// --- resolution

#[test]
fn paths_are_found_without_case_and_with_their_schema() {
    for filter in [
        "URN:IETF:params:scim:schemas:core:2.0:USER:Name.GIVENNAME eq \"ann\"",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"ANN\"",
        "urn:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:user:manager.value eq \"u9\"",
        "schemas eq \"URN:ietf:params:scim:schemas:extension:enterprise:2.0:User\"",
        "urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq \"home\"]",
    ] {
        assert_eq!(strict(filter), Ok(true), "{filter}");
    }
    assert!(strict("urn:ietf:params:scim:schemas:core:2.0:User pr").is_err());
    assert!(strict("urn:example:other:userName pr").is_err());
}

#[test]
fn refusals_say_what_would_be_right() {
    for (filter, hint) in [
        ("shoeSize eq 42", "\"shoeSize\" is not an attribute of User"),
        ("emails[shoe pr]", "\"emails.shoe\" is not an attribute of User"),
        ("name eq \"Ann\"", "name.formatted"),
        ("addresses eq \"x\"", "addresses.formatted"),
        ("active gt true", "use eq, ne"),
        ("active eq \"true\"", "without quotes"),
        ("userName eq 5", "double quotes"),
        ("meta.created gt \"2026-01-01\"", "2026-03-01T10:00:00Z"),
        ("title gt null", "eq and ne only"),
        ("password pr", "\"password\" cannot be used in a filter"),
        ("password eq \"x\"", "\"password\" cannot be used in a filter"),
        ("userName[value pr]", "single value"),
        ("emails.value[value pr]", "single value"),
        ("x509Certificates.value eq \"*\"", "base64"),
        ("emails[type eq \"work\"].value eq \"a\"", "emails[type eq \"work\" and value …]"),
    ] {
        let found = refusal(filter);
        assert!(found.contains(hint), "{filter}: {found}");
    }
}

#[test]
fn boolean_strings_are_read_only_when_asked_for() {
    let options = ResolveOptions::default().with_boolean_strings(true);
    assert_eq!(says("active eq \"True\"", options, ANN), Ok(true));
    assert_eq!(says("emails[primary eq \"FALSE\"]", options, ANN), Ok(true));
    assert!(says("active eq \"yes\"", options, ANN).is_err());
    assert!(strict("active eq \"True\"").is_err());
}

#[test]
fn entra_paths_are_read_only_when_asked_for() {
    let options = ResolveOptions::default().with_entra_paths(true);
    let manager = format!("{ENT}manager");
    for (filter, expected) in [
        ("emails[type eq \"work\"].value eq \"ann@x.test\"".to_owned(), true),
        ("emails[type eq \"home\"].value eq \"ann@x.test\"".to_owned(), false),
        ("emails[type eq \"work\"].display pr".to_owned(), false),
        ("emails[type eq \"work\" or type eq \"home\"].value ew \"home.test\"".to_owned(), true),
        (format!("id eq \"u1\" and {manager} eq \"u9\""), true),
        (format!("{manager} eq \"u8\""), false),
        (format!("{manager} pr"), true),
    ] {
        assert_eq!(says(&filter, options, ANN), Ok(expected), "{filter}");
    }
    assert!(says("name eq \"Ann\"", options, ANN).is_err(), "name has no value");
    assert!(strict(&format!("{manager} eq \"u9\"")).is_err());
}

#[test]
fn an_unknown_attribute_has_no_value_when_asked_for() {
    let options = ResolveOptions::default().with_unknown_is_absent(true);
    for (filter, expected) in [
        ("shoe eq 42", false),
        ("shoe ne 42", true),
        ("shoe pr", false),
        ("shoe eq null", true),
        ("shoe ne null", false),
        ("not (shoe co \"x\")", true),
        ("shoes[size eq 42]", false),
        ("not (shoes[size ne 42])", true),
        ("emails[shoe pr]", false),
        ("emails[shoe ne \"x\"]", true),
    ] {
        assert_eq!(says(filter, options, ANN), Ok(expected), "{filter}");
    }
    assert!(says("shoe gt null", options, ANN).is_err());
    assert!(says("password pr", options, ANN).is_err(), "hidden is not unknown");
}

#[test]
fn text_operands_are_folded_and_a_multi_valued_attribute_means_its_value() {
    let filter = Filter::parse("emails co \"X.Test\"").unwrap().resolve(&user(), ResolveOptions::default()).unwrap();
    let Resolved::Test(test) = &filter else { panic!("{filter:?}") };
    assert_eq!(test.path.to_string(), "emails.value");
    assert_eq!(test.operand, Operand::Text("x.test".to_owned()));
    let exact = Filter::parse("id eq \"U1\"").unwrap().resolve(&user(), ResolveOptions::default()).unwrap();
    assert!(matches!(exact, Resolved::Test(test) if test.operand == Operand::Text("U1".to_owned())));
}

#[test]
fn mentions_finds_an_attribute_wherever_it_stands() {
    let resolve = |filter: &str| Filter::parse(filter).unwrap().resolve(&user(), ResolveOptions::default()).unwrap();
    assert!(resolve("title pr or not (groups.value eq \"g\" and active eq true)").mentions("Groups"));
    assert!(resolve("groups[display pr]").mentions("groups"));
    assert!(!resolve("title pr").mentions("groups"));
    assert!(!resolve(&format!("{ENT}manager pr")).mentions("manager"), "an extension's attribute is not top-level");
}

#[test]
fn an_unknown_attribute_is_an_error_of_its_own_kind() {
    let error = Filter::parse("shoe pr").unwrap().resolve(&user(), ResolveOptions::default()).unwrap_err();
    assert!(
        matches!(error, ResolveError::UnknownAttribute { path, resource_type } if path == "shoe" && resource_type == "User")
    );
}

// --- comparison

#[test]
fn each_type_compares_by_its_own_order() {
    let device = device();
    let document = r#"{"size": 1.50, "floor": -3, "code": "Ab", "seen": "2026-01-01T10:00:00.5Z", "blob": "aGk=",
        "tags": ["red", "Blue"], "place": {"x": 7}, "nothing": null}"#;
    for (filter, expected) in [
        ("size eq 1.5", true),
        ("size eq 15e-1", true),
        ("size gt 1.49", true),
        ("size le 1", false),
        ("floor lt -2", true),
        ("floor ne -3.0", false),
        ("code eq \"ab\"", false),
        ("code co \"b\"", true),
        ("code gt \"AZ\"", true),
        ("code lt \"a\"", true),
        ("seen eq \"2026-01-01T11:00:00.500+01:00\"", true),
        ("seen lt \"2026-01-01T10:00:01\"", true),
        ("blob eq \"aGk\"", true),
        ("blob ne \"aGk\"", false),
        ("tags eq \"RED\"", true),
        ("tags[value eq \"red\"]", true),
        ("tags[value eq \"red\" and value eq \"blue\"]", false),
        ("tags eq \"red\" and tags eq \"blue\"", true),
        ("tags[not (value sw \"r\")]", true),
        ("tags pr", true),
        ("place.x eq 7", true),
        ("place[x ge 7]", true),
        ("place[x gt 7]", false),
    ] {
        let parsed = Filter::parse(filter).unwrap();
        let resolved = parsed.resolve(&device, ResolveOptions::default()).unwrap_or_else(|e| panic!("{filter}: {e}"));
        assert_eq!(resolved.matches(&object(document)), expected, "{filter}");
        assert_eq!(naive::evaluate(&parsed, &device, &json(document)), expected, "naive: {filter}");
    }
    for filter in
        ["size co 1", "size sw \"1\"", "seen co \"2026\"", "blob gt \"aGk\"", "tags[other pr]", "code[value pr]"]
    {
        assert!(Filter::parse(filter).unwrap().resolve(&device, ResolveOptions::default()).is_err(), "{filter}");
    }
}

#[test]
fn text_beyond_ascii_compares_without_case() {
    let document = r#"{"displayName": "Straße ÅSE", "nickName": "Σίσυφος"}"#;
    for (filter, expected) in [
        ("displayName eq \"STRASSE åse\"", true),
        ("displayName sw \"strasse\"", true),
        ("displayName ew \"A\u{30a}se\"", true),
        ("displayName co \"SSE Å\"", true),
        ("displayName gt \"strasse a\"", true),
        ("nickName eq \"ΣΊΣΥΦΟΣ\"", true),
        ("nickName eq \"sisyphos\"", false),
    ] {
        assert_eq!(says(filter, ResolveOptions::default(), document), Ok(expected), "{filter}");
    }
}

#[test]
fn text_operators_are_true_of_equal_and_empty_text() {
    for operator in ["eq", "co", "sw", "ew", "ge", "le"] {
        assert_eq!(strict(&format!("userName {operator} \"ANN@x.test\"")), Ok(true), "{operator}");
    }
    for operator in ["co", "sw", "ew"] {
        assert_eq!(strict(&format!("userName {operator} \"\"")), Ok(true), "{operator}");
        assert_eq!(
            strict(&format!("userName {operator} \"ann@x.test and more than is there\"")),
            Ok(false),
            "{operator}"
        );
        assert_eq!(strict(&format!("title {operator} \"\"")), Ok(false), "{operator}");
    }
}

#[test]
fn presence_needs_something_that_is_not_empty() {
    for (document, expected) in [
        (r#"{}"#, false),
        (r#"{"emails": null}"#, false),
        (r#"{"emails": []}"#, false),
        (r#"{"emails": [{}]}"#, false),
        (r#"{"emails": [{"display": ""}]}"#, false),
        (r#"{"emails": [{"display": null}, {"primary": false}]}"#, true),
        (r#"{"emails": [{"value": "a"}]}"#, true),
    ] {
        assert_eq!(says("emails pr", ResolveOptions::default(), document), Ok(expected), "{document}");
        assert_eq!(says("not (emails pr)", ResolveOptions::default(), document), Ok(!expected), "{document}");
    }
    assert_eq!(says("title pr", ResolveOptions::default(), r#"{"title": ""}"#), Ok(false));
    assert_eq!(says("active pr", ResolveOptions::default(), r#"{"active": false}"#), Ok(true));
    assert_eq!(says("name pr", ResolveOptions::default(), r#"{"name": {}}"#), Ok(false));
    assert_eq!(says("emails.display pr", ResolveOptions::default(), ANN), Ok(false));
}

#[test]
fn a_missing_primary_is_false_but_not_present() {
    let two = r#"{"emails": [{"value": "a"}, {"value": "b", "primary": true}]}"#;
    let none = r#"{"emails": []}"#;
    for (filter, document, expected) in [
        ("emails.primary eq false", two, true),
        ("emails.primary ne true", two, true),
        ("emails[primary eq false].value eq \"a\"", two, true),
        ("emails[value eq \"a\" and primary ne true]", two, true),
        ("emails[value eq \"a\" and primary pr]", two, false),
        ("emails.primary eq false", none, false),
        ("emails.primary ne true", none, true),
        ("emails.primary eq null", none, true),
        ("emails.primary eq null", two, false),
    ] {
        let options = ResolveOptions::default().with_entra_paths(true);
        assert_eq!(says(filter, options, document), Ok(expected), "{filter}");
    }
}

#[test]
fn a_stored_document_of_the_wrong_shape_is_no_crash() {
    for document in [r#"{"emails": "a", "active": "x", "name": 3}"#, r#"{"emails": [[1], 2, null], "meta": []}"#] {
        for filter in [
            "emails.value eq \"a\"",
            "emails[type ne \"b\"]",
            "active eq true",
            "name.givenName pr",
            "meta.created gt \"2026-01-01T00:00:00Z\"",
        ] {
            assert!(says(filter, ResolveOptions::default(), document).is_ok(), "{filter}");
        }
    }
}

#[test]
fn the_values_of_a_document_may_be_numbers_of_any_spelling() {
    let Value::Number(number) = json("1e0") else { panic!() };
    assert_eq!(number.as_f64(), 1.0);
    let filter = Filter::parse("floor eq 1.0").unwrap().resolve(&device(), ResolveOptions::default()).unwrap();
    assert!(filter.matches(&object(r#"{"floor": 1e0}"#)));
}
