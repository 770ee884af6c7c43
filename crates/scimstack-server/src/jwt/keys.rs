//! The keys of issuers: fetched once, kept for an hour, fetched anew when a token names one that is not known, so that an
//! issuer can rotate them at any time. While the source is away, keys that were good go on being good for a day.

use super::KeySource;
use futures_util::lock::Mutex;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use scimstack_schema::Timestamp;
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, MutexGuard, PoisonError};

const HOUR_MICROS: i64 = 3_600 * 1_000_000;
/// For how long keys are good while they cannot be fetched.
const DAY_MICROS: i64 = 24 * HOUR_MICROS;
/// Between two attempts to fetch.
const PAUSE_MICROS: i64 = 30 * 1_000_000;
/// Keys of one issuer, at most.
const MOST_KEYS: usize = 256;

/// Why there is no key.
#[derive(Debug)]
pub(super) enum Missing {
    /// The issuer has no such key.
    Key,
    /// The keys cannot be fetched.
    Source(Box<dyn Error + Send + Sync>),
}

/// The keys of all issuers, by the place they are fetched from.
pub(super) struct Keys {
    source: Arc<dyn KeySource>,
    places: std::sync::Mutex<HashMap<String, Arc<Place>>>,
}

#[derive(Default)]
struct Place {
    known: std::sync::Mutex<Known>,
    /// Held by whoever fetches; the others wait only if there is no key for them meanwhile.
    fetching: Mutex<()>,
}

#[derive(Default)]
struct Known {
    set: Option<JwkSet>,
    fetched: Option<Timestamp>,
    tried: Option<Timestamp>,
}

/// What is kept for a token.
enum Look {
    Good(DecodingKey),
    /// Good while the source is away.
    Old(DecodingKey),
    Nothing,
}

impl Known {
    fn look(&self, header: &Header, now: Timestamp) -> Look {
        match self.set.as_ref().and_then(|set| choose(set, header)) {
            Some(key) if within(self.fetched, now, HOUR_MICROS) => Look::Good(key),
            Some(key) if within(self.fetched, now, DAY_MICROS) => Look::Old(key),
            _ => Look::Nothing,
        }
    }
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn within(since: Option<Timestamp>, now: Timestamp, micros: i64) -> bool {
    // A clock that was put back makes it due.
    since.is_some_and(|since| (0..micros).contains(&now.as_micros().saturating_sub(since.as_micros())))
}

impl Keys {
    pub(super) fn new(source: Arc<dyn KeySource>) -> Self {
        Self { source, places: std::sync::Mutex::default() }
    }

    /// The key that a token of this header is to be verified with.
    pub(super) async fn find(&self, place: &str, header: &Header, now: Timestamp) -> Result<DecodingKey, Missing> {
        if place.trim_start().starts_with('{') {
            let set = serde_json::from_str(place).map_err(|error| Missing::Source(Box::new(error)))?;
            return choose(&set, header).ok_or(Missing::Key);
        }
        let kept = self.place(place);
        // A source that is slow holds nobody up who has a key that is good.
        let look = lock(&kept.known).look(header, now);
        let _fetching = match (kept.fetching.try_lock(), look) {
            (_, Look::Good(key)) | (None, Look::Old(key)) => return Ok(key),
            (Some(fetching), _) => fetching,
            (None, Look::Nothing) => kept.fetching.lock().await,
        };
        let old = {
            let mut known = lock(&kept.known);
            let old = match known.look(header, now) {
                Look::Good(key) => return Ok(key),
                Look::Old(key) => Some(key),
                Look::Nothing => None,
            };
            if within(known.tried, now, PAUSE_MICROS) {
                return match (old, &known.set) {
                    (Some(key), _) => Ok(key),
                    (None, Some(_)) => Err(Missing::Key),
                    (None, None) => Err(Missing::Source("the keys could not be fetched a moment ago".into())),
                };
            }
            known.tried = Some(now);
            old
        };
        let fetched = self.source.fetch(place).await.and_then(|bytes| {
            let set: JwkSet = serde_json::from_slice(&bytes)?;
            if set.keys.len() > MOST_KEYS {
                return Err(format!("the set has {} keys, more than {MOST_KEYS}", set.keys.len()).into());
            }
            Ok(set)
        });
        match fetched {
            Ok(set) => {
                let key = choose(&set, header);
                let mut known = lock(&kept.known);
                known.set = Some(set);
                known.fetched = Some(now);
                key.ok_or(Missing::Key)
            }
            Err(error) => old.ok_or(Missing::Source(error)),
        }
    }

    fn place(&self, place: &str) -> Arc<Place> {
        let mut places = lock(&self.places);
        match places.get(place) {
            Some(known) => known.clone(),
            None => places.entry(place.to_owned()).or_default().clone(),
        }
    }
}

/// The key a header names, or the only one that can be meant.
fn choose(set: &JwkSet, header: &Header) -> Option<DecodingKey> {
    let mut fitting = set.keys.iter().filter(|key| fits(key, header.alg));
    let key = match &header.kid {
        Some(kid) => fitting.find(|key| key.common.key_id.as_ref() == Some(kid))?,
        None => fitting.next().filter(|_| fitting.next().is_none())?,
    };
    DecodingKey::from_jwk(key).ok()
}

/// Whether a key can have made a signature of this kind: never a secret one, whatever a token says (RFC 8725 §3.1).
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let by_kind = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512) => true,
        (AlgorithmParameters::RSA(_), Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512) => true,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => key.curve == EllipticCurve::P256,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES384) => key.curve == EllipticCurve::P384,
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => key.curve == EllipticCurve::Ed25519,
        _ => false,
    };
    let for_signing = !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption | PublicKeyUse::Other(_)));
    by_kind && for_signing && key.common.key_algorithm.is_none_or(|known| known == KeyAlgorithm::from(algorithm))
}
