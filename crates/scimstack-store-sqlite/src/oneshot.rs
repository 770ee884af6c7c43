//! A value handed once from a thread of the store's to a waiting future, under any runtime or none.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The two ends of a new channel.
pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Mutex::new(State { value: None, waker: None, closed: false }));
    (Sender { shared: shared.clone() }, Receiver { shared })
}

struct State<T> {
    value: Option<T>,
    waker: Option<Waker>,
    closed: bool,
}

/// The sending end. Dropped without having sent, it tells the receiver so.
pub(crate) struct Sender<T> {
    shared: Arc<Mutex<State<T>>>,
}

/// The receiving end; `None` when the sender is gone.
pub(crate) struct Receiver<T> {
    shared: Arc<Mutex<State<T>>>,
}

fn lock<T>(shared: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Sender<T> {
    /// Whether the receiver is still there.
    pub(crate) fn is_awaited(&self) -> bool {
        Arc::strong_count(&self.shared) > 1
    }

    /// Hands the value over. A receiver that is gone does not mind.
    pub(crate) fn send(self, value: T) {
        lock(&self.shared).value = Some(value);
        // Dropping wakes the receiver.
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let waker = {
            let mut state = lock(&self.shared);
            state.closed = true;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Future for Receiver<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = lock(&self.shared);
        if let Some(value) = state.value.take() {
            return Poll::Ready(Some(value));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(context.waker()),
            empty => *empty = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_executor::block_on;

    #[test]
    fn a_value_sent_before_or_after_waiting_arrives() {
        let (sender, receiver) = channel();
        sender.send(1);
        assert_eq!(block_on(receiver), Some(1));

        let (sender, receiver) = channel();
        let waiting = std::thread::spawn(move || block_on(receiver));
        sender.send(2);
        assert_eq!(waiting.join().unwrap(), Some(2));
    }

    #[test]
    fn a_sender_that_is_dropped_leaves_nobody_waiting() {
        let (sender, receiver) = channel::<u8>();
        let waiting = std::thread::spawn(move || block_on(receiver));
        drop(sender);
        assert_eq!(waiting.join().unwrap(), None);
    }

    #[test]
    fn a_receiver_that_is_gone_does_no_harm() {
        let (sender, receiver) = channel();
        assert!(sender.is_awaited());
        drop(receiver);
        assert!(!sender.is_awaited());
        sender.send(1);
    }
}
