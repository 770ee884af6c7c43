//! What was sent and how it was answered, counted while it happens: statuses, and how long answers took.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Steps within each power of two; a figure is off by a sixteenth at most.
const STEPS: u64 = 16;

/// Counts; shared by all requests.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    requests: AtomicU64,
    lost: AtomicU64,
    statuses: Mutex<BTreeMap<u16, u64>>,
    /// By step of the scale, in microseconds.
    times: Mutex<BTreeMap<u64, u64>>,
}

/// What a [`crate::Simulator`] has sent, and how it was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Requests, also those that got no answer.
    pub requests: u64,
    /// Requests without an answer.
    pub lost: u64,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// The time within which half of the answers came.
    pub p50: Duration,
    /// The time within which 99 of 100 came.
    pub p99: Duration,
}

impl Meter {
    /// A request is on its way.
    pub(crate) fn sent(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// It was answered, or not, after a while.
    pub(crate) fn answered(&self, status: Option<u16>, took: Duration) {
        let Some(status) = status else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        if let Ok(mut statuses) = self.statuses.lock() {
            *statuses.entry(status).or_default() += 1;
        }
        if let Ok(mut times) = self.times.lock() {
            *times.entry(step(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))).or_default() += 1;
        }
    }

    /// How many were sent.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// All of it.
    pub(crate) fn traffic(&self) -> Traffic {
        let times = self.times.lock().map(|times| times.clone()).unwrap_or_default();
        Traffic {
            requests: self.requests(),
            lost: self.lost.load(Ordering::Relaxed),
            statuses: self.statuses.lock().map(|statuses| statuses.clone()).unwrap_or_default(),
            p50: within(&times, 50),
            p99: within(&times, 99),
        }
    }
}

/// The step a time falls on: its highest bit and the four after it.
fn step(micros: u64) -> u64 {
    if micros < STEPS {
        return micros;
    }
    let shift = u64::from(micros.ilog2()) - 4;
    shift * STEPS + (micros >> shift)
}

/// The longest time on a step.
fn longest(step: u64) -> u64 {
    if step < 2 * STEPS {
        return step;
    }
    let shift = step / STEPS - 1;
    ((step - shift * STEPS + 1) << shift) - 1
}

fn within(times: &BTreeMap<u64, u64>, percent: u64) -> Duration {
    let all: u64 = times.values().sum();
    let wanted = (all * percent).div_ceil(100);
    let mut seen = 0;
    for (step, count) in times {
        seen += count;
        if seen >= wanted {
            return Duration::from_micros(longest(*step));
        }
    }
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_off_by_a_sixteenth_at_most() {
        let mut last = 0;
        for micros in (0..200_000).chain([u64::MAX / 2]) {
            let at = step(micros);
            assert!(at >= last || micros > 200_000);
            last = at;
            let shown = longest(at);
            assert!(shown >= micros && shown - micros <= micros / 16, "{micros} is shown as {shown}");
        }
    }

    #[test]
    fn half_and_nearly_all_are_found() {
        let meter = Meter::default();
        for millis in 1..=100 {
            meter.sent();
            meter.answered(Some(if millis > 98 { 429 } else { 200 }), Duration::from_millis(millis));
        }
        meter.sent();
        meter.answered(None, Duration::from_secs(60));
        let traffic = meter.traffic();
        assert_eq!((traffic.requests, traffic.lost), (101, 1));
        assert_eq!(traffic.statuses.into_iter().collect::<Vec<_>>(), [(200, 98), (429, 2)]);
        assert!((50..54).contains(&traffic.p50.as_millis()), "{:?}", traffic.p50);
        assert!((99..106).contains(&traffic.p99.as_millis()), "{:?}", traffic.p99);
    }
}
