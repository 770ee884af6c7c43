//! The release binary of `haystack-server`: built, started, asked, ended.

use crate::error::{Doing, Error, Result};
use crate::process::{Context, wait_at_most};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long the server may take to say where it listens, on a machine that is busy.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Builds the release binary and says where it is.
pub(crate) fn build(context: &Context) -> Result<PathBuf> {
    let arguments = ["build", "--release", "--package", "haystack-server"];
    context.run(context.cargo(&arguments))?;
    // Asked a second time, now that nothing is left to build, only for the path: it depends on the user's own settings.
    let mut command = context.cargo(&arguments);
    command.args(["--quiet", "--message-format=json-render-diagnostics"]);
    let messages = context.output(command)?;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .find(|path| path.file_stem().is_some_and(|name| name == "haystack-server"))
        .ok_or_else(|| Error::new("cargo built haystack-server but names no executable"))
}

/// A running server; ended when dropped.
pub(crate) struct Server {
    child: Child,
    /// `127.0.0.1:43210`.
    pub(crate) address: String,
    /// From the start of the process to the line that says where it listens.
    pub(crate) started_in: Duration,
}

impl Server {
    /// Starts `haystack-server serve` on a free port over the given database.
    pub(crate) fn start(context: &Context, binary: &Path, directory: &Path, database: &str) -> Result<Self> {
        let mut command = context.program(binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--database", database]);
        command.current_dir(directory).stdin(Stdio::null()).stdout(Stdio::piped());
        let log = directory.join("server.log");
        command.stderr(std::fs::File::create(&log).doing(format_args!("make {}", log.display()))?);
        println!("$ {}", context.shown(&command));
        let start = Instant::now();
        let mut child = command.spawn().doing("start haystack-server")?;
        let stdout = child.stdout.take();
        let mut server = Self { child, address: String::new(), started_in: Duration::ZERO };
        let stdout = stdout.ok_or_else(|| Error::new("haystack-server has no standard output"))?;
        let line = first_line(stdout).recv_timeout(START_LIMIT).map_err(|_| {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            Error::new(format!("haystack-server did not say where it listens; it logged:\n{log}"))
        })?;
        server.started_in = start.elapsed();
        server.address = address(&line)?;
        Ok(server)
    }

    /// `GET path`: the status and the whole answer.
    pub(crate) fn get(&self, path: &str, token: Option<&str>) -> Result<(u16, String)> {
        let limit = Some(Duration::from_secs(10));
        let mut stream = TcpStream::connect(&self.address).doing(format_args!("connect to {}", self.address))?;
        stream.set_read_timeout(limit).doing("set a time limit")?;
        let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{authorization}Connection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).doing(format_args!("ask for {path}"))?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).doing(format_args!("read the answer to {path}"))?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| Error::new(format!("the answer to {path} is not HTTP: {answer:?}")))?;
        Ok((status, answer))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends the first line, then keeps reading so that the writer never blocks.
fn first_line(stdout: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
            // After the first line nobody listens any more.
            let _ = sender.send(line);
        }
    });
    receiver
}

/// The address in `listening on http://127.0.0.1:43210`.
fn address(line: &str) -> Result<String> {
    line.trim()
        .strip_prefix("listening on http://")
        .map(|address| address.trim_end_matches('/').to_owned())
        .filter(|address| address.contains(':'))
        .ok_or_else(|| {
            Error::new(format!("the first line should be `listening on http://ADDRESS:PORT`, and was {line:?}"))
        })
}

/// Runs one command of the binary to its end, at most `limit`, and gives what it printed.
pub(crate) fn command(binary: &Path, directory: &Path, arguments: &[&str], limit: Duration) -> Result<String> {
    let shown = format!("haystack-server {}", arguments.join(" "));
    println!("$ {shown}");
    let mut command = Command::new(binary);
    command.args(arguments).current_dir(directory).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().doing(format_args!("start {shown}"))?;
    let stdout = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.map(|mut stdout| stdout.read_to_string(&mut text)).transpose().map(|_| text)
    });
    let status = wait_at_most(&mut child, limit, &shown)?;
    let printed = reader.join().map_err(|_| Error::new(format!("cannot read what `{shown}` prints")))?;
    let printed = printed.doing(format_args!("read what `{shown}` prints"))?;
    if !status.success() {
        return Err(Error::new(format!("`{shown}` ended with {status}; it printed:\n{printed}")));
    }
    Ok(printed)
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn the_first_line_says_where_the_server_listens() {
        assert_eq!(address("listening on http://127.0.0.1:8080\n").unwrap(), "127.0.0.1:8080");
        assert_eq!(address("listening on http://127.0.0.1:8080/").unwrap(), "127.0.0.1:8080");
    }

    #[test]
    fn any_other_first_line_is_an_error() {
        for line in ["", "listening on 127.0.0.1:8080", "ready", "listening on http://localhost"] {
            assert!(address(line).is_err(), "{line:?}");
        }
    }
}
