//! The guard against mass deactivation: how many people a connection has deactivated or deleted lately, and whether it is
//! on hold. One machine for each connection, kept as bytes beside the people; whoever keeps it commits it together with
//! the departure, so that nobody slips past. A mistake at the identity provider (an empty group, a wrong scope) then
//! costs a few people and not the company.
//!
//! # States and events
//!
//! | event | fewer than the most within the window | as many | on hold |
//! |---|---|---|---|
//! | a person is deactivated or deleted | counted | → on hold; tell administrators; 429 | 429 |
//! | anything else: joiners, movers, groups, who is inactive already | goes on | goes on | goes on |
//! | a refused or failed request | does not count | | |
//! | an administrator releases the hold | | | → counts anew, from nothing |
//!
//! The window slides: within any `per` seconds no more than the most. What lies behind is kept in at most [`SLICES`] slices
//! and each counts until its last departure has left the window, so that the guard may wait up to a sixtieth longer, and
//! never shorter, however large the numbers are.
//!
//! ```
//! use scimstack_provisioning::directory::{DepartureLimit, Departures};
//! use scimstack_schema::Timestamp;
//!
//! let limit = DepartureLimit::new(2, 3_600);
//! let now = Timestamp::from_seconds(1_800_000_000);
//! let mut departures = Departures::default();
//! assert!(departures.handle_departure(limit, now) && departures.handle_departure(limit, now));
//! assert!(!departures.handle_departure(limit, now));
//! assert_eq!(departures.held_since(), Some(now));
//! assert!(!departures.handle_departure(limit, now.plus_seconds(7_200)), "until an administrator releases it");
//! ```

use super::record::DecodeError;
use scimstack_protocol::ConnectionPolicy;
use scimstack_schema::{Object, Timestamp, Value};

/// How finely a window is divided.
pub const SLICES: usize = 60;

/// How many people may leave, and within what time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepartureLimit {
    most: u32,
    per_micros: i64,
}

impl DepartureLimit {
    /// At most so many within so many seconds.
    #[must_use]
    pub fn new(most: u32, per_seconds: u32) -> Self {
        Self { most, per_micros: i64::from(per_seconds.max(1)) * 1_000_000 }
    }

    /// That of a connection, if it has one.
    #[must_use]
    pub fn of(connection: &ConnectionPolicy) -> Option<Self> {
        let most = connection.max_deactivations;
        (most > 0).then(|| Self::new(most, connection.deactivation_window))
    }
}

/// The departures of one connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Departures {
    held_since: Option<Timestamp>,
    /// Oldest first.
    slices: Vec<Slice>,
    /// What a later version of this crate has written besides.
    unknown: Object,
}

/// Departures close to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Slice {
    first: i64,
    last: i64,
    count: u32,
}

impl Departures {
    /// Someone is about to leave: whether that is to go on. If not, the connection is on hold from now on, or was already.
    pub fn handle_departure(&mut self, limit: DepartureLimit, now: Timestamp) -> bool {
        if self.held_since.is_some() {
            return false;
        }
        let now_micros = now.as_micros();
        self.slices.retain(|slice| slice.last.saturating_add(limit.per_micros) > now_micros);
        let counted: u64 = self.slices.iter().map(|slice| u64::from(slice.count)).sum();
        if counted >= u64::from(limit.most) {
            self.held_since = Some(now);
            return false;
        }
        let width = limit.per_micros / SLICES as i64;
        match self.slices.last_mut() {
            // A clock that was put back counts as one that stands.
            Some(slice) if now_micros < slice.first.saturating_add(width) => {
                slice.count = slice.count.saturating_add(1);
                slice.last = slice.last.max(now_micros);
            }
            _ => self.slices.push(Slice { first: now_micros, last: now_micros, count: 1 }),
        }
        true
    }

    /// Since when the connection is on hold.
    #[must_use]
    pub fn held_since(&self) -> Option<Timestamp> {
        self.held_since
    }

    /// Reads what [`Departures::encode`] wrote; no bytes are nothing that happened.
    ///
    /// # Errors
    /// Bytes that are no record.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let Value::Object(mut record) = Value::parse(bytes)? else {
            return Err(DecodeError::Member("departures"));
        };
        let held_since = match record.remove("heldSince") {
            None => None,
            Some(value) => Some(Timestamp::from_micros(integer(&value).ok_or(DecodeError::Member("heldSince"))?)),
        };
        let slices = match record.remove("departures") {
            None => Vec::new(),
            Some(Value::Array(slices)) => {
                let read: Option<Vec<Slice>> = slices.iter().map(slice).collect();
                read.ok_or(DecodeError::Member("departures"))?
            }
            Some(_) => return Err(DecodeError::Member("departures")),
        };
        Ok(Self { held_since, slices, unknown: record })
    }

    /// The bytes to keep.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut record = Object::new();
        if let Some(at) = self.held_since {
            record.insert("heldSince", at.as_micros());
        }
        let numbers =
            |slice: &Slice| Value::Array([slice.first, slice.last, slice.count.into()].map(Value::from).into());
        record.insert("departures", Value::Array(self.slices.iter().map(numbers).collect()));
        for (name, value) in self.unknown.iter() {
            record.insert(name, value.clone());
        }
        Value::Object(record).to_bytes()
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        _ => None,
    }
}

fn slice(value: &Value) -> Option<Slice> {
    let [first, last, count] = value.as_array()? else { return None };
    Some(Slice { first: integer(first)?, last: integer(last)?, count: u32::try_from(integer(count)?).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn whoever_left_long_ago_does_not_count() {
        let limit = DepartureLimit::new(2, 60);
        let mut departures = Departures::default();
        for second in [0, 30, 60, 90, 120] {
            assert!(departures.handle_departure(limit, at(second)), "{second}");
        }
        assert!(!departures.handle_departure(limit, at(121)));
        assert_eq!(departures.held_since(), Some(at(121)));
    }

    #[test]
    fn what_was_written_is_read_again() {
        let limit = DepartureLimit::new(2, 60);
        let mut departures = Departures::decode(b"").unwrap();
        for second in [1, 2, 3] {
            departures.handle_departure(limit, at(second));
            assert_eq!(Departures::decode(&departures.encode()).unwrap(), departures);
        }
        let later = br#"{"departures":[[1,2,3]],"since":"x"}"#;
        assert_eq!(Departures::decode(later).unwrap().encode(), later);
        for bad in ["[]", "x", r#"{"departures":[[1,2]]}"#, r#"{"departures":[[1,2,-3]]}"#, r#"{"heldSince":"now"}"#] {
            assert!(Departures::decode(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn within_no_window_leave_more_than_may(
            most in 1_u32..6,
            per in 1_u32..200,
            pauses in prop::collection::vec(0_i64..40, 1..80),
        ) {
            let limit = DepartureLimit::new(most, per);
            let mut departures = Departures::default();
            let (mut now, mut gone) = (0, Vec::new());
            for pause in pauses {
                now += pause;
                departures = Departures::decode(&departures.encode()).unwrap();
                if departures.handle_departure(limit, at(now)) {
                    gone.push(now);
                } else {
                    // Released by hand, which begins anew.
                    departures = Departures::default();
                    gone.clear();
                }
                let recent = gone.iter().filter(|then| **then > now - i64::from(per)).count();
                prop_assert!(recent <= most as usize, "{:?}", gone);
                prop_assert!(departures.slices.len() <= SLICES + 1);
            }
        }
    }
}
