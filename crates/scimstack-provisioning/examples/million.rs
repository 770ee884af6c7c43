//! How long a plan takes, and how much memory, for so many people: `cargo run --release --example million [PEOPLE]`. Of the
//! table, one person in a hundred has changed, one in a thousand is new, and one in a thousand is missing. Documents and rows
//! are made, written as text and read again one by one, as they would come from the wire and from a file.

#![allow(clippy::unwrap_used, reason = "a measurement ends by panicking")]

use scimstack_provisioning::sync::{Brake, Checked, Mapping, Missing, PlanOptions, Planner};
use scimstack_schema::{Object, Registry, Value};
use std::sync::Arc;
use std::time::Instant;

const MAPPING: &[u8] = br#"{"people": {"match": ["externalId", "userName"], "rules": [
    {"to": "externalId", "from": "number"},
    {"to": "userName", "from": {"lower": "mail"}},
    {"to": "name.givenName", "from": "first"},
    {"to": "name.familyName", "from": "last"},
    {"to": "displayName", "from": {"join": ["first", "last"], "with": " "}},
    {"to": "emails[type eq \"work\"].value", "from": {"lower": "mail"}},
    {"to": "title", "from": "job", "default": "Employee"},
    {"to": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "from": "department"},
    {"to": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber", "from": "number"},
    {"to": "active", "from": {"if": {"field": "status", "is": "left"}, "then": {"value": false}, "else": {"value": true}}}
]}}"#;

fn object(text: &str) -> Object {
    let Value::Object(object) = Value::parse(text.as_bytes()).unwrap() else { unreachable!() };
    object
}

/// As a server shows it.
fn document(n: u32) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"2819c223-7f76-453a-919d-{n:012}","externalId":"{n}","userName":"person-{n}@acme.example","name":{{"givenName":"Person","familyName":"Number {n}"}},"displayName":"Person Number {n}","emails":[{{"value":"person-{n}@acme.example","type":"work","primary":true}}],"title":"Clerk","active":true,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"department":"Sales {}","employeeNumber":"{n}"}},"meta":{{"resourceType":"User","version":"W/\"1\""}}}}"#,
        n % 50
    )
}

fn row(n: u32, job: &str) -> String {
    format!(
        r#"{{"number":"{n}","mail":"Person-{n}@acme.example","first":"Person","last":"Number {n}","job":"{job}","department":"Sales {}","status":""}}"#,
        n % 50
    )
}

/// Kilobytes, as the kernel of Linux counts them; nothing elsewhere.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
}

fn main() {
    let people: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let part = Mapping::parse(MAPPING).unwrap().people.unwrap();
    let checked = Arc::new(Checked::new(&part, Registry::core().resource_type("User").unwrap()).unwrap());
    let mut planner = Planner::new(checked, PlanOptions::default().with_missing(Missing::Deactivate));

    let began = Instant::now();
    let read_only = |n| object(&document(n)).len() + object(&row(n, "Clerk")).len();
    let members: usize = (0..people).map(read_only).sum();
    println!("floor: {:.2} s to make and read the texts alone ({members} members)", began.elapsed().as_secs_f64());

    let began = Instant::now();
    for n in 0..people {
        planner.handle_target(&object(&document(n)));
    }
    let read = began.elapsed();
    for n in (0..people).filter(|n| n % 1_000 != 1) {
        let job = if n % 100 == 2 { "Head" } else { "Clerk" };
        planner.handle_source(n + 2, &object(&row(n, job)), None);
    }
    for n in 0..people / 1_000 {
        planner.handle_source(people + n + 2, &object(&row(people + n, "Clerk")), None);
    }
    let compared = began.elapsed();
    let plan = planner.finish();
    let planned = began.elapsed();
    Brake::default().check(&plan.counts()).unwrap();
    println!("{people} people: {}", plan.counts());
    println!(
        "target {:.2} s, source {:.2} s, plan {:.2} s; {:.2} s in all",
        read.as_secs_f64(),
        (compared - read).as_secs_f64(),
        (planned - compared).as_secs_f64(),
        planned.as_secs_f64()
    );
    println!("memory: {} MB at most, {} MB now", memory("VmHWM") / 1_024, memory("VmRSS") / 1_024);
}
