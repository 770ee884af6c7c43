//! `spec/dialects.md` is what the engine does: for every name of a leniency and every profile there is a request that uses
//! it. Where the table has it on, the request is accepted, the name is counted, and the log of what writes has it; where not,
//! it is refused, or what was sent is kept as it was.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use metrics_util::debugging::DebuggingRecorder;
use scimstack_protocol::Dialect;
use scimstack_schema::uri::HAYSTACK_USER;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use support::{Answer, ENTERPRISE, Setting, USER, World};

const TABLE: &str = include_str!("../../../spec/dialects.md");

const DIALECTS: [&str; 14] = [
    "okta",
    "okta-oin",
    "entra",
    "entra-compliant",
    "onelogin",
    "jumpcloud",
    "authentik",
    "keycloak",
    "pingone",
    "sailpoint",
    "generic",
    "refuse-unknown",
    "rfc",
    "interop",
];

/// The names of the table, and the profiles that have each on.
fn table() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let rows = TABLE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let listed = |text: &'static str| text.split(", ").collect::<BTreeSet<_>>();
        let on = match (cells[4], cells[4].strip_prefix("all but ")) {
            ("all", _) => DIALECTS.into(),
            (_, Some(others)) => DIALECTS.into_iter().filter(|name| !listed(others).contains(name)).collect(),
            (named, None) => listed(named),
        };
        (cells[0].trim_matches('`'), on)
    })
    .collect()
}

/// What is sent to use a leniency.
enum Sent {
    /// Members of a user beside `userName`, and what `schemas` holds.
    Post(&'static str, String),
    /// The operations of a PATCH of a user who has the title `t` and a home address.
    Patch(String),
    /// A whole PATCH.
    Whole(&'static str),
    /// Below the base URL.
    Address(&'static str),
    /// The token alone.
    Bare,
    /// A filter.
    Query(&'static str),
}

/// What becomes of it where it is off.
enum Off {
    Refused(&'static str),
    /// It is done, and this is shown at this pointer.
    Shows(&'static str, Value),
}

fn cases() -> Vec<(&'static str, Sent, Off)> {
    let long = format!("{ENTERPRISE}:manager");
    let syntax = || Off::Refused("invalidSyntax");
    let value = || Off::Refused("invalidValue");
    let patch = |text: &str| Sent::Patch(text.to_owned());
    let mut cases = vec![
        ("op-case", patch(r#"[{"op":"Replace","path":"title","value":"x"}]"#), syntax()),
        ("missing-schemas", Sent::Whole(r#"{"Operations":[{"op":"replace","path":"title","value":"x"}]}"#), syntax()),
        ("boolean-string", patch(r#"[{"op":"replace","path":"active","value":"False"}]"#), value()),
        ("boolean-string", Sent::Post("", r#""active":"True""#.to_owned()), value()),
        (
            "boolean-string",
            patch(r#"[{"op":"replace","path":"emails[primary eq \"True\"].display","value":"x"}]"#),
            Off::Refused("invalidFilter"),
        ),
        ("unwrap-single", patch(r#"[{"op":"replace","path":"active","value":[false]}]"#), value()),
        ("string-for-complex", Sent::Patch(format!(r#"[{{"op":"add","path":"{long}","value":"x"}}]"#)), value()),
        ("string-for-complex", Sent::Post(ENTERPRISE, format!(r#""{ENTERPRISE}":{{"manager":"x"}}"#)), value()),
        ("short-manager", patch(r#"[{"op":"add","path":"manager","value":{"value":"x"}}]"#), Off::Refused("noTarget")),
        ("upsert-on-add", patch(r#"[{"op":"add","path":"emails[type eq \"work\"].value","value":"w@x.test"}]"#), {
            Off::Refused("noTarget")
        }),
        (
            "upsert-on-replace",
            patch(r#"[{"op":"replace","path":"emails[type eq \"work\"].value","value":"w@x.test"}]"#),
            { Off::Refused("noTarget") },
        ),
        ("remove-listed", patch(r#"[{"op":"remove","path":"emails","value":[{"value":"h@x.test"}]}]"#), value()),
        ("unknown-dropped", Sent::Post("", r#""shoeSize":42"#.to_owned()), syntax()),
        ("unknown-dropped", Sent::Post("urn:example:nobody", r#""title":"x""#.to_owned()), syntax()),
        ("unknown-dropped", patch(r#"[{"op":"replace","value":{"shoeSize":42}}]"#), syntax()),
        ("unlisted-schema", Sent::Post("", format!(r#""{HAYSTACK_USER}":{{"joinDate":"2021-03-01"}}"#)), syntax()),
        ("object-for-list", Sent::Post("", r#""emails":{"value":"o@x.test"}"#.to_owned()), value()),
        (
            "empty-string",
            patch(r#"[{"op":"replace","path":"title","value":""}]"#),
            Off::Shows("/title", Value::from("")),
        ),
        ("empty-string", Sent::Post("", r#""title":"""#.to_owned()), Off::Shows("/title", Value::from(""))),
        ("text-for-reference", Sent::Post("", r#""profileUrl":"no URI""#.to_owned()), value()),
        ("text-for-reference", patch(r#"[{"op":"replace","path":"profileUrl","value":"no URI"}]"#), value()),
        ("filter-sub-attribute", Sent::Query(r#"emails[type eq "work"].value eq "x""#), Off::Refused("invalidFilter")),
        ("short-manager", Sent::Query(r#"manager eq "x""#), Off::Refused("invalidFilter")),
        ("stray-flag", Sent::Address("&aadOptscim062020"), syntax()),
        ("extra-slashes", Sent::Address("/"), syntax()),
        ("bare-token", Sent::Bare, syntax()),
    ];
    // By the letter the key is the name of no attribute, and elsewhere it is a path.
    cases.push(("keys-are-paths", patch(r#"[{"op":"replace","value":{"name.givenName":"x"}}]"#), syntax()));
    cases
}

fn send(w: &World, sent: &Sent) -> Answer {
    let id = || {
        let body = format!(
            r#"{{"schemas":["{USER}"],"userName":"ann","title":"t",
            "emails":[{{"type":"home","value":"h@x.test","primary":true}}]}}"#
        );
        w.post("/Users", body).send().expect(201).id()
    };
    match sent {
        Sent::Post(schema, members) => {
            let more = if schema.is_empty() { String::new() } else { format!(r#","{schema}""#) };
            w.post("/Users", format!(r#"{{"schemas":["{USER}"{more}],"userName":"ann",{members}}}"#)).send()
        }
        Sent::Patch(operations) => w.patch(&format!("/Users/{}", id()), operations).send(),
        Sent::Whole(body) => w.call(http::Method::PATCH, &format!("/Users/{}", id())).body(*body).send(),
        Sent::Query(filter) => w.get(&format!("/Users?filter={filter}")).send(),
        Sent::Bare => {
            let body = format!(r#"{{"schemas":["{USER}"],"userName":"ann"}}"#);
            w.post("/Users", body).header("authorization", &w.token).send()
        }
        Sent::Address(flag) => {
            let operations = r#"[{"op":"replace","path":"title","value":"x"}]"#;
            w.patch(&format!("/Users/{}{flag}", id()), operations).send()
        }
    }
}

/// The names in the log's last entry.
fn names(w: &World) -> BTreeSet<String> {
    let log = w.events("log");
    let names = log.last().unwrap()["leniencies"].as_array().unwrap();
    names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// The answer, and the names that were counted for it.
fn counted(w: &World, sent: &Sent) -> (Answer, BTreeSet<String>) {
    let recorder = DebuggingRecorder::new();
    let answer = metrics::with_local_recorder(&recorder, || send(w, sent));
    let found = recorder.snapshotter().snapshot().into_vec();
    let labels = found.iter().flat_map(|(key, ..)| key.key().labels());
    (answer, labels.filter(|label| label.key() == "leniency").map(|label| label.value().to_owned()).collect())
}

#[test]
fn the_table_of_leniencies_is_what_the_engine_does() {
    let table = table();
    let mut tried = BTreeSet::new();
    for (name, sent, off) in cases() {
        tried.insert(name);
        for dialect in DIALECTS {
            let dialect: Dialect = serde_json::from_value(dialect.into()).unwrap();
            let w = Setting::directory().dialect(dialect).in_memory();
            let (answer, counted) = counted(&w, &sent);
            let on = table[name].contains(serde_json::to_value(dialect).unwrap().as_str().unwrap());
            let seen = format!("{name} under {dialect:?}: {} {}", answer.status, answer.text());
            assert_eq!(counted.contains(name), on, "{seen}: {counted:?}");
            if !matches!(sent, Sent::Query(_)) {
                assert_eq!(names(&w), counted, "{seen}");
            }
            if on {
                assert!(answer.status < 300, "{seen}");
                continue;
            }
            match &off {
                Off::Refused(scim_type) => {
                    assert_eq!((answer.status, &answer.json()["scimType"]), (400, &(*scim_type).into()), "{seen}");
                }
                Off::Shows(pointer, wanted) => assert_eq!(answer.json().pointer(pointer), Some(wanted), "{seen}"),
            }
        }
    }
    // What only OneLogin has is tried apart: elsewhere the documents are refused for other reasons, or dropped in part.
    tried.extend(["onelogin.core-1.0-urn", "onelogin.manager-id"]);
    assert_eq!(tried, table.keys().copied().collect::<BTreeSet<_>>());
}

#[test]
fn what_only_onelogin_sends_is_read_only_for_onelogin() {
    for name in ["onelogin.core-1.0-urn", "onelogin.manager-id"] {
        assert_eq!(table()[name], BTreeSet::from(["onelogin"]));
    }
    for dialect in DIALECTS {
        let is_onelogin = dialect == "onelogin";
        let dialect: Dialect = serde_json::from_value(dialect.into()).unwrap();
        let w = Setting::directory().dialect(dialect).in_memory();
        let old = w.post("/Users", r#"{"schemas":["urn:scim:schemas:core:1.0"],"userName":"ann"}"#).send();
        assert_eq!(old.status, if is_onelogin { 201 } else { 400 }, "{dialect:?}: {}", old.text());
        assert_eq!(names(&w).contains("onelogin.core-1.0-urn"), is_onelogin);
        let body = format!(
            r#"{{"schemas":["{USER}","{ENTERPRISE}"],"userName":"bob","{ENTERPRISE}":{{"manager":{{"managerId":"m"}}}}}}"#
        );
        let managed = w.post("/Users", body).send();
        let manager = managed.json()[ENTERPRISE]["manager"]["value"].clone();
        assert_eq!(manager, if is_onelogin { "m".into() } else { Value::Null }, "{dialect:?}: {}", managed.text());
        assert_eq!(names(&w).contains("onelogin.manager-id"), is_onelogin);
    }
}

#[test]
fn a_request_to_the_letter_uses_no_leniency() {
    for dialect in DIALECTS {
        let dialect: Dialect = serde_json::from_value(dialect.into()).unwrap();
        let w = Setting::directory().dialect(dialect).in_memory();
        let body = format!(
            r#"{{"schemas":["{USER}","{ENTERPRISE}"],"userName":"ann","title":"t","active":true,
            "{ENTERPRISE}":{{"manager":{{"value":"boss"}}}}}}"#
        );
        let id = w.post("/Users", body).send().expect(201).id();
        assert_eq!(names(&w), BTreeSet::new());
        let operations = r#"[{"op":"replace","path":"title","value":"x"},{"op":"replace","value":{"active":false}},
            {"op":"add","path":"emails","value":[{"type":"work","value":"w@x.test"}]},
            {"op":"remove","path":"emails[type eq \"work\"]"}]"#;
        w.patch(&format!("/Users/{id}"), operations).send().expect(200);
        assert_eq!(names(&w), BTreeSet::new());
    }
}
