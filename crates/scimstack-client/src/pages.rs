//! Lists: one page, and all pages one after the other, by index (RFC 7644 §3.4.2.4) or by cursor (RFC 9865), as a stream.
//!
//! While pages are read the list changes, and not every server counts well. So every resource comes once, whatever pages
//! it stands on; when the total has shrunk, the place is read again from as much earlier, since what was deleted may have moved
//! others to where was read already; and pages that go round in circles are an error and no endless loop.

use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::error::Error;
use futures_util::stream::{Stream, StreamExt as _, unfold};
use scimstack_protocol::ListQuery;
use scimstack_schema::{Object, Value};
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll};

/// So many pages in a row without anything new on them are too many.
const STALE: u32 = 3;
/// So many empty pages in a row that each name another cursor (RFC 9865 §2 allows them) are too many.
const EMPTY: u32 = 10_000;

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// How many match in all, as the server says; without it, how many came.
    pub total_results: u64,
    /// The index of the first one, from 1.
    pub start_index: u64,
    /// The resources.
    pub resources: Vec<T>,
    /// Where the next page begins, when the server pages by cursor (RFC 9865).
    pub next_cursor: Option<String>,
}

impl<T: Document> Page<T> {
    pub(crate) fn read(mut list: Object) -> Result<Self, Error> {
        let number = |value: Option<&Value>| match value {
            Some(Value::Number(number)) => number.as_i64().and_then(|n| u64::try_from(n).ok()),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        let total = number(list.get("totalResults"));
        let start_index = number(list.get("startIndex")).unwrap_or(1);
        let next_cursor = list.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
        let found = match list.remove("Resources") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(found)) => found,
            Some(other) => return Err(Error::Answer(format!("\"Resources\" is {}, not an array", other.kind()))),
        };
        let resources = found
            .into_iter()
            .map(|resource| match resource {
                Value::Object(object) => Ok(T::from_object(object)),
                other => Err(Error::Answer(format!("a resource is {}, not an object", other.kind()))),
            })
            .collect::<Result<Vec<T>, _>>()?;
        Ok(Self { total_results: total.unwrap_or(resources.len() as u64), start_index, resources, next_cursor })
    }
}

/// All resources that match a query: a [`Stream`]. A page is asked for when the one before is used up; it ends with the
/// number the server promised, with an empty page, or after an error.
///
/// # Limits
/// 16 bytes are kept of each resource, so that none comes twice.
pub struct ListAll<'a, T> {
    walk: Pin<Box<dyn Stream<Item = Result<T, Error>> + Send + 'a>>,
}

impl<T> fmt::Debug for ListAll<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListAll").finish_non_exhaustive()
    }
}

impl<'a, T: Document + 'a> ListAll<'a, T> {
    pub(crate) fn new(endpoint: Endpoint<'a, T>, query: ListQuery, negotiate: bool) -> Self {
        let walk = Walk {
            endpoint,
            query,
            negotiate,
            ready: VecDeque::new(),
            ended: false,
            pages: 0,
            total: None,
            stale: 0,
            seen: HashSet::new(),
            cursors: HashSet::new(),
            hashers: [RandomState::new(), RandomState::new()],
        };
        let walk = unfold(walk, |mut walk| async move { walk.next().await.map(|item| (item, walk)) });
        Self { walk: Box::pin(walk) }
    }

    /// The next resource; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        self.walk.next().await
    }

    /// All of them.
    ///
    /// # Errors
    /// The first error, as [`Endpoint::list`].
    pub async fn collect(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(resource) = self.next().await {
            all.push(resource?);
        }
        Ok(all)
    }
}

impl<T> Stream for ListAll<'_, T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.walk.as_mut().poll_next(context)
    }
}

/// Where a list stands.
struct Walk<'a, T> {
    endpoint: Endpoint<'a, T>,
    query: ListQuery,
    /// Whether the way to page is still to be taken from what the server says about itself.
    negotiate: bool,
    ready: VecDeque<T>,
    ended: bool,
    pages: u64,
    total: Option<u64>,
    /// Pages in a row that had nothing new.
    stale: u32,
    seen: HashSet<u128>,
    cursors: HashSet<u128>,
    hashers: [RandomState; 2],
}

impl<T: Document> Walk<'_, T> {
    async fn next(&mut self) -> Option<Result<T, Error>> {
        while self.ready.is_empty() && !self.ended {
            if let Err(error) = self.turn().await {
                self.ended = true;
                return Some(Err(error));
            }
        }
        self.ready.pop_front().map(Ok)
    }

    /// Reads the next page.
    async fn turn(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.negotiate) {
            let capabilities = self.endpoint.client().discover().await?;
            self.query.count = Some(capabilities.page_size(self.query.count));
            if capabilities.pages_by_cursor() && self.query.start_index.is_none() && self.query.cursor.is_none() {
                self.query.cursor = Some(String::new());
            }
        }
        if self.query.cursor.is_none() {
            self.query.start_index = Some(self.query.start_index.unwrap_or(1).max(1));
        }
        let page = self.endpoint.objects(&self.query).await?;
        self.pages += 1;
        let (came, before) = (page.resources.len() as u64, self.ready.len());
        for object in page.resources {
            let is_new = object.get("id").and_then(Value::as_str).is_none_or(|id| {
                let key = self.key(id);
                self.seen.insert(key)
            });
            if is_new {
                self.ready.push_back(T::from_object(object));
            }
        }
        self.stale = if self.ready.len() > before { 0 } else { self.stale + 1 };
        let cursor = self.query.cursor.take();
        match (cursor, page.next_cursor) {
            (Some(_), None) if self.pages == 1 && page.total_results > came && came > 0 => {
                // The server does not know cursors, and has sent its first page.
                self.query.start_index = Some(1);
                self.by_index(came, page.total_results)
            }
            (Some(asked), next) => self.by_cursor(came, &asked, next),
            (None, _) => self.by_index(came, page.total_results),
        }
    }

    fn by_index(&mut self, came: u64, total: u64) -> Result<(), Error> {
        let start = self.query.start_index.unwrap_or(1);
        let shrunk = self.total.map_or(0, |before| before.saturating_sub(total));
        self.total = Some(total);
        // Of what was deleted since the page before, each may have moved one resource to before this page.
        let back = start.saturating_sub(shrunk).max(1);
        let next = if back < start { back } else { start.saturating_add(came) };
        self.query.start_index = Some(next);
        self.ended = back == start && (came == 0 || next > total);
        if !self.ended && self.stale >= STALE {
            return Err(Error::Paging(format!("{STALE} pages in a row had nothing new, up to startIndex {start}")));
        }
        Ok(())
    }

    fn by_cursor(&mut self, came: u64, asked: &str, next: Option<String>) -> Result<(), Error> {
        let Some(next) = next else {
            self.ended = true;
            return Ok(());
        };
        // A page may be empty and not the last; the same cursor again would lead nowhere.
        if came == 0 && next == asked {
            self.ended = true;
            return Ok(());
        }
        let key = self.key(&next);
        if !self.cursors.insert(key) || next == asked {
            return Err(Error::Paging(format!("page {} names a cursor that was there before", self.pages)));
        }
        if self.stale >= if came == 0 { EMPTY } else { STALE } {
            return Err(Error::Paging(format!("{} pages in a row had nothing new", self.stale)));
        }
        self.query.cursor = Some(next);
        Ok(())
    }

    fn key(&self, text: &str) -> u128 {
        let [high, low] = &self.hashers;
        u128::from(high.hash_one(text)) << 64 | u128::from(low.hash_one(text))
    }
}
