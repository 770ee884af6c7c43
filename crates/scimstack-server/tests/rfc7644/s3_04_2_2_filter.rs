//! RFC 7644 §3.4.2.1, §3.4.2.2 where a server answers: filters over several types, what is too much, and what a refusal
//! says. The language itself is tested in `scimstack-filter`.

use crate::support::{Setting, USER, World};

over_every_store! {
    parameters_nobody_knows_do_nothing in Setting::rfc();
    what_a_type_has_not_has_no_value_there in Setting::directory();
    an_operator_nobody_knows_is_named in Setting::rfc();
    only_what_has_an_order_is_compared_by_it in Setting::rfc();
    brackets_hold_sub_attributes_of_one_value in Setting::rfc();
    what_was_defaulted_is_found_by_its_default in Setting::directory();
    case_counts_where_the_attribute_says_so in Setting::rfc();
    times_are_compared_as_instants in Setting::rfc();
}

fn found(w: &World, path: &str) -> Vec<String> {
    let mut ids = w.get(path).send().expect(200).ids();
    ids.sort();
    ids
}

fn sorted<const N: usize>(ids: [&String; N]) -> Vec<String> {
    let mut ids: Vec<String> = ids.into_iter().cloned().collect();
    ids.sort();
    ids
}

fn parameters_nobody_knows_do_nothing(w: &World) {
    let ann = w.user("ann");
    for path in ["/Users", &format!("/Users/{ann}"), ""] {
        let plain = w.get(path).send().expect(200);
        let asked = w.get(&format!("{path}?foo=bar&foo=baz&_=1&fields=userName")).send().expect(200);
        assert_eq!(asked.json(), plain.json(), "{path}");
    }
}

fn what_a_type_has_not_has_no_value_there(w: &World) {
    let (ann, group) = (w.user("ann"), w.group("ann", &[]));
    for (filter, expected) in [
        ("userName pr", sorted([&ann])),
        ("not (userName pr)", sorted([&group])),
        ("userName eq \"ann\"", sorted([&ann])),
        ("userName eq \"ann\" or displayName eq \"ann\"", sorted([&ann, &group])),
        ("userName ne \"ann\"", sorted([&group])),
        ("not (userName eq \"x\")", sorted([&ann, &group])),
        ("meta.resourceType eq \"Group\"", sorted([&group])),
    ] {
        assert_eq!(found(w, &format!("/?filter={filter}")), expected, "{filter}");
    }
}

fn an_operator_nobody_knows_is_named(w: &World) {
    let answer = w.get("/Users?filter=userName regex \"a\"").send().refused(400, "invalidFilter");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("regex") && detail.contains("eq"), "{detail}");
}

fn only_what_has_an_order_is_compared_by_it(w: &World) {
    w.user("ann");
    for operator in ["gt", "ge", "lt", "le"] {
        for compared in ["active OP true", "emails[primary OP false]", "x509Certificates.value OP \"QUJD\""] {
            let filter = compared.replace("OP", operator);
            w.get(&format!("/Users?filter={filter}")).send().refused(400, "invalidFilter");
        }
        let found = w.get(&format!("/Users?filter=userName {operator} \"ann\"")).send().expect(200).ids().len();
        assert_eq!(found, usize::from(operator.ends_with('e')), "{operator}");
    }
}

fn brackets_hold_sub_attributes_of_one_value(w: &World) {
    let body = format!(
        r#"{{"schemas":["{USER}"],"userName":"ann","emails":[{{"type":"work","value":"a@x.test"}},
        {{"type":"home","value":"b@y.test"}}]}}"#
    );
    let ann = w.post("/Users", body).send().expect(201).id();
    for (filter, there) in [
        ("emails[type eq \"work\" and value co \"x.test\"]", true),
        ("emails[type eq \"work\" and value co \"y.test\"]", false),
        ("emails.type eq \"work\" and emails.value co \"y.test\"", true),
    ] {
        let expected = if there { vec![ann.clone()] } else { vec![] };
        assert_eq!(found(w, &format!("/Users?filter={filter}")), expected, "{filter}");
    }
    for filter in ["emails[userName eq \"ann\"]", "emails[emails.type eq \"work\"]", "emails[]"] {
        w.get(&format!("/Users?filter={filter}")).send().refused(400, "invalidFilter");
    }
}

fn what_was_defaulted_is_found_by_its_default(w: &World) {
    let made = w.post("/Users", format!(r#"{{"schemas":["{USER}"],"userName":"ann"}}"#)).send().expect(201);
    assert_eq!(made.json()["active"], true, "the client was told the default");
    assert_eq!(found(w, "/Users?filter=active eq true"), [made.id()]);
    assert_eq!(found(w, "/Users?filter=active pr"), [made.id()]);
    assert_eq!(found(w, "/Users?filter=active ne true"), [""; 0]);
}

fn case_counts_where_the_attribute_says_so(w: &World) {
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"Ann","externalId":"Ab"}}"#);
    let ann = w.post("/Users", body).send().expect(201).id();
    for (filter, there) in [
        ("userName eq \"aNN\"", true),
        ("userName sw \"AN\"", true),
        ("externalId eq \"Ab\"", true),
        ("externalId eq \"AB\"", false),
        ("externalId sw \"a\"", false),
        (&format!("id eq \"{ann}\""), true),
        (&format!("id eq \"{}\"", ann.to_uppercase()), false),
        ("USERNAME EQ \"ann\" AND ID PR", true),
    ] {
        assert_eq!(found(w, &format!("/Users?filter={filter}")).len(), usize::from(there), "{filter}");
    }
}

fn times_are_compared_as_instants(w: &World) {
    w.user("ann");
    for (filter, there) in [
        ("meta.created eq \"2026-01-01T01:00:00+01:00\"", true),
        ("meta.created gt \"2026-01-01T00:30:00+01:00\"", true),
        ("meta.created lt \"2025-12-31T23:30:00-01:00\"", true),
        ("meta.created gt \"2026-01-01T00:00:00Z\"", false),
    ] {
        assert_eq!(found(w, &format!("/Users?filter={filter}")).len(), usize::from(there), "{filter}");
    }
}

/// The store in memory, an oracle for tests, has no budget.
#[test]
fn a_query_that_would_look_at_too_much_is_refused() {
    let w = Setting::directory().limits(|limits| limits.budget = 10).in_sqlite();
    for n in 0..11 {
        w.user(&format!("p{n}"));
    }
    for path in ["/Users?filter=title co \"x\"", "/?filter=not (title co \"x\")"] {
        let answer = w.get(path).send().refused(400, "tooMany");
        assert!(answer.json().get("Resources").is_none(), "{path}");
    }
    assert_eq!(w.get("/Users?filter=userName eq \"p7\"").send().expect(200).ids().len(), 1, "what is indexed is found");
}
