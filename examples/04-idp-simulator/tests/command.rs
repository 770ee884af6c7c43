//! The built program against a server on a socket: what it prints, and an exit code that means it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use bytes::Bytes;
use futures_executor::block_on;
use http::Request;
use scimstack_schema::Value;
use scimstack_server::Engine;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::Arc;
use support::{answer, server};

/// A server that listens, and a token. With `forgets`, it drops this attribute of whatever it is told.
fn listening(forgets: Option<&'static str>) -> (String, String) {
    let (engine, token) = block_on(server());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/t/acme/api/scim/v2", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let engine = engine.clone();
            std::thread::spawn(move || serve(stream, &engine, forgets));
        }
    });
    (url, token)
}

/// One request after the other, until the connection ends.
fn serve(stream: TcpStream, engine: &Arc<Engine>, forgets: Option<&str>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(request) = read(&mut reader, forgets) {
        let (parts, body) = block_on(answer(engine, request)).into_parts();
        let mut head = format!("HTTP/1.1 {}\r\ncontent-length: {}\r\n", parts.status.as_u16(), body.len());
        for (name, value) in &parts.headers {
            if name != "content-length" {
                head += &format!("{name}: {}\r\n", value.to_str().unwrap());
            }
        }
        let sent = stream.write_all(&[head.as_bytes(), b"\r\n", &body].concat());
        if sent.is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>, forgets: Option<&str>) -> Option<Request<Bytes>> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let mut request = Request::builder().method(words.next()?).uri(words.next()?);
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
        request = request.header(name, value.trim());
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    if let (Some(name), Ok(mut value)) = (forgets, Value::parse(&body)) {
        value.as_object_mut()?.remove(name);
        body = value.to_bytes();
    }
    request.body(body.into()).ok()
}

fn simulator(url: &str, token: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_idp-simulator"));
    command.arg(url).args(["--token", token, "--longest-wait", "0"]).args(arguments).env_remove("SCIM_TOKEN");
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = String::from_utf8([stdout, stderr].concat()).unwrap();
    assert!(!text.contains(token), "the token is not to be seen: {text}");
    (status.code(), text)
}

#[test]
fn a_server_that_agrees_after_faults_is_said_to_and_the_exit_code_is_0() {
    let (url, token) = listening(None);
    let arguments = ["--profile", "entra", "--people", "40", "--faults", "20%", "--seed", "7", "--concurrency", "8"];
    let (code, text) = simulator(&url, &token, &arguments);
    assert_eq!(code, Some(0), "{text}");
    for beginning in
        ["entra: 40 people, seed 7\n", "requests ", "answers ", "faults ", "got over ", "people ", "groups 8 "]
    {
        let words = beginning.split_whitespace().collect::<Vec<_>>().join(" ");
        let found = text.lines().any(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(&words));
        assert!(found, "no line {beginning:?} in {text}");
    }
    assert!(text.ends_with("agreement  yes\n"), "{text}");
}

#[test]
fn a_server_that_forgets_is_found_out_and_the_exit_code_is_1() {
    let (url, token) = listening(Some("title"));
    let (code, text) = simulator(&url, &token, &["--people", "30"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(": title is missing\n"), "{text}");
    assert!(text.contains("agreement  no: 30 failures, of them 30 differences"), "{text}");
    let shown = text.lines().filter(|line| line.starts_with("  failed: ")).count();
    assert_eq!(shown, 20, "the rest is counted");
}

#[test]
fn a_token_that_does_not_work_ends_it_and_a_url_that_is_none_is_a_mistake_of_the_caller() {
    let (url, _) = listening(None);
    let (code, text) = simulator(&url, "wrong-token", &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("status 401"), "{text}");
    assert_eq!(simulator("nowhere", "wrong-token", &[]).0, Some(2));
    let (code, text) = simulator(&url, "wrong-token", &["--profile", "okta"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("okta-app-wizard, okta-catalogue, entra"), "{text}");
}
