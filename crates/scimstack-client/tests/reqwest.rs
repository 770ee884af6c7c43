//! The ready transport against a socket that speaks HTTP by hand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, also in its helpers")]
#![cfg(feature = "reqwest")]

use rcgen::{CertificateParams, KeyPair};
use scimstack_client::address::is_public;
use scimstack_client::{Client, Error, ErrorKind, ReqwestTransport, Timer as _, TokioTimer};
use std::sync::Arc;
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
    let client = Client::new(ReqwestTransport::new().unwrap(), &url, "s3cret").unwrap();
    assert!(client.users().get("7").await.is_ok());
    let request = handle.await.unwrap();
    assert!(request.starts_with("GET /v2/Users/7 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer s3cret\r\n"), "{request}");
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_none() {
    let (url, _) = serve(ANN).await;
    let client = Client::new(ReqwestTransport::builder().with_max_body(33).build().unwrap(), &url, "t").unwrap();
    assert!(matches!(client.users().get("7").await, Err(Error::Transport(_))));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left() {
    let (url, _handle) = serve("").await;
    let transport = ReqwestTransport::builder().with_timeout(Duration::from_millis(20)).build().unwrap();
    let client = Client::new(transport, &url, "t").unwrap();
    assert!(matches!(client.users().get("7").await, Err(Error::Transport(_))));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_the_token_goes_nowhere_else() {
    let (url, _) = serve("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n").await;
    let client = Client::new(ReqwestTransport::new().unwrap(), &url, "t").unwrap();
    assert_eq!(client.users().get("7").await.unwrap_err().status(), Some(302));
}

#[tokio::test]
async fn only_addresses_that_are_allowed_are_connected_to_whatever_they_are_called() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let public = ReqwestTransport::builder().with_addresses(|_, address| is_public(address)).build().unwrap();
    for host in
        ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST"]
    {
        let client = Client::new(public.clone(), &format!("http://{host}:{port}/v2"), "t").unwrap();
        let error = client.users().get("7").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreachable, "{host}: {error:?}");
        assert!(format!("{error:?}").contains("at no address to which connections are allowed"), "{host}: {error:?}");
    }
    // Nobody has come; who comes first is the one below.
    let inner =
        ReqwestTransport::builder().with_addresses(|host, address| host == "localhost" && address.is_loopback());
    let client = Client::new(inner.build().unwrap(), &format!("http://localhost:{port}/v2"), "t").unwrap();
    let answer = tokio::spawn(async move { client.users().get("7").await.is_ok() });
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut request = [0; 4096];
    let read = socket.read(&mut request).await.unwrap();
    assert!(String::from_utf8_lossy(&request[..read]).contains("host: localhost:"));
    socket.write_all(ANN.as_bytes()).await.unwrap();
    assert!(answer.await.unwrap());
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v2", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::new(ReqwestTransport::new().unwrap(), &url, "s3cret").unwrap();
    let error = client.users().get("7").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(!format!("{error:?} {error}").contains("s3cret"));
}

#[test]
fn chance_is_within_its_bounds_and_another_each_time() {
    let drawn: Vec<f64> = (0..100).map(|_| TokioTimer.chance()).collect();
    assert!(drawn.iter().all(|chance| (0.0..1.0).contains(chance)), "{drawn:?}");
    assert!(drawn.windows(2).any(|pair| pair[0] != pair[1]));
}

#[tokio::test]
async fn a_client_is_connected_in_one_call() {
    let (url, handle) = serve(ANN).await;
    assert_eq!(Client::connect(&url, "s3cret").unwrap().users().get("7").await.unwrap().user_name, "ann@x.test");
    assert!(handle.await.unwrap().contains("authorization: Bearer s3cret\r\n"));
}

#[test]
fn certificates_that_are_none_are_refused() {
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let built = ReqwestTransport::builder().with_root_certificates(pem.as_bytes()).build();
        assert!(matches!(built, Err(Error::Setup(_))), "{pem:?}");
    }
}

/// A server with TLS for `localhost`, by a certificate that it made itself: its port, and the certificate as PEM.
async fn tls() -> (u16, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, certificate.der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.serialized_der().to_vec().try_into().unwrap())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // A client that does not trust the certificate ends the handshake.
            let Ok(mut socket) = acceptor.accept(socket).await else { continue };
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut chunk = [0; 1024];
                let read = socket.read(&mut chunk).await.unwrap();
                assert!(read > 0, "the request ends early");
                request.extend_from_slice(&chunk[..read]);
            }
            socket.write_all(ANN.as_bytes()).await.unwrap();
        }
    });
    (port, pem)
}

#[tokio::test]
async fn https_works_with_a_certificate_that_is_trusted_and_with_no_other() {
    let (port, pem) = tls().await;
    let stranger = ReqwestTransport::new().unwrap();
    let friend = ReqwestTransport::builder().with_root_certificates(pem.as_bytes()).build().unwrap();
    let client = |transport, host| Client::new(transport, &format!("https://{host}:{port}/v2"), "t").unwrap();
    let error = client(stranger, "localhost").users().get("7").await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error}");
    let error = client(friend.clone(), "127.0.0.1").users().get("7").await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "the certificate is for another name: {error}");
    assert_eq!(client(friend, "localhost").users().get("7").await.unwrap().user_name, "ann@x.test");
}
