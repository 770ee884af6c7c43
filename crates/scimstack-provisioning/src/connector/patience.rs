//! How long to wait and how often to try again.

/// A retry policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// Seconds to wait after an answer that does not say how long, and after a lost one.
    pub first_wait: u32,
    /// How often one request is sent at most.
    pub attempts: u32,
    /// After what it is sent again.
    pub after: After,
}

/// After what a request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum After {
    /// Nothing: whatever goes wrong ends the conversation.
    Nothing,
    /// A lost answer.
    Loss,
    /// A lost answer, and 429.
    Busy,
    /// A lost answer, 429, and 500, 502, 503, 504.
    Faults,
}

impl Default for Retry {
    /// Okta's: 429 and losses; five minutes, each wait twice as long as the one before, ten attempts.
    fn default() -> Self {
        Self { first_wait: 300, attempts: 10, after: After::Busy }
    }
}

impl Retry {
    /// Entra's: the first failure ends a conversation, and `Retry-After` is not looked at; see [`super::Escrow`].
    #[must_use]
    pub fn never() -> Self {
        Self { first_wait: 0, attempts: 1, after: After::Nothing }
    }

    /// A careful client's: faults of every kind that may go away by themselves; two seconds at first, eight attempts.
    #[must_use]
    pub fn careful() -> Self {
        Self { first_wait: 2, attempts: 8, after: After::Faults }
    }

    /// That of Keycloak's plugin: losses only; a second at first, ten attempts.
    #[must_use]
    pub fn lost_only() -> Self {
        Self { first_wait: 1, attempts: 10, after: After::Loss }
    }

    /// With another first wait, in seconds.
    #[must_use]
    pub fn with_first_wait(mut self, seconds: u32) -> Self {
        self.first_wait = seconds;
        self
    }

    /// With another number of attempts.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }
}

/// The state of waiting of one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Patience {
    retry: Retry,
    /// Answers that asked to come back, in a row.
    refused: u32,
    last_wait: u32,
    waiting: Option<u32>,
}

impl Patience {
    pub(super) fn new(retry: Retry) -> Self {
        Self { retry, ..Self::default() }
    }

    /// Whether an answer with this status, or none, is one after which the request is sent again.
    pub(super) fn applies(&self, status: Option<u16>) -> bool {
        match (self.retry.after, status) {
            (After::Nothing, _) => false,
            (_, None) => true,
            (After::Busy | After::Faults, Some(429)) => true,
            (After::Faults, Some(500 | 502 | 503 | 504)) => true,
            _ => false,
        }
    }

    /// Decides to wait: the time asked for, at least twice the last one; false when enough is enough.
    pub(super) fn wait(&mut self, asked: Option<u32>) -> bool {
        self.refused += 1;
        if self.refused >= self.retry.attempts {
            return false;
        }
        self.last_wait = match (self.last_wait, asked) {
            (0, asked) => asked.unwrap_or(self.retry.first_wait),
            (last, asked) => last.saturating_mul(2).max(asked.unwrap_or(0)),
        };
        self.waiting = Some(self.last_wait);
        true
    }

    /// How long to wait now.
    pub(super) fn waiting(&self) -> Option<u32> {
        self.waiting
    }

    pub(super) fn handle_timeout(&mut self) {
        self.waiting = None;
    }

    /// A request was answered: the next one starts anew.
    pub(super) fn succeed(&mut self) {
        *self = Self::new(self.retry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(asked: &[Option<u32>]) -> Vec<Option<u32>> {
        let mut patience = Patience::new(Retry::default());
        asked
            .iter()
            .map(|&asked| {
                let goes_on = patience.wait(asked);
                let waiting = patience.waiting().filter(|_| goes_on);
                patience.handle_timeout();
                waiting
            })
            .collect()
    }

    #[test]
    fn a_wait_is_what_was_asked_for_then_doubles() {
        assert_eq!(waits(&[Some(120), Some(120), None]), [Some(120), Some(240), Some(480)]);
        assert_eq!(waits(&[None, None, Some(5_000)]), [Some(300), Some(600), Some(5_000)]);
    }

    #[test]
    fn the_tenth_refusal_is_the_last() {
        let waits = waits(&[None; 10]);
        assert!(waits[..9].iter().all(Option::is_some));
        assert_eq!(waits[9], None);
    }

    #[test]
    fn what_is_tried_again_is_the_policys() {
        for (retry, again) in [
            (Retry::never(), [false, false, false, false]),
            (Retry::lost_only(), [true, false, false, false]),
            (Retry::default(), [true, true, false, false]),
            (Retry::careful(), [true, true, true, false]),
        ] {
            let patience = Patience::new(retry);
            assert_eq!(
                [None, Some(429), Some(503), Some(400)].map(|status| patience.applies(status)),
                again,
                "{retry:?}"
            );
        }
    }

    #[test]
    fn an_answer_ends_the_row() {
        let mut patience = Patience::new(Retry::default());
        patience.wait(None);
        patience.succeed();
        assert_eq!(patience.waiting(), None);
        patience.wait(None);
        assert_eq!(patience.waiting(), Some(300));
    }
}
