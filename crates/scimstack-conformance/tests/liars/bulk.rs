//! Lies told about bulk requests.

use crate::create::ENTERPRISE;
use crate::traffic::{Ask, Reply};
use crate::{Lie, deed, lie, prove};
use serde_json::json;

fn is_bulk(a: &Ask<'_>) -> bool {
    a.is("POST", "/Bulk")
}

/// Methods and paths of the first two operations.
fn begins(a: &Ask<'_>, first: (&str, &str), second: (&str, &str)) -> bool {
    let operations = a.operations();
    let is = |at: usize, (method, path): (&str, &str)| {
        operations[at]["method"] == method && operations[at]["path"].as_str().is_some_and(|p| p.starts_with(path))
    };
    is_bulk(a) && operations.len() == 2 && is(0, first) && is(1, second)
}

/// One that succeeds and one that fails.
fn both(a: &Ask<'_>) -> bool {
    begins(a, ("POST", "/Widgets"), ("DELETE", "/Widgets"))
}

pub(crate) fn lies() -> Vec<Lie> {
    vec![
        lie("bulk-is-501-when-not-advertised", |a, r| {
            if a.is("GET", "/ServiceProviderConfig") {
                r.set("/bulk/supported", json!(false));
            }
        })
        .and_before(|a| is_bulk(a).then(|| Reply::done(200))),
        lie("bulk-answer-is-a-bulk-response", |a, r| {
            if both(a) {
                r.drop("/schemas");
            }
        }),
        lie("bulk-answer-tells-of-every-operation", |a, r| {
            if both(a) {
                let again = r.json["Operations"][1].clone();
                r.json["Operations"].as_array_mut().unwrap().push(again);
            }
        }),
        lie("bulk-statuses-are-those-of-single-requests", |a, r| {
            if both(a) {
                r.set("/Operations/0/status", json!(201));
            }
        }),
        lie("bulk-operations-have-locations", |a, r| {
            if both(a) {
                r.drop("/Operations/1/location");
            }
        }),
        lie("bulk-id-comes-back", |a, r| {
            if both(a) {
                r.set("/Operations/0/bulkId", json!("another"));
            }
        }),
        lie("bulk-errors-are-in-response", |a, r| {
            if both(a) {
                r.drop("/Operations/1/response");
            }
        }),
        lie("bulk-goes-on-after-an-error", |a, r| {
            if begins(a, ("DELETE", "/Widgets"), ("POST", "/Widgets")) && a.body.get("failOnErrors").is_none() {
                r.set("/Operations/1/status", json!("424"));
            }
        }),
        deed("bulk-stops-at-fail-on-errors", |a| {
            a.without_if("/failOnErrors");
            None
        }),
        lie("bulk-does-every-method", |a, r| {
            if is_bulk(a) && a.operations().len() == 4 {
                r.set("/Operations/1/status", json!("400"));
            }
        }),
        deed("bulk-ids-are-resolved", |a| {
            if begins(a, ("POST", "/Users"), ("POST", "/Groups")) {
                a.without("/Operations/1/data/members");
            }
            None
        })
        .of("Group"),
        deed("bulk-ids-are-resolved-ahead", |a| {
            if begins(a, ("POST", "/Groups"), ("POST", "/Users")) {
                a.without("/Operations/0/data/members");
            }
            None
        })
        .of("Group"),
        deed("bulk-ids-in-extensions-are-resolved", |a| {
            if begins(a, ("POST", "/Users"), ("POST", "/Users")) {
                a.without(&format!("/Operations/1/data/{ENTERPRISE}"));
            }
            None
        })
        .of("User"),
        deed("bulk-circles-are-resolved", |a| {
            if begins(a, ("POST", "/Groups"), ("POST", "/Groups")) {
                a.without("/Operations/0/data/members");
            }
            None
        })
        .of("Group"),
        lie("bulk-past-max-operations-is-413", |a, r| {
            if is_bulk(a) && a.operations().len() > 10 {
                r.status(400);
            }
        }),
        lie("bulk-413-names-the-limit", |a, r| {
            if is_bulk(a) && a.operations().len() > 10 {
                r.set("/detail", json!("too many"));
            }
        }),
        lie("bulk-past-max-payload-is-413", |a, r| {
            if is_bulk(a) && a.raw.len() > 50_000 {
                r.status(400);
            }
        }),
    ]
}

#[test]
fn a_server_whose_bulk_is_wrong_is_found_out() {
    prove(&lies());
}
