//! A PostgreSQL server of the tests' own, from the programs that are installed: in a directory of its own, reached by a
//! socket in it, gone with the value.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot start its server fails, and not every test uses all of it"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

pub(crate) struct Cluster {
    directory: TempDir,
    programs: PathBuf,
    as_root: bool,
    schemas: AtomicU32,
}

/// Where `initdb` and its like are.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<PathBuf> = installed.map(|version| version.path().join("bin")).collect();
    installed.sort();
    places.extend(installed.into_iter().rev());
    let is_there = |place: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|name| place.join(name).is_file());
    places
        .into_iter()
        .find(is_there)
        .expect("no PostgreSQL server programs in PATH or /usr/lib/postgresql: apt-get install postgresql")
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let id = Command::new("id").arg("-u").output().expect("id");
        let directory = TempDir::new().unwrap();
        let as_root = id.stdout.trim_ascii() == b"0";
        if as_root {
            // The server refuses to run as root.
            run(Command::new("chown").arg("postgres").arg(directory.path()));
        }
        let cluster = Self { directory, programs: programs(), as_root, schemas: AtomicU32::new(0) };
        run(cluster
            .program("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"])
            .arg("--pgdata")
            .arg(cluster.data()));
        cluster.up("");
        cluster
    }

    /// Starts the server, with further options, and waits until it answers.
    pub(crate) fn up(&self, further: &str) {
        let options = format!(
            "-c fsync=off -c listen_addresses= -c max_connections=120 -c unix_socket_directories={} {further}",
            self.directory.path().display()
        );
        let log = self.directory.path().join("log");
        let mut command = self.program("pg_ctl");
        run(command
            .args(["start", "--wait", "--silent", "--options"])
            .arg(options)
            .arg("--log")
            .arg(log)
            .arg("--pgdata")
            .arg(self.data()));
    }

    /// Starts the server with an address as well as its socket, and with further options; its port.
    pub(crate) fn up_with_port(&self, further: &str) -> u16 {
        // Free until somebody else asks for one, who will get another.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        self.up(&format!("-c listen_addresses=127.0.0.1 -c port={port} {further}"));
        port
    }

    /// Puts a file where the server finds it, for its eyes only; its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        run(Command::new("chmod").arg("600").arg(&path));
        if self.as_root {
            run(Command::new("chown").arg("postgres").arg(&path));
        }
        path
    }

    /// Stops the server as if it had crashed.
    pub(crate) fn down(&self) {
        let mut command = self.program("pg_ctl");
        run(command.args(["stop", "--mode=immediate", "--silent", "--pgdata"]).arg(self.data()));
    }

    /// Kills the server, all of its processes at once and without a word, and waits until they are gone.
    pub(crate) fn kill(&self) {
        let lock = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let first = lock.lines().next().unwrap().to_owned();
        let children = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap_or_default();
        let all: Vec<&str> = std::iter::once(first.as_str()).chain(children.split_whitespace()).collect();
        // Some may have ended by themselves meanwhile, which is told.
        let _ = Command::new("kill").arg("-9").args(&all).output().unwrap();
        let runs = |pid: &&str| match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
            // Dead, and not yet fetched by who started it.
            Ok(stat) => !stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')),
            Err(_) => false,
        };
        while all.iter().any(runs) {
            std::thread::yield_now();
        }
        // Where nobody fetches the dead, the next server would take the first for one that runs.
        for lock in [self.data().join("postmaster.pid"), self.directory.path().join(".s.PGSQL.5432.lock")] {
            let _ = std::fs::remove_file(lock);
        }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = match self.as_root {
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
                command
            }
            false => Command::new(program),
        };
        command.current_dir(self.directory.path());
        command
    }

    /// How to connect to the schema that every database has.
    pub(crate) fn url(&self) -> String {
        url(self.directory.path())
    }

    /// How to connect to a schema of one's own, which is empty.
    pub(crate) async fn empty(&self) -> String {
        let name = format!("check_{}", self.schemas.fetch_add(1, Ordering::Relaxed));
        let (client, connection) = tokio_postgres::connect(&self.url(), tokio_postgres::NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        client.batch_execute(&format!("CREATE SCHEMA {name}")).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
        format!("{} options='-c search_path={name}'", self.url())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ =
            self.program("pg_ctl").args(["stop", "--mode=immediate", "--silent", "--pgdata"]).arg(self.data()).output();
    }
}

fn url(directory: &Path) -> String {
    format!("host={} user=postgres dbname=postgres", directory.display())
}

fn run(command: &mut Command) {
    // The server must not inherit pipes that we would wait for.
    let errors = tempfile::tempfile().unwrap();
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(errors);
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}
