//! What a client learns of a server, and how it goes by it: PATCH or PUT, versions, pages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, also in its helpers")]

mod script;

use futures_executor::block_on;
use futures_util::StreamExt;
use scimstack_client::views::{Group, User};
use scimstack_client::{Error, ErrorKind, ListQuery, Updated, Versioned};
use scimstack_schema::{Object, Value};
use script::{Asked, Reply, Server, reply, with_header};

/// A full description: badges beside users, PATCH, versions, cursors, small pages.
const CONFIG: &str = r#"{"patch":{"supported":true},"bulk":{"supported":true,"maxOperations":10,"maxPayloadSize":1000},
    "filter":{"supported":true,"maxResults":50},"changePassword":{"supported":false},"sort":{"supported":"True"},
    "etag":{"supported":true},"pagination":{"cursor":true,"index":true,"maxPageSize":20,"cursorTimeout":3600}}"#;
const TYPES: &str = r#"{"totalResults":2,"Resources":[
    {"name":"Badge","endpoint":"https://scim.test/v2/Badges","schema":"urn:x:1.0:Badge"},
    {"name":"Lost","endpoint":"Lost","schema":"urn:x:1.0:Lost"}]}"#;
const SCHEMAS: &str = r#"{"totalResults":2,"Resources":[
    {"id":"urn:x:1.0:Badge","name":"Badge","attributes":[{"name":"no","type":"string"},{"name":"colour","type":"string"}]},
    {"id":"urn:x:1.0:Broken","name":"Broken","attributes":[{"name":"no","type":"mystery"}]}]}"#;

/// Discovery documents first, then what the test says.
fn server(config: &'static str, answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Server {
    Server::new(move |_, asked| match asked.target.as_str() {
        "/ServiceProviderConfig" if config.is_empty() => reply(404, "<html>"),
        "/ServiceProviderConfig" => reply(200, config),
        "/ResourceTypes" => reply(200, TYPES),
        "/Schemas" => reply(200, SCHEMAS),
        _ => answer(asked),
    })
}

/// What was asked after discovery.
fn rest(server: &Server) -> Vec<Asked> {
    let own = ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"];
    server.asked().into_iter().filter(|asked| !own.contains(&asked.target.as_str())).collect()
}

fn object(text: &str) -> Object {
    Value::parse(text.as_bytes()).unwrap().as_object().unwrap().clone()
}

/// What the server shows, read with its version.
fn read(server: &Server, path: &str) -> Versioned<Object> {
    block_on(server.client().endpoint::<Object>(path).get_versioned("7")).unwrap()
}

#[test]
fn discovery_is_read_once_and_shared() {
    let server = server(CONFIG, |_| reply(500, ""));
    let client = server.client();
    let found = block_on(client.discover()).unwrap();
    assert_eq!((found.patch, found.etag, found.sort), (Some(true), Some(true), Some(true)));
    assert_eq!((found.change_password, found.max_results), (Some(false), Some(50)));
    assert_eq!((found.cursor, found.max_page_size, found.cursor_timeout), (Some(true), Some(20), Some(3600)));
    let bulk = found.bulk.unwrap();
    assert_eq!((bulk.max_operations, bulk.max_payload_size), (10, 1000));
    let types: Vec<_> = found.resource_types.iter().map(|t| (t.name.as_str(), t.endpoint.as_str())).collect();
    assert_eq!(types, [("Badge", "/Badges"), ("Lost", "/Lost")]);
    assert!(found.resource_type("Badges").unwrap().resolve("colour").is_some());
    assert!(found.resource_type("/Lost").is_none());
    assert_eq!(found.problems.len(), 2, "{:?}", found.problems);
    assert_eq!((found.page_size(None), found.page_size(Some(5)), found.page_size(Some(500))), (20, 5, 20));

    let sharing = client.clone();
    block_on(sharing.discover()).unwrap();
    block_on(client.discover()).unwrap();
    assert_eq!(server.asked().len(), 3);
    block_on(client.forget_discovery());
    block_on(client.discover()).unwrap();
    assert_eq!(server.asked().len(), 6);
}

#[test]
fn documents_that_are_absent_or_broken_say_nothing() {
    for (status, body) in [(404, ""), (403, "no"), (501, "<html>"), (200, ""), (200, "7"), (200, "{\"Resources\":7}")] {
        let server = Server::new(move |_, _| reply(status, body));
        let found = block_on(server.client().discover()).unwrap();
        assert_eq!((found.patch, found.etag, found.bulk), (None, None, None), "{body}");
        assert_eq!(found.page_size(None), 100);
        assert!(found.resource_type("/Users").is_some(), "users are users everywhere");
        assert!(found.resource_type("/Badges").is_none());
        assert_eq!(found.problems.len(), if body.starts_with('{') { 0 } else { 3 }, "{:?}", found.problems);
    }
    let zero = r#"{"filter":{"supported":true,"maxResults":0},"bulk":{"supported":true}}"#;
    let found = block_on(server(zero, |_| reply(500, "")).client().discover()).unwrap();
    assert_eq!((found.max_results, found.bulk.unwrap().max_operations), (None, usize::MAX));
}

#[test]
fn what_would_keep_everything_from_working_is_an_error() {
    let server = Server::new(|_, _| reply(401, ""));
    assert_eq!(block_on(server.client().discover()).unwrap_err().kind(), ErrorKind::Unauthorized);
    let server = Server::new(|_, _| Err("reset".into()));
    assert!(matches!(block_on(server.client().discover()), Err(Error::Transport(_))));
}

const BADGE: &str = r#"{"schemas":["urn:x:1.0:Badge"],"id":"7","no":"12","colour":"red","meta":{"version":"W/\"3\""}}"#;

#[test]
fn an_update_is_the_smallest_patch_under_the_version_that_was_read() {
    let server = server(CONFIG, |asked| reply(200, if asked.method == "GET" { BADGE } else { "" }));
    let before = read(&server, "Badges");
    let mut after = before.resource.clone();
    after.insert("colour", "blue");
    let client = server.client();
    let badges = client.endpoint::<Object>("Badges");
    assert_eq!(block_on(badges.update("7", &before, &after)).unwrap(), Updated::Patched(None));
    let asked = rest(&server).pop().unwrap();
    assert_eq!((asked.line().as_str(), asked.header("if-match")), ("PATCH /Badges/7", Some("W/\"3\"")));
    assert_eq!(
        asked.body,
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"colour","value":"blue"}]}"#
    );

    let count = server.asked().len();
    assert_eq!(block_on(badges.update("7", &before, &before.resource)).unwrap(), Updated::Unchanged);
    assert_eq!(server.asked().len(), count, "nothing is sent when nothing differs");
}

#[test]
fn an_update_is_a_put_where_a_patch_could_not_say_it_or_is_not_there() {
    let without_patch = r#"{"patch":{"supported":false},"etag":{"supported":false}}"#;
    for (config, name, patched) in [(CONFIG, "shape", false), (without_patch, "colour", false), ("", "colour", true)] {
        let server = server(config, |asked| match asked.method.as_str() {
            "GET" => reply(200, BADGE),
            "PATCH" => reply(501, ""),
            _ => reply(200, r#"{"id":"7"}"#),
        });
        let before = read(&server, "Badges");
        let mut after = before.resource.clone();
        after.insert(name, "new");
        let client = server.client();
        let done = block_on(client.endpoint::<Object>("Badges").update("7", &before, &after)).unwrap();
        assert_eq!(done, Updated::Replaced(Some(object(r#"{"id":"7"}"#))));
        let methods: Vec<String> = rest(&server).into_iter().map(|asked| asked.method).collect();
        assert_eq!(methods, if patched { vec!["GET", "PATCH", "PUT"] } else { vec!["GET", "PUT"] });
        let put = rest(&server).pop().unwrap();
        let precondition = (config != without_patch).then_some("W/\"3\"");
        assert_eq!(put.header("if-match"), precondition, "only a server with versions is shown one");
        assert_eq!(put.body, Value::from(after).to_string());
    }
}

#[test]
fn a_patch_that_is_refused_by_a_server_that_has_patch_is_an_error() {
    let server = server(CONFIG, |asked| reply(if asked.method == "GET" { 200 } else { 412 }, BADGE));
    let before = read(&server, "Badges");
    let mut after = before.resource.clone();
    after.insert("colour", "blue");
    let error = block_on(server.client().endpoint::<Object>("Badges").update("7", &before, &after)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::VersionMismatch);
}

#[test]
fn members_are_changed_one_by_one() {
    let team = r#"{"id":"7","displayName":"Team","members":[{"value":"a"},{"value":"b"},{"value":"c"}]}"#;
    let server = server("", move |asked| if asked.method == "GET" { reply(200, team) } else { reply(204, "") });
    let client = server.client();
    let before = block_on(client.groups().get_versioned("7")).unwrap();
    let changed = team.replace(r#"{"value":"b"}"#, r#"{"value":"d","type":"User"}"#);
    let after = Group::from_object(object(&changed));
    assert_eq!(block_on(client.groups().update("7", &before, &after)).unwrap(), Updated::Patched(None));
    let body = rest(&server).pop().unwrap().body;
    let operations = r#"[{"op":"remove","path":"members[value eq \"b\"]"},{"op":"add","path":"members","value":[{"value":"d","type":"User"}]}]"#;
    assert!(body.ends_with(&format!("\"Operations\":{operations}}}")), "{body}");
}

#[test]
fn what_is_unchanged_is_not_sent_again() {
    let server = Server::new(|_, asked| match asked.header("if-none-match") {
        Some("W/\"3\"") => reply(304, ""),
        _ => with_header(200, "etag", "W/\"3\"", r#"{"id":"7","userName":"ann"}"#),
    });
    let client = server.client();
    let ann = block_on(client.users().get_if_changed("7", "W/\"2\"")).unwrap().unwrap();
    assert_eq!((ann.resource.user_name.as_str(), ann.version.as_deref()), ("ann", Some("W/\"3\"")));
    assert_eq!(block_on(client.users().get_if_changed("7", "W/\"3\"")).unwrap(), None);
    let users = client.users().unchanged_since(&ann).unwrap();
    block_on(users.patch("7", &scimstack_client::Patch { operations: Vec::new() })).unwrap();
    assert_eq!(server.asked().pop().unwrap().header("if-match"), Some("W/\"3\""));
}

#[test]
fn a_search_is_a_post_with_numbers_and_lists() {
    let server = Server::new(|_, _| reply(200, r#"{"totalResults":0}"#));
    let mut query = ListQuery::default();
    query.filter = Some("userName eq \"ann\"".into());
    query.count = Some(5);
    query.projection.attributes = vec!["userName".into(), "emails".into()];
    block_on(server.client().users().search(&query)).unwrap();
    block_on(server.client().endpoint::<User>("/").search(&ListQuery::default())).unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].line(), "POST /Users/.search");
    assert_eq!(
        asked[0].body,
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"userName eq \"ann\"","count":5,"attributes":["userName","emails"]}"#
    );
    assert_eq!(asked[1].line(), "POST /.search");
}

/// The ids that a stream over all pages gives, and its error.
fn stream(server: &Server, query: ListQuery) -> (Vec<String>, Option<Error>) {
    let client = server.client();
    let mut ids = Vec::new();
    let mut failed = None;
    let all = client.endpoint::<Object>("/Badges").all(query);
    for item in block_on(StreamExt::collect::<Vec<_>>(all)) {
        match item {
            Ok(object) => ids.push(object.get("id").unwrap().as_str().unwrap().to_owned()),
            Err(error) => failed = Some(error),
        }
    }
    (ids, failed)
}

/// A page of these ids.
fn page(total: usize, ids: &[&str], next: &str) -> Reply {
    let resources: Vec<String> = ids.iter().map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
    reply(200, &format!(r#"{{"totalResults":{total},{next}"Resources":[{}]}}"#, resources.join(",")))
}

#[test]
fn pages_are_read_by_cursor_where_there_are_cursors() {
    let server = server(CONFIG, |asked| match asked.target.as_str() {
        "/Badges?count=20&cursor=" => page(3, &["a", "b"], r#""nextCursor":"n","#),
        "/Badges?count=20&cursor=n" => page(3, &["c"], ""),
        _ => reply(400, ""),
    });
    assert_eq!(stream(&server, ListQuery::default()).0, ["a", "b", "c"]);
}

#[test]
fn pages_are_read_by_index_everywhere_else_and_no_larger_than_the_server_gives() {
    let server = server(r#"{"filter":{"supported":true,"maxResults":2}}"#, |asked| match asked.target.as_str() {
        "/Badges?startIndex=1&count=2" => page(3, &["a", "b"], ""),
        "/Badges?startIndex=3&count=2" => page(3, &["c"], ""),
        _ => reply(400, ""),
    });
    let mut query = ListQuery::default();
    query.count = Some(1000);
    assert_eq!(stream(&server, query).0, ["a", "b", "c"]);
}

#[test]
fn a_server_that_does_not_keep_its_word_about_cursors_is_read_by_index() {
    let server = server(CONFIG, |asked| match asked.target.as_str() {
        "/Badges?count=20&cursor=" => page(3, &["a", "b"], ""),
        "/Badges?startIndex=3&count=20" => page(3, &["c"], ""),
        _ => reply(400, ""),
    });
    assert_eq!(stream(&server, ListQuery::default()).0, ["a", "b", "c"]);
}

#[test]
fn nobody_is_missed_when_the_list_shrinks_and_nobody_comes_twice_when_it_grows() {
    // "a" is deleted after the first page: "c" moves to where "b" was, and the second page begins with "d".
    let shrinking = server("", |asked| match asked.target.split("startIndex=").nth(1).unwrap() {
        "1&count=100" => page(4, &["a", "b"], ""),
        "3&count=100" => page(3, &["d"], ""),
        "2&count=100" => page(3, &["c", "d"], ""),
        _ => reply(400, ""),
    });
    let (ids, error) = stream(&shrinking, ListQuery::default());
    assert!(error.is_none(), "{error:?}");
    assert_eq!(ids, ["a", "b", "d", "c"]);
    // Everything that was read is gone, and the second page is empty.
    let vanishing = server("", |asked| match asked.target.split("startIndex=").nth(1).unwrap() {
        "1&count=100" => page(4, &["c", "d"], ""),
        "3&count=100" => page(2, &[], ""),
        _ => reply(400, ""),
    });
    assert_eq!(stream(&vanishing, ListQuery::default()).0, ["c", "d"]);
    let growing = server("", |asked| match asked.target.split("startIndex=").nth(1).unwrap() {
        "1&count=100" => page(4, &["a", "b"], ""),
        "3&count=100" => page(5, &["b", "c"], ""),
        "5&count=100" => page(5, &["d"], ""),
        _ => reply(400, ""),
    });
    assert_eq!(stream(&growing, ListQuery::default()).0, ["a", "b", "c", "d"]);
}

#[test]
fn pages_that_go_round_in_circles_are_an_error() {
    let deaf = server("", |_| page(1000, &["a", "b"], ""));
    let (ids, error) = stream(&deaf, ListQuery::default());
    assert_eq!(ids, ["a", "b"]);
    assert!(matches!(error, Some(Error::Paging(_))), "startIndex is ignored: {error:?}");
    assert!(rest(&deaf).len() < 6);

    let circle = server(CONFIG, |asked| match asked.target.rsplit('=').next().unwrap() {
        "x" => page(9, &["b"], r#""nextCursor":"y","#),
        "y" => page(9, &["c"], r#""nextCursor":"x","#),
        _ => page(9, &["a"], r#""nextCursor":"x","#),
    });
    let (ids, error) = stream(&circle, ListQuery::default());
    assert_eq!(ids, ["a", "b", "c"]);
    assert!(matches!(error, Some(Error::Paging(_))), "{error:?}");
}
