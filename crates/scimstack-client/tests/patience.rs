//! Waiting and sending again: what is repeated, when, how often, and what never is.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, also in its helpers")]

mod script;

use futures_executor::block_on;
use scimstack_client::views::{Group, User};
use scimstack_client::{Client, Error, ErrorKind, NotSent, Retry};
use script::{Clock, Reply, Server, reply, with_header};
use std::time::Duration;

const ANN: &str = r#"{"id":"7","userName":"ann"}"#;

fn patient(server: &Server, clock: &Clock) -> Client {
    server.client().with_retry(Retry::default(), clock.clone())
}

fn lost() -> Reply {
    Err("connection reset".into())
}

fn unsent() -> Reply {
    Err(Box::new(NotSent("no route".into())))
}

#[test]
fn a_busy_server_is_waited_for_as_it_says_whatever_was_asked() {
    for status in [429, 503] {
        let server = Server::of(vec![with_header(status, "retry-after", "7", ""), reply(201, ANN)]);
        let clock = Clock::default();
        block_on(patient(&server, &clock).users().create(&User::default())).unwrap();
        assert_eq!((clock.slept(), server.asked().len()), (vec![7.0], 2), "{status}");
        assert_eq!(server.asked()[0].body, server.asked()[1].body);
    }
}

#[test]
fn a_date_in_retry_after_is_waited_for() {
    let then = with_header(429, "retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", "");
    let server = Server::of(vec![then, reply(200, ANN)]);
    let clock = Clock::default();
    block_on(patient(&server, &clock).users().get("7")).unwrap();
    assert_eq!(clock.slept(), [30.0]);
}

#[test]
fn without_a_time_the_waits_double() {
    let server = Server::new(|_, _| reply(429, "slow down"));
    let clock = Clock::default();
    let error = block_on(patient(&server, &clock).users().get("7")).unwrap_err();
    assert_eq!((error.status(), error.kind()), (Some(429), ErrorKind::Busy));
    assert_eq!((clock.slept(), server.asked().len()), (vec![0.25, 0.5, 1.0], 4));
}

#[test]
fn a_server_that_asks_for_too_long_gets_its_way_at_once() {
    let server = Server::new(|_, _| with_header(429, "retry-after", "61", ""));
    let clock = Clock::default();
    let error = block_on(patient(&server, &clock).users().get("7")).unwrap_err();
    assert_eq!((error.retry_after(), server.asked().len()), (Some(61), 1));
}

#[test]
fn no_attempt_begins_after_the_time_in_all() {
    let server = Server::new(|_, _| with_header(429, "retry-after", "40", ""));
    let clock = Clock::default();
    let retry = Retry::default().with_attempts(100).with_max_total(Duration::from_secs(100));
    let client = server.client().with_retry(retry, clock.clone());
    block_on(client.users().get("7")).unwrap_err();
    assert_eq!((clock.slept(), server.asked().len()), (vec![40.0, 40.0], 3));
}

#[test]
fn a_lost_answer_is_asked_for_again_only_when_twice_is_as_good_as_once() {
    let fails: [fn() -> Reply; 4] =
        [lost, || reply(502, ""), || reply(503, ""), || with_header(504, "retry-after", "1", "")];
    for fail in fails {
        let repeated = |ask: &dyn Fn(Client)| {
            let server = Server::new(move |before, _| if before == 0 { fail() } else { reply(200, ANN) });
            ask(patient(&server, &Clock::default()));
            server.asked().len() == 2
        };
        assert!(repeated(&|client| drop(block_on(client.users().get("7")))));
        assert!(repeated(&|client| drop(block_on(client.users().search(&Default::default())))));
        assert!(repeated(&|client| drop(block_on(client.users().replace("7", &User::default())))));
        assert!(repeated(&|client| drop(block_on(client.users().delete("7")))));
        assert!(!repeated(&|client| drop(block_on(client.users().create(&User::default())))));
        let precise = |client: Client| {
            let users = client.users().if_match("W/\"1\"").unwrap();
            drop(block_on(users.replace("7", &User::default())));
        };
        assert!(!repeated(&precise), "its own change would be in its way");
    }
}

#[test]
fn what_never_left_is_sent_again_whatever_it_is() {
    let server = Server::new(|before, _| if before < 2 { unsent() } else { reply(201, ANN) });
    block_on(patient(&server, &Clock::default()).users().create(&User::default())).unwrap();
    assert_eq!(server.asked().len(), 3);
    let server = Server::new(|_, _| unsent());
    let error = block_on(patient(&server, &Clock::default()).users().create(&User::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
}

#[test]
fn a_refusal_is_final() {
    for status in [400, 401, 403, 404, 409, 412, 413, 500, 501] {
        let server = Server::new(move |_, _| reply(status, ""));
        block_on(patient(&server, &Clock::default()).users().get("7")).unwrap_err();
        assert_eq!(server.asked().len(), 1, "{status}");
    }
}

#[test]
fn what_a_lost_attempt_has_deleted_is_deleted() {
    let gone = |before, _: &script::Asked| if before == 0 { lost() } else { reply(404, "") };
    let server = Server::new(gone);
    block_on(patient(&server, &Clock::default()).groups().delete("8")).unwrap();
    let server = Server::new(|_, _| reply(404, ""));
    let error = block_on(patient(&server, &Clock::default()).groups().delete("8")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "what was never there was not deleted");
}

#[test]
fn without_a_timer_nothing_is_repeated() {
    let server = Server::new(|_, _| with_header(429, "retry-after", "1", ""));
    block_on(server.client().users().get("7")).unwrap_err();
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn an_id_that_would_be_another_path_is_sent_nowhere() {
    let server = Server::new(|_, _| reply(204, ""));
    for id in ["", ".", ".."] {
        assert!(matches!(block_on(server.client().users().delete(id)), Err(Error::Setup(_))), "{id:?}");
        assert!(matches!(block_on(server.client().users().get(id)), Err(Error::Setup(_))), "{id:?}");
        assert!(matches!(block_on(server.client().groups().replace(id, &Group::default())), Err(Error::Setup(_))));
    }
    assert_eq!(server.asked().len(), 0);
}
