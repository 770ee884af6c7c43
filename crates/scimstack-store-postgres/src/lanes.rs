//! Reads that take long are few at a time, so that there are connections, and processors of the database's, left for whoever
//! asks for little. The scopes that wait take turns, and those of one scope are let in in the order they came. Which reads
//! take long is decided where they are read ([`crate::query`]).

use scimstack_store::Scope;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Who reads for long, and who waits to.
pub(crate) struct Lanes {
    most: usize,
    state: Mutex<State>,
}

/// A scope is in `turns` once, as long as it has anybody waiting.
#[derive(Default)]
struct State {
    under_way: usize,
    turns: VecDeque<Scope>,
    waiting: HashMap<Scope, VecDeque<oneshot::Sender<()>>>,
}

/// The right to read for long; the next is let in when it is dropped.
pub(crate) struct Turn<'l>(&'l Lanes);

impl Lanes {
    /// So many at a time.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, state: Mutex::default() }
    }

    /// Waits for a turn of the scope's.
    pub(crate) async fn enter(&self, scope: Scope) -> Turn<'_> {
        let called = {
            let mut state = self.state();
            if state.under_way < self.most {
                state.under_way += 1;
                return Turn(self);
            }
            let (call, called) = oneshot::channel();
            let waiting = state.waiting.entry(scope).or_default();
            waiting.push_back(call);
            if waiting.len() == 1 {
                state.turns.push_back(scope);
            }
            called
        };
        // Whoever is called has the place of who left. When the future is dropped in between, so is the turn.
        let called = Called { lanes: self, called };
        called.wait().await
    }

    /// Calls the next that still waits, or leaves the place free.
    fn leave(&self) {
        let mut state = self.state();
        while let Some(scope) = state.turns.pop_front() {
            let Some(waiting) = state.waiting.get_mut(&scope) else { continue };
            let call = waiting.pop_front();
            if waiting.is_empty() {
                state.waiting.remove(&scope);
            } else {
                state.turns.push_back(scope);
            }
            if call.is_some_and(|call| call.send(()).is_ok()) {
                return;
            }
        }
        state.under_way = state.under_way.saturating_sub(1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Somebody who waits to be called.
struct Called<'l> {
    lanes: &'l Lanes,
    called: oneshot::Receiver<()>,
}

impl<'l> Called<'l> {
    async fn wait(mut self) -> Turn<'l> {
        // The lanes keep every call until they make it.
        let _ = (&mut self.called).await;
        Turn(self.lanes)
    }
}

impl Drop for Called<'_> {
    fn drop(&mut self) {
        self.called.close();
        // Called in the moment in which the client went away.
        if self.called.try_recv().is_ok() {
            self.lanes.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use scimstack_store::TenantId;
    use std::pin::Pin;

    fn scope(number: u32) -> Scope {
        Scope::Tenant(TenantId::new(number).unwrap())
    }

    type Waiting<'l> = Pin<Box<dyn Future<Output = Turn<'l>> + 'l>>;

    #[test]
    fn scopes_take_turns_and_each_is_let_in_in_order() {
        let lanes = Lanes::new(1);
        let first = lanes.enter(scope(1)).now_or_never().unwrap();
        let order = [(1, "a1"), (1, "a2"), (2, "b1"), (1, "a3"), (2, "b2")];
        let mut waiting: Vec<(&str, Waiting<'_>)> = Vec::new();
        for (number, name) in order {
            let mut future: Waiting<'_> = Box::pin(lanes.enter(scope(number)));
            assert!((&mut future).now_or_never().is_none());
            waiting.push((name, future));
        }
        let (mut done, mut held) = (Vec::new(), vec![first]);
        while let Some(turn) = held.pop() {
            drop(turn);
            let called = waiting.iter_mut().enumerate().find_map(|(n, (_, future))| Some((n, future.now_or_never()?)));
            if let Some((n, turn)) = called {
                done.push(waiting.remove(n).0);
                held.push(turn);
            }
        }
        assert_eq!(done, ["a1", "b1", "a2", "b2", "a3"]);
        assert_eq!(lanes.state().under_way, 0);
    }

    #[test]
    fn whoever_has_gone_takes_no_turn_called_or_not() {
        let lanes = Lanes::new(1);
        let first = lanes.enter(scope(1)).now_or_never().unwrap();
        let mut waiting: Vec<Waiting<'_>> = (0..3).map(|_| Box::pin(lanes.enter(scope(1))) as Waiting<'_>).collect();
        for future in &mut waiting {
            assert!(future.now_or_never().is_none());
        }
        let (third, second, gone) = (waiting.pop().unwrap(), waiting.pop().unwrap(), waiting.pop().unwrap());
        drop(gone);
        drop(first);
        // The second was called, and goes before it looks.
        drop(second);
        assert!(third.now_or_never().is_some());
        assert_eq!(lanes.state().under_way, 0);
        assert!(lanes.state().waiting.is_empty() && lanes.state().turns.is_empty());
    }
}
