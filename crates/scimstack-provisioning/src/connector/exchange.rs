//! What every conversation has in common: one open request, waiting, losing, ending. What is asked in which phase is the
//! [`Topic`]'s.

use super::patience::{Patience, Retry};
use super::{Failure, Request, Step, Synced, answer};

/// What a conversation is about.
pub(super) trait Topic {
    /// Where the conversation stands.
    type Phase;

    /// The request of a phase.
    fn request(&self, phase: &Self::Phase) -> Request;

    /// Where an answer leads; never called with one after which the request is sent again.
    fn answer(&mut self, phase: &Self::Phase, answer: &Answer<'_>) -> Result<Turn<Self::Phase>, Failure>;

    /// The phase to go on with when the answer was lost; `None` for the same.
    fn after_loss(&self, phase: &Self::Phase) -> Option<Self::Phase>;
}

/// An answer to a request.
pub(super) struct Answer<'a> {
    pub(super) request: &'a Request,
    pub(super) status: u16,
    pub(super) body: &'a [u8],
}

/// Where an answer leads.
pub(super) enum Turn<P> {
    Next(P),
    Done(Synced),
}

/// A conversation.
#[derive(Clone, Debug)]
pub(super) struct Exchange<T: Topic> {
    topic: T,
    state: State<T::Phase>,
    patience: Patience,
}

#[derive(Clone, Debug)]
enum State<P> {
    Open(P),
    Done(Synced),
    Failed(Failure),
}

impl<T: Topic> Exchange<T> {
    pub(super) fn new(topic: T, phase: T::Phase) -> Self {
        Self { topic, state: State::Open(phase), patience: Patience::default() }
    }

    pub(super) fn set_retry(&mut self, retry: Retry) {
        self.patience = Patience::new(retry);
    }

    /// Begins again in another phase, about something changed.
    pub(super) fn restart(&mut self, change: impl FnOnce(&mut T) -> T::Phase) {
        self.state = State::Open(change(&mut self.topic));
    }

    pub(super) fn poll_request(&self) -> Step {
        match (&self.state, self.patience.waiting()) {
            (State::Done(synced), _) => Step::Done(synced.clone()),
            (State::Failed(failure), _) => Step::Failed(failure.clone()),
            (State::Open(_), Some(seconds)) => Step::Wait(seconds),
            (State::Open(phase), None) => Step::Send(self.topic.request(phase)),
        }
    }

    pub(super) fn handle_response(&mut self, status: u16, body: &[u8], retry_after: Option<u32>) {
        let State::Open(phase) = &self.state else { return };
        let request = self.topic.request(phase);
        if self.patience.applies(Some(status)) {
            if !self.patience.wait(retry_after) {
                self.state = State::Failed(answer::given_up(&request, Some(status)));
            } else if let (500.., Some(phase)) = (status, self.topic.after_loss(phase)) {
                // The server may have done it all the same.
                self.state = State::Open(phase);
            }
            return;
        }
        self.patience.succeed();
        self.state = match self.topic.answer(phase, &Answer { request: &request, status, body }) {
            Ok(Turn::Next(phase)) => State::Open(phase),
            Ok(Turn::Done(synced)) => State::Done(synced),
            Err(failure) => State::Failed(failure),
        };
    }

    pub(super) fn handle_lost(&mut self) {
        let State::Open(phase) = &self.state else { return };
        if !(self.patience.applies(None) && self.patience.wait(None)) {
            self.state = State::Failed(answer::given_up(&self.topic.request(phase), None));
        } else if let Some(phase) = self.topic.after_loss(phase) {
            self.state = State::Open(phase);
        }
    }

    pub(super) fn handle_timeout(&mut self) {
        self.patience.handle_timeout();
    }
}

impl Answer<'_> {
    /// The failure that this answer means.
    pub(super) fn failure(&self) -> Failure {
        answer::failure(self.request, self.status, self.body)
    }

    /// The failure of an answer whose status is good and which cannot be used.
    pub(super) fn unusable(&self, detail: impl Into<String>) -> Failure {
        Failure { request: self.request.to_string(), status: Some(self.status), detail: detail.into() }
    }
}

/// Makes a public machine of a field `exchange`.
macro_rules! conversation {
    ($machine:ident) => {
        impl super::Conversation for $machine {
            fn poll_request(&mut self) -> super::Step {
                self.exchange.poll_request()
            }

            fn handle_response(&mut self, status: u16, body: &[u8], retry_after: Option<u32>) {
                self.exchange.handle_response(status, body, retry_after);
            }

            fn handle_lost(&mut self) {
                self.exchange.handle_lost();
            }

            fn handle_timeout(&mut self) {
                self.exchange.handle_timeout();
            }
        }

        impl $machine {
            /// As another provider does it. To be said before anything is polled.
            #[must_use]
            pub fn with_manner(mut self, manner: super::Manner) -> Self {
                self.exchange.restart(|topic| topic.begin(manner));
                self
            }

            /// With another retry policy.
            #[must_use]
            pub fn with_retry(mut self, retry: super::Retry) -> Self {
                self.exchange.set_retry(retry);
                self
            }
        }
    };
}
pub(super) use conversation;
