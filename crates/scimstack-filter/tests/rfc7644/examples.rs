//! The filters, paths and PATCH bodies that RFC 7644 prints, against the resources it prints: what each says of them, and
//! what each makes of them.

use crate::support::{json, object, same};
use scimstack_filter::patch::{MemberDelta, MemberStep, PatchErrorKind};
use scimstack_filter::{Filter, Patch, PatchOptions, PatchOutcome, PatchPath, ResolveOptions};
use scimstack_schema::{Registry, Resource, ResourceType, Value};
use std::sync::Arc;

/// The text of a file in `spec/examples`.
macro_rules! example {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/examples/", $name))
    };
}

const FULL: &str = example!("rfc7643/8.3-enterprise-user.json");
const KNOWN: &str = example!("rfc7644/3.4.1-user.json");
/// Someone for whom the filters hold that hold for nobody in the RFC.
const OTHER: &str = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"jomalley","userType":"Intern",
    "name":{"familyName":"O'Malley"},"meta":{"lastModified":"2011-05-13T04:42:33.999Z"}}"#;

const BABS: &str = "2819c223-7f76-453a-919d-413861904646";
const JAMES: &str = "08e1d05d-121c-4561-8b96-473d93df9210";

fn core(name: &str) -> Arc<ResourceType> {
    Registry::core().resource_type(name).unwrap().clone()
}

fn stored(name: &str, text: &str) -> Resource {
    Resource::from_canonical(core(name), object(text))
}

#[test]
fn every_printed_filter_is_read_printed_resolved_and_true_of_whom_it_should_be() {
    // Of the user in RFC 7643 §8.3, of the one in RFC 7644 §3.4.1, and of the other one.
    let expected = [
        [false, true, false],
        [false, false, true],
        [false, false, true],
        [false, false, true],
        [true, false, false],
        [false, true, false],
        [true, true, false],
        [false, false, true],
        [true, false, true],
        [true, false, false],
        [true, false, true],
        [true, false, false],
        [true, false, false],
        [false, false, true],
        [true, false, false],
        [true, false, false],
        [true, true, false],
    ];
    let filters: Vec<&str> = example!("rfc7644/3.4.2.2-filters.txt").lines().collect();
    assert_eq!(filters.len(), expected.len());
    for (text, expected) in filters.into_iter().zip(expected) {
        let filter = Filter::parse(text).unwrap();
        let printed = filter.to_string();
        assert_eq!(Filter::parse(&printed).unwrap(), filter, "{printed}");
        // The RFC writes as we do, but for parentheses that change nothing.
        assert_eq!(printed, text.replace("(emails.type eq \"work\")", "emails.type eq \"work\""));
        let resolved = filter.resolve(&core("User"), ResolveOptions::default()).unwrap();
        assert_eq!([FULL, KNOWN, OTHER].map(|user| resolved.matches(&object(user))), expected, "{text}");
    }
}

#[test]
fn the_filter_of_the_printed_searches_fits_users_and_groups() {
    for text in [example!("rfc7644/3.4.3-search-request.json"), example!("rfc9865/3-search-request.json")] {
        let filter = Filter::parse(json(text).get("filter").unwrap().as_str().unwrap()).unwrap();
        for found in json(example!("rfc7644/3.4.3-search-response.json")).get("Resources").unwrap().as_array().unwrap()
        {
            let name = if found.to_string().contains(":Group\"") { "Group" } else { "User" };
            let resolved = filter.resolve(&core(name), ResolveOptions::default()).unwrap();
            assert!(resolved.matches(found.as_object().unwrap()), "{found}");
        }
    }
}

#[test]
fn every_printed_path_is_read_and_printed_and_all_but_one_lead_somewhere() {
    let results: Vec<_> = example!("rfc7644/3.5.2-paths.txt")
        .lines()
        .map(|text| {
            assert_eq!(PatchPath::parse(text).unwrap().to_string(), text);
            let mut body = json(r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}"#);
            let mut operation = object(r#"{"op":"remove"}"#);
            operation.insert("path", text);
            body.as_object_mut().unwrap().insert("Operations", vec![operation]);
            let (name, example) = match text.starts_with("members") {
                true => ("Group", example!("rfc7644/3.7.2-group.json")),
                false => ("User", FULL),
            };
            let patch = Patch::from_value(body, &PatchOptions::strict()).unwrap();
            patch.apply(&mut stored(name, example), &PatchOptions::strict()).map_err(|error| error.kind).err()
        })
        .collect();
    // Members have no `displayName` (RFC 7643 §4.2, §8.7.1): nothing can be there to remove.
    assert_eq!(results, [None, None, None, None, Some(PatchErrorKind::NoTarget)]);
}

/// Applies a printed body under the strictest reading and the usual one, which must agree; then the difference must lead
/// to the same, and the same body once more to nothing new.
fn apply(name: &str, before: &str, body: &str) -> (Resource, PatchOutcome) {
    let apply = |options: PatchOptions, resource: &mut Resource| {
        let patch = Patch::from_value(json(body), &options).unwrap();
        assert_eq!(Patch::from_value(patch.to_value(), &options).unwrap(), patch);
        let outcome = patch.apply(resource, &options).unwrap();
        assert!(outcome.unknown.is_empty() && outcome.leniencies.is_empty(), "{outcome:?}");
        resource.resource_type().validate(resource).unwrap();
        outcome
    };
    let mut after = stored(name, before);
    let outcome = apply(PatchOptions::strict(), &mut after);
    let mut usual = stored(name, before);
    assert_eq!(apply(PatchOptions::default(), &mut usual), outcome);
    assert_eq!(usual, after);
    let mut other_way = stored(name, before);
    let difference = Patch::diff(&other_way, &after);
    difference.apply(&mut other_way, &PatchOptions::strict()).unwrap();
    assert!(same(&other_way, &after), "{}", difference.to_value());
    assert!(!apply(PatchOptions::strict(), &mut after.clone()).changed);
    (after, outcome)
}

/// A user patched as printed differs from before in these members only: name and JSON.
fn assert_user(before: &str, body: &str, differences: &[(&str, &str)]) {
    let mut expected = object(before);
    for (name, value) in differences {
        match *value {
            "" => assert!(expected.remove(name).is_some()),
            value => _ = expected.insert(*name, json(value)),
        }
    }
    let (after, outcome) = apply("User", before, body);
    assert!(outcome.changed && outcome.relations.is_empty() && outcome.hidden.is_empty());
    assert_eq!(after.root(), &expected, "{body}");
}

#[test]
fn the_printed_patches_of_users_do_what_the_text_around_them_says() {
    let both =
        r#"[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"}]"#;
    let home = r#"[{"value":"babs@jensen.org","type":"home"}]"#;
    let work = json(FULL).get("addresses").unwrap().as_array().unwrap()[1].to_string();
    assert_user(
        KNOWN,
        example!("rfc7644/3.5.2.1-add-attributes.json"),
        &[("emails", &both.replace(r#","primary":true"#, "")), ("nickName", r#""Babs""#)],
    );
    assert_user(FULL, example!("rfc7644/3.5.2.2-remove-email.json"), &[("emails", home)]);
    assert_user(KNOWN, example!("rfc7644/3.5.2.2-remove-email.json"), &[("emails", "")]);
    let address = r#"{"type":"work","streetAddress":"911 Universal City Plaza","locality":"Hollywood","region":"CA",
        "postalCode":"91608","country":"US","formatted":"911 Universal City Plaza\nHollywood, CA 91608 US","primary":true}"#;
    assert_user(
        FULL,
        example!("rfc7644/3.5.2.3-replace-work-address.json"),
        &[("addresses", &format!("[{address},{work}]"))],
    );
    let address = r#"{"type":"work","streetAddress":"1010 Broadway Ave","locality":"Hollywood","region":"CA",
        "postalCode":"91608","country":"US","formatted":"100 Universal City Plaza\nHollywood, CA 91608 USA","primary":true}"#;
    assert_user(
        FULL,
        example!("rfc7644/3.5.2.3-replace-street-address.json"),
        &[("addresses", &format!("[{address},{work}]"))],
    );
    assert_user(
        KNOWN,
        example!("rfc7644/3.5.2.3-replace-attributes.json"),
        &[("emails", both), ("nickName", r#""Babs""#)],
    );
    let bulk = json(example!("rfc7644/3.7.3-bulk-request.json"));
    let patch = &bulk.get("Operations").unwrap().as_array().unwrap()[2];
    assert_eq!(patch.get("method").unwrap().as_str(), Some("PATCH"));
    assert_user(FULL, &patch.get("data").unwrap().to_string(), &[("nickName", ""), ("userName", r#""Dave""#)]);
}

#[test]
fn the_printed_patches_of_groups_say_what_is_to_happen_to_the_members() {
    let group =
        r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"e9e30dba","displayName":"Tour Guides"}"#;
    let member = |id: &str, name: &str| {
        json(&format!(r#"{{"display":"{name}","$ref":"https://example.com/v2/Users/{id}","value":"{id}"}}"#))
    };
    let (babs, james) = (member(BABS, "Babs Jensen"), member(JAMES, "James Smith"));
    let add = |member: &Value| MemberStep::Add(member.clone());
    let remove = || MemberStep::Remove(BABS.to_owned());
    for (body, replace, steps) in [
        (example!("rfc7644/3.5.2.1-add-member.json"), None, vec![add(&babs)]),
        (example!("rfc7644/3.5.2.2-remove-member.json"), None, vec![remove()]),
        (example!("rfc7644/3.5.2.2-remove-all-members.json"), Some(vec![]), vec![]),
        (example!("rfc7644/3.5.2.2-remove-and-add-member.json"), None, vec![remove(), add(&james)]),
        (example!("rfc7644/3.5.2.2-remove-all-and-add-members.json"), Some(vec![]), vec![add(&babs), add(&james)]),
        (example!("rfc7644/3.5.2.3-replace-members.json"), Some(vec![babs.clone(), james.clone()]), vec![]),
    ] {
        let (after, outcome) = apply("Group", group, body);
        assert_eq!(after, stored("Group", group), "members are no part of the document");
        assert_eq!(outcome.relations, [("members".to_owned(), MemberDelta { replace, steps })], "{body}");
        let patch = Patch::from_value(json(body), &PatchOptions::strict()).unwrap();
        assert_eq!(patch.as_relation_delta(&core("Group"), &PatchOptions::strict()).unwrap(), Some(outcome));
    }
}
