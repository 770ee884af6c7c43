//! The mass-change brake: a source that has lost half of its rows, or a mapping with a wrong column, is stopped before
//! anything is sent.
//!
//! ```
//! use scimstack_provisioning::sync::{Brake, Limit};
//!
//! assert_eq!("20%".parse(), Ok(Limit::Percent(20)));
//! assert_eq!("50".parse(), Ok(Limit::Count(50)));
//! let brake = Brake::default().with_all(Limit::Percent(10));
//! ```

use super::plan::Counts;
use std::fmt;
use std::str::FromStr;

/// A share never stops so few changes: in a small directory one person is many percent.
pub const FEW: u64 = 10;

/// How much may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many, and no more.
    Count(u64),
    /// This share of what the target has; [`FEW`] are always allowed.
    Percent(u8),
    /// Everything.
    Never,
}

/// Why something is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a limit is a number, a share such as 20%, or never")]
pub struct LimitError;

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let text = text.trim();
        match text.strip_suffix('%') {
            _ if text.eq_ignore_ascii_case("never") => Ok(Self::Never),
            Some(share) => match share.trim().parse() {
                Ok(share) if share <= 100 => Ok(Self::Percent(share)),
                _ => Err(LimitError),
            },
            None => text.parse().map(Self::Count).map_err(|_| LimitError),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(share) => write!(f, "{share}%"),
            Self::Never => f.write_str("never"),
        }
    }
}

impl Limit {
    fn allows(self, count: u64, of: u64) -> bool {
        match self {
            Self::Never => true,
            Self::Count(most) => count <= most,
            Self::Percent(share) => count <= FEW || count.saturating_mul(100) <= of.saturating_mul(u64::from(share)),
        }
    }
}

/// How much a plan may do. Creations are not held back: they take nothing away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Brake {
    /// Resources deactivated or deleted.
    pub removals: Limit,
    /// Resources changed.
    pub changes: Limit,
    /// Memberships taken away.
    pub members: Limit,
}

impl Default for Brake {
    /// A fifth of the people or groups may be removed; half may be changed.
    fn default() -> Self {
        Self { removals: Limit::Percent(20), changes: Limit::Percent(50), members: Limit::Percent(50) }
    }
}

/// Why a plan is not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} of {of} would be {what}, and {limit} may be")]
#[non_exhaustive]
pub struct Braked {
    /// What would happen to them.
    pub what: &'static str,
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// What is allowed.
    pub limit: Limit,
}

impl Brake {
    /// With one limit for everything.
    #[must_use]
    pub fn with_all(self, limit: Limit) -> Self {
        Self { removals: limit, changes: limit, members: limit }
    }

    /// With a limit for what is deactivated or deleted.
    #[must_use]
    pub fn with_removals(mut self, limit: Limit) -> Self {
        self.removals = limit;
        self
    }

    /// Judges a plan.
    ///
    /// # Errors
    /// The first limit that is exceeded.
    pub fn check(&self, counts: &Counts) -> Result<(), Braked> {
        for (what, count, of, limit) in [
            ("deactivated or deleted", counts.deactivated + counts.deleted, counts.target, self.removals),
            ("changed", counts.updated, counts.target, self.changes),
            ("taken out of their groups", counts.members_removed, counts.members, self.members),
        ] {
            if !limit.allows(count, of) {
                return Err(Braked { what, count, of, limit });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(target: u64, updated: u64, deactivated: u64, deleted: u64) -> Counts {
        Counts { target, updated, deactivated, deleted, ..Counts::default() }
    }

    #[test]
    fn a_plan_that_does_too_much_is_stopped() {
        let brake = Brake::default();
        for (counts, said) in [
            (counts(1_000, 0, 200, 0), None),
            (counts(1_000, 0, 150, 51), Some("201 of 1000 would be deactivated or deleted, and 20% may be")),
            (counts(1_000, 501, 0, 0), Some("501 of 1000 would be changed, and 50% may be")),
            (counts(12, 10, 10, 0), None),
            (counts(12, 0, 11, 0), Some("11 of 12 would be deactivated or deleted, and 20% may be")),
            (counts(0, 0, 0, 0), None),
        ] {
            assert_eq!(brake.check(&counts).err().map(|stop| stop.to_string()).as_deref(), said);
        }
        let moved = |members| Counts { members_removed: 60, members, ..Counts::default() };
        assert!(brake.check(&moved(100)).is_err());
        assert!(brake.check(&moved(120)).is_ok());
    }

    #[test]
    fn a_number_is_meant_exactly() {
        let brake = Brake::default().with_all(Limit::Count(0));
        assert!(brake.check(&counts(5, 0, 1, 0)).is_err());
        assert!(brake.check(&counts(5, 0, 0, 0)).is_ok());
        assert!(Brake::default().with_all(Limit::Never).check(&counts(5, 5, 5, 5)).is_ok());
        for text in ["", "%", "-1", "101%", "many"] {
            assert_eq!(text.parse::<Limit>(), Err(LimitError), "{text}");
        }
        assert_eq!("Never".parse(), Ok(Limit::Never));
    }
}
