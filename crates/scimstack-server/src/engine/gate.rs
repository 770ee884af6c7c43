//! Fairness: how many requests of one tenant are under way at once, how many more wait their turn, and how many come in a
//! second, so that a tenant that is slow or hostile slows no other. Whoever waits is let in in the order of arrival.
//! Left out: what one request may cost ([`super::limits`]).

use super::Limits;
use scimstack_protocol::ScimError;
use scimstack_schema::Timestamp;
use scimstack_store::TenantId;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Seconds of the rate that may come at once.
const BURST_SECONDS: i64 = 10;
/// Seconds after which whoever finds the queue full is to come again.
const FULL_SECONDS: u32 = 5;

/// The lanes of all tenants that have requests under way.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<HashMap<TenantId, Lane>>);

#[derive(Debug, Default)]
struct Lane {
    running: u32,
    waiting: VecDeque<Arc<Mutex<Ticket>>>,
    /// The time at which all requests that came would have been served at the rate.
    paid: i64,
}

/// The place of a request that waits.
#[derive(Debug, Default)]
struct Ticket {
    is_called: bool,
    waker: Option<Waker>,
}

/// A request that is under way; the next of its tenant comes in when it is dropped.
#[derive(Debug)]
pub(crate) struct Pass<'g> {
    gate: &'g Gate,
    tenant: TenantId,
}

/// A request that waits for its turn.
struct Turn<'g> {
    gate: &'g Gate,
    tenant: TenantId,
    ticket: Arc<Mutex<Ticket>>,
    is_in: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gate {
    /// Lets a request in, at once or when it is its turn.
    ///
    /// # Errors
    /// 429 when the tenant has too many waiting, or sends more in a second than it may.
    pub(crate) async fn enter(&self, tenant: TenantId, limits: &Limits, now: Timestamp) -> Result<Pass<'_>, ScimError> {
        let ticket = {
            let mut lanes = lock(&self.0);
            let lane = lanes.entry(tenant).or_default();
            if let Some(seconds) = lane.over(limits.tenant_rate, now.as_micros()) {
                return Err(too_many(seconds));
            }
            if limits.tenant_in_flight == 0 || lane.running < limits.tenant_in_flight {
                lane.running += 1;
                return Ok(Pass { gate: self, tenant });
            }
            if lane.waiting.len() >= limits.tenant_waiting {
                return Err(too_many(FULL_SECONDS));
            }
            let ticket = Arc::new(Mutex::new(Ticket::default()));
            lane.waiting.push_back(ticket.clone());
            ticket
        };
        Turn { gate: self, tenant, ticket, is_in: false }.await;
        Ok(Pass { gate: self, tenant })
    }

    /// One is done: the next comes in in its place.
    fn leave(&self, tenant: TenantId) {
        let mut lanes = lock(&self.0);
        let Some(lane) = lanes.get_mut(&tenant) else { return };
        if let Some(ticket) = lane.waiting.pop_front() {
            let mut ticket = lock(&ticket);
            ticket.is_called = true;
            if let Some(waker) = ticket.waker.take() {
                waker.wake();
            }
            return;
        }
        lane.running = lane.running.saturating_sub(1);
        // What a tenant owes of its rate is remembered for as long as it has anything under way, and for a thousand others.
        if lane.running == 0 && (lane.paid == 0 || lanes.len() > 1_000) {
            lanes.remove(&tenant);
        }
    }
}

impl Lane {
    /// Counts a request; the seconds to wait, when there are too many.
    fn over(&mut self, rate: Option<u32>, now: i64) -> Option<u32> {
        let each = 1_000_000 / i64::from(rate?.max(1));
        let paid = self.paid.max(now) + each;
        let over = paid - now - BURST_SECONDS * 1_000_000;
        if over > 0 {
            return Some(u32::try_from((over + 999_999) / 1_000_000).unwrap_or(u32::MAX));
        }
        self.paid = paid;
        None
    }
}

impl Future for Turn<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let is_called = {
            let mut ticket = lock(&self.ticket);
            if !ticket.is_called {
                ticket.waker = Some(context.waker().clone());
            }
            ticket.is_called
        };
        self.is_in = is_called;
        if is_called { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.is_in {
            return;
        }
        // The client has gone away. Whoever does not wait any more was called a moment ago.
        let waited = {
            let mut lanes = lock(&self.gate.0);
            let waiting = lanes.get_mut(&self.tenant).map(|lane| &mut lane.waiting);
            waiting.is_some_and(|waiting| {
                let at = waiting.iter().position(|ticket| Arc::ptr_eq(ticket, &self.ticket));
                at.and_then(|at| waiting.remove(at)).is_some()
            })
        };
        if !waited {
            self.gate.leave(self.tenant);
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.leave(self.tenant);
    }
}

fn too_many(seconds: u32) -> ScimError {
    ScimError::new(
        429,
        format!(
            "More requests come for this tenant than are served at a time; send this one again in {seconds} seconds."
        ),
    )
    .with_retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_executor::block_on;
    use futures_util::FutureExt;
    use std::pin::pin;

    fn limits(in_flight: u32, waiting: usize, rate: Option<u32>) -> Limits {
        let mut limits = Limits::default();
        (limits.tenant_in_flight, limits.tenant_waiting, limits.tenant_rate) = (in_flight, waiting, rate);
        limits
    }

    fn tenant(number: u32) -> TenantId {
        TenantId::new(number).unwrap()
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

    #[test]
    fn one_tenants_crowd_waits_and_another_goes_straight_in() {
        let (gate, limits) = (Gate::default(), limits(2, 10, None));
        let enter = |number| gate.enter(tenant(number), &limits, NOW);
        let first = block_on(enter(1)).unwrap();
        let _second = block_on(enter(1)).unwrap();
        let mut third = Box::pin(enter(1));
        let mut fourth = Box::pin(enter(1));
        assert!((&mut third).now_or_never().is_none() && (&mut fourth).now_or_never().is_none());
        assert!(enter(2).now_or_never().unwrap().is_ok());
        drop(first);
        assert!((&mut fourth).now_or_never().is_none(), "in the order of arrival");
        let third = third.now_or_never().unwrap().unwrap();
        drop(third);
        assert!(fourth.now_or_never().unwrap().is_ok());
    }

    #[test]
    fn a_queue_that_is_full_is_answered_429_with_whole_seconds() {
        let (gate, limits) = (Gate::default(), limits(1, 1, None));
        let running = block_on(gate.enter(tenant(1), &limits, NOW)).unwrap();
        let mut waiting = Box::pin(gate.enter(tenant(1), &limits, NOW));
        assert!((&mut waiting).now_or_never().is_none());
        let refused = gate.enter(tenant(1), &limits, NOW).now_or_never().unwrap().unwrap_err();
        assert_eq!((refused.status, refused.retry_after), (429, Some(FULL_SECONDS)));
        // Whoever has gone away takes no place.
        drop(waiting);
        let mut next = pin!(gate.enter(tenant(1), &limits, NOW));
        assert!(next.as_mut().now_or_never().is_none());
        drop(running);
        assert!(next.now_or_never().unwrap().is_ok());
    }

    #[test]
    fn whoever_is_called_and_has_gone_calls_the_next() {
        let (gate, limits) = (Gate::default(), limits(1, 10, None));
        let enter = || gate.enter(tenant(1), &limits, NOW);
        let running = block_on(enter()).unwrap();
        let (mut gone, mut next) = (Box::pin(enter()), Box::pin(enter()));
        assert!((&mut gone).now_or_never().is_none() && (&mut next).now_or_never().is_none());
        drop(running);
        drop(gone);
        drop(next.now_or_never().unwrap().unwrap());
        assert!(lock(&gate.0).is_empty(), "nothing is remembered of who has nothing under way");
    }

    #[test]
    fn a_rate_allows_a_burst_and_then_so_many_a_second() {
        let (gate, limits) = (Gate::default(), limits(100, 10, Some(2)));
        let at = |seconds| gate.enter(tenant(1), &limits, NOW.plus_seconds(seconds)).now_or_never().unwrap();
        for _ in 0..20 {
            assert!(at(0).is_ok());
        }
        assert_eq!(at(0).unwrap_err().retry_after, Some(1));
        assert!(at(1).is_ok() && at(1).is_ok());
        assert!(at(1).is_err());
        assert!(gate.enter(tenant(2), &limits, NOW).now_or_never().unwrap().is_ok());
    }
}
