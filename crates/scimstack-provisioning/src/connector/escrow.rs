//! What Microsoft's provisioning service does with what fails: one thing that failed waits in [`Escrow`], longer each time;
//! when much fails, the whole job goes into [`Quarantine`] and hardly runs.
//!
//! ```
//! use scimstack_provisioning::connector::{Escrow, Pace, Quarantine};
//!
//! let mut escrow = Escrow::default();
//! assert_eq!(escrow.handle_failure(), Some(6 * 3_600));
//! assert_eq!(escrow.handle_failure(), Some(12 * 3_600));
//!
//! let mut quarantine = Quarantine::default();
//! assert_eq!(quarantine.poll_pace(0), Pace::Normal);
//! quarantine.handle_failure(Some(401), false, 0);
//! assert_eq!(quarantine.poll_pace(0), Pace::Daily);
//! ```

const HOUR: u32 = 3_600;
const DAY: u32 = 24 * HOUR;

/// Nothing stays in escrow longer, and no job in quarantine: four weeks.
const FOUR_WEEKS: u32 = 28 * DAY;

/// The waiting of one thing that failed: 6, 12, 24 hours, then a day each time, for four weeks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Escrow {
    failures: u32,
    waited: u32,
}

impl Escrow {
    /// It failed. The seconds until it is tried again; `None` when it is dropped.
    pub fn handle_failure(&mut self) -> Option<u32> {
        let wait = match self.failures {
            0 => 6 * HOUR,
            1 => 12 * HOUR,
            _ => DAY,
        };
        self.failures += 1;
        self.waited += wait;
        (self.waited <= FOUR_WEEKS).then_some(wait)
    }
}

/// How a job may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As always.
    Normal,
    /// In quarantine: once a day.
    Daily,
    /// Four weeks in quarantine have ended it.
    Disabled,
}

/// The health of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quarantine {
    attempts: u64,
    /// Failures that count for the share: not those of references.
    failures: u64,
    all_failures: u64,
    since: Option<u64>,
}

impl Quarantine {
    /// From so many failures on their share is looked at.
    pub const FEWEST: u64 = 5_000;
    /// More failures than these are too many whatever their share.
    pub const MOST: u64 = 40_000;
    /// So are more than these, when references (managers, members) are counted, too.
    pub const MOST_WITH_REFERENCES: u64 = 60_000;

    /// Something went well; a job in quarantine leaves it.
    pub fn handle_success(&mut self) {
        self.attempts += 1;
        if self.since.take().is_some() {
            *self = Self::default();
        }
    }

    /// Something failed at a time in seconds, with a status where there was an answer. Being refused entry (401, 403)
    /// quarantines at once.
    pub fn handle_failure(&mut self, status: Option<u16>, is_reference: bool, now: u64) {
        self.attempts += 1;
        self.all_failures += 1;
        self.failures += u64::from(!is_reference);
        let share = self.failures >= Self::FEWEST && self.failures * 100 > self.attempts * 40;
        let many = self.failures > Self::MOST || self.all_failures > Self::MOST_WITH_REFERENCES;
        if share || many || matches!(status, Some(401 | 403)) {
            self.since.get_or_insert(now);
        }
    }

    /// The server answered what no SCIM server does, such as 404 to a look-up: quarantine at once.
    pub fn handle_incompatible(&mut self, now: u64) {
        self.since.get_or_insert(now);
    }

    /// How the job may run at a time in seconds.
    #[must_use]
    pub fn poll_pace(&self, now: u64) -> Pace {
        match self.since {
            None => Pace::Normal,
            Some(since) if now.saturating_sub(since) >= u64::from(FOUR_WEEKS) => Pace::Disabled,
            Some(_) => Pace::Daily,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_tried_again_for_four_weeks_and_then_dropped() {
        let mut escrow = Escrow::default();
        let waits: Vec<u32> = std::iter::from_fn(|| escrow.handle_failure()).collect();
        assert_eq!(waits[..4], [6 * HOUR, 12 * HOUR, DAY, DAY]);
        let waited: u32 = waits.iter().sum();
        assert!(waited <= FOUR_WEEKS && waited + DAY > FOUR_WEEKS, "{waited}");
    }

    #[test]
    fn a_share_of_failures_is_looked_at_only_when_there_are_many() {
        let mut quarantine = Quarantine::default();
        for _ in 0..Quarantine::FEWEST - 1 {
            quarantine.handle_failure(Some(500), false, 7);
        }
        assert_eq!(quarantine.poll_pace(7), Pace::Normal);
        quarantine.handle_failure(Some(500), false, 7);
        assert_eq!(quarantine.poll_pace(7), Pace::Daily);

        let mut mostly_well = Quarantine::default();
        for i in 0..30_000 {
            match i % 3 {
                0 => mostly_well.handle_failure(Some(500), false, 7),
                _ => mostly_well.handle_success(),
            }
        }
        assert_eq!(mostly_well.poll_pace(7), Pace::Normal, "a third is no more than two fifths");
    }

    #[test]
    fn references_have_a_bound_of_their_own() {
        let mut quarantine = Quarantine::default();
        for _ in 0..Quarantine::MOST_WITH_REFERENCES {
            quarantine.handle_failure(Some(404), true, 0);
        }
        assert_eq!(quarantine.poll_pace(0), Pace::Normal);
        quarantine.handle_failure(Some(404), true, 0);
        assert_eq!(quarantine.poll_pace(0), Pace::Daily);
    }

    #[test]
    fn a_job_leaves_quarantine_by_a_success_and_is_disabled_after_four_weeks() {
        for incompatible in [false, true] {
            let mut quarantine = Quarantine::default();
            match incompatible {
                true => quarantine.handle_incompatible(100),
                false => quarantine.handle_failure(Some(403), false, 100),
            }
            let end = 100 + u64::from(FOUR_WEEKS);
            assert_eq!(quarantine.poll_pace(end - 1), Pace::Daily);
            assert_eq!(quarantine.poll_pace(end), Pace::Disabled);
            quarantine.handle_success();
            assert_eq!(quarantine.poll_pace(end), Pace::Normal);
        }
    }
}
