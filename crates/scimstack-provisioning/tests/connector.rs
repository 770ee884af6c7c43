//! The sending machines, as conversations written down: what is sent, what is answered, how it ends. Bodies are raw JSON.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in its helpers"
)]

use scimstack_provisioning::connector::{
    Conversation, DesiredGroup, DesiredUser, Failure, GroupSync, Member, Retry, Step, Synced, Synchronized, UserSync,
};
use scimstack_schema::{Object, Value};

fn object(json: &str) -> Object {
    match Value::parse(json.as_bytes()).unwrap() {
        Value::Object(object) => object,
        other => panic!("{other:?}"),
    }
}

/// What is expected to be sent, `METHOD path?query body`, and the answer to it.
type Line<'a> = (&'a str, u16, &'a str);

fn play(machine: &mut dyn Conversation, lines: &[Line<'_>]) -> Step {
    for (expected, status, answer) in lines {
        let step = machine.poll_request();
        assert_eq!(machine.poll_request(), step, "polling changes nothing");
        let Step::Send(request) = step else { panic!("{expected} was expected, not {step:?}") };
        let mut line = request.to_string();
        for (i, (name, value)) in request.query.iter().enumerate() {
            line += &format!("{}{name}={value}", if i == 0 { "?" } else { "&" });
        }
        if let Some(body) = &request.body {
            line += &format!(" {body}");
        }
        assert_eq!(&line, expected);
        machine.handle_response(*status, answer.as_bytes(), None);
    }
    machine.poll_request()
}

fn done(step: Step) -> Synced {
    match step {
        Step::Done(synced) => synced,
        other => panic!("{other:?}"),
    }
}

fn failed(step: Step) -> Failure {
    match step {
        Step::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

const LOOK_UP: &str = r#"GET /Users?filter=userName eq "ann@x.test"&startIndex=1&count=100"#;
const NOBODY: &str = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}"#;
const FOUND: &str = r#"{"totalResults":1,"Resources":[{"id":"7","userName":"ann@x.test"}]}"#;

fn ann() -> DesiredUser {
    DesiredUser::new(object(
        r#"{"userName":"ann@x.test","name":{"givenName":"Ann","familyName":"Lee"},"title":null,"active":true,
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales","manager":{"value":null}}}"#,
    ))
}

#[test]
fn someone_unknown_is_created() {
    let mut sync = UserSync::assign(ann().with_on_create(object(r#"{"groups":[],"password":"x"}"#)));
    let synced = done(play(
        &mut sync,
        &[
            (LOOK_UP, 200, NOBODY),
            (
                r#"POST /Users {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"userName":"ann@x.test","name":{"givenName":"Ann","familyName":"Lee"},"active":true,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales"},"groups":[],"password":"x"}"#,
                201,
                r#"{"id":"7","userName":"ann@x.test"}"#,
            ),
        ],
    ));
    assert_eq!((synced.id.as_str(), synced.deed), ("7", Synchronized::Created));
    assert_eq!(synced.document.get("userName").unwrap().as_str(), Some("ann@x.test"));
}

#[test]
fn someone_found_is_linked_and_gets_back_what_the_server_showed_with_the_mapped_attributes_new() {
    let shown = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:x:1.0:User"],"id":"7","userName":"ANN@x.test","name":{"formatted":"A. Old","givenName":"A."},"title":"Clerk","active":false,"groups":[{"value":"g"}],"urn:x:1.0:User":{"a":1},"meta":{"version":"W/\"3\""}}"#;
    let put = r#"PUT /Users/7 {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:x:1.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"id":"7","userName":"ann@x.test","name":{"formatted":"A. Old","givenName":"Ann","familyName":"Lee"},"active":true,"groups":[{"value":"g"}],"urn:x:1.0:User":{"a":1},"meta":{"version":"W/\"3\""},"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales"}}"#;
    for mut sync in [UserSync::assign(ann()), UserSync::update("7", ann())] {
        if let Step::Send(request) = sync.poll_request()
            && request.path == "/Users"
        {
            play(&mut sync, &[(LOOK_UP, 200, FOUND)]);
        }
        let synced = done(play(&mut sync, &[("GET /Users/7", 200, shown), (put, 200, shown)]));
        assert_eq!((synced.id.as_str(), synced.deed), ("7", Synchronized::Updated));
    }
}

#[test]
fn leaving_is_a_put_of_the_same_person_inactive() {
    let mut sync = UserSync::deactivate("a b/c");
    let shown = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"a b/c","userName":"ann@x.test","active":true}"#;
    let put = r#"PUT /Users/a%20b%2Fc {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"a b/c","userName":"ann@x.test","active":false}"#;
    let synced = done(play(&mut sync, &[("GET /Users/a%20b%2Fc", 200, shown), (put, 204, "")]));
    assert_eq!((synced.deed, synced.document), (Synchronized::Deactivated, Value::Null));
}

#[test]
fn a_conflict_is_looked_up_and_linked_and_only_once() {
    let error = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":409,"scimType":"uniqueness","detail":"taken"}"#;
    let post = r#"POST /Users {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann@x.test"}"#;
    let desired = DesiredUser::new(object(r#"{"userName":"ann@x.test"}"#));

    let mut sync = UserSync::assign(desired.clone());
    let step = play(&mut sync, &[(LOOK_UP, 200, NOBODY), (post, 409, error), (LOOK_UP, 200, FOUND)]);
    assert!(matches!(step, Step::Send(request) if request.to_string() == "GET /Users/7"));

    let mut sync = UserSync::assign(desired);
    let failure = failed(play(&mut sync, &[(LOOK_UP, 200, NOBODY), (post, 409, error), (LOOK_UP, 404, "")]));
    assert_eq!((failure.status, failure.to_string().as_str()), (Some(409), "POST /Users: taken"));
}

#[test]
fn a_server_that_is_busy_is_waited_for() {
    let mut sync = UserSync::update("7", ann());
    for (asked, seconds) in [(Some(120), 120), (None, 240), (Some(1_000), 1_000)] {
        sync.handle_response(429, b"", asked);
        assert_eq!(sync.poll_request(), Step::Wait(seconds));
        assert_eq!(sync.poll_request(), Step::Wait(seconds));
        sync.handle_timeout();
        assert!(matches!(sync.poll_request(), Step::Send(request) if request.to_string() == "GET /Users/7"));
    }
}

#[test]
fn a_server_that_stays_busy_is_given_up() {
    let mut sync = UserSync::update("7", ann()).with_retry(Retry::default().with_attempts(3).with_first_wait(1));
    for _ in 0..3 {
        assert!(matches!(sync.poll_request(), Step::Send(_)));
        sync.handle_response(429, b"", None);
        sync.handle_timeout();
    }
    assert_eq!(failed(sync.poll_request()).to_string(), "GET /Users/7: given up: every attempt was answered 429");
}

#[test]
fn a_lost_creation_is_looked_up_before_it_is_sent_again() {
    let mut sync = UserSync::assign(DesiredUser::new(object(r#"{"userName":"ann@x.test"}"#)));
    play(&mut sync, &[(LOOK_UP, 200, NOBODY)]);
    sync.handle_lost();
    assert_eq!(sync.poll_request(), Step::Wait(300));
    sync.handle_timeout();
    let step = play(&mut sync, &[(LOOK_UP, 200, FOUND)]);
    assert!(matches!(step, Step::Send(request) if request.to_string() == "GET /Users/7"));
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let mut sync = GroupSync::delete("g").with_retry(Retry::default().with_attempts(2));
    for _ in 0..2 {
        sync.handle_lost();
        sync.handle_timeout();
    }
    assert_eq!(failed(sync.poll_request()).to_string(), "DELETE /Groups/g: given up: no attempt was answered");
}

#[test]
fn every_other_error_is_for_a_person_to_read() {
    for (status, body, detail) in [
        (400, r#"{"detail":"title must be text","status":"400"}"#, "title must be text"),
        (404, r#"{"detail":"no such person"}"#, "no such person"),
        (500, "", "status 500 without a body"),
        (502, "<html>Bad Gateway</html>", "status 502: <html>Bad Gateway</html>"),
        (200, "", "the answer is empty"),
        (200, "[]", "a resource was expected, not an array"),
        (200, r#"{"userName":"x"}"#, "the resource in the answer has no \"id\""),
    ] {
        let mut sync = UserSync::update("7", ann());
        let failure = failed(play(&mut sync, &[("GET /Users/7", status, body)]));
        assert_eq!((failure.status, failure.detail.as_str()), (Some(status), detail));
        // Nothing brings it back.
        sync.handle_response(200, b"{}", None);
        sync.handle_lost();
        assert_eq!(failed(sync.poll_request()), failure);
    }
}

#[test]
fn two_people_who_match_are_never_guessed_between() {
    let both = r#"{"totalResults":2,"resources":[{"id":"7"},{"id":"8"}]}"#;
    let failure = failed(play(&mut UserSync::assign(ann()), &[(LOOK_UP, 200, both)]));
    assert_eq!(failure.detail, "2 people match");
}

#[test]
fn a_value_in_a_filter_is_quoted() {
    let odd = DesiredUser::new([("userName", "a\"b\\c d")].into_iter().collect());
    let Step::Send(request) = UserSync::assign(odd).poll_request() else { panic!() };
    assert_eq!(request.query[0].1, r#"userName eq "a\"b\\c d""#);
}

#[test]
fn a_group_is_created_empty_then_filled() {
    let member = |value: &str, display: &str| Member { value: value.into(), display: display.into() };
    let desired = DesiredGroup::new("Sales \"EU\"", vec![member("7", "Ann"), member("8", "Bob")]);
    let look_up = r#"GET /Groups?filter=displayName eq "Sales \"EU\""&startIndex=1&count=100"#;
    let shown = r#"{"id":"g1","displayName":"Sales \"EU\""}"#;
    let post = r#"POST /Groups {"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Sales \"EU\"","members":[]}"#;
    let put = r#"PUT /Groups/g1 {"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"g1","displayName":"Sales \"EU\"","members":[{"value":"7","display":"Ann"},{"value":"8","display":"Bob"}]}"#;

    let mut push = GroupSync::push(desired.clone());
    let lines = [(look_up, 200, NOBODY), (post, 201, shown), ("GET /Groups/g1", 200, shown), (put, 200, shown)];
    let synced = done(play(&mut push, &lines));
    assert_eq!((synced.id.as_str(), synced.deed), ("g1", Synchronized::Created));

    let found = r#"{"Resources":[{"id":"g1"}]}"#;
    let mut push = GroupSync::push(desired.clone());
    let lines = [(look_up, 200, found), ("GET /Groups/g1", 200, shown), (put, 200, shown)];
    assert_eq!(done(play(&mut push, &lines)).deed, Synchronized::Updated);

    let mut update = GroupSync::update("g1", desired);
    assert_eq!(done(play(&mut update, &lines[1..])).deed, Synchronized::Updated);
}

#[test]
fn a_deleted_group_may_be_gone_already() {
    for status in [204, 404] {
        let mut sync = GroupSync::delete("g1");
        assert_eq!(done(play(&mut sync, &[("DELETE /Groups/g1", status, "")])).deed, Synchronized::Deleted);
    }
}
