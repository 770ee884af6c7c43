//! What a target can take, and how patient one is with it: as data, one value for each product.
//!
//! ```
//! use scimstack_provisioning::sync::TargetProfile;
//!
//! let aws = TargetProfile::named("aws").unwrap();
//! assert_eq!(aws.members_per_request, 100);
//! let own = TargetProfile::named("generic").unwrap().with_members_per_request(500).with_per_minute(120, 20);
//! ```

use scimstack_schema::Timestamp;

/// How resources are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// By PATCH of what differs (RFC 7644 §3.5.2).
    Patch,
    /// By PUT of the whole, as it was read and with what differs (RFC 7644 §3.5.1).
    Put,
}

/// Where the target shows who is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembersShown {
    /// In lists and by itself.
    Listed,
    /// Only when one group is read.
    Read,
    /// Nowhere: what was sent before is taken for what is there.
    Never,
}

/// How a member is taken out of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// `members[value eq "…"]`, an operation for each, as RFC 7644 §3.5.2.2 has it.
    Filter,
    /// `members` with the list of those who go as value, as several products want it.
    Value,
}

/// How often, how soon and how long something is tried.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Patience {
    /// Seconds before the second attempt; each further wait is twice as long.
    pub first_wait: u32,
    /// The longest wait.
    pub longest_wait: u32,
    /// Attempts of one request in one run.
    pub attempts: u32,
    /// Waits as long as the target's `Retry-After` says (RFC 9110 §10.2.3).
    pub heeds_retry_after: bool,
    /// Tries again what failed at the target (5xx), not only what it was too busy for.
    pub retries_errors: bool,
    /// When something that was set aside is tried again: so many hours after each failure, the last one ever after.
    pub set_aside_hours: Vec<u32>,
    /// Days after which it is not tried any more.
    pub given_up_days: u32,
}

impl Default for Patience {
    /// A second, then twice as long up to a minute, six attempts; what is set aside is tried after 1, 6 and 24 hours, for
    /// four weeks.
    fn default() -> Self {
        Self {
            first_wait: 1,
            longest_wait: 60,
            attempts: 6,
            heeds_retry_after: true,
            retries_errors: true,
            set_aside_hours: vec![1, 6, 24],
            given_up_days: 28,
        }
    }
}

impl Patience {
    /// As Okta is: only a busy target is waited for, five minutes unless it says how long, then twice as long, ten attempts;
    /// everything else waits for a person.
    #[must_use]
    pub fn okta() -> Self {
        let waits = Self { first_wait: 300, longest_wait: u32::MAX, attempts: 10, ..Self::default() };
        Self { retries_errors: false, set_aside_hours: Vec::new(), given_up_days: 0, ..waits }
    }

    /// As Entra is: by a schedule of its own, 6, 12 and then every 24 hours, for 28 days.
    #[must_use]
    pub fn entra() -> Self {
        Self { heeds_retry_after: false, set_aside_hours: vec![6, 12, 24], ..Self::default() }
    }

    /// With another number of attempts.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Microseconds to wait after attempt `tried`, from 1; `chance` from 0 to 1 spreads what comes at the same time.
    pub(super) fn wait(&self, tried: u32, asked: Option<u32>, chance: f64) -> i64 {
        let own = f64::from(self.first_wait) * f64::from(2_u32.saturating_pow(tried.saturating_sub(1)));
        let own = own.min(f64::from(self.longest_wait)) * (0.5 + chance.clamp(0.0, 1.0) / 2.0);
        let seconds = match asked.filter(|_| self.heeds_retry_after) {
            // Never sooner than asked; later when it has asked before.
            Some(asked) => f64::from(asked).max(if tried > 1 { own } else { 0.0 }),
            None => own,
        };
        (seconds * 1e6) as i64
    }

    /// When something that has failed `times` times, first at `first`, is tried again; `None` for never.
    pub(super) fn next(&self, times: u32, first: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let at = usize::try_from(times.saturating_sub(1)).unwrap_or(usize::MAX);
        let hours = self.set_aside_hours.get(at).or(self.set_aside_hours.last())?;
        let next = now.plus_seconds(i64::from(*hours) * 3_600);
        (next <= first.plus_seconds(i64::from(self.given_up_days) * 86_400)).then_some(next)
    }
}

/// A target, as far as it matters for what is sent to it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TargetProfile {
    /// The name.
    pub name: &'static str,
    /// How people are changed.
    pub people: Write,
    /// How groups are changed.
    pub groups: Write,
    /// Where members are shown.
    pub members: MembersShown,
    /// How members are taken out.
    pub removal: Removal,
    /// Members that come and go in one request.
    pub members_per_request: usize,
    /// Operations in one PATCH about members.
    pub operations_per_request: usize,
    /// Whether resources can be deleted.
    pub deletes: bool,
    /// Whether it can be asked for a resource by `eq`.
    pub filters: bool,
    /// Whether a change can be bound to the version that was read (RFC 7644 §3.14).
    pub etags: bool,
    /// Resources of a page.
    pub page: u32,
    /// Requests in a minute.
    pub per_minute: Option<u32>,
    /// Requests at once before the rate counts.
    pub burst: u32,
    /// Requests under way at a time.
    pub concurrency: usize,
    /// How patient one is.
    pub patience: Patience,
}

impl Default for TargetProfile {
    fn default() -> Self {
        Self {
            name: "generic",
            people: Write::Patch,
            groups: Write::Patch,
            members: MembersShown::Listed,
            removal: Removal::Filter,
            members_per_request: 1_000,
            operations_per_request: 1_000,
            deletes: true,
            filters: true,
            etags: true,
            page: 100,
            per_minute: None,
            burst: 1,
            concurrency: 8,
            patience: Patience::default(),
        }
    }
}

impl TargetProfile {
    /// All names.
    pub const NAMES: [&'static str; 7] = ["generic", "aws", "google", "miro", "slack", "okta", "entra"];

    /// The profile of that name: of a product that is provisioned, or (`okta`, `entra`) of one that provisions, and is
    /// behaved like.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let generic = Self::default();
        let found = match name.to_ascii_lowercase().as_str() {
            "generic" => generic,
            // Groups are shown without their members; 100 membership changes a request, never all at once.
            "aws" => Self {
                name: "aws",
                members: MembersShown::Never,
                removal: Removal::Value,
                members_per_request: 100,
                etags: false,
                page: 50,
                concurrency: 4,
                ..generic
            },
            // One member a request.
            "google" => Self {
                name: "google",
                members_per_request: 1,
                operations_per_request: 1,
                etags: false,
                concurrency: 4,
                ..generic
            },
            // Lists of groups are dear; requests about groups are few.
            "miro" => Self {
                name: "miro",
                members: MembersShown::Read,
                members_per_request: 8_000,
                etags: false,
                per_minute: Some(200),
                burst: 20,
                concurrency: 4,
                ..generic
            },
            "slack" => {
                Self { name: "slack", etags: false, per_minute: Some(180), burst: 20, concurrency: 4, ..generic }
            }
            "okta" => Self {
                name: "okta",
                people: Write::Put,
                groups: Write::Put,
                deletes: false,
                etags: false,
                concurrency: 4,
                patience: Patience::okta(),
                ..generic
            },
            "entra" => Self {
                name: "entra",
                removal: Removal::Value,
                members: MembersShown::Read,
                etags: false,
                concurrency: 5,
                patience: Patience::entra(),
                ..generic
            },
            _ => return None,
        };
        Some(found)
    }

    /// With another way to change people and groups.
    #[must_use]
    pub fn with_write(mut self, write: Write) -> Self {
        (self.people, self.groups) = (write, write);
        self
    }

    /// With another number of members in a request.
    #[must_use]
    pub fn with_members_per_request(mut self, members: usize) -> Self {
        self.members_per_request = members.max(1);
        self
    }

    /// With another place where members are shown.
    #[must_use]
    pub fn with_members(mut self, shown: MembersShown) -> Self {
        self.members = shown;
        self
    }

    /// With a rate, and how much may go at once before it counts.
    #[must_use]
    pub fn with_per_minute(mut self, requests: u32, burst: u32) -> Self {
        (self.per_minute, self.burst) = (Some(requests.max(1)), burst.max(1));
        self
    }

    /// With another number of requests at a time.
    #[must_use]
    pub fn with_concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.max(1);
        self
    }

    /// With another patience.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Without what the target says it cannot do.
    #[must_use]
    pub fn within(mut self, patch: Option<bool>, filter: Option<bool>, etag: Option<bool>) -> Self {
        if patch == Some(false) {
            (self.people, self.groups) = (Write::Put, Write::Put);
        }
        self.filters &= filter != Some(false);
        self.etags &= etag != Some(false);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_profile() {
        for name in TargetProfile::NAMES {
            assert_eq!(TargetProfile::named(name).unwrap().name, name);
        }
        assert_eq!(TargetProfile::named("nobody"), None);
    }

    #[test]
    fn waits_are_those_of_the_product() {
        let seconds = |patience: &Patience, tried, asked| patience.wait(tried, asked, 1.0) / 1_000_000;
        let okta = Patience::okta();
        assert_eq!((seconds(&okta, 1, None), seconds(&okta, 2, None), seconds(&okta, 3, None)), (300, 600, 1_200));
        assert_eq!(seconds(&okta, 1, Some(120)), 120);
        let entra = Patience::entra();
        assert_eq!(seconds(&entra, 1, Some(500)), 1, "it has its own schedule");
        let usual = Patience::default();
        assert_eq!((seconds(&usual, 1, Some(0)), seconds(&usual, 20, None)), (0, 60));
    }

    #[test]
    fn what_is_set_aside_is_tried_at_the_hours_of_the_product_and_then_given_up() {
        let first = Timestamp::from_seconds(0);
        let hours = |at: Option<Timestamp>| at.map(|at| at.as_micros() / 3_600_000_000);
        let entra = Patience::entra();
        assert_eq!(hours(entra.next(1, first, first)), Some(6));
        assert_eq!(hours(entra.next(2, first, first.plus_seconds(6 * 3_600))), Some(18));
        assert_eq!(hours(entra.next(9, first, first.plus_seconds(86_400))), Some(48));
        assert_eq!(hours(entra.next(30, first, first.plus_seconds(28 * 86_400))), None);
        assert_eq!(hours(Patience::okta().next(1, first, first)), None, "a person has to look at it");
    }
}
