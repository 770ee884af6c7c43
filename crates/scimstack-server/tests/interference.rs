//! No request of one tenant can tell whether another tenant's resources are there (RFC 7644 §6): whatever is asked, with the
//! other's ids, names and versions in every place that takes one, the answers are the same as if it had none; and the other's
//! resources stay as they are.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use futures_executor::block_on;
use http::Method;
use proptest::prelude::*;
use scimstack_schema::uri::ENTERPRISE_USER;
use serde_json::{Value, json};
use support::{GROUP, Setting, USER, World};

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What a tenant can be known by.
#[derive(Clone, Debug)]
struct Known {
    user: String,
    group: String,
    user_name: &'static str,
    external_id: &'static str,
}

/// A request of `acme`; what stands for another resource is `0`, `1`, … of the names it knows, its own and the other's.
#[derive(Clone, Debug)]
struct Asked {
    verb: usize,
    target: usize,
    value: usize,
    matches: bool,
}

fn asked() -> impl Strategy<Value = Asked> {
    (0..VERBS, 0..8_usize, 0..8_usize, any::<bool>()).prop_map(|(verb, target, value, matches)| Asked {
        verb,
        target,
        value,
        matches,
    })
}

/// How many kinds of requests [`request`] has.
const VERBS: usize = 16;

/// A request: method, path, body.
fn request(asked: &Asked, names: &[String]) -> (Method, String, Option<Value>) {
    let (target, value) = (&names[asked.target % names.len()], &names[asked.value % names.len()]);
    let patch = |operation: Value| Some(json!({"schemas": [PATCH], "Operations": [operation]}));
    let member = json!([{"value": value}]);
    let manager = format!("{ENTERPRISE_USER}:manager");
    match asked.verb {
        0 => (Method::GET, format!("/Users/{target}"), None),
        1 => (Method::GET, format!("/Groups/{target}"), None),
        2 => (Method::HEAD, format!("/Users/{target}"), None),
        3 => {
            let user = json!({"schemas": [USER], "userName": value, "externalId": target,
                ENTERPRISE_USER: {"manager": {"value": target}}});
            (Method::POST, "/Users".to_owned(), Some(user))
        }
        4 => {
            let group = json!({"schemas": [GROUP], "displayName": target, "members": member});
            (Method::POST, "/Groups".to_owned(), Some(group))
        }
        5 => (Method::PUT, format!("/Users/{target}"), Some(json!({"schemas": [USER], "userName": value}))),
        6 => {
            let group = json!({"schemas": [GROUP], "displayName": "g", "members": member});
            (Method::PUT, format!("/Groups/{target}"), Some(group))
        }
        7 => {
            let operation = json!({"op": "add", "path": "members", "value": member});
            (Method::PATCH, format!("/Groups/{target}"), patch(operation))
        }
        8 => {
            let operation = json!({"op": "remove", "path": format!("members[value eq \"{value}\"]")});
            (Method::PATCH, format!("/Groups/{target}"), patch(operation))
        }
        9 => {
            let operation = json!({"op": "replace", "path": manager, "value": value});
            (Method::PATCH, format!("/Users/{target}"), patch(operation))
        }
        10 => (Method::DELETE, format!("/Users/{target}"), None),
        11 => (Method::DELETE, format!("/Groups/{target}"), None),
        12 => (Method::GET, format!("/Users?filter=id eq \"{target}\" or userName eq \"{value}\""), None),
        13 => {
            let filter = format!("groups.value eq \"{target}\" or {manager}.value eq \"{value}\"");
            (Method::GET, format!("/Users?filter={filter}"), None)
        }
        14 => {
            let filter = format!("members.value eq \"{target}\" or externalId eq \"{value}\"");
            let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": filter});
            (Method::POST, "/.search".to_owned(), Some(search))
        }
        _ => {
            let operations = json!([
                {"method": "POST", "path": "/Groups", "bulkId": "g",
                    "data": {"schemas": [GROUP], "displayName": value, "members": [{"value": target}]}},
                {"method": "PATCH", "path": format!("/Users/{target}"),
                    "data": {"Operations": [{"op": "replace", "path": "title", "value": "x"}]}},
                {"method": "DELETE", "path": format!("/Users/{value}")},
            ]);
            let bulk =
                json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations});
            (Method::POST, "/Bulk".to_owned(), Some(bulk))
        }
    }
}

/// The tenant `acme` with a user and a group, and the tenant `other`, which has a user and a group when `is_there`.
fn world(setting: fn(Setting) -> World, is_there: bool) -> (World, Known) {
    let w = setting(Setting::directory());
    let other = block_on(w.engine.admin().create_tenant("other")).unwrap().id;
    let (_, secret) = block_on(w.engine.admin().create_token(other, "default", "", None)).unwrap();
    let (ann, team) = (w.user("ann@acme.test"), w.group("team", &[]));
    let mut known = Known { user: ann, group: team, user_name: "boss@other.test", external_id: "x-1" };
    if is_there {
        let send = |path: &str, body: Value| {
            let call = w.raw(Method::POST, &format!("/t/other/api/scim/v2{path}"));
            let call = call.header("authorization", &format!("Bearer {}", secret.reveal()));
            call.body(body.to_string()).send().expect(201).id()
        };
        let user = json!({"schemas": [USER], "userName": known.user_name, "externalId": known.external_id});
        known.user = send("/Users", user);
        let group = json!({"schemas": [GROUP], "displayName": "Board", "members": [{"value": known.user}]});
        known.group = send("/Groups", group);
    }
    (w, known)
}

/// Everything of a tenant.
fn everything(w: &World, tenant: &str) -> Vec<Value> {
    let tenant = block_on(w.engine.admin().tenant(tenant)).unwrap();
    let (_, secret) = block_on(w.engine.admin().create_token(tenant.id, "default", "", None)).unwrap();
    let read = |path: &str| {
        let call = w.raw(Method::GET, &format!("/t/{}/api/scim/v2{path}", tenant.name));
        call.header("authorization", &format!("Bearer {}", secret.reveal())).send().expect(200).json()
    };
    vec![read("/Users"), read("/Groups")]
}

/// The answers to a conversation, with each id under the place it has among the known ones.
fn answers(w: &World, theirs: [&str; 2], known: &Known, conversation: &[Asked]) -> Vec<(u16, String)> {
    let mine = everything(w, "acme");
    let own = |list: &Value| list["Resources"][0]["id"].as_str().unwrap().to_owned();
    let mut names = vec![own(&mine[0]), own(&mine[1])];
    names.extend(theirs.map(str::to_owned));
    names.extend([known.user_name.to_owned(), known.external_id.to_owned(), "Board".to_owned(), "nobody".to_owned()]);
    let mut made = Vec::new();
    let mut found = Vec::new();
    for asked in conversation {
        let (method, path, body) = request(asked, &names);
        let mut call = w.call(method, &path);
        if asked.matches {
            call = call.header("if-match", "W/\"1\"");
        }
        let answer = match body {
            Some(body) => call.body(body.to_string()).send(),
            None => call.send(),
        };
        let mut text = answer.text().to_owned();
        for resource in text.split("/Users/").chain(text.split("/Groups/")).skip(1) {
            let id: String = resource.chars().take(36).filter(|c| c.is_ascii_hexdigit() || *c == '-').collect();
            if id.len() == 36 && !names.contains(&id) && !made.contains(&id) {
                made.push(id);
            }
        }
        for (at, id) in made.iter().enumerate() {
            text = text.replace(id.as_str(), &format!("made-{at}"));
        }
        for (at, id) in names.iter().take(4).enumerate() {
            text = text.replace(id.as_str(), &format!("known-{at}"));
        }
        found.push((answer.status, text));
    }
    found
}

fn no_answer_tells(setting: fn(Setting) -> World, conversation: &[Asked]) {
    let (with, known) = world(setting, true);
    let before = everything(&with, "other");
    let theirs = [known.user.as_str(), known.group.as_str()];
    let found = answers(&with, theirs, &known, conversation);
    let (without, _) = world(setting, false);
    let expected = answers(&without, theirs, &known, conversation);
    for ((asked, found), expected) in conversation.iter().zip(found).zip(expected) {
        assert_eq!(found, expected, "{asked:?}");
    }
    assert_eq!(everything(&with, "other"), before, "the other's are as they were");
}

/// Ids that are made within a millisecond are in one order, however many numbers were drawn before.
#[test]
fn groups_are_told_in_the_order_in_which_they_were_made() {
    let asked = |verb, target, value| Asked { verb, target, value, matches: false };
    let conversation = [(5, 0, 0), (5, 0, 0), (0, 0, 0), (15, 0, 1), (4, 0, 4), (5, 0, 4)];
    no_answer_tells(Setting::in_memory, &conversation.map(|(verb, target, value)| asked(verb, target, value)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_tells_of_another_tenant_in_memory(conversation in prop::collection::vec(asked(), 1..10)) {
        no_answer_tells(Setting::in_memory, &conversation);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_tells_of_another_tenant_in_sqlite(conversation in prop::collection::vec(asked(), 1..10)) {
        no_answer_tells(Setting::in_sqlite, &conversation);
    }
}
