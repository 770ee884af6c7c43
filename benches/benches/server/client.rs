//! The client: a few connections that are kept, each with one request under way at a time.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::SendRequest;
use hyper::{Method, Request, Response, header};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What is sent.
pub(crate) struct Message {
    pub(crate) method: Method,
    /// Below the base URL.
    pub(crate) path: String,
    pub(crate) body: Option<String>,
}

/// Where every request goes, before its path.
pub(crate) const BASE: &str = "/t/demo/api/scim/v2";

type Connection = SendRequest<Full<Bytes>>;

pub(crate) struct Client {
    address: SocketAddr,
    token: Arc<str>,
    connections: Vec<Connection>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr, token: &str, connections: usize) -> Self {
        let mut client = Self { address, token: token.into(), connections: Vec::new() };
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            client.connections.push(sender);
        }
        client
    }

    /// Sends all of them; each must be answered with this status. How many bytes came back.
    pub(crate) async fn send(&mut self, messages: Vec<Message>, status: u16) -> usize {
        let requests: Vec<_> = messages.iter().map(|message| Some(self.request(message))).collect();
        let requests = Arc::new(std::sync::Mutex::new(requests));
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for mut connection in self.connections.drain(..) {
            let (requests, next) = (requests.clone(), next.clone());
            tasks.spawn(async move {
                let mut bytes = 0;
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(request) = requests.lock().unwrap().get_mut(n).and_then(Option::take) else { break };
                    let (answer, body) = answer(&mut connection, request).await;
                    assert_eq!(answer.status(), status, "{}", String::from_utf8_lossy(&body));
                    bytes += body.len();
                }
                (connection, bytes)
            });
        }
        let mut bytes = 0;
        while let Some(done) = tasks.join_next().await {
            let (connection, some) = done.unwrap();
            self.connections.push(connection);
            bytes += some;
        }
        bytes
    }

    /// Sends one; what came back.
    pub(crate) async fn ask(&mut self, message: &Message) -> (Response<()>, Bytes) {
        let request = self.request(message);
        answer(&mut self.connections[0], request).await
    }

    fn request(&self, message: &Message) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(&message.method)
            .uri(format!("{BASE}{}", message.path))
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::ACCEPT, "application/scim+json")
            .header(header::USER_AGENT, "bench/1");
        if message.body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/scim+json");
        }
        request.body(Full::from(message.body.clone().unwrap_or_default())).unwrap()
    }
}

async fn answer(connection: &mut Connection, request: Request<Full<Bytes>>) -> (Response<()>, Bytes) {
    connection.ready().await.unwrap();
    let (head, body) = connection.send_request(request).await.unwrap().into_parts();
    (Response::from_parts(head, ()), body.collect().await.unwrap().to_bytes())
}
