//! The conversations are what they say: each row of the matrix is exercised by everyone who has it there, by a step in which
//! its shape is really on the wire; what departs from the RFCs says what the letter demands; and each conversation goes
//! through a person's whole life.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use scimstack_conformance::{Conversation, Step, conversations, tolerances};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A row's shape, in a step of a conversation.
type Shape = fn(&Conversation, &Step) -> bool;

fn method(step: &Step) -> &str {
    step.send.split(' ').next().unwrap()
}

fn at(step: &Step, resources: &str) -> bool {
    step.send.contains(&format!("/{resources}"))
}

/// The operations of a PATCH.
fn operations(step: &Step) -> Vec<&Value> {
    let whole = step.content.body.as_ref().and_then(|body| body["Operations"].as_array());
    step.content.patch.iter().flatten().chain(whole.into_iter().flatten()).collect()
}

fn op<'s>(operation: &'s Value, name: &str) -> &'s str {
    operation[name].as_str().unwrap_or_default()
}

/// All of what is sent, as one text.
fn sent(step: &Step) -> String {
    let content = &step.content;
    let mut text = format!("{} {:?}", content.body.clone().unwrap_or_default(), content.change);
    operations(step).iter().for_each(|operation| text.push_str(&operation.to_string()));
    text
}

fn without_path(step: &Step, is: fn(&serde_json::Map<String, Value>) -> bool) -> bool {
    operations(step).iter().any(|o| o.get("path").is_none() && o["value"].as_object().is_some_and(is))
}

fn path(step: &Step, is: fn(&str, &Value) -> bool) -> bool {
    operations(step).iter().any(|operation| is(op(operation, "path"), operation))
}

/// The matrix once more, as what it looks like.
const SHAPES: [(&str, Shape); 27] = [
    ("F-01", |_, s| method(s) == "PUT" && at(s, "Users") && (s.content.echo.is_some() || sent(s).contains("\"meta\""))),
    ("F-02", |_, s| without_path(s, |value| !value.is_empty())),
    ("F-03", |_, s| without_path(s, |value| value.keys().any(|key| key.contains('.') || key.contains('[')))),
    ("F-04", |_, s| operations(s).iter().any(|o| op(o, "op").starts_with(char::is_uppercase))),
    ("F-05", |_, s| ["\"True\"", "\"true\"", "\"False\"", "\"false\""].iter().any(|text| sent(s).contains(text))),
    ("F-06", |_, s| path(s, |path, o| path != "members" && o["value"].as_array().is_some_and(|list| list.len() == 1))),
    ("F-07", |_, s| sent(s).to_lowercase().contains("manager")),
    ("F-08", |_, s| path(s, |path, o| path.contains("].") && !op(o, "op").eq_ignore_ascii_case("remove"))),
    ("F-09", |_, s| path(s, |path, _| path.contains("primary eq \"True\""))),
    ("F-10", |_, s| {
        path(s, |p, o| p == "members" && o["value"].is_array() && op(o, "op").eq_ignore_ascii_case("remove"))
    }),
    ("F-11", |_, s| path(s, |path, o| path.starts_with("members[value eq ") && op(o, "op") == "remove")),
    ("F-12", |_, s| at(s, "Groups") && sent(s).contains("\"members\"") && !sent(s).contains("\"type\"")),
    ("F-13", |_, s| method(s) == "POST" && sent(s).contains("\"password\"")),
    ("F-14", |_, s| sent(s).contains("\"groups\"")),
    ("F-15", |_, s| at(s, "Groups") && without_path(s, |value| value.contains_key("id"))),
    ("F-16", |_, s| method(s) == "PUT" && at(s, "Groups") && !sent(s).contains("\"meta\"")),
    ("F-17", |_, s| {
        ["2.0User\"", "\"rn:", "\"http://schemas.microsoft", ":core:1.0\"", "{haystack}"]
            .iter()
            .any(|u| sent(s).contains(u))
    }),
    ("F-18", |_, s| {
        s.content.body.as_ref().is_some_and(|body| body.get("Operations").is_some() && body.get("schemas").is_none())
    }),
    ("F-19", |c, s| !c.content_type.is_empty() && (method(s) == "POST" || s.headers.contains_key("Content-Type"))),
    ("F-20", |_, s| method(s) == "GET" && s.send.contains("filter=") && s.send.to_lowercase().contains("eq")),
    ("F-21", |_, s| s.send.contains("excludedAttributes=members")),
    ("F-22", |_, s| (method(s) == "DELETE" && at(s, "Users")) || s.id == "create-anew"),
    ("F-23", |_, s| s.content.body.as_ref().is_some_and(|body| body["emails"].is_object())),
    ("F-24", |_, s| format!("{:?}", s.who) == "Bare"),
    ("F-25", |_, s| s.send.contains("//")),
    ("F-26", |_, s| s.send.contains("filter=") && (s.send.contains("%5D.value") || s.send.contains("manager"))),
    // What an empty text has cleared is read in a step of its own.
    ("F-27", |_, s| {
        let is_read = s.own.is_some() && s.shows.0.values().any(|wanted| wanted["absent"] == true);
        sent(s).contains("\"\"") || sent(s).contains("String(\"\")") || is_read
    }),
];

fn shape(row: &str) -> Shape {
    SHAPES.iter().find(|(name, _)| *name == row).unwrap().1
}

fn steps() -> impl Iterator<Item = (&'static Conversation, &'static Step)> {
    conversations().iter().flat_map(|one| one.steps.iter().map(move |step| (one, step)))
}

#[test]
fn every_row_of_the_matrix_is_exercised_by_everyone_who_has_it() {
    let rows: Vec<&str> = tolerances().iter().map(|tolerance| tolerance.row.as_str()).collect();
    let expected: Vec<String> = (1..=27).map(|number| format!("F-{number:02}")).collect();
    assert_eq!(rows, expected);
    let mut missing = Vec::new();
    for tolerance in tolerances() {
        assert!(!tolerance.senders.is_empty(), "{} is sent by nobody", tolerance.row);
        for sender in &tolerance.senders {
            let mut own = steps().filter(|(one, step)| one.provider == *sender && step.rows.contains(&tolerance.row));
            if own.next().is_none() {
                missing.push(format!("{} by {sender}", tolerance.row));
            }
        }
    }
    assert!(missing.is_empty(), "not exercised: {missing:?}");
}

#[test]
fn a_step_that_names_a_row_has_its_shape() {
    let mut wrong = Vec::new();
    for (one, step) in steps() {
        for row in &step.rows {
            assert!(tolerances().iter().any(|tolerance| tolerance.row == *row), "{}: there is no {row}", step.id);
            if !shape(row)(one, step) {
                wrong.push(format!("{}/{} is no {row}", one.provider, step.id));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn what_departs_from_the_letter_says_what_the_letter_demands() {
    let departs: BTreeMap<&str, bool> = tolerances().iter().map(|t| (t.row.as_str(), !t.letter)).collect();
    let mut with_letter = BTreeSet::new();
    for (one, step) in steps() {
        let departing: Vec<&str> = step.rows.iter().map(String::as_str).filter(|row| departs[row]).collect();
        let Some(letter) = &step.letter else { continue };
        with_letter.extend(departing.iter().copied());
        let name = format!("{}/{}", one.provider, step.id);
        assert!(letter.says.len() > 20, "{name} does not say why");
        let refuses = letter.status.0.iter().all(|status| *status >= 400);
        assert_eq!(letter.scim_type.is_some(), refuses, "{name}: an error that is certain has a scimType");
    }
    let expected: BTreeSet<&str> = departs.iter().filter(|(_, departs)| **departs).map(|(row, _)| *row).collect();
    assert_eq!(with_letter, expected, "each departure is refused, or kept as sent, somewhere");
}

#[test]
fn what_only_a_known_provider_gets_is_marked_in_the_matrix() {
    let own: BTreeSet<&str> = tolerances().iter().filter(|t| t.own.is_some()).map(|t| t.row.as_str()).collect();
    let marked: BTreeSet<&str> = steps()
        .filter(|(_, step)| step.own.is_some())
        .flat_map(|(_, step)| step.rows.iter().map(String::as_str))
        .collect();
    assert!(own.is_subset(&marked), "no step shows that {:?} are for a known provider only", own.difference(&marked));
}

#[test]
fn every_fact_and_row_is_a_code() {
    for (one, step) in steps() {
        assert!(!step.facts.is_empty(), "{}/{} rests on nothing", one.provider, step.id);
        assert!(step.does.len() > 5, "{}/{}", one.provider, step.id);
        for code in &step.facts {
            let (section, number) = code.split_at(1);
            assert!(
                "ABCDE".contains(section) && (number.starts_with('-') || number.starts_with('.')),
                "{}: {code}",
                step.id
            );
        }
    }
}

/// What a conversation goes through, if its provider does so.
#[test]
fn each_provider_goes_through_a_life() {
    let every: [(&str, Shape); 3] = [
        ("makes a person", |_, s| method(s) == "POST" && at(s, "Users") && s.status.0 == [201]),
        ("switches it off", |_, s| {
            let text = sent(s).to_lowercase();
            text.contains("active") && text.contains("false")
        }),
        ("asks for users", |_, s| method(s) == "GET" && at(s, "Users")),
    ];
    for one in conversations() {
        for (what, is) in every {
            assert!(one.steps.iter().any(|step| is(one, step)), "{} never {what}", one.provider);
        }
    }
    let some: [(&str, usize, Shape); 9] = [
        ("makes somebody again", 12, |_, s| method(s) == "POST" && s.status.0 == [409]),
        ("matches by a filter", 10, |_, s| s.send.contains("filter=")),
        ("switches it on again", 10, |_, s| {
            s.id.contains("enable") || s.id.contains("activate") || s.id.contains("resume")
        }),
        ("names a manager", 5, |_, s| sent(s).contains("manager")),
        ("makes a group", 8, |_, s| method(s) == "POST" && at(s, "Groups")),
        ("changes members", 8, |_, s| at(s, "Groups") && sent(s).contains("\"members\"") && method(s) != "POST"),
        ("deletes a group", 6, |_, s| method(s) == "DELETE" && at(s, "Groups")),
        ("deletes a person", 10, |_, s| method(s) == "DELETE" && at(s, "Users")),
        ("sends custom fields", 4, |_, s| s.needs.iter().any(|schema| schema == "{haystack}")),
    ];
    for (what, least, is) in some {
        let who = conversations().iter().filter(|one| one.steps.iter().any(|step| is(one, step))).count();
        assert!(who >= least, "only {who} of {least} providers: {what}");
    }
}
