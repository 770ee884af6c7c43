//! The engine as a service: bodies within their limit, nothing read before it is known who asks, panics answered.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
mod support;

use bytes::Bytes;
use futures_executor::block_on;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame};
use scimstack_protocol::{Change, Decide, Decision, Facts, FactsWanted};
use scimstack_server::{Body, ScimService};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use support::{Setting, USER, World};
use tower_service::Service;

/// A body of chunks that counts how many were asked for.
struct Chunks {
    left: Vec<Bytes>,
    taken: Arc<AtomicUsize>,
}

impl HttpBody for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.taken.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(self.left.pop().map(|chunk| Ok(Frame::data(chunk))))
    }
}

fn send(w: &World, token: &str, path: &str, chunks: Vec<Bytes>) -> (Response<Body>, usize) {
    let taken = Arc::new(AtomicUsize::new(0));
    let request = Request::post(format!("/t/acme/api/scim/v2{path}"))
        .header("authorization", format!("Bearer {token}"))
        .body(Chunks { left: chunks, taken: taken.clone() })
        .unwrap();
    let response = block_on(ScimService::new(w.engine.clone()).call(request)).unwrap();
    (response, taken.load(Ordering::SeqCst))
}

#[test]
fn a_body_in_chunks_is_put_together() {
    let w = Setting::directory().in_memory();
    let mut chunks: Vec<Bytes> = [r#"{"schemas":[""#, USER, r#""],"user"#, r#"Name":"ann"}"#]
        .map(|part| Bytes::from_static(part.as_bytes()))
        .into();
    chunks.reverse();
    let (response, _) = send(&w, &w.token, "/Users", chunks);
    assert_eq!(response.status(), 201);
}

#[test]
fn nothing_is_read_before_it_is_known_who_asks() {
    let w = Setting::directory().in_memory();
    let chunks = vec![Bytes::from_static(b" "); 10];
    for (token, path, status) in [("hsk_wrong", "/Users", 401), (w.token.as_str(), "/Nowhere", 404)] {
        let (response, taken) = send(&w, token, path, chunks.clone());
        assert_eq!((response.status().as_u16(), taken), (status, 0), "{path}");
    }
}

#[test]
fn reading_ends_at_the_limit() {
    let w = Setting::directory().limits(|limits| limits.body = 1_000).in_memory();
    let chunks = vec![Bytes::from(vec![b' '; 100]); 1_000];
    let (response, taken) = send(&w, &w.token, "/Users", chunks);
    assert_eq!((response.status().as_u16(), taken), (413, 11));
}

/// Panics at every decision.
struct Clumsy;

impl Decide for Clumsy {
    fn wants(&self, _: &Change<'_>) -> FactsWanted {
        FactsWanted::default()
    }

    fn decide(&self, _: &Change<'_>, _: &Facts<'_>) -> Decision {
        panic!("a secret of the implementation")
    }
}

#[test]
fn a_panic_is_a_scim_error_with_a_number_to_ask_for() {
    let w = Setting::directory().decide(Clumsy).in_memory();
    let body = format!(r#"{{"schemas":["{USER}"],"userName":"ann"}}"#);
    let (response, _) = send(&w, &w.token, "/Users", vec![Bytes::from(body)]);
    assert_eq!(response.status(), 500);
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(response.headers()["content-type"], "application/scim+json");
    let text = String::from_utf8(block_on(response.into_body().collect()).unwrap().to_vec()).unwrap();
    assert!(text.contains(&id) && text.contains("messages:2.0:Error") && !text.contains("secret"), "{text}");
}
