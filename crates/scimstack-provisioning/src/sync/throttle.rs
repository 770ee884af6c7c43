//! How fast requests go out: the target's rate, its wish to be left alone, and a window that narrows when it is busy.

use super::target::TargetProfile;
use scimstack_schema::Timestamp;

/// Answers in a row that widen the window by one.
const WIDER_AFTER: u32 = 16;

/// When the next request may go.
#[derive(Clone, Debug)]
pub(super) struct Throttle {
    /// Microseconds between two requests; nothing without a rate.
    spacing: i64,
    burst: i64,
    /// When the last request would have gone, had they all kept their distance.
    due: i64,
    /// Nobody sends before this.
    closed_until: i64,
    window: usize,
    widest: usize,
    good: u32,
    state: u64,
}

impl Throttle {
    pub(super) fn new(profile: &TargetProfile, seed: u64) -> Self {
        let spacing = profile.per_minute.map_or(0, |per_minute| 60_000_000 / i64::from(per_minute.max(1)));
        let widest = profile.concurrency.max(1);
        let burst = i64::from(profile.burst.max(1));
        Self { spacing, burst, due: i64::MIN, closed_until: i64::MIN, window: widest, widest, good: 0, state: seed }
    }

    /// How many requests may be under way.
    pub(super) fn window(&self) -> usize {
        self.window
    }

    /// The earliest time for another request.
    pub(super) fn opens(&self, now: Timestamp) -> Timestamp {
        let now = now.as_micros();
        let ahead = self.spacing.saturating_mul(self.burst.saturating_sub(1));
        Timestamp::from_micros(now.max(self.closed_until).max(self.due.saturating_sub(ahead)))
    }

    /// A request goes out.
    pub(super) fn handle_sent(&mut self, now: Timestamp) {
        self.due = self.due.max(now.as_micros()).saturating_add(self.spacing);
    }

    /// The target was too busy, and is left alone for so many microseconds.
    pub(super) fn handle_busy(&mut self, wait: i64, now: Timestamp) {
        self.closed_until = self.closed_until.max(now.as_micros().saturating_add(wait));
        self.window = (self.window / 2).max(1);
        self.good = 0;
    }

    /// The target answered.
    pub(super) fn handle_good(&mut self) {
        self.good += 1;
        if self.good >= WIDER_AFTER && self.window < self.widest {
            self.window += 1;
            self.good = 0;
        }
    }

    /// A number from 0 to 1, from the seed (SplitMix64).
    pub(super) fn chance(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_after_the_first_burst() {
        let profile = TargetProfile::default().with_per_minute(60, 3);
        let mut throttle = Throttle::new(&profile, 1);
        let mut now = Timestamp::from_seconds(1_000);
        let mut waited = Vec::new();
        for _ in 0..6 {
            let opens = throttle.opens(now);
            waited.push((opens.as_micros() - now.as_micros()) / 1_000_000);
            now = opens;
            throttle.handle_sent(now);
        }
        assert_eq!(waited, [0, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn a_busy_target_is_left_alone_and_asked_less() {
        let mut throttle = Throttle::new(&TargetProfile::default().with_concurrency(8), 1);
        let now = Timestamp::from_seconds(0);
        throttle.handle_busy(5_000_000, now);
        assert_eq!(throttle.opens(now), Timestamp::from_seconds(5));
        assert_eq!(throttle.window(), 4);
        (0..9).for_each(|_| throttle.handle_busy(0, now));
        assert_eq!(throttle.window(), 1);
        (0..8 * WIDER_AFTER).for_each(|_| throttle.handle_good());
        assert_eq!(throttle.window(), 8);
    }
}
