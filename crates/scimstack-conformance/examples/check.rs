//! Checks a server from the command line: `cargo run -p scimstack-conformance --example check -- URL TOKEN`.
//! Plain http; put a TLS proxy in front, or bring your own transport, for https.

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use scimstack_conformance::{Options, Target, Transport, TransportError, run};
use std::process::ExitCode;

struct Hyper(Client<HttpConnector, Full<Bytes>>);

#[async_trait]
impl Transport for Hyper {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let failed = |e: &dyn std::fmt::Display| TransportError(e.to_string());
        let response = self.0.request(request.map(Full::new)).await.map_err(|e| failed(&e))?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.map_err(|e| failed(&e))?.to_bytes();
        Ok(http::Response::from_parts(parts, bytes))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, token] = arguments.as_slice() else {
        eprintln!("usage: check URL TOKEN");
        return ExitCode::from(2);
    };
    let transport = Hyper(Client::builder(TokioExecutor::new()).build_http());
    let report = run(&transport, &Target::new(url, token), &Options::default()).await;
    println!("{report}");
    if report.is_conformant() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
