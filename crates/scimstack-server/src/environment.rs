//! What the engine needs from outside: the time, randomness, and a place for what takes long. Nothing else in here reads a
//! clock, makes a number up or knows of threads.
//!
//! ```
//! use scimstack_schema::Timestamp;
//! use scimstack_server::Environment;
//!
//! struct Noon;
//! impl Environment for Noon {
//!     fn now(&self) -> Timestamp {
//!         Timestamp::from_seconds(1_767_268_800)
//!     }
//!     fn fill_random(&self, bytes: &mut [u8]) {
//!         bytes.fill(0xab);
//!     }
//! }
//! assert_eq!(Noon.new_id(), "019b796d-d600-7bab-abab-abababababab");
//! ```

use scimstack_schema::Timestamp;
use std::time::Duration;

/// Time, randomness and threads; an example or an embedder provides them, tests provide their own.
pub trait Environment: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Fills `bytes` from a cryptographically secure source.
    fn fill_random(&self, bytes: &mut [u8]);

    /// A clock that never goes back, from any point on, to measure with. Unless said otherwise it is [`Environment::now`],
    /// which is set now and then.
    fn monotonic(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.now().as_micros()).unwrap_or(0))
    }

    /// Does what keeps a thread for long: a step of a request whose body is large. To be called once, and done when this
    /// returns. Unless said otherwise it is done right here, where other requests may be waiting for the thread. Within a
    /// runtime of Tokio's that has several, `tokio::task::block_in_place(work)` hands these on meanwhile.
    fn work(&self, work: &mut dyn FnMut()) {
        work();
    }

    /// A new id: a UUID of version 7, so that ids sort by time.
    fn new_id(&self) -> String {
        let mut random = [0_u8; 10];
        self.fill_random(&mut random);
        let millis = u64::try_from(self.now().as_micros() / 1_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
    }
}
