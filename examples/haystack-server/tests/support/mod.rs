//! The built binary as a person at a terminal has it: commands with what they print, servers with what they answer.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly, and no test uses all of it"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take before a test gives up. Never what a test is about.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory with a database in it.
pub(crate) struct Place {
    directory: TempDir,
    database: Option<String>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), database: None }
    }

    /// One whose database is elsewhere.
    pub(crate) fn with_database(url: String) -> Self {
        Self { database: Some(url), ..Self::new() }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn database(&self) -> String {
        self.database.clone().unwrap_or_else(|| format!("sqlite:{}", self.path("haystack.db")))
    }

    /// The binary, in this directory, without the developer's own settings.
    pub(crate) fn binary(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_haystack-server"));
        command.current_dir(self.directory.path()).stdin(Stdio::null());
        for name in [
            "HAYSTACK_LISTEN",
            "HAYSTACK_DATABASE",
            "HAYSTACK_PUBLIC_URL",
            "HAYSTACK_ISSUERS_ON_PRIVATE_NETWORKS",
            "RUST_LOG",
        ] {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command on the database.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        let output = self.binary().args(arguments).args(["--database", &self.database()]).output().unwrap();
        Done::from(output)
    }

    /// Runs a command that has to succeed, and gives what it prints.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments);
        assert_eq!(done.code, Some(0), "{arguments:?}: {}", done.stderr);
        done.stdout
    }

    /// As [`Place::ok`], with `--json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ok(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// Starts a server on the database.
    pub(crate) fn start(&self) -> Server {
        let mut command = self.binary();
        command.args(["serve", "--listen", "127.0.0.1:0", "--database", &self.database()]);
        Server::start(command)
    }
}

/// What became of a command.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    pub(crate) address: String,
}

impl Server {
    /// Starts one and waits for its first line.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = follow(child.stdout.take().unwrap());
        let first = lines.recv_timeout(PATIENCE).unwrap();
        let address = first.strip_prefix("listening on http://").unwrap_or_else(|| panic!("{first:?}")).to_owned();
        Self { child, lines, address }
    }

    /// Everything it has printed after the first line, and will print before it ends.
    pub(crate) fn stop_and_read(mut self) -> (Option<i32>, Vec<String>) {
        self.signal("TERM");
        let code = self.wait();
        (code, self.lines.iter().collect())
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end, which has to come.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "the server does not end");
            std::thread::yield_now();
        }
    }

    /// Ends it the hard way.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The next line it prints.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        request(&self.address, "GET", path, token, "").unwrap()
    }

    pub(crate) fn patch(&self, path: &str, token: &str, body: &str) -> Answer {
        request(&self.address, "PATCH", path, token, body).unwrap()
    }

    pub(crate) fn post(&self, path: &str, token: &str, body: &str) -> Answer {
        request(&self.address, "POST", path, token, body).unwrap()
    }

    /// A POST of a form, without a token.
    pub(crate) fn form(&self, path: &str, form: &str) -> Answer {
        exchange(&self.address, "POST", path, "", form, "application/x-www-form-urlencoded").unwrap()
    }

    /// Logs an administrator in.
    pub(crate) fn log_in(&self, password: &str) -> Browser<'_> {
        let form = format!("name=admin&password={}", encoded(password.trim()));
        let answer = self.form("/console/login", &form);
        assert_eq!(answer.status, 303, "{answer:?}");
        let cookie = answer.head.lines().find_map(|line| line.split_once("et-cookie: ")).unwrap().1;
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let mut browser = Browser { server: self, cookie, csrf: String::new() };
        let page = browser.get("/console").body;
        browser.csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        browser
    }

    /// Asks until the status is this one: for what another process changed.
    pub(crate) fn until(&self, status: u16, ask: impl Fn(&Self) -> Answer) -> Answer {
        let begun = Instant::now();
        loop {
            let answer = ask(self);
            if answer.status == status {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "still {}: {}", answer.status, answer.body);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An administrator's browser, logged in.
pub(crate) struct Browser<'a> {
    server: &'a Server,
    cookie: String,
    csrf: String,
}

impl Browser<'_> {
    pub(crate) fn get(&self, path: &str) -> Answer {
        let cookie = format!("Cookie: {}\r\n", self.cookie);
        exchange(&self.server.address, "GET", path, &cookie, "", "text/plain").unwrap()
    }

    /// Sends a form of the console, with the token it has.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend(fields);
        self.post_as_is(path, &all)
    }

    /// Sends a form of the console without its token.
    pub(crate) fn post_as_is(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let cookie = format!("Cookie: {}\r\n", self.cookie);
        let kind = "application/x-www-form-urlencoded";
        exchange(&self.server.address, "POST", path, &cookie, &pairs.join("&"), kind).unwrap()
    }
}

/// A value as forms send it.
fn encoded(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}

/// The lines of a process, read so that it never waits for a reader.
fn follow(stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// One request over a connection of its own; `None` when the server went away.
pub(crate) fn request(address: &str, method: &str, path: &str, token: &str, body: &str) -> Option<Answer> {
    let kind = if path.starts_with("/console") { "application/x-www-form-urlencoded" } else { "application/scim+json" };
    exchange(address, method, path, &authorization(token), body, kind)
}

fn authorization(token: &str) -> String {
    if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") }
}

fn exchange(address: &str, method: &str, path: &str, more: &str, body: &str, kind: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{more}Content-Type: {kind}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    answer(stream)
}

/// Reads an answer to its end.
pub(crate) fn answer(mut stream: TcpStream) -> Option<Answer> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunk(body)? } else { whole(head, body)? };
    Some(Answer { status, head: head.to_owned(), body })
}

/// A body of the announced length, or nothing.
fn whole(head: &str, body: &str) -> Option<String> {
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    (body.len() == length).then(|| body.to_owned())
}

fn unchunk(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n")?;
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.push_str(after.get(..size)?);
        rest = after.get(size + 2..)?;
    }
}
