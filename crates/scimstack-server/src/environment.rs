//! What the engine needs from outside: the time, and randomness. Nothing else in here reads a clock or makes a number up.
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

/// Time and randomness; an example or an embedder provides them, tests provide their own.
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

    /// A new id: a UUID of version 7, so that ids sort by time.
    fn new_id(&self) -> String {
        let mut random = [0_u8; 10];
        self.fill_random(&mut random);
        let millis = u64::try_from(self.now().as_micros() / 1_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
    }
}
