//! A real server in this process, on a port of its own, and the built command beside it. What the server holds is asked of
//! the engine directly, as raw JSON, never through the client under test.

#![allow(dead_code, reason = "each test file uses the part it needs")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in its helpers")]

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use scimstack_protocol::decide::AcceptAll;
use scimstack_schema::{Registry, Timestamp};
use scimstack_server::{Admin, Engine, Environment, ScimService};
use scimstack_store::MemoryStore;
use serde_json::Value;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use tempfile::TempDir;

const TENANT: &str = "/t/acme/api/scim/v2";

/// A clock that moves with every look, and randomness that counts.
struct Process(AtomicU64);

impl Environment for Process {
    fn now(&self) -> Timestamp {
        let step = i64::try_from(self.0.fetch_add(1, Ordering::SeqCst)).unwrap();
        Timestamp::from_micros(1_767_225_600_000_000 + step * 1_000)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let n = self.0.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chunk.copy_from_slice(n.to_be_bytes().get(..chunk.len()).unwrap());
        }
    }
}

/// A running server, and a directory for files.
pub(crate) struct Server {
    pub(crate) base: String,
    pub(crate) origin: String,
    pub(crate) token: String,
    pub(crate) directory: TempDir,
    engine: Arc<Engine>,
    log: Arc<Mutex<Vec<String>>>,
    busy: Arc<AtomicUsize>,
}

/// What a command has left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) error: String,
}

impl Server {
    /// A server with users, groups and nothing in it. It also gives out access tokens to whoever knows the secret.
    pub(crate) fn start() -> Self {
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(send));
        });
        receive.recv().unwrap()
    }

    /// The command, with this server in its environment and nothing else of ours.
    pub(crate) fn scim(&self, words: &[&str]) -> Ended {
        self.with_input(words, "")
    }

    pub(crate) fn with_input(&self, words: &[&str], input: &str) -> Ended {
        let mut command = self.command(words);
        command.env("SCIM_URL", &self.base).env("SCIM_TOKEN", &self.token);
        ended(command, input)
    }

    /// The command as it is for somebody who has set nothing up.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scim"));
        command.args(words).current_dir(self.directory.path());
        for name in ["SCIM_URL", "SCIM_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"] {
            command.env_remove(name);
        }
        command.env("XDG_CONFIG_HOME", self.directory.path().join("home"));
        command
    }

    /// Asks the engine, past the network.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(format!("{TENANT}{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/scim+json");
        let request = request.body(body.to_owned().into()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let bytes = runtime.block_on(async { self.engine.handle(request).await.into_body().collect().await.unwrap() });
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Makes a person; the id.
    pub(crate) fn person(&self, name: &str) -> String {
        let schema = "urn:ietf:params:scim:schemas:core:2.0:User";
        let body = format!(r#"{{"schemas":["{schema}"],"userName":"{name}","title":"Clerk","active":true}}"#);
        self.ask("POST", "/Users", &body).get("id").and_then(Value::as_str).unwrap().to_owned()
    }

    /// How many people there are.
    pub(crate) fn people(&self) -> u64 {
        self.ask("GET", "/Users?count=0", "").get("totalResults").and_then(Value::as_u64).unwrap()
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// What came over the network since it was last asked: `METHOD path?query`.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    /// The next so many requests are answered with 429.
    pub(crate) fn be_busy(&self, times: usize) {
        self.busy.store(times, Ordering::SeqCst);
    }
}

/// Runs a command to its end.
pub(crate) fn ended(mut command: Command, input: &str) -> Ended {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    // A command that does not read its input may have closed it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code().unwrap(), out: text(output.stdout), error: text(output.stderr) }
}

impl Ended {
    /// What was printed, of a command that went well.
    pub(crate) fn fine(&self) -> &str {
        assert_eq!(self.code, 0, "{self:?}");
        &self.out
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.fine()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What was said, of a command that ended with this code.
    pub(crate) fn failed(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{self:?}");
        &self.error
    }
}

async fn serve(send: mpsc::Sender<Server>) {
    let admin = Admin::new(Arc::new(MemoryStore::new()), Arc::new(Process(AtomicU64::new(1))), Registry::core());
    let tenant = admin.create_tenant("acme").await.unwrap().id;
    let (_, token) = admin.create_token(tenant, "default", "test", None).await.unwrap();
    let token = token.reveal().to_owned();
    let engine = Arc::new(Engine::builder(admin).decide(Arc::new(AcceptAll)).build());
    let (log, busy) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
    let (noted, refusing) = (log.clone(), busy.clone());
    let watch = from_fn(move |request: Request, next: Next| {
        let path = request.uri().to_string();
        noted.lock().unwrap().push(format!("{} {}", request.method(), path.strip_prefix(TENANT).unwrap_or(&path)));
        let refuse = refusing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        async move {
            match refuse {
                true => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")]).into_response(),
                false => next.run(request).await,
            }
        }
    });
    let given = token.clone();
    let router = Router::new()
        .route("/token", axum::routing::post(move |body: String| access_token(body, given)))
        .route_service("/t/{*scim}", ScimService::new(engine.clone()))
        .layer(watch);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (base, directory) = (format!("{origin}{TENANT}"), TempDir::new().unwrap());
    send.send(Server { base, origin, token, directory, engine, log, busy }).unwrap();
    axum::serve(listener, router).await.unwrap();
}

/// The token endpoint: one secret is known.
async fn access_token(body: String, token: String) -> Response {
    if !body.contains("client_id=app&client_secret=hush") || !body.contains("scope=scim") {
        return (StatusCode::UNAUTHORIZED, r#"{"error":"invalid_client"}"#).into_response();
    }
    format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":600}}"#).into_response()
}
