//! Guessing slowed: who shows credentials that are not good, again and again, is told to wait (RFC 6585 §4). Only refusals are
//! counted, so that a good token is served however many bad ones others show; and they are counted by the client's address,
//! which the host tells ([`ClientAddress`]); without it, for all together.
//! Left out: what good credentials are ([`super::authenticate`]).

use scimstack_schema::Timestamp;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// The address a request comes from, among its [extensions](http::Request::extensions): of the client, not of a proxy in
/// between.
///
/// ```
/// use scimstack_server::ClientAddress;
/// let mut request = http::Request::get("/t/acme/api/scim/v2/Users").body(()).unwrap();
/// request.extensions_mut().insert(ClientAddress([192, 0, 2, 7].into()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// So many refusals are answered at once.
const AT_ONCE: i64 = 100;
/// Then one in so many microseconds.
const EACH_MICROS: i64 = 1_000_000;
/// The most addresses that are remembered; others share one account.
const ADDRESSES: usize = 10_000;

/// Refusals by address, each as the time at which all of them will be forgotten.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<Option<IpAddr>, i64>>);

impl Throttle {
    /// Counts a refusal. The seconds to wait, when there were too many.
    pub(crate) fn refused(&self, address: Option<IpAddr>, now: Timestamp) -> Option<u32> {
        let now = now.as_micros();
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut address = address.map(network);
        if until.len() >= ADDRESSES && !until.contains_key(&address) {
            until.retain(|_, until| *until > now);
            if until.len() >= ADDRESSES {
                address = None;
            }
        }
        let account = until.entry(address).or_insert(now);
        let paid = (*account).max(now) + EACH_MICROS;
        let over = paid - now - AT_ONCE * EACH_MICROS;
        if over > 0 {
            // What is refused for that costs nothing more: who waits is answered.
            return Some(u32::try_from(over / 1_000_000 + 1).unwrap_or(u32::MAX));
        }
        *account = paid;
        None
    }
}

/// Whoever has an IPv6 address has a network of 64 bits of them.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => IpAddr::V6((u128::from(six) >> 64 << 64).into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_refusals_are_answered_and_then_one_a_second() {
        let throttle = Throttle::default();
        let at = |seconds: i64| Timestamp::from_seconds(1_767_225_600 + seconds);
        let one = Some(IpAddr::from([192, 0, 2, 7]));
        for _ in 0..AT_ONCE {
            assert_eq!(throttle.refused(one, at(0)), None);
        }
        assert_eq!(throttle.refused(one, at(0)), Some(2));
        assert_eq!(throttle.refused(Some(IpAddr::from([192, 0, 2, 8])), at(0)), None, "another's");
        assert_eq!(throttle.refused(one, at(1)), None);
        assert_eq!(throttle.refused(one, at(1)), Some(2));
        for _ in 0..AT_ONCE {
            assert_eq!(throttle.refused(one, at(200)), None, "all is forgotten");
        }
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_memory_is_bounded() {
        let throttle = Throttle::default();
        let now = Timestamp::from_seconds(1_767_225_600);
        for n in 0..u128::try_from(AT_ONCE).unwrap() {
            assert_eq!(throttle.refused(Some(IpAddr::from((0x2001_0db8_u128 << 96 | n).to_be_bytes())), now), None);
        }
        assert!(throttle.refused(Some(IpAddr::from((0x2001_0db8_u128 << 96 | 99).to_be_bytes())), now).is_some());
        for n in 0..2 * u32::try_from(ADDRESSES).unwrap() {
            throttle.refused(Some(IpAddr::from(n.to_be_bytes())), now);
        }
        assert!(throttle.0.lock().unwrap().len() <= ADDRESSES + 1);
    }
}
