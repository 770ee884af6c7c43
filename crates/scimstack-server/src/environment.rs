//! What the engine needs from outside: the time, and randomness.

use scimstack_schema::Timestamp;

/// Time and randomness; an example or an embedder provides them, tests provide their own.
pub trait Environment: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Fills `bytes` from a cryptographically secure source.
    fn fill_random(&self, bytes: &mut [u8]);

    /// A new id: a UUID of version 7, so that ids sort by time.
    fn new_id(&self) -> String {
        let mut random = [0_u8; 10];
        self.fill_random(&mut random);
        let millis = u64::try_from(self.now().as_micros() / 1_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
    }
}
