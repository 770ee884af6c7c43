//! Both servers, round after round in turn, and what came out.

use crate::client::Client;
use crate::process::{BARE, OURS, Server};
use crate::requests::{Kind, NAMES};
use crate::setup;
use serde_json::Value;
use std::time::{Duration, Instant};

#[path = "../../../crates/scimstack-store-postgres/tests/cluster/mod.rs"]
mod cluster;

/// Rounds that are counted; one before them is not.
const ROUNDS: usize = 5;

/// As for the stores, durable.
const SERVER: &str =
    "-c fsync=on -c synchronous_commit=on -c shared_buffers=1GB -c max_wal_size=8GB -c checkpoint_timeout=30min";

pub(crate) fn run(store: &str, users: usize, words: &[String]) {
    let (alone, names): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| *word == "alone");
    for name in &names {
        assert!(NAMES.contains(&name.as_str()), "no request is called {name}: say one of {NAMES:?} or alone");
    }
    let kinds = NAMES.into_iter().filter(|name| names.is_empty() || names.iter().any(|n| *n == name)).map(Kind::of);
    let connections = if alone.is_empty() { 4 } else { 1 };
    let kinds: Vec<Kind> = kinds.collect();
    // One thread is enough to keep either server busy.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let _cluster;
    let (ours, bare) = match store {
        "sqlite" => {
            let path = |name: &str| directory.path().join(name);
            (format!("sqlite:{}", path("ours.db").display()), format!("sqlite:{}", path("bare.db").display()))
        }
        _ => {
            let cluster = cluster::Cluster::start();
            cluster.down();
            cluster.up(SERVER);
            let words = cluster.url();
            let socket = words.split_ascii_whitespace().find_map(|word| word.strip_prefix("host=")).unwrap();
            let url = |name: &str| format!("postgres:///{name}?user=postgres&host={socket}");
            let urls = (url("postgres"), url("bare"));
            _cluster = cluster;
            urls
        }
    };
    let begun = Instant::now();
    let token = runtime.block_on(async {
        let token = setup::first_start(&ours).await;
        match (ours.strip_prefix("sqlite:"), bare.strip_prefix("sqlite:")) {
            (Some(ours), Some(bare)) => setup::sqlite(ours.as_ref(), bare.as_ref(), users).await,
            _ => setup::postgres(&ours, &bare, users).await,
        }
        token
    });
    println!("\n## {store}, {users} users, {connections} connections\n");
    println!("Loaded in {:.0} s.", begun.elapsed().as_secs_f64());
    let servers = [Server::start(&[OURS, &ours]), Server::start(&[BARE, &bare, &token])];
    println!("Processes: ours {}, bare {}.\n", servers[0].id(), servers[1].id());
    println!("| CPU seconds for 10,000 | bare | ours | ratio | at most | requests a second, bare | ours |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    runtime.block_on(async {
        let mut clients = Vec::new();
        for server in &servers {
            clients.push(Client::connect(server.address, &token, connections).await);
        }
        for kind in &kinds {
            alike(&mut clients, kind, users).await;
            measure(&servers, &mut clients, kind, users).await;
        }
    });
}

/// What a round took.
struct Round {
    cpu: f64,
    time: Duration,
}

async fn measure(servers: &[Server; 2], clients: &mut [Client], kind: &Kind, users: usize) {
    let mut rounds: [Vec<Round>; 2] = [Vec::new(), Vec::new()];
    let mut next = 1;
    for round in 0..=ROUNDS {
        // The first one, which warms up, is a short one.
        let count = if round == 0 { kind.round / 4 } else { kind.round };
        // Each begins every other time.
        for which in [round % 2, 1 - round % 2] {
            let messages = (next..next + count).map(|n| kind.message(n, users)).collect();
            let (cpu, begun) = (servers[which].cpu(), Instant::now());
            clients[which].send(messages, kind.status).await;
            let (cpu, time) = (servers[which].cpu() - cpu, begun.elapsed());
            if round > 0 {
                rounds[which].push(Round { cpu: cpu.as_secs_f64() * 10_000.0 / count as f64, time });
            }
        }
        next += count;
    }
    let cpu = |which: usize| median(rounds[which].iter().map(|round| round.cpu));
    let speed = |which: usize| median(rounds[which].iter().map(|round| kind.round as f64 / round.time.as_secs_f64()));
    let (ours, bare) = (cpu(0), cpu(1));
    println!(
        "| {} | {bare:.3} | {ours:.3} | {:.2} | {} | {:.0} | {:.0} |",
        kind.title,
        ours / bare,
        kind.at_most,
        speed(1),
        speed(0)
    );
}

fn median(of: impl Iterator<Item = f64>) -> f64 {
    let mut of: Vec<f64> = of.collect();
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

/// Both give the same answer, but for the address and for ids and times that are new.
async fn alike(clients: &mut [Client], kind: &Kind, users: usize) {
    let message = kind.message(0, users);
    let mut answers = Vec::new();
    for client in clients {
        let (head, body) = client.ask(&message).await;
        assert_eq!(head.status(), kind.status, "{}", String::from_utf8_lossy(&body));
        let tag = head.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
        let mut answer = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        strip(&mut answer, !kind.is_read());
        answers.push((tag, answer));
    }
    assert_eq!(answers[0], answers[1], "the servers answer {} differently", kind.name);
}

/// Addresses become paths below the base URL; what is new in each server goes.
fn strip(value: &mut Value, is_new: bool) {
    match value {
        Value::String(text) => {
            if let Some((_, path)) = text.split_once(crate::client::BASE) {
                *text = path.to_owned();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| strip(value, is_new)),
        Value::Object(members) => {
            if is_new {
                members.retain(|name, _| !["id", "created", "lastModified", "location"].contains(&name.as_str()));
            }
            members.values_mut().for_each(|value| strip(value, is_new));
        }
        _ => {}
    }
}
