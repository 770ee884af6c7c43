//! The real world: the system's clock, its source of randomness, and threads. The only place that has them.

use rand::Rng;
use scimstack_schema::Timestamp;
use scimstack_server::Environment;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::runtime::{Handle, RuntimeFlavor};

/// The process's clock, randomness and threads.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Environment for System {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        // Seeded by the operating system, again and again; panics when that gives no randomness, without which no token
        // would be safe.
        rand::rng().fill_bytes(bytes);
    }

    fn work(&self, work: &mut dyn FnMut()) {
        match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
            // Nobody else waits for this thread.
            _ => work(),
        }
    }
}

/// A new password: 20 characters of an alphabet without look-alikes, about 115 bits.
#[must_use]
pub fn new_password() -> String {
    const ALPHABET: &[u8; 56] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789!";
    let mut password = String::with_capacity(20);
    let mut bytes = [0_u8; 64];
    while password.len() < 20 {
        System.fill_random(&mut bytes);
        // Bytes past the last whole multiple of 56 are dropped, so that every character is equally likely.
        let fair = bytes.iter().filter(|&&byte| byte < 224).map(|byte| usize::from(byte % 56));
        password.extend(fair.filter_map(|at| ALPHABET.get(at).copied()).map(char::from).take(20 - password.len()));
    }
    password
}
