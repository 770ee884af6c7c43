//! The requests: what is asked, how often, and at most how many times the bare server's CPU it may take.

use crate::client::Message;
use crate::people::{record, some, user_id, user_name};
use crate::setup::{LARGE, SPARE, small};
use hyper::Method;

/// The words for them.
pub(crate) const NAMES: [&str; 10] =
    ["get", "name", "page", "group-10", "group-large", "post", "patch", "member-10", "member-1000", "member-large"];

/// A kind of request.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) status: u16,
    /// How many in a round.
    pub(crate) round: usize,
    pub(crate) at_most: f64,
}

impl Kind {
    pub(crate) fn of(name: &'static str) -> Self {
        let (title, status, round, at_most) = match name {
            "get" => ("GET by id", 200, 8_000, 1.5),
            "name" => ("`userName eq`", 200, 8_000, 1.5),
            "page" => ("a page of 100", 200, 400, 1.3),
            "group-10" => ("group of 10 without its members", 200, 8_000, 1.5),
            "group-large" => ("the largest group without its members", 200, 8_000, 1.5),
            "post" => ("POST", 201, 1_000, 1.6),
            "patch" => ("PATCH of `title`", 200, 1_000, 1.6),
            "member-10" => ("one member into a group of 10", 204, 1_000, 1.6),
            "member-1000" => ("one member into a group of 1,000", 204, 1_000, 1.6),
            _ => ("one member into the largest group", 204, 1_000, 1.6),
        };
        Self { name, title, status, round, at_most }
    }

    /// Whether an answer depends on nothing but what is there.
    pub(crate) fn is_read(&self) -> bool {
        self.status == 200 && self.name != "patch"
    }

    /// The `n`th request of the kind; each is another where something is written.
    pub(crate) fn message(&self, n: usize, users: usize) -> Message {
        let get = |path: String| Message { method: Method::GET, path, body: None };
        let patch = |path: String, operation: &str| {
            let body = format!(
                r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{operation}]}}"#
            );
            Message { method: Method::PATCH, path, body: Some(body) }
        };
        let member = |group: &str, spare: usize| {
            let id = user_id(users + spare % SPARE);
            let operation = format!(r#"{{"op":"add","path":"members","value":[{{"value":"{id}"}}]}}"#);
            patch(format!("/Groups/{group}"), &operation)
        };
        match self.name {
            "get" => get(format!("/Users/{}", user_id(some(n, users)))),
            "name" => {
                let name = user_name(some(n, users)).replace('@', "%40");
                get(format!("/Users?filter=userName%20eq%20%22{name}%22"))
            }
            "page" => get(format!("/Users?startIndex={}&count=100", 1 + 100 * (n % 10))),
            "group-10" => get(format!("/Groups/{}?excludedAttributes=members", small(10, n))),
            "group-large" => get(format!("/Groups/{LARGE}?excludedAttributes=members")),
            "post" => Message { method: Method::POST, path: "/Users".to_owned(), body: Some(new_user(n)) },
            "patch" => {
                let operation = format!(r#"{{"op":"replace","path":"title","value":"Title {n}"}}"#);
                patch(format!("/Users/{}", user_id(some(n, users))), &operation)
            }
            // Small groups take turns; the same user comes to each of them once.
            "member-10" => member(&small(10, n), 7 * n + n / 500),
            "member-1000" => member(&small(1_000, n), n),
            _ => member(LARGE, n),
        }
    }
}

/// A user that is not there yet, as a client sends one: without an id.
fn new_user(n: usize) -> String {
    let n = 50_000_000 + n;
    let document = String::from_utf8(record(n, "Engineer").doc.to_vec()).unwrap();
    document.replacen(&format!(r#""id":"{}","#, user_id(n)), "", 1)
}
