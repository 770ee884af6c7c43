//! Time and chance, as arguments: this library reads no clock, does not wait by itself and draws no lots. The feature
//! `reqwest` has a ready one for tokio.

use async_trait::async_trait;
use std::time::{Duration, SystemTime};

/// A clock that can be waited on.
#[async_trait]
pub trait Timer: Send + Sync {
    /// What time it is.
    fn now(&self) -> SystemTime;

    /// Waits.
    async fn sleep(&self, time: Duration);

    /// A number from 0 to 1, another each time, so that clients which were sent away together do not come back together.
    fn chance(&self) -> f64;
}
