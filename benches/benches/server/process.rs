//! The servers as processes, and what they take of the CPU. A server says where it listens and ends with its input, so that
//! none is left behind.

use crate::{bare, bare_postgres, bare_sqlite};
use haystack_server::Config;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;
use tokio::runtime::Runtime;

/// The word with which this program is the whole server.
pub(crate) const OURS: &str = "serve-ours";
/// The word with which it is the bare one.
pub(crate) const BARE: &str = "serve-bare";

/// The whole server, as `haystack-server` starts it.
pub(crate) fn serve_ours(database: &str) {
    Runtime::new().unwrap().block_on(async {
        let running = haystack_server::start(config(database)).await.unwrap();
        println!("{}", running.local_addr);
        until_told().await;
        running.stop().await.unwrap();
    });
}

pub(crate) fn config(database: &str) -> Config {
    Config {
        listen: "127.0.0.1:0".to_owned(),
        database: database.parse().unwrap(),
        public_url: None,
        metrics: None,
        retention_days: 0,
        issuers: haystack_server::Networks::Public,
    }
}

/// The bare one.
pub(crate) fn serve_bare(database: &str, token: &str) {
    Runtime::new().unwrap().block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        let router = match database.strip_prefix("sqlite:") {
            Some(path) => bare::router(bare_sqlite::Sqlite::open(path.as_ref()), token),
            None => bare::router(bare_postgres::Postgres::connect(database).await, token),
        };
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true)));
        tokio::select! {
            _ = async { axum::serve(listener, router).await } => {}
            () = until_told() => {}
        }
    });
}

async fn until_told() {
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    ended.await.unwrap().unwrap();
}

/// A server in a process of its own.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
    input: Option<ChildStdin>,
}

impl Server {
    /// Starts this program again, as a server.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { address: line.trim().parse().unwrap(), child, input }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What all its threads have taken so far, in the kernel too.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name, in parentheses, may hold anything; state and ten numbers follow, then both times.
        let times = stat.rsplit_once(')').unwrap().1.split_ascii_whitespace().skip(11).take(2);
        let ticks: u64 = times.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        // A tick is a hundredth of a second in everything that Linux tells (`USER_HZ`).
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
