//! Cursors as clients see them (RFC 9865 §2, §5.2): the store's own cursor, sealed with the server's key and bound to
//! tenant, query, page size and time. Nothing is kept for one, so any process over the same store can go on with it.

use super::call::Call;
use super::failure::{Failure, Outcome};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use scimstack_protocol::{ListQuery, ScimError, ScimType};
use scimstack_schema::ResourceType;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The name of the key under which cursors are sealed.
const KEY: &str = "cursor";
/// Bytes of the query's digest, and of the seal.
const SHORT: usize = 16;

/// In place of a total.
const UNCOUNTED: u64 = u64::MAX;

/// Seals and opens the cursors of one query.
pub(crate) struct Cursors {
    key: [u8; 32],
    /// What a cursor is bound to, besides time and page size.
    query: [u8; SHORT],
    now: i64,
    lifetime: i64,
}

/// Where a page starts and how long it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The store's own cursor; `None` at the beginning.
    pub(crate) after: Option<Bytes>,
    pub(crate) count: u32,
    /// How many matches there were when the first page was made, if they were counted.
    pub(crate) total: Option<u64>,
}

impl Cursors {
    /// The cursors of a query.
    pub(crate) async fn of(call: &Call<'_>, resource_types: &[Arc<ResourceType>], asked: &ListQuery) -> Outcome<Self> {
        let types = resource_types.iter().map(|t| t.name.as_bytes());
        let paths = |paths: &[String]| paths.join(",").into_bytes();
        let mut digest = Sha256::new();
        digest.update(call.principal.tenant.id.get().to_be_bytes());
        for part in types.map(<[u8]>::to_vec).chain([
            asked.filter.clone().unwrap_or_default().into_bytes(),
            asked.sort_by.clone().unwrap_or_default().into_bytes(),
            vec![u8::from(asked.descending)],
            paths(&asked.projection.attributes),
            paths(&asked.projection.excluded),
        ]) {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let query: [u8; 32] = digest.finalize().into();
        Ok(Self {
            key: call.engine.admin.secret(KEY).await?,
            query: query.first_chunk().copied().unwrap_or_default(),
            now: call.now.as_micros() / 1_000_000,
            lifetime: i64::from(call.limits().cursor_lifetime),
        })
    }

    /// Seals where the next page starts.
    pub(crate) fn seal(&self, after: &[u8], count: u32, total: Option<u64>) -> String {
        let mut content = Vec::with_capacity(20 + after.len());
        content.extend_from_slice(&self.now.to_be_bytes());
        content.extend_from_slice(&count.to_be_bytes());
        content.extend_from_slice(&total.unwrap_or(UNCOUNTED).to_be_bytes());
        content.extend_from_slice(after);
        let mut sealed = self.mac(&content).to_vec();
        sealed.extend_from_slice(&content);
        BASE64_URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Opens a cursor; `count` is the page size this request asks for, if it does.
    ///
    /// # Errors
    /// `invalidCursor`, `expiredCursor`, `invalidCount`.
    pub(crate) fn open(&self, cursor: &str, count: Option<u32>) -> Result<Place, ScimError> {
        let wrong = || {
            ScimError::of(
                ScimType::InvalidCursor,
                "The cursor does not belong to this query. Repeat the query that made it unchanged, or begin again with \
                 an empty cursor.",
            )
        };
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
        let (mac, content) = sealed.split_first_chunk::<SHORT>().ok_or_else(wrong)?;
        if !bool::from(subtle::ConstantTimeEq::ct_eq(self.mac(content).as_slice(), mac)) {
            return Err(wrong());
        }
        let (made, rest) = content.split_first_chunk::<8>().ok_or_else(wrong)?;
        let (size, rest) = rest.split_first_chunk::<4>().ok_or_else(wrong)?;
        let (total, after) = rest.split_first_chunk::<8>().ok_or_else(wrong)?;
        let total = Some(u64::from_be_bytes(*total)).filter(|total| *total != UNCOUNTED);
        let (made, size) = (i64::from_be_bytes(*made), u32::from_be_bytes(*size));
        if self.now.saturating_sub(made) > self.lifetime {
            return Err(ScimError::of(
                ScimType::ExpiredCursor,
                format!("The cursor is older than {} seconds; begin again with an empty cursor.", self.lifetime),
            ));
        }
        if count.is_some_and(|count| count != size) {
            return Err(ScimError::of(
                ScimType::InvalidCount,
                format!("The cursor was made for pages of {size}; keep that count, or leave it out."),
            ));
        }
        Ok(Place { after: Some(Bytes::copy_from_slice(after)), count: size, total })
    }

    fn mac(&self, content: &[u8]) -> [u8; SHORT] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return [0; SHORT] };
        mac.update(&self.query);
        mac.update(content);
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        whole.first_chunk().copied().unwrap_or_default()
    }
}

/// Refuses a request that names its page in both ways.
pub(crate) fn check(asked: &ListQuery) -> Outcome<()> {
    if asked.cursor.is_some() && asked.start_index.is_some() {
        let detail = "startIndex and cursor exclude each other; give one of them.";
        return Err(Failure::from(ScimError::invalid_value(detail)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors(query: u8, now: i64) -> Cursors {
        Cursors { key: [7; 32], query: [query; SHORT], now, lifetime: 60 }
    }

    #[test]
    fn what_was_sealed_is_opened_for_the_same_query_only() {
        let sealed = cursors(1, 100).seal(b"after ann", 5, Some(7));
        let place = Place { after: Some(Bytes::from_static(b"after ann")), count: 5, total: Some(7) };
        assert_eq!(cursors(1, 160).open(&sealed, None), Ok(place));
        assert!(cursors(1, 160).open(&sealed, Some(5)).is_ok());
        for (cursors, count, scim_type) in [
            (cursors(2, 100), None, ScimType::InvalidCursor),
            (Cursors { key: [8; 32], ..cursors(1, 100) }, None, ScimType::InvalidCursor),
            (cursors(1, 161), None, ScimType::ExpiredCursor),
            (cursors(1, 100), Some(6), ScimType::InvalidCount),
        ] {
            assert_eq!(cursors.open(&sealed, count).unwrap_err().scim_type, Some(scim_type));
        }
    }

    #[test]
    fn no_change_of_a_cursor_is_accepted() {
        let cursors = cursors(1, 100);
        let sealed = cursors.seal(b"after ann", 5, None);
        assert_eq!(cursors.open(&sealed, None).unwrap().total, None);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(cursors.open(&BASE64_URL_SAFE_NO_PAD.encode(changed), None).is_err(), "{at}");
        }
        for text in ["", "x", "=", "AAAA", sealed.get(4..).unwrap(), &format!("{sealed}AA")] {
            assert!(cursors.open(text, None).is_err(), "{text}");
        }
    }
}
