//! The ready transport against a socket that speaks HTTP by hand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, also in its helpers")]
#![cfg(feature = "hyper")]

use scimstack_client::{Client, Error, HyperTransport};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A person, in 34 bytes.
const ANN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 34\r\n\r\n{\"id\":\"7\",\"userName\":\"ann@x.test\"}";

/// Answers one connection with these bytes, after its request is there; the request comes back.
async fn serve(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v2", listener.local_addr().unwrap());
    let handle = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut chunk = [0; 1024];
            let read = socket.read(&mut chunk).await.unwrap();
            assert!(read > 0, "the request ends early");
            request.extend_from_slice(&chunk[..read]);
        }
        socket.write_all(answer.as_bytes()).await.unwrap();
        if answer.is_empty() {
            // Never answers: holds the connection until the client has had enough.
            let _ = socket.read(&mut [0; 1]).await;
        }
        String::from_utf8(request).unwrap()
    });
    (url, handle)
}

#[tokio::test]
async fn a_request_goes_out_and_its_answer_comes_back() {
    let (url, handle) = serve(ANN).await;
    let client = Client::new(HyperTransport::new(), &url, "s3cret").unwrap();
    assert!(client.users().get("7").await.is_ok());
    let request = handle.await.unwrap();
    assert!(request.starts_with("GET /v2/Users/7 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer s3cret\r\n"), "{request}");
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_none() {
    let (url, _) = serve(ANN).await;
    let client = Client::new(HyperTransport::new().with_max_body(33), &url, "t").unwrap();
    assert!(matches!(client.users().get("7").await, Err(Error::Transport(_))));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left() {
    let (url, _handle) = serve("").await;
    let client = Client::new(HyperTransport::new().with_timeout(Duration::from_millis(20)), &url, "t").unwrap();
    assert!(matches!(client.users().get("7").await, Err(Error::Transport(_))));
}

#[tokio::test]
async fn https_is_refused_by_a_transport_without_it() {
    let client = Client::new(HyperTransport::new(), "https://127.0.0.1:1/v2", "t").unwrap();
    let error = client.users().get("7").await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error}");
}
