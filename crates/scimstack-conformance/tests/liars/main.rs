//! A faulty server for each check, to prove that the check notices, and that no other does: a good server whose traffic is
//! changed in one way. Where a fault cannot but be seen by other checks, they are named beside it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

#[path = "../good/mod.rs"]
mod good;

mod bulk;
mod create;
mod discovery;
mod filter;
mod list;
mod patch;
mod show;
mod traffic;
mod whole;
mod write;

use async_trait::async_trait;
use bytes::Bytes;
use good::{BASE, Good};
use scimstack_conformance::{Options, Transport, TransportError, checks, run};
use std::collections::BTreeSet;
use traffic::{Ask, Memory, Reply};

/// A fault: what becomes of a request on its way in, and of an answer on its way out.
pub(crate) struct Lie {
    check: &'static str,
    kind: &'static str,
    before: fn(&mut Ask<'_>) -> Option<Reply>,
    after: fn(&Ask<'_>, &mut Reply),
    also: &'static [&'static str],
}

/// A fault in the answers.
pub(crate) fn lie(check: &'static str, after: fn(&Ask<'_>, &mut Reply)) -> Lie {
    Lie { check, kind: "Widget", before: |_| None, after, also: &[] }
}

/// A fault in what is done: the request is changed, or answered without being done.
pub(crate) fn deed(check: &'static str, before: fn(&mut Ask<'_>) -> Option<Reply>) -> Lie {
    Lie { check, kind: "Widget", before, after: |_, _| (), also: &[] }
}

impl Lie {
    /// The resource type it is told about.
    pub(crate) fn of(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// Checks that cannot but notice, too.
    pub(crate) fn also(mut self, also: &'static [&'static str]) -> Self {
        self.also = also;
        self
    }

    pub(crate) fn and_before(mut self, before: fn(&mut Ask<'_>) -> Option<Reply>) -> Self {
        self.before = before;
        self
    }
}

/// A good server with one fault.
struct Liar<'l> {
    good: Good,
    lie: &'l Lie,
    memory: Memory,
}

#[async_trait]
impl Transport for Liar<'_> {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let (parts, raw) = request.into_parts();
        let whole = parts.uri.to_string();
        let below = whole.strip_prefix(BASE).unwrap();
        let (path, query) = below.split_once('?').unwrap_or((below, ""));
        let mut ask = Ask {
            method: parts.method.to_string(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: parts.headers,
            body: serde_json::from_slice(&raw).unwrap_or_default(),
            raw,
            memory: &self.memory,
        };
        let mut reply = match (self.lie.before)(&mut ask) {
            Some(reply) => reply,
            None => self.forward(&ask).await?,
        };
        ask.note(&reply);
        (self.lie.after)(&ask, &mut reply);
        let body = match (&reply.json, reply.status) {
            (_, 204 | 304) => Bytes::new(),
            (serde_json::Value::Null, _) => reply.raw,
            (json, _) => Bytes::from(json.to_string()),
        };
        let body = if ask.method == "HEAD" { Bytes::new() } else { body };
        let mut response = http::Response::builder().status(reply.status).body(body).unwrap();
        *response.headers_mut() = reply.headers;
        Ok(response)
    }
}

impl Liar<'_> {
    async fn forward(&self, ask: &Ask<'_>) -> Result<Reply, TransportError> {
        let mark = if ask.query.is_empty() { "" } else { "?" };
        let uri = format!("{BASE}{}{mark}{}", ask.path, ask.query);
        let mut request = http::Request::builder().method(ask.method.as_str()).uri(uri).body(ask.raw.clone()).unwrap();
        *request.headers_mut() = ask.headers.clone();
        let (parts, raw) = self.good.send(request).await?.into_parts();
        let json = serde_json::from_slice(&raw).unwrap_or_default();
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, json, raw })
    }
}

/// The one deviation that the strict server has on purpose; its liar is told of a server that has none.
const NOT_STRICT: &str = "patch-operations-have-no-case";

/// The ids of the checks that fail under a lie.
fn failed(lie: &Lie) -> BTreeSet<&'static str> {
    let is_its_own = lie.check == NOT_STRICT;
    let good = if is_its_own { Good::lenient() } else { Good::strict() };
    let liar = Liar { good, lie, memory: Memory::default() };
    let options = Options::default().run_name("t").resource_type(lie.kind);
    let report = futures_executor::block_on(run(&liar, &liar.good.target(), &options));
    report.failures().map(|outcome| outcome.check.id).filter(|id| is_its_own || *id != NOT_STRICT).collect()
}

/// Each lie makes its check fail, and no other that is not named beside it.
fn prove(lies: &[Lie]) {
    let mut wrong = Vec::new();
    for lie in lies {
        let found = failed(lie);
        let expected: BTreeSet<&str> = lie.also.iter().copied().chain([lie.check]).collect();
        if found != expected {
            let (missed, more): (Vec<_>, Vec<_>) =
                (expected.difference(&found).collect(), found.difference(&expected).collect());
            wrong.push(format!("{}: unnoticed by {missed:?}, noticed besides by {more:?}", lie.check));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn no_check_lacks_its_liar() {
    let tables = [
        bulk::lies(),
        create::lies(),
        discovery::lies(),
        discovery::http(),
        filter::lies(),
        filter::values(),
        list::lies(),
        list::cursors(),
        patch::lies(),
        patch::lists(),
        show::lies(),
        show::versions(),
        show::members(),
        write::lies(),
        write::hostile(),
    ];
    let mut told = BTreeSet::new();
    for lie in tables.iter().flatten() {
        assert!(told.insert(lie.check), "{} has two liars", lie.check);
    }
    let known: BTreeSet<&str> = checks().map(|check| check.id).collect();
    let (lacking, strange): (Vec<_>, Vec<_>) = (known.difference(&told).collect(), told.difference(&known).collect());
    assert!(lacking.is_empty() && strange.is_empty(), "without a liar: {lacking:?}; of no check: {strange:?}");
}
