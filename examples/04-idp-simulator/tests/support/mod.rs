//! The engine in memory, with a clock that counts and random numbers that do.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly, and no test uses all of it"
)]

use bytes::Bytes;
use http::{Request, Response};
use scimstack_client::Transport;
use scimstack_provisioning::directory::Lifecycle;
use scimstack_schema::{Registry, Timestamp};
use scimstack_server::{Admin, Engine, Environment, Limits};
use scimstack_store::MemoryStore;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Time that goes on by a second with every look, and numbers that count.
#[derive(Default)]
pub(crate) struct Counting(AtomicU64);

impl Environment for Counting {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + i64::try_from(self.0.fetch_add(1, Ordering::Relaxed)).unwrap())
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (byte, number) in bytes.iter_mut().rev().zip(number.into_iter().rev().chain(std::iter::repeat(0))) {
            *byte = number;
        }
    }
}

pub(crate) const BASE: &str = "http://scim.test/t/acme/api/scim/v2";

/// A server and a token for it.
pub(crate) async fn server() -> (Arc<Engine>, String) {
    server_with(Limits::default()).await
}

/// A server with limits of its own.
pub(crate) async fn server_with(limits: Limits) -> (Arc<Engine>, String) {
    let admin = Admin::new(Arc::new(MemoryStore::new()), Arc::new(Counting::default()), Registry::haystack());
    let tenant = admin.create_tenant("acme").await.unwrap();
    let (_, secret) = admin.create_token(tenant.id, "default", "test", None).await.unwrap();
    let engine = Engine::builder(admin).decide(Arc::new(Lifecycle)).limits(limits).build();
    (Arc::new(engine), secret.reveal().to_owned())
}

/// The way to a server.
pub(crate) fn transport(engine: Arc<Engine>) -> impl Transport + 'static {
    move |request: Request<Bytes>| {
        let engine = engine.clone();
        async move { Ok(answer(&engine, request).await) }
    }
}

pub(crate) async fn answer(engine: &Engine, request: Request<Bytes>) -> Response<Bytes> {
    let (parts, body) = engine.handle(request).await.into_parts();
    Response::from_parts(parts, body.collect().await.unwrap())
}
