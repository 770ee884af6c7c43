//! The sending machines executed: a conversation with waiting, with losses, to its end.

#![cfg(feature = "connector")]

use bytes::Bytes;
use http::{Request, Response};
use scimstack_client::{BoxError, Client, connector};
use scimstack_provisioning::connector::{Conversation as _, DesiredUser, Synchronized, UserSync};
use std::sync::{Arc, Mutex};

#[test]
fn a_conversation_is_carried_through_waits_and_losses() {
    // Newest last; `None` is a lost answer.
    let answers: Arc<Mutex<Vec<Option<Response<Bytes>>>>> = Arc::default();
    let answer = |status: u16, body: &'static str| {
        Some(Response::builder().status(status).header("retry-after", "7").body(Bytes::from(body)).unwrap())
    };
    answers.lock().unwrap().extend([
        answer(200, r#"{"id":"1","active":true}"#),
        answer(200, r#"{"id":"1","userName":"ann"}"#),
        answer(200, r#"{"totalResults":1,"Resources":[{"id":"1"}]}"#),
        None,
        answer(200, r#"{"totalResults":0,"Resources":[]}"#),
        answer(429, ""),
    ]);
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let waited: Arc<Mutex<Vec<u32>>> = Arc::default();
    let log = asked.clone();
    let transport = move |request: Request<Bytes>| {
        log.lock().unwrap().push(format!("{} {}", request.method(), request.uri().path()));
        let answer = answers.lock().unwrap().pop().unwrap();
        async move { answer.ok_or_else(|| BoxError::from("reset")) }
    };
    let client = Client::new(transport, "https://scim.test/v2", "t").unwrap();
    let ann = DesiredUser::new([("userName", "ann")].into_iter().collect());
    let pause = |seconds| {
        waited.lock().unwrap().push(seconds);
        async {}
    };
    let synced = futures_executor::block_on(connector::run(&client, &mut UserSync::assign(ann), pause)).unwrap();
    assert_eq!((synced.id.as_str(), synced.deed), ("1", Synchronized::Updated));
    let users =
        ["GET /v2/Users", "GET /v2/Users", "POST /v2/Users", "GET /v2/Users", "GET /v2/Users/1", "PUT /v2/Users/1"];
    assert_eq!(*asked.lock().unwrap(), users);
    assert_eq!(*waited.lock().unwrap(), [7, 300]);
}

#[test]
fn who_has_many_conversations_is_told_to_wait_and_goes_on_later() {
    let answers: Arc<Mutex<Vec<(u16, &'static str)>>> = Arc::new(Mutex::new(vec![(204, ""), (429, "")]));
    let transport = move |_: Request<Bytes>| {
        let (status, body) = answers.lock().unwrap().pop().unwrap();
        async move {
            let answer = Response::builder().status(status).header("retry-after", "60");
            Ok::<_, BoxError>(answer.body(Bytes::from(body)).unwrap())
        }
    };
    let client = Client::new(transport, "https://scim.test/v2", "t").unwrap();
    let mut conversation = UserSync::delete("7");
    futures_executor::block_on(async {
        assert_eq!(connector::advance(&client, &mut conversation).await, connector::Progress::Wait(60));
        assert_eq!(connector::advance(&client, &mut conversation).await, connector::Progress::Wait(60), "not yet");
        conversation.handle_timeout();
        let connector::Progress::Ended(Ok(synced)) = connector::advance(&client, &mut conversation).await else {
            panic!("it has not ended")
        };
        assert_eq!(synced.deed, Synchronized::Deleted);
    });
}
