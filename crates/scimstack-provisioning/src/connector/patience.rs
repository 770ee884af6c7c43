//! How long to wait and how often to try again.

/// A retry policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// Seconds to wait after a 429 that does not say how long, and after a lost answer.
    pub first_wait: u32,
    /// How often one request is sent at most.
    pub attempts: u32,
}

impl Default for Retry {
    /// Okta's: five minutes, each wait twice as long as the one before, ten attempts.
    fn default() -> Self {
        Self { first_wait: 300, attempts: 10 }
    }
}

impl Retry {
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
    fn an_answer_ends_the_row() {
        let mut patience = Patience::new(Retry::default());
        patience.wait(None);
        patience.succeed();
        assert_eq!(patience.waiting(), None);
        patience.wait(None);
        assert_eq!(patience.waiting(), Some(300));
    }
}
